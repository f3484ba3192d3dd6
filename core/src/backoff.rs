//! How long to wait after a transient failure.

/// The wait after the first failure, in seconds.
const FIRST: i64 = 15;
/// The longest wait, in seconds.
const LONGEST: i64 = 30 * 60;

/// Seconds to wait after the `failures`th failure in a row: 15 s, doubling to
/// 30 min, each 20 % more or less by `random`, so that routers which failed
/// together do not come back together.
pub fn delay(failures: u32, random: u32) -> i64 {
    let doubled = FIRST << failures.saturating_sub(1).min(7);
    let percent = 80 + i64::from(random % 41);
    (doubled.min(LONGEST) * percent / 100).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_to_half_an_hour() {
        let middle = 20;
        let waits: Vec<i64> = (1..=10).map(|n| delay(n, middle)).collect();
        assert_eq!(waits, [15, 30, 60, 120, 240, 480, 960, 1800, 1800, 1800]);
        assert_eq!(delay(u32::MAX, middle), 1800);
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        for random in 0..500 {
            assert!((12..=18).contains(&delay(1, random)));
            assert!((1440..=1800).contains(&delay(30, random)));
        }
    }
}
