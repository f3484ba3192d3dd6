//! The tunnels' routes.

use crate::commands::check::findings::Findings;
use crate::exit::Exit;
use crate::sys::netlink::Routes;
use wansync_core::config::Tunnel;
use wansync_core::tunnel::evidence::RouteStatus;
use wansync_core::tunnel::networks::own_table;
use wansync_core::ubus::netifd::Network;

pub(super) fn check_route(
    tunnel: &Tunnel,
    device: &str,
    networks: &[Network],
    findings: &mut Findings<'_>,
) {
    let Some(network) = tunnel.route else {
        return;
    };
    let table = own_table(networks, device, network);
    let status = match Routes::read(network, &[network]) {
        Ok(routes) => routes.status(network, device, table),
        Err(why) => RouteStatus::Unavailable(why),
    };
    let text = match status {
        RouteStatus::Through => {
            return findings.good(format_args!("packets to {network} go through {device}"));
        }
        RouteStatus::Elsewhere(way) => {
            format!("packets to {network} go through {way} instead of {device}")
        }
        RouteStatus::Missing => {
            format!("there is no route to {network}; it should go through {device}")
        }
        RouteStatus::Partly(part) => {
            format!("not all packets to {network} go through {device}: {part}")
        }
        RouteStatus::Overlapped(part) => {
            return findings.warn(format_args!(
                "packets to {network} go through {device}, but for {part}"
            ));
        }
        RouteStatus::Unavailable(why) => {
            return findings.warn(format_args!(
                "whether packets to {network} go through {device} is not known: {why}"
            ));
        }
    };
    findings.bad(Exit::Later, format_args!("{text}"));
}
