//! Refusals: behind dirt, in any shape, with any status; and what is none.

use super::*;

#[track_caller]
fn refused(what: &str, bytes: &[u8], words: &str) {
    let household = Household::new(bytes);
    let ran = household.once(what);
    assert_eq!(ran.code, Some(77), "{what}: {}", ran.said());
    // An hour, of which a busy machine has lost a second or two.
    let (refusal, wait) = ran.stdout.trim_end().split_once("; next in ").expect(what);
    assert_eq!(refusal, format!("home: refused: {words}"), "{what}");
    assert!(
        wait.starts_with("1 h") || wait.starts_with("59 min"),
        "{what}: {wait}"
    );
    let held = household.once(what);
    assert_eq!(held.code, Some(77), "{what}: {}", held.said());
    assert!(
        held.stdout.contains("home: held"),
        "{what}: {}",
        held.said()
    );
    assert_eq!(household.server.requests(), 1, "{what}");
}

/// A warning of PHP before each reply made 24 sends a day of a wrong key, and hid why.
#[test]
fn an_error_behind_dirt_is_a_refusal() {
    let table: [(&str, Vec<u8>); 12] = [
        ("clean", ERROR.into()),
        (
            "a warning before",
            format!("<br />\n<b>Warning</b>:  x {{y}} in <b>/a.php</b><br />\n{ERROR}").into(),
        ),
        (
            "a notice on its line",
            format!("Notice: Undefined index: x in /a.php on line 3 {ERROR}").into(),
        ),
        (
            "a line of a log",
            format!("[29-Nov-2026 10:00:00 UTC] PHP Warning:  x\n{ERROR}\n").into(),
        ),
        (
            "a page around",
            format!("<html><style>a{{b:c}}</style><pre>{ERROR}</pre></html>").into(),
        ),
        ("HTML behind", format!("{ERROR}<!-- 0.1 s -->").into()),
        ("NULs behind", format!("{ERROR}\0\0").into()),
        ("two marks", format!("\u{feff}\u{feff}{ERROR}").into()),
        ("a callback", format!("callback({ERROR});").into()),
        ("a comma too many", ERROR.replace("}}", ",},}").into()),
        ("a list around", format!("[{ERROR}]\n").into()),
        (
            "windows-1251 before",
            [
                b"\xcf\xf0\xe5\xe4\xf3\xef\xf0\xe5\xe6\xe4\xe5\xed\xe8\xe5: ".as_slice(),
                ERROR.as_bytes(),
            ]
            .concat(),
        ),
    ];
    with_each(table, |(what, body)| {
        refused(
            what,
            &reply("200 OK", "", body),
            "127.0.0.1 says: No such user",
        );
    });
    let windows_1251 =
        b"{\"response\":{\"status\":\"error\",\"message\":\"\xcd\xe5\xf2 \xf2\xe0\xea\xee\xe3\xee\"}}";
    refused(
        "windows-1251",
        &reply("200 OK", "", windows_1251),
        "127.0.0.1 says: Нет такого",
    );
}

/// The log said "says: 3" and "status 'error'", and nobody knew what was wrong.
#[test]
fn the_words_of_a_refusal_are_found_at_any_depth() {
    let table = [
        r#"{"error":{"code":3,"message":"No such user"}}"#,
        r#"{"response":{"status":"error","errors":{"ident":["No such user"]}}}"#,
        r#"{"errors":[{"message":"No such user"}]}"#,
        r#"{"response":{"status":"error","code":3,"description":"No such user"}}"#,
        r#"{"response":{"status":"error","detail":"No such user"}}"#,
        r#"{"response":{"status":"error","title":"No such user","type":"about:blank"}}"#,
        r#"{"response":{"status":"error","reason":{"id":"17","text":"No such user"}}}"#,
        r#"{"response":{"status":"error","data":{"code":"E3","ident":"No such user"}}}"#,
        r#"{"response":{"status":"error","x":{"y":[{"z":{"Message":"No such user"}}]}}}"#,
        r#"{"response":{"status":"error"},"message":"No such user"}"#,
        r#"{"response":{"status":"error","message":"  No such user\n"}}"#,
        r#"{"response":{"status":"error","message":404,"error":"No such user"}}"#,
        r#"{"response":{"status":"error","message":"","errors":[null,false,"No such user"]}}"#,
    ];
    with_each(table, |body| {
        refused(
            body,
            &reply("200 OK", "", body),
            "127.0.0.1 says: No such user",
        );
    });
    let odd = r#"{"error":{"message":"\u001b[2Ja\nb\u0000\u202ec"}}"#;
    refused(odd, &reply("200 OK", "", odd), "127.0.0.1 says:  [2Ja b  c");
    let code = r#"{"response":{"status":"error","code":17}}"#;
    refused(code, &reply("200 OK", "", code), "127.0.0.1 says: 17");
    let none = r#"{"response":{"status":"error"}}"#;
    refused(
        none,
        &reply("200 OK", "", none),
        "127.0.0.1 says: status 'error'",
    );
    let long = format!(
        r#"{{"response":{{"status":"error","message":"{}"}}}}"#,
        "ж".repeat(9000)
    );
    let said = format!("127.0.0.1 says: {}", "ж".repeat(200));
    refused("long", &reply("200 OK", "", &long), &said);
}

/// A key that the service knows no more is refused with any status, and so is a 401 or a
/// 403 without a word.
#[test]
fn what_the_service_says_holds_whatever_the_status() {
    for status in [400, 404, 410, 421, 422, 451] {
        let words = format!("127.0.0.1: HTTP status {status}: No such user");
        refused("said", &reply(status, "", ERROR), &words);
    }
    for status in [401, 403] {
        let words = format!("127.0.0.1: HTTP status {status}");
        refused("a page", &reply(status, "", "<html>No</html>"), &words);
    }
    let dirty = reply(404, "", format!("<b>Warning</b>: x<br />\n{ERROR}"));
    refused("dirty", &dirty, "127.0.0.1: HTTP status 404: No such user");
}

/// One page of a web server whose service was being replaced held the address for a day.
#[test]
fn a_page_of_a_web_server_is_no_refusal() {
    let bodies = [
        "<html>Not Found</html>",
        "404 page not found\n",
        "",
        "{}",
        "[]",
        OK,
    ];
    let statuses = [400, 404, 405, 407, 410, 413, 414, 421, 451];
    let all = statuses
        .iter()
        .flat_map(|status| bodies.map(|body| (*status, body)));
    with_each(all, |(status, body)| {
        let what = format!("{status} {body}");
        let household = Household::new(&reply(status, "", body));
        let ran = household.once(&what);
        assert_eq!(ran.code, Some(69), "{what}: {}", ran.said());
        let begins = format!("home: unconfirmed: 127.0.0.1: HTTP status {status}");
        assert!(ran.stdout.starts_with(&begins), "{what}: {}", ran.said());
        let (_, next) = ran
            .stdout
            .trim_end()
            .rsplit_once("next in ")
            .expect("a time");
        let minutes: u32 = next
            .split(' ')
            .next()
            .and_then(|n| n.parse().ok())
            .expect(next);
        assert!(
            (4..=10).contains(&minutes) && next.contains("min"),
            "{what}: {next}"
        );
        assert_eq!(household.once(&what).code, Some(75), "{what}");
        household.server.set_reply(&reply("200 OK", "", OK));
        household
            .router
            .run(&["once", "--force"])
            .expect(0)
            .says("confirmed");
    });
}
