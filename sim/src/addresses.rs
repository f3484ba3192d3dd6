//! Which addresses the simulated SkyDNS accepts: the public ones. Written apart
//! from the agent's rules on purpose, so that one can catch a slip of the other.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 blocks that are not public, by the IANA special-purpose registry.
const NOT_PUBLIC: &[(u8, u8, u8, u8, u32)] = &[
    (0, 0, 0, 0, 8),
    (10, 0, 0, 0, 8),
    (100, 64, 0, 0, 10),
    (127, 0, 0, 0, 8),
    (169, 254, 0, 0, 16),
    (172, 16, 0, 0, 12),
    (192, 0, 0, 0, 24),
    (192, 0, 2, 0, 24),
    (192, 88, 99, 0, 24),
    (192, 168, 0, 0, 16),
    (198, 18, 0, 0, 15),
    (198, 51, 100, 0, 24),
    (203, 0, 113, 0, 24),
    (224, 0, 0, 0, 3),
];

pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let inside = |&(a, b, c, d, bits): &(u8, u8, u8, u8, u32)| {
        let base = Ipv4Addr::new(a, b, c, d).to_bits();
        (address.to_bits() ^ base) >> (32 - bits) == 0
    };
    !NOT_PUBLIC.iter().any(inside)
}

/// Global unicast is 2000::/3; of it, 2001:db8::/32 and 3fff::/20 are for
/// documentation, and 2001::/23 and 2002::/16 for protocols and tunnels.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let special =
        (a == 0x2001 && (b == 0xdb8 || b < 0x200)) || a == 0x2002 || (a == 0x3fff && b < 0x1000);
    a >> 13 == 1 && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_is_what_the_registry_leaves() {
        for (text, public) in [
            ("8.8.4.4", true),
            ("1.1.1.1", true),
            ("100.63.255.255", true),
            ("100.64.0.1", false),
            ("10.0.0.1", false),
            ("172.31.0.1", false),
            ("172.32.0.1", true),
            ("192.0.2.1", false),
            ("198.19.255.255", false),
            ("255.255.255.255", false),
            ("0.0.0.0", false),
            ("2a00:1450:4010::1", true),
            ("fe80::1", false),
            ("fd00::1", false),
            ("2001:db8::1", false),
            ("2002:a00:1::1", false),
            ("::1", false),
        ] {
            assert_eq!(is_public(text.parse().unwrap()), public, "{text}");
        }
    }
}
