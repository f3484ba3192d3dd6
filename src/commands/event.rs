//! `wansync event`: the hotplug entry.
//!
//! netifd runs one hotplug script at a time for the whole router, so this
//! returns at once: it leaves a mark, and starts one process in the background
//! unless one is there already. That process runs a pass at once, one more when the
//! WAN has settled, and stays for as long as a retry is due before the next re-check
//! by cron.

use std::mem;
use std::time::Duration;

use crate::agent::paths::Paths;
use crate::agent::publish::{self, PassOptions, SectionReport};
use crate::agent::{changes, hooks, tunnels::one_shot};
use crate::cli::EventArguments;
use crate::exit::Exit;
use crate::sys::lock::PassLock;
use crate::sys::{clock, control, files, log as logging, process};
use wansync_core::hotplug::Hotplug;
use wansync_core::schedule::event::{EventPasses, EventSchedule};
use wansync_core::time::Boot;

/// How long the daemon may take to say that it heard.
const CONTROL_TIMEOUT: Duration = Duration::from_millis(20);
/// The folder that OpenWrt's init script makes in the state folder when it starts the
/// service, and removes when it stops it.
const STARTED: &str = "started";

/// Runs it.
pub fn run(paths: &Paths, event: &EventArguments) -> Exit {
    match event.work {
        true => work(paths),
        false => notice(paths),
    }
}

fn notice(paths: &Paths) -> Exit {
    let Some(hotplug) = Hotplug::from_variables(process::environment_variable) else {
        log::error!("there is no ACTION in the environment; 'event' is for hotplug scripts");
        return Exit::Usage;
    };
    if is_told(paths, &hotplug) {
        return Exit::Done;
    }
    let config = match paths.load() {
        Ok(config) => config,
        Err(why) => {
            log::error!("{why}");
            return Exit::Config;
        }
    };
    if !config.main.enabled || !hotplug.matters(&config) {
        return Exit::Done;
    }
    let is_about_address = config
        .ready_sections()
        .any(|(_, section)| hotplug.concerns(section));
    match wake(paths, is_about_address) {
        Ok(()) => Exit::Done,
        Err(error) => {
            let folder = paths.state.display();
            log::error!("cannot start a pass in the background, with the folder {folder}: {error}");
            Exit::Later
        }
    }
}

/// Tells the daemon, if there is one. It need not answer: what it was sent, it
/// will read.
fn is_told(paths: &Paths, hotplug: &Hotplug) -> bool {
    let request = format!("event\t{}", hotplug.line());
    match control::send_request(&paths.state, &request, CONTROL_TIMEOUT) {
        Ok(reply) => reply.is_some(),
        Err(error) => error.kind() == std::io::ErrorKind::TimedOut,
    }
}

fn wake(paths: &Paths, is_about_address: bool) -> std::io::Result<()> {
    let lock = PassLock::of_events(&paths.state);
    // The process that sees the other mark looks for this one.
    if is_about_address {
        PassLock::of_addresses(&paths.state).request_rerun()?;
    }
    lock.request_rerun()?;
    match lock.try_lock_now()? {
        Some(free) => {
            drop(free);
            process::start_in_background(&paths.arguments(&["event", "--work"]))
        }
        None => Ok(()),
    }
}

/// The process in the background. There is one at a time: the process that started it
/// waits until it has left the session, by when it holds the lock. An event
/// that comes while it ends is seen when it looks back.
fn work(paths: &Paths) -> Exit {
    let mut worker = Worker {
        paths,
        events: PassLock::of_events(&paths.state),
        addresses: PassLock::of_addresses(&paths.state),
        was_started: is_started(paths),
        passes: EventPasses::default(),
    };
    let mut exit = Exit::Done;
    while let Ok(Some(guard)) = worker.events.try_lock_now() {
        process::leave_session();
        while worker.events.take_rerun_request() {
            exit = worker.work_off_event();
        }
        drop(guard);
        if !worker.events.is_rerun_requested() {
            break;
        }
    }
    exit
}

fn is_started(paths: &Paths) -> bool {
    files::is_folder(&paths.state.join(STARTED))
}

struct Worker<'a> {
    paths: &'a Paths,
    events: PassLock,
    /// The mark of events that need not wait for others.
    addresses: PassLock,
    /// True if the service was running when this process began: it ends with it.
    was_started: bool,
    passes: EventPasses,
}

impl Worker<'_> {
    /// A pass over the addresses at once, if the event concerns one, and another over
    /// everything when the WAN has settled.
    fn work_off_event(&mut self) -> Exit {
        let event = clock::boot();
        let follows_up = self.passes.may_run_at_once(event)
            && self.wait(&self.addresses, self.passes.settled_at(event));
        if follows_up {
            self.addresses.take_rerun_request();
            self.passes.note(clock::boot());
            self.update_addresses();
        }
        clock::sleep(self.passes.settled_at(event).since(clock::boot()));
        self.addresses.take_rerun_request();
        self.events.take_rerun_request();
        self.passes.note(clock::boot());
        self.pass_and_retry(PassOptions {
            follows_up,
            ..PassOptions::default()
        })
    }

    /// A pass whose failure, if it cannot even begin, is that of the one that follows.
    fn update_addresses(&self) {
        let config = self.paths.load().ok();
        let Some(config) = config.filter(|config| config.main.enabled && self.is_wanted()) else {
            return;
        };
        logging::set_level(config.main.log_level);
        let done = publish::run(self.paths, &config, &[], PassOptions::default());
        let changes = done.map_or(Vec::new(), |done| done.changes);
        hooks::run(changes::tell(self.paths, changes));
    }

    /// Passes until nothing is due before cron's next re-check, or until another
    /// event comes. The options are those of the first one.
    fn pass_and_retry(&self, mut options: PassOptions) -> Exit {
        let paths = self.paths;
        let mut schedule = None;
        loop {
            let config = match paths.load_to_act() {
                Ok(config) => config,
                Err(error) => return error.into(),
            };
            if !config.main.enabled || !self.is_wanted() {
                return Exit::Done;
            }
            let schedule = schedule.get_or_insert_with(|| EventSchedule::new(clock::boot()));
            let done = match publish::run(paths, &config, &[], mem::take(&mut options)) {
                Ok(done) => done,
                Err(error) => return error.into(),
            };
            let runs = changes::tell(paths, done.changes);
            one_shot::pass(paths, &config, &[]);
            hooks::run(runs);
            let results = done.sections.iter().map(SectionReport::result);
            match schedule.next_pass(results, config.main.interval, clock::boot()) {
                None => return Exit::of_sections(&done.sections),
                Some(next) if self.wait(&self.events, next) => return Exit::Done,
                Some(_) => {}
            }
        }
    }

    /// Waits for a mark until `end`, or for the end of the service. Says whether there
    /// is one.
    fn wait(&self, mark: &PassLock, end: Boot) -> bool {
        mark.wait_for_rerun_request(end, || self.is_wanted())
    }

    /// True unless the service was stopped.
    fn is_wanted(&self) -> bool {
        !self.was_started || is_started(self.paths)
    }
}
