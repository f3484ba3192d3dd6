//! A day of an installed package: flash wears with each write, and a write
//! below `/etc` moves the clock with which the router boots.

use std::fs;
use std::process::Command;
use std::time::SystemTime;

use rustix::process::Signal;

use crate::flash::Flash;
use crate::online::{HOME, Online};
use crate::staged::SETTLE;
use wansync_test_support::daemon::Daemon;
use wansync_test_support::netifd::up;
use wansync_test_support::waiting::wait_until;
use wansync_test_support::{clocks, ran};

/// The folders on flash.
const FLASH: [&str; 4] = ["etc", "lib", "usr", "real"];
const HOUR: i64 = 3600;

/// The files that may be written in a day: the record, at the one change.
const THE_CHANGE: [&str; 4] = [
    "made etc/wansync/record.new",
    "written etc/wansync/record.new",
    "renamed from etc/wansync/record.new",
    "renamed to etc/wansync/record",
];

/// A router whose package is at rest, on a day whose hours the test says.
struct Day {
    online: Online,
    flash: Flash,
    /// The time of the last boot, in seconds of the day.
    booted: i64,
    writes: Vec<String>,
}

impl Day {
    fn begin(mode: &str) -> Day {
        let online = Online::new();
        clocks::put_library(&online.staged.path(""));
        let main = format!("option mode '{mode}'");
        // The first renewal is due after an eighth of it at the earliest.
        let home = format!("{HOME}\toption refresh '30d'\n");
        online.staged.configure(&main, &home);
        online
            .run("/etc/init.d/wansync reload; wansync once")
            .expect(0);
        assert_eq!(online.published(), ["8.8.4.4"]);
        let tomorrow = format!("export {}; date +%s", clocks::PRELOADED);
        online.staged.write("tmp/clock", "+86400");
        let seconds: u64 = online
            .run(&tomorrow)
            .expect(0)
            .stdout
            .trim()
            .parse()
            .expect("a number");
        assert!(seconds > now() + 80_000, "libfaketime moves the clock");
        let flash = Flash::of(&online.staged.path(""), &FLASH);
        Day {
            online,
            flash,
            booted: 0,
            writes: Vec::new(),
        }
    }

    /// In one step: the daemon may read it at any moment.
    fn set_clock(&self, second: i64) {
        let staged = &self.online.staged;
        staged.write("tmp/clock.new", &format!("+{second}"));
        let [new, clock] = ["tmp/clock.new", "tmp/clock"].map(|name| staged.path(name));
        fs::rename(new, clock).expect("the clock is set");
    }

    /// The command at that second of the day.
    fn at(&self, second: i64, command: &Command) -> Command {
        self.set_clock(second);
        let running = second - self.booted + 60;
        self.online.net.enter(&clocks::booted_ago(command, running))
    }

    /// Runs a line of shell at that second of the day, with all that it starts.
    fn run(&mut self, second: i64, script: &str) {
        let script = format!("export {}; {script}\n{SETTLE}", clocks::PRELOADED);
        let command = self.online.staged.command(&script);
        ran(self.at(second, &command).output().expect("it runs")).expect(0);
        self.look(second);
    }

    fn reboot(&mut self, second: i64) {
        self.online.staged.lose_power();
        self.booted = second;
        self.run(second, "/etc/rc.d/S95wansync boot");
    }

    /// Notes the files that were written until now.
    fn look(&mut self, second: i64) {
        let hour = second / HOUR;
        let found = self.flash.writes().into_iter();
        self.writes
            .extend(found.map(|line| format!("{hour}: {line}")));
    }

    /// The record was written once, at noon, and nothing else was.
    fn end(self) {
        let mut writes = self.writes;
        // Root gives what it makes to the user of the folder.
        writes.retain(|line| line != "12: attributes etc/wansync/record.new");
        let expected = THE_CHANGE.map(|line| format!("12: {line}"));
        assert_eq!(writes, expected);
        assert_eq!(self.online.published(), ["8.8.4.4", "8.8.8.8"]);
    }
}

/// Renewals as netifd reports them: one with other data, and one that has the
/// address come again.
const RENEWALS: &str = "export ACTION=ifupdate INTERFACE=wan DEVICE=eth1
    IFUPDATE_DATA=1 hotplug-call iface
    IFUPDATE_ADDRESSES=1 hotplug-call iface";
const CHANGE: &str = "ACTION=ifup INTERFACE=wan DEVICE=eth1 hotplug-call iface";

/// True if cron runs this line in that minute of the day. Of its fields, those
/// that ours has.
fn is_due(line: &str, minute: i64) -> bool {
    let fields: Vec<&str> = line.splitn(6, ' ').collect();
    let is_in = |field: &str, value: i64| match field.split_once("-59/") {
        Some((first, step)) => {
            let (first, step): (i64, i64) = (number(first), number(step));
            value >= first && (value - first) % step == 0
        }
        None => field == "*",
    };
    assert_eq!(&fields[1..5], ["*", "*", "*", "*"], "{line}");
    is_in(fields[0], minute % 60)
}

fn number(text: &str) -> i64 {
    text.parse().expect("a number")
}

/// From hotplug and cron: cron's line as it stands in the crontab, whenever cron
/// would run it; renewals, a reboot every three hours, another address at noon.
#[test]
fn a_day_from_hotplug_and_cron_writes_nothing_but_the_change() {
    let mut day = Day::begin("hook");
    let line = day.online.staged.cron_lines().remove(0);
    let command = day.online.staged.cron_command();
    let mut passes = 0;
    for minute in 1..=24 * 60 {
        let second = minute * 60;
        if minute % 180 == 0 {
            day.reboot(second);
        }
        if minute == 12 * 60 + 1 {
            day.online.ubus.set_interface("wan", up("8.8.8.8"));
            day.run(second, CHANGE);
        }
        if minute % 120 == 30 {
            day.run(second, RENEWALS);
        }
        if is_due(&line, minute) {
            day.run(second, &command);
            passes += 1;
        }
    }
    assert_eq!(passes, 288);
    day.end();
}

/// The daemon: a pass every five minutes, as its own re-checks are; it crashes and
/// is there again each hour, the router reboots every three.
#[test]
fn a_day_of_the_daemon_writes_nothing_but_the_change() {
    let mut day = Day::begin("daemon");
    for hour in 0..24 {
        let begin = hour * HOUR;
        if hour % 3 == 0 {
            day.reboot(begin);
        }
        let mut daemon = respawned(&day, begin);
        if hour == 12 {
            day.online.ubus.set_interface("wan", up("8.8.8.8"));
            wait_until("the change is published", || {
                day.online.published().len() == 2
            });
        }
        for step in 1..12 {
            pass(&mut day, &mut daemon, begin + step * 300);
        }
        let mut renewed = up(if hour < 12 { "8.8.4.4" } else { "8.8.8.8" });
        renewed["data"] = serde_json::json!({"leasetime": hour});
        day.online.ubus.set_interface("wan", renewed);
        day.run(begin + 57 * 60, RENEWALS);
        pass(&mut day, &mut daemon, begin + 58 * 60);
        daemon.kill();
        day.look(begin);
    }
    day.end();
}

/// The daemon as procd was given it to run.
fn respawned(day: &Day, second: i64) -> Daemon {
    let params = day.online.staged.procd_lines("param");
    let command = params.iter().find_map(|line| line.strip_prefix("command "));
    let script = format!(
        "export {}; exec {}",
        clocks::PRELOADED,
        command.expect("the daemon")
    );
    let log = day.online.staged.path("tmp/daemon.log");
    let command = day.at(second, &day.online.staged.resident(&script));
    let daemon = Daemon::start(command, log);
    wait_until("the daemon runs", || day.online.ubus.subscriptions() == 1);
    daemon
}

/// A pass of the daemon at that second of the day.
fn pass(day: &mut Day, daemon: &mut Daemon, second: i64) {
    day.set_clock(second);
    daemon.signal(Signal::USR1);
    day.run(second, "wansync status >/dev/null");
}

fn now() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed();
    since.expect("it is past 1970").as_secs()
}
