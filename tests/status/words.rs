//! The JSON of a tunnel.

use serde_json::{Value, json};

use crate::{DACHA, Watched, about, ago, seen, traffic};

#[test]
fn a_tunnel_that_is_fine() {
    let watched = Watched::new();
    watched.remember(
        json!({}),
        json!({"attempts": [ago(4000), ago(3000), ago(20)]}),
    );
    let tunnel = watched.tunnel();
    assert_eq!(tunnel["section"], "dacha");
    assert_eq!(tunnel["name"], "user356");
    assert_eq!(tunnel["state"], "up");
    assert_eq!(tunnel["reason"], "172.16.0.1 answers");
    about(&tunnel["since_s"], 7200);
    // The one of more than an hour ago does not count.
    assert_eq!(tunnel["restarts_last_hour"], 2);
    let due = tunnel["next_due_s"].as_i64().expect("a number");
    assert!((0..=17).contains(&due), "{due}");
    let evidence = &tunnel["evidence"];
    assert_eq!(evidence["service"], "active");
    assert_eq!(evidence["device"], "l2tp-vpnki0");
    assert_eq!(evidence["route"], "ok");
    assert_eq!(evidence["ping_ms"], 12);
    about(&evidence["rx_age_s"], 4);
}

#[test]
fn each_piece_of_evidence_in_a_word() {
    let table = [
        ("service", json!("Inactive"), "service", json!("inactive")),
        ("service", json!("Unlisted"), "service", json!("unlisted")),
        (
            "service",
            json!({"Ambiguous": "user356 or user357"}),
            "service",
            json!("ambiguous"),
        ),
        (
            "service",
            json!({"Silent": "HTTP status 503"}),
            "service",
            json!("silent"),
        ),
        (
            "device",
            json!({"Pending": {"since": ago(9), "why": "pending"}}),
            "device",
            json!("pending"),
        ),
        ("device", json!({"Down": "down"}), "device", json!("down")),
        ("device", json!("Off"), "device", json!("off")),
        ("device", json!("NotStarted"), "device", json!("off")),
        ("device", json!({"Gone": "ppp0"}), "device", json!("gone")),
        ("device", json!("Missing"), "device", json!("missing")),
        (
            "device",
            json!({"Silent": "ubusd is not there"}),
            "device",
            Value::Null,
        ),
        ("route", json!("Missing"), "route", json!("missing")),
        (
            "route",
            json!({"Elsewhere": "eth1"}),
            "route",
            json!("via eth1"),
        ),
        ("route", json!({"Silent": "refused"}), "route", Value::Null),
        (
            "ping",
            json!({"Lost": {"since": ago(40), "missed": ago(39)}}),
            "ping_ms",
            Value::Null,
        ),
        (
            "ping",
            json!({"Silent": "no such device"}),
            "ping_ms",
            Value::Null,
        ),
        ("large_ping", json!(true), "large_ping", json!("ok")),
        ("large_ping", json!(false), "large_ping", json!("lost")),
        ("traffic", traffic(None, 0), "rx_age_s", Value::Null),
        ("handshake", json!("Never"), "handshake_age_s", Value::Null),
        (
            "handshake",
            json!({"Unavailable": "that needs CAP_NET_ADMIN"}),
            "handshake_age_s",
            Value::Null,
        ),
    ];
    let watched = Watched::new();
    for (name, found, key, expected) in table {
        watched.remember(json!({name: seen(found.clone(), 3)}), json!({}));
        assert_eq!(watched.tunnel()["evidence"][key], expected, "{found}");
        // What was never checked is not known.
        watched.remember(json!({name: null}), json!({}));
        assert_eq!(watched.tunnel()["evidence"][key], Value::Null, "{name}");
    }
}

#[test]
fn each_state() {
    let watched = Watched::new();
    for state in ["up", "down", "unknown"] {
        watched.remember(json!({}), json!({"state": state}));
        assert_eq!(watched.tunnel()["state"], state);
    }
}

/// Nothing is known, and that is what is said.
#[track_caller]
fn is_unknown(tunnel: &Value, reason: &str) {
    assert_eq!(tunnel["state"], "unknown", "{tunnel}");
    assert_eq!(tunnel["since_s"], Value::Null, "{tunnel}");
    let said = tunnel["reason"].as_str().expect("a reason");
    assert!(said.starts_with(reason), "{said}");
    let evidence = tunnel["evidence"].as_object().expect("an object");
    assert!(evidence.values().all(Value::is_null), "{tunnel}");
}

#[test]
fn a_tunnel_that_was_never_looked_at() {
    let watched = Watched::new();
    let never = "not looked at yet; ";
    is_unknown(&watched.tunnel(), never);
    assert_eq!(watched.tunnel()["next_due_s"], 0);
    assert!(
        !watched.router.path("run").exists(),
        "status wrote something"
    );

    // What was learnt under another boot, or of another tunnel, does not count.
    watched.remember(json!({}), json!({}));
    let memory = watched.router.path("run/tunnel.dacha.json");
    let text = std::fs::read_to_string(memory).expect("just written");
    let mut memory: Value = serde_json::from_str(&text).expect("JSON");
    memory["boot_id"] = json!("another");
    watched.write("dacha", &memory);
    is_unknown(&watched.tunnel(), never);
    watched.remember(json!({}), json!({"attempts": [ago(20)]}));
    watched.configure(&DACHA.replace("172.16.0.1", "172.16.0.2"));
    is_unknown(&watched.tunnel(), never);
    // But what was tried does: the budget is not that of an option.
    assert_eq!(watched.tunnel()["restarts_last_hour"], 1);
}

#[test]
fn damaged_memories_count_as_none() {
    let watched = Watched::new();
    let file = watched.router.path("run/tunnel.dacha.json");
    watched.remember(json!({}), json!({}));
    for bytes in [b"".as_slice(), b"{", b"[]", b"\xff", b"{\"boot_id\":1}"] {
        std::fs::write(&file, bytes).expect("written");
        is_unknown(&watched.tunnel(), "not looked at yet");
    }
    // Times that cannot be, such as those of a file from another machine.
    for at in [i64::MIN, i64::MAX, ago(-5000)] {
        let found = json!({"value": "Active", "at": at});
        watched.remember(
            json!({"service": found}),
            json!({"since": at, "attempts": [at]}),
        );
        watched.tunnel();
        watched.text();
        watched
            .router
            .run(&["status", "--format", "prometheus"])
            .expect(0);
    }
}

#[test]
fn what_was_not_checked_for_long_is_not_shown_as_true() {
    let watched = Watched::new();
    let old = |seconds: i64| {
        let found = json!({
            "wan": null, "route": null, "ping": null, "traffic": null,
            "service": seen(json!("Active"), seconds),
            "device": seen(json!({"Up": "ppp0"}), seconds),
        });
        watched.remember(found, json!({}));
        watched.tunnel()
    };
    // cron looks every five minutes; one look in three may be late.
    assert_eq!(old(600)["state"], "up");
    let tunnel = old(7200);
    assert_eq!(tunnel["state"], "unknown");
    about(&tunnel["since_s"], 7200);
    let reason = tunnel["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("not looked at for 2 h"), "{reason}");
    assert!(
        reason.ends_with("before, it was up: 172.16.0.1 answers"),
        "{reason}"
    );
    assert_eq!(tunnel["next_due_s"], 0);
}

#[test]
fn sections_that_are_wrong_or_disabled() {
    let watched = Watched::new();
    let off = DACHA.replace("dacha", "off");
    let wrong = DACHA
        .replace("dacha", "wrong")
        .replace("172.16.0.1'", "far'");
    watched.configure(&format!("{wrong}{DACHA}{off}option enabled 0\n"));
    watched.remember(json!({}), json!({}));
    let tunnel = watched.tunnel();
    is_unknown(&tunnel, "its configuration is wrong; run 'wansync check'");
    assert_eq!(
        (&tunnel["name"], &tunnel["next_due_s"]),
        (&Value::Null, &Value::Null)
    );
    let status = watched.router.status();
    let tunnels = status["tunnels"].as_array().expect("a list");
    let names: Vec<&Value> = tunnels.iter().map(|t| &t["section"]).collect();
    assert_eq!(names, ["wrong", "dacha"]);
    assert_eq!(tunnels[1]["state"], "up");
}
