//! The `skydns` sections of the daemon: performs what [`wansync_core::schedule`] says.
//!
//! Only when a pass would send something, or remember something else than what is
//! remembered, does one run, as a child process: name resolution, TLS and pages of the
//! web can block for as long as 30 s. A child can be killed when the WAN that it sends
//! through is gone, which a thread cannot; its memory goes back to the router when it
//! ends; and what a crash at any moment means was thought through for `once` already.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use super::child;
use crate::agent::changes::{self, Change};
use crate::agent::observe::Observer;
use crate::agent::paths::{Paths, key_of};
use crate::agent::recall::{Access, remembered_state};
use crate::sys::child::Child;
use crate::sys::clock;
use crate::sys::digest::sha256;
use crate::sys::store::Store;
use wansync_core::config::{Config, Skydns, Source};
use wansync_core::outcome::Outcome;
use wansync_core::reconcile;
use wansync_core::record::{Record, recall};
use wansync_core::schedule::passes::{MAX_PASS_TIME, PassOrder, PassSchedule, Target};
use wansync_core::schedule::section::SectionFacts;
use wansync_core::state::SectionState;
use wansync_core::time::Boot;

/// All sections of a configuration.
#[derive(Default)]
pub struct Sections {
    schedule: PassSchedule,
    /// The states that were last remembered, by which a change is noticed.
    states: Vec<(String, SectionState)>,
    record: Record,
    pass: Option<Child>,
}

/// The means by which the sections are looked at.
pub struct CheckContext<'a> {
    /// The places of all files.
    pub paths: &'a Paths,
    /// The states that are remembered.
    pub store: &'a Store,
    /// The configuration.
    pub config: &'a Config,
    /// The configuration as a file, for the pass.
    pub input: Option<BorrowedFd<'a>>,
    /// The sources.
    pub observer: &'a Observer<'a>,
}

impl Sections {
    /// The sections of a configuration.
    pub fn new(config: &Config, store: &Store) -> Sections {
        let mut sections = Sections::default();
        sections.configure(config, store);
        sections
    }

    /// Follows another configuration. What is known of sections that stay is kept.
    pub fn configure(&mut self, config: &Config, store: &Store) {
        self.record = store.record();
        let mut old = std::mem::take(&mut self.states);
        let (mut names, access) = (Vec::new(), Access::new(&config.main));
        for (name, section) in config.ready_sections() {
            let known = old.iter().position(|(other, _)| other == name);
            let known = known.map(|at| old.swap_remove(at).1).unwrap_or_default();
            let key = key_of(name, &section.key).ok().flatten();
            let is_same = known.fingerprint == section.fingerprint(key.as_ref(), sha256)
                && known.access == access.fingerprint(section);
            let state = match known.outcome {
                None if !is_same => {
                    let stored = store.section_state(name);
                    let (entry, now) = (self.record.entry(name), clock::now());
                    remembered_state(stored, entry, section, key.as_ref(), access, now)
                }
                _ => known,
            };
            self.states.push((name.to_owned(), state));
            names.push((name, is_same));
        }
        let has_problems = !config.problems.is_empty();
        self.schedule.configure(names.into_iter(), has_problems);
    }

    /// Has every section looked at now: those, too, that only a pass can look at, if
    /// `concerns` says so.
    pub fn request_recheck(&mut self, config: &Config, concerns: &dyn Fn(&Skydns) -> bool) {
        self.schedule.request_recheck(|name| {
            let section = config.ready_section(name);
            section.is_some_and(concerns)
        });
    }

    /// Forces a pass over all sections.
    pub fn force_passes(&mut self) {
        self.schedule.force_passes();
    }

    /// The moment at which there is something to do.
    pub fn due(&self) -> Option<Boot> {
        let deadline = self.pass.as_ref().map(Child::deadline);
        let due = self.schedule.due().into_iter();
        due.chain(deadline.map(Boot::after_boot)).min()
    }

    /// True if there is something to do now.
    pub fn are_due(&self) -> bool {
        self.pass.is_some() || self.due().is_some_and(|due| due <= clock::boot())
    }

    /// True if a changed address is still on its way to the service.
    pub fn address_is_pending(&self) -> bool {
        let is_pending = |state: &SectionState| state.outcome == Some(Outcome::Unconfirmed);
        self.pass.is_some() || self.states.iter().any(|(_, state)| is_pending(state))
    }

    /// Looks at the sections that are due, and starts the pass that they need. Gives the
    /// changes that the last pass made.
    pub fn advance(&mut self, context: &CheckContext<'_>) -> Vec<Change> {
        let changes = self.reap_pass(context);
        let now = clock::boot();
        for (name, section) in context.config.ready_sections() {
            if self.schedule.is_due(name, now) {
                self.check_section(name, section, context, now);
            }
        }
        if let Some(order) = self.schedule.next_pass(now) {
            self.start_pass(context, &order, now);
        }
        changes
    }

    /// Asks the source of a section, where that costs nothing, and passes the answer to the
    /// schedule.
    fn check_section(
        &mut self,
        name: &str,
        section: &Skydns,
        context: &CheckContext<'_>,
        now: Boot,
    ) {
        let (policy, interval) = (&section.policy, context.config.main.interval);
        let times = (now, clock::wall());
        let mut look = |facts| {
            self.schedule
                .check_section(name, policy, facts, interval, times)
        };
        if let Source::Web(_) | Source::Command { .. } = section.source {
            return look(SectionFacts::Unobserved);
        }
        let Ok(key) = key_of(name, &section.key) else {
            return look(SectionFacts::WithoutKey);
        };
        let stored = context.store.section_state(name);
        let (key, now) = (key.as_ref(), clock::now());
        let (entry, access) = (self.record.entry(name), Access::new(&context.config.main));
        look(SectionFacts::Observed {
            observation: &context.observer.observe(section),
            state: remembered_state(stored, entry, section, key, access, now),
        });
    }

    /// Takes note of what another process's pass did. What our own pass does is taken
    /// note of when it has ended.
    pub fn take_notifications(&mut self, config: &Config, store: &Store) -> Vec<Change> {
        self.update_states(config, store, false)
    }

    /// Takes note of what is remembered of the sections that our own pass runs for, or of
    /// the others. Gives their changes.
    fn update_states(&mut self, config: &Config, store: &Store, is_ours: bool) -> Vec<Change> {
        self.record = store.record();
        let mut changes = Vec::new();
        for (name, state) in &mut self.states {
            if self.schedule.is_running(name) == is_ours {
                changes.extend(update_state(name, state, config, store, &self.record));
            }
        }
        changes
    }

    fn start_pass(&mut self, context: &CheckContext<'_>, order: &PassOrder, now: Boot) {
        if order.replaces {
            log::info!("the address changed during a pass, which is given up");
            self.pass = None;
        }
        let targets: Vec<String> = order.targets.iter().map(word_of).collect();
        let mut words = vec!["--pass"];
        words.extend(targets.iter().map(String::as_str));
        match child::start(context.paths, &words, context.input, MAX_PASS_TIME) {
            Ok(child) => {
                self.pass = Some(child);
                self.schedule.pass_began(&order.targets, now);
            }
            Err(error) => {
                log::error!("cannot start a pass: {error}; the next try is in 10 s");
                self.schedule.pass_failed_to_start(now);
            }
        }
    }

    /// Takes note of a pass that ended.
    fn reap_pass(&mut self, context: &CheckContext<'_>) -> Vec<Change> {
        let Some(ended) = self.pass.as_mut().and_then(Child::poll_end) else {
            return Vec::new();
        };
        if ended.code().is_none() {
            log::error!("a pass {ended}");
        }
        self.pass = None;
        let changes = self.update_states(context.config, context.store, true);
        let (states, config) = (&self.states, context.config);
        let (now, interval) = (clock::now(), config.main.interval);
        let outcome = |name: &str| {
            let (_, state) = states.iter().find(|(other, _)| other == name)?;
            let section = config.ready_section(name)?;
            let due = reconcile::next_due(&section.policy, state, now, interval);
            Some((state.outcome?, due))
        };
        self.schedule.pass_ended(outcome, clock::boot());
        changes
    }

    /// Ends with the pass that runs, if it does within this time.
    pub fn finish_pass(&mut self, patience: Duration) {
        let end = clock::since_boot() + patience;
        while let Some(pass) = &mut self.pass {
            if pass.poll_end().is_some() || clock::since_boot() >= end {
                self.pass = None;
                return;
            }
            clock::sleep(Duration::from_millis(10));
        }
    }
}

/// A target on the command line of a pass, `SECTION` or `SECTION=ADDRESS`. (Names of
/// sections are `[A-Za-z0-9_]+`.)
fn word_of(target: &Target) -> String {
    match target.address {
        None => target.section.clone(),
        Some(address) => format!("{}={address}", target.section),
    }
}

/// Takes note of what is remembered of a section now. Gives its change.
fn update_state(
    name: &str,
    state: &mut SectionState,
    config: &Config,
    store: &Store,
    record: &Record,
) -> Option<Change> {
    let section = config.ready_section(name)?;
    let (stored, entry) = (store.section_state(name), record.entry(name));
    let new = recall(stored, entry, section.policy.refresh, clock::now());
    let change = changes::of_section(name, section, state, &new);
    *state = new;
    change
}
