//! A checkout with dummies for binaries, and what `make packages` makes of it.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use wansync_pack::release::{MAX_IPK_SIZE, Plan, run};
use wansync_pack::{Apk, Ipk, Tree};

pub const TARGETS: &str = "[[target]]\nname = \"mips\"\ntriple = \"mips-musl\"\nopenwrt = [\"mips_24kc\"]\n\n\
    [[target]]\nname = \"two\"\ntriple = \"two-musl\"\nopenwrt = [\"mipsel_24kc\", \"mipsel_74kc\"]\n";
pub const EPOCH: u64 = 1_700_000_000;

/// A checkout with two targets and a feed.
pub struct Checkout {
    folder: TempDir,
}

impl Checkout {
    pub fn new(feed: &Path) -> Checkout {
        let folder = tempfile::tempdir().expect("a folder");
        let checkout = Checkout { folder };
        checkout.put("cross/targets.toml", TARGETS.as_bytes());
        checkout.put("target/cross/mips-musl/release/wansync", b"\x7fELF big");
        checkout.put("target/cross/two-musl/release/wansync", b"\x7fELF little");
        checkout.put(
            "target/packages/wansync_0.0.1-r1_mips_24kc.ipk",
            b"of yesterday",
        );
        copy(feed, &checkout.root().join("openwrt/wansync"));
        checkout
    }

    pub fn root(&self) -> PathBuf {
        self.folder.path().to_path_buf()
    }

    pub fn put(&self, path: &str, content: &[u8]) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
    }

    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.root().join(path)).expect(path);
        assert!(text.contains(from), "{path} has no {from}");
        self.put(path, text.replace(from, to).as_bytes());
    }

    pub fn plan(&self) -> Plan {
        Plan {
            root: self.root(),
            feed: self.root().join("openwrt/wansync"),
            out: self.root().join("target/packages"),
            targets: vec!["all".into()],
            version: "0.1.0".into(),
            epoch: EPOCH,
            room: MAX_IPK_SIZE,
        }
    }

    /// The reason why nothing is packed.
    pub fn refusal(&self) -> String {
        run(&self.plan()).expect_err("it is refused").to_string()
    }

    pub fn read(&self, file: &str) -> Vec<u8> {
        fs::read(self.root().join("target/packages").join(file)).expect(file)
    }

    pub fn ipk(&self, arch: &str) -> Ipk {
        Ipk::read(&self.read(&self.file(arch, ".ipk"))).expect(arch)
    }

    pub fn apk(&self, arch: &str) -> Apk {
        Apk::read(&self.read(&self.file(arch, ".apk"))).expect(arch)
    }

    pub fn file(&self, arch: &str, ending: &str) -> String {
        let files = names(&self.root().join("target/packages"));
        let found = files
            .into_iter()
            .find(|file| file.ends_with(&format!("{arch}{ending}")));
        found.expect(arch)
    }
}

pub fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/feed")
}

/// The fixture, and the real one.
pub fn feeds() -> Vec<PathBuf> {
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openwrt/wansync");
    [fixture(), real]
        .into_iter()
        .filter(|feed| feed.join("Makefile").exists())
        .collect()
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for name in names(from) {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).expect("a copy");
        }
    }
}

pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|name| name.into_string().expect("UTF-8"))
        .collect()
}

pub fn content<'a>(tree: &'a Tree, path: &str) -> &'a str {
    std::str::from_utf8(tree.content(path).unwrap_or_else(|| panic!("no {path}"))).expect("UTF-8")
}

pub fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

pub fn sh(arguments: &[&str]) -> String {
    let output = Command::new("sh")
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .output()
        .expect("sh");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{arguments:?}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}
