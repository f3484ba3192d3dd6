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
    for status in [100, 199, 300, 302, 400, 500] {
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
    assert_eq!(gone.to_string(), "HTTP status 404");
}

#[test]
fn hostile_bodies() {
    let deep = "[".repeat(10_000);
    assert!(matches!(
        data(&reply(200, &deep), Wall::from_secs(0)),
        Err(Failure::NotJson { .. })
    ));
    let deep = format!(
        "{{\"response\":{}1{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    assert!(matches!(
        data(&reply(200, &deep), Wall::from_secs(0)),
        Err(Failure::NotJson { .. })
    ));
    let long = format!("{{\"error\":\"{}\"}}", "é".repeat(10_000));
    let failure = data(&reply(200, &long), Wall::from_secs(0)).expect_err("an error");
    assert!(failure.to_string().chars().count() < 300);
    let rubbish = Reply {
        status: 200,
        body: vec![0xff; 1000],
        retry_after: None,
    };
    assert!(matches!(
        data(&rubbish, Wall::from_secs(0)),
        Err(Failure::NotJson { .. })
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
