//! Answers of netifd, ubusd and procd that are not as they should be.

use serde_json::{Value, json};

use crate::night::Night;
use wansync_sim::ubus::UbusFault;
use wansync_test_support::random::Random;
use wansync_test_support::tunnel::{NETWORK, tunnel_status, wan_status};

const OPTIONS: &str = "option down_after 1\noption on_down restart\n\
                       option service openvpn\noption instance vpnki\n";
/// The exit codes of what is wrong, and of what is not.
const CODES: [i32; 5] = [0, 1, 69, 75, 78];

/// `check` and a pass end with a code of their own, and say something.
#[track_caller]
fn commands_end(night: &Night, at: i64, what: &str) {
    for command in ["check", "once"] {
        let ran = night.run_at(at, &[command]);
        let is_known = ran.code.is_some_and(|code| CODES.contains(&code));
        assert!(
            is_known,
            "{what}: {command}: {:?}, {}",
            ran.code,
            ran.said()
        );
        assert!(ran.stdout.contains("dacha: "), "{what}: {}", ran.said());
        ran.never_says("panicked").never_says("fault of wansync");
    }
}

#[test]
fn fields_that_are_missing_or_of_another_type() {
    let night = Night::with(OPTIONS);
    let others = [
        json!(null),
        json!("x"),
        json!(""),
        json!(-1),
        json!(1_u64 << 40),
        json!(true),
        json!([]),
        json!([1, {}, [{}], "x"]),
        json!({"target": [], "mask": "x"}),
        json!("\u{7f}\n'"),
        json!("x".repeat(5000)),
    ];
    let mut random = Random::new(7);
    let mut rounds = (0..).step_by(60);
    let wan = wan_status("8.8.4.4");
    for (name, status) in [(NETWORK, tunnel_status(NETWORK)), ("wan", wan)] {
        for field in status.as_object().expect("an object").keys() {
            let mut changed = status.clone();
            for value in [Value::Null, random.one_of(&others).clone()] {
                changed[field] = value;
                night.bed.ubus.set_interface(name, changed.clone());
                let what = format!("{name}: {field}: {}", changed[field]);
                commands_end(&night, rounds.next().expect("more"), &what);
            }
        }
        night.bed.ubus.set_interface(name, status);
    }
}

#[test]
fn instances_that_are_none() {
    let night = Night::with(OPTIONS);
    for (at, instance) in (0..).step_by(400).zip([
        json!(null),
        json!("x"),
        json!([]),
        json!({}),
        json!({"running": "yes", "respawn": []}),
        json!({"running": 1, "respawn": "x"}),
        json!({"running": true, "respawn": {"retry": "x"}}),
    ]) {
        let ubus = &night.bed.ubus;
        ubus.set_instance("openvpn", "vpnki", instance.clone());
        commands_end(&night, at, &instance.to_string());
    }
}

#[test]
fn a_bus_that_is_none() {
    let night = Night::with(OPTIONS);
    for (at, fault) in (0..).step_by(400).zip([
        UbusFault::Garbage,
        UbusFault::Close,
        UbusFault::Unknown,
        UbusFault::Refuse,
        UbusFault::Drip,
    ]) {
        night.bed.ubus.set_fault(fault);
        commands_end(&night, at, &format!("{fault:?}"));
    }
}
