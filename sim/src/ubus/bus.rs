//! The answers of ubusd to a request, once it is read, and what it sends besides.

use std::collections::{BTreeMap, BTreeSet};

use super::blob::{Blob, Fields};
use super::listeners::Listeners;
use super::message::{Message, id, kind};
use super::netifd::{self, Netifd, OBJECT};
use super::network::Outcome;
use super::news::News;
use super::procd::{self, Procd, Signal};

const OK: u32 = 0;
const INVALID_COMMAND: u32 = 1;
const INVALID_ARGUMENT: u32 = 2;
const NOT_FOUND: u32 = 4;
const PERMISSION_DENIED: u32 = 6;

/// The id of the type that both kinds of netifd's objects share.
const TYPE: u32 = 0x167e_2b46;
/// ubusd's own object, for events.
const EVENTS: u32 = 1;

/// A call that reached netifd or procd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The object's path.
    pub path: String,
    /// The method.
    pub method: String,
    /// The network that it is about, by the path or by the argument `interface`.
    pub network: Option<String>,
}

/// A message to a client.
pub type Addressed = (u32, Message);

/// The objects, who listens to them, and the owner behind those that are published.
#[derive(Debug, Default)]
pub struct Bus {
    /// netifd, the owner of most objects.
    pub netifd: Netifd,
    /// procd, the owner of `service`.
    pub procd: Procd,
    /// The calls, in order.
    pub calls: Vec<Call>,
    /// The caller may use nothing.
    pub refuses: bool,
    /// The messages to send, in order.
    pub outbox: Vec<Addressed>,
    /// Ids of the objects that exist; a new one each time one is published.
    ids: BTreeMap<String, u32>,
    listeners: Listeners,
    /// The number of ids given out, to objects and clients.
    given: u32,
    /// netifd's id as a client.
    owner: u32,
    /// Of netifd's requests.
    notices: u16,
    /// Of ubusd's events, and of its other messages of its own accord.
    events: u16,
    ends: u16,
}

impl Bus {
    /// An id that no object or client has had: 1024 or more, and like ubusd's
    /// own all over the range of 32 bits.
    pub fn new_id(&mut self) -> u32 {
        self.given += 1;
        self.given.wrapping_mul(0x9e37_79b1) | 1024
    }

    /// netifd connects: its objects get new ids.
    pub fn connect_netifd(&mut self) {
        self.owner = self.new_id();
        self.settle();
    }

    /// netifd has left: its objects go.
    pub fn disconnect_netifd(&mut self) {
        self.relay();
        let own = self.ids.keys().filter(|path| path.starts_with(OBJECT));
        for path in own.cloned().collect::<Vec<_>>() {
            self.withdraw(&path);
        }
    }

    /// Passes on what netifd did: publishes what it has anew, tells what it
    /// tells, and withdraws what it has no more.
    pub fn settle(&mut self) {
        let paths: BTreeSet<String> = self.netifd.paths().chain(self.procd.paths()).collect();
        for path in &paths {
            self.publish(path);
        }
        self.relay();
        let gone = self.ids.keys().filter(|path| !paths.contains(*path));
        for path in gone.cloned().collect::<Vec<_>>() {
            self.withdraw(&path);
        }
    }

    fn publish(&mut self, path: &str) {
        if !self.ids.contains_key(path) {
            let id = self.new_id();
            self.ids.insert(path.to_owned(), id);
            self.event("ubus.object.add", &about(id, path), None);
        }
    }

    fn withdraw(&mut self, path: &str) {
        let Some(target) = self.ids.remove(path) else {
            return;
        };
        for (client, object) in self.listeners.orphans(target) {
            self.ends = self.ends.wrapping_add(1);
            let end = Message::of(kind::UNSUBSCRIBE, self.ends, 0)
                .with_number(id::OBJID, object)
                .with_number(id::TARGET, target);
            self.outbox.push((client, end));
        }
        self.event("ubus.object.remove", &about(target, path), None);
    }

    fn relay(&mut self) {
        for news in std::mem::take(&mut self.netifd.news) {
            match news {
                News::Event { action, name } => {
                    let text = |text: &str| Blob::String(text.as_bytes().to_vec());
                    let action = ("action".to_owned(), text(action));
                    let data = [action, ("interface".to_owned(), text(&name))];
                    self.event(OBJECT, &data.to_vec(), None);
                }
                News::Notice {
                    method,
                    name,
                    payload,
                } => {
                    self.notify(OBJECT, method, &payload, true);
                    self.notify(&format!("{OBJECT}.{name}"), method, &payload, true);
                }
            }
        }
    }

    fn event(&mut self, name: &str, data: &Fields, sender: Option<u32>) {
        self.events = self.events.wrapping_add(1);
        let hearers = self.listeners.hearers(name).into_iter();
        for (client, object) in hearers.filter(|(client, _)| Some(*client) != sender) {
            let event = Message::of(kind::INVOKE, self.events, 0)
                .with_number(id::OBJID, object)
                .with_text(id::METHOD, name)
                .with_fields(id::DATA, data);
            self.outbox.push((client, event));
        }
    }

    /// Sends a notification of an object to its subscribers. Where it is not
    /// `silent`, they have to answer.
    pub fn notify(&mut self, path: &str, method: &str, data: &Fields, silent: bool) {
        self.notices = self.notices.wrapping_add(1);
        let target = self.ids.get(path).copied().unwrap_or_default();
        for (client, object) in self.listeners.subscribers(target) {
            let mut notice = Message::of(kind::INVOKE, self.notices, self.owner);
            if silent {
                notice = notice.with_byte(id::NO_REPLY, 1);
            }
            let notice = notice
                .with_number(id::OBJID, object)
                .with_text(id::METHOD, method)
                .with_text(id::USER, "root")
                .with_text(id::GROUP, "root")
                .with_fields(id::DATA, data);
            self.outbox.push((client, notice));
        }
    }

    /// A client has left.
    pub fn leave(&mut self, client: u32) {
        self.listeners.leave(client);
    }

    /// The number of subscriptions to the object of all networks.
    pub fn subscriptions(&self) -> usize {
        let target = self.ids.get(OBJECT).copied().unwrap_or_default();
        self.listeners.subscribers(target).len()
    }

    /// The call of netifd or procd that a request is, if it is one that may be made.
    pub fn call(&self, request: &Message) -> Option<Call> {
        let path = self.path(request.number(id::OBJID)?)?;
        let network = Netifd::subject(&path, request.fields(id::DATA).as_ref());
        let is_call = request.kind == kind::INVOKE && !self.refuses;
        is_call.then_some(Call {
            path,
            method: request.text(id::METHOD)?,
            network,
        })
    }

    /// The signals that a request sends to instances of services.
    pub fn signals(&self, request: &Message) -> Vec<Signal> {
        let call = self.call(request).filter(|call| call.path == procd::OBJECT);
        let arguments = request.fields(id::DATA);
        call.zip(arguments).map_or(Vec::new(), |(call, fields)| {
            self.procd.signals(&call.method, &fields)
        })
    }

    /// Sends all answers to one request, and what comes of it. `outcome` is what
    /// comes of it if it is a call of `up`.
    pub fn answer(&mut self, client: u32, request: &Message, outcome: Outcome) {
        let answers = match request.kind {
            kind::PING => ping(request),
            kind::LOOKUP => self.lookup(request),
            kind::INVOKE => self.invoke(client, request, outcome),
            kind::ADD_OBJECT => self.add_object(client, request),
            kind::REMOVE_OBJECT => self.remove_object(client, request),
            kind::SUBSCRIBE | kind::UNSUBSCRIBE => {
                let code = self.subscribe(client, request).err().unwrap_or(OK);
                vec![status(request, code)]
            }
            // Answers to notifications and events.
            kind::STATUS | kind::DATA => Vec::new(),
            _ => vec![status(request, INVALID_COMMAND)],
        };
        // Subscribers hear of a change before the call is answered.
        self.settle();
        let addressed = answers.into_iter().map(|answer| (client, answer));
        self.outbox.extend(addressed);
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

    fn invoke(&mut self, client: u32, request: &Message, outcome: Outcome) -> Vec<Message> {
        let (Some(object), Some(method)) = (request.number(id::OBJID), request.text(id::METHOD))
        else {
            return vec![status(request, INVALID_ARGUMENT)];
        };
        if object == EVENTS {
            let done = match method.as_str() {
                "register" => self.register(request),
                "send" => self.send(client, request),
                _ => Err(INVALID_COMMAND),
            };
            return vec![status(request, done.err().unwrap_or(OK))];
        }
        let Some(path) = self.path(object) else {
            return vec![status(request, NOT_FOUND)];
        };
        let Some(call) = self.call(request) else {
            return vec![status(request, PERMISSION_DENIED)];
        };
        self.calls.push(call);
        let arguments = request.fields(id::DATA);
        let reply = match path.as_str() {
            procd::OBJECT => self.procd.call(&method, arguments),
            _ => self.netifd.call(&path, &method, arguments, outcome),
        };
        owners(request, object, reply)
    }

    fn path(&self, object: u32) -> Option<String> {
        let found = self.ids.iter().find(|(_, id)| **id == object);
        found.map(|(path, _)| path.clone())
    }

    /// Only netifd publishes anything here: all objects of clients are
    /// without a path.
    fn add_object(&mut self, client: u32, request: &Message) -> Vec<Message> {
        if request.text(id::OBJPATH).is_some() {
            return vec![status(request, INVALID_ARGUMENT)];
        }
        let object = self.new_id();
        self.listeners.add(object, client);
        with_object(request, object)
    }

    fn remove_object(&mut self, client: u32, request: &Message) -> Vec<Message> {
        let Some(object) = request.number(id::OBJID) else {
            return vec![status(request, INVALID_ARGUMENT)];
        };
        match self.listeners.owner(object) {
            None => vec![status(request, NOT_FOUND)],
            Some(owner) if owner != client => vec![status(request, PERMISSION_DENIED)],
            Some(_) => {
                self.listeners.remove(object);
                with_object(request, object)
            }
        }
    }

    fn subscribe(&mut self, client: u32, request: &Message) -> Result<(), u32> {
        let object = request.number(id::OBJID).ok_or(INVALID_ARGUMENT)?;
        let target = request.number(id::TARGET).ok_or(INVALID_ARGUMENT)?;
        let own = |object| self.listeners.owner(object) == Some(client);
        if !own(object) || own(target) {
            return Err(INVALID_ARGUMENT);
        }
        if request.kind == kind::UNSUBSCRIBE {
            let ended = self.listeners.unsubscribe(object, target);
            return ended.then_some(()).ok_or(NOT_FOUND);
        }
        if self.refuses || self.path(target).is_none() {
            return Err(NOT_FOUND);
        }
        self.listeners.subscribe(object, target);
        Ok(())
    }

    /// An event of a client, for all others who asked for it.
    fn send(&mut self, client: u32, request: &Message) -> Result<(), u32> {
        let fields = request.fields(id::DATA).ok_or(INVALID_ARGUMENT)?;
        let value = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v);
        let (Some(Blob::String(name)), Some(Blob::Table(data))) = (value("id"), value("data"))
        else {
            return Err(INVALID_ARGUMENT);
        };
        let name = String::from_utf8_lossy(name);
        if self.refuses || name.starts_with("ubus.") {
            return Err(PERMISSION_DENIED);
        }
        self.event(&name, data, Some(client));
        Ok(())
    }

    fn register(&mut self, request: &Message) -> Result<(), u32> {
        let fields = request.fields(id::DATA).ok_or(INVALID_ARGUMENT)?;
        let value = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v);
        let (Some(Blob::Int32(object)), Some(Blob::String(pattern))) =
            (value("object"), value("pattern"))
        else {
            return Err(INVALID_ARGUMENT);
        };
        let object = *object as u32;
        if self.refuses || pattern.is_empty() {
            return Err(PERMISSION_DENIED);
        }
        self.listeners.owner(object).ok_or(NOT_FOUND)?;
        let pattern = String::from_utf8_lossy(pattern).into_owned();
        self.listeners.register(object, pattern);
        Ok(())
    }
}

/// The description of an object by ubusd.
fn about(object: u32, path: &str) -> Fields {
    let path = Blob::String(path.as_bytes().to_vec());
    let object = Blob::Int32(object as i32);
    vec![("id".to_owned(), object), ("path".to_owned(), path)]
}

/// An owner's answer; its peer is the object's id.
fn owners(request: &Message, object: u32, reply: netifd::MethodReply) -> Vec<Message> {
    let from_owner = |kind| Message {
        peer: object,
        ..request.answer(kind)
    };
    let data = reply.as_ref().ok().and_then(Option::as_ref);
    let data = data.map(|fields| {
        from_owner(kind::DATA)
            .with_number(id::OBJID, object)
            .with_fields(id::DATA, fields)
    });
    let end = from_owner(kind::STATUS)
        .with_number(id::STATUS, reply.as_ref().err().copied().unwrap_or(OK))
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

fn with_object(request: &Message, object: u32) -> Vec<Message> {
    let data = request.answer(kind::DATA).with_number(id::OBJID, object);
    vec![data, status(request, OK)]
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
