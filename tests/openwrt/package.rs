//! The packages themselves, of three releases, as `make packages` writes them. In
//! place of the program lies one that hands over to it: the one of this machine
//! is mounted where a script runs.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::OnceLock;

use wansync_pack::apk::SCRIPTS;
use wansync_pack::version::Version;
use wansync_pack::{Apk, Ipk, Recipe, Tree, source};

/// The router's architecture.
pub const ARCH: &str = "mips_24kc";
/// Each newer than the one before.
pub const RELEASES: [u32; 3] = [1, 2, 3];
const PROGRAM: &[u8] = b"#!/bin/sh\ncase \"$0\" in */rpcd/wansync) set -- rpcd \"$@\" ;; esac\n\
    exec /real/wansync \"$@\"\n";

/// Both packages of one release.
pub struct Package {
    release: u32,
    ipk: Vec<u8>,
    apk: Vec<u8>,
}

/// The Makefile's text, with another release.
pub fn recipe(release: u32) -> Recipe {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("openwrt/wansync");
    let version = env!("CARGO_PKG_VERSION");
    let recipe = source::recipe(&folder, "wansync", version, 1_700_000_000, PROGRAM);
    Recipe {
        version: Version::new(version, release).expect("a version"),
        ..recipe.expect("the Makefile can be read")
    }
}

/// The packages of all releases.
pub fn packages() -> &'static [Package] {
    static PACKAGES: OnceLock<Vec<Package>> = OnceLock::new();
    PACKAGES.get_or_init(|| RELEASES.into_iter().map(Package::of).collect())
}

impl Package {
    fn of(release: u32) -> Package {
        let recipe = recipe(release);
        let ipk = recipe.ipk(ARCH).and_then(|ipk| ipk.write());
        let apk = recipe.apk(ARCH).and_then(|apk| apk.write());
        Package {
            release,
            ipk: ipk.expect("an .ipk"),
            apk: apk.expect("an .apk"),
        }
    }

    /// Puts both files into a folder. What no shell can unpack lies beside the
    /// .apk: its files, its scripts, and its name and version.
    pub fn put(&self, folder: &Path) {
        let folder = folder.join(self.release.to_string());
        let ipk = Ipk::read(&self.ipk).expect("our own");
        let apk = Apk::read(&self.apk).expect("our own");
        let write = |name: &str, bytes: &[u8]| {
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join(name), bytes).expect("a file");
        };
        write(&ipk.file_name().expect("a name"), &self.ipk);
        let version = &apk.info.version;
        let name = format!("wansync-{version}-{ARCH}.apk");
        write(&name, &self.apk);
        let beside = folder.join(format!("{name}.d"));
        apk.tree.unpack(&beside.join("files")).expect("its files");
        scripts(&apk)
            .unpack(&beside.join("scripts"))
            .expect("its scripts");
        write(
            &format!("{name}.d/info"),
            format!("wansync {version}\n").as_bytes(),
        );
    }

    /// The content of both packages.
    pub fn read(&self) -> (Ipk, Apk) {
        let ipk = Ipk::read(&self.ipk).expect("our own");
        (ipk, Apk::read(&self.apk).expect("our own"))
    }
}

impl Package {
    /// The scripts that a manager runs, with names of their own.
    pub fn scripts(&self) -> Vec<(String, String)> {
        let (ipk, apk) = self.read();
        let mut scripts = Vec::new();
        for (name, text) in ipk.members.iter().filter(|(name, _)| *name != "conffiles") {
            scripts.push((name.clone(), String::from_utf8_lossy(text).into_owned()));
        }
        for (name, script) in SCRIPTS.iter().zip(apk.scripts) {
            scripts.extend(script.map(|text| ((*name).to_owned(), text)));
        }
        scripts
    }
}

fn scripts(apk: &Apk) -> Tree {
    let mut tree = Tree::default();
    for (name, script) in SCRIPTS.iter().zip(&apk.scripts) {
        if let Some(script) = script {
            tree.file(name, 0o755, script.as_bytes()).expect("a name");
        }
    }
    tree
}

/// Each file below a folder with its mode, but for the folders themselves.
pub fn modes(folder: &Path) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).expect("it lies below");
            let mode = entry.metadata().expect("it is there").permissions().mode();
            found.insert(name.display().to_string(), mode & 0o7777);
        }
    }
    found
}
