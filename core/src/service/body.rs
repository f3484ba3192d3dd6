//! The body of a reply: JSON, or what else, in words for people.

use alloc::borrow::Cow;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;

use super::reply::WATCH_LIMIT;
use crate::failure::Failure;
use crate::json::{Json, JsonError, JsonKind, without_bom};
use crate::reason;
use crate::reason::Reason;
use crate::text::width::is_harmful;

/// The longest message of a service that is passed on, in characters.
const MAX_MESSAGE: usize = 200;
/// At how many places behind a junk prefix JSON is looked for, so that the
/// time stays linear whatever the junk is.
const PLACES: usize = 16;
/// At how many places in dirt an object may begin that is damaged far behind its start.
const MAX_DAMAGED: u32 = 64;
/// The bytes within which the damage of an object costs next to nothing.
const SHORT: usize = 256;
/// The deepest nesting that an error's words are searched in.
const MAX_DEPTH: u32 = 32;

/// The names under which an API puts an error's words, the most telling first. The last
/// two hold them only where it is certain that there is an error; a code is no words, as
/// long as there are any.
const WORD_NAMES: [&str; 16] = [
    "message",
    "error",
    "errors",
    "err_msg",
    "err_message",
    "error_message",
    "error_description",
    "description",
    "reason",
    "detail",
    "details",
    "title",
    "msg",
    "text",
    "data",
    "code",
];
const UNCERTAIN: usize = WORD_NAMES.len() - 2;
/// The names of what an error holds beside its words.
const SILENT_NAMES: [&str; 7] = [
    "code",
    "err_code",
    "error_code",
    "status",
    "type",
    "field",
    "id",
];

/// The JSON document in `body`. A byte order mark before it is tolerated, and
/// trailing commas in it; nothing else is.
///
/// # Errors
/// [`Failure::Refused`] for one line of plain text, [`Failure::NotJson`] else.
pub(super) fn document(body: &[u8]) -> Result<Json<'_>, Box<Failure>> {
    Json::parse(body).map_err(|problem| {
        Box::new(match one_line(body) {
            Some(text) => Failure::Refused {
                message: text.to_owned(),
            },
            None => Failure::NotJson {
                what: looks_like(body, problem),
            },
        })
    })
}

/// JSON that stands behind junk, such as a warning of PHP: at the start of a
/// line or behind a tag, and up to the end of the body. What begins as JSON is
/// no junk: the end of a damaged document may not pass for a whole one.
pub(super) fn behind_junk(body: &[u8]) -> Option<Json<'_>> {
    if let None | Some(b'{' | b'[' | b'"') = body.trim_ascii_start().first() {
        return None;
    }
    let is_place = |at: &usize| {
        matches!(body[*at], b'{' | b'[') && matches!(body[at - 1], b'\n' | b'\r' | b'>')
    };
    (1..body.len())
        .filter(is_place)
        .take(PLACES)
        .find_map(|at| Json::parse(&body[at..]).ok())
}

/// Services of this kind also answer with a bare word such as `badauth` or
/// `API Key Disabled`. That is an answer, and it is not "ok".
pub(super) fn one_line(body: &[u8]) -> Option<&str> {
    let text = core::str::from_utf8(without_bom(body)).ok()?.trim();
    let is_plain = !text.is_empty()
        && text.len() <= 100
        && !text.contains(['<', '{', '[', '"'])
        && !text.chars().any(is_harmful);
    is_plain.then_some(text)
}

/// What a body looks like that is not JSON.
fn looks_like(body: &[u8], problem: JsonError) -> Reason {
    let text = without_bom(body).trim_ascii();
    match text.first() {
        None => reason!(BodyEmpty),
        Some(b'<') if text.ends_with(b"}") => {
            reason!(BodyDirty)
        }
        Some(b'<') => reason!(BodyHtml),
        Some(b'{' | b'[') => Reason::from(&problem),
        Some(0x1f) if text.starts_with(b"\x1f\x8b") => {
            reason!(BodyGzip)
        }
        Some(_) => reason!(BodyOther),
    }
}

/// A scalar as a message for people: one line, not too long.
pub(super) fn message(value: Json<'_>) -> Option<String> {
    let text = value.scalar()?;
    let text = text.trim();
    (!text.is_empty()).then(|| one_line_of(text))
}

/// Text of a service as one line, not too long, without what a terminal obeys.
pub(super) fn one_line_of(text: &str) -> String {
    let printable = |c: char| if is_harmful(c) { ' ' } else { c };
    text.chars().take(MAX_MESSAGE).map(printable).collect()
}

/// The words of an error in a document, at any depth: the first text under the most
/// telling name, or else the first number. `is_certain`: it is known that there is one.
pub(super) fn words_in(document: Json<'_>, is_certain: bool) -> Option<String> {
    find_words(document, is_certain, false)
}

/// The words of an error's value, at any depth: a text rather than a number.
pub(super) fn words_of(value: Json<'_>) -> Option<String> {
    find_words(value, true, true)
}

/// [`words_in`], and [`words_of`] if `is_error`: the value is an error's.
fn find_words(value: Json<'_>, is_certain: bool, is_error: bool) -> Option<String> {
    let (for_text, for_numbers) = match is_certain {
        true => (&WORD_NAMES[..=UNCERTAIN], &WORD_NAMES[..]),
        false => (&WORD_NAMES[..UNCERTAIN], &WORD_NAMES[..UNCERTAIN]),
    };
    let words = WordSearch::new(for_text, false).words_in(value, is_error, MAX_DEPTH);
    words.or_else(|| WordSearch::new(for_numbers, true).words_in(value, is_error, MAX_DEPTH))
}

/// The search for an error's words.
struct WordSearch {
    /// The names under which they may stand, the most telling first.
    names: &'static [&'static str],
    /// True if a number will do.
    takes_numbers: bool,
}

impl WordSearch {
    fn new(names: &'static [&'static str], takes_numbers: bool) -> WordSearch {
        WordSearch {
            names,
            takes_numbers,
        }
    }

    /// `is_error`: the value belongs to an error, so that any text in it is one of its
    /// words.
    fn words_in(&self, value: Json<'_>, is_error: bool, depth: u32) -> Option<String> {
        if !value.is_container() {
            let words = is_error.then(|| message(value))??;
            return self.takes(value, &words).then_some(words);
        }
        let depth = depth.checked_sub(1)?;
        // One walk over an object, however many names it is searched for.
        let mut named = [None; WORD_NAMES.len()];
        for (name, inner) in value.fields() {
            if let Some(place) = place_of(&name, self.names) {
                named[place] = named[place].or(Some(inner));
            }
        }
        let mut named = named.into_iter().flatten();
        let found = named.find_map(|inner| self.words_in(inner, true, depth));
        found.or_else(|| {
            let mut others = value.entries();
            others.find_map(|(name, inner)| match name {
                Some(name) if self.passes_over(&name) => None,
                _ => self.words_in(inner, is_error, depth),
            })
        })
    }

    fn takes(&self, value: Json<'_>, words: &str) -> bool {
        match self.takes_numbers {
            true => !is_nothing(words),
            false => !is_number(value, words),
        }
    }

    /// True for a name that was searched already, or that holds no words.
    fn passes_over(&self, name: &str) -> bool {
        let is_silent = !self.takes_numbers && place_of(name, &SILENT_NAMES).is_some();
        is_silent || place_of(name, self.names).is_some()
    }
}

fn place_of(name: &str, names: &[&str]) -> Option<usize> {
    names
        .iter()
        .position(|known| name.eq_ignore_ascii_case(known))
}

/// True for a number or a truth, as such or as a text.
fn is_number(value: Json<'_>, text: &str) -> bool {
    value.kind() != JsonKind::Text
        || text
            .bytes()
            .all(|b| b.is_ascii_digit() || b"+-.".contains(&b))
}

/// True if the value of an error's name means that there is none.
pub(super) fn is_nothing(text: &str) -> bool {
    matches!(text.trim(), "" | "0" | "false")
}

/// Gives each JSON object that stands in a body which is not JSON, and whether the body
/// ends with it, until `read` says that it was the one: warnings of PHP may stand before
/// or behind it, and it may be in windows-1251. What begins as JSON and is damaged is
/// not searched: its parts are not documents.
pub(super) fn search_dirt(body: &[u8], read: &mut dyn FnMut(Json<'_>, bool) -> bool) {
    let body = &body[..body.len().min(WATCH_LIMIT)];
    let next = |from: usize| Some(from + body[from..].iter().position(|byte| *byte == b'{')?);
    let Some(first) = next(0) else { return };
    let (mut at, mut damaged) = (first, 0);
    if is_start_of_json(&body[..first]) {
        // Its parts are looked at no further than it is whole.
        damaged = MAX_DAMAGED;
    }
    while damaged <= MAX_DAMAGED {
        let rest = &body[at..];
        let skipped = match Json::length_of_first(rest) {
            Ok(length) => {
                let text = decoded(&rest[..length]);
                let is_last = rest[length..].trim_ascii().is_empty();
                let json = Json::parse(text.as_bytes());
                if json.is_ok_and(|json| read(json, is_last)) {
                    return;
                }
                length
            }
            Err(problem) => {
                let is_short = matches!(problem, JsonError::Damaged(length) if length < SHORT);
                damaged += u32::from(!is_short || at == first);
                1
            }
        };
        match next(at + skipped) {
            Some(place) => at = place,
            None => return,
        }
    }
}

/// True if nothing but what may begin a JSON document stands in `before`.
fn is_start_of_json(before: &[u8]) -> bool {
    let is_start = |byte: &u8| *byte == b'[' || byte.is_ascii_whitespace();
    without_bom(before).iter().all(is_start)
}

/// UTF-8, or else windows-1251, which is what a Russian site that is not UTF-8 sends.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    match core::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().copied().map(of_windows_1251).collect()),
    }
}

/// The letters of windows-1251 and its commonest signs.
fn of_windows_1251(byte: u8) -> char {
    match byte {
        ..0x80 => char::from(byte),
        0xc0.. => char::from_u32(0x410 + u32::from(byte - 0xc0)).unwrap_or('\u{fffd}'),
        0xa8 => 'Ё',
        0xb8 => 'ё',
        0xb9 => '№',
        0x85 => '…',
        0x91 | 0x92 => '\'',
        0x93 | 0x94 => '"',
        0x96 | 0x97 => '–',
        // As in Latin-1.
        0xa0 | 0xa7 | 0xa9 | 0xab | 0xae | 0xb0 | 0xb1 | 0xb7 | 0xbb => char::from(byte),
        _ => '\u{fffd}',
    }
}

/// The value of the first of these names that has one worth the name.
pub(super) fn first_of<'a>(object: Json<'a>, names: &[&str]) -> Option<Cow<'a, str>> {
    names
        .iter()
        .filter_map(|name| object.get(name)?.scalar())
        .find(|text| !text.is_empty())
}
