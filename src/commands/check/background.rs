//! A check in the background: `wansync check --start`, then `check --result`.
//!
//! A page cannot wait for as long as services may take. The findings are appended one by
//! one to a file of the state folder, which is locked for as long as the check runs: the
//! kernel lets go of the lock of one that died. They stay until the next check begins.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Write};
use std::rc::Rc;

use super::findings::{Findings, text_of};
use super::run_here;
use crate::agent::paths::Paths;
use crate::commands::output::Output;
use crate::exit::Exit;
use crate::sys::{clock, process};
use wansync_core::json::{Json, JsonWriter, Persist};
use wansync_core::persist;
use wansync_core::reason;
use wansync_core::reason::Reason;
use wansync_core::time::Boot;

/// The most that is kept of findings, in bytes: what rpcd passes on is bounded, too.
const MAX_KEPT: usize = 192 * 1024;

/// The first line of the file.
#[derive(Default)]
pub struct Begun {
    /// The moment on the boot clock.
    at: Boot,
    /// The time, in seconds since 1970, if the clock was set.
    started: Option<i64>,
}

persist!(Begun { at, started });

/// The last line of the file.
#[derive(Default)]
struct Ended {
    exit: u32,
    is_cut: bool,
}

persist!(Ended {
    exit,
    is_cut = "cut",
});

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
    match process::start_in_background(&paths.arguments(&["check", "--work"])) {
        Ok(()) => Ok(true),
        Err(error) => Err(reason!(RpcNotStarted, error = error.to_string())),
    }
}

/// The process in the background.
pub fn work(paths: &Paths) -> Exit {
    let store = paths.store();
    if store.findings_are_awaited() {
        return Exit::Done;
    }
    let now = clock::now();
    let begun = Begun {
        at: now.boot,
        started: now.clock_is_set().then_some(now.wall.secs()),
    };
    let file = match store.begin_findings(&begun) {
        Ok(file) => file,
        Err(why) => {
            log::error!("{why}");
            return Exit::Later;
        }
    };
    process::leave_session();
    let kept = Rc::new(Kept {
        file,
        room: Cell::new(MAX_KEPT),
    });
    let taker = Rc::clone(&kept);
    let out = Output::to(Box::new(move |line| taker.add(line)));
    let exit = run_here(paths, false, &mut Findings::all(&out, true));
    let ended = Ended {
        exit: exit as u32,
        is_cut: kept.room.get() == 0,
    };
    match kept.write(&JsonWriter::of(&ended)) {
        Ok(()) => exit,
        Err(_) => Exit::OutputLost,
    }
}

/// The file of the findings.
struct Kept {
    file: File,
    /// The bytes that more findings may take; 0 once one had no room.
    room: Cell<usize>,
}

impl Kept {
    fn add(&self, line: &str) -> io::Result<()> {
        let room = self.room.get().saturating_sub(line.len());
        self.room.set(room);
        match room {
            0 => Ok(()),
            _ => self.write(line),
        }
    }

    fn write(&self, line: &str) -> io::Result<()> {
        (&self.file).write_all(format!("{line}\n").as_bytes())
    }
}

/// What a check in the background has found.
struct Found<'a> {
    is_running: bool,
    begun: Option<Begun>,
    /// Each an object.
    findings: Vec<Json<'a>>,
    ended: Option<Ended>,
}

impl<'a> Found<'a> {
    /// The content of the file, of which a process that was killed may have left a part.
    fn read(text: &'a str, is_running: bool) -> Found<'a> {
        let mut lines = text.lines().map(str::as_bytes).map(Json::parse);
        let begun = lines.next().and_then(|line| Begun::read(line.ok()?));
        let mut found = Found {
            is_running,
            begun,
            findings: Vec::new(),
            ended: None,
        };
        for line in lines.flatten() {
            match line.get("level") {
                Some(_) => found.findings.push(line),
                None => found.ended = Ended::read(line),
            }
        }
        found
    }

    fn json(&self) -> String {
        let age = self.begun.as_ref().map(|begun| {
            let age = clock::boot().since(begun.at).as_secs();
            i64::try_from(age).unwrap_or_default()
        });
        let begun = self.begun.as_ref().and_then(|begun| begun.started);
        let mut findings = String::new();
        for finding in &self.findings {
            if !findings.is_empty() {
                findings.push(',');
            }
            findings.push_str(&finding.compact());
        }
        let ended = self.ended.as_ref();
        let exit = ended.map(|ended| ended.exit);
        let is_cut = ended.is_some_and(|ended| ended.is_cut);
        let mut json = JsonWriter::default();
        json.open();
        json.field("running", &self.is_running);
        json.field("started", &begun);
        json.field("age_s", &age);
        json.field("exit", &exit);
        json.field("cut", &is_cut);
        json.name("findings");
        json.raw("[");
        json.raw(&findings);
        json.raw("]");
        json.close();
        json.into_text()
    }

    fn exit(&self) -> Exit {
        let codes = [Exit::Done, Exit::Unavailable, Exit::OutputLost];
        let others = [Exit::Later, Exit::Refused, Exit::Config, Exit::Failed];
        let ended = self.ended.as_ref().map(|ended| ended.exit);
        let mut all = codes.into_iter().chain(others);
        all.find(|exit| Some(*exit as u32) == ended)
            .unwrap_or(Exit::Later)
    }
}

/// The findings of a check that was made at once, as an object.
pub fn found_at_once(check: &dyn Fn(&Output) -> Exit) -> String {
    let made = Output::capture(MAX_KEPT, check);
    // The first line is that of a check in the background.
    let text = format!("\n{}", made.text);
    let mut found = Found::read(&text, false);
    found.ended = Some(Ended {
        exit: made.exit as u32,
        is_cut: made.is_cut,
    });
    found.json()
}

/// The findings so far, as an object.
///
/// # Errors
/// Why they cannot be read.
pub fn found(paths: &Paths) -> Result<String, Reason> {
    let read = paths.store().findings();
    let (text, is_running) = read.map_err(|why| Reason::words(&why))?;
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
        return found.exit();
    }
    for finding in &found.findings {
        out.line(&text_of(*finding).replace('\n', " "));
    }
    match (&found.begun, &found.ended) {
        (None, _) => out.line("no check was started; 'wansync check --start' does it"),
        (_, None) if is_running => out.line("the check still runs"),
        (_, None) => out.line("the check was interrupted; 'wansync check --start' starts another"),
        (_, Some(ended)) if ended.is_cut => {
            out.line("there are more findings; 'wansync check' prints all")
        }
        _ => {}
    }
    found.exit()
}
