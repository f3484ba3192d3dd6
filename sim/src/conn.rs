//! A connection, plain or TLS, with the raw control that faults need.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::time::Duration;

use rustls::{ServerConnection, StreamOwned};
use socket2::SockRef;

/// An idle connection is closed after this.
const IDLE: Duration = Duration::from_secs(75);

/// A client's connection.
pub(crate) enum Conn {
    Plain(Socket),
    Tls(Box<StreamOwned<ServerConnection, Socket>>),
}

/// A socket that its connection alone keeps open: the simulator holds it weakly,
/// since a TCP reset is sent only when the last holder lets go.
#[derive(Clone)]
pub(crate) struct Socket(Arc<TcpStream>);

impl Socket {
    pub fn new(stream: TcpStream) -> io::Result<Socket> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(IDLE))?;
        stream.set_write_timeout(Some(IDLE))?;
        Ok(Socket(Arc::new(stream)))
    }

    pub fn weak(&self) -> Weak<TcpStream> {
        Arc::downgrade(&self.0)
    }

    pub fn stream(&self) -> &TcpStream {
        &self.0
    }

    /// Ends the connection with a TCP reset.
    pub fn reset(self) {
        let _ = SockRef::from(&*self.0).set_linger(Some(Duration::ZERO));
    }

    /// Leaves the connection open and silent until the client or the simulator
    /// ends it.
    pub fn hold(mut self) {
        let mut waste = [0; 4096];
        loop {
            match self.read(&mut waste) {
                Ok(0) => return,
                Ok(_) => {}
                Err(cause) if is_timeout(&cause) => {}
                Err(_) => return,
            }
        }
    }
}

fn is_timeout(cause: &io::Error) -> bool {
    use io::ErrorKind::{TimedOut, WouldBlock};
    matches!(cause.kind(), TimedOut | WouldBlock)
}

impl Read for Socket {
    /// With a timeout on it, Linux ends a wait by any signal, even one that no one
    /// catches.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match (&*self.0).read(buffer) {
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self.0).flush()
    }
}

impl Conn {
    /// The socket alone; what TLS had still to say is not said.
    pub fn into_socket(self) -> Socket {
        match self {
            Conn::Plain(socket) => socket,
            Conn::Tls(tls) => tls.sock,
        }
    }

    /// Ends the connection in order: over TLS, with a notice. What the client
    /// still sends is read for a moment, lest the kernel answer it with a reset
    /// that overtakes the reply.
    pub fn close(mut self) {
        if let Conn::Tls(tls) = &mut self {
            tls.conn.send_close_notify();
            let _ = tls.flush();
        }
        let mut socket = self.into_socket();
        let _ = socket.stream().shutdown(Shutdown::Write);
        let _ = socket
            .stream()
            .set_read_timeout(Some(Duration::from_millis(500)));
        let mut waste = [0; 4096];
        while matches!(socket.read(&mut waste), Ok(1..)) {}
    }
}

impl Read for Conn {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Conn::Plain(socket) => socket.read(buffer),
            Conn::Tls(tls) => tls.read(buffer),
        }
    }
}

impl Write for Conn {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Conn::Plain(socket) => socket.write(bytes),
            Conn::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Conn::Plain(socket) => socket.flush(),
            Conn::Tls(tls) => tls.flush(),
        }
    }
}

/// The simulator's end, which cuts every wait short.
#[derive(Default)]
pub(crate) struct Stop {
    stopped: Mutex<Stopped>,
    told: Condvar,
}

#[derive(Default)]
struct Stopped {
    now: bool,
    connections: Vec<Weak<TcpStream>>,
}

impl Stop {
    /// Ends every connection and every wait, now and later.
    pub fn stop(&self) {
        let mut stopped = self.lock();
        stopped.now = true;
        for connection in stopped.connections.drain(..) {
            if let Some(stream) = connection.upgrade() {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        self.told.notify_all();
    }

    /// A connection to end when the time comes; false if it has come.
    pub fn register(&self, socket: &Socket) -> bool {
        let mut stopped = self.lock();
        stopped.connections.retain(|known| known.strong_count() > 0);
        stopped.connections.push(socket.weak());
        !stopped.now
    }

    pub fn is_stopped(&self) -> bool {
        self.lock().now
    }

    /// Waits this long; false if the simulator ended meanwhile.
    pub fn wait(&self, time: Duration) -> bool {
        let waited = self
            .told
            .wait_timeout_while(self.lock(), time, |stopped| !stopped.now);
        waited.is_ok_and(|(stopped, _)| !stopped.now)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Stopped> {
        self.stopped.lock().expect("no thread panics with it")
    }
}
