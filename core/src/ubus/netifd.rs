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
//! assert_eq!(explain(&wan).to_string(), "is up without an address");
//! ```

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::net::IpAddr;

use super::value::BlobTable;
use crate::address::{Candidate, Family};
use crate::prefix::Prefix;
use crate::reason;
use crate::reason::{Code, Reason};

/// The number of the kernel's main table of routes.
const MAIN_TABLE: u32 = 254;

/// One logical network, as in `/etc/config/network`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    /// The device that it is set up on, whether or not there is one of that name.
    pub device: Option<String>,
    /// The kernel's name of the device that carries the addresses; with PPPoE
    /// not the Ethernet port. Only while up.
    pub l3_device: Option<String>,
    /// The best of its default routes of each family, the best first. Only while up.
    pub default_routes: Vec<DefaultRoute>,
    /// `option ip4table`: the table that its IPv4 routes are in, if that is not the
    /// main one. Only while up.
    pub ip4table: Option<u32>,
    /// `option ip6table` likewise.
    pub ip6table: Option<u32>,
    /// IPv4, then IPv6, then the router's own address in each delegated
    /// prefix, each in netifd's order. Only while up. What netifd does not know
    /// to be deprecated is not: it never says that an address is temporary.
    pub addresses: Vec<Candidate>,
    /// The IPv6 prefixes that it was given for other networks. Only while up.
    pub prefixes: Vec<DelegatedPrefix>,
    /// Codes such as `NO_DEVICE` and `AUTH_TOPEER_FAILED`: why it is not up,
    /// or was not.
    pub errors: Vec<String>,
}

/// A default route; the one that the kernel prefers is less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DefaultRoute {
    /// It is in another table than the main one, where only some packets see it.
    pub is_apart: bool,
    /// It is one of IPv6.
    pub is_ipv6: bool,
    /// The kernel takes the route with the least.
    pub metric: u32,
}

/// By one number: see [`Boot`](crate::time::Boot).
impl Ord for DefaultRoute {
    fn cmp(&self, other: &DefaultRoute) -> Ordering {
        let place = |route: &DefaultRoute| {
            let kind = u64::from(route.is_apart) << 1 | u64::from(route.is_ipv6);
            kind << 32 | u64::from(route.metric)
        };
        place(self).cmp(&place(other))
    }
}

impl PartialOrd for DefaultRoute {
    fn partial_cmp(&self, other: &DefaultRoute) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A prefix that a network was given, to be used on others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegatedPrefix {
    /// The prefix.
    pub prefix: Prefix,
    /// It is being withdrawn.
    pub deprecated: bool,
    /// The networks that have a part of it.
    pub assigned: Vec<String>,
}

/// The network of this name.
pub fn find<'a>(networks: &'a [Network], name: &str) -> Option<&'a Network> {
    networks.iter().find(|network| network.name == name)
}

/// The network of this name, if there is one, and its dynamic children `NAME_4` and
/// `NAME_6`: QMI, MBIM, NCM, ModemManager, DS-Lite and 464XLAT put their addresses
/// there.
pub fn family_of<'a>(networks: &'a [Network], name: &str) -> impl Iterator<Item = &'a Network> {
    networks
        .iter()
        .filter(move |network| network.is_of_family(name))
}

/// Whether an event of the network `name` is one of `of` or of a child of it.
pub fn is_family(name: &str, of: &str) -> bool {
    let rest = name.strip_prefix(of);
    rest.is_some_and(|rest| matches!(rest, "" | "_4" | "_6"))
}

/// The networks of an answer to `network.interface dump`, in its order. One
/// without a name is left out.
pub fn networks(dump: BlobTable<'_>) -> Vec<Network> {
    let mut networks = Vec::new();
    for table in entry_tables(dump, "interface") {
        if let Some(name) = table.text("interface") {
            networks.push(network(&name, table));
        }
    }
    networks
}

/// One network, from the answer to `status`, which does not repeat the name, or
/// from a notification.
pub fn network(name: &str, status: BlobTable<'_>) -> Network {
    let flag = |name| status.flag(name).unwrap_or(false);
    let text = |name| Some(status.text(name)?.into_owned());
    let table = |name| number(status, name).filter(|table| *table != MAIN_TABLE);
    let up = flag("up");
    Network {
        name: name.to_owned(),
        up,
        pending: flag("pending"),
        available: flag("available"),
        autostart: flag("autostart"),
        dynamic: flag("dynamic"),
        proto: text("proto"),
        device: text("device"),
        l3_device: text("l3_device"),
        default_routes: default_routes(status),
        ip4table: table("ip4table"),
        ip6table: table("ip6table"),
        addresses: if up {
            all_addresses(status)
        } else {
            Vec::new()
        },
        prefixes: delegated_prefixes(status),
        errors: error_codes(status),
    }
}

/// Unsigned numbers of 32 bits are carried as signed ones.
fn number(table: BlobTable<'_>, name: &str) -> Option<u32> {
    Some(table.int(name)? as u32)
}

/// The best of each family, the best first.
fn default_routes(status: BlobTable<'_>) -> Vec<DefaultRoute> {
    let mut best: Vec<DefaultRoute> = Vec::new();
    for entry in entry_tables(status, "route") {
        let Some(route) = default_route(entry, status) else {
            continue;
        };
        match best.iter_mut().find(|known| known.is_ipv6 == route.is_ipv6) {
            Some(known) => *known = route.min(*known),
            None => best.push(route),
        }
    }
    if best.len() > 1 && best[1] < best[0] {
        best.swap(0, 1);
    }
    best
}

fn default_route(entry: BlobTable<'_>, status: BlobTable<'_>) -> Option<DefaultRoute> {
    let (is_ipv6, own_table) = match &*entry.text("target")? {
        "0.0.0.0" => (false, "ip4table"),
        "::" => (true, "ip6table"),
        _ => return None,
    };
    // A route without a metric or a table has the network's.
    let own = |name, inherited| number(entry, name).or_else(|| number(status, inherited));
    let table = own("table", own_table);
    let metric = own("metric", "metric");
    (entry.int("mask") == Some(0)).then_some(DefaultRoute {
        is_apart: table.is_some_and(|table| table != MAIN_TABLE),
        is_ipv6,
        metric: metric.unwrap_or_default(),
    })
}

fn delegated_prefixes(status: BlobTable<'_>) -> Vec<DelegatedPrefix> {
    let mut prefixes = Vec::new();
    for entry in entry_tables(status, "ipv6-prefix") {
        if let Some(prefix) = prefix(entry) {
            prefixes.push(DelegatedPrefix {
                prefix,
                deprecated: is_deprecated(entry),
                assigned: names(entry.table("assigned").unwrap_or_default()),
            });
        }
    }
    prefixes
}

fn prefix(entry: BlobTable<'_>) -> Option<Prefix> {
    let length = u8::try_from(entry.int("mask")?).ok()?;
    Prefix::new(address(entry, Family::Ipv6)?, length)
}

fn names(table: BlobTable<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for (name, _) in table.iter() {
        names.push(String::from_utf8_lossy(name).into_owned());
    }
    names
}

fn all_addresses(status: BlobTable<'_>) -> Vec<Candidate> {
    const ASSIGNED: &str = "ipv6-prefix-assignment";
    let mut found = Vec::new();
    for (list, family) in [
        ("ipv4-address", Family::Ipv4),
        ("ipv6-address", Family::Ipv6),
        (ASSIGNED, Family::Ipv6),
    ] {
        for entry in entry_tables(status, list) {
            let holder = match list {
                ASSIGNED => entry.table("local-address").unwrap_or_default(),
                _ => entry,
            };
            if let Some(address) = address(holder, family) {
                found.push(Candidate {
                    deprecated: is_deprecated(entry),
                    ..Candidate::from(address)
                });
            }
        }
    }
    found
}

fn address(table: BlobTable<'_>, family: Family) -> Option<IpAddr> {
    let address = table.text("address")?.parse().ok()?;
    family.includes(address).then_some(address)
}

/// A lifetime of 0 is over; absent is unlimited; negative is longer than 32 bits can say.
fn is_deprecated(entry: BlobTable<'_>) -> bool {
    entry.int("preferred") == Some(0)
}

fn error_codes(status: BlobTable<'_>) -> Vec<String> {
    let mut codes = Vec::new();
    for entry in entry_tables(status, "errors") {
        if let Some(code) = entry.text("code") {
            codes.push(code.into_owned());
        }
    }
    codes
}

fn entry_tables<'a>(
    status: BlobTable<'a>,
    name: &str,
) -> impl Iterator<Item = BlobTable<'a>> + use<'a> {
    status.array(name).unwrap_or_default().tables()
}

/// What is to be said of a network, behind its name, for the reader of the log:
/// `is down`, `is waiting for DHCP`, `has no device tun0 (NO_DEVICE)`. For one that has an
/// address, `is up`.
pub fn explain(network: &Network) -> Reason {
    let codes = network.errors.join(", ");
    let errors = match codes.is_empty() || network.up {
        true => Reason::default(),
        false => reason!(NetworkErrors, codes = &codes),
    };
    let code = if !network.addresses.is_empty() {
        Code::NetworkUp
    } else if network.up {
        Code::NetworkUpWithoutAddress
    } else if codes.contains("AUTH_") {
        Code::NetworkLoginFailed
    } else if !network.available {
        match network.device.as_deref().unwrap_or_default() {
            "" => Code::NetworkNoDevice,
            device => return reason!(NetworkNoSuchDevice, device = device, errors = errors),
        }
    } else if network.pending {
        pending_state(network.proto.as_deref().unwrap_or_default())
    } else {
        Code::NetworkDown
    };
    Reason::of(code).with(errors)
}

fn pending_state(proto: &str) -> Code {
    match proto {
        "dhcp" => Code::NetworkWaitsForDhcp,
        "dhcpv6" => Code::NetworkWaitsForDhcpv6,
        "pppoe" | "pppoa" | "ppp" | "3g" | "l2tp" | "pptp" => Code::NetworkDials,
        _ => Code::NetworkPending,
    }
}

impl Network {
    /// Whether it is the network `name` or a dynamic child of that.
    pub fn is_of_family(&self, name: &str) -> bool {
        self.name == name || self.dynamic && is_family(&self.name, name)
    }

    /// The best of its default routes.
    pub fn default_route(&self) -> Option<DefaultRoute> {
        self.default_routes.first().copied()
    }

    /// The best of its default routes for this family.
    pub fn default_route_of(&self, family: Family) -> Option<DefaultRoute> {
        let is_ipv6 = family == Family::Ipv6;
        let mut routes = self.default_routes.iter().copied();
        routes.find(|route| route.is_ipv6 == is_ipv6)
    }

    /// Whether something else than netifd makes its device, such as a service: to take
    /// the network down and up leaves that alone.
    pub fn is_passive(&self) -> bool {
        let passive = ["none", "static", "dhcp", "dhcpv6"];
        self.proto
            .as_ref()
            .is_some_and(|proto| passive.contains(&proto.as_str()))
    }

    /// Whether netifd has given it up: it is down, and stays so until `ifup`, because
    /// of an error, not because of `ifdown`.
    pub fn is_given_up(&self) -> bool {
        let is_fault = |code: &String| !matches!(code.as_str(), "USER_REQUEST" | "NO_DEVICE");
        !self.up && !self.pending && !self.autostart && self.errors.iter().any(is_fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn down() -> Network {
        Network {
            name: "wan".to_owned(),
            available: true,
            autostart: true,
            proto: Some("pppoe".to_owned()),
            ..Network::default()
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
        let unplugged = Network {
            device: Some("usb0".to_owned()),
            ..missing.clone()
        };
        let up = Network { up: true, ..down() };
        for (network, words) in [
            (down(), "is down"),
            (pending("dhcp"), "is waiting for DHCP"),
            (pending("pppoe"), "is dialling"),
            (pending("qmi"), "is being set up"),
            (with("NO_DEVICE", missing), "has no device (NO_DEVICE)"),
            (
                with("NO_DEVICE", unplugged),
                "has no device usb0 (NO_DEVICE)",
            ),
            (
                with("AUTH_TOPEER_FAILED", pending("pppoe")),
                "could not log in (AUTH_TOPEER_FAILED)",
            ),
            (with("USER_REQUEST", down()), "is down (USER_REQUEST)"),
            // The last error stays for a moment after coming up.
            (with("AUTH_TOPEER_FAILED", up), "is up without an address"),
        ] {
            assert_eq!(explain(&network).to_string(), words);
        }
    }
}
