//! The hold-down of a WAN that flaps: the first change is acted upon at once, those
//! that follow less and less often, and always the last.

use core::time::Duration;

use super::time::Boot;

/// The first pause: no single change waits for longer. Whatever follows a
/// reconnect, such as its IPv6 half, comes within it.
const MIN_PAUSE: Duration = Duration::from_secs(2);
/// The factor by which each pause is longer than the one before.
const PAUSE_FACTOR: u32 = 5;
/// The longest pause.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// The number of pauses after which a WAN that was quiet flaps no more.
const QUIET_PAUSES: u32 = 4;

/// The hold-down of one section.
///
/// ```
/// use wansync_core::holddown::HoldDown;
/// use wansync_core::time::Boot;
///
/// let mut hold_down = HoldDown::default();
/// let now = Boot::from_secs(100);
/// assert!(hold_down.allowed_from() <= now, "the first change");
/// hold_down.note_change(now);
/// assert_eq!(hold_down.allowed_from(), Boot::from_secs(102));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HoldDown {
    until: Boot,
    pause: Duration,
}

impl HoldDown {
    /// The moment from which the next change may be acted upon: in the past, if at
    /// once.
    pub fn allowed_from(&self) -> Boot {
        self.until
    }

    /// Notes that a change is acted upon now.
    pub fn note_change(&mut self, now: Boot) {
        let is_quiet = now >= self.until + self.pause * QUIET_PAUSES;
        self.pause = match is_quiet || self.pause.is_zero() {
            true => MIN_PAUSE,
            false => (self.pause * PAUSE_FACTOR).min(MAX_PAUSE),
        };
        self.until = now + self.pause;
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
            let until = held.allowed_from().since(Boot::START).as_millis() as u64;
            let at = change.max(until);
            while changes.next_if(|next| *next <= at).is_some() {}
            held.note_change(Boot::START + Duration::from_millis(at));
            acted.push(at);
        }
        acted
    }

    #[test]
    fn the_first_change_at_once_and_the_last_for_sure() {
        let every = |pause: u64, until: u64| -> Vec<u64> {
            (1..)
                .map(|n| n * pause)
                .take_while(|at| *at <= until)
                .collect()
        };
        assert_eq!(action_times(&[1000]), [1000]);
        assert_eq!(action_times(&[1000, 1200]), [1000, 3000]);
        assert_eq!(
            action_times(&[1000, 60_000, 120_000]),
            [1000, 60_000, 120_000]
        );
        assert_eq!(action_times(&every(500, 10_000)), [500, 2500, 12_500]);
        let an_hour = action_times(&every(1000, 3_600_000));
        assert!(an_hour.len() < 70, "{}", an_hour.len());
        assert!(*an_hour.last().expect("some") >= 3_600_000);
    }
}
