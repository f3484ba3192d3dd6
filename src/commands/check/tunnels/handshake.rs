//! The latest handshakes of WireGuard tunnels.

use crate::commands::check::findings::Findings;
use crate::sys::clock;
use crate::sys::netlink::{HandshakeReader, is_wireguard};
use wansync_core::time::describe_span;
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
            let age = describe_span(now.boot.since(at));
            findings.good(format_args!("the last handshake on {device} was {age} ago"));
        }
        HandshakeStatus::Never => {
            findings.warn(format_args!("no peer has shaken hands on {device} yet"));
        }
        HandshakeStatus::Unavailable(why) => findings.warn(format_args!(
            "the last handshake on {device} is not known: {why}"
        )),
    }
}
