//! The hold after a permanent refusal.
//!
//! A wrong key stays wrong however often it is sent, and services lock out
//! those who go on. So a refused section sends again after an hour, then after
//! six, and then not before a day has passed since the first of the three.
//! Refusals are dated by the wall clock, since the hold must outlive a reboot.

use alloc::vec::Vec;
use core::time::Duration;

use super::time::{DAY, HOUR, Wall};

/// The refused sends of a day after which no other follows.
pub const MAX_REFUSALS: usize = 3;
/// The pauses after the first and the second refusal of a day.
const HOLD_PAUSES: [Duration; MAX_REFUSALS - 1] = [HOUR, Duration::from_secs(6 * 3600)];

/// The end of the hold, given the dates of the last refusals, oldest first.
/// `None`: a send is allowed now.
///
/// `forced` skips the pauses, but not the limit for a day.
///
/// ```
/// use wansync_core::hold::end;
/// use wansync_core::time::{HOUR, Wall};
///
/// let refused = Wall::from_secs(1_800_000_000);
/// assert_eq!(end(&[refused], refused, false), Some(refused + HOUR));
/// assert_eq!(end(&[refused], refused + HOUR, false), None);
/// ```
pub fn end(refusals: &[Wall], now: Wall, forced: bool) -> Option<Wall> {
    let recent = recent_refusals(refusals, now);
    let end = match recent.len() {
        0 => return None,
        MAX_REFUSALS.. => recent[recent.len() - MAX_REFUSALS] + DAY,
        _ if forced => return None,
        n => recent[n - 1] + HOLD_PAUSES[n - 1],
    };
    (end > now).then_some(end)
}

/// The refusals that count now, oldest first. A date in the future is one of a
/// clock that was put right since: the refusal counts as of now.
pub fn recent_refusals(refusals: &[Wall], now: Wall) -> Vec<Wall> {
    let mut recent: Vec<Wall> = refusals
        .iter()
        .map(|at| (*at).min(now))
        .filter(|at| now.since(*at) < DAY)
        .collect();
    recent.drain(..recent.len().saturating_sub(MAX_REFUSALS));
    recent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(secs: i64) -> Wall {
        Wall::from_secs(secs)
    }

    /// The end of the hold in hours, for refusals at these hours.
    fn hours(refusals: &[i64], now: i64, forced: bool) -> Option<i64> {
        let refusals: Vec<Wall> = refusals.iter().map(|hour| wall(hour * 3600)).collect();
        let end = end(&refusals, wall(now * 3600), forced);
        end.map(|end| end.secs() / 3600)
    }

    #[test]
    fn pauses_grow_and_the_day_is_limited() {
        let table: [(&[i64], i64, Option<i64>); 8] = [
            (&[], 0, None),
            (&[0], 0, Some(1)),
            (&[0], 1, None),
            (&[0, 1], 1, Some(7)),
            (&[0, 1], 7, None),
            (&[0, 1, 7], 7, Some(24)),
            (&[0, 1, 7], 24, None),
            (&[1, 7, 24], 24, Some(25)),
        ];
        for (refusals, now, expected) in table {
            assert_eq!(
                hours(refusals, now, false),
                expected,
                "{refusals:?} at {now}"
            );
        }
    }

    #[test]
    fn force_skips_pauses_only() {
        assert_eq!(hours(&[0], 0, true), None);
        assert_eq!(hours(&[0, 1, 2], 3, true), Some(24));
    }

    #[test]
    fn never_more_than_three_in_any_day() {
        for forced in [false, true] {
            let (mut refusals, mut all) = (Vec::new(), Vec::new());
            for now in (0..10 * 86_400).step_by(60).map(wall) {
                if end(&refusals, now, forced).is_none() {
                    refusals = recent_refusals(&refusals, now);
                    refusals.push(now);
                    all.push(now);
                }
            }
            assert!(all.len() >= 28, "{}", all.len());
            let is_within = |w: &[Wall]| w[MAX_REFUSALS].since(w[0]) < DAY;
            assert!(!all.windows(MAX_REFUSALS + 1).any(is_within));
        }
    }

    #[test]
    fn a_clock_that_was_years_ahead_holds_a_day_at_most() {
        let ahead = wall(400 * 86_400);
        assert_eq!(end(&[ahead], wall(10), false), Some(wall(10) + HOUR));
        assert_eq!(recent_refusals(&[ahead], wall(10)), [wall(10)]);
    }

    #[test]
    fn dates_that_are_no_dates() {
        let (first, last) = (wall(i64::MIN), wall(i64::MAX));
        assert_eq!(end(&[first, last], wall(10), false), Some(wall(10) + HOUR));
        assert_eq!(end(&[first; MAX_REFUSALS], wall(10), false), None);
    }
}
