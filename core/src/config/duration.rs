//! Durations as people write them: `90`, `90s`, `5m`, `72h`, `3d`.

/// Seconds, or `None` if it is no duration, or longer than a hundred years.
pub fn parse(text: &str) -> Option<i64> {
    let unit = match text.bytes().last()? {
        b's' => 1,
        b'm' => 60,
        b'h' => 3600,
        b'd' => 86_400,
        b'0'..=b'9' => return number(text),
        _ => return None,
    };
    number(&text[..text.len() - 1])?
        .checked_mul(unit)
        .filter(|seconds| *seconds <= LONGEST)
}

const LONGEST: i64 = 100 * 366 * 86_400;

fn number(digits: &str) -> Option<i64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_number
        .then(|| digits.parse().ok())?
        .filter(|seconds| *seconds <= LONGEST)
}

#[cfg(test)]
mod tests {
    use super::parse;

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
            assert_eq!(parse(text), seconds, "{text:?}");
        }
    }
}
