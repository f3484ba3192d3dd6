//! VPNKI's web service: what a body says, whatever it is wrapped in.
//!
//! The service is a com_api component of Joomla, whose envelopes differ by
//! version; its own document shows none of its replies. So everything is read
//! that such a component has been seen to send. Known are the envelopes and the
//! texts of errors; the fields of rows are assumed (see [`rows`]).

mod credentials;
mod moment;
mod resolution;
mod rows;
pub mod watch;

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use super::body;
use super::reply::Reply;
use crate::failure::Failure;
use crate::json::{Json, JsonKind};
use crate::reason;
use crate::reason::refusal::ReplyDoubt;
use crate::time::Wall;

pub use credentials::Credentials;
pub use moment::moment;
pub(crate) use moment::with_colons;
pub use resolution::Resolution;
pub use rows::{Aliases, address_of, folded, is_active, name_of, rows};

/// The most envelopes inside each other that are taken off.
const MAX_ENVELOPES: usize = 4;
/// The fields whose presence alone says that an object is an envelope.
const ENVELOPE_FIELDS: [&str; 5] = ["err_code", "err_msg", "err_message", "response_id", "api"];
const CODE_FIELD: &str = "err_code";
const MESSAGE_FIELDS: [&str; 2] = ["err_msg", "err_message"];
/// The names that decide what an object says: given twice, they decide nothing.
const DECISIVE_FIELDS: [&str; 10] = [
    CODE_FIELD,
    "err_msg",
    "err_message",
    "data",
    "results",
    "result",
    "status",
    "success",
    "code",
    "message",
];
/// The names under which a reply to `del_tunnel` may say how it went.
const VERDICT_FIELDS: [&str; 6] = [
    "status",
    "result",
    "results",
    "success",
    "message",
    "del_tunnel",
];

/// The content of a reply, out of its envelopes.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a> {
    /// The payload as it stands in the body.
    pub data: Json<'a>,
    /// True if an envelope says in so many words that there was no error.
    pub is_vouched_for: bool,
}

/// The payload of a reply, or why it is no success. The body beats the HTTP
/// status: an error in it is one under status 200, and an envelope that says
/// "no error" is none under another. `now` is the date.
///
/// # Errors
/// [`Failure::Refused`] with the service's own words and code; [`Failure::Doubtful`];
/// [`Failure::Status`] for what may pass (5xx, the limit of calls) and for an
/// HTTP status that the body does not explain; [`Failure::NotJson`];
/// [`Failure::Unknown`].
///
/// ```
/// use wansync_core::service::{reply::Reply, vpnki};
/// use wansync_core::time::Wall;
///
/// let body = br#"{"err_msg":"","err_code":"","api":"webservices.active","data":{"results":["user356"]}}"#;
/// let reply = Reply { status: 200, body: body.to_vec(), ..Reply::default() };
/// assert_eq!(vpnki::payload(&reply, Wall::default()).unwrap().data.to_string(), r#"["user356"]"#);
///
/// let body = br#"{"code":403,"message":"API Key Not Found"}"#;
/// let reply = Reply { status: 200, body: body.to_vec(), ..Reply::default() };
/// assert_eq!(vpnki::payload(&reply, Wall::default()).unwrap_err().to_string(), "the service says: API Key Not Found (403)");
/// ```
pub fn payload(reply: &Reply, now: Wall) -> Result<Payload<'_>, Box<Failure>> {
    if reply.coding.is_some() {
        return Err(reply.failure_of_head(now));
    }
    let document = body::document(&reply.body).or_else(|failure| {
        body::behind_junk(&reply.body).ok_or_else(|| without_json(*failure, reply, now))
    })?;
    let (data, is_vouched_for) =
        unwrap_envelopes(document).map_err(|problem| problem.failure(reply, now))?;
    if !reply.is_success() && (!is_vouched_for || reply.is_fine()) {
        let words = data.get("message").and_then(body::words_of);
        return Err(match words {
            Some(words) if !reply.is_fine() => reply.refusal(words, now),
            _ => reply.failure_of_head(now),
        });
    }
    Ok(Payload {
        data,
        is_vouched_for,
    })
}

/// The payload of `del_tunnel`, whose success is "OK" in one form or another:
/// bare, as JSON, `true`, under a name such as `status`, or an envelope that
/// says that there was no error.
///
/// # Errors
/// As [`payload`], and [`Failure::Unknown`] for what does not say how it went.
pub fn deletion(reply: &Reply, now: Wall) -> Result<Payload<'_>, Box<Failure>> {
    let payload = payload_or_ok(reply, now)?;
    let is_confirmed = match payload.data.kind() {
        JsonKind::Object | JsonKind::Array => {
            says_ok(payload.data).unwrap_or(payload.is_vouched_for)
        }
        JsonKind::Null => payload.is_vouched_for,
        _ => is_yes(payload.data),
    };
    match is_confirmed {
        true => Ok(payload),
        false => Err(Box::new(Failure::Unknown {
            what: match body::message(payload.data) {
                Some(text) => reason!(BodyInsteadOfOk, message = text),
                None => reason!(BodyWithoutOk),
            },
        })),
    }
}

/// The payload, or the text `"OK"` where that is all there is.
///
/// # Errors
/// As [`payload`].
pub fn payload_or_ok(reply: &Reply, now: Wall) -> Result<Payload<'_>, Box<Failure>> {
    let is_ok = |text: &str| text.eq_ignore_ascii_case("ok");
    match reply.is_success() && body::one_line(&reply.body).is_some_and(is_ok) {
        true => Ok(Payload {
            data: Json::OK,
            is_vouched_for: true,
        }),
        false => payload(reply, now),
    }
}

/// True if junk, such as a warning of PHP, stood before the JSON: worth telling.
pub fn is_dirty(reply: &Reply) -> bool {
    Json::parse(&reply.body).is_err() && body::behind_junk(&reply.body).is_some()
}

/// A body without JSON: an HTTP status that is no success says more than it.
fn without_json(failure: Failure, reply: &Reply, now: Wall) -> Box<Failure> {
    let mut problem = None;
    body::search_dirt(&reply.body, &mut |document, is_last| {
        if is_last || telling_of(document) != (None, None) {
            problem = error_in(document);
        }
        problem.is_some()
    });
    if let Some(problem) = problem {
        return problem.failure(reply, now);
    }
    match failure {
        Failure::Refused { message } if !reply.is_success() => {
            reply.failure(reply.status, Some(message), now)
        }
        _ if !reply.is_success() => reply.failure_of_head(now),
        Failure::Refused { message } if message.eq_ignore_ascii_case("ok") => {
            Box::new(Failure::Unknown {
                what: reason!(BodyNothingElse, message = "OK"),
            })
        }
        Failure::Refused { message } => ReplyProblem::Said {
            code: None,
            message,
        }
        .failure(reply, now),
        other => Box::new(other),
    }
}

/// An error that a JSON document reports or is.
enum ReplyProblem {
    /// The service says that it failed.
    Said { code: Option<u16>, message: String },
    /// Too many envelopes.
    TooDeep,
    /// A member that is given more than once.
    Repeated(&'static str),
}

impl ReplyProblem {
    /// Refused, unless the same may succeed later.
    fn failure(self, reply: &Reply, now: Wall) -> Box<Failure> {
        let (code, message) = match self {
            ReplyProblem::Said { code, message } => (code, message),
            ReplyProblem::Repeated(name) => {
                return Failure::Doubtful(ReplyDoubt::Repeated(name)).into();
            }
            ReplyProblem::TooDeep => {
                return Box::new(Failure::Unknown {
                    what: reason!(BodyTooManyEnvelopes, max = MAX_ENVELOPES),
                });
            }
        };
        let is_limit = message.to_ascii_lowercase().contains("rate limit");
        match code.unwrap_or(reply.status) {
            _ if is_limit => reply.failure(429, Some(message), now),
            status @ (408 | 425 | 429 | 500..=599) => reply.failure(status, Some(message), now),
            _ => Box::new(Failure::Refused {
                message: match code {
                    Some(code) => format!("{message} ({code})"),
                    None => message,
                },
            }),
        }
    }
}

/// The payload, and whether an envelope vouches for it.
fn unwrap_envelopes(mut value: Json<'_>) -> Result<(Json<'_>, bool), ReplyProblem> {
    let mut is_vouched_for = false;
    for _ in 0..=MAX_ENVELOPES {
        if let Some(name) = value.repeated_name(&DECISIVE_FIELDS) {
            return Err(ReplyProblem::Repeated(name));
        }
        if let Some(problem) = error_in(value) {
            return Err(problem);
        }
        is_vouched_for |= value.get(CODE_FIELD).is_some();
        match envelope_content(value) {
            Some(inner) => value = inner,
            None => return Ok((value, is_vouched_for)),
        }
    }
    Err(ReplyProblem::TooDeep)
}

/// The code and the words under an envelope's own names for an error.
fn telling_of(object: Json<'_>) -> (Option<Json<'_>>, Option<Json<'_>>) {
    let telling = |name: &str| object.get(name).filter(|value| !says_nothing(*value));
    let text = MESSAGE_FIELDS.iter().find_map(|name| telling(name));
    (telling(CODE_FIELD), text)
}

/// The error that an object is, in any of the forms that are known.
fn error_in(object: Json<'_>) -> Option<ReplyProblem> {
    let (code, text) = telling_of(object);
    if code.is_some() || text.is_some() {
        return Some(error_said(code, text));
    }
    let is_pair = object.fields().count() == 2;
    if let (Some(code), Some(text), true) = (object.get("code"), object.get("message"), is_pair)
        && !matches!(code.number(), Some(200..300))
    {
        return Some(error_said(Some(code), Some(text)));
    }
    let is_error = |name: &str| name.to_ascii_lowercase().contains("error");
    let mut errors = object
        .fields()
        .filter(|(name, value)| is_error(name) && !says_nothing(*value));
    errors.next().map(|(_, text)| error_said(None, Some(text)))
}

fn error_said(code: Option<Json<'_>>, text: Option<Json<'_>>) -> ReplyProblem {
    let number = code.and_then(Json::number);
    let words = text.or(code).and_then(body::words_of);
    ReplyProblem::Said {
        code: number.and_then(|code| u16::try_from(code).ok()),
        message: match (text, words) {
            (Some(_), Some(words)) => words,
            (None, Some(words)) if number.is_none() => words,
            _ => "an error without words".to_owned(),
        },
    }
}

/// True if the value of an error's name means that there is none.
fn says_nothing(value: Json<'_>) -> bool {
    value.is_empty() || value.scalar().is_some_and(|text| body::is_nothing(&text))
}

/// The content of an envelope; `None` if it is none.
fn envelope_content(object: Json<'_>) -> Option<Json<'_>> {
    let is_alone = object.fields().nth(1).is_none();
    let is_marked = || {
        ENVELOPE_FIELDS
            .iter()
            .any(|name| object.get(name).is_some())
    };
    if let Some(data) = object.get("data") {
        let is_row = || rows::has_name(object);
        let is_inside = is_alone || is_marked() || (data.is_container() && !is_row());
        return is_inside.then_some(data);
    }
    let found = object.get("results").or_else(|| object.get("result"))?;
    (is_alone || found.is_container()).then_some(found)
}

/// The verdict that an object holds under one of its names; `None` if it has none.
fn says_ok(object: Json<'_>) -> Option<bool> {
    let verdicts = VERDICT_FIELDS.iter().filter_map(|name| object.get(name));
    verdicts.map(is_yes).reduce(|all, one| all && one)
}

fn is_yes(value: Json<'_>) -> bool {
    let is_yes = |text: &str| {
        let text = text.trim();
        ["ok", "true", "success"]
            .iter()
            .any(|yes| text.eq_ignore_ascii_case(yes))
    };
    value.scalar().is_some_and(|text| is_yes(&text))
}
