//! Moments as VPNKI writes them.

use alloc::borrow::Cow;
use alloc::format;

use crate::time::Civil;

/// The date and time in `YYYY-MM-DD HH-MM-SS` or `YYYY-MM-DD HH:MM:SS`. In
/// which time zone is not documented. `None` for `0000-00-00 00-00-00`.
///
/// ```
/// use wansync_core::service::vpnki::moment;
///
/// let at = moment("2015-12-31 23-59-58").unwrap();
/// assert_eq!((at.year, at.hour, at.second), (2015, 23, 58));
/// assert_eq!(moment("2015-12-31 23:59:58"), Some(at));
/// assert_eq!(moment("0000-00-00 00-00-00"), None);
/// ```
pub fn moment(text: &str) -> Option<Civil> {
    let is_form = text.len() == 19
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            10 => matches!(byte, b' ' | b'T'),
            13 | 16 => matches!(byte, b'-' | b':'),
            _ => byte.is_ascii_digit(),
        });
    if !is_form {
        return None;
    }
    let part = |from: usize, to: usize| text[from..to].parse::<i64>().ok();
    let civil = Civil {
        year: part(0, 4)?,
        month: part(5, 7)?,
        day: part(8, 10)?,
        hour: part(11, 13)?,
        minute: part(14, 16)?,
        second: part(17, 19)?,
    };
    // A date that does not exist comes back as another one.
    (Civil::at(civil.wall()) == civil).then_some(civil)
}

/// A moment as people write it, `YYYY-MM-DD HH:MM:SS`; any other text as it is.
pub(crate) fn with_colons(text: Cow<'_, str>) -> Cow<'_, str> {
    match moment(&text) {
        Some(_) if text.contains('T') || !text.contains(':') => {
            Cow::Owned(format!("{} {}", &text[..10], text[11..].replace('-', ":")))
        }
        _ => text,
    }
}
