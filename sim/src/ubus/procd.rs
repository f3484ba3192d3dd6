//! procd's object `service`: the instances of services that it runs, and signals to them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::blob::{self, Blob, Fields};
use super::netifd::MethodReply;

/// ubus status codes that procd gives.
const INVALID_ARGUMENT: u32 = 2;
const METHOD_NOT_FOUND: u32 = 3;
const NOT_FOUND: u32 = 4;

/// The path of the object.
pub const OBJECT: &str = "service";

/// A signal to an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// The service's name.
    pub service: String,
    /// The instance's name.
    pub instance: String,
    /// The signal's number.
    pub number: i32,
}

/// procd's table of services, by name, each with its instances by name.
#[derive(Debug, Default)]
pub struct Procd {
    services: BTreeMap<String, BTreeMap<String, Value>>,
}

impl Procd {
    /// Adds or replaces an instance. `status` is what `ubus call service list` prints
    /// for it.
    pub fn set(&mut self, service: &str, instance: &str, status: Value) {
        let instances = self.services.entry(service.to_owned()).or_default();
        instances.insert(instance.to_owned(), status);
    }

    /// Removes a service with its instances, as its `stop` does; whether there was one.
    pub fn remove(&mut self, service: &str) -> bool {
        self.services.remove(service).is_some()
    }

    /// The path of the object, once there is a service.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        (!self.services.is_empty())
            .then(|| OBJECT.to_owned())
            .into_iter()
    }

    /// The signals that a call sends: to an instance, or to all of the service if it
    /// names none.
    pub fn signals(&self, method: &str, arguments: &Fields) -> Vec<Signal> {
        let Some(service) = text(arguments, "name").filter(|_| method == "signal") else {
            return Vec::new();
        };
        let wanted = text(arguments, "instance");
        let instances = self.services.get(&service).into_iter().flatten();
        let reached = instances.filter(|(name, status)| {
            wanted.as_ref().is_none_or(|wanted| wanted == *name) && status["running"] == true
        });
        reached
            .map(|(name, _)| Signal {
                service: service.clone(),
                instance: name.clone(),
                number: number(arguments, "signal").unwrap_or(1),
            })
            .collect()
    }

    /// Calls a method.
    pub fn call(&self, method: &str, arguments: Option<Fields>) -> MethodReply {
        let arguments = arguments.ok_or(INVALID_ARGUMENT)?;
        let name = text(&arguments, "name");
        match method {
            "list" => Ok(Some(self.list(name.as_deref()))),
            "signal" => {
                let service = self.services.get(&name.ok_or(INVALID_ARGUMENT)?);
                let instances = service.ok_or(NOT_FOUND)?;
                match text(&arguments, "instance") {
                    // Without a process there is none to signal. (procd: ESRCH)
                    Some(name) if instances.get(&name).is_none_or(|i| i["running"] != true) => {
                        Err(NOT_FOUND)
                    }
                    _ => Ok(None),
                }
            }
            _ => Err(METHOD_NOT_FOUND),
        }
    }

    fn list(&self, wanted: Option<&str>) -> Fields {
        let services = self.services.iter();
        let listed = services.filter(|(name, _)| wanted.is_none_or(|wanted| wanted == *name));
        let tables = listed.map(|(name, instances)| {
            let service = json!({"instances": instances});
            (name.clone(), blob::from_json(&service))
        });
        tables.collect()
    }
}

/// The status of an instance that runs, with these parameters of `respawn`: threshold,
/// timeout and retries.
pub fn running(pid: u32, respawn: Option<[u32; 3]>) -> Value {
    let mut status = json!({"running": true, "pid": pid, "term_timeout": 5});
    if let Some([threshold, timeout, retry]) = respawn {
        status["respawn"] = json!({"threshold": threshold, "timeout": timeout, "retry": retry});
    }
    status
}

fn text(fields: &Fields, name: &str) -> Option<String> {
    fields.iter().find_map(|(found, value)| match value {
        Blob::String(bytes) if found == name => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    })
}

fn number(fields: &Fields, name: &str) -> Option<i32> {
    fields.iter().find_map(|(found, value)| match value {
        Blob::Int32(number) if found == name => Some(*number),
        _ => None,
    })
}
