//! `wansync skydns METHOD --each FILE`: one call for each row of a table.
//!
//! | module | subject |
//! | --- | --- |
//! | [`table`] | the rows of the table, as they are read |
//! | [`rows`] | a row, checked, and its request |
//! | [`workers`] | the connections |
//! | [`mod@run`] | what is sent when, and what is remembered of it |
//! | [`journal`] | which rows were sent |
//! | [`results`], [`bar`] | what is written of it |
//!
//! Nothing is done twice and nothing is lost, whenever the run ends: a row is remembered
//! as sent before it is, its result is written before it is remembered as done.

mod bar;
mod journal;
mod results;
mod rows;
mod run;
mod table;
mod workers;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use self::bar::Bar;
use self::journal::Journal;
use self::results::ResultForm;
use self::rows::Checker;
use self::run::{Run, Stop};
use self::table::Table;
use self::workers::{Connections, Way};
use super::account::CallAccount;
use super::call;
use super::output::local_zone;
use crate::agent::paths::Paths;
use crate::cli::{EachOptions, Format, ServiceCall};
use crate::exit::Exit;
use crate::sys::line_file::LineFileError;
use crate::sys::signals::Signals;
use crate::sys::sink::Sink;
use crate::sys::{clock, os_error, terminal};
use log::{error, info};
use wansync_core::bulk::columns::Columns;
use wansync_core::bulk::journal::title;
use wansync_core::bulk::pace::Pace;
use wansync_core::bulk::progress::Counts;
use wansync_core::service::answer::Service;
use wansync_core::service::method::Method;
use wansync_core::service::question::Question;

/// The most connections.
const MAX_AT_ONCE: usize = 64;
/// The most wrong rows that are listed.
const MAX_LISTED: usize = 10;

/// The exit code, and the lines that say why.
type Refusal = (Exit, Vec<String>);

/// Runs it.
pub fn run(paths: &Paths, call: &ServiceCall<'_>, each: &EachOptions<'_>) -> Exit {
    prepare_and_run(paths, call, each).unwrap_or_else(|(exit, lines)| {
        lines.iter().for_each(|line| error!("{line}"));
        exit
    })
}

fn usage(line: impl Into<String>) -> Refusal {
    (Exit::Usage, vec![line.into()])
}

fn prepare_and_run(
    paths: &Paths,
    call: &ServiceCall<'_>,
    each: &EachOptions<'_>,
) -> Result<Exit, Refusal> {
    if call.raw {
        return Err(usage("--raw and --each exclude each other"));
    }
    if !(1..=MAX_AT_ONCE).contains(&each.at_once) {
        return Err(usage(format!(
            "--at-once is a number from 1 to {MAX_AT_ONCE}"
        )));
    }
    let (method, _, words) =
        call::find_method(Service::Skydns, call).map_err(|lines| (Exit::Usage, lines))?;
    let fixed = call::read_parameters(method, words).map_err(usage)?;
    let fixed: Vec<(&str, &str)> = fixed.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let file = each.file;
    let name = move |why: String| usage(format!("{} {why}", table_name(file)));
    let mut table = Table::open(file).map_err(name)?;
    let header = table.wait_for_next().map_err(name)?;
    let header = header.ok_or_else(|| name("is empty".to_owned()))?;
    let columns = Columns::new(method, header.cells, each.columns, &fixed).map_err(|wrong| {
        let lines = wrong
            .iter()
            .map(|line| format!("{}: {line}", table_name(file)));
        (Exit::Usage, lines.collect())
    })?;
    let account =
        CallAccount::find(paths, Service::Skydns, call).map_err(|(exit, why)| (exit, vec![why]))?;
    let checker = Checker {
        method,
        columns: &columns,
        account: &account,
        now: local_zone().local(clock::wall()),
        refuses_questions: file == "-" && method.asks_of_address() && !call.yes,
    };
    let mut counts = Counts::default();
    let mut question = Question::new(method);
    if file != "-" {
        counts.total = Some(check_rows(file, &checker, &mut question)?);
    }
    ask(method, &question, file, counts.total, call, &account)?;
    let device = account
        .device(paths)
        .map_err(|failure| (Exit::of_call(&failure), vec![failure.to_string()]))?;
    let way = Way {
        ca_file: account.ca_file.clone(),
        device,
        transport: account.transport,
    };
    let connections = Connections::open(each.at_once, way).map_err(|error| {
        let why = os_error::describe(&error);
        (
            Exit::Later,
            vec![format!("there is no thread to send with: {why}")],
        )
    })?;
    let mut signals = Signals::open().map_err(|error| {
        let why = os_error::describe(&error);
        (Exit::Later, vec![format!("signals cannot be heard: {why}")])
    })?;
    let is_json = call.format == Format::Json;
    let form = ResultForm::new(method, &columns, &account, is_json, table.delimiter());
    let journal = open_journal(method, each, &columns, &account)?;
    let (sink, journal) = match open_sink(call, each, &form) {
        Ok(sink) => (sink, journal),
        Err(refusal) => {
            // Nothing was sent: a journal that is new is none to go on from.
            if !each.resume {
                journal.and_then(|(_, journal)| journal.remove().ok());
            }
            return Err(refusal);
        }
    };
    let (journal_path, journal) = journal.unzip();
    let mut run = Run {
        method,
        account: &account,
        checker: &checker,
        form: &form,
        table,
        journal,
        sink,
        counts,
        stop: None,
        next_number: 0,
        again: VecDeque::new(),
        under_way: 0,
        pace: Pace::default(),
        bar: Bar::start(),
        has_ended: false,
        is_sink_lost: false,
    };
    run.go(&connections, &mut signals);
    Ok(conclude(run, journal_path.as_deref()))
}

fn table_name(file: &str) -> &str {
    match file {
        "-" => "standard input",
        file => file,
    }
}

/// Checks all rows of a file before the first is sent; returns their number.
fn check_rows(file: &str, checker: &Checker<'_>, question: &mut Question) -> Result<u64, Refusal> {
    let name = |why: String| usage(format!("{file} {why}"));
    let mut table = Table::open(file).map_err(name)?;
    table.wait_for_next().map_err(name)?;
    let mut lines = Vec::new();
    let (mut rows, mut wrong) = (0_u64, 0_usize);
    while let Some(row) = table.wait_for_next().map_err(name)? {
        rows += 1;
        match checker.check(&row.cells) {
            Ok(checked) => question.add(&checked.pairs),
            Err(why) => {
                wrong += 1;
                if wrong <= MAX_LISTED {
                    lines.push(format!("{file}, line {}: {why}", row.line));
                }
            }
        }
    }
    match wrong {
        0 => Ok(rows),
        _ => {
            if wrong > MAX_LISTED {
                lines.push(format!("{file}: {wrong} of {rows} rows are wrong"));
            }
            lines.push("nothing was sent".to_owned());
            Err((Exit::Usage, lines))
        }
    }
}

/// Asks once for all rows, if the method deletes or blocks something, or a row asks for
/// what is hardly meant.
fn ask(
    method: &Method,
    question: &Question,
    file: &str,
    rows: Option<u64>,
    call: &ServiceCall<'_>,
    account: &CallAccount,
) -> Result<(), Refusal> {
    let Some(what) = question.words().filter(|_| !call.yes) else {
        return Ok(());
    };
    let name = method.name;
    let what = match (method.needs_yes(), rows) {
        (None, _) => what.into_owned(),
        (Some(_), None) => format!("{what}, for each row"),
        (Some(_), Some(rows)) => format!("{what}, for each of {rows} rows"),
    };
    if !terminal::can_prompt() {
        return Err(usage(format!(
            "{name} would {what}: it needs --yes where nobody can be asked"
        )));
    }
    let host = account.base_url.host();
    match terminal::confirm(&format!(
        "{name}: {what} (of {}), at {host}? [y/N] ",
        table_name(file)
    )) {
        true => Ok(()),
        false => Err(usage("nothing was sent")),
    }
}

/// What is remembered of the rows, beside the table; of standard input nothing is, unless
/// a file for it is named.
fn open_journal(
    method: &Method,
    each: &EachOptions<'_>,
    columns: &Columns,
    account: &CallAccount,
) -> Result<Option<(PathBuf, Journal)>, Refusal> {
    let path = match (each.journal, each.file) {
        (Some(path), _) => PathBuf::from(path),
        (None, "-") if each.resume => {
            return Err(usage(
                "--resume needs --journal FILE where the rows come from standard input",
            ));
        }
        (None, "-") => return Ok(None),
        (None, file) => PathBuf::from(format!("{file}.{}.journal", method.name)),
    };
    let identity = format!("{}\n{}", account.base_url, columns.identity());
    let title = title(method.name, &identity);
    let shown = path.display();
    match Journal::open(&path, &title, each.resume) {
        Ok(journal) => Ok(Some((path, journal))),
        Err(LineFileError::Exists) => Err(usage(format!(
            "{shown} says that some of these rows were sent already: --resume goes on with the \
             others; without that file it begins with the first"
        ))),
        Err(LineFileError::Missing) if each.resume => Err(usage(format!(
            "{shown} is not there, so there is nothing to go on with"
        ))),
        Err(LineFileError::OtherTitle) => Err(usage(format!(
            "{shown} is of another method, service or choice of columns"
        ))),
        Err(LineFileError::InUse) => Err((
            Exit::Later,
            vec![format!(
                "{shown} is in use: another wansync sends these rows"
            )],
        )),
        Err(LineFileError::Missing) => Err(usage(format!(
            "{shown} cannot be made: its folder does not exist"
        ))),
        Err(LineFileError::Io(error)) => Err((
            Exit::OutputLost,
            vec![format!(
                "{shown} cannot be written: {}; --journal FILE names another place",
                os_error::describe(&error)
            )],
        )),
    }
}

/// The place of the results, with their header.
fn open_sink(
    call: &ServiceCall<'_>,
    each: &EachOptions<'_>,
    form: &ResultForm<'_>,
) -> Result<Sink, Refusal> {
    let lost = |name: &str, error: &std::io::Error| {
        let why = os_error::describe(error);
        (
            Exit::OutputLost,
            vec![format!("{name} cannot be written: {why}")],
        )
    };
    let (mut sink, name) = match call.output {
        None => (Sink::Standard, "standard output"),
        Some(path) => {
            let is_kept = each.resume || !call.yes;
            let sink = Sink::open(Path::new(path), is_kept).map_err(|error| lost(path, &error))?;
            if !each.resume && !sink.is_empty() {
                return Err(usage(format!(
                    "{path} holds something already: --yes replaces it"
                )));
            }
            (sink, path)
        }
    };
    if sink.is_empty() {
        sink.append(&form.header())
            .map_err(|error| lost(name, &error))?;
    }
    Ok(sink)
}

/// Says how it went and how to go on.
fn conclude(run: Run<'_>, journal_path: Option<&Path>) -> Exit {
    let name = run.method.name;
    let words = run.counts.words();
    let is_whole = run.stop.is_none();
    if is_whole && run.counts.are_good() {
        info!("{name}: {words}");
        let removed = run.journal.map_or(Ok(()), Journal::remove);
        if let Err(error) = removed {
            let why = os_error::describe(&error);
            error!("the journal cannot be removed: {why}");
        }
        return Exit::Done;
    }
    let exit = match &run.stop {
        None => Exit::Failed,
        Some(stop) => {
            let (exit, why) = describe(stop);
            error!("{name} stopped: {why}");
            exit
        }
    };
    error!("{name}: {words}");
    match journal_path {
        Some(path) => info!(
            "the same command with --resume sends the rows that are not done; {} says which are",
            path.display()
        ),
        None => {
            info!("the results say which rows are done; --journal FILE would have remembered them")
        }
    }
    exit
}

fn describe(stop: &Stop) -> (Exit, String) {
    match stop {
        Stop::Interrupted => (Exit::Later, "interrupted".to_owned()),
        Stop::Service(exit, why) => (*exit, why.clone()),
        Stop::Table(why) => (Exit::Failed, format!("the table {why}")),
        Stop::Lost(why) => (Exit::OutputLost, why.clone()),
        Stop::Changed(line) => (
            Exit::Usage,
            format!(
                "line {line} is not the row that was sent before: the table has changed; \
                 give it back its rows, or put those that are left into a new one"
            ),
        ),
    }
}
