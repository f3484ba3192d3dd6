//! The state of a `skydns` section: what is remembered of it between passes.
//!
//! The state lives on tmpfs. The part that must outlive a reboot is in [`super::record`].

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::backoff;
use super::hold::Refusals;
use super::holddown::{self, HoldDown};
use super::outcome::Outcome;
use super::time::{Boot, DAY, Now, Wall};
use crate::json::{FieldReader, Json, JsonWriter, Persist};
use crate::reason::Reason;

/// An address that the service acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmed {
    /// The address.
    pub address: IpAddr,
    /// The date of its first acknowledgement.
    pub wall: Wall,
    /// The moment of its last acknowledgement, which may be before this boot.
    pub boot: Boot,
    /// The first period after which it is, or was, sent again, in 2^32ths of `refresh`;
    /// 0 in what a version left that drew none. It is the part of the schedule that the
    /// record keeps.
    pub phase: u32,
    /// The period after `boot`, likewise.
    pub period: u32,
    /// The date of this boot by which `boot` was reckoned, if the acknowledgement was
    /// before it: a clock that is put right tells more.
    pub reckoned_by: Option<Wall>,
}

/// The state of one section between passes.
///
/// Everything in it was learnt under one configuration, that of `fingerprint`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SectionState {
    /// Stands for the options and the key that decide what is sent to whom.
    pub fingerprint: String,
    /// Stands for the options that only say how the service is reached; empty in what a
    /// version left that did not know it.
    pub access: String,
    /// Stands for the CA file as it is on this router; 0, if it is not known.
    pub ca_file_stamp: u64,
    /// Grows with each step of a send, so that of the state and the record the newer one
    /// is known; 0 in what a version left that did not know it.
    pub serial: u32,
    /// The address seen last, public or not.
    pub observed: Option<IpAddr>,
    /// The address acknowledged last.
    pub confirmed: Option<Confirmed>,
    /// A send may have changed what the service holds, and was not
    /// acknowledged: `confirmed` may be out of date.
    pub maybe_stale: bool,
    /// The address sent last.
    pub last_sent: Option<IpAddr>,
    /// The moment at which it was; `None` in what a version left that did not know it.
    pub last_sent_at: Option<Boot>,
    /// Sends in a row that had no answer.
    pub failures: u32,
    /// The end of the backoff: the same address is not sent again before it.
    pub not_before: Boot,
    /// Nothing at all is sent before this moment: it is the service's own wish,
    /// which no trigger overrides.
    pub retry_after_until: Boot,
    /// The service's refusals of the last day.
    pub refusals: Refusals,
    /// The last refusal.
    pub refusal: Reason,
    /// The failure of the last send that was not acknowledged.
    pub last_error: Reason,
    /// Sends that may have reached the service in the last 24 h, oldest first.
    pub sends: Vec<Boot>,
    /// The hold-down of sends: whether another address is sent at once, or the WAN flaps.
    pub hold_down: HoldDown,
    /// The end of the last pass.
    pub outcome: Option<Outcome>,
    /// The reason for that end.
    pub reason: Reason,
    /// The moment since which no pass has ended well, if the last one did not.
    pub unwell_since: Option<Boot>,
}

/// As `persist!` would have it, but for the refusals, which are two fields.
impl Persist for SectionState {
    fn write_json(&self, out: &mut JsonWriter) {
        out.open();
        out.field("fingerprint", &self.fingerprint);
        out.field("access", &self.access);
        out.field("ca_file_stamp", &self.ca_file_stamp);
        out.field("serial", &self.serial);
        out.field("observed", &self.observed);
        out.field("confirmed", &self.confirmed);
        out.field("unsure", &self.maybe_stale);
        out.field("attempted", &self.last_sent);
        out.field("attempted_at", &self.last_sent_at);
        out.field("failures", &self.failures);
        out.field("not_before", &self.not_before);
        out.field("asked_until", &self.retry_after_until);
        self.refusals.write_fields(out);
        out.field("refusal", &self.refusal);
        out.field("trouble", &self.last_error);
        out.field("sends", &self.sends);
        out.field("hold_down", &self.hold_down);
        out.field("outcome", &self.outcome);
        out.field("reason", &self.reason);
        out.field("unwell_since", &self.unwell_since);
        out.close();
    }

    fn read(json: Json<'_>) -> Option<SectionState> {
        let mut new = SectionState::default();
        let (mut dates, mut known) = (Vec::new(), Vec::new());
        let mut fields = FieldReader::new(json);
        fields.field("fingerprint", &mut new.fingerprint);
        fields.field("access", &mut new.access);
        fields.field("ca_file_stamp", &mut new.ca_file_stamp);
        fields.field("serial", &mut new.serial);
        fields.field("observed", &mut new.observed);
        fields.field("confirmed", &mut new.confirmed);
        fields.field("unsure", &mut new.maybe_stale);
        fields.field("attempted", &mut new.last_sent);
        fields.field("attempted_at", &mut new.last_sent_at);
        fields.field("failures", &mut new.failures);
        fields.field("not_before", &mut new.not_before);
        fields.field("asked_until", &mut new.retry_after_until);
        fields.field("refusals", &mut dates);
        fields.field("refused", &mut known);
        fields.field("refusal", &mut new.refusal);
        fields.field("trouble", &mut new.last_error);
        fields.field("sends", &mut new.sends);
        fields.field("hold_down", &mut new.hold_down);
        fields.field("outcome", &mut new.outcome);
        fields.field("reason", &mut new.reason);
        fields.field("unwell_since", &mut new.unwell_since);
        if known.is_empty() && !dates.is_empty() {
            // 0.1.0 counted a refusal among the failures, and had no other words for it.
            new.failures = 0;
            new.refusal.clone_from(&new.last_error);
        }
        new.refusals = Refusals::of_fields(dates, known);
        fields.fit().then_some(new)
    }
}

/// No address stands for none, so nothing of it may be missing.
impl Persist for Confirmed {
    fn write_json(&self, out: &mut JsonWriter) {
        out.open();
        out.field("address", &self.address);
        out.field("wall", &self.wall);
        out.field("boot", &self.boot);
        out.field("phase", &self.phase);
        out.field("period", &self.period);
        out.field("reckoned_by", &self.reckoned_by);
        out.close();
    }

    fn read(json: Json<'_>) -> Option<Confirmed> {
        let mut new = Confirmed {
            address: json.read_required("address")?,
            wall: json.read_required("wall")?,
            boot: json.read_required("boot")?,
            phase: 0,
            period: 0,
            reckoned_by: None,
        };
        let mut fields = FieldReader::new(json);
        fields.field("phase", &mut new.phase);
        fields.field("period", &mut new.period);
        fields.field("reckoned_by", &mut new.reckoned_by);
        fields.fit().then_some(new)
    }
}

impl SectionState {
    /// The state for another configuration: what was learnt no longer counts,
    /// but what was sent today still does, and so does what a process learnt that could
    /// not read the key, and so had no fingerprint.
    #[must_use]
    pub fn for_config(self, fingerprint: &str) -> SectionState {
        if self.fingerprint == fingerprint {
            return self;
        }
        let (outcome, reason) = match self.fingerprint.is_empty() {
            true => (self.outcome, self.reason),
            false => (None, Reason::default()),
        };
        SectionState {
            outcome,
            reason,
            fingerprint: fingerprint.to_owned(),
            serial: self.serial,
            observed: self.observed,
            sends: self.sends,
            ..SectionState::default()
        }
    }

    /// The state where the service is reached as `access` and `ca_file_stamp` say. What
    /// was put right is tried at once: another way ends a backoff and a hold, another CA
    /// file behind the same name a backoff. What is confirmed stays so, and so does the
    /// service's own wish. A state that does not say how it was reached takes over what is
    /// said now.
    #[must_use]
    pub fn for_access(mut self, access: &str, ca_file_stamp: u64) -> SectionState {
        let is_other_way = !self.access.is_empty() && self.access != access;
        let is_other_file = self.ca_file_stamp != 0 && self.ca_file_stamp != ca_file_stamp;
        if is_other_way {
            self.refusals = Refusals::default();
            self.refusal = Reason::default();
        }
        if is_other_way || is_other_file {
            // The last send has no answer still.
            self.failures = self.failures.min(1);
            self.not_before = Boot::START;
        }
        access.clone_into(&mut self.access);
        self.ca_file_stamp = ca_file_stamp;
        self
    }

    /// The state with nothing from the future, so that neither a file that was
    /// damaged nor a clock that was years ahead can hold for years. A refusal
    /// keeps its date until the clock is set.
    #[must_use]
    pub fn clamp_future_times(mut self, now: Now) -> SectionState {
        self.refusals.follow_clock(now);
        for at in &mut self.sends {
            *at = (*at).min(now.boot);
        }
        if let Some(confirmed) = &mut self.confirmed {
            confirmed.boot = confirmed.boot.min(now.boot);
        }
        let latest = now.boot + DAY + backoff::MAX_SPREAD;
        for at in [&mut self.unwell_since, &mut self.last_sent_at] {
            *at = at.map(|at| at.min(now.boot));
        }
        self.not_before = self.not_before.min(latest);
        self.retry_after_until = self.retry_after_until.min(latest);
        self.hold_down = self.hold_down.clamp_future_times(now.boot, holddown::SENDS);
        self
    }

    /// Notes for how long no pass has ended well, after one that followed on `before` and
    /// ended at `now`.
    pub fn note_health(&mut self, before: &SectionState, now: Boot) {
        let is_well = self
            .outcome
            .is_none_or(|outcome| outcome.state() == Outcome::Confirmed.state());
        self.unwell_since = match is_well {
            true => None,
            false => before.unwell_since.or(Some(now)),
        };
    }

    /// The change since `before`, as the word of the old state and that of the new one:
    /// another state, or another address that was confirmed. The third is whether it is
    /// news, for which the owner's program is run: that an address is still confirmed after
    /// a reboot is none, but the first that is known of it.
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
    /// assert_eq!(change, Some(("unknown", "refused", true)));
    /// assert_eq!(held.change_since(&refused), None);
    /// ```
    pub fn change_since(
        &self,
        before: &SectionState,
    ) -> Option<(&'static str, &'static str, bool)> {
        let word = |state: &SectionState| state.outcome.map(Outcome::state);
        let address = |state: &SectionState| state.confirmed.map(|c| c.address);
        let (old, new) = (word(before), word(self)?);
        let is_other = address(before) != address(self);
        let is_news = match old {
            None => is_other || new != "confirmed",
            Some(old) => is_other || old != new,
        };
        (is_news || old.is_none()).then(|| (old.unwrap_or("unknown"), new, is_news))
    }
}
