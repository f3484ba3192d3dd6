//! `wansync daemon`: what it hears, what it does then, and what it survives.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

#[path = "../support/mod.rs"]
mod support;

mod address;

use serde_json::{Value, json};
use support::Router;
use support::daemon::Daemon;

/// A router that publishes network `wan`, with these further options.
fn router(options: &str) -> Router {
    let router = Router::new();
    router.configure(&router.home(&format!("option network 'wan'\n{options}")));
    router
}

/// Its daemon.
fn daemon(router: &Router) -> Daemon {
    Daemon::start(router.command(&["daemon"]), router.path("daemon.log"))
}

/// What netifd says of a network that is up with this address.
fn up(address: &str) -> Value {
    json!({
        "up": true, "pending": false, "available": true, "autostart": true, "dynamic": false,
        "uptime": 4, "l3_device": "eth1", "proto": "dhcp", "device": "eth1",
        "ipv4-address": [{"address": address, "mask": 24}], "ipv6-address": [],
        "ipv6-prefix": [], "ipv6-prefix-assignment": [], "route": [], "data": {},
    })
}

/// What netifd says of one that waits for DHCP.
fn pending() -> Value {
    json!({
        "up": false, "pending": true, "available": true, "autostart": true,
        "dynamic": false, "proto": "dhcp", "device": "eth1", "data": {},
    })
}
