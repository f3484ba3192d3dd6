use super::*;
use crate::config::{Config, Content};

fn reply(status: u16, body: &str) -> Reply {
    Reply {
        status,
        body: body.as_bytes().to_vec(),
        ..Reply::default()
    }
}

fn section(lines: &str) -> Skydns {
    let text = format!("config skydns\noption key x\n{lines}\n");
    let mut config = Config::parse(text.as_bytes()).expect("UCI");
    match config.skydns.remove(0).content {
        Content::Ready(section) => *section,
        _ => panic!("{:?}", config.problems),
    }
}

#[test]
fn the_request_for_update_ip() {
    let key = Secret::new("s3 c&r=%#/").expect("a key");
    let plain = section("option ident user1");
    assert_eq!(
        update_ip(&plain, Some(&key), [8, 8, 4, 4].into()),
        "https://www.skydns.ru/provider_api/update_ip?key=s3%20c%26r%3D%25%23%2F&ident=user1&ip=8.8.4.4"
    );
    let full = section(
        "option ident 'школа 5'\noption hostname дом\noption profile 12\noption base_url 'https://r.example/x'",
    );
    assert_eq!(
        update_ip(&full, None, "2a00::1".parse().expect("an address")),
        "https://r.example/x/update_ip?ident=%D1%88%D0%BA%D0%BE%D0%BB%D0%B0%205&ip=2a00%3A%3A1\
         &hostname=%D0%B4%D0%BE%D0%BC&profile=12"
    );
}

#[test]
fn only_a_recognised_success_is_one() {
    let good = [
        r#"{"response":{"status":"ok"}}"#,
        "\u{feff}{\"response\":{\"status\":\"ok\",\"data\":null}}",
        " \n{\"response\" : {\"data\":[1],\"status\":\"ok\"}}\n",
        r#"{"response":{"status":"ok",},}"#,
    ];
    for body in good {
        assert!(
            data(&reply(200, body), Wall::from_secs(0)).is_ok(),
            "{body}"
        );
    }
    let bad = [
        r#"{"response":{"status":"OK"}}"#,
        r#"{"response":{"status":"ok "}}"#,
        r#"{"response":{"status":["ok"]}}"#,
        r#"{"response":"ok"}"#,
        r#"{"status":"ok"}"#,
        r#"["ok"]"#,
        r#""ok""#,
        "ok",
        "OK",
        "null",
        "true",
        "{}",
        "[]",
        r#"{"response":{"status":"ok"}} trailing"#,
        r#"{"response":{"status":"ok"}"#,
        r#"{"response":{"status":"ok",,}}"#,
    ];
    for body in bad {
        assert!(
            data(&reply(200, body), Wall::from_secs(0)).is_err(),
            "{body}"
        );
    }
    for status in [
        100, 199, 201, 202, 203, 204, 205, 206, 226, 299, 300, 302, 400, 500,
    ] {
        assert!(
            data(&reply(status, good[0]), Wall::from_secs(0)).is_err(),
            "{status}"
        );
    }
}

#[test]
fn failures_in_words() {
    let table = [
        ("", "the reply is not JSON but an empty body"),
        (" \n", "the reply is not JSON but an empty body"),
        (
            "<!DOCTYPE html><html>down</html>",
            "the reply is not JSON but an HTML page",
        ),
        (r#"{"response":{"sta"#, "the reply is not JSON but cut off"),
        (
            "<br />\n<b>Warning</b>: x\n{\"response\":{\"status\":\"ok\"}}",
            "the reply is not JSON but something with JSON behind it, such as a warning of PHP",
        ),
        ("badauth", "the service says: badauth"),
        ("badauth\n", "the service says: badauth"),
        (
            r#"{"response":{"status":"error","message":"wrong key"}}"#,
            "the service says: wrong key",
        ),
        (
            r#"{"response":{"status":"error","data":"bad ip"}}"#,
            "the service says: bad ip",
        ),
        (
            r#"{"response":{"status":"error","errors":["one","two"]}}"#,
            "the service says: one",
        ),
        (
            r#"{"response":{"status":"error","errors":{"ip":"bad"}}}"#,
            "the service says: bad",
        ),
        (
            r#"{"response":{"status":"error"}}"#,
            "the service says: status 'error'",
        ),
        (
            r#"{"error":"no such user"}"#,
            "the service says: no such user",
        ),
        (r#"{"status":"fail","code":17}"#, "the service says: 17"),
        (
            r#"{"error":{"code":3,"message":"No such user"}}"#,
            "the service says: No such user",
        ),
        (
            r#"{"response":{"status":"error","code":3,"errors":{"ident":["No such user"]}}}"#,
            "the service says: No such user",
        ),
        (
            r#"{"response":{"status":"error","errors":[{"code":"E17","message":"bad ip"}]}}"#,
            "the service says: bad ip",
        ),
        (
            r#"{"response":{"status":"error","description":"bad ip","code":"3"}}"#,
            "the service says: bad ip",
        ),
        (
            r#"{"response":{"status":"error","result":{"problem":{"Title":"bad ip"}}}}"#,
            "the service says: bad ip",
        ),
        (
            r#"{"response":{"status":"error","errors":[[{"ip":[{"x":["bad ip"]}]}],3]}}"#,
            "the service says: bad ip",
        ),
        (
            r#"{"response":{"status":"error","error":true,"message":null}}"#,
            "the service says: true",
        ),
        (
            r#"{"response":{"status":"error","error":false,"message":""}}"#,
            "the service says: status 'error'",
        ),
        (
            r#"{"response":{"data":{"ip":"8.8.4.4"},"code":0}}"#,
            "the reply is not understood: JSON without response.status",
        ),
        (r#"{"error":"a\nb\u0000c"}"#, "the service says: a b c"),
        (
            "{}",
            "the reply is not understood: JSON without response.status",
        ),
        (
            "[[1]]",
            "the reply is not understood: JSON without response.status",
        ),
    ];
    for (body, words) in table {
        let failure = data(&reply(200, body), Wall::from_secs(0)).expect_err(body);
        assert_eq!(failure.to_string(), words, "{body}");
    }
}

/// What says "error" in one place and "ok" in another says nothing.
#[test]
fn what_is_given_twice_confirms_nothing() {
    for (body, name) in [
        (r#"{"response":{"status":"error","status":"ok"}}"#, "status"),
        (r#"{"response":{"status":"ok","status":"error"}}"#, "status"),
        (r#"{"response":{"status":"ok","status":"ok"}}"#, "status"),
        (
            r#"{"response":{"st\u0061tus":"error","x":1,"status":"ok"}}"#,
            "status",
        ),
        (
            r#"{"response":{"status":"error"},"response":{"status":"ok"}}"#,
            "response",
        ),
        (
            r#"{"\u0072esponse":{"status":"error"},"response":{"status":"ok"}}"#,
            "response",
        ),
        (r#"{"response":{"status":"ok","data":1,"data":2}}"#, "data"),
        (r#"{"response":{"status":"ok","Status":"error"}}"#, "status"),
        (
            r#"{"response":{"status":"ok"},"RESPONSE":{"status":"error"}}"#,
            "response",
        ),
    ] {
        let failure = data(&reply(200, body), Wall::from_secs(0)).expect_err(body);
        let words = format!("the reply confirms nothing: it gives '{name}' more than once");
        assert_eq!(failure.to_string(), words, "{body}");
        assert!(!failure.is_permanent() && failure.may_have_arrived());
    }
    let harmless = r#"{"response":{"status":"ok","data":{"a":1,"a":2}},"x":1,"x":2}"#;
    assert!(acknowledged(&reply(200, harmless), Wall::from_secs(0)).is_ok());
}

#[test]
fn an_error_beside_the_ok_confirms_nothing() {
    for body in [
        r#"{"response":{"status":"ok","error":"no such user"}}"#,
        r#"{"response":{"status":"ok"},"errors":[{"code":1,"message":"no such user"}]}"#,
        r#"{"response":{"status":"ok","Error":"no such user"}}"#,
        r#"{"response":{"status":"ok","err_code":3,"err_msg":"no such user"}}"#,
        r#"{"response":{"status":"ok","data":{"error":{"message":"no such user"}}}}"#,
        r#"{"errorCode":"3","errorMessage":"no such user","response":{"status":"ok"}}"#,
    ] {
        contradicts_itself(body, "no such user");
    }
    for (body, words) in [
        (
            r#"{"status":"error","response":{"status":"ok"}}"#,
            "status 'error'",
        ),
        (
            r#"{"success":false,"response":{"status":"ok"}}"#,
            "success 'false'",
        ),
        (r#"{"response":{"status":"ok","success":0}}"#, "success '0'"),
        (r#"{"response":{"status":"ok","errno":3}}"#, "3"),
    ] {
        contradicts_itself(body, words);
    }
    for body in [
        r#"{"response":{"status":"ok","error":null,"errors":[]}}"#,
        r#"{"response":{"status":"ok","error":"","errors":{}},"error":0}"#,
        r#"{"response":{"status":"ok","message":"the address is bound"}}"#,
        r#"{"response":{"status":"ok","error_code":0,"error_message":""},"status":200}"#,
        r#"{"response":{"status":"ok","success":true,"data":{"status":"new"}}}"#,
    ] {
        let done = acknowledged(&reply(200, body), Wall::from_secs(0));
        assert!(done.is_ok(), "{body}: {done:?}");
    }
}

#[track_caller]
fn contradicts_itself(body: &str, words: &str) {
    let failure = acknowledged(&reply(200, body), Wall::from_secs(0)).expect_err(body);
    let doubt = "the reply confirms nothing: it says ok and an error at once: ";
    assert_eq!(failure.to_string(), format!("{doubt}{words}"), "{body}");
}

/// A bare word confirms nothing, but to hold an address because a service said "ok" would
/// be as wrong.
#[test]
fn a_bare_ok_is_neither_a_success_nor_a_refusal() {
    for body in [
        "ok",
        "OK\n",
        "Success.",
        "good 8.8.4.4",
        "nochg",
        "OK, updated",
    ] {
        let failure = acknowledged(&reply(200, body), Wall::from_secs(0)).expect_err(body);
        let word = body.trim();
        let words = format!("the reply is not understood: '{word}' and nothing else");
        assert_eq!(failure.to_string(), words);
        assert!(!failure.is_permanent());
    }
}

#[test]
fn dirt_hides_no_error_and_makes_no_success() {
    let error = r#"{"response":{"status":"error","message":"no such user"}}"#;
    let ok = r#"{"response":{"status":"ok"}}"#;
    let dirt = [
        ("<br />\n<b>Warning</b>: x {y} in <b>z</b><br />\n", ""),
        ("[29-Nov-2026 10:00:00] PHP Warning: x\n", ""),
        ("", "<!-- made in 0.1 s -->"),
        ("", "\0\0"),
        ("\u{feff}\u{feff}", ""),
        ("<html><style>a{b:c}</style><body>", "</body></html>"),
        ("{\"debug\":1}", "{}"),
        ("Notice: x in y on line 3 ", "\r\n0\r\n"),
    ];
    for (before, behind) in dirt {
        let body = format!("{before}{error}{behind}");
        let failure = acknowledged(&reply(200, &body), Wall::from_secs(0)).expect_err(&body);
        assert_eq!(
            failure.to_string(),
            "the service says: no such user",
            "{body}"
        );
        assert!(failure.is_permanent());
        let body = format!("{before}{ok}{behind}");
        let failure = acknowledged(&reply(200, &body), Wall::from_secs(0)).expect_err(&body);
        assert!(!failure.is_permanent(), "{body}: {failure}");
    }
    let windows_1251 = Reply {
        status: 200,
        body: b"\xcf\xf0\xe5\xe4: {\"response\":{\"status\":\"error\",\"message\":\
                \"\xcd\xe5\xf2 \xf2\xe0\xea\xee\xe3\xee, \xb8\xea!\"}}\n"
            .to_vec(),
        ..Reply::default()
    };
    let failure = acknowledged(&windows_1251, Wall::from_secs(0)).expect_err("an error");
    assert_eq!(failure.to_string(), "the service says: Нет такого, ёк!");
}

#[test]
fn what_is_no_answer_of_the_service_is_no_refusal() {
    for body in [
        r#"<html><script>var x={"error":"y","message":"z"}</script></html>"#,
        r#"{"response":{"status":"error","message":"cut o"#,
        r#"{"a":[{"response":{"status":"error","message":"x"}},"#,
        r#"<html>{"response":"error"}</html>"#,
    ] {
        let failure = acknowledged(&reply(200, body), Wall::from_secs(0)).expect_err(body);
        assert!(!failure.is_permanent(), "{body}: {failure}");
    }
}

/// A search that any body could make slow would stop a router.
#[test]
fn dirt_of_any_kind_is_searched_quickly() {
    let nested = "{\"x\":[".repeat(40_000);
    let unclosed = format!("x{}", "{\"x\":[1,".repeat(30_000));
    let strings = format!("x{}", "{\"".repeat(130_000));
    let braces = format!("x{}", "{".repeat(260_000));
    let empty = format!("x{}", "{}".repeat(130_000));
    for body in [nested, unclosed, strings, braces, empty] {
        let failure = acknowledged(&reply(200, &body), Wall::from_secs(0)).expect_err("dirt");
        assert!(!failure.is_permanent());
    }
}

/// A web server that has lost the service behind it has no opinion on the key.
#[test]
fn a_status_is_permanent_where_the_service_says_so() {
    let error = r#"{"response":{"status":"error","message":"no such user"}}"#;
    for status in [
        400, 401, 403, 404, 407, 408, 410, 421, 425, 429, 451, 500, 503, 511,
    ] {
        let page = acknowledged(&reply(status, "<html>"), Wall::from_secs(0)).expect_err("no");
        let said = acknowledged(&reply(status, error), Wall::from_secs(0)).expect_err("no");
        let line = acknowledged(&reply(status, "Not Found"), Wall::from_secs(0)).expect_err("no");
        let is_of_key = matches!(status, 401 | 403);
        let passes = matches!(status, 408 | 425 | 429 | 500..);
        assert_eq!(page.is_permanent(), is_of_key, "{status}");
        assert_eq!(line.is_permanent(), is_of_key, "{status}");
        assert_eq!(said.is_permanent(), !passes, "{status}");
        assert_eq!(page.is_of_web_server(), !is_of_key && !passes, "{status}");
        assert!(!said.is_of_web_server(), "{status}");
        assert_eq!(
            said.to_string(),
            format!("HTTP status {status}: no such user")
        );
    }
}

#[test]
fn a_body_in_a_coding_is_named() {
    let coded = |status| Reply {
        coding: Some("gz\u{1b}ip".to_owned()),
        ..reply(status, r#"{"response":{"status":"ok"}}"#)
    };
    let failure = acknowledged(&coded(200), Wall::from_secs(0)).expect_err("gzip");
    assert_eq!(
        failure.to_string(),
        "the reply confirms nothing: its body is coded as 'gz ip', which was not asked for"
    );
    let failure = acknowledged(&coded(503), Wall::from_secs(0)).expect_err("503");
    assert_eq!(failure.to_string(), "HTTP status 503");
}

#[test]
fn statuses_keep_the_words_and_the_wish() {
    let busy = Reply {
        retry_after: Some("90".into()),
        ..reply(503, r#"{"error":"busy"}"#)
    };
    let failure = data(&busy, Wall::from_secs(0)).expect_err("503");
    assert_eq!(failure.to_string(), "HTTP status 503: busy");
    assert_eq!(
        failure.retry_after(),
        Some(core::time::Duration::from_secs(90))
    );
    let gone = data(&reply(404, "<html>"), Wall::from_secs(0)).expect_err("404");
    assert_eq!(
        gone.to_string(),
        "HTTP status 404 of a web server, not of the service itself"
    );
}

#[test]
fn hostile_bodies() {
    let deep = "[".repeat(10_000);
    assert!(matches!(
        *data(&reply(200, &deep), Wall::from_secs(0)).expect_err("no JSON"),
        Failure::NotJson { .. }
    ));
    let deep = format!(
        "{{\"response\":{}1{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    assert!(matches!(
        *data(&reply(200, &deep), Wall::from_secs(0)).expect_err("no JSON"),
        Failure::NotJson { .. }
    ));
    let long = format!("{{\"error\":\"{}\"}}", "é".repeat(10_000));
    let failure = data(&reply(200, &long), Wall::from_secs(0)).expect_err("an error");
    assert!(failure.to_string().chars().count() < 300);
    let rubbish = Reply {
        status: 200,
        body: vec![0xff; 1000],
        ..Reply::default()
    };
    assert!(matches!(
        *data(&rubbish, Wall::from_secs(0)).expect_err("no JSON"),
        Failure::NotJson { .. }
    ));
}

#[test]
fn profiles_by_id() {
    let body = r#"{"response":{"status":"ok","data":{"12":"Основной","13":7}}}"#;
    let profiles = decode_profiles(&data(&reply(200, body), Wall::from_secs(0)).expect("ok"));
    let named = |id: &str, name: &str| (id.to_owned(), name.to_owned());
    assert_eq!(profiles, [named("12", "Основной"), named("13", "7")]);
    assert!(decode_profiles("null").is_empty());
    let odd = decode_profiles(r#"{"1\n\u001b[2J": "a\nb"}"#);
    assert_eq!(
        odd.into_iter().next(),
        Some(("1  [2J".into(), "a b".into()))
    );
}
