//! `wansync status --check`, as a plug-in of Nagios is called.

use std::fs;
use std::time::{Duration, SystemTime};

use serde_json::json;
use wansync_sim::{KEY, Times};
use wansync_test_support::{Ran, Router};

use crate::{DACHA, Watched, ago};

/// The one line of a plug-in, if it exits with this code.
#[track_caller]
fn line(router: &Router, sections: &[&str], code: i32) -> String {
    let ran: Ran = router.run(&[&["status", "--check"], sections].concat());
    let ran = ran.expect(code);
    let (line, rest) = ran.stdout.split_once('\n').expect("a line");
    assert_eq!((rest, &*ran.stderr), ("", ""), "more than a line");
    line.to_owned()
}

/// Begins and ends as expected; what is between are ages.
#[track_caller]
fn is_like(line: &str, begin: &str, end: &str) {
    assert!(line.starts_with(begin) && line.ends_with(end), "{line}");
}

#[test]
fn a_confirmed_address_is_ok_and_a_refused_one_critical() {
    let router = Router::with_address("8.8.4.4");
    let text = line(&router, &[], 3);
    assert_eq!(text, "WANSYNC UNKNOWN - home no pass yet");
    router.once().expect(0);
    let text = line(&router, &["home"], 0);
    is_like(
        &text,
        "WANSYNC OK - home confirmed 8.8.4.4 | home_age=",
        "s",
    );
    let config = fs::read_to_string(router.config()).expect("a configuration");
    router.configure_raw(config.replace(KEY, "wrong-key").as_bytes());
    router.once().expect(77);
    let text = line(&router, &[], 2);
    is_like(&text, "WANSYNC CRITICAL - home refused: ", "");
}

/// An hour of failures is critical; what counts is since when, not how often it was tried.
#[test]
fn a_failure_is_a_warning_at_first() {
    let router = Router::with_address("8.8.4.4");
    let fault = |text: &str| {
        let fault = text.parse().expect("a fault");
        router.sim.fault(fault, Times::All);
    };
    fault("status=503");
    router.once().expect(69);
    let text = line(&router, &[], 1);
    is_like(&text, "WANSYNC WARNING - home unconfirmed", "");
    let file = router.path("run/skydns.home.json");
    let state = || -> serde_json::Value {
        let text = fs::read(&file).expect("a state");
        serde_json::from_slice(&text).expect("JSON")
    };
    let mut old = state();
    old["unwell_since"] = json!(ago(5 * 3600));
    fs::write(&file, old.to_string()).expect("a file");
    let text = line(&router, &[], 2);
    is_like(&text, "WANSYNC CRITICAL - home unconfirmed, for 5 h", "");
    // A pass that ends no better keeps it, one that ends well forgets it.
    router.run(&["once", "--force"]).expect(69);
    assert_eq!(state()["unwell_since"], old["unwell_since"]);
    fault("none");
    router.run(&["once", "--force"]).expect(0);
    assert!(state()["unwell_since"].is_null());
    line(&router, &[], 0);
}

#[test]
fn where_nothing_runs_it_is_not_known() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    let lock = fs::File::open(router.path("run/lock")).expect("a lock");
    let long_ago = SystemTime::now() - Duration::from_secs(5 * 3600);
    lock.set_modified(long_ago).expect("a date");
    let text = line(&router, &[], 3);
    let begin = "WANSYNC UNKNOWN - home no pass for 5 h";
    is_like(&text, begin, "s");
    assert!(
        text.contains("neither the service nor cron runs; before: confirmed: "),
        "{text}"
    );
}

#[test]
fn tunnels_and_what_is_disabled() {
    let watched = Watched::new();
    let off = "config tunnel 'off'\noption enabled 0\n";
    watched.configure(&format!("{DACHA}{off}"));
    let router = &watched.router;
    let text = line(router, &["dacha"], 3);
    is_like(
        &text,
        "WANSYNC UNKNOWN - dacha unknown: not looked at yet",
        "",
    );
    watched.remember(json!({}), json!({}));
    let text = line(router, &[], 0);
    assert_eq!(
        text,
        "WANSYNC OK - dacha up; disabled: off | dacha_ping=12ms"
    );
    watched.remember(json!({}), json!({"state": "down", "reason": "a | b\nc"}));
    let text = line(router, &[], 2);
    assert_eq!(
        text,
        "WANSYNC CRITICAL - dacha down: a / b c; disabled: off | dacha_ping=12ms"
    );
    watched.remember(
        json!({}),
        json!({"state": "unknown", "reason": "the WAN is down"}),
    );
    let text = line(router, &[], 1);
    is_like(
        &text,
        "WANSYNC WARNING - dacha unknown: the WAN is down; ",
        "12ms",
    );
    let text = line(router, &["off"], 3);
    assert_eq!(
        text,
        "WANSYNC UNKNOWN - no section is enabled; disabled: off"
    );
}

#[test]
fn what_cannot_be_read_is_not_known() {
    let router = Router::with_address("8.8.4.4");
    let text = line(&router, &["hom"], 3);
    let file = router.config().display().to_string();
    let expected = format!(
        "WANSYNC UNKNOWN - {file} has no skydns or tunnel section 'hom' (did you mean 'home'?)"
    );
    assert_eq!(text, expected);
    let text = line(&router, &["--format", "json"], 3);
    assert_eq!(
        text,
        "WANSYNC UNKNOWN - --check goes with none of --watch, --output and --format"
    );
    router.configure_raw(b"config skydns 'home\n");
    let text = line(&router, &[], 3);
    is_like(&text, &format!("WANSYNC UNKNOWN - {file}: Parse error"), "");
    fs::remove_file(router.config()).expect("a file");
    is_like(
        &line(&router, &[], 3),
        &format!("WANSYNC UNKNOWN - {file} "),
        "",
    );
    router
        .run(&["status", "home"])
        .expect(64)
        .says("status takes the name of a section ('home') with --check only");
}
