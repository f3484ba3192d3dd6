//! `wansync daemon`, and the child processes that it starts.

use crate::agent::paths::Paths;
use crate::agent::publish::{self, PassOptions};
use crate::agent::{account, daemon};
use crate::cli::DaemonArguments;
use crate::exit::Exit;
use wansync_core::address::PublicAddress;
use wansync_core::schedule::passes::Target;

/// Runs it.
pub fn run(paths: &Paths, options: &DaemonArguments) -> Exit {
    let paths = &Paths {
        config_is_on_stdin: options.given,
        ..paths.clone()
    };
    match &options.look {
        Some(name) => query_account(paths, name),
        None if options.pass => pass(paths, &options.sections),
        None => daemon::run(paths).map_or_else(Exit::from, |()| Exit::Done),
    }
}

/// The child process that asks an account.
fn query_account(paths: &Paths, name: &str) -> Exit {
    let config = match paths.load_to_act() {
        Ok(config) => config,
        Err(error) => return error.into(),
    };
    if !config.main.enabled {
        return Exit::Done;
    }
    if config.ready_account(name).is_none() {
        log::error!("there is no vpnki section '{name}' that can be asked");
        return Exit::Config;
    }
    match account::query(paths, &config, name).last_error() {
        Some(_) => Exit::Unavailable,
        None => Exit::Done,
    }
}

/// The child process: one pass. Its hooks are run by the daemon.
fn pass(paths: &Paths, sections: &[String]) -> Exit {
    let config = match paths.load_to_act() {
        Ok(config) => config,
        Err(error) => return error.into(),
    };
    let targets: Vec<Target> = sections.iter().map(|word| target(word)).collect();
    match publish::run(paths, &config, &targets, PassOptions::default()) {
        Ok(done) => Exit::of_sections(&done.sections),
        Err(error) => error.into(),
    }
}

/// A section, or one with the address that was chosen for it: `SECTION=ADDRESS`.
fn target(word: &str) -> Target {
    let (section, address) = match word.split_once('=') {
        None => (word, None),
        Some((section, address)) => (section, address.parse().ok()),
    };
    Target {
        section: section.to_owned(),
        address: address.and_then(|address| PublicAddress::new(address).ok()),
    }
}
