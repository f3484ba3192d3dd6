//! One network of netifd: what it was set to, what was made of it by calls, and
//! what its status then says.

use std::time::Duration;

use serde_json::{Value, json};

use super::blob::{self, Blob, Fields};
use super::device;

/// The outcome of a call of `up`.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is as it was last set, at once. Where that is not up, setting up failed.
    Up,
    /// It is up, with this status from now on.
    UpAs(Value),
    /// It is pending for so long, and then this comes, unless it was taken down,
    /// set or removed meanwhile.
    After(Duration, Box<Outcome>),
    /// It is pending, until something else is said of it.
    Pending,
    /// It is down, and `errors` has this code.
    Fails(String),
    /// The call is answered with this status of ubus, and nothing happens.
    Refused(u32),
}

/// The source of the status of a network.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// As it was given.
    Fixed(Value),
    /// Follows a device of this namespace.
    Device { device: String, proto: String },
}

/// The phase that calls have brought it to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Phase {
    AsSet,
    Down,
    Pending,
    Failed(String),
}

#[derive(Debug, Clone)]
pub(super) struct Network {
    pub source: Source,
    pub phase: Phase,
    /// As a call has left it; where none has, as it was given.
    pub autostart: Option<bool>,
    /// The parts that the last update changed; where there was none, as it was given.
    pub updated: Vec<&'static str>,
    /// The status of the last notification; null before the first.
    pub told: Value,
    /// Counts what was done to it: what was put off applies to the same count only.
    pub turn: u32,
}

impl Network {
    pub fn new(source: Source) -> Network {
        Network {
            source,
            phase: Phase::AsSet,
            autostart: None,
            updated: Vec::new(),
            told: Value::Null,
            turn: 0,
        }
    }

    /// Sets it anew: what was put off and what calls did is void.
    pub fn set(&mut self, source: Source) {
        self.source = source;
        self.phase = Phase::AsSet;
        self.autostart = None;
        self.turn += 1;
    }

    /// The status, as the stock client would print it.
    pub fn status(&self) -> Value {
        let mut status = match &self.source {
            Source::Fixed(status) => status.clone(),
            Source::Device { device, proto } => {
                let mut status = device::status(device);
                status["proto"] = proto.as_str().into();
                status
            }
        };
        if self.phase != Phase::AsSet {
            status = without_addresses(status);
        }
        match &self.phase {
            Phase::Pending => status["pending"] = true.into(),
            Phase::Failed(code) => {
                let subsystem = status.get("proto").cloned().unwrap_or("interface".into());
                status["errors"] = json!([{"subsystem": subsystem, "code": code}]);
            }
            _ => {}
        }
        if let Some(autostart) = self.autostart {
            status["autostart"] = autostart.into();
        }
        if is(&status, "up") && !self.updated.is_empty() {
            status["updated"] = json!(self.updated);
        }
        status
    }
}

/// The rest of a status while the network is not up.
pub(super) fn without_addresses(status: Value) -> Value {
    let mut rest = json!({"up": false, "pending": false, "data": {}});
    for name in ["available", "autostart", "dynamic", "proto", "device"] {
        if let Some(value) = status.get(name) {
            rest[name] = value.clone();
        }
    }
    rest
}

/// A flag of a status.
pub(super) fn is(status: &Value, flag: &str) -> bool {
    status[flag] == true
}

/// A status as it goes over the wire: its fields in netifd's order.
pub(super) fn fields(status: &Value) -> Fields {
    let map = status.as_object();
    let mut fields = map.map_or(Fields::new(), blob::fields_from_json);
    fields.iter_mut().for_each(|(_, value)| sort(value));
    fields.sort_by_key(|(name, _)| place(&ORDER, name));
    fields
}

/// Puts what is inside of a field in order.
fn sort(value: &mut Blob) {
    match value {
        Blob::Array(values) => values.iter_mut().for_each(sort),
        Blob::Table(fields) => {
            fields.iter_mut().for_each(|(_, value)| sort(value));
            fields.sort_by_key(|(name, _)| place(&INNER, name));
        }
        _ => {}
    }
}

fn place(order: &[&str], name: &str) -> usize {
    let known = order.iter().position(|known| *known == name);
    known.unwrap_or(order.len())
}

/// The order of fields inside of the lists and tables of a status. What is not
/// here keeps the order that it had.
const INNER: [&str; 25] = [
    "target",
    "address",
    "mask",
    "nexthop",
    "type",
    "proto",
    "mtu",
    "metric",
    "table",
    "ptpaddress",
    "preferred",
    "valid",
    "class",
    "assigned",
    "local-address",
    "source",
    "subsystem",
    "code",
    "data",
    "ipv4-address",
    "ipv6-address",
    "route",
    "dns-server",
    "dns-search",
    "neighbors",
];

/// The order in which netifd writes the fields of a status.
const ORDER: [&str; 31] = [
    "interface",
    "up",
    "pending",
    "available",
    "autostart",
    "dynamic",
    "uptime",
    "l3_device",
    "proto",
    "device",
    "jail",
    "jail_device",
    "tags",
    "updated",
    "ip4table",
    "ip6table",
    "metric",
    "dns_metric",
    "delegation",
    "ip6weight",
    "ipv4-address",
    "ipv6-address",
    "ipv6-prefix",
    "ipv6-prefix-assignment",
    "route",
    "dns-server",
    "dns-search",
    "neighbors",
    "inactive",
    "data",
    "errors",
];
