//! The body of a reply: JSON, or what else, in words for people.

use alloc::borrow::Cow;
use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};

use crate::failure::Failure;
use crate::json::{Json, JsonError};
use crate::text::width::is_harmful;

/// The longest message of a service that is passed on, in characters.
const MAX_MESSAGE: usize = 200;
/// At how many places behind a junk prefix JSON is looked for, so that the
/// time stays linear whatever the junk is.
const PLACES: usize = 16;

/// The JSON document in `body`. A byte order mark before it is tolerated, and
/// trailing commas in it; nothing else is.
///
/// # Errors
/// [`Failure::Refused`] for one line of plain text, [`Failure::NotJson`] else.
pub(super) fn document(body: &[u8]) -> Result<Json<'_>, Failure> {
    Json::parse(body).map_err(|problem| match one_line(body) {
        Some(text) => Failure::Refused {
            message: text.to_owned(),
        },
        None => Failure::NotJson {
            what: looks_like(body, problem),
        },
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
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = core::str::from_utf8(body).ok()?.trim();
    let is_plain = !text.is_empty()
        && text.len() <= 100
        && !text.contains(['<', '{', '[', '"'])
        && !text.chars().any(is_harmful);
    is_plain.then_some(text)
}

/// The words for a body that is not JSON.
fn looks_like(body: &[u8], problem: JsonError) -> String {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = body.trim_ascii();
    match text.first() {
        None => "an empty body".to_owned(),
        Some(b'<') if text.ends_with(b"}") => {
            "something with JSON behind it, such as a warning of PHP".to_owned()
        }
        Some(b'<') => "an HTML page".to_owned(),
        Some(b'{' | b'[') => problem.to_string(),
        Some(_) => "other text".to_owned(),
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

/// A scalar, or the first one in a list or in an object: `errors` is often one.
pub(super) fn first_message(value: Json<'_>) -> Option<String> {
    match value.is_container() {
        true => value.entries().find_map(|(_, value)| message(value)),
        false => message(value),
    }
}

/// The value of the first of these names that has one worth the name.
pub(super) fn first_of<'a>(object: Json<'a>, names: &[&str]) -> Option<Cow<'a, str>> {
    names
        .iter()
        .filter_map(|name| object.get(name)?.scalar())
        .find(|text| !text.is_empty())
}
