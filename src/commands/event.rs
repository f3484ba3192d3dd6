//! `wansync event`: the hotplug entry.
//!
//! netifd runs one hotplug script at a time for the whole router, so this
//! returns at once: it leaves a mark, and starts one process in the background
//! unless one is there already. That process lets the WAN settle, runs a pass,
//! and stays for as long as a retry is due before the next re-check by cron.

use std::time::Duration;

use crate::agent::paths::Paths;
use crate::agent::publish::{self, PassOptions, SectionReport};
use crate::agent::{hooks, tunnels::one_shot};
use crate::cli::EventArguments;
use crate::exit::Exit;
use crate::sys::lock::PassLock;
use crate::sys::{clock, control, process};
use wansync_core::hotplug::Hotplug;
use wansync_core::schedule::event::{EventSchedule, SETTLE_TIME};
use wansync_core::time::Boot;

/// How long the daemon may take to say that it heard.
const CONTROL_TIMEOUT: Duration = Duration::from_millis(20);
/// How often the background process looks for another event while it waits.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

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
    match wake(paths) {
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

fn wake(paths: &Paths) -> std::io::Result<()> {
    let lock = PassLock::of_events(&paths.state);
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
    let lock = PassLock::of_events(&paths.state);
    let mut exit = Exit::Done;
    while let Ok(Some(guard)) = lock.try_lock_now() {
        process::leave_session();
        while lock.take_rerun_request() {
            clock::sleep(SETTLE_TIME);
            lock.take_rerun_request();
            exit = pass_and_retry(paths, &lock);
        }
        drop(guard);
        if !lock.is_rerun_requested() {
            break;
        }
    }
    exit
}

/// Passes until nothing is due before cron's next re-check, or until another
/// event comes.
fn pass_and_retry(paths: &Paths, lock: &PassLock) -> Exit {
    let mut schedule = None;
    loop {
        let config = match paths.load_to_act() {
            Ok(config) => config,
            Err(error) => return error.into(),
        };
        if !config.main.enabled {
            return Exit::Done;
        }
        let schedule = schedule.get_or_insert_with(|| EventSchedule::new(clock::boot()));
        let done = match publish::run(paths, &config, &[], PassOptions::default()) {
            Ok(done) => done,
            Err(error) => return error.into(),
        };
        one_shot::pass(paths, &config, &[]);
        hooks::run(done.hooks);
        let results = done.sections.iter().map(SectionReport::result);
        match schedule.next_pass(results, config.main.interval, clock::boot()) {
            None => return Exit::of_sections(&done.sections),
            Some(next) if wait(next, lock) => {}
            Some(_) => return Exit::Done,
        }
    }
}

/// Waits; `false` if another event came.
fn wait(until: Boot, lock: &PassLock) -> bool {
    loop {
        let left = until.since(clock::boot());
        if left.is_zero() {
            return true;
        }
        if lock.is_rerun_requested() {
            return false;
        }
        clock::sleep(POLL_INTERVAL.min(left));
    }
}
