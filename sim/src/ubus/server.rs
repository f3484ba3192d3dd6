//! The socket, its connections, and what goes wrong on demand.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

use super::bus::Bus;
use super::message::{Message, kind};

/// What the server does wrong, from the next request (or connection) on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// Greets, and never answers.
    Stall,
    /// Never says anything.
    Silent,
    /// Greets, and hangs up at the first request.
    Close,
    /// Hangs up without a greeting, as on users that the system does not know.
    Unknown,
    /// Answers with bytes that are no message.
    Garbage,
    /// Answers as to a user who may call nothing.
    Refuse,
    /// Answers rightly, one byte every 5 ms.
    Drip,
}

impl std::str::FromStr for Fault {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Ok(match word {
            "none" => Fault::None,
            "stall" => Fault::Stall,
            "silent" => Fault::Silent,
            "close" => Fault::Close,
            "unknown" => Fault::Unknown,
            "garbage" => Fault::Garbage,
            "refuse" => Fault::Refuse,
            "drip" => Fault::Drip,
            _ => return Err(format!("no such fault: {word}")),
        })
    }
}

/// A running stand-in. Dropping it closes all connections and removes the socket.
#[derive(Debug)]
pub struct UbusSim {
    path: PathBuf,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    bus: Bus,
    fault: Fault,
    /// Those that are open, by client id.
    clients: BTreeMap<u32, UnixStream>,
    stopped: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl State {
    /// Takes note of a client, and gives it its id.
    fn enter(&mut self, stream: UnixStream) -> u32 {
        let id = self.bus.new_id();
        if self.stopped {
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.clients.insert(id, stream);
        id
    }
}

impl UbusSim {
    /// Listens at `path`, replacing a socket that is there, with no network yet.
    pub fn start(path: impl AsRef<Path>) -> io::Result<UbusSim> {
        let path = path.as_ref().to_owned();
        let _ = fs::remove_file(&path);
        let listener = UnixListener::bind(&path)?;
        let shared = Arc::new(Shared::default());
        shared.lock().bus.publish();
        let theirs = Arc::clone(&shared);
        let acceptor = thread::spawn(move || accept(&listener, &theirs));
        Ok(UbusSim {
            path,
            shared,
            acceptor: Some(acceptor),
        })
    }

    /// Where it listens.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds or replaces a network; `status` is what `ubus call
    /// network.interface.NAME status` would print.
    pub fn set_interface(&self, name: &str, status: Value) {
        self.change(|bus| bus.netifd.set(name, status));
    }

    /// Adds or replaces a network that follows a device of this namespace: each
    /// answer has the addresses that the device has then.
    pub fn follow_device(&self, name: &str, device: &str) {
        self.change(|bus| bus.netifd.follow(name, device));
    }

    /// Removes a network and its object. Whether there was one.
    pub fn remove_interface(&self, name: &str) -> bool {
        self.change(|bus| bus.netifd.remove(name))
    }

    /// Publishes all objects anew, as a restart of netifd does: their ids change.
    pub fn restart_netifd(&self) {
        self.change(Bus::withdraw);
    }

    /// Does something wrong from now on.
    pub fn set_fault(&self, fault: Fault) {
        let mut state = self.shared.lock();
        state.fault = fault;
        state.bus.refuses = fault == Fault::Refuse;
    }

    /// What was called so far, each as `path method`.
    pub fn calls(&self) -> Vec<String> {
        self.shared.lock().bus.calls.clone()
    }

    fn change<T>(&self, edit: impl FnOnce(&mut Bus) -> T) -> T {
        let bus = &mut self.shared.lock().bus;
        let result = edit(bus);
        bus.publish();
        result
    }
}

impl Drop for UbusSim {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        // Wakes `accept`, which then sees that it is over. Where the socket was
        // removed under it, nothing can, and it is left behind.
        let woken = UnixStream::connect(&self.path).is_ok();
        if let Some(acceptor) = self.acceptor.take().filter(|_| woken) {
            let _ = acceptor.join();
        }
        for client in self.shared.lock().clients.values() {
            let _ = client.shutdown(Shutdown::Both);
        }
        let _ = fs::remove_file(&self.path);
    }
}

fn accept(listener: &UnixListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.lock().stopped {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            let Ok(copy) = stream.try_clone() else { return };
            let id = shared.lock().enter(copy);
            let _ = serve(&stream, id, &shared);
            shared.lock().clients.remove(&id);
        });
    }
}

fn serve(mut stream: &UnixStream, id: u32, shared: &Shared) -> io::Result<()> {
    let fault = shared.lock().fault;
    match fault {
        Fault::Unknown => return Ok(()),
        Fault::Silent => {}
        _ => stream.write_all(&hello(id).encode())?,
    }
    loop {
        let request = Message::read(&mut stream)?;
        let (fault, answers) = {
            let mut state = shared.lock();
            (state.fault, answers(&mut state, &request))
        };
        match fault {
            Fault::Close | Fault::Unknown => return Ok(()),
            Fault::Stall | Fault::Silent => {}
            Fault::Garbage => stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")?,
            Fault::Drip => drip(stream, &answers)?,
            Fault::None | Fault::Refuse => stream.write_all(&answers)?,
        }
    }
}

fn hello(id: u32) -> Message {
    Message {
        kind: kind::HELLO,
        peer: id,
        ..Message::default()
    }
}

/// A request that the fault leaves unanswered does not reach netifd.
fn answers(state: &mut State, request: &Message) -> Vec<u8> {
    match state.fault {
        Fault::None | Fault::Refuse | Fault::Drip => {
            let answers = state.bus.answer(request);
            answers.iter().flat_map(Message::encode).collect()
        }
        _ => Vec::new(),
    }
}

fn drip(mut stream: &UnixStream, bytes: &[u8]) -> io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte])?;
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
