//! The kernel's network, over rtnetlink: what changes in it, where packets go,
//! and a route that is missing. No other program is needed for it.
//!
//! | module | subject |
//! | --- | --- |
//! | [`wire`] | pure: messages and attributes, both ways |
//! | [`monitor`] | tells that addresses, links or routes have changed |
//! | [`route`] | asks for a route, adds one |

mod monitor;
mod route;
#[cfg(test)]
mod tests;
mod wire;

use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

pub use monitor::Monitor;
pub use route::{add_route, is_own_address, route_device};

/// A socket of `NETLINK_ROUTE` that neither blocks nor is left to children.
///
/// Only the kernel, or another with CAP_NET_ADMIN, can send to it, so senders
/// are not checked.
fn socket() -> rustix::io::Result<OwnedFd> {
    socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        None,
    )
}
