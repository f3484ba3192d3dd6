//! The tunnels' networks, and those that they run over.

use crate::agent::paths::Paths;
use crate::commands::check::findings::Findings;
use crate::exit::Exit;
use crate::sys::{clock, counters};
use wansync_core::config::{Tunnel, TunnelLink};
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
            let (name, device) = (&network.name, up_on(network).unwrap_or("no device"));
            match &tunnel.link {
                TunnelLink::Device(own) if own == device => findings.bad(
                    Exit::Config,
                    format_args!("{device} is the device of network '{name}', which it runs over"),
                ),
                _ => findings.good(format_args!(
                    "network '{name}', which it runs over, is up on {device}"
                )),
            }
        }
        Err(WanStatus::Down(why)) => findings.bad(Exit::Later, format_args!("{why}")),
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
                    findings.good(format_args!("its network '{name}' is up on {device}"));
                }
                None => findings.good(format_args!("its device '{device}' is there")),
            }
            return Some(device);
        }
        DeviceStatus::Missing => {
            find_network(name, networks, findings);
            return None;
        }
        DeviceStatus::Gone(device) => format!("device '{device}' is missing"),
        status => format!("network '{name}' {}", status.fault(name)?),
    };
    findings.bad(Exit::Later, format_args!("its {fault}"));
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
        let hint = match unknown.meaning {
            None if is_device(name) => " (that is a device, not a network)",
            _ => "",
        };
        findings.bad(Exit::Config, format_args!("{unknown}{hint}"));
    }
}
