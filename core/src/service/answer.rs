//! The answer of a method, in the few forms that can be shown.
//!
//! Printing an answer needs no knowledge of JSON, of envelopes, or of the
//! method: a record is names and values, a table is columns and cells, and
//! the few that deserve more have a type of their own.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::method::{Method, Shape};
use super::reply::Reply;
use super::rows::{Fields, Heads, Rows};
use super::skydns;
use super::skydns_data::{ActivityReport, Added, Addresses, DateEnd, Ovpn, VpnList};
use super::skydns_methods::METHODS;
use super::table::ReplyTable;
use super::vpnki::{self, Aliases, Credentials};
use super::vpnki_resources::{self, RESOURCES};
use crate::failure::Failure;
use crate::json::{Json, JsonKind};
use crate::reason;
use crate::reason::Reason;
use crate::time::Wall;

/// The most fields that are shown as a record. What has more is a table.
const MAX_FIELDS: usize = 256;

/// An answer, borrowed from the body of its reply.
#[derive(Debug, Clone)]
pub enum Answer<'a> {
    /// Success, and nothing to show.
    Nothing,
    /// Names and values.
    Record(Fields<'a>),
    /// The end of a subscription.
    DateEnd(DateEnd<'a>),
    /// Columns and rows.
    Table(ReplyTable<'a>),
    /// The addresses that `add_ip` added, and those that it did not.
    Added(Added<'a>),
    /// Counts along a line of moments.
    Report(ActivityReport<'a>),
    /// A configuration of OpenVPN. It holds a private key.
    Ovpn(Ovpn<'a>),
    /// The login and password of a new tunnel.
    Credentials(Credentials<'a>),
}

impl Answer<'_> {
    /// Those of the addresses that a call of `add_ip` asked for which its answer names
    /// neither as added nor as not: nothing is known of them. `given` are the call's
    /// parameters.
    pub fn unnamed<'g>(&self, method: &Method, given: &'g [(&str, String)]) -> Vec<&'g str> {
        if method.shape != Shape::Added {
            return Vec::new();
        }
        let is_named = |asked: &str| match self {
            Answer::Added(added) => {
                let invalid = added.invalid().map(|(address, _)| address);
                added
                    .added()
                    .chain(invalid)
                    .any(|text| is_same(&text, asked))
            }
            _ => false,
        };
        let asked = given.iter().filter(|(name, _)| *name == "ip");
        asked
            .map(|(_, address)| address.as_str())
            .filter(|address| !is_named(address))
            .collect()
    }
}

/// True if two texts are one address, however it is written.
fn is_same(one: &str, other: &str) -> bool {
    let address = |text: &str| text.trim().parse::<IpAddr>().ok();
    one == other || address(one).is_some_and(|one| address(other) == Some(one))
}

/// One of the two services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// SkyDNS's provider API.
    Skydns,
    /// VPNKI's web service.
    Vpnki,
}

impl Service {
    /// The word of the command line.
    pub fn word(self) -> &'static str {
        match self {
            Service::Skydns => "skydns",
            Service::Vpnki => "vpnki",
        }
    }

    /// Its methods.
    pub fn methods(self) -> &'static [Method] {
        match self {
            Service::Skydns => &METHODS,
            Service::Vpnki => &RESOURCES,
        }
    }

    /// The service that has this method; no name is in both tables.
    pub fn of(method: &Method) -> Service {
        let is_listed = || vpnki_resources::find(method.name).is_some();
        match method.shape == Shape::Any || is_listed() {
            true => Service::Vpnki,
            false => Service::Skydns,
        }
    }
}

/// Decodes the reply to this method. `now` is the
/// date, for a `Retry-After` that is a date.
///
/// Unexpected fields are kept: in a record or a table they stand beside
/// the others, everywhere else in `rest`. `data` of an unexpected
/// shape is shown as what it is.
///
/// # Errors
/// Whatever is no success; see [`skydns::content`] and [`vpnki::payload`].
///
/// ```
/// use wansync_core::service::answer::{Answer, decode};
/// use wansync_core::service::{reply::Reply, skydns_methods};
/// use wansync_core::time::Wall;
///
/// let body = r#"{"response": {"status": "ok", "data": {"12": "Main", "13": "Дети"}}}"#;
/// let reply = Reply { status: 200, body: body.into(), ..Reply::default() };
/// let method = skydns_methods::find("profiles").unwrap();
/// let Ok(Answer::Table(table)) = decode(method, &reply, Wall::default()) else { panic!() };
/// assert_eq!(table.columns, ["id", "profile"]);
/// assert_eq!(table.rows().nth(1).unwrap(), ["13", "Дети"]);
/// ```
pub fn decode<'a>(
    method: &Method,
    reply: &'a Reply,
    now: Wall,
) -> Result<Answer<'a>, Box<Failure>> {
    build_answer(method, unwrap_envelope(method, reply, now)?)
}

/// The service's `data` (or VPNKI's payload) as compact JSON, `null` if there
/// is none: for programs. Trailing commas are removed.
///
/// # Errors
/// As [`decode`].
///
/// ```
/// use wansync_core::service::{answer::data_json, reply::Reply, skydns_methods};
/// use wansync_core::time::Wall;
///
/// let body = br#"{"response": {"status": "ok", "data": {"ip": [ {"address": "1.2.3.4"} ],}}}"#;
/// let reply = Reply { status: 200, body: body.to_vec(), ..Reply::default() };
/// let method = skydns_methods::find("list_ip").unwrap();
/// assert_eq!(data_json(method, &reply, Wall::default()).unwrap(), r#"{"ip":[{"address":"1.2.3.4"}]}"#);
/// ```
pub fn data_json<'a>(
    method: &Method,
    reply: &'a Reply,
    now: Wall,
) -> Result<Cow<'a, str>, Box<Failure>> {
    let data = unwrap_envelope(method, reply, now)?;
    build_answer(method, data)?;
    Ok(data.compact())
}

/// The content of the envelope.
fn unwrap_envelope<'a>(
    method: &Method,
    reply: &'a Reply,
    now: Wall,
) -> Result<Json<'a>, Box<Failure>> {
    match (Service::of(method), method.shape) {
        (Service::Skydns, _) => skydns::content(reply, now),
        (Service::Vpnki, Shape::Nothing) => Ok(vpnki::deletion(reply, now)?.data),
        (Service::Vpnki, Shape::Any) => Ok(vpnki::payload_or_ok(reply, now)?.data),
        (Service::Vpnki, _) => Ok(vpnki::payload(reply, now)?.data),
    }
}

fn build_answer<'a>(method: &Method, data: Json<'a>) -> Result<Answer<'a>, Box<Failure>> {
    Ok(match method.shape {
        Shape::Nothing if vpnki_resources::find(method.name).is_some() => deletion_answer(data),
        Shape::Map { key, value } => map_answer(data, key, value),
        Shape::Records => Answer::Table(VpnList::in_data(data).table()),
        Shape::Addresses => Answer::Table(Addresses::in_data(data).table()),
        Shape::Added => added_answer(data),
        Shape::DateEnd => date_end(data),
        Shape::Ovpn => {
            Answer::Ovpn(Ovpn::in_data(data).ok_or_else(|| missing(reason!(BodyNoOvpn)))?)
        }
        Shape::Report if ActivityReport::is_in(data) => {
            Answer::Report(ActivityReport::in_data(data))
        }
        Shape::Rows => rows_answer(method, data)?,
        Shape::Credentials => credentials_answer(data)?,
        Shape::Nothing | Shape::Record(_) | Shape::Report | Shape::Any => generic_answer(data),
    })
}

/// Any data, in the form that fits.
fn generic_answer(data: Json<'_>) -> Answer<'_> {
    let mut items = data.items();
    let only = match (items.next(), items.next()) {
        (Some(only), None) if only.kind() == JsonKind::Object => only,
        _ => data,
    };
    match only.kind() {
        _ if data.is_empty() => Answer::Nothing,
        JsonKind::Array => Answer::Table(ReplyTable::new(Rows::each(only), &Heads::default())),
        JsonKind::Object if only.fields().nth(MAX_FIELDS).is_some() => {
            Answer::Table(ReplyTable::new(Rows::keyed(only), &Heads::default()))
        }
        _ => Answer::Record(Fields::of(only)),
    }
}

/// The `OK` of `del_tunnel`, and whatever came with it.
fn deletion_answer(data: Json<'_>) -> Answer<'_> {
    match data.is_container() {
        true => generic_answer(data),
        false => Answer::Nothing,
    }
}

fn map_answer<'a>(data: Json<'a>, key: &'static str, value: &'static str) -> Answer<'a> {
    // get_popular_report is not described: it may look like get_activity_report.
    if ActivityReport::is_in(data) {
        return Answer::Report(ActivityReport::in_data(data));
    }
    let heads = Heads {
        key,
        value,
        alone: if key == "id" { value } else { key },
        expected: &[],
    };
    let mut table = ReplyTable::new(Rows::of(data, &heads), &heads);
    if table.columns.is_empty() {
        table.columns = vec![Cow::Borrowed(key), Cow::Borrowed(value)];
    }
    Answer::Table(table)
}

fn added_answer(data: Json<'_>) -> Answer<'_> {
    let added = Added::in_data(data);
    match added.is_absent() && !data.is_empty() {
        true => generic_answer(data),
        false => Answer::Added(added),
    }
}

fn date_end(data: Json<'_>) -> Answer<'_> {
    let date_end = DateEnd::in_data(data);
    match date_end.at {
        Some(_) => Answer::DateEnd(date_end),
        None => generic_answer(data),
    }
}

/// Rows of VPNKI, their moments written as people write them.
fn rows_answer<'a>(method: &Method, data: Json<'a>) -> Result<Answer<'a>, Box<Failure>> {
    let rows = vpnki::rows(method.name, data, &Aliases::default())?;
    let heads = Heads {
        alone: "name",
        ..Heads::default()
    };
    Ok(Answer::Table(
        ReplyTable::new(rows, &heads).rewritten(vpnki::with_colons),
    ))
}

fn credentials_answer(data: Json<'_>) -> Result<Answer<'_>, Box<Failure>> {
    if let Some(credentials) = Credentials::in_data(data) {
        return Ok(Answer::Credentials(credentials));
    }
    // A published client took `message` for a failure of add_tunnel.
    match data.get("message").and_then(super::body::words_of) {
        Some(message) => Err(Failure::Refused { message }.into()),
        None => Err(missing(reason!(BodyNoCredentials))),
    }
}

fn missing(what: Reason) -> Box<Failure> {
    Failure::Unknown { what }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_named_nowhere() {
        let add_ip = super::super::skydns_methods::find("add_ip").expect("documented");
        let given = ["8.8.4.4", "2001:DB8::1", "10.0.0.1"].map(|text| ("ip", text.to_owned()));
        let given = [&[("ident", "9.9.9.9".to_owned())], &given[..]].concat();
        let table: [(&str, &[&str]); 6] = [
            (
                r#"{"added_addresses": ["8.8.4.4", "2001:db8:0::1"], "invalid_adresses": [{"10.0.0.1": ""}]}"#,
                &[],
            ),
            (
                r#"{"added_addresses": [" 8.8.4.4"], "invalid_adresses": ["10.0.0.1"]}"#,
                &["2001:DB8::1"],
            ),
            (
                r#"{"added_addresses": ["8.8.4.40", "1.1.1.1"]}"#,
                &["8.8.4.4", "2001:DB8::1", "10.0.0.1"],
            ),
            (r#"{"count": 3}"#, &["8.8.4.4", "2001:DB8::1", "10.0.0.1"]),
            ("null", &["8.8.4.4", "2001:DB8::1", "10.0.0.1"]),
            ("[]", &["8.8.4.4", "2001:DB8::1", "10.0.0.1"]),
        ];
        for (data, expected) in table {
            let data = Json::parse(data.as_bytes()).expect(data);
            let answer = build_answer(add_ip, data).expect("an answer");
            assert_eq!(answer.unnamed(add_ip, &given), expected, "{data}");
        }
    }
}
