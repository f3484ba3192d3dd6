//! `wansync status`: what is observed and confirmed, and what is due when.
//!
//! Sources that cost nothing to ask are asked now; what only a request over the
//! Internet or a program could tell is shown as the last pass saw it.

use std::fmt::Write;
use std::net::IpAddr;

use serde::Serialize;

use super::exit::Exit;
use super::observe::Observer;
use super::once::println_quietly;
use super::pass::remembered;
use super::paths::{Paths, key_of};
use crate::cli::{Format, Status};
use crate::config::{Config, Content, Skydns, Source};
use crate::core::memory::Memory;
use crate::core::outcome::Outcome;
use crate::core::reconcile::{next_due, sends_left, shown};
use crate::core::record::Record;
use crate::core::time::{Now, spoken};
use crate::sys::clock;
use crate::sys::http::Client;
use crate::sys::lock::Turn;
use crate::sys::store::Store;

/// The whole of it; `--format json` prints it as it is.
#[derive(Serialize)]
struct View {
    version: &'static str,
    /// `ok`, or `not set`.
    clock: &'static str,
    skydns: Vec<SectionView>,
    tunnels: [(); 0],
}

/// One section.
#[derive(Serialize)]
struct SectionView {
    section: String,
    observed: Option<IpAddr>,
    confirmed: Option<IpAddr>,
    outcome: Option<Outcome>,
    reason: Option<String>,
    next_due_s: Option<i64>,
    sends_left_today: Option<u32>,
    /// For people: how long the address has been confirmed.
    #[serde(skip)]
    confirmed_for: Option<i64>,
}

/// Runs it.
pub fn run(paths: &Paths, status: &Status) -> Exit {
    let config = match paths.load() {
        Ok(config) => config,
        Err(why) => {
            log::error!("{why}");
            return Exit::Config;
        }
    };
    if let Err(why) = paths.store().check_readable() {
        log::error!("{why}");
        return Exit::Later;
    }
    let now = clock::now();
    let view = view(paths, &config, now);
    match status.format {
        Format::Text => println_quietly(text(&view, &config).trim_end()),
        Format::Json => println_quietly(&serde_json::to_string(&view).unwrap_or_default()),
    }
    Exit::Done
}

fn view(paths: &Paths, config: &Config, now: Now) -> View {
    let (store, client) = (
        paths.store(),
        Client::new(config.main.ca_file.as_ref(), false),
    );
    let observer = Observer::new(&paths.ubus, &client);
    let record = store.record();
    let interval = config.main.interval;
    let next_check = Turn::of_passes(&paths.state)
        .done_ago()
        .map_or(0, |ago| interval.saturating_sub(ago).clamp(0, interval));
    let sections = config.skydns.iter().filter_map(|section| {
        let name = &section.name;
        match &section.content {
            Content::Disabled => None,
            Content::Wrong => Some(wrong(
                name,
                "its configuration is wrong; run 'wansync check'",
            )),
            Content::Ready(skydns) => Some(section_view(
                name, skydns, &observer, &store, &record, next_check, now,
            )),
        }
    });
    View {
        version: env!("CARGO_PKG_VERSION"),
        clock: if now.clock_is_set() { "ok" } else { "not set" },
        skydns: sections.collect(),
        tunnels: [],
    }
}

fn wrong(name: &str, reason: &str) -> SectionView {
    SectionView {
        section: name.to_owned(),
        observed: None,
        confirmed: None,
        outcome: None,
        reason: Some(reason.to_owned()),
        next_due_s: None,
        sends_left_today: None,
        confirmed_for: None,
    }
}

fn section_view(
    name: &str,
    section: &Skydns,
    observer: &Observer<'_>,
    store: &Store,
    record: &Record,
    next_check: i64,
    now: Now,
) -> SectionView {
    let key = match key_of(name, &section.key) {
        Ok(key) => key,
        Err(problem) => return wrong(name, &problem.text),
    };
    let memory = remembered(store.memory(name), record, name, section, key.as_ref(), now);
    SectionView {
        section: name.to_owned(),
        observed: observed(section, &memory, observer),
        confirmed: memory.confirmed.map(|c| c.address),
        outcome: memory.outcome,
        next_due_s: Some(next_due(&section.policy, &memory, now, next_check)),
        sends_left_today: Some(sends_left(&section.policy, &memory, now)),
        confirmed_for: memory.confirmed.map(|c| now.boot.saturating_sub(c.boot)),
        reason: (!memory.reason.is_empty()).then_some(memory.reason),
    }
}

fn observed(section: &Skydns, memory: &Memory, observer: &Observer<'_>) -> Option<IpAddr> {
    match section.source {
        Source::Web(_) | Source::Command { .. } => memory.observed,
        Source::Network(_) | Source::Interface(_) | Source::Static(_) => {
            let confirmed = memory.confirmed.map(|c| c.address);
            shown(&observer.observe(section), section.policy.family, confirmed)
        }
    }
}

fn text(view: &View, config: &Config) -> String {
    let mut out = format!("wansync {}, clock {}\n", view.version, view.clock);
    if !config.main.enabled {
        out.push_str("disabled: option enabled '0'\n");
    }
    if view.skydns.is_empty() {
        out.push_str("no skydns section is enabled\n");
    }
    let width = view
        .skydns
        .iter()
        .map(|s| s.section.len())
        .max()
        .unwrap_or(0);
    for section in &view.skydns {
        // Writing to a String cannot fail.
        let _ = write_section(&mut out, section, width);
    }
    out
}

fn write_section(out: &mut String, section: &SectionView, width: usize) -> std::fmt::Result {
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
            Some(age) => format!(" ({} ago)", spoken(age)),
            None => String::new(),
        }
    )?;
    if let Some(reason) = &section.reason {
        writeln!(out, "{:width$}  {reason}", "")?;
    }
    if let (Some(due), Some(left)) = (section.next_due_s, section.sends_left_today) {
        writeln!(
            out,
            "{:width$}  next in {}; {left} sends left today",
            "",
            spoken(due)
        )?;
    }
    Ok(())
}
