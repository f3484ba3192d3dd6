//! A TLS client that sends the bytes it is given.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::nginx::Relay;

/// A client of one relay.
pub struct Client {
    config: Arc<ClientConfig>,
    address: SocketAddr,
}

/// A whole response, and its status.
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
        }
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
        let tcp = TcpStream::connect(self.address).expect("a connection");
        tcp.set_read_timeout(Some(Duration::from_secs(60)))
            .expect("a timeout");
        let name = ServerName::from(self.address.ip());
        let tls = ClientConnection::new(self.config.clone(), name).expect("TLS");
        let mut stream = StreamOwned::new(tls, tcp);
        stream.write_all(request.as_bytes()).expect("sent");
        let mut reply = Vec::new();
        // nginx may leave out the goodbye after an error.
        let _ = stream.read_to_end(&mut reply);
        let text = whole(&String::from_utf8_lossy(&reply));
        let status = text.split(' ').nth(1).and_then(|word| word.parse().ok());
        Answer {
            status: status.unwrap_or(0),
            text,
        }
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
    /// The response, if it has this status and text.
    #[track_caller]
    pub fn expect(self, status: u16, part: &str) -> Answer {
        assert_eq!(self.status, status, "{}", self.text);
        assert!(self.text.contains(part), "no '{part}' in:\n{}", self.text);
        self
    }
}
