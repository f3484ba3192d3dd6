//! `wansync history`: since when each section is as it is, and what was before.

use std::net::IpAddr;
use std::time::Duration;

use super::output::{Output, local_zone, screen};
use super::status;
use crate::agent::paths::Paths;
use crate::cli::{HistoryArguments, TextOrJson};
use crate::exit::Exit;
use crate::sys::clock;
use crate::sys::lock::PassLock;
use crate::sys::store::Store;
use wansync_core::config::Config;
use wansync_core::history::{Condition, History, Present, is_gap};
use wansync_core::outcome::Outcome;
use wansync_core::reason::Reason;
use wansync_core::record::{MAX_ADDRESSES, RecordEntry};
use wansync_core::state::Confirmed;
use wansync_core::text::history::{self, Addresses, HistoryView};
use wansync_core::time::{Boot, Now, Wall};

/// Runs it.
pub fn run(paths: &Paths, arguments: &HistoryArguments, out: &Output) -> Exit {
    let chosen = arguments.section.as_deref();
    let now = clock::now();
    match view(paths, chosen, arguments.since, now) {
        Ok((view, now)) => {
            let shown = match arguments.format {
                TextOrJson::Text => history::text(&view, &local_zone(), now, screen()),
                TextOrJson::Json => history::json(&view, now),
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
    let used = status::config_in_use(paths)?;
    let (config, store) = (&used.config, paths.store());
    store.check_readable().map_err(|why| (Exit::Later, why))?;
    status::ask_daemon_to_write(paths, &used);
    let mut history = store.history();
    let now = history.date(now);
    let (present, mut addresses) = present(config, &store);
    if let Some(name) = chosen {
        let mut known: Vec<&str> = config.skydns.iter().map(|one| &*one.name).collect();
        known.extend(config.tunnels.iter().map(|one| &*one.name));
        known.extend(history.entries.iter().map(|entry| &*entry.section));
        if !known.contains(&name) {
            return Err((Exit::Usage, paths.no_section(name, &known)));
        }
    }
    if let Some(from) = watched_until(paths, config, &present, &history, now) {
        history.end_watch(from, now);
    }
    addresses.retain(|(name, _)| chosen.is_none_or(|chosen| chosen == name));
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
    let main = &config.main;
    let locks = [
        PassLock::of_passes(&paths.state),
        PassLock::of_daemon(&paths.state),
    ];
    let ago = locks.iter().filter_map(PassLock::watched_ago).min()?;
    is_gap(ago, main.mode, main.interval).then(|| now.boot - ago)
}

/// The states of the sections that are watched, and the addresses of theirs that were
/// confirmed.
fn present(config: &Config, store: &Store) -> (Vec<Present>, Vec<Addresses>) {
    let (mut present, mut addresses) = (Vec::new(), Vec::new());
    let record = store.record();
    for (name, _) in config.ready_sections() {
        let state = store.section_state(name).unwrap_or_default();
        let list = confirmed_addresses(record.entry(name), state.confirmed);
        if !list.is_empty() {
            addresses.push((name.to_owned(), list));
        }
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
    (present, addresses)
}

/// The addresses of the record, and before them the one that may not be in it yet.
fn confirmed_addresses(
    entry: Option<&RecordEntry>,
    confirmed: Option<Confirmed>,
) -> Vec<(IpAddr, Wall)> {
    let mut list = entry.map(RecordEntry::addresses).unwrap_or_default();
    if let Some(Confirmed { address, wall, .. }) = confirmed
        && list.first().is_none_or(|(last, _)| *last != address)
    {
        list.insert(0, (address, wall));
        list.truncate(MAX_ADDRESSES);
    }
    list
}
