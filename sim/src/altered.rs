//! Faults in a reply's content: replies that replace the service's, and
//! damage to the service's own.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use crate::faults::{ErrorShape, Fault, NearMiss, RetryAfter, Target};
use crate::http::{Incoming, Reply};

/// The address of the simulator, for redirects.
#[derive(Debug, Clone)]
pub(crate) struct Here {
    /// `http` or `https`, as the request came.
    pub scheme: &'static str,
    /// The port that the request came to.
    pub port: u16,
    pub http_port: u16,
}

/// A path that begins so redirects to itself, for ever.
pub(crate) const LOOP: &str = "/_loop";
/// A path that begins so redirects to the next lower number, then to the method.
pub(crate) const HOP: &str = "/_hop";

/// The reply that a fault puts in place of the service's.
pub(crate) fn instead(fault: &Fault, request: &Incoming, here: &Here) -> Option<Reply> {
    Some(match fault {
        Fault::Status { code, retry } => status(*code, *retry),
        Fault::Error { shape, code, text } => error(*shape, *code, text.as_deref()),
        Fault::NearMiss(which) => near_miss(*which),
        Fault::Redirect { to, code } => redirect(*to, *code, request, here),
        Fault::Html(200) => site_page(),
        Fault::Html(code) => Reply::html(*code),
        Fault::Body(text) => Reply::json(200, text.clone()),
        Fault::Empty => Reply::json(200, String::new()),
        Fault::Nul => Reply::json(200, "\0".repeat(64)),
        Fault::Nesting(depth) => Reply::json(200, nesting(*depth)),
        Fault::NotHttp => Reply::text(200, "SSH-2.0-dropbear_2022.83\r\n"),
        _ => return None,
    })
}

fn status(code: u16, retry: Option<RetryAfter>) -> Reply {
    let reply = Reply::html(code);
    match retry {
        None => reply,
        Some(RetryAfter::Seconds(seconds)) => reply.with("Retry-After", seconds),
        Some(RetryAfter::Date(seconds)) => {
            let when = SystemTime::now() + Duration::from_secs(seconds);
            reply.with("Retry-After", httpdate::fmt_http_date(when))
        }
    }
}

fn error(shape: ErrorShape, code: u16, text: Option<&str>) -> Reply {
    let message = serde_json::Value::from(text.unwrap_or("Invalid provider key"));
    let under = |key: &str| format!(r#"{{"response":{{"status":"error","{key}":{message}}}}}"#);
    let body = match shape {
        ErrorShape::Message => under("message"),
        ErrorShape::Error => under("error"),
        ErrorShape::Data => under("data"),
        ErrorShape::Errors => {
            format!(r#"{{"response":{{"status":"error","errors":{{"ident":[{message}]}}}}}}"#)
        }
        ErrorShape::Silent => r#"{"response":{"status":"error"}}"#.to_owned(),
        ErrorShape::TopError => format!(r#"{{"error":{message}}}"#),
        ErrorShape::TopObject => format!(r#"{{"error":{{"code":403,"message":{message}}}}}"#),
        ErrorShape::FailErrors => format!(r#"{{"status":"fail","errors":[{message}]}}"#),
        ErrorShape::Detail => format!(r#"{{"detail":{message}}}"#),
        ErrorShape::Code => format!(r#"{{"code":403,"message":{message}}}"#),
        ErrorShape::Badauth => return Reply::text(code, "badauth"),
    };
    Reply::json(code, body)
}

fn near_miss(which: NearMiss) -> Reply {
    let body = match which {
        NearMiss::Question => r#"{"response":{"status":"OK?"}}"#,
        NearMiss::Upper => r#"{"response":{"status":"OK"}}"#,
        NearMiss::Space => r#"{"response":{"status":"ok "}}"#,
        NearMiss::Bool => r#"{"response":{"status":true}}"#,
        NearMiss::List => r#"{"response":{"status":["ok"]}}"#,
        NearMiss::Null => r#"{"response":{"status":null}}"#,
        NearMiss::NoStatus => r#"{"response":{"data":{}}}"#,
        NearMiss::TopStatus => r#"{"status":"ok"}"#,
        NearMiss::TextResponse => r#"{"response":"ok"}"#,
        NearMiss::InArray => r#"[{"response":{"status":"ok"}}]"#,
        NearMiss::OkInMessage => r#"{"response":{"status":"error","message":"the status was ok"}}"#,
        NearMiss::Trailer => r#"{"response":{"status":"ok"}}}"#,
        NearMiss::Text => return Reply::text(200, "ok"),
        NearMiss::JsonText => r#""ok""#,
        NearMiss::EmptyObject => "{}",
    };
    Reply::json(200, body.to_owned())
}

/// The page that such a site shows while it is worked on.
fn site_page() -> Reply {
    let body = "<!DOCTYPE html>\n<html lang=\"ru\"><head><meta charset=\"utf-8\">\
                <title>Сайт на обслуживании</title></head>\n\
                <body><h1>Сайт закрыт на техническое обслуживание.</h1></body></html>\n";
    Reply {
        body: body.into(),
        ..Reply::html(200)
    }
}

fn redirect(to: Target, code: u16, request: &Incoming, here: &Here) -> Reply {
    let (name, target) = (host_name(request), &request.target);
    let origin = |name: &str| format!("{}://{name}:{}", here.scheme, here.port);
    let location = match to {
        Target::Host => format!("{}{target}", origin(other_name(name))),
        Target::Http => format!("http://{name}:{}{target}", here.http_port),
        Target::Same => format!("{}{HOP}/1{target}", origin(name)),
        Target::Relative => format!("{HOP}/1{target}"),
        Target::Two => format!("{}{HOP}/2{target}", origin(name)),
        Target::Three => format!("{}{HOP}/3{target}", origin(name)),
        Target::Loop => format!("{}{LOOP}{target}", origin(name)),
        Target::Nonsense => "http://[nonsense".to_owned(),
        Target::Nowhere => return Reply::html(code),
    };
    Reply::html(code).with("Location", location)
}

/// The name that the client used, without the port.
fn host_name(request: &Incoming) -> &str {
    let host = request.header("host").unwrap_or("localhost");
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

fn other_name(name: &str) -> &'static str {
    match name {
        "127.0.0.1" => "localhost",
        _ => "127.0.0.1",
    }
}

/// The way through a chain of redirects: the reply of a step, or the target that
/// it leads to in the end.
pub(crate) fn step(target: &str) -> Result<String, Reply> {
    if target.starts_with(LOOP) {
        return Err(Reply::html(302).with("Location", target));
    }
    let hops = target.strip_prefix(HOP).and_then(|rest| {
        let (hops, path) = rest.strip_prefix('/')?.split_once('/')?;
        Some((hops.parse::<u32>().ok()?, path))
    });
    match hops {
        None => Ok(target.to_owned()),
        Some((0 | 1, path)) => Ok(format!("/{path}")),
        Some((hops, path)) => {
            let next = format!("{HOP}/{}/{path}", hops - 1);
            Err(Reply::html(302).with("Location", next))
        }
    }
}

fn nesting(depth: usize) -> String {
    let (open, close) = ("[".repeat(depth), "]".repeat(depth));
    format!(r#"{{"response":{{"status":"ok","data":{open}{close}}}}}"#)
}

/// The service's reply, damaged.
pub(crate) fn damaged(fault: &Fault, mut reply: Reply) -> Reply {
    match fault {
        Fault::OkStatus(code) => reply.status = *code,
        Fault::Truncated => reply.body.truncate(reply.body.len() / 2),
        Fault::TrailingComma => trailing_comma(&mut reply.body),
        Fault::PhpWarning => prepend(PHP_WARNING, &mut reply.body),
        Fault::Bom => prepend("\u{feff}".as_bytes(), &mut reply.body),
        Fault::Escaped => reply.body = escaped(&reply.body),
        Fault::ContentType(kind) if kind == "none" => {
            reply.headers.retain(|(name, _)| *name != "Content-Type");
        }
        Fault::ContentType(kind) => return reply.with("Content-Type", kind),
        Fault::Oversize(bytes) => pad(&mut reply.body, *bytes),
        Fault::BigHeader(bytes) => return reply.with("X-Padding", "x".repeat(*bytes)),
        _ => {}
    }
    reply
}

const PHP_WARNING: &[u8] = b"<br />\n<b>Warning</b>:  Undefined variable $user in \
    <b>/var/www/html/components/com_api/controller.php</b> on line <b>112</b><br />\n";

fn prepend(prefix: &[u8], body: &mut Vec<u8>) {
    body.splice(0..0, prefix.iter().copied());
}

/// Before the braces that end the body.
fn trailing_comma(body: &mut Vec<u8>) {
    let last = body.iter().rposition(|byte| *byte != b'}');
    body.insert(last.map_or(0, |last| last + 1), b',');
}

fn escaped(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(body);
    let mut ascii = String::with_capacity(text.len());
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => ascii.push(byte as char),
            _ => write!(ascii, "\\u{unit:04x}").expect("a String takes everything"),
        }
    }
    ascii.into_bytes()
}

/// Spaces after the first bracket: the JSON stays valid, and means the same.
fn pad(body: &mut Vec<u8>, bytes: usize) {
    let missing = bytes.saturating_sub(body.len());
    let start = usize::from(!body.is_empty());
    body.splice(start..start, std::iter::repeat_n(b' ', missing));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn damage(fault: &str, body: &str) -> String {
        let reply = Reply::json(200, body.to_owned());
        let fault = fault.parse().unwrap();
        String::from_utf8(damaged(&fault, reply).body).unwrap()
    }

    #[test]
    fn bodies_are_damaged_as_they_say() {
        let body = r#"{"response":{"status":"ok","data":{"ip":[]}}}"#;
        for (fault, expected) in [
            ("truncated", r#"{"response":{"status":"#),
            (
                "trailing-comma",
                r#"{"response":{"status":"ok","data":{"ip":[],}}}"#,
            ),
            (
                "bom",
                "\u{feff}{\"response\":{\"status\":\"ok\",\"data\":{\"ip\":[]}}}",
            ),
        ] {
            assert_eq!(damage(fault, body), expected, "{fault}");
        }
        assert_eq!(damage("escaped", "«Я😀"), r"\u00ab\u042f\ud83d\ude00");
        assert_eq!(damage("oversize=9", "{\"a\":1}"), "{  \"a\":1}");
        assert!(damage("php-warning", "{}").starts_with("<br />\n<b>Warning</b>:  "));
    }

    #[test]
    fn chains_of_redirects_end_at_the_method_and_loops_do_not() {
        assert_eq!(step("/a?b=c").unwrap(), "/a?b=c");
        assert_eq!(step("/_hop/1/a?b=c").unwrap(), "/a?b=c");
        let next = step("/_hop/3/a?b=c").unwrap_err();
        assert!(
            next.headers
                .contains(&("Location", "/_hop/2/a?b=c".to_owned()))
        );
        let again = step("/_loop/a?b=c").unwrap_err();
        assert!(
            again
                .headers
                .contains(&("Location", "/_loop/a?b=c".to_owned()))
        );
    }
}
