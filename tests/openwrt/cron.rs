//! The line in root's crontab.

use std::os::unix::fs::symlink;

use crate::staged::{CRONTAB, Staged};

/// Cron's fields for an interval, on a router with this address.
fn fields(staged: &Staged, interval: &str) -> String {
    staged.configure(
        &format!("option interval '{interval}'"),
        &staged.home("8.8.4.4"),
    );
    staged.service("reload").expect(0);
    let lines = staged.cron_lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let (fields, rest) = lines[0].split_once("; ").expect("a command");
    assert_eq!(
        rest,
        "[ -d /var/run/wansync/started ] && /usr/bin/wansync once >/dev/null 2>&1 # by /etc/init.d/wansync"
    );
    fields.to_owned()
}

/// The minute of the router whose address is 02:00:5e:10:00:01: an upgrade keeps it.
#[test]
fn an_interval_becomes_a_schedule() {
    let staged = Staged::new();
    for (interval, expected) in [
        ("30", "* * * * * sleep 23"),
        ("7m", "2-59/6 * * * * sleep 23"),
        ("5h", "32 2-23/4 * * * sleep 23"),
    ] {
        assert_eq!(fields(&staged, interval), expected, "{interval}");
    }
}

#[test]
fn each_router_has_an_offset_of_its_own() {
    let staged = Staged::new();
    let mut seen = std::collections::BTreeSet::new();
    for number in 0..12 {
        let address = format!("02:00:5e:10:00:{number:02x}\n");
        staged.write("sys/class/net/eth0/address", &address);
        let first = fields(&staged, "30m");
        assert_eq!(first, fields(&staged, "30m"), "it stays");
        seen.insert(first);
    }
    assert!(seen.len() > 6, "{seen:?}");
}

/// An address that is made up at each boot would have the line written anew.
#[test]
fn an_address_that_is_made_up_is_passed_over() {
    let staged = Staged::new();
    staged.write("sys/class/net/eth0/addr_assign_type", "1\n");
    staged.write("sys/class/net/br-lan/address", "02:00:5e:10:00:77\n");
    staged.write("sys/class/net/br-lan/addr_assign_type", "3\n");
    let first = fields(&staged, "30m");
    staged.write("sys/class/net/eth0/address", "02:00:5e:10:99:99\n");
    assert_eq!(fields(&staged, "30m"), first);
}

#[test]
fn no_other_line_is_touched() {
    for text in [
        CRONTAB,
        "",
        "no newline at the end",
        "\n\n",
        "* * * * * a\r\n",
    ] {
        let staged = Staged::new();
        staged.write("etc/crontabs/root", text);
        let ours = |text: &str| !text.ends_with("# by /etc/init.d/wansync");
        for _ in 0..2 {
            fields(&staged, "5m");
            let kept = staged.crontab();
            let kept: Vec<&str> = kept.split('\n').filter(|line| ours(line)).collect();
            assert_eq!(
                kept.join("\n").trim_end_matches('\n'),
                text.trim_end_matches('\n')
            );
            staged.service("stop").expect(0);
            match text {
                // Of a crontab without a line nothing is left.
                "" => assert!(!staged.has("etc/crontabs/root")),
                "no newline at the end" => assert_eq!(staged.crontab(), format!("{text}\n")),
                _ => assert_eq!(staged.crontab(), text),
            }
        }
    }
}

#[test]
fn lines_of_ours_that_are_too_many_become_one() {
    let staged = Staged::new();
    let line = "*/9 * * * * /usr/bin/wansync once # by /etc/init.d/wansync\n";
    staged.write("etc/crontabs/root", &format!("{line}{CRONTAB}{line}"));
    fields(&staged, "5m");
    assert!(staged.crontab().starts_with(CRONTAB));
}

#[test]
fn a_crontab_elsewhere_stays_there() {
    let staged = Staged::new();
    staged.write("root/crontab", CRONTAB);
    std::fs::remove_file(staged.path("etc/crontabs/root")).expect("it was there");
    symlink("/root/crontab", staged.path("etc/crontabs/root")).expect("a link");
    let read = || staged.read("root/crontab");
    staged.configure("", &staged.home("8.8.4.4"));
    staged.service("start").expect(0);
    assert!(read().starts_with(CRONTAB) && read().len() > CRONTAB.len());
    staged.service("stop").expect(0);
    assert_eq!(read(), CRONTAB);
    let what = std::fs::symlink_metadata(staged.path("etc/crontabs/root"));
    assert!(what.expect("a link").is_symlink());
}

#[test]
fn who_has_cron_disabled_is_reported() {
    let staged = Staged::new();
    staged.write("tmp/cron.disabled", "");
    staged.configure("", &staged.home("8.8.4.4"));
    staged.service("start").expect(0).says("cron is disabled");
}

/// Cron writes the metrics as long as the service runs, in either mode; what is old is
/// taken away.
#[test]
fn the_metrics_are_written_each_minute() {
    for mode in ["hook", "daemon"] {
        let staged = Staged::new();
        let main = format!("option mode '{mode}'\noption textfile '/var/prometheus/w.prom'");
        staged.configure(&main, &staged.home("8.8.4.4"));
        for action in ["start", "start", "restart"] {
            staged.service(action).expect(0);
            let lines = staged.cron_lines();
            assert_eq!(lines.len(), if mode == "hook" { 2 } else { 1 }, "{lines:?}");
            let line = lines.last().expect("a line");
            let command = line.strip_prefix("* * * * * ").expect("each minute");
            staged.run(command).expect(0);
            let text = staged.read("tmp/prometheus/w.prom");
            assert!(text.contains("\nwansync_enabled 1\n"), "{text}");
            assert_eq!(staged.mode("tmp/prometheus/w.prom"), 0o644);
        }
        assert_eq!(staged.cron_restarts(), 1, "nothing has changed since");
        staged.service("stop").expect(0);
        assert_eq!(staged.crontab(), CRONTAB, "{mode}");
        assert!(!staged.has("tmp/prometheus/w.prom"));
        staged.service("start").expect(0);
        let command = staged.cron_lines().pop().expect("a line");
        staged.configure(&format!("option mode '{mode}'"), &staged.home("8.8.4.4"));
        staged
            .run(command.strip_prefix("* * * * * ").expect("each minute"))
            .expect(0);
        assert!(staged.has("tmp/prometheus/w.prom"));
        staged.service("reload").expect(0);
        assert!(!staged.has("tmp/prometheus/w.prom"));
        assert_eq!(staged.cron_lines().len(), usize::from(mode == "hook"));
    }
}

#[test]
fn a_crontab_is_given_no_other_name_than_that_of_a_file() {
    let staged = Staged::new();
    for path in [
        "/tmp/a;reboot.prom",
        "/tmp/a b.prom",
        "a.prom",
        "/tmp/a%b.prom",
        "/tmp/a.txt",
    ] {
        let main = format!("option textfile '{path}'");
        staged.configure(&main, &staged.home("8.8.4.4"));
        staged.service("start").says("ends in .prom");
        assert_eq!(staged.crontab(), CRONTAB);
    }
}
