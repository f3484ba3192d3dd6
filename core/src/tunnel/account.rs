//! The state of a VPNKI account: what it said of the tunnels that are watched, and
//! when it may be asked again.
//!
//! A query asks `active`, and once an hour, or for a name that is new, `tunnels`. What
//! that said of a name is remembered: `active` may list the tunnel by another one. Each has
//! its own backoff: an account whose `tunnels` fails still says which are active. A
//! failed query takes nothing back that says that a tunnel is well. What says that
//! one is not is acted upon, so it counts only until a query fails.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::evidence::{Finding, ServiceStatus};
use crate::backoff;
use crate::config::{Config, Tunnel};
use crate::failure::Failure;
use crate::persist;
use crate::reason;
use crate::reason::Reason;
use crate::refresh;
use crate::service::vpnki::Resolution;
use crate::time::{Boot, DAY, HOUR};

/// The age at which the answer of `tunnels` is asked for again.
const MAX_LIST_AGE: Duration = HOUR;
/// The age to which a good listing outlives an account that cannot be asked.
const MAX_GOOD_LISTING_AGE: Duration = Duration::from_secs(15 * 60);
/// The shortest pause between two queries, whatever the reason for the second.
const MIN_QUERY_PAUSE: Duration = Duration::from_secs(15);
/// The longest wait after a refusal, of which half is random.
const REFUSAL_WAIT: Duration = HOUR;
/// The longest wait, whatever a service asks for or a damaged file says.
const MAX_WAIT: Duration = DAY;

/// A tunnel as VPNKI's lists may name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TunnelId<'a> {
    /// Its name in the configuration: VPNKI's login, or another name that it knows.
    pub name: &'a str,
    /// Its address in VPNKI's network, by which a list may name it too.
    pub address: Option<&'a str>,
}

/// The state of one account between queries, on tmpfs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountState {
    /// Stands for the service and the key that it was asked with.
    pub fingerprint: String,
    /// Stands for the options that only say how it is asked; empty in what a version
    /// left that did not know it.
    pub access: String,
    /// Stands for the CA file as it is on this router; 0, if it is not known.
    pub ca_file_stamp: u64,
    /// The beginning of the last query; none while there are tunnels that it did not
    /// look for.
    pub last_query: Option<Boot>,
    /// The pause after the last query, in 2^32ths of the interval; 0 is all of it.
    pub pause: u32,
    /// Set before a query, cleared after it: where it is set at the next one, the
    /// process was killed in between.
    pub is_unfinished: bool,
    /// The state of `active`.
    pub active: CallState,
    /// The state of `tunnels`.
    pub tunnels: CallState,
    /// No query before this moment: the service asked for it, or refused.
    pub retry_after_until: Boot,
    /// The listings, one for each tunnel that is watched.
    pub listings: Vec<Listing>,
}

/// The state of one of the two calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallState {
    /// The moment of the last call that was answered.
    pub last_answered: Option<Boot>,
    /// The error of the last call, if it was not answered.
    pub last_error: Option<CallError>,
    /// Calls in a row that were not answered.
    pub failures: u32,
    /// The end of the backoff: no call of our own accord before this moment.
    pub not_before: Boot,
}

/// The error of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallError {
    /// The reason, with the host.
    pub why: Reason,
    /// The moment since which no call was answered.
    pub since: Boot,
    /// The moment of the last call.
    pub at: Boot,
}

/// Where VPNKI lists one tunnel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The tunnel's name, as it was looked for.
    pub name: String,
    /// Its address, if it was looked for by that too.
    pub address: Option<String>,
    /// The moment at which `active` was asked.
    pub at: Boot,
    /// It was in `active`.
    pub is_active: bool,
    /// The tunnel that its name stood for, whenever `tunnels` was last answered.
    pub resolution: Option<Resolution>,
}

persist!(AccountState {
    fingerprint,
    access,
    ca_file_stamp,
    last_query = "looked",
    pause,
    is_unfinished,
    active,
    tunnels,
    retry_after_until = "asked_until",
    listings = "findings",
});
persist!(CallState {
    last_answered = "answered",
    last_error = "trouble",
    failures,
    not_before,
});
persist!(CallError { why, since, at });
persist!(Listing {
    name,
    address,
    at,
    is_active,
    resolution,
});

/// The answers to a query, for each tunnel that was looked for.
#[derive(Debug)]
pub struct QueryAnswers {
    /// Whether `active` lists it.
    pub active: Result<Vec<bool>, Box<Failure>>,
    /// Which one it is by `tunnels`, if that was asked.
    pub tunnels: Option<Result<Vec<Resolution>, Box<Failure>>>,
}

impl<'a> TunnelId<'a> {
    /// The tunnels of an account that are watched.
    pub fn of_account(config: &'a Config, account: &str) -> Vec<TunnelId<'a>> {
        let tunnels = config.ready_tunnels().map(|(_, tunnel)| tunnel);
        tunnels
            .filter(|tunnel| tunnel.vpnki.as_deref() == Some(account))
            .map(TunnelId::from)
            .collect()
    }
}

impl<'a> From<&'a Tunnel> for TunnelId<'a> {
    fn from(tunnel: &'a Tunnel) -> TunnelId<'a> {
        TunnelId {
            name: &tunnel.name,
            address: tunnel.address.as_deref(),
        }
    }
}

impl AccountState {
    /// The state for another configuration: another service or key begins anew, a
    /// tunnel that is no longer watched is forgotten, and a new one is a reason to
    /// ask.
    #[must_use]
    pub fn for_config(self, fingerprint: &str, tunnels: &[TunnelId<'_>]) -> AccountState {
        let mut state = match self.fingerprint == fingerprint {
            true => self,
            false => AccountState {
                fingerprint: fingerprint.to_owned(),
                ..AccountState::default()
            },
        };
        let is_watched = |listing: &Listing| tunnels.iter().any(|tunnel| listing.is_of(tunnel));
        state.listings.retain(is_watched);
        let is_new = |tunnel: &TunnelId<'_>| state.listing(tunnel).is_none();
        if !state.is_failing() && tunnels.iter().any(is_new) {
            state.last_query = None;
        }
        state
    }

    /// The state where the account is asked as `access` and `ca_file_stamp` say. What was
    /// put right is tried at once: it ends the waits of our own, and forgets nothing that
    /// was answered. A state that does not say how it was asked takes over what is said.
    #[must_use]
    pub fn for_access(mut self, access: &str, ca_file_stamp: u64) -> AccountState {
        let is_other = (!self.access.is_empty() && self.access != access)
            || (self.ca_file_stamp != 0 && self.ca_file_stamp != ca_file_stamp);
        if is_other {
            // A refusal's wait is in both; the service's own wish is no wait of ours.
            if self.retry_after_until <= self.active.not_before {
                self.retry_after_until = Boot::START;
            }
            for call in [&mut self.active, &mut self.tunnels] {
                call.not_before = Boot::START;
                call.failures = call.failures.min(1);
            }
        }
        access.clone_into(&mut self.access);
        self.ca_file_stamp = ca_file_stamp;
        self
    }

    /// The state with nothing from the future, so that a damaged file cannot hold for
    /// years.
    #[must_use]
    pub fn clamp_future_times(mut self, now: Boot) -> AccountState {
        let now = now.whole_secs();
        let latest = now + MAX_WAIT + backoff::MAX_SPREAD;
        self.retry_after_until = self.retry_after_until.min(latest);
        let clamp = |at: &mut Option<Boot>| *at = at.map(|at| at.min(now));
        clamp(&mut self.last_query);
        for call in [&mut self.active, &mut self.tunnels] {
            clamp(&mut call.last_answered);
            call.not_before = call.not_before.min(latest);
            if let Some(error) = &mut call.last_error {
                error.at = error.at.min(now);
                error.since = error.since.min(now);
            }
        }
        for listing in &mut self.listings {
            listing.at = listing.at.min(now);
        }
        self
    }

    /// The state to remember before a query, so that one that is killed does not
    /// follow on another at once.
    #[must_use]
    pub fn query_begun(mut self, now: Boot, random: u32) -> AccountState {
        let now = now.whole_secs();
        if self.is_unfinished {
            self.active.fail(now, reason!(VpnkiInterrupted));
        }
        // Routers that booted together do not go on asking together.
        self.pause = match self.last_query {
            None => refresh::first_part(random),
            Some(_) => refresh::later_part(random),
        };
        self.last_query = Some(now);
        self.is_unfinished = true;
        let failures = self.active.failures.saturating_add(1);
        self.active.not_before = now + backoff::delay(failures, random);
        self
    }

    /// The state where the account could not even be asked.
    #[must_use]
    pub fn query_impossible(mut self, why: Reason, now: Boot, random: u32) -> AccountState {
        let now = now.whole_secs();
        self.active.fail(now, why);
        self.active.not_before = now + backoff::delay(self.active.failures, random);
        self
    }

    /// Which tunnels the names stand for, as far as that is remembered.
    pub fn resolutions(&self, tunnels: &[TunnelId<'_>]) -> Vec<Resolution> {
        let known = |tunnel| self.listing(tunnel)?.resolution.clone();
        tunnels
            .iter()
            .map(|tunnel| known(tunnel).unwrap_or_default())
            .collect()
    }

    /// Whether `tunnels` is to be asked, too: when it was not for an hour, or there is a
    /// name that it was never asked for.
    pub fn needs_tunnel_list(&self, tunnels: &[TunnelId<'_>], now: Boot) -> bool {
        let is_old = |at: Boot| now.since(at) >= MAX_LIST_AGE;
        let is_new = |tunnel: &TunnelId<'_>| {
            let listing = self.listing(tunnel);
            listing.is_none_or(|listing| listing.resolution.is_none())
        };
        let is_open = self.tunnels.last_answered.is_none_or(is_old) || tunnels.iter().any(is_new);
        is_open && now >= self.tunnels.not_before
    }

    /// The state after a query of the account at `host`, which [`query_begun`] at
    /// `start`. Failures show no key any more.
    ///
    /// [`query_begun`]: AccountState::query_begun
    #[must_use]
    pub fn query_ended(
        mut self,
        tunnels: &[TunnelId<'_>],
        answers: QueryAnswers,
        host: &str,
        start: Boot,
        now: Boot,
        random: u32,
    ) -> AccountState {
        let (start, now) = (start.whole_secs(), now.whole_secs());
        self.is_unfinished = false;
        let resolutions = match answers.tunnels {
            None => None,
            Some(Ok(resolutions)) => {
                self.tunnels = CallState::answered(start);
                Some(resolutions)
            }
            Some(Err(failure)) => {
                self.wait_as_asked(&failure, now, random);
                self.tunnels.back_off(&failure, host, start, now, random);
                None
            }
        };
        match answers.active {
            Ok(active) => {
                self.active = CallState::answered(start);
                self.listings = self.new_listings(tunnels, &active, resolutions.as_deref(), start);
            }
            Err(failure) => {
                self.wait_as_asked(&failure, now, random);
                self.active.back_off(&failure, host, start, now, random);
                if failure.is_permanent() {
                    self.retry_after_until = self.retry_after_until.max(self.active.not_before);
                }
            }
        }
        self
    }

    /// Whether the last query failed, or was killed.
    fn is_failing(&self) -> bool {
        self.is_unfinished || self.active.failures > 0
    }

    fn wait_as_asked(&mut self, failure: &Failure, now: Boot, random: u32) {
        if let Some(wait) = failure.retry_after() {
            let asked = now + backoff::asked(wait, random);
            self.retry_after_until = self.retry_after_until.max(asked);
        }
    }

    fn new_listings(
        &self,
        tunnels: &[TunnelId<'_>],
        active: &[bool],
        resolutions: Option<&[Resolution]>,
        at: Boot,
    ) -> Vec<Listing> {
        let one = |(n, tunnel): (usize, &TunnelId<'_>)| Listing {
            name: tunnel.name.to_owned(),
            address: tunnel.address.map(str::to_owned),
            at,
            is_active: active.get(n) == Some(&true),
            resolution: match resolutions {
                Some(resolutions) => resolutions.get(n).cloned(),
                None => self.listing(tunnel).and_then(|old| old.resolution.clone()),
            },
        };
        tunnels.iter().enumerate().map(one).collect()
    }

    /// The listing of a tunnel.
    fn listing(&self, tunnel: &TunnelId<'_>) -> Option<&Listing> {
        self.listings.iter().find(|listing| listing.is_of(tunnel))
    }

    /// The error because of which the account cannot be asked now, or not for all.
    pub fn last_error(&self) -> Option<&CallError> {
        let calls = [&self.active, &self.tunnels];
        calls.into_iter().find_map(|call| call.last_error.as_ref())
    }

    /// The moment at which the account is to be asked, if nothing happens before.
    /// `interval` is the account's own.
    pub fn next_due(&self, interval: Duration) -> Boot {
        let next = match self.last_query {
            _ if self.is_failing() => self.active.not_before,
            Some(at) => at + refresh::period(interval, self.pause),
            // A tunnel that is new waits for no interval.
            None => Boot::START,
        };
        next.max(self.earliest_query())
    }

    /// The moment from which on it may be asked, whatever happens: for a WAN that came
    /// up, or a tunnel that is about to be restarted. That ends a wait of our own, but
    /// none that the service asked for, and nothing makes queries follow on each
    /// other at once.
    pub fn earliest_query(&self) -> Boot {
        let rested = self.last_query.map(|at| at + MIN_QUERY_PAUSE);
        rested.unwrap_or(Boot::START).max(self.retry_after_until)
    }

    /// VPNKI's word on a tunnel at `now`; `None` if it was not asked yet.
    ///
    /// While the account cannot be asked, a tunnel that was active stays so for 15
    /// minutes, with the age of that listing. One that was not is no longer known to
    /// be inactive: it may have come back, and a service that went away must not be
    /// why a tunnel is taken for dead.
    pub fn service_evidence(
        &self,
        tunnel: &TunnelId<'_>,
        now: Boot,
    ) -> Option<Finding<ServiceStatus>> {
        let unavailable = |error: &CallError| Finding {
            value: ServiceStatus::Unavailable(error.why.clone()),
            at: error.at,
        };
        let (listing, error) = match (self.listing(tunnel), &self.active.last_error) {
            (Some(listing), None) => return Some(self.finding(listing)),
            (None, error) => return error.as_ref().map(unavailable),
            (Some(listing), Some(error)) => (listing, error),
        };
        let finding = self.finding(listing);
        let is_harmless = !matches!(
            finding.value,
            ServiceStatus::Inactive | ServiceStatus::Unavailable(_)
        );
        let is_recent = now.since(listing.at) < MAX_GOOD_LISTING_AGE;
        Some(match is_recent && is_harmless {
            true => finding,
            false => unavailable(error),
        })
    }

    fn finding(&self, listing: &Listing) -> Finding<ServiceStatus> {
        let value = match (listing.is_active, &listing.resolution) {
            // Which of them is active would not say whether this one is.
            (_, Some(Resolution::Ambiguous(logins))) => {
                ServiceStatus::Ambiguous(logins.join(" or "))
            }
            (true, _) => ServiceStatus::Active,
            (false, Some(Resolution::Tunnel(_))) => ServiceStatus::Inactive,
            (false, Some(Resolution::Unlisted)) => ServiceStatus::Unlisted,
            // Whether it exists is not known: its name may be wrong.
            (false, None) => ServiceStatus::Unavailable(match &self.tunnels.last_error {
                Some(error) => reason!(TunnelExistenceUnknown, cause = &error.why),
                None => reason!(TunnelExistenceNotAsked),
            }),
        };
        Finding {
            value,
            at: listing.at,
        }
    }
}

impl Listing {
    fn is_of(&self, tunnel: &TunnelId<'_>) -> bool {
        self.name == tunnel.name && self.address.as_deref() == tunnel.address
    }
}

impl CallState {
    fn answered(at: Boot) -> CallState {
        CallState {
            last_answered: Some(at),
            ..CallState::default()
        }
    }

    fn fail(&mut self, at: Boot, why: Reason) {
        self.failures = self.failures.saturating_add(1);
        let since = self.last_error.as_ref().map_or(at, |error| error.since);
        self.last_error = Some(CallError { why, since, at });
    }

    fn back_off(&mut self, failure: &Failure, host: &str, at: Boot, now: Boot, random: u32) {
        self.fail(at, failure.reason_at(host));
        self.not_before = now
            + match failure.is_permanent() {
                true => backoff::half_random(REFUSAL_WAIT, random),
                false if failure.is_of_web_server() => {
                    backoff::web_server_delay(self.failures, random)
                }
                false => backoff::delay(self.failures, random),
            };
    }
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
