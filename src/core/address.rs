//! Which address may be published.

use std::net::IpAddr;

/// Which kind of address a section publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `option family 'ipv4'`
    Ipv4,
    /// `option family 'ipv6'`
    Ipv6,
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
}

impl From<IpAddr> for Candidate {
    fn from(address: IpAddr) -> Self {
        Candidate {
            address,
            deprecated: false,
            temporary: false,
        }
    }
}
