//! The tunnels' networks, and those that they run over.

use crate::agent::paths::Paths;
use crate::commands::check::findings::Findings;
use crate::exit::Exit;
use crate::sys::{clock, counters};
use wansync_core::config::{Tunnel, TunnelLink};
use wansync_core::reason;
use wansync_core::reason::Reason;
use wansync_core::source::network::unknown_network;
use wansync_core::tunnel::evidence::{DeviceStatus, WanStatus};
use wansync_core::tunnel::networks::{device_status, find_wan};
use wansync_core::ubus::netifd::{Network, family_of, find};

pub(super) fn check_wan(
    tunnel: &Tunnel,
    networks: &[Network],
    watched: &[TunnelLink],
    findings: &mut Findings<'_>,
) {
    for name in &tunnel.wans {
        find_network(name, networks, findings);
    }
    match find_wan(networks, &tunnel.wans, watched) {
        Ok(network) => {
            let (name, device) = (&network.name, up_on(network));
            match &tunnel.link {
                TunnelLink::Device(own) if Some(own.as_str()) == device => {
                    let fault = reason!(CheckWanIsDevice, device = own, network = name);
                    findings.bad(Exit::Config, fault);
                }
                _ => findings.good(match device {
                    Some(device) => reason!(CheckWanUp, network = name, device = device),
                    None => reason!(CheckWanUpWithoutDevice, network = name),
                }),
            }
        }
        Err(WanStatus::Down(why)) => findings.bad(Exit::Later, why),
        // A name that is wrong was reported.
        Err(_) => {}
    }
}

/// The tunnel's device, if it has one.
pub(super) fn check_network(
    paths: &Paths,
    tunnel: &Tunnel,
    networks: &[Network],
    findings: &mut Findings<'_>,
) -> Option<String> {
    let (link, name) = (&tunnel.link, tunnel.link.name());
    let starts_at_boot = |name: &str| paths.starts_at_boot(name);
    let now = clock::boot();
    let fault = match device_status(&Ok(networks), link, is_device, starts_at_boot, None, now) {
        DeviceStatus::Up(device) => {
            match link.network() {
                Some(name) => {
                    findings.good(reason!(CheckNetworkUp, network = name, device = &device));
                }
                None => findings.good(reason!(CheckDeviceThere, device = &device)),
            }
            return Some(device);
        }
        DeviceStatus::Missing => {
            find_network(name, networks, findings);
            return None;
        }
        DeviceStatus::Gone(device) => reason!(CheckDeviceMissing, device = device),
        status => reason!(
            CheckNetworkNotUp,
            network = name,
            state = status.fault(name)?
        ),
    };
    findings.bad(Exit::Later, fault);
    None
}

/// The tunnel's device, if netifd or the configuration names one.
pub(super) fn device_of<'a>(tunnel: &'a Tunnel, networks: &'a [Network]) -> Option<&'a str> {
    match &tunnel.link {
        TunnelLink::Network(name) => family_of(networks, name).find_map(up_on),
        TunnelLink::Device(device) => Some(device),
    }
}

fn is_device(name: &str) -> bool {
    counters::read().map_or(true, |all| all.of_device(name).is_some())
}

fn up_on(network: &Network) -> Option<&str> {
    network.l3_device.as_deref().filter(|_| network.up)
}

/// Reports a name that netifd does not know.
fn find_network(name: &str, networks: &[Network], findings: &mut Findings<'_>) {
    if find(networks, name).is_none() {
        let unknown = unknown_network(networks, name);
        let fault = match unknown.meaning {
            None if is_device(name) => reason!(CheckDeviceNoNetwork, network = name),
            _ => Reason::from(&unknown),
        };
        findings.bad(Exit::Config, fault);
    }
}
