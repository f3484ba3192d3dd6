//! Answers on a terminal, which they cannot command.

use serde_json::json;
use wansync_core::text::width::width;

use crate::{answer, answer_data, fault, router};
use wansync_test_support::terminal::at_terminal;
use wansync_test_support::{Ran, Router};

fn on(router: &Router, columns: u16, words: &str) -> Ran {
    let words: Vec<&str> = words.split(' ').collect();
    let mut call = router.command(&words);
    call.env("LC_ALL", "C.UTF-8");
    at_terminal(&call, columns, "")
}

#[test]
fn tables_fit_a_terminal_and_only_there() {
    let router = router();
    let row = |name: &str| json!({"id": "1", "name": name.repeat(30), "profile": name.repeat(20), "ip": "vpn1"});
    answer_data(&router, &json!([row("Дети "), row("東京"), row("plain ")]));
    for columns in [40, 80, 120] {
        let ran = on(&router, columns, "skydns get_vpn_list ident=user1").expect(0);
        let widest = ran.stdout.lines().map(width).max();
        assert!(
            widest.is_some_and(|widest| widest <= columns.into()),
            "{}",
            ran.stdout
        );
        assert_eq!(ran.stdout.lines().count(), 4, "{}", ran.stdout);
        assert_eq!(ran.stdout.matches('…').count(), 6, "{}", ran.stdout);
    }
    // A terminal that does not say how wide it is gets everything.
    let ran = on(&router, 0, "skydns get_vpn_list ident=user1").expect(0);
    assert!(ran.stdout.contains(&"東京".repeat(30)), "{}", ran.stdout);
}

#[test]
fn what_is_shown_once_is_not_cut() {
    let router = router();
    let long = "p4ssw0rd".repeat(20);
    answer(
        &router,
        &json!({"login": "user1", "password": long}).to_string(),
    );
    let ran = on(&router, 40, "vpnki add_tunnel").expect(0);
    assert!(ran.stdout.contains(&long), "{}", ran.stdout);
}

#[test]
fn charts_fit_a_terminal() {
    let router = router();
    let data = json!({
        "labels": ["14:00", "15:00"],
        "datasets": [
            {"label": "Requests", "data": [375, 250]},
            {"label": "Blocks", "data": [5, 0]},
        ],
    });
    answer_data(&router, &data);
    let words = "skydns get_activity_report ident=user1 start=2026-11-20 end=2026-11-20";
    for columns in [40, 80] {
        let ran = on(&router, columns, words).expect(0).says("█");
        let widest = ran.stdout.lines().map(width).max();
        assert!(
            widest.is_some_and(|widest| widest <= columns.into()),
            "{}",
            ran.stdout
        );
    }
}

/// Texts that command a terminal: to clear itself, to take another title, to
/// type; in C0 and in C1; and those that turn the direction of writing.
const COMMANDS: &str = "a\u{1b}[2Jb\u{1b}]0;title\u{7}c\u{9b}5nd\u{202e}e\u{8}\u{7f}f";
const HARMFUL: [char; 6] = ['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}', '\u{8}', '\u{7f}'];

#[track_caller]
fn is_harmless(ran: &Ran, what: &str) {
    let found = HARMFUL.iter().find(|c| ran.said().contains(**c));
    assert_eq!(found, None, "{what}: {ran:?}");
    assert!(ran.code.is_some(), "{what}: {ran:?}");
}

#[test]
fn no_answer_commands_a_terminal() {
    let router = router();
    let text = COMMANDS;
    for (words, data) in [
        ("profiles ident=user1", json!({"12": text, text: "x"})),
        (
            "list_ip ident=user1",
            json!({"ip": [{"address": text, "comment": text}]}),
        ),
        (
            "add_ip ident=user1 ip=8.8.4.4",
            json!({"added_addresses": [text], "invalid_adresses": [{text: text}]}),
        ),
        (
            "subscription_info ident=user1",
            json!({"date_end": 1, text: text}),
        ),
        (
            "get_activity_report ident=user1 start=2026-11-20 end=2026-11-20",
            json!({"labels": [text], "datasets": [{"label": text, "data": [1]}]}),
        ),
        (
            "update_profile profile_id=1001 name=a",
            json!({"name": text, "more": {text: [text]}}),
        ),
        (
            "add_vpn ident=user1 name=a profile_id=1001",
            json!({"ovpn": text}),
        ),
    ] {
        for (mode, columns) in [
            ("", 80),
            ("", 0),
            (" --raw", 80),
            (" --raw", 0),
            (" --format json", 80),
            (" --format csv", 80),
        ] {
            // Some of them may stand in JSON as they are.
            let body = json!({"response": {"status": "ok", "data": data}}).to_string();
            answer(&router, &body);
            let ran = on(&router, columns, &format!("skydns {words}{mode}"));
            is_harmless(&ran, words);
        }
    }
    for data in [
        json!([{"name": text}]),
        json!({"login": text, "password": text}),
    ] {
        answer(&router, &data.to_string());
        for resource in ["tunnels", "active", "add_tunnel"] {
            is_harmless(&on(&router, 80, &format!("vpnki {resource}")), resource);
        }
    }
}

#[test]
fn no_error_commands_a_terminal() {
    let router = router();
    for text in [
        format!("error=message,text={COMMANDS}"),
        format!("error=detail,code=403,text={COMMANDS}"),
        format!("body=bad {COMMANDS}"),
        format!("body={}", json!({"err_code": "403", "err_msg": COMMANDS})),
        format!("body={}", json!({"response": {"status": COMMANDS}})),
        format!("body={}", json!({COMMANDS: COMMANDS})),
    ] {
        router.sim.clear();
        fault(&router, &text);
        for words in [
            "skydns profiles ident=user1",
            "vpnki active",
            "vpnki del_tunnel tunnel=a --yes",
        ] {
            for mode in ["", " --raw"] {
                is_harmless(&on(&router, 80, &format!("{words}{mode}")), &text);
            }
        }
    }
}

/// A file gets the bytes as they came.
#[test]
fn a_file_gets_all_of_it() {
    let router = router();
    answer_data(&router, &json!({"ovpn": format!("client\n\t{COMMANDS}\n")}));
    let words = "add_vpn ident=user1 name=a profile_id=1001";
    let ran = crate::skydns(&router, words).expect(0);
    assert_eq!(ran.stdout, format!("client\n\t{COMMANDS}\n"));
}
