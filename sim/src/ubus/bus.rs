//! What ubusd answers to a request, once it is read.

use std::collections::{BTreeMap, BTreeSet};

use super::message::{Message, id, kind};
use super::netifd::{self, Netifd};

const OK: u32 = 0;
const INVALID_COMMAND: u32 = 1;
const INVALID_ARGUMENT: u32 = 2;
const NOT_FOUND: u32 = 4;
const PERMISSION_DENIED: u32 = 6;

/// The id of the type that both kinds of netifd's objects share.
const TYPE: u32 = 0x167e_2b46;

/// The published objects, and the owner behind them.
#[derive(Debug, Default)]
pub struct Bus {
    /// netifd, the only owner here.
    pub netifd: Netifd,
    /// Ids of the objects that exist; a new one each time one is published.
    ids: BTreeMap<String, u32>,
    /// How many ids were given out, to objects and clients.
    given: u32,
    /// What was called, as `path method`, in order.
    pub calls: Vec<String>,
    /// The caller may use nothing.
    pub refuses: bool,
}

impl Bus {
    /// An id that no object or client has had: 1024 or more, and like ubusd's
    /// own all over the range of 32 bits.
    pub fn new_id(&mut self) -> u32 {
        self.given += 1;
        self.given.wrapping_mul(0x9e37_79b1) | 1024
    }

    /// Publishes objects that netifd has anew, and withdraws those it has no more.
    pub fn publish(&mut self) {
        let paths: BTreeSet<String> = self.netifd.paths().collect();
        self.ids.retain(|path, _| paths.contains(path));
        for path in paths {
            if !self.ids.contains_key(&path) {
                let id = self.new_id();
                self.ids.insert(path, id);
            }
        }
    }

    /// Withdraws all objects.
    pub fn withdraw(&mut self) {
        self.ids.clear();
    }

    /// All answers to one request, in order.
    pub fn answer(&mut self, request: &Message) -> Vec<Message> {
        match request.kind {
            kind::PING => ping(request),
            kind::LOOKUP => self.lookup(request),
            kind::INVOKE => self.invoke(request),
            _ => vec![status(request, INVALID_COMMAND)],
        }
    }

    fn lookup(&self, request: &Message) -> Vec<Message> {
        let wanted = request.text(id::OBJPATH).unwrap_or("*".to_owned());
        if wanted.is_empty() {
            return vec![status(request, INVALID_ARGUMENT)];
        }
        let matches = |path: &str| match wanted.strip_suffix('*') {
            Some(prefix) => path.starts_with(prefix),
            None => path == wanted,
        };
        let found: Vec<_> = self.ids.iter().filter(|(path, _)| matches(path)).collect();
        let end = if found.is_empty() { NOT_FOUND } else { OK };
        let mut answers = Vec::new();
        if !self.refuses {
            answers.extend(found.iter().map(|(path, id)| object(request, path, **id)));
        }
        answers.push(status(request, end));
        answers
    }

    fn invoke(&mut self, request: &Message) -> Vec<Message> {
        let (Some(object), Some(method)) = (request.number(id::OBJID), request.text(id::METHOD))
        else {
            return vec![status(request, INVALID_ARGUMENT)];
        };
        let Some(path) = self.path(object) else {
            return vec![status(request, NOT_FOUND)];
        };
        if self.refuses {
            return vec![status(request, PERMISSION_DENIED)];
        }
        self.calls.push(format!("{path} {method}"));
        let outcome = self.netifd.call(&path, &method, request.fields(id::DATA));
        owners(request, object, outcome)
    }

    fn path(&self, object: u32) -> Option<String> {
        let found = self.ids.iter().find(|(_, id)| **id == object);
        found.map(|(path, _)| path.clone())
    }
}

/// An owner's answer; its peer is the object's id.
fn owners(request: &Message, object: u32, outcome: netifd::Outcome) -> Vec<Message> {
    let from_owner = |kind| Message {
        peer: object,
        ..request.answer(kind)
    };
    let data = outcome.as_ref().ok().and_then(Option::as_ref);
    let data = data.map(|fields| {
        from_owner(kind::DATA)
            .with_number(id::OBJID, object)
            .with_fields(id::DATA, fields)
    });
    let end = from_owner(kind::STATUS)
        .with_number(id::STATUS, outcome.as_ref().err().copied().unwrap_or(OK))
        .with_number(id::OBJID, object);
    data.into_iter().chain([end]).collect()
}

fn object(request: &Message, path: &str, object: u32) -> Message {
    request
        .answer(kind::DATA)
        .with_text(id::OBJPATH, path)
        .with_number(id::OBJID, object)
        .with_number(id::OBJTYPE, TYPE)
        .with_fields(id::SIGNATURE, &netifd::signature())
}

fn ping(request: &Message) -> Vec<Message> {
    let copy = Message {
        kind: kind::DATA,
        ..request.clone()
    };
    vec![copy, status(request, OK)]
}

fn status(request: &Message, code: u32) -> Message {
    request.answer(kind::STATUS).with_number(id::STATUS, code)
}
