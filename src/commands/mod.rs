//! The subcommands: they ask `sys`, let `core` decide, and tell `sys` what to do.

mod account;
mod answer;
mod call;
mod check;
mod complaints;
mod event;
pub mod exit;
pub mod look;
mod observe;
mod once;
mod pass;
mod paths;
mod status;

use crate::cli::{Arguments, Command};
use crate::service::answer::Service;
pub use call::help;
use exit::Exit;
use paths::Paths;

/// Runs what the command line asks for.
pub fn run(arguments: &Arguments) -> Exit {
    let paths = Paths::of(arguments);
    match &arguments.command {
        _ if arguments.version => {
            once::println_quietly(concat!("wansync ", env!("CARGO_PKG_VERSION")));
            Exit::Done
        }
        Some(Command::Once(once)) => once::run(&paths, once),
        Some(Command::Event(event)) => match &event.look {
            Some(account) => look::run(&paths, account),
            None => event::run(&paths, event),
        },
        Some(Command::Status(status)) => status::run(&paths, status),
        Some(Command::Check(check)) => check::run(&paths, check),
        Some(Command::Skydns(call)) => call::run(&paths, Service::Skydns, &call.as_call()),
        Some(Command::Vpnki(call)) => call::run(&paths, Service::Vpnki, &call.as_call()),
        None => {
            log::error!("no command is given; 'wansync --help' lists them");
            Exit::Usage
        }
    }
}
