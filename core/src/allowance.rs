//! The allowance of sends by `option daily_limit`.
//!
//! Half of the limit may be used at once, so that an address that changes often is
//! followed. The rest is kept for the rest of the day: one more is allowed every so often,
//! so that a WAN which flaps for an hour does not leave the service with a wrong address
//! for a day.

use core::time::Duration;

use crate::time::{Boot, DAY, HOUR};

/// The longest pause between two sends, where the limit is small.
const MAX_PAUSE: Duration = Duration::from_secs(12 * HOUR.as_secs());

/// The sends of 24 h, under a limit.
#[derive(Debug, Clone, Copy)]
pub struct Allowance<'a> {
    limit: u32,
    /// Oldest first.
    sends: &'a [Boot],
    now: Boot,
}

impl<'a> Allowance<'a> {
    /// The allowance at `now` after these sends, oldest first.
    ///
    /// ```
    /// use wansync_core::allowance::Allowance;
    /// use wansync_core::time::Boot;
    ///
    /// let now = Boot::from_secs(100);
    /// let sends = [now; 12];
    /// let flapped = Allowance::new(24, &sends, now);
    /// assert_eq!(flapped.left(), 12);
    /// assert_eq!(flapped.next(), Boot::from_secs(100 + 2 * 3600));
    /// ```
    pub fn new(limit: u32, sends: &'a [Boot], now: Boot) -> Allowance<'a> {
        Allowance { limit, sends, now }
    }

    /// The sends that are left of the limit.
    pub fn left(self) -> u32 {
        self.limit.saturating_sub(self.recent().count() as u32)
    }

    /// The moment from which one more is allowed; in the past, if it is now.
    pub fn next(self) -> Boot {
        let used = self.recent().count() as u32;
        let Some(last) = self.recent().last().filter(|_| used >= self.at_once()) else {
            return Boot::START;
        };
        let expiry = |over: u32| {
            let first = self.recent().nth(over as usize);
            first.map_or(Boot::START, |at| at + DAY)
        };
        let by_limit = match used.checked_sub(self.limit) {
            Some(over) => expiry(over),
            None => Boot::START,
        };
        let by_pause = by_limit.max(last + self.pause());
        by_pause.min(expiry(used - self.at_once()))
    }

    /// The pause between two sends when half of the limit is used.
    pub fn pause(self) -> Duration {
        (2 * DAY / self.limit.max(1)).min(MAX_PAUSE)
    }

    /// The sends that are allowed without a pause.
    fn at_once(self) -> u32 {
        self.limit.div_ceil(2)
    }

    fn recent(self) -> impl Iterator<Item = Boot> + 'a {
        let sends = self.sends.iter().copied();
        sends.filter(move |at| is_recent(*at, self.now))
    }
}

/// True if a send of then counts still.
pub fn is_recent(sent: Boot, now: Boot) -> bool {
    now.since(sent) < DAY
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sends of a router that sends whenever it may, in seconds.
    fn greedy(limit: u32, end: Boot) -> Vec<i64> {
        let (mut sends, mut now) = (Vec::new(), Boot::from_secs(1000));
        while now < end {
            now = Allowance::new(limit, &sends, now).next().max(now);
            sends.push(now);
            assert!(sends.len() < 10_000);
        }
        sends.iter().map(|at| at.secs() - 1000).collect()
    }

    #[test]
    fn half_goes_at_once_and_the_rest_one_by_one() {
        let hours = |limit, days| -> Vec<i64> {
            let end = Boot::from_secs(1000) + DAY * days - Duration::from_secs(1);
            let mut sends = greedy(limit, end);
            sends.retain(|at| *at < 86_400 * i64::from(days));
            sends.iter().map(|at| at / 3600).collect()
        };
        assert_eq!(hours(1, 2), [0, 24]);
        assert_eq!(hours(2, 2), [0, 12, 24, 36]);
        assert_eq!(hours(3, 1), [0, 0, 12]);
        assert_eq!(hours(4, 1), [0, 0, 12]);
        let of_day = hours(24, 1);
        assert_eq!(of_day[..12], [0; 12]);
        assert_eq!(of_day[12..], [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22]);
        assert_eq!(hours(288, 1)[..144], [0; 144]);
    }

    #[test]
    fn no_day_has_more_than_the_limit() {
        for limit in [1, 2, 3, 4, 5, 7, 24, 25, 288] {
            let sends = greedy(limit, Boot::from_secs(1000) + 5 * DAY);
            for (n, at) in sends.iter().enumerate() {
                let of_day = sends[n..].iter().filter(|other| **other - at < 86_400);
                assert!(of_day.count() <= limit as usize, "{limit}: {sends:?}");
            }
            let longest = sends.windows(2).map(|pair| pair[1] - pair[0]).max();
            let at_most = if limit == 1 { 24 } else { 12 };
            assert!(longest <= Some(at_most * 3600), "{limit}: {sends:?}");
        }
    }

    #[test]
    fn nothing_damaged_forbids_sends_for_ever() {
        let now = Boot::from_secs(1000);
        for sends in [&[now; 1000][..], &[Boot::NEVER, Boot::START, now]] {
            for limit in [0, 1, 24] {
                let next = Allowance::new(limit, sends, now).next();
                assert!(next <= now + DAY || sends.contains(&Boot::NEVER));
            }
        }
    }
}
