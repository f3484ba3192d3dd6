//! The history: changes and gaps are added to it as they are noticed. A pass that finds
//! nothing new neither reads nor writes it.

use std::time::Duration;

use crate::agent::changes::Change;
use crate::agent::paths::Paths;
use crate::sys::clock;
use crate::sys::lock::{LockGuard, PassLock};
use wansync_core::config::Mode;
use wansync_core::history::{Condition, Entry, Gap, Line, is_gap};

/// Adds changes to the history. What cannot be written is lost, and nothing else.
pub(super) fn record(paths: &Paths, changes: &[Change]) {
    let mut lines = Vec::new();
    for change in changes {
        if let Some(condition) = Condition::of_word(change.new) {
            lines.push(Line::Change(Entry {
                section: change.section.clone(),
                reason: change.reason.clone(),
                ..Entry::new(change.at.whole_secs(), condition)
            }));
        }
    }
    add(paths, &lines);
}

/// Notes that nothing was watched until now, if the last look was longer ago than the
/// pauses between two explain, for a caller that looks as in this mode. `guard` is that of
/// the lock that it has taken, and `other` the one that other looks leave their time at.
pub(super) fn note_gap(
    paths: &Paths,
    guard: &LockGuard,
    other: &PassLock,
    (mode, interval): (Mode, Duration),
) {
    let is_gap = |ago: &Duration| is_gap(*ago, mode, interval);
    let Some(ago) = guard.watched_ago().filter(is_gap) else {
        return;
    };
    let ago = other.watched_ago().map_or(ago, |other| other.min(ago));
    if is_gap(&ago) {
        let to = clock::boot().whole_secs();
        let from = (to - ago).whole_secs();
        add(paths, &[Line::Gap(Gap { from, to })]);
    }
}

fn add(paths: &Paths, lines: &[Line]) {
    if !lines.is_empty()
        && let Err(why) = paths.store().add_to_history(lines)
    {
        log::warn!("the history lacks a change: {why}");
    }
}
