//! netifd's objects and what they answer.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::blob::{self, Blob, Fields};
use super::device;

/// Where the status of a network comes from.
#[derive(Debug, Clone)]
enum Source {
    /// As it was given.
    Fixed(Value),
    /// Follows a device of this namespace.
    Device(String),
}

#[derive(Debug, Clone)]
struct Network {
    source: Source,
    /// Taken down by a call.
    down: bool,
}

/// What netifd answers to a call: values, or none, and a status code.
pub type Outcome = Result<Option<Fields>, u32>;

/// ubus status codes that netifd gives.
const INVALID_ARGUMENT: u32 = 2;
const METHOD_NOT_FOUND: u32 = 3;
const NOT_FOUND: u32 = 4;

/// The path of the object for all networks; `.NAME` behind it is that of one.
pub const OBJECT: &str = "network.interface";

/// netifd's table of networks.
#[derive(Debug, Default)]
pub struct Netifd {
    networks: BTreeMap<String, Network>,
}

impl Netifd {
    /// Adds or replaces a network. `status` is what `ubus call
    /// network.interface.NAME status` would print.
    pub fn set(&mut self, name: &str, status: Value) {
        self.insert(name, Source::Fixed(status));
    }

    /// Adds or replaces a network that follows a device.
    pub fn follow(&mut self, name: &str, device: &str) {
        self.insert(name, Source::Device(device.to_owned()));
    }

    fn insert(&mut self, name: &str, source: Source) {
        let network = Network {
            source,
            down: false,
        };
        self.networks.insert(name.to_owned(), network);
    }

    /// Removes a network; whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        self.networks.remove(name).is_some()
    }

    /// The paths of all objects, in ubusd's order.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        let each = self.networks.keys().map(|name| format!("{OBJECT}.{name}"));
        std::iter::once(OBJECT.to_owned()).chain(each)
    }

    /// Calls a method. `arguments` is `None` where the request had no DATA.
    pub fn call(&mut self, path: &str, method: &str, arguments: Option<Fields>) -> Outcome {
        let Some(arguments) = arguments else {
            return Err(INVALID_ARGUMENT);
        };
        if method == "dump" {
            return Ok(Some(self.dump()));
        }
        if !matches!(method, "status" | "up" | "down" | "renew") {
            return Err(METHOD_NOT_FOUND);
        }
        let name = match path.strip_prefix("network.interface.") {
            Some(name) => name.to_owned(),
            None => text(&arguments, "interface").ok_or(INVALID_ARGUMENT)?,
        };
        let network = self.networks.get_mut(&name).ok_or(NOT_FOUND)?;
        match method {
            "status" => return Ok(Some(network.status())),
            "up" => network.down = false,
            "down" => network.down = true,
            _ => {}
        }
        Ok(None)
    }

    fn dump(&self) -> Fields {
        let networks = self.networks.iter().map(|(name, network)| {
            let name = Blob::String(name.clone().into_bytes());
            let mut fields = vec![("interface".to_owned(), name)];
            fields.extend(network.status());
            Blob::Table(fields)
        });
        vec![("interface".to_owned(), Blob::Array(networks.collect()))]
    }
}

impl Network {
    fn status(&self) -> Fields {
        let mut status = match &self.source {
            Source::Fixed(status) => status.clone(),
            Source::Device(device) => device::status(device),
        };
        if self.down {
            status = taken_down(status);
        }
        let mut fields = status
            .as_object()
            .map_or(Fields::new(), blob::fields_from_json);
        fields.sort_by_key(|(name, _)| place(name));
        fields
    }
}

/// What netifd leaves of a status after `down`.
fn taken_down(status: Value) -> Value {
    let mut rest = json!({"up": false, "pending": false, "autostart": false, "data": {}});
    for name in ["available", "dynamic", "proto", "device"] {
        if let Some(value) = status.get(name) {
            rest[name] = value.clone();
        }
    }
    rest
}

fn text(fields: &Fields, name: &str) -> Option<String> {
    fields.iter().find_map(|(found, value)| match value {
        Blob::String(bytes) if found == name => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    })
}

fn place(name: &str) -> usize {
    let known = ORDER.iter().position(|known| *known == name);
    known.unwrap_or(ORDER.len())
}

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

/// The methods of both kinds of objects, each with its arguments' types.
pub fn signature() -> Fields {
    let device = json!({"name": 3, "link-ext": 7, "vlan": 1});
    let none = json!({});
    [
        ("up", &none),
        ("down", &none),
        ("renew", &none),
        ("status", &none),
        ("prepare", &none),
        ("dump", &none),
        ("add_device", &device),
        ("remove_device", &device),
        ("notify_proto", &none),
        ("remove", &none),
        ("set_data", &none),
    ]
    .map(|(name, arguments)| (name.to_owned(), blob::from_json(arguments)))
    .into()
}
