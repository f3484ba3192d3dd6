//! Why an address that may be sent is sent later.

use core::fmt;
use core::net::IpAddr;

/// The reason for a wait of wansync's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The WAN changes its address so often that each change cannot be sent at once.
    HoldDown {
        /// The address that waits.
        address: IpAddr,
    },
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wait::HoldDown { address } => write!(
                f,
                "the WAN flaps: it changed its address more than three times a minute, \
                 so {address} waits"
            ),
        }
    }
}
