//! rpcd's protocol for a program that is an object of ubus, as its exec plug-in.
//!
//! rpcd runs the program with `list` for the methods, and with `call METHOD` for each call:
//! the arguments are an object of JSON on standard input, and so is the reply on standard
//! output. Whatever is wrong is in the reply, since a program that fails leaves the caller
//! with a number.
//!
//! ```
//! use wansync_core::rpcd::{Call, Method, refusal};
//!
//! let call = Call::read("once", br#"{"section":"home","ubus_rpc_session":"0"}"#).unwrap();
//! assert_eq!((call.method, call.section.as_deref()), (Method::Once, Some("home")));
//! let why = Call::read("reboot", b"{}").unwrap_err();
//! assert_eq!(
//!     refusal(&why),
//!     r#"{"error":"rpc.unknown_method","args":{"name":"reboot"},"message":"there is no method 'reboot'"}"#
//! );
//! ```

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::json::{Json, JsonError, JsonKind, JsonWriter, Persist};
use crate::reason;
use crate::reason::Reason;

/// The methods, as `list` prints them. The value of an argument is an example, which says
/// its type.
pub const SIGNATURES: &str = concat!(
    r#"{"status":{},"history":{"section":"str","since":"str"},"check":{"config":"str"},"#,
    r#""check_result":{},"once":{"section":"str"},"restart":{"section":"str"},"#,
    r#""profiles":{"section":"str"},"tunnels":{"section":"str"}}"#
);

/// The longest arguments, in bytes: a configuration of [`MAX_CONFIG`] with escapes.
pub const MAX_ARGUMENTS: usize = 160 * 1024;
/// The longest configuration that is checked before it is put in place, in bytes.
pub const MAX_CONFIG: usize = 64 * 1024;
/// The longest reply that is passed on, in bytes; rpcd takes 256 KiB.
pub const MAX_REPLY: usize = 255 * 1024;

/// The methods of the object `wansync`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The status that `wansync status` shows.
    Status,
    /// The history that `wansync history` shows.
    History,
    /// A check in the background or, with a configuration, of that one at once.
    Check,
    /// What the check in the background has found.
    CheckResult,
    /// A pass, in the background.
    Once,
    /// The restart of a tunnel.
    Restart,
    /// The profiles of a user of SkyDNS.
    Profiles,
    /// The names of an account's tunnels.
    Tunnels,
}

impl Method {
    const ALL: [(&str, Method); 8] = [
        ("status", Method::Status),
        ("history", Method::History),
        ("check", Method::Check),
        ("check_result", Method::CheckResult),
        ("once", Method::Once),
        ("restart", Method::Restart),
        ("profiles", Method::Profiles),
        ("tunnels", Method::Tunnels),
    ];
}

/// A call of a method. An argument that is empty counts as one that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The name of a section.
    pub section: Option<String>,
    /// The beginning of a time, such as `3d` ago.
    pub since: Option<String>,
    /// The text of a configuration, which may be empty.
    pub config: Option<String>,
}

impl Call {
    /// The call of this method with these arguments. Those that are not known are passed
    /// over, as uhttpd adds one of its own.
    ///
    /// # Errors
    /// The method is unknown, or its arguments are no object of texts.
    pub fn read(method: &str, arguments: &[u8]) -> Result<Call, Reason> {
        if arguments.len() > MAX_ARGUMENTS {
            return Err(reason!(RpcTooLong, max = MAX_ARGUMENTS));
        }
        let Some((_, known)) = Method::ALL.iter().find(|(name, _)| *name == method) else {
            return Err(reason!(RpcUnknownMethod, name = method));
        };
        let json = Json::parse(arguments);
        let json = json.map_err(|error| reason!(RpcNotJson, cause = Reason::from(&error)))?;
        if json.kind() != JsonKind::Object {
            return Err(reason!(RpcNoObject));
        }
        let not_empty = |text: &String| !text.is_empty();
        let config = text(json, "config")?;
        if config.as_ref().is_some_and(|text| text.len() > MAX_CONFIG) {
            return Err(reason!(RpcLongConfig, max = MAX_CONFIG));
        }
        Ok(Call {
            method: *known,
            section: text(json, "section")?.filter(not_empty),
            since: text(json, "since")?.filter(not_empty),
            config,
        })
    }

    /// The section that the call must name.
    ///
    /// # Errors
    /// It names none.
    pub fn section(&self) -> Result<&str, Reason> {
        let section = self.section.as_deref();
        section.ok_or_else(|| reason!(RpcNoArgument, name = "section"))
    }
}

fn text(arguments: Json<'_>, name: &str) -> Result<Option<String>, Reason> {
    match arguments.get(name).unwrap_or(Json::NULL) {
        nothing if nothing.kind() == JsonKind::Null => Ok(None),
        value => match value.text() {
            Some(text) => Ok(Some(text.into_owned())),
            None => Err(reason!(RpcNoText, name = name)),
        },
    }
}

/// Whether more must be read of arguments that begin so. The writer need not end its
/// stream behind them.
pub fn is_incomplete(arguments: &[u8]) -> bool {
    let text = arguments.trim_ascii_start();
    let may_be_whole = text.starts_with(b"{") && text.trim_ascii_end().ends_with(b"}");
    text.is_empty()
        || !may_be_whole
        || matches!(Json::length_of_first(text), Err(JsonError::CutOff))
}

/// The reply to a call that cannot be answered.
pub fn refusal(why: &Reason) -> String {
    let mut json = JsonWriter::default();
    json.open();
    json.name("error");
    json.text(why.code().name());
    json.name("args");
    why.write_arguments(&mut json);
    json.name("message");
    why.write_json(&mut json);
    json.close();
    json.into_text()
}

/// The reply to a call that did something, of which this is the reason.
pub fn done(what: &Reason) -> String {
    let mut json = JsonWriter::default();
    json.open();
    json.field("done", &true);
    json.field("reason", what);
    json.close();
    json.into_text()
}

/// The reply, unless it is longer than rpcd takes.
pub fn bounded(reply: &str) -> Cow<'_, str> {
    match reply.len() > MAX_REPLY {
        true => refusal(&reason!(RpcLongReply, max = MAX_REPLY)).into(),
        false => reply.into(),
    }
}

/// The reply of a field that holds this text, `{"name":text}`, where the text is JSON.
pub fn field(name: &str, json: &str) -> String {
    let mut reply = JsonWriter::default();
    reply.open();
    reply.name(name);
    reply.raw(json);
    reply.close();
    reply.into_text()
}

/// The profiles, as `{"profiles":[{"id":…,"name":…}]}`.
pub fn profiles(profiles: &[(String, String)]) -> String {
    let mut list = JsonWriter::default();
    list.list(profiles, &|(id, name), json| {
        json.open();
        json.field("id", id);
        json.field("name", name);
        json.close();
    });
    field("profiles", &list.into_text())
}

/// The names of tunnels, as `{"tunnels":[…]}`.
pub fn tunnels(names: &Vec<String>) -> String {
    field("tunnels", &JsonWriter::of(names))
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    fn code(method: &str, arguments: &str) -> String {
        let read = Call::read(method, arguments.as_bytes());
        read.err()
            .map_or("".to_owned(), |why| why.code().name().to_owned())
    }

    #[test]
    fn list_has_every_method_and_each_argument() {
        let json = Json::parse(SIGNATURES.as_bytes()).expect("JSON");
        let names = json.fields().map(|(name, _)| name.to_string());
        let known = Method::ALL.map(|(name, _)| name.to_owned());
        assert_eq!(names.collect::<Vec<_>>(), known);
        for (name, arguments) in json.fields() {
            assert_eq!(code(&name, &arguments.to_string()), "", "{name}");
        }
    }

    #[test]
    fn what_is_no_call() {
        let long = format!("{{\"config\":\"{}\"}}", "#".repeat(MAX_CONFIG + 1));
        let longer = format!("{{\"x\":\"{}\"}}", "#".repeat(MAX_ARGUMENTS));
        let table = [
            ("status", "{}", ""),
            (
                "status",
                " {\"ubus_rpc_session\":\"x\",\"section\":null} \n",
                "",
            ),
            ("check", "{\"config\":\"\"}", ""),
            ("status", "", "rpc.not_json"),
            ("status", "nonsense", "rpc.not_json"),
            ("status", "{\"a\":", "rpc.not_json"),
            ("status", "[]", "rpc.no_object"),
            ("status", "5", "rpc.no_object"),
            ("status", "null", "rpc.no_object"),
            ("once", "{\"section\":5}", "rpc.no_text"),
            ("once", "{\"section\":[\"home\"]}", "rpc.no_text"),
            ("check", &long, "rpc.long_config"),
            ("check", &longer, "rpc.too_long"),
            ("", "{}", "rpc.unknown_method"),
            ("Status", "{}", "rpc.unknown_method"),
            ("status\n", "{}", "rpc.unknown_method"),
        ];
        for (method, arguments, expected) in table {
            assert_eq!(
                code(method, arguments),
                expected,
                "{method} {arguments:.40}"
            );
        }
        let call = Call::read("restart", b"{\"section\":\"\"}").expect("a call");
        let why = call.section().expect_err("no section");
        assert_eq!(why.code().name(), "rpc.no_argument");
    }

    #[test]
    fn arguments_end_with_their_object() {
        for whole in ["{}", " {\"a\":\"}\"}\n", "{\"a\":{\"b\":1}} "] {
            assert!(!is_incomplete(whole.as_bytes()), "{whole}");
        }
        for part in [
            "",
            " ",
            "{",
            "{\"a\":\"}",
            "{\"a\":{\"b\":1}",
            "[1]",
            "{\"a\":\"\\\"}",
        ] {
            assert!(is_incomplete(part.as_bytes()), "{part}");
        }
        // What can never be an object ends it, too.
        assert!(!is_incomplete(b"{a}"));
    }

    #[test]
    fn a_reply_has_an_end() {
        assert_eq!(bounded("{}"), "{}");
        let long = "x".repeat(MAX_REPLY + 1);
        let long = bounded(&long);
        assert!(long.starts_with("{\"error\":\"rpc.long_reply\""), "{long}");
        let names = [("1".to_owned(), "Kids \"2\"".to_owned())];
        assert_eq!(
            profiles(&names),
            r#"{"profiles":[{"id":"1","name":"Kids \"2\""}]}"#
        );
        assert_eq!(
            tunnels(&["user356".to_owned()].into()),
            r#"{"tunnels":["user356"]}"#
        );
    }
}
