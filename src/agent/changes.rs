//! Changes of the states of sections, and who is told of them.
//!
//! Each change is told once, by the one process that acts upon it: the daemon where one
//! runs, else the pass that found it.

use crate::agent::events;
use crate::agent::history;
use crate::agent::hooks::HookRun;
use crate::agent::paths::Paths;
use crate::sys::clock;
use wansync_core::config::Skydns;
use wansync_core::reason::Reason;
use wansync_core::state::SectionState;
use wansync_core::time::Boot;

/// A change of a section's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The moment at which it was noticed.
    pub at: Boot,
    /// The section.
    pub section: String,
    /// `skydns` or `tunnel`, the type of the section.
    pub kind: &'static str,
    /// The state before.
    pub old: &'static str,
    /// The state now.
    pub new: &'static str,
    /// The reason.
    pub reason: Reason,
    /// The address that is confirmed, or the tunnel's name at VPNKI.
    pub subject: String,
    /// False if the state is only the first that is known, and nothing has happened.
    pub is_news: bool,
    /// The program of `option notify`.
    pub notify: Option<String>,
}

/// The change of a `skydns` section between two states that are remembered.
pub fn of_section(
    name: &str,
    section: &Skydns,
    before: &SectionState,
    after: &SectionState,
) -> Option<Change> {
    let (old, new, is_news) = after.change_since(before)?;
    let address = after.confirmed.map(|c| c.address.to_string());
    Some(Change {
        at: clock::boot(),
        section: name.to_owned(),
        kind: "skydns",
        old,
        new,
        reason: after.reason.clone(),
        subject: address.unwrap_or_default(),
        is_news,
        notify: section.notify.clone(),
    })
}

/// Tells of changes, in their order: the history and who listens on ubus now, and the
/// owner's programs by the runs that it gives.
pub fn tell(paths: &Paths, changes: Vec<Change>) -> Vec<HookRun> {
    history::record(paths, &changes);
    events::send(&paths.ubus, &changes);
    let mut runs = Vec::new();
    for mut change in changes {
        let program = change.notify.take();
        if let Some(program) = program.filter(|_| change.is_news) {
            runs.push(HookRun::new(program, Vec::new(), change));
        }
    }
    runs
}
