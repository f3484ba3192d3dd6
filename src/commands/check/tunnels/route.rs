//! The tunnels' routes.

use crate::commands::check::findings::Findings;
use crate::exit::Exit;
use crate::sys::netlink::Routes;
use wansync_core::config::Tunnel;
use wansync_core::reason;
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
    let fault = match status {
        RouteStatus::Through => {
            return findings.good(reason!(CheckRoute, prefix = network, device = device));
        }
        RouteStatus::Elsewhere(way) => reason!(
            CheckRouteElsewhere,
            prefix = network,
            other = way,
            device = device
        ),
        RouteStatus::Missing => {
            reason!(CheckRouteMissing, prefix = network, device = device)
        }
        RouteStatus::Partly(part) => reason!(
            CheckRoutePartly,
            prefix = network,
            device = device,
            cause = part
        ),
        RouteStatus::Overlapped(part) => {
            return findings.warn(reason!(
                CheckRouteOverlapped,
                prefix = network,
                device = device,
                cause = part
            ));
        }
        RouteStatus::Unavailable(why) => {
            return findings.warn(reason!(
                CheckRouteUnknown,
                prefix = network,
                device = device,
                cause = why
            ));
        }
    };
    findings.bad(Exit::Later, fault);
}
