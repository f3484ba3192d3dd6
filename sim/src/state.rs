//! What the two services remember: providers, users, profiles and bindings;
//! tunnels.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Serialize;

use crate::vpnki::Vpnki;

/// The key that every simulator knows from the start. Plainly an example.
pub const KEY: &str = "test-key-0123456789abcdef";
/// The user that every simulator knows from the start.
pub const USER: &str = "user1";
/// The profiles of [`USER`], and of users that are added without any.
pub const PROFILES: &[(u32, &str)] = &[(1001, "Основной"), (1002, "Дети"), (1003, "Офис")];
/// The profile that counts where a request names none. Known from the provider
/// API document.
pub const MAIN_PROFILE: &str = "Основной";

/// The provider that the first key belongs to.
pub(crate) const PROVIDER: &str = "provider";

/// Everything that the services remember.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    /// Key to provider. A provider may have several keys.
    pub keys: BTreeMap<String, String>,
    /// Login to user. Logins are unique across providers (known: they carry the
    /// provider's prefix by default).
    pub users: BTreeMap<String, User>,
    pub vpnki: Vpnki,
    /// What `/ip` answers, where not the peer's address.
    pub echo: Option<String>,
}

/// A user of one provider.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct User {
    pub provider: String,
    pub profiles: BTreeMap<u32, String>,
    pub bindings: Vec<Binding>,
}

/// An address of a user, bound to one of its profiles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Binding {
    /// The address.
    pub address: IpAddr,
    /// The profile's id.
    pub profile: u32,
    /// How it came to be bound.
    #[serde(flatten)]
    pub kind: Kind,
}

/// How an address came to be bound.
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

impl World {
    /// The state that every simulator starts with.
    pub fn initial() -> World {
        let mut world = World::default();
        world.keys.insert(KEY.to_owned(), PROVIDER.to_owned());
        world.add_user(PROVIDER, USER, &[]);
        world
    }

    pub fn add_user(&mut self, provider: &str, login: &str, profiles: &[(u32, &str)]) {
        let profiles = if profiles.is_empty() {
            PROFILES
        } else {
            profiles
        };
        let named = profiles.iter().map(|(id, name)| (*id, (*name).to_owned()));
        let user = User {
            provider: provider.to_owned(),
            profiles: named.collect(),
            bindings: Vec::new(),
        };
        self.users.insert(login.to_owned(), user);
    }

    /// The user that holds an address, if any.
    pub fn holder(&self, address: IpAddr) -> Option<(&str, &User)> {
        let mut users = self.users.iter();
        let found = users.find(|(_, user)| user.holds(address));
        found.map(|(login, user)| (login.as_str(), user))
    }
}

impl User {
    pub fn holds(&self, address: IpAddr) -> bool {
        self.bindings.iter().any(|held| held.address == address)
    }

    /// The profile named «Основной», or the first.
    pub fn main_profile(&self) -> Option<u32> {
        let mut profiles = self.profiles.iter();
        let named = profiles.find(|(_, name)| *name == MAIN_PROFILE);
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

impl Kind {
    fn is_dynamic(&self, wanted: Option<&str>) -> bool {
        matches!(self, Kind::Dynamic { hostname } if hostname.as_deref() == wanted)
    }
}
