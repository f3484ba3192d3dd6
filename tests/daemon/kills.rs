//! Killed at any moment.

use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::{daemon, router};
use wansync_test_support::netifd::up;

#[test]
fn a_hundred_kills_at_any_moment() {
    const ROUNDS: u64 = 100;
    let router = router("option daily_limit '288'");
    let ubus = router.ubus();
    let address = |round: u64| format!("8.8.{}.{}", 1 + round / 50, 1 + round % 50);
    for round in 0..ROUNDS {
        let mut daemon = daemon(&router);
        // Some change while the daemon runs, some were changed while none ran.
        thread::sleep(Duration::from_millis(round * 7919 % 150));
        ubus.redial("wan", up(&address(round)));
        thread::sleep(Duration::from_millis(round * 104_729 % 400));
        daemon.kill();
        for file in ["run/skydns.home.json", "run/complaints", "etc/record"] {
            if let Ok(bytes) = fs::read(router.path(file)) {
                let read: Result<Value, _> = serde_json::from_slice(&bytes);
                assert!(read.is_ok(), "round {round}: {file}");
            }
        }
        if round % 4 == 0 {
            assert!(router.home_status().is_object(), "round {round}");
        }
    }
    let last = address(ROUNDS - 1);
    let mut daemon = daemon(&router);
    daemon.until("the last address", |_| {
        router.home_status()["confirmed"] == last.as_str()
    });
    assert_eq!(router.bound(), [last.as_str()]);
    assert!(daemon.end().success());
    let mut times = BTreeMap::new();
    for address in router.sent() {
        *times.entry(address).or_insert(0) += 1;
    }
    assert!(times.values().all(|times| *times <= 2), "{times:?}");
    assert!(times.len() >= 10, "the moments were of no use: {times:?}");
}
