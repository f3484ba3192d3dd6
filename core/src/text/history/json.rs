//! The history for programs.
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
use alloc::string::String;
use alloc::vec::Vec;

use super::{End, HistoryView, date, per_mille};
use crate::history::Entry;
use crate::history::timeline::known_and_good;
use crate::json::{JsonWriter, Persist};
use crate::text::status::clock_word;
use crate::time::{Boot, Civil, Now};

/// The JSON object for programs, without a line's end.
pub fn json(view: &HistoryView, now: Now) -> String {
    let out = &mut JsonWriter::default();
    out.open();
    out.field("format", &1_u32);
    push_date(out, "time", now.boot, now);
    out.name("clock");
    out.text(clock_word(now.clock_is_set()));
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
