//! The run over the rows of a table: what is sent, when, and what is remembered of it.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{self, IsTerminal};
use std::time::Duration;

use log::warn;

use super::super::account::redact;
use super::bar::Bar;
use super::journal::Journal;
use super::results::{Ended, ResultForm};
use super::rows::Checker;
use super::table::{Fetched, Table};
use super::workers::{Connections, RowCall};
use crate::exit::Exit;
use crate::sys::signals::Signals;
use crate::sys::sink::Sink;
use crate::sys::{clock, os_error, process, terminal};
use wansync_core::bulk::journal::{Entry, Resumption, RowState, resume};
use wansync_core::bulk::pace::{Halt, Pace, RowFate, fate_of};
use wansync_core::bulk::progress::{Counts, RowEnd};
use wansync_core::csv::read::CsvRow;
use wansync_core::failure::Failure;
use wansync_core::service::method::Method;
use wansync_core::service::reply::Reply;
use wansync_core::text::width::clean_lines;
use wansync_core::time::{Boot, Wall, describe_span};

/// The longest sleep without a look at signals and standard input.
const TICK: Duration = Duration::from_millis(100);

/// The reason that a run ended before its rows did.
pub enum Stop {
    /// A person, or the system, asked for it.
    Interrupted,
    /// The service does not take the key, or fails; in words.
    Service(Exit, String),
    /// The table cannot be read on.
    Table(String),
    /// What is remembered, or the results, cannot be written.
    Lost(String),
    /// A row is not the one that was sent before.
    Changed(u64),
}

/// A run.
pub struct Run<'a> {
    /// What became of the rows.
    pub counts: Counts,
    /// The reason to send no more.
    pub stop: Option<Stop>,
    /// What is remembered of the rows, unless nothing is.
    pub journal: Option<Journal>,
    method: &'static Method,
    checker: &'a Checker<'a>,
    form: &'a ResultForm<'a>,
    table: Table,
    sink: Sink,
    /// The number of the next row of the table.
    next_number: u64,
    /// Rows that are to be sent again.
    again: VecDeque<Box<RowCall>>,
    /// The number of rows that are under way.
    under_way: usize,
    pace: Pace,
    bar: Bar,
    /// True if the table has no more rows.
    has_ended: bool,
    /// True if results can be written no more.
    is_sink_lost: bool,
}

impl<'a> Run<'a> {
    /// A run over the rows that are still to come in `table`, `total` of them if they were
    /// counted.
    pub fn new(
        checker: &'a Checker<'a>,
        form: &'a ResultForm<'a>,
        table: Table,
        journal: Option<Journal>,
        sink: Sink,
        total: Option<u64>,
    ) -> Run<'a> {
        Run {
            counts: Counts {
                total,
                ..Counts::default()
            },
            stop: None,
            journal,
            method: checker.method,
            checker,
            form,
            table,
            sink,
            next_number: 0,
            again: VecDeque::new(),
            under_way: 0,
            pace: Pace::default(),
            bar: Bar::start(),
            has_ended: false,
            is_sink_lost: false,
        }
    }

    /// Sends the rows, until there are none left or it has to stop; what is under way then
    /// is waited for.
    pub fn go(&mut self, connections: &Connections, signals: &mut Signals) {
        loop {
            self.look_at_signals(signals);
            self.send_on(connections);
            if self.under_way == 0 && (self.stop.is_some() || self.is_done()) {
                break;
            }
            self.bar.draw(&self.counts);
            if let Some(call) = connections.receive(TICK) {
                self.take(call);
            }
        }
        self.bar.clear();
        while let Some(call) = self.again.pop_front() {
            let _ = self.remember(&call, RowState::Waiting);
        }
        if let Some(journal) = &self.journal {
            let _ = journal.release(self.next_number);
        }
    }

    fn is_done(&self) -> bool {
        self.has_ended && self.again.is_empty()
    }

    fn look_at_signals(&mut self, signals: &mut Signals) {
        let caught = signals.take();
        if !(caught.end || caught.reload) {
            return;
        }
        self.bar.clear();
        if matches!(self.stop, Some(Stop::Interrupted)) {
            // What is under way is remembered as sent.
            process::end(Exit::Later as u8);
        }
        self.stop = Some(Stop::Interrupted);
        if self.under_way > 0 {
            let rows = self.under_way;
            warn!(
                "stopping; {rows} answers are waited for, for 30 s at most; Ctrl-C again ends it now"
            );
        }
    }

    fn send_on(&mut self, connections: &Connections) {
        while self.stop.is_none()
            && self.under_way < connections.count()
            && self.pace.pause_left(clock::boot()).is_none()
        {
            let Some(call) = self.again.pop_front().or_else(|| self.next_call()) else {
                return;
            };
            self.send(call, connections);
        }
    }

    fn send(&mut self, mut call: Box<RowCall>, connections: &Connections) {
        let remembered = match &mut self.journal {
            Some(journal) if !self.method.is_repeatable() => journal.reserve(call.number),
            _ => Ok(()),
        };
        let remembered = remembered.and_then(|()| self.remember(&call, RowState::Sent));
        if let Err(error) = remembered {
            self.stop_without_journal(&error);
            return;
        }
        call.attempts += 1;
        call.sent = clock::boot();
        connections.send(call);
        self.under_way += 1;
    }

    /// The next row of the table that is to be sent.
    fn next_call(&mut self) -> Option<Box<RowCall>> {
        while !self.has_ended && self.stop.is_none() {
            let timeout = if self.under_way > 0 {
                Duration::ZERO
            } else {
                TICK
            };
            let row = match self.table.next(timeout) {
                Ok(Fetched::Row(row)) => row,
                Ok(Fetched::Pending) => return None,
                Ok(Fetched::End) => {
                    self.has_ended = true;
                    return None;
                }
                Err(why) => {
                    self.stop_with(Stop::Table(why));
                    return None;
                }
            };
            let number = self.next_number;
            self.next_number += 1;
            if let Some(call) = self.call_of(number, row) {
                return Some(call);
            }
        }
        None
    }

    /// The request of a row, unless it is wrong or was done before.
    fn call_of(&mut self, number: u64, row: CsvRow) -> Option<Box<RowCall>> {
        let journal = self.journal.as_ref();
        let entry = journal.and_then(|journal| journal.read(number));
        let call = match self.checker.call(number, row) {
            Ok(call) => call,
            Err((row, _)) if entry.is_some_and(Entry::was_sent) => {
                self.stop_with(Stop::Changed(row.line));
                return None;
            }
            Err((row, why)) => {
                let call = RowCall::unsent(number, row);
                self.end(&call, RowEnd::Wrong, &why, None);
                return None;
            }
        };
        let is_repeatable = self.method.is_repeatable();
        match resume(entry, call.fingerprint, is_repeatable) {
            Resumption::Send => return Some(call),
            Resumption::Done => self.counts.before += 1,
            Resumption::Listed => self.counts.unknown += 1,
            Resumption::List => {
                let why = "its answer was lost: whether it was done is not known";
                self.end(&call, RowEnd::Unknown, why, None);
            }
            Resumption::Changed => self.stop_with(Stop::Changed(call.row.line)),
        }
        None
    }

    fn take(&mut self, mut call: Box<RowCall>) {
        self.under_way -= 1;
        let at = clock::wall();
        let reply = std::mem::replace(&mut call.reply, Ok(Reply::default()));
        let ended = reply.and_then(|reply| {
            let checked = self.checker.check(&call.row.cells).unwrap_or_default();
            let (end, words) = self.form.end_of(&reply, at, &checked.pairs)?;
            Ok((reply, end, words))
        });
        match ended {
            Ok((reply, end, words)) => {
                self.pace.note_answer();
                self.end(&call, end, &words, Some((&reply, at)));
            }
            Err(failure) => self.take_failure(call, failure),
        }
    }

    fn take_failure(&mut self, call: Box<RowCall>, failure: Box<Failure>) {
        let fate = fate_of(self.method, &failure, call.attempts);
        let mut failure = self.checker.account.redacted(failure);
        failure.redact(&|text| redact(text, call.secrets.iter()));
        let words = failure
            .reason_at(self.checker.account.base_url.host())
            .to_string();
        let sent = call.sent;
        match fate {
            RowFate::Refused => {
                self.pace.note_answer();
                self.end(&call, RowEnd::Refused, &words, None);
                return;
            }
            RowFate::NoAccess => {
                self.stop_with(Stop::Service(Exit::Refused, words));
                self.send_again(call);
                return;
            }
            RowFate::Again => self.send_again(call),
            RowFate::Failed => self.end(&call, RowEnd::Failed, &words, None),
            RowFate::Unknown => self.end(&call, RowEnd::Unknown, &words, None),
        }
        self.pause_for(&failure, &words, sent);
    }

    fn send_again(&mut self, call: Box<RowCall>) {
        if let Err(error) = self.remember(&call, RowState::Reserved) {
            self.stop_without_journal(&error);
        }
        self.again.push_back(call);
    }

    /// All rows wait after a failure, or none is sent any more.
    fn pause_for(&mut self, failure: &Failure, words: &str, sent: Boot) {
        let now = clock::boot();
        let before = self.pace.pause_left(now);
        match self.pace.note_failure(failure, sent, now) {
            Ok(()) => {
                let left = self.pace.pause_left(now).unwrap_or_default();
                if self.stop.is_none() && before.is_none_or(|before| left > before) {
                    self.bar.clear();
                    warn!("{words}; going on in {}", describe_span(left));
                }
            }
            Err(Halt::Busy(pause)) => {
                let span = describe_span(pause);
                let text = format!("{words}; it asks to be left alone for {span}");
                self.stop_with(Stop::Service(Exit::Unavailable, text));
            }
            Err(Halt::Failing) => {
                self.stop_with(Stop::Service(Exit::Unavailable, words.to_owned()));
            }
        }
    }

    /// A row has ended: its result is written first, so that what is remembered as done
    /// can be found there.
    fn end(&mut self, call: &RowCall, end: RowEnd, message: &str, reply: Option<(&Reply, Wall)>) {
        self.counts.note(end);
        let lines = self.form.lines(&Ended {
            line: call.row.line,
            cells: &call.row.cells,
            secrets: &call.secrets,
            end,
            message,
            reply,
        });
        let is_shown = self.write(&lines);
        let state = match end {
            RowEnd::Done if is_shown => RowState::Done,
            RowEnd::Done => RowState::Sent,
            RowEnd::Unknown if is_shown => RowState::Unknown,
            RowEnd::Unknown => RowState::Sent,
            RowEnd::Partly | RowEnd::Refused | RowEnd::Failed | RowEnd::Wrong => RowState::Failed,
        };
        if let Err(error) = self.remember(call, state) {
            self.stop_without_journal(&error);
        }
    }

    /// Writes lines of results; where that fails, to standard error. Returns whether they
    /// can be seen.
    fn write(&mut self, lines: &str) -> bool {
        if !self.is_sink_lost {
            let Err(error) = self.append(lines) else {
                return true;
            };
            self.is_sink_lost = true;
            let why = match error.kind() {
                io::ErrorKind::BrokenPipe => "nobody reads them any more".to_owned(),
                _ => os_error::describe(&error),
            };
            self.stop_with(Stop::Lost(format!("the results cannot be written: {why}")));
        }
        self.bar.clear();
        let lines = printable(lines, io::stderr().is_terminal());
        terminal::complain_in_place(&lines).is_ok()
    }

    fn append(&mut self, lines: &str) -> io::Result<()> {
        let is_terminal = matches!(self.sink, Sink::Standard) && terminal::is_output_terminal();
        if is_terminal {
            self.bar.clear();
        }
        self.sink.append(&printable(lines, is_terminal))
    }

    fn remember(&self, call: &RowCall, state: RowState) -> io::Result<()> {
        let Some(journal) = &self.journal else {
            return Ok(());
        };
        let row = call.fingerprint;
        journal.write(call.number, Entry { state, row })
    }

    fn stop_without_journal(&mut self, error: &io::Error) {
        let why = os_error::describe(error);
        self.stop_with(Stop::Lost(format!("the journal cannot be written: {why}")));
    }

    /// The first reason counts.
    fn stop_with(&mut self, stop: Stop) {
        if self.stop.is_none() {
            self.stop = Some(stop);
        }
    }
}

/// Lines without what could command a terminal, if that is where they go.
fn printable(lines: &str, is_terminal: bool) -> Cow<'_, str> {
    match is_terminal {
        true => Cow::Owned(clean_lines(lines)),
        false => Cow::Borrowed(lines),
    }
}
