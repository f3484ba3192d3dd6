//! A TLS client that sends the bytes it is given.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use wansync_test_support::waiting::HANG;

use crate::nginx::Relay;

/// A client of one relay.
pub struct Client {
    config: Arc<ClientConfig>,
    address: SocketAddr,
    /// The line of a balancer before the TLS connection.
    preface: String,
}

/// A whole response, and its status.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl Client {
    pub fn of(relay: &Relay) -> Client {
        Client::new(relay, None)
    }

    /// One that shows this certificate, with its key.
    pub fn with_certificate(relay: &Relay, certificate: (Vec<u8>, Vec<u8>)) -> Client {
        Client::new(relay, Some(certificate))
    }

    fn new(relay: &Relay, certificate: Option<(Vec<u8>, Vec<u8>)>) -> Client {
        let mut roots = RootCertStore::empty();
        let ca = CertificateDer::from_pem_file(relay.ca_file()).expect("a certificate");
        roots.add(ca).expect("a CA");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots);
        let config = match certificate {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => builder
                .with_client_auth_cert(
                    vec![CertificateDer::from(certificate)],
                    PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key)),
                )
                .expect("a certificate"),
        };
        Client {
            config: Arc::new(config),
            address: relay.address(),
            preface: String::new(),
        }
    }

    /// The same behind a balancer, which says that it comes from this address.
    pub fn from(mut self, address: &str) -> Client {
        self.preface = format!("PROXY TCP4 {address} 127.0.0.1 1024 443\r\n");
        self
    }

    /// `GET /provider_api/…`
    #[track_caller]
    pub fn get(&self, rest: &str) -> Answer {
        self.send(&format!(
            "GET /provider_api/{rest} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n"
        ))
    }

    /// These bytes, on a connection of their own.
    #[track_caller]
    pub fn send(&self, request: &str) -> Answer {
        Answer::of(&whole(&self.exchange(request)))
    }

    /// `GET /provider_api/…` of each, all on one connection and before the first answer.
    #[track_caller]
    pub fn get_all(&self, rests: &[String]) -> Vec<Answer> {
        let requests = rests.iter().enumerate().map(|(n, rest)| {
            let last = if n + 1 == rests.len() {
                "close"
            } else {
                "keep-alive"
            };
            format!(
                "GET /provider_api/{rest} HTTP/1.1\r\nHost: relay\r\nConnection: {last}\r\n\r\n"
            )
        });
        let replies = self.exchange(&requests.collect::<String>());
        let replies: Vec<_> = replies.split_inclusive("}}\n").map(Answer::of).collect();
        assert_eq!(replies.len(), rests.len(), "{:?}", replies.last());
        replies
    }

    /// A connection on which these bytes were sent.
    pub fn open(&self, request: &str) -> StreamOwned<ClientConnection, TcpStream> {
        let mut tcp = TcpStream::connect(self.address).expect("a connection");
        tcp.set_read_timeout(Some(HANG)).expect("a timeout");
        tcp.write_all(self.preface.as_bytes()).expect("sent");
        let name = ServerName::from(self.address.ip());
        let tls = ClientConnection::new(self.config.clone(), name).expect("TLS");
        let mut stream = StreamOwned::new(tls, tcp);
        stream.write_all(request.as_bytes()).expect("sent");
        stream
    }

    fn exchange(&self, request: &str) -> String {
        let mut stream = self.open(request);
        let mut reply = Vec::new();
        // nginx may leave out the goodbye after an error, but not the end.
        if let Err(cause) = stream.read_to_end(&mut reply) {
            assert_ne!(cause.kind(), ErrorKind::WouldBlock, "{request}: {reply:?}");
        }
        String::from_utf8_lossy(&reply).into_owned()
    }
}

/// A reply without the lines between the pieces of its body.
fn whole(reply: &str) -> String {
    let parts = reply.split_once("\r\n\r\n");
    let Some((head, mut rest)) = parts.filter(|(head, _)| head.contains("chunked")) else {
        return reply.to_owned();
    };
    let mut text = format!("{head}\r\n\r\n");
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a size");
        text.push_str(&after[..size]);
        rest = &after[size + 2..];
    }
    text
}

impl Answer {
    fn of(text: &str) -> Answer {
        let status = text.split(' ').nth(1).and_then(|word| word.parse().ok());
        Answer {
            status: status.unwrap_or(0),
            text: text.to_owned(),
        }
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (head, _) = self.text.split_once("\r\n\r\n")?;
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find_map(|(given, value)| (given == name).then_some(value))
    }

    /// The seconds of `Retry-After`.
    #[track_caller]
    pub fn pause(&self) -> u64 {
        let pause = self
            .header("Retry-After")
            .and_then(|value| value.parse().ok());
        pause.unwrap_or_else(|| panic!("no Retry-After in:\n{}", self.text))
    }

    /// The body, which is one of the relay's own: JSON with a status.
    #[track_caller]
    pub fn response(&self) -> serde_json::Value {
        let (_, body) = self.text.split_once("\r\n\r\n").expect("a body");
        let json: serde_json::Value = serde_json::from_str(body).expect(body);
        json["response"].clone()
    }

    /// The response, if it has this status and text.
    #[track_caller]
    pub fn expect(self, status: u16, part: &str) -> Answer {
        assert_eq!(self.status, status, "{}", self.text);
        assert!(self.text.contains(part), "no '{part}' in:\n{}", self.text);
        self
    }
}
