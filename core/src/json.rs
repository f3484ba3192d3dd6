//! JSON read in place: a value is the slice of the body that it was written in.
//!
//! A reply of 100,000 rows on a router of 64 MB may not become a tree. The text
//! is checked once ([`Json::parse`]); after that a value is two words, its parts
//! are found when they are asked for, and a string is copied only if it holds an
//! escape. serde_json's `RawValue` was not taken: it knows no limit of depth, no
//! trailing comma (SkyDNS documents one), and its generic code is larger.

mod check;
mod persist;

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

pub use check::JsonError;
use check::Strictness;
#[cfg(test)]
pub(crate) use persist::again as read_again;
pub use persist::{FieldReader, JsonWriter, Persist};

/// One JSON value, as it stands in the body.
///
/// ```
/// use wansync_core::json::Json;
///
/// let json = Json::parse(br#"{"id": 12, "name": "\u0414\u043e\u043c", "tags": ["a", "b",],}"#).unwrap();
/// assert_eq!(json.get("name").unwrap().text().unwrap(), "Дом");
/// assert_eq!(json.get("tags").unwrap().items().count(), 2);
/// assert_eq!(json.get("id").unwrap().number(), Some(12));
/// assert_eq!(json.to_string(), r#"{"id":12,"name":"\u0414\u043e\u043c","tags":["a","b"]}"#);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Json<'a>(
    /// Invariant: one whole value that passed `check`, without blanks around it.
    &'a str,
);

/// The kind of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonKind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number, of any size.
    Number,
    /// A string.
    Text,
    /// `[…]`
    Array,
    /// `{…}`
    Object,
}

/// The bytes behind a byte order mark, or all of them if there is none.
pub(crate) fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

impl<'a> Json<'a> {
    /// The value that stands for one that is not there.
    pub const NULL: Json<'static> = Json("null");
    /// The value that stands for a bare `OK`.
    pub(crate) const OK: Json<'static> = Json("\"OK\"");

    /// The document in `body`: UTF-8, nested at most 127 deep (as serde_json
    /// has it). A byte order mark and trailing commas are tolerated.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(body: &'a [u8]) -> Result<Json<'a>, JsonError> {
        let text = match core::str::from_utf8(without_bom(body)) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() => return Err(JsonError::CutOff),
            Err(error) => return Err(JsonError::Damaged(error.valid_up_to())),
        };
        check::document(text, Strictness::TrailingCommas)?;
        Ok(Json(text.trim_matches(is_blank)))
    }

    /// Checks that `body` is JSON to the letter (RFC 8259), with none of what
    /// [`Json::parse`] tolerates, but for the byte order mark.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn check(body: &[u8]) -> Result<(), JsonError> {
        let json = Json::parse(body)?;
        check::document(json.0, Strictness::ToTheLetter)
    }

    /// The length of the JSON value that `bytes` begin with, whatever follows it.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub(crate) fn length_of_first(bytes: &[u8]) -> Result<usize, JsonError> {
        check::length_of_first(bytes)
    }

    /// The kind of this value.
    pub fn kind(self) -> JsonKind {
        match self.0.as_bytes().first() {
            Some(b'{') => JsonKind::Object,
            Some(b'[') => JsonKind::Array,
            Some(b'"') => JsonKind::Text,
            Some(b't' | b'f') => JsonKind::Bool,
            Some(b'n') | None => JsonKind::Null,
            Some(_) => JsonKind::Number,
        }
    }

    /// True if the value is a list or an object.
    pub(crate) fn is_container(self) -> bool {
        matches!(self.kind(), JsonKind::Array | JsonKind::Object)
    }

    /// True if the value says nothing: `null`, `""`, `[]`, `{}`.
    pub fn is_empty(self) -> bool {
        match self.kind() {
            JsonKind::Null => true,
            JsonKind::Text => self.0.len() == 2,
            JsonKind::Array | JsonKind::Object => self.entries().next().is_none(),
            JsonKind::Bool | JsonKind::Number => false,
        }
    }

    /// The text of a string, a number as it is written, `true` or `false`.
    pub(crate) fn scalar(self) -> Option<Cow<'a, str>> {
        match self.kind() {
            JsonKind::Text => Some(unescape(self.0)),
            JsonKind::Number | JsonKind::Bool => Some(Cow::Borrowed(self.0)),
            JsonKind::Null | JsonKind::Array | JsonKind::Object => None,
        }
    }

    /// The text of a string.
    pub fn text(self) -> Option<Cow<'a, str>> {
        (self.kind() == JsonKind::Text).then(|| unescape(self.0))
    }

    /// A whole number that is not negative, written as a number or as a string.
    pub fn number(self) -> Option<u64> {
        self.scalar()?.trim().parse().ok()
    }

    /// The value as a person reads it: the text of a scalar, nothing for `null`, and
    /// compact JSON for the rest.
    pub fn shown(self) -> Cow<'a, str> {
        match self.kind() {
            JsonKind::Null => Cow::Borrowed(""),
            JsonKind::Array | JsonKind::Object => self.compact(),
            JsonKind::Text | JsonKind::Number | JsonKind::Bool => self.scalar().unwrap_or_default(),
        }
    }

    /// The value as JSON without blanks and trailing commas; a copy only if
    /// there were any.
    pub fn compact(self) -> Cow<'a, str> {
        let mut is_so = true;
        for_each_piece(self.0, |piece| {
            is_so &= piece.len() == self.0.len();
        });
        if is_so {
            return Cow::Borrowed(self.0);
        }
        let mut text = String::with_capacity(self.0.len());
        for_each_piece(self.0, |piece| text.push_str(piece));
        Cow::Owned(text)
    }

    /// The items of a list; none if it is no list.
    pub fn items(self) -> impl Iterator<Item = Json<'a>> + Clone + use<'a> {
        let list = if self.kind() == JsonKind::Array {
            self
        } else {
            Json::NULL
        };
        list.entries().map(|(_, value)| value)
    }

    /// The names and values of an object; none if it is no object.
    pub fn fields(self) -> impl Iterator<Item = (Cow<'a, str>, Json<'a>)> + Clone + use<'a> {
        self.entries()
            .filter_map(|(name, value)| Some((name?, value)))
    }

    /// The items of a list, or the values of an object with their names.
    pub fn entries(self) -> Entries<'a> {
        Entries {
            rest: if self.is_container() {
                &self.0[1..]
            } else {
                ""
            },
            named: self.kind() == JsonKind::Object,
        }
    }

    /// The value of this name in an object; the last one, if there are several.
    pub fn get(self, name: &str) -> Option<Json<'a>> {
        let named = self.fields().filter(|(other, _)| other == name);
        named.last().map(|(_, value)| value)
    }

    /// The first of these names, 32 at most, that an object has more than once, escaped or
    /// not, in whatever case: which of the values counts is then anybody's guess.
    pub(crate) fn repeated_name<'n>(self, names: &[&'n str]) -> Option<&'n str> {
        let mut seen = 0_u32;
        self.fields().find_map(|(name, _)| {
            let mut known = names.iter();
            let place = known.position(|known| known.eq_ignore_ascii_case(&name))?;
            let is_repeated = seen & (1 << place) != 0;
            seen |= 1 << place;
            is_repeated.then(|| names[place])
        })
    }

    /// True if a scalar in the value, however deep, has exactly this text.
    pub(crate) fn has_leaf(self, text: &str) -> bool {
        match self.kind() {
            JsonKind::Array | JsonKind::Object => {
                self.entries().any(|(_, value)| value.has_leaf(text))
            }
            _ => self.scalar().is_some_and(|leaf| leaf == text),
        }
    }
}

/// Compact JSON.
impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.compact())
    }
}

/// Its kind alone: a reply may hold a password or a private key.
impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({:?}, {} bytes)", self.kind(), self.0.len())
    }
}

/// The parts of a list or of an object; see [`Json::entries`].
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    /// The text behind the last part, from its comma on.
    rest: &'a str,
    named: bool,
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Option<Cow<'a, str>>, Json<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.skip(b',');
        if let None | Some(b']' | b'}') = self.rest.as_bytes().first() {
            return None;
        }
        let mut name = None;
        if self.named {
            name = Some(unescape(self.take()));
            self.skip(b':');
        }
        Some((name, Json(self.take())))
    }
}

impl<'a> Entries<'a> {
    fn skip(&mut self, separator: u8) {
        let is_skipped = |byte| byte == separator || is_blank(char::from(byte));
        let end = self.rest.bytes().position(|byte| !is_skipped(byte));
        self.rest = &self.rest[end.unwrap_or(self.rest.len())..];
    }

    fn take(&mut self) -> &'a str {
        let (value, rest) = self.rest.split_at(end_of_value(self.rest.as_bytes()));
        self.rest = rest;
        value
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// The end of the value that checked text begins with.
fn end_of_value(text: &[u8]) -> usize {
    match text.first() {
        Some(b'"') => end_of_string(text, 0),
        Some(b'{' | b'[') => end_of_container(text),
        _ => text
            .iter()
            .position(|b| b",]} \t\n\r".contains(b))
            .unwrap_or(text.len()),
    }
}

fn end_of_container(text: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0_u32);
    while at < text.len() {
        match text[at] {
            b'"' => {
                at = end_of_string(text, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 1 => return at + 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// One past the closing quote of the string that opens at `start`.
fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < text.len() {
        match text[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

/// The text of a string that still has its quotes.
fn unescape(quoted: &str) -> Cow<'_, str> {
    let inner = &quoted[1..quoted.len() - 1];
    let Some(first) = inner.find('\\') else {
        return Cow::Borrowed(inner);
    };
    let mut text = String::with_capacity(inner.len());
    text.push_str(&inner[..first]);
    let mut rest = &inner[first..];
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let (c, length) = decode_escape(escape);
        text.push(c);
        rest = &escape[length..];
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The character behind a backslash, and the length of what stands for it.
/// Half a surrogate pair is replaced, as a browser does.
fn decode_escape(text: &str) -> (char, usize) {
    let Some(high) = text.strip_prefix('u').and_then(four_digits) else {
        return (simple_escape(text.as_bytes()[0]), 1);
    };
    if let Some(c) = char::from_u32(high) {
        return (c, 5);
    }
    let low = text[5..].strip_prefix("\\u").and_then(four_digits);
    match (high, low) {
        (0xd800..0xdc00, Some(low @ 0xdc00..0xe000)) => {
            let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            (char::from_u32(code).unwrap_or('\u{fffd}'), 11)
        }
        _ => ('\u{fffd}', 5),
    }
}

fn simple_escape(byte: u8) -> char {
    match byte {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        other => char::from(other),
    }
}

fn four_digits(text: &str) -> Option<u32> {
    u32::from_str_radix(text.get(..4)?, 16).ok()
}

/// Gives the text of a value without its blanks and trailing commas, in pieces.
fn for_each_piece<'a>(text: &'a str, mut give: impl FnMut(&'a str)) {
    let bytes = text.as_bytes();
    let (mut start, mut at) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = end_of_string(bytes, at),
            b' ' | b'\t' | b'\n' | b'\r' => {
                give(&text[start..at]);
                at += 1;
                start = at;
            }
            b',' if is_trailing(&bytes[at + 1..]) => {
                give(&text[start..at]);
                at += 1;
                start = at;
            }
            _ => at += 1,
        }
    }
    give(&text[start..]);
}

fn is_trailing(behind: &[u8]) -> bool {
    matches!(behind.trim_ascii_start().first(), Some(b']' | b'}'))
}

#[cfg(test)]
mod tests;
