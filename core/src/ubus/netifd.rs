//! The answers of netifd about the router's networks. Pure.
//!
//! netifd leaves out what does not apply: a network that is down has no
//! addresses, an address without a lifetime has no `preferred`. So a missing
//! field is normal, and one of the wrong type counts as missing.
//! (netifd: ubus.c, interface_ip.c)
//!
//! ```
//! use wansync_core::ubus::netifd::{explain, network};
//! use wansync_core::ubus::value::BlobTable;
//!
//! // What `ubus call network.interface.wan status` gives: {"up": true}, and no more.
//! let status = b"\x87\0\0\x0d\0\x02up\0\0\0\0\x01\0\0\0";
//! let wan = network("wan", BlobTable::parse(status).unwrap());
//! assert!(wan.up && wan.addresses.is_empty());
//! assert_eq!(explain(&wan), "up, without an address");
//! ```

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use super::value::BlobTable;
use crate::address::Candidate;

/// One logical network, as in `/etc/config/network`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// `wan`, or for one made at run time such as `wan_6`.
    pub name: String,
    /// Configured and usable, which does not mean that it has an address.
    pub up: bool,
    /// Being set up: waiting for DHCP, dialling.
    pub pending: bool,
    /// Its device exists.
    pub available: bool,
    /// netifd brings it up by itself: not after `ifdown`, nor with `auto 0`.
    pub autostart: bool,
    /// Made at run time, such as `wan_6`, and gone when it is down.
    pub dynamic: bool,
    /// `static`, `dhcp`, `dhcpv6`, `pppoe`, …
    pub proto: Option<String>,
    /// The kernel's name of the device that carries the addresses; with PPPoE
    /// not the Ethernet port. Only while up.
    pub l3_device: Option<String>,
    /// IPv4, then IPv6, then the router's own address in each delegated
    /// prefix, each in netifd's order. Only while up. What netifd does not know
    /// to be deprecated is not: it never says that an address is temporary.
    pub addresses: Vec<Candidate>,
    /// Codes such as `NO_DEVICE` and `AUTH_TOPEER_FAILED`: why it is not up,
    /// or was not.
    pub errors: Vec<String>,
}

/// The networks of an answer to `network.interface dump`, in its order. One
/// without a name is left out.
pub fn networks(dump: BlobTable<'_>) -> Vec<Network> {
    let Some(interfaces) = dump.array("interface") else {
        return Vec::new();
    };
    interfaces
        .tables()
        .filter_map(|table| Some(network(&table.text("interface")?, table)))
        .collect()
}

/// One network, from the answer to `status`, which does not repeat the name, or
/// from a notification.
pub fn network(name: &str, status: BlobTable<'_>) -> Network {
    let flag = |name| status.flag(name).unwrap_or(false);
    let text = |name| Some(status.text(name)?.into_owned());
    let up = flag("up");
    Network {
        name: name.to_owned(),
        up,
        pending: flag("pending"),
        available: flag("available"),
        autostart: flag("autostart"),
        dynamic: flag("dynamic"),
        proto: text("proto"),
        l3_device: text("l3_device"),
        addresses: if up {
            all_addresses(status)
        } else {
            Vec::new()
        },
        errors: error_codes(status),
    }
}

fn all_addresses(status: BlobTable<'_>) -> Vec<Candidate> {
    let mut found = Vec::new();
    for entry in entry_tables(status, "ipv4-address") {
        found.extend(candidate::<Ipv4Addr>(entry, entry));
    }
    for entry in entry_tables(status, "ipv6-address") {
        found.extend(candidate::<Ipv6Addr>(entry, entry));
    }
    for entry in entry_tables(status, "ipv6-prefix-assignment") {
        if let Some(local) = entry.table("local-address") {
            found.extend(candidate::<Ipv6Addr>(local, entry));
        }
    }
    found
}

/// The address in one table, with the lifetime in another. `preferred` 0 is
/// over; absent is unlimited; negative is longer than 32 bits can say.
fn candidate<A: FromStr + Into<IpAddr>>(
    address: BlobTable<'_>,
    lifetime: BlobTable<'_>,
) -> Option<Candidate> {
    let address: A = address.text("address")?.parse().ok()?;
    Some(Candidate {
        deprecated: lifetime.int("preferred") == Some(0),
        ..Candidate::from(address.into())
    })
}

fn error_codes(status: BlobTable<'_>) -> Vec<String> {
    entry_tables(status, "errors")
        .filter_map(|entry| Some(entry.text("code")?.into_owned()))
        .collect()
}

fn entry_tables<'a>(
    status: BlobTable<'a>,
    name: &str,
) -> impl Iterator<Item = BlobTable<'a>> + use<'a> {
    status
        .array(name)
        .into_iter()
        .flat_map(|array| array.tables())
}

/// The reason that a network has no address, for the reader of the log: `down`,
/// `pending: waiting for DHCP`, `device missing (NO_DEVICE)`. For one that has
/// an address, `up`.
pub fn explain(network: &Network) -> String {
    let codes = network.errors.join(", ");
    let state = if !network.addresses.is_empty() {
        "up"
    } else if network.up {
        "up, without an address"
    } else if codes.contains("AUTH_TOPEER_FAILED") {
        "login refused"
    } else if !network.available {
        "device missing"
    } else if network.pending {
        waiting_for(network.proto.as_deref().unwrap_or_default())
    } else {
        "down"
    };
    match codes.is_empty() || network.up {
        true => state.to_owned(),
        false => format!("{state} ({codes})"),
    }
}

fn waiting_for(proto: &str) -> &'static str {
    match proto {
        "dhcp" => "pending: waiting for DHCP",
        "dhcpv6" => "pending: waiting for DHCPv6 or a router advertisement",
        "pppoe" | "pppoa" | "ppp" | "3g" | "l2tp" | "pptp" => "pending: dialling",
        _ => "pending: being set up",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn down() -> Network {
        Network {
            name: "wan".to_owned(),
            up: false,
            pending: false,
            available: true,
            autostart: true,
            dynamic: false,
            proto: Some("pppoe".to_owned()),
            l3_device: None,
            addresses: Vec::new(),
            errors: Vec::new(),
        }
    }

    #[test]
    fn each_reason_is_named() {
        let pending = |proto: &str| Network {
            pending: true,
            proto: Some(proto.to_owned()),
            ..down()
        };
        let with = |code: &str, network| Network {
            errors: vec![code.to_owned()],
            ..network
        };
        let missing = Network {
            available: false,
            ..down()
        };
        let up = Network { up: true, ..down() };
        for (network, words) in [
            (down(), "down"),
            (pending("dhcp"), "pending: waiting for DHCP"),
            (pending("pppoe"), "pending: dialling"),
            (pending("qmi"), "pending: being set up"),
            (with("NO_DEVICE", missing), "device missing (NO_DEVICE)"),
            (
                with("AUTH_TOPEER_FAILED", pending("pppoe")),
                "login refused (AUTH_TOPEER_FAILED)",
            ),
            (with("USER_REQUEST", down()), "down (USER_REQUEST)"),
            // The last error stays for a moment after coming up.
            (with("AUTH_TOPEER_FAILED", up), "up, without an address"),
        ] {
            assert_eq!(explain(&network), words);
        }
    }
}
