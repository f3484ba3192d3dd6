//! The subcommands: they ask `sys`, let `core` decide, and tell `sys` what to do.
//!
//! | subcommand | starts in | and goes on in |
//! | --- | --- | --- |
//! | `once` | `once` | `pass` (addresses), `tunnels` |
//! | `event` | `event` | `hotplug` (what happened), then as `once`, or a running daemon |
//! | `daemon` | `daemon` | `daemon/ears` (what it hears), `daemon/sections` and `daemon/accounts` (its child processes, which are `pass` and `look`), `watch` |
//! | `status` | `status` | what the others remembered |
//! | `check` | `check` | `check/tunnels` |
//! | `skydns`, `vpnki` | `call` | `account`, `answer` |
//!
//! Shared by several of them: `pass` is one pass over addresses, `watch` a look
//! at the tunnels and what is done about them, `look` one at a VPNKI account,
//! `observe` asks the sources, `programs` runs those of the router's owner.

mod account;
mod answer;
mod call;
mod check;
mod daemon;
mod event;
mod once;
mod output;
mod status;

use crate::agent::paths::Paths;
use crate::cli::{Arguments, Command};
use crate::exit::Exit;
pub use call::help;
use wansync_core::service::answer::Service;

/// Runs what the command line asks for.
pub fn run(arguments: &Arguments) -> Exit {
    let paths = Paths::of(arguments);
    match &arguments.command {
        _ if arguments.version => {
            output::println_quietly(concat!("wansync ", env!("CARGO_PKG_VERSION")));
            Exit::Done
        }
        Some(Command::Once(once)) => once::run(&paths, once),
        Some(Command::Daemon(daemon)) => daemon::run(&paths, daemon),
        Some(Command::Event(event)) => event::run(&paths, event),
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
