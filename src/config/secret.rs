//! Keys, which must not show.

use std::fmt;

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

    /// `text` with `***` wherever the key stands in it, encoded or not, or cut
    /// off at the end: a service may well quote what it was sent.
    pub fn redact(&self, text: &str) -> String {
        let text = text.replace(&self.0, "***");
        let mut redacted = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(first) = rest.chars().next() {
            if let Some(after) = self.after_quote(rest) {
                redacted.push_str("***");
                rest = after;
            } else {
                redacted.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        redacted
    }

    /// What follows the key that `text` begins with. Each of the key's bytes
    /// may be percent-encoded, once or twice, or not, since programs differ in
    /// which they encode. A text that was cut may end within the key.
    fn after_quote<'t>(&self, text: &'t str) -> Option<&'t str> {
        let mut at = 0;
        for byte in self.0.bytes() {
            at += match &text.as_bytes()[at..] {
                [] | [b'%'] | [b'%', _] if at >= TELLING => return Some(""),
                [b'%', high, low, ..] if is_hex_of(byte, *high, *low) => 3,
                [b'%', b'2', b'5', high, low, ..] if is_hex_of(byte, *high, *low) => 5,
                [b'+', ..] if byte == b' ' => 1,
                [same, ..] if *same == byte => 1,
                _ => return None,
            };
        }
        text.get(at..)
    }
}

fn is_hex_of(byte: u8, high: u8, low: u8) -> bool {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    digit(high) == Some(u32::from(byte >> 4)) && digit(low) == Some(u32::from(byte & 15))
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
        for (text, expected) in [
            ("s%26c%20r%3dt.", "***."),
            ("%73&c+r%3Dt", "***"),
            ("ss&c r=t t", "s*** t"),
            ("x s%26c r", "x ***"),
            ("x s%26c r%3", "x ***"),
            ("x s&c", "x ***"),
            ("x s&", "x s&"),
            ("s&c r. s&c ж", "s&c r. s&c ж"),
            ("", ""),
        ] {
            assert_eq!(key.redact(text), expected, "{text}");
        }
        let echoed = "s%26c%20r%3dt s%26c+r%3dt s%2526c%2520r%253Dt";
        assert_eq!(key.redact(echoed), "*** *** ***");
        let literal = Secret::new("50%25ж").expect("a key");
        assert_eq!(
            literal.redact("a 50%25ж b 50%2525%d0%B6 50%"),
            "a *** b *** ***"
        );
    }

    #[test]
    fn a_key_that_was_cut_off_does_not_print_either() {
        let key = Secret::new("ключ/0123456789").expect("a key");
        let encoded = crate::config::url::percent_encoded(key.expose());
        let whole = format!("no key ключ/0123456789 or {encoded}");
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
