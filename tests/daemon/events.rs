//! `wansync.event` on ubus, for each change, whoever notices it.

use std::time::Instant;

use serde_json::{Value, json};
use wansync_sim::ubus::UbusFault;

use crate::{daemon, pending, router};
use wansync_test_support::events::EventListener;
use wansync_test_support::netifd::up;
use wansync_test_support::waiting::HANG;

const NAME: &str = "wansync.event";

/// The states before and after, and the reason's code.
fn changes(events: &[Value]) -> Vec<[&str; 3]> {
    let text = |event: &'_ Value, name: &str| -> String {
        event[name].as_str().unwrap_or_default().to_owned()
    };
    let of = |event| {
        [
            text(event, "old"),
            text(event, "new"),
            text(event, "reason_code"),
        ]
    };
    events
        .iter()
        .map(|event| of(event).map(|text| &*text.leak()))
        .collect()
}

#[test]
fn the_daemon_sends_one_for_each_change() {
    let router = router("");
    let ubus = router.ubus();
    let listener = EventListener::new(&ubus, NAME).expect("a listener");
    ubus.set_interface("wan", up("8.8.4.4"));
    let mut daemon = daemon(&router);
    daemon.says("8.8.4.4 is confirmed");
    listener.wait(1);
    ubus.set_interface("wan", pending());
    let heard = listener.wait(2);
    assert_eq!(
        changes(&heard),
        [
            ["unknown", "confirmed", "send.confirmed"],
            ["confirmed", "aborted", "source.no_address"],
        ],
        "{heard:?}"
    );
    assert_eq!(heard[0]["type"], "skydns");
    assert_eq!(heard[0]["section"], "home");
    assert_eq!(heard[0]["address"], "8.8.4.4");
    assert_eq!(heard[0]["reason"], "8.8.4.4 is confirmed");
    assert_eq!(heard[0]["reason_args"], json!({"address": "8.8.4.4"}));
    // An argument may be reasons again.
    let state = &heard[1]["reason_args"]["state"][0];
    assert_eq!(state["code"], "network.waits_for_dhcp", "{heard:?}");
    assert_eq!(state["args"], json!({"errors": []}));
}

#[test]
fn a_pass_sends_it_where_no_daemon_runs() {
    let router = router("");
    let ubus = router.ubus();
    let listener = EventListener::new(&ubus, NAME).expect("a listener");
    ubus.set_interface("wan", up("8.8.4.4"));
    router.once().expect(0);
    let heard = listener.wait(1);
    assert_eq!(
        changes(&heard),
        [["unknown", "confirmed", "send.confirmed"]]
    );
    router.once().expect(0);
    router.run(&["once", "--dry-run"]).expect(0);
    assert_eq!(listener.heard().len(), 1, "nothing has changed");
}

#[test]
fn a_pass_waits_for_no_listener() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    // It may not send them, or ubusd says nothing at all.
    ubus.set_fault(UbusFault::Refuse);
    let begun = Instant::now();
    let home = router.home("option source static\noption address 8.8.4.4");
    router.configure(&home);
    router.once().expect(0).says("8.8.4.4 is confirmed");
    ubus.set_fault(UbusFault::Silent);
    router.configure(&home.replace("8.8.4.4", "8.8.8.8"));
    router.once().expect(0).says("8.8.8.8 is confirmed");
    ubus.stop_ubusd();
    router.configure(&home.replace("8.8.4.4", "9.9.9.9"));
    router.once().expect(0).says("9.9.9.9 is confirmed");
    assert!(begun.elapsed() < HANG);
}
