//! The simulator as a program: one subcommand a part of the world around the agent.

use std::ffi::OsString;
use std::time::Duration;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::{ask, ping, resolver, serve, ubus, udp};

/// Runs it with these arguments, of which the first is the program's name; says
/// whether it succeeded.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> bool {
    let outcome = match Cli::parse_from(arguments).command {
        Command::Serve(arguments) => serve::run(*arguments),
        Command::Admin { url } => ask::admin(&url).map_err(Into::into),
        Command::Ping { address, wait } => {
            ping::ping(address, Duration::from_millis(wait)).map_err(Into::into)
        }
        Command::UdpListen { at, echo } => udp::listen(at, echo).map_err(Into::into),
        Command::Resolver(options) => resolver::run(options).map_err(Into::into),
        Command::UdpSend {
            to,
            size,
            every,
            times,
            wait,
        } => {
            let sender = udp::Sender {
                to,
                size,
                pause: Duration::from_millis(every),
                times,
                wait: wait.map(Duration::from_millis),
            };
            sender.run().map_err(Into::into)
        }
        Command::Ubus { arguments } => ubus::main(&arguments).map_err(Into::into),
    };
    if let Err(cause) = &outcome {
        eprintln!("wansync-sim: {cause}");
    }
    outcome.is_ok()
}
