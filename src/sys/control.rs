//! The daemon's control socket: one request, one reply.
//!
//! A client sends one line of at most 1 KiB and reads until the end of file;
//! a whole reply ends with a newline. A client cannot hold the daemon up: the daemon
//! never waits for one, accepts few at once, and closes those that stay silent.
#![expect(
    clippy::disallowed_methods,
    reason = "the socket is a file, and has to be put in its place"
)]

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Mode, fchmod};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept_with,
    bind, connect, listen, recv, send, socket_with,
};

use super::{clock, files, trap};

/// The socket's name in the state folder.
const SOCKET_NAME: &str = "control";
/// The longest request, in bytes.
const MAX_REQUEST: usize = 1024;
/// The longest reply that is read, in bytes.
const MAX_REPLY: usize = 64 * 1024;
/// The most connections that are open at once. Others wait in the backlog.
const MAX_CONNECTIONS: usize = 8;
/// The length of the backlog.
const BACKLOG: i32 = 64;
/// The longest wait for the request of a connection.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(1);
/// The pause in accepting after the kernel refused to.
const ACCEPT_PAUSE: Duration = Duration::from_secs(5);

/// The daemon's side.
#[derive(Debug)]
pub struct ControlSocket {
    path: PathBuf,
    listener: OwnedFd,
    connections: Vec<Connection>,
    /// The end of the pause in accepting: without a free descriptor, the listener
    /// stays ready, and sleeping on it would be no sleep.
    paused_until: Option<Duration>,
}

/// A connection whose request is not complete.
#[derive(Debug)]
struct Connection {
    stream: OwnedFd,
    received: Vec<u8>,
    /// Since boot.
    until: Duration,
}

/// A whole request, whose sender waits for the reply.
#[derive(Debug)]
pub struct ControlRequest {
    stream: OwnedFd,
    text: String,
}

impl ControlSocket {
    /// Listens in the state folder, for root (or this user) alone. Replaces
    /// what a daemon left that was killed: the caller holds the daemon's lock
    /// ([`super::lock::PassLock::of_daemon`]), so no other one lives.
    pub fn listen(folder: &Path) -> io::Result<ControlSocket> {
        let path = folder.join(SOCKET_NAME);
        let draft = path.with_extension("new");
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let listener = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        let address = SocketAddrUnix::new(&draft)?;
        // The socket's own mode becomes that of its name, which by then may be another's.
        fchmod(&listener, Mode::RUSR | Mode::WUSR)?;
        let open = || {
            files::remove(&draft);
            files::with_folder(folder, &|| Ok(bind(&listener, &address)?))?;
            listen(&listener, BACKLOG)?;
            fs::rename(&draft, &path)
        };
        open().inspect_err(|_| {
            files::remove(&draft);
        })?;
        Ok(ControlSocket {
            path,
            listener,
            connections: Vec::new(),
            paused_until: None,
        })
    }

    /// The descriptors to sleep on, until one of them is readable.
    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let is_open = self.connections.len() < MAX_CONNECTIONS && self.paused_until.is_none();
        let listener = is_open.then(|| self.listener.as_fd());
        let connections = self
            .connections
            .iter()
            .map(|connection| connection.stream.as_fd());
        listener.into_iter().chain(connections)
    }

    /// The latest moment at which [`ControlSocket::take`] must be called, since boot.
    pub fn deadline(&self) -> Option<Duration> {
        let connections = self.connections.iter().map(|connection| connection.until);
        connections.chain(self.paused_until).min()
    }

    /// The requests that are there; never waits.
    pub fn take(&mut self) -> Vec<ControlRequest> {
        let now = clock::since_boot();
        self.accept_waiting(now);
        let mut requests = Vec::new();
        let mut staying = Vec::new();
        for mut connection in self.connections.drain(..) {
            match connection.receive() {
                Received::More if now < connection.until => staying.push(connection),
                Received::ControlRequest(text) => requests.push(ControlRequest {
                    stream: connection.stream,
                    text,
                }),
                Received::More | Received::Nothing => {}
            }
        }
        self.connections = staying;
        requests
    }

    fn accept_waiting(&mut self, now: Duration) {
        if self.paused_until.is_some_and(|until| now < until) {
            return;
        }
        self.paused_until = None;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        while self.connections.len() < MAX_CONNECTIONS {
            match accept_with(&self.listener, flags) {
                Ok(stream) => self.connections.push(Connection {
                    stream,
                    received: Vec::new(),
                    until: now + REQUEST_TIMEOUT,
                }),
                Err(Errno::INTR | Errno::CONNABORTED) => {}
                Err(Errno::AGAIN) => return,
                Err(errno) => {
                    log::warn!("nobody can be let in at {}: {errno}", self.path.display());
                    self.paused_until = Some(now + ACCEPT_PAUSE);
                    return;
                }
            }
        }
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        files::remove(&self.path);
    }
}

enum Received {
    /// Not all yet.
    More,
    ControlRequest(String),
    /// Left without a word, or said too much.
    Nothing,
}

impl Connection {
    /// Reads what is there, and no more than a request can have.
    fn receive(&mut self) -> Received {
        let mut buffer = [0; MAX_REQUEST + 1];
        loop {
            let room = &mut buffer[self.received.len()..];
            match recv(&self.stream, &mut *room, RecvFlags::DONTWAIT) {
                Ok((_, 0)) => return self.request(self.received.len()),
                Ok((_, count)) => self.received.extend_from_slice(&room[..count]),
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => return Received::More,
                Err(_) => return Received::Nothing,
            }
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                return self.request(end);
            }
            if self.received.len() > MAX_REQUEST {
                return Received::Nothing;
            }
        }
    }

    fn request(&self, end: usize) -> Received {
        let text = String::from_utf8_lossy(&self.received[..end]);
        match text.trim() {
            "" => Received::Nothing,
            text => Received::ControlRequest(text.to_owned()),
        }
    }
}

impl ControlRequest {
    /// The text of the request: not empty, no newline in it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Replies, and closes; never waits. The reply should be short: more than
    /// the socket holds, some 100 KiB, is cut off, and the other side sees it.
    pub fn answer(self, reply: &str) {
        let line = format!("{reply}\n");
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        // A client that has left does not want the reply.
        while send(&self.stream, line.as_bytes(), flags) == Err(Errno::INTR) {}
    }
}

/// Asks the daemon that listens in this folder, and gives its reply; `None` if
/// there is none.
///
/// # Errors
/// A daemon is there, but this user may not ask it (`PermissionDenied`), it did
/// not reply within `timeout` (`TimedOut`), or it hung up without a whole
/// reply (`UnexpectedEof` and others), as one does that ends.
pub fn send_request(folder: &Path, request: &str, timeout: Duration) -> io::Result<Option<String>> {
    let end = clock::since_boot() + timeout;
    let Some(mut stream) = connect_to_daemon(&folder.join(SOCKET_NAME), end)? else {
        return Ok(None);
    };
    // It has room for a request from the start, so this does not wait.
    stream.write_all(format!("{request}\n").as_bytes())?;
    let mut reply = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        stream.set_read_timeout(Some(time_left(end)?))?;
        match stream.read(&mut buffer) {
            Ok(0) => return complete_reply(reply).map(Some),
            Ok(count) => reply.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(timed_out()),
            Err(error) => return Err(error),
        }
        if reply.len() > MAX_REPLY {
            return Err(io::Error::other("the reply has no end"));
        }
    }
}

/// Connects; `None` if no daemon of ours listens. Where many want to, connecting waits as
/// long as sending may.
fn connect_to_daemon(path: &Path, end: Duration) -> io::Result<Option<UnixStream>> {
    // Where the name is too long for a socket, no daemon can listen.
    let Ok(address) = SocketAddrUnix::new(path) else {
        return Ok(None);
    };
    match trap::find_socket(path) {
        Ok(true) => {}
        Ok(false) => return Ok(None),
        Err(why) => {
            log::warn!("{why}; no daemon is asked");
            return Ok(None);
        }
    }
    let (kind, flags) = (SocketType::STREAM, SocketFlags::CLOEXEC);
    let socket = socket_with(AddressFamily::UNIX, kind, flags, None)?;
    // However late it is: a missing daemon is found out at once, and an error of
    // time would mean that there is one.
    let mut timeout = time_left(end).unwrap_or(Duration::from_millis(1));
    loop {
        set_socket_timeout(&socket, Timeout::Send, Some(timeout))?;
        match connect(&socket, &address) {
            Ok(()) => return Ok(Some(socket.into())),
            Err(Errno::NOENT | Errno::CONNREFUSED) => return Ok(None),
            Err(Errno::INTR | Errno::AGAIN) => timeout = time_left(end)?,
            Err(errno) => return Err(errno.into()),
        }
    }
}

fn time_left(end: Duration) -> io::Result<Duration> {
    match end.saturating_sub(clock::since_boot()) {
        Duration::ZERO => Err(timed_out()),
        time_left => Ok(time_left),
    }
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the daemon does not reply")
}

fn complete_reply(mut reply: Vec<u8>) -> io::Result<String> {
    match reply.pop() {
        Some(b'\n') => Ok(String::from_utf8_lossy(&reply).into_owned()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests;
