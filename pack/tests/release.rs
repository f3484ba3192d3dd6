//! `make packages` with a dummy for each binary: the package of tests/data/feed, and
//! the one of openwrt/wansync.

#[path = "support/checkout.rs"]
mod checkout;

use checkout::{Checkout, EPOCH, content, feeds, fixture, names, path, sh};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use wansync_pack::release::{MAX_IPK_SIZE, Plan, Written, check_room, run};
use wansync_pack::tree::Node;
use wansync_pack::{hex, sha256};

#[test]
fn every_architecture_gets_both_packages_and_yesterdays_go() {
    let checkout = Checkout::new(&fixture());
    let written = run(&checkout.plan()).expect("packages");
    let expected = [
        "Packages",
        "Packages.gz",
        "SHA256SUMS",
        "wansync-0.1.0-r7-mips_24kc.apk",
        "wansync-0.1.0-r7-mipsel_24kc.apk",
        "wansync-0.1.0-r7-mipsel_74kc.apk",
        "wansync_0.1.0-r7_mips_24kc.ipk",
        "wansync_0.1.0-r7_mipsel_24kc.ipk",
        "wansync_0.1.0-r7_mipsel_74kc.ipk",
    ];
    assert_eq!(names(&checkout.plan().out), expected);
    assert_eq!(written.len(), 6);
    for (arch, program) in [
        ("mips_24kc", "big"),
        ("mipsel_24kc", "little"),
        ("mipsel_74kc", "little"),
    ] {
        for tree in [checkout.ipk(arch).tree, checkout.apk(arch).tree] {
            assert_eq!(
                content(&tree, "/usr/bin/wansync"),
                format!("\x7fELF {program}")
            );
        }
        assert_eq!(checkout.ipk(arch).control.get("Architecture"), Some(arch));
        assert_eq!(checkout.apk(arch).info.arch, arch);
    }
}

#[test]
fn a_target_by_its_name() {
    let checkout = Checkout::new(&fixture());
    let plan = |names: &[&str]| Plan {
        targets: names.iter().map(|name| (*name).into()).collect(),
        ..checkout.plan()
    };
    assert_eq!(run(&plan(&["two"])).map(|written| written.len()), Ok(4));
    assert_eq!(
        run(&plan(&["two", "mips"])).map(|written| written.len()),
        Ok(6)
    );
    let why = run(&plan(&["mips", "vax"]))
        .expect_err("no such target")
        .to_string();
    assert_eq!(why, "vax: is no target of cross/targets.toml");
}

#[test]
fn what_the_packages_say_about_themselves() {
    let checkout = Checkout::new(&fixture());
    run(&checkout.plan()).expect("packages");
    let control = "Package: wansync\nVersion: 0.1.0-r7\nDepends: ca-bundle, jshn\nSourceName: wansync\nLicense: MIT\n\
        Section: net\nRequire-User: wansync=:wansync=\nSourceDateEpoch: 1700000000\nURL: https://example.org/\n\
        Maintainer: Example Maintainer <maint@example.org>\nArchitecture: mips_24kc\nInstalled-Size: 20480\n\
        Description:  Two lines about\n a demonstration.\n";
    assert_eq!(checkout.ipk("mips_24kc").control.to_string(), control);
    let info = checkout.apk("mips_24kc").info;
    let depends: Vec<String> = info.depends.iter().map(ToString::to_string).collect();
    assert_eq!(
        (info.version.as_str(), info.description.as_str()),
        ("0.1.0-r7", "A demonstration")
    );
    assert_eq!(depends, ["ca-bundle", "jshn"]);
}

#[test]
fn files_lie_where_the_makefile_puts_them() {
    let checkout = Checkout::new(&fixture());
    run(&checkout.plan()).expect("packages");
    let ipk = checkout.ipk("mips_24kc");
    let seen: Vec<(String, u32)> = ipk
        .tree
        .iter()
        .map(|(path, entry)| (path.into(), entry.mode))
        .collect();
    let expected = [
        ("", 0o755),
        ("etc", 0o755),
        ("etc/config", 0o755),
        ("etc/config/wansync", 0o600),
        ("etc/init.d", 0o755),
        ("etc/init.d/wansync", 0o755),
        ("etc/wansync", 0o755),
        ("lib", 0o755),
        ("lib/upgrade", 0o755),
        ("lib/upgrade/keep.d", 0o755),
        ("lib/upgrade/keep.d/wansync", 0o644),
        ("usr", 0o755),
        ("usr/bin", 0o755),
        ("usr/bin/wan", 0o777),
        ("usr/bin/wansync", 0o755),
    ];
    assert_eq!(seen, expected.map(|(path, mode)| (path.to_owned(), mode)));
    assert_eq!(
        content(&ipk.tree, "/lib/upgrade/keep.d/wansync"),
        "/etc/wansync/\n"
    );
    assert_eq!(ipk.conffiles(), Ok(vec!["/etc/config/wansync"]));
}

#[test]
fn an_apk_carries_what_openwrts_scripts_look_for() {
    for feed in feeds() {
        let checkout = Checkout::new(&feed);
        run(&checkout.plan()).expect("packages");
        let (ipk, apk) = (checkout.ipk("mips_24kc"), checkout.apk("mips_24kc"));
        let list = content(&apk.tree, "/lib/apk/packages/wansync.list");
        let mut expected: Vec<String> = ipk.tree.absolute_paths().collect();
        expected.push("/lib/apk/packages/wansync.rusers".into());
        expected.sort();
        assert_eq!(list.lines().collect::<Vec<_>>(), expected);
        assert_eq!(
            content(&apk.tree, "/lib/apk/packages/wansync.rusers"),
            "wansync=:wansync=\n"
        );
        let declared = content(&apk.tree, "/lib/apk/packages/wansync.conffiles");
        assert!(
            declared.lines().any(|line| line == "/etc/config/wansync"),
            "{declared}"
        );
        let sum = hex(&sha256(
            content(&ipk.tree, "/etc/config/wansync").as_bytes(),
        ));
        let hashes = content(&apk.tree, "/lib/apk/packages/wansync.conffiles_static");
        assert_eq!(hashes, format!("/etc/config/wansync {sum}\n"));
        // Everything else is what the .ipk installs.
        for (path, entry) in ipk.tree.iter() {
            assert_eq!(apk.tree.get(path), Some(entry), "{path}");
        }
        let mut more = apk
            .tree
            .iter()
            .filter(|(path, _)| ipk.tree.get(path).is_none());
        assert!(more.all(|(path, _)| "lib/apk/packages/".starts_with(path)
            || path.starts_with("lib/apk/packages/")));
    }
}

#[test]
fn gnu_tar_unpacks_what_our_reader_sees() {
    for feed in feeds() {
        let checkout = Checkout::new(&feed);
        run(&checkout.plan()).expect("packages");
        let staged = checkout.root().join("staged");
        let file = checkout.plan().out.join(checkout.file("mips_24kc", ".ipk"));
        for (part, to) in [
            ("data", staged.join("root")),
            ("control", staged.join("control")),
        ] {
            fs::create_dir_all(&to).expect("a folder");
            let script =
                format!("tar -xzOf \"$1\" ./{part}.tar.gz | tar -xzpf - --no-same-owner -C \"$2\"");
            sh(&["-c", &script, "sh", path(&file), path(&to)]);
        }
        let ipk = checkout.ipk("mips_24kc");
        for (name, entry) in ipk.tree.iter() {
            let at = staged.join("root").join(name);
            let mode = fs::symlink_metadata(&at).expect(name).permissions().mode() & 0o7777;
            assert_eq!(mode, entry.mode, "{name}");
            if let Node::File(content) = &entry.node {
                assert_eq!(&fs::read(&at).expect(name), content, "{name}");
            }
        }
        let control = fs::read_to_string(staged.join("control/control")).expect("control");
        assert_eq!(control, ipk.control.to_string());
        let mut members: Vec<String> = ipk.members.keys().cloned().collect();
        members.push("control".into());
        members.sort();
        assert_eq!(names(&staged.join("control")), members);
    }
}

#[test]
fn the_index_is_what_opkg_downloads() {
    let checkout = Checkout::new(&fixture());
    run(&checkout.plan()).expect("packages");
    let index = String::from_utf8(checkout.read("Packages")).expect("UTF-8");
    let entries: Vec<&str> = index.split_terminator("\n\n").collect();
    assert_eq!(entries.len(), 3);
    let file = checkout.read("wansync_0.1.0-r7_mips_24kc.ipk");
    let expected = format!(
        "Package: wansync\nVersion: 0.1.0-r7\nDepends: ca-bundle, jshn\nLicense: MIT\nSection: net\n\
         URL: https://example.org/\nArchitecture: mips_24kc\nInstalled-Size: 20480\n\
         Filename: wansync_0.1.0-r7_mips_24kc.ipk\nSize: {}\nSHA256sum: {}\n\
         Description:  Two lines about\n a demonstration.",
        file.len(),
        hex(&sha256(&file)),
    );
    assert_eq!(entries[0], expected);
    let out = checkout.plan().out;
    let unpacked = sh(&[
        "-c",
        "gzip -dc <\"$1\"",
        "sh",
        path(&out.join("Packages.gz")),
    ]);
    assert_eq!(unpacked, index);
    sh(&[
        "-c",
        "cd \"$1\" && sha256sum -c --quiet SHA256SUMS",
        "sh",
        path(&out),
    ]);
}

#[test]
fn the_same_sources_give_the_same_bytes() {
    for feed in feeds() {
        let (one, other) = (Checkout::new(&feed), Checkout::new(&feed));
        // Neither times nor modes of the checkout may show.
        let script = "find \"$1\" -exec touch -d @1 {} + && find \"$1\" -type f -exec chmod 600 {} + \
            && find \"$1\" -type d -exec chmod 700 {} +";
        sh(&["-c", script, "sh", path(&other.root())]);
        run(&one.plan()).expect("packages");
        run(&other.plan()).expect("packages");
        assert_eq!(one.read("SHA256SUMS"), other.read("SHA256SUMS"));
        run(&Plan {
            epoch: EPOCH + 1,
            ..other.plan()
        })
        .expect("packages");
        assert_ne!(one.read("SHA256SUMS"), other.read("SHA256SUMS"));
    }
}

#[test]
fn a_package_too_large_for_the_smallest_routers_is_refused() {
    let checkout = Checkout::new(&fixture());
    let noise: Vec<u8> = (0..200_u32)
        .flat_map(|n| sha256(&n.to_le_bytes()))
        .collect();
    checkout.put("target/cross/mips-musl/release/wansync", &noise);
    checkout.put("target/cross/two-musl/release/wansync", &noise);
    let room = noise.len();
    let written = run(&Plan {
        room,
        ..checkout.plan()
    })
    .expect("packages");
    let large: Vec<&Written> = written.iter().filter(|package| package.too_large).collect();
    assert_eq!(large.len(), 1);
    assert_eq!(large[0].file, "wansync_0.1.0-r7_mips_24kc.ipk");
    assert!(large[0].size > room);
    let why = check_room(&written, room)
        .expect_err("it is too large")
        .to_string();
    let size = large[0].size;
    assert_eq!(
        why,
        format!(
            "wansync_0.1.0-r7_mips_24kc.ipk: has {size} bytes, and the smallest routers have room for {room}"
        )
    );
    let small = run(&checkout.plan()).expect("packages");
    assert_eq!(check_room(&small, MAX_IPK_SIZE), Ok(()));
}

#[test]
fn what_cannot_be_packed_is_said() {
    let makefile = "openwrt/wansync/Makefile";
    let cases = [
        (
            "/etc/init.d/wansync restart",
            "true",
            "postinst: must do `/etc/init.d/wansync restart` when PKG_UPGRADE is 1",
        ),
        (
            "PKG_VERSION:=0.1.0",
            "PKG_VERSION:=0.2.0",
            "PKG_VERSION: 0.2.0 in the Makefile, 0.1.0 in Cargo.toml",
        ),
        (
            "PKG_RELEASE:=7",
            "PKG_RELEASE:=",
            "PKG_RELEASE: \"\" is not a number",
        ),
        ("./files/demo.init", "./files/other.init", "reading "),
        (
            "$(LN) wansync",
            "$(CP) wansync",
            "install: $(CP) wansync $(1)/usr/bin/wan: not one of the lines",
        ),
        (
            "+jshn",
            "+SMALL:jshn",
            "DEPENDS +SMALL:jshn: a condition that this program does not know",
        ),
        (
            "\"$$PKG_UPGRADE\"",
            "\"$PKG_UPGRADE\"",
            "Package/wansync/postinst: holds a $ that make would take: write $$",
        ),
    ];
    for (from, to, expected) in cases {
        let checkout = Checkout::new(&fixture());
        checkout.edit(makefile, from, to);
        let why = checkout.refusal();
        assert!(why.starts_with(&format!("mips: {expected}")), "{why}");
    }
    let checkout = Checkout::new(&fixture());
    fs::remove_file(
        checkout
            .root()
            .join("target/cross/two-musl/release/wansync"),
    )
    .expect("a file");
    let why = checkout.refusal();
    assert!(
        why.starts_with("two: reading ") && why.contains("two-musl/release/wansync: No such file"),
        "{why}"
    );
}

/// The program, as `make packages` and other tests call it.
#[test]
fn the_command_line() {
    let checkout = Checkout::new(&fixture());
    let call = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wansync-pack"));
        command
            .args(arguments)
            .current_dir(checkout.root())
            .env("SOURCE_DATE_EPOCH", EPOCH.to_string());
        let output = command.output().expect("the program");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.success(),
            text(&output.stdout),
            text(&output.stderr),
        )
    };
    let (done, said, _) = call(&["release", "mips"]);
    assert!(
        done && said.contains("wansync-0.1.0-r7-mips_24kc.apk"),
        "{said}"
    );
    for file in [
        "wansync_0.1.0-r7_mips_24kc.ipk",
        "wansync-0.1.0-r7-mips_24kc.apk",
    ] {
        let file = format!("target/packages/{file}");
        let (done, said, _) = call(&["show", &file]);
        assert!(
            done && said.contains("/etc/config/wansync") && said.contains("author postinst"),
            "{said}"
        );
        assert!(call(&["unpack", &file, "root", "--scripts", "scripts"]).0);
        assert_eq!(names(&checkout.root().join("root/etc/init.d")), ["wansync"]);
    }
    assert!(
        checkout.root().join("scripts/post-upgrade").exists()
            && checkout.root().join("scripts/postinst").exists()
    );
    fs::remove_file(checkout.plan().out.join("Packages")).expect("a file");
    let (done, said, _) = call(&["index", "target/packages"]);
    assert!(done && said.contains("Packages: 1 packages"), "{said}");
    let (done, _, why) = call(&["show", "cross/targets.toml"]);
    assert!(!done);
    assert_eq!(why, "wansync-pack: package: damaged: not gzip\n");
}
