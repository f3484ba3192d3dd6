//! The socket and its connections. Each has a thread that reads, and one that
//! writes: a client that does not read holds up nobody else.

use std::io::{self, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use super::fault::Fault;
use super::message::{Message, kind};
use super::server::Shared;

/// As much unsent output a client may have; ubusd drops messages beyond it.
const MOST: usize = 1 << 20;

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
    fn new(stream: &UnixStream) -> io::Result<Client> {
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
    pub fn send(&self, bytes: Vec<u8>, fault: Fault) {
        if self.waiting.load(Ordering::Relaxed) + bytes.len() > MOST {
            return;
        }
        self.waiting.fetch_add(bytes.len(), Ordering::Relaxed);
        let drips = fault == Fault::Drip;
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

/// Takes connections until ubusd is to stop.
pub(super) fn accept(listener: &UnixListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.lock().stopped {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            if let Some(id) = enter(&stream, &shared) {
                let _ = serve(&stream, id, &shared);
                shared.leave(id);
            }
            let _ = stream.shutdown(Shutdown::Both);
        });
    }
}

/// Greets a client, and gives it its id.
fn enter(stream: &UnixStream, shared: &Shared) -> Option<u32> {
    let client = Client::new(stream).ok()?;
    let mut state = shared.lock();
    if state.stopped || state.fault == Fault::Unknown {
        return None;
    }
    let id = state.bus.new_id();
    if state.fault != Fault::Silent {
        let hello = Message::of(kind::HELLO, 0, id);
        client.send(hello.encode(), Fault::None);
    }
    state.clients.insert(id, client);
    Some(id)
}

/// A request that the fault leaves unanswered does not reach netifd.
fn serve(mut stream: &UnixStream, id: u32, shared: &Arc<Shared>) -> io::Result<()> {
    loop {
        let request = Message::read(&mut stream)?;
        let fault = shared.lock().fault;
        match fault {
            Fault::Close | Fault::Unknown => return Ok(()),
            Fault::Stall | Fault::Silent => {}
            Fault::Garbage => {
                if let Some(client) = shared.lock().clients.get(&id) {
                    let bytes = b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec();
                    client.send(bytes, fault);
                }
            }
            Fault::None | Fault::Refuse | Fault::Drip => shared.answer(id, &request),
        }
    }
}
