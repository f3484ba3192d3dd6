//! TLS: the handshake, which never waits, and the session over a [`Socket`].

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ClientConnection, Error as TlsError};

use super::anchors::Anchors;
use super::socket::{Socket, is_early};
use super::suites;
use super::tls_error::{self, tls_failure};
use crate::sys::clock;
use crate::sys::os_error;
use wansync_core::failure::TlsFailure;
use wansync_core::reason;

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
}

impl Tls {
    /// No session is kept for resumption: a pass keeps its connection instead.
    pub(super) fn new(ca_file: PathBuf) -> Tls {
        let provider = suites::provider();
        let algorithms = provider.signature_verification_algorithms;
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
        }
    }

    /// Begins to shake hands with `host`.
    pub(super) fn start_handshake(&self, host: &str) -> Result<Handshake, TlsFailure> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| TlsFailure::Handshake(reason!(TlsNoSuchName)))?;
        let tls = ClientConnection::new(Arc::clone(&self.config), name)
            .map_err(|error| tls_failure(&error, false))?;
        Ok(Handshake { tls })
    }
}

/// A handshake that is under way.
pub(super) struct Handshake {
    tls: ClientConnection,
}

impl Handshake {
    /// Goes on as far as it can without waiting. True when it is done.
    pub(super) fn advance(&mut self, stream: &mut TcpStream) -> Result<bool, TlsFailure> {
        loop {
            if !self.flush(stream)? {
                return Ok(false);
            }
            if !self.tls.is_handshaking() {
                return Ok(true);
            }
            match self.tls.read_tls(stream) {
                Ok(0) => return Err(TlsFailure::Handshake(reason!(TlsClosed))),
                Ok(_) => self.process_input(stream)?,
                Err(error) if is_early(&error) => return Ok(false),
                Err(error) => return Err(TlsFailure::Handshake(os_error::reason(&error))),
            }
        }
    }

    /// True if it waits for room to write.
    pub(super) fn wants_write(&self) -> bool {
        self.tls.wants_write()
    }

    pub(super) fn into_session(self, socket: Socket) -> TlsSession {
        TlsSession {
            tls: self.tls,
            socket,
        }
    }

    /// True when all is written.
    fn flush(&mut self, stream: &mut TcpStream) -> Result<bool, TlsFailure> {
        match flush(&mut self.tls, stream) {
            Ok(()) => Ok(true),
            Err(error) if is_early(&error) => Ok(false),
            Err(error) => Err(match last_words(&mut self.tls, stream) {
                Some(alert) => self.failure_of(&alert),
                None => TlsFailure::Handshake(os_error::reason(&error)),
            }),
        }
    }

    fn process_input(&mut self, stream: &mut TcpStream) -> Result<(), TlsFailure> {
        let processed = self.tls.process_new_packets().map(drop);
        processed.map_err(|error| {
            // The alert tells the server why; that it arrives is not needed.
            let _ = flush(&mut self.tls, stream);
            self.failure_of(&error)
        })
    }

    fn failure_of(&self, error: &TlsError) -> TlsFailure {
        tls_failure(error, self.tls.negotiated_cipher_suite().is_some())
    }
}

fn flush(tls: &mut ClientConnection, stream: &mut impl Write) -> io::Result<()> {
    while tls.wants_write() {
        tls.write_tls(stream)?;
    }
    Ok(())
}

/// The alert that a server sent before it closed the connection on which we wrote.
fn last_words(tls: &mut ClientConnection, arrived: &mut impl Read) -> Option<TlsError> {
    while let Ok(1..) = tls.read_tls(arrived) {
        if let Err(error) = tls.process_new_packets() {
            return Some(error);
        }
    }
    None
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
        match flush(&mut self.tls, &mut self.socket) {
            Ok(()) => Ok(written),
            Err(error) => Err(match last_words(&mut self.tls, self.socket.arrived()) {
                Some(alert) => io::Error::other(tls_error::describe(&alert)),
                None => error,
            }),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
