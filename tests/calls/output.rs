//! Answers in a file or a pipe.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use wansync_core::text::width::width;
use wansync_sim::KEY;

use crate::{answer, answer_data, fault, router, skydns, vpnki};
use wansync_test_support::{Ran, Router, ran};

const REPORT: &str = "get_activity_report ident=user1 start=2026-11-20 end=2026-11-20";

/// A call in this environment.
fn with_env(router: &Router, words: &str, variables: &[(&str, &str)]) -> Ran {
    let mut call = router.command(&crate::split("skydns", words));
    for name in ["LC_ALL", "LC_CTYPE", "LANG", "TZ"] {
        call.env_remove(name);
    }
    call.envs(variables.iter().copied());
    ran(call.output().expect("it runs"))
}

/// In which column a text begins, in each line.
fn starts(text: &str, parts: &[&str]) -> Vec<usize> {
    let lines = text.lines().zip(parts);
    let start = |(line, part): (&str, &&str)| {
        let at = line.find(*part).unwrap_or_else(|| panic!("{part}: {line}"));
        width(&line[..at])
    };
    lines.map(start).collect()
}

#[test]
fn columns_are_aligned_in_every_script() {
    let router = router();
    let names = [
        "Дети",
        "東京オフィス",
        "Café",
        "e\u{301}te\u{301}",
        "😀 x",
        "ＡＢ",
        "",
    ];
    let rows: Vec<Value> = names
        .iter()
        .map(|name| json!({"name": name, "profile": "Основной", "id": "7"}))
        .collect();
    answer_data(&router, &json!(rows));
    let ran = skydns(&router, "get_vpn_list ident=user1").expect(0);
    assert_eq!(
        ran.stdout.lines().count(),
        names.len() + 1,
        "{}",
        ran.stdout
    );
    let second = [&["profile"][..], &["Основной"; 7]].concat();
    let columns = starts(&ran.stdout, &second);
    assert!(columns.iter().all(|at| *at == columns[0]), "{}", ran.stdout);
    assert!(
        ran.stdout.lines().all(|line| !line.ends_with(' ')),
        "{}",
        ran.stdout
    );
}

#[test]
fn nothing_is_cut() {
    let router = router();
    let long = "Очень длинное имя ".repeat(40).trim().to_owned();
    answer_data(&router, &json!({"12": long, "13": "Main"}));
    let ran = with_env(&router, "profiles ident=user1", &[("COLUMNS", "80")]).expect(0);
    assert_eq!(ran.stdout, format!("id  profile\n12  {long}\n13  Main\n"));
    // A password is never cut, nor what stands beside it.
    answer(
        &router,
        &json!({"login": "user1", "password": long}).to_string(),
    );
    vpnki(&router, "add_tunnel").expect(0).says(&long);
}

#[test]
fn no_rows_and_nothing_at_all() {
    let router = router();
    answer_data(&router, &json!([]));
    let ran = skydns(&router, "get_vpn_list ident=user1").expect(0);
    assert_eq!(ran.stdout, "none\n");
    answer(&router, r#"{"response":{"status":"ok"}}"#);
    assert_eq!(
        skydns(&router, "activate ident=user1").expect(0).stdout,
        "done\n"
    );
    let ran = skydns(&router, "activate ident=user1 --format json").expect(0);
    assert_eq!(ran.stdout, "null\n");
}

#[test]
fn bars_are_blocks_or_hashes() {
    let router = router();
    let data = json!({
        "labels": ["14:00", "15:00", "16:00"],
        "datasets": [{"label": "Requests", "data": [375, "250", 0]}],
    });
    answer_data(&router, &data);
    for (variables, bar) in [
        (&[("LANG", "ru_RU.UTF-8")][..], '█'),
        (&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")], '█'),
        (&[("LC_ALL", "C"), ("LANG", "ru_RU.UTF-8")], '#'),
        (&[("LANG", "C")], '#'),
        (&[], '#'),
    ] {
        let ran = with_env(&router, REPORT, variables).expect(0);
        let bars: Vec<usize> = ran.stdout.lines().map(|l| l.matches(bar).count()).collect();
        assert_eq!(bars, [0, 30, 20, 0], "{variables:?}: {}", ran.stdout);
        let is_ascii = ran.stdout.is_ascii();
        assert_eq!(is_ascii, bar == '#', "{variables:?}: {}", ran.stdout);
        assert!(
            ran.stdout
                .lines()
                .next()
                .is_some_and(|l| l.ends_with("Requests"))
        );
    }
}

#[test]
fn dates_are_local() {
    let router = router();
    // 2025-12-31 22:30:00 UTC
    answer_data(&router, &json!({"date_end": 1_767_220_200}));
    for (zone, shown) in [
        ("MSK-3", "2026-01-01 01:30"),
        ("<+0530>-5:30", "2026-01-01 04:00"),
        ("PST8PDT,M3.2.0,M11.1.0", "2025-12-31 14:30"),
        ("UTC", "2025-12-31 22:30"),
        ("", "2025-12-31 22:30"),
    ] {
        with_env(&router, "subscription_info ident=user1", &[("TZ", zone)])
            .expect(0)
            .says(shown);
    }
    // For programs it stays what it is.
    let words = "subscription_info ident=user1 --format json";
    let ran = with_env(&router, words, &[("TZ", "MSK-3")]).expect(0);
    assert_eq!(ran.stdout, "{\"date_end\":1767220200}\n");
}

#[test]
fn both_lists_of_add_ip() {
    let router = router();
    skydns(&router, "add_ip ident=user1 ip=8.8.8.8")
        .expect(0)
        .says("8.8.8.8");
    let words = "add_ip ident=user1 ip=8.8.4.4 ip=8.8.8.8 ip=1.1.1.1";
    let ran = skydns(&router, words).expect(1).says("not added");
    for address in ["8.8.4.4", "8.8.8.8", "1.1.1.1"] {
        assert_eq!(ran.stdout.matches(address).count(), 1, "{}", ran.stdout);
    }
    skydns(&router, &format!("{words} --format json"))
        .expect(1)
        .says("invalid_adresses");
    skydns(&router, &format!("{words} --raw"))
        .expect(1)
        .says("invalid_adresses");
}

/// What became of an address that a reply does not name is not known, whatever else the
/// reply says.
#[test]
fn an_address_of_add_ip_that_the_reply_does_not_name() {
    let router = router();
    let words = "add_ip ident=user1 ip=8.8.4.4 ip=2001:4860:4860:0::8888 ip=10.0.0.1";
    let message = |which: &str| {
        format!("add_ip: the reply does not say whether these were added: {which}; list_ip tells")
    };
    for (data, which) in [
        (
            json!({"added_addresses": ["8.8.4.4"]}),
            "2001:4860:4860:0::8888, 10.0.0.1",
        ),
        (
            json!({"added_addresses": ["2001:4860:4860::8888"], "invalid_adresses": [{"10.0.0.1": "no"}]}),
            "8.8.4.4",
        ),
        (json!(null), "8.8.4.4, 2001:4860:4860:0::8888, 10.0.0.1"),
    ] {
        for mode in ["", " --format json", " --format csv", " --raw"] {
            answer_data(&router, &data);
            let ran = skydns(&router, &format!("{words}{mode}")).expect(1);
            assert!(ran.stderr.contains(&message(which)), "{data}: {ran:?}");
            assert!(!ran.stdout.contains("done"), "{data}: {ran:?}");
        }
    }
    let data = json!({"added_addresses": ["8.8.4.4", "2001:4860:4860::8888", "10.0.0.1"]});
    answer_data(&router, &data);
    assert_eq!(skydns(&router, words).expect(0).stderr, "");
}

#[test]
fn an_account_without_tunnels_is_no_failure() {
    let router = router();
    router.sim.set_tunnels(Vec::new());
    assert_eq!(vpnki(&router, "tunnels").expect(0).stdout, "no tunnels\n");
    let ran = vpnki(&router, "tunnels --format json").expect(0);
    assert_eq!(ran.stdout, "[]\n");
    assert_eq!(ran.stderr, "");
}

#[test]
fn raw_is_what_came() {
    let router = router();
    let body = r#"{"response": {"status": "ok", "data": {"12": "Дети\u0021",}}}"#;
    answer(&router, body);
    let ran = skydns(&router, "profiles ident=user1 --raw").expect(0);
    assert_eq!(ran.stdout, format!("{body}\n"));
    for format in ["json", "csv"] {
        let words = format!("profiles ident=user1 --raw --format {format}");
        let ran = skydns(&router, &words).expect(0);
        assert_eq!(ran.stdout, format!("{body}\n"));
    }
}

#[test]
fn raw_of_a_failure_is_printed_and_told() {
    let router = router();
    for (text, code, raw, expected) in [
        (
            "error=message,text=no",
            77,
            r#""message":"no""#,
            "profiles: 127.0.0.1 says: no",
        ),
        ("status=503", 69, "<html", "HTTP status 503"),
        ("html", 1, "Сайт закрыт", "an HTML page"),
        ("truncated", 1, r#"{"response""#, "the reply is not JSON"),
        ("empty", 1, "", "an empty body"),
        ("body=badauth", 77, "badauth", "127.0.0.1 says: badauth"),
    ] {
        router.sim.clear();
        fault(&router, text);
        let ran = skydns(&router, "profiles ident=user1 --raw").expect(code);
        assert!(ran.stdout.contains(raw), "{text}: {ran:?}");
        assert!(ran.stderr.contains(expected), "{text}: {ran:?}");
        // Without --raw, what failed leaves nothing on standard output.
        let ran = skydns(&router, "profiles ident=user1").expect(code);
        assert_eq!(ran.stdout, "", "{text}");
        assert!(ran.stderr.contains(expected), "{text}: {ran:?}");
    }
}

#[test]
fn json_is_json() {
    let router = router();
    for words in [
        "profiles ident=user1",
        "list_ip ident=user1",
        "subscription_info ident=user1",
        "get_vpn_list ident=user1",
        REPORT,
        "add_vpn ident=user1 name=a profile_id=1001",
        "activate ident=user1",
    ] {
        let ran = skydns(&router, &format!("{words} --format json")).expect(0);
        assert_eq!(ran.stdout.lines().count(), 1, "{words}");
        serde_json::from_str::<Value>(&ran.stdout).expect(words);
    }
    for words in ["tunnels", "active", "stat_user ts=24h te=NOW", "add_tunnel"] {
        let ran = vpnki(&router, &format!("{words} --format json")).expect(0);
        serde_json::from_str::<Value>(&ran.stdout).expect(words);
    }
    skydns(&router, "profiles ident=user1 --format xml")
        .expect(64)
        .says("it is text, json, or csv");
}

/// A reader of comma-separated values gets what the service sent, to the letter.
#[test]
fn values_with_commas_and_the_like_survive() {
    let router = router();
    let comment = "a, \"b\"\r\nc; d";
    let rows = json!([
        {"address": "1.1.1.1", "comment": comment, "port": 53},
        {"address": "1.1.1.2", "comment": " back ", "tags": ["x", "y"]},
        {"address": "1.1.1.3", "comment": "=cmd|'/c calc'!A1"},
        {"address": "1.1.1.4", "comment": null},
    ]);
    answer_data(&router, &json!({ "ip": rows }));
    let ran = skydns(&router, "list_ip ident=user1 --format csv").expect(0);
    let expected = "address,comment,port,tags\n\
                    1.1.1.1,\"a, \"\"b\"\"\r\nc; d\",53,\n\
                    1.1.1.2,\" back \",,\"[\"\"x\"\",\"\"y\"\"]\"\n\
                    1.1.1.3,=cmd|'/c calc'!A1,,\n\
                    1.1.1.4,,,\n";
    assert_eq!(ran.stdout, expected);
    assert_eq!(ran.stderr, "");
}

/// What is said beside the documented fields is not lost, and what is not said leaves
/// its column empty.
#[test]
fn columns_of_an_answer_that_is_another() {
    let router = router();
    for (words, data, expected) in [
        (
            "create_profile ident=user1 name=a",
            json!({"id": 7}),
            "result,id\ndone,7\n",
        ),
        (
            "get_activity ident=user1",
            json!({"total": 7, "blocks": 2}),
            "requests,blocks,total\n,2,7\n",
        ),
        (
            "get_daily_stat ident=user1 date=2026-11-20",
            json!(null),
            "result\n\"\"\n",
        ),
        (
            "add_ip ident=user1 ip=8.8.4.4",
            json!({"added_addresses": ["8.8.4.4"], "note": "a,b"}),
            "address,added,because,note\n8.8.4.4,yes,,\"a,b\"\n",
        ),
        (
            REPORT,
            json!({"labels": ["14:00"], "datasets": [{"label": "Hits", "data": [1, 2]}]}),
            "moment,Hits\n14:00,1\n,2\n",
        ),
    ] {
        answer_data(&router, &data);
        let ran = skydns(&router, &format!("{words} --format csv")).expect(0);
        assert_eq!(ran.stdout, expected, "{words}");
    }
    // Dates are those of no time zone.
    answer_data(&router, &json!({"date_end": 1_767_220_200}));
    let words = "subscription_info ident=user1 --format csv";
    let ran = with_env(&router, words, &[("TZ", "MSK-3")]).expect(0);
    assert_eq!(ran.stdout, "date_end\n2025-12-31T22:30:00Z\n");
    // What fails prints no line of names.
    fault(&router, "status=503");
    let ran = skydns(&router, "profiles ident=user1 --format csv").expect(69);
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_login_and_password_are_printed_once() {
    let router = router();
    let ran = vpnki(&router, "add_tunnel").expect(0);
    let tunnels = router.sim.tunnels();
    let login = &tunnels.last().expect("a new one").name;
    let password = format!("invented-{login}");
    assert_eq!(ran.stdout.matches(&password).count(), 1, "{}", ran.stdout);
    let is_login = |line: &&str| line.starts_with("login:") && line.ends_with(&**login);
    assert_eq!(
        ran.stdout.lines().filter(is_login).count(),
        1,
        "{}",
        ran.stdout
    );
    assert_eq!(ran.stderr, "");
    assert_eq!(router.sim.requests().len(), 1);
}

/// `wansync … | head -1`
#[test]
fn a_closed_pipe_is_no_failure() {
    let router = router();
    router.sim.set_fill(5_000);
    for mode in ["", "--raw", "--format json", "--format csv"] {
        let call = router.command(&crate::split("skydns", "list_ip ident=user1"));
        let mut shell = Command::new("sh");
        let line = format!("exec 3>&1; {{ \"$@\" {mode} 2>&3; echo code=$? >&3; }} | head -c 20");
        shell
            .args(["-c", &line, "sh"])
            .arg(call.get_program())
            .args(call.get_args());
        let ran = ran(shell.stdin(Stdio::null()).output().expect("it runs"));
        assert!(ran.stdout.contains("code=0"), "{mode}: {ran:?}");
        assert!(!ran.said().contains("fault of wansync"), "{mode}: {ran:?}");
        assert!(!ran.said().contains("panicked"), "{mode}: {ran:?}");
    }
}

/// An answer that cannot be had again must not be lost without a word.
#[test]
fn a_full_disk_is_a_failure() {
    let router = router();
    for words in [
        "subscribe_plans",
        "subscribe_plans --raw",
        "subscribe_plans --format json",
        "subscribe_plans --format csv",
    ] {
        let mut call = router.command(&crate::split("skydns", words));
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        call.stdout(full.expect("every Linux has it"));
        let ran = ran(call.output().expect("it runs")).expect(74);
        assert!(
            ran.stderr
                .contains("cannot print what the service answered"),
            "{ran:?}"
        );
        assert!(!ran.stderr.contains(KEY), "{ran:?}");
    }
}
