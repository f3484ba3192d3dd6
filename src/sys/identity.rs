//! A number that distinguishes this router from others, and stays as it is.

use std::path::Path;

use super::digest::sha256;
use super::files;

/// The devices whose address is the router's own, likeliest first.
const DEVICES: [&str; 5] = ["eth0", "br-lan", "lan", "eth1", "wan"];
/// Linux's `NET_ADDR_RANDOM`: the address was made up when the device appeared.
const MADE_UP: &str = "1";
/// The longest hostname of Linux has 64 bytes, an address fewer.
const MAX_FILE: usize = 128;

/// A number that is this router's own, evenly distributed, and the same after a
/// reboot: from the first device whose address is not made up at each boot, else
/// from the hostname.
pub fn router_number() -> u32 {
    router_number_below(Path::new("/"))
}

/// The number of the user as whom this process runs.
pub fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn router_number_below(root: &Path) -> u32 {
    let text = DEVICES
        .iter()
        .find_map(|device| hardware_address(&root.join("sys/class/net").join(device)))
        .or_else(|| read_line(&root.join("proc/sys/kernel/hostname")))
        .unwrap_or_default();
    // One maker's addresses differ in a few bits.
    let digest = sha256(text.as_bytes());
    let bytes = digest.iter().take(4);
    bytes.fold(0, |router_number, byte| {
        router_number << 8 | u32::from(*byte)
    })
}

fn hardware_address(device: &Path) -> Option<String> {
    let is_made_up = read_line(&device.join("addr_assign_type")).as_deref() == Some(MADE_UP);
    read_line(&device.join("address")).filter(|_| !is_made_up)
}

/// The only line of a file, if it says something.
fn read_line(path: &Path) -> Option<String> {
    let text = String::from_utf8(files::read_from_kernel(path, MAX_FILE).ok()?).ok()?;
    Some(text.trim_end().to_owned()).filter(|line| !line.is_empty())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write files")]
mod tests {
    use std::fs;

    use super::*;

    /// A root folder with these files.
    fn root(table: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for (name, text) in table {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        root
    }

    #[test]
    fn the_number_is_that_of_the_first_address_that_stays() {
        let of = |table: &[(&str, &str)]| router_number_below(root(table).path());
        let one = ("sys/class/net/eth0/address", "02:00:5e:10:00:01\n");
        let two = ("sys/class/net/br-lan/address", "02:00:5e:10:00:02\n");
        let name = ("proc/sys/kernel/hostname", "OpenWrt\n");
        let numbers = [of(&[one]), of(&[two]), of(&[name]), of(&[])];
        // The value itself must stay: another one moves every router's minute.
        // printf %s 02:00:5e:10:00:01 | sha256sum
        assert_eq!(numbers[0], 0x6259_06b8);
        for (at, router_number) in numbers.iter().enumerate() {
            assert!(!numbers[..at].contains(router_number), "{numbers:?}");
        }
        let made_up = ("sys/class/net/eth0/addr_assign_type", "1\n");
        let own = ("sys/class/net/eth0/addr_assign_type", "0\n");
        let empty = ("sys/class/net/eth0/address", "\n");
        for (table, expected) in [
            (&[one, two, name][..], numbers[0]),
            (&[one, own, two], numbers[0]),
            (&[one, made_up, two, name], numbers[1]),
            (&[one, made_up, name], numbers[2]),
            (&[empty, two, name], numbers[1]),
            (&[empty, name], numbers[2]),
            (&[one, made_up], numbers[3]),
        ] {
            assert_eq!(of(table), expected, "{table:?}");
        }
    }
}
