//! The tunnels' routes.

use crate::commands::check::findings::Findings;
use crate::exit::Exit;
use crate::sys::netlink::route_device;
use wansync_core::config::Tunnel;

pub(super) fn check_route(section: &str, tunnel: &Tunnel, device: &str, findings: &mut Findings) {
    let Some(network) = tunnel.route else {
        return;
    };
    match route_device(network) {
        Ok(Some(way)) if way == device => {
            findings.good(format!("{section}: packets to {network} go through {way}"));
        }
        Ok(Some(way)) => findings.bad(
            Exit::Later,
            format!("{section}: packets to {network} go through {way} instead of {device}"),
        ),
        Ok(None) => findings.bad(
            Exit::Later,
            format!("{section}: there is no route to {network}; it should go through {device}"),
        ),
        Err(why) => findings.bad(Exit::Later, format!("{section}: {why}")),
    }
}
