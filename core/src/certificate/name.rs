//! Names of X.501 in one line.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use super::der::{Elements, OID, value};
use crate::text::width::is_harmful;

/// The most characters of a part of a name: X.520 allows as many, certificates are not
/// asked.
const MAX_PART: usize = 64;

/// A distinguished name, DER encoded, without tag and length. Two are the same if they
/// are so byte for byte, as for the library that checks chains.
///
/// Its text is the common name, and the organization where there is one; neither breaks
/// a line or is obeyed by a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<'a>(pub(super) &'a [u8]);

impl Name<'_> {
    /// The common name, in one line.
    pub fn common_name(self) -> Option<String> {
        self.attribute(3)
    }

    /// The attribute 2.5.4.`id`, the last if there are several: names go from the large
    /// to the small.
    fn attribute(self, id: u8) -> Option<String> {
        let attributes = Elements(self.0).flat_map(|(_, set)| Elements(set));
        let found = attributes.filter_map(|(_, attribute)| {
            let (found, rest) = value(attribute, OID)?;
            let (tag, text) = Elements(rest).next()?;
            (found == [0x55, 4, id]).then(|| line_of(&decode(tag, text)))
        });
        found.last().filter(|text| !text.is_empty())
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ORGANIZATION: u8 = 10;
        const UNIT: u8 = 11;
        match (self.common_name(), self.attribute(ORGANIZATION)) {
            (Some(name), Some(organization)) => write!(f, "{name} ({organization})"),
            (Some(name), None) | (None, Some(name)) => f.write_str(&name),
            (None, None) => f.write_str(self.attribute(UNIT).as_deref().unwrap_or("no name")),
        }
    }
}

/// A DirectoryString: BMPString is UTF-16, the others are UTF-8, or ASCII at least.
fn decode(tag: u8, text: &[u8]) -> Cow<'_, str> {
    const BMP_STRING: u8 = 0x1e;
    if tag != BMP_STRING {
        return String::from_utf8_lossy(text);
    }
    let units = text
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let chars = char::decode_utf16(units);
    chars
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// One line that is not too long.
pub(super) fn line_of(text: &str) -> String {
    let printable = |c: char| if is_harmful(c) { ' ' } else { c };
    let mut line: String = text.trim().chars().take(MAX_PART).map(printable).collect();
    if text.trim().chars().nth(MAX_PART).is_some() {
        line.push('…');
    }
    line
}
