//! A service that is disabled: from hotplug and cron nothing goes on, at once and for
//! ever, and an upgrade starts nothing.

use std::fs;

use crate::hotplug::{is_heard, sections};
use crate::staged::{CRONTAB, Staged};

const MANAGERS: [&str; 2] = ["opkg", "apk"];
const IFUP: &str = "ACTION=ifup INTERFACE=wan DEVICE=eth1";
const LINK: &str = "etc/rc.d/S95wansync";

/// A router whose service runs in this mode.
fn running(mode: &str) -> Staged {
    let staged = Staged::new();
    staged.configure(&format!("option mode '{mode}'"), &sections(&staged));
    staged.service("start").expect(0);
    staged
}

/// Nothing of ours is in use, and no event is heard.
#[track_caller]
fn is_off(staged: &Staged) {
    assert_eq!(staged.crontab(), CRONTAB);
    assert!(staged.procd_lines("instance").is_empty());
    assert!(!staged.has("tmp/run/wansync/started"));
    assert!(!is_heard(staged, "iface", IFUP));
    assert!(!is_heard(staged, "ntp", "ACTION=step stratum=3"));
}

#[test]
fn disable_takes_the_line_out_of_cron_and_ends_hotplug_for_ever() {
    let staged = running("hook");
    assert!(is_heard(&staged, "iface", IFUP));
    let disabled = staged.service("disable").expect(0);
    disabled.says("its line is taken out of cron, and hotplug does nothing more");
    assert!(!staged.has(LINK));
    is_off(&staged);
    staged.reboot();
    is_off(&staged);
    // There is nothing left to be said.
    staged.service("disable").expect(0).never_says("disabled");
    // And back, for ever as well.
    staged.service("enable").expect(0);
    staged.service("start").expect(0).never_says("disabled");
    for _ in 0..2 {
        assert_eq!(staged.cron_lines().len(), 1);
        assert!(is_heard(&staged, "iface", IFUP));
        staged.reboot();
    }
}

#[test]
fn enable_begins_again_what_disable_has_ended() {
    let staged = running("hook");
    let line = staged.cron_lines();
    for _ in 0..2 {
        staged.service("disable").expect(0);
        is_off(&staged);
        staged.service("enable").expect(0);
        assert_eq!(staged.cron_lines(), line);
        assert!(is_heard(&staged, "iface", IFUP));
    }
    // What was stopped before is not.
    staged.service("stop").expect(0);
    staged.service("disable").expect(0);
    staged.service("enable").expect(0);
    is_off(&staged);
}

/// The upgrade starts nothing, and forgets nothing of what `enable` begins again.
#[test]
fn enable_begins_again_after_an_upgrade_what_disable_has_ended() {
    for manager in MANAGERS {
        let staged = Staged::bare();
        staged.manage(&format!("{manager} install"));
        staged.configure("", &sections(&staged));
        staged.service("reload").expect(0);
        let line = staged.cron_lines();
        assert_eq!(line.len(), 1);
        staged.service("disable").expect(0);
        for _ in 0..2 {
            staged.manage(&format!("{manager} upgrade"));
            is_off(&staged);
        }
        staged.service("enable").expect(0);
        assert_eq!(staged.cron_lines(), line, "{manager}");
        assert!(is_heard(&staged, "iface", IFUP), "{manager}");
    }
}

/// procd reloads what it knows at each commit, disabled or not.
#[test]
fn a_change_of_the_configuration_starts_nothing_that_was_disabled() {
    let staged = running("hook");
    staged.service("disable").expect(0);
    for mode in ["hook", "daemon"] {
        staged.configure(&format!("option mode '{mode}'"), &sections(&staged));
        let reloaded = staged.service("reload").expect(0);
        reloaded.says("a change of its configuration starts nothing");
        is_off(&staged);
    }
    // What a person has started hears of it.
    staged.service("start").expect(0);
    staged.configure("option mode 'hook'", &sections(&staged));
    staged.service("reload").expect(0);
    assert_eq!(staged.cron_lines().len(), 1);
}

/// However the link went.
#[test]
fn a_service_without_its_link_hears_nothing() {
    for mode in ["hook", "daemon"] {
        let staged = running(mode);
        fs::remove_file(staged.path(LINK)).expect("the link");
        assert!(!is_heard(&staged, "iface", IFUP), "{mode}");
    }
}

#[test]
fn a_person_may_start_what_is_disabled_until_the_next_boot() {
    let staged = running("hook");
    staged.service("disable").expect(0);
    let lasts = "wansync is disabled: what was started lasts until the next boot";
    staged.service("start").expect(0).says(lasts);
    assert!(is_heard(&staged, "iface", IFUP));
    let command = &staged.cron_command();
    let looked_at = "tmp/run/wansync/lock";
    let cron_looks = || {
        fs::remove_file(staged.path(looked_at)).ok();
        staged.run(command);
        staged.has(looked_at)
    };
    assert!(cron_looks(), "{command}");
    // Once more says nothing new.
    staged.service("start").expect(0).never_says(lasts);
    staged.reboot();
    assert!(!cron_looks(), "{command}");
    assert!(!is_heard(&staged, "iface", IFUP));
    // Enabled while it runs, it stays.
    staged.service("start").expect(0).says(lasts);
    staged.service("enable").expect(0);
    staged.reboot();
    assert!(is_heard(&staged, "iface", IFUP));
}

#[test]
fn the_daemon_of_a_disabled_service_goes_on_until_the_next_boot() {
    let staged = running("daemon");
    staged
        .service("disable")
        .expect(0)
        .says("its daemon goes on until the next boot");
    assert_eq!(staged.procd_lines("instance").len(), 1);
    staged.reboot();
    is_off(&staged);
    staged
        .service("start")
        .expect(0)
        .says("lasts until the next boot");
    assert_eq!(staged.procd_lines("instance").len(), 1);
    staged.service("stop").expect(0);
    is_off(&staged);
}

/// Both managers call `start`, and our own script `restart`.
#[test]
fn an_upgrade_starts_nothing_that_was_disabled() {
    for manager in MANAGERS {
        for mode in ["hook", "daemon"] {
            let staged = Staged::bare();
            staged.manage(&format!("{manager} install"));
            staged.configure(&format!("option mode '{mode}'"), &sections(&staged));
            staged.service("reload").expect(0);
            staged.service("disable").expect(0);
            if mode == "daemon" {
                staged.service("stop").expect(0);
            }
            for _ in 0..2 {
                staged.manage(&format!("{manager} upgrade"));
                is_off(&staged);
                assert!(!staged.has(LINK), "{manager} {mode}");
                staged.reboot();
                is_off(&staged);
            }
            staged.service("start").expect(0);
            assert!(staged.has("tmp/run/wansync/started"), "{manager} {mode}");
        }
    }
}

/// What a person had started goes on, in the new version.
#[test]
fn an_upgrade_leaves_what_was_started_by_hand() {
    for manager in MANAGERS {
        let staged = Staged::bare();
        staged.manage(&format!("{manager} install"));
        staged.configure("", &sections(&staged));
        staged.service("disable").expect(0);
        staged.service("start").expect(0);
        let line = staged.cron_lines();
        staged.manage(&format!("{manager} upgrade"));
        assert_eq!(staged.cron_lines(), line, "{manager}");
        assert!(is_heard(&staged, "iface", IFUP), "{manager}");
    }
}

/// A version before left its line in cron when it was disabled, and its mark.
#[test]
fn an_upgrade_puts_right_what_a_version_before_left() {
    for manager in MANAGERS {
        let staged = Staged::bare();
        staged.manage(&format!("{manager} install"));
        staged.configure("", &sections(&staged));
        staged.service("reload").expect(0);
        fs::remove_file(staged.path(LINK)).expect("the link");
        assert_eq!(staged.cron_lines().len(), 1);
        staged.manage(&format!("{manager} upgrade"));
        is_off(&staged);
    }
}

/// In the image builder there is neither a cron nor a procd to be told.
#[test]
fn in_an_image_only_the_links_are_made() {
    let staged = Staged::new();
    fs::create_dir_all(staged.path("image/etc/rc.d")).expect("a folder");
    let before = staged.files(&["etc", "tmp/run"]);
    for (action, is_there) in [("enable", true), ("disable", false)] {
        let script = format!("IPKG_INSTROOT=/image /etc/init.d/wansync {action}");
        let done = staged.run(&script).expect(0);
        assert_eq!(done.said(), "");
        assert_eq!(staged.has("image/etc/rc.d/S95wansync"), is_there);
    }
    assert_eq!(staged.files(&["etc", "tmp/run"]), before);
}
