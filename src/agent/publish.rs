//! One pass over the sections: observe, decide, act, remember.

use std::fs::File;
use std::io;
use std::time::Duration;

use crate::agent::RunError;
use crate::agent::changes::{self, Change};
use crate::agent::history;
use crate::agent::observe::Observer;
use crate::agent::paths::{Paths, key_of, warnings_of_key_file};
use crate::agent::problem_log::ProblemLog;
use crate::agent::recall::{Access, remembered_state};
use crate::agent::replies;
use crate::sys::http::{Get, HttpClient};
use crate::sys::lock::{LockGuard, PassLock};
use crate::sys::store::Store;
use crate::sys::{clock, identity, log as logging, random};
use wansync_core::address::{Candidate, PublicAddress};
use wansync_core::config::problem::Problem;
use wansync_core::config::secret::{KeySource, Secret};
use wansync_core::config::{Config, Content, Mode, Skydns, Transport};
use wansync_core::failure::Failure;
use wansync_core::holddown::HoldDown;
use wansync_core::json::JsonWriter;
use wansync_core::outcome::Outcome;
use wansync_core::reason;
use wansync_core::reason::address::AbortReason;
use wansync_core::reason::{Code, Reason};
use wansync_core::reconcile::{self, Decision};
use wansync_core::record::{Record, RecordEntry, recall};
use wansync_core::schedule::event::PassResult;
use wansync_core::schedule::passes::Target;
use wansync_core::schedule::section::is_settled;
use wansync_core::service::skydns;
use wansync_core::state::SectionState;
use wansync_core::time::describe_span;

/// The time that a pass waits for another to end.
const LOCK_TIMEOUT: Duration = Duration::from_secs(90);

/// The options of a pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PassOptions {
    /// Send what is confirmed already, wait for no backoff.
    pub forced: bool,
    /// Send nothing, remember nothing.
    pub dry_run: bool,
    /// True if the pass follows one of a moment ago: what is the same stays as that left it.
    pub follows_up: bool,
}

/// The result of a pass for one section.
#[derive(Debug)]
pub struct SectionReport {
    /// The section's name.
    pub section: String,
    /// The outcome; `None` if the section is wrong.
    pub outcome: Option<Outcome>,
    /// The reason for the outcome.
    pub reason: Reason,
    /// True if the service could not be reached, or cannot serve.
    pub is_unavailable: bool,
    /// True if the source could not be asked, or had no answer.
    pub source_failed: bool,
    /// The time until something is due for the section.
    pub due: Duration,
}

/// The results of a pass.
#[derive(Debug, Default)]
pub struct PassReport {
    /// The reports of its sections, in the order of the file.
    pub sections: Vec<SectionReport>,
    /// The changes that are to be told.
    pub changes: Vec<Change>,
}

impl SectionReport {
    /// The part of the report on which a retry depends.
    pub fn result(&self) -> PassResult {
        PassResult {
            outcome: self.outcome,
            source_failed: self.source_failed,
            due: self.due,
        }
    }

    /// The report in one line, with what is due when, if there is trouble.
    pub fn line(&self) -> String {
        let SectionReport {
            section,
            reason,
            due,
            ..
        } = self;
        match self.outcome {
            None => format!("{section}: not acted upon: {reason}"),
            Some(outcome) if outcome.needs_attention() => {
                format!(
                    "{section}: {outcome}: {reason}; next in {}",
                    describe_span(*due)
                )
            }
            Some(outcome) => format!("{section}: {outcome}: {reason}"),
        }
    }
}

/// Runs a pass over the sections that are named, or over all if none is, and one more
/// for as long as others asked for one meanwhile. Those are for all sections and forced
/// in none, whatever the first one was.
///
/// # Errors
/// The class of the problem, if no pass could run; the problem itself is logged.
pub fn run(
    paths: &Paths,
    config: &Config,
    targets: &[Target],
    options: PassOptions,
) -> Result<PassReport, RunError> {
    if options.dry_run {
        return run_dry(paths, config, targets, options);
    }
    let lock = PassLock::of_passes(&paths.state);
    let log_unusable_state = |error: io::Error| log_unusable_state(paths, &error);
    let (guard, fresh) = match lock.try_lock_now().map_err(log_unusable_state)? {
        Some(guard) => (guard, None),
        // By the time that it is our turn, the configuration may be another.
        None => (
            wait_for_lock(&lock).map_err(log_unusable_state)??,
            Some(paths.load_to_act()?),
        ),
    };
    let daemon = PassLock::of_daemon(&paths.state);
    history::note_gap(paths, &guard, &daemon, (Mode::Hook, config.main.interval));
    lock.take_rerun_request();
    let mut done = match &fresh {
        // So may the address be that was chosen before the wait.
        Some(fresh) => run_pass(paths, fresh, &without_addresses(targets), options),
        None => run_pass(paths, config, targets, options),
    };
    guard.release();
    while lock.is_rerun_requested() {
        let Some(guard) = lock
            .lock_or_request_rerun(LOCK_TIMEOUT)
            .map_err(log_unusable_state)?
        else {
            break;
        };
        // A process that took it since runs for it too.
        if !lock.take_rerun_request() {
            break;
        }
        let Ok(config) = paths.load_to_act() else {
            break;
        };
        if !config.main.enabled {
            break;
        }
        let more = run_pass(paths, &config, &[], PassOptions::default());
        guard.release();
        done.changes.extend(more.changes);
        if targets.is_empty() && !options.forced {
            done.sections = more.sections;
        }
    }
    Ok(done)
}

fn run_dry(
    paths: &Paths,
    config: &Config,
    targets: &[Target],
    options: PassOptions,
) -> Result<PassReport, RunError> {
    match paths.store().check_readable() {
        Ok(()) => Ok(run_pass(paths, config, targets, options)),
        Err(why) => {
            log::error!("{why}");
            Err(RunError::Temporary)
        }
    }
}

/// The targets, each for the address that its source has.
fn without_addresses(targets: &[Target]) -> Vec<Target> {
    let mut targets = targets.to_vec();
    for target in &mut targets {
        target.address = None;
    }
    targets
}

fn wait_for_lock(lock: &PassLock) -> io::Result<Result<LockGuard, RunError>> {
    Ok(lock.lock_or_request_rerun(LOCK_TIMEOUT)?.ok_or_else(|| {
        let waited = LOCK_TIMEOUT.as_secs();
        log::warn!("another pass has been running for {waited} s; one more follows it");
        RunError::Temporary
    }))
}

/// Without the state folder no limit could be kept, so nothing is sent.
fn log_unusable_state(paths: &Paths, error: &io::Error) -> RunError {
    let folder = paths.state.display();
    log::error!("cannot use the folder {folder}: {error}; nothing is sent");
    RunError::Temporary
}

fn run_pass(
    paths: &Paths,
    config: &Config,
    targets: &[Target],
    options: PassOptions,
) -> PassReport {
    let client = HttpClient::new(config.main.ca_file.as_ref(), clock::now().clock_is_set());
    let store = paths.store();
    let problems = ProblemLog::new(match options.dry_run {
        true => Vec::new(),
        false => store.complaints(),
    });
    let mut pass = Pass {
        paths,
        interval: config.main.interval,
        access: Access::new(&config.main),
        options,
        record: store.record(),
        sending: None,
        must_record: false,
        store,
        client: &client,
        observer: Observer::new(&paths.ubus, &client),
        entries: Vec::new(),
        unreachable: Vec::new(),
        changes: Vec::new(),
        problems,
    };
    for problem in &config.problems {
        pass.log_problem(problem);
    }
    for (name, account) in config.ready_accounts() {
        pass.log_key_file_warnings(name, &account.key);
    }
    let mut reports = Vec::new();
    for section in &config.skydns {
        let name = section.name.as_str();
        pass.keep_entry(name);
        let target = targets.iter().find(|target| target.section == name);
        if !targets.is_empty() && target.is_none() {
            continue;
        }
        let chosen = target.and_then(|target| target.address);
        match &section.content {
            Content::Ready(skydns) => reports.push(pass.process_section(name, skydns, chosen)),
            Content::Wrong => {
                let why = config.first_error(name).map(Problem::in_line);
                reports.push(wrong_section(name, why.unwrap_or_default()));
            }
            Content::Disabled => {}
        }
    }
    let changes = std::mem::take(&mut pass.changes);
    if !options.dry_run {
        pass.finish();
    }
    PassReport {
        sections: reports,
        changes,
    }
}

fn wrong_section(section: &str, reason: Reason) -> SectionReport {
    SectionReport {
        section: section.to_owned(),
        outcome: None,
        reason,
        is_unavailable: false,
        source_failed: false,
        due: Duration::MAX,
    }
}

struct Pass<'a> {
    paths: &'a Paths,
    interval: Duration,
    access: Access<'a>,
    options: PassOptions,
    store: Store,
    record: Record,
    /// Held for as long as an address is being sent.
    sending: Option<File>,
    /// True if the record has to stand in for a state that could not be written after a
    /// send.
    must_record: bool,
    client: &'a HttpClient,
    observer: Observer<'a>,
    /// The entries of the record to write.
    entries: Vec<(String, RecordEntry)>,
    /// A thousand sections need not wait for one each.
    unreachable: Vec<UnreachableService>,
    changes: Vec<Change>,
    problems: ProblemLog,
}

/// The device and the transport by which a service is reached.
type Way = (Option<String>, Transport);

/// A service that could not be reached in this pass.
struct UnreachableService {
    /// The URL of the service.
    service: String,
    /// The way that was tried.
    way: Way,
    failure: Box<Failure>,
}

/// A section that is about to be decided upon.
struct SectionContext<'a> {
    name: &'a str,
    section: &'a Skydns,
    key: Option<Secret>,
}

impl Pass<'_> {
    /// Keeps the record's entry for a section, whatever becomes of the section now.
    fn keep_entry(&mut self, name: &str) {
        if let Some(entry) = self.record.entry(name) {
            self.entries.push((name.to_owned(), entry.clone()));
        }
    }

    fn log_problem(&mut self, problem: &Problem) {
        let level = match problem.is_error() {
            true => log::Level::Error,
            false => log::Level::Warn,
        };
        let text = format!("{}, {problem}", self.paths.config.display());
        self.problems.log_once(module_path!(), level, &text);
    }

    fn log_key_file_warnings(&mut self, name: &str, key: &KeySource) {
        for problem in warnings_of_key_file(name, key) {
            self.log_problem(&problem);
        }
    }

    /// Does the work for one section; for an address that was chosen already, if one was.
    fn process_section(
        &mut self,
        name: &str,
        section: &Skydns,
        chosen: Option<PublicAddress>,
    ) -> SectionReport {
        let key = match key_of(name, &section.key) {
            Ok(key) => key,
            Err(problem) => {
                self.log_problem(&problem);
                self.remember_without_key(name, section, &problem);
                return wrong_section(name, problem.in_line());
            }
        };
        self.log_key_file_warnings(name, &section.key);
        self.decide(&SectionContext { name, section, key }, chosen)
    }

    /// Remembers that the key cannot be read by this process, for those who read `status`
    /// and can.
    fn remember_without_key(&self, name: &str, section: &Skydns, problem: &Problem) {
        let number = identity::own_user();
        if self.options.dry_run || number == 0 {
            return;
        }
        let (stored, entry) = (self.store.section_state(name), self.record.entry(name));
        let before = stored.as_ref().map(JsonWriter::of);
        let known = recall(stored, entry, section.policy.refresh, clock::now());
        let trouble = AbortReason::KeyOfUser(problem.reason.clone(), number);
        let mut state = reconcile::state_without_send(&known, &Decision::Abort(trouble.into()));
        state.note_health(&known, clock::now().boot);
        if before != Some(JsonWriter::of(&state))
            && let Err(why) = self.store.remember_section(name, &state)
        {
            log::error!("{name}: {why}");
        }
    }

    fn decide(
        &mut self,
        context: &SectionContext<'_>,
        chosen: Option<PublicAddress>,
    ) -> SectionReport {
        let SectionContext { name, section, key } = context;
        let now = clock::now();
        let stored = self.store.section_state(name);
        let stored_text = stored.as_ref().map(JsonWriter::of);
        let mut old = remembered_state(
            stored,
            self.record.entry(name),
            section,
            key.as_ref(),
            self.access,
            now,
        );
        let observation = match chosen {
            Some(address) => Ok(vec![Candidate::from(address.get())]),
            None => self.observer.observe(section),
        };
        // Also for an address that was chosen: only now, with the lock, is it known what
        // another pass sent meanwhile.
        let forced = self.options.forced;
        let hold_down = old.hold_down;
        if chosen.is_some() {
            // Whether the WAN flaps, the daemon has decided that chose the address.
            old.hold_down = HoldDown::default();
        }
        let decision = reconcile::decide(&section.policy, &observation, &old, now, forced);
        old.hold_down = hold_down;
        let family = section.policy.family;
        let before = reconcile::state_after_observation(&old, &observation, family);
        let (mut after, is_unavailable) = match decision {
            Decision::Update(address) if !self.options.dry_run => {
                self.update(context, &before, address)
            }
            other
                if self.options.follows_up
                    && is_settled(&section.policy, &observation, &old, &other) =>
            {
                (before, false)
            }
            other => (reconcile::state_without_send(&before, &other), false),
        };
        after.note_health(&old, clock::now().boot);
        let mut report = self.report(context, &after, is_unavailable);
        report.source_failed = observation.is_err();
        if !self.options.dry_run {
            self.remember_result(stored_text, &old, &after, &report);
            let change = changes::of_section(name, section, &old, &after);
            self.changes.extend(change);
        }
        report
    }

    /// Sends an address. Gives what to remember of it, and whether the service could not be
    /// reached, or cannot serve.
    fn update(
        &mut self,
        context: &SectionContext<'_>,
        before: &SectionState,
        address: PublicAddress,
    ) -> (SectionState, bool) {
        let (now, random) = (clock::now(), random::number());
        let pending = reconcile::state_before_send(before, address, now, random);
        // A send that cannot be remembered could be repeated without end.
        match self.store.remember_sending(context.name, &pending) {
            Ok(sending) => self.sending = Some(sending),
            Err(why) => {
                let why = Decision::Abort(AbortReason::CannotRemember(why).into());
                return (reconcile::state_without_send(before, &why), false);
            }
        }
        let (way, result) = self.send(context, address);
        let host = context.section.base_url.host();
        let outcome = result.as_ref().map_err(|failure| &**failure).copied();
        let after =
            reconcile::state_after_send(before, address, host, outcome, clock::now(), random);
        let Err(failure) = result else {
            return (after, false);
        };
        let is_unavailable = failure.is_unavailable();
        if let (Some(way), Some(failure)) = (way, failure_of_the_service(failure)) {
            self.unreachable.push(UnreachableService {
                service: context.section.base_url.as_str().to_owned(),
                way,
                failure,
            });
        }
        (after, is_unavailable)
    }

    /// Sends it, unless the service is one of the unreachable, of which it then is no
    /// more: the failure is returned. The way is that which was found to the service.
    fn send(
        &mut self,
        context: &SectionContext<'_>,
        address: PublicAddress,
    ) -> (Option<Way>, Result<(), Box<Failure>>) {
        let SectionContext { section, key, .. } = context;
        let way = match self.observer.way_out(section.bind.as_deref()) {
            Ok(device) => (device, section.transport),
            Err(failure) => return (None, Err(failure)),
        };
        let service = section.base_url.as_str();
        let mut known = self.unreachable.iter();
        let is_it = |known: &UnreachableService| known.service == service && known.way == way;
        if let Some(place) = known.position(is_it) {
            return (Some(way), Err(self.unreachable.remove(place).failure));
        }
        let url = skydns::update_ip(section, key.as_ref(), address.get());
        let result = self
            .client
            .get(&Get::json(
                &url,
                way.0.as_deref(),
                way.1,
                skydns::BODY_LIMIT,
            ))
            .and_then(|reply| {
                let acknowledged = skydns::acknowledged(&reply, clock::wall());
                acknowledged.inspect_err(|failure| {
                    let keys: Vec<&Secret> = key.iter().collect();
                    replies::keep(&self.store, context.name, &reply, failure, &keys);
                })
            })
            .map_err(|failure| redact_failure(failure, key.as_ref()));
        (Some(way), result)
    }

    /// Remembers what was learnt of a section, and logs it if it is news.
    ///
    /// News is a difference from the file, not from `old`, which is the file as it is
    /// to be understood now: a date put right must be written, or it would have
    /// to be put right again, later, at every pass.
    fn remember_result(
        &mut self,
        stored: Option<String>,
        old: &SectionState,
        new: &SectionState,
        report: &SectionReport,
    ) {
        // The report says it, if that is why nothing was sent.
        if stored != Some(JsonWriter::of(new))
            && let Err(why) = self.store.remember_section(&report.section, new)
            && new.reason.code() != Code::PassCannotRemember
        {
            log::error!("{}: {why}", report.section);
            self.must_record |= self.sending.is_some();
        }
        self.sending = None;
        let sent = new.sends != old.sends || new.failures > old.failures;
        let is_news = sent || new.outcome != old.outcome || new.reason != old.reason;
        let level = match new.outcome {
            _ if !is_news => log::Level::Debug,
            Some(outcome) if outcome.needs_attention() => log::Level::Warn,
            _ => log::Level::Info,
        };
        log::log!(target: logging::PRINTED, level, "{}", report.line());
    }

    fn report(
        &mut self,
        context: &SectionContext<'_>,
        state: &SectionState,
        is_unavailable: bool,
    ) -> SectionReport {
        // The one that was kept, which is the last.
        self.entries.pop_if(|(name, _)| name == context.name);
        if let Some(entry) = RecordEntry::from_state(state) {
            self.entries.push((context.name.to_owned(), entry));
        }
        SectionReport {
            section: context.name.to_owned(),
            outcome: state.outcome,
            reason: state.reason.clone(),
            is_unavailable,
            source_failed: false,
            due: reconcile::next_due(&context.section.policy, state, clock::now(), self.interval),
        }
    }

    fn finish(mut self) {
        let now = clock::now();
        if let Some(record) = self
            .record
            .updated_with(self.entries, now, self.must_record)
            && let Err(why) = self.store.write_record(&record)
        {
            let text = format!("{why}; it will be lost at the next reboot");
            let target = module_path!();
            self.problems.log_once(target, log::Level::Error, &text);
        }
        if let Some(numbers) = self.problems.changed_numbers()
            && let Err(why) = self.store.remember_complaints(&numbers)
        {
            log::error!("{why}");
        }
    }
}

/// The failure of one section as the next ones of the same service and device have it:
/// one that they need not try to see. They sent nothing.
fn failure_of_the_service(failure: Box<Failure>) -> Option<Box<Failure>> {
    match &*failure {
        Failure::Timeout { host, .. } if failure.may_have_arrived() => {
            let cause = reason!(ConnectNotTried, cause = Reason::from(&*failure));
            let host = host.clone();
            Some(Failure::Connect { host, cause }.into())
        }
        _ => (!failure.may_have_arrived()).then_some(failure),
    }
}

/// A service may quote the key that it was sent.
pub fn redact_failure(mut failure: Box<Failure>, key: Option<&Secret>) -> Box<Failure> {
    if let Some(key) = key {
        failure.redact(&|text| key.redact(text));
    }
    failure
}
