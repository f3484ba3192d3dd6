//! Prints what `uci show` prints for one file: `uci_show FILE`.
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use wansync_core::config::uci;
use wansync_core::config::uci::print::{Unnamed, show};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(path), None) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: uci_show FILE");
        return ExitCode::from(64);
    };
    match run(Path::new(&path)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(1)
        }
    }
}

fn run(path: &Path) -> Result<(), String> {
    let text = std::fs::read(path)
        .map_err(|error| format!("uci_show: cannot read {}: {error}", path.display()))?;
    let package = uci::parse(&text).map_err(|error| format!("uci: {error}"))?;
    let shown = show(&package, &package_name(path), Unnamed::Indexed);
    io::stdout()
        .write_all(&shown)
        .map_err(|error| format!("uci_show: cannot print: {error}"))
}

/// The name of the file up to its first dot.
fn package_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}
