//! What to do about a tunnel: the ladder, within a budget.
//!
//! Whoever is wrong about a tunnel and takes it down does more harm than one who
//! waits: so nothing is done unless it was seen down `down_after` times in a row
//! and once more by a fresh look, the WAN has settled, and the budget of the hour
//! allows it. One look that tells nothing starts the row again.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::State;
use super::verdict::{Cause, Verdict};
use crate::persist;
use crate::time::{spoken, whole};

const HOUR: i64 = 3600;
/// The pause after the first attempt, in seconds: a tunnel takes so long to come
/// up. It doubles with each attempt that did not help.
const FIRST: i64 = 60;
/// The longest pause between two attempts, in seconds.
const LONGEST: i64 = 30 * 60;
/// How often a route may be restored in an hour; after that it is the tunnel
/// that is wrong.
const FIXES: usize = 3;
/// A tunnel that was up for so long, in seconds, is well: the next outage is
/// another one.
const WELL: i64 = 5 * 60;
/// The WAN must have been up for so long, in seconds: what broke with it may
/// come back with it.
const SETTLED: i64 = 30;
/// So long after the WAN came up, in seconds, a pending address delays nothing.
const ADDRESS_WAITS: i64 = 2 * 60;
/// VPNKI is asked for a fresh look no more often than this, in seconds.
const LOOK_PAUSE: i64 = 30;
/// The pause between two looks while something is wrong, in seconds.
const QUICK: i64 = 5;
/// For so long after an attempt, in seconds, its effect is looked for.
const EFFECT: i64 = 60;

/// What is done about a tunnel that is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDown {
    /// Nothing: it is watched.
    Nothing,
    /// netifd takes the network down and up; `option command` follows when that
    /// did not help.
    Restart,
    /// `option command` is run.
    Command,
}

/// What a tunnel's configuration asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What to do.
    pub on_down: OnDown,
    /// Whether there is an `option command`.
    pub has_command: bool,
    /// Whether a missing route is restored.
    pub fix_route: bool,
    /// How many passes in a row must find it down.
    pub down_after: u32,
    /// How many attempts may be made in an hour.
    pub restart_limit: u32,
    /// The pause between two looks at a tunnel that is fine, in seconds.
    pub interval: i64,
}

/// What is remembered of it. Times are in seconds since boot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// The state that people are told: it changes only after as many verdicts
    /// in a row as the policy asks for.
    pub state: State,
    /// Since when.
    pub since: i64,
    /// Why, and what is done about it.
    pub reason: String,
    /// The last verdict.
    pub seen: State,
    /// How many verdicts in a row were this one.
    pub row: u32,
    /// When attempts were made within the last hour, oldest first.
    pub attempts: Vec<i64>,
    /// When the command was last run as the last resort after restarts.
    pub resort: Option<i64>,
    /// When the route was restored within the last hour, oldest first.
    pub fixes: Vec<i64>,
    /// Since the last attempt, a fresh look found it down again.
    pub looked: bool,
    /// When such a look was last asked for.
    pub looked_at: Option<i64>,
    /// In this outage the attempts of an hour were used up in vain.
    pub given_up: bool,
    /// Attempts in a row that did not help.
    pub streak: u32,
    /// No attempt before this.
    pub not_before: i64,
    /// Set by [`step`] with [`Action::Restart`], before the network is taken
    /// down; cleared by the caller once it was told to come up: whoever finds it
    /// set at the start was killed in between, and must call `up`.
    pub restarting: bool,
}

persist!(Recovery {
    state,
    since,
    reason,
    seen,
    row,
    attempts,
    resort,
    fixes,
    looked,
    looked_at,
    given_up,
    streak,
    not_before,
    restarting,
});

/// What else matters for what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surroundings {
    /// Since when the WAN has been up, in seconds since boot.
    pub wan_up_since: Option<i64>,
    /// Whether a changed WAN address is still on its way to the service.
    pub address_is_pending: bool,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    Wait,
    /// Look again at once, VPNKI included, before anything is done. The next
    /// step is that of this look.
    LookAgain,
    /// Restore the route.
    FixRoute,
    /// Take the network down and up.
    Restart,
    /// Run the command.
    Command,
}

/// One step of the ladder at the time `now`, in seconds since boot. `random`
/// spreads the pauses. What is returned is to be remembered before the action
/// is taken, as if it had not helped.
pub fn step(
    policy: &Policy,
    before: &Recovery,
    verdict: &Verdict,
    surroundings: &Surroundings,
    now: i64,
    random: u32,
) -> (Recovery, Action) {
    let mut after = before.clone();
    after.forget_old(now);
    after.take(policy, verdict, now);
    let (action, remark) = if verdict.state == State::Down && after.row >= policy.down_after {
        act(policy, &mut after, verdict, surroundings, now, random)
    } else {
        after.looked &= verdict.state == State::Down;
        (Action::Wait, after.doubt(policy))
    };
    after.reason = format!("{}{remark}", verdict.reason);
    (after, action)
}

/// What is done about a tunnel that is down for certain, and the same in words.
fn act(
    policy: &Policy,
    recovery: &mut Recovery,
    verdict: &Verdict,
    surroundings: &Surroundings,
    now: i64,
    random: u32,
) -> (Action, String) {
    let Some((action, at)) = next_try(policy, recovery, verdict.cause == Cause::NoRoute, now)
    else {
        let option = match policy.on_down {
            OnDown::Nothing => "on_down is none",
            OnDown::Command if !policy.has_command => "there is no command",
            _ => "restart_limit is 0",
        };
        return (Action::Wait, format!("; {option}, so nothing is done"));
    };
    if at > now {
        return (Action::Wait, recovery.pause(policy, at, now));
    }
    if let Some(wait) = wan_waits(surroundings, now) {
        return (Action::Wait, wait);
    }
    if !recovery.looked {
        let again = recovery
            .looked_at
            .map_or(now, |at| at.saturating_add(LOOK_PAUSE));
        if again > now {
            let wait = format!("; looked again a moment ago, next in {} s", again - now);
            return (Action::Wait, wait);
        }
        recovery.looked = true;
        recovery.looked_at = Some(now);
        return (
            Action::LookAgain,
            "; looking again before anything is done".into(),
        );
    }
    (action, recovery.attempt(policy, action, now, random))
}

/// The next rung of the ladder, and from when on it may be tried. None: nothing
/// will be done.
fn next_try(
    policy: &Policy,
    recovery: &Recovery,
    no_route: bool,
    now: i64,
) -> Option<(Action, i64)> {
    if no_route && policy.fix_route && recovery.fixes.len() < FIXES {
        return Some((Action::FixRoute, now));
    }
    let action = match policy.on_down {
        OnDown::Restart => Action::Restart,
        OnDown::Command if policy.has_command => Action::Command,
        OnDown::Command | OnDown::Nothing => return None,
    };
    let (limit, made) = (policy.restart_limit as usize, recovery.attempts.len());
    if limit == 0 {
        return None;
    }
    // Restarts that are used up, or that did not help so often in a row.
    let in_vain = made >= limit || recovery.streak >= policy.restart_limit;
    let due = recovery
        .resort
        .is_none_or(|at| now.saturating_sub(at) >= HOUR);
    if action == Action::Restart && policy.has_command && in_vain && due {
        return Some((Action::Command, recovery.not_before));
    }
    if made < limit {
        return Some((action, recovery.not_before));
    }
    let free = recovery.attempts[made - limit].saturating_add(HOUR);
    Some((action, free.max(recovery.not_before)))
}

/// What there is to wait for at the WAN, in words.
fn wan_waits(surroundings: &Surroundings, now: i64) -> Option<String> {
    let Some(since) = surroundings.wan_up_since else {
        return Some("; waiting for the WAN".into());
    };
    let up = now.saturating_sub(since);
    if up < SETTLED {
        let rest = SETTLED.saturating_sub(up.max(0));
        return Some(format!("; waiting {rest} s for the WAN to settle"));
    }
    let pending = surroundings.address_is_pending && up < ADDRESS_WAITS;
    pending.then(|| "; waiting until the new WAN address is confirmed".into())
}

/// In how many seconds the tunnel is to be looked at again, if nothing happens
/// before. A caller that lets several tunnels share a wake-up may look earlier,
/// not later, or a dead tunnel is seen too late.
pub fn next_due(policy: &Policy, recovery: &Recovery, now: i64) -> i64 {
    let interval = policy.interval.max(1);
    let last = recovery.attempts.iter().chain(&recovery.fixes).max();
    let is_near = |at: i64| at.saturating_sub(now).saturating_abs() <= EFFECT;
    let suspicious = recovery.seen != recovery.state;
    let acting = recovery.state == State::Down
        && next_try(policy, recovery, false, now).is_some_and(|(_, at)| at <= now || is_near(at));
    if suspicious || acting || last.is_some_and(|at| is_near(*at)) {
        interval.min(QUICK)
    } else {
        interval
    }
}

/// What `option notify` is told of a step, if it is news: the old state and the
/// new one, each `up`, `down`, `unknown` or `given-up`. The reason is that of
/// `after`.
pub fn news(before: &Recovery, after: &Recovery) -> Option<(&'static str, &'static str)> {
    let (old, new) = (before.told(), after.told());
    (old != new).then_some((old, new))
}

impl Recovery {
    /// What counts under any configuration.
    #[must_use]
    pub fn budget_only(self) -> Recovery {
        Recovery {
            attempts: self.attempts,
            resort: self.resort,
            fixes: self.fixes,
            looked_at: self.looked_at,
            restarting: self.restarting,
            ..Recovery::default()
        }
    }

    /// The same with nothing from the future.
    #[must_use]
    pub fn dated(mut self, now: i64) -> Recovery {
        for at in self.attempts.iter_mut().chain(&mut self.fixes) {
            *at = (*at).min(now);
        }
        for at in [&mut self.resort, &mut self.looked_at]
            .into_iter()
            .flatten()
        {
            *at = (*at).min(now);
        }
        self.since = self.since.min(now);
        self.not_before = self.not_before.min(now.saturating_add(LONGEST));
        self
    }

    fn forget_old(&mut self, now: i64) {
        for times in [&mut self.attempts, &mut self.fixes] {
            times.retain(|at| now.saturating_sub(*at) < HOUR);
        }
    }

    /// Takes the verdict in: what was seen how often, and what people are told.
    fn take(&mut self, policy: &Policy, verdict: &Verdict, now: i64) {
        if self.row == 0 {
            self.since = now;
        }
        if self.seen != verdict.state {
            self.seen = verdict.state;
            self.row = 0;
        }
        self.row = self.row.saturating_add(1);
        // While netifd sets up what was down, that is all it is: still down.
        let still_down = self.state == State::Down && verdict.cause == Cause::Pending;
        let certain = self.row >= policy.down_after && !still_down;
        if self.seen != self.state && (self.seen == State::Up || certain) {
            self.state = self.seen;
            self.since = now;
            self.given_up = false;
        }
        if self.state == State::Up && now.saturating_sub(self.since) >= WELL {
            self.streak = 0;
            self.not_before = 0;
        }
    }

    /// Remembers an attempt, and says which.
    fn attempt(&mut self, policy: &Policy, action: Action, now: i64, random: u32) -> String {
        self.looked = false;
        if action == Action::FixRoute {
            self.fixes.push(now);
            return "; restoring the route".into();
        }
        let percent = 80 + i64::from(random % 41);
        let doubled = FIRST << self.streak.min(5);
        self.not_before = now.saturating_add((doubled * percent / 100).min(LONGEST));
        self.streak = self.streak.saturating_add(1);
        if action == Action::Command && policy.on_down == OnDown::Restart {
            self.resort = Some(now);
            return "; restarts did not help, running the command".into();
        }
        self.attempts.push(now);
        self.restarting |= action == Action::Restart;
        let what = match action {
            Action::Restart => "restarting its network",
            _ => "running the command",
        };
        let (made, limit) = (self.attempts.len(), policy.restart_limit);
        format!("; {what}, {made} of {limit} in an hour")
    }

    /// What is said while nothing may be tried before `at`.
    fn pause(&mut self, policy: &Policy, at: i64, now: i64) -> String {
        let next = spoken(whole(at.saturating_sub(now)));
        let made = self.attempts.len();
        if made < policy.restart_limit as usize || now < self.not_before {
            return format!("; the last attempt has not helped yet, the next is in {next}");
        }
        self.given_up = true;
        let what = match policy.on_down {
            OnDown::Restart => "restart",
            _ => "command",
        };
        let plural = if made == 1 { "" } else { "s" };
        format!("; {made} {what}{plural} within an hour did not help; the next try is in {next}")
    }

    /// What is said while a verdict has not been seen often enough.
    fn doubt(&self, policy: &Policy) -> String {
        if self.seen == self.state || self.row >= policy.down_after {
            return String::new();
        }
        let (seen, row, needed) = (self.seen.word(), self.row, policy.down_after);
        format!("; seen {seen} {row} of {needed} times")
    }

    fn told(&self) -> &'static str {
        if self.given_up {
            "given-up"
        } else {
            self.state.word()
        }
    }
}

#[cfg(test)]
#[path = "recovery_tests.rs"]
mod tests;
