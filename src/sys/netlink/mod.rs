//! The kernel's network, over rtnetlink: what changes in it, where packets go,
//! and a route that is missing. No other program is needed for it.
//!
//! | module | subject |
//! | --- | --- |
//! | [`wire`] | pure: messages and attributes, both ways |
//! | [`request`] | requests, and their replies |
//! | [`monitor`] | tells that addresses, links or routes have changed |
//! | [`address`] | lists the addresses of a device |
//! | [`fib`] | lists routes and rules |
//! | [`route`] | adds a route; knows the router's own addresses |
//! | [`wireguard`] | asks for the latest handshake of a WireGuard device |

mod address;
mod fib;
mod monitor;
mod request;
mod route;
#[cfg(test)]
mod tests;
mod wire;
mod wireguard;

use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, Protocol, SocketFlags, SocketType, socket_with};

pub use address::addresses;
pub use fib::Routes;
pub use monitor::Monitor;
pub use route::{add_route, is_own_address};
pub use wireguard::{HandshakeReader, is_wireguard};

/// A socket of `NETLINK_ROUTE`.
fn socket() -> rustix::io::Result<OwnedFd> {
    socket_of(None)
}

/// A socket of this protocol, or of `NETLINK_ROUTE`, that neither blocks nor is left to children.
///
/// Only the kernel, or another with CAP_NET_ADMIN, can send to it, so senders
/// are not checked.
fn socket_of(protocol: Option<Protocol>) -> rustix::io::Result<OwnedFd> {
    socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        protocol,
    )
}
