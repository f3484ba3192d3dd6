//! The files of the package as such.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::package::packages;
use crate::staged::Staged;
use wansync_test_support::{Router, ran};

fn files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("openwrt/wansync/files")
}

#[test]
fn shellcheck_has_no_complaint() {
    let staged = Staged::bare();
    let mut scripts: Vec<PathBuf> = ["init", "iface", "ntp", "defaults"]
        .iter()
        .map(|name| files().join(format!("wansync.{name}")))
        .collect();
    scripts.extend(["mail", "telegram"].map(|name| files().join(format!("notify-{name}"))));
    let made = staged.built_by_make();
    scripts.extend(["postinst", "prerm"].map(|name| made.join(name)));
    for (name, script) in packages()[0].scripts() {
        staged.write(&format!("checked/{name}"), &script);
        scripts.push(staged.path("checked").join(name));
    }
    let stand_ins = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openwrt/router");
    let ours = "etc/rc.common etc/init.d/cron lib/functions.sh lib/functions/procd.sh \
                sbin/hotplug-call sbin/reload_config bin/apk bin/logger sbin/logread bin/opkg bin/uci";
    scripts.extend(ours.split_whitespace().map(|name| stand_ins.join(name)));
    // What the packages' wrappers source lies on the router.
    let checked = Command::new("shellcheck")
        .args(["-s", "dash", "-e", "SC1090"])
        .args(scripts)
        .output();
    ran(checked.expect("shellcheck: tests/setup installs it")).expect(0);
}

#[test]
fn the_makefile_says_what_the_program_is() {
    let staged = Staged::bare();
    staged.built_by_make();
    let facts = staged.read("made/facts");
    let facts: Vec<&str> = facts.lines().collect();
    assert_eq!(facts[0], format!("wansync {} 1", env!("CARGO_PKG_VERSION")));
    assert!(facts[1].contains("ca-bundle"), "{}", facts[1]);
    assert_eq!(facts[2], "wansync=:wansync=");
    assert_eq!(staged.read("made/conffiles"), "/etc/config/wansync\n");
    assert_eq!(
        staged.read("made/files/lib/upgrade/keep.d/wansync"),
        "/etc/wansync/\n"
    );
}

#[test]
fn the_daemons_user_may_do_what_it_does_and_no_more() {
    let read = |name: &str| -> Value {
        let text = fs::read(files().join(name)).expect("a file");
        serde_json::from_slice(&text).expect("JSON")
    };
    let acl = read("acl.json");
    assert_eq!(acl["user"], "wansync");
    assert_eq!(acl["subscribe"], serde_json::json!(["network.interface"]));
    assert_eq!(acl["listen"], serde_json::json!(["ubus.object.*"]));
    assert_eq!(acl["send"], serde_json::json!(["wansync.event"]));
    // Whatever the program calls is there, and nothing else is.
    let methods = &acl["access"]["network.interface"]["methods"];
    assert_eq!(methods, &serde_json::json!(["dump", "up", "down"]));
    assert_eq!(
        acl["access"].as_object().map(|objects| objects.len()),
        Some(1)
    );
    for (name, expected) in [
        ("capabilities.json", serde_json::json!(["CAP_NET_RAW"])),
        (
            "capabilities-route.json",
            serde_json::json!(["CAP_NET_ADMIN", "CAP_NET_RAW"]),
        ),
    ] {
        let sets = read(name);
        for set in [
            "bounding",
            "effective",
            "ambient",
            "permitted",
            "inheritable",
        ] {
            assert_eq!(sets[set], expected, "{name} {set}");
        }
    }
}

/// Every example that is shipped or documented, as a copy has it.
#[test]
fn every_example_configuration_is_good() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut examples = vec![fs::read_to_string(files().join("wansync.config")).expect("a file")];
    for document in ["README.md", "openwrt/README.md", "openwrt/relay/README.md"] {
        let text = fs::read_to_string(root.join(document)).unwrap_or_default();
        examples.extend(configurations(&text));
    }
    assert!(examples.len() >= 2, "the README has one");
    for example in examples {
        let router = Router::new();
        for name in ["skydns.key", "vpnki.key", "notify"] {
            fs::create_dir_all(router.path("files")).expect("a folder");
            fs::write(router.path("files").join(name), "a-key\n").expect("a file");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
            fs::set_permissions(router.path("files").join(name), mode).expect("a mode");
        }
        let here = router.path("files").display().to_string();
        router.configure_raw(example.replace("/etc/wansync", &here).as_bytes());
        let ran = router.run(&["check", "--offline"]);
        assert_eq!(ran.code, Some(0), "{example}\n{}", ran.said());
        assert!(!ran.said().contains("warning"), "{example}\n{}", ran.said());
    }
}

/// The blocks of a document that are a configuration.
fn configurations(text: &str) -> Vec<String> {
    let blocks = text.split("```").skip(1).step_by(2);
    let bodies = blocks.filter_map(|block| Some(block.split_once('\n')?.1));
    bodies
        .filter(|body| body.starts_with("config "))
        .map(str::to_owned)
        .collect()
}

/// The shipped configuration with everything in it turned on, once it is filled in.
#[test]
fn the_shipped_configuration_is_good_once_it_is_filled_in() {
    let router = Router::new();
    let text = fs::read_to_string(files().join("wansync.config")).expect("a file");
    fs::write(router.path("key"), "a-key").expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(router.path("key"), mode).expect("a mode");
    let key = router.path("key").display().to_string();
    let filled = text
        .replace("enabled '0'", "enabled '1'")
        .replace("ident ''", "ident 'login'")
        .replace("/etc/wansync/skydns.key", &key)
        .replace("/etc/wansync/vpnki.key", &key);
    router.configure_raw(filled.as_bytes());
    router
        .run(&["check", "--offline"])
        .expect(0)
        .never_says("warning");
}
