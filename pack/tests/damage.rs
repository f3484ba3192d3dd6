//! A damaged package is refused with one line that says what is wrong. opkg and apk
//! install many of these and report success.

mod support;

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;
use support::{SAMPLES, apk, ipk, recipe, sample};
use wansync_pack::{Apk, Error, Ipk, sha256};

/// The result of reading: equal packages are equal here.
fn read(file: &[u8]) -> Result<String, Error> {
    if file.starts_with(b"ADB") {
        Apk::read(file).map(|apk| format!("{apk:?}"))
    } else {
        Ipk::read(file).map(|ipk| format!("{ipk:?}"))
    }
}

#[test]
fn a_package_that_is_cut_off_is_refused() {
    for (name, file) in SAMPLES {
        for file in [
            format!("{name}.apk"),
            format!("{name}-raw.apk"),
            file.into(),
        ] {
            let whole = sample(&file);
            let step = if whole.len() < 2_000 { 1 } else { 97 };
            for length in (0..whole.len()).step_by(step) {
                let why = read(&whole[..length])
                    .expect_err("it is cut off")
                    .to_string();
                assert!(
                    !why.contains('\n') && !why.starts_with(':'),
                    "{file} at {length}: {why}"
                );
            }
        }
    }
}

#[test]
fn something_behind_the_package_is_refused() {
    for (name, file) in SAMPLES {
        for file in [
            format!("{name}.apk"),
            format!("{name}-raw.apk"),
            file.into(),
        ] {
            for tail in [&[0; 8][..], &[0; 1], b"more"] {
                let longer = [&sample(&file), tail].concat();
                assert!(read(&longer).is_err(), "{file} and {tail:?}");
            }
        }
    }
}

#[test]
fn every_byte_of_a_plain_apk_counts() {
    for name in ["tiny-demo-1.0-r1", "meta-demo-1.0-r1"] {
        let whole = sample(&format!("{name}-raw.apk"));
        for at in 0..whole.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] ^= flip;
                assert!(read(&damaged).is_err(), "{name}: byte {at} ^ {flip:#x}");
            }
        }
    }
}

/// gzip's header has bytes that say nothing (a time, a system).
#[test]
fn a_flipped_byte_is_refused_or_means_nothing() {
    for file in [
        "tiny-demo-1.0-r1.apk",
        "tiny-demo_1.0-r1_x86_64.ipk",
        "meta-demo_1.0-r1_all.ipk",
    ] {
        let whole = sample(file);
        let sound = read(&whole).expect(file);
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            if let Ok(seen) = read(&damaged) {
                assert_eq!(seen, sound, "{file}: byte {at}");
            }
        }
    }
}

#[test]
fn what_is_wrong_with_an_apk_is_said() {
    let name = "hello-demo-1.0.0-r1";
    let raw = sample(&format!("{name}-raw.apk"));
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = raw.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        changed
    };
    let first_file = (12 + 4 + u32::from_le_bytes(raw[8..12].try_into().expect("4")) as usize - 8)
        .next_multiple_of(8);
    let cases: [(Vec<u8>, &str); 9] = [
        (with(0, b"ADBx"), "package: damaged: not an apk v3 package"),
        (
            with(4, b"indx"),
            "package: not supported: not a package but another file of apk's",
        ),
        (
            b"ADBc\x02\x03zstd".to_vec(),
            "package: not supported: zstd, which OpenWrt's apk does not read",
        ),
        (
            with(12, &[1]),
            "metadata: not supported: of a newer format than this program knows",
        ),
        (
            with(24, b"X"),
            "metadata: damaged: its unique id does not match",
        ),
        (
            with(first_file + 4, &[9]),
            "etc/config/hello-demo: damaged: the content of another file in its place",
        ),
        (
            with(first_file + 12, b"X"),
            "etc/config/hello-demo: damaged: its content does not have the hash ac7f",
        ),
        (
            raw[..raw.len() - 1].to_vec(),
            "block 12: damaged: is cut off",
        ),
        (
            raw[..raw.len() - 24].to_vec(),
            "usr/share/hello-demo/deep/er/still/leaf.txt: damaged: its content is missing",
        ),
    ];
    for (file, expected) in cases {
        let why = Apk::read(&file).expect_err(expected).to_string();
        assert!(why.starts_with(expected), "{why}\nexpected {expected}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut to = GzEncoder::new(Vec::new(), Compression::fast());
    to.write_all(bytes).expect("memory");
    to.finish().expect("memory")
}

/// A tar of these headers' kinds and contents, with sound checksums.
fn tar(members: &[(&str, u8, u32, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, kind, mode, content) in members {
        let mut block = [0_u8; 512];
        block[..name.len()].copy_from_slice(name.as_bytes());
        let fields = format!(
            "{mode:07o}\x000000000\x000000000\0{:011o}\x0000000000000\0        ",
            content.len()
        );
        block[100..100 + fields.len()].copy_from_slice(fields.as_bytes());
        block[156] = *kind;
        block[257..265].copy_from_slice(b"ustar  \0");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend_from_slice(&block);
        out.extend_from_slice(content);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

const CONTROL: &[u8] = b"Package: a\nVersion: 1\nArchitecture: all\n";

fn package(data: &[(&str, u8, u32, &[u8])], control: &[(&str, u8, u32, &[u8])]) -> Vec<u8> {
    let (data, control) = (gzip(&tar(data)), gzip(&tar(control)));
    gzip(&tar(&[
        ("./debian-binary", b'0', 0o644, b"2.0\n"),
        ("./data.tar.gz", b'0', 0o644, &data),
        ("./control.tar.gz", b'0', 0o644, &control),
    ]))
}

#[test]
fn what_is_wrong_with_an_ipk_is_said() {
    let sound: &[(&str, u8, u32, &[u8])] = &[("./control", b'0', 0o644, CONTROL)];
    let script: &[(&str, u8, u32, &[u8])] = &[
        ("./control", b'0', 0o644, CONTROL),
        ("./postinst", b'0', 0o644, b"#!/bin/sh\n"),
    ];
    let unended: &[(&str, u8, u32, &[u8])] =
        &[("./control", b'0', 0o644, b"Package: a\nArchitecture: all")];
    let cases: [(Vec<u8>, &str); 9] = [
        (package(&[("./a", b'0', 0o644, b"x")], sound), ""),
        (b"!<arch>\n".to_vec(), "package: damaged: not gzip"),
        (
            package(&[("./etc/a", b'0', 0o644, b"x")], sound),
            "data.tar.gz: ./etc/a: damaged: no entry for its folder: opkg would drop it",
        ),
        (
            package(&[("./a", b'x', 0o644, b"x")], sound),
            "data.tar.gz: ./a: not supported: a PAX header: opkg loses the file behind it",
        ),
        (
            package(&[("./../a", b'0', 0o644, b"x")], sound),
            "data.tar.gz: ./../a: damaged: no entry for its folder",
        ),
        (
            package(&[], &[]),
            "control.tar.gz: control: damaged: is missing",
        ),
        (
            package(&[], script),
            "control.tar.gz: postinst: damaged: a script that is not executable",
        ),
        (
            package(&[], unended),
            "control.tar.gz: control: damaged: its last line is not ended",
        ),
        (
            gzip(&tar(&[("./debian-binary", b'0', 0o644, b"2.0\n")])),
            "data.tar.gz: damaged: is not in the package",
        ),
    ];
    for (file, expected) in cases {
        match Ipk::read(&file) {
            Ok(_) => assert_eq!(expected, ""),
            Err(why) => assert!(
                !expected.is_empty() && why.to_string().starts_with(expected),
                "{why}"
            ),
        }
    }
}

/// Packages that apk installs without a word, and wrong.
#[test]
fn a_package_that_would_misbehave_is_not_written() {
    let sound = || apk(&recipe("hello-demo-1.0.0-r1"));
    type Spoil = fn(&mut Apk);
    let cases: [(&str, Spoil); 7] = [
        ("version \"v1.0\"", |apk| apk.info.version = "v1.0".into()),
        ("name \"a b\"", |apk| apk.info.name = "a b".into()),
        ("arch \"all\"", |apk| apk.info.arch = "all".into()),
        ("arch: is missing", |apk| apk.info.arch.clear()),
        ("hello-demo: provides itself", |apk| {
            let own = wansync_pack::apk::Depend::parse("hello-demo=1").expect("a dependency");
            apk.info.provides.push(own);
        }),
        ("post-install: a script must begin with #!", |apk| {
            apk.scripts[2] = Some("echo\n".into())
        }),
        ("trigger: a script must begin with #!", |apk| {
            apk.scripts[0] = Some("echo\n".into())
        }),
    ];
    for (expected, change) in cases {
        let mut apk = sound();
        change(&mut apk);
        let why = apk.write().expect_err(expected).to_string();
        assert!(why.starts_with(expected), "{why}");
    }
}

#[test]
fn an_ipk_that_would_misbehave_is_not_written() {
    let mut lost = ipk(&recipe("hello-demo-1.0.0-r1"));
    lost.members
        .insert("conffiles".into(), b"/etc/config/other\n".to_vec());
    let why = lost.write().expect_err("no such file").to_string();
    assert_eq!(
        why,
        "/etc/config/other: is a conffile, but no file of the package"
    );

    let mut broken = ipk(&recipe("hello-demo-1.0.0-r1"));
    broken.control.push("Note", "two\nlines");
    assert!(
        broken
            .write()
            .expect_err("no space")
            .to_string()
            .contains("must begin with a space")
    );
}

/// With its id made right again, damaged metadata reaches the parser: it must come to
/// an end, and what it accepts must be writable or refused, not lost.
#[test]
fn metadata_of_any_shape_come_to_an_end() {
    let whole = sample("tiny-demo-1.0-r1-raw.apk");
    let size = u32::from_le_bytes(whole[8..12].try_into().expect("4")) as usize - 4;
    let word = |at: usize| {
        (u32::from_le_bytes(whole[at..at + 4].try_into().expect("4")) & 0x0fff_ffff) as usize
    };
    let info = 12 + word(12 + word(16) + 4);
    let id = 12 + word(info + 12) + 1;
    let mut accepted = 0;
    for at in 12..12 + size {
        for value in [0x00, 0x01, 0x10, 0x7f, 0x80, 0xe0, 0xff] {
            let mut damaged = whole.clone();
            damaged[at] = value;
            damaged[id..id + 20].fill(0);
            let digest = sha256(&damaged[12..12 + size]);
            damaged[id..id + 20].copy_from_slice(&digest[..20]);
            if let Ok(apk) = Apk::read(&damaged) {
                accepted += 1;
                let again = apk.write_plain().map(|bytes| Apk::read(&bytes));
                assert!(
                    again.is_err() || again == Ok(Ok(apk)),
                    "byte {at} = {value:#x}"
                );
            }
        }
    }
    assert!(
        accepted > 100,
        "the id is not where this test believes: {accepted}"
    );
}
