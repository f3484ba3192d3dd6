//! Pain 15: a status that lies, and warnings that are not read any more.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use wansync_sim::KEY;

use crate::{AFTER_BACKOFF, HOUR, fault, later, log_of};
use wansync_test_support::{Ran, Router};

const KEYS: [&str; 10] = [
    "confirmed",
    "next_due_s",
    "observed",
    "outcome",
    "profile_test",
    "reason",
    "reason_args",
    "reason_code",
    "section",
    "sends_left_today",
];

/// The status of the one section, if it has the promised shape.
#[track_caller]
fn home(router: &Router) -> Value {
    let status = router.status();
    for name in ["clock", "filtering", "skydns", "tunnels", "version"] {
        assert!(status.get(name).is_some(), "no {name}: {status}");
    }
    let home = status["skydns"][0].clone();
    for name in KEYS {
        assert!(home.get(name).is_some(), "no {name}: {home}");
    }
    assert_eq!(home["section"], "home");
    home
}

/// Checks what is observed, confirmed, the outcome, and the sends left; and that
/// something is due between two times.
#[track_caller]
fn expect(router: &Router, facts: [Value; 4], due: std::ops::RangeInclusive<i64>) -> Value {
    let home = home(router);
    let names = ["observed", "confirmed", "outcome", "sends_left_today"];
    assert_eq!(names.map(|name| home[name].clone()), facts, "{home}");
    let next = home["next_due_s"].as_i64().expect("a number");
    assert!(due.contains(&next), "{home}");
    home
}

/// The page said "OK" with the old address while the update of the new one failed.
#[test]
fn pain_15_status_is_true_at_each_step() {
    let (old, new) = (json!("8.8.4.4"), json!("8.8.8.8"));
    let none = Value::Null;
    let router = Router::with_address("8.8.4.4");
    let is = |facts, due| expect(&router, facts, due);
    is([old.clone(), none.clone(), none.clone(), json!(24)], 0..=0);
    router.once().expect(0);
    is(
        [old.clone(), old.clone(), json!("confirmed"), json!(23)],
        200..=300,
    );
    router.once().expect(0);
    is(
        [old.clone(), old.clone(), json!("unchanged"), json!(23)],
        200..=300,
    );
    // The WAN has changed, and no pass has seen it.
    router.set_address("8.8.8.8");
    is(
        [new.clone(), old.clone(), json!("unchanged"), json!(23)],
        0..=300,
    );
    fault(&router, "html");
    router.once().expect(1);
    let home = is(
        [new.clone(), old.clone(), json!("unconfirmed"), json!(22)],
        0..=18,
    );
    assert_eq!(
        home["reason"],
        "127.0.0.1: the reply is not JSON but an HTML page"
    );
    router.once().expect(75);
    is(
        [new.clone(), old.clone(), json!("throttled"), json!(22)],
        0..=18,
    );
    fault(&router, "error=message,text=no");
    later(&router, AFTER_BACKOFF).expect(77);
    let home = is(
        [new.clone(), old.clone(), json!("refused"), json!(21)],
        3500..=4500,
    );
    assert_eq!(home["reason"], "127.0.0.1 says: no");
    router.once().expect(77);
    is(
        [new.clone(), old.clone(), json!("held"), json!(21)],
        3500..=4500,
    );
    // A dry run is not a pass.
    router
        .run(&["once", "--dry-run", "--force"])
        .expect(0)
        .says("dry-run");
    is(
        [new.clone(), old.clone(), json!("held"), json!(21)],
        3500..=4500,
    );
    router.sim.clear();
    later(&router, 2 * HOUR).expect(0);
    is(
        [new.clone(), new.clone(), json!("confirmed"), json!(20)],
        0..=300,
    );
}

/// An address that may not be published looked as if it were.
#[test]
fn pain_15_status_of_an_address_that_is_not_sent() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    router.set_address("100.64.0.1");
    router.once().expect(75);
    let (seen, kept) = (json!("100.64.0.1"), json!("8.8.4.4"));
    let home = expect(
        &router,
        [seen, kept.clone(), json!("aborted"), json!(23)],
        0..=300,
    );
    assert!(
        home["reason"]
            .as_str()
            .expect("a reason")
            .contains("100.64.0.1")
    );
    router.configure(&router.home("option source command\noption command /nonexistent"));
    router.once().expect(75);
    expect(
        &router,
        [Value::Null, kept, json!("aborted"), json!(23)],
        0..=300,
    );
}

/// Figures of an account that is not configured any more were shown as today's.
#[test]
fn pain_15_status_after_a_change_and_a_reboot() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    router.reboot();
    let address = json!("8.8.4.4");
    let home = expect(
        &router,
        [address.clone(), address.clone(), Value::Null, json!(24)],
        0..=0,
    );
    assert!(home["reason"].is_null());
    let other = router.home("option source static\noption address 8.8.4.4");
    router.configure(&other.replace("user1", "user2"));
    expect(
        &router,
        [address, Value::Null, Value::Null, json!(24)],
        0..=0,
    );
    router.configure(&other.replace("8.8.4.4", "8.8.4"));
    let home = self::home(&router);
    assert!(
        home["confirmed"].is_null() && home["outcome"].is_null(),
        "{home}"
    );
    assert!(
        home["reason"]
            .as_str()
            .expect("a reason")
            .contains("configuration is wrong")
    );
}

/// "Sends left" never ended, and the end of them was not shown.
#[test]
fn pain_15_sends_left_count_down() {
    let router = Router::new();
    let limited = |address: &str| {
        let lines = format!("option source static\noption address {address}\noption daily_limit 6");
        router.configure(&router.home(&lines));
    };
    for (address, left) in [("8.8.4.4", 5), ("8.8.8.8", 4), ("9.9.9.9", 3)] {
        limited(address);
        router.once().expect(0);
        assert_eq!(home(&router)["sends_left_today"], left);
    }
    limited("1.1.1.1");
    router
        .once()
        .expect(75)
        .says("half of the daily limit of 6 sends is used up, so that one is sent every 8 h");
    let (new, old) = (json!("1.1.1.1"), json!("9.9.9.9"));
    expect(
        &router,
        [new, old, json!("throttled"), json!(3)],
        28_000..=28_800,
    );
    later(&router, 8 * HOUR).expect(0);
}

/// Text for people says what JSON says.
#[test]
fn pain_15_status_for_people_says_the_same() {
    let router = Router::with_address("8.8.4.4");
    router
        .run(&["status"])
        .expect(0)
        .says("no pass yet")
        .says("confirmed none");
    router.once().expect(0);
    router.set_address("8.8.8.8");
    fault(&router, "status=503");
    router.once().expect(69);
    router
        .run(&["status"])
        .expect(0)
        .says("home  unconfirmed  observed 8.8.8.8, confirmed 8.8.4.4")
        .says("HTTP status 503")
        .says("23 sends left today");
}

/// Elsewhere one warning stands in the log each five minutes, until the log is not read.
#[test]
fn pain_15_a_warning_is_not_repeated() {
    let router = Router::new();
    let key = router.path("key");
    fs::write(&key, KEY).expect("the key is written");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("its mode");
    let home = router.home("option source static\noption address 8.8.4.4\noption colour red");
    let inline = format!("option key '{KEY}'");
    let from_file = format!("option key_file '{}'", key.display());
    let bad = router.section("bad", "option source static\noption address 8.8.4");
    let lost = router.section("lost", "option source static\noption address 8.8.4.4");
    let lost = lost.replace(&inline, "option key_file /nonexistent/key");
    let sections = format!("{}{bad}{lost}", home.replace(&inline, &from_file));
    router.configure(&sections);
    let passes: Vec<Ran> = (0..10).map(|_| router.once().expect(78)).collect();
    let first = log_of(&passes[0]).join("\n");
    for text in [
        "colour",
        "chmod 600",
        "8.8.4",
        "/nonexistent/key does not exist",
    ] {
        assert!(first.contains(text), "no '{text}' in {first}");
    }
    // The second pass says that the address is unchanged.
    for pass in &passes[2..] {
        assert_eq!(log_of(pass), [""; 0]);
    }
    // What comes back is news again, and what is new is told.
    router.configure(&sections.replace("colour", "flavour"));
    assert!(
        log_of(&router.once())
            .iter()
            .any(|line| line.contains("flavour"))
    );
    router.configure(&sections);
    assert!(
        log_of(&router.once())
            .iter()
            .any(|line| line.contains("colour"))
    );
}
