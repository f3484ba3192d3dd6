//! netifd's words about the networks.

use serde_json::{Value, json};

use super::{FAR, NEAR, WWAN};

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

/// netifd's statuses of the second WAN, up, and of its dynamic child, as for QMI.
pub(super) fn wwan_statuses() -> [Value; 2] {
    let status = |dynamic: bool, addresses: Value, routes: Value| {
        json!({
            "up": true, "pending": false, "available": true, "autostart": true,
            "dynamic": dynamic, "uptime": 60, "l3_device": "wwan0",
            "proto": if dynamic { "dhcp" } else { "qmi" }, "device": "wwan0",
            "ipv4-address": addresses, "ipv6-address": [], "route": routes, "data": {},
        })
    };
    let default = json!([{
        "target": "0.0.0.0", "mask": 0, "nexthop": "8.8.8.1", "metric": 200,
        "source": "0.0.0.0/0",
    }]);
    let address = json!([{"address": WWAN, "mask": 24}]);
    [
        status(false, json!([]), json!([])),
        status(true, address, default),
    ]
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
