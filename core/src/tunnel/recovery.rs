//! Recovery of a tunnel: a ladder of actions, within a budget.
//!
//! To be wrong about a tunnel and take it down does more harm than to wait: so
//! nothing is done unless it was found down `down_after` times in a row and once
//! more by a fresh round, the WAN has settled, and the budget of the hour allows it.
//! One round without a verdict starts the count again.

use alloc::vec::Vec;
use core::time::Duration;

use super::health::Health;
use super::verdict::{Cause, Verdict};
use crate::persist;
use crate::reason;
use crate::reason::{Code, Reason};
use crate::time::{Boot, HOUR};

/// The time over which attempts are counted.
pub(crate) const BUDGET_WINDOW: Duration = HOUR;
/// The pause after the first attempt: a tunnel takes so long to come up. It doubles
/// with each attempt that did not help.
const MIN_RETRY_PAUSE: Duration = Duration::from_secs(60);
/// The longest pause between two attempts.
const MAX_RETRY_PAUSE: Duration = Duration::from_secs(30 * 60);
/// The number of times that a route may be restored in an hour; after that it is the
/// tunnel that is wrong.
const ROUTE_FIX_LIMIT: usize = 3;
/// A tunnel that was up for so long is stable: the next outage is another one.
const STABLE_UP_TIME: Duration = Duration::from_secs(5 * 60);
/// The WAN must have been up for so long: what broke with it may come back with it.
const WAN_SETTLE_TIME: Duration = Duration::from_secs(30);
/// So long after the WAN came up a pending address delays nothing.
const MAX_ADDRESS_WAIT: Duration = Duration::from_secs(2 * 60);
/// The shortest pause between two requests for a fresh round.
const RECHECK_PAUSE: Duration = Duration::from_secs(30);
/// The pause between two rounds while something is wrong.
const SUSPECT_INTERVAL: Duration = Duration::from_secs(5);
/// The time that a service has to bring back a device by itself: procd starts it again 5 s
/// after its end, and it connects then.
const SERVICE_START_TIME: Duration = Duration::from_secs(45);
/// The time after an attempt in which its effect is watched for.
const EFFECT_WINDOW: Duration = Duration::from_secs(60);

/// `option on_down`: the action about a tunnel that is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDown {
    /// None: it is watched.
    Nothing,
    /// netifd takes the network down and up, or procd restarts the service; `option
    /// command` follows when that did not help.
    Restart,
    /// `option command` is run.
    Command,
    /// None: to restart the network would not bring back what makes its device, and
    /// would take its routes.
    RestartInVain,
}

impl OnDown {
    /// The value in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            OnDown::Nothing => "none",
            OnDown::Restart | OnDown::RestartInVain => "restart",
            OnDown::Command => "command",
        }
    }
}

/// The options of a tunnel that its recovery depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryPolicy {
    /// The action about a tunnel that is down.
    pub on_down: OnDown,
    /// There is an `option command`.
    pub has_command: bool,
    /// A restart is that of a service by procd, in one call.
    pub restarts_service: bool,
    /// A missing route is restored.
    pub fix_route: bool,
    /// The number of rounds in a row that must find it down.
    pub down_after: u32,
    /// The number of attempts that may be made in an hour.
    pub restart_limit: u32,
    /// The pause between two rounds over a tunnel that is fine.
    pub interval: Duration,
}

/// The conclusions of earlier rounds, and the attempts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// The health that people see: it changes only after as many verdicts in a row
    /// as the policy asks for.
    pub health: Health,
    /// The moment of its last change.
    pub since: Boot,
    /// The reason for it, and what is done about it.
    pub reason: Reason,
    /// The health in the last verdict.
    pub last_verdict: Health,
    /// The number of verdicts in a row that were this one.
    pub consecutive: u32,
    /// The moments of the attempts within the last hour, oldest first.
    pub attempts: Vec<Boot>,
    /// The moment at which the command was last run as the last resort after restarts.
    pub last_resort_at: Option<Boot>,
    /// The moments at which the route was restored within the last hour, oldest first.
    pub route_fixes: Vec<Boot>,
    /// Since the last attempt, a fresh round found it down again.
    pub is_rechecked: bool,
    /// The moment at which such a round was last requested.
    pub recheck_requested_at: Option<Boot>,
    /// In this outage the attempts of an hour were used up in vain.
    pub given_up: bool,
    /// Attempts in a row that did not help.
    pub failed_attempts: u32,
    /// The end of the pause: no attempt before this moment.
    pub not_before: Boot,
    /// Set with [`Action::Restart`], before the network is taken down;
    /// cleared by the caller once netifd was asked to take it up: a process that
    /// finds it set follows one that was killed in between, and must call `up`.
    pub restarting: bool,
}

persist!(Recovery {
    health = "state",
    since,
    reason,
    last_verdict = "seen",
    consecutive = "row",
    attempts,
    last_resort_at = "resort",
    route_fixes = "fixes",
    is_rechecked = "looked",
    recheck_requested_at = "looked_at",
    given_up,
    failed_attempts = "streak",
    not_before,
    restarting,
});

/// The state of the WAN, as far as it matters for what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WanContext {
    /// The moment since which the WAN has been up, if it is.
    pub(super) up_since: Option<Boot>,
    /// A changed WAN address is still on its way to SkyDNS.
    pub(super) address_is_pending: bool,
}

/// The next action about a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    Wait,
    /// Gather fresh evidence at once, VPNKI's included, before anything is done. The
    /// next step is that of this round.
    Recheck,
    /// Restore the route.
    FixRoute,
    /// Take the network down and up, or restart the service.
    Restart,
    /// Run the command.
    Command,
}

/// One step of the ladder at `now`, in whole seconds. `random` spreads the pauses. The
/// recovery after it is to be remembered before the action is taken, as if that had
/// not helped.
pub(super) fn step(
    policy: &RecoveryPolicy,
    before: &Recovery,
    verdict: &Verdict,
    wan: &WanContext,
    now: Boot,
    random: u32,
) -> (Recovery, Action) {
    let mut after = before.clone();
    after.forget_old(now);
    after.take(policy, verdict, now);
    let is_certain = verdict.health == Health::Down && after.consecutive >= policy.down_after;
    let (action, remark) = if is_certain {
        act(policy, &mut after, verdict, wan, now, random)
    } else {
        after.is_rechecked &= verdict.health == Health::Down;
        (Action::Wait, after.doubt(policy))
    };
    let reason = verdict.reason.clone();
    after.reason = match remark.is_empty() {
        true => reason,
        false => reason!(TunnelRemark, cause = reason, remark = remark),
    };
    (after, action)
}

/// The attempt to bring a tunnel back that a person orders at `now`, whatever its state and
/// the pause after the last attempt: the budget of the hour, the WAN and `on_down` count.
/// Gives the recovery after it, as [`step`] does, and what is done.
///
/// # Errors
/// Why nothing is done.
pub(super) fn order(
    policy: &RecoveryPolicy,
    before: &Recovery,
    wan: &WanContext,
    now: Boot,
    random: u32,
) -> Result<(Recovery, Action, Reason), Reason> {
    let mut after = before.clone();
    after.forget_old(now);
    let action = match next_attempt(policy, &after, now) {
        None => return Err(policy.nothing()),
        Some(_) if policy.on_down == OnDown::Restart => Action::Restart,
        Some(_) => Action::Command,
    };
    let (limit, made) = (policy.restart_limit, after.attempts.len());
    if made >= limit as usize {
        let free = after.attempts[made - limit as usize] + BUDGET_WINDOW;
        let next = free.since(now);
        return Err(Reason::of(Code::ActLimitReached)
            .with(made)
            .with(limit)
            .with(next));
    }
    if let Some(wait) = wan_wait(wan, now) {
        return Err(wait);
    }
    let done = after.attempt(policy, action, now, random);
    Ok((after, action, done))
}

/// The action for a tunnel that is down for certain, and a remark that says it.
fn act(
    policy: &RecoveryPolicy,
    recovery: &mut Recovery,
    verdict: &Verdict,
    wan: &WanContext,
    now: Boot,
    random: u32,
) -> (Action, Reason) {
    if verdict.cause == Cause::NoRoute
        && policy.fix_route
        && recovery.route_fixes.len() < ROUTE_FIX_LIMIT
    {
        return match wan_wait(wan, now) {
            Some(wait) => (Action::Wait, wait),
            // A route that is there twice does no harm, so it waits for nobody's word.
            None => (
                Action::FixRoute,
                recovery.attempt(policy, Action::FixRoute, now, random),
            ),
        };
    }
    let is_route = verdict.cause == Cause::NoRoute;
    if verdict.carries_traffic && (policy.on_down == OnDown::Restart || !is_route) {
        let remark = match is_route && !policy.fix_route {
            true => reason!(ActNothingTrafficRoute),
            false => reason!(ActNothingTraffic),
        };
        return (Action::Wait, remark);
    }
    let Some((action, at)) = next_attempt(policy, recovery, now) else {
        return (Action::Wait, policy.nothing());
    };
    if at > now {
        return (Action::Wait, recovery.pause(policy, at, now));
    }
    if let Some(wait) = wan_wait(wan, now) {
        return (Action::Wait, wait);
    }
    let started = recovery.since + SERVICE_START_TIME;
    if policy.restarts_service && verdict.cause == Cause::NoDevice && started > now {
        let rest = started.since(now).as_secs() as u32;
        return (Action::Wait, reason!(ActAwaitService, seconds = rest));
    }
    if !recovery.is_rechecked {
        let again = recovery
            .recheck_requested_at
            .map_or(now, |at| at + RECHECK_PAUSE);
        if again > now {
            let rest = again.since(now).as_secs() as u32;
            return (Action::Wait, reason!(ActLookedAgain, seconds = rest));
        }
        recovery.is_rechecked = true;
        recovery.recheck_requested_at = Some(now);
        return (Action::Recheck, reason!(ActLookAgain));
    }
    (action, recovery.attempt(policy, action, now, random))
}

/// The next attempt to bring the tunnel back, and the moment from which on it may be made.
/// None: nothing will be done.
pub(crate) fn next_attempt(
    policy: &RecoveryPolicy,
    recovery: &Recovery,
    now: Boot,
) -> Option<(Action, Boot)> {
    let action = match policy.on_down {
        OnDown::Restart => Action::Restart,
        OnDown::Command if policy.has_command => Action::Command,
        OnDown::Command | OnDown::Nothing | OnDown::RestartInVain => return None,
    };
    let (limit, made) = (policy.restart_limit as usize, recovery.attempts.len());
    if limit == 0 {
        return None;
    }
    // Restarts that are used up, or that did not help so often in a row.
    let in_vain = made >= limit || recovery.failed_attempts >= policy.restart_limit;
    let is_due = recovery
        .last_resort_at
        .is_none_or(|at| now.since(at) >= BUDGET_WINDOW);
    if action == Action::Restart && policy.has_command && in_vain && is_due {
        return Some((Action::Command, recovery.not_before));
    }
    if made < limit {
        return Some((action, recovery.not_before));
    }
    let free = recovery.attempts[made - limit] + BUDGET_WINDOW;
    Some((action, free.max(recovery.not_before)))
}

/// The wait for the WAN, if there is one.
fn wan_wait(wan: &WanContext, now: Boot) -> Option<Reason> {
    let Some(since) = wan.up_since else {
        return Some(reason!(ActAwaitWan));
    };
    let up = now.since(since);
    if up < WAN_SETTLE_TIME {
        let rest = (WAN_SETTLE_TIME - up).as_secs() as u32;
        return Some(reason!(ActAwaitSettledWan, seconds = rest));
    }
    let is_pending = wan.address_is_pending && up < MAX_ADDRESS_WAIT;
    is_pending.then(|| reason!(ActAwaitAddress))
}

/// The pause between a round at `now` and the next one, if nothing happens before. A
/// caller that lets several tunnels share a wake-up may come earlier, not later, or
/// a dead tunnel is noticed too late.
pub(crate) fn round_interval(policy: &RecoveryPolicy, recovery: &Recovery, now: Boot) -> Duration {
    let interval = policy.interval.max(Duration::from_secs(1));
    let last = recovery.attempts.iter().chain(&recovery.route_fixes).max();
    let is_near = |at: Boot| at.since(now).max(now.since(at)) <= EFFECT_WINDOW;
    let is_suspect = recovery.last_verdict != recovery.health;
    let is_acting = recovery.health == Health::Down
        && next_attempt(policy, recovery, now).is_some_and(|(_, at)| at <= now || is_near(at));
    if is_suspect || is_acting || last.is_some_and(|at| is_near(*at)) {
        interval.min(SUSPECT_INTERVAL)
    } else {
        interval
    }
}

/// The old and the new state of a step for `option notify`, if they differ: each
/// `up`, `down`, `unknown` or `given-up`. The reason is that of `after`.
pub(super) fn notified_change(
    before: &Recovery,
    after: &Recovery,
) -> Option<(&'static str, &'static str)> {
    let (old, new) = (before.notified_state(), after.notified_state());
    (old != new).then_some((old, new))
}

impl RecoveryPolicy {
    /// The reason that no attempt is ever made.
    fn nothing(&self) -> Reason {
        match self.on_down {
            OnDown::Nothing => reason!(ActNothingNone),
            OnDown::RestartInVain => reason!(ActNothingInVain),
            OnDown::Command if !self.has_command => reason!(ActNothingNoCommand),
            _ => reason!(ActNothingNoLimit),
        }
    }

    /// The policy where a restart of the network would be in vain: the command, if there
    /// is one, takes its place.
    pub(super) fn without_restart(&self) -> RecoveryPolicy {
        let on_down = match self.on_down {
            OnDown::Restart if self.has_command => OnDown::Command,
            OnDown::Restart => OnDown::RestartInVain,
            other => other,
        };
        RecoveryPolicy {
            on_down,
            ..self.clone()
        }
    }
}

impl Recovery {
    /// The part that counts under any configuration.
    #[must_use]
    pub(super) fn budget_only(self) -> Recovery {
        Recovery {
            attempts: self.attempts,
            last_resort_at: self.last_resort_at,
            route_fixes: self.route_fixes,
            recheck_requested_at: self.recheck_requested_at,
            restarting: self.restarting,
            ..Recovery::default()
        }
    }

    /// The moment at which it was last tried to bring the tunnel back.
    pub(crate) fn last_attempt(&self) -> Option<Boot> {
        self.attempts.last().copied().max(self.last_resort_at)
    }

    /// Brings what is from the future back to `now`.
    pub(super) fn clamp_future_times(&mut self, now: Boot) {
        let clamp = |at: &mut Boot| *at = (*at).min(now);
        for times in [&mut self.attempts, &mut self.route_fixes] {
            times.iter_mut().for_each(clamp);
        }
        for time in [&mut self.last_resort_at, &mut self.recheck_requested_at] {
            time.as_mut().map(clamp);
        }
        clamp(&mut self.since);
        self.not_before = self.not_before.min(now + MAX_RETRY_PAUSE);
    }

    /// Whether the other differs in nothing but ages: not worth a write.
    pub(super) fn is_like(&self, other: &Recovery) -> bool {
        let is_settled = |recovery: &Recovery| recovery.last_verdict == recovery.health;
        let are_settled = is_settled(self) && is_settled(other);
        let bare = |recovery: &Recovery| Recovery {
            reason: Reason::default(),
            consecutive: if are_settled { 0 } else { recovery.consecutive },
            ..recovery.clone()
        };
        bare(self) == bare(other)
    }

    fn forget_old(&mut self, now: Boot) {
        for times in [&mut self.attempts, &mut self.route_fixes] {
            times.retain(|at| now.since(*at) < BUDGET_WINDOW);
        }
    }

    /// Takes the verdict in: how often it came in a row, and what people see of it.
    fn take(&mut self, policy: &RecoveryPolicy, verdict: &Verdict, now: Boot) {
        if self.consecutive == 0 {
            self.since = now;
        }
        if self.last_verdict != verdict.health {
            self.last_verdict = verdict.health;
            self.consecutive = 0;
        }
        self.consecutive = self.consecutive.saturating_add(1);
        // While netifd sets up what was down, that is all it is: still down.
        let still_down = self.health == Health::Down && verdict.cause == Cause::Pending;
        let is_certain = self.consecutive >= policy.down_after && !still_down;
        if self.last_verdict != self.health && (self.last_verdict == Health::Up || is_certain) {
            self.health = self.last_verdict;
            self.since = now;
            self.given_up = false;
        }
        if self.health == Health::Up && now.since(self.since) >= STABLE_UP_TIME {
            self.failed_attempts = 0;
            self.not_before = Boot::START;
        }
    }

    /// Remembers an attempt, and says which.
    fn attempt(
        &mut self,
        policy: &RecoveryPolicy,
        action: Action,
        now: Boot,
        random: u32,
    ) -> Reason {
        self.is_rechecked = false;
        if action == Action::FixRoute {
            self.route_fixes.push(now);
            return reason!(ActFixRoute);
        }
        self.not_before = now + retry_pause(self.failed_attempts, random);
        self.failed_attempts = self.failed_attempts.saturating_add(1);
        if action == Action::Command && policy.on_down == OnDown::Restart {
            self.last_resort_at = Some(now);
            return reason!(ActLastResort);
        }
        self.attempts.push(now);
        self.restarting |= action == Action::Restart && !policy.restarts_service;
        let what = match action {
            Action::Restart if policy.restarts_service => Code::ActRestartService,
            Action::Restart => Code::ActRestartNetwork,
            _ => Code::ActCommand,
        };
        Reason::of(what)
            .with(self.attempts.len())
            .with(policy.restart_limit)
    }

    /// Takes back an attempt that is not made, given the recovery before it and why. The
    /// pause after it stays.
    pub fn take_back(&mut self, before: Recovery, why: Reason) {
        self.attempts = before.attempts;
        self.last_resort_at = before.last_resort_at;
        self.failed_attempts = before.failed_attempts;
        self.restarting = before.restarting;
        self.reason = why;
    }

    /// The remark while nothing may be tried before `at`.
    fn pause(&mut self, policy: &RecoveryPolicy, at: Boot, now: Boot) -> Reason {
        let next = at.since(now);
        let made = self.attempts.len();
        if made < policy.restart_limit as usize || now < self.not_before {
            return reason!(ActPause, next_s = next);
        }
        self.given_up = true;
        let what = match policy.on_down {
            OnDown::Restart => Code::ActGivenUpRestarts,
            _ => Code::ActGivenUpCommands,
        };
        let limit = policy.restart_limit;
        Reason::of(what).with(made).with(limit).with(next)
    }

    /// The remark while a verdict has not come often enough.
    fn doubt(&self, policy: &RecoveryPolicy) -> Reason {
        if self.last_verdict == self.health || self.consecutive >= policy.down_after {
            return Reason::default();
        }
        let seen = match self.last_verdict {
            Health::Up => Code::ActSeenUp,
            Health::Down => Code::ActSeenDown,
            Health::Unknown => Code::ActSeenUnknown,
        };
        Reason::of(seen)
            .with(self.consecutive)
            .with(policy.down_after)
    }

    /// The state that `option notify` and the history know: `up`, `down`, `unknown` or
    /// `given-up`.
    pub fn notified_state(&self) -> &'static str {
        if self.given_up {
            "given-up"
        } else {
            self.health.word()
        }
    }
}

/// The pause after an attempt that follows on so many that did not help, in whole
/// seconds.
fn retry_pause(failed_attempts: u32, random: u32) -> Duration {
    let doubled = MIN_RETRY_PAUSE.as_secs() << failed_attempts.min(5);
    let percent = 80 + u64::from(random % 41);
    Duration::from_secs(doubled * percent / 100).min(MAX_RETRY_PAUSE)
}

#[cfg(test)]
#[path = "recovery_tests.rs"]
mod tests;
