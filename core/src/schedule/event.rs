//! The process in the background that a hotplug event starts: it runs a pass at once,
//! one more when the WAN has settled, and stays for as long as a retry is due before
//! cron's next re-check.

use core::time::Duration;

use crate::outcome::Outcome;
use crate::time::Boot;

/// One step of a reconnect often brings several events: this much time is given to the
/// rest of them before the pass that is for them all.
const SETTLE_TIME: Duration = Duration::from_secs(1);
/// The pause before a source is asked again that could not be: right after a reconnect
/// neither DNS nor routes need be there yet.
const SOURCE_RETRY: Duration = Duration::from_secs(20);

/// The passes that events start: at most two for those of a second.
///
/// ```
/// use core::time::Duration;
/// use wansync_core::schedule::event::EventPasses;
/// use wansync_core::time::Boot;
///
/// let now = Boot::from_secs(100);
/// let mut passes = EventPasses::default();
/// assert!(passes.may_run_at_once(now));
/// passes.note(now);
/// let settled = passes.settled_at(now);
/// assert_eq!(settled, now + Duration::from_secs(1));
/// passes.note(settled);
/// assert!(!passes.may_run_at_once(settled), "another event is for the next settled pass");
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct EventPasses {
    last: Option<Boot>,
}

impl EventPasses {
    /// True if an event that comes now need not wait for others.
    pub fn may_run_at_once(&self, now: Boot) -> bool {
        self.last.is_none_or(|at| now >= at + SETTLE_TIME)
    }

    /// The moment of the pass that is for all events until then, of which the first came
    /// at `event`.
    pub fn settled_at(&self, event: Boot) -> Boot {
        self.last.map_or(event, |at| at.max(event)) + SETTLE_TIME
    }

    /// Notes that a pass begins.
    pub fn note(&mut self, now: Boot) {
        self.last = Some(now);
    }
}

/// The result of a pass for one section.
#[derive(Debug, Clone, Copy)]
pub struct PassResult {
    /// The outcome; `None`, if the section is wrong.
    pub outcome: Option<Outcome>,
    /// True if the source could not be asked, or had no answer.
    pub source_failed: bool,
    /// The time until something is due for the section.
    pub due: Duration,
}

/// The retries after one event.
#[derive(Debug, Clone, Copy)]
pub struct EventSchedule {
    began: Boot,
}

impl EventSchedule {
    /// The retries of an event whose first pass begins now.
    pub fn new(now: Boot) -> EventSchedule {
        EventSchedule { began: now }
    }

    /// The moment of the next pass, after one with these results; `None`, if that is
    /// left to cron, which re-checks each `interval`, or if no retry helps.
    ///
    /// ```
    /// use core::time::Duration;
    /// use wansync_core::outcome::Outcome;
    /// use wansync_core::schedule::event::{EventSchedule, PassResult};
    /// use wansync_core::time::Boot;
    ///
    /// let now = Boot::from_secs(100);
    /// let (event, interval) = (EventSchedule::new(now), Duration::from_secs(300));
    /// let failed = PassResult {
    ///     outcome: Some(Outcome::Unconfirmed),
    ///     source_failed: false,
    ///     due: Duration::from_secs(15),
    /// };
    /// assert_eq!(event.next_pass([failed].into_iter(), interval, now), Some(Boot::from_secs(115)));
    /// ```
    pub fn next_pass(
        &self,
        results: impl Iterator<Item = PassResult>,
        interval: Duration,
        now: Boot,
    ) -> Option<Boot> {
        let pause = |result: PassResult| match result.outcome {
            Some(Outcome::Unconfirmed | Outcome::Throttled) => Some(result.due),
            Some(Outcome::Aborted) if result.source_failed => Some(SOURCE_RETRY),
            _ => None,
        };
        let pause = results.filter_map(pause).min()?;
        let next = now + pause.max(Duration::from_secs(1));
        (next <= self.began + interval).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_passes_are_followed_by_another() {
        let table: [(Option<Outcome>, bool, u64, Option<i64>); 9] = [
            (Some(Outcome::Unconfirmed), false, 15, Some(115)),
            (Some(Outcome::Unconfirmed), false, 0, Some(101)),
            (Some(Outcome::Unconfirmed), false, 300, Some(400)),
            (Some(Outcome::Unconfirmed), false, 301, None),
            (Some(Outcome::Throttled), false, 60, Some(160)),
            (Some(Outcome::Aborted), true, 300, Some(120)),
            (Some(Outcome::Aborted), false, 10, None),
            (Some(Outcome::Confirmed), false, 10, None),
            (None, false, 0, None),
        ];
        let now = Boot::from_secs(100);
        let (event, interval) = (EventSchedule::new(now), Duration::from_secs(300));
        for (outcome, source_failed, due, next) in table {
            let result = PassResult {
                outcome,
                source_failed,
                due: Duration::from_secs(due),
            };
            let expected = next.map(Boot::from_secs);
            assert_eq!(
                event.next_pass([result].into_iter(), interval, now),
                expected,
                "{result:?}"
            );
        }
    }

    /// Name resolution fails until the time `back`, in seconds: gives the passes, in
    /// seconds after the first.
    fn passes(back: i64, interval: u64) -> Vec<i64> {
        let (mut now, mut passes) = (Boot::START, Vec::new());
        let (event, interval) = (EventSchedule::new(now), Duration::from_secs(interval));
        loop {
            passes.push(now.secs());
            let outcome = match now.secs() >= back {
                true => Outcome::Confirmed,
                false => Outcome::Aborted,
            };
            let result = PassResult {
                outcome: Some(outcome),
                source_failed: true,
                due: Duration::ZERO,
            };
            match event.next_pass([result].into_iter(), interval, now) {
                Some(next) => now = next,
                None => return passes,
            }
        }
    }

    #[test]
    fn a_source_is_asked_until_it_answers_or_cron_comes() {
        assert_eq!(passes(0, 300), [0]);
        assert_eq!(passes(30, 300), [0, 20, 40]);
        assert_eq!(passes(10_000, 300).len(), 16);
        assert_eq!(passes(10_000, 10), [0]);
    }
}
