//! Whether a tunnel works, and what to do when it does not. Pure.
//!
//! | module | subject |
//! | --- | --- |
//! | [`evidence`] | what was found, and when |
//! | [`account`] | what VPNKI said of an account's tunnels, and when it is asked again |
//! | [`verdict`] | from evidence to Up, Down or Unknown, with a reason in words |
//! | [`recovery`] | the ladder: what to do about it, within a budget |
//!
//! A pass over one tunnel is `verdict` and then `recovery::step`. What both
//! need between passes is a [`Memory`].

pub mod account;
pub mod evidence;
mod persist_evidence;
pub mod recovery;
pub mod verdict;

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::net::IpAddr;

use serde::Serialize;

use evidence::Evidence;
use recovery::Recovery;

use crate::json::{Json, JsonWriter, Persist};
use crate::persist;

/// Whether a tunnel works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It carries traffic.
    Up,
    /// It does not.
    Down,
    /// Nothing says which.
    #[default]
    Unknown,
}

/// What is remembered of one tunnel between passes, on tmpfs. Times are in
/// seconds since boot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// Stands for the options that decide what is watched.
    pub fingerprint: String,
    /// What was found last.
    pub evidence: Evidence,
    /// The WAN's address when it was last seen up: with another one it is
    /// another WAN, whether or not it was seen down in between.
    pub wan_address: Option<IpAddr>,
    /// What was made of it.
    pub recovery: Recovery,
}

persist!(Memory {
    fingerprint,
    evidence,
    wan_address,
    recovery,
});

impl Persist for State {
    fn write_json(&self, out: &mut JsonWriter) {
        out.text(self.word());
    }

    fn read(json: Json<'_>) -> Option<State> {
        let text = json.text()?;
        State::ALL.into_iter().find(|state| state.word() == text)
    }
}

impl State {
    /// All of them.
    pub const ALL: [State; 3] = [State::Up, State::Down, State::Unknown];

    /// The word for it: `up`, `down` or `unknown`.
    pub fn word(self) -> &'static str {
        match self {
            State::Up => "up",
            State::Down => "down",
            State::Unknown => "unknown",
        }
    }
}

impl Memory {
    /// The same under another configuration: what was found no longer counts,
    /// but what was tried within the last hour still does.
    #[must_use]
    pub fn under(self, fingerprint: &str) -> Memory {
        if self.fingerprint == fingerprint {
            return self;
        }
        Memory {
            fingerprint: fingerprint.to_owned(),
            recovery: self.recovery.budget_only(),
            ..Memory::default()
        }
    }

    /// The same with nothing from the future, so that a damaged file can
    /// neither vouch for a tunnel nor hold for years.
    #[must_use]
    pub fn dated(self, now: i64) -> Memory {
        Memory {
            evidence: self.evidence.dated(now),
            recovery: self.recovery.dated(now),
            ..self
        }
    }
}
