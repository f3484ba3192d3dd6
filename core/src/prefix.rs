//! A network by its address and length.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

/// A network such as `172.16.0.0/16`. Its address has no bit beyond its length.
///
/// ```
/// use wansync_core::prefix::Prefix;
///
/// let network: Prefix = "172.16.0.0/16".parse().unwrap();
/// assert_eq!(network.host().to_string(), "172.16.0.1");
/// assert!("172.16.0.0/40".parse::<Prefix>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    address: IpAddr,
    length: u8,
}

impl Prefix {
    /// The network's address.
    pub fn address(self) -> IpAddr {
        self.address
    }

    /// The number of bits that count.
    pub fn length(self) -> u8 {
        self.length
    }

    /// An address in it that a host may have: the one after the network's own,
    /// or the only one.
    pub fn host(self) -> IpAddr {
        match self.address {
            IpAddr::V4(address) if self.length < 31 => {
                Ipv4Addr::from(u32::from(address) + 1).into()
            }
            IpAddr::V6(address) if self.length < 127 => {
                Ipv6Addr::from(u128::from(address) + 1).into()
            }
            only => only,
        }
    }
}

/// `address/length`, or an address alone for a single host.
///
/// # Errors
/// In words that follow on the text.
impl FromStr for Prefix {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Prefix, &'static str> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address
            .parse()
            .map_err(|_| "is no network, such as 172.16.0.0/16")?;
        let bits: u8 = if address.is_ipv4() { 32 } else { 128 };
        let length = match length.map(str::parse) {
            None => bits,
            Some(Ok(length)) if length <= bits => length,
            Some(_) => return Err("is no network: its length is wrong"),
        };
        let beyond = match address {
            IpAddr::V4(a) => u32::from(a).checked_shl(length.into()).unwrap_or(0) != 0,
            IpAddr::V6(a) => u128::from(a).checked_shl(length.into()).unwrap_or(0) != 0,
        };
        match beyond {
            true => {
                Err("is an address in a network, not the network: bits are set beyond its length")
            }
            false => Ok(Prefix { address, length }),
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_network() {
        let table = [
            ("172.16.0.0/16", Ok(("172.16.0.0/16", "172.16.0.1"))),
            ("172.16.0.1", Ok(("172.16.0.1/32", "172.16.0.1"))),
            ("0.0.0.0/0", Ok(("0.0.0.0/0", "0.0.0.1"))),
            ("10.0.0.0/31", Ok(("10.0.0.0/31", "10.0.0.0"))),
            ("fd00::/8", Ok(("fd00::/8", "fd00::1"))),
            ("::1", Ok(("::1/128", "::1"))),
            ("172.16.0.1/16", Err(())),
            ("172.16.0.0/33", Err(())),
            ("172.16.0.0/", Err(())),
            ("172.16.0.0/-1", Err(())),
            ("dacha", Err(())),
            ("", Err(())),
        ];
        for (text, expected) in table {
            let got = text.parse::<Prefix>();
            let got = got.map(|p| (p.to_string(), p.host().to_string()));
            let got = got.as_ref().map(|(a, b)| (a.as_str(), b.as_str()));
            assert_eq!(got.map_err(|_| ()), expected, "{text}");
        }
    }
}
