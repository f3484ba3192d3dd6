//! A check in the background: `wansync check --start`, then `check --result`.
//!
//! A page cannot wait for as long as services may take. The findings are appended one by
//! one to a file of the state folder, which is locked for as long as the check runs: the
//! kernel lets go of the lock of one that died. They stay until the next check begins.

use super::findings::{Findings, text_of};
use super::run_here;
use crate::agent::paths::Paths;
use crate::commands::output::Output;
use crate::exit::Exit;
use crate::sys::{clock, process};
use wansync_core::json::{Json, JsonWriter};
use wansync_core::reason::Reason;
use wansync_core::time::Boot;

/// The most that is kept of findings, in bytes: what rpcd passes on is bounded, too.
const MAX_KEPT: usize = 192 * 1024;

/// The room for the last line of the file, in bytes.
const LAST_LINE: usize = 64;

/// Starts it. One that runs already is joined.
pub fn start(paths: &Paths, is_json: bool, out: &Output) -> Exit {
    match begin(paths) {
        Ok(is_new) if is_json => out.line(&started(is_new)),
        Ok(true) => out.line("the check has begun; 'wansync check --result' shows what it finds"),
        Ok(false) => out.line("a check runs already; 'wansync check --result' shows what it finds"),
        Err(why) => {
            log::error!("{why}");
            return Exit::Later;
        }
    }
    Exit::Done
}

/// `{"started":true,"running":true}`, or that one had been started before.
pub fn started(is_new: bool) -> String {
    let mut json = JsonWriter::default();
    json.open();
    json.field("started", &is_new);
    json.field("running", &true);
    json.close();
    json.into_text()
}

/// Starts it; false if one runs already.
///
/// # Errors
/// Why it cannot be.
pub fn begin(paths: &Paths) -> Result<bool, Reason> {
    let store = paths.store();
    if store.findings_are_awaited() {
        return Ok(false);
    }
    store.check_state_writable()?;
    process::start_in_background(&paths.arguments(&["check", "--work"]))
        .map_err(|error| process::not_started(&error))?;
    Ok(true)
}

/// The process in the background.
pub fn work(paths: &Paths) -> Exit {
    let store = paths.store();
    if store.findings_are_awaited() {
        return Exit::Done;
    }
    let file = match store.begin_findings(&first_line()) {
        Ok(file) => file,
        Err(why) => {
            log::error!("{why}");
            return Exit::Later;
        }
    };
    process::leave_session();
    let out = Output::kept(Some(file), MAX_KEPT);
    let exit = run_here(paths, false, &mut Findings::all(&out, true));
    let is_cut = out.is_cut();
    let mut json = JsonWriter::default();
    json.open();
    json.field("exit", &(exit as u32));
    json.field("cut", &is_cut);
    json.close();
    out.make_room(LAST_LINE);
    out.line(&json.into_text());
    exit
}

/// The beginning: on the boot clock and, if the clock was set, in seconds since 1970.
fn first_line() -> String {
    let now = clock::now();
    let started = now.clock_is_set().then_some(now.wall.secs() as u32);
    let mut json = JsonWriter::default();
    json.open();
    json.field("at", &now.boot);
    json.field("started", &started);
    json.close();
    json.into_text()
}

/// What a check in the background has found.
#[derive(Default)]
struct Found<'a> {
    is_running: bool,
    age: Option<u32>,
    started: Option<u32>,
    /// Each an object.
    findings: Vec<Json<'a>>,
    exit: Option<u32>,
    is_cut: bool,
}

impl<'a> Found<'a> {
    /// The content of the file, of which a process that was killed may have left a part.
    fn read(text: &'a str, is_running: bool) -> Found<'a> {
        let mut found = Found {
            is_running,
            ..Found::default()
        };
        for line in text.lines() {
            let Ok(line) = Json::parse(line.as_bytes()) else {
                continue;
            };
            let number = |name| line.get(name).and_then(Json::number).map(|n| n as u32);
            if line.get("level").is_some() {
                found.findings.push(line);
            } else if let Some(at) = line.read_required::<Boot>("at") {
                found.age = Some(clock::boot().since(at).as_secs() as u32);
                found.started = number("started");
            } else {
                found.exit = number("exit");
                found.is_cut = line.read_required("cut").unwrap_or_default();
            }
        }
        found
    }

    fn json(&self) -> String {
        let mut json = JsonWriter::default();
        json.open();
        json.field("running", &self.is_running);
        json.field("started", &self.started);
        json.field("age_s", &self.age);
        json.field("exit", &self.exit);
        json.field("cut", &self.is_cut);
        json.name("findings");
        json.list(&self.findings, &|finding, json| {
            json.raw(&finding.compact())
        });
        json.close();
        json.into_text()
    }

    fn code(&self) -> Exit {
        let known = [
            Exit::Done,
            Exit::Failed,
            Exit::Unavailable,
            Exit::Refused,
            Exit::Config,
        ];
        let ended = known.iter().find(|exit| Some(**exit as u32) == self.exit);
        ended.copied().unwrap_or(Exit::Later)
    }
}

/// The findings of a check that was made at once, as an object.
pub fn found_at_once(check: &dyn Fn(&Output) -> Exit) -> String {
    let out = Output::kept(None, MAX_KEPT);
    let exit = check(&out);
    let is_cut = out.is_cut();
    let text = out.into_text();
    let found = Found {
        exit: Some(exit as u32),
        is_cut,
        ..Found::read(&text, false)
    };
    found.json()
}

/// The findings so far, as an object.
///
/// # Errors
/// Why they cannot be read.
pub fn found(paths: &Paths) -> Result<String, Reason> {
    let (text, is_running) = paths.store().findings()?;
    Ok(Found::read(&text, is_running).json())
}

/// Prints the findings so far. The exit code is that of the check; 75 while it runs, and
/// where there is none.
pub fn result(paths: &Paths, is_json: bool, out: &Output) -> Exit {
    let (text, is_running) = match paths.store().findings() {
        Ok(read) => read,
        Err(why) => {
            log::error!("{why}");
            return Exit::Later;
        }
    };
    let found = Found::read(&text, is_running);
    if is_json {
        out.line(&found.json());
        return found.code();
    }
    for finding in &found.findings {
        out.line(&text_of(*finding).replace('\n', " "));
    }
    match (found.age, found.exit) {
        (None, _) => out.line("no check was started; 'wansync check --start' does it"),
        (_, None) if is_running => out.line("the check still runs"),
        (_, None) => out.line("the check was interrupted; 'wansync check --start' starts another"),
        _ if found.is_cut => out.line("there are more findings; 'wansync check' prints all"),
        _ => {}
    }
    found.code()
}
