//! Installation, upgrade and removal of the packages themselves, with either
//! manager, twice each.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use wansync_pack::tree::Node;

use crate::package::{modes, packages, recipe};
use crate::staged::{CRONTAB, Staged};

const MANAGERS: [&str; 2] = ["opkg", "apk"];

/// Everything but what is lost at a reboot.
const FLASH: [&str; 5] = ["bin", "etc", "lib", "sbin", "usr"];

/// The files of the package, but for what the managers know of it.
fn names(staged: &Staged) -> BTreeSet<String> {
    let known = ["usr/lib/opkg", "lib/apk/db"];
    let mut names: BTreeSet<String> = staged.files(&FLASH).into_keys().collect();
    names.retain(|name| !known.iter().any(|folder| name.starts_with(folder)));
    names
}

const INSTALLED: [&str; 25] = [
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
    "usr/bin/wansync",
    "usr/libexec",
    "usr/libexec/rpcd",
    "usr/libexec/rpcd/wansync",
    "usr/share",
    "usr/share/acl.d",
    "usr/share/acl.d/wansync.json",
    "usr/share/rpcd",
    "usr/share/rpcd/acl.d",
    "usr/share/rpcd/acl.d/wansync.json",
    "usr/share/wansync",
    "usr/share/wansync/notify-mail",
    "usr/share/wansync/notify-telegram",
];

/// The files that OpenWrt's own scripts look for, on apk.
const OF_APK: [&str; 6] = [
    "lib/apk",
    "lib/apk/packages",
    "lib/apk/packages/wansync.conffiles",
    "lib/apk/packages/wansync.conffiles_static",
    "lib/apk/packages/wansync.list",
    "lib/apk/packages/wansync.rusers",
];

#[test]
fn an_installation_puts_everything_in_its_place() {
    for manager in MANAGERS {
        let staged = Staged::bare();
        let before = names(&staged);
        staged.manage(&format!("{manager} install"));
        let new: Vec<String> = names(&staged).difference(&before).cloned().collect();
        let mut expected = INSTALLED.to_vec();
        expected.extend(OF_APK.iter().filter(|_| manager == "apk"));
        expected.sort_unstable();
        assert_eq!(new, expected, "{manager}");
        for file in ["etc/passwd", "etc/group"] {
            let lines = staged.read(file);
            let ours = lines.lines().filter(|line| line.starts_with("wansync:"));
            assert_eq!(ours.count(), 1, "{manager}: {lines}");
        }
        assert_eq!(staged.mode("etc/config/wansync"), 0o600);
        assert_eq!(staged.mode("etc/wansync"), 0o700);
        assert_eq!(staged.mode("etc/init.d/wansync"), 0o755);
        // The owner's file is as it was shipped, or each upgrade would leave another.
        let shipped = include_str!("../../openwrt/wansync/files/wansync.config");
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

/// rpcd reads its plug-ins and rights again, whatever happens to them.
#[test]
fn rpcd_knows_the_object_for_as_long_as_it_is_installed() {
    for manager in MANAGERS {
        let staged = Staged::bare();
        let reloads = |staged: &Staged| {
            let text = staged.read("tmp/rpcd");
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        staged.manage(&format!("{manager} install"));
        assert_eq!(reloads(&staged), ["reload 2"], "{manager}");
        staged
            .run("/usr/libexec/rpcd/wansync list")
            .expect(0)
            .says("\"check_result\"");
        staged.manage(&format!("{manager} upgrade"));
        assert_eq!(reloads(&staged), ["reload 2"; 2], "{manager}");
        staged.manage(&format!("{manager} remove"));
        assert_eq!(
            reloads(&staged).last().map(String::as_str),
            Some("reload 0")
        );
        // A router without it, and an image that is being built.
        let staged = Staged::bare();
        fs::remove_file(staged.path("etc/init.d/rpcd")).expect("a file");
        staged.manage(&format!("{manager} install"));
        assert!(!staged.has("tmp/rpcd"));
    }
    for (name, script) in recipe(1).scripts {
        let built = format!("{script}\nexit $?");
        let staged = Staged::bare();
        staged
            .run(&format!(
                "export IPKG_INSTROOT=/image PKG_UPGRADE=1\n{built}"
            ))
            .expect(0);
        assert!(!staged.has("tmp/rpcd"), "{name}");
    }
}

/// The methods of the plug-in, each of which is to be read or to be written.
#[test]
fn the_rights_name_every_method_once() {
    let text = include_str!("../../openwrt/wansync/files/rpcd-acl.json");
    let acl: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let methods = |right: &str| -> Vec<String> {
        let list = acl["wansync"][right]["ubus"]["wansync"].as_array();
        let list = list.expect("methods").iter();
        list.map(|name| name.as_str().unwrap_or_default().to_owned())
            .collect()
    };
    assert_eq!(methods("read"), ["status", "history", "check_result"]);
    let mut all = [methods("read"), methods("write")].concat();
    all.sort_unstable();
    let listed = wansync_core::rpcd::SIGNATURES;
    let listed: serde_json::Value = serde_json::from_str(listed).expect("JSON");
    let listed = listed.as_object().expect("an object");
    let mut known: Vec<String> = listed.keys().cloned().collect();
    known.sort_unstable();
    assert_eq!(all, known);
    // A reader sees no key.
    assert!(acl["wansync"]["read"].get("uci").is_none());
    let said = acl["wansync"]["description"].as_str();
    assert!(said.is_some_and(|said| said.contains("is root on this router")));
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
            assert_eq!(staged.procd_lines("instance").len(), 1);
            assert_eq!(staged.read("etc/config/wansync"), edited);
            assert!(!staged.has("etc/uci-defaults/95-wansync"));
        }
        assert!(staged.has("usr/bin/wansync") && staged.has("etc/rc.d/S95wansync"));
    }
}

/// procd keeps a process whose instance is what it was, as a reload shows. opkg
/// stops the old one; on apk nothing does but the package's own script.
#[test]
fn an_upgrade_and_a_removal_end_the_old_process() {
    for manager in MANAGERS {
        let staged = Staged::bare();
        staged.manage(&format!("{manager} install"));
        staged.configure("option mode 'daemon'", &staged.home("8.8.4.4"));
        let first = staged.manager(&format!("{manager} upgrade"));
        let second = first.replace("/pkg/2/", "/pkg/3/");
        let remove = staged.manager(&format!("{manager} remove"));
        let upgraded = |command: &str| {
            format!(
                "was=$(cat /tmp/procd/pid); kill -0 $was || exit 3; {command}; \
                 now=$(cat /tmp/procd/pid); [ $was != $now ] || exit 4; \
                 kill -0 $was && exit 5; kill -0 $now || exit 6; \
                 /etc/init.d/wansync reload; [ $now = \"$(cat /tmp/procd/pid)\" ] || exit 7; "
            )
        };
        // The second time of one that is disabled, and was started by hand.
        let script = format!(
            "mkdir -p /tmp/procd; touch /tmp/procd/live; /etc/init.d/wansync reload; {}\
             /etc/init.d/wansync disable; {}\
             {remove}; pidof wansync && exit 8; [ ! -e /var/run/wansync ]",
            upgraded(&first),
            upgraded(&second),
        );
        staged.run(&script).expect(0);
    }
}

/// The owner's configuration, and one that no owner has touched.
#[test]
fn an_upgrade_leaves_no_second_configuration() {
    for manager in MANAGERS {
        for is_edited in [false, true] {
            let staged = Staged::bare();
            staged.manage(&format!("{manager} install"));
            if is_edited {
                staged.configure("option mode 'daemon'", &staged.home("8.8.4.4"));
            }
            let before = staged.read("etc/config/wansync");
            for _ in 0..2 {
                staged.manage(&format!("{manager} upgrade"));
                assert_eq!(staged.read("etc/config/wansync"), before);
            }
            let all = names(&staged);
            let beside: Vec<&String> = all
                .iter()
                .filter(|name| name.ends_with("-opkg") || name.ends_with(".apk-new"))
                .collect();
            // The owner learns once that there is a newer default beside his own.
            let expected = match (is_edited, manager) {
                (false, _) => vec![],
                (true, "opkg") => vec!["etc/config/wansync-opkg"],
                (true, _) => vec!["etc/config/wansync.apk-new"],
            };
            assert_eq!(beside, expected, "{manager}");
        }
    }
}

/// OpenWrt's build and ours read the same Makefile.
#[test]
fn the_packages_hold_what_openwrts_build_would_put_there() {
    let staged = Staged::bare();
    let made = staged.built_by_make();
    let (ipk, apk) = packages()[0].read();
    let files = modes(&made.join("files"));
    assert_eq!(files.len(), 14, "{files:?}");
    for tree in [&ipk.tree, &apk.tree] {
        for (name, mode) in &files {
            let entry = tree.get(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(entry.mode, *mode, "{name}");
            if name == "usr/libexec/rpcd/wansync" {
                let link = fs::read_link(made.join("files").join(name)).expect("a link");
                assert_eq!(entry.node, Node::Symlink("/usr/bin/wansync".into()));
                assert_eq!(link, Path::new("/usr/bin/wansync"));
            } else if name != "usr/bin/wansync" {
                let content = fs::read(made.join("files").join(name)).expect("a file");
                let packed = tree.content(&format!("/{name}"));
                assert_eq!(packed, Some(content.as_slice()), "{name}");
            }
        }
    }
    assert_eq!(ipk.tree.absolute_paths().count(), files.len());
    for (name, script) in recipe(1).scripts {
        let text = fs::read_to_string(made.join(&name)).expect("a script");
        assert_eq!(script.trim_end(), text.trim_end(), "{name}");
    }
    let conffiles = fs::read_to_string(made.join("conffiles")).expect("a list");
    assert_eq!(ipk.conffiles(), Ok(conffiles.lines().collect()));
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
                        ![
                            "usr/share",
                            "lib/upgrade",
                            "lib/apk",
                            // A newer default beside the owner's file, at the second round.
                            "etc/config/wansync-opkg",
                            "etc/config/wansync.apk-new",
                        ]
                        .iter()
                        .any(|f| name.starts_with(f))
                    })
                    .cloned()
                    .collect();
                let mut kept = vec!["etc/capabilities", "etc/config/wansync", "etc/wansync"];
                kept.extend((mode == "hook").then_some("etc/wansync/record"));
                kept.push("etc/wansync/skydns.key");
                // Folders of others' stay.
                kept.extend(["usr/libexec", "usr/libexec/rpcd"]);
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
        let staged = Staged::bare();
        staged.manage(&format!("{manager} install"));
        staged.configure("", &staged.home("8.8.4.4"));
        staged.sim.fault(
            "status=503".parse().expect("a fault"),
            wansync_sim::Times::All,
        );
        let remove = staged.manager(&format!("{manager} remove"));
        let script = format!(
            "/etc/init.d/wansync start; sleep 2; pidof wansync >/dev/null || exit 3; \
             {remove}; pidof wansync && exit 4; exit 0"
        );
        staged.run(&script).expect(0);
        assert!(!staged.has("tmp/run/wansync"));
    }
}
