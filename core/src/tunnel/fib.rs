//! The way of a network's packets, from the kernel's routes and rules. Pure.
//!
//! The kernel's answer for one address says nothing of a network: the far end of a
//! PPP or OpenVPN device has a route of its own. So the routes themselves are read,
//! and each part of the network is followed through the rules to the route that
//! fits best.
//!
//! Some routes in a network are no fault of its route, whichever way they lead:
//! - those to a single host, such as the router's own addresses, broadcasts, the far
//!   end of a link, and the server that carries a tunnel;
//! - in a network so wide that it stands for the Internet, those to a narrower one.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};

use super::evidence::RouteStatus;
use crate::prefix::Prefix;
use crate::reason;
use crate::reason::{Code, Reason};

/// The main table, where routes are if nothing else is said.
pub const MAIN_TABLE: u32 = 254;
/// A network of fewer bits stands for the Internet.
const MIN_SITE_LENGTH: u8 = 8;

/// One way of one route. A route over several devices is several of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FibEntry {
    /// The number of its table.
    pub table: u32,
    /// The network that it leads to.
    pub prefix: Prefix,
    /// Of two routes to the same network, the one with the lower metric counts.
    pub metric: u32,
    /// The target of its packets.
    pub target: RouteTarget,
}

/// The target of packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteTarget {
    /// Through the device of this index; `lo` for the router itself.
    Device(u32),
    /// To no device: a blackhole, unreachable or prohibited.
    Nowhere,
    /// To the next rule.
    Throw,
}

/// A rule of policy routing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRule {
    /// Its number, by which a person finds it.
    pub priority: u32,
    /// It is for packets to this network only.
    pub to: Option<Prefix>,
    /// It is for some packets only, by a mark, a source or the like.
    pub is_conditional: bool,
    /// Routes to networks of fewer bits do not count.
    pub min_length: u8,
    /// The action for such packets.
    pub action: RuleAction,
}

/// The action of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleAction {
    /// They are looked up in the table of this number.
    Table(u32),
    /// They are dropped.
    Drop,
    /// They go on at another rule.
    Goto,
}

impl RouteRule {
    /// The rule that has all packets looked up in a table.
    pub fn of_table(table: u32) -> RouteRule {
        RouteRule {
            priority: 0,
            to: None,
            is_conditional: false,
            min_length: 0,
            action: RuleAction::Table(table),
        }
    }

    /// The rules of a kernel without policy routing, and of one where nobody made any.
    pub fn defaults() -> Vec<RouteRule> {
        [255, MAIN_TABLE, 253].map(RouteRule::of_table).into()
    }
}

/// The routes and the rules of one family.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fib {
    /// In their order.
    pub rules: Vec<RouteRule>,
    /// Those that matter, in any order.
    pub entries: Vec<FibEntry>,
}

/// The way of the packets to a network. A way is the index of a device, or none if
/// they go nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// All go through the device.
    Through,
    /// None does.
    Elsewhere(Option<u32>),
    /// Some do, but there is no route for this part.
    Partly(Prefix, Option<u32>),
    /// All would, if a route of its own did not lead this part elsewhere.
    Overlapped(Prefix, Option<u32>),
    /// The rule of this priority decides, by more than their destination.
    Undecided(u32),
}

/// True if a route to `other`, or a rule for it, can be a fault of the route to `network`.
pub fn is_relevant(network: Prefix, other: Prefix) -> bool {
    let is_exception = other.length() > network.length()
        && (other.length() == other.bits()
            || network.length() < MIN_SITE_LENGTH && other.length() >= MIN_SITE_LENGTH);
    network.overlaps(other) && !is_exception
}

impl Fib {
    /// The way of packets to `network`, which should go through `device`, and whose
    /// route may be in a table of its own.
    pub fn way(&self, network: Prefix, device: u32, own_table: Option<u32>) -> Way {
        let network = part_in_use(network);
        let is_relevant = |to: Prefix| is_relevant(network, to);
        let own = own_table.map(RouteRule::of_table);
        let rules = own.iter().chain(&self.rules);
        let rules: Vec<&RouteRule> = rules
            .filter(|rule| rule.to.is_none_or(is_relevant))
            .collect();
        let entries: Vec<&FibEntry> = self
            .entries
            .iter()
            .filter(|entry| is_relevant(entry.prefix))
            .collect();
        let mut survey = Survey {
            rules,
            device,
            network,
            is_through: false,
            lacking: None,
            overlapping: None,
            undecided: None,
        };
        survey.visit(network, &entries);
        survey.way()
    }

    /// The way of the route to exactly this network in this table.
    pub fn route_of(&self, network: Prefix, table: u32) -> Option<RouteTarget> {
        let mut entries = self.entries.iter();
        let found = entries.find(|entry| entry.prefix == network && entry.table == table);
        found.map(|entry| entry.target)
    }
}

/// The part of a network to which packets are sent: of the IPv6 Internet it is an
/// eighth, and clients set routes to that alone.
fn part_in_use(network: Prefix) -> Prefix {
    let global = Prefix::new(IpAddr::V6(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0)), 3);
    global
        .filter(|global| network.contains(*global))
        .unwrap_or(network)
}

/// The findings about the parts of a network.
struct Survey<'a> {
    rules: Vec<&'a RouteRule>,
    device: u32,
    network: Prefix,
    /// Some part goes through the device.
    is_through: bool,
    /// The first part without a route through the device.
    lacking: Option<(Prefix, Option<u32>)>,
    /// The first part that has a route of its own.
    overlapping: Option<(Prefix, Option<u32>)>,
    /// The first rule that decides by more than the destination.
    undecided: Option<u32>,
}

impl Survey<'_> {
    /// Follows the packets to `part`, for which these entries may count.
    fn visit(&mut self, part: Prefix, entries: &[&FibEntry]) {
        let is_inside = |other: Prefix| other != part && part.contains(other);
        let is_split = entries.iter().any(|entry| is_inside(entry.prefix))
            || self.rules.iter().any(|rule| rule.to.is_some_and(is_inside));
        let Some(halves) = part.halves().filter(|_| is_split) else {
            return self.look_up(part, entries);
        };
        for half in halves {
            let mut entries = entries.to_vec();
            entries.retain(|entry| entry.prefix.overlaps(half));
            self.visit(half, &entries);
        }
    }

    /// Follows packets that all go the same way.
    fn look_up(&mut self, part: Prefix, entries: &[&FibEntry]) {
        let through = RouteTarget::Device(self.device);
        // What each rule that may not be for them would do, and what decides otherwise.
        let mut conditional = Vec::new();
        let mut found = (self.network, RouteTarget::Nowhere);
        for rule in &self.rules {
            let to = rule.to.unwrap_or(self.network);
            let (prefix, target) = match rule.action {
                _ if !to.contains(part) => continue,
                // One that drops some packets, as a firewall does, leads none elsewhere.
                RuleAction::Drop if rule.is_conditional => continue,
                RuleAction::Table(table) => match best(table, rule.min_length, entries, through) {
                    Some(entry) => (entry.prefix, entry.target),
                    None => continue,
                },
                RuleAction::Drop => (to, RouteTarget::Nowhere),
                RuleAction::Goto => {
                    self.undecided.get_or_insert(rule.priority);
                    return;
                }
            };
            if target == RouteTarget::Throw {
                continue;
            }
            if !rule.is_conditional {
                let narrower = if to.contains(prefix) { prefix } else { to };
                found = (narrower, target);
                break;
            }
            conditional.push((rule.priority, target == through));
        }
        let (narrower, target) = found;
        let is_through = target == through;
        let other = conditional.iter().find(|(_, other)| *other != is_through);
        let way = match target {
            RouteTarget::Device(index) => Some(index),
            RouteTarget::Nowhere | RouteTarget::Throw => None,
        };
        if let Some((priority, _)) = other {
            self.undecided.get_or_insert(*priority);
        } else if is_through {
            self.is_through = true;
        } else if narrower != self.network && self.network.contains(narrower) {
            self.overlapping.get_or_insert((narrower, way));
        } else {
            self.lacking.get_or_insert((part, way));
        }
    }

    /// The way of the whole, from those of its parts.
    fn way(&self) -> Way {
        let is_partly = self.is_through || self.undecided.is_some();
        match (self.lacking, self.undecided, self.overlapping) {
            (Some((part, way)), ..) if is_partly => Way::Partly(part, way),
            (Some((_, way)), ..) => Way::Elsewhere(way),
            (None, Some(priority), _) => Way::Undecided(priority),
            (None, None, Some((part, way))) if is_partly => Way::Overlapped(part, way),
            (None, None, Some((_, way))) => Way::Elsewhere(way),
            (None, None, None) => Way::Through,
        }
    }
}

/// The route in a table that fits best to packets that all of the entries for their part
/// are for; of several that fit as well, one that does not lead `through`.
fn best<'e>(
    table: u32,
    min_length: u8,
    entries: &[&'e FibEntry],
    through: RouteTarget,
) -> Option<&'e FibEntry> {
    let entries = entries.iter().copied();
    let fitting = entries.filter(|e| e.table == table && e.prefix.length() >= min_length);
    fitting.max_by_key(|e| {
        let rank = u64::from(e.prefix.length()) << 32 | u64::from(!e.metric);
        rank << 1 | u64::from(e.target != through)
    })
}

impl Way {
    /// The way as evidence; `name` gives the name of a device.
    pub fn evidence(self, name: impl Fn(u32) -> String) -> RouteStatus {
        let reason = |part: Prefix, way: Option<u32>, without: Code| match way {
            Some(index) => reason!(RoutePartVia, prefix = part, device = name(index)),
            None => Reason::of(without).with(part),
        };
        match self {
            Way::Through => RouteStatus::Through,
            Way::Elsewhere(Some(index)) => RouteStatus::Elsewhere(name(index)),
            Way::Elsewhere(None) => RouteStatus::Missing,
            Way::Partly(part, way) => {
                RouteStatus::Partly(reason(part, way, Code::RoutePartMissing))
            }
            Way::Overlapped(part, way) => {
                RouteStatus::Overlapped(reason(part, way, Code::RoutePartBlocked))
            }
            Way::Undecided(priority) => {
                RouteStatus::Unavailable(reason!(RouteUndecided, number = priority))
            }
        }
    }
}

#[cfg(test)]
#[path = "fib_tests.rs"]
mod tests;
