//! The past of one section in spans, and the part of it in which all was well.

use alloc::vec::Vec;
use core::time::Duration;

use super::{Entry, Gap, History};
use crate::time::Boot;

/// The quality of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quality {
    /// All was well.
    Good,
    /// Something was wrong.
    Bad,
    /// A tunnel of which nothing was known.
    Unknown,
    /// The state changed again and again.
    Mixed {
        /// The seconds of it in which all was well.
        good: u32,
        /// The seconds of it in which something was wrong.
        bad: u32,
    },
    /// Nothing was watched.
    Gap,
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its beginning.
    pub from: Boot,
    /// Its end.
    pub to: Boot,
    /// Its quality.
    pub quality: Quality,
}

impl Span {
    /// The part of it that is between two moments.
    pub fn within(self, from: Boot, to: Boot) -> Duration {
        self.to.min(to).since(self.from.max(from))
    }
}

impl Entry {
    pub(super) fn quality(&self) -> Quality {
        match self.condition {
            super::Condition::Unknown => Quality::Unknown,
            condition if condition.is_good() => Quality::Good,
            _ => Quality::Bad,
        }
    }
}

impl History {
    /// The end of what an entry tells: the next change of the same section, if there was
    /// one.
    pub fn end_of(&self, place: usize) -> Option<Boot> {
        let entry = &self.entries[place];
        let mut later = self.entries[place + 1..].iter();
        let next = later.find(|later| later.section == entry.section)?;
        Some(next.at.max(entry.end))
    }

    /// The spans of a section from its first entry until now or, if it is watched no more,
    /// its last one.
    pub fn spans(&self, section: &str, now: Option<Boot>) -> Vec<Span> {
        let mut spans = Vec::new();
        for (place, entry) in self.entries.iter().enumerate() {
            if entry.section != section {
                continue;
            }
            let (good, bad) = (entry.good_s, entry.bad_s);
            let mixed = Quality::Mixed { good, bad };
            push(&mut spans, entry.at, entry.end, mixed);
            let end = self.end_of(place).or(now).unwrap_or(entry.end);
            let mut at = entry.end;
            for Gap { from, to } in &self.gaps {
                let (from, to) = ((*from).max(at), (*to).min(end));
                if from < to {
                    push(&mut spans, at, from, entry.quality());
                    push(&mut spans, from, to, Quality::Gap);
                    at = to;
                }
            }
            push(&mut spans, at, end, entry.quality());
        }
        spans
    }
}

fn push(spans: &mut Vec<Span>, from: Boot, to: Boot, quality: Quality) {
    if from < to {
        spans.push(Span { from, to, quality });
    }
}

/// The seconds between two moments of which something is known, and those of them in which
/// all was well.
///
/// ```
/// use wansync_core::history::timeline::{Quality, Span, known_and_good};
/// use wansync_core::time::Boot;
///
/// let at = Boot::from_secs;
/// let span = |from, to, quality| Span { from: at(from), to: at(to), quality };
/// let spans = [
///     span(0, 60, Quality::Good),
///     span(60, 80, Quality::Gap),
///     span(80, 100, Quality::Bad),
/// ];
/// assert_eq!(known_and_good(&spans, at(0), at(100)), (80, 60));
/// ```
pub fn known_and_good(spans: &[Span], from: Boot, to: Boot) -> (u64, u64) {
    let (mut known, mut good) = (0, 0);
    for span in spans {
        let mut seconds = span.within(from, to).as_secs();
        match span.quality {
            Quality::Good => good += seconds,
            Quality::Mixed { good: well, bad } => {
                let whole = span.to.since(span.from).as_secs().max(1);
                let part = |part: u64| seconds * part.min(whole) / whole;
                let (well, bad) = (u64::from(well), u64::from(bad));
                good += part(well);
                seconds = part(well + bad);
            }
            Quality::Bad => {}
            Quality::Unknown | Quality::Gap => continue,
        }
        known += seconds;
    }
    (known, good)
}
