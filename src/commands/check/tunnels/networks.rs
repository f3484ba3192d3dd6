//! The tunnels' networks, and those that they run over.

use crate::commands::check::findings::Findings;
use crate::exit::Exit;
use crate::sys::counters;
use wansync_core::config::suggest::nearest_name;
use wansync_core::config::{Tunnel, TunnelLink};
use wansync_core::tunnel::evidence::WanStatus;
use wansync_core::tunnel::networks::find_wan;
use wansync_core::ubus::netifd::{Network, explain, family_of};

pub(super) fn check_wan(
    section: &str,
    tunnel: &Tunnel,
    networks: &[Network],
    watched: &[TunnelLink],
    findings: &mut Findings,
) {
    for name in &tunnel.wans {
        find_network(section, name, networks, findings);
    }
    match find_wan(networks, &tunnel.wans, watched) {
        Ok(network) => findings.good(format!(
            "{section}: network '{}', which it runs over, is up on {}",
            network.name,
            up_on(network).unwrap_or("no device")
        )),
        Err(WanStatus::Down(why)) => findings.bad(Exit::Later, format!("{section}: {why}")),
        // A name that is wrong was reported.
        Err(_) => {}
    }
}

/// The tunnel's device, if it has one.
pub(super) fn check_network<'a>(
    section: &str,
    tunnel: &'a Tunnel,
    networks: &'a [Network],
    findings: &mut Findings,
) -> Option<&'a str> {
    let name = match &tunnel.link {
        TunnelLink::Network(name) => name,
        TunnelLink::Device(device) => return check_device(section, device, findings),
    };
    let network = find_network(section, name, networks, findings)?;
    let device = family_of(networks, name).find_map(up_on);
    match device {
        Some(device) => {
            findings.good(format!("{section}: its network '{name}' is up on {device}"));
        }
        None => {
            let text = format!("{section}: its network '{name}' {}", explain(network));
            findings.bad(Exit::Later, text);
        }
    }
    device
}

fn check_device<'a>(section: &str, device: &'a str, findings: &mut Findings) -> Option<&'a str> {
    match counters::read() {
        Ok(all) if all.of_device(device).is_none() => {
            let text = format!("{section}: its device '{device}' is missing");
            findings.bad(Exit::Later, text);
            return None;
        }
        Ok(_) => findings.good(format!("{section}: its device '{device}' is there")),
        Err(why) => findings.bad(Exit::Later, format!("{section}: {why}")),
    }
    Some(device)
}

/// The tunnel's device, if netifd or the configuration names one.
pub(super) fn device_of<'a>(tunnel: &'a Tunnel, networks: &'a [Network]) -> Option<&'a str> {
    match &tunnel.link {
        TunnelLink::Network(name) => family_of(networks, name).find_map(up_on),
        TunnelLink::Device(device) => Some(device),
    }
}

fn up_on(network: &Network) -> Option<&str> {
    network.l3_device.as_deref().filter(|_| network.up)
}

fn find_network<'a>(
    section: &str,
    name: &str,
    networks: &'a [Network],
    findings: &mut Findings,
) -> Option<&'a Network> {
    let found = networks.iter().find(|network| network.name == name);
    if found.is_none() {
        let names: Vec<&str> = networks.iter().map(|n| n.name.as_str()).collect();
        let hint = match nearest_name(name, &names) {
            Some(meant) => format!(" (did you mean '{meant}'?)"),
            None => String::new(),
        };
        let text = format!("{section}: netifd knows no network '{name}'{hint}");
        findings.bad(Exit::Config, text);
    }
    found
}
