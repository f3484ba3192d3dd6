//! Why what is remembered of a section is not the end of a send.

use core::net::IpAddr;

use crate::outcome::Outcome;
use crate::reason;
use crate::reason::Reason;
use crate::state::SectionState;

/// The reason for which what is remembered of a section is not the end of a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateReason {
    /// A process sends the address at this moment.
    Sending(IpAddr),
    /// The process that sent the address has ended without a word.
    Interrupted(IpAddr),
}

impl StateReason {
    /// The reason for which the state of a section is as `state` has it, if it is that of
    /// before a send; `is_being_sent` tells whether the send is under way.
    pub fn of_pending(state: &SectionState, is_being_sent: bool) -> Option<StateReason> {
        let address = state.last_sent?;
        let interrupted = StateReason::Interrupted(address);
        let is_pending = state.outcome == Some(Outcome::Unconfirmed)
            && state.reason == Reason::from(&interrupted);
        match is_being_sent {
            _ if !is_pending => None,
            true => Some(StateReason::Sending(address)),
            false => Some(interrupted),
        }
    }
}

impl From<&StateReason> for Reason {
    fn from(reason: &StateReason) -> Reason {
        match reason {
            StateReason::Sending(address) => reason!(SendUnderWay, address = *address),
            StateReason::Interrupted(address) => reason!(SendInterrupted, address = *address),
        }
    }
}
