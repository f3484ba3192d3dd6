//! The agent: wansync keeps a router's WAN address bound at SkyDNS, and watches its
//! VPNKI tunnels.
//!
//! A pass observes the WAN address, compares it with what SkyDNS last
//! confirmed, and sends `update_ip` when they differ. A round over a tunnel gathers
//! evidence, makes Up, Down or Unknown of it, and does what the ladder says.
//! `wansync once` does both once, `wansync daemon` for ever.
//!
//! The parts, from the outside in; each names only those below it:
//!
//! | module | subject |
//! | --- | --- |
//! | [`cli`], [`commands`] | the command line; one file a subcommand: parse, call the agent, print, exit code |
//! | [`agent`] | the engine: passes, tunnels, the daemon |
//! | [`sys`] | the only I/O: http, ubus, netlink, echoes, files, clocks, signals, processes |
//! | [`wansync_core`] | every decision: what is sent when, whether a tunnel works, what a reply means |
//!
//! It is a program and no library: rustc then sees what of it is never used. What
//! others can use is in [`wansync_core`].
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests do I/O"))]

mod agent;
mod cli;
mod commands;
mod exit;
mod sys;

use std::io::{self, Write};
use std::process::ExitCode;

use argh::EarlyExit;
use log::LevelFilter;

use cli::{Arguments, Command};
use commands::rpcd;
use exit::Exit;

#[expect(clippy::disallowed_methods, reason = "arguments are read here")]
fn main() -> ExitCode {
    sys::process::forbid_core_dumps();
    let mut words = Vec::new();
    let mut given = std::env::args_os();
    if given.next().is_some_and(|name| rpcd::is_plugin(&name)) {
        words.push(rpcd::NAME.to_owned());
    }
    for word in given {
        let Ok(word) = word.into_string() else {
            return usage("an argument is not UTF-8");
        };
        words.push(word);
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let Some((arguments, words)) = rpcd::find(&words) {
        sys::log::start(LevelFilter::Info, rpcd::reader(words));
        return commands::run(&arguments, Some(words)).into();
    }
    match Arguments::read(&words) {
        Ok(arguments) => {
            let command = arguments.command.as_ref();
            let reader = command.map_or(sys::log::LogReader::Log, Command::reader);
            sys::log::start(LevelFilter::Info, reader);
            commands::run(&arguments, None).into()
        }
        Err(EarlyExit {
            output,
            status: Ok(()),
        }) => match commands::help(&words).unwrap_or(Ok(output)) {
            Ok(text) => commands::print(&text).into(),
            Err(why) => usage(&format!("wansync: error: {why}")),
        },
        Err(EarlyExit { output, .. }) => usage(output.trim_end()),
    }
}

fn usage(what: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "{what}");
    Exit::Usage.into()
}
