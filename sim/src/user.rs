//! A user of SkyDNS: the account, its profiles, the addresses and the VPN
//! connections that are bound to them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::Serialize;

/// The profile that counts where a request names none. Known from the provider
/// API document.
pub const MAIN_PROFILE: &str = "Основной";

/// The tariff of a user that pays, where a request names none. Known of
/// `prolongate`, assumed of `subscribe`.
pub(crate) const DEFAULT_PLAN: &str = "PREMIUM";
/// Assumed: the code of the free tariff, which no method accepts.
pub(crate) const FREE_PLAN: &str = "FREE";

/// Assumed: what `prolongate` pays for.
const MONTH: i64 = 30 * 24 * 60 * 60;

/// A user of one provider.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct User {
    pub provider: String,
    pub account: Account,
    pub profiles: BTreeMap<u32, Profile>,
    pub bindings: Vec<Binding>,
    pub vpns: Vec<Vpn>,
}

/// The part of a user that a provider can change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Never shown by a page.
    #[serde(skip)]
    pub password: String,
    /// Unique among all users.
    pub email: Option<String>,
    /// Name of the contract.
    pub customer: Option<String>,
    /// A code of `subscribe_plans`, or `FREE`.
    pub plan: String,
    /// `deactivate` ends it, `activate` brings it back.
    pub active: bool,
    /// Seconds since 1970; 0 before the first `prolongate` and after
    /// `unsubscribe`.
    pub paid_until: i64,
}

/// A profile of filtering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// Unique for the user.
    pub name: String,
    /// True if TLS is used.
    pub tls: bool,
    /// The page shown in place of a blocked one.
    pub blockpage_id: Option<u32>,
    /// The DNS addresses behind NAT that are bound to it.
    pub nat: BTreeSet<IpAddr>,
}

/// A VPN connection of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Vpn {
    /// Unique among all connections.
    pub id: u32,
    /// The profile's id.
    pub profile: u32,
    /// Unique for the user.
    pub name: String,
}

/// An address of a user, bound to one of its profiles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Binding {
    /// The address.
    pub address: IpAddr,
    /// The profile's id.
    pub profile: u32,
    /// The method that bound it.
    #[serde(flatten)]
    pub kind: Kind,
}

/// The method that bound an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Kind {
    /// By `add_ip`.
    Static {
        /// As given to `add_ip`.
        comment: String,
    },
    /// By `update_ip`.
    Dynamic {
        /// As given to `update_ip`; a user has one dynamic address for each
        /// hostname, and one without.
        hostname: Option<String>,
    },
}

impl User {
    /// A user without profiles.
    pub fn new(provider: &str, account: Account) -> User {
        User {
            provider: provider.to_owned(),
            account,
            profiles: BTreeMap::new(),
            bindings: Vec::new(),
            vpns: Vec::new(),
        }
    }

    pub fn holds(&self, address: IpAddr) -> bool {
        self.bindings.iter().any(|held| held.address == address)
    }

    /// The profile named «Основной», or the first. The document of `add_ip` calls
    /// it «По умолчанию»; assumed: it is the same.
    pub fn main_profile(&self) -> Option<u32> {
        let mut profiles = self.profiles.iter();
        let named = profiles.find(|(_, profile)| profile.name == MAIN_PROFILE);
        named.or(self.profiles.iter().next()).map(|(id, _)| *id)
    }

    pub fn release(&mut self, address: IpAddr) {
        self.bindings.retain(|held| held.address != address);
    }

    /// The profile of the dynamic address with this hostname.
    pub fn profile_of(&self, hostname: Option<&str>) -> Option<u32> {
        let mut held = self.bindings.iter();
        let found = held.find(|held| held.kind.is_dynamic(hostname));
        found.map(|held| held.profile)
    }

    /// Sets the dynamic address of a hostname, in place of its earlier one.
    pub fn bind_dynamic(&mut self, address: IpAddr, profile: u32, hostname: Option<&str>) {
        self.release(address);
        self.bindings.retain(|held| !held.kind.is_dynamic(hostname));
        self.bindings.push(Binding {
            address,
            profile,
            kind: Kind::Dynamic {
                hostname: hostname.map(str::to_owned),
            },
        });
    }
}

impl Default for Account {
    fn default() -> Account {
        Account {
            password: String::new(),
            email: None,
            customer: None,
            plan: DEFAULT_PLAN.to_owned(),
            active: true,
            paid_until: 0,
        }
    }
}

impl Account {
    /// Assumed: a month from now on, whatever was paid before.
    pub(crate) fn prolongate(&mut self, plan: &str, now: i64) {
        self.plan = plan.to_owned();
        self.paid_until = now + MONTH;
    }

    pub(crate) fn check_active(&self) -> Result<(), String> {
        let active = self.active.then_some(());
        active.ok_or("User is not active".to_owned())
    }
}

impl Profile {
    pub(crate) fn new(name: &str) -> Profile {
        Profile {
            name: name.to_owned(),
            tls: false,
            blockpage_id: None,
            nat: BTreeSet::new(),
        }
    }
}

impl Kind {
    fn is_dynamic(&self, wanted: Option<&str>) -> bool {
        matches!(self, Kind::Dynamic { hostname } if hostname.as_deref() == wanted)
    }
}
