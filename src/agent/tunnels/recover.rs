//! Recovery of a tunnel, by the kernel, netifd and procd.

use super::monitored::MonitoredTunnel;
use super::round::RouterState;
use crate::agent::paths::Paths;
use crate::sys::store::Store;
use crate::sys::{netlink, ubus};
use wansync_core::config::TunnelLink;

/// Restores `option route`.
pub(super) fn fix_route(router: &RouterState<'_>, tunnel: &MonitoredTunnel) {
    let section = &tunnel.section;
    let device = tunnel.tracker.state.evidence.device_name();
    let fixed = match (tunnel.tracker.tunnel.route, device) {
        (Some(network), Some(device)) => {
            netlink::add_route(network, device, router.own_table(device, network))
        }
        _ => Ok(()),
    };
    match fixed {
        Ok(()) => log::warn!("{section}: the missing route is restored"),
        Err(why) => log::error!("{section}: cannot restore the route: {why}"),
    }
}

/// Has procd restart its service or, without one, takes its network down and up again,
/// as `ifup` does it.
pub(super) fn restart(paths: &Paths, store: &Store, tunnel: &mut MonitoredTunnel) {
    let section = &tunnel.section;
    if let Some(service) = &tunnel.tracker.tunnel.service {
        // It counts as failed before it is made.
        let failed_before = tunnel.tracker.state.recovery.failed_attempts > 1;
        if let Err(why) = ubus::service::terminate(&paths.ubus, service, failed_before) {
            log::error!("{section}: cannot restart {service}: {why}");
        }
        return;
    }
    let TunnelLink::Network(network) = &tunnel.tracker.tunnel.link else {
        return;
    };
    if let Err(error) = ubus::watch::down(&paths.ubus, network) {
        log::error!("{section}: netifd does not take '{network}' down: {error}");
    }
    // Even so it may have got as far as that.
    bring_up(paths, store, tunnel);
}

/// Takes its network up.
pub(super) fn bring_up(paths: &Paths, store: &Store, tunnel: &mut MonitoredTunnel) {
    let section = &tunnel.section;
    let TunnelLink::Network(network) = &tunnel.tracker.tunnel.link else {
        return;
    };
    match ubus::watch::up(&paths.ubus, network) {
        Ok(()) => {
            tunnel.tracker.state.recovery.restarting = false;
            let _ = tunnel.write(store);
        }
        Err(error) => log::error!(
            "{section}: netifd does not take '{network}' up: {error}; it will be asked again"
        ),
    }
}
