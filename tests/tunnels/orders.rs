//! A tunnel that a person has brought back, over ubus: at once, and within its budget.

use std::fs;
use std::thread;

use serde_json::{Value, json};

use crate::night::{Night, QUICK_OPTIONS};
use wansync_test_support::netns::behind;
use wansync_test_support::ran_with_input;
use wansync_test_support::tunnel::Restart;
use wansync_test_support::waiting::wait_until;

/// The reply to `restart` of this section, so many seconds from now.
#[track_caller]
fn restart(night: &Night, seconds: i64, section: &str) -> Value {
    let command = night.at(seconds, &["rpcd", "call", "restart"]);
    let arguments = json!({ "section": section }).to_string();
    ran_with_input(command, arguments.as_bytes())
        .expect(0)
        .json()
}

#[test]
fn without_a_daemon_it_is_done_by_the_call() {
    let night = Night::with("option on_down restart\noption restart_limit 2");
    let reply = restart(&night, 0, "dacha");
    assert_eq!(reply["done"], true, "{reply}");
    assert_eq!(reply["reason_code"], "act.restart_network");
    assert_eq!(reply["reason_args"], json!({"count": 1, "limit": 2}));
    assert_eq!(night.restarts(), 1);
    // It came back, and goes on as it was.
    night.pass_at(10).expect(0).says("dacha: up: ");
    assert_eq!(night.tunnel_at(11)["restarts_last_hour"], 1);
    assert_eq!(restart(&night, 20, "dacha")["done"], true);
    let reply = restart(&night, 30, "dacha");
    assert_eq!(reply["error"], "act.limit_reached", "{reply}");
    assert_eq!(reply["args"]["count"], 2);
    assert_eq!(night.restarts(), 2);
    assert_eq!(restart(&night, 3700, "dacha")["done"], true);
}

#[test]
fn what_is_left_alone_stays_so() {
    let night = Night::with("option on_down none");
    assert_eq!(restart(&night, 0, "dacha")["error"], "act.nothing_none");
    assert_eq!(restart(&night, 0, "account")["error"], "rpc.no_section");
    night.bed.config("option on_down restart");
    night.bed.wan_down();
    let reply = restart(&night, 0, "dacha");
    assert_eq!(reply["error"], "act.await_wan", "{reply}");
    assert_eq!(night.restarts(), 0);
}

#[test]
fn the_command_is_run_in_the_background() {
    let night = Night::new();
    night.bed.config(
        &night.filled("option on_down command\noption command $HOOK\nlist arg 'modem reset'"),
    );
    night.was_well();
    let reply = restart(&night, 0, "dacha");
    assert_eq!(reply["reason_code"], "act.command", "{reply}");
    wait_until("the command", || !night.notified().is_empty());
    let notified = night.notified();
    assert!(
        notified[0].starts_with("tunnel dacha up up user356 [modem reset]"),
        "{notified:?}"
    );
    assert_eq!(night.restarts(), 0);
}

#[test]
fn a_daemon_does_it_and_knows_of_it() {
    let night = Night::with(&format!("{QUICK_OPTIONS}option restart_limit 1"));
    night.bed.on_restart(Restart::Heals);
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    let reply = restart(&night, 0, "dacha");
    assert_eq!(reply["done"], true, "{reply}");
    night.restarted(&mut daemon, 1);
    daemon.says("dacha: restarting its network, 1 of 1 in an hour, by order");
    let reply = restart(&night, 0, "dacha");
    assert_eq!(reply["error"], "act.limit_reached", "{reply}");
    assert_eq!(restart(&night, 0, "nowhere")["error"], "rpc.no_section");
    night.is(&mut daemon, "up");
    assert_eq!(night.restarts(), 1);
}

#[test]
fn many_orders_at_once_keep_the_budget() {
    let night = Night::with("option on_down restart\noption restart_limit 2");
    let mut commands = Vec::new();
    for _ in 0..8 {
        commands.push(night.at(0, &["rpcd", "call", "restart"]));
    }
    let mut made = Vec::new();
    thread::scope(|scope| {
        let mut calls = Vec::new();
        for command in commands {
            calls.push(scope.spawn(|| ran_with_input(command, br#"{"section":"dacha"}"#)));
        }
        for call in calls {
            let reply = call.join().expect("a reply").expect(0).json();
            if reply["done"] == true {
                made.push(reply["reason_args"]["count"].as_u64());
            } else {
                let code = reply["error"].as_str().expect("a code");
                assert!(["act.limit_reached", "rpc.busy"].contains(&code), "{reply}");
            }
        }
    });
    made.sort_unstable();
    assert_eq!(made, [Some(1), Some(2)]);
    assert_eq!(night.restarts(), 2);
    assert_eq!(night.tunnel_at(1)["restarts_last_hour"], 2);
}

/// Seen: without a pass, the WAN never settled.
#[test]
fn the_wait_for_the_wan_runs_down_without_a_pass() {
    let night = Night::new();
    night.bed.config("option on_down restart");
    for at in [0, 20] {
        let reply = restart(&night, at, "dacha");
        assert_eq!(reply["error"], "act.await_settled_wan", "{reply}");
    }
    assert_eq!(night.restarts(), 0);
    assert_eq!(restart(&night, 31, "dacha")["done"], true);
    assert_eq!(night.restarts(), 1);
}

#[test]
fn what_cannot_be_written_down_is_not_done() {
    let night = Night::with(QUICK_OPTIONS);
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    let file = night.bed.router.path("run/tunnel.dacha.json");
    fs::remove_file(&file).expect("a state");
    fs::create_dir(&file).expect("a folder in its place");
    let reply = restart(&night, 0, "dacha");
    assert_eq!(reply["error"], "file.cannot_write", "{reply}");
    assert_eq!(night.restarts(), 0);
    fs::remove_dir(&file).expect("it is empty");
    let reply = restart(&night, 0, "dacha");
    assert_eq!(reply["reason_args"]["count"], 1, "{reply}");
}

/// The same without an order: each pass would make it anew.
#[test]
fn an_attempt_that_cannot_be_remembered_is_not_made() {
    let mut night = Night::with("option on_down restart\noption down_after 1");
    night.bed.on_restart(Restart::Useless);
    night.bed.vanish();
    let free = night.wrap;
    night.wrap = |command| {
        let script = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
        behind(&["sh", "-c", script, "sh"], command)
    };
    for at in [60, 120] {
        let pass = night.pass_at(at).expect(1);
        pass.says("what cannot be remembered is not done")
            .says("dacha: down: cannot write ");
    }
    assert_eq!(night.restarts(), 0);
    night.wrap = free;
    night
        .pass_at(180)
        .expect(1)
        .says("restarting its network, 1 of 3");
    assert_eq!(night.restarts(), 1);
}
