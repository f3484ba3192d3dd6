//! The address of a network, as netifd has it; and whether strangers have it, too.
//!
//! | question | answer |
//! | --- | --- |
//! | which of several networks is the source | of those that have an address those with a default route for its family; of these, those with an address that may be published; of these, the one whose route the kernel prefers. Of several that are as good, as where netifd knows of no such route, the first in the list |
//! | which of its addresses | those of the network and of its dynamic children, see [`family_of`] |
//! | who shares an address | the provider's other customers, where a protocol gives each of them some ports of it, or where the WAN itself has an address of the provider's inside |

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::address::{Candidate, Family, PublicAddress, choose_address};
use crate::config::DEFAULT_WAN;
use crate::config::suggest::nearest_name;
use crate::prefix::Prefix;
use crate::reason::address::{
    AbortReason, NameMeaning, NotPublic, Sharing, UnknownNetwork, Unpublishable,
};
use crate::reconcile::Observation;
use crate::ubus::netifd::{Network, explain, family_of, find};

/// The protocols of netifd by which several customers have one IPv4 address.
const SHARING_PROTOCOLS: [&str; 7] = [
    "map", "map-e", "map-t", "lw4o6", "dslite", "ds-lite", "464xlat",
];

/// The addresses of the best of the networks that are named. With `is_own`, as their owner
/// says, none counts as shared.
///
/// # Errors
/// The reason why there is none.
pub fn observe(
    networks: &[Network],
    names: &[String],
    family: Family,
    is_own: bool,
) -> Observation {
    let known = names
        .iter()
        .filter_map(|name| WanGroup::new(networks, name, family, is_own));
    let Some(best) = known.min_by_key(WanGroup::rank) else {
        let name = names.first().map_or(DEFAULT_WAN, String::as_str);
        return Err(unknown_network(networks, name).into());
    };
    let is_usable = best.is_usable();
    let found = with_prefix(networks, &best.members, best.candidates, family)?;
    match names {
        [_, _, ..] if !is_usable => Err(none_has_address(networks, names, family)),
        _ if found.is_empty() => Err(no_address(&best.members, family)),
        _ => Ok(found),
    }
}

/// True if netifd has a network of this name.
pub fn is_known(networks: &[Network], name: &str) -> bool {
    family_of(networks, name).next().is_some()
}

/// A network and its dynamic children, for one family.
struct WanGroup<'a> {
    /// At least one.
    members: Vec<&'a Network>,
    candidates: Vec<Candidate>,
    family: Family,
}

impl<'a> WanGroup<'a> {
    fn new(
        networks: &'a [Network],
        name: &str,
        family: Family,
        is_own: bool,
    ) -> Option<WanGroup<'a>> {
        let members: Vec<&Network> = family_of(networks, name).collect();
        let candidates = members.iter().flat_map(|network| {
            let own = network.addresses.iter();
            let own = own.filter(|candidate| family.includes(candidate.address));
            own.map(|candidate| Candidate {
                sharing: sharing_by_protocol(network).filter(|_| family == Family::Ipv4 && !is_own),
                ..candidate.clone()
            })
        });
        let candidates = candidates.collect();
        (!members.is_empty()).then_some(WanGroup {
            candidates,
            members,
            family,
        })
    }

    /// Every IPv6 device has a link-local address, which is no sign of a connection.
    fn is_usable(&self) -> bool {
        let mut found = self.candidates.iter();
        found.any(|c| PublicAddress::new(c.address) != Err(NotPublic::LinkLocal))
    }

    /// The best is least.
    fn rank(&self) -> impl Ord + use<> {
        let routes = self.members.iter();
        let route = routes.filter_map(|network| network.default_route_of(self.family));
        let route = route.min();
        let is_publishable = choose_address(&self.candidates, self.family, None).is_ok();
        (!self.is_usable(), route.is_none(), !is_publishable, route)
    }
}

/// The candidates, unless they are none to publish and the WAN, which is on these
/// networks, was given a prefix for others.
fn with_prefix(
    networks: &[Network],
    wan: &[&Network],
    candidates: Vec<Candidate>,
    family: Family,
) -> Observation {
    let is_public = |prefix: IpAddr| PublicAddress::new(prefix).is_ok();
    let prefixes = wan.iter().flat_map(|network| &network.prefixes);
    let mut prefixes = prefixes.filter(|p| !p.deprecated && is_public(p.prefix.address()));
    let cause = choose_address(&candidates, family, None).err();
    let (
        Family::Ipv6,
        Some(Unpublishable::None(_) | Unpublishable::NotPublic(..)),
        Some(delegated),
    ) = (family, cause, prefixes.next())
    else {
        return Ok(candidates);
    };
    let is_wan = |name: &str| wan.iter().any(|network| network.name == name);
    let prefix = delegated.prefix;
    let has_part = |network: &&Network| {
        let own = network.addresses.iter();
        let hosts = own.filter_map(|c| Prefix::new(c.address, 128));
        !is_wan(&network.name) && hosts.into_iter().any(|host| prefix.contains(host))
    };
    let lan = networks.iter().find(has_part).map(|network| &network.name);
    let assigned = delegated.assigned.iter().find(|name| !is_wan(name));
    Err(AbortReason::OnlyPrefix {
        network: wan[0].name.clone(),
        prefix,
        lan: lan.or(assigned).cloned(),
    })
}

/// The candidates that the kernel has for a device, as netifd's networks on it let them
/// appear. `is_own` as above.
///
/// # Errors
/// The reason why none of them may be published, which only netifd knows.
pub fn on_device(
    networks: &[Network],
    device: &str,
    mut candidates: Vec<Candidate>,
    family: Family,
    is_own: bool,
) -> Observation {
    let is_on = |network: &&Network| network.l3_device.as_deref() == Some(device);
    let wan: Vec<&Network> = networks.iter().filter(is_on).collect();
    if family == Family::Ipv4 && !is_own {
        let sharing = wan.iter().find_map(|network| sharing_by_protocol(network));
        for candidate in &mut candidates {
            candidate.sharing.clone_from(&sharing);
        }
    }
    with_prefix(networks, &wan, candidates, family)
}

fn sharing_by_protocol(network: &Network) -> Option<Sharing> {
    let proto = network.proto.as_deref()?;
    SHARING_PROTOCOLS.contains(&proto).then(|| Sharing::Ports {
        network: network.name.clone(),
        proto: proto.to_owned(),
    })
}

/// The reason to think that strangers have this address, too, which was seen from
/// outside: the WAN that it was seen through, which is that of `bind` or of the best
/// default route, is behind a NAT of the provider's.
///
/// An address that one of the router's networks has itself is no stranger's.
pub fn sharing_of(networks: &[Network], bind: Option<&str>, address: IpAddr) -> Option<Sharing> {
    let is_own = |network: &Network| {
        let mut own = network.addresses.iter();
        sharing_by_protocol(network).is_none() && own.any(|c| c.address == address)
    };
    if !address.is_ipv4() || networks.iter().any(is_own) {
        return None;
    }
    let route = |network: &Network| network.default_route_of(Family::Ipv4);
    let best = networks.iter().filter_map(route).min();
    let is_way_out = |network: &Network| match (bind, best) {
        (Some(name), _) => network.is_of_family(name),
        (None, Some(_)) => route(network) == best,
        (None, None) => network.is_of_family(DEFAULT_WAN),
    };
    let ways_out = networks.iter().filter(|network| is_way_out(network));
    // The route may be the network's, and the address its child's.
    let mut ways_out = ways_out.flat_map(|network| family_of(networks, &network.name));
    ways_out.find_map(|network| sharing_by_protocol(network).or_else(|| carrier_nat(network)))
}

fn carrier_nat(network: &Network) -> Option<Sharing> {
    network.addresses.iter().find_map(|candidate| {
        let address = candidate.address;
        let kind = PublicAddress::new(address).err()?;
        let is_inside = matches!(kind, NotPublic::CarrierNat | NotPublic::ProtocolAssignment);
        is_inside.then(|| Sharing::CarrierNat {
            network: network.name.clone(),
            address,
            kind,
        })
    })
}

/// The device that requests through this network leave by: its own, or that of a dynamic
/// child where only that has an address.
///
/// # Errors
/// The reason why there is none.
pub fn device_of<'a>(networks: &'a [Network], name: &str) -> Result<&'a str, AbortReason> {
    let devices = family_of(networks, name)
        .filter_map(|network| Some((network.addresses.is_empty(), network.l3_device.as_deref()?)));
    match devices.min_by_key(|(is_empty, _)| *is_empty) {
        Some((_, device)) => Ok(device),
        None => Err(match find(networks, name) {
            Some(network) => AbortReason::NoDeviceOf(explain(network)),
            None => unknown_network(networks, name).into(),
        }),
    }
}

/// A name that netifd does not know, with what was probably meant.
pub fn unknown_network(networks: &[Network], name: &str) -> UnknownNetwork {
    let is_device = |network: &&Network| {
        let devices = [&network.l3_device, &network.device];
        devices.into_iter().flatten().any(|device| device == name)
    };
    let of_device = networks.iter().find(is_device);
    let meaning = match of_device {
        Some(network) => Some(NameMeaning::DeviceOf(network.name.clone())),
        None => {
            let names: Vec<&str> = networks.iter().map(|n| n.name.as_str()).collect();
            let similar = nearest_name(name, &names);
            similar.map(|name| NameMeaning::Similar(name.to_owned()))
        }
    };
    UnknownNetwork {
        name: name.to_owned(),
        meaning,
    }
}

fn no_address(members: &[&Network], family: Family) -> AbortReason {
    let network = members[0].name.clone();
    match members.iter().all(|member| member.addresses.is_empty()) {
        true => AbortReason::NoAddress {
            network,
            state: explain(members[0]),
        },
        false => AbortReason::NoAddressOf { network, family },
    }
}

fn none_has_address(networks: &[Network], names: &[String], family: Family) -> AbortReason {
    let states = names.iter().filter_map(|name| {
        let network = find(networks, name)?;
        Some((name.clone(), explain(network)))
    });
    AbortReason::NoneHasAddress {
        family,
        states: states.collect(),
    }
}

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;
