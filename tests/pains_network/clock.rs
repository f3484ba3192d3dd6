//! 11: a wall clock that is not set yet.

use std::fs::File;
use std::time::Instant;

use serde_json::{Value, json};

use wansync_test_support::clocks::at_wall;
use wansync_test_support::waiting::{HANG, wait_until};
use wansync_test_support::{Ran, Router, ran};

/// A pass by a wall clock that says `time`.
fn once_at(router: &Router, time: &str) -> Ran {
    let mut command = at_wall(&router.command(&["once"]), time);
    ran(command.output().expect("the program runs"))
}

/// The output of `status` by a wall clock that says `time`.
fn clock_at(router: &Router, time: &str) -> Value {
    let mut command = at_wall(&router.command(&["status", "--format", "json"]), time);
    let ran = ran(command.output().expect("the program runs")).expect(0);
    let status: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    status["clock"].clone()
}

/// “After a power cut the router thinks it is 1970; TLS fails, and the updater
/// is still sulking long after NTP has set the clock.”
#[test]
fn pain_11_a_clock_that_is_not_set_is_waited_for_without_a_backoff() {
    for time in ["@1970-01-01 00:01:00", "@2020-06-01 12:00:00"] {
        let router = Router::with_address("8.8.4.4");
        for _ in 0..3 {
            let ran = once_at(&router, time).expect(75).says("home: aborted: ");
            ran.says("the clock is not set (it says ")
                .says("waits for NTP");
        }
        assert_eq!(clock_at(&router, time), "not set");
        let status = router.home_status();
        assert_eq!(
            (&status["outcome"], &status["sends_left_today"]),
            (&json!("aborted"), &json!(24))
        );
        router.once().expect(0).says("8.8.4.4 is confirmed");
        assert_eq!(router.status()["clock"], "ok");
        assert_eq!(router.updates(), 1);
        assert_eq!(router.sim.connections().len(), 0, "no TLS was tried");
    }
}

/// A clock that is not set, for pages that are asked over https for the address.
#[test]
fn pain_11_no_page_is_asked_over_tls_either() {
    let router = Router::new();
    let page = router.sim.echo_url();
    router.configure(&router.home(&format!("option source web\nlist url '{page}'")));
    router.sim.set_echo("8.8.4.4");
    once_at(&router, "@1970-01-01 00:01:00")
        .expect(75)
        .says("the router's clock is not set");
    router.once().expect(0).says("8.8.4.4 is confirmed");
    assert_eq!(
        (router.sim.requests().len(), router.sim.connections().len()),
        (2, 0)
    );
}

/// A router that boots in 1970 with an address that is confirmed has nothing to
/// send, before NTP and after.
#[test]
fn pain_11_a_boot_before_ntp_sends_nothing_again() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    for time in [
        "@1970-01-01 00:01:00",
        "@2020-06-01 12:00:00",
        "@2037-01-01 00:00:00",
    ] {
        router.reboot();
        once_at(&router, time).expect(0).says("unchanged");
        router.once().expect(0).says("unchanged");
    }
    assert_eq!(router.updates(), 1);
}

/// “NTP was there after ten seconds, the updater an hour later.” The event of
/// the time daemon wakes a pass.
#[test]
fn pain_11_the_step_of_the_clock_wakes_a_pass() {
    let router = Router::with_address("8.8.4.4");
    once_at(&router, "@1970-01-01 00:01:00").expect(75);
    let start = Instant::now();
    let mut event = router.command(&["event"]);
    event.env("ACTION", "step").env("stratum", "16");
    ran(event.output().expect("the program runs")).expect(0);
    assert!(router.sim.wait_for_requests(1, HANG), "no pass came");
    wait_until("the process in the background ends", || {
        is_free(&router, "event.lock")
    });
    assert!(start.elapsed() < HANG);
    assert_eq!(router.home_status()["outcome"], "confirmed");
    assert_eq!(router.updates(), 1);
}

fn is_free(router: &Router, lock: &str) -> bool {
    let file = File::open(router.path("run").join(lock));
    file.is_ok_and(|file| file.try_lock().is_ok())
}
