//! TLS over a [`Socket`].

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ClientConnection, Error as TlsError};

use super::anchors::Anchors;
use super::error::HttpError;
use super::socket::Socket;
use super::suites;
use super::tls_error::{self, tls_failure};
use crate::sys::clock;
use crate::sys::os_error::describe;
use wansync_core::failure::{Phase, TlsFailure};

/// The clock that certificates are judged by.
#[derive(Debug)]
struct WallClock;

impl TimeProvider for WallClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(clock::since_1970()))
    }
}

/// The configuration that all handshakes share.
#[derive(Clone)]
pub(super) struct Tls {
    config: Arc<ClientConfig>,
    ca_file: Arc<str>,
}

impl Tls {
    /// No session is kept for resumption: a pass keeps its connection instead.
    pub(super) fn new(ca_file: PathBuf) -> Tls {
        let provider = suites::provider();
        let algorithms = provider.signature_verification_algorithms;
        let path = ca_file.display().to_string().into();
        let mut config =
            ClientConfig::builder_with_details(Arc::new(provider), Arc::new(WallClock))
                .with_safe_default_protocol_versions()
                .expect("ring has suites for TLS 1.2 and 1.3")
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Anchors::new(ca_file, algorithms)))
                .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Tls {
            config: Arc::new(config),
            ca_file: path,
        }
    }

    /// Shakes hands with `host`, by the deadline of the socket.
    pub(super) fn connect(&self, host: &str, mut socket: Socket) -> Result<TlsSession, HttpError> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| handshake_error("no certificate can be for this name"))?;
        let mut tls = ClientConnection::new(Arc::clone(&self.config), name)
            .map_err(|error| self.error_of(&error))?;
        while tls.is_handshaking() {
            flush(&mut tls, &mut socket).map_err(|error| handshake_interrupted(&error))?;
            let read = tls.read_tls(&mut socket);
            if read.map_err(|error| handshake_interrupted(&error))? == 0 {
                return Err(handshake_error("it closed the connection"));
            }
            if let Err(error) = tls.process_new_packets() {
                // The alert tells the server why; that it arrives is not needed.
                let _ = flush(&mut tls, &mut socket);
                return Err(self.error_of(&error));
            }
        }
        flush(&mut tls, &mut socket).map_err(|error| handshake_interrupted(&error))?;
        Ok(TlsSession { tls, socket })
    }

    fn error_of(&self, error: &TlsError) -> HttpError {
        HttpError::Tls(tls_failure(error, &self.ca_file))
    }
}

fn handshake_error(cause: &str) -> HttpError {
    HttpError::Tls(TlsFailure::Handshake(cause.to_owned()))
}

/// The connection failed before the request was sent.
fn handshake_interrupted(error: &io::Error) -> HttpError {
    match error.kind() {
        io::ErrorKind::TimedOut => HttpError::Timeout(Phase::Handshake),
        _ => handshake_error(&describe(error)),
    }
}

fn flush(tls: &mut ClientConnection, socket: &mut Socket) -> io::Result<()> {
    while tls.wants_write() {
        tls.write_tls(socket)?;
    }
    Ok(())
}

/// An established connection.
pub(super) struct TlsSession {
    tls: ClientConnection,
    socket: Socket,
}

impl TlsSession {
    pub(super) fn socket(&mut self) -> &mut Socket {
        &mut self.socket
    }

    /// True if nothing is held that has not been read.
    pub(super) fn is_quiet(&mut self) -> bool {
        let empty = self
            .tls
            .process_new_packets()
            .is_ok_and(|state| state.plaintext_bytes_to_read() == 0 && !state.peer_has_closed());
        empty && self.socket.is_quiet()
    }
}

impl Read for TlsSession {
    /// A stream that ends without TLS's own goodbye is an error: it may have
    /// been cut.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tls.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
            self.tls.read_tls(&mut self.socket)?;
            self.tls
                .process_new_packets()
                .map_err(|error| io::Error::other(tls_error::describe(&error)))?;
            flush(&mut self.tls, &mut self.socket)?;
        }
    }
}

impl Write for TlsSession {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.tls.writer().write(buffer)?;
        flush(&mut self.tls, &mut self.socket)?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
