//! Moments as VPNKI takes them: `YYYY-MM-DD HH-MM-SS`. Of that form, the order of
//! texts is the order of time.

/// Known: the beginning of everything.
const BEGINNING: &str = "0000-00-00 00-00-00";
/// Later than every moment.
const END: &str = "9999-99-99 99-99-99";

/// The start of an interval.
pub(super) fn since(text: &str) -> Option<&str> {
    (text == BEGINNING || is_moment(text)).then_some(text)
}

/// The end of an interval. Known: `NOW` may stand there. Assumed: in capitals,
/// and not at the start.
pub(super) fn until(text: &str) -> Option<&str> {
    match text {
        "NOW" => Some(END),
        _ => is_moment(text).then_some(text),
    }
}

pub(crate) fn is_moment(text: &str) -> bool {
    let Some((day, time)) = text.split_once(' ') else {
        return false;
    };
    let parts: Vec<&str> = time.split('-').collect();
    let below = |part: &str, limit: u8| {
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        digits && part.parse::<u8>().is_ok_and(|number| number < limit)
    };
    let clock = matches!(parts[..], [h, m, s] if below(h, 24) && below(m, 60) && below(s, 60));
    clock && crate::day::day(day).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_one_form() {
        assert!(is_moment("2015-12-31 23-59-59"));
        for wrong in [
            "",
            "NOW",
            "2015-12-31",
            "2015-12-31 23:59:59",
            "2015-12-31  23-59-59",
            "2015-12-31T23-59-59",
            "2015-12-31 24-00-00",
            "2015-02-30 00-00-00",
            "2015-12-31 23-59-5",
            "2015-12-31 23-59-59-00",
        ] {
            assert!(!is_moment(wrong), "{wrong}");
        }
        assert_eq!(since(BEGINNING), Some(BEGINNING));
        assert_eq!((since("NOW"), until(BEGINNING)), (None, None));
        assert!(until("NOW") > Some("2099-12-31 23-59-59"));
    }
}
