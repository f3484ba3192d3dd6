//! Why an address is held: the service refused it before.

use crate::address::PublicAddress;
use crate::hold::{HoldRule, MAX_ADDRESS_REFUSALS, MAX_REFUSALS};
use crate::reason;
use crate::reason::Reason;

/// The reason for which an address is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldReason {
    /// The rule that holds it.
    pub rule: HoldRule,
    /// The address.
    pub address: PublicAddress,
    /// The last refusal.
    pub refusal: Reason,
}

impl From<&HoldReason> for Reason {
    fn from(reason: &HoldReason) -> Reason {
        let HoldReason {
            rule,
            address,
            refusal,
        } = reason;
        match rule {
            HoldRule::Pause => reason!(HoldPause, refusal = refusal),
            HoldRule::AddressLimit => reason!(
                HoldAddress,
                count = MAX_ADDRESS_REFUSALS,
                refusal = refusal,
                address = *address
            ),
            HoldRule::Limit => reason!(HoldAll, count = MAX_REFUSALS, refusal = refusal),
        }
    }
}
