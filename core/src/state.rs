//! The state of a `skydns` section: what is remembered of it between passes.
//!
//! The state lives on tmpfs. The part that must outlive a reboot is in [`super::record`].

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::holddown::{self, HoldDown};
use super::outcome::Outcome;
use super::time::{Boot, DAY, Now, Wall};
use crate::json::{Json, JsonWriter, Persist};
use crate::persist;

/// An address that the service acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmed {
    /// The address.
    pub address: IpAddr,
    /// The date of its first acknowledgement.
    pub wall: Wall,
    /// The moment of its last acknowledgement, which may be before this boot.
    pub boot: Boot,
}

/// The state of one section between passes.
///
/// Everything in it was learnt under one configuration, that of `fingerprint`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SectionState {
    /// Stands for the options and the key that decide what is sent to whom.
    pub fingerprint: String,
    /// The address seen last, public or not.
    pub observed: Option<IpAddr>,
    /// The address acknowledged last.
    pub confirmed: Option<Confirmed>,
    /// A send may have changed what the service holds, and was not
    /// acknowledged: `confirmed` may be out of date.
    pub maybe_stale: bool,
    /// The address sent last.
    pub last_sent: Option<IpAddr>,
    /// Failed sends in a row.
    pub failures: u32,
    /// The end of the backoff: the same address is not sent again before it.
    pub not_before: Boot,
    /// Nothing at all is sent before this moment: it is the service's own wish,
    /// which no trigger overrides.
    pub retry_after_until: Boot,
    /// The dates of the service's refusals, oldest first.
    pub refusals: Vec<Wall>,
    /// The failure of the last send that was not acknowledged, in words.
    pub last_error: String,
    /// Sends that may have reached the service in the last 24 h, oldest first.
    pub sends: Vec<Boot>,
    /// Whether another address is sent at once, or the WAN flaps.
    pub hold_down: HoldDown,
    /// The end of the last pass.
    pub outcome: Option<Outcome>,
    /// The reason for that end, in words.
    pub reason: String,
}

persist!(SectionState {
    fingerprint,
    observed,
    confirmed,
    maybe_stale = "unsure",
    last_sent = "attempted",
    failures,
    not_before,
    retry_after_until = "asked_until",
    refusals,
    last_error = "trouble",
    sends,
    hold_down,
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

impl SectionState {
    /// The state for another configuration: what was learnt no longer counts,
    /// but what was sent today still does.
    #[must_use]
    pub fn for_config(self, fingerprint: &str) -> SectionState {
        if self.fingerprint == fingerprint {
            return self;
        }
        SectionState {
            fingerprint: fingerprint.to_owned(),
            observed: self.observed,
            sends: self.sends,
            ..SectionState::default()
        }
    }

    /// The state with nothing from the future, so that neither a file that was
    /// damaged nor a clock that was years ahead can hold for years. A refusal
    /// keeps its date until the clock is right.
    #[must_use]
    pub fn clamp_future_times(mut self, now: Now) -> SectionState {
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
        let latest = now.boot + DAY;
        self.not_before = self.not_before.min(latest);
        self.retry_after_until = self.retry_after_until.min(latest);
        self.hold_down = self.hold_down.clamp_future_times(now.boot, holddown::SENDS);
        self
    }

    /// The change since `before` that the owner's program is run for, as the word of the
    /// old state and that of the new one: another state, or another address that was
    /// confirmed. That an address is still confirmed after a reboot is none.
    ///
    /// ```
    /// use wansync_core::outcome::Outcome;
    /// use wansync_core::state::SectionState;
    ///
    /// let refused = SectionState {
    ///     outcome: Some(Outcome::Refused),
    ///     ..SectionState::default()
    /// };
    /// let held = SectionState {
    ///     outcome: Some(Outcome::Held),
    ///     ..SectionState::default()
    /// };
    /// let change = refused.change_since(&SectionState::default());
    /// assert_eq!(change, Some(("unknown", "refused")));
    /// assert_eq!(held.change_since(&refused), None);
    /// ```
    pub fn change_since(&self, before: &SectionState) -> Option<(&'static str, &'static str)> {
        let word = |state: &SectionState| state.outcome.map(Outcome::state);
        let address = |state: &SectionState| state.confirmed.map(|c| c.address);
        let (old, new) = (word(before), word(self)?);
        let is_other = address(before) != address(self);
        let is_news = match old {
            None => is_other || new != "confirmed",
            Some(old) => is_other || old != new,
        };
        is_news.then(|| (old.unwrap_or("unknown"), new))
    }
}
