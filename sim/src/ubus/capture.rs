//! Recordings of real connections to ubusd, and a server that plays its side
//! of them. The format of the files is described beside them.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use serde_json::Value;

use super::message::Message;

/// One step of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The client sent these bytes: one message.
    Client(Vec<u8>),
    /// The server sent these bytes: one message.
    Server(Vec<u8>),
    /// The client closed the connection.
    ClientEof,
    /// The server closed the connection.
    ServerEof,
}

/// One recorded connection.
#[derive(Debug, Clone)]
pub struct Capture {
    /// Its number and name.
    pub name: String,
    /// `call`, `lookup`, …
    pub kind: String,
    /// The stock command with the same effect, where there is one.
    pub command: Option<String>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// The meaning: for a `call` what the stock client printed, for others a
    /// description.
    pub json: Value,
}

impl Capture {
    /// All recordings of a directory, in order.
    pub fn load(directory: &Path) -> Vec<Capture> {
        let index = json(&directory.join("index.json"));
        let entries = index.as_array().expect("the index is a list").clone();
        let text = |entry: &Value, name: &str| entry[name].as_str().map(str::to_owned);
        entries
            .iter()
            .map(|entry| {
                let name = text(entry, "name").expect("a recording has a name");
                Capture {
                    kind: text(entry, "kind").expect("a recording has a kind"),
                    command: text(entry, "command"),
                    steps: steps(&read(&directory.join(format!("{name}.hex")))),
                    json: json(&directory.join(format!("{name}.json"))),
                    name,
                }
            })
            .collect()
    }

    /// The messages of the client.
    pub fn client(&self) -> impl Iterator<Item = &[u8]> {
        self.steps.iter().filter_map(|step| match step {
            Step::Client(bytes) => Some(bytes.as_slice()),
            _ => None,
        })
    }

    /// The messages of the server.
    pub fn server(&self) -> impl Iterator<Item = &[u8]> {
        self.steps.iter().filter_map(|step| match step {
            Step::Server(bytes) => Some(bytes.as_slice()),
            _ => None,
        })
    }
}

/// Reads one message from its bytes.
pub fn message(mut bytes: &[u8]) -> Message {
    Message::read(&mut bytes).expect("a recorded message is whole")
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut begun = false;
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let Some((side, bytes)) = line.split_once(' ') else {
            begun &= !line.is_empty();
            continue;
        };
        if bytes == "EOF" {
            let from_client = side == ">";
            steps.push(if from_client {
                Step::ClientEof
            } else {
                Step::ServerEof
            });
            continue;
        }
        let bytes = bytes
            .split_whitespace()
            .map(|digits| u8::from_str_radix(digits, 16).expect("two hex digits"));
        match steps.last_mut() {
            Some(Step::Client(message) | Step::Server(message)) if begun => message.extend(bytes),
            _ if side == ">" => steps.push(Step::Client(bytes.collect())),
            _ => steps.push(Step::Server(bytes.collect())),
        }
        begun = true;
    }
    steps
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&read(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// In which pieces a replay sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pieces {
    /// One write a message.
    Messages,
    /// One write a byte.
    Bytes,
    /// One write for all that comes between two messages of the client.
    Joined,
}

/// A server that plays one recording to the first client, and ends.
#[derive(Debug)]
pub struct Replay {
    path: PathBuf,
    player: JoinHandle<Result<(), String>>,
}

impl Replay {
    /// Listens at `path`.
    pub fn start(path: &Path, steps: &[Step], pieces: Pieces) -> io::Result<Replay> {
        let listener = UnixListener::bind(path)?;
        let steps = steps.to_vec();
        Ok(Replay {
            path: path.to_owned(),
            player: thread::spawn(move || {
                let (stream, _) = listener.accept().map_err(|error| error.to_string())?;
                play(stream, &steps, pieces)
            }),
        })
    }

    /// Waits for the end, which needs the client to have closed its side, and
    /// says in what the client's messages differed from the recorded ones.
    pub fn finish(self) -> Result<(), String> {
        let result = self.player.join().map_err(|_| "the replay panicked")?;
        let _ = fs::remove_file(&self.path);
        result
    }
}

fn play(mut stream: UnixStream, steps: &[Step], pieces: Pieces) -> Result<(), String> {
    let mut held = Vec::new();
    for step in steps {
        match step {
            Step::Server(bytes) if pieces == Pieces::Joined => held.extend(bytes),
            Step::Server(bytes) => send(&mut stream, bytes, pieces)?,
            Step::Client(bytes) => {
                send(&mut stream, &std::mem::take(&mut held), pieces)?;
                expect(&mut stream, bytes)?;
            }
            Step::ServerEof => return Ok(()),
            Step::ClientEof => {}
        }
    }
    send(&mut stream, &held, pieces)?;
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) if !rest.is_empty() => Err(format!("the client sent more: {rest:02x?}")),
        _ => Ok(()),
    }
}

fn send(stream: &mut UnixStream, bytes: &[u8], pieces: Pieces) -> Result<(), String> {
    let size = match pieces {
        Pieces::Bytes => 1,
        _ => bytes.len().max(1),
    };
    for piece in bytes.chunks(size) {
        stream.write_all(piece).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn expect(stream: &mut UnixStream, expected: &[u8]) -> Result<(), String> {
    let mut found = vec![0; expected.len()];
    stream
        .read_exact(&mut found)
        .map_err(|error| format!("the client did not send {expected:02x?}: {error}"))?;
    match found == expected {
        true => Ok(()),
        false => Err(format!("the client sent {found:02x?}, not {expected:02x?}")),
    }
}
