//! The tunnels' networks, and those that they run over.

use crate::commands::check::findings::Findings;
use crate::exit::Exit;
use crate::sys::counters;
use wansync_core::config::suggest::nearest_name;
use wansync_core::config::{Tunnel, TunnelLink};
use wansync_core::ubus::netifd::{Network, explain};

pub(super) fn check_wan(
    section: &str,
    tunnel: &Tunnel,
    networks: &[Network],
    findings: &mut Findings,
) {
    let is_up = |name: &&String| {
        let mut named = networks.iter().filter(|network| network.name == **name);
        named.any(|network| !network.addresses.is_empty())
    };
    let wans = &tunnel.wans;
    let name = wans.iter().find(is_up).or(wans.first());
    let name = name.map_or("wan", String::as_str);
    let Some(network) = find_network(section, name, networks, findings) else {
        return;
    };
    match &network.l3_device {
        Some(device) if !network.addresses.is_empty() => findings.good(format!(
            "{section}: network '{name}', which it runs over, is up on {device}"
        )),
        _ => findings.bad(
            Exit::Later,
            format!(
                "{section}: network '{name}', which it runs over, is not there: {}",
                explain(network)
            ),
        ),
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
    let device = up_on(network);
    match device {
        Some(device) => {
            findings.good(format!("{section}: its network '{name}' is up on {device}"));
        }
        None => {
            let why = explain(network);
            let text = format!("{section}: its network '{name}' is not up: {why}");
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
        TunnelLink::Network(name) => up_on(networks.iter().find(|n| n.name == *name)?),
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
