//! Asking VPNKI about an account: which of the tunnels that are watched does it know,
//! and which are connected?
//!
//! The daemon has it done by a child, since an answer may take half a minute: the child
//! can be killed when its WAN is gone, and the memory that TLS takes goes back to the
//! router with it. What was found is in the state folder.

use crate::agent::observe::Observer;
use crate::agent::paths::{Paths, key_of};
use crate::agent::publish::redact_failure;
use crate::agent::recall::Access;
use crate::agent::replies;
use crate::sys::digest::sha256;
use crate::sys::http::{Get, HttpClient};
use crate::sys::{clock, random};
use wansync_core::config::secret::Secret;
use wansync_core::config::{Config, Transport, Vpnki};
use wansync_core::failure::Failure;
use wansync_core::service::reply::{Reply, WATCH_LIMIT};
use wansync_core::service::vpnki::{Aliases, Resolution, watch};
use wansync_core::time::{Boot, describe_span};
use wansync_core::tunnel::account::{AccountState, CallState, QueryAnswers, TunnelId};

/// Asks an account, unless it wants to be left alone, or was asked a moment ago. The new
/// state is remembered and returned; changes are logged. An account without a tunnel
/// that is watched is not asked.
pub(crate) fn query(paths: &Paths, config: &Config, name: &str) -> AccountState {
    let Some(account) = WatchedAccount::find(config, name) else {
        return AccountState::default();
    };
    let key = key_of(name, &account.options.key);
    let old = account.state(paths, key.as_ref().ok().and_then(Option::as_ref));
    let key = match key {
        Ok(key) => key,
        // A key file that cannot be read is no reason to ask without it.
        Err(problem) => {
            let now = clock::boot();
            let told = Told::of(&old);
            let new = old.query_impossible(problem.reason, now, random::number());
            return account.remember(paths, &told, new);
        }
    };
    if old.earliest_query() > clock::boot() {
        return old;
    }
    account.query(paths, config, old, key.as_ref())
}

/// The state of an account under its configuration and key of now; none for one that is
/// never asked.
pub(crate) fn state(paths: &Paths, config: &Config, name: &str) -> Option<AccountState> {
    WatchedAccount::find(config, name).map(|account| account.state_now(paths))
}

/// The moment at which an account is to be asked, if nothing happens before; none for
/// one that is never asked.
pub(crate) fn next_due(paths: &Paths, config: &Config, name: &str) -> Option<Boot> {
    let account = WatchedAccount::find(config, name)?;
    let state = account.state_now(paths);
    Some(state.next_due(account.options.interval))
}

/// The states of the two calls before a query, of which a change is told.
struct Told {
    active: CallState,
    tunnels: CallState,
}

impl Told {
    fn of(state: &AccountState) -> Told {
        Told {
            active: state.active.clone(),
            tunnels: state.tunnels.clone(),
        }
    }
}

/// An account with its tunnels that are watched, of which there is one at least.
struct WatchedAccount<'a> {
    name: &'a str,
    options: &'a Vpnki,
    access: Access<'a>,
    tunnels: Vec<TunnelId<'a>>,
}

impl<'a> WatchedAccount<'a> {
    fn find(config: &'a Config, name: &'a str) -> Option<WatchedAccount<'a>> {
        let options = config.ready_account(name)?;
        let tunnels = TunnelId::of_account(config, name);
        (!tunnels.is_empty()).then_some(WatchedAccount {
            name,
            options,
            access: Access::new(&config.main),
            tunnels,
        })
    }

    fn state_now(&self, paths: &Paths) -> AccountState {
        let key = key_of(self.name, &self.options.key).ok().flatten();
        self.state(paths, key.as_ref())
    }

    fn state(&self, paths: &Paths, key: Option<&Secret>) -> AccountState {
        let stored = paths.store().account_state(self.name).unwrap_or_default();
        let state = stored.for_config(&self.options.fingerprint(key, sha256), &self.tunnels);
        self.access
            .of_account(state, self.options)
            .clamp_future_times(clock::boot())
    }

    fn query(
        &self,
        paths: &Paths,
        config: &Config,
        old: AccountState,
        key: Option<&Secret>,
    ) -> AccountState {
        let (start, random) = (clock::boot(), random::number());
        let told = Told::of(&old);
        let begun = old.query_begun(start, random);
        // A query that cannot be remembered could be repeated without end.
        if let Err(why) = paths.store().write_account_state(self.name, &begun) {
            let new = self.state(paths, key).query_impossible(why, start, random);
            return self.remember(paths, &told, new);
        }
        let client = HttpClient::new(config.main.ca_file.as_ref(), clock::now().clock_is_set());
        let answers = AccountQuery {
            account: self,
            paths,
            client: &client,
            key,
            aliases: watch::aliases(self.options),
        }
        .answers(&begun);
        let (host, now) = (self.options.base_url.host(), clock::boot());
        let new = begun.query_ended(&self.tunnels, answers, host, start, now, random);
        self.remember(paths, &told, new)
    }

    fn remember(&self, paths: &Paths, old: &Told, new: AccountState) -> AccountState {
        if let Err(why) = paths.store().write_account_state(self.name, &new) {
            log::error!("{}: {why}", self.name);
        }
        let due = new.next_due(self.options.interval);
        self.log_change(&old.active, &new.active, due);
        if new.active.last_error.is_none() {
            self.log_change(&old.tunnels, &new.tunnels, due);
        }
        new
    }

    /// Logs the state of a call, if it is another than before.
    fn log_change(&self, old: &CallState, new: &CallState, due: Boot) {
        let name = self.name;
        match (&old.last_error, &new.last_error) {
            (Some(old), Some(new)) if old.why == new.why => {}
            (_, Some(error)) => {
                let (why, due) = (&error.why, describe_span(due.since(clock::now().boot)));
                log::warn!("{name}: VPNKI cannot be asked: {why}; next in {due}");
            }
            (Some(error), None) => {
                let end = new.last_answered.unwrap_or(error.at);
                let age = describe_span(end.since(error.since));
                log::info!("{name}: VPNKI answers again, after {age}");
            }
            (None, None) => {}
        }
    }
}

/// The two calls of a query.
struct AccountQuery<'a> {
    account: &'a WatchedAccount<'a>,
    paths: &'a Paths,
    client: &'a HttpClient,
    key: Option<&'a Secret>,
    aliases: Aliases,
}

impl AccountQuery<'_> {
    /// The answers; `before` says what was found earlier.
    fn answers(&self, before: &AccountState) -> QueryAnswers {
        let mut tunnels = None;
        let active = self.active(before, &mut tunnels);
        QueryAnswers { active, tunnels }
    }

    /// Which tunnels are active. Now and then, and for a new name, `tunnels` is asked which
    /// ones are meant, and they are looked for again.
    fn active(
        &self,
        before: &AccountState,
        tunnels: &mut Option<Result<Vec<Resolution>, Box<Failure>>>,
    ) -> Result<Vec<bool>, Box<Failure>> {
        let device = self.device()?;
        let reply = self.ask(watch::ACTIVE, device.as_deref())?;
        let active = self.active_in(&reply, &before.resolutions(&self.account.tunnels))?;
        if !before.needs_tunnel_list(&self.account.tunnels, clock::boot()) {
            return Ok(active);
        }
        let resolutions = tunnels.insert(self.resolutions(device.as_deref()));
        match resolutions {
            Ok(resolutions) => self.active_in(&reply, resolutions),
            Err(_) => Ok(active),
        }
    }

    fn device(&self) -> Result<Option<String>, Box<Failure>> {
        let observer = Observer::new(&self.paths.ubus, self.client);
        observer.way_out(self.account.options.bind.as_deref())
    }

    fn active_in(
        &self,
        reply: &Reply,
        resolutions: &[Resolution],
    ) -> Result<Vec<bool>, Box<Failure>> {
        let (tunnels, now) = (&self.account.tunnels, clock::wall());
        watch::active(reply, tunnels, resolutions, &self.aliases, now)
            .inspect_err(|failure| self.keep(reply, failure))
            .map_err(|failure| redact_failure(failure, self.key))
    }

    fn resolutions(&self, device: Option<&str>) -> Result<Vec<Resolution>, Box<Failure>> {
        let reply = self.ask(watch::TUNNELS, device)?;
        let (tunnels, now) = (&self.account.tunnels, clock::wall());
        watch::resolve(&reply, tunnels, &self.aliases, self.key, now)
            .inspect_err(|failure| self.keep(&reply, failure))
            .map_err(|failure| redact_failure(failure, self.key))
    }

    fn keep(&self, reply: &Reply, failure: &Failure) {
        let (store, name) = (self.paths.store(), self.account.name);
        let keys: Vec<&Secret> = self.key.into_iter().collect();
        replies::keep(&store, name, reply, failure, &keys);
    }

    fn ask(&self, resource: &str, device: Option<&str>) -> Result<Reply, Box<Failure>> {
        let url = watch::url(self.account.options, resource, self.key);
        request(
            self.client,
            &url,
            device,
            self.account.options.transport,
            self.key,
        )
    }
}

/// One request to VPNKI, whose failure shows no key.
pub(crate) fn request(
    client: &HttpClient,
    url: &str,
    device: Option<&str>,
    transport: Transport,
    key: Option<&Secret>,
) -> Result<Reply, Box<Failure>> {
    client
        .get(&Get::json(url, device, transport, WATCH_LIMIT))
        .map_err(|failure| redact_failure(failure, key))
}
