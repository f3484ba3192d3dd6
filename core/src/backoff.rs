//! The wait after a transient failure.

use core::time::Duration;

/// The wait after the first failure.
const MIN_BACKOFF: Duration = Duration::from_secs(15);
/// The wait after the first error of a web server.
const MIN_WEB_SERVER_BACKOFF: Duration = Duration::from_secs(5 * 60);
/// The longest wait.
const MAX_BACKOFF: Duration = Duration::from_secs(30 * 60);

/// The wait after the `failures`th failure in a row: 15 s, doubling to 30 min,
/// each 20 % more or less by `random`, so that routers which failed together do
/// not come back together. Whole seconds.
pub fn delay(failures: u32, random: u32) -> Duration {
    delay_from(MIN_BACKOFF, failures, random)
}

/// The wait after an error of a web server on the way: as [`delay`], but from 5 min on,
/// since nothing that it says passes within seconds.
pub fn web_server_delay(failures: u32, random: u32) -> Duration {
    delay_from(MIN_WEB_SERVER_BACKOFF, failures, random)
}

fn delay_from(least: Duration, failures: u32, random: u32) -> Duration {
    let doubled = least.as_secs() << failures.saturating_sub(1).min(7);
    let percent = 80 + u64::from(random % 41);
    let longest = MAX_BACKOFF.as_secs();
    Duration::from_secs((doubled.min(longest) * percent / 100).min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_to_half_an_hour() {
        let middle = 20;
        let waits: Vec<u64> = (1..=10).map(|n| delay(n, middle).as_secs()).collect();
        assert_eq!(waits, [15, 30, 60, 120, 240, 480, 960, 1800, 1800, 1800]);
        assert_eq!(delay(u32::MAX, middle), MAX_BACKOFF);
        let waits = (1..=5).map(|n| web_server_delay(n, middle).as_secs() / 60);
        assert_eq!(waits.collect::<Vec<_>>(), [5, 10, 20, 30, 30]);
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        for random in 0..500 {
            assert!((12..=18).contains(&delay(1, random).as_secs()));
            assert!((1440..=1800).contains(&delay(30, random).as_secs()));
        }
    }
}
