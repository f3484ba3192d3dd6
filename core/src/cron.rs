//! Cron's fields for a re-check at an interval.
//!
//! Cron counts within an hour and within a day, so only what divides them gives
//! even pauses. A thousand routers have a thousand offsets within the step, and within
//! the minute, whose first second is the only one that cron knows: so they do not ask a
//! service at the same time.

use core::fmt::{self, Display, Formatter};
use core::time::Duration;

use crate::backoff;
use crate::time::MINUTE;

/// The steps, in minutes, that divide an hour. They grow.
const MINUTE_STEPS: [u32; 11] = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30];
/// The steps, in hours, that divide a day. They grow.
const HOUR_STEPS: [u32; 8] = [1, 2, 3, 4, 6, 8, 12, 24];

/// The times at which cron runs a command. `Display` writes the five fields of a crontab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// In each minute, the most that cron can do.
    EachMinute,
    /// Every `step` minutes, from the minute `first` of each hour.
    Minutes {
        /// Less than `step`
        first: u32,
        /// A divisor of 60
        step: u32,
    },
    /// Every `step` hours, from the hour `first` of each day.
    Hours {
        /// 0 to 59
        minute: u32,
        /// Less than `step`
        first: u32,
        /// A divisor of 24
        step: u32,
    },
}

impl Schedule {
    /// The schedule for a re-check every `interval`, or more often; at
    /// the offset that follows from the router's own number.
    ///
    /// ```
    /// use wansync_core::cron::Schedule;
    /// use wansync_core::time::{HOUR, MINUTE};
    ///
    /// assert_eq!(Schedule::new(5 * MINUTE, 1002).to_string(), "2-59/5 * * * *");
    /// assert_eq!(Schedule::new(24 * HOUR, 61).to_string(), "1 1-23/24 * * *");
    /// ```
    pub fn new(interval: Duration, number: u32) -> Schedule {
        let minutes = interval.as_secs() / 60;
        if minutes >= 60 {
            let step = longest_within(&HOUR_STEPS, minutes / 60);
            let (minute, first) = (number % 60, number / 60 % step);
            return Schedule::Hours {
                minute,
                first,
                step,
            };
        }
        match longest_within(&MINUTE_STEPS, minutes) {
            1 => Schedule::EachMinute,
            step => Schedule::Minutes {
                first: number % step,
                step,
            },
        }
    }
}

/// The second of its minutes at which the router of this number re-checks. Its minute
/// follows from other bits.
pub fn second(number: u32) -> u64 {
    backoff::part(MINUTE - Duration::from_secs(1), number).as_secs()
}

/// The longest step that is no longer than `limit`; else the shortest, 1.
fn longest_within(steps: &[u32], limit: u64) -> u32 {
    let mut steps = steps.iter().rev();
    *steps.find(|step| u64::from(**step) <= limit).unwrap_or(&1)
}

impl Display for Schedule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Schedule::EachMinute => f.write_str("* * * * *"),
            Schedule::Minutes { first, step } => write!(f, "{first}-59/{step} * * * *"),
            Schedule::Hours {
                minute,
                first,
                step,
            } => write!(f, "{minute} {first}-23/{step} * * *"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::whole_seconds;

    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;

    #[test]
    fn an_interval_and_a_number_become_five_fields() {
        for (interval, number, expected) in [
            (1, 7, "* * * * *"),
            (MINUTE, 7, "* * * * *"),
            (2 * MINUTE - 1, 7, "* * * * *"),
            (2 * MINUTE, 7, "1-59/2 * * * *"),
            (5 * MINUTE, 8, "3-59/5 * * * *"),
            (7 * MINUTE, 7, "1-59/6 * * * *"),
            (29 * MINUTE, 39, "19-59/20 * * * *"),
            (HOUR - 1, 59, "29-59/30 * * * *"),
            (HOUR, 61, "1 0-23/1 * * *"),
            (90 * MINUTE, 59, "59 0-23/1 * * *"),
            (5 * HOUR, 60 * 7 + 2, "2 3-23/4 * * *"),
            (DAY - 1, 60 * 23, "0 11-23/12 * * *"),
            (DAY, 60 * 23, "0 23-23/24 * * *"),
            (3 * DAY, u32::MAX, "15 4-23/24 * * *"),
            (i64::MAX, 0, "0 0-23/24 * * *"),
        ] {
            let schedule = Schedule::new(whole_seconds(interval), number);
            assert_eq!(schedule.to_string(), expected, "{interval} {number}");
        }
    }

    /// The values of a field at which cron runs a line, as busybox's crond reads it.
    fn values(field: &str, end: u32) -> Vec<u32> {
        if field == "*" {
            return (0..end).collect();
        }
        let Some((first, rest)) = field.split_once('-') else {
            let value = field.parse().expect("a number");
            assert!(value < end, "{field}");
            return vec![value];
        };
        let (last, step) = rest.split_once('/').expect("a step");
        let [first, last, step]: [u32; 3] =
            [first, last, step].map(|text| text.parse().expect("a number"));
        assert!(first <= last && last < end, "{field}");
        (first..=last).step_by(step as usize).collect()
    }

    /// The minutes of a day in which cron runs a line.
    fn runs(schedule: Schedule) -> Vec<u32> {
        let text = schedule.to_string();
        let fields: Vec<&str> = text.split(' ').collect();
        assert_eq!((fields.len(), &fields[2..]), (5, &["*"; 3][..]), "{text}");
        let (minutes, hours) = (values(fields[0], 60), values(fields[1], 24));
        let of_hour = |hour| minutes.iter().map(move |minute| hour * 60 + minute);
        hours.into_iter().flat_map(of_hour).collect()
    }

    /// From a second to four days, midnight included: no pause is longer than was
    /// asked for, or than a minute or a day, which are cron's bounds; all are equal.
    #[test]
    fn re_checks_come_at_least_as_often_as_asked_and_evenly() {
        for interval in (1..2 * HOUR).step_by(7).chain((HOUR..4 * DAY).step_by(613)) {
            for number in [0, 1, 59, 60, 1_439, 2_654_435_761, u32::MAX] {
                let runs = runs(Schedule::new(whole_seconds(interval), number));
                let tomorrow = runs[0] + 24 * 60;
                let next = runs.iter().skip(1).chain([&tomorrow]);
                let mut pauses: Vec<i64> = (runs.iter().zip(next))
                    .map(|(run, next)| i64::from(next - run) * MINUTE)
                    .collect();
                pauses.dedup();
                assert_eq!(pauses.len(), 1, "{interval} {number}: {pauses:?}");
                assert!(pauses[0] <= interval.max(MINUTE), "{interval} {number}");
                // Nor is one shorter than half of that: a re-check costs something.
                assert!(2 * pauses[0] >= interval.min(DAY), "{interval} {number}");
            }
        }
    }

    /// As many numbers as there are minutes in the step take each of them once.
    #[test]
    fn numbers_spread_evenly_over_the_step() {
        for steps in [&MINUTE_STEPS[1..], &HOUR_STEPS.map(|hours| hours * 60)] {
            for step in steps {
                let mut first: Vec<u32> = (0..*step)
                    .map(|number| {
                        runs(Schedule::new(
                            whole_seconds(i64::from(*step) * MINUTE),
                            number,
                        ))[0]
                    })
                    .collect();
                first.sort_unstable();
                assert_eq!(first, (0..*step).collect::<Vec<u32>>());
            }
        }
    }
}
