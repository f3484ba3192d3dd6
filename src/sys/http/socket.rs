//! A TCP connection, every wait on which ends at a deadline; and the device that it is
//! bound to.

use std::io::{self, Read, Write};
use std::net::{IpAddr, TcpStream};
use std::time::{Duration, Instant};

use super::error::HttpError;
use crate::sys::device::bind_socket;
use crate::sys::wait::{self, Readiness};

/// A connected socket, which does not block by itself. Reads and writes fail with
/// `TimedOut` at the deadline.
pub(super) struct Socket {
    stream: TcpStream,
    deadline: Instant,
}

/// Binds a socket to a device, or says why that cannot be.
pub(super) fn bind(socket: &socket2::Socket, device: &str) -> Result<(), HttpError> {
    bind_socket(socket, device).map_err(|cause| HttpError::Bind {
        device: device.to_owned(),
        cause,
    })
}

impl Socket {
    /// A socket that is connected, and waits for nothing before it is told until when.
    pub(super) fn new(stream: TcpStream) -> Socket {
        let deadline = Instant::now();
        Socket { stream, deadline }
    }

    /// The address that it is connected to.
    pub(super) fn peer(&self) -> Option<IpAddr> {
        self.stream.peer_addr().ok().map(|peer| peer.ip())
    }

    /// Sets the end of every wait from here on.
    pub(super) fn wait_until(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    /// True if nothing at all is to be read: data that was not asked for, or the
    /// end of the stream, make a kept connection unusable.
    pub(super) fn is_quiet(&self) -> bool {
        let peeked = self.stream.peek(&mut [0]);
        matches!(peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// What has come already, without waiting for more.
    pub(super) fn arrived(&mut self) -> &mut impl Read {
        &mut self.stream
    }

    fn wait_for(&self, what: Readiness) -> io::Result<()> {
        wait::until_ready(&self.stream, what, self.time_left()?)?;
        Ok(())
    }

    fn time_left(&self) -> io::Result<Duration> {
        match self.deadline.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
            left => Ok(left),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // A flood leaves nothing to wait for.
            self.time_left()?;
            match self.stream.read(buffer) {
                Err(error) if is_early(&error) => self.wait_for(Readiness::Input)?,
                done => return done,
            }
        }
    }
}

impl Write for Socket {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        loop {
            match self.stream.write(buffer) {
                Err(error) if is_early(&error) => self.wait_for(Readiness::Room)?,
                done => return done,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// True if nothing is wrong: there is nothing to read or no room to write yet, or a
/// signal came.
pub(super) fn is_early(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
    )
}
