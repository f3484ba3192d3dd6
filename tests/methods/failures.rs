//! Every method, and how it fails: what the service refuses, in its own words,
//! and what it is not there for. Nothing has changed at the service then.

use wansync_core::service::answer::Service;
use wansync_core::service::method::Method;
use wansync_sim::{KEY, Times, VPNKI_KEY};

use crate::rows::{all, find};
use crate::successes::words_of;
use crate::tables::refusals;
use crate::world::World;

#[test]
fn every_method_has_a_row() {
    for method in all() {
        let has_row = refusals::ROWS.iter().any(|row| row.method == method.name);
        assert!(has_row, "{}: add a row to the table", method.name);
    }
}

#[test]
fn a_refusal_is_reported_in_the_service_s_words_and_changes_nothing() {
    for row in refusals::ROWS {
        let world = World::new();
        (row.before)(&world);
        world.sim().clear();
        let before = world.state();
        let ran = world.call(find(row.method), row.words).expect(row.code);
        assert_eq!(ran.stdout, "", "{} {:?}", row.method, row.words);
        let line = format!("wansync: error: {}: 127.0.0.1{}\n", row.method, row.says);
        assert_eq!(ran.stderr.trim_end(), line.trim_end());
        assert_eq!(world.request().call(), row.method);
        assert_eq!(world.state(), before, "{}", row.method);
    }
}

/// The failures that know no method, with words that tell them apart.
const UNAVAILABLE: &[(&str, i32, &str)] = &[
    ("status=500", 69, "127.0.0.1: HTTP status 500"),
    (
        "status=503,retry-after=120",
        69,
        "127.0.0.1: HTTP status 503",
    ),
    ("status=429", 69, "127.0.0.1: HTTP status 429"),
    ("reset=after", 69, "the connection to 127.0.0.1 broke: "),
    ("close", 69, "the connection to 127.0.0.1 broke: "),
    (
        "status=404",
        69,
        "127.0.0.1: HTTP status 404 of a web server",
    ),
    ("redirect=host", 1, "127.0.0.1: redirected to "),
];

#[test]
fn every_method_says_what_the_service_could_not_do() {
    let world = World::without_tls();
    for method in all() {
        for (fault, code, says) in UNAVAILABLE {
            world.sim().reset();
            world.fault(fault);
            fails(&world, method, *code, says);
            assert_eq!(world.request().call(), method.name);
        }
    }
}

#[test]
fn every_method_says_that_there_is_no_service() {
    let world = World::new();
    for method in all() {
        // Nothing listens on the first port.
        let mut words = words_of(method).to_vec();
        words.extend(["--base-url", "https://127.0.0.1:1/"]);
        let ran = world.call(method, &words).expect(69);
        ran.says(&format!("{}: no connection to 127.0.0.1: ", method.name));
    }
    assert!(world.sim().requests().is_empty());
}

#[test]
fn every_method_says_that_the_certificate_is_not_trusted() {
    let world = World::new();
    world.fault("tls-wrong-ca");
    for method in all() {
        fails(
            &world,
            method,
            69,
            "TLS with 127.0.0.1 failed: its certificate is not trusted by ",
        );
        assert!(world.sim().requests().is_empty());
    }
}

#[test]
fn every_method_says_that_the_key_is_wrong_and_never_the_key() {
    let world = World::new();
    world.sim().remove_key(KEY);
    world.sim().remove_vpnki_key(VPNKI_KEY);
    for method in all() {
        let says = match Service::of(method) {
            Service::Skydns => "says: Invalid provider key",
            Service::Vpnki => "says: API Key Not Found (403)",
        };
        fails(&world, method, 77, says);
        world.sim().fault(
            format!("error=code,text=bad key {KEY} {VPNKI_KEY}")
                .parse()
                .expect("a fault"),
            Times::Next(1),
        );
        let ran = world.call(method, words_of(method));
        let key = match Service::of(method) {
            Service::Skydns => KEY,
            Service::Vpnki => VPNKI_KEY,
        };
        ran.says("***").never_says(key);
    }
}

/// The call fails with one line of log, and prints nothing.
fn fails(world: &World, method: &Method, code: i32, says: &str) {
    let ran = world.call(method, words_of(method)).expect(code);
    assert_eq!(ran.stdout, "", "{}", method.name);
    assert!(
        ran.stderr
            .starts_with(&format!("wansync: error: {}: ", method.name)),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.stderr.trim_end().lines().count(), 1, "{}", ran.stderr);
    ran.says(says);
}
