//! Packages of the official tools: our writer writes again what our reader sees in them;
//! and from their recipes it writes the same.

mod support;

use flate2::read::GzDecoder;
use std::io::Read as _;
use support::{SAMPLES, apk, ipk, recipe, sample};
use wansync_pack::{Apk, Ipk, hex, sha256};

fn assert_same(what: &str, ours: &[u8], theirs: &[u8]) {
    let first = ours
        .iter()
        .zip(theirs)
        .position(|(one, other)| one != other);
    assert!(
        ours == theirs,
        "{what}: {} bytes for {}, different at {first:?}",
        ours.len(),
        theirs.len()
    );
}

#[test]
fn an_apk_is_read_as_its_recipe_says() {
    for (name, _) in SAMPLES {
        let read = Apk::read(&sample(&format!("{name}.apk"))).expect(name);
        assert_eq!(
            Ok(&read),
            Apk::read(&sample(&format!("{name}-raw.apk"))).as_ref(),
            "{name}"
        );
        let expected = apk(&recipe(name));
        assert_eq!(read, expected, "{name}");
    }
}

#[test]
fn an_apk_written_again_is_the_same_to_the_byte() {
    for (name, _) in SAMPLES {
        let (packed, plain) = (
            sample(&format!("{name}.apk")),
            sample(&format!("{name}-raw.apk")),
        );
        let read = Apk::read(&packed).expect(name);
        assert_same(name, &read.write_plain().expect(name), &plain);
        assert_same(name, &read.write().expect(name), &packed);
    }
}

#[test]
fn an_apk_from_its_recipe_is_the_same_to_the_byte() {
    for (name, _) in SAMPLES {
        let apk = apk(&recipe(name));
        assert_same(
            name,
            &apk.write_plain().expect(name),
            &sample(&format!("{name}-raw.apk")),
        );
        assert_same(
            name,
            &apk.write().expect(name),
            &sample(&format!("{name}.apk")),
        );
        assert_eq!(apk.file_name(), format!("{name}.apk"));
    }
}

#[test]
fn an_ipk_is_read_as_its_recipe_says() {
    for (name, file) in SAMPLES {
        let mut read = Ipk::read(&sample(file)).expect(name);
        let expected = ipk(&recipe(name));
        assert_eq!(read.file_name().as_deref(), Ok(file));
        assert_eq!(
            (&read.tree, &read.members, read.mtime),
            (&expected.tree, &expected.members, expected.mtime)
        );
        // The recipe leaves the size open.
        let size = read
            .control
            .get("Installed-Size")
            .expect("a size")
            .to_owned();
        let text = expected
            .control
            .to_string()
            .replace("Installed-Size: 0", &format!("Installed-Size: {size}"));
        assert_eq!(read.control.to_string(), text);
        read.control = expected.control.clone();
        assert_eq!(read, expected);
    }
}

#[test]
fn an_ipk_written_again_is_the_same_inside() {
    for (name, file) in SAMPLES {
        let theirs = sample(file);
        for package in [Ipk::read(&theirs).expect(name), ipk(&recipe(name))] {
            let ours = package.write().expect(name);
            for part in ["data.tar.gz", "control.tar.gz"] {
                assert_same(
                    &format!("{name} {part}"),
                    &gunzip(&inner(&ours, part)),
                    &gunzip(&inner(&theirs, part)),
                );
            }
            assert_eq!(outer_headers(&ours), outer_headers(&theirs), "{name}");
        }
    }
}

#[test]
fn the_tars_have_the_published_hashes() {
    for (name, _) in SAMPLES {
        let listing = String::from_utf8(sample(&format!("{name}.ipk.txt"))).expect("text");
        let package = ipk(&recipe(name));
        let data = package.data_tar().expect(name);
        let control = package.control_tar(data.len()).expect(name);
        for (part, tar) in [("data.tar", data), ("control.tar", control)] {
            let line = format!(
                "== {part}, uncompressed: {} bytes, sha256 {}",
                tar.len(),
                hex(&sha256(&tar))
            );
            assert!(
                listing.lines().any(|listed| listed == line),
                "{name}: {line}\n{listing}"
            );
        }
    }
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut out).expect("gzip");
    out
}

/// The members of the outer tar by plain arithmetic: none has a long name.
fn members(package: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let tar = gunzip(package);
    let mut members = Vec::new();
    let mut at = 0;
    while tar[at] != 0 {
        let size = std::str::from_utf8(&tar[at + 124..at + 135]).expect("octal");
        let size = usize::from_str_radix(size, 8).expect("octal");
        members.push((
            tar[at..at + 512].to_vec(),
            tar[at + 512..at + 512 + size].to_vec(),
        ));
        at += 512 + size.next_multiple_of(512);
    }
    members
}

fn inner(package: &[u8], name: &str) -> Vec<u8> {
    let found = members(package)
        .into_iter()
        .find(|(header, _)| header[2..].starts_with(name.as_bytes()));
    found.expect(name).1
}

/// Headers without sizes and checksums, which follow from the compressor.
fn outer_headers(package: &[u8]) -> Vec<Vec<u8>> {
    let mut headers: Vec<_> = members(package)
        .into_iter()
        .map(|(header, _)| header)
        .collect();
    for header in &mut headers {
        header[124..136].fill(0);
        header[148..156].fill(0);
    }
    headers
}
