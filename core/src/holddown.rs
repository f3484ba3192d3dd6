//! The hold-down of a WAN that flaps: three changes a minute are acted upon at once, and
//! more than that less and less often, but always the last.

use core::time::Duration;

use crate::persist;
use crate::time::Boot;

/// The limits of a hold-down: how often something is acted upon at once, and how long it
/// waits beyond that.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The number of events that are acted upon at once, however close.
    pub burst: u32,
    /// The pause after which one more is acted upon at once.
    pub pause: Duration,
    /// The longest pause.
    pub max_pause: Duration,
}

/// The limits of sends: an address that changes three times a minute does so for hours
/// without waiting, with some time to spare.
pub const SENDS: Limits = Limits {
    burst: 3,
    pause: Duration::from_secs(15),
    max_pause: Duration::from_secs(300),
};

/// The hold-down of one section.
///
/// ```
/// use wansync_core::holddown::{HoldDown, SENDS};
/// use wansync_core::time::Boot;
///
/// let mut hold_down = HoldDown::default();
/// let now = Boot::from_secs(100);
/// for _ in 0..3 {
///     assert!(hold_down.allowed_from(SENDS) <= now, "at once");
///     hold_down.note(now, SENDS);
/// }
/// assert_eq!(hold_down.allowed_from(SENDS), Boot::from_secs(115));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HoldDown {
    /// The moment from which nothing of what was done counts any more.
    forgotten_at: Boot,
    /// The pause, in seconds, that the last one added; it has grown if it is longer than
    /// that of the limits.
    pause_s: u32,
}

persist!(HoldDown {
    forgotten_at,
    pause_s,
});

impl HoldDown {
    /// The moment from which the next one may be acted upon: in the past, if at once.
    pub fn allowed_from(&self, limits: Limits) -> Boot {
        self.forgotten_at - limits.pause * (limits.burst - 1)
    }

    /// Notes that one is acted upon now. The pause grows while each has to wait, and is
    /// what it was once all are forgotten.
    pub fn note(&mut self, now: Boot, limits: Limits) {
        let pause = match now >= self.forgotten_at {
            true => limits.pause,
            false => Duration::from_secs(self.pause_s.into()).clamp(limits.pause, limits.max_pause),
        };
        self.forgotten_at = self.forgotten_at.max(now) + pause;
        let has_to_wait = self.allowed_from(limits) > now;
        let next = if has_to_wait { pause * 2 } else { pause };
        self.pause_s = next.min(limits.max_pause).as_secs() as u32;
    }

    /// The hold-down without what no limit allows, such as a moment of another boot.
    #[must_use]
    pub fn clamp_future_times(self, now: Boot, limits: Limits) -> HoldDown {
        let latest = now + limits.max_pause + limits.pause * limits.burst;
        HoldDown {
            forgotten_at: self.forgotten_at.min(latest),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The times at which changes that come at these times, in ms, are acted upon,
    /// each as early as may be.
    fn action_times(changes: &[u64]) -> Vec<u64> {
        let (mut held, mut acted) = (HoldDown::default(), Vec::new());
        let mut changes = changes.iter().copied().peekable();
        while let Some(change) = changes.next() {
            let until = held.allowed_from(SENDS).since(Boot::START).as_millis() as u64;
            let at = change.max(until);
            while changes.next_if(|next| *next <= at).is_some() {}
            held.note(Boot::START + Duration::from_millis(at), SENDS);
            acted.push(at);
        }
        acted
    }

    fn every(pause: u64, until: u64) -> Vec<u64> {
        let all = (1..).map(|n| n * pause);
        all.take_while(|at| *at <= until).collect()
    }

    #[test]
    fn three_changes_a_minute_go_out_at_once() {
        for changes in [
            vec![1000],
            vec![1000, 1200, 1201],
            vec![1000, 59_000, 60_000],
            every(20_000, 3_600_000),
            // Three together, each minute.
            (0..60)
                .flat_map(|n| [n * 60_000, n * 60_000 + 1, n * 60_000 + 2])
                .collect(),
        ] {
            assert_eq!(action_times(&changes), changes);
        }
    }

    #[test]
    fn more_wait_longer_and_longer_and_the_last_is_never_lost() {
        assert_eq!(action_times(&every(500, 10_000)), [500, 1000, 1500, 15_500]);
        let minutes = action_times(&every(500, 200_000));
        assert_eq!(minutes, [500, 1000, 1500, 15_500, 45_500, 105_500, 225_500]);
        let an_hour = action_times(&every(1000, 3_600_000));
        assert!(an_hour.len() < 25, "{}", an_hour.len());
        assert!(*an_hour.last().expect("some") >= 3_600_000);
    }

    #[test]
    fn a_wan_that_has_come_to_rest_flaps_no_more() {
        let mut changes = every(500, 200_000);
        // As long as the last pause, and what three take.
        let rest = 225_500 + 300_000 + 45_000;
        changes.extend([rest, rest + 1, rest + 2]);
        let acted = action_times(&changes);
        assert_eq!(acted[acted.len() - 3..], [rest, rest + 1, rest + 2]);
    }

    #[test]
    fn nothing_from_a_file_holds_for_years() {
        let damaged = HoldDown {
            forgotten_at: Boot::NEVER,
            pause_s: u32::MAX,
        };
        let now = Boot::from_secs(1000);
        let mut held = damaged.clamp_future_times(now, SENDS);
        assert!(held.allowed_from(SENDS) <= now + SENDS.max_pause + SENDS.pause);
        held.note(now, SENDS);
        assert!(held.allowed_from(SENDS) <= now + SENDS.max_pause * 2 + SENDS.pause);
    }
}
