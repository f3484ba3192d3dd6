//! The record of what was received: kept for assertions with its keys, and printed without.

use std::fs::File;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::faults::Fault;

/// The destination of the log: one line of JSON a request, and one a connection that
/// met a TLS fault or failed its handshake.
#[derive(Debug, Clone, Default)]
pub enum LogTo {
    /// Nowhere.
    #[default]
    Nowhere,
    /// Standard output.
    Stdout,
    /// The end of a file.
    File(PathBuf),
}

/// The listener that a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// The http port.
    Http,
    /// The https port.
    Https,
}

impl Scheme {
    /// The word in an URL.
    pub fn word(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }
}

/// A request as it was received, and what was answered. It is recorded before
/// the first byte of the reply is sent.
#[derive(Debug, Clone)]
pub struct Request {
    /// The wall clock when it had been read.
    pub at: SystemTime,
    /// The same, since the simulator started.
    pub since_start: Duration,
    /// The client's address and port.
    pub peer: SocketAddr,
    /// The listener that it came to.
    pub scheme: Scheme,
    /// The HTTP method.
    pub method: String,
    /// The path and query as they were sent: with the key, and still encoded.
    pub target: String,
    /// The path.
    pub path: String,
    /// The parameters, decoded, in order.
    pub params: Vec<(String, String)>,
    /// The headers, in order.
    pub headers: Vec<(String, String)>,
    /// The fault that it met.
    pub fault: Option<Fault>,
    /// The HTTP status of the reply.
    pub status: u16,
    /// The length of the reply's body in bytes, before chunking or cutting.
    pub body_bytes: usize,
}

impl Request {
    /// The first value of a parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    /// Every value of a parameter.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let found = self.params.iter().filter(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a header; the name's case does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(given, _)| given.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The SkyDNS method or the VPNKI resource that was asked for.
    pub fn call(&self) -> &str {
        let last = self.path.rsplit('/').next().unwrap_or("");
        self.param("resource").unwrap_or(last)
    }

    /// True if a `+` was sent as such, which most decode as a space: VPNKI's dates
    /// want `%20`.
    pub fn has_plus(&self) -> bool {
        let query = self.target.split_once('?');
        query.is_some_and(|(_, query)| query.contains('+'))
    }

    /// The request as a line of the log, without keys and passwords.
    pub(crate) fn to_json(&self) -> Value {
        let secrets = self.secrets();
        let hidden = |text: &str| {
            let hide = |text: String, secret: &&str| text.replace(secret, "***");
            secrets.iter().fold(text.to_owned(), hide)
        };
        let params = self.params.iter().map(|(name, value)| {
            let value = if is_secret(name) { "***" } else { value };
            json!([name, hidden(value)])
        });
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| json!([name, hidden(value)]));
        json!({
            "event": "request",
            "at_ms": unix_ms(self.at),
            "since_start_ms": self.since_start.as_millis() as u64,
            "peer": self.peer.to_string(),
            "scheme": self.scheme.word(),
            "method": self.method,
            "path": hidden(&self.path),
            "params": params.collect::<Value>(),
            "plus_in_query": self.has_plus(),
            "headers": headers.collect::<Value>(),
            "fault": self.fault.as_ref().map(Fault::to_string),
            "status": self.status,
            "body_bytes": self.body_bytes,
        })
    }

    fn secrets(&self) -> Vec<&str> {
        let secret = self.params.iter().filter(|(name, _)| is_secret(name));
        let values = secret.map(|(_, value)| value.as_str());
        values.filter(|value| !value.is_empty()).collect()
    }
}

fn is_secret(name: &str) -> bool {
    name == "key" || name.contains("password")
}

fn unix_ms(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis() as u64
}

/// A connection to the https port that met a TLS fault or failed its handshake.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Since the simulator started.
    pub since_start: Duration,
    /// The client's address and port.
    pub peer: SocketAddr,
    /// The fault that it met.
    pub fault: Option<Fault>,
    /// The error of the handshake, for example the client's alert.
    pub error: Option<String>,
}

impl Connection {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "event": "connection",
            "since_start_ms": self.since_start.as_millis() as u64,
            "peer": self.peer.to_string(),
            "fault": self.fault.as_ref().map(Fault::to_string),
            "error": self.error,
        })
    }
}

/// Everything that was received.
pub(crate) struct Journal {
    entries: Mutex<Entries>,
    grown: Condvar,
    start: Instant,
}

struct Entries {
    requests: Vec<Request>,
    connections: Vec<Connection>,
    log: Option<Box<dyn Write + Send>>,
}

impl Journal {
    pub fn new(log: &LogTo) -> io::Result<Journal> {
        let log: Option<Box<dyn Write + Send>> = match log {
            LogTo::Nowhere => None,
            LogTo::Stdout => Some(Box::new(io::stdout())),
            LogTo::File(path) => {
                let file = File::options().append(true).create(true).open(path);
                Some(Box::new(file.map_err(|cause| named(path, &cause))?))
            }
        };
        let entries = Entries {
            requests: Vec::new(),
            connections: Vec::new(),
            log,
        };
        Ok(Journal {
            entries: Mutex::new(entries),
            grown: Condvar::new(),
            start: Instant::now(),
        })
    }

    pub fn since_start(&self) -> Duration {
        self.start.elapsed()
    }

    pub fn request(&self, request: Request) {
        let mut entries = self.entries();
        entries.log(&request.to_json());
        entries.requests.push(request);
        self.grown.notify_all();
    }

    pub fn connection(&self, connection: Connection) {
        let mut entries = self.entries();
        entries.log(&connection.to_json());
        entries.connections.push(connection);
        self.grown.notify_all();
    }

    pub fn requests(&self) -> Vec<Request> {
        self.entries().requests.clone()
    }

    pub fn connections(&self) -> Vec<Connection> {
        self.entries().connections.clone()
    }

    pub fn clear(&self) {
        let mut entries = self.entries();
        entries.requests.clear();
        entries.connections.clear();
    }

    /// Waits until so many requests are recorded; false if the time ran out.
    pub fn wait_for_requests(&self, count: usize, timeout: Duration) -> bool {
        let short = |entries: &mut Entries| entries.requests.len() < count;
        let waited = self
            .grown
            .wait_timeout_while(self.entries(), timeout, short);
        waited.is_ok_and(|(_, waited)| !waited.timed_out())
    }

    /// Waits as [`Journal::wait_for_requests`] does, for connections.
    pub fn wait_for_connections(&self, count: usize, timeout: Duration) -> bool {
        let short = |entries: &mut Entries| entries.connections.len() < count;
        let waited = self
            .grown
            .wait_timeout_while(self.entries(), timeout, short);
        waited.is_ok_and(|(_, waited)| !waited.timed_out())
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().expect("no thread panics with it")
    }
}

impl Entries {
    /// A log that cannot be written must not stop the simulator.
    fn log(&mut self, line: &Value) {
        if let Some(log) = &mut self.log {
            let _ = writeln!(log, "{line}").and_then(|()| log.flush());
        }
    }
}

/// An error of a file, with the file's name.
pub(crate) fn named(path: &std::path::Path, cause: &io::Error) -> io::Error {
    io::Error::new(cause.kind(), format!("{}: {cause}", path.display()))
}
