//! Arguments, log, command, exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use argh::{EarlyExit, FromArgs};
use log::LevelFilter;
use wansync::cli::{Arguments, Command};
use wansync::sys::{self, log::Reader};
use wansync::{commands, exit::Exit};

#[expect(clippy::disallowed_methods, reason = "arguments are read here")]
fn main() -> ExitCode {
    let words: Result<Vec<String>, _> = std::env::args_os()
        .skip(1)
        .map(|w| w.into_string())
        .collect();
    let Ok(words) = words else {
        return usage("an argument is not UTF-8");
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match Arguments::from_args(&["wansync"], &words) {
        Ok(arguments) => {
            let reader = arguments
                .command
                .as_ref()
                .map_or(Reader::Log, Command::reader);
            sys::log::start(LevelFilter::Info, reader);
            commands::run(&arguments).into()
        }
        Err(EarlyExit {
            output,
            status: Ok(()),
        }) => match commands::help(&words).unwrap_or(Ok(output)) {
            Ok(text) => {
                let _ = writeln!(io::stdout(), "{}", text.trim_end());
                ExitCode::SUCCESS
            }
            Err(why) => usage(&format!("wansync: error: {why}")),
        },
        Err(EarlyExit { output, .. }) => usage(output.trim_end()),
    }
}

fn usage(what: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "{what}");
    Exit::Usage.into()
}
