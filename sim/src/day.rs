//! Days as both services write them.

use time::{Date, Month};

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
