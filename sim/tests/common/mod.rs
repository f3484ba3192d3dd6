//! A client that hides nothing: raw bytes over TCP, or over rustls.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use wansync_sim::{KEY, Sim, USER};
pub use wansync_test_support::waiting::HANG;

/// A silence this long, where nothing should come.
pub const SILENCE: Duration = Duration::from_millis(150);

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    stream
}

/// What came before the connection ended, and how it ended.
pub struct Raw {
    pub text: String,
    pub end: io::Result<()>,
}

impl Raw {
    pub fn head(&self) -> &str {
        self.text
            .split_once("\r\n\r\n")
            .map_or(&self.text, |(head, _)| head)
    }

    pub fn body(&self) -> &str {
        self.text
            .split_once("\r\n\r\n")
            .map_or("", |(_, body)| body)
    }

    pub fn status(&self) -> u16 {
        let code = self.text.split(' ').nth(1).unwrap_or("");
        code.parse().unwrap_or(0)
    }

    pub fn ended_by(&self) -> Option<io::ErrorKind> {
        self.end.as_ref().err().map(io::Error::kind)
    }
}

/// Sends one request that asks for the connection to be closed, and reads on.
pub fn get(sim: &Sim, target: &str) -> Raw {
    exchange(connect(sim.http_addr()), &request(target))
}

pub fn exchange(mut stream: impl Read + Write, request: &str) -> Raw {
    let sent = stream.write_all(request.as_bytes());
    let mut bytes = Vec::new();
    let end = sent
        .and_then(|()| stream.read_to_end(&mut bytes))
        .map(|_| ());
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Raw { text, end }
}

pub fn request(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
}

/// The path of a SkyDNS method for the first user, with its key.
pub fn call(method: &str, rest: &str) -> String {
    call_as(USER, method, rest)
}

pub fn call_as(ident: &str, method: &str, rest: &str) -> String {
    format!("/provider_api/{method}?key={KEY}&ident={ident}{rest}")
}

/// An update that is sure to succeed.
pub fn update() -> String {
    call("update_ip", "&ip=8.8.4.4")
}

pub const OK: &str = r#"{"response":{"status":"ok"}}"#;

/// A client that trusts the simulator's CA, and offers these versions of TLS.
pub fn client(
    sim: &Sim,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_file(sim.ca_file()).unwrap();
    roots.add(ca).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_protocol_versions(versions).unwrap();
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

/// One request over TLS to the simulator under this name.
pub fn get_tls(sim: &Sim, name: &str, target: &str) -> Raw {
    let config = client(sim, rustls::ALL_VERSIONS);
    get_tls_with(sim, config, name, target)
}

pub fn get_tls_with(sim: &Sim, config: Arc<ClientConfig>, name: &str, target: &str) -> Raw {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let client = ClientConnection::new(config, name).unwrap();
    let stream = StreamOwned::new(client, connect(sim.https_addr()));
    exchange(stream, &request(target))
}

pub fn start() -> Sim {
    Sim::start(wansync_sim::Options::default())
}
