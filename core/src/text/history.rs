//! The history that `wansync history` shows: as [`text()`], a bar for each section and the
//! list of changes, and as [`json()`] for programs.

mod json;
mod text;

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use crate::history::timeline::Span;
use crate::history::{Entry, History, Present};
use crate::time::{Boot, Now, Wall};
pub use json::json;
pub use text::text;

/// The addresses of a section that were confirmed last, the latest first, each with the
/// date of its first acknowledgement.
pub type Addresses = (String, Vec<(IpAddr, Wall)>);

/// The history as it is shown.
#[derive(Debug, Default)]
pub struct HistoryView {
    history: History,
    sections: Vec<SectionSpans>,
    addresses: Vec<Addresses>,
    from: Boot,
    boot_id: String,
}

/// The end of what an entry tells.
#[derive(Clone, Copy)]
enum End {
    At(Boot),
    /// It is so still.
    Open,
    /// The section is watched no more, and it is not known for how long it was so.
    Lost,
}

impl End {
    /// The time from a moment to the end.
    fn after(self, since: Boot, now: Now) -> Option<Duration> {
        match self {
            End::At(end) => Some(end.since(since)),
            End::Open => Some(now.boot.since(since)),
            End::Lost => None,
        }
    }
}

#[derive(Debug)]
struct SectionSpans {
    section: String,
    is_tunnel: bool,
    /// Whether it is watched still.
    is_watched: bool,
    spans: Vec<Span>,
}

impl HistoryView {
    /// The view of a history at `now`, for as long as `since`, or from its beginning.
    /// `present` are the sections that are watched, in their order; the others that it tells
    /// of stand behind them, unless one is chosen.
    pub fn new(
        mut history: History,
        present: Vec<Present>,
        addresses: Vec<Addresses>,
        (chosen, since): (Option<&str>, Option<Duration>),
        boot_id: &str,
        now: Now,
    ) -> HistoryView {
        for present in &present {
            history.complete(present, now);
        }
        let is_chosen = |section: &str| chosen.is_none_or(|chosen| chosen == section);
        history.entries.retain(|entry| is_chosen(&entry.section));
        let first = history.entries.iter().map(|entry| entry.at).min();
        let from = since.map_or(first.unwrap_or(now.boot), |since| {
            (now.boot - since).whole_secs()
        });
        let mut view = HistoryView {
            addresses,
            from,
            boot_id: boot_id.to_owned(),
            ..HistoryView::default()
        };
        for present in present {
            if is_chosen(&present.section) {
                view.add_section(&history, present.section, present.is_tunnel, Some(now.boot));
            }
        }
        for entry in &history.entries {
            if view.section(&entry.section).is_none() {
                let is_tunnel = entry.condition.is_of_tunnel();
                view.add_section(&history, entry.section.clone(), is_tunnel, None);
            }
        }
        view.history = history;
        view
    }

    fn add_section(
        &mut self,
        history: &History,
        section: String,
        is_tunnel: bool,
        now: Option<Boot>,
    ) {
        self.sections.push(SectionSpans {
            spans: history.spans(&section, now),
            section,
            is_tunnel,
            is_watched: now.is_some(),
        });
    }

    fn section(&self, name: &str) -> Option<&SectionSpans> {
        self.sections.iter().find(|section| section.section == name)
    }

    /// The entries that reach into what is shown, each with its end.
    fn entries(&self) -> Vec<(&Entry, End)> {
        let mut entries = Vec::new();
        for (place, entry) in self.history.entries.iter().enumerate() {
            let is_watched = self.section(&entry.section).is_some_and(|s| s.is_watched);
            let end = match self.history.end_of(place) {
                Some(end) => End::At(end),
                None if is_watched => End::Open,
                None => End::Lost,
            };
            let is_before = match end {
                End::At(end) => end < self.from,
                End::Open => false,
                End::Lost => entry.end < self.from,
            };
            if !is_before {
                entries.push((entry, end));
            }
        }
        entries
    }
}

/// The date of a moment.
fn date(at: Boot, now: Now) -> Wall {
    Wall::from_secs(now.wall.secs() - now.boot.secs() + at.secs())
}

/// A share of a span, in tenths of a percent.
fn per_mille(part: u64, whole: u64) -> Option<u64> {
    (part.saturating_mul(1000)).checked_div(whole)
}

#[cfg(test)]
mod tests;
