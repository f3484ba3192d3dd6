//! A `skydns` section as `wansync status` shows it.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
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
use crate::text::value::Value;
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
    /// Its source and its policy, and the moment of the view, if it can be acted upon.
    pub known: Option<(Source, Policy, Now)>,
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
            known: Some((section.source.clone(), policy.clone(), now)),
            state,
            ..SectionView::default()
        }
    }

    /// The view for programs.
    pub(super) fn value(&self) -> Value<'_> {
        let mut fields = vec![
            ("section", Value::Text(&self.section)),
            ("observed", Value::shown(self.observed.as_ref())),
            ("confirmed", Value::shown(self.confirmed.as_ref())),
            ("outcome", Value::text(self.outcome.map(Outcome::word))),
            ("reason", Value::reason(&self.reason)),
            ("reason_code", Value::code(&self.reason)),
            ("reason_args", Value::arguments(&self.reason)),
            ("advice", Value::text(self.reason.action())),
            ("next_due_s", Value::number(self.next_due_s)),
            ("sends_left_today", Value::number(self.sends_left_today)),
            (
                "profile_test",
                filtering::test_value(self.profile_test.as_ref()),
            ),
        ];
        if let Some(warning) = self.warning.non_empty() {
            fields.extend([
                ("warning", Value::reason(warning)),
                ("warning_code", Value::code(warning)),
                ("warning_args", Value::arguments(warning)),
            ]);
        }
        match &self.known {
            Some((source, policy, now)) => self.add_known(&mut fields, source, policy, *now),
            None => fields.extend(KNOWN.map(|name| (name, Value::Null))),
        }
        Value::Fields(fields)
    }

    /// Appends the fields of [`KNOWN`].
    fn add_known<'a>(
        &'a self,
        fields: &mut Vec<(&'static str, Value<'a>)>,
        source: &'a Source,
        policy: &Policy,
        now: Now,
    ) {
        let state = &self.state;
        let rest = |until: Boot| {
            let rest = until.since(now.boot);
            Value::whole_seconds(Some(rest).filter(|rest| !rest.is_zero()))
        };
        let (networks, device) = match source {
            Source::Network(names) => (Value::texts(names), None),
            Source::Interface(device) => (Value::Null, Some(&**device)),
            _ => (Value::Null, None),
        };
        let confirmed = state.confirmed.as_ref();
        let is_dated = |since: &Wall| *since >= BUILD_DATE && now.clock_is_set();
        let since = confirmed.map(|c| c.wall).filter(is_dated);
        let at = confirmed.and_then(|c| now.date_of(c.boot));
        let refresh = confirmed.map(|c| c.refresh_at(policy.refresh).since(now.boot));
        let hold = state
            .refusals
            .hold(state.observed.or(state.last_sent), now, false);
        let hold = hold.map_or(Value::Null, |hold| {
            Value::Fields(vec![
                ("rule", Value::Text(hold.rule.word())),
                ("left_s", Value::whole_seconds(Some(hold.left))),
            ])
        });
        let attempt = state.last_sent.as_ref().map_or(Value::Null, |address| {
            let at = state.last_sent_at;
            let age = at.map(|at| now.boot.since(at));
            Value::Fields(vec![
                ("address", Value::Shown(address)),
                ("at", Value::date(at.and_then(|at| now.date_of(at)))),
                ("age_s", Value::whole_seconds(age)),
            ])
        });
        let values = [
            Value::Text(source.name()),
            networks,
            Value::text(device),
            Value::date(since),
            Value::whole_seconds(since.map(|since| now.wall.since(since))),
            Value::date(at),
            Value::whole_seconds(self.confirmed_for),
            Value::Bool(state.maybe_stale),
            Value::whole_seconds(refresh),
            Value::whole_seconds(self.unwell_for),
            attempt,
            Value::Number(state.failures.into()),
            rest(state.not_before),
            rest(state.retry_after_until),
            hold,
            Value::Number(state.refusals.count(now) as u64),
            rest(state.hold_down.allowed_from(holddown::SENDS)),
            Value::Number(policy.daily_limit.into()),
        ];
        fields.extend(KNOWN.into_iter().zip(values));
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
