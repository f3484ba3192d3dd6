//! A service that does not answer before the test says so.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use wansync_sim::KEY;

/// The answer that confirms.
pub const CONFIRMS: &str = r#"{"response":{"status":"ok","code":0,"message":""}}"#;

/// The service.
pub struct Gate(TcpListener);

/// A request that waits for its answer.
pub struct Waiting(TcpStream);

impl Gate {
    /// Opens it on a port of this machine.
    pub fn new() -> Gate {
        Gate(TcpListener::bind("127.0.0.1:0").expect("a port"))
    }

    /// The text of a section that publishes this address there.
    pub fn section(&self, name: &str, address: &str) -> String {
        let port = self.0.local_addr().expect("a port").port();
        format!(
            "config skydns '{name}'\noption base_url 'http://127.0.0.1:{port}/provider_api/'\n\
             option ident 'user1'\noption key '{KEY}'\noption source 'static'\n\
             option address '{address}'\n"
        )
    }

    /// Waits for the next request.
    pub fn request(&self) -> Waiting {
        let (mut stream, _) = self.0.accept().expect("a connection");
        let mut request = Vec::new();
        let mut buffer = [0; 1024];
        while !request.windows(4).any(|four| four == b"\r\n\r\n") {
            let count = stream.read(&mut buffer).expect("a request");
            assert!(count > 0, "it hung up");
            request.extend_from_slice(&buffer[..count]);
        }
        Waiting(stream)
    }
}

impl Waiting {
    /// Answers.
    pub fn answer(mut self, status: u16, body: &str) {
        let length = body.len();
        let reply = format!(
            "HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        self.0.write_all(reply.as_bytes()).expect("it listens");
    }
}
