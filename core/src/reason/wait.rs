//! Why an address that may be sent is sent later.

use core::fmt;
use core::net::IpAddr;
use core::time::Duration;

use crate::time::describe_span;

/// The reason for a wait of wansync's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wait::HoldDown { address } => write!(
                f,
                "the WAN flaps: it changed its address more than three times a minute, \
                 so {address} waits"
            ),
            Wait::DailyLimit { limit, pause: None } => {
                write!(f, "the daily limit of {limit} sends is used up")
            }
            Wait::DailyLimit {
                limit,
                pause: Some(pause),
            } => {
                let pause = describe_span(*pause);
                write!(
                    f,
                    "half of the daily limit of {limit} sends is used up, \
                     so that one is sent every {pause}"
                )
            }
            Wait::Spread { spread } => {
                let spread = describe_span(*spread);
                write!(
                    f,
                    "this router's part of the {spread} after a boot, over which routers \
                     spread their first send, is not over (option spread)"
                )
            }
        }
    }
}
