//! The tunnels' networks, and those that they run over.

use crate::commands::check::findings::Findings;
use crate::exit::Exit;
use wansync_core::config::Tunnel;
use wansync_core::config::suggest::nearest_name;
use wansync_core::ubus::netifd::{Network, explain};

pub(super) fn check_wan(
    section: &str,
    tunnel: &Tunnel,
    networks: &[Network],
    findings: &mut Findings,
) {
    let name = &tunnel.wan;
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
    tunnel: &Tunnel,
    networks: &'a [Network],
    findings: &mut Findings,
) -> Option<&'a str> {
    let name = &tunnel.network;
    let network = find_network(section, name, networks, findings)?;
    let device = device_of(network);
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

pub(super) fn device_of(network: &Network) -> Option<&str> {
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
