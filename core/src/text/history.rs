//! The history that `wansync history` shows: a bar for each section, and the list of
//! changes; and the same for programs.
//!
//! The JSON object is one line:
//!
//! | field | content |
//! | --- | --- |
//! | `format` | 1; fields may come, none goes |
//! | `time`, `clock` | the time of the answer (RFC 3339, UTC), and whether the clock is set: `ok`, or `not set` |
//! | `boot_id`, `uptime_s` | this boot, and the seconds since |
//! | `since`, `since_s` | the beginning of what is shown, and the seconds since |
//! | `sections` | for each `section`, in the order of the file, its `type`, `known_s` (the seconds of which something is known), and `good_s` (those in which it was `up` or `confirmed`); of a tunnel `uptime_percent`, null if nothing is known |
//! | `entries` | for each change, the oldest first, `section`, `type`, `state`, `from`, `to` (null if it is so still, or the section is not watched any more; then `for_s` is null, too), `ago_s`, `for_s`, `reason`, `reason_code`, `reason_args`; of many within a short time, where `for_s` counts from the last of them, `count`, the seconds `flapping_s` from the first to the last of them, and `flapping_good_s` and `flapping_bad_s`, those of them in which all was well, and something was wrong |
//! | `gaps` | the times in which nothing was watched: `from`, `to`, `ago_s`, `for_s` |
//! | `addresses` | for each `skydns` section its addresses that were confirmed last, the latest first: `address`, `confirmed`, the date of its first acknowledgement |
//!
//! Dates are null where the clock is not set; `ago_s`, the seconds since something began,
//! is always there. What began before `since` is told whole.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use super::Screen;
use super::table::{GAP, TextTable, spaces};
use super::width::{clean, width};
use super::zone::Zone;
use crate::history::timeline::{Quality, Span, known_and_good};
use crate::history::{Entry, History, Present};
use crate::json::{JsonWriter, Persist};
use crate::time::{Boot, Civil, DAY, Now, Wall, describe_span};

/// The width that is assumed where there is no terminal.
const DEFAULT_WIDTH: usize = 80;
/// The shortest bar that is drawn, and the shortest with a date in its middle.
const MIN_BAR: usize = 10;
const MIN_DATED_BAR: usize = 45;
/// The room behind a bar: `100.0 %`.
const PERCENT: usize = 7;
/// The marks of all well, of nothing, of both, of not known, and of a gap.
const BLOCKS: [char; 5] = ['█', '▁', '▄', '░', '·'];
const LETTERS: [char; 5] = ['#', '_', '+', '?', '.'];
const MEANINGS: [&str; 5] = ["well", "not", "both", "not known", "not watched"];

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

/// The text for people: a bar for each section, then each change.
pub fn text(view: &HistoryView, zone: &Zone, now: Now, screen: Screen) -> String {
    let when = When { zone, now };
    let mut out = String::new();
    if view.history.entries.is_empty() {
        out.push_str("nothing is known of the past yet\n");
    } else {
        push_bars(&mut out, view, &when, screen);
        push_list(&mut out, view, &when);
    }
    push_addresses(&mut out, view, &when);
    out
}

/// Dates of this router.
struct When<'a> {
    zone: &'a Zone,
    now: Now,
}

impl When<'_> {
    /// The local date and time of a moment or, where the clock is not set, how long ago it
    /// was.
    fn show(&self, at: Boot) -> String {
        match self.now.clock_is_set() {
            true => self.show_date(date(at, self.now), false),
            false => format!("{} ago", describe_span(self.now.boot.since(at))),
        }
    }

    /// With its year, if that is asked for or another one than now.
    fn show_date(&self, at: Wall, is_old: bool) -> String {
        let local = self.zone.local(at);
        let is_old = is_old || local.year != self.zone.local(self.now.wall).year;
        let month = local.month_name();
        let Civil {
            day,
            hour,
            minute,
            second,
            ..
        } = local;
        let shown = format!("{month} {day:2} {hour:02}:{minute:02}:{second:02}");
        match is_old {
            true => format!("{} {shown}", local.year),
            false => shown,
        }
    }
}

fn push_bars(out: &mut String, view: &HistoryView, when: &When<'_>, screen: Screen) {
    let names = view.sections.iter().map(|section| width(&section.section));
    let margin = names.max().unwrap_or(0) + GAP;
    let columns = screen.width.unwrap_or(DEFAULT_WIDTH);
    let columns = columns.saturating_sub(margin + GAP + PERCENT);
    let now = when.now.boot;
    let marks = if screen.utf8 { BLOCKS } else { LETTERS };
    if columns >= MIN_BAR {
        spaces(out, margin);
        push_axis(out, view.from, when, columns);
    }
    for section in &view.sections {
        let mut line = clean(&section.section).into_owned();
        let room = margin - width(&line);
        spaces(&mut line, room);
        if columns >= MIN_BAR {
            for column in 0..columns {
                let ends = [column, column + 1].map(|n| part(view.from, now, n, columns));
                line.push(mark(&section.spans, ends, marks));
            }
            spaces(&mut line, GAP);
        }
        if section.is_tunnel {
            let (known, good) = known_and_good(&section.spans, view.from, now);
            line.push_str(&match per_mille(good, known) {
                Some(share) => format!("{}.{} %", share / 10, share % 10),
                None => "-".to_owned(),
            });
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    if columns >= MIN_BAR {
        let mut room = margin;
        for (mark, meaning) in marks.iter().zip(MEANINGS) {
            spaces(out, room);
            out.push(*mark);
            out.push(' ');
            out.push_str(meaning);
            room = GAP;
        }
        out.push('\n');
    }
}

/// The dates above the bars: of their beginning, of their middle, and now.
fn push_axis(out: &mut String, from: Boot, when: &When<'_>, columns: usize) {
    let now = when.now.boot;
    let mut labels = alloc::vec![when.show(from)];
    if columns >= MIN_DATED_BAR {
        labels.push(when.show(part(from, now, 1, 2)));
    }
    if now.since(from) < DAY && when.now.clock_is_set() {
        // The day is that of today or of yesterday.
        for label in &mut labels {
            label.drain(..label.len() - 8);
        }
    }
    let mut used = 0;
    for (number, label) in labels.iter().enumerate() {
        let place = if number == 0 { 0 } else { columns / 2 };
        spaces(out, place - used);
        out.push_str(label);
        used = place + width(label);
    }
    spaces(out, columns.saturating_sub(used + 3).max(1));
    out.push_str("now\n");
}

/// The moment after so many of the parts of a span.
fn part(from: Boot, to: Boot, number: usize, parts: usize) -> Boot {
    let whole = to.since(from).as_secs();
    from + Duration::from_millis(whole * 1000 * number as u64 / parts as u64)
}

/// The mark of a part of a bar. The shortest outage shows, and then the shortest gap.
fn mark(spans: &[Span], [from, to]: [Boot; 2], marks: [char; 5]) -> char {
    let [mut good, mut bad, mut unknown, mut gap] = [false; 4];
    for span in spans {
        if span.within(from, to).is_zero() {
            continue;
        }
        match span.quality {
            Quality::Good => good = true,
            Quality::Bad => bad = true,
            Quality::Mixed {
                good: well,
                bad: ill,
            } => {
                good |= well > 0;
                bad |= ill > 0;
                unknown |= well == 0 && ill == 0;
            }
            Quality::Unknown => unknown = true,
            Quality::Gap => gap = true,
        }
    }
    match (good, bad) {
        (true, true) => marks[2],
        (false, true) => marks[1],
        _ if gap => marks[4],
        (true, false) => marks[0],
        _ if unknown => marks[3],
        _ => ' ',
    }
}

fn push_list(out: &mut String, view: &HistoryView, when: &When<'_>) {
    let mut rows: Vec<[String; 5]> = Vec::new();
    let mut gaps = view.history.gaps.iter().peekable();
    for (entry, end) in view.entries() {
        while let Some(gap) = gaps.next_if(|gap| gap.to <= entry.end) {
            push_gap_row(&mut rows, view, when, gap.from, gap.to);
        }
        let mut state = entry.condition.word().to_owned();
        if entry.count > 1 {
            let span = describe_span(entry.end.since(entry.at));
            state.push_str(&format!(", {} changes in {span}", entry.count));
        }
        rows.push([
            when.show(entry.at),
            entry.section.clone(),
            state,
            end.after(entry.end, when.now)
                .map_or("-".to_owned(), describe_span),
            entry.reason.to_string(),
        ]);
    }
    for gap in gaps {
        push_gap_row(&mut rows, view, when, gap.from, gap.to);
    }
    let mut table = TextTable::new(&["since", "section", "state", "for", "reason"]);
    for row in &rows {
        table.row(&row.each_ref().map(String::as_str));
    }
    out.push('\n');
    // A reason is read to its end.
    out.push_str(&table.show(Screen::default()));
}

fn push_gap_row(
    rows: &mut Vec<[String; 5]>,
    view: &HistoryView,
    when: &When<'_>,
    from: Boot,
    to: Boot,
) {
    if to >= view.from {
        let span = describe_span(to.since(from));
        let [section, reason] = [String::new(), String::new()];
        rows.push([
            when.show(from),
            section,
            MEANINGS[4].to_owned(),
            span,
            reason,
        ]);
    }
}

fn push_addresses(out: &mut String, view: &HistoryView, when: &When<'_>) {
    for (section, addresses) in &view.addresses {
        out.push_str(&format!(
            "\naddresses of {} that were confirmed\n",
            clean(section)
        ));
        for (address, confirmed) in addresses {
            out.push_str(&format!(
                "{}  {address}\n",
                when.show_date(*confirmed, true)
            ));
        }
    }
}

/// The JSON object for programs, without a line's end.
pub fn json(view: &HistoryView, now: Now) -> String {
    let out = &mut JsonWriter::default();
    out.open();
    out.field("format", &1_u32);
    push_date(out, "time", now.boot, now);
    out.name("clock");
    out.text(super::status::clock_word(now.clock_is_set()));
    out.field("boot_id", &view.boot_id);
    out.field("uptime_s", &now.boot);
    push_date(out, "since", view.from, now);
    out.field("since_s", &now.boot.since(view.from).as_secs());
    out.name("sections");
    out.list(&view.sections, &|section, out| {
        let (known, good) = known_and_good(&section.spans, view.from, now.boot);
        out.open();
        push_name(out, &section.section, section.is_tunnel);
        out.field("known_s", &known);
        out.field("good_s", &good);
        if section.is_tunnel {
            out.name("uptime_percent");
            out.raw(&match per_mille(good, known) {
                Some(share) => format!("{}.{}", share / 10, share % 10),
                None => "null".to_owned(),
            });
        }
        out.close();
    });
    out.name("entries");
    out.list(&view.entries(), &|entry, out| {
        push_entry(out, *entry, now);
    });
    out.name("gaps");
    let gaps = view.history.gaps.iter().filter(|gap| gap.to >= view.from);
    out.list(&gaps.collect::<Vec<_>>(), &|gap, out| {
        out.open();
        push_times(out, [gap.from; 2], End::At(gap.to), now);
        out.close();
    });
    out.name("addresses");
    out.open();
    for (section, addresses) in &view.addresses {
        out.name(section);
        out.list(addresses, &|(address, confirmed), out| {
            out.open();
            out.field("address", address);
            out.name("confirmed");
            out.text(&Civil::at(*confirmed).rfc3339());
            out.close();
        });
    }
    out.close();
    out.close();
    core::mem::take(out).into_text()
}

fn push_entry(out: &mut JsonWriter, (entry, end): (&Entry, End), now: Now) {
    out.open();
    push_name(out, &entry.section, entry.condition.is_of_tunnel());
    out.field("state", &entry.condition);
    push_times(out, [entry.at, entry.end], end, now);
    if entry.count > 1 {
        out.field("count", &entry.count);
        out.field("flapping_s", &entry.end.since(entry.at).as_secs());
        out.field("flapping_good_s", &entry.good_s);
        out.field("flapping_bad_s", &entry.bad_s);
    }
    for name in ["reason", "reason_code", "reason_args"] {
        out.name(name);
        match name {
            _ if entry.reason.is_empty() => out.raw("null"),
            "reason" => entry.reason.write_json(out),
            "reason_code" => out.text(entry.reason.code().name()),
            _ => entry.reason.write_arguments(out),
        }
    }
    out.close();
}

fn push_name(out: &mut JsonWriter, section: &str, is_tunnel: bool) {
    out.name("section");
    out.text(section);
    out.name("type");
    out.text(if is_tunnel { "tunnel" } else { "skydns" });
}

/// The times of something that is as it is `since` a moment.
fn push_times(out: &mut JsonWriter, [from, since]: [Boot; 2], to: End, now: Now) {
    push_date(out, "from", from, now);
    match to {
        End::At(to) => push_date(out, "to", to, now),
        _ => {
            out.name("to");
            out.raw("null");
        }
    }
    out.field("ago_s", &now.boot.since(from).as_secs());
    out.field("for_s", &to.after(since, now).map(|span| span.as_secs()));
}

fn push_date(out: &mut JsonWriter, name: &str, at: Boot, now: Now) {
    out.name(name);
    match now.clock_is_set() {
        true => out.text(&Civil::at(date(at, now)).rfc3339()),
        false => out.raw("null"),
    }
}

#[cfg(test)]
mod tests;
