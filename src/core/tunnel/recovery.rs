//! What to do about a tunnel: the ladder, within a budget.

use serde::{Deserialize, Serialize};

use super::State;
use super::verdict::Verdict;

/// The longest pause between two attempts, in seconds.
const LONGEST: i64 = 30 * 60;

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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
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
    /// down; cleared by the caller once it was told to come up: whoever finds it set at the start was killed in between, and must
    /// call `up`.
    pub restarting: bool,
}

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
    /// Look again at once, VPNKI included, before anything is done.
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
    let _ = (policy, before, verdict, surroundings, now, random);
    todo!()
}

/// In how many seconds the tunnel is to be looked at again, if nothing happens
/// before.
pub fn next_due(policy: &Policy, recovery: &Recovery, now: i64) -> i64 {
    let _ = (policy, recovery, now);
    todo!()
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

    fn told(&self) -> &'static str {
        if self.given_up {
            "given-up"
        } else {
            self.state.word()
        }
    }
}
