//! The decision for a section: what was observed against what was confirmed.
//!
//! A send goes in three steps, so that a crash at any moment is safe:
//! [`decide`] says `Update`; [`state_before_send`] is what to remember before a
//! byte leaves, as if the send had failed; [`state_after_send`] is what to
//! remember after.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use super::address::{Candidate, Family, PublicAddress, choose_address};
use super::allowance::{Allowance, is_recent};
use super::backoff;
use super::failure::Failure;
use super::holddown;
use super::outcome::Outcome;
use super::reason::address::{AbortReason, Unpublishable};
use super::reason::wait::Wait;
use super::state::{Confirmed, SectionState};
use super::time::{Boot, Now};
use crate::reason;
use crate::reason::Reason;
use crate::reason::hold::HoldReason;
use crate::reason::state::StateReason;

/// The failures in a row that count for the wait after one that never left the router:
/// it is a minute at most.
const MAX_LOCAL_FAILURES: u32 = 3;

/// The options of a section that the decision depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The kind of address that is published.
    pub family: Family,
    /// The age at which a confirmed address is sent again.
    pub refresh: Duration,
    /// The number of sends that may reach the service within 24 h.
    pub daily_limit: u32,
    /// The time after the boot over which many routers spread an address that is not
    /// confirmed yet; each waits a part of it, its own.
    pub spread: Duration,
    /// This router's own number, evenly distributed among routers.
    pub router_number: u32,
    /// True if sending needs TLS, and therefore a clock that is set.
    pub tls: bool,
}

/// The decision on an observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The service has this address already.
    Unchanged(PublicAddress),
    /// No address may be sent, for this reason.
    Abort(Rc<AbortReason>),
    /// The service refused, and the next send is allowed later, for this reason.
    Held(Reason),
    /// The next send is allowed later, for this reason.
    Throttled(Reason),
    /// This address is to be sent.
    Update(PublicAddress),
}

/// The candidates that a source found, or the reason why there are none.
pub type Observation = Result<Vec<Candidate>, Rc<AbortReason>>;

/// Decides what to do. `forced` sends an address that is confirmed already, and
/// waits for neither a backoff nor the pause after a refusal; the limits that protect the
/// account stand, and so does the service's own wish.
///
/// ```
/// use wansync_core::address::{Candidate, Family};
/// use wansync_core::reconcile::{Decision, Policy, decide, state_after_send};
/// use wansync_core::state::SectionState;
/// use wansync_core::time::{BUILD_DATE, Boot, DAY, Now};
///
/// let policy = Policy {
///     family: Family::Ipv4,
///     refresh: 3 * DAY,
///     daily_limit: 24,
///     spread: DAY * 0,
///     router_number: 0,
///     tls: true,
/// };
/// let observation = Ok(vec![Candidate::from("8.8.4.4".parse::<std::net::IpAddr>().unwrap())]);
/// let now = Now::new(Boot::from_secs(100), BUILD_DATE + DAY);
/// let before = SectionState::default();
/// let Decision::Update(address) = decide(&policy, &observation, &before, now, false) else {
///     panic!("a new address is sent");
/// };
/// let after = state_after_send(&before, address, "www.skydns.ru", Ok(()), now, 0);
/// let decision = decide(&policy, &observation, &after, now, false);
/// assert_eq!(decision, Decision::Unchanged(address));
/// ```
pub fn decide(
    policy: &Policy,
    observation: &Observation,
    state: &SectionState,
    now: Now,
    forced: bool,
) -> Decision {
    let confirmed = state.confirmed.map(|c| c.address);
    let address = match observation {
        Err(cause) => return Decision::Abort(cause.clone()),
        Ok(candidates) => match choose_address(candidates, policy.family, confirmed) {
            Err(cause) => return Decision::Abort(AbortReason::Unpublishable(cause).into()),
            Ok(address) => address,
        },
    };
    if !forced && is_confirmed(state, address) && !refresh_is_due(policy, state, now) {
        return Decision::Unchanged(address);
    }
    if policy.tls && !now.clock_is_set() {
        return Decision::Abort(AbortReason::ClockNotSet(now.wall).into());
    }
    match too_early(policy, state, address, now, forced) {
        Some(decision) => decision,
        None => Decision::Update(address),
    }
}

fn is_confirmed(state: &SectionState, address: PublicAddress) -> bool {
    !state.maybe_stale && !is_unanswered(state, address) && has_confirmed(state, address)
}

fn has_confirmed(state: &SectionState, address: PublicAddress) -> bool {
    state.confirmed.is_some_and(|c| c.address == address.get())
}

/// True if `address` was sent last, and neither acknowledged nor refused.
fn is_unanswered(state: &SectionState, address: PublicAddress) -> bool {
    state.last_sent == Some(address.get()) && state.failures > 0
}

fn refresh_is_due(policy: &Policy, state: &SectionState, now: Now) -> bool {
    state
        .confirmed
        .is_some_and(|c| now.boot >= c.refresh_at(policy.refresh))
}

fn too_early(
    policy: &Policy,
    state: &SectionState,
    address: PublicAddress,
    now: Now,
    forced: bool,
) -> Option<Decision> {
    if let Some(hold) = state.refusals.hold(Some(address.get()), now, forced) {
        let reason = HoldReason {
            rule: hold.rule,
            address,
            refusal: state.refusal.clone(),
        };
        return Some(Decision::Held(Reason::from(&reason)));
    }
    let allowance = allowance(policy, state, now);
    if allowance.left() == 0 || (allowance.next() > now.boot && !forced) {
        let wait = Wait::DailyLimit {
            limit: policy.daily_limit,
            pause: (allowance.left() > 0).then(|| allowance.pause()),
        };
        return Some(Decision::Throttled(Reason::from(&wait)));
    }
    // Another address is news, and its WAN may be another: a wait of our own
    // ends there, one that the service asked for does not.
    let same_again = state.last_sent == Some(address.get());
    if now.boot < state.retry_after_until {
        let wait = Wait::Asked(state.last_error.clone());
        return Some(Decision::Throttled(Reason::from(&wait)));
    }
    if now.boot < state.not_before && same_again && !forced {
        let wait = Wait::Backoff(state.last_error.clone());
        return Some(Decision::Throttled(Reason::from(&wait)));
    }
    if spread_end(policy, state, address.get()) > now.boot && !forced {
        let wait = Wait::Spread {
            spread: policy.spread,
        };
        return Some(Decision::Throttled(Reason::from(&wait)));
    }
    if hold_down_end(state, address.get()).is_some_and(|end| now.boot < end) && !forced {
        let wait = Wait::HoldDown {
            address: address.get(),
        };
        return Some(Decision::Throttled(Reason::from(&wait)));
    }
    None
}

/// The moment from which a change to this address is sent: in the past, unless the WAN
/// flaps. `None` for what is no change, the address that was sent last.
pub fn hold_down_end(state: &SectionState, address: IpAddr) -> Option<Boot> {
    let is_change = state.last_sent != Some(address);
    is_change.then(|| state.hold_down.allowed_from(holddown::SENDS))
}

/// The state with what a source says now, if that waits because the WAN flaps and no
/// pass has remembered it yet.
#[must_use]
pub fn with_hold_down(state: SectionState, observed: Option<IpAddr>, now: Boot) -> SectionState {
    let confirmed = state.confirmed.map(|c| c.address);
    let is_settled = state
        .outcome
        .is_some_and(|outcome| outcome.state() == Outcome::Confirmed.state());
    let waits = |address: &IpAddr| {
        PublicAddress::new(*address).is_ok()
            && confirmed != Some(*address)
            && hold_down_end(&state, *address).is_some_and(|end| now < end)
    };
    match observed.filter(waits) {
        Some(address) if is_settled => {
            let decision = Decision::Throttled(Reason::from(&Wait::HoldDown { address }));
            let mut state = state_without_send(&state, &decision);
            state.observed = observed;
            state
        }
        _ => state,
    }
}

/// The moment from which this router sends an address that is not confirmed yet.
fn spread_end(policy: &Policy, state: &SectionState, address: IpAddr) -> Boot {
    match state.confirmed {
        Some(confirmed) if confirmed.address == address => Boot::START,
        _ => Boot::START + backoff::part(policy.spread, policy.router_number),
    }
}

/// The number of sends that may still reach the service in this 24 h.
pub fn sends_left(policy: &Policy, state: &SectionState, now: Now) -> u32 {
    allowance(policy, state, now).left()
}

fn allowance<'a>(policy: &Policy, state: &'a SectionState, now: Now) -> Allowance<'a> {
    Allowance::new(policy.daily_limit, &state.sends, now.boot)
}

/// The address to show for an observation: what would be published, or else
/// the first of the family, whatever it is.
pub fn address_to_show(
    observation: &Observation,
    family: Family,
    confirmed: Option<IpAddr>,
) -> Option<IpAddr> {
    let candidates = observation.as_ref().ok()?;
    match choose_address(candidates, family, confirmed) {
        Ok(address) => Some(address.get()),
        Err(Unpublishable::None(_)) => None,
        Err(
            Unpublishable::NotPublic(address, _)
            | Unpublishable::Deprecated(address)
            | Unpublishable::Temporary(address)
            | Unpublishable::Shared(address, _),
        ) => Some(address),
    }
}

/// The state with what a source says now as its observed address.
pub fn state_after_observation(
    before: &SectionState,
    observation: &Observation,
    family: Family,
) -> SectionState {
    let confirmed = before.confirmed.map(|c| c.address);
    let mut after = before.clone();
    after.observed = address_to_show(observation, family, confirmed);
    after
}

/// The state to remember of a pass that sends nothing.
pub fn state_without_send(before: &SectionState, decision: &Decision) -> SectionState {
    let (outcome, reason) = outcome_without_send(decision);
    let mut after = before.clone();
    after.outcome = Some(outcome);
    after.reason = reason;
    after
}

/// The outcome of a pass that sends nothing, and the reason.
pub(crate) fn outcome_without_send(decision: &Decision) -> (Outcome, Reason) {
    match decision {
        Decision::Unchanged(address) => (
            Outcome::Unchanged,
            reason!(SendUnchanged, address = *address),
        ),
        Decision::Abort(reason) => (Outcome::Aborted, Reason::from(&**reason)),
        Decision::Held(reason) => (Outcome::Held, reason.clone()),
        Decision::Throttled(reason) => (Outcome::Throttled, reason.clone()),
        Decision::Update(address) => (Outcome::DryRun, reason!(SendDryRun, address = *address)),
    }
}

/// The state to remember before `address` is sent: that it failed. If the process is
/// killed now, a backoff follows, not a second send at once.
pub fn state_before_send(
    before: &SectionState,
    address: PublicAddress,
    now: Now,
    random: u32,
) -> SectionState {
    let mut pending = before.clone();
    pending.serial = before.serial.saturating_add(1);
    pending.last_sent = Some(address.get());
    pending.last_sent_at = Some(now.boot);
    // A renewal cannot change what the service holds. This goes to flash,
    // which a service that fails now and then must not wear out.
    pending.maybe_stale |= !has_confirmed(before, address);
    pending.failures = before.failures.saturating_add(1);
    pending.not_before = now.boot + backoff::delay(pending.failures, random);
    pending.retry_after_until = Boot::START;
    pending.sends.retain(|at| is_recent(*at, now.boot));
    pending.sends.push(now.boot);
    if before.last_sent != pending.last_sent {
        pending.hold_down.note(now.boot, holddown::SENDS);
    }
    pending.outcome = Some(Outcome::Unconfirmed);
    pending.last_error = Reason::from(&StateReason::Interrupted(address.get()));
    pending.reason.clone_from(&pending.last_error);
    pending
}

/// The state to remember after `address` was sent to `service`, its host. `before`
/// is the state that [`state_before_send`] was given.
pub fn state_after_send(
    before: &SectionState,
    address: PublicAddress,
    service: &str,
    result: Result<(), &Failure>,
    now: Now,
    random: u32,
) -> SectionState {
    let mut pending = state_before_send(before, address, now, random);
    // Newer than what was remembered before the send.
    pending.serial = pending.serial.saturating_add(1);
    if result.is_err_and(Failure::is_of_web_server) {
        pending.not_before = now.boot + backoff::web_server_delay(pending.failures, random);
    }
    match result {
        Ok(()) => state_after_acknowledgement(pending, address, now, random),
        Err(failure) => {
            let reason = failure.reason_at(service);
            state_after_failure(before, pending, address, (failure, reason), now, random)
        }
    }
}

fn state_after_acknowledgement(
    mut pending: SectionState,
    address: PublicAddress,
    now: Now,
    random: u32,
) -> SectionState {
    let before = pending.confirmed;
    let reason = match before {
        Some(old) if old.address == address.get() => {
            reason!(SendConfirmedAgain, address = address)
        }
        Some(old) => reason!(SendConfirmedAfter, address = address, before = old.address),
        None => reason!(SendConfirmed, address = address),
    };
    pending.confirmed = Some(Confirmed::acknowledged(address.get(), before, now, random));
    pending.maybe_stale = false;
    pending.failures = 0;
    pending.not_before = Boot::START;
    pending.retry_after_until = Boot::START;
    pending.refusals = pending.refusals.settled(address.get());
    pending.last_error = Reason::default();
    pending.outcome = Some(Outcome::Confirmed);
    pending.reason = reason;
    pending
}

fn state_after_failure(
    before: &SectionState,
    mut after: SectionState,
    address: PublicAddress,
    (failure, last_error): (&Failure, Reason),
    now: Now,
    random: u32,
) -> SectionState {
    after.reason.clone_from(&last_error);
    after.last_error = last_error;
    if !failure.may_have_arrived() {
        after.maybe_stale = before.maybe_stale;
    }
    if !failure.may_have_arrived() || failure.is_turned_away() {
        after.sends.pop();
    }
    if failure.is_local() {
        // The next try burdens no service, and it is to come soon after the
        // line is back.
        after.failures = after.failures.min(MAX_LOCAL_FAILURES);
        after.not_before = now.boot + backoff::delay(after.failures, random);
    }
    if failure.is_permanent() {
        // A refusal is an answer: what the service holds is what it held.
        after.maybe_stale = before.maybe_stale;
        after.refusals = after.refusals.with(address.get(), now);
        after.refusal.clone_from(&after.last_error);
        after.failures = 0;
        after.not_before = Boot::START;
        after.outcome = Some(Outcome::Refused);
    }
    if let Some(wait) = failure.retry_after() {
        after.retry_after_until = now.boot + backoff::asked(wait, random);
        if !failure.is_permanent() {
            after.outcome = Some(Outcome::Throttled);
        }
    }
    after
}

/// The time until something is due for this section, if nothing happens before:
/// the next re-check, or what it waits for.
pub fn next_due(policy: &Policy, state: &SectionState, now: Now, next_check: Duration) -> Duration {
    // A backoff is that of the address that was sent last, a hold-down of any other.
    let held_down = state.observed.and_then(|it| hold_down_end(state, it));
    let spread = state.observed.map(|it| spread_end(policy, state, it));
    let allowed = allowance(policy, state, now).next();
    let waits = held_down
        .unwrap_or(state.not_before)
        .max(state.retry_after_until)
        .max(spread.unwrap_or_default())
        .max(allowed)
        .since(now.boot);
    match state.outcome {
        Some(Outcome::Held | Outcome::Refused) => {
            let address = state.observed.or(state.last_sent);
            let hold = state.refusals.hold(address, now, false);
            hold.map_or(Duration::ZERO, |hold| hold.left).max(waits)
        }
        Some(Outcome::Throttled | Outcome::Unconfirmed) => waits,
        _ => {
            let refresh = state.confirmed.map_or(Duration::MAX, |c| {
                c.refresh_at(policy.refresh).max(allowed).since(now.boot)
            });
            next_check.min(refresh)
        }
    }
}

#[cfg(test)]
#[path = "reconcile_tests.rs"]
mod tests;
