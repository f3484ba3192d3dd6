//! The init script's effects on procd, cron and the owner.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::process::Command;

use wansync_sim::KEY;

use crate::staged::{CRONTAB, Staged};
use wansync_test_support::ran;

const DACHA: &str = "config tunnel 'dacha'\noption name 'user356'\noption network 'vpnki0'\n\
    option wan 'wan2'\noption ping '172.16.0.1'\n";

/// A router whose service runs in this mode.
fn running(mode: &str) -> Staged {
    let staged = Staged::new();
    staged.configure(&format!("option mode '{mode}'"), &staged.home("8.8.4.4"));
    staged.service("start").expect(0);
    staged
}

#[test]
fn from_hotplug_and_cron_nothing_stays_resident() {
    let staged = running("hook");
    assert_eq!(
        staged.procd(),
        Some(vec!["trigger config wansync".to_owned()])
    );
    assert_eq!(staged.cron_lines().len(), 1);
    assert_eq!(staged.bound(), ["8.8.4.4"], "a pass follows the start");
    assert!(staged.has("tmp/run/wansync/started"));
    assert_eq!(staged.mode("tmp/run/wansync"), 0o700);
    // Once more changes nothing.
    let before = staged.files(&["etc"]);
    staged.service("start").expect(0);
    assert_eq!(staged.files(&["etc"]), before);
    assert_eq!(staged.cron_restarts(), 1);
    assert_eq!(staged.log(), "");
}

#[test]
fn the_daemon_is_described_to_procd() {
    let staged = running("daemon");
    let dacha = format!("{}{DACHA}", staged.home("8.8.4.4"));
    staged.configure("option mode 'daemon'", &dacha);
    staged.write("sbin/ujail", "");
    fs::set_permissions(
        staged.path("sbin/ujail"),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .expect("a mode");
    for action in ["start", "reload"] {
        staged.service(action).expect(0);
        assert_eq!(staged.procd_lines("instance").len(), 1);
        assert_eq!(
            staged.procd_lines("param"),
            [
                "command /usr/bin/wansync -c /var/run/wansync/config daemon",
                "respawn 3600 5 0",
                "stderr 1",
                "reload_signal HUP",
                "file /etc/config/wansync",
                "user wansync",
                "group wansync",
                "no_new_privs 1",
                "capabilities /etc/capabilities/wansync.json",
            ]
        );
        assert_eq!(staged.procd_lines("jail"), ["wansync log procfs"]);
        assert_eq!(
            staged.procd_lines("mount_rw"),
            ["/etc/wansync /var/run/wansync"]
        );
        let networks = [
            "config wansync",
            "interface.* vpnki0 /etc/init.d/wansync reload",
            "interface.* wan2 /etc/init.d/wansync reload",
        ];
        assert_eq!(staged.procd_lines("trigger"), networks);
        assert_eq!(
            staged.crontab(),
            CRONTAB,
            "the daemon looks again by itself"
        );
        assert_eq!(
            staged.read("tmp/run/wansync/config"),
            staged.read("etc/config/wansync")
        );
        assert_eq!(staged.mode("tmp/run/wansync/config"), 0o600);
        assert_eq!(staged.mode("etc/config/wansync"), 0o600);
    }
}

/// The user of the daemon, and its rights, follow from what its sections need.
#[test]
fn the_daemon_has_no_more_privileges_than_it_needs() {
    let fix = "option route '172.16.0.0/16'\noption fix_route '1'\n";
    let (raw, admin) = (
        "/etc/capabilities/wansync.json",
        "/etc/capabilities/wansync-route.json",
    );
    let fixed = format!("{DACHA}{fix}");
    let own = format!("{DACHA}option notify '/bin/true'\n");
    let service = format!(
        "{DACHA}option on_down 'restart'\noption service 'openvpn'\noption instance 'vpnki'\n"
    );
    let handshake = DACHA.replace("vpnki0", "wg0");
    let table = [
        (true, "", "wansync", true, ""),
        (true, DACHA, "wansync", true, raw),
        (true, &fixed, "wansync", true, admin),
        (true, &handshake, "wansync", true, admin),
        (true, &own, "root", false, ""),
        (true, &service, "root", false, ""),
        (false, "", "wansync", false, ""),
        (false, DACHA, "root", false, ""),
        (false, &fixed, "root", false, ""),
        (false, &own, "root", false, ""),
    ];
    let staged = running("daemon");
    staged.write(
        "etc/config/network",
        "config interface 'wg0'\n\toption proto 'wireguard'\n",
    );
    let mut instances = Vec::new();
    for (ujail, tunnel, user, jail, capabilities) in table {
        fs::remove_file(staged.path("sbin/ujail")).ok();
        if ujail {
            fs::copy(staged.path("bin/logger"), staged.path("sbin/ujail")).expect("a program");
        }
        staged.configure(
            "option mode 'daemon'",
            &format!("{}{tunnel}", staged.home("8.8.4.4")),
        );
        staged.service("reload").expect(0);
        let params = staged.procd_lines("param");
        let said = |what: &str| params.iter().find_map(|line| line.strip_prefix(what));
        let case = format!("ujail {ujail}, {tunnel}: {params:?}");
        assert_eq!(said("user ").unwrap_or("root"), user, "{case}");
        assert_eq!(!staged.procd_lines("jail").is_empty(), jail, "{case}");
        assert_eq!(said("capabilities ").unwrap_or(""), capabilities, "{case}");
        instances.push((user, jail, capabilities, staged.procd_lines("instance")));
    }
    // HUP would not change it, so it is another instance; and the same where nothing changed.
    for (a, first) in instances.iter().enumerate() {
        for second in &instances[a..] {
            let is_same = (first.0, first.1, first.2) == (second.0, second.1, second.2);
            assert_eq!(first.3 == second.3, is_same, "{first:?} {second:?}");
        }
    }
}

/// Who reloads may have changed why.
#[test]
fn that_the_daemon_runs_as_root_is_said_at_each_start_and_reload() {
    let staged = running("daemon");
    staged.configure(
        "option mode 'daemon'",
        &format!(
            "{}{DACHA}option notify '/bin/true'\n",
            staged.home("8.8.4.4")
        ),
    );
    for action in ["start", "reload", "restart", "reload"] {
        staged
            .service(action)
            .expect(0)
            .says("the daemon runs as root: it runs programs of the owner");
    }
}

/// All that a refused configuration must leave as it was.
fn running_state(staged: &Staged) -> impl PartialEq + std::fmt::Debug {
    let on_flash = staged.files(&["etc/crontabs", "etc/rc.d"]);
    let copy = staged.read("tmp/run/wansync/config");
    let calls = staged.read("tmp/procd/calls");
    (
        on_flash,
        staged.procd(),
        calls,
        staged.cron_restarts(),
        copy,
    )
}

const WRONG: [(&str, &str); 3] = [
    (
        "config skydns 'home'\noption ident 'user1'\noption key 'x'\noption refresh 'never'\n",
        "line 6: error: section 'home': option 'refresh'",
    ),
    ("config skydns 'home\n", "at line 3"),
    (
        "config skydns 'home'\noption ident 'user1'\noption key_file '/etc/none'\n",
        "the key file /etc/none does not exist",
    ),
];

#[test]
fn a_configuration_with_an_error_changes_nothing() {
    for (mode, actions) in [
        ("hook", &["reload", "restart"][..]),
        ("daemon", &["reload", "restart", "start"]),
    ] {
        let staged = running(mode);
        let before = running_state(&staged);
        for (wrong, why) in WRONG {
            staged.configure(&format!("option mode '{mode}'"), wrong);
            for action in actions {
                fs::remove_file(staged.path("tmp/log")).ok();
                // It is printed for the person who types the command, too.
                staged.service(action).expect(1).says(why).says("refused");
                assert!(staged.log().contains(why), "{}", staged.log());
                assert_eq!(running_state(&staged), before, "{mode} {action}");
            }
        }
    }
}

/// At a boot there is nothing to keep: then procd at least hears of the repair.
#[test]
fn a_boot_with_an_error_waits_for_the_repair() {
    let staged = running("daemon");
    staged.configure("option mode 'daemon'", "config skydns 'home'\n");
    staged.reboot();
    assert_eq!(
        staged.procd(),
        Some(vec!["trigger config wansync".to_owned()])
    );
    staged.configure("option mode 'daemon'", &staged.home("8.8.4.4"));
    staged.service("reload").expect(0);
    assert_eq!(staged.procd_lines("instance").len(), 1);
}

/// Neither does a crash of the old process, which starts with its own copy.
#[test]
fn a_refused_configuration_leaves_the_process() {
    let staged = Staged::new();
    staged.configure("option mode 'daemon'", &staged.home("8.8.4.4"));
    let script = "mkdir -p /tmp/procd; touch /tmp/procd/live; /etc/init.d/wansync reload; \
        was=$(cat /tmp/procd/pid); sed -i s/8.8.4.4/8.8.4/ /etc/config/wansync; \
        for action in reload start restart; do /etc/init.d/wansync $action && exit 3; done; \
        [ $was = \"$(cat /tmp/procd/pid)\" ] || exit 4; kill -0 $was || exit 5; \
        grep -q 8.8.4.4 /var/run/wansync/config || exit 6; /etc/init.d/wansync stop";
    staged.run(script).expect(0).says("option 'address'");
    assert!(staged.log().contains("this configuration is refused"));
}

/// The daemon goes on with the configuration that it has, whole; once there is room, it gets
/// the new one.
#[test]
fn a_full_var_leaves_the_process_and_its_configuration() {
    let staged = Staged::new();
    staged.configure("option mode 'daemon'", &staged.home("8.8.4.4"));
    let script = "mkdir -p /tmp/procd; touch /tmp/procd/live; \
        busybox mount -t tmpfs -o size=64k none /tmp/run; wansync=/etc/init.d/wansync; \
        $wansync reload; was=$(cat /tmp/procd/pid); sed -i s/8.8.4.4/8.8.8.8/ /etc/config/wansync; \
        cat /dev/urandom >/tmp/run/full && exit 3; \
        for action in reload start restart; do $wansync $action && exit 4; done; \
        kill -0 $was || exit 5; [ $was = \"$(cat /tmp/procd/pid)\" ] || exit 6; \
        grep -q 8.8.4.4 /var/run/wansync/config || exit 7; \
        set -- /tmp/run/.wansync.*; [ ! -e \"$1\" ] || exit 8; \
        rm /tmp/run/full; $wansync restart || exit 9; \
        grep -q 8.8.8.8 /var/run/wansync/config || exit 10; $wansync stop";
    let done = staged.run(script).expect(0);
    done.says("cannot write /var/run/wansync/config: what ran before goes on as it was");
}

/// Of the configuration, and of a key in a file of its own. procd has the daemon
/// read both again; from hotplug and cron a pass does.
#[test]
fn a_reload_is_enough_for_a_change() {
    for mode in ["hook", "daemon"] {
        let staged = Staged::new();
        let home = staged.home("8.8.4.4");
        let home = home.replace(
            &format!("option key '{KEY}'"),
            "option key_file '/etc/wansync/skydns.key'",
        );
        staged.configure(&format!("option mode '{mode}'"), &home);
        staged.write("etc/wansync/skydns.key", "wrong\n");
        let until =
            |what: &str| format!("until wansync status | grep -q '{what}'; do sleep 0.1; done");
        let script = format!(
            "mkdir -p /tmp/procd; touch /tmp/procd/live; reload='/etc/init.d/wansync reload'; \
             chmod 600 /etc/wansync/skydns.key; $reload; {}; \
             echo {KEY} >/etc/wansync/skydns.key; $reload; {}; \
             sed -i s/8.8.4.4/8.8.8.8/ /etc/config/wansync; $reload; {}; \
             /etc/init.d/wansync stop",
            until("Invalid provider key"),
            until("confirmed 8.8.4.4"),
            until("confirmed 8.8.8.8"),
        );
        let done = Command::new("timeout")
            .arg("100")
            .args(words(&staged.command(&script)))
            .output();
        ran(done.expect("it runs")).expect(0);
        assert_eq!(staged.sim.requests().len(), 3, "{mode}");
    }
}

fn words(command: &Command) -> Vec<OsString> {
    let program = command.get_program();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(OsStr::to_owned).collect()
}

/// A section that is wrong does not delay switching the service off.
#[test]
fn what_is_disabled_ends_whatever_else_is_wrong() {
    for mode in ["hook", "daemon"] {
        let staged = running(mode);
        let main = format!("option mode '{mode}'\noption enabled '0'");
        staged.configure(&main, "config skydns 'home'\n");
        for _ in 0..2 {
            staged.service("reload").expect(0);
            assert!(staged.procd_lines("instance").is_empty());
            assert_eq!(staged.crontab(), CRONTAB);
            assert!(!staged.has("tmp/run/wansync/started"));
        }
    }
}

#[test]
fn the_mode_changes_there_and_back_twice() {
    let staged = running("hook");
    for _ in 0..2 {
        staged.configure("option mode 'daemon'", &staged.home("8.8.4.4"));
        staged.service("reload").expect(0);
        assert_eq!(staged.procd_lines("instance").len(), 1);
        assert_eq!(staged.crontab(), CRONTAB);
        staged.configure("option mode 'hook'", &staged.home("8.8.4.4"));
        staged.service("reload").expect(0);
        assert!(staged.procd_lines("instance").is_empty());
        assert_eq!(staged.cron_lines().len(), 1);
        assert!(!staged.has("tmp/run/wansync/config"));
    }
    assert_eq!(
        staged.sim.requests().len(),
        1,
        "nothing was sent a second time"
    );
}

#[test]
fn what_is_stopped_does_nothing_until_it_is_started() {
    for mode in ["hook", "daemon"] {
        let staged = running(mode);
        for _ in 0..2 {
            staged.service("stop").expect(0);
            assert_eq!(staged.crontab(), CRONTAB);
            assert_eq!(staged.procd(), None);
            assert!(!staged.has("tmp/run/wansync/started"));
        }
        for _ in 0..2 {
            staged.service("start").expect(0);
            assert!(staged.has("tmp/run/wansync/started"));
        }
        assert_eq!(staged.cron_lines().len(), usize::from(mode == "hook"));
    }
}

/// The state that lasts until a reboot lasts over a restart.
#[test]
fn a_restart_sends_nothing_and_leaves_cron_alone() {
    let staged = running("hook");
    let (restarts, flash) = (staged.cron_restarts(), staged.files(&["etc"]));
    for _ in 0..2 {
        staged.service("restart").expect(0);
    }
    assert_eq!(staged.sim.requests().len(), 1);
    assert_eq!(staged.cron_restarts(), restarts);
    assert_eq!(staged.files(&["etc"]), flash);
}

/// procd.sh's lock is the service's: a pass that goes on for minutes would have
/// every later action wait for it.
#[test]
fn the_pass_in_the_background_does_not_hold_the_services_lock() {
    let staged = Staged::new();
    staged.configure("", &staged.home("8.8.4.4"));
    staged.sim.fault(
        "status=503".parse().expect("a fault"),
        wansync_sim::Times::All,
    );
    let script = "/etc/init.d/wansync start; \
        for _ in 1 2 3 4 5 6 7 8 9 10; do pidof wansync >/dev/null && break; sleep 1; done; \
        flock -w 10 /var/lock/procd_wansync.lock true || exit 4; \
        pidof wansync >/dev/null || exit 3";
    staged.run(script).expect(0);
}

/// What a person types at the service reaches the program, with its options, and nothing
/// waits for the lock of the service meanwhile.
#[test]
fn the_service_passes_commands_on() {
    let staged = running("hook");
    staged
        .service("help")
        .expect(0)
        .says("\tcheck           Ask each link")
        .says("\tonce            One pass now")
        .never_says("not found");
    staged
        .service("check --offline")
        .expect(0)
        .says("ok    /etc/config/wansync: 1 skydns sections, 1 in use");
    let forced = staged.service("once --force home").expect(0);
    forced.says("home: confirmed: 8.8.4.4 is confirmed");
    staged.service("once other").expect(64);
    let status = staged.service("status").expect(0);
    assert!(status.stdout.starts_with("running\nwansync "), "{status:?}");
    let plugin = staged.service("status --check").expect(0);
    assert!(plugin.stdout.starts_with("WANSYNC OK - "), "{plugin:?}");
    staged.service("stop").expect(0);
    let status = staged.service("status").expect(0);
    assert!(
        status.stdout.starts_with("inactive\nwansync "),
        "{status:?}"
    );
    // Whoever asks how it is holds up nobody who starts it.
    let unlocked = "flock -n /var/lock/procd_wansync.lock true && echo free";
    staged.write(
        "tmp/command",
        &format!("#!/bin/sh\n{unlocked} >/tmp/answer\n"),
    );
    let text = staged.home("8.8.4.4").replace(
        "option source 'static'\noption address '8.8.4.4'",
        "option source 'command'\noption command '/tmp/command'",
    );
    staged.configure("", &text);
    staged.run("chmod 755 /tmp/command").expect(0);
    staged.service("once --dry-run");
    assert_eq!(staged.read("tmp/answer"), "free\n");
}

/// A report has the router's own words: its release, and the last lines of the log.
#[test]
fn a_report_of_the_router() {
    let staged = running("hook");
    staged.write("tmp/sysinfo/model", "A Router v1\n");
    let lines: String = (1..=80)
        .map(|n| format!("wansync: line {n} of user1\n"))
        .collect();
    // A key in a file is known, too, and be it that of a section that is disabled.
    let off = "config vpnki 'off'\noption enabled 0\noption key_file '/etc/wansync/off.key'\n";
    staged.configure("", &format!("{}{off}", staged.home("8.8.4.4")));
    staged.write("etc/wansync/off.key", "another-key-0123\n");
    let log = format!("other: a line\n{lines}wansync: key another-key-0123\n");
    staged.write("tmp/log", &log);
    let report = staged.run("wansync report").expect(0);
    let release = "release: OpenWrt 24.10.4 r28959-29397011cc ath79/generic mips_24kc\n";
    let report = report.says(release).says("\nmodel: A Router v1\n");
    let report = report.says("\n== log ==\nwansync: line 22 of login-1\n");
    report
        .says("wansync: line 80 of login-1\nwansync: key ***\n")
        .never_says("other: ")
        .never_says(KEY);
}
