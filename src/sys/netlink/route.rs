//! The router's own addresses, and a route that is missing.

use std::net::IpAddr;

use rustix::io::{self, Errno};
use rustix::net::netdevice::name_to_index;

use super::fib::{Routes, STRUCT_SIZE};
use super::request::{SEQUENCE, exchange};
use super::wire::{NetlinkRequest, family, flag, kind};
use crate::sys::os_error::describe_errno;
use wansync_core::prefix::Prefix;
use wansync_core::tunnel::evidence::RouteStatus;
use wansync_core::tunnel::fib::MAIN_TABLE;

/// `RTA_DST`
const DESTINATION: u16 = 1;
/// `RTN_UNICAST`
pub(super) const UNICAST: u8 = 1;
/// `RTN_LOCAL`
pub(super) const LOCAL: u8 = 2;

/// True if the address is one of this router's own.
pub fn is_own_address(address: IpAddr) -> bool {
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let mut structure = [0; STRUCT_SIZE];
    structure[..2].copy_from_slice(&[family(address), bits]);
    let request = NetlinkRequest::new(kind::GETROUTE, 0, SEQUENCE, &structure);
    let request = request.with_address(DESTINATION, address);
    let mut is_own = false;
    // Where no packet can go, the answer is an error.
    let _ = super::socket().and_then(|socket| {
        exchange(&socket, request, &mut |reply| {
            is_own = reply.body.get(7) == Some(&LOCAL);
        })
    });
    is_own
}

/// Adds a route to `network` through `device` to its own table, or else to the main
/// one, without a gateway, as fits a device with one far end.
///
/// A route is never replaced: one to the same network through another device
/// was made on purpose, since the kernel removes those of a device that goes.
/// A default route is refused: it would take the packets that carry the tunnel.
///
/// # Errors
/// In words, on what was to be added and why it was not.
pub fn add_route(network: Prefix, device: &str, own_table: Option<u32>) -> Result<(), String> {
    let table = own_table.unwrap_or(MAIN_TABLE);
    let added = match network.length() {
        0 => Err("it would take all packets, the tunnel's own too".to_owned()),
        _ => match request_route(network, device, table) {
            Ok(()) => Ok(()),
            Err(Errno::EXIST) => {
                let routes = Routes::read(network, &[network]).map_err(|why| why.to_string())?;
                match routes.device_of(network, table) {
                    Some(other) if other != device => {
                        Err(format!("there is one already, through {other}"))
                    }
                    None => Err("there is one already that leads nowhere".to_owned()),
                    _ if routes.status(network, device, own_table) == RouteStatus::Through => {
                        Ok(())
                    }
                    _ => Err("it is there, and a rule or another route has its packets".to_owned()),
                }
            }
            Err(Errno::NODEV) => Err("there is no such device".to_owned()),
            Err(Errno::PERM) => Err("that needs CAP_NET_ADMIN".to_owned()),
            Err(error) => Err(describe_errno(error)),
        },
    };
    added.map_err(|cause| format!("the route {network} cannot be added through {device}: {cause}"))
}

fn request_route(network: Prefix, device: &str, table: u32) -> io::Result<()> {
    const DEVICE: u16 = 4;
    const TABLE: u16 = 15;
    const STATIC: u8 = 4;
    const SCOPE_LINK: u8 = 253;
    let socket = super::socket()?;
    let index = name_to_index(&socket, device)?;
    let address = network.address();
    let mut structure = [0; STRUCT_SIZE];
    structure[..2].copy_from_slice(&[family(address), network.length()]);
    structure[5..8].copy_from_slice(&[STATIC, SCOPE_LINK, UNICAST]);
    let flags = flag::ACK | flag::CREATE | flag::EXCL;
    let request = NetlinkRequest::new(kind::NEWROUTE, flags, SEQUENCE, &structure)
        .with_address(DESTINATION, address)
        .with(DEVICE, &index.to_ne_bytes())
        .with(TABLE, &table.to_ne_bytes());
    exchange(&socket, request, &mut |_| {}).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Prefix {
        text.parse().expect("a network")
    }

    #[test]
    fn this_machine_reaches_itself() {
        assert!(is_own_address([127, 0, 0, 1].into()));
        assert!(!is_own_address([192, 0, 2, 1].into()));
    }

    #[test]
    fn what_is_not_added() {
        let cause = |network, device| {
            add_route(prefix(network), device, None).expect_err("nothing must be added here")
        };
        assert_eq!(
            cause("172.16.0.0/16", "nosuch0"),
            "the route 172.16.0.0/16 cannot be added through nosuch0: there is no such device"
        );
        let long = cause("172.16.0.0/16", "a-name-of-thirty-two-characters-");
        assert!(long.contains("there is no such device"), "{long}");
        let default = cause("0.0.0.0/0", "nosuch0");
        assert!(default.contains("it would take all packets"), "{default}");
    }
}
