//! The key and the passwords do not show, whatever a service makes of them.

use std::fs;

use serde_json::{Value, json};
use wansync_sim::{ErrorShape, KEY, Target, Times, VPNKI_KEY};

use crate::{answer, fault, file, mode_of};
use wansync_test_support::terminal::at_terminal;
use wansync_test_support::{Ran, Router, is_in_files};

/// A key that breaks shells, URLs, JSON, and text that is built out of it.
const AWKWARD: &str = r#"pa/ss "q" $(x) & = % # + \ ж😀"#;
const MODES: [&[&str]; 4] = [&[], &["--raw"], &["--format", "json"], &["--format", "csv"]];

/// A router with this key for both services, in a file, that logs all it may.
fn talkative(key: &str) -> Router {
    let router = Router::new();
    router.sim.add_key(key);
    router.sim.add_vpnki_key(key);
    let path = file(&router, "key-itself", key, 0o600);
    let option = format!("option key_file '{}'", path.display());
    let key_option = |key: &str| format!("option key '{key}'");
    let home = crate::home(&router, "").replace(&key_option(KEY), &option);
    let club = crate::club(&router, "").replace(&key_option(VPNKI_KEY), &option);
    router.configure(&format!("option log_level debug\n{home}{club}"));
    router
}

/// The ways in which a text may stand in another.
fn forms(secret: &str) -> Vec<String> {
    let percent = |keep: &str, upper: bool| -> String {
        let one = |byte: u8| match byte {
            b if b.is_ascii_alphanumeric() || keep.contains(b as char) => (b as char).to_string(),
            b if upper => format!("%{b:02X}"),
            b => format!("%{b:02x}"),
        };
        secret.bytes().map(one).collect()
    };
    let json = json!(secret).to_string();
    let json = json.trim_start_matches('"').trim_end_matches('"');
    let units = |text: &str| -> String {
        text.encode_utf16()
            .map(|unit| format!("\\u{unit:04x}"))
            .collect()
    };
    vec![
        secret.to_owned(),
        percent("-_.~", true),
        percent("-_.~", false),
        percent("-_.~", true).replace("%20", "+"),
        percent("-_.~/$()", false),
        json.to_owned(),
        json.replace('/', r"\/"),
        json.replace('ж', &units("ж")).replace('😀', &units("😀")),
        units(secret),
        units(secret).to_uppercase().replace('U', "u"),
    ]
}

#[track_caller]
fn is_hidden(secret: &str, ran: &Ran, what: &str) {
    for form in forms(secret) {
        assert!(!ran.said().contains(&form), "{what}: {ran:?}");
    }
    assert!(ran.code.is_some(), "{what}: {ran:?}");
    assert!(
        !ran.said().contains("a fault of wansync itself"),
        "{what}: {ran:?}"
    );
}

fn run(router: &Router, words: &[&str], mode: &[&str]) -> Ran {
    router.run(&[words, mode].concat())
}

const PROFILES: [&str; 3] = ["skydns", "profiles", "ident=user1"];
const ACTIVE: [&str; 2] = ["vpnki", "active"];

#[test]
fn an_error_that_quotes_the_key() {
    for key in [KEY, AWKWARD] {
        let router = talkative(key);
        let shapes = ErrorShape::ALL.iter().flat_map(|shape| {
            [200, 401].map(|code| format!("error={shape},code={code},text=no such key: {key}."))
        });
        let quoted = forms(key).into_iter().flat_map(|form| {
            [
                format!("error=message,text=GET /profiles?key={form}&ident=x"),
                format!("body=bad key {form}"),
                format!("body=<html>{form}</html>"),
                format!(r#"body={{"response":{{"status":"error","message":"{form}"}}}}"#),
                format!(r#"body={{"err_code":403,"err_msg":"{form}"}}"#),
                // Cut off, with the beginning of the key in it.
                format!(r#"body={{"response":{{"message":"{form}"#),
            ]
        });
        for text in shapes.chain(quoted) {
            router.sim.clear();
            fault(&router, &text);
            for (words, mode) in [(&PROFILES[..], MODES[0]), (&ACTIVE, MODES[1])] {
                let ran = run(&router, words, mode);
                is_hidden(key, &ran, &text);
            }
        }
    }
}

#[test]
fn a_redirect_that_quotes_the_key() {
    let router = talkative(AWKWARD);
    for to in Target::ALL {
        router.sim.clear();
        fault(&router, &format!("redirect={to}"));
        is_hidden(AWKWARD, &run(&router, &PROFILES, &[]), to.word());
    }
}

/// A message is cut after 200 characters: not within the key.
#[test]
fn a_message_that_ends_within_the_key() {
    let router = talkative(KEY);
    for before in (174..=200).step_by(2) {
        router.sim.clear();
        let text = "x".repeat(before);
        fault(&router, &format!("error=message,text={text}{KEY}"));
        let ran = run(&router, &PROFILES, &[]);
        assert!(!ran.said().contains(&KEY[..4]), "{before}: {ran:?}");
    }
}

/// The `data` that each shape of an answer may hold the key in.
fn quoting(key: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("profiles ident=user1", json!({"12": key, key: "x"})),
        (
            "list_ip ident=user1",
            json!({"ip": [{"address": "8.8.4.4", "comment": key}]}),
        ),
        (
            "add_ip ident=user1 ip=8.8.4.4 ip=8.8.8.8",
            json!({"added_addresses": [key], "invalid_adresses": [{"8.8.8.8": format!("no {key}!")}]}),
        ),
        (
            "subscription_info ident=user1",
            json!({"date_end": 1_900_000_000, "key": key}),
        ),
        ("get_vpn_list ident=user1", json!([{"id": "1", key: key}])),
        (
            "get_activity_report ident=user1 start=2026-11-01 end=2026-11-02",
            json!({"labels": [key], "datasets": [{"label": key, "data": [5]}], "more": key}),
        ),
        (
            "update_profile profile_id=1001 name=a",
            json!({"name": key, "more": [key]}),
        ),
        (
            "add_vpn ident=user1 name=a profile_id=1001",
            json!({"ovpn": format!("# {key}\nclient\n")}),
        ),
        (
            "get_daily_stat ident=user1 date=2026-11-20",
            json!({"result": format!("https://a.example/?key={key}")}),
        ),
    ]
}

#[test]
fn an_answer_that_quotes_the_key() {
    for key in [KEY, AWKWARD] {
        let router = talkative(key);
        for (words, data) in quoting(key) {
            let body = json!({"response": {"status": "ok", "data": data}}).to_string();
            let escaped = body.replace('ж', "\\u0436").replace('/', "\\/");
            for (body, mode) in [&body, &escaped]
                .into_iter()
                .flat_map(|b| MODES.map(|m| (b, m)))
            {
                answer(&router, body);
                let words: Vec<&str> = ["skydns"].into_iter().chain(words.split(' ')).collect();
                let ran = run(&router, &words, mode).says("***");
                is_hidden(key, &ran, body);
            }
        }
        for (words, data) in [
            ("tunnels", json!([{"name": "user1", "comment": key}])),
            (
                "add_tunnel",
                json!({"login": "user1", "password": "p", "comment": key}),
            ),
        ] {
            for mode in MODES {
                answer(&router, &data.to_string());
                let ran = run(&router, &["vpnki", words], mode).expect(0).says("***");
                is_hidden(key, &ran, words);
            }
        }
    }
}

/// The key is cut where a column is: its beginning may not be left.
#[test]
fn a_table_that_is_cut_within_the_key() {
    let router = talkative(KEY);
    let row = json!({"name": "x".repeat(20), "one": KEY, "two": KEY, "three": KEY});
    answer(&router, &json!([row]).to_string());
    for columns in [0, 20, 40, 60, 80] {
        let ran = at_terminal(&router.command(&["vpnki", "tunnels"]), columns, "");
        let ran = ran.expect(0).says("***");
        assert!(!ran.said().contains(&KEY[..4]), "{ran:?}");
    }
}

/// A word that the key begins with is not the key.
#[test]
fn nothing_else_is_hidden() {
    let router = talkative("user1-0123456789");
    answer(
        &router,
        r#"{"response":{"status":"ok","data":{"12":"user1"}}}"#,
    );
    let ran = run(&router, &PROFILES, &[]).expect(0);
    assert_eq!(ran.stdout, "id  profile\n12  user1\n");
    let ran = run(&router, &PROFILES, &["--format", "json"]).expect(0);
    assert_eq!(ran.stdout, "{\"12\":\"user1\"}\n");
}

/// The key is in the file that holds it, and a password nowhere.
#[test]
fn no_file_holds_the_key() {
    let router = talkative(KEY);
    let output = router.path("client.ovpn");
    let data = json!({"ovpn": format!("# {KEY}\nclient\n")});
    let body = json!({"response": {"status": "ok", "data": data}});
    answer(&router, &body.to_string());
    let output = output.display().to_string();
    let words = [
        "skydns",
        "add_vpn",
        "ident=user1",
        "name=a",
        "profile_id=1001",
    ];
    run(&router, &words, &["--output", &output]).expect(0);
    assert_eq!(
        fs::read_to_string(&output).expect("text"),
        "# ***\nclient\n"
    );
    fs::remove_file(router.path("key-itself")).expect("it is there");
    assert!(!is_in_files(&router.path(""), KEY));
}

/// The password of a user is worth no less.
#[test]
fn a_password_that_is_quoted() {
    for password in ["hunter2-secret", AWKWARD] {
        let router = talkative(KEY);
        let path = file(&router, "password", password, 0o600);
        assert_eq!(mode_of(&path), 0o600);
        let value = format!("password=@{}", path.display());
        let calls = [
            &["skydns", "update_password", "ident=user1", &value][..],
            &["skydns", "subscribe", "login=user9", &value],
        ];
        let quoted = forms(password).into_iter().flat_map(|form| {
            let data = format!(r#""data":{{"login":"user9","password":"{form}"}}"#);
            [
                format!("error=message,text=GET /subscribe?password={form}&key=x"),
                format!("body=weak password {form}"),
                format!(r#"body={{"response":{{"status":"ok",{data}}}}}"#),
            ]
        });
        for text in quoted {
            router.sim.clear();
            router.sim.fault(text.parse().expect(&text), Times::All);
            for (words, mode) in calls.iter().zip([MODES[1], MODES[0]]) {
                is_hidden(password, &run(&router, words, mode), &text);
            }
        }
        router.sim.reset();
        for words in calls {
            is_hidden(
                password,
                &run(&router, words, &["--raw"]).expect(0),
                "success",
            );
        }
    }
}
