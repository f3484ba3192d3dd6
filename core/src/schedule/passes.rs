//! The passes of the daemon: one at a time, over the sections that need one.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use super::section::{Need, PASS_REST, SectionFacts, SectionSchedule};
use crate::address::PublicAddress;
use crate::outcome::Outcome;
use crate::reconcile::Policy;
use crate::time::{Boot, Wall};

/// The longest that a pass may take, whatever its sections are: each send has its own
/// bound.
pub const MAX_PASS_TIME: Duration = Duration::from_secs(900);
/// The time that a pass may go on when another address is there, of which it does not know.
const STALE_PASS_GRACE: Duration = Duration::from_secs(1);

/// A section that a pass is to be run for, and the address that was chosen for it, if
/// one was: the pass need not look for one again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The section's name.
    pub section: String,
    /// The address to send.
    pub address: Option<PublicAddress>,
}

/// A pass that is to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassOrder {
    /// The sections.
    pub targets: Vec<Target>,
    /// True if the pass that runs is to be ended before: it sends an address that is
    /// gone.
    pub replaces: bool,
}

/// The schedules of all sections, and the pass that runs.
///
/// ```
/// use wansync_core::schedule::passes::PassSchedule;
/// use wansync_core::time::Boot;
///
/// let now = Boot::from_secs(100);
/// let mut schedule = PassSchedule::default();
/// schedule.configure([("home", false)].into_iter(), false);
/// assert!(schedule.is_due("home", now));
/// assert_eq!(schedule.next_pass(now), None, "the section was not checked yet");
/// ```
#[derive(Debug, Default)]
pub struct PassSchedule {
    sections: Vec<(String, SectionSchedule)>,
    /// The sections that needed a pass at their latest check.
    pending: Vec<Target>,
    /// The moment at which the pass began that runs, and its sections.
    running: Option<(Boot, Vec<String>)>,
    /// True if the next pass is to log problems of the configuration.
    has_problems: bool,
}

impl PassSchedule {
    /// Follows a configuration: its sections, each with whether it is the same as before.
    /// `has_problems`: the next pass logs what is wrong with it.
    pub fn configure<'a>(
        &mut self,
        sections: impl Iterator<Item = (&'a str, bool)>,
        has_problems: bool,
    ) {
        self.has_problems = has_problems;
        let mut old = mem::take(&mut self.sections);
        for (name, is_same) in sections {
            let kept = old.iter().position(|(other, _)| other == name);
            let mut schedule =
                kept.map_or_else(SectionSchedule::default, |at| old.swap_remove(at).1);
            schedule.request_recheck(true);
            if !is_same {
                schedule.forget_attempts();
            }
            self.sections.push((name.to_owned(), schedule));
        }
    }

    /// Has every section looked at now; those that only a pass can look at, if
    /// `concerns` says so.
    pub fn request_recheck(&mut self, concerns: impl Fn(&str) -> bool) {
        for (name, schedule) in &mut self.sections {
            schedule.request_recheck(concerns(name));
        }
    }

    /// Forces a pass over all sections.
    pub fn force_passes(&mut self) {
        for (_, schedule) in &mut self.sections {
            schedule.force_pass();
        }
    }

    /// The moment at which there is something to do. The end of a pass, and of its time, is
    /// not among it: that is its process's.
    pub fn due(&self) -> Option<Boot> {
        let has_problems = self.has_problems && self.running.is_none();
        let problems = has_problems.then_some(Boot::START);
        let sections = self.sections.iter().map(|(_, schedule)| schedule.due());
        sections.chain(problems).min()
    }

    /// True if a check of the section is due.
    pub fn is_due(&self, section: &str, now: Boot) -> bool {
        self.schedule_of(section)
            .is_some_and(|schedule| schedule.due() <= now)
    }

    /// Looks at a section that is due: notes whether it needs a pass, or when it is to be
    /// looked at again.
    pub fn check_section(
        &mut self,
        section: &str,
        policy: &Policy,
        facts: SectionFacts<'_>,
        interval: Duration,
        (now, wall): (Boot, Wall),
    ) {
        let mut sections = self.sections.iter_mut();
        let Some((_, schedule)) = sections.find(|(name, _)| name == section) else {
            return;
        };
        match schedule.next_need(policy, facts, interval, now, wall) {
            Need::Recheck(due) => schedule.set_recheck(due),
            Need::Pass(from, _) if from > now => schedule.set_recheck(from),
            Need::Pass(_, address) => self.pending.push(Target {
                section: section.to_owned(),
                address,
            }),
        }
    }

    /// The pass that is to be started now, after all sections that are due were looked
    /// at. What cannot have one yet is looked at again when it can.
    pub fn next_pass(&mut self, now: Boot) -> Option<PassOrder> {
        let mut targets = mem::take(&mut self.pending);
        if self.running.is_none() && mem::take(&mut self.has_problems) && targets.is_empty() {
            let all = self.sections.iter().map(|(name, _)| Target {
                section: name.clone(),
                address: None,
            });
            targets = all.collect();
        } else if targets.is_empty() {
            return None;
        }
        let Some((began, _)) = &self.running else {
            return Some(PassOrder {
                targets,
                replaces: false,
            });
        };
        let patience = *began + STALE_PASS_GRACE;
        let is_news = targets.iter().any(|target| {
            let schedule = self.schedule_of(&target.section);
            schedule.is_some_and(|schedule| schedule.is_news(target.address))
        });
        if is_news && patience <= now {
            return Some(PassOrder {
                targets,
                replaces: true,
            });
        }
        self.postpone(if is_news { patience } else { now + PASS_REST }, now);
        None
    }

    /// Notes that a pass began over these. One that it replaces was ended.
    pub fn pass_began(&mut self, targets: &[Target], now: Boot) {
        self.forget_pass(now);
        for target in targets {
            if let Some((_, schedule)) = self
                .sections
                .iter_mut()
                .find(|(name, _)| *name == target.section)
            {
                schedule.pass_began(target.address, now, now + MAX_PASS_TIME);
            }
        }
        let names = targets.iter().map(|target| target.section.clone());
        self.running = Some((now, names.collect()));
    }

    /// Notes that a pass could not be started. It is tried again.
    pub fn pass_failed_to_start(&mut self, now: Boot) {
        self.forget_pass(now);
        self.postpone(now + PASS_REST, now);
    }

    /// Forgets a pass that was ended before it had done its work.
    fn forget_pass(&mut self, now: Boot) {
        if let Some((_, sections)) = self.running.take() {
            for (name, schedule) in &mut self.sections {
                if sections.contains(name) {
                    schedule.set_recheck(schedule.due().min(now));
                }
            }
        }
    }

    /// Notes that the pass ended; `outcome` says how, for each of its sections, and the
    /// time until something is due then.
    pub fn pass_ended(&mut self, outcome: impl Fn(&str) -> Option<(Outcome, Duration)>, now: Boot) {
        let Some((_, ended)) = self.running.take() else {
            return;
        };
        for (name, schedule) in &mut self.sections {
            // What was put off because of that pass is looked at again.
            schedule.set_recheck(schedule.due().min(now));
            if ended.contains(name) {
                schedule.pass_ended(outcome(name), now);
            }
        }
    }

    /// True if a pass runs over this section.
    pub fn is_running(&self, section: &str) -> bool {
        self.running
            .as_ref()
            .is_some_and(|(_, sections)| sections.iter().any(|name| name == section))
    }

    fn postpone(&mut self, due: Boot, now: Boot) {
        for (_, schedule) in &mut self.sections {
            if schedule.due() <= now {
                schedule.set_recheck(due);
            }
        }
    }

    fn schedule_of(&self, section: &str) -> Option<&SectionSchedule> {
        let mut sections = self.sections.iter();
        sections.find_map(|(name, schedule)| (name == section).then_some(schedule))
    }
}
