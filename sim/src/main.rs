//! The simulator as a program.

use std::process::ExitCode;

fn main() -> ExitCode {
    match wansync_sim::program::run(std::env::args_os()) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
