//! The many ways in which VPNKI may say the same: the envelopes of the versions
//! of com_api (known), and the shapes of a list (assumed).

use serde_json::{Map, Value, json};

use super::outcome::Refusal;
use crate::http::Reply;
use crate::words::{as_text, words};

/// The form of VPNKI's replies.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Style {
    /// The version of com_api.
    #[serde(serialize_with = "as_text")]
    pub envelope: Envelope,
    /// The shape of the list.
    #[serde(serialize_with = "as_text")]
    pub rows: Rows,
    /// The fields of a tunnel in `active`.
    #[serde(serialize_with = "as_text")]
    pub active_fields: ActiveFields,
    /// The field that holds a tunnel's name.
    pub name_field: String,
    /// The field that holds a tunnel's address.
    pub address_field: String,
    /// Whether an error of versions 1.x and 3.0 has the HTTP status that it
    /// names, or 200.
    pub real_status: bool,
    /// The form of times in statistics.
    #[serde(serialize_with = "as_text")]
    pub dates: Dates,
    /// The answer of `del_tunnel`.
    #[serde(serialize_with = "as_text")]
    pub deleted: Deleted,
    /// The answer of `add_tunnel` where it fails.
    #[serde(serialize_with = "as_text")]
    pub not_added: Refused,
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

words! {
    /// The fields of a tunnel in `active`; `tunnels` has all.
    ActiveFields {
        /// Name, address and comment.
        All = "all",
        /// Name and address.
        NoComment = "no-comment",
        /// The comment alone.
        Comment = "comment",
        /// The address alone.
        Address = "address",
    }
}

words! {
    /// The form of times in statistics.
    Dates {
        /// `2015-12-31 23-59-59`
        Dashes = "dashes",
        /// `2015-12-31 23:59:59`
        Colons = "colons",
    }
}

words! {
    /// The answer of `del_tunnel`: bare, or in the envelope.
    Deleted {
        /// The body `OK`, which is not JSON.
        Bare = "bare",
        /// The body `"OK"`.
        BareText = "bare-text",
        /// The body `true`.
        BareTrue = "bare-true",
        /// `"OK"` in the envelope.
        Text = "text",
        /// `true` in the envelope.
        True = "true",
        /// `{"status":"OK"}` in the envelope.
        Status = "status",
        /// `{"result":"OK"}` in the envelope.
        Result = "result",
        /// `{"message":"OK"}` in the envelope.
        Message = "message",
    }
}

words! {
    /// The answer of `add_tunnel` where it fails.
    Refused {
        /// `{"add error":"…"}`, with the space, as if it had succeeded.
        AddError = "add-error",
        /// `{"message":"…"}`, as if it had succeeded.
        Message = "message",
        /// An error of the envelope.
        Envelope = "envelope",
    }
}

impl Default for Style {
    fn default() -> Style {
        Style {
            envelope: Envelope::V21,
            rows: Rows::Objects,
            active_fields: ActiveFields::All,
            name_field: "login".to_owned(),
            address_field: "vpnki_address".to_owned(),
            real_status: false,
            dates: Dates::Dashes,
            deleted: Deleted::Bare,
            not_added: Refused::AddError,
        }
    }
}

/// A list in one of the shapes, whose rows are called by the field `name`.
pub(super) fn shaped(name: &str, shape: Rows, wrapper: &str, mut rows: Vec<Value>) -> Value {
    match shape {
        Rows::Single if rows.len() == 1 => rows.remove(0),
        Rows::Objects | Rows::Single => Value::Array(rows),
        Rows::Strings => names(name, rows),
        Rows::Numbered => numbered(rows),
        Rows::Named => named(name, rows),
        Rows::Wrapped => json!({ wrapper: rows }),
        Rows::Null => Value::Null,
        Rows::False => Value::Bool(false),
    }
}

fn names(name: &str, rows: Vec<Value>) -> Value {
    let rows = rows.into_iter();
    rows.map(|mut row| row[name].take()).collect()
}

fn numbered(rows: Vec<Value>) -> Value {
    let pairs = rows.into_iter().enumerate();
    pairs.map(|(at, row)| (at.to_string(), row)).collect()
}

fn named(name: &str, rows: Vec<Value>) -> Value {
    let pairs = rows.into_iter().map(|mut row| {
        let key = row[name].as_str().unwrap_or("").to_owned();
        if let Some(fields) = row.as_object_mut() {
            fields.remove(name);
        }
        (key, row)
    });
    pairs.collect()
}

pub(super) fn success(style: &Style, resource: &str, payload: Value) -> String {
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

pub(super) fn error(style: &Style, resource: &str, (code, message): &Refusal) -> Reply {
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
        let style = Style {
            envelope: envelope.parse().unwrap(),
            rows: rows.parse().unwrap(),
            ..Style::default()
        };
        let row =
            |name: &&str| json!({"login": name, "vpnki_address": "172.16.10.2", "comment": "Дача"});
        let rows: Vec<Value> = names.iter().map(row).collect();
        success(
            &style,
            "active",
            shaped("login", style.rows, "active", rows),
        )
    }

    #[test]
    fn rows_take_every_shape() {
        let fields = r#""comment":"Дача","vpnki_address":"172.16.10.2""#;
        let object =
            r#"{"comment":"Дача","login":"user356","vpnki_address":"172.16.10.2"}"#.to_owned();
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
}
