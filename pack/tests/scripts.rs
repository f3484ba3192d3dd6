//! The scripts of both packages, run as the image builder runs them.

#[path = "support/checkout.rs"]
mod checkout;

use checkout::{Checkout, feeds, fixture, names, path, sh};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use wansync_pack::release::run;

/// OpenWrt's functions, which say that they were called, and as opkg's do find the
/// author's script beside the wrapper.
const FUNCTIONS: &str = "\
say() { echo \"$1 root=$root pkgname=$pkgname upgrade=${PKG_UPGRADE:-0}\"; }
beside() { [ ! -f \"$1-pkg\" ] || . \"$1-pkg\"; }
add_group_and_user() { say add_group_and_user; }
default_postinst() { say default_postinst; [ $# = 0 ] || beside \"$1\"; }
default_prerm() { say default_prerm; [ $# = 0 ] || beside \"$1\"; }
";

/// The output of a script in a staged root, as the image builder runs it.
fn staged(checkout: &Checkout, script: &Path, environment: &str) -> String {
    let root = checkout.root().join("image");
    checkout.put("image/lib/functions.sh", FUNCTIONS.as_bytes());
    let line = format!("{environment} IPKG_INSTROOT=\"$2\" exec \"$1\"");
    sh(&["-c", &line, "sh", path(script), path(&root)]).replace(path(&root), "ROOT")
}

#[test]
fn the_scripts_hand_over_to_openwrts() {
    let checkout = Checkout::new(&fixture());
    run(&checkout.plan()).expect("packages");
    let folder = checkout.root().join("scripts");
    let put = |name: &str, text: &[u8]| {
        let at = folder.join(name);
        checkout.put(&format!("scripts/{name}"), text);
        fs::set_permissions(&at, fs::Permissions::from_mode(0o755)).expect("executable");
    };
    for (name, text) in checkout.ipk("mips_24kc").members {
        put(&name, &text);
    }
    for (name, text) in wansync_pack::apk::SCRIPTS
        .iter()
        .zip(checkout.apk("mips_24kc").scripts)
    {
        if let Some(text) = text {
            put(name, text.as_bytes());
        }
    }
    let said = |name: &str, environment: &str| staged(&checkout, &folder.join(name), environment);
    let called = |name: &str, what: &str, upgrade: u8| format!("{name}{what} upgrade={upgrade}\n");
    let (opkg, apk) = (" root= pkgname=", " root=ROOT pkgname=wansync");
    let installed = |upgrade| {
        let calls =
            ["add_group_and_user", "default_postinst"].map(|name| called(name, apk, upgrade));
        format!("{}author postinst {upgrade}\n", calls.concat())
    };
    let cases = [
        ("preinst", "author preinst\n".into()),
        (
            "postinst",
            called("default_postinst", opkg, 0) + "author postinst 0\n",
        ),
        ("prerm", called("default_prerm", opkg, 0) + "author prerm\n"),
        ("postrm", "author postrm\n".into()),
        ("pre-install", "author preinst\n".into()),
        ("pre-upgrade", "author preinst\n".into()),
        ("post-install", installed(0)),
        ("post-upgrade", installed(1)),
        (
            "pre-deinstall",
            called("default_prerm", apk, 0) + "author prerm\n",
        ),
        ("post-deinstall", "author postrm\n".into()),
    ];
    for (name, expected) in &cases {
        assert_eq!(said(name, ""), *expected, "{name}");
    }
    let expected: Vec<&str> = cases
        .iter()
        .map(|(name, _)| *name)
        .chain(["conffiles", "postinst-pkg", "prerm-pkg"])
        .collect();
    assert!(
        names(&folder)
            .iter()
            .all(|name| expected.contains(&name.as_str())),
        "{:?}",
        names(&folder)
    );
    for wrapper in ["postinst", "post-install", "post-upgrade"] {
        assert_eq!(said(wrapper, "IPKG_NO_SCRIPT=1"), "", "{wrapper}");
    }
    let why = "no library: a root without OpenWrt";
    fs::remove_file(checkout.root().join("image/lib/functions.sh")).expect(why);
    let lone = format!("IPKG_INSTROOT={} exec \"$1\"", path(&checkout.root()));
    for wrapper in [
        "postinst",
        "prerm",
        "post-install",
        "post-upgrade",
        "pre-deinstall",
    ] {
        assert_eq!(
            sh(&["-c", &lone, "sh", path(&folder.join(wrapper))]),
            "",
            "{wrapper}: {why}"
        );
    }
}

/// Each script is one that a router's shell reads, and an upgrade by apk restarts.
#[test]
fn scripts_are_sound_and_an_upgrade_restarts() {
    for feed in feeds() {
        let checkout = Checkout::new(&feed);
        run(&checkout.plan()).expect("packages");
        let (ipk, apk) = (checkout.ipk("mips_24kc"), checkout.apk("mips_24kc"));
        let texts = ipk.members.iter().filter(|(name, _)| *name != "conffiles");
        let mut scripts: BTreeMap<String, String> = texts
            .map(|(name, text)| {
                (
                    name.clone(),
                    String::from_utf8(text.clone()).expect("UTF-8"),
                )
            })
            .collect();
        for name in ["post-install", "post-upgrade", "pre-deinstall"] {
            scripts.insert(name.into(), apk.script(name).expect(name).into());
        }
        for (name, script) in &scripts {
            assert!(
                script.starts_with("#!/bin/sh\n") && script.matches("#!").count() == 1,
                "{name}: {script}"
            );
            checkout.put("checked", script.as_bytes());
            sh(&["-n", path(&checkout.root().join("checked"))]);
        }
        assert!(scripts["post-upgrade"].contains("export PKG_UPGRADE=1\n"));
        assert!(scripts["post-upgrade"].contains("/etc/init.d/wansync restart"));
        assert!(!scripts["post-install"].contains("export PKG_UPGRADE=1"));
    }
}
