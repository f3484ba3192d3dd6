//! Durations as people write them: `90`, `90s`, `5m`, `72h`, `3d`.

use core::time::Duration;

/// The span, or `None` if the text is no duration, or longer than a hundred years.
///
/// ```
/// use core::time::Duration;
/// use wansync_core::config::duration::parse;
///
/// assert_eq!(parse("72h"), parse("3d"));
/// assert_eq!(parse("90"), Some(Duration::from_secs(90)));
/// assert_eq!(parse("1.5h"), None);
/// ```
pub fn parse(text: &str) -> Option<Duration> {
    let unit = match text.bytes().last()? {
        b's' => 1,
        b'm' => 60,
        b'h' => 3600,
        b'd' => 86_400,
        b'0'..=b'9' => return number(text).map(Duration::from_secs),
        _ => return None,
    };
    number(&text[..text.len() - 1])?
        .checked_mul(unit)
        .filter(|seconds| *seconds <= MAX_SECONDS)
        .map(Duration::from_secs)
}

/// A hundred years.
const MAX_SECONDS: u64 = 100 * 366 * 86_400;

fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_number
        .then(|| digits.parse().ok())?
        .filter(|seconds| *seconds <= MAX_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let table = [
            ("0", Some(0)),
            ("90", Some(90)),
            ("90s", Some(90)),
            ("5m", Some(300)),
            ("72h", Some(259_200)),
            ("3d", Some(259_200)),
            ("", None),
            ("s", None),
            ("5 m", None),
            ("+5m", None),
            ("-5m", None),
            ("1.5h", None),
            ("5M", None),
            ("5м", None),
            ("9223372036854775807d", None),
            ("99999999999999999999", None),
        ];
        for (text, seconds) in table {
            assert_eq!(parse(text), seconds.map(Duration::from_secs), "{text:?}");
        }
    }
}
