//! SkyDNS's provider API: `GET BASE/METHOD?key=…&…`, replies in JSON.
//!
//! Known from the provider API document: a success is
//! `{"response": {"status": "ok", "data": …}}`. The shape of an error, its HTTP
//! status and the limits are not documented, so anything else is a failure.

use alloc::borrow::ToOwned;
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
use crate::time::Wall;

/// The largest body of any reply that the agent waits for, in bytes.
pub const BODY_LIMIT: usize = WATCH_LIMIT;

/// The names under which APIs of this kind put an error's words.
const MESSAGE_KEYS: [&str; 7] = [
    "message", "error", "errors", "reason", "detail", "data", "code",
];

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
/// A success is an HTTP status from 200 to 299, and JSON, and
/// `response.status` equal to `ok`. `now` is the date,
/// for a `Retry-After` that is a date.
///
/// # Errors
/// [`Failure::Status`] for any other HTTP status, [`Failure::NotJson`],
/// [`Failure::Refused`] with the service's own words, or [`Failure::Unknown`].
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
pub fn content(reply: &Reply, now: Wall) -> Result<Json<'_>, Failure> {
    let document = body::document(&reply.body);
    if !reply.is_success() {
        let message = match document {
            Ok(document) => find_message(document),
            Err(Failure::Refused { message }) => Some(message),
            Err(_) => None,
        };
        return Err(reply.failure(reply.status, message, now));
    }
    let document = document?;
    let response = document.get("response").unwrap_or(Json::NULL);
    match response.get("status").and_then(Json::text) {
        Some(status) if status == "ok" => Ok(response.get("data").unwrap_or(Json::NULL)),
        _ => Err(refusal_in(document, response)),
    }
}

/// The `data` of a reply as a copy that outlives it: JSON text.
///
/// # Errors
/// As [`content`].
pub fn data(reply: &Reply, now: Wall) -> Result<String, Failure> {
    content(reply, now).map(|data| data.compact().into_owned())
}

/// Checks that a reply acknowledges an update, and does not only look as if. What
/// [`content`] tolerates for people to read confirms nothing: this must be JSON
/// to the letter.
///
/// # Errors
/// As [`content`].
pub fn acknowledged(reply: &Reply, now: Wall) -> Result<(), Failure> {
    content(reply, now)?;
    Json::check(&reply.body).map_err(|problem| Failure::NotJson {
        what: problem.to_string(),
    })
}

fn refusal_in(document: Json<'_>, response: Json<'_>) -> Failure {
    let status = response.get("status").and_then(body::message);
    match (find_message(document), status) {
        (Some(message), _) => Failure::Refused { message },
        (None, Some(status)) => Failure::Refused {
            message: format!("status '{status}'"),
        },
        (None, None) => Failure::Unknown {
            what: "JSON without response.status".to_owned(),
        },
    }
}

/// The first scalar under a name that an error could have, under `response`
/// first, then at the top.
fn find_message(document: Json<'_>) -> Option<String> {
    let message_in = |object: Json<'_>| {
        MESSAGE_KEYS
            .iter()
            .filter_map(|key| object.get(key))
            .find_map(body::first_message)
    };
    document
        .get("response")
        .and_then(message_in)
        .or_else(|| message_in(document))
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
