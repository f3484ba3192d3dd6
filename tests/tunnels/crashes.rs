//! Killed at any moment, and files that are not what they were.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};

use crate::night::{Night, QUICK_OPTIONS, holds};
use wansync_sim::ubus::procd;
use wansync_test_support::tunnel::{NETWORK, Restart};

#[test]
fn killed_between_two_restarts() {
    let night = Night::with(QUICK_OPTIONS);
    night.bed.on_restart(Restart::Useless);
    let mut daemon = night.daemon();
    night.bed.stall();
    night.restarted(&mut daemon, 1);
    daemon.kill();
    let mut daemon = night.daemon();
    // A round of the second one, which finds it dead, and leaves it alone.
    night.finds(&mut daemon, "; the last attempt has not helped yet");
    night.restarted(&mut daemon, 1);
    let tunnel = night.tunnel();
    assert_eq!(tunnel["restarts_last_hour"], 1);
    assert_eq!(tunnel["state"], "down");
}

#[test]
fn killed_between_down_and_up() {
    let night = Night::with(QUICK_OPTIONS);
    let mut daemon = night.daemon();
    let victim: Arc<Mutex<Option<Pid>>> = Arc::new(Mutex::new(Some(daemon.pid())));
    night.bed.ubus.on_down(NETWORK, move || {
        if let Some(pid) = victim.lock().expect("no panic").take() {
            kill_process(pid, Signal::KILL).expect("it lives");
        }
    });
    night.bed.stall();
    assert!(!daemon.ended().success());
    night
        .bed
        .wait("it is down", |bed| bed.ubus.called("down", NETWORK) == 1);
    assert_eq!((night.restarts(), night.bed.restarts()), (1, 0));

    let mut daemon = night.daemon();
    daemon.until("call of up", |_| night.bed.restarts() >= 1);
    night.is(&mut daemon, "up");
    assert_eq!(night.restarts(), 1);
    assert_eq!(night.tunnel()["restarts_last_hour"], 1);
}

/// procd has the signal, and its answer comes to nobody.
#[test]
fn killed_while_procd_signals_the_service() {
    let service = "option service openvpn\noption instance vpnki\n";
    let night = Night::with(&format!("{QUICK_OPTIONS}{service}"));
    let ubus = &night.bed.ubus;
    let running = procd::running(7, Some([3600, 5, 0]));
    ubus.set_instance("openvpn", "vpnki", running);
    let mut daemon = night.daemon();
    let victim = Mutex::new(Some(daemon.pid()));
    let signals = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&signals);
    ubus.on_signal("openvpn", "vpnki", move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        if let Some(pid) = victim.lock().expect("no panic").take() {
            kill_process(pid, Signal::KILL).expect("it lives");
        }
    });
    night.bed.stall();
    assert!(!daemon.ended().success());
    // The next one counts it as an attempt, and leaves netifd alone.
    let mut daemon = night.daemon();
    night.finds(&mut daemon, "; the last attempt has not helped yet");
    assert_eq!(night.tunnel()["restarts_last_hour"], 1);
    assert_eq!(signals.load(Ordering::Relaxed), 1, "{}", daemon.log());
    assert_eq!((night.restarts(), night.bed.restarts()), (0, 0));
}

#[test]
fn damaged_files() {
    let night = Night::with("option on_down restart\noption down_after 3");
    for name in ["tunnel.dacha.json", "vpnki.account.json"] {
        let path = night.bed.router.path("run").join(name);
        let whole = fs::read(&path).expect("it is there");
        let half = &whole[..whole.len() / 2];
        for damage in [
            b"".as_slice(),
            half,
            b"\xff\xfe{}",
            b"[]",
            b"{\"boot_id\":7}",
        ] {
            fs::write(&path, damage).expect("it is written");
            night
                .pass_at(0)
                .expect(0)
                .says("dacha: up: 172.16.0.1 answers");
        }
    }
    assert_eq!(night.restarts(), 0);
}

/// Of a later hour, which no clock can have shown, or of another boot.
#[test]
fn files_of_another_time() {
    let night = Night::with("option on_down restart\noption down_after 1");
    night.pass_at(50_000).expect(0);
    let path = night.bed.router.path("run/tunnel.dacha.json");
    let text = fs::read_to_string(&path).expect("it is there");
    let later = text
        .replace(
            "\"attempts\":[]",
            "\"attempts\":[4000000000,4000000000,4000000000]",
        )
        .replace("\"not_before\":0", "\"not_before\":4000000000");
    assert_ne!(later, text);
    fs::write(&path, later).expect("it is written");
    night.bed.stall();
    let ran = night.pass_at(0).expect(1);
    holds(&ran.stdout, "dacha: down: ");
    assert_eq!(night.restarts(), 0, "the WAN may be new");
    // At worst the budget is used up for an hour.
    night.bed.on_restart(Restart::Useless);
    night.pass_at(3700).expect(1).says("restarting its network");

    let at = text.find("boot_id").expect("it has one") + "boot_id\":\"".len();
    let mut other = text.clone();
    other.replace_range(at..at + 4, "0000");
    fs::write(&path, other).expect("it is written");
    let done = night.restarts();
    night
        .pass_at(3800)
        .expect(1)
        .says("has not answered for 0 s")
        .says(" for the WAN to settle");
    assert_eq!(night.restarts(), done, "what was before counts for nothing");
}
