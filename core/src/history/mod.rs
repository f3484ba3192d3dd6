//! The history: the changes of the last days, so that it can be said since when something
//! is as it is, and what was before.
//!
//! It lies on tmpfs, in a file of lines ([`ring`]): one for each change, one for a time in
//! which nothing was watched, and one at the beginning of each boot. Moments are those of
//! the boot-time clock, which every router has; dates are reckoned from them when they are
//! shown, by the clock as it is then. A damaged line is passed over.
//!
//! ```
//! use wansync_core::history::ring::{Addition, add};
//! use wansync_core::history::{Condition, Entry, History, Line};
//! use wansync_core::time::{BUILD_DATE, Boot, Now};
//!
//! let now = Now::new(Boot::from_secs(60), BUILD_DATE);
//! let up = Entry { section: "office".to_owned(), ..Entry::new(now.boot, Condition::Up) };
//! let Addition::Append(text) = add(b"", "boot 1", now, &[Line::Change(up)]) else {
//!     panic!("the file is not full");
//! };
//! let history = History::read(text.as_bytes(), "boot 1", now);
//! assert_eq!(history.entries[0].condition, Condition::Up);
//! ```

mod fold;
pub mod ring;
pub mod timeline;

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use crate::config::Mode;
use crate::json::{FieldReader, Json, JsonWriter, Persist};
use crate::persist;
use crate::reason::Reason;
use crate::text::status::is_overdue;
use crate::time::{Boot, Now, Wall};

/// The longest line that is written, in bytes.
pub const MAX_LINE: usize = 512;
/// The parts of a reason that would be too long, in characters: of each text in it, or
/// of all its words.
const SHORT_TEXT: usize = 40;
const SHORT_WORDS: usize = 120;

/// The state of a section, of either type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Condition {
    /// The service acknowledged the address.
    Confirmed,
    /// The address was sent, or waits, and no acknowledgement came.
    Unconfirmed,
    /// There is no address that may be published.
    Aborted,
    /// The service said no.
    Refused,
    /// The tunnel carries traffic.
    Up,
    /// The tunnel does not carry traffic.
    Down,
    /// There is no evidence for either.
    #[default]
    Unknown,
    /// The tunnel does not, and attempts of an hour were in vain.
    GivenUp,
}

impl Condition {
    /// All of them.
    pub const ALL: [Condition; 8] = [
        Condition::Confirmed,
        Condition::Unconfirmed,
        Condition::Aborted,
        Condition::Refused,
        Condition::Up,
        Condition::Down,
        Condition::Unknown,
        Condition::GivenUp,
    ];

    /// The word for it, as `option notify` has it.
    pub fn word(self) -> &'static str {
        match self {
            Condition::Confirmed => "confirmed",
            Condition::Unconfirmed => "unconfirmed",
            Condition::Aborted => "aborted",
            Condition::Refused => "refused",
            Condition::Up => "up",
            Condition::Down => "down",
            Condition::Unknown => "unknown",
            Condition::GivenUp => "given-up",
        }
    }

    /// The condition of this word.
    pub fn of_word(word: &str) -> Option<Condition> {
        Condition::ALL.into_iter().find(|one| one.word() == word)
    }

    /// True if all is well.
    pub fn is_good(self) -> bool {
        matches!(self, Condition::Confirmed | Condition::Up)
    }

    /// True if it is one of a tunnel.
    pub fn is_of_tunnel(self) -> bool {
        matches!(
            self,
            Condition::Up | Condition::Down | Condition::Unknown | Condition::GivenUp
        )
    }
}

persist!(Condition as word);

/// A change of a section's state, or many within a short time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// The moment of the change, or of the first of them.
    pub at: Boot,
    /// The moment of the last of them.
    pub end: Boot,
    /// Their number.
    pub count: u32,
    /// The seconds between the first and the last of them in which all was well.
    pub good_s: u32,
    /// The seconds between them in which something was wrong. Of the rest nothing is known.
    pub bad_s: u32,
    /// The section.
    pub section: String,
    /// The state since the last of them.
    pub condition: Condition,
    /// The reason for it.
    pub reason: Reason,
}

/// A time in which nothing was watched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gap {
    /// The moment of the last look before it.
    pub from: Boot,
    /// The moment of the first one after it.
    pub to: Boot,
}

/// True if nothing was watched for so long that it is a gap. Passes follow on each other by
/// `interval`, and may be late; a daemon leaves word each minute besides, and is never as
/// late.
pub fn is_gap(pause: Duration, mode: Mode, interval: Duration) -> bool {
    match mode {
        Mode::Hook => is_overdue(pause, interval),
        Mode::Daemon => is_overdue(pause, interval / 3),
    }
}

/// A line that is added to a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A change.
    Change(Entry),
    /// A gap, which is noticed at its end.
    Gap(Gap),
}

/// The past, as far as it is known. Moments are on the clock of this boot, also those before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// The changes, in the order of their ends.
    pub entries: Vec<Entry>,
    /// The gaps, in their order.
    pub gaps: Vec<Gap>,
    /// The date of this boot, if it is known.
    pub began: Option<Wall>,
}

impl Entry {
    /// The entry of one change, still without a section and a reason.
    pub fn new(at: Boot, condition: Condition) -> Entry {
        Entry {
            at,
            end: at,
            count: 1,
            condition,
            ..Entry::default()
        }
    }

    /// The line of it; empty, if its section's name alone is too long.
    fn line(&self) -> String {
        let mut line = JsonWriter::of(self);
        let mut short = self.clone();
        for step in 0..3 {
            if line.len() <= MAX_LINE {
                return line;
            }
            match step {
                0 => short.reason.redact(&|text| cut(text, SHORT_TEXT)),
                1 => short.reason = Reason::words(&cut(&short.reason.to_string(), SHORT_WORDS)),
                _ => short.reason = Reason::default(),
            }
            line = JsonWriter::of(&short);
        }
        match line.len() <= MAX_LINE {
            true => line,
            false => String::new(),
        }
    }

    /// Moves it on the clock.
    fn shift(&mut self, by: i64) {
        self.at = shifted(self.at, by);
        self.end = shifted(self.end, by);
    }
}

/// The beginning of a text.
fn cut(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}

impl Gap {
    fn shift(&mut self, by: i64) {
        self.from = shifted(self.from, by);
        self.to = shifted(self.to, by);
    }
}

fn shifted(at: Boot, by: i64) -> Boot {
    Boot::from_secs(at.secs().saturating_add(by))
}

/// Names are short: there are 256 lines of them.
impl Persist for Entry {
    fn write_json(&self, out: &mut JsonWriter) {
        out.open();
        out.field("b", &self.at);
        out.field("s", &self.section);
        out.field("n", &self.condition);
        if self.count > 1 {
            out.field("e", &self.end);
            out.field("x", &self.count);
            out.field("u", &self.good_s);
            out.field("d", &self.bad_s);
        }
        if let Some(reason) = self.reason.non_empty() {
            out.name("r");
            reason.write_coded(out);
        }
        out.close();
    }

    fn read(json: Json<'_>) -> Option<Entry> {
        let mut entry = Entry::new(json.read_required("b")?, json.read_required("n")?);
        let mut fields = FieldReader::new(json);
        fields.field("s", &mut entry.section);
        fields.field("e", &mut entry.end);
        fields.field("x", &mut entry.count);
        fields.field("u", &mut entry.good_s);
        fields.field("d", &mut entry.bad_s);
        entry.end = entry.end.max(entry.at);
        if let Some(reason) = json.get("r") {
            entry.reason = Reason::read_coded(reason);
        }
        (fields.fit() && !entry.section.is_empty()).then_some(entry)
    }
}

impl Persist for Gap {
    fn write_json(&self, out: &mut JsonWriter) {
        out.open();
        out.field("b", &self.to);
        out.field("g", &self.from);
        out.close();
    }

    fn read(json: Json<'_>) -> Option<Gap> {
        let (from, to) = (json.read_required("g")?, json.read_required("b")?);
        (from < to).then_some(Gap { from, to })
    }
}

impl Line {
    /// The moment at which it was written.
    fn written(&self) -> Boot {
        match self {
            Line::Change(entry) => entry.end,
            Line::Gap(gap) => gap.to,
        }
    }

    fn text(&self) -> String {
        match self {
            Line::Change(entry) => entry.line(),
            Line::Gap(gap) => JsonWriter::of(gap),
        }
    }
}

/// The state of a section now, by which a history is completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// The section.
    pub section: String,
    /// True if the section is a tunnel.
    pub is_tunnel: bool,
    /// The state, if one is known.
    pub condition: Option<Condition>,
    /// The reason for it.
    pub reason: Reason,
    /// A moment since which it is known to be so.
    pub since: Option<Boot>,
}

impl History {
    /// `now` by the date of this boot, so that the date of a moment is always the same.
    pub fn date(&self, now: Now) -> Now {
        let wall = |began: Wall| Wall::from_secs(began.secs() + now.boot.secs());
        Now::new(now.boot, self.began.map_or(now.wall, wall))
    }

    /// Has nothing be watched since a moment.
    pub fn end_watch(&mut self, from: Boot, now: Now) {
        let last = self.gaps.last().map_or(from, |last| last.to.max(from));
        let (from, to) = (last.whole_secs(), now.boot.whole_secs());
        if from < to {
            self.gaps.push(Gap { from, to });
        }
    }

    /// Adds the present state of a section where the last line says another, or there is
    /// none: it was lost on a full file system, or another version was here before.
    pub fn complete(&mut self, present: &Present, now: Now) {
        let Some(condition) = present.condition else {
            return;
        };
        let mut entries = self.entries.iter().rev();
        let last = entries.find(|entry| entry.section == present.section);
        if last.is_some_and(|last| last.condition == condition) {
            return;
        }
        let earliest = last.map_or(Boot::START, |last| last.end);
        let since = present.since.unwrap_or(now.boot);
        self.push(Entry {
            section: present.section.clone(),
            reason: present.reason.clone(),
            ..Entry::new(since.max(earliest).min(now.boot), condition)
        });
    }

    /// Inserts an entry in the order of the ends.
    fn push(&mut self, entry: Entry) {
        let mut place = self.entries.len();
        while place > 0 && self.entries[place - 1].end > entry.end {
            place -= 1;
        }
        self.entries.insert(place, entry);
    }
}

#[cfg(test)]
mod tests;
