//! The hold after a permanent refusal.
//!
//! A wrong key stays wrong however often it is sent, and services lock out
//! those who go on. So a refused section sends again after an hour, then after
//! six, and then not before a day has passed since the first of the three.
//! Refusals are dated by the wall clock, since the hold must outlive a reboot.

use alloc::vec::Vec;

use super::time::DAY;

/// How many sends may be refused within a day.
pub const LIMIT: usize = 3;
/// How long the first and the second refusal of a day hold, in seconds.
const PAUSES: [i64; LIMIT - 1] = [3600, 6 * 3600];

/// Until when nothing may be sent, in seconds since 1970, given the dates of
/// the last refusals, oldest first. `None`: a send is allowed now.
///
/// `forced` skips the pauses, but not the limit for a day.
pub fn until(refusals: &[i64], wall: i64, forced: bool) -> Option<i64> {
    let recent = recent(refusals, wall);
    let end = match recent.len() {
        0 => return None,
        LIMIT.. => recent[recent.len() - LIMIT] + DAY,
        _ if forced => return None,
        n => recent[n - 1] + PAUSES[n - 1],
    };
    (end > wall).then_some(end)
}

/// The refusals that count at `wall`, oldest first. A date in the future is
/// one of a clock that was put right since: the refusal counts as of now.
pub fn recent(refusals: &[i64], wall: i64) -> Vec<i64> {
    let mut recent: Vec<i64> = refusals
        .iter()
        .map(|at| (*at).min(wall))
        .filter(|at| wall.saturating_sub(*at) < DAY)
        .collect();
    recent.drain(..recent.len().saturating_sub(LIMIT));
    recent
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;

    #[test]
    fn pauses_grow_and_the_day_is_limited() {
        let table: [(&[i64], i64, Option<i64>); 8] = [
            (&[], 0, None),
            (&[0], 10, Some(HOUR)),
            (&[0], HOUR, None),
            (&[0, HOUR], HOUR + 1, Some(7 * HOUR)),
            (&[0, HOUR], 7 * HOUR, None),
            (&[0, HOUR, 7 * HOUR], 7 * HOUR, Some(24 * HOUR)),
            (&[0, HOUR, 7 * HOUR], 24 * HOUR, None),
            (&[HOUR, 7 * HOUR, 24 * HOUR], 24 * HOUR, Some(25 * HOUR)),
        ];
        for (refusals, wall, expected) in table {
            assert_eq!(
                until(refusals, wall, false),
                expected,
                "{refusals:?} at {wall}"
            );
        }
    }

    #[test]
    fn force_skips_pauses_only() {
        assert_eq!(until(&[0], 10, true), None);
        assert_eq!(until(&[0, 10, 20], 30, true), Some(DAY));
    }

    #[test]
    fn never_more_than_three_in_any_day() {
        for forced in [false, true] {
            let (mut refusals, mut all) = (Vec::new(), Vec::new());
            for wall in (0..10 * DAY).step_by(60) {
                if until(&refusals, wall, forced).is_none() {
                    refusals = recent(&refusals, wall);
                    refusals.push(wall);
                    all.push(wall);
                }
            }
            assert!(all.len() >= 28, "{}", all.len());
            assert!(all.windows(LIMIT + 1).all(|w| w[LIMIT] - w[0] >= DAY));
        }
    }

    #[test]
    fn a_clock_that_was_years_ahead_holds_a_day_at_most() {
        let ahead = 400 * DAY;
        assert_eq!(until(&[ahead], 10, false), Some(10 + HOUR));
        assert_eq!(recent(&[ahead], 10), [10]);
    }

    #[test]
    fn dates_that_are_no_dates() {
        assert_eq!(until(&[i64::MIN, i64::MAX], 10, false), Some(10 + HOUR));
        assert_eq!(until(&[i64::MIN; LIMIT], 10, false), None);
    }
}
