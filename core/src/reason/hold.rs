//! Why an address is held: the service refused it before.

use alloc::string::String;
use core::fmt;

use crate::address::PublicAddress;
use crate::hold::{HoldRule, MAX_ADDRESS_REFUSALS, MAX_REFUSALS};

/// The reason for which an address is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldReason {
    /// The rule that holds it.
    pub rule: HoldRule,
    /// The address.
    pub address: PublicAddress,
    /// The last refusal, in words.
    pub refusal: String,
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HoldReason {
            rule,
            address,
            refusal,
        } = self;
        match rule {
            HoldRule::Pause => write!(
                f,
                "the service refused before ({refusal}), so nothing is sent"
            )?,
            HoldRule::AddressLimit => write!(
                f,
                "the service refused {MAX_ADDRESS_REFUSALS} times within 24 h ({refusal}), so \
                 {address} is not sent, not even with --force"
            )?,
            HoldRule::Limit => write!(
                f,
                "the service refused {MAX_REFUSALS} times within 24 h ({refusal}), so no \
                 address is sent, not even with --force"
            )?,
        }
        f.write_str("; a changed configuration or key ends the hold at once")
    }
}
