//! Keys, which must not show.

use std::fmt;

use super::url::percent_encoded;

/// No service's key comes near this, in bytes.
const LONGEST: usize = 1024;
/// So much of a key's beginning at the end of a text is no accident, in bytes.
const TELLING: usize = 3;

/// A key of a service. `Debug` and `Display` print `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Where a section's key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// The service takes none from here: a relay adds it.
    None,
    /// `option key`
    Inline(Secret),
    /// `option key_file`
    File {
        /// The file's path.
        path: String,
        /// The line of the option.
        line: u32,
    },
}

impl Secret {
    /// Takes a key as it stands in a file or an option: blanks and line ends
    /// around it do not belong to it.
    pub fn new(text: &str) -> Result<Secret, &'static str> {
        let key = text.trim_matches([' ', '\t', '\r', '\n']);
        if key.is_empty() {
            return Err("is empty");
        }
        if key.len() > LONGEST {
            return Err("is longer than 1024 bytes");
        }
        if key.chars().any(char::is_control) {
            return Err("holds more than one line, or a control character");
        }
        Ok(Secret(key.to_owned()))
    }

    /// The key itself: for the request, and for nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `text` with `***` wherever the key stands in it, encoded or not: a
    /// service may well quote what it was sent. A text that was cut may end
    /// within the key.
    pub fn redact(&self, text: &str) -> String {
        let encoded = percent_encoded(&self.0);
        let spaced = encoded.replace("%20", "+");
        let forms = [
            encoded.replace('%', "%25"),
            with_lower_escapes(&encoded),
            with_lower_escapes(&spaced),
            encoded,
            spaced,
            self.0.clone(),
        ];
        let mut text = text.to_owned();
        for form in &forms {
            text = without_beginning_of(form, text.replace(form, "***"));
        }
        text
    }
}

/// `%3D` as `%3d`: some libraries encode so.
fn with_lower_escapes(encoded: &str) -> String {
    let mut pieces = encoded.split('%');
    let mut lower = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        // percent_encoded writes two digits after each sign.
        let (digits, rest) = piece.split_at(2);
        lower.push('%');
        lower.push_str(&digits.to_ascii_lowercase());
        lower.push_str(rest);
    }
    lower
}

/// The text without a beginning of `key` at its end.
fn without_beginning_of(key: &str, mut text: String) -> String {
    let cut = (TELLING..key.len())
        .rev()
        .find(|length| key.is_char_boundary(*length) && text.ends_with(&key[..*length]));
    if let Some(length) = cut {
        text.truncate(text.len() - length);
        text.push_str("***");
    }
    text
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_prints() {
        let key = Secret::new("  s&c r=t\n").expect("a key");
        assert_eq!(key.expose(), "s&c r=t");
        assert_eq!(format!("{key} {key:?}"), "*** ***");
        let echoed = "no key s&c r=t, s%26c%20r%3Dt or s%26c+r%3Dt";
        assert_eq!(key.redact(echoed), "no key ***, *** or ***");
        let echoed = "s%26c%20r%3dt s%26c+r%3dt s%2526c%2520r%253Dt";
        assert_eq!(key.redact(echoed), "*** *** ***");
    }

    #[test]
    fn a_key_that_was_cut_off_does_not_print_either() {
        let key = Secret::new("ключ/0123456789").expect("a key");
        let whole = format!(
            "no key ключ/0123456789 or {}",
            percent_encoded(key.expose())
        );
        for end in whole.char_indices().map(|(at, _)| at) {
            let told = key.redact(&whole[..end]);
            assert!(!told.contains("клю") && !told.contains("%D0%BA"), "{told}");
        }
        assert_eq!(key.redact("nothing of it"), "nothing of it");
    }

    #[test]
    fn what_is_no_key() {
        for text in ["", " \n", "two\nlines", "nul\0", &"x".repeat(1025)] {
            assert!(Secret::new(text).is_err(), "{text:?}");
        }
    }
}
