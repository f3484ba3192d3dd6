//! The messages of netifd about a change: events, and notifications to subscribers.

use serde_json::Value;

use super::blob::{Blob, Fields};
use super::network::{self, is, without_addresses};

/// One notification.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// The event `network.interface`.
    Event {
        /// `ifup` or `ifdown`.
        action: &'static str,
        /// The network.
        name: String,
    },
    /// A notification of the objects `network.interface` and
    /// `network.interface.NAME`.
    Notice {
        /// `interface.update` or `interface.down`.
        method: &'static str,
        /// The network.
        name: String,
        /// Its name and its whole status.
        payload: Fields,
    },
}

/// The notifications of a change from one status to another. `tried`: setting it up
/// was tried, so that a failure is notified even where it changes nothing.
pub(super) fn of_change(name: &str, from: &Value, to: &Value, tried: bool) -> Vec<News> {
    match (is(from, "up"), is(to, "up")) {
        (true, true) if is_another_link(from, to) => {
            let between = without_addresses(to.clone());
            [downs(name, &between), up(name, to)].concat()
        }
        (true, true) => match changes(from, to).is_empty() {
            true => Vec::new(),
            false => vec![notice("interface.update", name, to)],
        },
        (true, false) => downs(name, to),
        (false, true) => up(name, to),
        (false, false) => {
            let failed = to.get("errors").is_some() && (tried || from != to);
            let notices = failed.then(|| notice("interface.update", name, to));
            notices.into_iter().collect()
        }
    }
}

/// A network never has another device or protocol without being down in between.
pub(super) fn is_another_link(from: &Value, to: &Value) -> bool {
    ["l3_device", "device", "proto"]
        .iter()
        .any(|field| from[field] != to[field])
}

/// The words of `updated`, for what differs. Name servers and the like are not
/// among them, and netifd tells nothing of those.
pub(super) fn changes(from: &Value, to: &Value) -> Vec<&'static str> {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    let differs = |field: &str| {
        let (from, to) = (&from[field], &to[field]);
        from != to && !(empty(from) && empty(to))
    };
    let words = [
        ("addresses", &["ipv4-address", "ipv6-address"][..]),
        ("routes", &["route"]),
        ("prefixes", &["ipv6-prefix"]),
        ("data", &["data"]),
    ];
    let changed = words
        .into_iter()
        .filter(|(_, fields)| fields.iter().any(|field| differs(field)));
    changed.map(|(word, _)| word).collect()
}

/// Once when it begins and once when it is done, as netifd does.
fn downs(name: &str, status: &Value) -> Vec<News> {
    let once = [
        event("ifdown", name),
        notice("interface.down", name, status),
    ];
    [once.clone(), once].concat()
}

fn up(name: &str, status: &Value) -> Vec<News> {
    vec![
        event("ifup", name),
        notice("interface.update", name, status),
    ]
}

fn event(action: &'static str, name: &str) -> News {
    let name = name.to_owned();
    News::Event { action, name }
}

fn notice(method: &'static str, name: &str, status: &Value) -> News {
    News::Notice {
        method,
        name: name.to_owned(),
        payload: named(name, status),
    }
}

/// A status behind the name of its network, as in `dump` and in notifications.
pub(super) fn named(name: &str, status: &Value) -> Fields {
    let name = Blob::String(name.as_bytes().to_vec());
    let mut all = vec![("interface".to_owned(), name)];
    all.extend(network::fields(status));
    all
}
