//! Descriptions of networks, as netifd gives them.

use serde_json::{Value, json};

/// A network that is up with this address.
pub fn up(address: &str) -> Value {
    json!({
        "up": true, "pending": false, "available": true, "autostart": true, "dynamic": false,
        "uptime": 4, "l3_device": "eth1", "proto": "dhcp", "device": "eth1",
        "ipv4-address": [{"address": address, "mask": 24}], "ipv6-address": [],
        "ipv6-prefix": [], "ipv6-prefix-assignment": [], "route": [], "data": {},
    })
}

/// A network that is down.
pub fn down() -> Value {
    json!({
        "up": false, "pending": false, "available": true, "autostart": true,
        "dynamic": false, "proto": "dhcp", "device": "eth1", "data": {},
    })
}
