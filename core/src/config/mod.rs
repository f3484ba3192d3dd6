//! From the text of `/etc/config/wansync` to a checked configuration. Pure.
//!
//! [`uci`] cuts text into sections and options, [`option_table`] lists the
//! options that there are, [`schema`] reads them, [`Config`] is the result. What
//! is in a `Config` needs no further check.
//!
//! ```
//! use wansync_core::config::Config;
//!
//! let text = b"config skydns 'home'\n option ident 'login'\n option key 'example-key'\n";
//! let config = Config::parse(text).unwrap();
//! let (name, section) = config.ready_sections().next().unwrap();
//! assert_eq!((name, section.ident.as_str()), ("home", "login"));
//! assert!(config.problems.is_empty());
//! ```

pub mod duration;
pub(crate) mod mask;
pub mod network_file;
pub mod option_table;
pub mod options;
pub mod paste;
pub mod permissions;
pub mod problem;
pub mod schema;
pub mod secret;
pub mod suggest;
pub mod uci;
pub mod url;

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;
use core::time::Duration;

use crate::address::Family;
use crate::prefix::Prefix;
use crate::reconcile::Policy;
use crate::tunnel::recovery::RecoveryPolicy;
use problem::Problem;
use secret::{KeySource, Secret};
use url::ServiceUrl;

/// The WAN of OpenWrt's own configuration.
pub(crate) const DEFAULT_WAN: &str = "wan";

/// A checked configuration file, with the problems that were found in it.
#[derive(Debug)]
pub struct Config {
    /// The `wansync` section, or its defaults.
    pub main: Main,
    /// True if the `wansync` section has an error: an option that is wrong has its
    /// default.
    pub main_is_wrong: bool,
    /// The `skydns` sections in the order of the file, those included that are
    /// disabled or wrong.
    pub skydns: Vec<Section<Skydns>>,
    /// The `vpnki` sections in the order of the file, all of them.
    pub vpnki: Vec<Section<Vpnki>>,
    /// The `tunnel` sections in the order of the file, all of them.
    pub tunnels: Vec<Section<Tunnel>>,
    /// The problems, in the order of the file.
    pub problems: Vec<Problem>,
}

/// `config wansync`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Main {
    /// False if nothing is done at all.
    pub enabled: bool,
    /// The least severe records that are logged.
    pub log_level: log::LevelFilter,
    /// The certificates that are trusted, PEM.
    pub ca_file: String,
    /// The pause between two re-checks.
    pub interval: Duration,
    /// The way in which OpenWrt's service runs the program, which itself does as it is
    /// called.
    pub mode: Mode,
    /// The file into which OpenWrt's service has cron write the metrics.
    pub textfile: Option<String>,
}

/// `option mode`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// From hotplug and cron, with nothing resident.
    Hook,
    /// As a daemon.
    Daemon,
}

impl Mode {
    /// The value in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Hook => "hook",
            Mode::Daemon => "daemon",
        }
    }
}

/// `option transport`: the family of addresses that a service is reached over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transport {
    /// Both, whichever answers first.
    #[default]
    Auto,
    /// One family alone.
    Only(Family),
}

impl Transport {
    /// The only family, if there is one.
    pub fn family(self) -> Option<Family> {
        match self {
            Transport::Auto => None,
            Transport::Only(family) => Some(family),
        }
    }

    /// The value in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Transport::Auto => "auto",
            Transport::Only(Family::Ipv4) => "ipv4",
            Transport::Only(Family::Ipv6) => "ipv6",
        }
    }
}

/// One section, by its name.
#[derive(Debug)]
pub struct Section<T> {
    /// The name in the file, or `cfgNNhhhh` as UCI makes it.
    pub name: String,
    /// The line where the section begins, from 1.
    pub line: u32,
    /// The section's values.
    pub content: Content<T>,
}

/// The values of a section, if it has any that count.
#[derive(Debug)]
pub enum Content<T> {
    /// The section can be acted upon.
    Ready(Box<T>),
    /// `option enabled '0'`
    Disabled,
    /// The section has an error, which is in [`Config::problems`].
    Wrong,
}

/// `config skydns`: one address kept bound at SkyDNS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skydns {
    /// The URL that `update_ip` is appended to.
    pub base_url: ServiceUrl,
    /// The user whose address it is.
    pub ident: String,
    /// The place of the provider's key, if this service takes one.
    pub key: KeySource,
    /// The source of the address.
    pub source: Source,
    /// A name of one's own for this address, so that a user can have several.
    pub hostname: Option<String>,
    /// The profile to bind to: digits.
    pub profile: Option<String>,
    /// The logical network whose device the request leaves through.
    pub bind: Option<String>,
    /// The family of the service's addresses that are connected to.
    pub transport: Transport,
    /// True if its owner says that an address that seems to be shared with strangers
    /// is not.
    pub shared_address: bool,
    /// The options that the decision depends on.
    pub policy: Policy,
    /// The resolvers that filter; none for the service's own.
    pub resolvers: Vec<IpAddr>,
    /// The name of a site that the user's profile blocks.
    pub test_name: Option<String>,
    /// A program that is run when the section's outcome changes.
    pub notify: Option<String>,
}

/// `config vpnki`: an account at VPNKI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vpnki {
    /// The page that the parameters are appended to.
    pub base_url: ServiceUrl,
    /// The place of the account's key, if this service takes one.
    pub key: KeySource,
    /// The pause between two queries of the account.
    pub interval: Duration,
    /// The logical network whose device the requests leave through.
    pub bind: Option<String>,
    /// The family of the service's addresses that are connected to.
    pub transport: Transport,
    /// The fields of its replies that hold a tunnel's name; none for the usual ones.
    pub name_fields: Vec<String>,
    /// The fields of its replies that hold a tunnel's address; none for the usual ones.
    pub address_fields: Vec<String>,
}

/// `config tunnel`: one tunnel that is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tunnel {
    /// The `vpnki` section of the account that it belongs to, which is there.
    pub vpnki: Option<String>,
    /// The tunnel's name at VPNKI.
    pub name: String,
    /// The tunnel's address in VPNKI's network, by which `active` may list it.
    pub address: Option<String>,
    /// The network or the device that it is on this router.
    pub link: TunnelLink,
    /// The service that makes it, where netifd does not.
    pub service: Option<ServiceInstance>,
    /// The logical networks that it may run over; empty for whatever way the
    /// default route takes.
    pub wans: Vec<String>,
    /// The address at its far end that answers echoes.
    pub ping: Option<IpAddr>,
    /// The bytes of data in a large echo to it, as `ping -s` counts.
    pub ping_size: Option<u16>,
    /// The network that must be reached through it.
    pub route: Option<Prefix>,
    /// The program of `on_down 'command'`, or of the last resort after
    /// restarts, and its arguments.
    pub command: Option<(String, Vec<String>)>,
    /// A program that is run when its state changes.
    pub notify: Option<String>,
    /// The options that its recovery depends on.
    pub policy: RecoveryPolicy,
}

/// The part of this router that a tunnel is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TunnelLink {
    /// netifd's logical network of this name.
    Network(String),
    /// The kernel's device of this name, which netifd need not know.
    Device(String),
}

/// An instance of a service of procd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceInstance {
    /// The service's name, that of its script in `/etc/init.d`.
    pub service: String,
    /// The instance's name.
    pub instance: String,
}

impl fmt::Display for ServiceInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ServiceInstance { service, instance } = self;
        write!(f, "instance '{instance}' of service '{service}'")
    }
}

/// The source of a section's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The best of netifd's logical networks of these names, of which there is one at
    /// least: see [`crate::source::network`].
    Network(Vec<String>),
    /// The kernel's device of this name.
    Interface(String),
    /// The first of these pages that answers with an address and nothing else.
    Web(Vec<ServiceUrl>),
    /// The first line that this program prints.
    Command {
        /// An absolute path.
        program: String,
        /// The program's arguments, passed as they are.
        arguments: Vec<String>,
    },
    /// An address that the configuration itself gives.
    Static(IpAddr),
}

impl Source {
    /// The value of `option source`.
    pub fn name(&self) -> &'static str {
        match self {
            Source::Network(_) => "network",
            Source::Interface(_) => "interface",
            Source::Web(_) => "web",
            Source::Command { .. } => "command",
            Source::Static(_) => "static",
        }
    }
}

impl Skydns {
    /// Stands for all that the source's answer depends on; no part of it holds a line end.
    pub fn source_key(&self) -> String {
        let mut key = self.policy.family.to_string();
        let mut push = |kind: &str, part: &str| {
            key.push_str(kind);
            key.push_str(part);
        };
        match &self.source {
            Source::Network(names) => names.iter().for_each(|name| push("\nn", name)),
            Source::Interface(device) => push("\ni", device),
            Source::Web(urls) => {
                urls.iter().for_each(|url| push("\nw", url.as_str()));
                push("\nb", self.bind.as_deref().unwrap_or_default());
            }
            Source::Command { program, arguments } => {
                push("\nc", program);
                arguments.iter().for_each(|argument| push("\na", argument));
            }
            Source::Static(address) => push("\ns", &address.to_string()),
        }
        key
    }

    /// Stands for all that decides what is sent to whom, the key included, and
    /// discloses none of it: the first 64 bits of its SHA-256, in hex.
    pub fn fingerprint(&self, key: Option<&Secret>, sha256: Sha256) -> String {
        fingerprint(
            sha256,
            &[
                Some(self.base_url.as_str()),
                Some(&self.ident),
                key.map(Secret::expose),
                self.hostname.as_deref(),
                self.profile.as_deref(),
            ],
        )
    }

    /// Stands for all that only says how the service is reached: the first 64 bits of its
    /// SHA-256, in hex. Another value ends waits and holds, and forgets nothing that is
    /// confirmed.
    pub fn access_fingerprint(&self, ca_file: &str, sha256: Sha256) -> String {
        access_fingerprint(ca_file, self.bind.as_deref(), self.transport, sha256)
    }
}

impl Vpnki {
    /// Stands for all that decides who is asked, and how the answer is read, the key
    /// included, and discloses none of it: the first 64 bits of its SHA-256, in hex.
    pub fn fingerprint(&self, key: Option<&Secret>, sha256: Sha256) -> String {
        let (names, addresses) = (self.name_fields.join("\n"), self.address_fields.join("\n"));
        fingerprint(
            sha256,
            &[
                Some(self.base_url.as_str()),
                key.map(Secret::expose),
                self.bind.as_deref(),
                Some(&names),
                Some(&addresses),
            ],
        )
    }

    /// Stands for all that only says how the account is asked: the first 64 bits of its
    /// SHA-256, in hex. `bind` is not among it: it has always been among what decides who
    /// is asked.
    pub fn access_fingerprint(&self, ca_file: &str, sha256: Sha256) -> String {
        access_fingerprint(ca_file, None, self.transport, sha256)
    }
}

impl Tunnel {
    /// The names of the WANs that it may run over.
    pub(crate) fn wan_names(&self) -> String {
        match self.wans.is_empty() {
            true => DEFAULT_WAN.to_owned(),
            false => self.wans.join(" "),
        }
    }

    /// Stands for all that decides what is watched: the first 64 bits of its SHA-256, in
    /// hex.
    pub fn fingerprint(&self, sha256: Sha256) -> String {
        let wans = self.wan_names();
        let ping = self.ping.map(|a| a.to_string());
        let route = self.route.map(|r| r.to_string());
        let mut parts = vec![
            self.vpnki.as_deref(),
            Some(&self.name),
            self.address.as_deref(),
            Some(self.link.name()),
            Some(&wans),
            ping.as_deref(),
            route.as_deref(),
        ];
        // 0.1.0 had no more than these: what it left is to be found again.
        if matches!(self.link, TunnelLink::Device(_)) {
            parts.push(Some("device"));
        }
        let ping_size = self.ping_size.map(|size| size.to_string());
        if ping_size.is_some() {
            parts.push(ping_size.as_deref());
        }
        fingerprint(sha256, &parts)
    }
}

impl TunnelLink {
    /// The name of the network or device.
    pub fn name(&self) -> &str {
        match self {
            TunnelLink::Network(name) | TunnelLink::Device(name) => name,
        }
    }

    /// The network or device in words, such as `network vpnki0`.
    pub fn describe(&self) -> String {
        match self {
            TunnelLink::Network(name) => format!("network {name}"),
            TunnelLink::Device(name) => format!("device {name}"),
        }
    }

    /// The name of the network, if it is one.
    pub fn network(&self) -> Option<&str> {
        match self {
            TunnelLink::Network(name) => Some(name),
            TunnelLink::Device(_) => None,
        }
    }
}

/// A function that computes SHA-256. The caller passes one in, because the agent has one
/// already, in the TLS library.
pub type Sha256 = fn(&[u8]) -> [u8; 32];

fn access_fingerprint(
    ca_file: &str,
    bind: Option<&str>,
    transport: Transport,
    sha256: Sha256,
) -> String {
    fingerprint(sha256, &[Some(ca_file), bind, Some(transport.name())])
}

/// The first 64 bits of the parts' SHA-256, in hex.
fn fingerprint(sha256: Sha256, parts: &[Option<&str>]) -> String {
    let mut input = Vec::new();
    for part in parts {
        let part = part.unwrap_or("\0");
        input.extend((part.len() as u32).to_be_bytes());
        input.extend(part.as_bytes());
    }
    let digest = sha256(&input);
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).into()
}
