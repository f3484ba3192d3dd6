//! Keys, which must not show.

use alloc::borrow::Cow;
use alloc::borrow::ToOwned;
use alloc::string::String;
use core::cell::OnceCell;
use core::fmt;

use super::mask::Mask;
use super::paste;
use crate::reason::Code;

/// No service's key comes near this, in bytes.
const MAX_KEY_LENGTH: usize = 1024;

/// A key of a service. `Debug` and `Display` print `***`.
#[derive(Clone)]
pub struct Secret {
    key: String,
    /// Made for the first text that is to be shown.
    mask: OnceCell<Mask>,
}

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
    /// Takes a key as it stands in a file or an option: blanks of every kind and line ends
    /// around it do not belong to it, nor does a byte order mark.
    ///
    /// # Errors
    /// The code of words that follow on its place, which take no arguments.
    pub fn new(text: &str) -> Result<Secret, Code> {
        let key = paste::trim(text);
        if key.is_empty() {
            return Err(Code::ValueEmpty);
        }
        if key.len() > MAX_KEY_LENGTH {
            return Err(Code::ValueTooLong);
        }
        if key.chars().any(char::is_control) {
            return Err(Code::ValueLines);
        }
        Ok(Secret {
            key: key.to_owned(),
            mask: OnceCell::new(),
        })
    }

    /// The key itself: for the request, and for nothing else.
    pub fn expose(&self) -> &str {
        &self.key
    }

    /// `text` with `***` for every run of eight characters of the key, encoded or not, in
    /// upper or lower case, and for what of it a cut left at the end: a service may well
    /// quote what it was sent. A shorter key is masked where it stands as a whole.
    ///
    /// ```
    /// use wansync_core::config::secret::Secret;
    ///
    /// let key = Secret::new("example-key\n").unwrap();
    /// assert_eq!(key.redact("key=example-key is wrong"), "key=*** is wrong");
    /// assert_eq!(format!("{key} {key:?}"), "*** ***");
    /// ```
    pub fn redact(&self, text: &str) -> String {
        self.mask().apply(text, true).into_owned()
    }

    /// [`Secret::redact`] for text that was not cut, such as a cell of a table: there, a
    /// word at the end that a key begins with too is a word.
    pub fn redact_whole<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.mask().apply(text, false)
    }

    /// Marks the bytes of a line that [`Secret::redact_whole`] would hide.
    pub(crate) fn mark(&self, line: &str, marks: &mut [bool]) {
        self.mask().mark(line, marks);
    }

    fn mask(&self) -> &Mask {
        self.mask.get_or_init(|| Mask::new(&self.key))
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Secret) -> bool {
        self.key == other.key
    }
}

impl Eq for Secret {}

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
