//! The programs that listen on a UDP port of this machine, from `/proc`.

use std::mem::MaybeUninit;
use std::net::IpAddr;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags, RawDir, openat, readlinkat};

use super::files::read_text;

/// The room for entries of a folder that are read at once.
const ENTRIES: usize = 1024;

/// The names of the programs that listen on a port, each once; empty for one that this user
/// may not see. What listens at one of the addresses `but` does not count.
pub fn on_udp_port(port: u16, but: &[IpAddr]) -> Vec<String> {
    let mut sockets: Vec<String> = Vec::new();
    for table in ["/proc/net/udp", "/proc/net/udp6"] {
        // A kernel without IPv6 has no such table.
        let table = read_text(table).unwrap_or_default();
        for line in table.lines() {
            if let Some((address, inode)) = socket_on(line, port)
                && !but.iter().any(|one| is_in_table_as(one, address))
            {
                sockets.push(format!("socket:[{inode}]"));
            }
        }
    }
    if sockets.is_empty() {
        return Vec::new();
    }
    let mut names: Vec<String> = Vec::new();
    if let Some(processes) = open(CWD, "/proc") {
        any_entry(processes.as_fd(), &mut |process| {
            if holds_any(processes.as_fd(), process, &sockets)
                && let Some(name) = read_text(&format!("/proc/{process}/comm"))
                && !names.iter().any(|known| known == name.trim_end())
            {
                names.push(name.trim_end().to_owned());
            }
            false
        });
    }
    if names.is_empty() {
        names.push(String::new());
    }
    names
}

/// The address and the inode of the socket in a line of the table, if it is on this
/// port and not connected:
/// `sl local:port remote:port st queues timer retransmits uid timeout inode …`, in hex.
fn socket_on(line: &str, port: u16) -> Option<(&str, &str)> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (address, local) = words.next()?.rsplit_once(':')?;
    let (_, remote) = words.next()?.rsplit_once(':')?;
    let inode = words.nth(6)?;
    let is_listener = u16::from_str_radix(local, 16) == Ok(port) && remote == "0000";
    is_listener.then_some((address, inode))
}

/// An IPv4 address is in the table as a number in the byte order of the machine, which an
/// emulator does not turn round. IPv6 is not looked for.
fn is_in_table_as(address: &IpAddr, text: &str) -> bool {
    let found = u32::from_str_radix(text, 16);
    match (address, found) {
        (IpAddr::V4(address), Ok(found)) => {
            let number = u32::from(*address);
            found == number || found == number.swap_bytes()
        }
        _ => false,
    }
}

fn holds_any(processes: BorrowedFd<'_>, process: &str, sockets: &[String]) -> bool {
    let Some(files) = open(processes, &format!("{process}/fd")) else {
        return false;
    };
    any_entry(files.as_fd(), &mut |file| {
        let target = readlinkat(&files, file, Vec::new());
        target.is_ok_and(|target| {
            sockets
                .iter()
                .any(|one| one.as_bytes() == target.to_bytes())
        })
    })
}

fn open(folder: BorrowedFd<'_>, name: &str) -> Option<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(folder, name, flags, Mode::empty()).ok()
}

/// True if `is` is true of an entry's name; the first such ends the search.
fn any_entry(folder: BorrowedFd<'_>, is: &mut dyn FnMut(&str) -> bool) -> bool {
    let mut room = [MaybeUninit::uninit(); ENTRIES];
    let mut entries = RawDir::new(folder, &mut room);
    while let Some(Ok(entry)) = entries.next() {
        if entry.file_name().to_str().is_ok_and(&mut *is) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn a_listener_is_found_by_its_port() {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let port = socket.local_addr().expect("an address").port();
        let own = read_text("/proc/self/comm").expect("a name");
        // A child of another test may hold it too, for the moment before it is another program.
        let names = on_udp_port(port, &[]);
        assert!(names.iter().any(|name| name == own.trim_end()), "{names:?}");
        assert!(on_udp_port(port, &[[127, 0, 0, 1].into()]).is_empty());
    }

    #[test]
    fn a_connected_socket_is_no_listener() {
        let line = "  1: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 12345 2 0000000000000000 0";
        assert_eq!(socket_on(line, 53), Some(("0100007F", "12345")));
        assert_eq!(socket_on(line, 54), None);
        let connected = line.replace("00000000:0000", "01010101:0035");
        assert_eq!(socket_on(&connected, 53), None);
        for bad in ["", "sl", "  1: x y", "  1: :0035 :0000"] {
            assert_eq!(socket_on(bad, 53), None);
        }
    }
}
