//! `wansync once`: one pass, printed.

use std::io;
use std::time::Duration;

use super::output::Output;
use crate::agent::changes::{self, Change};
use crate::agent::hooks::{self, HookRun};
use crate::agent::paths::Paths;
use crate::agent::publish::{self, PassOptions};
use crate::agent::tunnels::one_shot;
use crate::cli::OnceArguments;
use crate::exit::Exit;
use crate::sys::lock::PassLock;
use crate::sys::{control, process};
use wansync_core::config::{Config, Content, Section, Skydns};
use wansync_core::reason;
use wansync_core::schedule::passes::Target;

/// The longest wait for the daemon to confirm a request.
const CONTROL_TIMEOUT: Duration = Duration::from_secs(2);

/// Runs it. The exit code is that of the first section that has one other than 0.
pub fn run(paths: &Paths, once: &OnceArguments, out: &Output) -> Exit {
    match once.work {
        true => work(paths, once, out),
        false => pass(paths, once, out),
    }
}

/// Starts a pass over a section, or all, in the background. Where one is under way, another
/// over all follows it.
///
/// # Errors
/// The lock cannot be used, or no process be started.
pub fn start(paths: &Paths, section: Option<&str>) -> io::Result<()> {
    let lock = PassLock::of_requests(&paths.state);
    match lock.lock_or_request_rerun(Duration::ZERO)? {
        Some(free) => {
            drop(free);
            let mut words = vec!["once", "--work"];
            words.extend(section);
            process::start_in_background(&paths.arguments(&words))
        }
        None => Ok(()),
    }
}

/// The process in the background, of which there is one at a time: one that finds another
/// leaves its work to it.
fn work(paths: &Paths, once: &OnceArguments, out: &Output) -> Exit {
    let lock = PassLock::of_requests(&paths.state);
    let mut exit = Exit::Done;
    let mut taken = lock.lock_or_request_rerun(Duration::ZERO);
    let mut asked = Some(once);
    while let Ok(Some(guard)) = taken {
        process::leave_session();
        if let Some(once) = asked.take() {
            exit = pass(paths, once, out);
        }
        // What others asked for: the mark does not say the section.
        while lock.take_rerun_request() {
            exit = pass(paths, &OnceArguments::default(), out);
        }
        drop(guard);
        if !lock.is_rerun_requested() {
            break;
        }
        taken = lock.try_lock_now();
    }
    exit
}

fn pass(paths: &Paths, once: &OnceArguments, out: &Output) -> Exit {
    let config = match paths.load_to_act() {
        Ok(config) => config,
        Err(error) => return error.into(),
    };
    let is_tunnel = |name: &String| config.tunnels.iter().any(|s| s.name == *name);
    let is_unknown =
        |name: &&String| !is_tunnel(name) && !config.skydns.iter().any(|s| s.name == **name);
    if let Some(name) = once.sections.iter().find(is_unknown) {
        log::error!("{}", paths.no_section(name, &[]));
        return Exit::Usage;
    }
    if !config.main.enabled {
        out.line("wansync is disabled (option enabled '0')");
        return Exit::Done;
    }
    let (chosen, tunnels): (Vec<String>, Vec<String>) = once
        .sections
        .iter()
        .cloned()
        .partition(|name| !is_tunnel(name));
    let is_all = once.sections.is_empty();
    let mut done = publish::PassReport::default();
    if is_all || !chosen.is_empty() {
        done = match publish_sections(paths, &config, chosen, once, out) {
            Ok(done) => done,
            Err(exit) => return exit,
        };
    }
    let runs = tell(paths, done.changes);
    let mut exit = Exit::of_sections(&done.sections);
    if !once.dry_run && (is_all || !tunnels.is_empty()) {
        exit = exit.or(check_tunnels(paths, &config, &tunnels, out));
    }
    hooks::run(runs);
    say_what_is_disabled(&config, &once.sections, out);
    match exit {
        Exit::Done if config.main_is_wrong => Exit::Config,
        exit => exit,
    }
}

/// Runs a pass over the addresses of these sections, or of all, and prints it.
fn publish_sections(
    paths: &Paths,
    config: &Config,
    chosen: Vec<String>,
    once: &OnceArguments,
    out: &Output,
) -> Result<publish::PassReport, Exit> {
    let target = |section| Target {
        section,
        address: None,
    };
    let targets: Vec<Target> = chosen.into_iter().map(target).collect();
    let options = PassOptions {
        forced: once.force,
        dry_run: once.dry_run,
        follows_up: false,
    };
    let done = publish::run(paths, config, &targets, options)?;
    for report in &done.sections {
        out.line(&report.line());
    }
    Ok(done)
}

/// Checks these tunnels, or all, and prints their health.
fn check_tunnels(paths: &Paths, config: &Config, tunnels: &[String], out: &Output) -> Exit {
    let reports = one_shot::pass(paths, config, tunnels);
    if reports.is_none() {
        out.line("the tunnels are watched by another process");
    }
    let mut exit = Exit::Done;
    for report in reports.into_iter().flatten() {
        out.line(&report.line());
        exit = exit.or(Exit::of_tunnel(report.health, report.is_misconfigured));
    }
    for Section { name, content, .. } in &config.tunnels {
        let is_chosen = tunnels.is_empty() || tunnels.contains(name);
        if is_chosen && matches!(content, Content::Wrong) {
            let reason = reason!(SectionWrong);
            out.line(&format!("{name}: not acted upon: {reason}"));
            exit = exit.or(Exit::Config);
        }
    }
    exit
}

/// Has changes told; by the daemon, if there is one: it tells what is news to
/// it, even where another process found it out, and would tell it again. Else gives the
/// programs to run for them.
fn tell(paths: &Paths, changes: Vec<Change>) -> Vec<HookRun> {
    let is_told = || match control::send_request(&paths.state, "passed", CONTROL_TIMEOUT) {
        Ok(reply) => reply.as_deref() == Some("ok"),
        Err(error) => error.kind() == io::ErrorKind::TimedOut,
    };
    match changes.is_empty() || is_told() {
        true => Vec::new(),
        false => changes::tell(paths, changes),
    }
}

/// A request gets an answer, even if nothing is done.
fn say_what_is_disabled(config: &Config, chosen: &[String], out: &Output) {
    for section in &config.skydns {
        if chosen.contains(&section.name) && matches!(section.content, Content::Disabled) {
            out.line(&format!("{}: disabled (option enabled '0')", section.name));
        }
    }
    let is_disabled = |section: &Section<Skydns>| matches!(section.content, Content::Disabled);
    if chosen.is_empty() && config.skydns.iter().all(is_disabled) {
        out.line("no skydns section is enabled");
    }
}
