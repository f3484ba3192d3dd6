//! A day of an installed package: flash wears with each write, and a write
//! below `/etc` moves the clock with which the router boots.

use std::process::Command;

use crate::staged::{Known, Staged};
use crate::support::{clocks, program, ran};

/// What is on flash and may change.
fn flash(staged: &Staged) -> Vec<(String, Known)> {
    let files = staged.files(&["etc", "lib", "usr/share"]);
    files.into_iter().collect()
}

/// What cron's line has done, so many seconds after the test began.
fn cron(staged: &Staged, seconds: i64) {
    let mut once = program();
    once.arg("-c").arg(staged.path("etc/config/wansync"));
    once.arg("--state").arg(staged.path("tmp/run/wansync"));
    once.arg("--record").arg(staged.path("etc/wansync"));
    once.arg("once");
    let mut moved: Command = clocks::at_wall(&once, &format!("+{seconds}"));
    moved = clocks::moved(&moved, seconds);
    ran(moved.output().expect("it runs")).expect(0);
}

/// What happens on the router, so many seconds after the test began.
fn happens(staged: &Staged, seconds: i64, script: &str) {
    let moved = clocks::moved(&staged.command(script), seconds).output();
    ran(moved.expect("it runs")).expect(0);
}

/// A renewal as netifd tells of it; and one that has the address come again.
const RENEWALS: &str = "export ACTION=ifupdate INTERFACE=wan DEVICE=eth1
    IFUPDATE_DATA=1 hotplug-call iface
    IFUPDATE_ADDRESSES=1 hotplug-call iface
    for _ in 1 2 3 4 5 6 7 8 9 10; do pidof wansync >/dev/null || break; sleep 1; done";

/// A re-check every five minutes, renewals every hour, a reboot every three
/// hours, another address at noon: of these 288 passes, 48 events and 8 boots one
/// writes, and it writes the record.
#[test]
fn a_day_at_rest_writes_nothing() {
    let staged = Staged::new();
    staged.configure("option interval '5m'", &staged.home("8.8.4.4"));
    staged.service("reload").expect(0);
    assert_eq!(staged.bound(), ["8.8.4.4"]);
    let mut before = flash(&staged);
    let mut writes = Vec::new();
    for step in 1..=288 {
        if step == 144 {
            staged.configure("option interval '5m'", &staged.home("8.8.8.8"));
            before = flash(&staged);
        }
        if step % 12 == 0 {
            happens(&staged, step * 300, RENEWALS);
        }
        if step % 36 == 0 {
            staged.lose_power();
            happens(&staged, step * 300, "/etc/rc.d/S95wansync boot");
        }
        cron(&staged, step * 300);
        let after = flash(&staged);
        let changed = after.iter().filter(|file| !before.contains(file));
        writes.extend(changed.map(|(name, _)| format!("{step}: {name}")));
        before = after;
    }
    assert_eq!(staged.bound(), ["8.8.8.8"]);
    assert_eq!(writes, ["144: etc/wansync", "144: etc/wansync/record"]);
    assert_eq!(staged.sim.requests().len(), 2);
}
