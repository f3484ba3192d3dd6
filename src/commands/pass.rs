//! One pass over the sections: observe, decide, act, remember.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use log::Level;

use super::exit::Exit;
use super::observe::Observer;
use super::paths::{Paths, key_of, warning_of_key_file};
use super::told::Told;
use crate::config::secret::Secret;
use crate::config::{Config, Content, Skydns};
use crate::core::address::PublicAddress;
use crate::core::failure::Failure;
use crate::core::memory::Memory;
use crate::core::outcome::Outcome;
use crate::core::reconcile::{self, Decision};
use crate::core::record::{Entry, Record};
use crate::core::time::Now;
use crate::service::skydns;
use crate::sys::http::{Client, Get, TIMEOUT};
use crate::sys::lock::Turn;
use crate::sys::store::Store;
use crate::sys::{clock, random};

/// How long a pass waits for another to end.
const PATIENCE: Duration = Duration::from_secs(90);

/// How a pass is to be done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Manner {
    /// Send what is confirmed already, wait for no backoff.
    pub forced: bool,
    /// Send nothing, remember nothing.
    pub dry_run: bool,
}

/// What a pass did for one section.
#[derive(Debug)]
pub struct Report {
    /// The section's name.
    pub section: String,
    /// How it ended; `None` if the section is wrong.
    pub outcome: Option<Outcome>,
    /// Why.
    pub reason: String,
    /// Whether its source gave an answer.
    pub observed: bool,
    /// What it means for the exit code.
    pub exit: Exit,
    /// In how many seconds something is due for it.
    pub due: i64,
}

/// Runs a pass, and one more for as long as others asked for one meanwhile.
///
/// # Errors
/// The exit code, if no pass could run; why is logged.
pub fn run(
    paths: &Paths,
    config: &Config,
    chosen: &[String],
    manner: Manner,
    told: &Told,
) -> Result<Vec<Report>, Exit> {
    if manner.dry_run {
        return Ok(once(paths, config, chosen, manner, told));
    }
    let turn = Turn::of_passes(&paths.state);
    loop {
        let Some(held) = turn.hold(PATIENCE).map_err(|e| no_state(paths, &e))? else {
            // Whoever runs now runs once more for us.
            turn.mark().map_err(|e| no_state(paths, &e))?;
            let waited = PATIENCE.as_secs();
            log::warn!("another pass has been running for {waited} s; one more follows it");
            return Err(Exit::Later);
        };
        turn.take_mark();
        let reports = once(paths, config, chosen, manner, told);
        told.keep();
        drop(held);
        if !turn.is_marked() {
            return Ok(reports);
        }
    }
}

/// Without the state folder no limit could be kept, so nothing is sent.
fn no_state(paths: &Paths, error: &io::Error) -> Exit {
    let folder = paths.state.display();
    log::error!("cannot use the folder {folder}: {error}; nothing is sent");
    Exit::Later
}

fn once(
    paths: &Paths,
    config: &Config,
    chosen: &[String],
    manner: Manner,
    told: &Told,
) -> Vec<Report> {
    let client = Client::new(config.main.ca_file.as_ref(), clock::now().clock_is_set());
    let store = paths.store();
    let mut pass = Pass {
        paths,
        interval: config.main.interval,
        manner,
        told,
        record: store.record(),
        store,
        client: &client,
        observer: Observer::new(&paths.ubus, &client),
        entries: BTreeMap::new(),
        unreachable: Vec::new(),
    };
    let mut reports = Vec::new();
    for section in &config.skydns {
        let name = section.name.as_str();
        pass.keep_entry(name);
        if !chosen.is_empty() && !chosen.iter().any(|chosen| chosen == name) {
            continue;
        }
        match &section.content {
            Content::Ready(skydns) => reports.push(pass.section(name, skydns)),
            Content::Wrong => reports.push(wrong(name, "its configuration is wrong")),
            Content::Disabled => {}
        }
    }
    if !manner.dry_run {
        pass.finish();
    }
    reports
}

fn wrong(section: &str, reason: &str) -> Report {
    Report {
        section: section.to_owned(),
        outcome: None,
        reason: reason.to_owned(),
        observed: false,
        exit: Exit::Config,
        due: i64::MAX,
    }
}

/// What is remembered of a section, under its configuration of today.
pub fn remembered(
    store: &Store,
    record: &Record,
    name: &str,
    section: &Skydns,
    key: Option<&Secret>,
    now: Now,
) -> Memory {
    let recalled = || {
        let entry = record.sections.get(name)?;
        Some(entry.recall(section.policy.refresh, now))
    };
    store
        .memory(name)
        .or_else(recalled)
        .unwrap_or_default()
        .under(&section.fingerprint(key))
        .dated(now)
}

struct Pass<'a> {
    paths: &'a Paths,
    interval: i64,
    manner: Manner,
    told: &'a Told,
    store: Store,
    record: Record,
    client: &'a Client,
    observer: Observer<'a>,
    /// What the record is to say.
    entries: BTreeMap<String, Entry>,
    /// Services that could not be reached in this pass, and the device that
    /// was tried: a thousand sections need not wait for one each.
    unreachable: Vec<(String, Option<String>, Failure)>,
}

/// A section that is about to be decided upon.
struct Subject<'a> {
    name: &'a str,
    section: &'a Skydns,
    key: Option<Secret>,
}

impl Pass<'_> {
    /// What is recorded of a section stays recorded, whatever becomes of it now.
    fn keep_entry(&mut self, name: &str) {
        if let Some(entry) = self.record.sections.get(name) {
            self.entries.insert(name.to_owned(), entry.clone());
        }
    }

    fn section(&mut self, name: &str, section: &Skydns) -> Report {
        let config = self.paths.config.display();
        let key = match key_of(section) {
            Ok(key) => key,
            Err(why) => {
                self.told.tell(Level::Error, format!("{config}, {why}"));
                return wrong(name, &why);
            }
        };
        if let Some(warning) = warning_of_key_file(section) {
            self.told.tell(Level::Warn, format!("{config}, {warning}"));
        }
        self.decided(&Subject { name, section, key })
    }

    fn decided(&mut self, subject: &Subject<'_>) -> Report {
        let Subject { name, section, key } = subject;
        let now = clock::now();
        let old = remembered(&self.store, &self.record, name, section, key.as_ref(), now);
        let observation = self.observer.observe(section);
        let decision =
            reconcile::decide(&section.policy, &observation, &old, now, self.manner.forced);
        let confirmed = old.confirmed.map(|c| c.address);
        let before = Memory {
            observed: reconcile::shown(&observation, section.policy.family, confirmed),
            ..old.clone()
        };
        let (after, failure) = match decision {
            Decision::Update(address) if !self.manner.dry_run => {
                self.update(subject, &before, address)
            }
            kept => (reconcile::kept(&before, &kept), None),
        };
        if !self.manner.dry_run {
            self.learn(name, &old, &after);
        }
        Report {
            observed: observation.is_ok(),
            ..self.report(subject, &after, failure.as_ref())
        }
    }

    /// Sends an address, and gives what to remember of it.
    fn update(
        &mut self,
        subject: &Subject<'_>,
        before: &Memory,
        address: PublicAddress,
    ) -> (Memory, Option<Failure>) {
        let (now, random) = (clock::now(), random::number());
        let pending = reconcile::sending(before, address, now, random);
        // A send that cannot be remembered could be repeated without end.
        if let Err(why) = self.store.remember(subject.name, &pending) {
            let kept = reconcile::kept(before, &Decision::Abort(why));
            return (kept, None);
        }
        let result = self.send(subject, address);
        let after = reconcile::sent(before, address, &result, clock::now(), random);
        (after, result.err())
    }

    fn send(&mut self, subject: &Subject<'_>, address: PublicAddress) -> Result<(), Failure> {
        let Subject { section, key, .. } = subject;
        let device = match &section.bind {
            Some(network) => Some(self.observer.device_of(network)?),
            None => None,
        };
        let service = section.base_url.as_str();
        let known = self
            .unreachable
            .iter()
            .find(|(url, through, _)| url == service && *through == device);
        if let Some((_, _, failure)) = known {
            return Err(failure.clone());
        }
        let request = Get {
            url: &skydns::update_ip(section, key.as_ref(), address.get()),
            device: device.as_deref(),
            family: None,
            limit: skydns::BODY_LIMIT,
            timeout: TIMEOUT,
            accept: "application/json",
        };
        let result = self
            .client
            .get(&request)
            .and_then(|reply| skydns::data(&reply, clock::now().wall))
            .map(drop)
            .map_err(|failure| redacted(failure, key.as_ref()));
        if let Err(failure) = &result
            && !failure.may_have_arrived()
        {
            self.unreachable
                .push((service.to_owned(), device, failure.clone()));
        }
        result
    }

    /// Remembers what was learnt of a section, and logs it if it is news.
    fn learn(&mut self, name: &str, old: &Memory, new: &Memory) {
        if new == old {
            return;
        }
        if let Err(why) = self.store.remember(name, new) {
            log::error!("{name}: {why}");
        }
        let sent = new.sends != old.sends || new.failures > old.failures;
        let is_news = sent || new.outcome != old.outcome || new.reason != old.reason;
        let level = match new.outcome {
            _ if !is_news => Level::Debug,
            Some(outcome) if outcome.is_trouble() => Level::Warn,
            _ => Level::Info,
        };
        let outcome = new.outcome.map(|o| o.to_string()).unwrap_or_default();
        log::log!(level, "{name}: {outcome}: {}", new.reason);
    }

    fn report(
        &mut self,
        subject: &Subject<'_>,
        memory: &Memory,
        failure: Option<&Failure>,
    ) -> Report {
        match Entry::of(memory) {
            Some(entry) => self.entries.insert(subject.name.to_owned(), entry),
            None => self.entries.remove(subject.name),
        };
        Report {
            section: subject.name.to_owned(),
            outcome: memory.outcome,
            reason: memory.reason.clone(),
            observed: true,
            exit: memory.outcome.map_or(Exit::Done, |o| Exit::of(o, failure)),
            due: reconcile::next_due(&subject.section.policy, memory, clock::now(), self.interval),
        }
    }

    fn finish(self) {
        let now = clock::now();
        if let Some(record) = self.record.with(self.entries, now)
            && let Err(why) = self.store.write_record(&record)
        {
            let text = format!("{why}; it will be lost at the next reboot");
            self.told.tell(Level::Error, text);
        }
        if let Err(why) = self.store.passed(now) {
            log::error!("{why}");
        }
    }
}

/// A service may quote the key that it was sent.
fn redacted(failure: Failure, key: Option<&Secret>) -> Failure {
    match key {
        Some(key) => failure.map_text(|text| key.redact(text)),
        None => failure,
    }
}
