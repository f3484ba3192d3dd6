//! What to do about a tunnel: the ladder, within a budget.

use serde::{Deserialize, Serialize};

use super::State;
use super::verdict::Verdict;

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
    /// Attempts in a row that did not help.
    pub streak: u32,
    /// No attempt before this.
    pub not_before: i64,
    /// Set before the network is taken down, cleared once it was told to come
    /// up: whoever finds it set at the start was killed in between, and must
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
