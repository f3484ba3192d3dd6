//! Keys, which must not show.

use std::fmt;

use super::url::percent_encoded;

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
    /// service may well quote what it was sent.
    pub fn redact(&self, text: &str) -> String {
        let encoded = percent_encoded(&self.0);
        let spaced = encoded.replace("%20", "+");
        text.replace(&self.0, "***")
            .replace(&encoded, "***")
            .replace(&spaced, "***")
    }
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
    }

    #[test]
    fn what_is_no_key() {
        for text in ["", " \n", "two\nlines", "nul\0"] {
            assert!(Secret::new(text).is_err(), "{text:?}");
        }
    }
}
