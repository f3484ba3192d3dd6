//! The seam between ureq, which speaks HTTP, and our sockets.

use std::fmt;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{self, Buffers, ConnectionDetails, LazyBuffers, NextTimeout};

use super::deadline::run_with_deadline;
use super::error::{HttpError, connection_lost};
use super::resolve;
use super::socket::{self, Socket};
use super::tls::{Tls, TlsSession};
use crate::sys::random;
use wansync_core::address::Family;
use wansync_core::failure::TlsFailure;

/// The end of the call that is under way. ureq's own timeouts are not
/// used: our sockets end each wait by themselves.
#[derive(Clone)]
pub(super) struct SharedDeadline(Arc<Mutex<Instant>>);

impl SharedDeadline {
    pub(super) fn at(deadline: Instant) -> SharedDeadline {
        SharedDeadline(Arc::new(Mutex::new(deadline)))
    }

    pub(super) fn set(&self, deadline: Instant) {
        *self.lock() = deadline;
    }

    fn get(&self) -> Instant {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Instant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens connections through one device, to one family of addresses.
pub(super) struct Connector {
    pub(super) device: Option<String>,
    pub(super) family: Option<Family>,
    /// `None` while the clock is not set.
    pub(super) tls: Option<Tls>,
    pub(super) deadline: SharedDeadline,
}

impl Connector {
    fn open(&self, uri: &Uri, secure: bool, deadline: Instant) -> Result<Stream, HttpError> {
        let tls = match (secure, &self.tls) {
            (false, _) => None,
            (true, Some(tls)) => Some(tls),
            (true, None) => return Err(HttpError::Tls(TlsFailure::ClockNotSet)),
        };
        if secure {
            await_random_numbers(deadline)?;
        }
        let host = uri.host().unwrap_or_default();
        let host = host.trim_matches(['[', ']']);
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let addresses = resolve::addresses(host, port, self.family, deadline)?;
        if !secure && !addresses.iter().all(|address| address.ip().is_loopback()) {
            return Err(HttpError::Connect(
                "http may not leave this router".to_owned(),
            ));
        }
        let socket = socket::connect(&addresses, self.device.as_deref(), deadline)?;
        Ok(match tls {
            Some(tls) => Stream::Tls(Box::new(tls.connect(host, socket)?)),
            None => Stream::Plain(socket),
        })
    }
}

/// ring would wait for the kernel without a bound, in the middle of a handshake.
fn await_random_numbers(deadline: Instant) -> Result<(), HttpError> {
    if random::is_ready() || run_with_deadline(deadline, Box::new(random::wait_until_ready)).is_ok()
    {
        return Ok(());
    }
    Err(HttpError::Tls(TlsFailure::NoRandomNumbers))
}

impl transport::Connector for Connector {
    type Out = Transport;

    fn connect(
        &self,
        details: &ConnectionDetails,
        _chained: Option<()>,
    ) -> Result<Option<Transport>, Error> {
        let stream = self.open(details.uri, details.needs_tls(), self.deadline.get())?;
        let config = details.config;
        Ok(Some(Transport {
            stream,
            deadline: self.deadline.clone(),
            buffers: LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size()),
        }))
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

/// ureq resolves before it looks for a kept connection; we resolve only where a
/// new one is opened, in [`Connector`], and give ureq something to carry.
#[derive(Debug)]
pub(super) struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut addresses = self.empty();
        addresses.push(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0));
        Ok(addresses)
    }
}

/// One connection, with the buffers that ureq wants beside it.
pub(super) struct Transport {
    stream: Stream,
    deadline: SharedDeadline,
    buffers: LazyBuffers,
}

enum Stream {
    Plain(Socket),
    Tls(Box<TlsSession>),
}

impl Transport {
    fn apply_deadline(&mut self) {
        let deadline = self.deadline.get();
        match &mut self.stream {
            Stream::Plain(socket) => socket.wait_until(deadline),
            Stream::Tls(session) => session.socket().wait_until(deadline),
        }
    }
}

/// Errors are handed to ureq in a form that it passes on: it takes some io errors
/// for the end of a body of unknown length.
impl transport::Transport for Transport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
        self.apply_deadline();
        let output = &self.buffers.output()[..amount];
        let sent = match &mut self.stream {
            Stream::Plain(socket) => socket.write_all(output),
            Stream::Tls(session) => session.write_all(output),
        };
        Ok(sent.map_err(|error| connection_lost(&error))?)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        self.apply_deadline();
        let input = self.buffers.input_append_buf();
        if input.is_empty() {
            return Err(Error::LargeResponseHeader(0, 0));
        }
        let read = match &mut self.stream {
            Stream::Plain(socket) => socket.read(input),
            Stream::Tls(session) => session.read(input),
        };
        let amount = read.map_err(|error| connection_lost(&error))?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        match &mut self.stream {
            Stream::Plain(socket) => socket.is_quiet(),
            Stream::Tls(session) => session.is_quiet(),
        }
    }

    fn is_tls(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}
