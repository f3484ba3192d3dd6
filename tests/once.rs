//! `wansync once`: what a pass does, and what it remembers.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

use std::fs;

use wansync_sim::Times;
use wansync_test_support::Router;

fn fault(router: &Router, text: &str) {
    router.sim.fault(text.parse().expect(text), Times::All);
}

#[test]
fn sends_once_and_leaves_it_alone() {
    let router = Router::with_address("8.8.4.4");
    router
        .once()
        .expect(0)
        .says("home: confirmed: 8.8.4.4 is confirmed");
    router.once().expect(0).says("home: unchanged");
    assert_eq!(router.updates(), 1);
    assert_eq!(router.bound(), ["8.8.4.4"]);
    router.set_address("8.8.8.8");
    router
        .once()
        .expect(0)
        .says("8.8.8.8 is confirmed; before it was 8.8.4.4");
    assert_eq!(router.updates(), 2);
    assert_eq!(router.bound(), ["8.8.8.8"]);
}

#[test]
fn a_reboot_sends_nothing() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    for _ in 0..3 {
        router.reboot();
        router.once().expect(0).says("unchanged");
    }
    assert_eq!(router.updates(), 1);
}

#[test]
fn force_sends_again_and_dry_run_never() {
    let router = Router::with_address("8.8.4.4");
    router
        .run(&["once", "--dry-run"])
        .expect(0)
        .says("home: dry-run: 8.8.4.4 would be sent");
    assert_eq!(router.updates(), 0);
    assert!(!router.path("run").exists() && !router.path("etc").exists());
    router.once().expect(0);
    router
        .run(&["once", "--force"])
        .expect(0)
        .says("8.8.4.4 is confirmed again");
    assert_eq!(router.updates(), 2);
}

#[test]
fn the_request_is_the_documented_one() {
    let router = Router::new();
    router.sim.add_user("школа 5&=%#/", &[(7, "Дом")]);
    router.configure(
        &router.home("option source static\noption address 8.8.4.4\noption hostname 'router-1 ж'\noption profile 7")
            .replace("user1", "школа 5&=%#/"),
    );
    router.once().expect(0);
    let request = &router.sim.requests()[0];
    assert_eq!(request.method, "GET");
    assert_eq!(request.path, "/provider_api/update_ip");
    let names: Vec<&str> = request
        .params
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["key", "ident", "ip", "hostname", "profile"]);
    assert_eq!(request.param("ident"), Some("школа 5&=%#/"));
    assert_eq!(request.param("hostname"), Some("router-1 ж"));
    assert_eq!(request.header("accept"), Some("application/json"));
    assert!(
        request
            .header("user-agent")
            .is_some_and(|agent| agent.starts_with("wansync/"))
    );
    assert_eq!(request.header("referer"), None);
}

#[test]
fn a_wrong_key_is_sent_three_times_over_twenty_reboots() {
    let router = Router::with_address("8.8.4.4");
    let text = fs::read_to_string(router.config()).expect("text");
    router.configure_raw(text.replace(wansync_sim::KEY, "wrong-key").as_bytes());
    router.once().expect(77).says("home: refused");
    for _ in 0..20 {
        router.reboot();
        router.once().expect(77).says("home: held");
        router.run(&["once", "--force"]);
    }
    assert!(router.updates() <= 3, "{}", router.updates());
    router.configure_raw(text.as_bytes());
    router.once().expect(0).says("confirmed");
}

#[test]
fn status_says_it_in_json() {
    let router = Router::with_address("8.8.4.4");
    let before = router.home_status();
    assert_eq!(before["observed"], "8.8.4.4");
    assert!(before["confirmed"].is_null() && before["outcome"].is_null());
    router.once().expect(0);
    let status = router.status();
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["clock"], "ok");
    assert_eq!(status["tunnels"], serde_json::json!([]));
    let home = &status["skydns"][0];
    assert_eq!(home["section"], "home");
    assert_eq!(home["confirmed"], "8.8.4.4");
    assert_eq!(home["outcome"], "confirmed");
    assert_eq!(home["sends_left_today"], 23);
    assert!((200..=300).contains(&home["next_due_s"].as_i64().expect("a number")));
    assert_eq!(home["reason"], "8.8.4.4 is confirmed");
    assert_eq!(home["reason_code"], "send.confirmed");
    let arguments = serde_json::json!({"address": "8.8.4.4"});
    assert_eq!(home["reason_args"], arguments);
}

#[test]
fn no_body_but_a_success_confirms() {
    for text in [
        "html",
        "empty",
        "truncated",
        "body=badauth",
        "near-miss=question",
        "ok-status=500",
        "error=message",
    ] {
        let router = Router::with_address("8.8.4.4");
        fault(&router, text);
        let ran = router.once();
        assert_ne!(ran.code, Some(0), "{text}: {}", ran.said());
        assert!(router.home_status()["confirmed"].is_null(), "{text}");
        let record = fs::read_to_string(router.record());
        assert!(
            !record.is_ok_and(|record| record.contains(r#""confirmed":"8.8.4.4""#)),
            "{text}"
        );
    }
}
