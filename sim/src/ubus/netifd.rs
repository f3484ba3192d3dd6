//! netifd's objects: what they answer, and what they tell.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::blob::{self, Blob, Fields};
use super::network::{self, Network, Outcome, Phase, Source, is, without_addresses};
use super::news::{self, News};

/// The answer of netifd to a call: values, or none, and a status code.
pub type MethodReply = Result<Option<Fields>, u32>;

/// ubus status codes that netifd gives.
const INVALID_ARGUMENT: u32 = 2;
const METHOD_NOT_FOUND: u32 = 3;
const NOT_FOUND: u32 = 4;

/// The path of the object for all networks; `.NAME` behind it is that of one.
pub const OBJECT: &str = "network.interface";

/// A change that was put off.
#[derive(Debug)]
pub struct Later {
    /// For so long.
    pub wait: Duration,
    /// The network.
    pub name: String,
    turn: u32,
    outcome: Outcome,
}

/// netifd's table of networks.
#[derive(Debug, Default)]
pub struct Netifd {
    networks: BTreeMap<String, Network>,
    stopped: bool,
    /// The notifications to send, in order.
    pub news: Vec<News>,
    /// The changes to come.
    pub later: Vec<Later>,
}

impl Netifd {
    /// Adds or replaces a network. `status` is what `ubus call
    /// network.interface.NAME status` would print.
    pub fn set(&mut self, name: &str, status: Value) {
        self.insert(name, Source::Fixed(status));
    }

    /// Adds or replaces a network that follows a device, `DEVICE` or `DEVICE/PROTO`.
    pub fn follow(&mut self, name: &str, device: &str) {
        let (device, proto) = device.split_once('/').unwrap_or((device, "static"));
        let (device, proto) = (device.to_owned(), proto.to_owned());
        self.insert(name, Source::Device { device, proto });
    }

    fn insert(&mut self, name: &str, source: Source) {
        match self.networks.get_mut(name) {
            Some(network) => network.set(source),
            None => drop(self.networks.insert(name.to_owned(), Network::new(source))),
        }
        self.tell(name, true);
    }

    /// A network is down for a moment, as when a line is dialled anew, and then
    /// has this status.
    pub fn redial(&mut self, name: &str, status: Value) {
        if let Some(network) = self.networks.get_mut(name) {
            network.set(Source::Fixed(without_addresses(status.clone())));
            self.tell(name, false);
        }
        self.set(name, status);
    }

    /// Removes a network; whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        let Some(network) = self.networks.get_mut(name) else {
            return false;
        };
        network.phase = Phase::Down;
        self.tell(name, false);
        self.networks.remove(name).is_some()
    }

    /// Looks again at networks that follow a device.
    pub fn look(&mut self) {
        for name in self.names() {
            if matches!(self.networks[&name].source, Source::Device { .. }) {
                self.tell(&name, false);
            }
        }
    }

    /// Ends: all networks go down.
    pub fn stop(&mut self) {
        for name in self.names() {
            let network = self.networks.get_mut(&name).expect("it was listed");
            let down = without_addresses(network.status());
            let from = std::mem::replace(&mut network.told, down);
            let news = news::of_change(&name, &from, &network.told, false);
            self.news.extend(news);
        }
        self.stopped = true;
    }

    /// Begins anew: networks come up, those too that calls have taken down.
    pub fn start(&mut self) {
        self.stopped = false;
        for network in self.networks.values_mut() {
            network.autostart = None;
            if network.phase == Phase::Down {
                network.phase = Phase::AsSet;
            }
        }
        for name in self.names() {
            self.tell(&name, false);
        }
    }

    fn names(&self) -> Vec<String> {
        self.networks.keys().cloned().collect()
    }

    /// The paths of all objects, in ubusd's order.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        let names = self.networks.keys().filter(|_| !self.stopped);
        let each = names.map(|name| format!("{OBJECT}.{name}"));
        let all = (!self.stopped).then(|| OBJECT.to_owned());
        all.into_iter().chain(each)
    }

    /// The network that a call is about.
    pub fn subject(path: &str, arguments: Option<&Fields>) -> Option<String> {
        match path.strip_prefix("network.interface.") {
            Some(name) => Some(name.to_owned()),
            None => text(arguments?, "interface"),
        }
    }

    /// True if a call of this method would do something.
    pub fn is_for(&self, method: &str, name: &str) -> bool {
        let Some(network) = self.networks.get(name) else {
            return false;
        };
        let status = network.status();
        let active = is(&status, "up") || is(&status, "pending");
        match method {
            "up" => !active,
            "down" => active,
            _ => false,
        }
    }

    /// Calls a method. `arguments` is `None` where the request had no DATA;
    /// `outcome` is what comes of `up`.
    pub fn call(
        &mut self,
        path: &str,
        method: &str,
        arguments: Option<Fields>,
        outcome: Outcome,
    ) -> MethodReply {
        let Some(arguments) = arguments else {
            return Err(INVALID_ARGUMENT);
        };
        if method == "dump" {
            return Ok(Some(self.dump()));
        }
        if !matches!(method, "status" | "up" | "down" | "renew") {
            return Err(METHOD_NOT_FOUND);
        }
        let name = Self::subject(path, Some(&arguments)).ok_or(INVALID_ARGUMENT)?;
        let network = self.networks.get(&name).ok_or(NOT_FOUND)?;
        match method {
            "status" => return Ok(Some(network::fields(&network.status()))),
            "up" => self.up(&name, outcome)?,
            "down" => self.down(&name),
            _ => {}
        }
        Ok(None)
    }

    fn dump(&self) -> Fields {
        let each = self.networks.iter();
        let tables = each.map(|(name, network)| Blob::Table(news::named(name, &network.status())));
        vec![("interface".to_owned(), Blob::Array(tables.collect()))]
    }

    /// Does nothing to a network that is up or pending, but for its `autostart`.
    fn up(&mut self, name: &str, outcome: Outcome) -> Result<(), u32> {
        if let Outcome::Refused(code) = outcome {
            return Err(code);
        }
        let idle = self.is_for("up", name);
        if let Some(network) = self.networks.get_mut(name) {
            network.autostart = Some(true);
        }
        if idle {
            self.apply(name, outcome);
        }
        Ok(())
    }

    fn down(&mut self, name: &str) {
        if let Some(network) = self.networks.get_mut(name) {
            network.autostart = Some(false);
            network.phase = Phase::Down;
            network.turn += 1;
        }
        self.tell(name, false);
    }

    /// Does what was put off, unless something else came in between.
    pub fn resume(&mut self, later: Later) {
        let current = self.networks.get(&later.name);
        if current.is_some_and(|network| network.turn == later.turn) {
            self.apply(&later.name, later.outcome);
        }
    }

    fn apply(&mut self, name: &str, outcome: Outcome) {
        let Some(network) = self.networks.get_mut(name) else {
            return;
        };
        network.turn += 1;
        network.phase = match outcome {
            Outcome::Up => Phase::AsSet,
            Outcome::UpAs(status) => {
                network.source = Source::Fixed(status);
                Phase::AsSet
            }
            Outcome::After(wait, outcome) => {
                self.later.push(Later {
                    wait,
                    name: name.to_owned(),
                    turn: network.turn,
                    outcome: *outcome,
                });
                Phase::Pending
            }
            Outcome::Pending => Phase::Pending,
            Outcome::Fails(code) => Phase::Failed(code),
            Outcome::Refused(_) => Phase::Down,
        };
        self.tell(name, true);
    }

    /// Notifies of what has changed since the last notification.
    fn tell(&mut self, name: &str, tried: bool) {
        let Some(network) = self.networks.get_mut(name).filter(|_| !self.stopped) else {
            return;
        };
        let now = network.status();
        let came_up = !is(&network.told, "up") || news::is_another_link(&network.told, &now);
        if came_up {
            network.updated.clear();
        }
        let given = network.status().get("updated").is_some();
        let before = match came_up {
            true => &Value::Null,
            false => &network.told,
        };
        let changed = news::changes(before, &now);
        if is(&now, "up") && !changed.is_empty() && !(came_up && given) {
            network.updated = changed;
        }
        let now = network.status();
        let from = std::mem::replace(&mut network.told, now);
        let news = news::of_change(name, &from, &network.told, tried);
        self.news.extend(news);
    }
}

fn text(fields: &Fields, name: &str) -> Option<String> {
    fields.iter().find_map(|(found, value)| match value {
        Blob::String(bytes) if found == name => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    })
}

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
