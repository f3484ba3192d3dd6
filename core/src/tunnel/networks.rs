//! netifd's networks as evidence about a tunnel.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::TunnelState;
use super::evidence::{DeviceStatus, Finding, WanStatus};
use crate::config::{DEFAULT_WAN, TunnelLink};
use crate::prefix::Prefix;
use crate::reason;
use crate::reason::Reason;
use crate::time::Boot;
use crate::ubus::netifd::{Network, explain, family_of, find};

/// netifd's networks, or why they are not known.
pub type Networks<'a> = Result<&'a [Network], Reason>;

/// netifd's networks as a round over tunnels sees them.
#[derive(Debug, Clone)]
pub struct NetworkContext<'a> {
    /// netifd's networks, or why they are not known.
    pub networks: Networks<'a>,
    /// The links of all tunnels of the configuration, none of which is a WAN.
    pub watched: &'a [TunnelLink],
}

/// The WAN that a tunnel runs over: the best of those named that are up with an address;
/// where none is named, the network of the best default route that leads through none of
/// the tunnels that are `watched`, or, where netifd knows of no such route, `wan`.
///
/// # Errors
/// There is none; the cause, in words.
pub fn find_wan<'a>(
    networks: &'a [Network],
    names: &[String],
    watched: &[TunnelLink],
) -> Result<&'a Network, WanStatus> {
    let is_tunnel = |network: &Network| {
        watched.iter().any(|link| match link {
            TunnelLink::Network(name) => network.is_of_family(name),
            TunnelLink::Device(device) => network.l3_device.as_ref() == Some(device),
        })
    };
    // Of several that are as good, the one that is named first.
    let place = |network: &Network| match names {
        [] => (network.default_route().is_some() && !is_tunnel(network)).then_some(0),
        _ => names.iter().position(|name| network.is_of_family(name)),
    };
    let has_address = |network: &&Network| !network.addresses.is_empty();
    let mut best = None;
    for network in networks.iter().filter(has_address) {
        let Some(place) = place(network) else {
            continue;
        };
        // Those without a default route come last.
        let route = network.default_route();
        let rank = (route.is_none(), route, place);
        if best.is_none_or(|(least, _)| rank < least) {
            best = Some((rank, network));
        }
    }
    let found = match (best, names) {
        (Some((_, network)), _) => Some(network),
        (None, []) => family_of(networks, DEFAULT_WAN).find(has_address),
        (None, _) => None,
    };
    found.ok_or_else(|| why_no_wan(networks, names))
}

fn why_no_wan(networks: &[Network], names: &[String]) -> WanStatus {
    let state = |name: &str| match find(networks, name) {
        Some(network) => reason!(WanOneOf, network = name, state = explain(network)),
        None => reason!(WanOneUnknown, network = name),
    };
    let only = match names {
        [] => DEFAULT_WAN,
        [name] => name,
        names if !names.iter().any(|name| find(networks, name).is_some()) => {
            let names = names.join(", ");
            return WanStatus::Missing(reason!(WanUnknownAll, names = names));
        }
        names => {
            let states: Vec<Reason> = names.iter().map(|name| state(name)).collect();
            return WanStatus::Down(reason!(WanNoneUp, states = states));
        }
    };
    match find(networks, only) {
        Some(wan) => WanStatus::Down(reason!(WanState, network = only, state = explain(wan))),
        None if names.is_empty() => WanStatus::Down(reason!(WanNoRoute)),
        None => WanStatus::Missing(reason!(WanUnknown, network = only)),
    }
}

/// The status of the WAN at `now`, as [`find_wan`] finds it, given the state before,
/// which takes note of its address.
pub(super) fn wan_status(
    context: &NetworkContext<'_>,
    names: &[String],
    state: &mut TunnelState,
    now: Boot,
) -> WanStatus {
    state.wan_network = None;
    let networks = match &context.networks {
        Ok(networks) => networks,
        Err(why) => return WanStatus::Unavailable(why.clone()),
    };
    let address = match find_wan(networks, names, context.watched) {
        Ok(network) => {
            state.wan_network = Some(network.name.clone());
            network.addresses.first().map(|found| found.address)
        }
        Err(status) => return status,
    };
    let before = core::mem::replace(&mut state.wan_address, address);
    let is_same = before.is_none() || before == address;
    match state.evidence.wan_up_since() {
        Some(since) if is_same => WanStatus::Up(since),
        _ => WanStatus::Up(now),
    }
}

/// The status of the tunnel's network or device at `now`, given the finding before.
/// `is_device` says whether the kernel has a device of this name, which without its
/// word is assumed; `starts_at_boot`, whether netifd is to start a network by itself.
pub fn device_status(
    networks: &Networks<'_>,
    link: &TunnelLink,
    is_device: impl FnOnce(&str) -> bool,
    starts_at_boot: impl FnOnce(&str) -> bool,
    before: Option<&Finding<DeviceStatus>>,
    now: Boot,
) -> DeviceStatus {
    let before = before.map(|finding| &finding.value);
    let name = match link {
        TunnelLink::Network(name) => name,
        TunnelLink::Device(device) => {
            return match is_device(device) {
                true => DeviceStatus::Up(device.clone()),
                false => DeviceStatus::Gone(device.clone()),
            };
        }
    };
    let networks = match networks {
        Ok(networks) => networks,
        Err(why) => return DeviceStatus::Unavailable(why.clone()),
    };
    let up = family_of(networks, name).find_map(|network| network.l3_device.as_ref());
    if let Some(device) = up {
        return match is_device(device) {
            true => DeviceStatus::Up(device.clone()),
            false => DeviceStatus::Gone(device.clone()),
        };
    }
    let Some(network) = find(networks, name) else {
        return match before {
            // netifd had it, and gave it a device: so it was one made at run time.
            None | Some(DeviceStatus::Missing | DeviceStatus::Unavailable(_)) => {
                DeviceStatus::Missing
            }
            _ => DeviceStatus::Down(reason!(NetworkGone)),
        };
    };
    if network.up {
        DeviceStatus::Down(reason!(NetworkUpWithoutDevice))
    } else if network.pending {
        DeviceStatus::Pending {
            since: match before {
                Some(DeviceStatus::Pending { since, .. }) => *since,
                _ => now,
            },
            why: explain(network),
        }
    } else if network.is_given_up() {
        DeviceStatus::Down(reason!(NetworkGivenUp, state = explain(network)))
    } else if network.autostart {
        DeviceStatus::Down(explain(network))
    } else if starts_at_boot(name) {
        DeviceStatus::Off
    } else {
        DeviceStatus::NotStarted
    }
}

/// The tunnel's network, if netifd has it.
pub(super) fn link_network<'a>(networks: &Networks<'a>, link: &TunnelLink) -> Option<&'a Network> {
    find(networks.as_ref().copied().ok()?, link.network()?)
}

/// The table that the routes of the network on this device are in, as those to `prefix`,
/// if it has one of its own.
pub fn own_table(networks: &[Network], device: &str, prefix: Prefix) -> Option<u32> {
    let on_device = |network: &&Network| network.l3_device.as_deref() == Some(device);
    let table = |network: &Network| match prefix.address() {
        IpAddr::V4(_) => network.ip4table,
        IpAddr::V6(_) => network.ip6table,
    };
    networks.iter().filter(on_device).find_map(table)
}

/// True if netifd has a WireGuard network on this device.
pub fn has_wireguard(networks: &Networks<'_>, device: &str) -> bool {
    let networks = networks.as_ref().copied().unwrap_or_default();
    networks.iter().any(|network| {
        let is_wireguard = network.proto.as_deref() == Some("wireguard");
        is_wireguard && network.l3_device.as_deref() == Some(device)
    })
}

#[cfg(test)]
#[path = "networks_tests.rs"]
mod tests;
