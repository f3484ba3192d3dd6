//! ubus messages, both ways. Pure.
//!
//! A message is a header of 12 bytes (version, type, sequence number, peer,
//! and L: the length of what follows, itself included) and a run of plain
//! attributes. All numbers are big-endian. (ubus: ubusmsg.h)
//!
//! ```
//! use wansync_core::ubus::wire::{CallArguments, HEADER, invoke, message};
//!
//! let arguments = CallArguments::default().text("interface", "wan");
//! let bytes = invoke(7, 0x1234, "status", &arguments);
//! assert_eq!(bytes[..4], [0, message::INVOKE, 0, 7]);
//! assert_eq!(usize::from(bytes[11]), bytes.len() - 8);
//! assert!(bytes.len() > HEADER);
//! ```

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use super::value::{Attribute, BlobTable, Malformed, kind, string};
use crate::reason::{Argument, Reason};

/// Bytes of a header.
pub const HEADER: usize = 12;

/// The largest L that ubusd sends or takes, in bytes.
pub const MAX_MESSAGE: usize = 1_048_576;

/// The types of messages.
#[expect(missing_docs, reason = "the protocol's own names")]
pub mod message {
    pub const HELLO: u8 = 0;
    pub const STATUS: u8 = 1;
    pub const DATA: u8 = 2;
    pub const LOOKUP: u8 = 4;
    pub const INVOKE: u8 = 5;
    pub const ADD_OBJECT: u8 = 6;
    pub const SUBSCRIBE: u8 = 8;
    pub const UNSUBSCRIBE: u8 = 9;
}

/// The ids of attributes.
#[expect(missing_docs, reason = "the protocol's own names")]
pub mod attribute {
    pub const STATUS: u8 = 1;
    pub const OBJPATH: u8 = 2;
    pub const OBJID: u8 = 3;
    pub const METHOD: u8 = 4;
    pub const SIGNATURE: u8 = 6;
    pub const DATA: u8 = 7;
    pub const TARGET: u8 = 8;
    pub const NO_REPLY: u8 = 10;
}

/// Status codes that mean something to a client.
#[expect(missing_docs, reason = "the protocol's own names")]
pub mod status {
    pub const OK: u32 = 0;
    pub const NOT_FOUND: u32 = 4;
    pub const PERMISSION_DENIED: u32 = 6;
}

/// One received message: version 0, and its attributes fill it exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    bytes: Vec<u8>,
}

impl Message {
    fn new(bytes: Vec<u8>) -> Result<Message, Malformed> {
        let mut rest = &bytes[HEADER..];
        while Attribute::cut(&mut rest)?.is_some() {}
        Ok(Message { bytes })
    }

    /// One of [`message`], or an unknown type.
    pub fn kind(&self) -> u8 {
        self.bytes[1]
    }

    /// In an answer the number of the request, else the sender's own count.
    pub fn seq(&self) -> u16 {
        u16::from_be_bytes([self.bytes[2], self.bytes[3]])
    }

    /// The sender, where that matters.
    pub fn peer(&self) -> u32 {
        number(&self.bytes[4..8]).expect("a message has at least a header")
    }

    /// The size in bytes, its header included.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// A 4-byte attribute. One of another size counts as absent.
    pub fn number(&self, id: u8) -> Option<u32> {
        self.last_usable(id, number)
    }

    /// A 1-byte attribute.
    pub fn byte(&self, id: u8) -> Option<u8> {
        self.last_usable(id, |payload| match payload {
            [byte] => Some(*byte),
            _ => None,
        })
    }

    /// A string attribute. One without its final zero byte counts as absent.
    pub fn text(&self, id: u8) -> Option<&[u8]> {
        self.last_usable(id, string)
    }

    /// An attribute that holds values: DATA or SIGNATURE. Checks them whole.
    pub fn table(&self, id: u8) -> Result<Option<BlobTable<'_>>, Malformed> {
        self.last_usable(id, Some).map(BlobTable::parse).transpose()
    }

    /// [`Message::table`], where that succeeded before.
    pub fn checked_table(&self, id: u8) -> BlobTable<'_> {
        BlobTable::checked(self.last_usable(id, Some).unwrap_or_default())
    }

    /// If an id comes twice, the last usable one wins, as in libubus.
    fn last_usable<'a, T>(&'a self, id: u8, pick: impl Fn(&'a [u8]) -> Option<T>) -> Option<T> {
        let mut rest = &self.bytes[HEADER..];
        let mut found = None;
        while let Ok(Some(attribute)) = Attribute::cut(&mut rest) {
            if attribute.id == id {
                found = pick(attribute.payload).or(found);
            }
        }
        found
    }
}

fn number(payload: &[u8]) -> Option<u32> {
    payload.try_into().ok().map(u32::from_be_bytes)
}

/// A message on its way in, in pieces of any size. It holds room for exactly
/// one message, and for nothing that its header did not announce.
#[derive(Debug)]
pub struct Incoming {
    bytes: Vec<u8>,
    filled: usize,
}

impl Default for Incoming {
    fn default() -> Self {
        Incoming {
            bytes: vec![0; HEADER],
            filled: 0,
        }
    }
}

impl Incoming {
    /// The room for the next bytes. Never empty.
    pub fn space(&mut self) -> &mut [u8] {
        &mut self.bytes[self.filled..]
    }

    /// Takes note that the first `count` bytes of [`Incoming::space`] were
    /// filled, and gives the message if it is whole. After an error no
    /// connection is to be trusted further.
    pub fn advance(&mut self, count: usize) -> Result<Option<Message>, Malformed> {
        self.filled += count;
        if self.filled < self.bytes.len() {
            return Ok(None);
        }
        if self.filled == HEADER {
            let size = announced_size(&self.bytes)?;
            // Zeroed pages cost no memory before they are written to.
            let mut whole = vec![0; size];
            whole[..HEADER].copy_from_slice(&self.bytes);
            self.bytes = whole;
            if size > HEADER {
                return Ok(None);
            }
        }
        Message::new(core::mem::take(self).bytes).map(Some)
    }
}

/// The size of the whole message whose header this is.
fn announced_size(header: &[u8]) -> Result<usize, Malformed> {
    if header[0] != 0 {
        return Err(Malformed("a message of an unknown version"));
    }
    let length = u32::from_be_bytes([0, header[9], header[10], header[11]]) as usize;
    match length {
        4..=MAX_MESSAGE => Ok(8 + length),
        _ => Err(Malformed("a message of an impossible length")),
    }
}

/// Arguments of a call, as they lie in its DATA. Names are the program's own
/// words: shorter than 64 KiB, without a zero byte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallArguments(Vec<u8>);

impl CallArguments {
    /// Adds a string. The receiver reads it up to the first zero byte.
    pub fn text(self, name: &'static str, value: &str) -> Self {
        self.put(kind::STRING, name, &zero_terminated(value))
    }

    /// Adds a value of any of the [`kind`]s, given its bytes on the wire.
    pub fn put(mut self, kind: u8, name: &'static str, value: &[u8]) -> Self {
        let mut payload = Vec::with_capacity(8 + name.len() + value.len());
        payload.extend((name.len() as u16).to_be_bytes());
        payload.extend(name.bytes());
        payload.push(0);
        pad_to_4(&mut payload);
        payload.extend(value);
        push_attribute(&mut self.0, 0x80 | kind, &payload);
        self
    }
}

/// The arguments of `send` of ubusd's own object: an event of this name, with texts, the
/// code of a reason, its arguments and its words.
pub fn event(name: &str, texts: &[(&'static str, &str)], reason: &Reason) -> CallArguments {
    let mut data = CallArguments::default();
    for (name, text) in texts {
        data = data.text(name, text);
    }
    data = coded(data, ["reason_code", "reason_args"], reason);
    let data = data.text("reason", &reason.to_string());
    CallArguments::default()
        .text("id", name)
        .put(kind::TABLE, "data", &data.0)
}

/// Adds the code of a reason, and the table of its arguments.
fn coded(to: CallArguments, names: [&'static str; 2], reason: &Reason) -> CallArguments {
    let mut table = CallArguments::default();
    for (name, argument) in reason.arguments() {
        table = match argument {
            Argument::Text(text) => table.text(name, text),
            Argument::Number(number) => {
                table.put(kind::INT64, name, &u64::from(*number).to_be_bytes())
            }
            Argument::Reasons(reasons) => {
                let mut list = CallArguments::default();
                for reason in reasons {
                    let item = coded(CallArguments::default(), ["code", "args"], reason);
                    list = list.put(kind::TABLE, "", &item.0);
                }
                table.put(kind::ARRAY, name, &list.0)
            }
        };
    }
    let [code, arguments] = names;
    to.text(code, reason.code().name())
        .put(kind::TABLE, arguments, &table.0)
}

/// Asks for the objects at a path; one that ends in `*` is a prefix.
pub fn lookup(seq: u16, path: &str) -> Vec<u8> {
    request(
        message::LOOKUP,
        seq,
        0,
        &[(attribute::OBJPATH, &zero_terminated(path))],
    )
}

/// Calls a method. DATA is there even when it is empty: without it the owner
/// answers INVALID_ARGUMENT.
pub fn invoke(seq: u16, object: u32, method: &str, arguments: &CallArguments) -> Vec<u8> {
    let attributes: [(u8, &[u8]); 3] = [
        (attribute::OBJID, &object.to_be_bytes()),
        (attribute::METHOD, &zero_terminated(method)),
        (attribute::DATA, &arguments.0),
    ];
    request(message::INVOKE, seq, object, &attributes)
}

/// Asks for an object of one's own, without a path, to receive notifications.
pub fn add_object(seq: u16) -> Vec<u8> {
    request(message::ADD_OBJECT, seq, 0, &[])
}

/// Has the notifications of `target` sent to `own`.
pub fn subscribe(seq: u16, own: u32, target: u32) -> Vec<u8> {
    let attributes: [(u8, &[u8]); 2] = [
        (attribute::OBJID, &own.to_be_bytes()),
        (attribute::TARGET, &target.to_be_bytes()),
    ];
    request(message::SUBSCRIBE, seq, 0, &attributes)
}

/// Acknowledges a received notification: `seq` and `peer` are its own, `own`
/// the object that it was for.
pub fn acknowledge(seq: u16, peer: u32, own: u32) -> Vec<u8> {
    let attributes: [(u8, &[u8]); 2] = [
        (attribute::STATUS, &status::OK.to_be_bytes()),
        (attribute::OBJID, &own.to_be_bytes()),
    ];
    request(message::STATUS, seq, peer, &attributes)
}

fn request(kind: u8, seq: u16, peer: u32, attributes: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    bytes.extend([0, kind]);
    bytes.extend(seq.to_be_bytes());
    bytes.extend(peer.to_be_bytes());
    bytes.extend([0; 4]);
    for (id, payload) in attributes {
        push_attribute(&mut bytes, *id, payload);
    }
    // The sender refuses what is longer than `MAX_MESSAGE`.
    let length = (bytes.len() - 8) as u32;
    bytes[8..HEADER].copy_from_slice(&length.to_be_bytes());
    bytes
}

/// Appends an attribute. Padding counts in the length of what it lies in, but
/// not in its own.
fn push_attribute(bytes: &mut Vec<u8>, id: u8, payload: &[u8]) {
    let length = (4 + payload.len()) as u32;
    bytes.extend(length.to_be_bytes());
    let header = bytes.len() - 4;
    bytes[header] = id;
    bytes.extend(payload);
    pad_to_4(bytes);
}

fn pad_to_4(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

fn zero_terminated(text: &str) -> Vec<u8> {
    [text.as_bytes(), &[0]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<Message>, Malformed> {
        let mut incoming = Incoming::default();
        let mut rest = bytes;
        loop {
            let space = incoming.space();
            let count = space.len().min(rest.len());
            space[..count].copy_from_slice(&rest[..count]);
            rest = &rest[count..];
            match incoming.advance(count)? {
                None if rest.is_empty() => return Ok(None),
                None => {}
                message => return Ok(message),
            }
        }
    }

    #[test]
    fn lengths_outside_of_the_limits_are_refused_on_the_header() {
        let impossible = Err(Malformed("a message of an impossible length"));
        for (header, expected) in [
            (b"\0\x02\0\x01\0\0\0\0\0\0\0\x00", impossible.clone()),
            (b"\0\x02\0\x01\0\0\0\0\0\0\0\x03", impossible.clone()),
            (b"\0\x02\0\x01\0\0\0\0\0\x10\0\x01", impossible.clone()),
            (b"\0\x02\0\x01\0\0\0\0\0\xff\xff\xff", impossible),
            (b"\0\x02\0\x01\0\0\0\0\0\x10\0\x00", Ok(None)),
            (
                b"\x01\x02\0\x01\0\0\0\0\0\0\0\x04",
                Err(Malformed("a message of an unknown version")),
            ),
        ] {
            assert_eq!(read(header), expected, "{header:x?}");
        }
    }

    #[test]
    fn attributes_that_do_not_fill_the_message_are_refused() {
        for tail in [
            &b"\x03"[..],
            b"\x03\0\0",
            b"\x03\0\0\x03",
            b"\x03\0\0\x09\0\0\0\x01",
        ] {
            let length = (4 + tail.len()) as u32;
            let bytes = [&b"\0\x02\0\x01\0\0\0\0"[..], &length.to_be_bytes(), tail].concat();
            assert!(read(&bytes).is_err(), "{bytes:x?}");
        }
    }

    #[test]
    fn the_last_usable_attribute_wins() {
        let tail = b"\x03\0\0\x08\0\0\0\x01\x03\0\0\x08\0\0\0\x02\x03\0\0\x05\x09\0\0\0\
            \x04\0\0\x06x\0\0\0\x04\0\0\x06yz\0\0\x0a\0\0\x05\x01\0\0\0";
        let length = (4 + tail.len()) as u32;
        let bytes = [
            &b"\0\x05\x12\x34\x56\x78\x9a\xbc"[..],
            &length.to_be_bytes(),
            tail,
        ]
        .concat();
        let message = read(&bytes).unwrap().unwrap();
        assert_eq!(
            (message.kind(), message.seq(), message.peer()),
            (5, 0x1234, 0x5678_9abc)
        );
        assert_eq!(message.number(attribute::OBJID), Some(2));
        assert_eq!(message.text(attribute::METHOD), Some(&b"x"[..]));
        assert_eq!(message.byte(attribute::NO_REPLY), Some(1));
        assert_eq!(message.number(attribute::STATUS), None);
    }
}
