//! Installation, upgrade and removal, with either package manager, twice each.

use std::collections::BTreeSet;

use crate::staged::{CRONTAB, Staged};

const MANAGERS: [&str; 2] = ["opkg", "apk"];

/// Everything but what is lost at a reboot.
const FLASH: [&str; 6] = ["bin", "etc", "lib", "sbin", "usr", "pkg"];

fn names(staged: &Staged) -> BTreeSet<String> {
    staged.files(&FLASH).into_keys().collect()
}

#[test]
fn an_installation_puts_everything_in_its_place() {
    for manager in MANAGERS {
        let staged = Staged::bare();
        let before = names(&staged);
        staged.manage(&format!("{manager} install"));
        let new: Vec<String> = names(&staged).difference(&before).cloned().collect();
        assert_eq!(
            new,
            [
                "etc/capabilities",
                "etc/capabilities/wansync-route.json",
                "etc/capabilities/wansync.json",
                "etc/config/wansync",
                "etc/hotplug.d/iface/95-wansync",
                "etc/hotplug.d/ntp/95-wansync",
                "etc/init.d/wansync",
                "etc/rc.d/S95wansync",
                "etc/wansync",
                "lib/upgrade",
                "lib/upgrade/keep.d",
                "lib/upgrade/keep.d/wansync",
                "usr/share",
                "usr/share/acl.d",
                "usr/share/acl.d/wansync.json",
            ],
            "{manager}"
        );
        assert_eq!(staged.mode("etc/config/wansync"), 0o600);
        assert_eq!(staged.mode("etc/wansync"), 0o700);
        assert_eq!(staged.mode("etc/init.d/wansync"), 0o755);
        // The owner's file is as it was shipped, or each upgrade would leave another.
        let shipped = staged.read("pkg/files/etc/config/wansync");
        assert_eq!(staged.read("etc/config/wansync"), shipped);
        // Nothing is in use yet.
        assert_eq!(staged.crontab(), CRONTAB);
        assert_eq!(
            staged.procd(),
            Some(vec!["trigger config wansync".to_owned()])
        );
        assert!(!staged.has("tmp/run/wansync"), "{}", staged.log());
    }
}

#[test]
fn an_upgrade_starts_the_new_program() {
    for manager in MANAGERS {
        let staged = Staged::bare();
        staged.manage(&format!("{manager} install"));
        let config = staged.home("8.8.4.4");
        staged.configure("option mode 'daemon'", &config);
        staged.service("reload").expect(0);
        let edited = staged.read("etc/config/wansync");
        for _ in 0..2 {
            let calls = staged.read("tmp/procd/calls").len();
            staged.manage(&format!("{manager} upgrade"));
            let calls = staged.read("tmp/procd/calls")[calls..].to_owned();
            assert!(
                calls.contains("kill wansync\nset wansync\n"),
                "{manager}: {calls}"
            );
            assert_eq!(staged.told("instance").len(), 1);
            assert_eq!(staged.read("etc/config/wansync"), edited);
            assert!(!staged.has("etc/uci-defaults/95-wansync"));
        }
    }
}

#[test]
fn an_upgrade_leaves_one_line_in_the_crontab() {
    for manager in MANAGERS {
        let staged = Staged::bare();
        staged.manage(&format!("{manager} install"));
        let config = staged.home("8.8.4.4");
        staged.configure("", &config);
        staged.service("reload").expect(0);
        let crontab = staged.crontab();
        for _ in 0..2 {
            staged.manage(&format!("{manager} upgrade"));
            assert_eq!(staged.crontab(), crontab, "{manager}");
        }
        assert_eq!(staged.cron_lines().len(), 1);
    }
}

/// Who stopped the service for good does not want an upgrade to start it.
#[test]
fn an_upgrade_does_not_restart_what_is_disabled() {
    let staged = Staged::new();
    staged.configure("option mode 'daemon'", &staged.home("8.8.4.4"));
    staged.service("disable").expect(0);
    let calls = staged.read("tmp/procd/calls").len();
    staged.manage("apk upgrade");
    assert!(!staged.read("tmp/procd/calls")[calls..].contains("kill"));
}

#[test]
fn a_removal_leaves_the_owners_files_and_nothing_else() {
    for manager in MANAGERS {
        for mode in ["hook", "daemon"] {
            let staged = Staged::bare();
            let before = names(&staged);
            for _ in 0..2 {
                staged.manage(&format!("{manager} install"));
                staged.write("etc/wansync/skydns.key", "the key\n");
                let config = staged.home("8.8.4.4");
                staged.configure(&format!("option mode '{mode}'"), &config);
                staged.service("reload").expect(0);
                staged.manage(&format!("{manager} remove"));
                let left: Vec<String> = names(&staged)
                    .difference(&before)
                    .filter(|name| {
                        !["usr/share", "lib/upgrade"]
                            .iter()
                            .any(|f| name.starts_with(f))
                    })
                    .cloned()
                    .collect();
                let mut kept = vec!["etc/capabilities", "etc/config/wansync", "etc/wansync"];
                kept.extend((mode == "hook").then_some("etc/wansync/record"));
                kept.push("etc/wansync/skydns.key");
                assert_eq!(left, kept, "{manager} {mode}");
                assert_eq!(staged.crontab(), CRONTAB, "{manager} {mode}");
                assert_eq!(staged.procd(), None);
                assert!(!staged.has("tmp/run/wansync"));
                std::fs::remove_file(staged.path("etc/wansync/record")).ok();
            }
        }
    }
}

/// A pass that retries, in the background, would make its folder again.
#[test]
fn a_removal_ends_what_runs() {
    for manager in MANAGERS {
        let staged = Staged::new();
        staged.configure("", &staged.home("8.8.4.4"));
        staged.sim.fault(
            "status=503".parse().expect("a fault"),
            wansync_sim::Times::All,
        );
        let script = format!(
            "/etc/init.d/wansync start; sleep 2; pidof wansync >/dev/null || exit 3; \
             . /lib/manager.sh; manager {manager} remove; pidof wansync && exit 4; exit 0"
        );
        staged.run(&script).expect(0);
        assert!(!staged.has("tmp/run/wansync"));
    }
}
