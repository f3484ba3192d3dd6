//! The memory of the two services: providers, users and mail at SkyDNS; the
//! account at VPNKI.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Serialize;
use time::{Date, OffsetDateTime};

use crate::user::{Account, Profile, User};
use crate::vpnki::Vpnki;
use crate::words::words;

/// The key that every simulator knows from the start. Plainly an example.
pub const KEY: &str = "test-key-0123456789abcdef";
/// The user that every simulator knows from the start.
pub const USER: &str = "user1";
/// The profiles of [`USER`], and of users that are added without any.
pub const PROFILES: &[(u32, &str)] = &[(1001, "Основной"), (1002, "Дети"), (1003, "Офис")];
/// The provider that the first key belongs to.
pub(crate) const PROVIDER: &str = "provider";

/// Ids of what methods make begin here. Ids are never given out twice.
const FIRST_ID: u32 = 2001;

/// Everything that the services remember.
#[derive(Debug, Clone)]
pub(crate) struct World {
    /// Key to provider. A provider may have several keys.
    pub keys: BTreeMap<String, String>,
    /// Login to user. Logins are unique across providers (known: they carry the
    /// provider's prefix by default).
    pub users: BTreeMap<String, User>,
    pub owners: Owners,
    pub settings: Settings,
    /// The mail that SkyDNS has sent.
    pub mails: Vec<Mail>,
    pub vpnki: Vpnki,
    /// The answer of `/ip`, where not the peer's address.
    pub echo: Option<String>,
    next_id: u32,
}

/// The settings of the simulated SkyDNS.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Settings {
    /// Today, where not the day of the wall clock (UTC).
    #[serde(skip)]
    pub today: Option<Date>,
    #[serde(serialize_with = "crate::words::as_text")]
    pub language: Language,
    /// The number of VPN connections that a user may have.
    pub vpn_limit: usize,
    /// Lists are filled up to this many rows with invented ones.
    pub fill: usize,
}

words! {
    /// The language of names that SkyDNS gives: of categories and tariffs.
    Language {
        /// As in the provider API document.
        Russian = "ru",
        /// As at SafeDNS, where the same API runs.
        English = "en",
    }
}

/// A mail that SkyDNS has sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mail {
    /// Whom to.
    pub to: String,
    /// Whose statistics.
    pub login: String,
    /// Of when: `2026-11` or `2026-11-20`.
    pub period: String,
    /// Of which profile; all of them where none.
    pub profile: Option<u32>,
}

/// The logins that were last given what one user alone can have: they may have lost it.
/// With it ten thousand users cost no more than ten.
#[derive(Debug, Clone, Default)]
pub(crate) struct Owners {
    emails: BTreeMap<String, String>,
    addresses: BTreeMap<IpAddr, String>,
}

impl Owners {
    /// A user has this e-mail address now.
    pub fn note_email(&mut self, email: &str, login: &str) {
        self.emails.insert(email.to_lowercase(), login.to_owned());
    }

    /// A user holds this address now.
    pub fn note_address(&mut self, address: IpAddr, login: &str) {
        self.addresses.insert(address, login.to_owned());
    }
}

impl World {
    /// The state that every simulator starts with.
    pub fn initial() -> World {
        let mut world = World {
            keys: BTreeMap::from([(KEY.to_owned(), PROVIDER.to_owned())]),
            users: BTreeMap::new(),
            owners: Owners::default(),
            settings: Settings::default(),
            mails: Vec::new(),
            vpnki: Vpnki::default(),
            echo: None,
            next_id: FIRST_ID,
        };
        world.add_user(PROVIDER, USER, &[]);
        world
    }

    /// A user that pays, with an address `LOGIN@example.com`.
    pub fn add_user(&mut self, provider: &str, login: &str, profiles: &[(u32, &str)]) {
        let profiles = if profiles.is_empty() {
            PROFILES
        } else {
            profiles
        };
        let account = Account {
            email: Some(format!("{login}@example.com")),
            ..Account::default()
        };
        let mut user = User::new(provider, account);
        let named = profiles.iter().map(|(id, name)| (*id, Profile::new(name)));
        user.profiles = named.collect();
        user.account
            .prolongate(&user.account.plan.clone(), self.now());
        self.owners
            .note_email(&format!("{login}@example.com"), login);
        self.users.insert(login.to_owned(), user);
    }

    pub fn next_id(&mut self) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// The user that holds an address, if any.
    pub fn holder(&self, address: IpAddr) -> Option<(&str, &User)> {
        let login = self.owners.addresses.get(&address)?;
        let user = self.users.get(login).filter(|user| user.holds(address))?;
        Some((login, user))
    }

    /// The login of the user with this e-mail address, whatever the case of its letters.
    pub fn login_of_email(&self, email: &str) -> Option<&str> {
        let email = email.to_lowercase();
        let login = self.owners.emails.get(&email)?;
        let theirs = self.users.get(login)?.account.email.as_ref()?;
        (theirs.to_lowercase() == email).then_some(login)
    }

    /// Assumed: the day is that of UTC.
    pub fn today(&self) -> Date {
        let today = self.settings.today;
        today.unwrap_or_else(|| OffsetDateTime::now_utc().date())
    }

    /// Seconds since 1970: of the wall clock, or of the midnight that begins the
    /// day that was set.
    pub fn now(&self) -> i64 {
        let set = self.settings.today;
        let now = set.map(|day| day.midnight().assume_utc());
        now.unwrap_or_else(OffsetDateTime::now_utc).unix_timestamp()
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            today: None,
            language: Language::Russian,
            vpn_limit: 5,
            fill: 0,
        }
    }
}
