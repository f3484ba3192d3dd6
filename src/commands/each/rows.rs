//! The rows of a table, checked, and their requests.

use super::super::account::CallAccount;
use super::workers::RowCall;
use wansync_core::bulk::columns::Columns;
use wansync_core::config::secret::Secret;
use wansync_core::csv::read::CsvRow;
use wansync_core::service::arguments::{self, Checked};
use wansync_core::service::method::Method;
use wansync_core::service::question::Question;
use wansync_core::service::request;
use wansync_core::text::fingerprint;
use wansync_core::time::Civil;

/// Checks rows, and makes their requests.
pub struct Checker<'a> {
    /// The method.
    pub method: &'static Method,
    /// The columns of the table.
    pub columns: &'a Columns,
    /// The service that is called.
    pub account: &'a CallAccount,
    /// The local time.
    pub now: Civil,
    /// True if a row that has a question of its own is wrong: nobody was asked.
    pub refuses_questions: bool,
}

impl<'a> Checker<'a> {
    /// The parameters of a row.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn check<'r>(&'r self, cells: &'r [String]) -> Result<Checked<'r>, String> {
        let given = self.columns.parameters(cells)?;
        let checked = arguments::check(self.method, &given, self.now);
        let checked = checked.map_err(|wrong| wrong.join("; "))?;
        if self.refuses_questions {
            let mut question = Question::new(self.method);
            question.add(&checked.pairs);
            if let Some(what) = question.words() {
                return Err(format!("would {what}: it needs --yes"));
            }
        }
        Ok(checked)
    }

    /// The request of a row.
    ///
    /// # Errors
    /// The row, and what is wrong with it.
    pub fn call(&self, number: u64, row: CsvRow) -> Result<Box<RowCall>, (CsvRow, String)> {
        let checked = match self.check(&row.cells) {
            Ok(checked) => checked,
            Err(why) => return Err((row, why)),
        };
        let mut call = RowCall::unsent(
            number,
            CsvRow {
                line: row.line,
                cells: Vec::new(),
            },
        );
        let pairs: Vec<(&str, &str)> = checked
            .pairs
            .iter()
            .map(|(n, v)| (*n, v.as_str()))
            .collect();
        let key = self.account.key.as_ref();
        call.url = request::skydns(&self.account.base_url, self.method.name, key, &pairs);
        let mut text = String::new();
        for (name, value) in pairs {
            text.push_str(&format!("{name}={value}\n"));
            if self.method.is_password(name) {
                call.secrets.extend(Secret::new(value));
            }
        }
        call.fingerprint = fingerprint(&text);
        call.row = row;
        Ok(Box::new(call))
    }
}
