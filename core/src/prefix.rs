//! A network by its address and length.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use crate::reason::Code;

/// A network such as `172.16.0.0/16`. Its address has no bit beyond its length.
///
/// ```
/// use wansync_core::prefix::Prefix;
///
/// let network: Prefix = "172.16.0.0/16".parse().unwrap();
/// assert!(network.contains("172.16.0.1".parse().unwrap()));
/// assert!("172.16.0.0/40".parse::<Prefix>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    address: IpAddr,
    length: u8,
}

impl Prefix {
    /// The network of this many bits that the address is in; none if an address has
    /// fewer bits.
    pub fn new(address: IpAddr, length: u8) -> Option<Prefix> {
        let hosts = u128::MAX.checked_shr(length.into()).unwrap_or(0);
        let network = Prefix { address, length };
        (length <= network.bits()).then(|| network.with_key(network.key() & !hosts))
    }

    /// The number of bits that an address has.
    pub fn bits(self) -> u8 {
        if self.address.is_ipv4() { 32 } else { 128 }
    }

    /// True if each address of `other` is in this network.
    pub fn contains(self, other: Prefix) -> bool {
        let beyond = 128 - u32::from(self.length);
        let difference = self.key() ^ other.key();
        self.length <= other.length
            && self.bits() == other.bits()
            && difference.checked_shr(beyond).unwrap_or(0) == 0
    }

    /// True if some address is in both.
    pub fn overlaps(self, other: Prefix) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// Its two halves; a single host has none.
    pub fn halves(self) -> Option<[Prefix; 2]> {
        let length = self.length + 1;
        let lower = Prefix { length, ..self };
        let upper = self.key() | (1 << 127) >> self.length.min(127);
        (length <= self.bits()).then(|| [lower, lower.with_key(upper)])
    }

    /// The address as a number, its first bit the highest.
    fn key(self) -> u128 {
        match self.address {
            IpAddr::V4(address) => u128::from(u32::from(address)) << 96,
            IpAddr::V6(address) => address.into(),
        }
    }

    /// The network of the same length and family at the address of this number.
    fn with_key(self, key: u128) -> Prefix {
        let address = match self.address {
            IpAddr::V4(_) => Ipv4Addr::from((key >> 96) as u32).into(),
            IpAddr::V6(_) => Ipv6Addr::from(key).into(),
        };
        Prefix { address, ..self }
    }

    /// The network's address.
    pub fn address(self) -> IpAddr {
        self.address
    }

    /// The number of bits that count.
    pub fn length(self) -> u8 {
        self.length
    }
}

/// `address/length`, or an address alone for a single host.
///
/// # Errors
/// The code of words that follow on the text, which take no arguments.
impl FromStr for Prefix {
    type Err = Code;

    fn from_str(text: &str) -> Result<Prefix, Code> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| Code::ValueNoPrefix)?;
        let bits: u8 = if address.is_ipv4() { 32 } else { 128 };
        let length = match length.map(str::parse) {
            None => bits,
            Some(Ok(length)) if length <= bits => length,
            Some(_) => return Err(Code::ValuePrefixLength),
        };
        match Prefix::new(address, length) {
            Some(network) if network.address == address => Ok(network),
            _ => Err(Code::ValuePrefixBits),
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
            ("172.16.0.0/16", Ok("172.16.0.0/16")),
            ("172.16.0.1", Ok("172.16.0.1/32")),
            ("0.0.0.0/0", Ok("0.0.0.0/0")),
            ("10.0.0.0/31", Ok("10.0.0.0/31")),
            ("fd00::/8", Ok("fd00::/8")),
            ("::1", Ok("::1/128")),
            ("172.16.0.1/16", Err(())),
            ("172.16.0.0/33", Err(())),
            ("172.16.0.0/", Err(())),
            ("172.16.0.0/-1", Err(())),
            ("dacha", Err(())),
            ("", Err(())),
        ];
        for (text, expected) in table {
            let got = text.parse::<Prefix>();
            let got = got.map(|p| p.to_string()).map_err(|_| ());
            assert_eq!(got.as_deref(), expected.as_ref().map(|t| *t), "{text}");
        }
    }

    fn prefix(text: &str) -> Prefix {
        text.parse().expect("a network")
    }

    #[test]
    fn networks_in_networks() {
        let table = [
            ("172.16.0.0/16", "172.16.5.0/24", true),
            ("172.16.0.0/16", "172.16.0.0/16", true),
            ("172.16.5.0/24", "172.16.0.0/16", false),
            ("172.16.0.0/16", "172.17.5.0/24", false),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("::/0", "10.0.0.1", false),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "::1", true),
            ("fd00::/64", "fd00::1", true),
            ("fd00::1", "fd00::2", false),
        ];
        for (wide, narrow, expected) in table {
            let (wide, narrow) = (prefix(wide), prefix(narrow));
            assert_eq!(wide.contains(narrow), expected, "{wide} {narrow}");
            let overlap = expected || narrow.contains(wide);
            assert_eq!(wide.overlaps(narrow), overlap, "{wide} {narrow}");
            assert_eq!(narrow.overlaps(wide), overlap, "{wide} {narrow}");
        }
    }

    #[test]
    fn the_network_of_an_address_and_its_halves() {
        let table = [
            ("172.16.5.7", 16, "172.16.0.0/16", "172.16.128.0/17"),
            ("172.16.5.7", 31, "172.16.5.6/31", "172.16.5.7/32"),
            ("172.16.5.7", 0, "0.0.0.0/0", "128.0.0.0/1"),
            ("fd00:9::7", 64, "fd00:9::/64", "fd00:9:0:0:8000::/65"),
            ("fd00:9::7", 127, "fd00:9::6/127", "fd00:9::7/128"),
            ("fd00:9::7", 0, "::/0", "8000::/1"),
        ];
        for (address, length, network, upper) in table {
            let address = address.parse().expect("an address");
            let network_of = Prefix::new(address, length).expect("it is no longer");
            assert_eq!(network_of, prefix(network));
            let [lower, half] = network_of.halves().expect("more than one host");
            assert_eq!(half, prefix(upper));
            assert_eq!(lower.address(), network_of.address());
            assert_eq!(lower.length(), length + 1);
        }
        for host in ["10.0.0.1", "fd00::1"] {
            assert_eq!(prefix(host).halves(), None);
            let address = prefix(host).address();
            assert_eq!(
                Prefix::new(address, prefix(host).bits()),
                Some(prefix(host))
            );
            assert_eq!(Prefix::new(address, prefix(host).bits() + 1), None);
        }
    }
}
