//! Many tunnels, and many looks.

use std::fmt::Write as _;
use std::fs;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::night::Night;
use wansync_test_support::daemon::Daemon;
use wansync_test_support::tunnel::{FAR, NAME, NETWORK, ROUTE};

const TUNNELS: usize = 200;

/// They share a network, which is but a warning.
#[test]
fn two_hundred_tunnels() {
    let night = Night::new();
    let mut sections = night.bed.account("");
    for n in 0..TUNNELS {
        write!(
            sections,
            "config tunnel 't{n}'\noption vpnki account\noption name {NAME}\n\
             option network {NETWORK}\noption ping {FAR}\noption route {ROUTE}\n\
             option interval 5\noption down_after 2\n"
        )
        .expect("a string takes it");
    }
    night.bed.sections(&sections);
    let mut daemon = night.daemon();
    all_are(&night, &mut daemon, "up");
    let (files, memory) = (descriptors(&daemon), number(&daemon, "VmRSS:"));
    let switches = number(&daemon, "voluntary_ctxt_switches:");
    let used = cpu(&daemon);
    // Some 1,000 looks.
    thread::sleep(Duration::from_secs(25));
    let woken = number(&daemon, "voluntary_ctxt_switches:") - switches;
    assert!(woken < 200, "{woken} wake-ups");
    let used = cpu(&daemon) - used;
    assert!(used < 500, "{used} hundredths of a second for 25 s");
    let more = descriptors(&daemon).saturating_sub(files);
    assert!(more < 5, "{more} descriptors more");
    let grown = number(&daemon, "VmRSS:").saturating_sub(memory);
    assert!(grown < 512, "{grown} KiB more");
    night.bed.stall();
    all_are(&night, &mut daemon, "down");
    assert!(daemon.end().success());
}

fn all_are(night: &Night, daemon: &mut Daemon, state: &str) {
    daemon.until(state, |_| {
        thread::sleep(Duration::from_millis(500));
        let ran = night.run_at(0, &["status", "--format", "json"]).expect(0);
        let status: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let tunnels = status["tunnels"].as_array().expect("a list");
        tunnels.len() == TUNNELS && tunnels.iter().all(|tunnel| tunnel["state"] == state)
    });
}

/// Waits for a moment without echoes under way, which have one each.
fn descriptors(daemon: &Daemon) -> usize {
    let folder = format!("/proc/{}/fd", daemon.pid().as_raw_nonzero());
    let count = |_| {
        thread::sleep(Duration::from_millis(100));
        fs::read_dir(&folder).map_or(usize::MAX, Iterator::count)
    };
    (0..20).map(count).min().expect("there are 20")
}

/// The processor time that the daemon has used, in hundredths of a second, as Linux counts.
fn cpu(daemon: &Daemon) -> u64 {
    let path = format!("/proc/{}/stat", daemon.pid().as_raw_nonzero());
    let text = fs::read_to_string(path).expect("it lives");
    // Its name, in brackets, comes second; the two numbers are the 14th and 15th.
    let rest = text.rsplit(')').next().unwrap_or_default();
    let numbers = rest.split_whitespace().skip(11).take(2);
    numbers.map(|n| n.parse::<u64>().expect("a number")).sum()
}

fn number(daemon: &Daemon, name: &str) -> usize {
    let path = format!("/proc/{}/status", daemon.pid().as_raw_nonzero());
    let text = fs::read_to_string(path).expect("it lives");
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let word = line.and_then(|rest| rest.split_whitespace().next());
    word.and_then(|word| word.parse().ok()).expect("a number")
}
