//! `wansync history`: what passes and a daemon left, as text and as JSON.

use std::fs::{self, File, FileTimes};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use wansync_sim::Times;
use wansync_test_support::Router;

use crate::Watched;

const HISTORY: &[&str] = &["history", "--format", "json"];

fn history(router: &Router) -> Value {
    router.run(HISTORY).expect(0).json()
}

fn file(router: &Router) -> Vec<u8> {
    fs::read(router.path("run/history")).expect("the history")
}

/// A field of each item of a list.
fn texts<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    let list = list.as_array().expect("a list").iter();
    list.map(|item| item[field].as_str().expect("a text"))
        .collect()
}

/// The states of the entries.
fn states(history: &Value) -> Vec<&str> {
    texts(&history["entries"], "state")
}

fn confirmed_addresses(history: &Value) -> Vec<&str> {
    texts(&history["addresses"]["home"], "address")
}

/// Has the last pass be as long ago, by either clock.
fn age_last_pass(router: &Router, since_boot: Duration, since_1970: Duration) {
    let up = fs::read_to_string("/proc/uptime").expect("Linux");
    let up: f64 = up
        .split(' ')
        .next()
        .expect("a number")
        .parse()
        .expect("seconds");
    let accessed = UNIX_EPOCH + Duration::from_secs_f64(up) - since_boot;
    let times = FileTimes::new()
        .set_accessed(accessed)
        .set_modified(SystemTime::now() - since_1970);
    let lock = File::options().write(true).open(router.path("run/lock"));
    lock.expect("a lock").set_times(times).expect("ours");
}

#[test]
fn each_change_is_a_line_and_a_pass_without_one_writes_nothing() {
    let router = Router::with_address("8.8.4.4");
    router.run(&["history"]).expect(0).says("nothing is known");
    router.once().expect(0);
    let first = file(&router);
    let written = fs::metadata(router.path("run/history")).expect("it");
    // It need not even be there.
    fs::rename(router.path("run/history"), router.path("aside")).expect("moved");
    for _ in 0..3 {
        router.once().expect(0).says("unchanged");
    }
    assert!(!router.path("run/history").exists());
    fs::rename(router.path("aside"), router.path("run/history")).expect("moved");
    assert!(first.len() < 250, "{}", String::from_utf8_lossy(&first));
    assert!(written.len() == first.len() as u64);

    router.set_address("8.8.8.8");
    router.once().expect(0);
    router.set_address("192.168.1.1");
    router.once().expect(75);
    let shown = history(&router);
    assert_eq!(states(&shown), ["confirmed", "confirmed", "aborted"]);
    assert_eq!(confirmed_addresses(&shown), ["8.8.8.8", "8.8.4.4"]);
    let entry = &shown["entries"][1];
    assert_eq!(entry["section"], "home");
    assert_eq!(entry["type"], "skydns");
    assert_eq!(
        entry["reason"],
        "8.8.8.8 is confirmed; before it was 8.8.4.4"
    );
    assert_eq!(entry["to"], shown["entries"][2]["from"]);
    assert_eq!(shown["entries"][2]["to"], Value::Null);
    assert_eq!(entry["reason_code"], "send.confirmed_after", "{entry}");
    assert_eq!(shown["format"], 1);
    assert_eq!(shown["clock"], "ok");
    assert_eq!(shown["gaps"], json!([]));
    // The record was written for the addresses alone.
    let record: Value =
        serde_json::from_slice(&fs::read(router.record()).expect("it")).expect("JSON");
    assert_eq!(record["writes"].as_array().map(Vec::len), Some(2));

    let text = router.run(&["history"]).expect(0).stdout;
    assert!(
        text.contains("8.8.8.8 is confirmed; before it was 8.8.4.4"),
        "{text}"
    );
    assert!(
        text.contains("addresses of home that were confirmed"),
        "{text}"
    );
}

#[test]
fn after_a_reboot_the_first_state_begins_it_and_addresses_are_known_still() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    router.set_address("8.8.8.8");
    router.once().expect(0);
    router.reboot();
    router.once().expect(0).says("unchanged");
    let shown = history(&router);
    assert_eq!(states(&shown), ["confirmed"]);
    assert_eq!(confirmed_addresses(&shown), ["8.8.8.8", "8.8.4.4"]);
    assert_eq!(router.updates(), 2);
}

#[test]
fn sixteen_addresses_are_kept_and_cost_no_write() {
    let router = Router::with_address("8.8.4.4");
    for number in 0..20 {
        router.set_address(&format!("8.8.8.{number}"));
        // A day has six writes: those of before are long ago.
        if let Ok(text) = fs::read(router.record()) {
            let mut record: Value = serde_json::from_slice(&text).expect("JSON");
            record["writes"] = json!([]);
            fs::write(router.record(), record.to_string()).expect("written");
        }
        router.run(&["once", "--force"]).expect(0);
    }
    let shown = history(&router);
    let addresses = confirmed_addresses(&shown);
    // The state knows one that no record was written for.
    fs::rename(router.record(), router.path("aside")).expect("there");
    assert_eq!(confirmed_addresses(&history(&router)), ["8.8.8.19"]);
    fs::rename(router.path("aside"), router.record()).expect("back");
    assert_eq!(addresses.len(), 16, "{addresses:?}");
    assert_eq!((addresses[0], addresses[15]), ("8.8.8.19", "8.8.8.4"));
    let before = fs::read(router.record()).expect("a record");
    assert!(before.len() < 1000, "{} bytes", before.len());
    router.once().expect(0);
    assert_eq!(fs::read(router.record()).expect("a record"), before);
}

#[test]
fn a_time_without_passes_is_a_gap_and_a_clock_that_was_set_is_none() {
    let router = Router::new();
    let address = "option source 'static'\noption address '8.8.4.4'";
    let home = router.home(address);
    router.configure(&format!("option interval '60'\n{home}"));
    router.once().expect(0);
    let (long, short) = (Duration::from_secs(300), Duration::from_secs(200));
    for (since_boot, since_1970) in [
        (short, short),
        (short, long * 1000),
        (short, Duration::ZERO),
    ] {
        age_last_pass(&router, since_boot, since_1970);
        router.once().expect(0);
        assert_eq!(history(&router)["gaps"], json!([]));
    }
    age_last_pass(&router, long, short);
    router.once().expect(0);
    // The line is there before the change that is found behind it.
    router.set_address("8.8.8.8");
    router.once().expect(0);
    let text = String::from_utf8(file(&router)).expect("text");
    let gaps = text.lines().filter(|line| line.contains("\"g\":"));
    assert_eq!(gaps.count(), 1, "{text}");
}

#[test]
fn the_time_since_the_last_pass_is_not_well() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    assert_eq!(history(&router)["gaps"], json!([]));
    let hours = Duration::from_secs(6 * 3600);
    age_last_pass(&router, hours, hours);
    let shown = history(&router);
    let gap = &shown["gaps"][0];
    let span = gap["for_s"].as_u64().expect("seconds");
    assert!(span.abs_diff(hours.as_secs()) < 60, "{shown}");
    assert!(
        shown["sections"][0]["known_s"].as_u64() < Some(60),
        "{shown}"
    );
    let text = router.run(&["history"]).expect(0).stdout;
    assert!(text.contains("not watched  6 h"), "{text}");
}

#[test]
fn what_is_damaged_or_too_large_loses_no_more_than_that() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    let whole = file(&router);
    let damages: [&[u8]; 5] = [
        b"",
        b"\0\0\0\0",
        b"{\"boot\":\"another\",\"w\":1}\n{\"b\":1,\"s\":\"home\",\"n\":\"refused\"}\n",
        &[b'x'; 100_000],
        &whole[..whole.len() - 9],
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        fs::write(router.path("run/history"), damage).expect("written");
        // What is so now is told all the same.
        let shown = history(&router);
        assert_eq!(states(&shown).last(), Some(&"confirmed"), "{number}");
        router.set_address(&format!("8.8.8.{number}"));
        router.run(&["once", "--force"]).expect(0);
        let shown = history(&router);
        assert_eq!(states(&shown).last(), Some(&"confirmed"), "{number}");
        assert!(file(&router).len() < 24 * 1024, "{number}");
    }
}

#[test]
fn a_tunnel_is_told_of_since_its_state_is_known() {
    let watched = Watched::new();
    watched.remember(json!({}), json!({}));
    let shown = history(&watched.router);
    let section = &shown["sections"][0];
    assert_eq!(section["section"], "dacha");
    assert_eq!(section["type"], "tunnel");
    assert_eq!(section["uptime_percent"], 100.0, "{shown}");
    assert_eq!(states(&shown), ["up"]);
    let text = watched.router.run(&["history", "dacha"]).expect(0).stdout;
    assert!(text.contains("100.0 %"), "{text}");
    assert!(text.contains("172.16.0.1 answers"), "{text}");
}

#[test]
fn a_section_that_is_disabled_has_a_past_and_no_end_of_it() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    let address = "option source 'static'\noption address '8.8.4.4'\noption enabled '0'";
    router.configure(&router.home(address));
    let shown = router.run(&["history", "home", "--format", "json"]);
    let shown = shown.expect(0).json();
    let entry = &shown["entries"][0];
    assert_eq!(entry["state"], "confirmed", "{shown}");
    assert_eq!(
        (&entry["to"], &entry["for_s"]),
        (&Value::Null, &Value::Null)
    );
    // Without a past it is no unknown name.
    fs::remove_file(router.path("run/history")).expect("there");
    let text = router.run(&["history", "home"]).expect(0);
    text.says("nothing is known of the past yet");
}

#[test]
fn what_is_asked_for_is_checked() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    let shown = router.run(&["history", "home", "--since", "3d", "--format", "json"]);
    assert_eq!(shown.expect(0).json()["since_s"], 3 * 86_400);
    let unknown = router.run(&["history", "homr"]).expect(64);
    unknown
        .says("has no skydns or tunnel section 'homr'")
        .says("'home'");
    let bad = router.run(&["history", "--since", "1.5h"]).expect(64);
    bad.says("it is a duration, such as 90, 5m, 72h or 3d");
    router.run(&["history", "--format", "xml"]).expect(64);
    router.configure_raw(b"config skydns 'home\n");
    router.run(&["history"]).expect(78);
}

#[test]
fn a_failure_is_told_with_its_end() {
    let router = Router::with_address("8.8.4.4");
    router
        .sim
        .fault("status=503".parse().expect("a fault"), Times::Next(1));
    router.once().expect(69);
    router.run(&["once", "--force"]).expect(0);
    let shown = history(&router);
    assert_eq!(states(&shown), ["unconfirmed", "confirmed"]);
    assert_eq!(shown["sections"][0]["uptime_percent"], Value::Null);
}
