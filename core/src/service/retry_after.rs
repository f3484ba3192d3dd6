//! The `Retry-After` header: seconds, or a date (RFC 9110, 10.2.3).
//!
//! ```
//! use core::time::Duration;
//! use wansync_core::service::retry_after;
//! use wansync_core::time::Wall;
//!
//! let now = Wall::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT
//! assert_eq!(retry_after::parse("120", now), Some(Duration::from_secs(120)));
//! let date = "Sun, 06 Nov 1994 08:50:00 GMT";
//! assert_eq!(retry_after::parse(date, now), Some(Duration::from_secs(23)));
//! assert_eq!(retry_after::parse("soon", now), None);
//! ```

use core::time::Duration;

use crate::time::{Civil, MONTHS, Wall};

/// The days of the week, whose first three letters are their short names.
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
/// The years from now from which on a year of two digits is one of the past (RFC 9110, 5.6.7).
const MAX_YEARS_AHEAD: i64 = 50;

/// The pause that the header asks for, at `now`; of several, as of a header that was sent
/// more than once, the longest. `None` if it cannot be read: then the own backoff counts.
pub fn parse(header: &str, now: Wall) -> Option<Duration> {
    let mut longest = None;
    for number in header.split(',').map(str::trim) {
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Some(http_date(header.trim(), now)?.since(now));
        }
        let seconds = number.parse().unwrap_or(u64::MAX);
        longest = longest.max(Some(Duration::from_secs(seconds)));
    }
    longest
}

/// A date in one of the three forms of RFC 9110, 5.6.7: today's, `Sun, 06 Nov 1994
/// 08:49:37 GMT`, and the obsolete ones of RFC 850, `Sunday, 06-Nov-94 08:49:37 GMT`, and
/// of C's asctime, `Sun Nov  6 08:49:37 1994`.
fn http_date(text: &str, now: Wall) -> Option<Wall> {
    let (weekday, rest) = text.split_once([',', ' '])?;
    DAYS.iter()
        .find(|day| **day == weekday || day[..3] == *weekday)?;
    let mut parts = rest.split([' ', '-']).filter(|part| !part.is_empty());
    let mut next = || parts.next();
    let date = match text.contains(',') {
        true => {
            let (day, month, year, clock) = (next()?, next()?, next()?, next()?);
            (next()? == "GMT").then_some((day, month, year, clock))?
        }
        false => {
            let (month, day, clock, year) = (next()?, next()?, next()?, next()?);
            (day, month, year, clock)
        }
    };
    match next() {
        None => civil(date, now),
        Some(_) => None,
    }
}

/// The moment that day, month, year and time of day say, if there is such a one.
fn civil((day, month, year, clock): (&str, &str, &str, &str), now: Wall) -> Option<Wall> {
    let mut clock = clock.split(':').map(parse_number);
    let mut part = || clock.next().flatten();
    let date = Civil {
        year: full_year(year, now)?,
        month: MONTHS.iter().position(|name| *name == month)? as i64 + 1,
        day: parse_number(day)?,
        hour: part()?,
        minute: part()?,
        second: part()?,
    };
    match clock.next() {
        None => date.checked_wall(),
        Some(_) => None,
    }
}

fn full_year(text: &str, now: Wall) -> Option<i64> {
    let year = parse_number(text)?;
    match text.len() {
        4 => Some(year),
        2 => {
            let this_year = Civil::at(now).year;
            let latest = this_year + MAX_YEARS_AHEAD;
            // The last year with these digits that is not too far ahead.
            Some(latest - (latest - year).rem_euclid(100))
        }
        _ => None,
    }
}

fn parse_number(text: &str) -> Option<i64> {
    let is_number = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form() {
        let now = Wall::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT
        let table = [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("120, 3600, 60", Some(3600)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:59:37 GMT", Some(600)),
            ("Sun, 06 Nov 1994 07:00:00 GMT", Some(0)),
            ("Sun, 6 Nov 1994 08:59:37 GMT", Some(600)),
            ("Sunday, 06-Nov-94 08:59:37 GMT", Some(600)),
            ("Sunday, 06-Nov-1994 08:59:37 GMT", Some(600)),
            (
                "Sunday, 06-Nov-44 08:49:37 GMT",
                Some(50 * 365 * 86_400 + 13 * 86_400),
            ),
            ("Sunday, 06-Nov-45 08:49:37 GMT", Some(0)),
            ("Sun Nov  6 08:59:37 1994", Some(600)),
            ("Sun Nov 16 08:49:37 1994", Some(864_000)),
            ("Sat, 31 Dec 1994 23:59:60 GMT", Some(4_806_623)),
            ("", None),
            (",", None),
            ("-5", None),
            ("+5", None),
            ("1.5", None),
            ("120s", None),
            ("120,", None),
            ("soon", None),
            ("120, soon", None),
            ("Sun, 06 Nov 1994 08:49 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37:00 GMT", None),
            ("Sun, 06 Now 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sun, 06 Nov 1994 08:49:37", None),
            ("Son, 06 Nov 1994 08:49:37 GMT", None),
            ("Sun, 99999999999 Nov 1994 08:49:37 GMT", None),
            ("Fri, 99 Dec 1994 08:49:37 GMT", None),
            ("Fri, 00 Dec 1994 08:49:37 GMT", None),
            ("Fri, 31 Nov 1994 08:49:37 GMT", None),
            ("Tue, 29 Feb 1994 08:49:37 GMT", None),
            ("Fri, 09 Dec 1994 24:00:00 GMT", None),
            ("Fri, 09 Dec 1994 08:60:00 GMT", None),
            ("Fri, 09 Dec 1994 08:49:61 GMT", None),
            ("Friday, 99-Dec-94 08:49:37 GMT", None),
            ("Fri Dec 99 08:49:37 1994", None),
            ("Sun Nov  6 08:49:37 1994 GMT", None),
        ];
        for (header, expected) in table {
            let expected = expected.map(Duration::from_secs);
            assert_eq!(parse(header, now), expected, "{header:?}");
        }
    }
}
