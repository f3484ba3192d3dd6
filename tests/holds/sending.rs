//! `status` while a send is under way.

use std::process::{Child, Command, Stdio};

use crate::gate::{CONFIRMS, Gate};
use wansync_test_support::Router;
use wansync_test_support::waiting::wait_until;

fn start(mut command: Command) -> Child {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(Stdio::null()).spawn().expect("it runs")
}

/// Seen in the field: of a send under way status said "the process ended while …".
#[test]
fn a_send_under_way_is_said_to_be_one_and_a_killed_one_is_not() {
    let (router, gate) = (Router::new(), Gate::new());
    router.configure(&gate.section("home", "8.8.4.4"));
    let mut pass = start(router.command(&["once"]));
    let request = gate.request();
    router
        .run(&["status"])
        .expect(0)
        .says("home  sending      observed 8.8.4.4, confirmed none\n")
        .says("8.8.4.4 is being sent")
        .never_says("ended");
    let status = router.home_status();
    assert_eq!(status["outcome"], "sending");
    assert_eq!(status["reason"], "8.8.4.4 is being sent");
    router
        .run(&["status", "--format", "prometheus"])
        .expect(0)
        .says("wansync_skydns_outcome{section=\"home\",outcome=\"sending\"} 1");
    pass.kill().expect("it lives");
    pass.wait().expect("it is ours");
    router
        .run(&["status"])
        .expect(0)
        .says("home  unconfirmed")
        .says("the process ended while 8.8.4.4 was being sent")
        .never_says("is being sent");
    drop(request);
}

/// A pass over another section sends nothing of the one whose process was killed.
#[test]
fn a_pass_over_another_section_is_no_send_of_this_one() {
    let (router, gate, other) = (Router::new(), Gate::new(), Gate::new());
    router.configure(&format!(
        "{}{}",
        gate.section("home", "8.8.4.4"),
        other.section("office", "8.8.8.8")
    ));
    let mut killed = start(router.command(&["once", "home"]));
    drop(gate.request());
    // Whatever comes of it, one that is killed during its send comes next.
    killed.wait().expect("it is ours");
    let mut killed = start(router.command(&["once", "--force", "home"]));
    let waits = gate.request();
    killed.kill().expect("it lives");
    killed.wait().expect("it is ours");
    drop(waits);
    let mut pass = start(router.command(&["once", "office"]));
    let request = other.request();
    router
        .run(&["status"])
        .expect(0)
        .says("the process ended while 8.8.4.4 was being sent")
        .says("8.8.8.8 is being sent");
    request.answer(200, CONFIRMS);
    assert!(pass.wait().expect("it is ours").success());
    wait_until("it is confirmed", || {
        router.status()["skydns"][1]["outcome"] == "confirmed"
    });
}
