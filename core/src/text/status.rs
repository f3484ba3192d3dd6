//! The status that `wansync status` shows, as values, and as text for people.
//!
//! As JSON it is what serde makes of it: all but what is only for people, or only for
//! metrics.
//!
//! ```
//! use wansync_core::text::status::{SectionView, StatusView, text};
//!
//! let section = SectionView {
//!     section: "home".to_owned(),
//!     confirmed: Some([8, 8, 4, 4].into()),
//!     ..SectionView::default()
//! };
//! let view = StatusView {
//!     version: "0.1.0",
//!     clock_is_set: true,
//!     skydns: vec![section],
//!     is_enabled: true,
//!     ..StatusView::default()
//! };
//! let shown = text(&view);
//! assert!(shown.starts_with("wansync 0.1.0, clock ok\nhome  no pass yet"), "{shown}");
//! assert!(shown.contains("observed none, confirmed 8.8.4.4"), "{shown}");
//! ```

pub mod evidence;
mod filtering;
pub mod tunnel;
mod value;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::net::IpAddr;
use core::time::Duration;

use serde::{Serialize, Serializer};

use super::width::clean;
use crate::filtering::Filtering;
use crate::filtering::profile_test::ProfileTest;
use crate::outcome::Outcome;
use crate::reason::Reason;
use crate::time::describe_span;
use tunnel::TunnelView;
use value::Value;

/// The time that a round or a pass may be late.
const MAX_DELAY: Duration = Duration::from_secs(60);

/// The whole of it.
#[derive(Debug, Default)]
pub struct StatusView {
    /// Of this program.
    pub version: &'static str,
    /// `ok`, or `not set`.
    pub clock_is_set: bool,
    /// The `skydns` sections that are enabled.
    pub skydns: Vec<SectionView>,
    /// The `tunnel` sections that are.
    pub tunnels: Vec<TunnelView>,
    /// Where the household's DNS questions go, if a `skydns` section is in use.
    pub filtering: Option<Filtering>,
    /// What is wrong with the program's own files, in words.
    pub warnings: Vec<String>,
    /// `option enabled` of the `wansync` section.
    pub is_enabled: bool,
    /// Errors in the configuration.
    pub errors: usize,
    /// False if what is learnt cannot be remembered.
    pub is_state_writable: bool,
    /// The sections, of either type, that are disabled.
    pub disabled: Vec<String>,
    /// The time since the last pass over the addresses, if it is longer than the pauses
    /// between passes explain.
    pub overdue: Option<Duration>,
}

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

    fn value(&self) -> Value<'_> {
        let mut fields = vec![
            ("section", Value::Text(&self.section)),
            ("observed", Value::shown(self.observed.as_ref())),
            ("confirmed", Value::shown(self.confirmed.as_ref())),
            ("outcome", Value::text(self.outcome.map(Outcome::word))),
            ("reason", Value::reason(&self.reason)),
            ("reason_code", Value::code(&self.reason)),
            ("reason_args", Value::arguments(&self.reason)),
            ("next_due_s", Value::number(self.next_due_s)),
            ("sends_left_today", Value::number(self.sends_left_today)),
            (
                "profile_test",
                filtering::test_value(self.profile_test.as_ref()),
            ),
        ];
        if let Some(warning) = self.warning.non_empty() {
            let warning = [
                ("warning", Value::reason(warning)),
                ("warning_code", Value::code(warning)),
                ("warning_args", Value::arguments(warning)),
            ];
            fields.splice(7..7, warning);
        }
        Value::Fields(fields)
    }
}

impl Serialize for StatusView {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut fields = vec![
            ("version", Value::Text(self.version)),
            ("clock", Value::Text(clock_word(self.clock_is_set))),
            ("skydns", Value::list(&self.skydns, SectionView::value)),
            ("tunnels", Value::list(&self.tunnels, TunnelView::value)),
            ("filtering", filtering::value(self.filtering.as_ref())),
        ];
        if !self.warnings.is_empty() {
            let warnings = Value::list(&self.warnings, |warning| Value::Text(warning));
            fields.push(("warnings", warnings));
        }
        Value::Fields(fields).serialize(to)
    }
}

fn clock_word(is_set: bool) -> &'static str {
    if is_set { "ok" } else { "not set" }
}

/// True if what was last done so long ago should have been done again since. Once or twice
/// late is no news; more means that neither the service nor cron runs, and what was found
/// then says little about now.
pub fn is_overdue(ago: Duration, interval: Duration) -> bool {
    ago > interval.saturating_mul(3).saturating_add(MAX_DELAY)
}

/// The text for people.
pub fn text(view: &StatusView) -> String {
    let clock = clock_word(view.clock_is_set);
    let mut out = format!("wansync {}, clock {clock}\n", view.version);
    for warning in &view.warnings {
        let _ = writeln!(out, "{}", clean(warning));
    }
    if !view.is_enabled {
        out.push_str("disabled: option enabled '0'\n");
    }
    if view.skydns.is_empty() {
        out.push_str("no skydns section is enabled\n");
    }
    let skydns = view.skydns.iter().map(|s| s.section.len());
    let tunnels = view.tunnels.iter().map(|t| t.section.len());
    let width = skydns.chain(tunnels).max().unwrap_or(0);
    for section in &view.skydns {
        // Writing to a String cannot fail.
        let _ = write_section(&mut out, section, width);
    }
    if let Some(filtering) = &view.filtering {
        let _ = filtering::write(&mut out, filtering);
    }
    for tunnel in &view.tunnels {
        let _ = tunnel::write(&mut out, tunnel, width);
    }
    out
}

fn write_section(out: &mut String, section: &SectionView, width: usize) -> fmt::Result {
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
