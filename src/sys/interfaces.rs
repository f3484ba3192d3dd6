//! The addresses of a network device, as the kernel has them.
#![expect(clippy::disallowed_methods, reason = "/proc is read here")]

use std::fs;
use std::net::{IpAddr, Ipv6Addr};

use wansync_core::address::{Candidate, Family};

/// The addresses of `device`, of one family, in the kernel's order.
///
/// # Errors
/// In words: there is no such device, or the kernel does not say.
pub fn addresses(device: &str, family: Family) -> Result<Vec<Candidate>, String> {
    let all =
        if_addrs::get_if_addrs().map_err(|e| format!("the kernel lists no addresses: {e}"))?;
    let flags = match family {
        Family::Ipv4 => Vec::new(),
        Family::Ipv6 => ipv6_flags(),
    };
    let found: Vec<Candidate> = all
        .iter()
        .filter(|interface| interface.name == device && family.includes(interface.ip()))
        .map(|interface| candidate(interface.ip(), &flags))
        .collect();
    if found.is_empty() && !device_exists(device) {
        return Err(format!("there is no device {device}"));
    }
    Ok(found)
}

/// `/proc/net` shows the network of this process; `/sys/class/net` shows that
/// of the process that mounted it, which in a container or a namespace is another.
fn device_exists(device: &str) -> bool {
    let devices = fs::read_to_string("/proc/net/dev").unwrap_or_default();
    let mut names = devices.lines().filter_map(|line| line.split_once(':'));
    names.any(|(name, _)| name.trim() == device)
}

fn candidate(address: IpAddr, flags: &[(Ipv6Addr, u32)]) -> Candidate {
    // From Linux's if_addr.h. A tentative address, or one that another host
    // turned out to have, is as little use as a deprecated one.
    const TEMPORARY: u32 = 0x01;
    const NOT_TO_BE_USED: u32 = 0x08 | 0x20 | 0x40;
    let flags = match address {
        IpAddr::V6(address) => flags
            .iter()
            .find(|(other, _)| *other == address)
            .map_or(0, |(_, flags)| *flags),
        IpAddr::V4(_) => 0,
    };
    Candidate {
        address,
        deprecated: flags & NOT_TO_BE_USED != 0,
        temporary: flags & TEMPORARY != 0,
    }
}

/// The flags of every IPv6 address, from `/proc/net/if_inet6`: address, index,
/// prefix length, scope and flags in hex, then the device. Without IPv6 there
/// is no such file.
fn ipv6_flags() -> Vec<(Ipv6Addr, u32)> {
    let table = fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    table.lines().filter_map(ipv6_line).collect()
}

fn ipv6_line(line: &str) -> Option<(Ipv6Addr, u32)> {
    let mut fields = line.split_ascii_whitespace();
    let address = u128::from_str_radix(fields.next()?, 16).ok()?;
    let flags = u32::from_str_radix(fields.nth(3)?, 16).ok()?;
    Some((Ipv6Addr::from(address), flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_the_kernel() {
        let line = "2a0014500000000000000000000000a1 02 40 00 21     eth1";
        let (address, flags) = ipv6_line(line).expect("a line of the kernel");
        let candidate = candidate(IpAddr::V6(address), &[(address, flags)]);
        assert_eq!(candidate.address.to_string(), "2a00:1450::a1");
        assert!(candidate.deprecated && candidate.temporary);
        assert_eq!(ipv6_line(""), None);
    }

    #[test]
    fn loopback_and_nothing() {
        let found = addresses("lo", Family::Ipv4).expect("every machine has lo");
        assert!(found.iter().all(|c| c.address.is_loopback()), "{found:?}");
        let missing = addresses("nosuch0", Family::Ipv6).expect_err("no such device");
        assert_eq!(missing, "there is no device nosuch0");
    }
}
