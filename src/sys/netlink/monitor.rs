//! Tells that addresses, links or routes have changed.
//!
//! The kernel says far more than that: an IPv6 address's lifetimes are
//! refreshed with each router advertisement, a wireless driver reports on its
//! link for ever. So what it said last of each address and link is kept, and a
//! message that says the same again is no change:
//!
//! | of | a change is |
//! | --- | --- |
//! | an address | that it comes or goes, or other flags (deprecated, tentative); not its lifetimes |
//! | a link | that it comes or goes, another name, up or not, running or not, carrier or not |
//! | a route | that it comes or goes or is replaced; not those that the kernel makes for addresses (local, broadcast, multicast), and no cached one |
//! | a rule | that it comes or goes; it counts as a route |
//!
//! The first message about an address or a link counts as a change even if it
//! tells nothing new. That is at most one needless look for each, and saves
//! listing all of them at the start.

use std::io;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{RecvFlags, bind, recv};

use super::wire::{Attributes, Messages, NetlinkMessage, kind, number};

/// Groups of rtnetlink, as bits. (linux/rtnetlink.h)
mod group {
    pub const LINK: u32 = 0x1;
    pub const IPV4_ADDRESS: u32 = 0x10;
    pub const IPV4_ROUTE: u32 = 0x40;
    pub const IPV4_RULE: u32 = 0x80;
    pub const IPV6_ADDRESS: u32 = 0x100;
    pub const IPV6_ROUTE: u32 = 0x400;
    pub const IPV6_RULE: u32 = 0x4_0000;
}

/// More than any notification takes; a link's is the largest, at some 1.5 KB.
const MAX_NOTIFICATION: usize = 8192;

/// Hears what the kernel says of its network. Needs no privilege.
pub struct Monitor {
    socket: OwnedFd,
    /// The last state of each address and link. It grows no larger than
    /// the kernel's own tables, since what goes is forgotten.
    known: Vec<Fact>,
}

/// The state of an address or a link, as the kernel reported it. The two have keys of
/// different lengths.
struct Fact {
    key: Vec<u8>,
    state: Vec<u8>,
}

/// The changes since the last call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// An address came or went, or may be used otherwise.
    pub addresses: bool,
    /// A device came or went, was renamed, or went up or down.
    pub links: bool,
    /// A route or a rule came, went or was replaced.
    pub routes: bool,
}

impl Changes {
    const ALL: Changes = Changes {
        addresses: true,
        links: true,
        routes: true,
    };
}

impl Monitor {
    /// Hears of addresses and links, and of routes and rules if these matter.
    ///
    /// # Errors
    /// Those of the kernel; none is to be expected.
    pub fn open(routes: bool) -> io::Result<Monitor> {
        let mut groups = group::LINK | group::IPV4_ADDRESS | group::IPV6_ADDRESS;
        if routes {
            groups |= group::IPV4_ROUTE | group::IPV6_ROUTE | group::IPV4_RULE | group::IPV6_RULE;
        }
        let socket = super::socket()?;
        bind(&socket, &SocketAddrNetlink::new(0, groups))?;
        Ok(Monitor {
            socket,
            known: Vec::new(),
        })
    }

    /// Takes all that there is, without waiting. If the kernel had to throw
    /// messages away, everything counts as changed.
    pub fn take(&mut self) -> Changes {
        let mut changes = Changes::default();
        let mut lost = false;
        let mut buffer = [0; MAX_NOTIFICATION];
        loop {
            match recv(&self.socket, &mut buffer[..], RecvFlags::TRUNC) {
                Ok((taken, length)) if length <= taken => {
                    for message in Messages(&buffer[..taken]) {
                        self.note_message(&message, &mut changes);
                    }
                }
                Err(Errno::INTR) => {}
                Ok(_) | Err(Errno::NOBUFS) => lost = true,
                Err(Errno::AGAIN) => break,
                Err(_) => {
                    lost = true;
                    break;
                }
            }
        }
        if lost {
            // Only now: what was still to be read is older than what was lost.
            self.known.clear();
            changes = Changes::ALL;
        }
        changes
    }

    fn note_message(&mut self, message: &NetlinkMessage<'_>, changes: &mut Changes) {
        match message.kind {
            kind::NEWADDR | kind::DELADDR => {
                let fact = address_fact(message.body);
                changes.addresses |= fact.is_some_and(|f| self.update_known(f, message.kind));
            }
            kind::NEWLINK | kind::DELLINK => {
                let fact = link_fact(message.body);
                changes.links |= fact.is_some_and(|f| self.update_known(f, message.kind));
            }
            kind::NEWROUTE | kind::DELROUTE => changes.routes |= is_own_route(message.body),
            kind::NEWRULE | kind::DELRULE => changes.routes = true,
            _ => {}
        }
    }

    fn update_known(&mut self, fact: Fact, kind: u16) -> bool {
        let at = self.known.iter().position(|known| known.key == fact.key);
        let gone = matches!(kind, kind::DELADDR | kind::DELLINK);
        match at {
            Some(at) if gone => {
                self.known.swap_remove(at);
            }
            Some(at) if self.known[at].state == fact.state => return false,
            Some(at) => self.known[at] = fact,
            None if gone => {}
            None => self.known.push(fact),
        }
        true
    }
}

impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// `struct ifaddrmsg`: family, prefix length, flags, scope, index of the
/// device. The key is all that makes it this address and no other.
fn address_fact(body: &[u8]) -> Option<Fact> {
    const STRUCT_SIZE: usize = 8;
    const ADDRESS: u16 = 1;
    const LOCAL: u16 = 2;
    const FLAGS: u16 = 8;
    let [family, length, flags, _scope, index @ ..] = body.first_chunk::<STRUCT_SIZE>()?;
    let attribute = |kind| Attributes::after(STRUCT_SIZE, body).find(kind);
    let mut key = vec![*family, *length];
    key.extend(index);
    key.extend(attribute(LOCAL).unwrap_or_default());
    key.extend(attribute(ADDRESS).unwrap_or_default());
    // The attribute has those too for which a byte is too small.
    let state = attribute(FLAGS).unwrap_or(&[*flags]).to_vec();
    Some(Fact { key, state })
}

/// `struct ifinfomsg`: family, padding, type, index, flags, mask of changes.
///
/// The state of the link is in the flags, which every message has; the
/// attribute for it is missing in those of wireless drivers. Of the other
/// flags, some change when packets are captured.
fn link_fact(body: &[u8]) -> Option<Fact> {
    const STRUCT_SIZE: usize = 16;
    const NAME: u16 = 3;
    const UP: u32 = 0x1;
    const RUNNING: u32 = 0x40;
    const CARRIER: u32 = 0x10000;
    // Another family than none: a bridge's view of its port, say.
    if *body.first()? != 0 {
        return None;
    }
    let flags = number(body, 8)? & (UP | RUNNING | CARRIER);
    let mut state = flags.to_ne_bytes().to_vec();
    state.extend(
        Attributes::after(STRUCT_SIZE, body)
            .find(NAME)
            .unwrap_or_default(),
    );
    Some(Fact {
        key: body.get(4..8)?.to_vec(),
        state,
    })
}

/// `struct rtmsg`: family, lengths of destination and source, TOS, table,
/// protocol, scope, type, flags.
///
/// True if the route was made on purpose, not by the kernel for an address or for a
/// single destination.
fn is_own_route(body: &[u8]) -> bool {
    const LOCAL_TABLE: u8 = 255;
    const TO_MULTICAST: std::ops::RangeInclusive<u8> = 2..=5;
    const CLONED: u32 = 0x200;
    let (Some(table), Some(kind)) = (body.get(4), body.get(7)) else {
        return false;
    };
    let cloned = number(body, 8).is_some_and(|flags| flags & CLONED != 0);
    *table != LOCAL_TABLE && !TO_MULTICAST.contains(kind) && !cloned
}

#[cfg(test)]
mod tests {
    use super::super::wire::NetlinkRequest;
    use super::*;

    fn monitor() -> Monitor {
        Monitor::open(true).expect("anybody may listen")
    }

    /// The changes by one message with this structure and these attributes.
    fn changes_after(
        monitor: &mut Monitor,
        kind: u16,
        structure: &[u8],
        attributes: &[(u16, &[u8])],
    ) -> Changes {
        let start = NetlinkRequest::new(kind, 0, 0, structure);
        let add =
            |request: NetlinkRequest, (kind, value): &(u16, &[u8])| request.with(*kind, value);
        let bytes = attributes.iter().fold(start, add).bytes();
        let mut changes = Changes::default();
        for message in Messages(&bytes) {
            monitor.note_message(&message, &mut changes);
        }
        changes
    }

    fn structure(start: [u8; 4], numbers: &[u32]) -> Vec<u8> {
        let numbers = numbers.iter().flat_map(|n| n.to_ne_bytes());
        start.into_iter().chain(numbers).collect()
    }

    #[test]
    fn an_address_whose_lifetime_is_refreshed_is_no_change() {
        const CACHE: u16 = 6;
        let mut monitor = monitor();
        let on = |index| structure([10, 64, 0, 0], &[index]);
        let (first, other) = ([1; 16], [2; 16]);
        let flags = |flags: u32| flags.to_ne_bytes();
        // kind, device, address, flags, lifetimes, change
        let table = [
            (kind::NEWADDR, 3, first, 0x40, 1, true),
            (kind::NEWADDR, 3, first, 0x40, 2, false),
            (kind::NEWADDR, 3, other, 0x40, 2, true),
            (kind::NEWADDR, 4, first, 0x40, 2, true),
            (kind::NEWADDR, 3, first, 0x120, 2, true),
            (kind::NEWADDR, 3, first, 0x120, 3, false),
            (kind::DELADDR, 3, first, 0x120, 3, true),
            (kind::NEWADDR, 3, first, 0x120, 3, true),
            (kind::DELADDR, 9, first, 0x120, 3, true),
        ];
        for (row, (kind, index, address, bits, lifetime, change)) in table.into_iter().enumerate() {
            let bits = flags(bits);
            let attributes: [(u16, &[u8]); 3] =
                [(1, &address), (8, &bits), (CACHE, &[lifetime; 16])];
            let changes = changes_after(&mut monitor, kind, &on(index), &attributes);
            assert_eq!(changes.addresses, change, "row {row}");
            assert!(!changes.links && !changes.routes);
        }
        assert_eq!(monitor.known.len(), 3);
    }

    #[test]
    fn a_link_that_only_reports_is_no_change() {
        const WIRELESS: u16 = 11;
        let mut monitor = monitor();
        let (up, carrier, promiscuous) = (0x1, 0x10041, 0x10141);
        // kind, family, index, flags, name, change
        let table = [
            (kind::NEWLINK, 0, 5, up, b"tun0", true),
            (kind::NEWLINK, 0, 5, up, b"tun0", false),
            (kind::NEWLINK, 0, 5, carrier, b"tun0", true),
            (kind::NEWLINK, 0, 5, promiscuous, b"tun0", false),
            (kind::NEWLINK, 7, 5, up, b"tun0", false),
            (kind::NEWLINK, 0, 5, carrier, b"tun1", true),
            (kind::NEWLINK, 0, 6, carrier, b"tun0", true),
            (kind::DELLINK, 7, 5, carrier, b"tun1", false),
            (kind::DELLINK, 0, 5, carrier, b"tun1", true),
        ];
        for (row, (kind, family, index, flags, name, change)) in table.into_iter().enumerate() {
            let structure = structure([family, 0, 0, 0], &[index, flags, 0]);
            let attributes: [(u16, &[u8]); 2] = [(3, name), (WIRELESS, &[row as u8])];
            let changes = changes_after(&mut monitor, kind, &structure, &attributes);
            assert_eq!(changes.links, change, "row {row}");
            assert!(!changes.addresses && !changes.routes);
        }
        assert_eq!(monitor.known.len(), 1);
    }

    #[test]
    fn routes_that_nobody_made_are_no_change() {
        // table, type, flags, change
        let table = [
            (254, 1, 0, true),
            (254, 6, 0, true),
            (10, 1, 0, true),
            (254, 1, 0x200, false),
            (255, 2, 0, false),
            (254, 3, 0, false),
            (255, 1, 0, false),
        ];
        for (number, kind, flags, change) in table {
            let mut body = structure([10, 64, 0, 0], &[0]);
            (body[4], body[7]) = (number, kind);
            body.extend(u32::to_ne_bytes(flags));
            for message in [kind::NEWROUTE, kind::DELROUTE] {
                let changes = changes_after(&mut monitor(), message, &body, &[]);
                assert_eq!(changes.routes, change, "{number} {kind} {flags}");
            }
        }
    }

    #[test]
    fn other_messages_and_damaged_ones_change_nothing() {
        const NEWNEIGH: u16 = 28;
        let mut monitor = monitor();
        for kind in 0..=NEWNEIGH {
            for length in [0, 3] {
                let changes = changes_after(&mut monitor, kind, &[0; 12][..length], &[]);
                assert_eq!(changes, Changes::default(), "{kind} {length}");
            }
        }
        assert_eq!(
            changes_after(&mut monitor, NEWNEIGH, &[0; 12], &[]),
            Changes::default()
        );
    }
}
