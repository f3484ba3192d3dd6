//! The name that was probably meant.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::reason;
use crate::reason::Reason;

/// The known name nearest to `name`, if it is near enough to be meant.
///
/// ```
/// use wansync_core::config::suggest::nearest_name;
///
/// assert_eq!(nearest_name("idnet", &["ident", "key"]), Some("ident"));
/// assert_eq!(nearest_name("colour", &["ident", "key"]), None);
/// ```
pub fn nearest_name<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let allowed = 1 + name.len() / 4;
    known
        .iter()
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= allowed)
        .map(|candidate| (distance(name.as_bytes(), candidate.as_bytes()), *candidate))
        .min()
        .filter(|(distance, _)| *distance <= allowed)
        .map(|(_, candidate)| candidate)
}

/// The question behind a name that is not known; nothing if none is near enough.
///
/// ```
/// use wansync_core::config::suggest::hint;
///
/// assert_eq!(hint("idnet", &["ident", "key"]), " (did you mean 'ident'?)");
/// assert_eq!(hint("colour", &["ident", "key"]), "");
/// ```
pub fn hint(name: &str, known: &[&str]) -> String {
    let hint = did_you_mean(name, known);
    hint.as_ref().map(Reason::to_string).unwrap_or_default()
}

/// [`hint`] as a reason, which is `None` if no name is near enough.
pub fn did_you_mean(name: &str, known: &[&str]) -> Option<Reason> {
    let meant = nearest_name(name, known)?;
    Some(reason!(CheckDidYouMean, meant = meant))
}

/// Levenshtein's distance, in bytes; that of upper and lower case is none.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(!x.eq_ignore_ascii_case(y));
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest_name;

    #[test]
    fn near_names_are_suggested() {
        let known = ["ident", "key_file", "base_url", "profile"];
        let table = [
            ("idnet", Some("ident")),
            ("keyfile", Some("key_file")),
            ("base-url", Some("base_url")),
            ("profiles", Some("profile")),
            ("KEY_FILE", Some("key_file")),
            ("colour", None),
            ("", None),
        ];
        for (name, expected) in table {
            assert_eq!(nearest_name(name, &known), expected, "{name}");
        }
    }
}
