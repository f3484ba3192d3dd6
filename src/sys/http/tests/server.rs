//! A server with one behaviour, on a thread for each connection.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{mem, thread};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::SECRET;

/// Its threads live until the test binary ends.
pub struct Server {
    pub port: u16,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    requests: Mutex<Vec<String>>,
}

/// The server's end of one connection.
pub struct Peer {
    stream: Box<dyn Stream>,
    tcp: TcpStream,
    seen: Arc<Seen>,
}

/// What a server does with one connection.
pub type Behaviour = fn(&mut Peer);

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

impl Server {
    pub fn plain(behaviour: impl Fn(&mut Peer) + Send + Sync + 'static) -> Server {
        Server::start(None, behaviour)
    }

    pub fn tls(
        config: ServerConfig,
        behaviour: impl Fn(&mut Peer) + Send + Sync + 'static,
    ) -> Server {
        Server::start(Some(Arc::new(config)), behaviour)
    }

    /// Answers every request of every connection with these bytes.
    pub fn answering(answer: impl Into<Vec<u8>>) -> Server {
        let answer = answer.into();
        Server::plain(move |peer| peer.answer_all(&answer))
    }

    fn start(
        tls: Option<Arc<ServerConfig>>,
        behaviour: impl Fn(&mut Peer) + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Seen::default());
        let (ours, behaviour) = (Arc::clone(&seen), Arc::new(behaviour));
        thread::spawn(move || {
            for tcp in listener.incoming().flatten() {
                ours.connections.fetch_add(1, Ordering::SeqCst);
                let behaviour = Arc::clone(&behaviour);
                let mut peer = Peer::new(tcp, tls.clone(), Arc::clone(&ours));
                thread::spawn(move || behaviour(&mut peer));
            }
        });
        Server { port, seen }
    }

    /// `http://127.0.0.1:PORT/api/method?key=…`
    pub fn http(&self) -> String {
        format!("http://127.0.0.1:{}/api/method?key={SECRET}", self.port)
    }

    /// The same on https, by name.
    pub fn https(&self) -> String {
        format!("https://localhost:{}/api/method?key={SECRET}", self.port)
    }

    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// The heads of the requests so far.
    pub fn requests(&self) -> Vec<String> {
        mem::take(&mut self.seen.requests.lock().unwrap())
    }
}

impl Peer {
    fn new(tcp: TcpStream, tls: Option<Arc<ServerConfig>>, seen: Arc<Seen>) -> Peer {
        let ours = tcp.try_clone().unwrap();
        let stream: Box<dyn Stream> = match tls {
            None => Box::new(ours),
            Some(config) => {
                let tls = ServerConnection::new(config).unwrap();
                Box::new(StreamOwned::new(tls, ours))
            }
        };
        Peer { stream, tcp, seen }
    }

    /// Reads one request and records its head. False at the end of the stream.
    pub fn request(&mut self) -> bool {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            match self.stream.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                _ => return false,
            }
        }
        let head = String::from_utf8(head).unwrap();
        self.seen.requests.lock().unwrap().push(head);
        true
    }

    /// Reads something: the first flight of a TLS client, say.
    pub fn hello(&mut self) {
        let _ = self.tcp.read(&mut [0; 4096]);
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())?;
        self.stream.flush()
    }

    pub fn answer(&mut self, answer: impl AsRef<[u8]>) {
        if self.request() {
            let _ = self.send(answer);
        }
    }

    pub fn answer_all(&mut self, answer: &[u8]) {
        while self.request() && self.send(answer).is_ok() {}
    }

    /// One byte each 20 ms, until the client gives up.
    pub fn drip(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.send([*byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The same over and over, as fast as it is taken, until the client gives up.
    pub fn flood(&mut self, bytes: &str) {
        let bytes = bytes.repeat(4096);
        while self.send(&bytes).is_ok() {}
    }

    /// Keeps the connection open, silently, until the client closes it.
    pub fn stall(&mut self) {
        let _ = io::copy(&mut self.tcp, &mut io::sink());
    }

    /// Closes with a reset, not with an end.
    pub fn reset(&mut self) {
        let socket = socket2::SockRef::from(&self.tcp);
        socket.set_linger(Some(Duration::ZERO)).unwrap();
    }
}

/// An HTTP reply with a length.
pub fn reply(status: &str, header: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n{header}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub fn ok(body: &str) -> String {
    reply("200 OK", "", body)
}
