//! Which time zone this machine is in.
#![expect(
    clippy::disallowed_methods,
    reason = "TZ is a variable of the environment"
)]

use std::env;
use std::path::Path;

use super::files;
use wansync_core::text::zone::Zone;

/// Where OpenWrt's init writes the zone's POSIX string (package base-files,
/// /etc/init.d/system).
const OPENWRT: &str = "/etc/TZ";
/// Where other systems have a TZif file.
const LOCALTIME: &str = "/etc/localtime";
/// Where `TZ=Europe/Moscow` is looked for.
const DATABASE: &str = "/usr/share/zoneinfo";
/// The largest file of the database has 4 KiB.
const LIMIT: usize = 64 * 1024;

/// The local zone: from `TZ`, else from /etc/TZ, else from /etc/localtime, else
/// UTC.
pub fn local() -> Zone {
    let variable = env::var("TZ").ok();
    let named = variable.as_deref().and_then(of_variable);
    let zone = named.or_else(|| of_text(Path::new(OPENWRT)));
    zone.or_else(|| of_tzif(Path::new(LOCALTIME)))
        .unwrap_or_else(Zone::utc)
}

/// A POSIX string, or a file of the database; empty is UTC (musl and glibc).
fn of_variable(text: &str) -> Option<Zone> {
    if text.is_empty() {
        return Some(Zone::utc());
    }
    let name = text.trim_start_matches(':');
    Zone::parse(text).or_else(|| of_tzif(&Path::new(DATABASE).join(name)))
}

fn of_text(path: &Path) -> Option<Zone> {
    let bytes = files::read(path, LIMIT).ok()?;
    Zone::parse(std::str::from_utf8(&bytes).ok()?)
}

fn of_tzif(path: &Path) -> Option<Zone> {
    Zone::of_tzif(&files::read(path, LIMIT).ok()?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn zones_of_variables_and_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let (text, tzif) = (folder.path().join("TZ"), folder.path().join("localtime"));
        fs::write(&text, "MSK-3\n").expect("written");
        fs::write(&tzif, b"TZif2\0\0\nMSK-3\n").expect("written");
        let msk = Zone::parse("MSK-3");
        assert_eq!(of_text(&text), msk);
        assert_eq!(of_tzif(&tzif), msk);
        assert_eq!(of_text(&tzif), None);
        assert_eq!(of_tzif(&folder.path().join("none")), None);

        let by_path = format!(":{}", tzif.display());
        for variable in ["MSK-3", &by_path] {
            assert_eq!(of_variable(variable), msk);
        }
        assert_eq!(of_variable(""), Some(Zone::utc()));
        assert_eq!(of_variable("No/Such_Place"), None);
    }
}
