//! ubus messages, as ubusd reads and writes them.

use std::io::{self, Read};

use super::blob::{self, Fields, be32, padded};

/// The largest length that a message may announce; ubusd hangs up on more.
pub const MAX_LENGTH: usize = 1 << 20;

/// Message types.
#[allow(missing_docs, reason = "the names are ubus's own")]
pub mod kind {
    pub const HELLO: u8 = 0;
    pub const STATUS: u8 = 1;
    pub const DATA: u8 = 2;
    pub const PING: u8 = 3;
    pub const LOOKUP: u8 = 4;
    pub const INVOKE: u8 = 5;
    pub const ADD_OBJECT: u8 = 6;
    pub const REMOVE_OBJECT: u8 = 7;
    pub const SUBSCRIBE: u8 = 8;
    pub const UNSUBSCRIBE: u8 = 9;
}

/// Attribute ids.
#[allow(missing_docs, reason = "the names are ubus's own")]
pub mod id {
    pub const STATUS: u8 = 1;
    pub const OBJPATH: u8 = 2;
    pub const OBJID: u8 = 3;
    pub const METHOD: u8 = 4;
    pub const OBJTYPE: u8 = 5;
    pub const SIGNATURE: u8 = 6;
    pub const DATA: u8 = 7;
    pub const TARGET: u8 = 8;
    pub const NO_REPLY: u8 = 10;
    pub const USER: u8 = 12;
    pub const GROUP: u8 = 13;
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// One of [`kind`], or another number.
    pub kind: u8,
    /// Sequence number.
    pub seq: u16,
    /// Peer.
    pub peer: u32,
    /// Ids and payloads, in order.
    pub attributes: Vec<(u8, Vec<u8>)>,
}

impl Message {
    /// An answer to `self`, with nothing in it yet.
    pub fn answer(&self, kind: u8) -> Message {
        Message {
            kind,
            seq: self.seq,
            peer: self.peer,
            attributes: Vec::new(),
        }
    }

    /// A message of ubusd's own accord.
    pub fn of(kind: u8, seq: u16, peer: u32) -> Message {
        Message {
            kind,
            seq,
            peer,
            attributes: Vec::new(),
        }
    }

    /// Adds a 1-byte attribute.
    pub fn with_byte(self, id: u8, byte: u8) -> Message {
        self.with(id, vec![byte])
    }

    /// Adds a 4-byte attribute.
    pub fn with_number(self, id: u8, number: u32) -> Message {
        self.with(id, number.to_be_bytes().to_vec())
    }

    /// Adds a string attribute.
    pub fn with_text(self, id: u8, text: &str) -> Message {
        self.with(id, [text.as_bytes(), &[0]].concat())
    }

    /// Adds an attribute that holds values.
    pub fn with_fields(self, id: u8, fields: &Fields) -> Message {
        self.with(id, blob::encode(fields))
    }

    fn with(mut self, id: u8, payload: Vec<u8>) -> Message {
        self.attributes.push((id, payload));
        self
    }

    /// A 4-byte attribute; one of another size counts as absent.
    pub fn number(&self, id: u8) -> Option<u32> {
        let payloads = self.payloads(id).filter(|payload| payload.len() == 4);
        payloads.last().map(be32)
    }

    /// A string attribute; one without its zero byte counts as absent.
    pub fn text(&self, id: u8) -> Option<String> {
        let bytes = self
            .payloads(id)
            .filter_map(|payload| payload.strip_suffix(&[0]))
            .last()?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }

    /// An attribute that holds values.
    pub fn fields(&self, id: u8) -> Option<Fields> {
        blob::decode(self.payloads(id).last()?)
    }

    fn payloads(&self, id: u8) -> impl Iterator<Item = &[u8]> {
        self.attributes
            .iter()
            .filter(move |(found, _)| *found == id)
            .map(|(_, payload)| payload.as_slice())
    }

    /// The whole message on the wire.
    pub fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (id, payload) in &self.attributes {
            let header = u32::from(*id) << 24 | (4 + payload.len()) as u32;
            body.extend(header.to_be_bytes());
            body.extend(payload);
            body.resize(padded(body.len()), 0);
        }
        let mut bytes = vec![0, self.kind];
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend(self.peer.to_be_bytes());
        bytes.extend((4 + body.len() as u32).to_be_bytes());
        bytes.extend(body);
        bytes
    }

    /// Reads one message; an error of kind `InvalidData` where ubusd hangs up.
    pub fn read(stream: &mut impl Read) -> io::Result<Message> {
        let mut header = [0; 12];
        stream.read_exact(&mut header)?;
        let length = (be32(&header[8..]) & 0x00ff_ffff) as usize;
        if !(4..=MAX_LENGTH).contains(&length) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut body = vec![0; length - 4];
        stream.read_exact(&mut body)?;
        Ok(Message {
            kind: header[1],
            seq: u16::from_be_bytes([header[2], header[3]]),
            peer: be32(&header[4..8]),
            attributes: attributes(&body),
        })
    }
}

/// Like ubusd, stops where a length does not fit and forgets the rest.
fn attributes(body: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(header) = body.get(at..at + 4) {
        let header = be32(header);
        let length = (header & 0x00ff_ffff) as usize;
        if length < 4 || at + padded(length) > body.len() {
            break;
        }
        let id = (header >> 24 & 0x7f) as u8;
        found.push((id, body[at + 4..at + length].to_vec()));
        at += padded(length);
    }
    found
}
