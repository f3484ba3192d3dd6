//! SkyDNS's provider API: `GET BASE/METHOD?key=…&…`, replies in JSON.
//!
//! Known from the provider API document: a success is
//! `{"response": {"status": "ok", "data": …}}`. The shape of an error, its HTTP
//! status and the limits are not documented, so anything else is a failure.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Map, Value};

use super::json;
use super::reply::Reply;
use super::request;
use super::retry_after;
use crate::config::Skydns;
use crate::config::secret::Secret;
use crate::core::failure::Failure;

/// The largest body of any reply that the agent waits for, in bytes.
pub const BODY_LIMIT: usize = 256 * 1024;

/// Where an error's words have been seen in APIs of this kind.
const MESSAGE_KEYS: [&str; 7] = [
    "message", "error", "errors", "reason", "detail", "data", "code",
];

/// The URL of `update_ip`: "create or update the user's dynamic address, and
/// bind it to a profile". It holds the key.
pub fn update_ip(section: &Skydns, key: Option<&Secret>, address: IpAddr) -> String {
    let address = address.to_string();
    let parameters = [
        ("ident", Some(section.ident.as_str())),
        ("ip", Some(&address)),
        ("hostname", section.hostname.as_deref()),
        ("profile", section.profile.as_deref()),
    ];
    let given = parameters
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    request::skydns(&section.base_url, "update_ip", key, given)
}

/// The URL of `profiles`: "the user's active profiles". It changes nothing,
/// and fails for a wrong key and for an unknown user. It holds the key.
pub fn profiles(section: &Skydns, key: Option<&Secret>) -> String {
    request::skydns(
        &section.base_url,
        "profiles",
        key,
        [("ident", section.ident.as_str())],
    )
}

/// The `data` of a reply (`null` where there is none), or why it is no success.
///
/// A success is an HTTP status from 200 to 299, and JSON, and
/// `response.status` equal to `ok`. `wall` is the time in seconds since 1970,
/// for a `Retry-After` that is a date.
pub fn data(reply: &Reply, wall: i64) -> Result<Value, Failure> {
    let document = json::document(&reply.body);
    if !(200..300).contains(&reply.status) {
        return Err(Failure::Status {
            status: reply.status,
            message: match &document {
                Ok(document) => message(document),
                Err(Failure::Refused { message }) => Some(message.clone()),
                Err(_) => None,
            },
            retry_after: reply
                .retry_after
                .as_deref()
                .and_then(|header| retry_after::seconds(header, wall)),
        });
    }
    let mut document = document?;
    match document.get_mut("response") {
        Some(response) if response.get("status").and_then(Value::as_str) == Some("ok") => {
            Ok(response.get_mut("data").map_or(Value::Null, Value::take))
        }
        _ => Err(refusal(&document)),
    }
}

fn refusal(document: &Value) -> Failure {
    let status = document
        .get("response")
        .and_then(|response| response.get("status"))
        .and_then(json::scalar);
    match (message(document), status) {
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
fn message(document: &Value) -> Option<String> {
    let places = [document.get("response"), Some(document)];
    places
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .find_map(message_in)
}

fn message_in(object: &Map<String, Value>) -> Option<String> {
    MESSAGE_KEYS
        .iter()
        .filter_map(|key| object.get(*key))
        .find_map(first_scalar)
}

/// A scalar, or the first one in a list or in an object: `errors` is often one.
fn first_scalar(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => items.iter().find_map(json::scalar),
        Value::Object(fields) => fields.values().find_map(json::scalar),
        scalar => json::scalar(scalar),
    }
}

/// The `data` of `profiles`: names by id.
pub fn decode_profiles(data: &Value) -> BTreeMap<String, String> {
    let Value::Object(fields) = data else {
        return BTreeMap::new();
    };
    fields
        .iter()
        .map(|(id, name)| {
            let id = json::one_line(id);
            (id, json::scalar(name).unwrap_or_default())
        })
        .collect()
}

#[cfg(test)]
#[path = "skydns_tests.rs"]
mod tests;
