//! A refusal holds the address that was refused.

use std::fs;

use serde_json::Value;

use crate::{STATIC, fault, force};
use wansync_sim::KEY;
use wansync_test_support::Router;
use wansync_test_support::clocks::{at_wall, moved};
use wansync_test_support::ran;

/// Seen in the field: 403 for 8.8.4.4, then the WAN gets 8.8.8.8.
#[test]
fn another_address_is_tried_at_once_and_the_first_stays_held() {
    let router = Router::with_address("8.8.4.4");
    fault(&router, "error=message,code=403,text=Not this one");
    router.once().expect(77).says("home: refused");
    router
        .once()
        .expect(77)
        .says("home: held: the service refused before (127.0.0.1: HTTP status 403: Not this one)");
    router.set_address("8.8.8.8");
    router.once().expect(77).says("home: refused");
    router.once().expect(77).says("home: held");
    router.sim.clear();
    router.set_address("9.9.9.9");
    router.once().expect(0).says("home: confirmed: 9.9.9.9");
    // Also after a reboot, and after another address was confirmed.
    for reboots in [false, true] {
        router.set_address("8.8.4.4");
        if reboots {
            router.reboot();
        }
        router
            .once()
            .expect(77)
            .says("home: held: the service refused before (");
    }
    assert_eq!(router.updates(), 1, "since the faults were cleared");
}

/// At most 3 refused sends a day for one address, 6 in all; reboots included.
#[test]
fn three_refusals_of_an_address_and_six_in_all() {
    let router = Router::with_address("8.8.4.4");
    fault(&router, "error=message");
    for round in 0..4 {
        for address in ["8.8.4.4", "8.8.8.8", "9.9.9.9"] {
            router.set_address(address);
            force(&router).expect(77);
            if round % 2 == 1 {
                router.reboot();
            }
        }
    }
    let sent = router.sent();
    assert_eq!(sent.len(), 6, "{sent:?}");
    for address in ["8.8.4.4", "8.8.8.8", "9.9.9.9"] {
        assert!(sent.iter().filter(|sent| *sent == address).count() <= 3);
    }
    router.set_address("1.0.0.1");
    router
        .once()
        .expect(77)
        .says("the service refused 6 times within 24 h (127.0.0.1 says: ")
        .says("so no address is sent, not even with --force");
    // A day later all may be tried again.
    let later = moved(&at_wall(&router.command(&["once"]), "+86500"), 86_500);
    let mut later = later;
    ran(later.output().expect("unshare runs"))
        .expect(77)
        .says("home: refused");
}

/// Seen in the field: `once --force` sent a refused key up to three times a day.
#[test]
fn force_skips_the_pause_and_says_so_where_a_limit_stops_it() {
    let router = Router::with_address("8.8.4.4");
    fault(&router, "error=message");
    for _ in 0..3 {
        force(&router).expect(77).says("home: refused");
        router.once().expect(77).says("home: held");
    }
    force(&router)
        .expect(77)
        .says("home: held: the service refused 3 times within 24 h (127.0.0.1 says: ")
        .says("so 8.8.4.4 is not sent, not even with --force")
        .says("a changed configuration or key ends the hold at once");
    assert_eq!(router.updates(), 3);
    assert_eq!(router.home_status()["outcome"], "held");
    router.sim.clear();
    router.configure(&router.home(&format!("{STATIC}\noption hostname 'router-1'")));
    router.once().expect(0).says("home: confirmed");
}

/// The version before knows dates alone, and holds by them.
#[test]
fn the_version_before_finds_the_dates_of_the_refusals() {
    let router = Router::with_address("8.8.4.4");
    fault(&router, "error=message");
    for _ in 0..2 {
        force(&router).expect(77);
    }
    let read = |path| -> Value {
        let text = fs::read_to_string(path).expect("it was written");
        serde_json::from_str(&text).expect("JSON")
    };
    let state = read(router.path("run/skydns.home.json"));
    let record = read(router.record());
    for section in [&state, &record["sections"]["home"]] {
        let dates = section["refusals"].as_array().expect("a list");
        assert_eq!(dates.len(), 2, "{section}");
        assert!(dates.iter().all(Value::is_i64), "{section}");
        let words = section["trouble"].as_str().expect("words");
        assert!(words.contains("127.0.0.1 says: "), "{section}");
    }
}

/// A key that was put right, under the same name of its file.
#[test]
fn a_changed_key_file_frees_every_address() {
    let router = Router::new();
    let file = router.path("key");
    fs::write(&file, "wrong-key\n").expect("written");
    let key_file = format!("option key_file '{}'", file.display());
    let home = router.home(STATIC);
    router.configure(&home.replace(&format!("option key '{KEY}'"), &key_file));
    for _ in 0..3 {
        force(&router).expect(77);
    }
    fs::write(&file, format!("{KEY}\n")).expect("written");
    router.reboot();
    router.once().expect(0).says("home: confirmed");
}
