//! One pass over the sections: observe, decide, act, remember.

use std::io;
use std::time::Duration;

use crate::agent::hooks::{Errand, News};
use crate::agent::observe::Observer;
use crate::agent::paths::{Paths, key_of, warning_of_key_file};
use crate::agent::problem_log::Complaints;
use crate::exit::Exit;
use crate::sys::digest::sha256;
use crate::sys::http::{Client, Get};
use crate::sys::lock::{Held, Turn};
use crate::sys::store::Store;
use crate::sys::{clock, log as logging, random};
use wansync_core::address::PublicAddress;
use wansync_core::config::problem::Problem;
use wansync_core::config::secret::Secret;
use wansync_core::config::{Config, Content, Skydns};
use wansync_core::failure::Failure;
use wansync_core::memory::Memory;
use wansync_core::outcome::Outcome;
use wansync_core::reconcile::{self, Decision};
use wansync_core::record::{Entry, Record};
use wansync_core::service::skydns;
use wansync_core::time::{Now, spoken};

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
    /// What it means for the exit code.
    pub exit: Exit,
    /// Whether the source could not be asked, or had no answer.
    pub is_blind: bool,
    /// In how many seconds something is due for it.
    pub due: i64,
}

/// What a pass did for all of them.
#[derive(Debug, Default)]
pub struct Done {
    /// One for each section that was passed over, in the order of the file.
    pub reports: Vec<Report>,
    /// The programs that are to hear of it.
    pub errands: Vec<Errand>,
}

impl Report {
    /// It in one line, with what is due when, if there is trouble.
    pub fn line(&self) -> String {
        let Report {
            section,
            reason,
            due,
            ..
        } = self;
        match self.outcome {
            None => format!("{section}: not acted upon: {reason}"),
            Some(outcome) if outcome.is_trouble() => {
                format!("{section}: {outcome}: {reason}; next in {}", spoken(*due))
            }
            Some(outcome) => format!("{section}: {outcome}: {reason}"),
        }
    }
}

/// The first exit code that is not 0, in the order of the file.
pub fn exit_of(reports: &[Report]) -> Exit {
    let exits = reports.iter().map(|report| report.exit);
    exits.fold(Exit::Done, Exit::or)
}

/// Runs a pass, and one more for as long as others asked for one meanwhile.
/// Those are for all sections and forced in none, whatever the first one was.
///
/// # Errors
/// The exit code, if no pass could run; why is logged.
pub fn run(
    paths: &Paths,
    config: &Config,
    chosen: &[String],
    manner: Manner,
) -> Result<Done, Exit> {
    if manner.dry_run {
        return match paths.store().check_readable() {
            Ok(()) => Ok(once(paths, config, chosen, manner)),
            Err(why) => {
                log::error!("{why}");
                Err(Exit::Later)
            }
        };
    }
    let turn = Turn::of_passes(&paths.state);
    let no_state = |error: io::Error| no_state(paths, &error);
    let (held, fresh) = match turn.try_hold().map_err(no_state)? {
        Some(held) => (held, None),
        // By the time that it is our turn, the configuration may be another.
        None => (wait(&turn).map_err(no_state)??, Some(paths.load_to_act()?)),
    };
    turn.take_mark();
    let mut done = once(paths, fresh.as_ref().unwrap_or(config), chosen, manner);
    held.release();
    while turn.is_marked() {
        let Some(held) = turn.hold_or_mark(PATIENCE).map_err(no_state)? else {
            break;
        };
        // Whoever took it since runs for it too.
        if !turn.take_mark() {
            break;
        }
        let Ok(config) = paths.load_to_act() else {
            break;
        };
        if !config.main.enabled {
            break;
        }
        let more = once(paths, &config, &[], Manner::default());
        held.release();
        done.errands.extend(more.errands);
        if chosen.is_empty() && !manner.forced {
            done.reports = more.reports;
        }
    }
    Ok(done)
}

fn wait(turn: &Turn) -> io::Result<Result<Held, Exit>> {
    Ok(turn.hold_or_mark(PATIENCE)?.ok_or_else(|| {
        let waited = PATIENCE.as_secs();
        log::warn!("another pass has been running for {waited} s; one more follows it");
        Exit::Later
    }))
}

/// Without the state folder no limit could be kept, so nothing is sent.
fn no_state(paths: &Paths, error: &io::Error) -> Exit {
    let folder = paths.state.display();
    log::error!("cannot use the folder {folder}: {error}; nothing is sent");
    Exit::Later
}

fn once(paths: &Paths, config: &Config, chosen: &[String], manner: Manner) -> Done {
    let client = Client::new(config.main.ca_file.as_ref(), clock::now().clock_is_set());
    let store = paths.store();
    let complaints = Complaints::after(match manner.dry_run {
        true => Vec::new(),
        false => store.complaints(),
    });
    let mut pass = Pass {
        paths,
        interval: config.main.interval,
        manner,
        record: store.record(),
        store,
        client: &client,
        observer: Observer::new(&paths.ubus, &client),
        entries: Vec::new(),
        unreachable: Vec::new(),
        errands: Vec::new(),
        complaints,
    };
    for problem in &config.problems {
        pass.complain_of(problem);
    }
    let mut reports = Vec::new();
    for section in &config.skydns {
        let name = section.name.as_str();
        pass.keep_entry(name);
        if !chosen.is_empty() && !chosen.iter().any(|chosen| chosen == name) {
            continue;
        }
        match &section.content {
            Content::Ready(skydns) => reports.push(pass.section(name, skydns)),
            Content::Wrong => {
                let why = config.first_error(name).map(told);
                reports.push(wrong(name, &why.unwrap_or_default()));
            }
            Content::Disabled => {}
        }
    }
    let errands = std::mem::take(&mut pass.errands);
    if !manner.dry_run {
        pass.finish();
    }
    Done { reports, errands }
}

/// The program that is to hear of what became of a section, if it is news:
/// another state, or another address that was confirmed. That an address is
/// still confirmed after a reboot is none.
pub fn errand(name: &str, section: &Skydns, old: &Memory, new: &Memory) -> Option<Errand> {
    let program = section.notify.clone()?;
    let state = |memory: &Memory| memory.outcome.map(Outcome::state);
    let address = |memory: &Memory| memory.confirmed.map(|c| c.address);
    let (before, after) = (state(old), state(new)?);
    let is_other = address(old) != address(new);
    let is_news = match before {
        None => is_other || after != "confirmed",
        Some(before) => is_other || before != after,
    };
    is_news.then(|| Errand {
        section: name.to_owned(),
        program,
        arguments: Vec::new(),
        news: News {
            kind: "skydns",
            old: before.unwrap_or("unknown"),
            new: after,
            reason: new.reason.clone(),
            subject: address(new).map(|a| a.to_string()).unwrap_or_default(),
        },
    })
}

/// A problem behind the name of its section.
fn told(problem: &Problem) -> String {
    format!("line {}: {}", problem.line, problem.text)
}

fn wrong(section: &str, reason: &str) -> Report {
    Report {
        section: section.to_owned(),
        outcome: None,
        reason: reason.to_owned(),
        exit: Exit::Config,
        is_blind: false,
        due: i64::MAX,
    }
}

/// What is remembered of a section, under its configuration of today. `stored`
/// is what the file of this boot says, if there is one.
pub fn remembered(
    stored: Option<Memory>,
    record: &Record,
    name: &str,
    section: &Skydns,
    key: Option<&Secret>,
    now: Now,
) -> Memory {
    let recalled = || {
        let entry = record.entry(name)?;
        Some(entry.recall(section.policy.refresh, now))
    };
    stored
        .or_else(recalled)
        .unwrap_or_default()
        .under(&section.fingerprint(key, sha256))
        .dated(now)
}

struct Pass<'a> {
    paths: &'a Paths,
    interval: i64,
    manner: Manner,
    store: Store,
    record: Record,
    client: &'a Client,
    observer: Observer<'a>,
    /// What the record is to say.
    entries: Vec<(String, Entry)>,
    /// Services that could not be reached in this pass, and the device that
    /// was tried: a thousand sections need not wait for one each.
    unreachable: Vec<(String, Option<String>, Failure)>,
    errands: Vec<Errand>,
    complaints: Complaints,
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
        if let Some(entry) = self.record.entry(name) {
            self.entries.push((name.to_owned(), entry.clone()));
        }
    }

    fn complain_of(&mut self, problem: &Problem) {
        let level = match problem.is_error() {
            true => log::Level::Error,
            false => log::Level::Warn,
        };
        let text = format!("{}, {problem}", self.paths.config.display());
        self.complaints.tell(module_path!(), level, &text);
    }

    fn section(&mut self, name: &str, section: &Skydns) -> Report {
        let key = match key_of(name, &section.key) {
            Ok(key) => key,
            Err(problem) => {
                self.complain_of(&problem);
                return wrong(name, &told(&problem));
            }
        };
        if let Some(problem) = warning_of_key_file(name, &section.key) {
            self.complain_of(&problem);
        }
        self.decided(&Subject { name, section, key })
    }

    fn decided(&mut self, subject: &Subject<'_>) -> Report {
        let Subject { name, section, key } = subject;
        let now = clock::now();
        let stored = self.store.memory(name);
        let key = key.as_ref();
        let old = remembered(stored.clone(), &self.record, name, section, key, now);
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
        let mut report = self.report(subject, &after, failure.as_ref());
        report.is_blind = observation.is_err();
        if !self.manner.dry_run {
            self.learn(stored.as_ref(), &old, &after, &report);
            self.errands.extend(errand(name, section, &old, &after));
        }
        report
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
        let host = subject.section.base_url.host();
        let after = reconcile::sent(before, address, host, &result, clock::now(), random);
        (after, result.err())
    }

    fn send(&mut self, subject: &Subject<'_>, address: PublicAddress) -> Result<(), Failure> {
        let Subject { section, key, .. } = subject;
        let device = self.observer.way_out(section.bind.as_deref())?;
        let service = section.base_url.as_str();
        let known = self
            .unreachable
            .iter()
            .find(|(url, through, _)| url == service && *through == device);
        if let Some((.., failure)) = known {
            return Err(failure.clone());
        }
        let url = skydns::update_ip(section, key.as_ref(), address.get());
        let result = self
            .client
            .get(&Get::json(&url, device.as_deref(), skydns::BODY_LIMIT))
            .and_then(|reply| skydns::acknowledged(&reply, clock::now().wall))
            .map_err(|failure| redacted(failure, key.as_ref()));
        if let Some(failure) = result.as_ref().err().and_then(of_the_service) {
            self.unreachable.push((service.to_owned(), device, failure));
        }
        result
    }

    /// Remembers what was learnt of a section, and logs it if it is news.
    ///
    /// What is new is told by the file, not by `old`, which is the file as it is
    /// to be understood now: a date put right must be written, or it would have
    /// to be put right again, later, at every pass.
    fn learn(&mut self, stored: Option<&Memory>, old: &Memory, new: &Memory, report: &Report) {
        if stored != Some(new)
            && let Err(why) = self.store.remember(&report.section, new)
        {
            log::error!("{}: {why}", report.section);
        }
        let sent = new.sends != old.sends || new.failures > old.failures;
        let is_news = sent || new.outcome != old.outcome || new.reason != old.reason;
        let level = match new.outcome {
            _ if !is_news => log::Level::Debug,
            Some(outcome) if outcome.is_trouble() => log::Level::Warn,
            _ => log::Level::Info,
        };
        log::log!(target: logging::PRINTED, level, "{}", report.line());
    }

    fn report(
        &mut self,
        subject: &Subject<'_>,
        memory: &Memory,
        failure: Option<&Failure>,
    ) -> Report {
        self.entries.retain(|(name, _)| name != subject.name);
        if let Some(entry) = Entry::of(memory) {
            self.entries.push((subject.name.to_owned(), entry));
        }
        Report {
            section: subject.name.to_owned(),
            outcome: memory.outcome,
            reason: memory.reason.clone(),
            exit: memory.outcome.map_or(Exit::Done, |o| Exit::of(o, failure)),
            is_blind: false,
            due: reconcile::next_due(&subject.section.policy, memory, clock::now(), self.interval),
        }
    }

    fn finish(mut self) {
        let now = clock::now();
        if let Some(record) = self.record.with(self.entries, now)
            && let Err(why) = self.store.write_record(&record)
        {
            let text = format!("{why}; it will be lost at the next reboot");
            let target = module_path!();
            self.complaints.tell(target, log::Level::Error, &text);
        }
        if let Some(numbers) = self.complaints.news()
            && let Err(why) = self.store.remember_complaints(&numbers)
        {
            log::error!("{why}");
        }
    }
}

/// What a failure of one section means for the next ones of the same service
/// and device: one that they need not try to see. They sent nothing.
fn of_the_service(failure: &Failure) -> Option<Failure> {
    match failure {
        Failure::Timeout { host, .. } if failure.may_have_arrived() => Some(Failure::Connect {
            host: host.clone(),
            cause: format!("not tried, after {failure} for another section"),
        }),
        _ => (!failure.may_have_arrived()).then(|| failure.clone()),
    }
}

/// A service may quote the key that it was sent.
pub fn redacted(failure: Failure, key: Option<&Secret>) -> Failure {
    match key {
        Some(key) => failure.map_text(|text| key.redact(text)),
        None => failure,
    }
}
