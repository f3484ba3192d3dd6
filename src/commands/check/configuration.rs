//! The configuration's part of `wansync check`: what needs no network.

use super::access::DaemonReader;
use super::findings::Findings;
use crate::agent::paths::{Paths, key_of, missing_key_file, warnings_of_key_file};
use crate::exit::Exit;
use crate::sys::files;
use wansync_core::config::{Config, Content, Section};
use wansync_core::reason;
use wansync_core::reason::{Code, Reason};
use wansync_core::text::init::programs;

/// Checks the configuration itself: its problems, key files and programs. A candidate is
/// named by its file; of the key files that it names none is opened.
pub fn check_configuration(
    paths: &Paths,
    config: &Config,
    candidate: Option<&str>,
    findings: &mut Findings<'_>,
) {
    let file = match candidate {
        Some(name) => name.to_owned(),
        None => paths.config.display().to_string(),
    };
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
        let wrong = match candidate {
            Some(_) => missing_key_file(name, source),
            None => key_of(name, source).err(),
        };
        let of_daemon = || reader.as_ref()?.problem_of_key(name, source);
        match wrong.or_else(of_daemon) {
            Some(wrong) => problems.push(wrong),
            None if candidate.is_none() => problems.extend(warnings_of_key_file(name, source)),
            None => {}
        }
    }
    for problem in problems {
        findings.problem(&file, &problem);
    }
    for [name, option, program] in programs(config) {
        if let Err(why) = files::check_program(program.as_ref()) {
            findings.set_subject(name);
            let why = reason!(
                CheckProgram,
                option = option,
                program = program,
                cause = why
            );
            findings.bad(Exit::Config, why);
        }
    }
    findings.set_subject("");
    let ca_file = &config.main.ca_file;
    if let Some(why) = reader
        .as_ref()
        .and_then(|reader| reader.obstacle(ca_file, false))
    {
        let why = reason!(CheckCaFileClosed, file = ca_file, cause = why);
        findings.bad(Exit::Config, why);
    }
    if !config.main.enabled {
        findings.warn(reason!(CheckDisabled, file = &file));
    }
    let tunnels = SectionCount::of(&config.tunnels);
    let skydns = SectionCount::of(&config.skydns);
    // A router with tunnels need not have the other service.
    if skydns.ready == 0 && (tunnels.ready == 0 || skydns.all > 0) {
        findings.warn(reason!(CheckNoSection, file = &file));
    }
    if findings.exit == Exit::Done {
        let mut counts = vec![skydns.reason(Code::CheckSkydnsSections)];
        if tunnels.all > 0 {
            counts.push(tunnels.reason(Code::CheckTunnelSections));
        }
        findings.good(reason!(CheckConfiguration, file = &file, counts = counts));
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

    fn reason(&self, code: Code) -> Reason {
        Reason::of(code)
            .with(self.all)
            .with(self.ready)
            .with(self.disabled)
    }
}
