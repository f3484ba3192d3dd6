//! The counts of a run, as a bar on a terminal and in words.

use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;

use crate::time::describe_span;

/// The widest bar, in columns.
const MAX_BAR: usize = 20;
/// The narrowest bar.
const MIN_BAR: usize = 8;

/// How a row ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowEnd {
    /// Done.
    Done,
    /// A part of it was done: the service took some of the addresses.
    Partly,
    /// The service refuses.
    Refused,
    /// Not done.
    Failed,
    /// Not known: its answer was lost.
    Unknown,
    /// Not sent, since it is wrong.
    Wrong,
}

impl RowEnd {
    /// The word in the results.
    pub fn word(self) -> &'static str {
        match self {
            RowEnd::Done => "done",
            RowEnd::Partly => "partly",
            RowEnd::Refused => "refused",
            RowEnd::Failed => "failed",
            RowEnd::Unknown => "unknown",
            RowEnd::Wrong => "wrong",
        }
    }
}

/// The rows of a run, by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// The rows of the table, if they were counted.
    pub total: Option<u64>,
    /// Passed over: a run before this one has done them.
    pub before: u64,
    /// Done in this run.
    pub done: u64,
    /// Refused, failed, wrong, or done in part.
    pub failed: u64,
    /// Of unknown end.
    pub unknown: u64,
}

impl Counts {
    /// Counts a row that ended so.
    pub fn note(&mut self, end: RowEnd) {
        match end {
            RowEnd::Done => self.done += 1,
            RowEnd::Unknown => self.unknown += 1,
            RowEnd::Partly | RowEnd::Refused | RowEnd::Failed | RowEnd::Wrong => self.failed += 1,
        }
    }

    /// True if every row that ended was done.
    pub fn are_good(&self) -> bool {
        self.failed + self.unknown == 0
    }

    fn ended(&self) -> u64 {
        self.before + self.done + self.failed + self.unknown
    }

    /// One line for a terminal of this many columns, after a run has lasted so long.
    ///
    /// ```
    /// use core::time::Duration;
    /// use wansync_core::bulk::progress::Counts;
    ///
    /// let counts = Counts { total: Some(200), done: 48, failed: 2, ..Counts::default() };
    /// let line = counts.bar(Duration::from_secs(10), 60);
    /// assert_eq!(line, "[=====>              ] 50 of 200, 2 failed, 30 s left");
    /// assert_eq!(counts.bar(Duration::from_secs(10), 20), "50 of 200, 2 failed");
    /// ```
    pub fn bar(&self, elapsed: Duration, columns: usize) -> String {
        let ended = self.ended();
        let mut words = match self.total {
            Some(total) => format!("{ended} of {total}"),
            None => ended.to_string(),
        };
        self.push_troubles(&mut words);
        if let Some(left) = self.time_left(elapsed) {
            words.push_str(&format!(", {} left", describe_span(left)));
        }
        // The last column stays free: some terminals go on to the next line there.
        let room = columns.saturating_sub(words.len() + 4).min(MAX_BAR);
        match self.total {
            Some(total) if room >= MIN_BAR && total > 0 => {
                let full = (ended * room as u64 / total) as usize;
                let full = full.min(room);
                let mut bar = "=".repeat(full);
                if full < room {
                    bar.push('>');
                }
                format!("[{bar:<room$}] {words}")
            }
            _ => {
                words.truncate(columns.saturating_sub(1));
                words
            }
        }
    }

    fn time_left(&self, elapsed: Duration) -> Option<Duration> {
        let here = self.done + self.failed + self.unknown;
        let left = self.total?.saturating_sub(self.ended());
        let millis = u64::try_from(elapsed.as_millis()).ok()?;
        let millis = millis.checked_mul(left)? / here.max(1);
        (here > 0 && left > 0).then(|| Duration::from_millis(millis))
    }

    fn push_troubles(&self, words: &mut String) {
        for (count, word) in [(self.failed, "failed"), (self.unknown, "unknown")] {
            if count > 0 {
                words.push_str(&format!(", {count} {word}"));
            }
        }
    }

    /// The counts in words.
    ///
    /// ```
    /// use wansync_core::bulk::progress::Counts;
    ///
    /// let counts = Counts { total: Some(200), before: 150, done: 48, unknown: 2, ..Counts::default() };
    /// assert_eq!(counts.words(), "48 rows done, 2 unknown, 150 done before");
    /// ```
    pub fn words(&self) -> String {
        let rows = if self.done == 1 { "row" } else { "rows" };
        let mut words = format!("{} {rows} done", self.done);
        self.push_troubles(&mut words);
        if self.before > 0 {
            words.push_str(&format!(", {} done before", self.before));
        }
        let left = self
            .total
            .map_or(0, |total| total.saturating_sub(self.ended()));
        if left > 0 {
            words.push_str(&format!(", {left} not sent"));
        }
        words
    }
}
