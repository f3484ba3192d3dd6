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

use std::io;
use std::path::{Path, PathBuf};

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
use crate::sys::{clock, files, os_error, terminal};
use log::{error, info};
use wansync_core::bulk::columns::Columns;
use wansync_core::bulk::journal::title;
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
    check_options(call, each)?;
    let (method, _, words) =
        call::find_method(Service::Skydns, call).map_err(|lines| (Exit::Usage, lines))?;
    let fixed = call::read_parameters(method, words).map_err(usage)?;
    let fixed: Vec<(&str, &str)> = fixed.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let (table, columns) = open_table(method, each, &fixed)?;
    let account =
        CallAccount::find(paths, Service::Skydns, call).map_err(|(exit, why)| (exit, vec![why]))?;
    let checker = Checker {
        method,
        columns: &columns,
        account: &account,
        now: local_zone().local(clock::wall()),
        refuses_questions: each.file == "-" && method.asks_of_address() && !call.yes,
    };
    let mut question = Question::new(method);
    let total = match each.file {
        "-" => None,
        file => Some(check_rows(file, &checker, &mut question)?),
    };
    ask(method, &question, each.file, total, call, &account)?;
    let device = account
        .device(paths)
        .map_err(|failure| (Exit::of_call(&failure), vec![failure.to_string()]))?;
    let way = Way {
        ca_file: account.ca_file.clone(),
        device,
        transport: account.transport,
    };
    let later = |what: &str, error: io::Error| {
        let why = os_error::describe(&error);
        (Exit::Later, vec![format!("{what}: {why}")])
    };
    let connections = Connections::open(each.at_once, way)
        .map_err(|error| later("there is no thread to send with", error))?;
    let mut signals = Signals::open().map_err(|error| later("signals cannot be heard", error))?;
    let is_json = call.format == Format::Json;
    let form = ResultForm::new(method, &columns, &account, is_json, table.delimiter());
    let (journal, sink) = open_outputs(call, each, &checker, &form, &table)?;
    let mut run = Run::new(&checker, &form, table, journal, sink, total);
    run.go(&connections, &mut signals);
    Ok(conclude(method, run))
}

fn check_options(call: &ServiceCall<'_>, each: &EachOptions<'_>) -> Result<(), Refusal> {
    if call.raw {
        return Err(usage("--raw and --each exclude each other"));
    }
    match (1..=MAX_AT_ONCE).contains(&each.at_once) {
        true => Ok(()),
        false => Err(usage(format!(
            "--at-once is a number from 1 to {MAX_AT_ONCE}"
        ))),
    }
}

/// Opens the table, and reads its header.
fn open_table(
    method: &'static Method,
    each: &EachOptions<'_>,
    fixed: &[(&str, &str)],
) -> Result<(Table, Columns), Refusal> {
    let shown = table_name(each.file);
    let name = |why: String| usage(format!("{shown} {why}"));
    let mut table = Table::open(each.file).map_err(name)?;
    let header = table.header().map_err(name)?;
    let header = header.ok_or_else(|| name("is empty".to_owned()))?;
    let columns = Columns::new(method, header.cells, each.columns, fixed).map_err(|wrong| {
        let lines = wrong.iter().map(|line| format!("{shown}: {line}"));
        (Exit::Usage, lines.collect())
    })?;
    Ok((table, columns))
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
    table.header().map_err(name)?;
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
        return Err(usage(call::needs_yes(name, &what)));
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

/// Opens the journal, and then the place of the results.
fn open_outputs(
    call: &ServiceCall<'_>,
    each: &EachOptions<'_>,
    checker: &Checker<'_>,
    form: &ResultForm<'_>,
    table: &Table,
) -> Result<(Option<Journal>, Sink), Refusal> {
    let journal = open_journal(each, checker)?;
    match open_sink(call, each, form, table, journal.as_ref()) {
        Ok(sink) => Ok((journal, sink)),
        Err(refusal) => {
            // Nothing was sent: a journal that is new is none to go on from.
            if !each.resume {
                journal.and_then(|journal| journal.remove().ok());
            }
            Err(refusal)
        }
    }
}

/// Opens the journal, which is beside the table; for standard input there is none, unless
/// a file for it is named.
fn open_journal(each: &EachOptions<'_>, checker: &Checker<'_>) -> Result<Option<Journal>, Refusal> {
    let method = checker.method.name;
    let path = match (each.journal, each.file) {
        (Some(path), _) => PathBuf::from(path),
        (None, "-") if each.resume => {
            return Err(usage(
                "--resume needs --journal FILE where the rows come from standard input",
            ));
        }
        (None, "-") => return Ok(None),
        (None, file) => PathBuf::from(format!("{file}.{method}.journal")),
    };
    let base_url = &checker.account.base_url;
    let identity = format!("{base_url}\n{}", checker.columns.identity());
    let (exit, why) = match Journal::open(&path, &title(method, &identity), each.resume) {
        Ok(journal) => return Ok(Some(journal)),
        Err(LineFileError::Exists) => (
            Exit::Usage,
            "says that some of these rows were sent already: --resume goes on with the others; \
             without that file it begins with the first"
                .to_owned(),
        ),
        Err(LineFileError::Missing) if each.resume => (
            Exit::Usage,
            "is not there, so there is nothing to go on with".to_owned(),
        ),
        Err(LineFileError::OtherTitle) => (
            Exit::Usage,
            "is of another method, service or choice of columns, or no journal: --journal FILE \
             names another place"
                .to_owned(),
        ),
        Err(LineFileError::InUse) => (
            Exit::Later,
            "is in use: another wansync sends these rows".to_owned(),
        ),
        Err(LineFileError::Missing) => (
            Exit::Usage,
            "cannot be made: its folder does not exist".to_owned(),
        ),
        Err(LineFileError::Io(error)) => (
            Exit::OutputLost,
            format!(
                "cannot be written: {}; --journal FILE names another place",
                os_error::describe(&error)
            ),
        ),
    };
    Err((exit, vec![format!("{} {why}", path.display())]))
}

/// Opens the place of the results, and writes their header.
fn open_sink(
    call: &ServiceCall<'_>,
    each: &EachOptions<'_>,
    form: &ResultForm<'_>,
    table: &Table,
    journal: Option<&Journal>,
) -> Result<Sink, Refusal> {
    let name = call.output.unwrap_or("standard output");
    let lost = |error: io::Error| {
        let why = os_error::describe(&error);
        (
            Exit::OutputLost,
            vec![format!("{name} cannot be written: {why}")],
        )
    };
    let mut sink = match call.output {
        None => Sink::Standard,
        Some(path) => Sink::open(Path::new(path)).map_err(lost)?,
    };
    if sink.is_same_file(table) || journal.is_some_and(|journal| sink.is_same_file(journal)) {
        return Err(usage(format!(
            "{name} is the table or the journal itself: the results need a file of their own"
        )));
    }
    if let Some(path) = call.output.filter(|_| !sink.is_empty()) {
        match each.resume {
            true if files::holds_lines(Path::new(path), &form.beginning()) => {}
            true => {
                return Err(usage(format!(
                    "{name} holds something else than these results, or its last line is cut: \
                     --output names another file"
                )));
            }
            false if call.yes => sink.clear().map_err(lost)?,
            false => {
                return Err(usage(format!(
                    "{name} holds something already: --yes replaces it"
                )));
            }
        }
    }
    if sink.is_empty() {
        sink.append(&form.header()).map_err(lost)?;
    }
    Ok(sink)
}

/// Says how it went and how to go on.
fn conclude(method: &Method, run: Run<'_>) -> Exit {
    let name = method.name;
    let words = run.counts.words();
    if run.stop.is_none() && run.counts.are_good() {
        info!("{name}: {words}");
        let removed = run.journal.map_or(Ok(()), Journal::remove);
        if let Err(error) = removed {
            let why = os_error::describe(&error);
            error!("the journal cannot be removed: {why}");
        }
        return Exit::Done;
    }
    let has_more = run.stop.is_some() || run.counts.failed > 0 || method.is_repeatable();
    let exit = match &run.stop {
        None => Exit::Failed,
        Some(stop) => {
            let (exit, why) = describe(stop);
            error!("{name} stopped: {why}");
            exit
        }
    };
    error!("{name}: {words}");
    match run.journal {
        Some(journal) if has_more => info!(
            "the same command with --resume sends the rows that are not done; {} says which are",
            journal.path().display()
        ),
        _ if !has_more => info!(
            "look whether the unknown rows were done: those that were not go into a new table"
        ),
        _ => {
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
