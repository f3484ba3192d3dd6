//! The subcommands: each parses, calls the agent, prints, and gives an exit code.
//!
//! | subcommand | module | what it calls |
//! | --- | --- | --- |
//! | `once` | `once` | `agent::publish` (a pass over the addresses), `agent::tunnels` |
//! | `event` | `event` | a running daemon, or a pass in the background |
//! | `daemon` | `daemon` | `agent::daemon`; its child processes are `agent::publish` and `agent::account` |
//! | `status` | `status` | what the others remembered |
//! | `history` | `history` | what the others left in the history, and in the record |
//! | `check` | `check` | its parts: `configuration`, `tunnels`; `service` for OpenWrt's init script |
//! | `report` | `report` | `status` and `check`, and the router's own files; what others may not see `core::report` hides |
//! | `explain` | `explain` | the table of reasons |
//! | `notify` | `notify` | `agent::hooks`, for a change that is made up |
//! | `rpcd` | `rpcd`, which no help lists | `status`, `check`, `once` for the object on ubus |
//! | `skydns`, `vpnki` | `call` | `account` (URL and key), `answer` (printing) |
//! | `skydns METHOD --each` | `each` | `account`, and the rows of a table |
//!
//! `output` is what they print with.

mod account;
mod answer;
mod call;
mod check;
mod daemon;
mod each;
mod event;
mod explain;
mod history;
mod notify;
mod once;
mod output;
mod report;
pub mod rpcd;
mod status;

use crate::agent::paths::Paths;
use crate::cli::{Arguments, Command};
use crate::exit::Exit;
pub use call::help;
use output::Output;
use wansync_core::service::answer::Service;

/// Runs what the command line asks for: with these words, as a plug-in of rpcd.
pub fn run(arguments: &Arguments, of_plugin: Option<&[&str]>) -> Exit {
    let out = Output::default();
    let paths = Paths::new(arguments);
    let exit = match of_plugin {
        Some(words) => rpcd::run(&paths, words, &out),
        None => run_command(&paths, arguments, &out),
    };
    out.exit(exit)
}

/// Prints a text that was asked for in place of a command.
pub fn print(text: &str) -> Exit {
    let out = Output::default();
    out.line(text.trim_end());
    out.exit(Exit::Done)
}

fn run_command(paths: &Paths, arguments: &Arguments, out: &Output) -> Exit {
    match &arguments.command {
        _ if arguments.version => {
            out.line(concat!("wansync ", env!("CARGO_PKG_VERSION")));
            Exit::Done
        }
        Some(Command::Once(once)) => once::run(paths, once, out),
        Some(Command::Daemon(daemon)) => daemon::run(paths, daemon),
        Some(Command::Event(event)) => event::run(paths, event),
        Some(Command::Status(status)) => status::run(paths, status, out),
        Some(Command::History(history)) => history::run(paths, history, out),
        Some(Command::Check(check)) => check::run(paths, check, out),
        Some(Command::Report(report)) => report::run(paths, report, out),
        Some(Command::Explain(explain)) => explain::run(explain, out),
        Some(Command::Notify(notify)) => notify::run(paths, notify, out),
        Some(Command::Skydns(call)) => match call.as_each() {
            Ok(Some(each)) if !call.list => each::run(paths, &call.as_call(), &each),
            Ok(_) => call::run(paths, Service::Skydns, &call.as_call(), out),
            Err(why) => {
                log::error!("{why}");
                Exit::Usage
            }
        },
        Some(Command::Vpnki(call)) => call::run(paths, Service::Vpnki, &call.as_call(), out),
        None => {
            log::error!("no command is given; 'wansync --help' lists them");
            Exit::Usage
        }
    }
}
