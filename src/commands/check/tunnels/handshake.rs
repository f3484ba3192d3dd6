//! The latest handshakes of WireGuard tunnels.

use crate::commands::check::findings::Findings;
use crate::sys::clock;
use crate::sys::netlink::{HandshakeReader, is_wireguard};
use wansync_core::reason;
use wansync_core::tunnel::evidence::HandshakeStatus;
use wansync_core::tunnel::handshake::handshake_status;
use wansync_core::tunnel::networks::has_wireguard;
use wansync_core::ubus::netifd::Network;

pub(super) fn check_handshake(networks: &[Network], device: &str, findings: &mut Findings<'_>) {
    if !has_wireguard(&Ok(networks), device) && !is_wireguard(device) {
        return;
    }
    let read = HandshakeReader::default().latest(device);
    let now = clock::now();
    match handshake_status(read, &mut None, now) {
        HandshakeStatus::At(at) => {
            let age = now.boot.since(at);
            findings.good(reason!(CheckHandshake, device = device, age_s = age));
        }
        HandshakeStatus::Never => {
            findings.warn(reason!(CheckNoHandshake, device = device));
        }
        HandshakeStatus::Unavailable(why) => {
            findings.warn(reason!(CheckHandshakeUnknown, device = device, cause = why));
        }
    }
}
