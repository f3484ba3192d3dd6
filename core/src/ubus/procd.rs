//! The answers of procd about the services that it runs. Pure.
//!
//! ```
//! use wansync_core::ubus::procd::services;
//! use wansync_core::ubus::value::BlobTable;
//!
//! assert!(services(BlobTable::parse(b"").unwrap()).is_empty());
//! ```

use alloc::string::String;
use alloc::vec::Vec;

use super::value::{BlobTable, BlobValue};

/// A service, that of a script in `/etc/init.d`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// The processes that it consists of.
    pub instances: Vec<Instance>,
}

/// An instance of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its name.
    pub name: String,
    /// Its process runs.
    pub is_running: bool,
    /// procd starts its process again when that has ended; no longer, once it has ended
    /// too often. (procd: instance.c)
    pub respawns: bool,
    /// It no longer does after more ends than this, each soon after the start, where this
    /// is above 0.
    pub respawn_limit: i64,
}

/// The services of an answer to `service list`.
pub fn services(list: BlobTable<'_>) -> Vec<Service> {
    let mut services = Vec::new();
    for (name, service) in tables(list) {
        services.push(Service {
            name,
            instances: instances(service.table("instances").unwrap_or_default()),
        });
    }
    services
}

fn instances(table: BlobTable<'_>) -> Vec<Instance> {
    let mut instances = Vec::new();
    for (name, instance) in tables(table) {
        let respawn = instance.table("respawn");
        instances.push(Instance {
            name,
            is_running: instance.flag("running").unwrap_or(false),
            respawns: respawn.is_some(),
            respawn_limit: respawn.and_then(|table| table.int("retry")).unwrap_or(0),
        });
    }
    instances
}

fn tables(of: BlobTable<'_>) -> Vec<(String, BlobTable<'_>)> {
    let mut tables = Vec::new();
    for (name, value) in of.iter() {
        if let BlobValue::Table(table) = value {
            tables.push((String::from_utf8_lossy(name).into_owned(), table));
        }
    }
    tables
}
