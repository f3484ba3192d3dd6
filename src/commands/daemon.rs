//! `wansync daemon`, and the child processes that it starts.

use crate::agent::paths::Paths;
use crate::agent::publish::{self, Manner, exit_of};
use crate::agent::{account, daemon};
use crate::cli::Daemon;
use crate::exit::Exit;

/// Runs it.
pub fn run(paths: &Paths, options: &Daemon) -> Exit {
    let paths = &Paths {
        is_given: options.given,
        ..paths.clone()
    };
    match &options.look {
        Some(name) => account::run(paths, name),
        None if options.pass => pass(paths, &options.sections),
        None => daemon::run(paths),
    }
}

/// The child process: one pass. Its hooks are run by the daemon.
fn pass(paths: &Paths, sections: &[String]) -> Exit {
    let config = match paths.load_to_act() {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    match publish::run(paths, &config, sections, Manner::default()) {
        Ok(done) => exit_of(&done.reports),
        Err(exit) => exit,
    }
}
