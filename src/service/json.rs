//! JSON out of bodies that may hold anything.

use serde_json::Value;

use crate::core::failure::Failure;

/// The longest message of a service that is passed on, in characters.
const LONGEST_MESSAGE: usize = 200;

/// The JSON document in `body`. A byte order mark before it is tolerated;
/// nothing else is, and the nesting has a limit (serde_json's 128).
pub fn document(body: &[u8]) -> Result<Value, Failure> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    serde_json::from_slice(body).map_err(|error| match one_line_of_text(body) {
        Some(text) => Failure::Refused { message: text },
        None => Failure::NotJson {
            what: looks_like(body, &error),
        },
    })
}

/// Services of this kind also answer with a bare word such as `badauth` or
/// `API Key Disabled`. That is an answer, and it is not "ok".
fn one_line_of_text(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let is_plain = !text.is_empty()
        && text.len() <= 100
        && !text.contains(['<', '{', '[', '"'])
        && !text.chars().any(char::is_control);
    is_plain.then(|| text.to_owned())
}

/// What a body that is not JSON looks like, for people.
fn looks_like(body: &[u8], error: &serde_json::Error) -> String {
    let text = body.trim_ascii_start();
    match text.first() {
        None => "an empty body".to_owned(),
        Some(b'<') if text.ends_with(b"}") || text.ends_with(b"}\n") => {
            "something with JSON behind it, such as a warning of PHP".to_owned()
        }
        Some(b'<') => "an HTML page".to_owned(),
        Some(b'{' | b'[') if error.is_eof() => "cut off".to_owned(),
        Some(b'{' | b'[') => format!("damaged ({error})"),
        Some(_) => "other text".to_owned(),
    }
}

/// A scalar as text for people: one line, not too long.
pub fn scalar(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim(),
        Value::Number(number) => return Some(number.to_string()),
        Value::Bool(flag) => return Some(flag.to_string()),
        _ => return None,
    };
    (!text.is_empty()).then(|| one_line(text))
}

/// A text of a service as it may be shown: no control characters, not too long.
pub fn one_line(text: &str) -> String {
    text.chars().take(LONGEST_MESSAGE).map(printable).collect()
}

fn printable(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}
