//! Every resource of VPNKI: what it does, and what it refuses.

mod common;

use common::{get, start};
use serde_json::{Value, json};
use wansync_sim::{Envelope, Rows, Session, Sim, Style, VPNKI_KEY};

fn target(resource: &str, rest: &str) -> String {
    let query = format!("option=com_api&format=raw&app=webservices&resource={resource}");
    format!("/index.php/en/?{query}&key={VPNKI_KEY}{rest}")
}

fn body(sim: &Sim, resource: &str, rest: &str) -> String {
    let reply = get(sim, &target(resource, rest));
    assert_eq!(reply.status(), 200);
    reply.body().to_owned()
}

/// The payload, from the envelope that a simulator has at the start.
fn data(sim: &Sim, resource: &str, rest: &str) -> Value {
    let reply: Value = serde_json::from_str(&body(sim, resource, rest)).unwrap();
    assert_eq!(reply["err_msg"], "", "{resource}{rest}");
    reply["data"].clone()
}

fn refusal(sim: &Sim, resource: &str, rest: &str) -> String {
    let reply: Value = serde_json::from_str(&body(sim, resource, rest)).unwrap();
    let code = reply["err_code"].as_str().unwrap();
    format!("{code} {}", reply["err_msg"].as_str().unwrap())
}

fn names(rows: &Value) -> Vec<&str> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["login"].as_str().unwrap()).collect()
}

const ALL: &str = "&ts=0000-00-00%2000-00-00&te=NOW";

#[test]
fn statistics_are_of_an_interval() {
    let sim = start();
    let all = data(&sim, "stat_user", ALL);
    assert_eq!(names(&all), ["user356", "user357", "user356", "user357"]);
    assert_eq!(all[2]["start"], "2016-12-31 23-59-59");
    assert_eq!(all[3]["end"], "0000-00-00 00-00-00");
    let part = "&ts=2016-10-10%2000-00-01&te=2016-12-31%2023-59-59";
    assert_eq!(
        names(&data(&sim, "stat_user", part)),
        ["user357", "user356"]
    );
    let one = data(&sim, "stat_tunnel", &format!("&tunnel=user357{ALL}"));
    assert_eq!(names(&one), ["user357", "user357"]);
    assert_eq!(one[0]["vpnki_address"], "172.16.10.3");
    assert_eq!(one[0]["received"], "52428800");
    sim.set_sessions(vec![Session {
        tunnel: "user356".to_owned(),
        start: "2026-11-20 12-30-00".to_owned(),
        end: None,
        sent: 1,
        received: 2,
    }]);
    sim.set_vpnki_style(Style {
        dates: "colons".parse().unwrap(),
        rows: Rows::Wrapped,
        ..Style::default()
    });
    let wrapped = data(&sim, "stat_user", ALL);
    assert_eq!(wrapped["stat_user"][0]["start"], "2026-11-20 12:30:00");
}

#[test]
fn statistics_want_their_dates_in_the_one_form() {
    let sim = start();
    for (rest, expected) in [
        ("", "400 Parameter ts is required"),
        ("&ts=2016-10-10%2000-00-00", "400 Parameter te is required"),
        ("&ts=2016-10-10%2000:00:00&te=NOW", "400 Invalid ts"),
        ("&ts=2016-10-10&te=NOW", "400 Invalid ts"),
        ("&ts=NOW&te=NOW", "400 Invalid ts"),
        ("&ts=2016-10-10%2000-00-00&te=now", "400 Invalid te"),
        (
            "&ts=2016-10-10+00-00-00&te=NOW",
            "400 A space is %20 here, not +",
        ),
        (
            "&ts=2016-10-10%2000-00-00&te=NOW&te=NOW",
            "400 Parameter te is given more than once",
        ),
        (
            "&ts=2016-10-10%2000-00-00&te=NOW&tunnel=user356",
            "400 Unknown parameter tunnel",
        ),
    ] {
        assert_eq!(refusal(&sim, "stat_user", rest), expected, "{rest}");
    }
    let plus = sim
        .requests()
        .iter()
        .filter(|request| request.has_plus())
        .count();
    assert_eq!(plus, 1);
    let unknown = format!("&tunnel=user9{ALL}");
    assert_eq!(
        refusal(&sim, "stat_tunnel", &unknown),
        "404 Tunnel not found"
    );
}

#[test]
fn a_tunnel_is_made_and_deleted() {
    let sim = start();
    let made = json!({
        "login": "user400", "password": "invented-user400",
        "vpnki_address": "172.16.21.152", "comment": "",
    });
    assert_eq!(data(&sim, "add_tunnel", ""), made);
    assert_eq!(
        names(&data(&sim, "tunnels", "")),
        ["user356", "user357", "user400"]
    );
    assert_eq!(names(&data(&sim, "active", "")), ["user356", "user357"]);
    assert_eq!(body(&sim, "del_tunnel", "&tunnel=user356"), "OK");
    assert_eq!(names(&data(&sim, "tunnels", "")), ["user357", "user400"]);
    assert_eq!(names(&data(&sim, "active", "")), ["user357"]);
    assert_eq!(names(&data(&sim, "stat_user", ALL)).len(), 4);
    let again = refusal(&sim, "del_tunnel", "&tunnel=user356");
    assert_eq!(again, "404 Tunnel not found");
    assert_eq!(
        refusal(&sim, "del_tunnel", ""),
        "400 Parameter tunnel is required"
    );
    assert_eq!(
        refusal(&sim, "add_tunnel", "&tunnel=a"),
        "400 Unknown parameter tunnel"
    );
}

#[test]
fn a_new_tunnel_comes_in_every_envelope() {
    let sim = start();
    for (envelope, path) in [
        (Envelope::V1, "/login"),
        (Envelope::V20, "/data/results/login"),
        (Envelope::V21, "/data/login"),
        (Envelope::V30, "/data/result/login"),
        (Envelope::Nested, "/data/data/login"),
    ] {
        sim.set_vpnki_style(Style {
            envelope,
            ..Style::default()
        });
        let reply: Value = serde_json::from_str(&body(&sim, "add_tunnel", "")).unwrap();
        let login = reply.pointer(path).and_then(Value::as_str);
        assert_eq!(
            login,
            Some(sim.tunnels().last().unwrap().name.as_str()),
            "{envelope}: {reply}"
        );
    }
    assert_eq!(sim.tunnels().len(), 7);
}

#[test]
fn a_deletion_is_confirmed_in_many_ways() {
    for (word, whole, expected) in [
        ("bare", true, "OK"),
        ("bare-text", true, "\"OK\""),
        ("bare-true", true, "true"),
        ("text", false, r#""data":"OK""#),
        ("true", false, r#""data":true"#),
        ("status", false, r#""data":{"status":"OK"}"#),
        ("result", false, r#""data":{"result":"OK"}"#),
        ("message", false, r#""data":{"message":"OK"}"#),
    ] {
        let sim = start();
        sim.set_vpnki_style(Style {
            deleted: word.parse().unwrap(),
            ..Style::default()
        });
        let said = body(&sim, "del_tunnel", "&tunnel=user356");
        assert!(
            if whole {
                said == expected
            } else {
                said.contains(expected)
            },
            "{word}: {said}"
        );
        assert_eq!(sim.tunnels().len(), 1);
    }
}

#[test]
fn a_tunnel_is_refused_without_priority_and_at_the_limit() {
    let sim = start();
    sim.set_tunnel_limit(2);
    for (word, expected) in [
        (
            "add-error",
            r#""data":{"add error":"The limit of tunnels is reached"}"#,
        ),
        (
            "message",
            r#""data":{"message":"The limit of tunnels is reached"}"#,
        ),
        (
            "envelope",
            r#""err_code":"403","err_msg":"The limit of tunnels is reached""#,
        ),
    ] {
        sim.set_vpnki_style(Style {
            not_added: word.parse().unwrap(),
            ..Style::default()
        });
        let said = body(&sim, "add_tunnel", "");
        assert!(said.contains(expected), "{word}: {said}");
    }
    sim.set_vpnki_priority(false);
    let cause = "403 Only for users with Priority status";
    assert_eq!(refusal(&sim, "add_tunnel", ""), cause);
    assert_eq!(refusal(&sim, "del_tunnel", "&tunnel=user356"), cause);
    assert_eq!(sim.tunnels().len(), 2);
}

#[test]
fn lists_are_filled_up() {
    let sim = start();
    sim.set_fill(1500);
    let of_one = format!("&tunnel=user356{ALL}");
    for (resource, rest) in [
        ("tunnels", ""),
        ("active", ""),
        ("stat_user", ALL),
        ("stat_tunnel", &of_one),
    ] {
        let rows = data(&sim, resource, rest);
        assert_eq!(names(&rows).len(), 1500, "{resource}");
    }
}
