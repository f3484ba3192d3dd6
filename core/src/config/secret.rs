//! Keys, which must not show.

use alloc::borrow::Cow;
use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

/// No service's key comes near this, in bytes.
const MAX_KEY_LENGTH: usize = 1024;
/// The length from which a key's beginning at the end of a text is no accident, in bytes.
const MIN_CUT_LENGTH: usize = 3;

/// A key of a service. `Debug` and `Display` print `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// The source of a section's key.
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
        if key.len() > MAX_KEY_LENGTH {
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
    ///
    /// ```
    /// use wansync_core::config::secret::Secret;
    ///
    /// let key = Secret::new("example-key\n").unwrap();
    /// assert_eq!(key.redact("key=example-key is wrong"), "key=*** is wrong");
    /// assert_eq!(format!("{key} {key:?}"), "*** ***");
    /// ```
    pub fn redact(&self, text: &str) -> String {
        self.replace_key(text, true).into_owned()
    }

    /// [`Secret::redact`] for text that was not cut, such as a cell of a table: there, a
    /// word at the end that a key begins with too is a word.
    pub fn redact_whole<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.replace_key(text, false)
    }

    fn replace_key<'t>(&self, text: &'t str, may_be_cut: bool) -> Cow<'t, str> {
        let mut out = String::new();
        let (mut at, mut copied) = (0, 0);
        while let Some(ahead) = self.perhaps_in(&text.as_bytes()[at..]) {
            at += ahead;
            if let Some(length) = self.quote_in(&text[at..], may_be_cut) {
                out.push_str(&text[copied..at]);
                out.push_str("***");
                at += length;
                copied = at;
            } else {
                at += text[at..].chars().next().map_or(1, char::len_utf8);
            }
        }
        if copied == 0 {
            return Cow::Borrowed(text);
        }
        out.push_str(&text[copied..]);
        Cow::Owned(out)
    }

    /// The next place where the key may begin: most of a long answer is nothing of it.
    fn perhaps_in(&self, bytes: &[u8]) -> Option<usize> {
        let first = self.0.as_bytes().first();
        let mut bytes = bytes.iter();
        bytes.position(|byte| Some(byte) == first || matches!(byte, b'%' | b'\\'))
    }

    /// The length of the key that `text` begins with. Each of the key's bytes
    /// may be percent-encoded, once or twice, or not, since programs differ in
    /// which they encode; and each of its characters escaped as in JSON. A text
    /// that was cut may end within the key.
    fn quote_in(&self, text: &str, may_be_cut: bool) -> Option<usize> {
        if text.starts_with(&self.0) {
            return Some(self.0.len());
        }
        let bytes = text.as_bytes();
        let mut at = 0;
        for c in self.0.chars() {
            if let Some(length) = json_escape(c, &bytes[at..]) {
                at += length;
                continue;
            }
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                at += match &bytes[at..] {
                    rest if may_be_cut && at >= MIN_CUT_LENGTH && is_cut(rest) => {
                        return Some(text.len());
                    }
                    [b'%', high, low, ..] if is_hex_of(byte, *high, *low) => 3,
                    [b'%', b'2', b'5', high, low, ..] if is_hex_of(byte, *high, *low) => 5,
                    [b'+', ..] if byte == b' ' => 1,
                    [same, ..] if *same == byte => 1,
                    _ => return None,
                };
            }
        }
        Some(at)
    }
}

/// True if nothing follows, or the beginning of an escape.
fn is_cut(rest: &[u8]) -> bool {
    match rest {
        [] | [b'%'] | [b'%', _] => true,
        [b'\\', ..] => rest.len() < 6,
        _ => false,
    }
}

/// The length of the escape (RFC 8259, 7) that `text` begins with, if it stands
/// for this character. A key has no control characters, so `\n` and the like do not.
fn json_escape(c: char, text: &[u8]) -> Option<usize> {
    match text {
        [b'\\', mark @ (b'"' | b'\\' | b'/'), ..] => (c == char::from(*mark)).then_some(2),
        [b'\\', ..] => {
            let mut rest = text;
            for unit in c.encode_utf16(&mut [0; 2]) {
                let [high, low] = unit.to_be_bytes();
                let [b'\\', b'u', a, b, c, d, after @ ..] = rest else {
                    return None;
                };
                if !is_hex_of(high, *a, *b) || !is_hex_of(low, *c, *d) {
                    return None;
                }
                rest = after;
            }
            Some(text.len() - rest.len())
        }
        _ => None,
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
    fn a_key_in_json_does_not_print() {
        let key = Secret::new(r#"a/"\ж😀b"#).expect("a key");
        for text in [
            r#"["a/\"\\ж😀b"]"#,
            r#"["a\/\"\\\u0436\ud83d\uDE00b"]"#,
            r#"["\u0061\u002F\u0022\u005c\u0436😀b"]"#,
        ] {
            assert_eq!(key.redact_whole(text), r#"["***"]"#, "{text}");
        }
        assert_eq!(key.redact(r#"["a\/\"\\\u04"#), r#"["***"#);
        assert_eq!(key.redact(r#"["a\/\u0063"]"#), r#"["a\/\u0063"]"#);
    }

    #[test]
    fn a_word_that_a_key_begins_with_is_a_word() {
        let key = Secret::new("user1-0123456789").expect("a key");
        assert_eq!(key.redact_whole("user1"), "user1");
        assert_eq!(key.redact_whole("a user1-0123456789."), "a ***.");
        assert_eq!(key.redact("user1"), "***");
    }

    #[test]
    fn a_key_that_was_cut_off_does_not_print_either() {
        let key = Secret::new("ключ/0123456789").expect("a key");
        let encoded = crate::config::url::percent_encoded(key.expose());
        let whole = format!("no key ключ/0123456789 or {encoded}");
        for end in whole.char_indices().map(|(at, _)| at) {
            let redacted = key.redact(&whole[..end]);
            assert!(
                !redacted.contains("клю") && !redacted.contains("%D0%BA"),
                "{redacted}"
            );
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
