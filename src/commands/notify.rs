//! `wansync notify`: tries out the program of `option notify`.
//!
//! It is run as for a change, with the same environment and the same bound, but for the
//! variable that marks a test; what it prints, which is lost otherwise, is shown.

use std::io;

use super::output::Output;
use crate::agent::changes::Change;
use crate::agent::hooks::{HookRun, TEST_MARK};
use crate::agent::paths::Paths;
use crate::cli::NotifyArguments;
use crate::exit::Exit;
use crate::sys::{clock, files, os_error};
use wansync_core::config::{Config, Content, Section};
use wansync_core::reason;
use wansync_core::text::width::clean;

const NO_INTERPRETER: &str =
    "the interpreter in its first line is missing; does that line end in CR LF?";
/// The address of a section that has none confirmed; it is for documents (RFC 5737).
const EXAMPLE_ADDRESS: &str = "203.0.113.1";

/// What differs between the types of sections.
struct Kind {
    name: &'static str,
    /// The states, of which the first is the old one, and the second the usual new one.
    states: &'static [&'static str],
}

const SKYDNS: Kind = Kind {
    name: "skydns",
    states: &["confirmed", "unconfirmed", "aborted", "refused", "unknown"],
};
const TUNNEL: Kind = Kind {
    name: "tunnel",
    states: &["up", "down", "unknown", "given-up"],
};

/// A section's own part of the change: its type, its program, and its subject.
type Told<'a> = (&'static Kind, Option<&'a String>, String);

/// Runs it.
pub fn run(paths: &Paths, notify: &NotifyArguments, out: &Output) -> Exit {
    match hook_run(paths, notify) {
        Ok(run) => try_out(&run, notify.dry_run, out),
        Err((exit, why)) => {
            log::error!("{why}");
            exit
        }
    }
}

/// # Errors
/// Why there is nothing to run, and the exit code for it.
fn hook_run(paths: &Paths, notify: &NotifyArguments) -> Result<HookRun, (Exit, String)> {
    let name = &notify.section;
    let config = paths
        .load()
        .map_err(|why| (Exit::Config, why.to_string()))?;
    let (kind, program, subject) = told(paths, &config, name)?;
    let new = match &notify.new {
        None => kind.states[1],
        Some(wanted) => *(kind.states.iter())
            .find(|state| *state == wanted)
            .ok_or_else(|| {
                let (kind, known) = (kind.name, kind.states.join(", "));
                let why = format!("a {kind} section has no state '{wanted}', but {known}");
                (Exit::Usage, why)
            })?,
    };
    let Some(program) = program else {
        let file = paths.config.display();
        let why = format!("{file}: section '{name}' has no 'option notify'");
        return Err((Exit::Config, why));
    };
    files::check_program(program.as_ref())
        .map_err(|why| (Exit::Config, format!("{name}: the program {program} {why}")))?;
    let change = Change {
        at: clock::boot(),
        section: name.clone(),
        kind: kind.name,
        old: kind.states[0],
        new,
        reason: reason!(NotifyTest),
        subject,
        is_news: true,
        notify: None,
    };
    Ok(HookRun::new(program.clone(), Vec::new(), change))
}

fn told<'a>(paths: &Paths, config: &'a Config, name: &str) -> Result<Told<'a>, (Exit, String)> {
    let mut known = Vec::new();
    for section in &config.skydns {
        if let Some(skydns) = content(section, name)? {
            let state = paths.store().section_state(name).unwrap_or_default();
            let address = state.confirmed.map(|c| c.address.to_string());
            let address = address.unwrap_or_else(|| EXAMPLE_ADDRESS.to_owned());
            return Ok((&SKYDNS, skydns.notify.as_ref(), address));
        }
        known.push(&*section.name);
    }
    for section in &config.tunnels {
        if let Some(tunnel) = content(section, name)? {
            return Ok((&TUNNEL, tunnel.notify.as_ref(), tunnel.name.clone()));
        }
        known.push(&*section.name);
    }
    Err((Exit::Usage, paths.no_section(name, &known).to_string()))
}

/// The options of a section, if it is the one of this name.
fn content<'a, T>(section: &'a Section<T>, name: &str) -> Result<Option<&'a T>, (Exit, String)> {
    let why = match &section.content {
        _ if section.name != name => return Ok(None),
        Content::Ready(content) => return Ok(Some(content)),
        Content::Disabled => "disabled (option enabled '0')".to_owned(),
        Content::Wrong => reason!(SectionWrong).to_string(),
    };
    Err((Exit::Config, format!("{name}: {why}")))
}

fn try_out(run: &HookRun, is_dry: bool, out: &Output) -> Exit {
    let (section, program) = (run.section(), &run.program);
    let begin = match is_dry {
        true => "would be run",
        false => "is run",
    };
    out.line(&format!("{section}: {program} {begin} with"));
    for (name, value) in run.environment().iter().chain(&[TEST_MARK]) {
        out.line(&format!("  {name}={}", clean(value)));
    }
    if is_dry {
        return Exit::Done;
    }
    let (end, outputs) = match run.try_out() {
        Ok(ended) => ended,
        Err(error) => {
            let why = match error.kind() {
                // It is there: the kernel says the same of its interpreter.
                io::ErrorKind::NotFound => NO_INTERPRETER.to_owned(),
                _ => os_error::describe(&error),
            };
            log::error!("{section}: the program {program} cannot be run: {why}");
            return Exit::Config;
        }
    };
    for (title, output) in ["it printed", "its errors"].iter().zip(&outputs) {
        show_output(title, output, out);
    }
    let is_well = end.code() == Some(0);
    match is_well {
        true => out.line(&format!("{section}: {program} {end}")),
        false => log::error!("{section}: the program {program} {end}"),
    }
    match is_well {
        true => Exit::Done,
        false => Exit::Failed,
    }
}

fn show_output(title: &str, output: &[u8], out: &Output) {
    let text = String::from_utf8_lossy(output);
    if text.trim().is_empty() {
        return;
    }
    out.line(&format!("{title}:"));
    for line in text.trim_end().lines() {
        out.line(&format!("  {}", clean(line)));
    }
}
