//! `/etc/config/network`, as far as netifd's answers leave something open. Pure.
//!
//! The file holds passwords and private keys as well: nothing of it is kept but the
//! options named here. What netifd itself could not read says nothing, and is no
//! error of ours.
//!
//! ```
//! use wansync_core::config::network_file::NetworkFile;
//!
//! let file = NetworkFile::parse(b"config interface 'vpnki'\n option proto 'wireguard'\n");
//! let network = file.network("vpnki").unwrap();
//! assert_eq!(network.proto.as_deref(), Some("wireguard"));
//! assert!(network.starts_at_boot);
//! ```

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::uci::{self, Section, Value};

/// The networks of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkFile {
    /// In the order of the file.
    pub networks: Vec<NetworkOptions>,
}

/// The section `config interface` of one network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkOptions {
    /// The name, such as `wan`.
    pub name: String,
    /// `option proto`: `static`, `dhcp`, `none`, `wireguard`, …
    pub proto: Option<String>,
    /// `option device`, or `ifname` as it was called up to OpenWrt 19.07.
    pub device: Option<String>,
    /// False with `option auto '0'`: netifd waits for `ifup`.
    pub starts_at_boot: bool,
    /// The addresses of `ipaddr` and `ip6addr`, static ones.
    pub addresses: Vec<IpAddr>,
    /// The resolvers of `dns`.
    pub dns: Vec<String>,
}

impl NetworkFile {
    /// The networks in the text of a file; none, if it is no UCI.
    #[must_use]
    pub fn parse(text: &[u8]) -> NetworkFile {
        let package = uci::parse(text).unwrap_or_default();
        let sections = package.sections.iter();
        let networks = sections.filter(|section| section.kind == "interface" && !section.anonymous);
        NetworkFile {
            networks: networks.map(NetworkOptions::of).collect(),
        }
    }

    /// True if the network of this name is WireGuard's, and so is its device, which
    /// netifd gives the same name.
    #[must_use]
    pub fn is_wireguard(&self, name: &str) -> bool {
        let network = self.network(name);
        network.is_some_and(|network| network.proto.as_deref() == Some("wireguard"))
    }

    /// True if a network has this static address.
    #[must_use]
    pub fn has_address(&self, address: IpAddr) -> bool {
        let mut networks = self.networks.iter();
        networks.any(|network| network.addresses.contains(&address))
    }

    /// The network of this name.
    #[must_use]
    pub fn network(&self, name: &str) -> Option<&NetworkOptions> {
        self.networks.iter().find(|network| network.name == name)
    }
}

impl NetworkOptions {
    fn of(section: &Section<'_>) -> NetworkOptions {
        let text = |name| text(section, name);
        NetworkOptions {
            name: section.name.clone().into_owned(),
            proto: text("proto").map(str::to_owned),
            device: text("device").or(text("ifname")).map(str::to_owned),
            starts_at_boot: !matches!(text("auto"), Some("0" | "false")),
            addresses: addresses(section),
            dns: words(section, "dns"),
        }
    }
}

/// An address may have its prefix behind it.
fn addresses(section: &Section<'_>) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for name in ["ipaddr", "ip6addr"] {
        for word in words(section, name) {
            let bare = word.split('/').next().unwrap_or_default();
            addresses.extend(bare.parse::<IpAddr>().ok());
        }
    }
    addresses
}

/// The words of an option, or of all items of a list. Plain loops: chained iterators of
/// this take a kilobyte each.
fn words(section: &Section<'_>, name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut add = |bytes: &[u8]| {
        for word in str::from_utf8(bytes)
            .unwrap_or_default()
            .split_ascii_whitespace()
        {
            words.push(String::from(word));
        }
    };
    match section.entry(name).map(|entry| &entry.value) {
        Some(Value::One(value)) => add(value),
        Some(Value::List(items)) => {
            for (item, _) in items {
                add(item);
            }
        }
        None => {}
    }
    words
}

fn text<'a>(section: &'a Section<'_>, name: &str) -> Option<&'a str> {
    match &section.entry(name)?.value {
        Value::One(bytes) => str::from_utf8(bytes).ok(),
        Value::List(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_as_people_write_them() {
        let file = NetworkFile::parse(
            b"
config interface 'loopback'
	option device 'lo'
	option proto 'static'

config device
	option name 'br-lan'
	option type 'bridge'

config interface wan
	option ifname eth1
	option proto pppoe
	option password 'secret'

config interface 'vpnki'
	option proto 'wireguard'
	option private_key 'bm8gcHJpdmF0ZSBrZXkgb2YgYW55Ym9keSBhdCBhbGw='
	list addresses '172.16.1.2/32'
	option auto '0'

config wireguard_vpnki
	option public_key 'x'

config interface
	option proto 'none'

config interface 'odd'
	list proto 'static'
	option auto 'false'
	option device '\xff'

config interface 'wan'
	option auto '1'
",
        );
        let rows: Vec<_> = file
            .networks
            .iter()
            .map(|n| {
                let (proto, device) = (n.proto.as_deref(), n.device.as_deref());
                (n.name.as_str(), proto, device, n.starts_at_boot)
            })
            .collect();
        assert_eq!(
            rows,
            [
                ("loopback", Some("static"), Some("lo"), true),
                ("wan", Some("pppoe"), Some("eth1"), true),
                ("vpnki", Some("wireguard"), None, false),
                ("odd", None, None, false),
            ]
        );
        assert_eq!(file.network("wan"), Some(&file.networks[1]));
        assert_eq!(file.network("nosuch"), None);
        assert!(file.is_wireguard("vpnki"));
        assert!(!file.is_wireguard("wan") && !file.is_wireguard("nosuch"));
        assert!(!alloc::format!("{file:?}").contains("bm8g"));
    }

    #[test]
    fn a_file_that_netifd_cannot_read_says_nothing() {
        for text in [&b""[..], b"optoin x y\n", b"config interface 'a\n", b"\0"] {
            assert_eq!(NetworkFile::parse(text), NetworkFile::default());
        }
    }
}
