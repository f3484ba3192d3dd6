//! The address of a network, as netifd has it; and whether strangers have it, too.
//!
//! | question | answer |
//! | --- | --- |
//! | which of several networks is the source | of those that have an address those with a default route for its family; of these, those with an address that may be published; of these, the one whose route the kernel prefers. Of several that are as good, as where netifd knows of no such route, the first in the list |
//! | which of its addresses | those of the network and of its dynamic children, see [`family_of`] |
//! | who shares an address | the provider's other customers, where a protocol gives each of them some ports of it, or where the WAN itself has an address of the provider's inside |

use alloc::borrow::ToOwned;
use alloc::rc::Rc;
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
    let mut best = None;
    for name in names {
        let Some(wan) = WanGroup::new(networks, name, family, is_own) else {
            continue;
        };
        let rank = wan.rank();
        if best.as_ref().is_none_or(|(least, _)| rank < *least) {
            best = Some((rank, wan));
        }
    }
    let Some((_, best)) = best else {
        let name = names.first().map_or(DEFAULT_WAN, String::as_str);
        return Err(AbortReason::UnknownNetwork(unknown_network(networks, name)).into());
    };
    let is_usable = best.is_usable();
    let found = with_prefix(networks, &best.members, best.candidates, family)?;
    match names {
        [_, _, ..] if !is_usable => Err(none_has_address(networks, names, family).into()),
        _ if found.is_empty() => Err(no_address(networks, &best.members, family).into()),
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
        let mut candidates = Vec::new();
        for network in &members {
            let sharing = sharing_by_protocol(network, family, is_own);
            for candidate in &network.addresses {
                if family.includes(candidate.address) {
                    candidates.push(Candidate {
                        sharing: sharing.clone(),
                        ..*candidate
                    });
                }
            }
        }
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
    let only_prefix = AbortReason::OnlyPrefix {
        network: wan[0].name.clone(),
        prefix,
        lan: lan.or(assigned).cloned(),
    };
    Err(only_prefix.into())
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
    let mut sharing = wan.iter();
    let sharing = sharing.find_map(|network| sharing_by_protocol(network, family, is_own));
    for candidate in &mut candidates {
        candidate.sharing.clone_from(&sharing);
    }
    with_prefix(networks, &wan, candidates, family)
}

/// Those who have a part of the network's address of this family, unless it `is_own`.
fn sharing_by_protocol(network: &Network, family: Family, is_own: bool) -> Option<Rc<Sharing>> {
    let proto = network.proto.as_deref()?;
    let is_shared = family == Family::Ipv4 && !is_own && SHARING_PROTOCOLS.contains(&proto);
    is_shared.then(|| {
        Rc::new(Sharing::Ports {
            network: network.name.clone(),
            proto: proto.to_owned(),
        })
    })
}

/// The reason to think that strangers have this address, too, which was seen from
/// outside: the WAN that it was seen through, which is that of `bind` or of the best
/// default route, is behind a NAT of the provider's.
///
/// An address that one of the router's networks has itself is no stranger's.
pub fn sharing_of(
    networks: &[Network],
    bind: Option<&str>,
    address: IpAddr,
) -> Option<Rc<Sharing>> {
    let by_protocol = |network: &Network| sharing_by_protocol(network, Family::Ipv4, false);
    let is_own = |network: &Network| {
        let mut own = network.addresses.iter();
        by_protocol(network).is_none() && own.any(|c| c.address == address)
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
    for way_out in networks.iter().filter(|network| is_way_out(network)) {
        // The route may be the network's, and the address its child's.
        for network in family_of(networks, &way_out.name) {
            let sharing = by_protocol(network).or_else(|| carrier_nat(network));
            if sharing.is_some() {
                return sharing;
            }
        }
    }
    None
}

fn carrier_nat(network: &Network) -> Option<Rc<Sharing>> {
    network.addresses.iter().find_map(|candidate| {
        let address = candidate.address;
        let kind = PublicAddress::new(address).err()?;
        let is_inside = matches!(kind, NotPublic::CarrierNat | NotPublic::ProtocolAssignment);
        is_inside.then(|| {
            Rc::new(Sharing::CarrierNat {
                network: network.name.clone(),
                address,
                kind,
            })
        })
    })
}

/// The device that requests through this network leave by: its own, or that of a dynamic
/// child where only that has an address.
///
/// # Errors
/// The reason why there is none.
pub fn device_of<'a>(networks: &'a [Network], name: &str) -> Result<&'a str, AbortReason> {
    let mut without_address = None;
    for network in family_of(networks, name) {
        match &network.l3_device {
            Some(device) if !network.addresses.is_empty() => return Ok(device),
            device => without_address = without_address.or(device.as_deref()),
        }
    }
    without_address.ok_or_else(|| match find(networks, name) {
        Some(network) => AbortReason::NoDeviceOf(explain(network)),
        None => AbortReason::UnknownNetwork(unknown_network(networks, name)),
    })
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

fn no_address(networks: &[Network], members: &[&Network], family: Family) -> AbortReason {
    let network = members[0].name.clone();
    let state = explain(members[0]);
    // One that is not up may have one again.
    let other = members.iter().any(|member| member.up).then(|| {
        let all = networks.iter();
        let others = all.filter(|n| choose_address(&n.addresses, family, None).is_ok());
        let best = others.min_by_key(|n| n.default_route_of(family).is_none());
        best.map(|network| network.name.clone())
    });
    let other = other.flatten();
    match members.iter().all(|member| member.addresses.is_empty()) {
        true => AbortReason::NoAddress {
            network,
            state,
            other,
        },
        false => AbortReason::NoAddressOf {
            network,
            family,
            other,
        },
    }
}

fn none_has_address(networks: &[Network], names: &[String], family: Family) -> AbortReason {
    let mut states = Vec::new();
    for name in names {
        if let Some(network) = find(networks, name) {
            states.push((name.clone(), explain(network)));
        }
    }
    AbortReason::NoneHasAddress { family, states }
}

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;
