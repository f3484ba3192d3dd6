//! Pain 4: endless retries, and a log full of them.

use std::time::Instant;

use crate::{AFTER_BACKOFF, HOUR, MINUTE, fault, later, later_with, log_of};
use wansync_test_support::clocks::booted_ago;
use wansync_test_support::{Ran, Router, ran};

/// The lines of the log of many passes.
fn logs(passes: impl IntoIterator<Item = Ran>) -> Vec<String> {
    passes.into_iter().flat_map(|ran| log_of(&ran)).collect()
}

fn attempts(log: &[String]) -> usize {
    let tried = |line: &&String| line.contains(": unconfirmed: ");
    log.iter().filter(tried).count()
}

/// An updater tried 4,914 times, and wrote as many lines into the log.
#[test]
fn pain_04_fifty_passes_in_a_row_send_once_and_log_once() {
    for text in [
        "status=503",
        "status=429",
        "close",
        "reset=after",
        "html",
        "tls-reset",
    ] {
        let router = Router::with_address("8.8.4.4");
        fault(&router, text);
        let start = Instant::now();
        let log = logs((0..50).map(|_| router.once()));
        // The first wait is 7 s at least.
        let most = 1 + start.elapsed().as_secs() as usize / 7;
        let sent = router.sim.requests().len() + router.sim.connections().len();
        assert!((1..=most).contains(&sent), "{text}: {sent}");
        assert!(log.len() <= 2 * most, "{text}: {log:#?}");
    }
}

/// Retries with no server to connect to.
#[test]
fn pain_04_fifty_passes_connect_once() {
    let router = Router::new();
    let unreachable = "https://127.0.0.1:1/provider_api/";
    let home = router.home("option source static\noption address 8.8.4.4");
    router.configure(&home.replace(&router.sim.https_url(), unreachable));
    let start = Instant::now();
    let log = logs((0..50).map(|_| router.once()));
    let most = 1 + start.elapsed().as_secs() as usize / 7;
    let tried = attempts(&log);
    assert!((1..=most).contains(&tried), "{log:#?}");
    assert!(log.len() <= 2 * most, "{log:#?}");
}

/// A service that is down for a day is asked some 50 times at most, and a day
/// of it does not push all else out of the log.
#[test]
fn pain_04_a_day_of_failures() {
    let router = Router::with_address("8.8.4.4");
    fault(&router, "status=503");
    let log = logs((0..96).map(|step| later(&router, step * 15 * MINUTE)));
    let sent = router.updates();
    assert!((10..=60).contains(&sent), "{sent}");
    assert!(log.len() <= 2 * sent + 2, "{log:#?}");
    assert_eq!(attempts(&log), sent, "each send is logged: {log:#?}");
}

/// The service asked to be left alone, and was asked again each minute.
#[test]
fn pain_04_retry_after_is_honoured() {
    for text in [
        "status=429,retry-after=120",
        "status=503,retry-after=120",
        "status=429,retry-date=120",
    ] {
        let router = Router::with_address("8.8.4.4");
        fault(&router, text);
        router
            .once()
            .expect(75)
            .says("home: throttled: 127.0.0.1: HTTP status");
        let due = router.home_status()["next_due_s"].as_i64();
        assert!((60..=240).contains(&due.expect("a number")), "{due:?}");
        router.sim.clear();
        // Neither patience, nor force, nor another address overrides it.
        later(&router, AFTER_BACKOFF)
            .expect(75)
            .says("the service asked to wait");
        router.run(&["once", "--force"]).expect(75);
        router.set_address("8.8.8.8");
        router.once().expect(75);
        later_with(&router, 60, &["once", "--force"]).expect(75);
        assert_eq!(router.updates(), 0, "{text}");
        later(&router, 245).expect(0).says("8.8.8.8 is confirmed");
    }
}

/// A provider's image: what is new after a power cut is sent at each router's own time,
/// what is confirmed is not sent at all, and a person need not wait.
#[test]
fn a_new_address_waits_for_the_routers_part_after_a_boot() {
    let router = Router::with_address("8.8.4.4");
    let lines = "option source static\noption address 8.8.4.4\noption spread 24h";
    router.configure(&router.home(lines));
    let once = |uptime: i64, arguments: &[&str]| {
        router.reboot();
        let command = booted_ago(&router.command(arguments), uptime);
        ran({ command }.output().expect("the program runs"))
    };
    let waits = once(1, &["once"]).expect(75);
    waits.says("home: throttled: this router's part of the 1 d after a boot");
    assert_eq!(router.updates(), 0);
    once(86_401, &["once"]).expect(0).says("is confirmed");
    once(1, &["once"]).expect(0).says("unchanged");
    let other = lines.replace("8.8.4.4", "8.8.8.8");
    router.configure(&router.home(&other));
    once(1, &["once"]).expect(75).says("option spread");
    once(1, &["once", "--force"]).expect(0).says("is confirmed");
    assert_eq!(router.updates(), 2);
}

/// A wish for 30 years is not granted, one for an hour is.
#[test]
fn pain_04_retry_after_has_a_bound() {
    let router = Router::with_address("8.8.4.4");
    fault(&router, "status=503,retry-after=999999999");
    router.once().expect(75);
    let due = router.home_status()["next_due_s"].as_i64();
    assert!(
        (85_000..=86_400).contains(&due.expect("a number")),
        "{due:?}"
    );
    router.sim.clear();
    later(&router, 23 * HOUR).expect(75);
    later(&router, 24 * HOUR + MINUTE)
        .expect(0)
        .says("confirmed");
}
