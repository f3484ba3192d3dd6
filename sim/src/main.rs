//! The simulator as a program: one subcommand a part of the world around the agent.

mod ask;
mod cli;
mod ping;
mod serve;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(arguments) => serve::run(*arguments),
        Command::Admin { url } => ask::admin(&url).map_err(Into::into),
        Command::Ping { address, wait } => {
            ping::ping(address, Duration::from_millis(wait)).map_err(Into::into)
        }
        Command::Ubus { arguments } => wansync_sim::ubus::main(&arguments).map_err(Into::into),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("wansync-sim: {cause}");
            ExitCode::FAILURE
        }
    }
}
