//! What several of the tests need.

use std::io::Write;
use std::net::IpAddr;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::sys::ubus;
use crate::sys::ubus::client::{Notice, UbusClient, UbusReply};
use serde_json::Value as Json;
use wansync_core::address::Candidate;
use wansync_core::ubus::netifd::{self, Network};
use wansync_core::ubus::value::{BlobTable, BlobValue, Malformed, kind};
use wansync_core::ubus::wire::{CallArguments, Incoming, Message, attribute, message};
use wansync_sim::ubus::blob::{self, Blob};
use wansync_sim::ubus::capture::Capture;
use wansync_sim::ubus::message as sim;

pub const ENOUGH: Duration = Duration::from_secs(30);
/// For waits that have to end, whatever else is slow.
pub const MODERATE: Duration = Duration::from_secs(5);
pub const SHORT: Duration = Duration::from_millis(300);

pub fn captures() -> Vec<Capture> {
    let captures = Capture::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ubus"));
    assert_eq!(captures.len(), 59);
    captures
}

pub fn capture(number: &str) -> Capture {
    let mut all = captures().into_iter();
    all.find(|capture| capture.name.starts_with(number))
        .unwrap()
}

/// All messages in `bytes`, given to the reader in pieces of `size`.
pub fn read(bytes: &[u8], size: usize) -> Result<Vec<Message>, Malformed> {
    let mut incoming = Incoming::default();
    let mut messages = Vec::new();
    for mut piece in bytes.chunks(size) {
        while !piece.is_empty() {
            let space = incoming.space();
            let count = space.len().min(piece.len());
            space[..count].copy_from_slice(&piece[..count]);
            piece = &piece[count..];
            messages.extend(incoming.advance(count)?);
        }
    }
    Ok(messages)
}

pub fn received(capture: &Capture) -> Vec<Message> {
    read(&capture.server().collect::<Vec<_>>().concat(), 4096).expect(&capture.name)
}

pub fn data(message: &Message) -> Option<BlobTable<'_>> {
    message.table(attribute::DATA).unwrap()
}

pub fn json(value: BlobValue<'_>) -> Json {
    match value {
        BlobValue::Null => Json::Null,
        BlobValue::Array(array) => array.iter().map(json).collect(),
        BlobValue::Table(table) => table_json(table),
        BlobValue::String(bytes) => String::from_utf8_lossy(bytes).into(),
        BlobValue::Int(int) => int.into(),
        BlobValue::Bool(flag) => flag.into(),
        BlobValue::Double(double) => double.into(),
    }
}

pub fn table_json(table: BlobTable<'_>) -> Json {
    let text = |name| String::from_utf8_lossy(name).into_owned();
    let each = table.iter().map(|(name, value)| (text(name), json(value)));
    each.collect()
}

/// The stock client prints six decimals, so fractions may differ in the last.
pub fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && same(a.1, b.1))
        }
        (Json::Number(a), Json::Number(b)) if a.is_f64() || b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-6 * b.abs().max(1.0)
        }
        _ => a == b,
    }
}

/// Arguments of a recorded call, through our encoder.
pub fn arguments(fields: &[(String, Blob)]) -> CallArguments {
    fields
        .iter()
        .fold(CallArguments::default(), |all, (name, value)| {
            let name: &'static str = name.clone().leak();
            match value {
                Blob::String(bytes) => all.text(name, std::str::from_utf8(bytes).unwrap()),
                Blob::Int8(byte) => all.put(kind::BOOL, name, &byte.to_be_bytes()),
                Blob::Int32(int) => all.put(kind::INT32, name, &int.to_be_bytes()),
                Blob::Int64(int) => all.put(kind::INT64, name, &int.to_be_bytes()),
                Blob::Table(fields) => all.put(kind::TABLE, name, &blob::encode(fields)),
                Blob::Double(double) => all.put(kind::DOUBLE, name, &double.to_be_bytes()),
                Blob::Null => all.put(kind::NULL, name, &[]),
                // The encoder has no need for arrays: take the bytes as they were.
                Blob::Array(values) => {
                    let unnamed = values.iter().map(|value| (String::new(), value.clone()));
                    all.put(
                        kind::ARRAY,
                        name,
                        &blob::encode(&unnamed.collect::<Vec<_>>()),
                    )
                }
                Blob::Int16(_) => unreachable!("the stock client sends none"),
            }
        })
}

pub fn addresses(list: &[&str]) -> Vec<Candidate> {
    let parsed = list.iter().map(|text| text.parse::<IpAddr>().unwrap());
    parsed.map(Candidate::from).collect()
}

pub fn recorded_network(number: &str) -> Network {
    let messages = received(&capture(number));
    let status = messages.iter().find_map(data).unwrap();
    netifd::network("wan", status)
}

/// A path for a socket, removed in the end.
pub struct Socket(pub PathBuf);

impl Socket {
    pub fn new(name: &str) -> Socket {
        let path = std::env::temp_dir().join(format!("wansync-ubus-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Socket(path)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Serves one client with a function of its own, and gives what the client
/// made of it. The server may fail: clients leave when they have an error.
pub fn against<T>(
    name: &str,
    server: impl FnOnce(&mut UnixStream) -> std::io::Result<()> + Send + 'static,
    client: impl FnOnce(&Path) -> T,
) -> T {
    let socket = Socket::new(name);
    let listener = UnixListener::bind(&socket.0).unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = server(&mut stream);
    });
    let result = client(&socket.0);
    server.join().unwrap();
    result
}

/// As the daemon does it: asks, and sleeps in poll on the descriptor.
pub fn next_notice(client: &mut UbusClient) -> Notice {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let timeout = Timespec {
        tv_sec: 30,
        tv_nsec: 0,
    };
    loop {
        if let Some(notice) = client.notice().unwrap() {
            return notice;
        }
        let ready = poll(&mut [PollFd::new(client, PollFlags::IN)], Some(&timeout));
        assert_eq!(ready.unwrap(), 1, "no notice came");
    }
}

pub fn hello() -> Vec<u8> {
    sim::Message::default().encode()
}

pub fn from_server(kind: u8, seq: u16) -> sim::Message {
    sim::Message {
        kind,
        seq,
        peer: 77,
        attributes: Vec::new(),
    }
}

pub fn status(seq: u16, code: u32) -> sim::Message {
    from_server(message::STATUS, seq).with_number(attribute::STATUS, code)
}

pub fn object(seq: u16, id: u32) -> sim::Message {
    from_server(message::DATA, seq).with_number(attribute::OBJID, id)
}

pub fn answer(seq: u16, value: i32) -> sim::Message {
    let fields = vec![("value".to_owned(), Blob::Int32(value))];
    object(seq, 5).with_fields(attribute::DATA, &fields)
}

pub fn event(seq: u16) -> sim::Message {
    let fields = vec![("interface".to_owned(), Blob::String(b"wan".to_vec()))];
    from_server(message::INVOKE, seq)
        .with_number(attribute::OBJID, 9)
        .with_text(attribute::METHOD, "interface.update")
        .with_fields(attribute::DATA, &fields)
}

pub fn send(stream: &mut UnixStream, messages: &[sim::Message]) -> std::io::Result<()> {
    let bytes: Vec<u8> = messages.iter().flat_map(sim::Message::encode).collect();
    stream.write_all(&bytes)
}

pub fn call(client: &mut UbusClient) -> ubus::Result<Vec<UbusReply>> {
    client.call("demo", "value", &CallArguments::default())
}

pub fn value(result: ubus::Result<Vec<UbusReply>>) -> i64 {
    result.unwrap()[0].table().int("value").unwrap()
}
