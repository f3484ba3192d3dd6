//! A state that cannot be written.

use std::process::Stdio;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::gate::{CONFIRMS, Gate};
use crate::small::{SmallState, contains};
use wansync_test_support::daemon::Daemon;
use wansync_test_support::netifd::up;
use wansync_test_support::waiting::wait_until;
use wansync_test_support::{Router, ran_with_input};

/// Room for the files of a state, and for little else.
const SIZE: &str = "64k";

/// A pass whose state folder is full when the service answers.
fn filled_while_sending(router: &Router, gate: &Gate, state: &SmallState, arguments: &[&str]) {
    let mut pass = state.enter(&router.command(arguments));
    let pass = pass.stdin(Stdio::null()).stdout(Stdio::piped());
    let pass = pass.stderr(Stdio::piped()).spawn().expect("it runs");
    let request = gate.request();
    assert!(contains(&state.path("skydns.home.json"), "was being sent"));
    state.fill();
    request.answer(200, CONFIRMS);
    let ran = wansync_test_support::ran(pass.wait_with_output().expect("it is ours"));
    ran.expect(0)
        .says("home: confirmed: 8.8.4.4 is confirmed")
        .says("skydns.home.json: No space left on device");
}

/// Seen in the field: tmpfs fills between the two writes of a pass. Nobody answers a second send.
#[test]
fn what_the_record_alone_could_remember_is_not_sent_again() {
    let (router, gate) = (Router::new(), Gate::new());
    router.configure(&gate.section("home", "8.8.4.4"));
    let state = SmallState::new(&router, SIZE);
    filled_while_sending(&router, &gate, &state, &["once"]);
    state
        .run(&router, &["status"])
        .expect(0)
        .says("home  confirmed ")
        .says("confirmed 8.8.4.4");
    // While it is full, and after there is room.
    state
        .run(&router, &["once"])
        .expect(0)
        .says("home: unchanged");
    state.make_room();
    for _ in 0..2 {
        state
            .run(&router, &["once"])
            .expect(0)
            .says("home: unchanged: 8.8.4.4 is what the service confirmed");
    }
    // The same for an address that the record has already.
    filled_while_sending(&router, &gate, &state, &["once", "--force"]);
    state.make_room();
    state
        .run(&router, &["once"])
        .expect(0)
        .says("home: unchanged");
}

/// A refusal is not forgotten either.
#[test]
fn a_refusal_that_the_record_alone_could_remember_holds() {
    let (router, gate) = (Router::new(), Gate::new());
    router.configure(&gate.section("home", "8.8.4.4"));
    let state = SmallState::new(&router, SIZE);
    let mut pass = state.enter(&router.command(&["once"]));
    let mut pass = pass.stdin(Stdio::null()).spawn().expect("it runs");
    let request = gate.request();
    state.fill();
    request.answer(403, r#"{"response":{"status":"error","message":"no"}}"#);
    assert_eq!(pass.wait().expect("it is ours").code(), Some(77));
    state.make_room();
    state
        .run(&router, &["once"])
        .expect(77)
        .says("home: held: the service refused before (");
}

/// Seen in the field: /var full or read-only; status said "no pass yet", and nothing else.
#[test]
fn a_full_or_read_only_state_is_said() {
    for is_full in [true, false] {
        let router = Router::with_address("8.8.4.4");
        let state = SmallState::new(&router, SIZE);
        let why = match is_full {
            true => {
                state.fill();
                "No space left on device"
            }
            false => {
                state.forbid_writing();
                "Read-only file system"
            }
        };
        let once = state.run(&router, &["once"]).expect(75);
        let once = once.says(why).says("nothing is sent");
        // What the history lacks is another matter.
        let said = |line: &&str| line.contains(why) && !line.contains("the history lacks");
        let said = once.stderr.lines().filter(said).count();
        assert_eq!(said, 1, "{}", once.stderr);
        let run = router.path("run").display().to_string();
        state
            .run(&router, &["status"])
            .expect(0)
            .says(&format!("cannot write {run}: {why}"))
            .says("until it can be written, nothing is sent");
        let status = state
            .run(&router, &["status", "--format", "json"])
            .expect(0);
        let status: serde_json::Value = serde_json::from_str(&status.stdout).expect("JSON");
        let warning = status["warnings"][0].as_str().expect("a warning");
        assert!(warning.contains(why), "{warning}");
        state
            .run(&router, &["status", "--format", "prometheus"])
            .expect(0)
            .says("wansync_state_writable 0\n");
        let reply = call(&router, &state, "once", "{}");
        let message = reply["message"].as_str().expect("words");
        assert!(
            message.contains(&format!("cannot write {run}: {why}")),
            "{reply}"
        );
        assert_eq!(router.updates(), 0);
    }
    let router = Router::with_address("8.8.4.4");
    router
        .run(&["status", "--format", "prometheus"])
        .expect(0)
        .says("wansync_state_writable 1\n");
    assert!(router.status()["warnings"].is_null());
    assert!(!router.path("run").exists());
}

/// A call over ubus where the state is.
fn call(router: &Router, state: &SmallState, method: &str, arguments: &str) -> Value {
    let command = state.enter(&router.command(&["rpcd", "call", method]));
    ran_with_input(command, arguments.as_bytes())
        .expect(0)
        .json()
}

/// Seen: "pending" for ever, and a request for each poll.
#[test]
fn names_for_which_there_is_no_room_are_an_error() {
    let (router, gate) = (Router::new(), Gate::new());
    router.configure(&gate.section("home", "8.8.4.4"));
    let state = SmallState::new(&router, SIZE);
    let ask = || call(&router, &state, "profiles", r#"{"section":"home"}"#);
    assert_eq!(ask(), json!({"pending": true}));
    let name = "p".repeat(80);
    let names = (0..900).map(|id| (id.to_string(), json!(name)));
    let data = Value::Object(names.collect());
    let body = json!({"response": {"status": "ok", "data": data}});
    gate.request().answer(200, &body.to_string());
    let mut reply = Value::Null;
    wait_until("an answer", || {
        reply = ask();
        reply["pending"] != true
    });
    assert_eq!(reply["error"], "file.cannot_write", "{reply}");
}

/// A daemon whose state is full says so, and goes on when there is room.
#[test]
fn a_daemon_without_room_sends_nothing_until_there_is() {
    let router = Router::new();
    router.configure(&router.home("option network 'wan'"));
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let state = SmallState::new(&router, SIZE);
    let command = state.enter(&router.command(&["daemon"]));
    let mut daemon = Daemon::start(command, router.path("daemon.log"));
    daemon.says("8.8.4.4 is confirmed");
    state.fill();
    ubus.set_interface("wan", up("8.8.8.8"));
    daemon.says("until it can be written, nothing is sent");
    assert_eq!(router.updates(), 1);
    state.make_room();
    daemon.signal(Signal::USR1);
    daemon.says("8.8.8.8 is confirmed");
    assert_eq!(router.updates(), 2);
}
