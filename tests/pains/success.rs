//! Pain 2: a failure logged as a success.

use std::fs;

use serde_json::Value;
use wansync_sim::fault_table::{TABLE, is_slow};
use wansync_sim::{ErrorShape, NearMiss, Target, Times};

use crate::{AFTER_BACKOFF, fault, later, with_each};
use wansync_test_support::Router;

/// Faults that leave the success a success.
const HARMLESS: [&str; 15] = [
    "none",
    "bom",
    "escaped",
    "raw",
    "content-type=text/html",
    "chunked",
    "duplicate-length",
    "no-length",
    "http10",
    "hang-up",
    "tls-1.2",
    "tls-1.3",
    "redirect=same",
    "redirect=relative",
    "redirect=two",
];

/// Every reply that is no success.
fn unsuccessful() -> Vec<String> {
    let table = TABLE.iter().map(|row| row.example.to_owned());
    let shapes = ErrorShape::ALL.iter().flat_map(|shape| {
        [200, 400, 401, 403, 500].map(|code| format!("error={},code={code}", shape.word()))
    });
    let misses = NearMiss::ALL
        .iter()
        .map(|miss| format!("near-miss={}", miss.word()));
    let targets = Target::ALL
        .iter()
        .map(|to| format!("redirect={}", to.word()));
    let statuses = [204, 304, 400, 401, 403, 404, 408, 429, 500, 502, 503, 504];
    let statuses = statuses.map(|code| format!("status={code}"));
    let success = [203, 300, 401, 429, 503].map(|code| format!("ok-status={code}"));
    let texts = [
        "badauth",
        "good 8.8.4.4",
        "nochg",
        "OK",
        "ok",
        "null",
        "1",
        "[]",
        "\"ok\"",
    ];
    let texts = texts.map(|text| format!("body={text}"));
    table
        .chain(shapes)
        .chain(misses)
        .chain(targets)
        .chain(statuses)
        .chain(success.into_iter().skip(1))
        .chain(texts)
        .filter(|fault| !HARMLESS.contains(&fault.as_str()) && !is_slow(fault))
        .collect()
}

/// The address that is to outlive a reboot.
fn recorded(router: &Router) -> Value {
    let Ok(text) = fs::read(router.record()) else {
        return Value::Null;
    };
    let record: Value = serde_json::from_slice(&text).expect("JSON");
    record["sections"]["home"]["confirmed"].clone()
}

/// A reply that said no was logged as "Update successful", and sent again in
/// each cycle.
#[test]
fn pain_02_nothing_but_the_documented_success_confirms() {
    let faults = unsuccessful();
    assert!(faults.len() > 120, "{}", faults.len());
    with_each(faults, |text| {
        let router = Router::with_address("8.8.4.4");
        fault(&router, &text);
        let first = router.once();
        assert!(
            matches!(first.code, Some(1 | 69 | 75 | 77)),
            "{text}: {first:?}"
        );
        assert!(
            !first.said().contains("home: confirmed"),
            "{text}: {first:?}"
        );
        assert!(
            !first.said().contains("home: unchanged"),
            "{text}: {first:?}"
        );
        let sent = router.sim.requests().len();
        for _ in 0..2 {
            let next = router.once();
            assert!(matches!(next.code, Some(75 | 77)), "{text}: {next:?}");
        }
        assert_eq!(router.sim.requests().len(), sent, "{text}");
        let status = router.home_status();
        assert!(status["confirmed"].is_null(), "{text}: {status}");
        assert!(recorded(&router).is_null(), "{text}");
    });
}

/// These tests would prove nothing if no reply were understood.
#[test]
fn pain_02_a_success_is_one_however_it_is_wrapped() {
    for text in HARMLESS {
        let router = Router::with_address("8.8.4.4");
        router.sim.fault(text.parse().expect(text), Times::Next(1));
        let ran = router.once();
        assert_eq!(ran.code, Some(0), "{text}: {ran:?}");
        assert_eq!(router.home_status()["confirmed"], "8.8.4.4", "{text}");
        assert_eq!(router.bound(), ["8.8.4.4"], "{text}");
    }
}

/// The old address was forgotten, or the new one believed, after a reply that
/// confirmed nothing.
#[test]
fn pain_02_a_reply_that_confirms_nothing_changes_nothing() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    router.set_address("8.8.8.8");
    fault(&router, "html");
    router
        .once()
        .expect(1)
        .says("unconfirmed")
        .says("an HTML page");
    assert_eq!(router.home_status()["confirmed"], "8.8.4.4");
    assert_eq!(recorded(&router), "8.8.4.4");
    router.sim.clear();
    later(&router, AFTER_BACKOFF)
        .expect(0)
        .says("8.8.8.8 is confirmed");
    assert_eq!(router.updates(), 1, "it is sent again, not assumed");
}

/// After a lost reply the address was taken for the old one and never sent again.
#[test]
fn pain_02_the_old_address_is_sent_again_after_a_lost_reply() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    router.set_address("8.8.8.8");
    fault(&router, "close");
    router.once().expect(69);
    assert_eq!(router.bound(), ["8.8.8.8"], "it was obeyed");
    router.sim.clear();
    router.set_address("8.8.4.4");
    later(&router, AFTER_BACKOFF)
        .expect(0)
        .says("8.8.4.4 is confirmed");
    assert_eq!(router.bound(), ["8.8.4.4"]);
}
