//! The `skydns` sections of the daemon: which need a pass, and when.
//!
//! The daemon decides with the functions of the pass itself, on what it has
//! heard already. Only when a pass would send something, or remember something
//! else than what is remembered, does one run, as a child process: name
//! resolution, TLS and pages of the web can block for as long as 30 s. A child
//! can be killed when the WAN that it sends through is gone, which a thread
//! cannot; its memory goes back to the router when it ends; and what a crash at
//! any moment means was thought through for `once` already.

use std::net::IpAddr;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use super::arguments;
use crate::agent::hooks::Errand;
use crate::agent::observe::Observer;
use crate::agent::paths::{Paths, key_of};
use crate::agent::publish::{self, remembered};
use crate::sys::child::Child;
use crate::sys::clock;
use crate::sys::digest::sha256;
use crate::sys::store::Store;
use wansync_core::config::{Config, Skydns, Source};
use wansync_core::holddown::HoldDown;
use wansync_core::memory::Memory;
use wansync_core::outcome::Outcome;
use wansync_core::reconcile::{self, Decision};
use wansync_core::record::Record;
use wansync_core::time::Now;

/// How long a state that is no address must last before it is written down:
/// most changes pass through one.
const SETTLE: Duration = Duration::from_secs(2);
/// How long a pass may go on when there is news that it does not know of.
const GRACE: Duration = Duration::from_secs(1);
/// How long after a pass another may follow that would do the same.
const PAUSE: Duration = Duration::from_secs(10);
/// How long a page or a program that had no answer is left alone. It doubles
/// up to the interval.
const LOOK_AGAIN: Duration = Duration::from_secs(20);
/// The longest that a pass may take, whatever its sections are: each send has
/// its own bound.
const LONGEST: Duration = Duration::from_secs(900);

/// All sections of a configuration.
pub struct Sections {
    all: Vec<Tracked>,
    record: Record,
    pass: Option<Running>,
    /// There is something wrong with the configuration, and the next pass will
    /// tell it.
    is_complaint: bool,
}

struct Tracked {
    name: String,
    /// When it is looked at next, since boot.
    due: Duration,
    hold_down: HoldDown,
    /// Something happened that only a pass can look at.
    is_called: bool,
    /// Somebody wants a pass, whatever there is to do.
    is_forced: bool,
    /// The address that the last pass was run for.
    tried: Option<IpAddr>,
    /// When the last pass over it ended, since boot.
    passed: Option<Duration>,
    /// Since when a state that is no address has been seen.
    odd_since: Option<Duration>,
    /// Passes in a row in which a page or a program had no answer.
    blind: u32,
    /// What was last remembered of it, to tell what is news.
    known: Memory,
}

/// A pass that runs.
struct Running {
    child: Child,
    started: Duration,
    sections: Vec<String>,
}

/// What a section needs.
enum Need {
    /// Nothing before this moment.
    Nothing(Duration),
    /// A pass, not before this moment. It is for this address, or for whatever
    /// it finds.
    Pass(Duration, Option<IpAddr>),
}

/// What the sections are looked at with.
pub struct Sight<'a> {
    /// Where everything is.
    pub paths: &'a Paths,
    /// What is remembered.
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
        let mut sections = Sections {
            all: Vec::new(),
            record: Record::default(),
            pass: None,
            is_complaint: false,
        };
        sections.follow(config, store);
        sections
    }

    /// Another configuration. What is known of sections that stay is kept.
    pub fn follow(&mut self, config: &Config, store: &Store) {
        self.record = store.record();
        self.is_complaint = !config.problems.is_empty();
        let mut old = std::mem::take(&mut self.all);
        for (name, section) in config.ready() {
            let kept = old.iter().position(|tracked| tracked.name == name);
            let mut tracked = kept.map_or_else(|| Tracked::new(name), |at| old.swap_remove(at));
            tracked.follow(section, store, &self.record);
            self.all.push(tracked);
        }
    }

    /// Has every section looked at now: those, too, that only a pass can look
    /// at, if `concerns` says so.
    pub fn call(&mut self, config: &Config, concerns: impl Fn(&Skydns) -> bool) {
        for tracked in &mut self.all {
            tracked.due = Duration::ZERO;
            let section = config.ready().find(|(name, _)| *name == tracked.name);
            tracked.is_called |= section.is_some_and(|(_, section)| concerns(section));
        }
    }

    /// Forces a pass over all of them.
    pub fn force(&mut self) {
        for tracked in &mut self.all {
            tracked.due = Duration::ZERO;
            tracked.is_forced = true;
        }
    }

    /// When there is something to do, since boot.
    pub fn due(&self) -> Option<Duration> {
        let pass = match &self.pass {
            Some(pass) => Some(pass.child.deadline()),
            None => self.is_complaint.then_some(Duration::ZERO),
        };
        self.all.iter().map(|t| t.due).chain(pass).min()
    }

    /// Whether there is something to do now.
    pub fn are_due(&self) -> bool {
        self.pass.is_some() || self.due().is_some_and(|due| due <= clock::since_boot())
    }

    /// Whether a changed address is still on its way to the service.
    pub fn address_is_pending(&self) -> bool {
        self.pass.is_some()
            || self
                .all
                .iter()
                .any(|t| t.known.outcome == Some(Outcome::Unconfirmed))
    }

    /// Looks at the sections that are due, and starts the pass that they need.
    /// Gives the programs that are to hear of what the last pass did.
    pub fn work(&mut self, sight: &Sight<'_>) -> Vec<Errand> {
        let errands = self.reap(sight);
        let now = clock::since_boot();
        let mut wanted = Vec::new();
        for (name, section) in sight.config.ready() {
            let Some(tracked) = self.all.iter_mut().find(|t| t.name == name) else {
                continue;
            };
            if tracked.due > now {
                continue;
            }
            match tracked.need(section, sight, &self.record, now) {
                Need::Nothing(due) => tracked.due = due,
                Need::Pass(from, _) if from > now => tracked.due = from,
                Need::Pass(_, address) => wanted.push((name, address)),
            }
        }
        let complains = self.pass.is_none() && std::mem::take(&mut self.is_complaint);
        if complains && wanted.is_empty() {
            wanted = sight.config.ready().map(|(name, _)| (name, None)).collect();
        }
        if complains || !wanted.is_empty() {
            self.run(sight, &wanted, now);
        }
        errands
    }

    /// The programs that are to hear of what somebody else's pass did. What a
    /// pass of ours does is told when it has ended.
    pub fn told(&mut self, config: &Config, store: &Store) -> Vec<Errand> {
        let ours = self.pass.as_ref().map(|pass| &pass.sections);
        let mut errands = Vec::new();
        for tracked in &mut self.all {
            if !ours.is_some_and(|ours| ours.contains(&tracked.name)) {
                errands.extend(tracked.learn(config, store));
            }
        }
        errands
    }

    /// Starts a pass, unless one runs that may still be of use.
    fn run(&mut self, sight: &Sight<'_>, wanted: &[(&str, Option<IpAddr>)], now: Duration) {
        if let Some(running) = &mut self.pass {
            let is_news = wanted.iter().any(|(name, address)| {
                let tried = self.all.iter().find(|t| t.name == *name).map(|t| t.tried);
                address.is_some() && tried != Some(*address)
            });
            let patience = running.started + GRACE;
            if !is_news || now < patience {
                let due = if is_news { patience } else { now + PAUSE };
                for tracked in self.all.iter_mut().filter(|t| t.due <= now) {
                    tracked.due = due;
                }
                return;
            }
            log::info!("the address changed during a pass, which is given up");
            self.give_up(now);
        }
        let names: Vec<String> = wanted.iter().map(|(name, _)| (*name).to_owned()).collect();
        let words = arguments(&["--pass"], sight.input);
        let arguments = sight.paths.arguments(&words, &names);
        match Child::ourselves(&arguments, sight.input, LONGEST) {
            Ok(child) => {
                self.pass = Some(Running {
                    child,
                    started: now,
                    sections: names,
                });
                for (name, address) in wanted {
                    if let Some(tracked) = self.all.iter_mut().find(|t| t.name == *name) {
                        tracked.begin(*address, now);
                    }
                }
            }
            Err(error) => {
                log::error!("cannot start a pass: {error}; the next try is in 10 s");
                for tracked in self.all.iter_mut().filter(|t| t.due <= now) {
                    tracked.due = now + PAUSE;
                }
            }
        }
    }

    /// Kills the pass. What it was run for is looked at again.
    fn give_up(&mut self, now: Duration) {
        let Some(given_up) = self.pass.take() else {
            return;
        };
        for tracked in &mut self.all {
            if given_up.sections.contains(&tracked.name) {
                tracked.due = tracked.due.min(now);
            }
        }
    }

    /// Takes note of a pass that ended.
    fn reap(&mut self, sight: &Sight<'_>) -> Vec<Errand> {
        let Some(running) = &mut self.pass else {
            return Vec::new();
        };
        let Some(ended) = running.child.ended() else {
            return Vec::new();
        };
        if ended.code().is_none() {
            log::error!("a pass {ended}");
        }
        let sections = std::mem::take(&mut running.sections);
        self.pass = None;
        self.record = sight.store.record();
        let now = clock::since_boot();
        let mut errands = Vec::new();
        for tracked in &mut self.all {
            // What was put off because of that pass is looked at again.
            tracked.due = tracked.due.min(now);
            if !sections.contains(&tracked.name) {
                continue;
            }
            tracked.passed = Some(now);
            errands.extend(tracked.learn(sight.config, sight.store));
            tracked.blind = match tracked.known.outcome {
                Some(Outcome::Aborted) => tracked.blind + 1,
                _ => 0,
            };
        }
        errands
    }

    /// Ends with the pass that runs, if it does within this time.
    pub fn end(&mut self, patience: Duration) {
        let end = clock::since_boot() + patience;
        while let Some(running) = &mut self.pass {
            if running.child.ended().is_some() || clock::since_boot() >= end {
                self.pass = None;
                return;
            }
            clock::sleep(Duration::from_millis(10));
        }
    }
}

impl Tracked {
    fn new(name: &str) -> Tracked {
        Tracked {
            name: name.to_owned(),
            due: Duration::ZERO,
            hold_down: HoldDown::default(),
            is_called: true,
            is_forced: false,
            tried: None,
            passed: None,
            odd_since: None,
            blind: 0,
            known: Memory::default(),
        }
    }

    /// The section has this configuration now, which may be another.
    fn follow(&mut self, section: &Skydns, store: &Store, record: &Record) {
        self.due = Duration::ZERO;
        self.is_called = true;
        let key = key_of(&self.name, &section.key).ok().flatten();
        if self.known.fingerprint == section.fingerprint(key.as_ref(), sha256) {
            return;
        }
        // What was tried, and how often, was tried elsewhere.
        self.tried = None;
        self.hold_down = HoldDown::default();
        if self.known.outcome.is_none() {
            let stored = store.memory(&self.name);
            let now = clock::now();
            self.known = remembered(stored, record, &self.name, section, key.as_ref(), now);
        }
    }

    /// Takes note of what is remembered now. Gives the program that is to hear
    /// of it.
    fn learn(&mut self, config: &Config, store: &Store) -> Option<Errand> {
        let memory = store.memory(&self.name).unwrap_or_default();
        let (name, section) = config.ready().find(|(name, _)| *name == self.name)?;
        let errand = publish::errand(name, section, &self.known, &memory);
        self.known = memory;
        errand
    }

    fn begin(&mut self, address: Option<IpAddr>, now: Duration) {
        if self.is_called || address != self.tried {
            self.hold_down.acted(now);
        }
        self.is_called = false;
        self.is_forced = false;
        self.odd_since = None;
        self.tried = address.or(self.tried);
        // It is looked at again when the pass has ended.
        self.due = now + LONGEST;
    }

    fn need(
        &mut self,
        section: &Skydns,
        sight: &Sight<'_>,
        record: &Record,
        now: Duration,
    ) -> Need {
        let interval = Duration::from_secs(sight.config.main.interval as u64);
        match section.source {
            _ if self.is_forced => Need::Pass(now, None),
            Source::Web(_) | Source::Command { .. } => self.need_of_blocking(now, interval),
            _ => self.need_of_native(section, sight, record, now),
        }
    }

    /// What it costs to ask such a source, only a pass can pay.
    fn need_of_blocking(&mut self, now: Duration, interval: Duration) -> Need {
        if self.is_called {
            return Need::Pass(self.hold_down.until(), None);
        }
        let pause = match self.blind {
            0 => interval,
            n => (LOOK_AGAIN * 2_u32.saturating_pow(n.min(10) - 1)).min(interval),
        };
        let due = self.passed.map_or(now, |at| at + pause);
        match due <= now {
            true => Need::Pass(now, None),
            false => Need::Nothing(due),
        }
    }

    fn need_of_native(
        &mut self,
        section: &Skydns,
        sight: &Sight<'_>,
        record: &Record,
        now: Duration,
    ) -> Need {
        let interval = Duration::from_secs(sight.config.main.interval as u64);
        let rested = self.passed.map_or(Duration::ZERO, |at| at + PAUSE);
        self.is_called = false;
        let Ok(key) = key_of(&self.name, &section.key) else {
            // The pass tells what is wrong with it; once is enough.
            return match self.passed {
                None => Need::Pass(now, None),
                Some(_) => Need::Nothing(now + interval),
            };
        };
        let time = clock::now();
        let stored = sight.store.memory(&self.name);
        let memory = remembered(stored, record, &self.name, section, key.as_ref(), time);
        let observation = sight.observer.observe(section);
        let decision = reconcile::decide(&section.policy, &observation, &memory, time, false);
        if let Decision::Update(address) = decision {
            let address = address.get();
            return match self.tried == Some(address) {
                true => Need::Pass(rested, Some(address)),
                false => Need::Pass(self.hold_down.until(), Some(address)),
            };
        }
        let confirmed = memory.confirmed.map(|c| c.address);
        let seen = Memory {
            observed: reconcile::shown(&observation, section.policy.family, confirmed),
            ..memory.clone()
        };
        let after = reconcile::kept(&seen, &decision);
        let is_first = self.passed.is_none() && self.known.outcome.is_none();
        if !is_first && !is_news(&memory, &after) {
            self.odd_since = None;
            return Need::Nothing(self.next(section, &memory, sight, time, now));
        }
        let since = *self.odd_since.get_or_insert(now);
        Need::Pass((since + SETTLE).max(rested), None)
    }

    fn next(
        &self,
        section: &Skydns,
        memory: &Memory,
        sight: &Sight<'_>,
        time: Now,
        now: Duration,
    ) -> Duration {
        let interval = sight.config.main.interval;
        let due = reconcile::next_due(&section.policy, memory, time, interval);
        now + Duration::from_secs(due.clamp(1, interval) as u64)
    }
}

/// Whether a pass would remember something that people should know: another
/// state, address or reason. That an address was confirmed is the same as that
/// it is unchanged, and that a failure is waited for the same as that it was.
fn is_news(before: &Memory, after: &Memory) -> bool {
    let state = |memory: &Memory| memory.outcome.map(Outcome::state);
    state(before) != state(after)
        || before.observed != after.observed
        || after.outcome == Some(Outcome::Aborted) && before.reason != after.reason
}
