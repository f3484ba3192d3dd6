//! The waits after a transient failure, and the random part of a wait.
//!
//! Routers that failed together, or were told the same, must not come back together: of
//! each wait a part is random, to the second and without an end at which many meet.

use core::time::Duration;

use crate::time::DAY;

/// The wait after the first failure.
const MIN_BACKOFF: Duration = Duration::from_secs(15);
/// The wait after the first error of a web server; half of it is five minutes.
const MIN_WEB_SERVER_BACKOFF: Duration = Duration::from_secs(10 * 60);
/// The longest wait.
const MAX_BACKOFF: Duration = Duration::from_secs(30 * 60);
/// The least that may be added to a wait that a service asked for.
const MIN_SPREAD: Duration = MIN_BACKOFF;
/// The most that may be added to it.
pub const MAX_SPREAD: Duration = Duration::from_secs(15 * 60);

/// A random part of a span, in whole seconds.
///
/// ```
/// use wansync_core::backoff::part;
/// use wansync_core::time::MINUTE;
///
/// assert_eq!(part(MINUTE, 0).as_secs(), 0);
/// assert_eq!(part(MINUTE, u32::MAX / 2).as_secs(), 30);
/// assert_eq!(part(MINUTE, u32::MAX).as_secs(), 60);
/// ```
pub fn part(span: Duration, random: u32) -> Duration {
    let secs = u32::try_from(span.as_secs().saturating_add(1)).unwrap_or(u32::MAX);
    Duration::from_secs((u64::from(secs) * u64::from(random)) >> u32::BITS)
}

/// The wait after the `failures`th failure in a row: 15 s, doubling to 30 min, of which
/// half is random. Whole seconds.
pub fn delay(failures: u32, random: u32) -> Duration {
    delay_from(MIN_BACKOFF, failures, random)
}

/// The wait after an error of a web server on the way: as [`delay`], but from 5 min on,
/// since nothing that it says passes within seconds.
pub fn web_server_delay(failures: u32, random: u32) -> Duration {
    delay_from(MIN_WEB_SERVER_BACKOFF, failures, random)
}

fn delay_from(least: Duration, failures: u32, random: u32) -> Duration {
    let doubled = least * 2_u32.pow(failures.saturating_sub(1).min(7));
    half_random(doubled.min(MAX_BACKOFF), random)
}

/// A wait of which the second half is random. Whole seconds.
pub fn half_random(wait: Duration, random: u32) -> Duration {
    let half = Duration::from_secs(wait.as_secs() / 2);
    half + part(wait - half, random)
}

/// The wait that a service asked for, and up to as much again, between 15 s and 15 min:
/// it tells many routers the same. Of a wish for more than a day up to a day is granted.
pub fn asked(wait: Duration, random: u32) -> Duration {
    let spread = part(wait.clamp(MIN_SPREAD, MAX_SPREAD), random);
    match wait > DAY {
        true => DAY - spread,
        false => wait + spread,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MINUTE;

    #[test]
    fn doubles_to_half_an_hour_of_which_half_is_random() {
        let waits = |random| -> Vec<u64> { (1..=9).map(|n| delay(n, random).as_secs()).collect() };
        assert_eq!(waits(0), [7, 15, 30, 60, 120, 240, 480, 900, 900]);
        assert_eq!(
            waits(u32::MAX),
            [15, 30, 60, 120, 240, 480, 960, 1800, 1800]
        );
        assert_eq!(delay(u32::MAX, u32::MAX), MAX_BACKOFF);
        let waits = |random| -> Vec<u64> {
            let minutes = |n| web_server_delay(n, random).as_secs() / 60;
            (1..=4).map(minutes).collect()
        };
        assert_eq!(waits(0), [5, 10, 15, 15]);
        assert_eq!(waits(u32::MAX), [10, 20, 30, 30]);
    }

    /// No second of the longest wait has more than its share, its ends included.
    #[test]
    fn every_second_of_the_random_part_is_as_likely() {
        let mut hits = [0; 1801];
        let step = 4099;
        for random in (0..u32::MAX).step_by(step) {
            hits[delay(30, random).as_secs() as usize] += 1;
        }
        let mean = u32::MAX as usize / step / 901;
        assert!(hits[..900].iter().all(|hits| *hits == 0));
        let even = mean - 2..=mean + 2;
        assert!(hits[900..].iter().all(|hits| even.contains(hits)));
    }

    #[test]
    fn what_a_service_asks_for_is_never_cut_short() {
        for (asked_for, longest) in [(0, 15), (20, 40), (600, 1200), (7200, 8100)] {
            let wait = Duration::from_secs(asked_for);
            assert_eq!(asked(wait, 0), wait);
            assert_eq!(asked(wait, u32::MAX).as_secs(), longest);
        }
        assert_eq!(asked(DAY, u32::MAX), DAY + 15 * MINUTE);
        assert_eq!(asked(Duration::MAX, 0), DAY);
        assert_eq!(asked(2 * DAY, u32::MAX), DAY - 15 * MINUTE);
    }
}
