//! A tunnel's health, what is done about it, and when. Pure.
//!
//! | module | subject |
//! | --- | --- |
//! | [`evidence`] | what was found, and when |
//! | [`witness`] | who may be believed when he says that a tunnel is dead |
//! | [`networks`] | netifd's networks as evidence |
//! | [`fib`] | the kernel's routes as evidence |
//! | [`handshake`] | the moment of a WireGuard handshake |
//! | [`account`] | what VPNKI said of an account's tunnels, and when it is asked again |
//! | `verdict` | from evidence to Up, Down or Unknown, with a reason |
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
pub mod fib;
pub mod handshake;
mod health;
pub mod networks;
mod persist_evidence;
#[cfg(test)]
mod promise_tests;
pub mod recovery;
pub mod schedule;
pub mod tracker;
mod verdict;
pub mod witness;

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use evidence::Evidence;
use handshake::HandshakeStamp;
pub use health::Health;
use recovery::Recovery;
use witness::Witness;

use crate::persist;
use crate::record::TunnelEntry;
use crate::time::{Boot, HOUR};

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
    /// The network that it has been up on, if it is up.
    pub wan_network: Option<String>,
    /// The stamp of the latest WireGuard handshake, and what it meant when it was read.
    pub handshake_stamp: Option<HandshakeStamp>,
    /// The conclusions from it, and the attempts.
    pub recovery: Recovery,
    /// The witnesses that the record names.
    pub recorded: Vec<Witness>,
    /// The moment at which the record is to be written, if it lacks a witness.
    pub record_due: Option<Boot>,
}

persist!(TunnelState {
    fingerprint,
    evidence,
    wan_address,
    wan_network,
    handshake_stamp,
    recovery,
    recorded,
    record_due,
});

/// The time between a witness's first word and its record, so that several are written
/// at once.
const RECORD_DELAY: Duration = Duration::from_secs(60);
/// The time after which a record is tried again that could not be written.
const RECORD_RETRY_INTERVAL: Duration = HOUR;

impl TunnelState {
    /// The state for the configuration of this fingerprint: under another one the
    /// evidence no longer counts, but what was tried within the last hour still does.
    #[must_use]
    pub fn for_config(mut self, fingerprint: &str) -> TunnelState {
        if self.fingerprint != fingerprint {
            self = TunnelState {
                fingerprint: fingerprint.to_owned(),
                recovery: self.recovery.budget_only(),
                ..TunnelState::default()
            };
        }
        self
    }

    /// The state with nothing from the future, so that a damaged file can neither
    /// vouch for a tunnel nor hold for years.
    #[must_use]
    pub fn clamp_future_times(mut self, now: Boot) -> TunnelState {
        self.evidence.discard_if_future(now);
        self.handshake_stamp.take_if(|stamp| stamp.is_future(now));
        self.recovery.clamp_future_times(now);
        if let Some(due) = &mut self.record_due {
            *due = (*due).min(now + RECORD_RETRY_INTERVAL);
        }
        self
    }

    /// The state with what the record says of a tunnel of this configuration.
    #[must_use]
    pub fn with_record(mut self, entry: Option<&TunnelEntry>) -> TunnelState {
        let entry = entry.filter(|entry| entry.fingerprint == self.fingerprint);
        // One that is lost is written again.
        self.recorded = entry.map_or(Vec::new(), |entry| entry.witnesses.clone());
        self.evidence.testimony.recall(&self.recorded);
        self
    }

    /// The entry of the record for this state.
    pub fn record_entry(&self) -> TunnelEntry {
        TunnelEntry {
            fingerprint: self.fingerprint.clone(),
            witnesses: self.evidence.testimony.witnesses(),
        }
    }

    /// Whether the record is to be written at `now`. If so it is due again an hour later,
    /// unless [`recorded`](TunnelState::recorded) says that it was.
    fn record_is_due(&mut self, now: Boot) -> bool {
        let is_known = |witness: &Witness| self.recorded.contains(witness);
        if self.evidence.testimony.witnesses().iter().all(is_known) {
            self.record_due = None;
            return false;
        }
        let due = *self.record_due.get_or_insert(now + RECORD_DELAY);
        if due <= now {
            self.record_due = Some(now + RECORD_RETRY_INTERVAL);
        }
        due <= now
    }
}
