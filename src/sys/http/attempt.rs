//! One attempt to connect to one address, TLS included, that never waits.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::io::Errno;
use socket2::{Domain, Protocol, Type};

use super::error::HttpError;
use super::race::Target;
use super::socket::{Socket, bind};
use super::tls::{Handshake, TlsSession};
use crate::sys::os_error::describe;
use crate::sys::wait::Readiness;
use wansync_core::reason;
use wansync_core::reason::connection::AttemptEnd;

/// An attempt that is under way.
pub(super) struct Attempt {
    pub(super) address: SocketAddr,
    stream: TcpStream,
    /// `None` until it is connected, and for plain http.
    handshake: Option<Box<Handshake>>,
}

/// An established connection.
pub(super) enum Stream {
    Plain(Socket),
    Tls(Box<TlsSession>),
}

impl Attempt {
    /// The outer error ends the call, the inner one only this address.
    pub(super) fn start(
        address: SocketAddr,
        target: &Target<'_>,
    ) -> Result<Result<Attempt, AttemptEnd>, HttpError> {
        if target.tls.is_none() && !address.ip().is_loopback() {
            return Err(HttpError::Connect(reason!(ConnectPlainHttp)));
        }
        let kind = Type::STREAM.nonblocking();
        let socket = socket2::Socket::new(Domain::for_address(address), kind, Some(Protocol::TCP));
        let socket = match socket {
            Ok(socket) => socket,
            Err(error) => return Ok(Err(failed(&error))),
        };
        if let Some(device) = target.device {
            bind(&socket, device)?;
        }
        Ok(begin(&socket, address)
            .map_err(|error| failed(&error))
            .map(|()| Attempt {
                address,
                stream: socket.into(),
                handshake: None,
            }))
    }

    /// Goes on as far as it can without waiting. True when it is done.
    pub(super) fn advance(&mut self, target: &Target<'_>) -> Result<bool, AttemptEnd> {
        if let Some(handshake) = &mut self.handshake {
            return handshake.advance(&mut self.stream).map_err(AttemptEnd::Tls);
        }
        if !is_connected(&self.stream).map_err(|error| failed(&error))? {
            return Ok(false);
        }
        let Some(tls) = target.tls else {
            return Ok(true);
        };
        let handshake = tls.start_handshake(target.host).map_err(AttemptEnd::Tls)?;
        let handshake = self.handshake.insert(Box::new(handshake));
        handshake.advance(&mut self.stream).map_err(AttemptEnd::Tls)
    }

    /// The descriptor and the event with which it goes on.
    pub(super) fn awaited(&self) -> (BorrowedFd<'_>, Readiness) {
        let readiness = match &self.handshake {
            Some(handshake) if !handshake.wants_write() => Readiness::Input,
            _ => Readiness::Room,
        };
        (self.stream.as_fd(), readiness)
    }

    /// The end of one whose time is over.
    pub(super) fn end_by_time(&self) -> AttemptEnd {
        match self.handshake {
            Some(_) => AttemptEnd::Stalled,
            None => AttemptEnd::NoAnswer,
        }
    }

    /// The connection, when it is done.
    pub(super) fn into_stream(self) -> Stream {
        let socket = Socket::new(self.stream);
        match self.handshake {
            Some(handshake) => Stream::Tls(Box::new(handshake.into_session(socket))),
            None => Stream::Plain(socket),
        }
    }
}

/// Begins to connect.
fn begin(socket: &socket2::Socket, address: SocketAddr) -> io::Result<()> {
    // The handshake's last flight and the request are two writes.
    socket.set_tcp_nodelay(true)?;
    match socket.connect(&address.into()) {
        Err(error) if error.raw_os_error() != Some(Errno::INPROGRESS.raw_os_error()) => Err(error),
        _ => Ok(()),
    }
}

fn is_connected(stream: &TcpStream) -> io::Result<bool> {
    match (stream.take_error()?, stream.peer_addr()) {
        (Some(error), _) => Err(error),
        (None, peer) => Ok(peer.is_ok()),
    }
}

fn failed(error: &io::Error) -> AttemptEnd {
    AttemptEnd::Failed(describe(error))
}
