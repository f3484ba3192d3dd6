//! The history for people: a bar for each section, the list of changes, and addresses.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use super::{HistoryView, date, per_mille};
use crate::history::timeline::{Quality, Span, known_and_good};
use crate::text::Screen;
use crate::text::table::{GAP, TextTable, spaces};
use crate::text::width::{clean, width};
use crate::text::zone::Zone;
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
