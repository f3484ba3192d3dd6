//! The configuration's part of `wansync check`: what needs no network.

use super::access::DaemonReader;
use super::findings::Findings;
use crate::agent::paths::{Paths, key_of, warnings_of_key_file};
use crate::exit::Exit;
use crate::sys::files;
use wansync_core::config::{Config, Content, Section};
use wansync_core::text::init::programs;

/// Checks the configuration itself: its problems, key files and programs.
pub fn check_configuration(paths: &Paths, config: &Config, findings: &mut Findings<'_>) {
    let file = paths.config.display();
    let reader = DaemonReader::of(paths, config);
    let mut keys = Vec::new();
    for (name, section) in config.ready_sections() {
        keys.push((name, &section.key));
    }
    for (name, account) in config.ready_accounts() {
        keys.push((name, &account.key));
    }
    let mut problems = config.problems.clone();
    for (name, source) in keys {
        let wrong = key_of(name, source).err();
        let of_daemon = || reader.as_ref()?.problem_of_key(name, source);
        match wrong.or_else(of_daemon) {
            Some(wrong) => problems.push(wrong),
            None => problems.extend(warnings_of_key_file(name, source)),
        }
    }
    for problem in problems {
        match problem.is_error() {
            true => findings.bad(Exit::Config, format_args!("{file}, {problem}")),
            false => findings.warn(format_args!("{file}, {problem}")),
        }
    }
    for (name, program) in programs(config) {
        if let Err(why) = files::check_program(program.as_ref()) {
            let text = format_args!("{name}: the program {program} {why}");
            findings.bad(Exit::Config, text);
        }
    }
    let ca_file = &config.main.ca_file;
    if let Some(why) = reader
        .as_ref()
        .and_then(|reader| reader.obstacle(ca_file, false))
    {
        findings.bad(Exit::Config, format_args!("the CA file {ca_file}: {why}"));
    }
    if !config.main.enabled {
        findings.warn(format_args!(
            "{file}: wansync is disabled (option enabled '0')"
        ));
    }
    let tunnels = SectionCount::of(&config.tunnels);
    let skydns = SectionCount::of(&config.skydns);
    // A router with tunnels need not have the other service.
    if skydns.ready == 0 && (tunnels.ready == 0 || skydns.all > 0) {
        findings.warn(format_args!("{file}: no skydns section is in use"));
    }
    if findings.exit == Exit::Done {
        let tunnels = match tunnels.all {
            0 => String::new(),
            _ => format!("; {}", tunnels.describe_counts("tunnel")),
        };
        findings.good(format_args!(
            "{file}: {}{tunnels}",
            skydns.describe_counts("skydns")
        ));
    }
}

/// The number of sections of a type.
struct SectionCount {
    all: usize,
    ready: usize,
    disabled: usize,
}

impl SectionCount {
    fn of<T>(sections: &[Section<T>]) -> SectionCount {
        let count = |is: fn(&Content<T>) -> bool| {
            let found = sections.iter().filter(|section| is(&section.content));
            found.count()
        };
        SectionCount {
            all: sections.len(),
            ready: count(|content| matches!(content, Content::Ready(_))),
            disabled: count(|content| matches!(content, Content::Disabled)),
        }
    }

    fn describe_counts(&self, kind: &str) -> String {
        let SectionCount {
            all,
            ready,
            disabled,
        } = self;
        format!("{all} {kind} sections, {ready} in use, {disabled} disabled")
    }
}
