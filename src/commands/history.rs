//! `wansync history`: since when each section is as it is, and what was before.

use std::time::Duration;

use super::output::{Output, local_zone, screen};
use super::status;
use crate::agent::paths::Paths;
use crate::cli::{CheckFormat, HistoryArguments};
use crate::exit::Exit;
use crate::sys::clock;
use crate::sys::lock::PassLock;
use crate::sys::store::Store;
use wansync_core::config::{Config, Mode};
use wansync_core::history::{Condition, History, Present};
use wansync_core::outcome::Outcome;
use wansync_core::reason::Reason;
use wansync_core::record::MAX_ADDRESSES;
use wansync_core::text::history::{self, HistoryView};
use wansync_core::text::status::is_overdue;
use wansync_core::time::{Boot, Now};

/// Runs it.
pub fn run(paths: &Paths, arguments: &HistoryArguments, out: &Output) -> Exit {
    let chosen = arguments.section.as_deref();
    let now = clock::now();
    match view(paths, chosen, arguments.since, now) {
        Ok((view, now)) => {
            let shown = match arguments.format {
                CheckFormat::Text => history::text(&view, &local_zone(), now, screen()),
                CheckFormat::Json => history::json(&view, now),
            };
            out.line(shown.trim_end());
            Exit::Done
        }
        Err((exit, why)) => {
            log::error!("{why}");
            exit
        }
    }
}

/// The JSON object for programs: of one section or of all, for as long or from the beginning.
///
/// # Errors
/// Why there is none, and the exit code for it: `Exit::Usage` if there is no such section.
pub(super) fn json_of(
    paths: &Paths,
    section: Option<&str>,
    since: Option<Duration>,
) -> Result<String, (Exit, Reason)> {
    let now = clock::now();
    let (view, now) = view(paths, section, since, now)?;
    Ok(history::json(&view, now))
}

/// The text for people, of all that is known.
///
/// # Errors
/// Why there is none.
pub(super) fn text_of(paths: &Paths) -> Result<String, String> {
    let now = clock::now();
    let (view, now) = view(paths, None, None, now).map_err(|(_, why)| why.to_string())?;
    Ok(history::text(&view, &local_zone(), now, screen()))
}

fn view(
    paths: &Paths,
    chosen: Option<&str>,
    since: Option<Duration>,
    now: Now,
) -> Result<(HistoryView, Now), (Exit, Reason)> {
    let config = status::config_in_use(paths)?.config;
    let store = paths.store();
    store.check_readable().map_err(|why| (Exit::Later, why))?;
    status::ask_daemon_to_write(paths);
    let mut history = store.history();
    let now = history.date(now);
    let present = present(&config, &store);
    if let Some(name) = chosen {
        let mut known: Vec<&str> = config.skydns.iter().map(|one| &*one.name).collect();
        known.extend(config.tunnels.iter().map(|one| &*one.name));
        known.extend(history.entries.iter().map(|entry| &*entry.section));
        if !known.contains(&name) {
            return Err((Exit::Usage, paths.no_section(name, &known)));
        }
    }
    if let Some(from) = watched_until(paths, &config, &present, &history, now) {
        history.end_watch(from, now);
    }
    let addresses = addresses(&config, &store, chosen);
    let which = (chosen, since);
    let view = HistoryView::new(history, present, addresses, which, store.boot_id(), now);
    Ok((view, now))
}

/// The moment of the last look, if the pause since is longer than that between two. Where
/// nothing is known since this boot that is the last change before it.
fn watched_until(
    paths: &Paths,
    config: &Config,
    present: &[Present],
    history: &History,
    now: Now,
) -> Option<Boot> {
    let last = history.entries.last().map(|last| last.end);
    if last.is_some_and(|last| last < Boot::START)
        && present.iter().all(|one| one.condition.is_none())
    {
        return last;
    }
    let interval = match config.main.mode {
        Mode::Hook => config.main.interval,
        // It leaves word each minute.
        Mode::Daemon => config.main.interval / 3,
    };
    let locks = [
        PassLock::of_passes(&paths.state),
        PassLock::of_daemon(&paths.state),
    ];
    let ago = locks.iter().filter_map(PassLock::watched_ago).min()?;
    is_overdue(ago, interval).then(|| now.boot - ago)
}

/// The states of the sections that are watched.
fn present(config: &Config, store: &Store) -> Vec<Present> {
    let mut present = Vec::new();
    for (name, _) in config.ready_sections() {
        let state = store.section_state(name).unwrap_or_default();
        let confirmed = state.confirmed.map(|c| c.boot);
        present.push(Present {
            section: name.to_owned(),
            is_tunnel: false,
            condition: state
                .outcome
                .map(Outcome::state)
                .and_then(Condition::of_word),
            reason: state.reason,
            since: state.unwell_since.or(confirmed),
        });
    }
    for (name, _) in config.ready_tunnels() {
        let state = store.tunnel_state(name).map(|state| state.recovery);
        let state = state.filter(|state| !state.reason.is_empty());
        let condition = state.as_ref().map(|state| state.notified_state());
        present.push(Present {
            section: name.to_owned(),
            is_tunnel: true,
            condition: condition.and_then(Condition::of_word),
            since: state.as_ref().map(|state| state.since),
            reason: state.map(|state| state.reason).unwrap_or_default(),
        });
    }
    present
}

/// Those of the record, and before them the one that may not be in it yet.
fn addresses(config: &Config, store: &Store, chosen: Option<&str>) -> Vec<history::Addresses> {
    let record = store.record();
    let mut addresses = Vec::new();
    for (name, _) in config.ready_sections() {
        if chosen.is_some_and(|chosen| chosen != name) {
            continue;
        }
        let entry = record.entry(name);
        let mut list = entry.map(|entry| entry.addresses()).unwrap_or_default();
        let state = store.section_state(name);
        if let Some(confirmed) = state.and_then(|state| state.confirmed)
            && list
                .first()
                .is_none_or(|(last, _)| *last != confirmed.address)
        {
            list.insert(0, (confirmed.address, confirmed.wall));
            list.truncate(MAX_ADDRESSES);
        }
        if !list.is_empty() {
            addresses.push((name.to_owned(), list));
        }
    }
    addresses
}
