//! A TCP connection that is bound to a device where asked, and every wait on
//! which ends at a deadline.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Type};

use super::error::HttpError;
use crate::sys::os_error::describe;
use wansync_core::failure::Phase;

/// The kernel cuts longer names without a word (IFNAMSIZ, 16, with its zero), and
/// takes an empty one for "any device".
const MAX_DEVICE_NAME: usize = 15;
/// The most addresses that a message names.
const MAX_NAMED_CAUSES: usize = 3;

/// A connected socket. Reads and writes fail with `TimedOut` at the deadline.
pub(super) struct Socket {
    stream: TcpStream,
    deadline: Instant,
}

/// Connects to the first address that answers. Each but the last has a share of
/// the time that is left, so that a family without a route does not use it up.
pub(super) fn connect(
    addresses: &[SocketAddr],
    device: Option<&str>,
    deadline: Instant,
) -> Result<Socket, HttpError> {
    let mut causes = Vec::new();
    for (tried, address) in addresses.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(HttpError::Timeout(Phase::Connect));
        }
        match connect_one(address, device, share(left, addresses.len() - tried))? {
            Ok(stream) => return Ok(Socket { stream, deadline }),
            // The last address had all the time there was.
            Err(error) if is_timeout(&error) && tried + 1 == addresses.len() => {
                return Err(HttpError::Timeout(Phase::Connect));
            }
            Err(error) => causes.push(format!("{}: {}", address.ip(), describe_unanswered(&error))),
        }
    }
    Err(HttpError::Connect(list_causes(&causes)))
}

/// All of it for the last address; before that, what leaves as much for each of
/// the others, and for the reply.
fn share(left: Duration, addresses: usize) -> Duration {
    match u32::try_from(addresses) {
        Ok(2..) => left / (addresses as u32 + 1),
        _ => left,
    }
}

/// The outer error ends the call, the inner one only this address.
fn connect_one(
    address: &SocketAddr,
    device: Option<&str>,
    timeout: Duration,
) -> Result<io::Result<TcpStream>, HttpError> {
    let domain = Domain::for_address(*address);
    let socket = match socket2::Socket::new(domain, Type::STREAM, Some(Protocol::TCP)) {
        Ok(socket) => socket,
        Err(error) => return Ok(Err(error)),
    };
    if let Some(device) = device {
        bind(&socket, device)?;
    }
    let connected = socket
        .connect_timeout(&(*address).into(), timeout)
        // The handshake's last flight and the request are two writes.
        .and_then(|()| socket.set_tcp_nodelay(true));
    Ok(connected.map(|()| socket.into()))
}

fn bind(socket: &socket2::Socket, device: &str) -> Result<(), HttpError> {
    let bound = if device.is_empty() || device.len() > MAX_DEVICE_NAME || device.contains('\0') {
        Err("it is not a device name".to_owned())
    } else {
        socket
            .bind_device(Some(device.as_bytes()))
            .map_err(|error| describe(&error))
    };
    bound.map_err(|cause| HttpError::Bind {
        device: device.to_owned(),
        cause,
    })
}

fn is_timeout(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::TimedOut
}

fn describe_unanswered(error: &io::Error) -> String {
    if is_timeout(error) {
        "no answer".to_owned()
    } else {
        describe(error)
    }
}

fn list_causes(causes: &[String]) -> String {
    let named = causes[..causes.len().min(MAX_NAMED_CAUSES)].join("; ");
    match causes.len().saturating_sub(MAX_NAMED_CAUSES) {
        0 => named,
        more => format!("{named}; and {more} more addresses"),
    }
}

impl Socket {
    /// Sets the end of every wait from here on.
    pub(super) fn wait_until(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    /// True if nothing at all is to be read: data that was not asked for, or the
    /// end of the stream, make a kept connection unusable.
    pub(super) fn is_quiet(&self) -> bool {
        let peeked = self
            .stream
            .set_nonblocking(true)
            .and_then(|()| self.stream.peek(&mut [0]));
        let quiet = matches!(peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock);
        quiet && self.stream.set_nonblocking(false).is_ok()
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
            self.stream.set_read_timeout(Some(self.time_left()?))?;
            match self.stream.read(buffer) {
                Err(error) if is_early(&error) => {}
                done => return done,
            }
        }
    }
}

impl Write for Socket {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        loop {
            self.stream.set_write_timeout(Some(self.time_left()?))?;
            match self.stream.write(buffer) {
                Err(error) if is_early(&error) => {}
                done => return done,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A wait that ended by a signal, or by its timeout: the deadline decides.
fn is_early(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
    )
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A socket whose queue is full, so that the kernel ignores further connections.
    fn silent() -> (SocketAddr, Vec<socket2::Socket>) {
        let socket = || socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let listener = socket();
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        listener.bind(&any.into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let mut sockets = vec![listener];
        for _ in 0..4 {
            let waiting = socket();
            waiting.set_nonblocking(true).unwrap();
            let _ = waiting.connect(&address);
            sockets.push(waiting);
        }
        (address.as_socket().unwrap(), sockets)
    }

    #[test]
    fn a_silent_address_leaves_time_for_the_next() {
        let (silent, _sockets) = silent();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addresses = [silent, listener.local_addr().unwrap()];
        let deadline = Instant::now() + Duration::from_secs(3);
        let socket = connect(&addresses, None, deadline).ok().unwrap();
        assert_eq!(socket.stream.peer_addr().unwrap(), addresses[1]);
        assert!(Instant::now() < deadline);
    }

    #[test]
    fn every_cause_is_named() {
        let refused: SocketAddr = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap()
        };
        let (silent, _sockets) = silent();
        let deadline = Instant::now() + Duration::from_secs(1);
        let Err(stop) = connect(&[silent, refused], None, deadline) else {
            panic!("nobody listens");
        };
        let HttpError::Connect(cause) = stop else {
            panic!("{stop:?}");
        };
        assert_eq!(cause, "127.0.0.1: no answer; 127.0.0.1: Connection refused");
        let causes = ["a", "b", "c", "d", "e"].map(str::to_owned);
        assert_eq!(list_causes(&causes), "a; b; c; and 2 more addresses");
    }

    #[test]
    fn shares() {
        let left = Duration::from_secs(30);
        let seconds = |addresses| share(left, addresses).as_secs();
        assert_eq!([1, 2, 5, 14].map(seconds), [30, 10, 5, 2]);
    }
}
