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
use wansync_core::config::Config;
use wansync_core::config::secret::Secret;
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
    let config = paths.load()?;
    let section = match kind {
        Kind::Profiles => config.ready_section(section).map(|_| section),
        Kind::Tunnels => account(&config, section),
    }
    .ok_or_else(|| super::no_section(section))?;
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
            process::start_in_background(&words).map_err(|error| process::not_started(&error))?;
        }
        // It answers for another section, perhaps: this one is asked about at the next call.
        Ok(None) => {}
        Err(error) => return Err(process::not_started(&error)),
    }
    Ok(rpcd::field("pending", "true"))
}

/// The name of the account of this name, or of that of the tunnel of this name.
fn account<'c>(config: &'c Config, section: &'c str) -> Option<&'c str> {
    let name = match config.ready_tunnel(section) {
        Some(tunnel) => tunnel.vpnki.as_deref()?,
        None => section,
    };
    config.ready_account(name).map(|_| name)
}

/// The process in the background.
pub fn work(paths: &Paths, kind: &str, section: &str) {
    let Ok(Some(_guard)) = PassLock::of_names(&paths.state).try_lock_now() else {
        return;
    };
    process::leave_session();
    let stamp = files::stamp(&paths.config);
    let fetched = paths
        .load()
        .and_then(|config| fetch(paths, &config, kind, section));
    let reply = fetched.unwrap_or_else(|why| rpcd::refusal(&why));
    let mut reply = NamesReply {
        at: clock::boot(),
        stamp,
        json: rpcd::bounded(&reply).into_owned(),
    };
    let store = paths.store();
    if let Err(why) = store.keep_named(kind, section, &reply) {
        log::error!("{section}: {why}");
        // There may be room for that, and it is not asked for again at once.
        reply.json = rpcd::refusal(&why);
        let _ = store.keep_named(kind, section, &reply);
    }
}

/// Asks the service, for a section or an account.
fn fetch(paths: &Paths, config: &Config, kind: &str, name: &str) -> Result<String, Reason> {
    let client = HttpClient::new(config.main.ca_file.as_ref(), clock::now().clock_is_set());
    let observer = Observer::new(&paths.ubus, &client);
    let key_of = |source| key_of(name, source).map_err(|problem| problem.reason);
    if kind == Kind::Profiles.word() {
        let section = config.ready_section(name);
        let section = section.ok_or_else(|| super::no_section(name))?;
        let key = key_of(&section.key)?;
        let key = key.as_ref();
        let mut profiles = fetch_profiles(section, key, &client, &observer)
            .map_err(|failure| failure.reason_at(section.base_url.host()))?;
        profiles.truncate(MAX_NAMES);
        for (id, name) in &mut profiles {
            for text in [id, name] {
                *text = hidden(text, key);
            }
        }
        return Ok(rpcd::profiles(&profiles));
    }
    let account = config.ready_account(name);
    let account = account.ok_or_else(|| super::no_section(name))?;
    let key = key_of(&account.key)?;
    let key = key.as_ref();
    let mut names = fetch_names(account, key, &client, &observer)
        .map_err(|failure| redact_failure(failure, key).reason_at(account.base_url.host()))?;
    names.truncate(MAX_NAMES);
    Ok(rpcd::tunnels(&names))
}

/// A name without the key, which a service may quote.
fn hidden(text: &str, key: Option<&Secret>) -> String {
    key.map_or_else(|| text.to_owned(), |key| key.redact(text))
}
