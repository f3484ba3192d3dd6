//! The object `wansync` on ubus: this program as rpcd's exec plug-in.
//!
//! rpcd runs `/usr/libexec/rpcd/wansync`, a link to it, with `list` or `call METHOD`;
//! `wansync rpcd list` is the same. A call may run for as long as it answers, 20 s at
//! most, since a page gives up then: what asks a service, or acts on one, is done by a
//! process in the background, and asked for again.

mod names;

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use super::check::{background, candidate};
use super::output::Output;
use super::{history, once, status};
use crate::agent::paths::Paths;
use crate::agent::tunnels::one_shot;
use crate::cli::{Arguments, StatusArguments};
use crate::exit::Exit;
use crate::sys::input::Input;
use crate::sys::log::LogReader;
use crate::sys::{clock, control, process};
use names::Kind;
use wansync_core::config::{Config, duration};
use wansync_core::reason;
use wansync_core::reason::{Code, Reason};
use wansync_core::rpcd::{self, Call, MAX_ARGUMENTS, MAX_REPLY, Method};

/// The name of the plug-ins' folder, and of the command that is the same.
pub const NAME: &str = "rpcd";
/// The longest wait for the arguments of a call, which rpcd writes at once.
const INPUT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest wait for the daemon to restart a tunnel: some calls of netifd or procd.
const RESTART_TIMEOUT: Duration = Duration::from_secs(12);

/// True if the program was called as a plug-in, by its name in rpcd's folder.
pub fn is_plugin(program: &OsStr) -> bool {
    let folder = Path::new(program).parent().and_then(Path::file_name);
    folder == Some(OsStr::new(NAME))
}

/// The options before the word `rpcd`, and the words behind it, if that is the command.
pub fn find<'w>(words: &'w [&'w str]) -> Option<(Arguments, &'w [&'w str])> {
    let place = words.iter().position(|word| *word == NAME)?;
    let arguments = Arguments::read(&words[..place]).ok()?;
    arguments
        .command
        .is_none()
        .then_some((arguments, &words[place + 1..]))
}

/// The reader of what it logs. A page asks for the status every few seconds, and what is
/// wrong is in the reply.
pub fn reader(words: &[&str]) -> LogReader {
    match words {
        ["call", "status" | "history"] => LogReader::Caller,
        _ => LogReader::Printed,
    }
}

/// Runs it: `list`, `call METHOD`, or what a call started in the background.
pub fn run(paths: &Paths, words: &[&str], out: &Output) -> Exit {
    match *words {
        ["list"] => out.line(rpcd::SIGNATURES),
        ["call", method] => {
            let reply = answer(paths, method).unwrap_or_else(|why| rpcd::refusal(&why));
            out.line(rpcd::bounded(&reply).trim_end());
        }
        ["names", kind, section] => names::work(paths, kind, section),
        ["command", section] => {
            process::leave_session();
            if let Ok(config) = paths.load() {
                one_shot::run_command(paths, &config, section);
            }
        }
        _ => {
            log::error!("rpcd takes 'list' or 'call METHOD'");
            return Exit::Usage;
        }
    }
    Exit::Done
}

/// The reply to a call, whose arguments are on standard input.
///
/// # Errors
/// Why there is none.
fn answer(paths: &Paths, method: &str) -> Result<String, Reason> {
    let call = Call::read(method, &read_arguments())?;
    match call.method {
        Method::Status => {
            let arguments = StatusArguments::json();
            shown(&|out| status::run(paths, &arguments, out))
        }
        Method::History => told_history(paths, &call),
        Method::Check => match &call.config {
            Some(text) => Ok(check_candidate(paths, text)),
            None => background::begin(paths).map(background::started),
        },
        Method::CheckResult => background::found(paths),
        Method::Once => start_pass(paths, call.section.as_deref()),
        Method::Restart => restart(paths, call.section()?),
        Method::Profiles => names::names(paths, Kind::Profiles, call.section()?),
        Method::Tunnels => names::names(paths, Kind::Tunnels, call.section()?),
    }
}

/// What is there of the arguments, of which rpcd need not end the stream.
fn read_arguments() -> Vec<u8> {
    let end = clock::since_boot() + INPUT_TIMEOUT;
    let (mut arguments, mut piece) = (Vec::new(), [0; 4096]);
    while arguments.len() <= MAX_ARGUMENTS && rpcd::is_incomplete(&arguments) {
        let left = end.saturating_sub(clock::since_boot());
        if left.is_zero() || !Input::Standard.is_ready(left) {
            break;
        }
        match Input::Standard.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(count) => arguments.extend_from_slice(&piece[..count]),
        }
    }
    arguments
}

fn told_history(paths: &Paths, call: &Call) -> Result<String, Reason> {
    let (section, since) = (call.section.as_deref(), call.since.as_deref());
    let span = since.and_then(duration::parse);
    if since.is_some() && span.is_none() {
        return Err(reason!(RpcNoDuration, name = "since"));
    }
    history::json_of(paths, section, span).map_err(|(exit, why)| match (exit, section) {
        (Exit::Usage, Some(section)) => no_section(section),
        _ => why,
    })
}

/// What a command prints, which is an object.
fn shown(command: &dyn Fn(&Output) -> Exit) -> Result<String, Reason> {
    let out = Output::kept(None, MAX_REPLY);
    let exit = command(&out);
    match out.is_cut() {
        true => Err(reason!(RpcLongReply, max = MAX_REPLY)),
        false => Some(out.into_text())
            .filter(|text| !text.is_empty())
            .ok_or_else(|| reason!(RpcNoReply, status = exit as u32)),
    }
}

fn check_candidate(paths: &Paths, text: &str) -> String {
    // It is to be put in the place of this.
    let name = paths.config.display().to_string();
    background::found_at_once(&|out| candidate::check(paths, &name, text.as_bytes(), true, out))
}

fn start_pass(paths: &Paths, section: Option<&str>) -> Result<String, Reason> {
    let config = enabled(paths)?;
    if let Some(name) = section
        && config.ready_section(name).is_none()
        && config.ready_tunnel(name).is_none()
    {
        return Err(no_section(name));
    }
    paths.store().check_state_writable()?;
    once::start(paths, section).map_err(|error| process::not_started(&error))?;
    Ok(rpcd::field("started", "true"))
}

/// By the daemon, if there is one.
fn restart(paths: &Paths, section: &str) -> Result<String, Reason> {
    let config = enabled(paths)?;
    if config.ready_tunnel(section).is_none() {
        return Err(no_section(section));
    }
    let request = format!("restart\t{section}");
    match control::send_request(&paths.state, &request, RESTART_TIMEOUT) {
        // An older daemon does not know what this is.
        Ok(Some(reply)) if reply.starts_with('{') => return Ok(reply),
        Ok(None) => {}
        _ => return Err(reason!(RpcBusy)),
    }
    let done = one_shot::order(paths, &config, section)?;
    if done.code() == Code::ActCommand {
        let words = paths.arguments(&[NAME, "command", section]);
        process::start_in_background(&words).map_err(|error| process::not_started(&error))?;
    }
    Ok(rpcd::done(&done))
}

/// The configuration.
///
/// # Errors
/// It cannot be read, or wansync is disabled.
fn enabled(paths: &Paths) -> Result<Config, Reason> {
    let config = paths.load()?;
    match config.main.enabled {
        true => Ok(config),
        false => Err(reason!(RpcDisabled)),
    }
}

fn no_section(name: &str) -> Reason {
    reason!(RpcNoSection, section = name)
}
