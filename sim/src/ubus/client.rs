//! The output of one connection, written by a thread of its own: a client that
//! does not read holds up no other.

use std::io::{self, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use super::fault::UbusFault;

/// The most unsent output of a client; ubusd drops messages beyond it.
const MAX_UNSENT: usize = 1 << 20;

/// An open connection.
#[derive(Debug)]
pub(super) struct Client {
    stream: UnixStream,
    queue: Sender<Piece>,
    waiting: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Piece {
    bytes: Vec<u8>,
    drips: bool,
}

impl Client {
    /// Begins to write to a connection.
    pub fn new(stream: &UnixStream) -> io::Result<Client> {
        let (queue, pieces) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let (theirs, output) = (Arc::clone(&waiting), stream.try_clone()?);
        thread::spawn(move || write(&output, &pieces, &theirs));
        Ok(Client {
            stream: stream.try_clone()?,
            queue,
            waiting,
        })
    }

    /// Sends this as soon as the client takes it.
    pub fn send(&self, bytes: Vec<u8>, fault: UbusFault) {
        if self.waiting.load(Ordering::Relaxed) + bytes.len() > MAX_UNSENT {
            return;
        }
        self.waiting.fetch_add(bytes.len(), Ordering::Relaxed);
        let drips = fault == UbusFault::Drip;
        let _ = self.queue.send(Piece { bytes, drips });
    }

    pub fn close(&self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

fn write(mut stream: &UnixStream, pieces: &Receiver<Piece>, waiting: &AtomicUsize) {
    for piece in pieces {
        let written = match piece.drips {
            true => drip(stream, &piece.bytes),
            false => stream.write_all(&piece.bytes),
        };
        if written.is_err() {
            return;
        }
        waiting.fetch_sub(piece.bytes.len(), Ordering::Relaxed);
    }
}

fn drip(mut stream: &UnixStream, bytes: &[u8]) -> io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte])?;
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}
