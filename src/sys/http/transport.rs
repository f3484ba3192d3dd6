//! The seam between ureq, which speaks HTTP, and our sockets.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{self, Buffers, ConnectionDetails, LazyBuffers, NextTimeout};

use super::attempt::Stream;
use super::error::{HttpError, connection_lost};
use super::head;
use super::race::{self, Target};
use super::socket::Socket;
use super::tls::Tls;
use crate::sys::job::Job;
use crate::sys::random;
use wansync_core::address::Family;
use wansync_core::failure::{Phase, TlsFailure};
use wansync_core::reason::connection::{Attempt, AttemptEnd, Attempts};

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
            (true, None) => return Err(tls_error(TlsFailure::ClockNotSet)),
        };
        if secure {
            await_random_numbers(deadline)?;
        }
        let host = uri.host().unwrap_or_default();
        let target = Target {
            host: host.trim_matches(['[', ']']),
            port: uri.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            family: self.family,
            device: self.device.as_deref(),
            tls,
        };
        race::connect(&target, deadline.saturating_duration_since(Instant::now()))
    }
}

/// ring would wait for the kernel without a bound, in the middle of a handshake.
fn await_random_numbers(deadline: Instant) -> Result<(), HttpError> {
    let left = deadline.saturating_duration_since(Instant::now());
    let will_be = || {
        let job = Job::start(Box::new(random::wait_until_ready));
        job.is_ok_and(|job| job.has_ended_within(left))
    };
    match random::is_ready() || will_be() {
        true => Ok(()),
        false => Err(tls_error(TlsFailure::NoRandomNumbers)),
    }
}

fn tls_error(cause: TlsFailure) -> HttpError {
    HttpError::Tls(cause, Box::default())
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
            device: self.device.clone(),
            awaits_head: true,
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
    device: Option<String>,
    /// True from a request until the head of its reply.
    awaits_head: bool,
    deadline: SharedDeadline,
    buffers: LazyBuffers,
}

impl Transport {
    fn apply_deadline(&mut self) {
        let deadline = self.deadline.get();
        self.socket().wait_until(deadline);
    }

    fn socket(&mut self) -> &mut Socket {
        match &mut self.stream {
            Stream::Plain(socket) => socket,
            Stream::Tls(session) => session.socket(),
        }
    }

    /// A connection that failed while the request or the reply was under way.
    fn lost(&mut self, error: &io::Error) -> HttpError {
        if error.kind() != io::ErrorKind::TimedOut {
            return connection_lost(error);
        }
        let waiting = self.socket().peer().map(|address| Attempt {
            address,
            end: AttemptEnd::NoAnswer,
        });
        HttpError::Timeout {
            phase: Phase::Reply,
            limit: None,
            attempts: Box::new(Attempts {
                device: self.device.clone(),
                tried: waiting.into_iter().collect(),
                ..Attempts::default()
            }),
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
        self.awaits_head = true;
        let output = &self.buffers.output()[..amount];
        let sent = match &mut self.stream {
            Stream::Plain(socket) => socket.write_all(output),
            Stream::Tls(session) => session.write_all(output),
        };
        Ok(sent.map_err(|error| self.lost(&error))?)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        self.apply_deadline();
        let input = self.buffers.input_append_buf();
        if input.is_empty() {
            return Err(Error::LargeResponseHeader(0, 0));
        }
        let stream: &mut dyn Read = match &mut self.stream {
            Stream::Plain(socket) => socket,
            Stream::Tls(session) => session,
        };
        let read = match self.awaits_head {
            true => head::read(stream, input),
            false => stream.read(input),
        };
        self.awaits_head = false;
        let amount = read.map_err(|error| self.lost(&error))?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    /// What came behind a reply could be taken for that to the next request.
    fn is_open(&mut self) -> bool {
        let is_read = self.buffers.input().is_empty();
        is_read
            && match &mut self.stream {
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
