//! A `skydns` section as `wansync status` shows it.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::net::IpAddr;
use core::time::Duration;

use super::filtering;
use crate::config::{Skydns, Source};
use crate::filtering::profile_test::ProfileTest;
use crate::holddown;
use crate::outcome::Outcome;
use crate::reason::Reason;
use crate::reconcile::{Policy, next_due, sends_left};
use crate::state::SectionState;
use crate::text::value::{Fields, REASON, Value};
use crate::text::width::clean;
use crate::time::{BUILD_DATE, Boot, Now, Wall, describe_span};

/// One `skydns` section.
#[derive(Debug, Default)]
pub struct SectionView {
    /// Its name.
    pub section: String,
    /// The address that the source has now, public or not.
    pub observed: Option<IpAddr>,
    /// The address acknowledged last.
    pub confirmed: Option<IpAddr>,
    /// The outcome of the last pass.
    pub outcome: Option<Outcome>,
    /// The reason for the outcome.
    pub reason: Reason,
    /// What its owner should know besides; mostly nothing, and then it is left out.
    pub warning: Reason,
    /// Seconds until something is due for it.
    pub next_due_s: Option<u64>,
    /// The number of sends that may still reach the service in this 24 h.
    pub sends_left_today: Option<u32>,
    /// The last test of the profile, if it was tested since the boot, and the time since.
    pub profile_test: Option<(ProfileTest, Duration)>,
    /// The number of sends that reached it.
    pub sends: Option<u32>,
    /// The time since the address was last acknowledged.
    pub confirmed_for: Option<Duration>,
    /// The age at which a confirmed address is sent again.
    pub refresh: Option<Duration>,
    /// The time since which no pass has ended well.
    pub unwell_for: Option<Duration>,
    /// What is remembered of it.
    pub state: SectionState,
    /// The rest of what is known of a section that can be acted upon.
    pub known: Option<Known>,
}

/// The options that a section is shown with, and the moment of the view.
#[derive(Debug)]
pub struct Known {
    source: &'static str,
    networks: Option<Vec<String>>,
    device: Option<String>,
    policy: Policy,
    now: Now,
}

impl SectionView {
    /// Of a section that cannot be acted upon.
    pub fn wrong(section: &str, reason: Reason) -> SectionView {
        SectionView {
            section: section.to_owned(),
            reason,
            ..SectionView::default()
        }
    }

    /// Of one that can, at `now`, with its state. `sending` says so if it is being sent;
    /// after `next_check` it is looked at in any case. What it has now, its rivals and its
    /// profile's test are to be added.
    pub fn of(
        name: &str,
        section: &Skydns,
        state: SectionState,
        sending: Option<Reason>,
        next_check: Duration,
        now: Now,
    ) -> SectionView {
        let policy = &section.policy;
        let (networks, device) = match &section.source {
            Source::Network(names) => (Some(names.clone()), None),
            Source::Interface(device) => (None, Some(device.clone())),
            _ => (None, None),
        };
        let left = sends_left(policy, &state, now);
        let due = next_due(policy, &state, now, next_check);
        let confirmed_for = state.confirmed.map(|c| now.boot.since(c.boot));
        let outcome = match sending {
            Some(_) => Some(Outcome::Sending),
            None => state.outcome,
        };
        SectionView {
            section: name.to_owned(),
            confirmed: state.confirmed.map(|c| c.address),
            outcome,
            next_due_s: sending.is_none().then_some(due.as_secs()),
            reason: sending.unwrap_or_else(|| state.reason.clone()),
            sends_left_today: Some(left),
            sends: Some(policy.daily_limit - left),
            confirmed_for,
            refresh: Some(policy.refresh),
            unwell_for: state.unwell_since.map(|since| now.boot.since(since)),
            known: Some(Known {
                source: section.source.name(),
                networks,
                device,
                policy: policy.clone(),
                now,
            }),
            state,
            ..SectionView::default()
        }
    }

    /// The view for programs.
    pub(super) fn value(&self) -> Value<'_> {
        let mut fields = Fields::default();
        fields.text("section", Some(&self.section));
        fields.address("observed", self.observed.as_ref());
        fields.address("confirmed", self.confirmed.as_ref());
        fields.text("outcome", self.outcome.map(Outcome::word));
        fields.reason(REASON, &self.reason);
        fields.text("advice", self.reason.action());
        fields.add("next_due_s", Value::number(self.next_due_s));
        fields.number("sends_left_today", self.sends_left_today);
        let test = filtering::test_value(self.profile_test.as_ref());
        fields.add("profile_test", test);
        if let Some(warning) = self.warning.non_empty() {
            fields.reason(["warning", "warning_code", "warning_args"], warning);
        }
        match &self.known {
            Some(known) => self.add_known(&mut fields, known),
            None => KNOWN.into_iter().for_each(|name| fields.null(name)),
        }
        fields.object()
    }

    /// Appends the fields of [`KNOWN`].
    fn add_known<'a>(&'a self, fields: &mut Fields<'a>, known: &'a Known) {
        let (state, policy, now) = (&self.state, &known.policy, known.now);
        let rest = |until: Boot| Some(until.since(now.boot)).filter(|rest| !rest.is_zero());
        fields.text("source", Some(known.source));
        fields.texts("networks", known.networks.as_deref());
        fields.text("device", known.device.as_deref());
        let confirmed = state.confirmed.as_ref();
        let is_dated = |since: &Wall| *since >= BUILD_DATE && now.clock_is_set();
        let since = confirmed.map(|c| c.wall).filter(is_dated);
        fields.date("confirmed_since", since);
        fields.span(
            "confirmed_since_s",
            since.map(|since| now.wall.since(since)),
        );
        fields.date("confirmed_at", confirmed.and_then(|c| now.date_of(c.boot)));
        fields.span("confirmed_age_s", self.confirmed_for);
        fields.bool("maybe_stale", Some(state.maybe_stale));
        let refresh = confirmed.map(|c| c.refresh_at(policy.refresh).since(now.boot));
        fields.span("next_refresh_s", refresh);
        fields.span("unwell_s", self.unwell_for);
        match &state.last_sent {
            Some(address) => {
                let at = state.last_sent_at;
                let mut attempt = Fields::default();
                attempt.address("address", Some(address));
                attempt.date("at", at.and_then(|at| now.date_of(at)));
                attempt.span("age_s", at.map(|at| now.boot.since(at)));
                fields.add("last_attempt", attempt.object());
            }
            None => fields.null("last_attempt"),
        }
        fields.number("failures", Some(state.failures));
        fields.span("backoff_s", rest(state.not_before));
        fields.span("retry_after_s", rest(state.retry_after_until));
        let address = state.observed.or(state.last_sent);
        match state.refusals.hold(address, now, false) {
            Some(held) => {
                let mut hold = Fields::default();
                hold.text("rule", Some(held.rule.word()));
                hold.span("left_s", Some(held.left));
                fields.add("hold", hold.object());
            }
            None => fields.null("hold"),
        }
        let refusals = state.refusals.count(now) as u32;
        fields.number("refusals_last_day", Some(refusals));
        let allowed = state.hold_down.allowed_from(holddown::SENDS);
        fields.span("hold_down_s", rest(allowed));
        fields.number("daily_limit", Some(policy.daily_limit));
    }
}

/// The fields that only a section has which can be acted upon.
const KNOWN: [&str; 18] = [
    "source",
    "networks",
    "device",
    "confirmed_since",
    "confirmed_since_s",
    "confirmed_at",
    "confirmed_age_s",
    "maybe_stale",
    "next_refresh_s",
    "unwell_s",
    "last_attempt",
    "failures",
    "backoff_s",
    "retry_after_s",
    "hold",
    "refusals_last_day",
    "hold_down_s",
    "daily_limit",
];

/// Appends its lines for people.
pub(super) fn write(out: &mut String, section: &SectionView, width: usize) -> fmt::Result {
    let outcome = section
        .outcome
        .map_or("no pass yet".to_owned(), |o| o.to_string());
    let or_none = |address: Option<IpAddr>| address.map_or("none".to_owned(), |a| a.to_string());
    writeln!(
        out,
        "{:width$}  {outcome:11}  observed {}, confirmed {}{}",
        section.section,
        or_none(section.observed),
        or_none(section.confirmed),
        match section.confirmed_for {
            Some(age) => format!(" ({} ago)", describe_span(age)),
            None => String::new(),
        }
    )?;
    if let Some(reason) = section.reason.non_empty() {
        writeln!(out, "{:width$}  {}", "", clean(&reason.to_string()))?;
    }
    if let Some(warning) = section.warning.non_empty() {
        let warning = warning.to_string();
        writeln!(out, "{:width$}  warning: {}", "", clean(&warning))?;
    }
    if let (Some(due), Some(left)) = (section.next_due_s, section.sends_left_today) {
        writeln!(
            out,
            "{:width$}  next in {}; {left} sends left today",
            "",
            describe_span(Duration::from_secs(due))
        )?;
    }
    match &section.profile_test {
        Some((test, age)) => filtering::write_test(out, test, *age, width),
        None => Ok(()),
    }
}
