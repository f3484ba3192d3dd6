//! The costs of wansync: an idle pass, a send, many sections, a large file, the
//! daemon, its tunnels; and how soon the daemon acts.
//!
//! The program prints figures and judges nothing: `to reach` stands beside a figure for
//! the reader. It exits 1 only when something could not be measured. `make bench`
//! builds the programs that it needs and runs it.

mod folder;
mod machine;
mod measure;
mod namespace;
mod parts;
mod report;
mod resident;
mod scene;
mod services;
mod tunnels;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use argh::FromArgs;

use crate::measure::{Program, Tools};
use crate::report::Report;

/// Measures a release build of wansync and prints the figures.
#[derive(FromArgs)]
struct Args {
    /// the wansync to measure
    #[argh(option)]
    agent: PathBuf,
    /// a static program that does nothing (benches/programs/empty.c)
    #[argh(option)]
    empty: PathBuf,
    /// the observer (benches/programs/observe.c)
    #[argh(option)]
    observe: PathBuf,
    /// runs for each wall time of an idle pass (default 500)
    #[argh(option, default = "500")]
    iterations: usize,
    /// seconds for which an idle daemon is watched (default 300)
    #[argh(option, default = "300")]
    window: u64,
    /// only these parts: idle, send, sections, uci, check, each, daemon, reaction, changes,
    /// tunnel, rpcd
    #[argh(option)]
    part: Vec<String>,
    /// write the figures to this file too
    #[argh(option)]
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    let args: Args = argh::from_env();
    if let Some(code) = namespace::enter() {
        return code;
    }
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("wansync-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// True if all could be measured.
fn run(args: &Args) -> Result<bool, String> {
    namespace::bring_loopback_up()?;
    let tools = Tools {
        agent: Program::new(&args.agent)?,
        empty: Program::new(&args.empty)?,
        observe: Program::new(&args.observe)?,
        iterations: args.iterations,
        window: Duration::from_secs(args.window),
    };
    let mut report = Report::new(machine::describe(&args.agent)?);
    report.print_heading();
    for (name, part) in parts::ALL {
        if args.part.is_empty() || args.part.iter().any(|wanted| wanted == name) {
            eprintln!("measuring: {name}");
            report.add(part(&tools));
        }
    }
    if let Some(file) = &args.json {
        let text = format!("{:#}\n", report.to_json());
        std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(report.is_complete())
}
