//! Replies that could pass for a success, and are none.

use super::*;

/// What a reply is, the exit code, and words that the one line must hold.
type Row = (&'static str, Vec<u8>, i32, &'static str);

fn ok_with(status: &str, headers: &str) -> Vec<u8> {
    reply(status, headers, OK)
}

fn body(body: impl AsRef<[u8]>) -> Vec<u8> {
    reply("200 OK", "", body)
}

fn raw(bytes: impl Into<Vec<u8>>) -> Vec<u8> {
    bytes.into()
}

/// Statuses that are no plain success, and codings that were not asked for.
fn heads() -> Vec<Row> {
    let doubt = "the reply confirms nothing: its HTTP status is";
    vec![
        ("201", ok_with("201 Created", ""), 1, doubt),
        (
            "202",
            ok_with("202 Accepted", ""),
            1,
            "is 202 (accepted for later), not 200",
        ),
        (
            "203",
            ok_with("203 Other", ""),
            1,
            "is 203 (changed on its way), not 200",
        ),
        (
            "204",
            ok_with("204 No Content", ""),
            1,
            "is 204 (no content), not 200",
        ),
        (
            "205",
            ok_with("205 Reset Content", ""),
            1,
            "is 205 (no content), not 200",
        ),
        (
            "206",
            ok_with("206 Partial Content", ""),
            1,
            "is 206 (a part of it), not 200",
        ),
        ("207", ok_with("207 Multi-Status", ""), 1, doubt),
        ("226", ok_with("226 IM Used", ""), 1, doubt),
        ("299", ok_with("299 x", ""), 1, doubt),
        ("101", ok_with("101 Switching", ""), 1, "HTTP status 101"),
        ("300", ok_with("300 Choices", ""), 1, "HTTP status 300"),
        ("304", ok_with("304 Not Modified", ""), 1, "HTTP status 304"),
        (
            "302 to a portal",
            ok_with("302 x", "Location: https://portal.example/\r\n"),
            1,
            "redirected to",
        ),
        ("511", ok_with("511 x", ""), 69, "HTTP status 511"),
        ("600", ok_with("600 x", ""), 69, "HTTP status 600"),
        ("999", ok_with("999 x", ""), 69, "HTTP status 999"),
        (
            "gzip",
            ok_with("200 OK", "Content-Encoding: gzip\r\n"),
            1,
            "its body is coded as 'gzip', which was not asked for",
        ),
        (
            "GZip",
            ok_with("200 OK", "Content-Encoding : GZip\r\n"),
            1,
            "coded as 'GZip'",
        ),
        (
            "real gzip",
            reply("200 OK", "Content-Encoding: gzip\r\n", b"\x1f\x8b\x08\0\0"),
            1,
            "coded as 'gzip'",
        ),
        (
            "two codings",
            ok_with(
                "200 OK",
                "Content-Encoding: identity\r\nContent-Encoding: br\r\n",
            ),
            1,
            "coded as 'br'",
        ),
        (
            "a folded coding",
            ok_with("200 OK", "Content-Encoding: identity,\r\n deflate\r\n"),
            1,
            "coded as 'deflate'",
        ),
        (
            "unknown transfer",
            ok_with("200 OK", "Transfer-Encoding: foo\r\n"),
            1,
            "coded as 'foo'",
        ),
        (
            "gzip, chunked",
            raw(format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n{:x}\r\n{OK}\r\n0\r\n\r\n",
                OK.len()
            )),
            1,
            "coded as 'gzip'",
        ),
        (
            "chunked twice",
            raw(format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n{:x}\r\n{OK}\r\n0\r\n\r\n",
                OK.len()
            )),
            1,
            "coded as 'chunked'",
        ),
        (
            "chunked in HTTP/1.0",
            raw(format!(
                "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{OK}"
            )),
            1,
            "coded as 'chunked'",
        ),
        (
            "lengths that differ",
            ok_with("200 OK", "Content-Length: 5\r\n"),
            69,
            "conflicting content-length",
        ),
        (
            "a list of lengths",
            ok_with("200 OK", "Content-Length: 28, 29\r\n"),
            69,
            "conflicting content-length",
        ),
        (
            "a length that is none",
            raw(format!(
                "HTTP/1.1 200 OK\r\nContent-Length: +28\r\n\r\n{OK}"
            )),
            69,
            "content-length header not a number",
        ),
        (
            "cut short",
            raw(format!("HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{OK}")),
            69,
            "closed before the reply was complete",
        ),
        (
            "chunks cut short",
            raw(format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{OK}\r\n",
                OK.len()
            )),
            69,
            "closed before the reply was complete",
        ),
        (
            "a chunk that is none",
            raw(format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{OK}"
            )),
            69,
            "what came is not HTTP",
        ),
        (
            "chunks with line feeds alone",
            raw(format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\n{OK}\n0\n\n",
                OK.len()
            )),
            69,
            "what came is not HTTP (a chunk without an end)",
        ),
        (
            "an end that lacks",
            raw(&b"HTTP/1.1 200 OK\r\n\r\n{\"response\":{\"status\":\"ok\"}"[..]),
            1,
            "cut off",
        ),
        ("HTTP/0.9", raw(OK), 69, "what came is not HTTP"),
        (
            "HTTP/2",
            raw(format!("HTTP/2 200\r\n\r\n{OK}")),
            69,
            "what came is not HTTP",
        ),
        (
            "no colon",
            ok_with("200 OK", "Content-Encoding gzip\r\n"),
            69,
            "what came is not HTTP",
        ),
        (
            "a NUL in the head",
            ok_with("200 OK", "X: a\0b\r\n"),
            69,
            "what came is not HTTP",
        ),
        (
            "nothing but interim replies",
            raw("HTTP/1.1 102 x\r\n\r\n".repeat(5000)),
            69,
            "closed before the reply was complete",
        ),
        (
            "a head without end",
            raw(format!("HTTP/1.1 200 OK\r\nX: {}", "a".repeat(90_000))),
            69,
            "the header of the reply is too large",
        ),
        (
            "1,000 headers",
            ok_with("200 OK", &"X: a\r\n".repeat(1000)),
            69,
            "too many headers",
        ),
    ]
}

/// Bodies that say ok, but not in so many words.
fn bodies() -> Vec<Row> {
    let twice = |name| format!(r#"{{"response":{{"{name}":"error","status":"ok"}}}}"#);
    let unknown = "the reply is not understood";
    let given = "the reply confirms nothing: it gives 'status' more than once";
    vec![
        ("status twice", body(twice("status")), 1, given),
        (
            "ok, then error",
            body(r#"{"response":{"status":"ok","status":"error"}}"#),
            1,
            given,
        ),
        ("escaped", body(twice(r"st\u0061tus")), 1, given),
        (
            "escaped whole",
            body(twice(r"\u0073\u0074\u0061\u0074\u0075\u0073")),
            1,
            given,
        ),
        (
            "far apart",
            body(format!(
                r#"{{"response":{{"status":"error","x":[{}1],"status":"ok"}}}}"#,
                "1,".repeat(20_000)
            )),
            1,
            given,
        ),
        (
            "three times",
            body(r#"{"response":{"status":"ok","status":"ok","status":"ok"}}"#),
            1,
            given,
        ),
        (
            "response twice",
            body(r#"{"response":{"status":"error"},"response":{"status":"ok"}}"#),
            1,
            "it gives 'response' more than once",
        ),
        (
            "response twice, escaped",
            body(r#"{"response":{"status":"ok"},"\u0072esponse":{"status":"ok"}}"#),
            1,
            "it gives 'response' more than once",
        ),
        (
            "data twice",
            body(r#"{"response":{"status":"ok","data":{},"data":{"a":1}}}"#),
            1,
            "it gives 'data' more than once",
        ),
        (
            "ok and an error",
            body(r#"{"response":{"status":"ok","error":{"code":3,"message":"No such user"}}}"#),
            1,
            "it says ok and an error at once: No such user",
        ),
        (
            "ok and an error outside",
            body(r#"{"response":{"status":"ok"},"errors":["No such user"]}"#),
            1,
            "it says ok and an error at once: No such user",
        ),
        (
            "OK",
            body(r#"{"response":{"status":"OK"}}"#),
            1,
            "status 'OK', not 'ok'",
        ),
        (
            "Ok",
            body(r#"{"response":{"status":"Ok"}}"#),
            1,
            "status 'Ok', not 'ok'",
        ),
        (
            "a blank behind",
            body(r#"{"response":{"status":"ok "}}"#),
            1,
            "status 'ok ', not 'ok'",
        ),
        (
            "a NUL behind",
            body(r#"{"response":{"status":"ok\u0000"}}"#),
            1,
            "status 'ok ', not 'ok'",
        ),
        (
            "true",
            body(r#"{"response":{"status":true}}"#),
            1,
            "status 'true', not 'ok'",
        ),
        (
            "200",
            body(r#"{"response":{"status":200}}"#),
            1,
            "status '200', not 'ok'",
        ),
        (
            "a list",
            body(r#"{"response":{"status":["ok"]}}"#),
            1,
            unknown,
        ),
        (
            "an object",
            body(r#"{"response":{"status":{"ok":"ok"}}}"#),
            1,
            unknown,
        ),
        ("null", body(r#"{"response":{"status":null}}"#), 1, unknown),
        (
            "Status",
            body(r#"{"response":{"Status":"ok"}}"#),
            1,
            unknown,
        ),
        (
            "Response",
            body(r#"{"Response":{"status":"ok"}}"#),
            1,
            unknown,
        ),
        ("a text", body(r#"{"response":"ok"}"#), 1, unknown),
        ("at the top", body(r#"{"status":"ok"}"#), 1, unknown),
        (
            "in a list",
            body(r#"[{"response":{"status":"ok"}}]"#),
            1,
            unknown,
        ),
        (
            "too deep",
            body(r#"{"response":{"response":{"status":"ok"}}}"#),
            1,
            unknown,
        ),
        ("a list of ok", body(r#"["ok"]"#), 1, unknown),
        ("a JSON text", body("\"ok\""), 1, unknown),
        ("JSON true", body("true"), 1, unknown),
        ("JSON null", body("null"), 1, unknown),
        ("a number", body("200"), 1, unknown),
        (
            "two documents",
            body(format!("{OK}{OK}")),
            1,
            "damaged (at byte 28)",
        ),
        (
            "an error, then an ok",
            body(format!("{ERROR}\n{OK}")),
            1,
            "damaged (at byte 57)",
        ),
        (
            "an ok, then an error",
            body(format!("{OK}\n{ERROR}")),
            1,
            "damaged (at byte 29)",
        ),
        (
            "two lines",
            body(format!("{OK}\n{OK}\n")),
            1,
            "damaged (at byte 29)",
        ),
        (
            "a bracket too many",
            body(format!("{OK}}}")),
            1,
            "damaged (at byte 28)",
        ),
        (
            "a comma too many",
            body(r#"{"response":{"status":"ok",}}"#),
            1,
            "damaged",
        ),
        (
            "NULs behind",
            body(format!("{OK}\0\0")),
            1,
            "damaged (at byte 28)",
        ),
        ("NULs before", body(format!("\0{OK}")), 1, "other text"),
        (
            "a NUL within",
            body("{\"response\":{\"status\":\"ok\0\"}}"),
            1,
            "damaged",
        ),
        (
            "HTML behind",
            body(format!("{OK}<!-- 0.1 s -->")),
            1,
            "damaged (at byte 28)",
        ),
        (
            "a warning before",
            body(format!("<b>Warning</b>: x<br />\n{OK}")),
            1,
            "JSON behind it",
        ),
        (
            "a page around",
            body(format!("<html>{OK}</html>")),
            1,
            "an HTML page",
        ),
        (
            "two marks",
            body(format!("\u{feff}\u{feff}{OK}")),
            1,
            "other text",
        ),
        (
            "UTF-16",
            body(
                OK.encode_utf16()
                    .flat_map(u16::to_le_bytes)
                    .collect::<Vec<_>>(),
            ),
            1,
            "damaged",
        ),
        (
            "windows-1251",
            body(b"{\"response\":{\"status\":\"ok\",\"data\":\"\xcf\xf0\"}}"),
            1,
            "damaged",
        ),
        ("no quotes", body("{response:{status:ok}}"), 1, "damaged"),
        (
            "single quotes",
            body("{'response':{'status':'ok'}}"),
            1,
            "damaged",
        ),
        (
            "a callback",
            body(format!("callback({OK})")),
            1,
            "other text",
        ),
        (
            "a portal",
            body("<!DOCTYPE html><html>Log in</html>"),
            1,
            "an HTML page",
        ),
        ("empty", body(""), 1, "an empty body"),
        (
            "gzip that is not announced",
            body(b"\x1f\x8b\x08\0\0"),
            1,
            "compressed (gzip), which was not asked for",
        ),
        ("a bare word", body("OK\n"), 1, "'OK' and nothing else"),
        (
            "a status in another case",
            body(r#"{"response":{"status":"ok","Status":"error"}}"#),
            1,
            given,
        ),
        (
            "an error's message",
            body(r#"{"response":{"status":"ok","error_code":3,"error_message":"No such user"}}"#),
            1,
            "it says ok and an error at once: No such user",
        ),
        (
            "another status outside",
            body(r#"{"status":"error","response":{"status":"ok"}}"#),
            1,
            "it says ok and an error at once: status 'error'",
        ),
    ]
}

fn never_confirms(rows: Vec<Row>) {
    with_each(rows, |(what, bytes, code, words)| {
        let household = Household::new(&bytes);
        let ran = household.once(what);
        assert_eq!(ran.code, Some(code), "{what}: {}", ran.said());
        assert!(
            ran.stdout.contains(words),
            "{what}: no '{words}' in {}",
            ran.said()
        );
        let status = household.router.home_status();
        assert!(status["confirmed"].is_null(), "{what}: {status}");
        assert_eq!(household.server.requests(), 1, "{what}");
        household.once(what);
        assert_eq!(household.server.requests(), 1, "{what}: sent again at once");
    });
}

#[test]
fn statuses_and_codings_never_confirm() {
    never_confirms(heads());
}

#[test]
fn bodies_that_nearly_say_ok_never_confirm() {
    never_confirms(bodies());
}
