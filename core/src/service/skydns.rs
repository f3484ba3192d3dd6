//! SkyDNS's provider API: `GET BASE/METHOD?key=…&…`, replies in JSON.
//!
//! Known from the provider API document: a success is
//! `{"response": {"status": "ok", "data": …}}`. The shape of an error, its HTTP
//! status and the limits are not documented, so anything else is a failure.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::body;
use super::reply::{Reply, WATCH_LIMIT};
use super::request;
use super::skydns_data::Profiles;
use crate::config::Skydns;
use crate::config::secret::Secret;
use crate::failure::Failure;
use crate::json::Json;
use crate::reason;
use crate::reason::Reason;
use crate::reason::refusal::ReplyDoubt;
use crate::time::Wall;

/// The largest body of any reply that the agent waits for, in bytes.
pub const BODY_LIMIT: usize = WATCH_LIMIT;

/// The names that are read, at the top and under `response`: given twice, they say
/// nothing.
const READ_NAMES: [&str; 5] = ["response", "status", "data", "error", "errors"];

/// The URL of `update_ip`: "create or update the user's dynamic address, and
/// bind it to a profile". It holds the key.
pub fn update_ip(section: &Skydns, key: Option<&Secret>, address: IpAddr) -> String {
    let address = address.to_string();
    let mut given = vec![("ident", section.ident.as_str()), ("ip", &address)];
    given.extend(section.hostname.as_deref().map(|name| ("hostname", name)));
    given.extend(section.profile.as_deref().map(|name| ("profile", name)));
    request::skydns(&section.base_url, "update_ip", key, &given)
}

/// The URL of `profiles`: "the user's active profiles". It changes nothing,
/// and fails for a wrong key and for an unknown user. It holds the key.
pub fn profiles(section: &Skydns, key: Option<&Secret>) -> String {
    request::skydns(
        &section.base_url,
        "profiles",
        key,
        &[("ident", section.ident.as_str())],
    )
}

/// True if a call was refused by a relay that knows the router, and passes
/// nothing but `update_ip`: the end of the message of `openwrt/relay/relay.conf`.
pub fn is_of_a_relay(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Status { status: 403, message: Some(message), .. }
            if message.ends_with("passes update_ip only")
    )
}

/// The `data` of a reply as it stands in the body (`null` where there is none),
/// or why it is no success.
///
/// A success is the HTTP status 200, and JSON, and `response.status` equal to `ok`, each
/// given once. An error in the service's own form is a refusal, whatever stands around
/// it. `now` is the date, for a `Retry-After` that is a date.
///
/// # Errors
/// [`Failure::Status`] for any other HTTP status, [`Failure::NotJson`],
/// [`Failure::Refused`] with the service's own words, [`Failure::Doubtful`] or
/// [`Failure::Unknown`].
///
/// ```
/// use wansync_core::service::{reply::Reply, skydns};
/// use wansync_core::time::Wall;
///
/// let body = br#"{"response": {"status": "ok", "data": {"date_end": 1390930655}}}"#;
/// let reply = Reply { status: 200, body: body.to_vec(), ..Reply::default() };
/// let data = skydns::content(&reply, Wall::default()).unwrap();
/// assert_eq!(data.get("date_end").unwrap().number(), Some(1_390_930_655));
/// ```
pub fn content(reply: &Reply, now: Wall) -> Result<Json<'_>, Box<Failure>> {
    if reply.coding.is_some() {
        return Err(reply.failure_of_head(now));
    }
    let document = body::document(&reply.body).map_err(|why| without_json(*why, reply, now))?;
    let response = document.get("response").unwrap_or(Json::NULL);
    let repeated = document.repeated_name(&READ_NAMES);
    let repeated = repeated.or_else(|| response.repeated_name(&READ_NAMES));
    if let (Some(name), true) = (repeated, reply.is_fine()) {
        return Err(Failure::Doubtful(ReplyDoubt::Repeated(name)).into());
    }
    if let Some(message) = refusal_in(document) {
        return Err(reply.refusal(message, now));
    }
    match reply.is_success() {
        true if is_ok(response) => Ok(response.get("data").unwrap_or(Json::NULL)),
        true => Err(Box::new(Failure::Unknown {
            what: match response.get("status").and_then(Json::scalar) {
                Some(status) => reason!(BodyNotOk, message = body::one_line_of(&status)),
                None => reason!(BodyNoStatus),
            },
        })),
        false => Err(reply.failure_of_head(now)),
    }
}

fn is_ok(response: Json<'_>) -> bool {
    response.get("status").and_then(Json::text).as_deref() == Some("ok")
}

/// A body that is not JSON: an error that dirt stands around is one all the same, unless
/// an "ok" stands there, too; dirt around an "ok" leaves it in doubt.
fn without_json(why: Failure, reply: &Reply, now: Wall) -> Box<Failure> {
    let mut message = None;
    body::search_dirt(&reply.body, &mut |document, is_last| {
        let response = document.get("response").unwrap_or(Json::NULL);
        if is_ok(response) {
            message = None;
            return true;
        }
        if message.is_none() && (is_last || response.get("status").is_some()) {
            message = refusal_in(document);
        }
        false
    });
    match (message, why) {
        (Some(message), _) => reply.refusal(message, now),
        (None, Failure::Refused { message })
            if reply.is_success() && is_affirmative(first_word(&message)) =>
        {
            let what = reason!(BodyNothingElse, message = message);
            Failure::Unknown { what }.into()
        }
        (None, why) if reply.is_success() => why.into(),
        (None, Failure::Refused { message }) if !reply.is_fine() => {
            reply.failure(reply.status, Some(message), now)
        }
        (None, _) => reply.failure_of_head(now),
    }
}

/// The `data` of a reply as a copy that outlives it: JSON text.
///
/// # Errors
/// As [`content`].
pub fn data(reply: &Reply, now: Wall) -> Result<String, Box<Failure>> {
    content(reply, now).map(|data| data.compact().into_owned())
}

/// Checks that a reply acknowledges an update, and does not only look as if. What
/// [`content`] tolerates for people to read confirms nothing: this must be JSON
/// to the letter, without an error beside the "ok".
///
/// # Errors
/// As [`content`].
pub fn acknowledged(reply: &Reply, now: Wall) -> Result<(), Box<Failure>> {
    content(reply, now)?;
    Json::check(&reply.body).map_err(|problem| Failure::NotJson {
        what: Reason::from(&problem),
    })?;
    let document = body::document(&reply.body)?;
    match error_beside_ok(document) {
        Some(words) => Err(Failure::Doubtful(ReplyDoubt::Contradicted(words)).into()),
        None => Ok(()),
    }
}

/// The words of an error that stands beside an "ok", in whichever of the objects: under an
/// error's name, a `success` that is none, or a status of the whole that says no. A code
/// is no words, as long as there are any.
fn error_beside_ok(document: Json<'_>) -> Option<String> {
    let response = document.get("response").unwrap_or(Json::NULL);
    let data = response.get("data").unwrap_or(Json::NULL);
    let mut found = Vec::new();
    for (depth, object) in [document, response, data].into_iter().enumerate() {
        for (name, value) in object.fields() {
            let is = |other: &str| name.eq_ignore_ascii_case(other);
            let text = body::message(value);
            found.extend(match text {
                _ if is_error_name(&name) => body::words_of(value),
                Some(text) if is("success") && body::is_nothing(&text) => {
                    Some(format!("success '{text}'"))
                }
                Some(text) if depth == 0 && is("status") && !is_affirmative(&text) => {
                    Some(format!("status '{text}'"))
                }
                _ => None,
            });
        }
    }
    let is_code = |words: &String| words.bytes().all(|byte| byte.is_ascii_digit());
    let words = found.iter().position(|words| !is_code(words));
    (!found.is_empty()).then(|| found.swap_remove(words.unwrap_or(0)))
}

/// True for `error`, `errors`, `err_msg`, `error_code` and the like, in whatever case.
fn is_error_name(name: &str) -> bool {
    let start = name.as_bytes().get(..3);
    start.is_some_and(|start| start.eq_ignore_ascii_case(b"err"))
}

/// The words of the error that a document reports, if it is one: a `response.status` that
/// is not "ok", or the names of an error where there is no such status.
fn refusal_in(document: Json<'_>) -> Option<String> {
    let response = document.get("response").unwrap_or(Json::NULL);
    let own = response.get("status").and_then(body::message);
    // Otherwise it is in an encoding that nobody knows.
    let own = own.filter(|status| status.is_ascii());
    let at_top = document.get("status").and_then(body::message);
    if own.as_deref().is_some_and(is_affirmative) {
        return None;
    }
    let is_certain = own.is_some() || at_top.is_some_and(|status| !is_affirmative(&status));
    let words = body::words_in(response, is_certain);
    let words = words.or_else(|| body::words_in(document, is_certain));
    words.or_else(|| Some(format!("status '{}'", own?)))
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric());
    &text[..end.unwrap_or(text.len())]
}

/// True for a status that is no error, although all but "ok" to the letter leaves it open
/// what it is. The last two are what services for dynamic names say.
fn is_affirmative(status: &str) -> bool {
    let words = ["ok", "true", "success", "200", "good", "nochg"];
    words
        .iter()
        .any(|word| status.trim().eq_ignore_ascii_case(word))
}

/// The `data` of `profiles`: ids and names.
pub fn decode_profiles(data: &str) -> Vec<(String, String)> {
    let Ok(data) = Json::parse(data.as_bytes()) else {
        return Vec::new();
    };
    Profiles::in_data(data)
        .iter()
        .map(|profile| {
            (
                body::one_line_of(&profile.id),
                body::one_line_of(&profile.name),
            )
        })
        .collect()
}

#[cfg(test)]
#[path = "skydns_tests.rs"]
mod tests;
