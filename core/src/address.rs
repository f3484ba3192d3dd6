//! Addresses, and which of them may be published.
//!
//! An address that others share, or that no packet from outside reaches, must
//! not be bound at SkyDNS: it would filter strangers, or no one at all. The ranges are
//! those of IANA's special-purpose address registries (RFC 6890 and its
//! updates).

use alloc::rc::Rc;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::reason::address::{NotPublic, Sharing, Unpublishable};

/// The kind of address that a section publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `option family 'ipv4'`
    Ipv4,
    /// `option family 'ipv6'`
    Ipv6,
}

impl Family {
    /// True if `address` is of this family.
    pub fn includes(self, address: IpAddr) -> bool {
        address.is_ipv4() == (self == Family::Ipv4)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Family::Ipv4 => "IPv4",
            Family::Ipv6 => "IPv6",
        })
    }
}

/// One address that a source found, before any rule was applied to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The address.
    pub address: IpAddr,
    /// No new connection should use it: its preferred lifetime is over.
    pub deprecated: bool,
    /// An IPv6 privacy address, which changes by design.
    pub temporary: bool,
    /// Others have it, too.
    pub sharing: Option<Rc<Sharing>>,
}

impl From<IpAddr> for Candidate {
    fn from(address: IpAddr) -> Self {
        Candidate {
            address,
            deprecated: false,
            temporary: false,
            sharing: None,
        }
    }
}

/// An address that may be published; it cannot be made from any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicAddress(IpAddr);

impl PublicAddress {
    /// Takes an address that the whole Internet can reach, or says why not.
    pub fn new(address: IpAddr) -> Result<Self, NotPublic> {
        let cause = match address {
            IpAddr::V4(address) => not_public_v4(address),
            IpAddr::V6(address) => not_public_v6(address),
        };
        match cause {
            None => Ok(PublicAddress(address)),
            Some(cause) => Err(cause),
        }
    }

    /// The address itself.
    pub fn get(self) -> IpAddr {
        self.0
    }
}

impl fmt::Display for PublicAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn not_public_v4(address: Ipv4Addr) -> Option<NotPublic> {
    use NotPublic::*;
    let [a, b, c, _] = address.octets();
    Some(match (a, b, c) {
        (0, ..) => Unspecified,
        (10, ..) | (172, 16..=31, _) | (192, 168, _) => Private,
        (100, 64..=127, _) => CarrierNat,
        (127, ..) => Loopback,
        (169, 254, _) => LinkLocal,
        (192, 0, 0) => ProtocolAssignment,
        (192, 0, 2) | (198, 51, 100) | (203, 0, 113) => Documentation,
        (192, 88, 99) => Transition,
        (198, 18..=19, _) => Benchmarking,
        (224..=239, ..) => Multicast,
        _ if address.is_broadcast() => Broadcast,
        (240..=255, ..) => Reserved,
        _ => return None,
    })
}

fn not_public_v6(address: Ipv6Addr) -> Option<NotPublic> {
    use NotPublic::*;
    if address.is_unspecified() {
        return Some(Unspecified);
    }
    if address.is_loopback() {
        return Some(Loopback);
    }
    let [a, b, c, ..] = address.segments();
    Some(match (a, b, c) {
        (0xfe80..=0xfebf, ..) => LinkLocal,
        (0xfc00..=0xfdff, ..) => UniqueLocal,
        (0xff00..=0xffff, ..) => Multicast,
        (0x2001, 0xdb8, _) | (0x3fff, 0..=0xfff, _) => Documentation,
        (0x2001, 2, 0) => Benchmarking,
        (0x2001, 0, _) | (0x2002, ..) => Transition,
        // The rest of 2001::/23 is IANA's own: ORCHID and the like name hosts in
        // no network, AMT and AS112 are shared. Providers' blocks begin above it.
        (0x2001, 0..=0x1ff, _) => Reserved,
        (0x2000..=0x3fff, ..) => return None,
        _ => Reserved,
    })
}

/// Picks the address to publish. One that is confirmed already stays for as
/// long as it is good: of several good addresses none is worth an update.
///
/// ```
/// use wansync_core::address::{Candidate, Family, choose_address};
///
/// let shared = Candidate::from("100.64.0.1".parse::<std::net::IpAddr>().unwrap());
/// let public = Candidate::from("8.8.4.4".parse::<std::net::IpAddr>().unwrap());
/// let chosen = choose_address(&[shared.clone(), public], Family::Ipv4, None).unwrap();
/// assert_eq!(chosen.to_string(), "8.8.4.4");
/// assert!(choose_address(&[shared], Family::Ipv4, None).is_err());
/// ```
pub fn choose_address(
    candidates: &[Candidate],
    family: Family,
    confirmed: Option<IpAddr>,
) -> Result<PublicAddress, Unpublishable> {
    let mut first_good = None;
    let mut nearest = Unpublishable::None(family);
    for candidate in candidates.iter().filter(|c| family.includes(c.address)) {
        match check_publishable(candidate) {
            Ok(address) if Some(address.get()) == confirmed => return Ok(address),
            Ok(address) => first_good = first_good.or(Some(address)),
            Err(cause) if nearness(&cause) > nearness(&nearest) => nearest = cause,
            Err(_) => {}
        }
    }
    first_good.ok_or(nearest)
}

fn check_publishable(candidate: &Candidate) -> Result<PublicAddress, Unpublishable> {
    let address = candidate.address;
    let public =
        PublicAddress::new(address).map_err(|cause| Unpublishable::NotPublic(address, cause))?;
    match candidate {
        Candidate {
            deprecated: true, ..
        } => Err(Unpublishable::Deprecated(address)),
        Candidate {
            temporary: true, ..
        } => Err(Unpublishable::Temporary(address)),
        Candidate {
            sharing: Some(sharing),
            ..
        } => Err(Unpublishable::Shared(address, sharing.clone())),
        _ => Ok(public),
    }
}

/// The nearer an address came, the more it says why it may not be published: every IPv6
/// device has a link-local one, and many have one that is private.
fn nearness(cause: &Unpublishable) -> u8 {
    match cause {
        Unpublishable::None(_) => 0,
        Unpublishable::NotPublic(_, NotPublic::LinkLocal) => 1,
        Unpublishable::NotPublic(..) => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect(text)
    }

    #[test]
    fn ranges_that_may_not_be_published() {
        use NotPublic::*;
        let table = [
            ("0.1.2.3", Unspecified),
            ("10.0.0.1", Private),
            ("172.16.0.1", Private),
            ("172.31.255.255", Private),
            ("192.168.1.2", Private),
            ("100.64.0.0", CarrierNat),
            ("100.127.255.255", CarrierNat),
            ("127.0.0.1", Loopback),
            ("169.254.7.7", LinkLocal),
            ("192.0.0.2", ProtocolAssignment),
            ("192.0.2.1", Documentation),
            ("198.51.100.7", Documentation),
            ("203.0.113.9", Documentation),
            ("192.88.99.1", Transition),
            ("198.18.0.1", Benchmarking),
            ("198.19.255.255", Benchmarking),
            ("224.0.0.1", Multicast),
            ("239.255.255.255", Multicast),
            ("240.0.0.1", Reserved),
            ("255.255.255.255", Broadcast),
            ("::", Unspecified),
            ("::1", Loopback),
            ("::ffff:8.8.4.4", Reserved),
            ("64:ff9b::808:404", Reserved),
            ("fe80::1", LinkLocal),
            ("fd00::1", UniqueLocal),
            ("fc00::1", UniqueLocal),
            ("ff02::1", Multicast),
            ("2001:db8::1", Documentation),
            ("3fff::1", Documentation),
            ("2001:2::1", Benchmarking),
            ("2001::1", Transition),
            ("2002:808:404::1", Transition),
            ("2001:3::1", Reserved),
            ("2001:20::1", Reserved),
            ("2001:30::1", Reserved),
            ("2001:1ff::1", Reserved),
            ("4000::1", Reserved),
        ];
        for (text, cause) in table {
            assert_eq!(PublicAddress::new(address(text)), Err(cause), "{text}");
        }
    }

    #[test]
    fn neighbours_of_those_ranges_may() {
        for text in [
            "1.0.0.0",
            "8.8.4.4",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "192.0.1.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2000::1",
            "2001:200::1",
            "2001:4860::8844",
            "2a00:1450::1",
            "3ffe::1",
        ] {
            assert!(PublicAddress::new(address(text)).is_ok(), "{text}");
        }
    }

    fn candidates(list: &[&str]) -> Vec<Candidate> {
        list.iter()
            .map(|text| {
                let (deprecated, text) = (text.starts_with('-'), text.trim_start_matches('-'));
                let (temporary, text) = (text.starts_with('~'), text.trim_start_matches('~'));
                Candidate {
                    deprecated,
                    temporary,
                    ..Candidate::from(address(text))
                }
            })
            .collect()
    }

    #[test]
    fn the_choice_among_candidates() {
        // `-` marks a deprecated one, `~` a temporary one.
        type ChoiceCase<'a> = (
            &'a [&'a str],
            Family,
            Option<&'a str>,
            Result<&'a str, &'a str>,
        );
        let table: [ChoiceCase<'_>; 13] = [
            (&["8.8.4.4"], Family::Ipv4, None, Ok("8.8.4.4")),
            (
                &["8.8.4.4", "8.8.8.8"],
                Family::Ipv4,
                Some("8.8.8.8"),
                Ok("8.8.8.8"),
            ),
            (
                &["8.8.4.4", "8.8.8.8"],
                Family::Ipv4,
                Some("9.9.9.9"),
                Ok("8.8.4.4"),
            ),
            (
                &["192.168.1.2", "8.8.4.4"],
                Family::Ipv4,
                None,
                Ok("8.8.4.4"),
            ),
            (
                &["fe80::1", "fd00::5", "2a00::1"],
                Family::Ipv6,
                None,
                Ok("2a00::1"),
            ),
            (
                &["-2a00::1", "~2a00::2", "2a00::3"],
                Family::Ipv6,
                Some("2a00::1"),
                Ok("2a00::3"),
            ),
            (&[], Family::Ipv4, None, Err("there is no IPv4 address")),
            (
                &["2a00::1"],
                Family::Ipv4,
                None,
                Err("there is no IPv4 address"),
            ),
            (
                &["fe80::1", "fd00::5"],
                Family::Ipv6,
                None,
                Err("fd00::5 is a unique local"),
            ),
            (
                &["fe80::1"],
                Family::Ipv6,
                None,
                Err("fe80::1 is a link-local"),
            ),
            (
                &["-2a00::1"],
                Family::Ipv6,
                None,
                Err("2a00::1 is deprecated"),
            ),
            (
                &["~2a00::1"],
                Family::Ipv6,
                None,
                Err("2a00::1 is a temporary"),
            ),
            (
                &["fd00::5", "-2a00::1"],
                Family::Ipv6,
                None,
                Err("2a00::1 is deprecated"),
            ),
        ];
        for (list, family, confirmed, expected) in table {
            let got = choose_address(&candidates(list), family, confirmed.map(address));
            match (got, expected) {
                (Ok(got), Ok(expected)) => assert_eq!(got.get(), address(expected), "{list:?}"),
                (Err(got), Err(expected)) => {
                    assert!(got.to_string().starts_with(expected), "{list:?}: {got}");
                }
                (got, expected) => panic!("{list:?}: {got:?} instead of {expected:?}"),
            }
        }
    }
}
