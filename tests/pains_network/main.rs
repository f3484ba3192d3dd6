//! The pains of other updaters' users, on the side of the network: the wrong way
//! out, the wrong address, a clock that is not set, flash that wears out. Each
//! test is one such pain on the real binary; `pain_NN` is its number in our list.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

wansync_test_support::simulator!();

mod addresses;
mod clock;
mod flash;
mod way_out;

use serde_json::{Value, json};

/// netifd's description of a network that is up.
fn network(device: &str, addresses: &[&str]) -> Value {
    let of = |v6: bool| -> Value {
        let own = addresses.iter().filter(|a| a.contains(':') == v6);
        own.map(|address| json!({"address": address, "mask": if v6 { 64 } else { 24 }}))
            .collect()
    };
    json!({
        "up": true, "pending": false, "available": true, "autostart": true, "uptime": 4,
        "l3_device": device, "proto": "dhcp", "device": device,
        "ipv4-address": of(false), "ipv6-address": of(true), "data": {},
    })
}
