//! Where the questions of a household for names go: to the resolvers that filter, or
//! elsewhere. Pure.
//!
//! The way of a question is that of OpenWrt. A client asks whom DHCP and router
//! advertisements tell it to ask, which is the router unless `/etc/config/dhcp` says
//! otherwise. There dnsmasq asks each `list server` and, unless `noresolv` is set, each
//! resolver that the networks were given, which netifd writes into a file. Which of several
//! answers first is chance, so one that does not filter is enough for some of the questions.
//!
//! (OpenWrt's `dnsmasq.init` and odhcpd's `config.c`, read; dnsmasq itself, tried)
//!
//! ```
//! use wansync_core::config::network_file::NetworkFile;
//! use wansync_core::filtering::{Household, judge};
//!
//! let household = Household {
//!     service: "SkyDNS",
//!     resolvers: &[[193, 58, 251, 251].into()],
//!     networks: &NetworkFile::default(),
//!     read: &|_| b"# Interface wan\nnameserver 10.0.0.1\n".to_vec(),
//!     is_own: &|_| false,
//!     listeners: &|_| Vec::new(),
//! };
//! let plain = judge(&household, b"config dnsmasq\n");
//! assert_eq!(plain.verdict.word(), "none");
//! assert_eq!(
//!     plain.mends,
//!     [
//!         "uci set dhcp.@dnsmasq[0].noresolv='1'",
//!         "uci add_list dhcp.@dnsmasq[0].server='193.58.251.251'",
//!     ]
//! );
//! ```

mod clients;
mod dnsmasq;
pub mod message;
pub mod profile_test;
mod section;

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::config::network_file::NetworkFile;
use crate::config::uci::{self, Package};
use crate::config::{Config, Skydns};
use crate::reason::Reason;
use crate::reason::filtering::FilteringReason;

/// The port that clients ask.
const DNS_PORT: u16 = 53;
/// The most reasons of a verdict, and the most items that are taken out of a list one by one.
const MAX_NAMED: usize = 8;
/// The most items of a list that are put back, where all of it is taken out.
const MAX_PUT_BACK: usize = 64;

const SKYDNS: &[[u8; 4]] = &[[193, 58, 251, 251]];
const SAFEDNS: &[[u8; 4]] = &[[195, 46, 39, 39], [195, 46, 39, 40]];

/// The part of a household's questions that the service answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All questions, as far as the router can see.
    All,
    /// Some questions; others go elsewhere.
    Some,
    /// No question.
    None,
    /// A part that a program on the router decides, which cannot be seen into.
    Local,
    /// A part that cannot be told.
    Unknown,
}

impl Verdict {
    /// All verdicts.
    pub const ALL: [Verdict; 5] = [
        Verdict::All,
        Verdict::Some,
        Verdict::None,
        Verdict::Local,
        Verdict::Unknown,
    ];

    /// The word for the verdict.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::All => "all",
            Verdict::Some => "some",
            Verdict::None => "none",
            Verdict::Local => "local",
            Verdict::Unknown => "unknown",
        }
    }
}

/// A verdict with what it follows from. Its sentence is made in [`crate::reason::filtering`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filtering {
    /// The verdict.
    pub verdict: Verdict,
    /// The service's name.
    pub service: &'static str,
    /// The resolvers that filter.
    pub resolvers: Vec<IpAddr>,
    /// The ways that lead elsewhere or into a program, or why it cannot be told.
    pub reasons: Vec<FilteringReason>,
    /// The commands that make all questions go to the service, if there are any to give.
    pub mends: Vec<String>,
}

impl Filtering {
    /// A verdict that cannot be given.
    pub fn unknown(service: &'static str, why: FilteringReason) -> Filtering {
        Filtering {
            verdict: Verdict::Unknown,
            service,
            resolvers: Vec::new(),
            reasons: vec![why],
            mends: Vec::new(),
        }
    }

    /// True if all questions go to the service.
    pub fn is_good(&self) -> bool {
        self.verdict == Verdict::All
    }

    /// True if this is no router of OpenWrt's, of which there is nothing to say.
    pub fn is_not_openwrt(&self) -> bool {
        self.reasons == [FilteringReason::NotOpenWrt]
    }
}

/// The command that comes behind those of [`Filtering::mends`].
pub const APPLY: &str = "uci commit dhcp && reload_config";

/// The facts that a verdict depends on besides `/etc/config/dhcp`. The functions ask the
/// router, and only where the configuration leaves something open.
pub struct Household<'a> {
    /// The service's name.
    pub service: &'static str,
    /// The resolvers that filter, one or more.
    pub resolvers: &'a [IpAddr],
    /// `/etc/config/network`
    pub networks: &'a NetworkFile,
    /// The text of a file of resolvers; empty if there is none.
    pub read: &'a dyn Fn(&str) -> Vec<u8>,
    /// True for an address that is the router's own.
    pub is_own: &'a dyn Fn(IpAddr) -> bool,
    /// The programs that listen on a UDP port of the router; an empty name for one that is
    /// not to be seen.
    pub listeners: &'a dyn Fn(u16) -> Vec<String>,
}

/// The resolvers of all sections together, with the service's name.
///
/// # Errors
/// None is known, and why.
pub fn resolvers_of(config: &Config) -> Result<(&'static str, Vec<IpAddr>), FilteringReason> {
    let mut service = "SkyDNS";
    let mut all = Vec::new();
    let mut unknown = None;
    for (_, section) in config.ready_sections() {
        let of_section = section.filter_resolvers();
        if of_section.is_empty() {
            let host = section.base_url.host().to_string();
            unknown = unknown.or(Some(FilteringReason::NoServiceResolver { host }));
        }
        if all.is_empty() && section.is_safedns() {
            service = "SafeDNS";
        }
        for address in of_section {
            if !all.contains(&address) {
                all.push(address);
            }
        }
    }
    match unknown {
        Some(why) if all.is_empty() => Err(why),
        _ => Ok((service, all)),
    }
}

impl Skydns {
    /// The resolvers that filter for this section: those of `list resolver`, else the
    /// service's own; none if the service is not known by its host.
    pub fn filter_resolvers(&self) -> Vec<IpAddr> {
        let own = if !self.resolvers.is_empty() {
            return self.resolvers.clone();
        } else if self.is_safedns() {
            SAFEDNS
        } else if self.is_at("skydns.ru") {
            SKYDNS
        } else {
            &[]
        };
        own.iter().map(|octets| IpAddr::from(*octets)).collect()
    }

    fn is_safedns(&self) -> bool {
        self.is_at("safedns.com")
    }

    fn is_at(&self, domain: &str) -> bool {
        let host = self.base_url.host().to_ascii_lowercase();
        let before = host.trim_end_matches('.').strip_suffix(domain);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    }
}

/// The verdict on a household whose `/etc/config/dhcp` has this text.
pub fn judge(household: &Household<'_>, dhcp: &[u8]) -> Filtering {
    let package = match uci::parse(dhcp) {
        Ok(package) => package,
        Err(error) => {
            let cause = Reason::from(&error);
            return Filtering::unknown(household.service, FilteringReason::BadFile { cause });
        }
    };
    let mut judge = Judge::of(household, &package);
    judge.follow();
    judge.filtering()
}

/// The ways that were found so far.
struct Judge<'a> {
    household: &'a Household<'a>,
    package: &'a Package<'a>,
    to_service: bool,
    elsewhere: Vec<FilteringReason>,
    programs: Vec<FilteringReason>,
    unknown: Option<FilteringReason>,
    mends: Vec<String>,
    listeners: Vec<(u16, Vec<String>)>,
}

/// The place where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Service,
    /// A program on this router.
    Router,
    Elsewhere,
}

impl<'a> Judge<'a> {
    fn of(household: &'a Household<'a>, package: &'a Package<'a>) -> Judge<'a> {
        Judge {
            household,
            package,
            to_service: false,
            elsewhere: Vec::new(),
            programs: Vec::new(),
            unknown: None,
            mends: Vec::new(),
            listeners: Vec::new(),
        }
    }

    fn follow(&mut self) {
        let clients = self.follow_clients();
        if clients.ask_router {
            self.follow_router();
        } else if clients.would_ask_router {
            // Nobody asks it yet, but as soon as this is mended somebody does.
            let mut router = Judge::of(self.household, self.package);
            router.follow_router();
            self.mends.append(&mut router.mends);
        }
    }

    fn target(&self, address: &str) -> Target {
        // An IPv6 address may name its device.
        let bare = address.split('%').next().unwrap_or_default();
        match bare.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
            Ok(ip) if self.household.resolvers.contains(&ip) => Target::Service,
            Ok(ip) if ip.is_loopback() || ip.is_unspecified() => Target::Router,
            Ok(ip) if self.household.networks.has_address(ip) => Target::Router,
            Ok(ip) if (self.household.is_own)(ip) => Target::Router,
            _ => Target::Elsewhere,
        }
    }

    fn filtering(mut self) -> Filtering {
        let verdict = if !self.elsewhere.is_empty() {
            match self.to_service || !self.programs.is_empty() {
                true => Verdict::Some,
                false => Verdict::None,
            }
        } else if !self.programs.is_empty() {
            Verdict::Local
        } else if self.to_service && self.unknown.is_none() {
            Verdict::All
        } else {
            Verdict::Unknown
        };
        let mut reasons = self.elsewhere;
        reasons.append(&mut self.programs);
        if verdict == Verdict::Unknown {
            let unknown = FilteringReason::NoResolver { place: None };
            reasons.push(self.unknown.unwrap_or(unknown));
        }
        if reasons.len() > MAX_NAMED {
            let more = reasons.len() - MAX_NAMED;
            reasons.truncate(MAX_NAMED);
            reasons.push(FilteringReason::More(more));
        }
        Filtering {
            verdict,
            service: self.household.service,
            resolvers: self.household.resolvers.to_vec(),
            reasons,
            mends: self.mends,
        }
    }
}

#[cfg(test)]
mod tests;
