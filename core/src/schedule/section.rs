//! One `skydns` section of the daemon: when it is looked at, and when it needs a pass.

use core::mem;
use core::net::IpAddr;
use core::time::Duration;

use crate::address::PublicAddress;
use crate::holddown::{self, HoldDown};
use crate::outcome::Outcome;
use crate::reconcile::{self, Decision, Observation, Policy};
use crate::state::SectionState;
use crate::time::{Boot, Now, Wall};

/// The time that a state that is no address must last before it is written down: most
/// changes pass through one.
const SETTLE_TIME: Duration = Duration::from_secs(2);
/// The time from a pass to another that would do the same.
pub(super) const PASS_REST: Duration = Duration::from_secs(10);
/// The number of times that this rest doubles while passes settle nothing: to five
/// minutes.
const MAX_REST_DOUBLINGS: u32 = 5;
/// The pause before a page or a program that had no answer is asked again. It doubles
/// up to the interval.
const MIN_SOURCE_BACKOFF: Duration = Duration::from_secs(20);
/// The pause from a pass to one that an event has a page or a program asked in: a
/// reconnect is several events.
const QUERY_REST: Duration = Duration::from_secs(2);
/// The limits of such passes. Whether there is another address only the answer says.
const QUERIES: holddown::Limits = holddown::Limits {
    burst: 6,
    pause: Duration::from_secs(8),
    max_pause: Duration::from_secs(60),
};

/// The facts about a section when it is due.
///
/// ```
/// use core::time::Duration;
/// use wansync_core::address::Family;
/// use wansync_core::reconcile::Policy;
/// use wansync_core::schedule::passes::PassSchedule;
/// use wansync_core::schedule::section::SectionFacts;
/// use wansync_core::time::{BUILD_DATE, Boot, DAY};
///
/// let policy = Policy {
///     family: Family::Ipv4,
///     refresh: 3 * DAY,
///     daily_limit: 24,
///     spread: DAY * 0,
///     router_number: 0,
///     tls: true,
/// };
/// let (now, interval) = (Boot::from_secs(100), Duration::from_secs(300));
/// let mut schedule = PassSchedule::default();
/// schedule.configure([("home", false)].into_iter(), false);
/// schedule.check_section("home", &policy, SectionFacts::Unobserved, interval, (now, BUILD_DATE));
/// let order = schedule.next_pass(now).expect("a pass asks the source");
/// assert_eq!(order.targets[0].section, "home");
/// ```
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "made for one look, and never kept"
)]
pub enum SectionFacts<'a> {
    /// The source was asked, since that costs nothing.
    Observed {
        /// The source's answer.
        observation: &'a Observation,
        /// The remembered state of the section, for its configuration of today.
        state: SectionState,
    },
    /// Only a pass can ask the source: a page of the web or a program.
    Unobserved,
    /// The key file cannot be read, so a pass would send nothing.
    WithoutKey,
}

/// The next step for a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// A re-check at this moment, if nothing happens before.
    Recheck(Boot),
    /// A pass, not before this moment: for this address, or for what it finds.
    Pass(Boot, Option<PublicAddress>),
}

/// The schedule of one section.
#[derive(Debug, Clone, Default)]
pub(super) struct SectionSchedule {
    due: Boot,
    /// The hold-down of sends. A daemon that was just started holds nothing down.
    hold_down: HoldDown,
    /// The hold-down of asking a page or a program because of an event.
    queries: HoldDown,
    /// True if something happened that only a pass can follow up.
    recheck_requested: bool,
    /// True if a pass is to run, whatever there is to do.
    forced: bool,
    /// The address that the last pass was run for.
    last_attempted: Option<IpAddr>,
    /// The end of the last pass over the section.
    last_pass: Option<Boot>,
    /// Passes in a row after which the section needed one more, as where what they did
    /// could not be remembered.
    unsettled_passes: u32,
    /// The moment at which a state that is no address was first seen.
    unsettled_since: Option<Boot>,
    /// Passes in a row in which a page or a program had no answer.
    source_failures: u32,
    /// The moment at which what the last pass could not send may be sent.
    retry_at: Option<Boot>,
    /// True if a pass has said what is wrong with the key.
    key_is_missed: bool,
}

impl SectionSchedule {
    /// The moment of the next re-check.
    pub(super) fn due(&self) -> Boot {
        self.due
    }

    /// Makes a re-check due now; by a pass, if only that can.
    pub(super) fn request_recheck(&mut self, needs_pass: bool) {
        self.due = Boot::START;
        self.recheck_requested |= needs_pass;
    }

    /// Makes a pass due, whatever there is to do.
    pub(super) fn force_pass(&mut self) {
        self.due = Boot::START;
        self.forced = true;
    }

    /// Forgets what was tried, and how often: it was tried under another
    /// configuration.
    pub(super) fn forget_attempts(&mut self) {
        self.last_attempted = None;
        self.unsettled_passes = 0;
        self.hold_down = HoldDown::default();
    }

    /// Puts the next re-check off, or forward.
    pub(super) fn set_recheck(&mut self, due: Boot) {
        self.due = due;
    }

    /// True if the last pass was run for another address than this one.
    pub(super) fn is_news(&self, address: Option<PublicAddress>) -> bool {
        self.is_other(address.map(PublicAddress::get))
    }

    fn is_other(&self, address: Option<IpAddr>) -> bool {
        address.is_some() && self.last_attempted != address
    }

    /// Notes that a pass began, which ends by `deadline`.
    pub(super) fn pass_began(&mut self, address: Option<PublicAddress>, now: Boot, deadline: Boot) {
        let address = address.map(PublicAddress::get);
        let is_other = self.is_other(address);
        if self.recheck_requested {
            self.queries.note(now, QUERIES);
        }
        if is_other {
            self.hold_down.note(now, holddown::SENDS);
        }
        self.recheck_requested = false;
        self.forced = false;
        self.unsettled_since = None;
        self.unsettled_passes = match is_other {
            true => 1,
            false => self.unsettled_passes.saturating_add(1),
        };
        self.last_attempted = address.or(self.last_attempted);
        // It is looked at again when the pass has ended.
        self.due = deadline;
    }

    /// Notes the end of a pass over the section: its outcome, and the time until
    /// something is due then.
    pub(super) fn pass_ended(&mut self, outcome: Option<(Outcome, Duration)>, now: Boot) {
        self.last_pass = Some(now);
        self.source_failures = match outcome {
            Some((Outcome::Aborted, _)) => self.source_failures.saturating_add(1),
            _ => 0,
        };
        self.retry_at = match outcome {
            Some((Outcome::Unconfirmed | Outcome::Throttled, due)) => Some(now + due),
            _ => None,
        };
    }

    /// The next step for the section, given the facts. `interval` is the pause between two
    /// re-checks.
    pub(super) fn next_need(
        &mut self,
        policy: &Policy,
        facts: SectionFacts<'_>,
        interval: Duration,
        now: Boot,
        wall: Wall,
    ) -> Need {
        if self.forced {
            return Need::Pass(now, None);
        }
        match facts {
            SectionFacts::Unobserved => self.need_of_unobserved(interval, now),
            SectionFacts::WithoutKey => {
                self.recheck_requested = false;
                // The pass says what is wrong with the key; once is enough.
                match mem::replace(&mut self.key_is_missed, true) {
                    false => Need::Pass(now, None),
                    true => Need::Recheck(now + interval),
                }
            }
            SectionFacts::Observed {
                observation,
                mut state,
            } => {
                self.recheck_requested = false;
                self.key_is_missed = false;
                state.hold_down = self.hold_down;
                let state = &state;
                let decision =
                    reconcile::decide(policy, observation, state, Now::new(now, wall), false);
                if let Decision::Update(address) = decision {
                    return self.need_of_change(address, now);
                }
                if is_settled(policy, observation, state, &decision) {
                    self.unsettled_since = None;
                    self.unsettled_passes = 0;
                    let due = reconcile::next_due(policy, state, Now::new(now, wall), interval);
                    return Need::Recheck(now + due.clamp(Duration::from_secs(1), interval));
                }
                let since = *self.unsettled_since.get_or_insert(now);
                let from = (since + SETTLE_TIME).max(self.rest_end());
                let send = held_down_until(policy, observation, state, &decision);
                Need::Pass(send.map_or(from, |send| from.min(send.max(now))), None)
            }
        }
    }

    fn need_of_unobserved(&self, interval: Duration, now: Boot) -> Need {
        if self.recheck_requested {
            let rested = self.last_pass.map_or(now, |at| at + QUERY_REST);
            return Need::Pass(self.queries.allowed_from(QUERIES).max(rested), None);
        }
        let pause = match self.source_failures {
            0 => interval,
            n => (MIN_SOURCE_BACKOFF * 2_u32.saturating_pow(n.min(10) - 1)).min(interval),
        };
        let due = self.last_pass.map_or(now, |at| at + pause);
        match self.retry_at.map_or(due, |at| at.min(due)) {
            due if due <= now => Need::Pass(now, None),
            due => Need::Recheck(due),
        }
    }

    fn need_of_change(&self, address: PublicAddress, now: Boot) -> Need {
        let from = match self.is_news(Some(address)) {
            true => now,
            false => self.rest_end(),
        };
        Need::Pass(from.max(now), Some(address))
    }

    /// The moment from which a pass may follow that would do the same as the last.
    fn rest_end(&self) -> Boot {
        let doublings = self
            .unsettled_passes
            .saturating_sub(1)
            .min(MAX_REST_DOUBLINGS);
        let rest = PASS_REST * 2_u32.pow(doublings);
        self.last_pass.map_or(Boot::START, |at| at + rest)
    }
}

/// The moment from which an address that is throttled is sent, if it is because the WAN
/// flaps: the section is looked at again no later than that.
fn held_down_until(
    policy: &Policy,
    observation: &Observation,
    state: &SectionState,
    decision: &Decision,
) -> Option<Boot> {
    let Decision::Throttled(_) = decision else {
        return None;
    };
    let confirmed = state.confirmed.map(|c| c.address);
    let observed = reconcile::address_to_show(observation, policy.family, confirmed)?;
    reconcile::hold_down_end(state, observed)
}

/// True if a pass would remember nothing that people should know: the same state,
/// address and reason. That an address was confirmed is the same as that it is
/// unchanged, and that a failure is waited for the same as that it was.
pub fn is_settled(
    policy: &Policy,
    observation: &Observation,
    state: &SectionState,
    decision: &Decision,
) -> bool {
    let confirmed = state.confirmed.map(|c| c.address);
    let observed = reconcile::address_to_show(observation, policy.family, confirmed);
    let (outcome, reason) = reconcile::outcome_without_send(decision);
    state.outcome.map(Outcome::state) == Some(outcome.state())
        && state.observed == observed
        && (outcome != Outcome::Aborted || state.reason == reason)
}
