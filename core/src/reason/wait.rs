//! Why an address that may be sent is sent later.

use core::net::IpAddr;
use core::time::Duration;

use crate::reason;
use crate::reason::Reason;

/// The reason for a wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// The WAN changes its address so often that each change cannot be sent at once.
    HoldDown {
        /// The address that waits.
        address: IpAddr,
    },
    /// As much was sent within 24 h as `option daily_limit` allows, or half of it.
    DailyLimit {
        /// The limit.
        limit: u32,
        /// The pause between sends that are still allowed; none, if no more is.
        pause: Option<Duration>,
    },
    /// Many routers send their first address over a while, this one later.
    Spread {
        /// The while.
        spread: Duration,
    },
    /// The service asked for it; the failure that it asked with.
    Asked(Reason),
    /// The last send failed; its failure.
    Backoff(Reason),
}

impl From<&Wait> for Reason {
    fn from(wait: &Wait) -> Reason {
        match wait {
            Wait::HoldDown { address } => reason!(WaitHoldDown, address = *address),
            Wait::DailyLimit { limit, pause: None } => reason!(WaitDailyLimit, limit = *limit),
            Wait::DailyLimit {
                limit,
                pause: Some(pause),
            } => reason!(WaitHalfDailyLimit, limit = *limit, pause_s = *pause),
            Wait::Spread { spread } => reason!(WaitSpread, spread_s = *spread),
            Wait::Asked(cause) => reason!(WaitAsked, cause = cause),
            Wait::Backoff(cause) => reason!(WaitBackoff, cause = cause),
        }
    }
}
