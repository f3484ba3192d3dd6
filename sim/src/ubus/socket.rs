//! The socket, and a thread that reads for each of its connections.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::thread;

use super::client::Client;
use super::fault::UbusFault;
use super::message::{Message, kind};
use super::shared::UbusShared;

/// Takes connections until ubusd is to stop.
pub(super) fn accept(listener: &UnixListener, shared: &Arc<UbusShared>) {
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
fn enter(stream: &UnixStream, shared: &UbusShared) -> Option<u32> {
    let client = Client::new(stream).ok()?;
    let mut state = shared.lock();
    if state.stopped || state.fault == UbusFault::Unknown {
        return None;
    }
    let id = state.bus.new_id();
    if state.fault != UbusFault::Silent {
        let hello = Message::of(kind::HELLO, 0, id);
        client.send(hello.encode(), UbusFault::None);
    }
    state.clients.insert(id, client);
    Some(id)
}

/// A request that the fault leaves unanswered does not reach netifd.
fn serve(mut stream: &UnixStream, id: u32, shared: &Arc<UbusShared>) -> io::Result<()> {
    loop {
        let request = Message::read(&mut stream)?;
        let fault = shared.lock().fault;
        match fault {
            UbusFault::Close | UbusFault::Unknown => return Ok(()),
            UbusFault::Stall | UbusFault::Silent => {}
            UbusFault::Garbage => {
                if let Some(client) = shared.lock().clients.get(&id) {
                    let bytes = b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec();
                    client.send(bytes, fault);
                }
            }
            UbusFault::None | UbusFault::Refuse | UbusFault::Drip => shared.answer(id, &request),
        }
    }
}
