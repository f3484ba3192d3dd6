//! Days, and the periods of reports.

use time::{Date, Duration, Month};

use super::call::Call;

/// Known: a report covers at most so many days, the last ones.
const REPORTED_DAYS: i64 = 30;

/// `YYYY-MM-DD`, and nothing else.
pub(crate) fn day(text: &str) -> Option<Date> {
    let digit = |(at, byte): (usize, u8)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    if text.len() != 10 || !text.bytes().enumerate().all(digit) {
        return None;
    }
    let month = Month::try_from(text[5..7].parse::<u8>().ok()?).ok()?;
    let (year, day) = (text[..4].parse().ok()?, text[8..].parse().ok()?);
    Date::from_calendar_date(year, month, day).ok()
}

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
    pub fn of(call: &Call) -> Result<Period, String> {
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
pub(super) fn checked(call: &Call, name: &str) -> Result<Date, String> {
    let day = day(call.text(name)).ok_or(format!("Invalid {name}"))?;
    let recent = day.year() >= oldest_year(call);
    let recent = recent.then_some(day);
    recent.ok_or(format!("The {name} is before 1 January of last year"))
}

pub(super) fn oldest_year(call: &Call) -> i32 {
    call.world.today().year() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_one_form() {
        assert_eq!(day("2024-02-29").unwrap().ordinal(), 60);
        for wrong in [
            "",
            "2023-02-29",
            "2024-2-29",
            "24-02-29",
            "2024-13-01",
            "2024/02/29",
            "+024-02-29",
            "2024-02-29 ",
            "２０２４-02",
        ] {
            assert_eq!(day(wrong), None, "{wrong}");
        }
    }
}
