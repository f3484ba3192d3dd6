//! A tunnel's health, what is done about it, and when. Pure.
//!
//! | module | subject |
//! | --- | --- |
//! | [`evidence`] | what was found, and when |
//! | [`networks`] | netifd's networks as evidence |
//! | [`account`] | what VPNKI said of an account's tunnels, and when it is asked again |
//! | `verdict` | from evidence to Up, Down or Unknown, with a reason in words |
//! | [`recovery`] | the ladder: what to do about it, within a budget |
//! | [`schedule`] | when a tunnel and an account are due |
//! | [`tracker`] | all of it for one tunnel, round by round |
//!
//! A round over one tunnel gathers evidence, which may take two echoes, and ends
//! with [`tracker::TunnelTracker::judge`]. What is needed between rounds is a
//! [`TunnelState`].

pub mod account;
#[cfg(test)]
mod dice;
pub mod evidence;
mod health;
pub mod networks;
mod persist_evidence;
pub mod recovery;
pub mod schedule;
pub mod tracker;
mod verdict;

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::net::IpAddr;

use evidence::Evidence;
pub use health::Health;
use recovery::Recovery;

use crate::persist;
use crate::time::Boot;

/// The state of one tunnel between rounds, on tmpfs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TunnelState {
    /// Stands for the options that decide what is watched.
    pub fingerprint: String,
    /// The latest evidence.
    pub evidence: Evidence,
    /// The WAN's address when it was last seen up: with another one it is
    /// another WAN, whether or not it was seen down in between.
    pub wan_address: Option<IpAddr>,
    /// The conclusions from it, and the attempts.
    pub recovery: Recovery,
}

persist!(TunnelState {
    fingerprint,
    evidence,
    wan_address,
    recovery,
});

impl TunnelState {
    /// The state for the configuration of this fingerprint: under another one the
    /// evidence no longer counts, but what was tried within the last hour still does.
    #[must_use]
    pub fn for_config(self, fingerprint: &str) -> TunnelState {
        if self.fingerprint == fingerprint {
            return self;
        }
        TunnelState {
            fingerprint: fingerprint.to_owned(),
            recovery: self.recovery.budget_only(),
            ..TunnelState::default()
        }
    }

    /// The state with nothing from the future, so that a damaged file can neither
    /// vouch for a tunnel nor hold for years.
    #[must_use]
    pub fn clamp_future_times(self, now: Boot) -> TunnelState {
        TunnelState {
            evidence: self.evidence.discard_if_future(now),
            recovery: self.recovery.clamp_future_times(now),
            ..self
        }
    }
}
