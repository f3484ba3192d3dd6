//! The history of what a daemon does.

use std::fs;

use serde_json::Value;
use wansync_test_support::Router;
use wansync_test_support::netifd::up;

use crate::{daemon, router};

fn lines(router: &Router) -> Vec<Value> {
    let text = fs::read_to_string(router.path("run/history")).unwrap_or_default();
    let line = |line| serde_json::from_str(line).expect("JSON");
    text.lines().map(line).collect()
}

/// The states of the changes.
fn states(router: &Router) -> Vec<String> {
    let lines = lines(router);
    let states = lines.iter().filter_map(|line| line["n"].as_str());
    states.map(str::to_owned).collect()
}

#[test]
fn each_change_is_a_line_whoever_found_it() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut first = daemon(&router);
    first.until("a line", |_| states(&router).len() == 1);
    ubus.set_interface("wan", crate::pending());
    first.until("a line", |_| states(&router).len() == 2);
    ubus.redial("wan", up("9.9.9.9"));
    first.until("a line", |_| states(&router).len() == 3);
    // One that finds nothing new, beside it.
    router.once().expect(0);
    let written = fs::read(router.path("run/history")).expect("it");
    assert!(first.end().success());
    assert_eq!(states(&router), ["confirmed", "aborted", "confirmed"]);

    // It begins again, and there is nothing to tell.
    let mut second = daemon(&router);
    second.says("running");
    router.once().expect(0).says("unchanged");
    assert!(second.end().success());
    assert_eq!(fs::read(router.path("run/history")).expect("it"), written);

    // After a reboot the first state is told, although it is no news.
    router.reboot();
    let mut third = daemon(&router);
    third.until("a line", |_| states(&router).len() == 1);
    assert!(third.end().success());
    assert_eq!(states(&router), ["confirmed"]);
    assert_eq!(lines(&router).len(), 2);
}
