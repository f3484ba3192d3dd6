//! The way of packets, and a route that is missing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::netdevice::{index_to_name, name_to_index};
use rustix::net::{RecvFlags, SendFlags, recv, send};

use super::wire::{Attributes, Messages, NetlinkRequest, family, flag, kind, number};
use crate::sys::clock;
use crate::sys::os_error::describe_errno;
use crate::sys::wait::{self, Readiness};
use wansync_core::prefix::Prefix;

/// The kernel answers at once; this is against waiting for ever.
const REPLY_TIMEOUT: Duration = Duration::from_secs(1);
/// More than a reply about a route takes.
const MAX_REPLY: usize = 4096;
/// Each request has a socket of its own, or comes after the last reply.
const SEQUENCE: u32 = 1;

/// Bytes of `struct rtmsg`: family, lengths of destination and source, TOS,
/// table, protocol, scope, type, flags.
const ROUTE_SIZE: usize = 12;
/// `RTA_DST`
const DESTINATION: u16 = 1;
/// `RTA_OIF`
const DEVICE: u16 = 4;
/// `RTN_UNICAST`
const UNICAST: u8 = 1;
/// `RTN_LOCAL`
const LOCAL: u8 = 2;

/// The target of packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RouteTarget {
    /// Through the device of this index.
    Device(u32),
    /// To this router itself.
    Here,
    /// To no device: no route, or one that says so.
    Nowhere,
}

/// The device that this router's own packets to a network leave through, `lo` if it
/// is an address of the router; `None` if they go nowhere: there is no route, or it
/// is unreachable, a blackhole or prohibited.
///
/// The network's first address is looked up. If that is one of the router's own, as
/// where the router is the tunnel's end, the last one is, since no packet to itself
/// leaves. A wider route counts as well: the question is where packets go, and with
/// the default route inside the tunnel they go through it. Rules of policy routing
/// for what is forwarded, or marked, do not count.
///
/// # Errors
/// In words: the kernel could not be asked.
pub fn route_device(network: Prefix) -> Result<Option<String>, String> {
    let asked = super::socket().and_then(|socket| {
        let target = match look_up(&socket, first_host(network))? {
            RouteTarget::Here => look_up(&socket, last_host(network))?,
            other => other,
        };
        device_name(&socket, target)
    });
    asked.map_err(|e| lookup_failed(&network.to_string(), e))
}

/// True if the address is one of this router's own.
pub fn is_own_address(address: IpAddr) -> bool {
    let target = super::socket().and_then(|socket| look_up(&socket, address));
    target == Ok(RouteTarget::Here)
}

fn lookup_failed(destination: &str, error: Errno) -> String {
    let cause = describe_errno(error);
    format!("the kernel does not say where packets to {destination} go: {cause}")
}

/// An address of the network that can have a route: nothing is sent to
/// `0.0.0.0/8`, and `::1` never leaves, though both are in a default route.
fn first_host(network: Prefix) -> IpAddr {
    match (network.address(), network.length()) {
        (IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0..8) => Ipv4Addr::new(1, 0, 0, 1).into(),
        (IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0..3) => {
            Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 1).into()
        }
        _ => network.host(),
    }
}

/// The last address but one, which in IPv4 is no broadcast; or the only one.
fn last_host(network: Prefix) -> IpAddr {
    match network.address() {
        IpAddr::V4(address) if network.length() < 31 => {
            let hosts = u32::MAX >> network.length();
            Ipv4Addr::from((u32::from(address) | hosts) - 1).into()
        }
        IpAddr::V6(address) if network.length() < 127 => {
            let hosts = u128::MAX >> network.length();
            Ipv6Addr::from((u128::from(address) | hosts) - 1).into()
        }
        _ => network.host(),
    }
}

fn look_up(socket: &OwnedFd, destination: IpAddr) -> rustix::io::Result<RouteTarget> {
    let bits = if destination.is_ipv4() { 32 } else { 128 };
    let mut structure = [0; ROUTE_SIZE];
    structure[..2].copy_from_slice(&[family(destination), bits]);
    let request = NetlinkRequest::new(kind::GETROUTE, 0, SEQUENCE, &structure);
    match exchange(socket, request.with_address(DESTINATION, destination)) {
        Ok(reply) => Ok(route_target(&reply)),
        // In turn: no route, unreachable, prohibited, blackhole. (ip-route(8))
        Err(Errno::NETUNREACH | Errno::HOSTUNREACH | Errno::ACCESS | Errno::INVAL) => {
            Ok(RouteTarget::Nowhere)
        }
        Err(error) => Err(error),
    }
}

fn route_target(reply: &[u8]) -> RouteTarget {
    let device = Attributes::after(ROUTE_SIZE, reply).find(DEVICE);
    match (reply.get(7), device.and_then(|value| number(value, 0))) {
        (Some(&LOCAL), _) => RouteTarget::Here,
        (Some(&UNICAST), Some(index)) => RouteTarget::Device(index),
        _ => RouteTarget::Nowhere,
    }
}

fn device_name(socket: &OwnedFd, target: RouteTarget) -> rustix::io::Result<Option<String>> {
    let index = match target {
        RouteTarget::Device(index) => index,
        RouteTarget::Here => return Ok(Some("lo".to_owned())),
        RouteTarget::Nowhere => return Ok(None),
    };
    match index_to_name(socket, index) {
        Ok(name) => Ok(Some(name)),
        // It went between the two questions, and its routes with it.
        Err(Errno::NODEV) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Adds a route to `network` through `device` to the main table, without a
/// gateway, as fits a device with one far end.
///
/// A route is never replaced: one to the same network through another device
/// was made on purpose, since the kernel removes those of a device that goes.
/// A default route is refused: it would take the packets that carry the tunnel.
///
/// # Errors
/// In words, on what was to be added and why it was not.
pub fn add_route(network: Prefix, device: &str) -> Result<(), String> {
    let cause = match (network.length(), request_route(network, device)) {
        (0, _) => "it would take all packets, the tunnel's own too".to_owned(),
        (_, Ok(())) => return Ok(()),
        (_, Err(Errno::EXIST)) => match route_device(network)? {
            Some(other) if other == device => return Ok(()),
            Some(other) => format!("there is one already, through {other}"),
            None => "there is one already that leads nowhere".to_owned(),
        },
        (_, Err(Errno::NODEV)) => "there is no such device".to_owned(),
        (_, Err(Errno::PERM)) => "that needs CAP_NET_ADMIN".to_owned(),
        (_, Err(error)) => describe_errno(error),
    };
    Err(format!(
        "the route {network} cannot be added through {device}: {cause}"
    ))
}

fn request_route(network: Prefix, device: &str) -> rustix::io::Result<()> {
    const MAIN_TABLE: u8 = 254;
    const STATIC: u8 = 4;
    const SCOPE_LINK: u8 = 253;
    let socket = super::socket()?;
    let index = name_to_index(&socket, device)?;
    let address = network.address();
    let mut structure = [0; ROUTE_SIZE];
    structure[..2].copy_from_slice(&[family(address), network.length()]);
    structure[4..8].copy_from_slice(&[MAIN_TABLE, STATIC, SCOPE_LINK, UNICAST]);
    let flags = flag::ACK | flag::CREATE | flag::EXCL;
    let request = NetlinkRequest::new(kind::NEWROUTE, flags, SEQUENCE, &structure)
        .with_address(DESTINATION, address)
        .with(DEVICE, &index.to_ne_bytes());
    exchange(&socket, request).map(|_| ())
}

/// The body of the reply; empty if it only says that the request was done.
fn exchange(socket: &OwnedFd, request: NetlinkRequest) -> rustix::io::Result<Vec<u8>> {
    send(socket, &request.bytes(), SendFlags::empty())?;
    let end = clock::since_boot() + REPLY_TIMEOUT;
    let mut buffer = [0; MAX_REPLY];
    loop {
        match recv(socket, &mut buffer[..], RecvFlags::empty()) {
            Ok((taken, _)) => {
                if let Some(reply) = parse_reply(&buffer[..taken]) {
                    return reply;
                }
            }
            Err(Errno::AGAIN) => wait_for_reply(socket, end)?,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

fn parse_reply(received: &[u8]) -> Option<rustix::io::Result<Vec<u8>>> {
    let mut own = Messages(received).filter(|message| message.sequence == SEQUENCE);
    let message = own.next()?;
    if message.kind != kind::ERROR {
        return Some(Ok(message.body.to_vec()));
    }
    // `struct nlmsgerr`: the negative errno, or 0 if all is well.
    match number(message.body, 0)? as i32 {
        0 => Some(Ok(Vec::new())),
        code => Some(Err(Errno::from_raw_os_error(code.wrapping_neg()))),
    }
}

fn wait_for_reply(socket: &OwnedFd, end: Duration) -> rustix::io::Result<()> {
    let left = end.saturating_sub(clock::since_boot());
    if left.is_zero() {
        return Err(Errno::TIMEDOUT);
    }
    // Ready or not, the caller looks again.
    wait::until_ready(socket, Readiness::Input, left).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Prefix {
        text.parse().expect("a network")
    }

    #[test]
    fn which_addresses_stand_for_a_network() {
        let table = [
            ("172.16.0.0/16", "172.16.0.1", "172.16.255.254"),
            ("10.0.0.0/30", "10.0.0.1", "10.0.0.2"),
            ("10.0.0.0/31", "10.0.0.0", "10.0.0.0"),
            ("10.0.0.7", "10.0.0.7", "10.0.0.7"),
            ("0.0.0.0/0", "1.0.0.1", "255.255.255.254"),
            ("0.0.0.0/1", "1.0.0.1", "127.255.255.254"),
            ("128.0.0.0/1", "128.0.0.1", "255.255.255.254"),
            ("::/0", "2000::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"),
            ("fd00::/120", "fd00::1", "fd00::fe"),
            ("fd00::/127", "fd00::", "fd00::"),
            ("fd00::7", "fd00::7", "fd00::7"),
        ];
        for (network, first, last) in table {
            let network = prefix(network);
            assert_eq!(first_host(network).to_string(), first, "{network}");
            assert_eq!(last_host(network).to_string(), last, "{network}");
        }
    }

    #[test]
    fn ways_in_replies() {
        let reply = |kind, device: Option<u32>| {
            let mut structure = [0; ROUTE_SIZE];
            structure[7] = kind;
            let request = NetlinkRequest::new(kind::NEWROUTE, 0, SEQUENCE, &structure);
            let request = match device {
                Some(index) => request.with(DEVICE, &index.to_ne_bytes()),
                None => request,
            };
            let bytes = request.bytes();
            parse_reply(&bytes).expect("it is ours").expect("no error")
        };
        assert_eq!(
            route_target(&reply(UNICAST, Some(7))),
            RouteTarget::Device(7)
        );
        assert_eq!(route_target(&reply(LOCAL, Some(1))), RouteTarget::Here);
        assert_eq!(route_target(&reply(UNICAST, None)), RouteTarget::Nowhere);
        assert_eq!(route_target(&reply(6, Some(1))), RouteTarget::Nowhere);
        assert_eq!(route_target(&[]), RouteTarget::Nowhere);
    }

    #[test]
    fn errors_in_replies() {
        let error = |sequence, code: i32| {
            let bytes = NetlinkRequest::new(kind::ERROR, 0, sequence, &code.to_ne_bytes()).bytes();
            parse_reply(&bytes)
        };
        let unreachable = Errno::NETUNREACH.raw_os_error();
        assert_eq!(error(SEQUENCE, 0), Some(Ok(Vec::new())));
        assert_eq!(error(SEQUENCE, -unreachable), Some(Err(Errno::NETUNREACH)));
        assert_eq!(error(SEQUENCE + 1, 0), None);
        assert_eq!(parse_reply(&[]), None);
    }

    #[test]
    fn this_machine_reaches_itself() {
        let loopback = Ipv4Addr::LOCALHOST.into();
        assert_eq!(route_device(prefix("127.0.0.1")), Ok(Some("lo".to_owned())));
        assert!(is_own_address(loopback));
        assert!(!is_own_address(Ipv4Addr::new(192, 0, 2, 1).into()));
    }

    #[test]
    fn what_is_not_added() {
        let cause = |network, device| {
            add_route(prefix(network), device).expect_err("nothing must be added here")
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
