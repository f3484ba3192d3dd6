//! netifd's networks, a line each.
//!
//! ```
//! use wansync_core::report::networks::describe;
//! use wansync_core::ubus::netifd::Network;
//!
//! let wan = Network {
//!     name: "wan".to_owned(),
//!     proto: Some("dhcp".to_owned()),
//!     device: Some("eth1".to_owned()),
//!     autostart: true,
//!     ..Network::default()
//! };
//! let wan = describe(&[wan], &["wan", "wwan"]);
//! assert_eq!(wan, "wan: down; proto dhcp; device eth1\nwwan: netifd does not know it\n");
//! ```

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::ubus::netifd::{Network, family_of};

/// The networks of these names, their dynamic children, and those with a default route.
pub fn describe(networks: &[Network], names: &[&str]) -> String {
    let mut out = String::new();
    for network in networks {
        let is_child = |name: &&str| {
            let mut family = family_of(networks, name);
            family.any(|member| member.name == network.name)
        };
        if names.iter().any(is_child) || !network.default_routes.is_empty() {
            push_line(&mut out, network);
        }
    }
    for name in names {
        if !networks.iter().any(|network| network.name == *name) {
            out.push_str(&format!("{name}: netifd does not know it\n"));
        }
    }
    out
}

fn push_line(out: &mut String, network: &Network) {
    let state = match network {
        Network { up: true, .. } => "up",
        Network { pending: true, .. } => "pending",
        Network {
            autostart: false, ..
        } => "taken down, or not started at boot",
        _ => "down",
    };
    let mut parts = Vec::new();
    let mut push = |name: &str, value: String| {
        if !value.is_empty() {
            parts.push(format!("; {name} {value}"));
        }
    };
    push("proto", network.proto.clone().unwrap_or_default());
    push("device", devices(network));
    let addresses = network.addresses.iter().map(|a| a.address.to_string());
    push("addresses", joined(addresses.collect()));
    let prefixes = network.prefixes.iter().map(|p| p.prefix.to_string());
    push("prefixes", joined(prefixes.collect()));
    let routes = network.default_routes.iter().map(|route| {
        let family = if route.is_ipv6 { "IPv6" } else { "IPv4" };
        let table = if route.is_apart {
            " in a table of its own"
        } else {
            ""
        };
        format!("{family} metric {}{table}", route.metric)
    });
    push("default routes", joined(routes.collect()));
    push("errors", joined(network.errors.clone()));
    out.push_str(&format!("{}: {state}{}\n", network.name, parts.concat()));
}

fn devices(network: &Network) -> String {
    let device = network.device.clone().unwrap_or_default();
    match &network.l3_device {
        Some(l3_device) if *l3_device != device => format!("{device} {l3_device}"),
        _ => device,
    }
}

fn joined(parts: Vec<String>) -> String {
    parts.join(", ")
}
