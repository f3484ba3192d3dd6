//! The results of a run, one line or more for each row: its own cells, how it ended, and
//! what the service answered.

use std::borrow::Cow;

use wansync_core::bulk::columns::Columns;
use wansync_core::bulk::progress::RowEnd;
use wansync_core::config::secret::Secret;
use wansync_core::csv::write::push_line;
use wansync_core::failure::Failure;
use wansync_core::json::JsonWriter;
use wansync_core::service::answer::{Answer, data_json, decode};
use wansync_core::service::columns::{MORE, cells_for};
use wansync_core::service::method::{Method, Shape};
use wansync_core::service::reply::Reply;
use wansync_core::time::Wall;

use super::super::account::{CallAccount, hide};

/// The text in place of a password.
const HIDDEN: &str = "***";
/// The beginning of the name of a column that the table has, too.
const PREFIX: &str = "reply.";

/// The form of results.
pub struct ResultForm<'a> {
    method: &'static Method,
    columns: &'a Columns,
    account: &'a CallAccount,
    is_json: bool,
    /// What parts the cells, as in the table.
    delimiter: char,
    /// The names of the columns behind the table's own.
    names: Vec<String>,
}

/// A value of a line of JSON.
enum JsonValue<'a> {
    Text(&'a str),
    Raw(&'a str),
}

/// A row that has ended.
pub struct Ended<'a> {
    /// The line that it begins in.
    pub line: u64,
    /// The cells.
    pub cells: &'a [String],
    /// The passwords that were sent with it.
    pub secrets: &'a [Secret],
    /// The end.
    pub end: RowEnd,
    /// The reason, if it was not done.
    pub message: &'a str,
    /// The reply, if the row was done, and when it came.
    pub reply: Option<(&'a Reply, Wall)>,
}

impl<'a> ResultForm<'a> {
    /// The form for the rows of a table.
    pub fn new(
        method: &'static Method,
        columns: &'a Columns,
        account: &'a CallAccount,
        is_json: bool,
        delimiter: char,
    ) -> ResultForm<'a> {
        let mut names: Vec<String> = Vec::new();
        let answer = match method.shape {
            _ if is_json => vec!["data"],
            Shape::Nothing => Vec::new(),
            _ => {
                let mut columns = method.columns();
                columns.push(MORE);
                columns
            }
        };
        for name in ["line", "result", "message"].into_iter().chain(answer) {
            let mut name = name.to_owned();
            while columns.names().contains(&name) || names.contains(&name) {
                name.insert_str(0, PREFIX);
            }
            names.push(name);
        }
        ResultForm {
            method,
            columns,
            account,
            is_json,
            delimiter,
            names,
        }
    }

    /// The line above all others, if there is one.
    pub fn header(&self) -> String {
        let mut out = String::new();
        if !self.is_json {
            let mut names: Vec<Cow<'_, str>> = Vec::new();
            for of_some in [self.columns.names(), &self.names] {
                names.extend(of_some.iter().map(Cow::from));
            }
            push_line(&mut out, &names, self.delimiter);
        }
        out
    }

    /// The first characters of a file of such results.
    pub fn beginning(&self) -> String {
        match self.is_json {
            true => "{".to_owned(),
            false => self.header(),
        }
    }

    /// The lines of a row.
    pub fn lines(&self, row: &Ended<'_>) -> String {
        match self.is_json {
            true => self.json_line(row),
            false => self.csv_lines(row),
        }
    }

    fn csv_lines(&self, row: &Ended<'_>) -> String {
        let line = row.line.to_string();
        let mut cells: Vec<Cow<'_, str>> = self.own_cells(row);
        cells.push(line.into());
        cells.push(row.end.word().into());
        cells.push(row.message.into());
        let answer = row
            .reply
            .and_then(|(reply, at)| decode(self.method, reply, at).ok());
        let of_answer = match &answer {
            Some(answer) if self.method.shape != Shape::Nothing => cells_for(self.method, answer),
            _ => Vec::new(),
        };
        let mut out = String::new();
        let width = self.columns.names().len() + self.names.len();
        let mut push = |more: Vec<Cow<'_, str>>| {
            let mut all = cells.clone();
            for cell in more {
                all.push(self.hide(cell, row.secrets));
            }
            all.resize(width, Cow::Borrowed(""));
            push_line(&mut out, &all, self.delimiter);
        };
        match of_answer.is_empty() {
            true => push(Vec::new()),
            false => of_answer.into_iter().for_each(push),
        }
        out
    }

    fn json_line(&self, row: &Ended<'_>) -> String {
        let mut out = JsonWriter::default();
        out.open();
        for (name, cell) in self.columns.names().iter().zip(self.own_cells(row)) {
            out.name(name);
            out.text(&cell);
        }
        let data = row
            .reply
            .and_then(|(reply, at)| data_json(self.method, reply, at).ok());
        let data = data.unwrap_or(Cow::Borrowed("null"));
        let line = row.line.to_string();
        let values = [
            JsonValue::Raw(&line),
            JsonValue::Text(row.end.word()),
            JsonValue::Text(row.message),
            JsonValue::Raw(&self.hide(data, row.secrets)),
        ];
        for (name, value) in self.names.iter().zip(values) {
            out.name(name);
            match value {
                JsonValue::Text(text) => out.text(text),
                JsonValue::Raw(json) => out.raw(json),
            }
        }
        out.close();
        let mut line = out.into_text();
        line.push('\n');
        line
    }

    /// As many cells as the table has columns.
    fn own_cells<'r>(&self, row: &Ended<'r>) -> Vec<Cow<'r, str>> {
        let count = self.columns.names().len();
        let cell = |at: usize| match row.cells.get(at).map(String::as_str) {
            None | Some("") => Cow::Borrowed(""),
            Some(_) if self.columns.is_secret(at) => Cow::Borrowed(HIDDEN),
            Some(cell) => self.account.hide(Cow::Borrowed(cell)),
        };
        (0..count).map(cell).collect()
    }

    fn hide<'t>(&self, text: Cow<'t, str>, secrets: &[Secret]) -> Cow<'t, str> {
        hide(self.account.hide(text), secrets.iter())
    }

    /// The end of a row that the service has answered, and what there is to say of it; the
    /// failure, if the answer is none. `pairs` are the parameters of the row.
    pub fn end_of(
        &self,
        reply: &Reply,
        at: Wall,
        pairs: &[(&str, String)],
    ) -> Result<(RowEnd, String), Box<Failure>> {
        let answer = decode(self.method, reply, at)?;
        let unnamed = answer.unnamed(self.method, pairs);
        Ok(match &answer {
            _ if !unnamed.is_empty() => {
                let unnamed = unnamed.join(" ");
                let words = format!("the reply does not say whether these were added: {unnamed}");
                (RowEnd::Partly, words)
            }
            Answer::Added(added) if !added.is_complete() => (RowEnd::Partly, String::new()),
            _ => (RowEnd::Done, String::new()),
        })
    }
}
