//! The file of the history: lines of JSON.
//!
//! | line | content |
//! | --- | --- |
//! | `{"boot":ID,"w":DATE}` | a boot begins; `w` is the date of it, once the clock is set. The line comes again when the clock was put right |
//! | `{"b":AT,"s":SECTION,"n":STATE,"r":{"code":…,"args":…}}` | a change |
//! | `{…,"e":END,"x":COUNT,"u":GOOD,"d":BAD}` | the same of many changes, of which the last was at END; all was well for GOOD seconds of the time, and something was wrong for BAD |
//! | `{"b":TO,"g":FROM}` | nothing was watched |
//!
//! Moments are seconds since the boot, dates seconds since 1970. A file has 24 KiB at most;
//! one that is full is written anew, with flapping folded, and without the oldest lines.
//! The last line of a section goes last: it says how it has been since.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::fold::fold;
use super::{Entry, Gap, History, Line, MAX_LINE};
use crate::json::{Json, JsonWriter, Persist};
use crate::time::{Boot, Now, Wall};

/// The greatest length of the file, in bytes.
pub const MAX_BYTES: usize = 24 * 1024;
/// The greatest number of its lines.
const MAX_LINES: usize = 320;
/// The length and the number of lines to which a full one is cut.
const KEPT_BYTES: usize = 20 * 1024;
const KEPT_LINES: usize = 256;
/// The number of boots that it tells of.
const MAX_BOOTS: usize = 8;
/// The time by which one line may be older than the line before it: several processes
/// write.
const MAX_DISORDER: Duration = Duration::from_secs(600);

/// The way in which something is added to the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addition {
    /// This text follows on its content.
    Append(String),
    /// This text is the new content.
    Replace(String),
}

/// The lines of one boot.
#[derive(Default)]
struct BootLines {
    boot_id: String,
    /// The date of the boot, by the clock as it was last.
    began: Option<Wall>,
    lines: Vec<Line>,
    /// Lines of another boot follow, whose title is damaged.
    is_followed: bool,
}

impl BootLines {
    /// True if the last line of a section says the same: what could not be remembered is
    /// found again and again.
    fn says(&self, news: &Line) -> bool {
        let Line::Change(news) = news else {
            return false;
        };
        for line in self.lines.iter().rev() {
            if let Line::Change(last) = line
                && last.section == news.section
            {
                return last.condition == news.condition && last.reason == news.reason;
            }
        }
        false
    }
}

/// The addition of lines to the file of this content, at `now` of this boot.
pub fn add(old: &[u8], boot_id: &str, now: Now, news: &[Line]) -> Addition {
    let boots = read_boots(old);
    let boot = boots
        .last()
        .filter(|boot| boot.boot_id == boot_id && !boot.is_followed);
    let began = boot_date(now);
    let is_dated = match (boot.and_then(|boot| boot.began), began) {
        (Some(known), Some(began)) => !began.is_corrected(known),
        (None, Some(_)) => false,
        (_, None) => true,
    };
    let mut text = String::new();
    if old.last().is_some_and(|last| *last != b'\n') {
        // The last line is not complete.
        text.push('\n');
    }
    if boot.is_none() || !is_dated {
        push_title(&mut text, boot_id, began);
    }
    for line in news {
        if boot.is_some_and(|boot| boot.says(line)) {
            continue;
        }
        push_line(&mut text, &line.text());
    }
    let lines = old.iter().filter(|byte| **byte == b'\n').count() + news.len() + 1;
    if old.len() + text.len() <= MAX_BYTES && lines <= MAX_LINES {
        return Addition::Append(text);
    }
    let mut whole = old.to_owned();
    whole.extend_from_slice(text.as_bytes());
    Addition::Replace(compact(read_boots(&whole)))
}

/// The date of this boot, if the clock is set.
fn boot_date(now: Now) -> Option<Wall> {
    let began = now.wall.secs().saturating_sub(now.boot.secs());
    now.clock_is_set().then_some(Wall::from_secs(began))
}

fn push_title(text: &mut String, boot_id: &str, began: Option<Wall>) {
    let mut title = JsonWriter::default();
    title.open();
    title.name("boot");
    title.text(boot_id);
    if let Some(began) = began {
        title.field("w", &began);
    }
    title.close();
    push_line(text, &title.into_text());
}

fn push_line(text: &mut String, line: &str) {
    if !line.is_empty() {
        text.push_str(line);
        text.push('\n');
    }
}

/// The lines of each boot. What is damaged is left out, and so is what follows on the
/// title of a boot that is.
fn read_boots(bytes: &[u8]) -> Vec<BootLines> {
    let mut boots: Vec<BootLines> = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let json = Some(line).filter(|line| line.len() <= 2 * MAX_LINE);
        let Some(json) = json.and_then(|line| Json::parse(line).ok()) else {
            continue;
        };
        if let Some(boot_id) = json.read_required::<String>("boot") {
            if boots.last().is_none_or(|boot| boot.boot_id != boot_id) {
                boots.push(BootLines {
                    boot_id,
                    ..BootLines::default()
                });
            }
            if let Some(boot) = boots.last_mut() {
                boot.began = json.read_required("w").or(boot.began);
                boot.is_followed = false;
            }
        } else if let Some(line) = read_line(json)
            && let Some(boot) = boots.last_mut()
        {
            let last = boot.lines.last().map_or(Boot::START, Line::written);
            boot.is_followed |= last.since(line.written()) > MAX_DISORDER;
            if !boot.is_followed {
                boot.lines.push(line);
            }
        }
    }
    boots
}

fn read_line(json: Json<'_>) -> Option<Line> {
    match json.get("g") {
        Some(_) => Gap::read(json).map(Line::Gap),
        None => Entry::read(json).map(Line::Change),
    }
}

/// The text of a file that is cut to what is kept.
fn compact(mut boots: Vec<BootLines>) -> String {
    let surplus = boots.len().saturating_sub(MAX_BOOTS);
    boots.drain(..surplus);
    let latest = boots.len().saturating_sub(1);
    boots.iter_mut().for_each(|boot| fold(&mut boot.lines));
    let mut lines = Vec::new();
    for (number, boot) in boots.iter().enumerate() {
        // Without a date it cannot be told when an earlier boot was.
        if number == latest || boot.began.is_some() {
            for line in &boot.lines {
                let section = match line {
                    Line::Change(entry) => &*entry.section,
                    Line::Gap(_) => "",
                };
                lines.push((number, section, line.text()));
            }
        }
    }
    drop_oldest(&mut lines);
    let mut text = String::new();
    let mut title = None;
    for (number, _, line) in &lines {
        if title != Some(*number) {
            title = Some(*number);
            push_title(&mut text, &boots[*number].boot_id, boots[*number].began);
        }
        push_line(&mut text, line);
    }
    text
}

/// Drops lines until the others may be kept. Each has the number of its boot and its
/// section.
fn drop_oldest(lines: &mut Vec<(usize, &str, String)>) {
    let mut length: usize = lines.iter().map(|(_, _, line)| line.len() + 1).sum();
    let mut place = 0;
    let mut are_last = false;
    while lines.len() > KEPT_LINES || length > KEPT_BYTES {
        let Some((_, section, line)) = lines.get(place) else {
            // All that are left are the last of their sections.
            (place, are_last) = (0, true);
            continue;
        };
        let has_later = section.is_empty()
            || lines[place + 1..]
                .iter()
                .any(|(_, other, _)| other == section);
        if has_later || are_last {
            length -= line.len() + 1;
            lines.remove(place);
        } else {
            place += 1;
        }
    }
}

impl History {
    /// The history that this content of the file tells, at `now` of this boot. What was
    /// before this boot is a part of it if it has a date that can be right, and the time
    /// between two boots is a gap.
    pub fn read(bytes: &[u8], boot_id: &str, now: Now) -> History {
        let mut history = History::default();
        let mut end: Option<Boot> = None;
        let boots = read_boots(bytes);
        let ours = boots.iter().rfind(|boot| boot.boot_id == boot_id);
        let known = ours.and_then(|boot| boot.began);
        let ours = boot_date(now).map(|ours| match known {
            Some(known) if !ours.is_corrected(known) => known,
            _ => ours,
        });
        history.began = ours;
        for mut boot in boots {
            let is_ours = boot.boot_id == boot_id;
            let by = match (is_ours, boot.began, ours) {
                (true, ..) => 0,
                (false, Some(began), Some(ours)) => began.secs().saturating_sub(ours.secs()),
                _ => continue,
            };
            if is_ours {
                // A second for rounding.
                let latest = now.boot + Duration::from_secs(1);
                boot.lines.retain(|line| line.written() <= latest);
            }
            fold(&mut boot.lines);
            for line in &mut boot.lines {
                match line {
                    Line::Change(entry) => entry.shift(by),
                    Line::Gap(gap) => gap.shift(by),
                }
            }
            let (Some(first), Some(last)) = (boot.lines.first(), boot.lines.last()) else {
                continue;
            };
            let (first, last) = (first.clone(), last.written());
            if !is_ours && (last > Boot::START || end.is_some_and(|end| first.written() < end)) {
                // Its dates contradict the others.
                continue;
            }
            if let (Some(end), Line::Change(first)) = (end, &first) {
                history.push_gap(end, first.at);
            }
            for line in boot.lines {
                match line {
                    Line::Change(entry) => history.push(entry),
                    Line::Gap(gap) => {
                        history.push_gap(end.map_or(gap.from, |end| gap.from.max(end)), gap.to);
                    }
                }
            }
            end = Some(last);
        }
        history
    }

    /// Before the first change nothing is known, so that a gap there is none.
    fn push_gap(&mut self, from: Boot, to: Boot) {
        if from < to && !self.entries.is_empty() {
            self.gaps.push(Gap { from, to });
        }
    }
}
