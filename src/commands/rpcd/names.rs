//! Names for a page's drop-downs: a user's profiles at SkyDNS, and an account's tunnels at
//! VPNKI.
//!
//! A service is asked by one process in the background, for one section at a time; what it
//! said stays for a while, so that a page which is loaded again asks nobody.

use std::time::Duration;

use crate::agent::observe::Observer;
use crate::agent::paths::{Paths, key_of};
use crate::agent::publish::redact_failure;
use crate::commands::check::{fetch_names, fetch_profiles};
use crate::sys::http::HttpClient;
use crate::sys::lock::PassLock;
use crate::sys::store::NamesReply;
use crate::sys::{clock, files, process};
use wansync_core::config::secret::Secret;
use wansync_core::config::{Config, Vpnki};
use wansync_core::failure::Failure;
use wansync_core::reason::Reason;
use wansync_core::rpcd;

/// The time for which names are kept.
const NAMES_AGE: Duration = Duration::from_secs(60);
/// The time for which a failure is kept: its cause may be gone soon.
const FAILURE_AGE: Duration = Duration::from_secs(10);
/// The most names that are shown, far more than a drop-down is good for.
const MAX_NAMES: usize = 1000;

/// The kinds of names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Profiles,
    Tunnels,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Kind::Profiles => "profiles",
            Kind::Tunnels => "tunnels",
        }
    }
}

/// The reply with the names for a section: those that are known or, at first, that they are
/// being asked for.
///
/// # Errors
/// Why they cannot be.
pub fn names(paths: &Paths, kind: Kind, section: &str) -> Result<String, Reason> {
    let config = super::readable(paths)?;
    let known = match kind {
        Kind::Profiles => config
            .ready_sections()
            .map(|(name, _)| name)
            .find(|name| *name == section),
        Kind::Tunnels => account(&config, section).map(|(name, _)| name),
    };
    let section = known.ok_or_else(|| super::no_section(section))?;
    let store = paths.store();
    if let Some(known) = store.named(kind.word(), section) {
        let is_failure = known.json.starts_with("{\"error\"");
        let lasts = if is_failure { FAILURE_AGE } else { NAMES_AGE };
        let is_fresh = clock::boot().since(known.at) < lasts;
        if is_fresh && known.stamp == files::stamp(&paths.config) {
            return Ok(known.json);
        }
    }
    store.check_state_writable()?;
    let words = paths.arguments(&[super::NAME, "names", kind.word(), section]);
    match PassLock::of_names(&paths.state).try_lock_now() {
        Ok(Some(free)) => {
            drop(free);
            process::start_in_background(&words).map_err(|error| super::not_started(&error))?;
        }
        // It answers for another section, perhaps: this one is asked about at the next call.
        Ok(None) => {}
        Err(error) => return Err(super::not_started(&error)),
    }
    Ok(rpcd::field("pending", "true"))
}

/// The account of this name, or that of the tunnel of this name.
fn account<'c>(config: &'c Config, section: &str) -> Option<(&'c str, &'c Vpnki)> {
    let tunnel = config.ready_tunnels().find(|(name, _)| *name == section);
    let name = match tunnel {
        Some((_, tunnel)) => tunnel.vpnki.as_deref()?,
        None => section,
    };
    config.ready_accounts().find(|(known, _)| *known == name)
}

/// The process in the background.
pub fn work(paths: &Paths, kind: &str, section: &str) {
    let Ok(Some(_guard)) = PassLock::of_names(&paths.state).try_lock_now() else {
        return;
    };
    process::leave_session();
    let stamp = files::stamp(&paths.config);
    let Ok(config) = paths.load() else {
        return;
    };
    let fetched = match kind {
        "profiles" => profiles(paths, &config, section),
        _ => tunnels(paths, &config, section),
    };
    let reply = NamesReply {
        at: clock::boot(),
        stamp,
        json: fetched.unwrap_or_else(|why| rpcd::refusal(&why)),
    };
    if let Err(why) = paths.store().keep_named(kind, section, &reply) {
        log::error!("{section}: {why}");
    }
}

fn profiles(paths: &Paths, config: &Config, section: &str) -> Result<String, Reason> {
    let mut sections = config.ready_sections();
    let found = sections.find(|(name, _)| *name == section);
    let (_, content) = found.ok_or_else(|| super::no_section(section))?;
    let key = key_of(section, &content.key).map_err(|problem| Reason::words(&problem.text))?;
    let client = client(config);
    let observer = Observer::new(&paths.ubus, &client);
    let fetched = fetch_profiles(content, key.as_ref(), &client, &observer);
    let mut profiles = fetched.map_err(|why| why.reason_at(content.base_url.host()))?;
    profiles.truncate(MAX_NAMES);
    for (id, name) in &mut profiles {
        for text in [id, name] {
            *text = hidden(text, key.as_ref());
        }
    }
    Ok(rpcd::profiles(&profiles))
}

fn tunnels(paths: &Paths, config: &Config, section: &str) -> Result<String, Reason> {
    let found = account(config, section);
    let (name, content) = found.ok_or_else(|| super::no_section(section))?;
    let key = key_of(name, &content.key).map_err(|problem| Reason::words(&problem.text))?;
    let client = client(config);
    let observer = Observer::new(&paths.ubus, &client);
    let fetched = fetch_names(content, key.as_ref(), &client, &observer);
    let failed = |failure: Box<Failure>| {
        redact_failure(failure, key.as_ref()).reason_at(content.base_url.host())
    };
    let mut names = fetched.map_err(failed)?;
    names.truncate(MAX_NAMES);
    Ok(rpcd::tunnels(&names))
}

fn client(config: &Config) -> HttpClient {
    HttpClient::new(config.main.ca_file.as_ref(), clock::now().clock_is_set())
}

/// A name without the key, which a service may quote.
fn hidden(text: &str, key: Option<&Secret>) -> String {
    key.map_or_else(|| text.to_owned(), |key| key.redact(text))
}
