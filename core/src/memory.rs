//! What is remembered of one section between passes.
//!
//! It lives on tmpfs. What must outlive a reboot is in [`super::record`].

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::outcome::Outcome;
use super::time::{DAY, Now};
use crate::json::{Json, JsonWriter, Persist};
use crate::persist;

/// An address that the service acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmed {
    /// The address.
    pub address: IpAddr,
    /// When it was first acknowledged, in seconds since 1970.
    pub wall: i64,
    /// When it was last acknowledged, in seconds since boot. Negative if that
    /// was before this boot.
    pub boot: i64,
}

/// What is remembered of one section between passes.
///
/// Everything in it was learnt under one configuration, that of `fingerprint`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// Stands for the options and the key that decide what is sent to whom.
    pub fingerprint: String,
    /// The address seen last, public or not.
    pub observed: Option<IpAddr>,
    /// The address acknowledged last.
    pub confirmed: Option<Confirmed>,
    /// A send may have changed what the service holds, and was not
    /// acknowledged: `confirmed` may be out of date.
    pub unsure: bool,
    /// The address sent last.
    pub attempted: Option<IpAddr>,
    /// Failed sends in a row.
    pub failures: u32,
    /// The same address is not sent again before this, in seconds since boot.
    pub not_before: i64,
    /// Nothing at all is sent before this, in seconds since boot: it is the
    /// service's own wish, which no trigger overrides.
    pub asked_until: i64,
    /// When the service refused, in seconds since 1970, oldest first.
    pub refusals: Vec<i64>,
    /// Why the last send was not acknowledged.
    pub trouble: String,
    /// Sends that may have reached the service in the last 24 h, in seconds
    /// since boot, oldest first.
    pub sends: Vec<i64>,
    /// How the last pass ended.
    pub outcome: Option<Outcome>,
    /// Why it ended so.
    pub reason: String,
}

persist!(Memory {
    fingerprint,
    observed,
    confirmed,
    unsure,
    attempted,
    failures,
    not_before,
    asked_until,
    refusals,
    trouble,
    sends,
    outcome,
    reason,
});

/// No address stands for none, so nothing of it may be missing.
impl Persist for Confirmed {
    fn write_json(&self, out: &mut JsonWriter) {
        out.open();
        out.field("address", &self.address);
        out.field("wall", &self.wall);
        out.field("boot", &self.boot);
        out.close();
    }

    fn read(json: Json<'_>) -> Option<Confirmed> {
        Some(Confirmed {
            address: json.read_required("address")?,
            wall: json.read_required("wall")?,
            boot: json.read_required("boot")?,
        })
    }
}

impl Memory {
    /// The same under another configuration: what was learnt no longer counts,
    /// but what was sent today still does.
    #[must_use]
    pub fn under(self, fingerprint: &str) -> Memory {
        if self.fingerprint == fingerprint {
            return self;
        }
        Memory {
            fingerprint: fingerprint.to_owned(),
            observed: self.observed,
            sends: self.sends,
            ..Memory::default()
        }
    }

    /// The same with nothing from the future, so that neither a file that was
    /// damaged nor a clock that was years ahead can hold for years. A refusal
    /// keeps its date until the clock is right.
    #[must_use]
    pub fn dated(mut self, now: Now) -> Memory {
        if now.clock_is_set() {
            for at in &mut self.refusals {
                *at = (*at).min(now.wall);
            }
        }
        for at in &mut self.sends {
            *at = (*at).min(now.boot);
        }
        if let Some(confirmed) = &mut self.confirmed {
            confirmed.boot = confirmed.boot.min(now.boot);
        }
        let latest = now.boot.saturating_add(DAY);
        self.not_before = self.not_before.min(latest);
        self.asked_until = self.asked_until.min(latest);
        self
    }
}
