//! The status that netifd would give of a static network on a real device of this
//! namespace: its addresses as the kernel has them now.

use std::fs;

use if_addrs::{IfAddr, Interface};
use serde_json::{Value, json};

/// The status of a network on `device`. Up means that the device has an
/// address; link-local IPv6 is the kernel's own matter, as in netifd.
pub fn status(device: &str) -> Value {
    if !exists(device) {
        return missing(device);
    }
    let (v4, v6) = addresses(device);
    if v4.is_empty() && v6.is_empty() {
        return down(device, true);
    }
    up(device, v4, v6)
}

/// `/proc/net/dev` shows the namespace of this process; `/sys/class/net` may
/// show another one's.
fn exists(device: &str) -> bool {
    let list = fs::read_to_string("/proc/net/dev").unwrap_or_default();
    list.lines()
        .filter_map(|line| line.split_once(':'))
        .any(|(name, _)| name.trim() == device)
}

fn addresses(device: &str) -> (Vec<Value>, Vec<Value>) {
    let all = if_addrs::get_if_addrs().unwrap_or_default();
    let own = all.iter().filter(|interface| interface.name == device);
    let usable = own.filter(|interface| interface.ip().is_ipv4() || !interface.is_link_local());
    usable.map(address).partition(|address| {
        address["address"]
            .as_str()
            .is_some_and(|a| !a.contains(':'))
    })
}

fn address(interface: &Interface) -> Value {
    let mask = match &interface.addr {
        IfAddr::V4(v4) => v4.prefixlen,
        IfAddr::V6(v6) => v6.prefixlen,
    };
    json!({"address": interface.ip().to_string(), "mask": mask})
}

fn up(device: &str, v4: Vec<Value>, v6: Vec<Value>) -> Value {
    json!({
        "up": true, "pending": false, "available": true, "autostart": true, "dynamic": false,
        "uptime": 60, "l3_device": device, "proto": "static", "device": device,
        "updated": ["addresses"], "metric": 0, "dns_metric": 0, "delegation": true,
        "ipv4-address": v4, "ipv6-address": v6,
        "ipv6-prefix": [], "ipv6-prefix-assignment": [],
        "route": [], "dns-server": [], "dns-search": [], "neighbors": [],
        "inactive": {
            "ipv4-address": [], "ipv6-address": [],
            "route": [], "dns-server": [], "dns-search": [], "neighbors": [],
        },
        "data": {},
    })
}

fn down(device: &str, available: bool) -> Value {
    json!({
        "up": false, "pending": false, "available": available, "autostart": true,
        "dynamic": false, "proto": "static", "device": device, "data": {},
    })
}

fn missing(device: &str) -> Value {
    let mut status = down(device, false);
    status["errors"] = json!([{"subsystem": "interface", "code": "NO_DEVICE"}]);
    status
}
