//! The kernel's routes and rules, as far as they matter for some networks.

use rustix::fd::OwnedFd;
use rustix::io::{self, Errno};
use rustix::net::netdevice::{index_to_name, name_to_index};

use super::request::{RepliesEnd, SEQUENCE, exchange};
use super::route::{LOCAL, UNICAST};
use super::wire::{Attributes, NetlinkRequest, address, family, flag, kind, number};
use crate::sys::os_error::describe_errno;
use wansync_core::prefix::Prefix;
use wansync_core::reason;
use wansync_core::reason::Reason;
use wansync_core::tunnel::evidence::RouteStatus;
use wansync_core::tunnel::fib::{Fib, FibEntry, RouteRule, RouteTarget, RuleAction, is_relevant};

/// Bytes of `struct rtmsg`, and of `struct fib_rule_hdr`: family, lengths of destination
/// and source, TOS, table, two more, type or action, flags.
pub(super) const STRUCT_SIZE: usize = 12;
/// `LOOPBACK_IFINDEX`
const LOOPBACK: u32 = 1;
/// A list that has changed while it was read is read again; so often.
const MAX_DUMPS: usize = 4;

/// The routes and rules of one family, for the networks that they were read for.
pub struct Routes {
    socket: OwnedFd,
    fib: Fib,
}

impl Routes {
    /// Reads what matters for those of the `networks` that are of the family of
    /// `network`. Needs no privilege.
    ///
    /// # Errors
    /// In words.
    pub fn read(network: Prefix, networks: &[Prefix]) -> Result<Routes, Reason> {
        let family = family(network.address());
        let read = super::socket().and_then(|socket| {
            let rules = match read_list(&socket, kind::GETRULE, family, parse_rule) {
                // The kernel has no policy routing, or none of this family.
                Err(Errno::OPNOTSUPP | Errno::AFNOSUPPORT) => RouteRule::defaults(),
                rules => rules?,
            };
            let entries = read_list(&socket, kind::GETROUTE, family, |body, entries| {
                parse_route(body, networks, entries)
            })?;
            let fib = Fib { rules, entries };
            Ok(Routes { socket, fib })
        });
        read.map_err(|error| reason!(RouteNotListed, error = describe_errno(error)))
    }

    /// The way of packets to `network`, which should go through `device`, and whose
    /// route may be in a table of its own.
    pub fn status(&self, network: Prefix, device: &str, own_table: Option<u32>) -> RouteStatus {
        match name_to_index(&self.socket, device) {
            Ok(index) => {
                let way = self.fib.way(network, index, own_table);
                way.evidence(|index| self.device_name(index))
            }
            Err(_) => RouteStatus::Unavailable(reason!(SourceNoDevice, device = device)),
        }
    }

    /// The device of the route to exactly this network in this table; none if it leads
    /// nowhere.
    pub(super) fn device_of(&self, network: Prefix, table: u32) -> Option<String> {
        match self.fib.route_of(network, table)? {
            RouteTarget::Device(index) => Some(self.device_name(index)),
            RouteTarget::Nowhere | RouteTarget::Throw => None,
        }
    }

    /// The device's name, or its number if it went meanwhile.
    fn device_name(&self, index: u32) -> String {
        index_to_name(&self.socket, index).unwrap_or_else(|_| index.to_string())
    }
}

/// All that the kernel lists of a kind.
pub(super) fn read_list<T>(
    socket: &OwnedFd,
    kind: u16,
    family: u8,
    parse: impl Fn(&[u8], &mut Vec<T>) -> Option<()>,
) -> io::Result<Vec<T>> {
    let mut structure = [0; STRUCT_SIZE];
    structure[0] = family;
    for _ in 0..MAX_DUMPS {
        let mut list = Vec::new();
        let request = NetlinkRequest::new(kind, flag::DUMP, SEQUENCE, &structure);
        let end = exchange(socket, request, &mut |message| {
            // A kernel without the family lists the others.
            if message.body.first() == Some(&family) {
                let _ = parse(message.body, &mut list);
            }
        })?;
        if end == RepliesEnd::Whole {
            return Ok(list);
        }
    }
    Err(Errno::AGAIN)
}

/// The network of this length in an attribute, which is left out where the length is 0.
fn prefix(family: u8, bytes: Option<&[u8]>, length: u8) -> Option<Prefix> {
    Prefix::new(address(family, bytes.unwrap_or(&[0; 16]))?, length)
}

/// Adds what matters of a route. None if nothing does.
fn parse_route(body: &[u8], networks: &[Prefix], entries: &mut Vec<FibEntry>) -> Option<()> {
    const DESTINATION: u16 = 1;
    const DEVICE: u16 = 4;
    const METRIC: u16 = 6;
    const HOPS: u16 = 9;
    const TABLE: u16 = 15;
    const BLACKHOLE: u8 = 6;
    const PROHIBIT: u8 = 8;
    const THROW: u8 = 9;
    /// `RTNH_F_DEAD` and `RTM_F_CLONED`: one that is not used, and one that is no route.
    const UNUSED: u32 = 0x201;
    let [family, length, _, tos, table, _, _, kind, flags @ ..] =
        *body.first_chunk::<STRUCT_SIZE>()?;
    let find = |kind| Attributes::after(STRUCT_SIZE, body).find(kind);
    let find_number = |kind| number(find(kind)?, 0);
    let prefix = prefix(family, find(DESTINATION), length)?;
    if tos != 0
        || u32::from_ne_bytes(flags) & UNUSED != 0
        || !networks.iter().any(|network| is_relevant(*network, prefix))
    {
        return None;
    }
    let mut add = |target| {
        entries.push(FibEntry {
            table: find_number(TABLE).unwrap_or(table.into()),
            prefix,
            metric: find_number(METRIC).unwrap_or(0),
            target,
        });
    };
    match (kind, find_number(DEVICE)) {
        (UNICAST, Some(index)) => add(RouteTarget::Device(index)),
        (UNICAST, None) => Hops(find(HOPS)?).for_each(|index| add(RouteTarget::Device(index))),
        (LOCAL, _) => add(RouteTarget::Device(LOOPBACK)),
        (BLACKHOLE..=PROHIBIT, _) => add(RouteTarget::Nowhere),
        (THROW, _) => add(RouteTarget::Throw),
        // Broadcast, anycast and multicast are not for hosts.
        _ => {}
    }
    Some(())
}

/// The devices of a route over several: `struct rtnexthop`, which has its length, flags,
/// a weight and the index of a device, with attributes after it.
struct Hops<'a>(&'a [u8]);

impl Iterator for Hops<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        const DEAD: u8 = 1;
        const HOP_SIZE: usize = 8;
        loop {
            let [low, high, flags, _, index @ ..] = *self.0.first_chunk::<HOP_SIZE>()?;
            let length = usize::from(u16::from_ne_bytes([low, high])).max(HOP_SIZE);
            self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
            if flags & DEAD == 0 {
                return Some(u32::from_ne_bytes(index));
            }
        }
    }
}

/// Adds a rule. None if it does not concern packets that are sent or forwarded without
/// being bound to a device.
fn parse_rule(body: &[u8], rules: &mut Vec<RouteRule>) -> Option<()> {
    const DESTINATION: u16 = 1;
    const SOURCE: u16 = 2;
    const PRIORITY: u16 = 6;
    const SUPPRESS_LENGTH: u16 = 14;
    const TABLE: u16 = 15;
    const OUTPUT_DEVICE: u16 = 17;
    const L3MDEV: u16 = 19;
    /// Padding, the target of a jump, what was unused, realms, the mask of a mark, and
    /// who made it.
    const NO_SELECTOR: [u16; 9] = [4, 5, 7, 8, 9, 11, 16, 18, 21];
    /// `FIB_RULE_INVERT`
    const INVERTED: u32 = 2;
    /// `FIB_RULE_IIF_DETACHED` and `FIB_RULE_OIF_DETACHED`: the device does not exist.
    const DETACHED: u32 = 0x18;
    let [
        family,
        to_length,
        from_length,
        tos,
        table,
        _,
        _,
        action,
        flags @ ..,
    ] = *body.first_chunk::<STRUCT_SIZE>()?;
    let flags = u32::from_ne_bytes(flags);
    let mut rule = RouteRule::of_table(table.into());
    let mut table = u32::from(table);
    rule.is_conditional = tos != 0;
    let mut is_for_others = flags & DETACHED != 0;
    for (kind, value) in Attributes::after(STRUCT_SIZE, body) {
        match kind {
            DESTINATION => rule.to = prefix(family, Some(value), to_length),
            // The own way of a single host, such as that of an address of a WAN, says
            // nothing of the others.
            SOURCE if from_length as usize == value.len() * 8 => is_for_others = true,
            PRIORITY => rule.priority = number(value, 0)?,
            // -1 is none.
            SUPPRESS_LENGTH => rule.min_length = number(value, 0)?.wrapping_add(1) as u8,
            TABLE => table = number(value, 0)?,
            OUTPUT_DEVICE | L3MDEV => is_for_others = true,
            _ => rule.is_conditional |= !NO_SELECTOR.contains(&kind),
        }
    }
    if flags & INVERTED != 0 {
        rule.to = None;
        rule.is_conditional = true;
    } else if is_for_others {
        return None;
    }
    rule.action = match action {
        1 => RuleAction::Table(table),
        2 => RuleAction::Goto,
        6..=8 => RuleAction::Drop,
        _ => return None,
    };
    rules.push(rule);
    Some(())
}

#[cfg(test)]
#[path = "fib_tests.rs"]
mod tests;
