//! netifd's words about the networks.

use serde_json::{Value, json};

use super::{FAR, NEAR};

/// netifd's status of the tunnel's network, up on a device.
pub fn tunnel_status(device: &str) -> Value {
    json!({
        "up": true, "pending": false, "available": true, "autostart": true, "dynamic": false,
        "uptime": 60, "l3_device": device, "proto": "vpnki",
        "ipv4-address": [{"address": NEAR, "mask": 32, "ptpaddress": FAR}], "ipv6-address": [],
        "route": [{"target": "172.16.0.0", "mask": 16, "nexthop": "0.0.0.0"}], "data": {},
    })
}

/// netifd's status of the WAN, up.
pub fn wan_status(address: &str) -> Value {
    json!({
        "up": true, "pending": false, "available": true, "autostart": true, "dynamic": false,
        "uptime": 60, "l3_device": "wan0", "proto": "dhcp", "device": "wan0",
        "ipv4-address": [{"address": address, "mask": 24}], "ipv6-address": [],
        "route": [{"target": "0.0.0.0", "mask": 0, "nexthop": "8.8.4.1"}], "data": {},
    })
}

pub(super) fn not_up(proto: &str) -> Value {
    json!({
        "up": false, "pending": false, "available": true, "autostart": true, "dynamic": false,
        "proto": proto, "data": {},
    })
}

pub(super) fn merge(status: &mut Value, fields: Value) {
    for (name, value) in fields.as_object().into_iter().flatten() {
        status[name] = value.clone();
    }
}
