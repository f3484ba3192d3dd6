//! A server that answers each request with the same bytes, whatever they are.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// The server; it ends with the test's process.
pub struct Server {
    port: u16,
    reply: Arc<Mutex<Vec<u8>>>,
    requests: Arc<AtomicUsize>,
}

impl Server {
    pub fn start(reply: &[u8]) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let server = Server {
            port: listener.local_addr().expect("its port").port(),
            reply: Arc::new(Mutex::new(reply.to_vec())),
            requests: Arc::default(),
        };
        let (reply, requests) = (Arc::clone(&server.reply), Arc::clone(&server.requests));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let reply = reply.lock().expect("no thread panics").clone();
                requests.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || answer(stream, &reply));
            }
        });
        server
    }

    /// The base of its URLs.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// What every request from now on is answered with.
    pub fn set_reply(&self, reply: &[u8]) {
        *self.reply.lock().expect("no thread panics") = reply.to_vec();
    }

    /// The number of connections that came.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// The client may have gone before all is written, which is its right.
fn answer(mut stream: TcpStream, reply: &[u8]) {
    let mut request = Vec::new();
    let mut piece = [0; 1024];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return,
            Ok(length) => request.extend_from_slice(&piece[..length]),
        }
    }
    let _ = stream.write_all(reply);
    let _ = stream.shutdown(Shutdown::Write);
    while matches!(stream.read(&mut piece), Ok(1..)) {}
}
