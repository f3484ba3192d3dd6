//! `wansync once`: one pass, printed.

use std::io::{self, Write};

use super::exit::Exit;
use super::pass::{self, Manner, Report};
use super::paths::Paths;
use super::told::Told;
use crate::cli::Once;
use crate::core::time::spoken;

/// Runs it. The exit code is that of the first section that has one other than 0.
pub fn run(paths: &Paths, once: &Once) -> Exit {
    let told = match once.dry_run {
        true => Told::nothing(),
        false => Told::recall(paths.store()),
    };
    let config = match paths.load_to_act(&told) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let known = |name: &&String| !config.skydns.iter().any(|section| section.name == **name);
    if let Some(name) = once.sections.iter().find(known) {
        let file = paths.config.display();
        log::error!("{file} has no skydns section '{name}'");
        return Exit::Usage;
    }
    if !config.main.enabled {
        told.keep();
        println_quietly("wansync is disabled (option enabled '0')");
        return Exit::Done;
    }
    let manner = Manner {
        forced: once.force,
        dry_run: once.dry_run,
    };
    let reports = match pass::run(paths, &config, &once.sections, manner, &told) {
        Ok(reports) => reports,
        Err(exit) => return exit,
    };
    for report in &reports {
        println_quietly(&line(report));
    }
    exit_of(&reports)
}

/// The first exit code that is not 0, in the order of the file.
pub fn exit_of(reports: &[Report]) -> Exit {
    let exits = reports.iter().map(|report| report.exit);
    exits
        .into_iter()
        .find(|exit| *exit != Exit::Done)
        .unwrap_or(Exit::Done)
}

fn line(report: &Report) -> String {
    let Report {
        section,
        reason,
        due,
        ..
    } = report;
    match report.outcome {
        None => format!("{section}: not acted upon: {reason}"),
        Some(outcome) if outcome.is_trouble() => {
            format!("{section}: {outcome}: {reason}; next in {}", spoken(*due))
        }
        Some(outcome) => format!("{section}: {outcome}: {reason}"),
    }
}

/// Prints a line; whoever closed the pipe does not want it.
pub fn println_quietly(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}
