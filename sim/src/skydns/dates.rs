//! The periods of reports.

use time::{Date, Duration};

use super::call::MethodCall;
use crate::day::day;

/// Known: a report covers at most so many days, the last ones.
const REPORTED_DAYS: i64 = 30;

/// The days of a report, from the first to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    pub first: Date,
    pub last: Date,
}

impl Period {
    pub fn one(day: Date) -> Period {
        Period {
            first: day,
            last: day,
        }
    }

    /// Of `start` and `end`. Known: `start` is not before 1 January of last year.
    /// Assumed: an end before the start is an error, and days to come are not.
    pub fn of(call: &MethodCall) -> Result<Period, String> {
        let first = checked(call, "start")?;
        let last = day(call.text("end")).ok_or("Invalid end")?;
        if last < first {
            return Err("The period ends before it starts".to_owned());
        }
        let oldest = last - Duration::days(REPORTED_DAYS - 1);
        Ok(Period {
            first: first.max(oldest),
            last,
        })
    }

    pub fn days(self) -> impl Iterator<Item = Date> {
        let after = move |day: &Date| day.next_day().filter(|day| *day <= self.last);
        std::iter::successors(Some(self.first), after)
    }
}

/// A day that may be asked for: not before 1 January of last year.
pub(super) fn checked(call: &MethodCall, name: &str) -> Result<Date, String> {
    let day = day(call.text(name)).ok_or(format!("Invalid {name}"))?;
    let recent = day.year() >= oldest_year(call);
    let recent = recent.then_some(day);
    recent.ok_or(format!("The {name} is before 1 January of last year"))
}

pub(super) fn oldest_year(call: &MethodCall) -> i32 {
    call.world.today().year() - 1
}
