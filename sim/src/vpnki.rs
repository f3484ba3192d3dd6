//! VPNKI's web service: a table of resources, the envelopes of the versions of
//! com_api, and the shapes that rows may have.
//!
//! Known: the address, the names of the resources, the envelopes and the error
//! texts. Assumed: the fields of `tunnels` and `active`, and so their shapes,
//! which is why both can be chosen.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use crate::http::{Incoming, Reply};
use crate::words::words;

/// The VPNKI key that every simulator knows from the start. Plainly an example.
pub const VPNKI_KEY: &str = "test-vpnki-key-0123456789";

/// Where the web service is, as at VPNKI: with or without the language.
pub(crate) const PATHS: [&str; 3] = ["/index.php/en/", "/index.php/en", "/index.php"];

/// What the simulated VPNKI knows, and how it says it.
#[derive(Debug, Clone)]
pub(crate) struct Vpnki {
    pub keys: Vec<String>,
    pub tunnels: Vec<Tunnel>,
    /// Lists of active tunnels, one a request; the last one stays.
    pub active: VecDeque<Vec<String>>,
    pub style: Style,
}

/// A tunnel of the account.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Tunnel {
    /// The name that VPNKI gave it, for example `user356`.
    pub name: String,
    /// Its address in VPNKI's network.
    pub address: String,
    /// What its owner wrote beside it.
    pub comment: String,
}

/// How VPNKI's replies look.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Style {
    /// The version of com_api.
    #[serde(serialize_with = "as_text")]
    pub envelope: Envelope,
    /// The shape of the list.
    #[serde(serialize_with = "as_text")]
    pub rows: Rows,
    /// The field that holds a tunnel's name.
    pub name_field: String,
    /// The field that holds a tunnel's address.
    pub address_field: String,
    /// Whether an error of versions 1.x and 3.0 has the HTTP status that it
    /// names, or 200.
    pub real_status: bool,
}

words! {
    /// The versions of com_api, which wrap replies differently.
    Envelope {
        /// The payload, bare; errors are `{"code":…,"message":…}`.
        V1 = "1.x",
        /// The payload under `data.results`.
        V20 = "2.0",
        /// The payload under `data`.
        V21 = "2.1",
        /// The payload under `data`, and again under `data.result`.
        V30 = "3.0",
        /// An envelope of its own inside `data`, with `err_message`.
        Nested = "nested",
    }
}

words! {
    /// The shapes that a list of tunnels may have.
    Rows {
        /// `[{"login":"user356",…},…]`
        Objects = "objects",
        /// `["user356",…]`
        Strings = "strings",
        /// `{"0":{"login":"user356",…},…}`
        Numbered = "numbered",
        /// `{"user356":{"vpnki_address":…},…}`
        Named = "named",
        /// One tunnel is `{"login":"user356",…}`, several are `objects`.
        Single = "single",
        /// `{"tunnels":[{"login":"user356",…},…]}`
        Wrapped = "wrapped",
        /// `null`, whatever there is.
        Null = "null",
        /// `false`, whatever there is.
        False = "false",
    }
}

fn as_text<T: std::fmt::Display, S: serde::Serializer>(word: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(word)
}

impl Default for Style {
    fn default() -> Style {
        Style {
            envelope: Envelope::V21,
            rows: Rows::Objects,
            name_field: "login".to_owned(),
            address_field: "vpnki_address".to_owned(),
            real_status: false,
        }
    }
}

impl Default for Vpnki {
    fn default() -> Vpnki {
        let tunnel = |name: &str, address: &str, comment: &str| Tunnel {
            name: name.to_owned(),
            address: address.to_owned(),
            comment: comment.to_owned(),
        };
        let tunnels = vec![
            tunnel("user356", "172.16.10.2", "Дача"),
            tunnel("user357", "172.16.10.3", "Office"),
        ];
        let names = tunnels.iter().map(|tunnel| tunnel.name.clone());
        Vpnki {
            keys: vec![VPNKI_KEY.to_owned()],
            active: VecDeque::from([names.collect()]),
            style: Style::default(),
            tunnels,
        }
    }
}

/// One resource: its name, and the payload that it gives.
type Resource = (&'static str, fn(&mut Vpnki) -> Value);

/// Adding a resource is adding a row and a function.
const RESOURCES: &[Resource] = &[("tunnels", tunnels), ("active", active)];

/// An error as com_api knows it: a code and a text.
type Refusal = (u16, String);

/// Answers a request for one of [`PATHS`].
pub(crate) fn answer(vpnki: &mut Vpnki, request: &Incoming) -> Reply {
    let component = request.param("option") == Some("com_api");
    if request.careless.is_some() {
        return Reply::html(400);
    }
    if !component || request.param("format") != Some("raw") {
        // Assumed: a page of the site itself.
        return Reply::html(200);
    }
    let name = request.param("resource").unwrap_or("");
    match payload(vpnki, request, name) {
        Ok(payload) => Reply::json(200, success(&vpnki.style, name, payload)),
        Err(refusal) => error(&vpnki.style, name, &refusal),
    }
}

/// The order is known: the plugin, then the resource, then the key.
fn payload(vpnki: &mut Vpnki, request: &Incoming, name: &str) -> Result<Value, Refusal> {
    let app = request.param("app").unwrap_or("");
    if app != "webservices" {
        return Err((400, format!("{app} API Plugin not found")));
    }
    let known = RESOURCES.iter().find(|(resource, _)| *resource == name);
    let Some((_, payload)) = known else {
        return Err((404, format!("{name} Resource not found in this API")));
    };
    let key = request.param("key").unwrap_or("");
    if !vpnki.keys.iter().any(|known| known == key) {
        return Err((403, unknown_key(vpnki.style.envelope).to_owned()));
    }
    Ok(payload(vpnki))
}

/// Both texts are known; old versions say the first.
fn unknown_key(envelope: Envelope) -> &'static str {
    match envelope {
        Envelope::V1 | Envelope::V20 => "API Key Disabled",
        _ => "API Key Not Found",
    }
}

fn tunnels(vpnki: &mut Vpnki) -> Value {
    shaped(&vpnki.style, "tunnels", &vpnki.tunnels)
}

fn active(vpnki: &mut Vpnki) -> Value {
    let names = match vpnki.active.len() {
        0 => Vec::new(),
        1 => vpnki.active[0].clone(),
        _ => vpnki.active.pop_front().unwrap_or_default(),
    };
    let rows: Vec<Tunnel> = names.iter().map(|name| vpnki.tunnel(name)).collect();
    shaped(&vpnki.style, "active", &rows)
}

impl Vpnki {
    /// A tunnel that only the script of `active` knows has a name and no more.
    fn tunnel(&self, name: &str) -> Tunnel {
        let known = self.tunnels.iter().find(|tunnel| tunnel.name == name);
        known.cloned().unwrap_or(Tunnel {
            name: name.to_owned(),
            address: String::new(),
            comment: String::new(),
        })
    }
}

fn shaped(style: &Style, wrapper: &str, tunnels: &[Tunnel]) -> Value {
    let rows: Vec<Value> = tunnels.iter().map(|tunnel| row(style, tunnel)).collect();
    match (style.rows, rows.as_slice()) {
        (Rows::Single, [row]) => row.clone(),
        (Rows::Objects | Rows::Single, _) => Value::Array(rows),
        (Rows::Strings, _) => tunnels.iter().map(|tunnel| json!(tunnel.name)).collect(),
        (Rows::Numbered, _) => numbered(rows),
        (Rows::Named, _) => named(style, rows),
        (Rows::Wrapped, _) => json!({ wrapper: rows }),
        (Rows::Null, _) => Value::Null,
        (Rows::False, _) => Value::Bool(false),
    }
}

fn row(style: &Style, tunnel: &Tunnel) -> Value {
    json!({
        style.name_field.as_str(): tunnel.name,
        style.address_field.as_str(): tunnel.address,
        "comment": tunnel.comment,
    })
}

fn numbered(rows: Vec<Value>) -> Value {
    let pairs = rows.into_iter().enumerate();
    pairs.map(|(at, row)| (at.to_string(), row)).collect()
}

fn named(style: &Style, rows: Vec<Value>) -> Value {
    let pairs = rows.into_iter().map(|mut row| {
        let name = row[&style.name_field].as_str().unwrap_or("").to_owned();
        if let Some(fields) = row.as_object_mut() {
            fields.remove(&style.name_field);
        }
        (name, row)
    });
    pairs.collect()
}

fn success(style: &Style, resource: &str, payload: Value) -> String {
    let data = match style.envelope {
        Envelope::V1 => return payload.to_string(),
        Envelope::V20 => json!({ "results": payload }),
        Envelope::V21 => payload,
        Envelope::V30 => with_copy(payload),
        Envelope::Nested => json!({"err_code": "", "err_message": "", "data": payload}),
    };
    wrapped(resource, "", "", data).to_string()
}

/// Version 3.0 adds the copy to `data`, which PHP makes a map where it was a list.
fn with_copy(payload: Value) -> Value {
    let copy = payload.clone();
    let mut fields = match payload {
        Value::Object(fields) => fields,
        Value::Array(rows) => numbered(rows).as_object().cloned().unwrap_or_default(),
        _ => Map::new(),
    };
    fields.insert("result".to_owned(), copy);
    Value::Object(fields)
}

fn error(style: &Style, resource: &str, (code, message): &Refusal) -> Reply {
    let code_text = code.to_string();
    let body = match style.envelope {
        Envelope::V1 => json!({"code": code, "message": message}),
        Envelope::Nested => {
            let inner = json!({"err_code": code_text, "err_message": message, "data": {}});
            wrapped(resource, "", "", inner)
        }
        _ => wrapped(resource, &code_text, message, json!({})),
    };
    let may_be_real = matches!(style.envelope, Envelope::V1 | Envelope::V30);
    let status = if may_be_real && style.real_status {
        *code
    } else {
        200
    };
    Reply::json(status, body.to_string())
}

/// Assumed: the look of `response_id`.
fn wrapped(resource: &str, code: &str, message: &str, data: Value) -> Value {
    json!({
        "err_msg": message,
        "err_code": code,
        "response_id": "a1b2c3d4e5",
        "api": format!("webservices.{resource}"),
        "version": "",
        "data": data,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(envelope: &str, rows: &str, names: &[&str]) -> String {
        let mut vpnki = Vpnki::default();
        vpnki.tunnels.truncate(1);
        vpnki.active = VecDeque::from([names.iter().map(|name| (*name).to_owned()).collect()]);
        vpnki.style.envelope = envelope.parse().unwrap();
        vpnki.style.rows = rows.parse().unwrap();
        let payload = active(&mut vpnki);
        success(&vpnki.style, "active", payload)
    }

    #[test]
    fn rows_take_every_shape() {
        let fields = r#""comment":"Дача","vpnki_address":"172.16.10.2""#;
        let object =
            format!(r#"{{"comment":"Дача","login":"user356","vpnki_address":"172.16.10.2"}}"#);
        for (rows, expected) in [
            ("objects", format!("[{object}]")),
            ("strings", r#"["user356"]"#.to_owned()),
            ("numbered", format!(r#"{{"0":{object}}}"#)),
            ("named", format!(r#"{{"user356":{{{fields}}}}}"#)),
            ("single", object.clone()),
            ("wrapped", format!(r#"{{"active":[{object}]}}"#)),
            ("null", "null".to_owned()),
            ("false", "false".to_owned()),
        ] {
            assert_eq!(said("1.x", rows, &["user356"]), expected, "{rows}");
        }
        assert_eq!(said("1.x", "objects", &[]), "[]");
        assert_eq!(said("1.x", "named", &[]), "{}");
    }

    #[test]
    fn envelopes_differ_by_version() {
        for (envelope, data) in [
            ("2.0", r#"{"results":["user356"]}"#),
            ("2.1", r#"["user356"]"#),
            ("3.0", r#"{"0":"user356","result":["user356"]}"#),
            (
                "nested",
                r#"{"data":["user356"],"err_code":"","err_message":""}"#,
            ),
        ] {
            let body = said(envelope, "strings", &["user356"]);
            let expected = format!(r#""data":{data},"err_code":"","err_msg":"""#);
            assert!(body.contains(&expected), "{envelope}: {body}");
        }
    }

    #[test]
    fn errors_differ_by_version() {
        let refusal = (403, "API Key Not Found".to_owned());
        for (envelope, real, status, part) in [
            (
                "1.x",
                true,
                403,
                r#"{"code":403,"message":"API Key Not Found"}"#,
            ),
            (
                "1.x",
                false,
                200,
                r#"{"code":403,"message":"API Key Not Found"}"#,
            ),
            (
                "2.1",
                true,
                200,
                r#""err_code":"403","err_msg":"API Key Not Found""#,
            ),
            (
                "3.0",
                true,
                403,
                r#""err_code":"403","err_msg":"API Key Not Found""#,
            ),
            (
                "nested",
                true,
                200,
                r#""err_message":"API Key Not Found"},"err_code":"""#,
            ),
        ] {
            let style = Style {
                envelope: envelope.parse().unwrap(),
                real_status: real,
                ..Style::default()
            };
            let reply = error(&style, "active", &refusal);
            let body = String::from_utf8(reply.body).unwrap();
            assert_eq!(reply.status, status, "{envelope}");
            assert!(body.contains(part), "{envelope}: {body}");
        }
    }

    #[test]
    fn a_script_of_active_lists_is_played_once_and_its_end_stays() {
        let mut vpnki = Vpnki::default();
        vpnki.style.rows = Rows::Strings;
        vpnki.active = VecDeque::from([vec!["user356".to_owned()], vec![]]);
        let played: Vec<String> = (0..3).map(|_| active(&mut vpnki).to_string()).collect();
        assert_eq!(played, [r#"["user356"]"#, "[]", "[]"]);
    }
}
