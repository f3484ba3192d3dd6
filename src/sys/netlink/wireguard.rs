//! The latest handshake of a WireGuard device, over generic netlink.
//!
//! The kernel lists a device with all that `wg show` knows, its private key and the
//! preshared ones included, and only to an administrator. Nothing of it is looked at
//! but the times of the handshakes.
//! (linux/genetlink.h, linux/wireguard.h)

use rustix::fd::OwnedFd;
use rustix::io::{self, Errno};
use rustix::net::netlink;

use super::request::{RepliesEnd, SEQUENCE, exchange};
use super::wire::{Attributes, NetlinkRequest, flag, kind, long, short};
use crate::sys::os_error::describe_errno;
use wansync_core::reason;
use wansync_core::reason::Reason;
use wansync_core::time::Wall;

/// Bytes of `struct genlmsghdr`: command, version, two unused.
const COMMAND_SIZE: usize = 4;
/// Bytes of `struct ifinfomsg`.
const LINK_SIZE: usize = 16;
/// Where peers come and go all the time, none may ever be listed in one piece.
const MAX_TRIES: u32 = 3;

/// Reads handshakes.
#[derive(Debug, Default)]
pub struct HandshakeReader {
    /// The type of WireGuard's messages, which the kernel chose when it got the module.
    family: Option<u16>,
}

impl HandshakeReader {
    /// The latest handshake of a device with any of its peers, in the kernel's whole
    /// seconds of the wall clock; `None` if there was none.
    ///
    /// # Errors
    /// In words: why the kernel does not say.
    pub fn latest(&mut self, device: &str) -> Result<Option<Wall>, Reason> {
        let latest = self.ask(device);
        latest.map_err(|error| {
            // Should the module ever come again, it is under another number.
            self.family = None;
            describe(error, device)
        })
    }

    fn ask(&mut self, device: &str) -> io::Result<Option<Wall>> {
        let socket = super::socket_of(Some(netlink::GENERIC))?;
        let family = match self.family {
            Some(family) => family,
            None => *self.family.insert(find_family(&socket)?),
        };
        for _ in 0..MAX_TRIES {
            let (latest, end) = latest_handshake(&socket, family, device)?;
            if end == RepliesEnd::Whole {
                return Ok(latest);
            }
        }
        Err(Errno::AGAIN)
    }
}

fn describe(error: Errno, device: &str) -> Reason {
    match error {
        // Without the module, and with it.
        Errno::NOENT | Errno::OPNOTSUPP => {
            reason!(HandshakeNotOfKernel, device = device)
        }
        Errno::PERM => reason!(HandshakeCapability),
        Errno::NODEV => reason!(SourceNoDevice, device = device),
        error => Reason::words(&describe_errno(error)),
    }
}

/// The type of WireGuard's messages; `NOENT` without its module.
fn find_family(socket: &OwnedFd) -> io::Result<u16> {
    const CONTROLLER: u16 = 16;
    const GET_FAMILY: u8 = 3;
    const FAMILY_NAME: u16 = 2;
    let request = NetlinkRequest::new(CONTROLLER, 0, SEQUENCE, &[GET_FAMILY, 1, 0, 0]);
    let request = request.with(FAMILY_NAME, b"wireguard\0");
    let mut family = None;
    exchange(socket, request, &mut |message| {
        family = family_in(message.body);
    })?;
    family.ok_or(Errno::NOENT)
}

fn family_in(body: &[u8]) -> Option<u16> {
    const FAMILY_ID: u16 = 1;
    short(Attributes::after(COMMAND_SIZE, body).find(FAMILY_ID)?, 0)
}

/// True if there is a device of this name, and the kernel made it for WireGuard. It takes
/// no privilege to ask.
pub fn is_wireguard(device: &str) -> bool {
    const NAME: u16 = 3;
    const LINK_INFO: u16 = 18;
    const INFO_KIND: u16 = 1;
    let name = [device.as_bytes(), b"\0"].concat();
    let request = NetlinkRequest::new(kind::GETLINK, 0, SEQUENCE, &[0; LINK_SIZE]);
    let mut is_one = false;
    let asked = super::socket().and_then(|socket| {
        exchange(&socket, request.with(NAME, &name), &mut |message| {
            let info = Attributes::after(LINK_SIZE, message.body).find(LINK_INFO);
            let kind = info.and_then(|info| Attributes::after(0, info).find(INFO_KIND));
            is_one = kind == Some(b"wireguard\0");
        })
    });
    asked.is_ok() && is_one
}

fn latest_handshake(
    socket: &OwnedFd,
    family: u16,
    device: &str,
) -> io::Result<(Option<Wall>, RepliesEnd)> {
    const GET_DEVICE: u8 = 0;
    const DEVICE_NAME: u16 = 2;
    let name = [device.as_bytes(), b"\0"].concat();
    let request = NetlinkRequest::new(family, flag::DUMP, SEQUENCE, &[GET_DEVICE, 1, 0, 0]);
    let mut latest = None;
    let end = exchange(socket, request.with(DEVICE_NAME, &name), &mut |message| {
        latest = latest.max(latest_in(message.body));
    })?;
    Ok((latest, end))
}

/// The latest handshake in one message. A device with many peers takes several, and a
/// peer with many networks goes on in the next, without its handshake.
fn latest_in(body: &[u8]) -> Option<Wall> {
    const PEERS: u16 = 8;
    const LAST_HANDSHAKE: u16 = 6;
    let peers = Attributes::after(COMMAND_SIZE, body).find(PEERS)?;
    let stamps = Attributes::after(0, peers).filter_map(|(_, peer)| {
        // `struct __kernel_timespec`: seconds and nanoseconds, 64 bits each on every
        // processor.
        let seconds = long(Attributes::after(0, peer).find(LAST_HANDSHAKE)?, 0)?;
        (seconds != 0).then_some(Wall::from_secs(seconds))
    });
    stamps.max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_of_all_peers() {
        let peer = |stamp: i64| {
            let time = [stamp.to_ne_bytes(), 999_999_999i64.to_ne_bytes()].concat();
            attribute(0, &[attribute(1, &[7; 32]), attribute(6, &time)].concat())
        };
        let without_time = attribute(0, &attribute(1, &[7; 32]));
        let of = |peers: &[Vec<u8>]| {
            let (name, peers) = (attribute(2, b"wg0\0"), attribute(0x8008, &peers.concat()));
            latest_in(&[vec![0; COMMAND_SIZE], name, peers].concat())
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[peer(0), without_time.clone()]), None);
        let peers = [peer(7), peer(1_795_938_503), peer(0), without_time, peer(9)];
        assert_eq!(of(&peers), Some(Wall::from_secs(1_795_938_503)));
        assert_eq!(latest_in(b""), None);
    }

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let bytes = NetlinkRequest::new(0, 0, 0, b"").with(kind, value).bytes();
        bytes[16..].to_vec()
    }

    #[test]
    fn this_kernel_has_no_such_device() {
        let mut reader = HandshakeReader::default();
        for device in ["lo", "nosuch0"] {
            let why = reader
                .latest(device)
                .expect_err("it is no WireGuard device");
            let words = [Errno::NOENT, Errno::PERM, Errno::NODEV].map(|e| describe(e, device));
            assert!(words.contains(&why), "{why}");
        }
    }
}

/// What Linux 6.1 said.
#[cfg(all(test, target_endian = "little"))]
mod recorded_tests {
    use super::super::request::take_replies;
    use super::super::wire::NetlinkMessage;
    use super::*;

    macro_rules! recorded {
        ($($name:literal),*) => {
            &[$(include_bytes!(concat!("../../../tests/data/wireguard/", $name)).as_slice()),*]
        };
    }

    /// Gives each message of a reply in these parts to `take`.
    fn read(parts: &[&[u8]], take: &mut dyn FnMut(&NetlinkMessage<'_>)) -> io::Result<()> {
        let mut end = RepliesEnd::Whole;
        for (index, part) in parts.iter().enumerate() {
            let is_over = take_replies(part, &mut end, take)?;
            assert_eq!(is_over, index + 1 == parts.len(), "part {index}");
        }
        assert_eq!(end, RepliesEnd::Whole);
        Ok(())
    }

    #[test]
    fn the_family() {
        let mut family = None;
        let outcome = read(recorded!("family"), &mut |message| {
            family = family_in(message.body);
        });
        assert_eq!((outcome, family), (Ok(()), Some(32)));
    }

    #[test]
    fn handshakes() {
        let made = Some(Wall::from_secs(1_795_938_503));
        let table: [(&[&[u8]], Option<Wall>); 3] = [
            (recorded!("never"), None),
            (recorded!("one"), made),
            // 42 peers, of which one has 200 networks.
            (recorded!("many.1", "many.2", "many.3"), made),
        ];
        for (parts, expected) in table {
            let mut latest = None;
            let outcome = read(parts, &mut |message| {
                latest = latest.max(latest_in(message.body));
            });
            assert_eq!((outcome, latest), (Ok(()), expected));
        }
    }

    #[test]
    fn refusals() {
        let none = "vpnki0 is no WireGuard device of the kernel";
        let table: [(&[&[u8]], &str); 4] = [
            (recorded!("no-family"), none),
            (recorded!("another-device"), none),
            (recorded!("no-device"), "there is no device vpnki0"),
            (recorded!("no-permission"), "that needs CAP_NET_ADMIN"),
        ];
        for (parts, words) in table {
            let outcome = read(parts, &mut |_| panic!("nothing is listed"));
            let said = outcome.map_err(|error| describe(error, "vpnki0").to_string());
            assert_eq!(said, Err(words.to_owned()));
        }
    }
}
