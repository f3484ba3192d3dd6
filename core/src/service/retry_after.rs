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

/// The pause that the header asks for, at `now`. `None` if it cannot be read: then the
/// own backoff counts.
pub fn parse(header: &str, now: Wall) -> Option<Duration> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Duration::from_secs(header.parse().unwrap_or(u64::MAX)));
    }
    Some(imf_fixdate(header)?.since(now))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that may be sent today.
fn imf_fixdate(text: &str) -> Option<Wall> {
    let (_, date) = text.split_once(", ")?;
    let mut parts = date.split(' ');
    let day = parse_number(parts.next()?)?;
    let month_name = parts.next()?;
    let month = MONTHS.iter().position(|name| *name == month_name)? as i64 + 1;
    let year = parse_number(parts.next()?)?;
    let mut clock = parts.next()?.split(':');
    let date = Civil {
        year,
        month,
        day,
        hour: parse_number(clock.next()?)?,
        minute: parse_number(clock.next()?)?,
        second: parse_number(clock.next()?)?,
    };
    let ends_well = clock.next().is_none() && parts.next() == Some("GMT") && parts.next().is_none();
    ends_well.then(|| date.wall())
}

fn parse_number(text: &str) -> Option<i64> {
    let is_number = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms() {
        let now = Wall::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT
        let table = [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:59:37 GMT", Some(600)),
            ("Sun, 06 Nov 1994 07:00:00 GMT", Some(0)),
            ("", None),
            ("-5", None),
            ("soon", None),
            ("Sun, 06 Nov 1994 08:49 GMT", None),
            ("Sun, 06 Now 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sun, 99999999999 Nov 1994 08:49:37 GMT", None),
        ];
        for (header, expected) in table {
            let expected = expected.map(Duration::from_secs);
            assert_eq!(parse(header, now), expected, "{header:?}");
        }
    }
}
