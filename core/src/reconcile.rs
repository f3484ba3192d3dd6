//! The decision: what was observed against what was confirmed.
//!
//! A send goes in three steps, so that a crash at any moment is safe:
//! [`decide`] says `Update`; [`sending`] is what to remember before a byte
//! leaves, as if the send had failed; [`sent`] is what to remember after.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use super::address::{Candidate, Family, PublicAddress, choose};
use super::failure::Failure;
use super::memory::{Confirmed, Memory};
use super::outcome::Outcome;
use super::time::{Civil, DAY, Now};
use super::{backoff, hold};

/// The longest wait after a failure that never left the router, in seconds,
/// and the number of failures in a row that lead to it.
const LONGEST_LOCAL: i64 = 60;
const MOST_LOCAL: u32 = 3;

/// What a section's configuration asks of the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Which kind of address is published.
    pub family: Family,
    /// The age at which a confirmed address is sent again, in seconds.
    pub refresh: i64,
    /// How many sends may reach the service within 24 h.
    pub daily_limit: u32,
    /// Whether sending needs TLS, and therefore a clock that is set.
    pub tls: bool,
}

/// What to do with an observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The service has this address already.
    Unchanged(PublicAddress),
    /// There is nothing that may be sent.
    Abort(String),
    /// The service refused, and it is too early to ask again.
    Held(String),
    /// It is too early to send.
    Throttled(String),
    /// Send it.
    Update(PublicAddress),
}

/// What a source found, or why it found nothing.
pub type Observation = Result<Vec<Candidate>, String>;

/// Decides what to do. `forced` sends an address that is confirmed already, and
/// waits for no backoff; the limits that protect the account stand.
pub fn decide(
    policy: &Policy,
    observation: &Observation,
    memory: &Memory,
    now: Now,
    forced: bool,
) -> Decision {
    let confirmed = memory.confirmed.map(|c| c.address);
    let address = match observation {
        Err(cause) => return Decision::Abort(cause.clone()),
        Ok(candidates) => match choose(candidates, policy.family, confirmed) {
            Err(cause) => return Decision::Abort(cause.to_string()),
            Ok(address) => address,
        },
    };
    if !forced && is_confirmed(memory, address) && !refresh_is_due(policy, memory, now) {
        return Decision::Unchanged(address);
    }
    if policy.tls && !now.clock_is_set() {
        return Decision::Abort(format!(
            "the clock is not set (it says {}), so no certificate can be checked; \
             this waits for NTP",
            Civil::at(now.wall).date()
        ));
    }
    match too_early(policy, memory, address, now, forced) {
        Some(decision) => decision,
        None => Decision::Update(address),
    }
}

fn is_confirmed(memory: &Memory, address: PublicAddress) -> bool {
    !memory.unsure && !is_unanswered(memory, address) && has_confirmed(memory, address)
}

fn has_confirmed(memory: &Memory, address: PublicAddress) -> bool {
    memory.confirmed.is_some_and(|c| c.address == address.get())
}

/// Whether it was sent last, and neither acknowledged nor refused.
fn is_unanswered(memory: &Memory, address: PublicAddress) -> bool {
    let attempted = memory.attempted == Some(address.get());
    attempted && memory.failures > 0 && memory.refusals.is_empty()
}

fn refresh_is_due(policy: &Policy, memory: &Memory, now: Now) -> bool {
    memory
        .confirmed
        .is_some_and(|c| now.boot >= c.boot.saturating_add(policy.refresh))
}

fn too_early(
    policy: &Policy,
    memory: &Memory,
    address: PublicAddress,
    now: Now,
    forced: bool,
) -> Option<Decision> {
    if hold::until(&memory.refusals, now.wall, forced).is_some() {
        return Some(Decision::Held(format!(
            "the service refused before ({}), so nothing is sent; \
             a changed configuration or key ends the hold at once",
            memory.trouble
        )));
    }
    if sends_left(policy, memory, now) == 0 {
        return Some(Decision::Throttled(format!(
            "the daily limit of {} sends is used up",
            policy.daily_limit
        )));
    }
    // Another address is news, and its WAN may be another: a wait of our own
    // ends there, one that the service asked for does not.
    let same_again = memory.attempted == Some(address.get());
    if now.boot < memory.asked_until {
        let why = format!("the service asked to wait ({})", memory.trouble);
        return Some(Decision::Throttled(why));
    }
    if now.boot < memory.not_before && same_again && !forced {
        let why = format!("waiting after a failure ({})", memory.trouble);
        return Some(Decision::Throttled(why));
    }
    None
}

/// How many sends may still reach the service in this 24 h.
pub fn sends_left(policy: &Policy, memory: &Memory, now: Now) -> u32 {
    let used = recent_sends(memory, now).count() as u32;
    policy.daily_limit.saturating_sub(used)
}

fn recent_sends(memory: &Memory, now: Now) -> impl Iterator<Item = i64> + '_ {
    let sends = memory.sends.iter().copied();
    sends.filter(move |at| now.boot.saturating_sub(*at) < DAY)
}

/// The address to show for an observation: what would be published, or else
/// the first of the family, whatever it is.
pub fn shown(
    observation: &Observation,
    family: Family,
    confirmed: Option<IpAddr>,
) -> Option<IpAddr> {
    let candidates = observation.as_ref().ok()?;
    match choose(candidates, family, confirmed) {
        Ok(address) => Some(address.get()),
        Err(super::address::Unpublishable::None(_)) => None,
        Err(
            super::address::Unpublishable::NotPublic(address, _)
            | super::address::Unpublishable::Deprecated(address)
            | super::address::Unpublishable::Temporary(address),
        ) => Some(address),
    }
}

/// What to remember of a pass that sends nothing.
pub fn kept(before: &Memory, decision: &Decision) -> Memory {
    let (outcome, reason) = match decision {
        Decision::Unchanged(address) => (
            Outcome::Unchanged,
            format!("{address} is what the service confirmed"),
        ),
        Decision::Abort(reason) => (Outcome::Aborted, reason.clone()),
        Decision::Held(reason) => (Outcome::Held, reason.clone()),
        Decision::Throttled(reason) => (Outcome::Throttled, reason.clone()),
        Decision::Update(address) => (Outcome::DryRun, format!("{address} would be sent")),
    };
    Memory {
        outcome: Some(outcome),
        reason,
        ..before.clone()
    }
}

/// What to remember before `address` is sent: that it failed. Whoever kills
/// the process now finds a backoff, not a second send at once.
pub fn sending(before: &Memory, address: PublicAddress, now: Now, random: u32) -> Memory {
    let failures = before.failures.saturating_add(1);
    let trouble = format!("the process ended while {address} was being sent");
    let mut sends: Vec<i64> = recent_sends(before, now).collect();
    sends.push(now.boot);
    Memory {
        attempted: Some(address.get()),
        // A renewal cannot change what the service holds. This goes to flash,
        // which a service that fails now and then must not wear out.
        unsure: before.unsure || !has_confirmed(before, address),
        failures,
        not_before: now.boot + backoff::delay(failures, random),
        asked_until: 0,
        sends,
        outcome: Some(Outcome::Unconfirmed),
        reason: trouble.clone(),
        trouble,
        ..before.clone()
    }
}

/// What to remember after `address` was sent to `service`, its host. `before`
/// is the memory that [`sending`] was given.
pub fn sent(
    before: &Memory,
    address: PublicAddress,
    service: &str,
    result: &Result<(), Failure>,
    now: Now,
    random: u32,
) -> Memory {
    let pending = sending(before, address, now, random);
    match result {
        Ok(()) => acknowledged(pending, address, now),
        Err(failure) => failed(before, pending, failure, failure.at(service), now),
    }
}

fn acknowledged(pending: Memory, address: PublicAddress, now: Now) -> Memory {
    let first = pending.confirmed.filter(|c| c.address == address.get());
    let reason = match pending.confirmed {
        _ if first.is_some() => format!("{address} is confirmed again"),
        Some(old) => format!("{address} is confirmed; before it was {}", old.address),
        None => format!("{address} is confirmed"),
    };
    Memory {
        confirmed: Some(Confirmed {
            address: address.get(),
            wall: first.map_or(now.wall, |c| c.wall),
            boot: now.boot,
        }),
        unsure: false,
        failures: 0,
        not_before: 0,
        asked_until: 0,
        refusals: Vec::new(),
        trouble: String::new(),
        outcome: Some(Outcome::Confirmed),
        reason,
        ..pending
    }
}

fn failed(
    before: &Memory,
    pending: Memory,
    failure: &Failure,
    trouble: String,
    now: Now,
) -> Memory {
    let mut after = Memory {
        reason: trouble.clone(),
        trouble,
        ..pending
    };
    if !failure.may_have_arrived() {
        after.sends.pop();
        after.unsure = before.unsure;
    }
    if failure.is_local() {
        // Nobody is burdened by the next try, and it is to come soon after the
        // line is back.
        after.failures = after.failures.min(MOST_LOCAL);
        after.not_before = after.not_before.min(now.boot + LONGEST_LOCAL);
    }
    if failure.is_permanent() {
        // A refusal is an answer: what the service holds is what it held.
        after.unsure = before.unsure;
        after.refusals = hold::recent(&before.refusals, now.wall);
        after.refusals.push(now.wall);
        after.not_before = 0;
        after.outcome = Some(Outcome::Refused);
    }
    if let Some(wait) = failure.asks_to_wait() {
        after.asked_until = now.boot + wait.min(DAY);
        if !failure.is_permanent() {
            after.outcome = Some(Outcome::Throttled);
        }
    }
    after
}

/// In how many seconds something is due for this section, if nothing happens
/// before: the next re-check, or what it waits for.
pub fn next_due(policy: &Policy, memory: &Memory, now: Now, next_check: i64) -> i64 {
    let refresh = memory.confirmed.map_or(i64::MAX, |c| {
        c.boot
            .saturating_add(policy.refresh)
            .saturating_sub(now.boot)
    });
    let waits = memory
        .not_before
        .max(memory.asked_until)
        .saturating_sub(now.boot);
    let due = match memory.outcome {
        Some(Outcome::Held | Outcome::Refused) => {
            let until = hold::until(&memory.refusals, now.wall, false);
            until.map_or(0, |until| until - now.wall).max(waits)
        }
        Some(Outcome::Throttled) if sends_left(policy, memory, now) == 0 => {
            let oldest = recent_sends(memory, now).next();
            oldest.map_or(0, |at| at + DAY - now.boot).max(waits)
        }
        Some(Outcome::Throttled | Outcome::Unconfirmed) => waits,
        _ => next_check.min(refresh),
    };
    due.max(0)
}

#[cfg(test)]
#[path = "reconcile_tests.rs"]
mod tests;
