//! The status that `wansync status` shows, as values, and as text for people.
//!
//! As JSON it is all but what is only for people, or only for metrics.
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
mod section;
pub mod tunnel;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use core::time::Duration;

use serde::{Serialize, Serializer};

use super::finding::FindingView;
use super::value::{Fields, Value};
use super::width::clean;
use crate::config::Mode;
use crate::filtering::Filtering;
use crate::time::{Now, Wall};
pub use section::SectionView;
use tunnel::TunnelView;

/// The number of the form that the JSON has. Within one number fields may come, and none
/// goes.
const FORMAT: u32 = 2;
/// The time that a round or a pass may be late.
const MAX_DELAY: Duration = Duration::from_secs(60);

/// The whole of it.
#[derive(Debug, Default)]
pub struct StatusView {
    /// Of this program.
    pub version: &'static str,
    /// The date of the view, by the router's clock.
    pub time: Wall,
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
    /// `option mode`; `None` if the configuration cannot be used at all.
    pub mode: Option<Mode>,
    /// True if a daemon has answered; `None` if it cannot be told.
    pub daemon_runs: Option<bool>,
    /// The problems of the configuration's file, and of the program's own files.
    pub problems: Vec<FindingView>,
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
    /// The lists are not whole.
    pub is_cut: bool,
}

impl StatusView {
    /// Leaves out the second half of each list. False if there is nothing to leave out.
    pub fn cut(&mut self) -> bool {
        let count = self.skydns.len() + self.tunnels.len();
        let count = count + self.problems.len() + self.disabled.len();
        self.is_cut = true;
        self.skydns.truncate(self.skydns.len() / 2);
        self.tunnels.truncate(self.tunnels.len() / 2);
        self.problems.truncate(self.problems.len() / 2);
        self.disabled.truncate(self.disabled.len() / 2);
        count > 0
    }

    /// The view where nothing can be told but why, in these problems.
    pub fn of_nothing(now: Now, problems: Vec<FindingView>) -> StatusView {
        StatusView {
            version: env!("CARGO_PKG_VERSION"),
            time: now.wall,
            clock_is_set: now.clock_is_set(),
            problems,
            ..StatusView::default()
        }
    }
}

/// For programs. What format 1 had is as it was.
impl Serialize for StatusView {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let enabled = self.mode.map(|_| self.is_enabled);
        let mut fields = Fields::default();
        fields.number("format", Some(FORMAT));
        fields.text("version", Some(self.version));
        fields.date("time", Some(self.time));
        fields.text("clock", Some(clock_word(self.clock_is_set)));
        fields.text("mode", self.mode.map(Mode::name));
        fields.bool("daemon", self.daemon_runs);
        fields.bool("enabled", enabled);
        fields.span("overdue_s", self.overdue);
        fields.texts("disabled", Some(&self.disabled));
        let problems = Value::list(&self.problems, FindingView::value);
        fields.add("problems", problems);
        fields.add("skydns", Value::list(&self.skydns, SectionView::value));
        fields.add("tunnels", Value::list(&self.tunnels, TunnelView::value));
        fields.add("filtering", filtering::value(self.filtering.as_ref()));
        if !self.warnings.is_empty() {
            fields.texts("warnings", Some(&self.warnings));
        }
        if self.is_cut {
            fields.bool("cut", Some(true));
        }
        fields.object().serialize(to)
    }
}

pub(super) fn clock_word(is_set: bool) -> &'static str {
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
        let _ = section::write(&mut out, section, width);
    }
    if let Some(filtering) = &view.filtering {
        let _ = filtering::write(&mut out, filtering);
    }
    for tunnel in &view.tunnels {
        let _ = tunnel::write(&mut out, tunnel, width);
    }
    out
}
