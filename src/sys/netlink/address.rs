//! The addresses of a device.

use rustix::net::netdevice::name_to_index;

use super::fib::read_list;
use super::wire::{Attributes, INET, INET6, address, kind, number};
use crate::sys::os_error::describe_errno;
use wansync_core::address::{Candidate, Family};
use wansync_core::reason::address::AbortReason;

/// Bytes of `struct ifaddrmsg`: family, length of the prefix, flags, scope, device.
const STRUCT_SIZE: usize = 8;

/// The addresses of a device, of one family, in the kernel's order. One with a label,
/// such as `eth0:wan`, is the device's as any other.
///
/// # Errors
/// There is no such device, or the kernel does not say.
pub fn addresses(device: &str, family: Family) -> Result<Vec<Candidate>, AbortReason> {
    let family = match family {
        Family::Ipv4 => INET,
        Family::Ipv6 => INET6,
    };
    let unlisted = |error| {
        let cause = describe_errno(error);
        AbortReason::Kernel(format!("the kernel lists no addresses: {cause}"))
    };
    let socket = super::socket().map_err(unlisted)?;
    let no_device = |_| AbortReason::NoDevice(device.to_owned());
    let index = name_to_index(&socket, device).map_err(no_device)?;
    read_list(&socket, kind::GETADDR, family, |body, found| {
        found.extend(candidate(body, index));
        Some(())
    })
    .map_err(unlisted)
}

/// The address in a message, if it is one of the device of this index.
fn candidate(body: &[u8], index: u32) -> Option<Candidate> {
    const ADDRESS: u16 = 1;
    /// The own one, where the other is that of the far end.
    const LOCAL: u16 = 2;
    const TEMPORARY: u8 = 0x01;
    /// Deprecated, tentative, or found to be another host's, which is as little use.
    const NOT_TO_BE_USED: u8 = 0x20 | 0x40 | 0x08;
    let [family, _, flags, ..] = *body.first_chunk::<STRUCT_SIZE>()?;
    if number(body, 4)? != index {
        return None;
    }
    let find = |kind| Attributes::after(STRUCT_SIZE, body).find(kind);
    let address = address(family, find(LOCAL).or_else(|| find(ADDRESS))?)?;
    Some(Candidate {
        deprecated: flags & NOT_TO_BE_USED != 0,
        // That bit says of an IPv4 address that it is not the first.
        temporary: flags & TEMPORARY != 0 && address.is_ipv6(),
        ..Candidate::from(address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::netlink::wire::NetlinkRequest;

    /// The kernel's message about the address of device 7 with these flags.
    fn message(family: u8, flags: u8, attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = vec![family, 24, flags, 0];
        body.extend(7_u32.to_ne_bytes());
        let request = NetlinkRequest::new(kind::NEWADDR, 0, 1, &body);
        let request = attributes
            .iter()
            .fold(request, |r, (kind, value)| r.with(*kind, value));
        request.bytes()[16..].to_vec()
    }

    #[test]
    fn flags_and_far_ends() {
        let far: &[u8] = &[10, 0, 0, 1];
        let own = message(2, 0x81, &[(1, far), (2, &[8, 8, 4, 4]), (3, b"e0:wan\0")]);
        let found = candidate(&own, 7).expect("an address of the device");
        assert_eq!(found, Candidate::from(std::net::IpAddr::from([8, 8, 4, 4])));
        assert_eq!(candidate(&own, 8), None);
        let six = message(10, 0x21, &[(1, &[0x20; 16])]);
        let found = candidate(&six, 7).expect("an address of the device");
        assert!(found.deprecated && found.temporary);
        assert_eq!(candidate(&message(10, 0, &[]), 7), None);
        assert_eq!(candidate(&six[..6], 7), None);
    }

    #[test]
    fn loopback_and_nothing() {
        let found = addresses("lo", Family::Ipv4).expect("every machine has lo");
        assert!(found.iter().all(|c| c.address.is_loopback()), "{found:?}");
        let missing = addresses("nosuch0", Family::Ipv6).expect_err("no such device");
        assert_eq!(missing.to_string(), "there is no device nosuch0");
    }
}
