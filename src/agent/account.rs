//! A look at a VPNKI account: which of the tunnels that are watched does it
//! know, and which are connected?
//!
//! The daemon has it done by a child, since an answer may take half a minute:
//! the child can be killed when its WAN is gone, and the memory that TLS takes
//! goes back to the router with it. What was found is in the state folder.

use crate::agent::observe::Observer;
use crate::agent::paths::{Paths, key_of};
use crate::agent::publish::redacted;
use crate::exit::Exit;
use crate::sys::digest::sha256;
use crate::sys::http::{Get, HttpClient};
use crate::sys::{clock, random};
use wansync_core::config::secret::Secret;
use wansync_core::config::{Config, Tunnel, Vpnki};
use wansync_core::failure::Failure;
use wansync_core::service::reply::{Reply, WATCH_LIMIT};
use wansync_core::service::vpnki::{Aliases, watch};
use wansync_core::time::spoken;
use wansync_core::tunnel::account::{self, Answers, Call, Look, Wanted};

/// What the hidden option of the daemon's child does: one look.
pub fn run(paths: &Paths, name: &str) -> Exit {
    let config = match paths.load_to_act() {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    if !config.main.enabled {
        return Exit::Done;
    }
    if !config.ready_accounts().any(|(account, _)| account == name) {
        log::error!("there is no vpnki section '{name}' that can be asked");
        return Exit::Config;
    }
    match at(paths, &config, name).trouble() {
        Some(_) => Exit::Unavailable,
        None => Exit::Done,
    }
}

/// Looks at an account, unless it asked to be left alone, or was looked at a
/// moment ago. What was found is remembered and returned; what is news of it is
/// logged. An account without a tunnel that is watched is not asked.
pub fn at(paths: &Paths, config: &Config, name: &str) -> Look {
    let Some(subject) = Subject::find(config, name) else {
        return Look::default();
    };
    let key = key_of(name, &subject.account.key);
    let old = subject.remembered(paths, key.as_ref().ok().and_then(Option::as_ref));
    let key = match key {
        Ok(key) => key,
        Err(problem) => return subject.without_key(paths, old, problem.text),
    };
    if account::soonest(&old, clock::now().boot.secs()) > 0 {
        return old;
    }
    subject.look(paths, config, old, key.as_ref())
}

/// What is remembered of an account under its configuration and key of now; see
/// [`account::due`] and [`account::service_evidence`] for what follows from it.
pub fn remembered(paths: &Paths, config: &Config, name: &str) -> Look {
    let Some(subject) = Subject::find(config, name) else {
        return Look::default();
    };
    let key = key_of(name, &subject.account.key).ok().flatten();
    subject.remembered(paths, key.as_ref())
}

/// In how many seconds an account is due for a look, if nothing happens before;
/// `None` for one that is never looked at.
pub fn due(paths: &Paths, config: &Config, name: &str) -> Option<i64> {
    let subject = Subject::find(config, name)?;
    let look = remembered(paths, config, name);
    Some(account::due(
        &look,
        subject.account.interval,
        clock::now().boot.secs(),
    ))
}

/// The same if there is reason not to wait for its interval.
pub fn soonest(paths: &Paths, config: &Config, name: &str) -> Option<i64> {
    Subject::find(config, name)?;
    let look = remembered(paths, config, name);
    Some(account::soonest(&look, clock::now().boot.secs()))
}

/// The tunnel as a look looks for it.
pub fn wanted(tunnel: &Tunnel) -> Wanted<'_> {
    Wanted {
        name: &tunnel.name,
        address: tunnel.address.as_deref(),
    }
}

/// All tunnels of an account that are watched.
pub fn watched<'a>(config: &'a Config, account: &str) -> Vec<Wanted<'a>> {
    let tunnels = config.ready_tunnels().map(|(_, tunnel)| tunnel);
    tunnels
        .filter(|tunnel| tunnel.vpnki.as_deref() == Some(account))
        .map(wanted)
        .collect()
}

/// An account that is looked at.
struct Subject<'a> {
    name: &'a str,
    account: &'a Vpnki,
    wanted: Vec<Wanted<'a>>,
}

impl<'a> Subject<'a> {
    fn find(config: &'a Config, name: &'a str) -> Option<Subject<'a>> {
        let (_, account) = config.ready_accounts().find(|(other, _)| *other == name)?;
        let wanted = watched(config, name);
        (!wanted.is_empty()).then_some(Subject {
            name,
            account,
            wanted,
        })
    }

    fn remembered(&self, paths: &Paths, key: Option<&Secret>) -> Look {
        let stored = paths.store().look(self.name).unwrap_or_default();
        let fingerprint = self.account.fingerprint(key, sha256);
        stored
            .under(&fingerprint, &self.wanted)
            .dated(clock::now().boot.secs())
    }

    /// A key file that cannot be read is no reason to ask without it.
    fn without_key(&self, paths: &Paths, old: Look, why: String) -> Look {
        let now = clock::now().boot.secs();
        let new = old.clone().unasked(why, now, random::number());
        self.learn(paths, &old, new)
    }

    fn look(&self, paths: &Paths, config: &Config, old: Look, key: Option<&Secret>) -> Look {
        let (start, random) = (clock::now(), random::number());
        let begun = old.clone().begun(start.boot.secs(), random);
        // A look that cannot be remembered could be repeated without end.
        if let Err(why) = paths.store().remember_look(self.name, &begun) {
            return self.learn(
                paths,
                &old,
                old.clone().unasked(why, start.boot.secs(), random),
            );
        }
        let client = HttpClient::new(config.main.ca_file.as_ref(), start.clock_is_set());
        let answers = Asking::new(self, paths, &client, key).answers(&begun);
        let (host, now) = (self.account.base_url.host(), clock::now().boot.secs());
        let new = begun.ended(&self.wanted, answers, host, start.boot.secs(), now, random);
        self.learn(paths, &old, new)
    }

    fn learn(&self, paths: &Paths, old: &Look, new: Look) -> Look {
        if let Err(why) = paths.store().remember_look(self.name, &new) {
            log::error!("{}: {why}", self.name);
        }
        let now = clock::now().boot.secs();
        let due = account::due(&new, self.account.interval, now);
        self.tell(&old.active, &new.active, due);
        if new.active.trouble.is_none() {
            self.tell(&old.tunnels, &new.tunnels, due);
        }
        new
    }

    /// Logs what became of a call, if it is news.
    fn tell(&self, old: &Call, new: &Call, due: i64) {
        let name = self.name;
        match (&old.trouble, &new.trouble) {
            (Some(old), Some(new)) if old.why == new.why => {}
            (_, Some(trouble)) => {
                let due = spoken(wansync_core::time::whole(due));
                log::warn!(
                    "{name}: VPNKI cannot be asked: {}; next in {due}",
                    trouble.why
                );
            }
            (Some(trouble), None) => {
                let end = new.answered.unwrap_or(trouble.at);
                let age = spoken(wansync_core::time::whole(end.saturating_sub(trouble.since)));
                log::info!("{name}: VPNKI answers again, after {age}");
            }
            (None, None) => {}
        }
    }
}

/// The two calls of a look.
struct Asking<'a> {
    subject: &'a Subject<'a>,
    paths: &'a Paths,
    client: &'a HttpClient,
    key: Option<&'a Secret>,
    aliases: Aliases,
}

impl<'a> Asking<'a> {
    fn new(
        subject: &'a Subject<'a>,
        paths: &'a Paths,
        client: &'a HttpClient,
        key: Option<&'a Secret>,
    ) -> Asking<'a> {
        let aliases = watch::aliases(subject.account);
        Asking {
            subject,
            paths,
            client,
            key,
            aliases,
        }
    }

    /// `before` says when `tunnels` was asked.
    fn answers(&self, before: &Look) -> Answers {
        let device = match self.device() {
            Ok(device) => device,
            Err(failure) => {
                return Answers {
                    active: Err(failure),
                    tunnels: None,
                };
            }
        };
        let active = self.listed(watch::ACTIVE, device.as_deref());
        let is_next = |active: &Vec<bool>| before.needs_tunnels(active, clock::now().boot.secs());
        let tunnels = active
            .as_ref()
            .is_ok_and(is_next)
            .then(|| self.listed(watch::TUNNELS, device.as_deref()));
        Answers { active, tunnels }
    }

    fn device(&self) -> Result<Option<String>, Failure> {
        let observer = Observer::new(&self.paths.ubus, self.client);
        observer.way_out(self.subject.account.bind.as_deref())
    }

    fn listed(&self, resource: &str, device: Option<&str>) -> Result<Vec<bool>, Failure> {
        let wanted = &self.subject.wanted;
        let read = |reply: Reply| {
            let wall = clock::wall();
            watch::listed(resource, &reply, wanted, &self.aliases, wall)
        };
        let url = watch::url(self.subject.account, resource, self.key);
        ask(self.client, &url, device, self.key)
            .and_then(|reply| read(reply).map_err(|failure| redacted(failure, self.key)))
    }
}

/// One request of the watch, whose failure shows no key.
pub fn ask(
    client: &HttpClient,
    url: &str,
    device: Option<&str>,
    key: Option<&Secret>,
) -> Result<Reply, Failure> {
    client
        .get(&Get::json(url, device, WATCH_LIMIT))
        .map_err(|failure| redacted(failure, key))
}
