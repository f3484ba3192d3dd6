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
    let services = tables(list).map(|(name, service)| Service {
        name,
        instances: service.table("instances").map_or(Vec::new(), instances),
    });
    services.collect()
}

fn instances(table: BlobTable<'_>) -> Vec<Instance> {
    let instances = tables(table).map(|(name, instance)| {
        let respawn = instance.table("respawn");
        Instance {
            name,
            is_running: instance.flag("running").unwrap_or(false),
            respawns: respawn.is_some(),
            respawn_limit: respawn.and_then(|table| table.int("retry")).unwrap_or(0),
        }
    });
    instances.collect()
}

fn tables<'a>(of: BlobTable<'a>) -> impl Iterator<Item = (String, BlobTable<'a>)> {
    of.iter().filter_map(|(name, value)| match value {
        BlobValue::Table(table) => Some((String::from_utf8_lossy(name).into_owned(), table)),
        _ => None,
    })
}
