//! The rule of this router's time zone, as bytes.
#![expect(
    clippy::disallowed_methods,
    reason = "TZ is a variable of the environment"
)]

use std::env;
use std::path::Path;

use super::files;

/// The file with the zone's POSIX string, written by OpenWrt's init (package
/// base-files, /etc/init.d/system).
const OPENWRT_FILE: &str = "/etc/TZ";
/// The TZif file of other systems.
const LOCALTIME: &str = "/etc/localtime";
/// The folder of the files that `TZ=Europe/Moscow` names.
const DATABASE: &str = "/usr/share/zoneinfo";
/// The largest file that is read, in bytes. The largest of the database has 4 KiB.
const MAX_FILE: usize = 64 * 1024;

/// The rules that may hold here, the one that counts first: `TZ` or the file that
/// it names, /etc/TZ, /etc/localtime. Each is a POSIX string or a TZif file; an
/// empty one is UTC (musl and glibc).
pub fn rules() -> impl Iterator<Item = Vec<u8>> {
    let variable = env::var("TZ").ok();
    let named = variable.clone().and_then(|name| read_named(&name));
    let of_variable = variable.map(String::into_bytes).into_iter().chain(named);
    let files = [OPENWRT_FILE, LOCALTIME].map(Path::new);
    of_variable.chain(files.into_iter().filter_map(read_rule))
}

/// The file of the database that a `TZ` names, or its path does.
fn read_named(variable: &str) -> Option<Vec<u8>> {
    read_rule(&Path::new(DATABASE).join(variable.trim_start_matches(':')))
}

/// A file that is empty says nothing.
fn read_rule(path: &Path) -> Option<Vec<u8>> {
    let rule = files::read(path, MAX_FILE).ok()?;
    (!rule.is_empty()).then_some(rule)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn rules_in_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let (text, empty) = (folder.path().join("TZ"), folder.path().join("empty"));
        fs::write(&text, "MSK-3\n").expect("written");
        fs::write(&empty, "").expect("written");
        let by_path = format!(":{}", text.display());
        assert_eq!(read_named(&by_path).as_deref(), Some(&b"MSK-3\n"[..]));
        assert_eq!(read_rule(&empty), None);
        assert_eq!(read_named("No/Such_Place"), None);
    }
}
