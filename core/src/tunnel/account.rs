//! What is remembered of a look at a VPNKI account: what it said of the tunnels
//! that are watched, and when it may be asked again.
//!
//! A look asks `active`, and `tunnels` where that leaves a question. Each has
//! its own backoff: an account whose `tunnels` fails still tells who is active.
//! A failed look takes nothing back that says that a tunnel is well. What says
//! that one is not is acted upon, so it counts only until a look fails.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::evidence::{Seen, Service};
use crate::backoff;
use crate::failure::Failure;
use crate::persist;
use crate::time::spoken;

/// A `tunnels` that is older is asked for again, in seconds.
const LIST_AGE: i64 = 3600;
/// How long a good finding outlives an account that cannot be asked, in seconds.
const GOOD_AGE: i64 = 15 * 60;
/// No two looks are nearer than this, whoever wants them, in seconds.
const FLOOR: i64 = 15;
/// The shortest wait after a refusal, in seconds; the longest is 40 % longer.
const REFUSED: i64 = 30 * 60;

/// A tunnel to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// What VPNKI calls it.
    pub name: &'a str,
    /// Its address in VPNKI's network, by which a list may name it too.
    pub address: Option<&'a str>,
}

/// What is remembered of looks at one account, on tmpfs. Times are in seconds
/// since boot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// Stands for where it was asked and with what key.
    pub fingerprint: String,
    /// When the last look began; none since tunnels that it did not look for
    /// are wanted.
    pub looked: Option<i64>,
    /// Set before a look, cleared after it: whoever finds it set at the next
    /// one was killed in between.
    pub is_unfinished: bool,
    /// What became of `active`.
    pub active: Call,
    /// What became of `tunnels`.
    pub tunnels: Call,
    /// No look before this: the service asked for it, or refused.
    pub asked_until: i64,
    /// What was found, one for each tunnel that is watched.
    pub findings: Vec<Finding>,
}

/// What became of one of the calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// When it was last answered.
    pub answered: Option<i64>,
    /// Why it was not the last time.
    pub trouble: Option<Trouble>,
    /// How often in a row it was not.
    pub failures: u32,
    /// It is not called of our own accord before this.
    pub not_before: i64,
}

/// Why a call was not answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trouble {
    /// In words, with the host.
    pub why: String,
    /// Since when no call was answered.
    pub since: i64,
    /// When the last one was made.
    pub at: i64,
}

/// What was found of one tunnel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finding {
    /// What VPNKI calls it.
    pub name: String,
    /// Its address, if it was looked for by that too.
    pub address: Option<String>,
    /// When `active` was asked.
    pub at: i64,
    /// Whether that listed it.
    pub is_active: bool,
    /// Whether `tunnels` listed it, whenever that was last answered.
    pub is_listed: Option<bool>,
}

persist!(Look {
    fingerprint,
    looked,
    is_unfinished,
    active,
    tunnels,
    asked_until,
    findings,
});
persist!(Call {
    answered,
    trouble,
    failures,
    not_before,
});
persist!(Trouble { why, since, at });
persist!(Finding {
    name,
    address,
    at,
    is_active,
    is_listed,
});

/// The answers of one look. Each list says, for each tunnel that was wanted,
/// whether it is there.
#[derive(Debug)]
pub struct Answers {
    /// `active`
    pub active: Result<Vec<bool>, Failure>,
    /// `tunnels`, if it was asked.
    pub tunnels: Option<Result<Vec<bool>, Failure>>,
}

impl Look {
    /// The same for another configuration: another account or key is another
    /// look, a tunnel that nobody wants is forgotten, and a new one is a reason
    /// to look.
    #[must_use]
    pub fn under(self, fingerprint: &str, wanted: &[Wanted<'_>]) -> Look {
        let mut look = match self.fingerprint == fingerprint {
            true => self,
            false => Look {
                fingerprint: fingerprint.to_owned(),
                ..Look::default()
            },
        };
        let is_wanted = |finding: &Finding| wanted.iter().any(|wanted| finding.is_of(wanted));
        look.findings.retain(is_wanted);
        let is_missing = |wanted: &Wanted<'_>| look.finding(wanted).is_none();
        if !look.is_waiting() && wanted.iter().any(is_missing) {
            look.looked = None;
        }
        look
    }

    /// The same with nothing from the future, so that a damaged file cannot
    /// hold for years.
    #[must_use]
    pub fn dated(mut self, now: i64) -> Look {
        let latest = now.saturating_add(crate::time::SECONDS_OF_DAY);
        self.asked_until = self.asked_until.min(latest);
        let past = |at: &mut Option<i64>| *at = at.map(|at| at.min(now));
        past(&mut self.looked);
        for call in [&mut self.active, &mut self.tunnels] {
            past(&mut call.answered);
            call.not_before = call.not_before.min(latest);
            if let Some(trouble) = &mut call.trouble {
                trouble.at = trouble.at.min(now);
                trouble.since = trouble.since.min(now);
            }
        }
        for finding in &mut self.findings {
            finding.at = finding.at.min(now);
        }
        self
    }

    /// What to remember before a look, so that one that is killed does not
    /// follow on another at once.
    #[must_use]
    pub fn begun(mut self, now: i64, random: u32) -> Look {
        if self.is_unfinished {
            let why = "the process that asked VPNKI ended before the answer came".to_owned();
            self.active.failed(now, why);
        }
        self.looked = Some(now);
        self.is_unfinished = true;
        let failures = self.active.failures.saturating_add(1);
        self.active.not_before = now + crate::time::seconds(backoff::delay(failures, random));
        self
    }

    /// What to remember where the account could not even be asked.
    #[must_use]
    pub fn unasked(mut self, why: String, now: i64, random: u32) -> Look {
        self.active.failed(now, why);
        self.active.not_before =
            now + crate::time::seconds(backoff::delay(self.active.failures, random));
        self
    }

    /// Whether `tunnels` is to be asked, too: when it was not for an hour, or
    /// `active` leaves out a tunnel, which may not exist.
    pub fn needs_tunnels(&self, active: &[bool], now: i64) -> bool {
        let is_old = |at: i64| now.saturating_sub(at) >= LIST_AGE;
        let is_wanted = self.tunnels.answered.is_none_or(is_old) || active.contains(&false);
        is_wanted && now >= self.tunnels.not_before
    }

    /// What to remember after a look at the account at `host` that [`Look::begun`]
    /// at `start`. Failures show no key any more.
    #[must_use]
    pub fn ended(
        mut self,
        wanted: &[Wanted<'_>],
        answers: Answers,
        host: &str,
        start: i64,
        now: i64,
        random: u32,
    ) -> Look {
        self.is_unfinished = false;
        let listed = match answers.tunnels {
            None => None,
            Some(Ok(listed)) => {
                self.tunnels = Call::answered(start);
                Some(listed)
            }
            Some(Err(failure)) => {
                self.wait_for(&failure, now, random);
                self.tunnels.refused(&failure, host, start, now, random);
                None
            }
        };
        match answers.active {
            Ok(active) => {
                self.active = Call::answered(start);
                self.findings = self.found(wanted, &active, listed.as_deref(), start);
            }
            Err(failure) => {
                self.wait_for(&failure, now, random);
                self.active.refused(&failure, host, start, now, random);
                if failure.is_permanent() {
                    self.asked_until = self.asked_until.max(self.active.not_before);
                }
            }
        }
        self
    }

    /// Whether the last look failed, or was killed.
    fn is_waiting(&self) -> bool {
        self.is_unfinished || self.active.failures > 0
    }

    fn wait_for(&mut self, failure: &Failure, now: i64, random: u32) {
        if let Some(wait) = failure.retry_after().map(crate::time::seconds) {
            // Those who were told the same must not come back together.
            let spread = i64::from(random % 5);
            self.asked_until = self
                .asked_until
                .max(now + wait.min(crate::time::SECONDS_OF_DAY) + spread);
        }
    }

    fn found(
        &self,
        wanted: &[Wanted<'_>],
        active: &[bool],
        listed: Option<&[bool]>,
        at: i64,
    ) -> Vec<Finding> {
        let one = |(n, wanted): (usize, &Wanted<'_>)| Finding {
            name: wanted.name.to_owned(),
            address: wanted.address.map(str::to_owned),
            at,
            is_active: active.get(n) == Some(&true),
            is_listed: match listed {
                Some(listed) => listed.get(n).copied(),
                None => self.finding(wanted).and_then(|before| before.is_listed),
            },
        };
        wanted.iter().enumerate().map(one).collect()
    }

    /// What was found of a tunnel.
    pub fn finding(&self, wanted: &Wanted<'_>) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.is_of(wanted))
    }

    /// Why the account cannot be asked now, or cannot be asked for all.
    pub fn trouble(&self) -> Option<&Trouble> {
        let calls = [&self.active, &self.tunnels];
        calls.into_iter().find_map(|call| call.trouble.as_ref())
    }

    /// The same for people, at the time `now`: it stands beside whatever the
    /// tunnel's state is.
    pub fn remark(&self, now: i64) -> Option<String> {
        let age = |trouble: &Trouble| spoken(crate::time::whole(now.saturating_sub(trouble.since)));
        match (&self.active.trouble, &self.tunnels.trouble) {
            (Some(trouble), _) => {
                let (age, why) = (age(trouble), &trouble.why);
                Some(format!("VPNKI has given no answer for {age}: {why}"))
            }
            (None, Some(trouble)) => {
                let (age, why) = (age(trouble), &trouble.why);
                Some(format!("VPNKI has not listed its tunnels for {age}: {why}"))
            }
            (None, None) => None,
        }
    }
}

impl Finding {
    fn is_of(&self, wanted: &Wanted<'_>) -> bool {
        self.name == wanted.name && self.address.as_deref() == wanted.address
    }
}

impl Call {
    fn answered(at: i64) -> Call {
        Call {
            answered: Some(at),
            ..Call::default()
        }
    }

    fn failed(&mut self, at: i64, why: String) {
        self.failures = self.failures.saturating_add(1);
        let since = self.trouble.as_ref().map_or(at, |trouble| trouble.since);
        self.trouble = Some(Trouble { why, since, at });
    }

    fn refused(&mut self, failure: &Failure, host: &str, at: i64, now: i64, random: u32) {
        self.failed(at, failure.at(host));
        self.not_before = now
            + match failure.is_permanent() {
                true => REFUSED + REFUSED * i64::from(random % 41) / 100,
                false => crate::time::seconds(backoff::delay(self.failures, random)),
            };
    }
}

/// In how many seconds the account is to be looked at, if nothing happens
/// before. `interval` is the account's own, in seconds.
pub fn due(look: &Look, interval: i64, now: i64) -> i64 {
    let next = match look.looked {
        _ if look.is_waiting() => look.active.not_before,
        Some(at) => at.saturating_add(interval),
        None => now,
    };
    // `looked` is none for a tunnel that is new: it waits for no interval.
    next.saturating_sub(now).max(soonest(look, now)).max(0)
}

/// In how many seconds it may be looked at, whatever happens: for a WAN that
/// came up, or a tunnel that is about to be restarted. That ends a wait of our
/// own, but none that the service asked for, and nothing makes looks follow on
/// each other at once.
pub fn soonest(look: &Look, now: i64) -> i64 {
    let floor = look.looked.map_or(now, |at| at.saturating_add(FLOOR));
    floor.max(look.asked_until).saturating_sub(now).max(0)
}

/// What a look tells of a tunnel, at the time `now`; `None` if nobody asked
/// for it yet.
///
/// While the account cannot be asked, a tunnel that was active stays so for 15
/// minutes, with the age of that finding. One that was not is no longer known
/// to be inactive: it may have come back, and a service that went away must not
/// be why a tunnel is taken for dead.
pub fn service_evidence(
    look: &Look,
    name: &str,
    address: Option<&str>,
    now: i64,
) -> Option<Seen<Service>> {
    let found = look.finding(&Wanted { name, address });
    let trouble = look.active.trouble.as_ref();
    let silent = |trouble: &Trouble| Seen {
        value: Service::Silent(trouble.why.clone()),
        at: trouble.at,
    };
    let (found, trouble) = match (found, trouble) {
        (Some(found), None) => return Some(said(look, found)),
        (None, trouble) => return trouble.map(silent),
        (Some(found), Some(trouble)) => (found, trouble),
    };
    let is_recent = now.saturating_sub(found.at) < GOOD_AGE;
    let is_harmless = found.is_active || found.is_listed == Some(false);
    Some(match is_recent && is_harmless {
        true => said(look, found),
        false => silent(trouble),
    })
}

fn said(look: &Look, found: &Finding) -> Seen<Service> {
    let value = match (found.is_active, found.is_listed) {
        (true, _) => Service::Active,
        (false, Some(true)) => Service::Inactive,
        (false, Some(false)) => Service::Unlisted,
        // Whether it exists is not known: its name may be wrong.
        (false, None) => Service::Silent(match &look.tunnels.trouble {
            Some(trouble) => format!(
                "it is not active, and whether it exists is not known: {}",
                trouble.why
            ),
            None => "it is not active, and whether it exists was not asked".to_owned(),
        }),
    };
    Seen {
        value,
        at: found.at,
    }
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
