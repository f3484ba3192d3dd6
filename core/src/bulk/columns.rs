//! The columns of a table, and the parameters of a method that they are.
//!
//! ```
//! use wansync_core::bulk::columns::Columns;
//! use wansync_core::service::skydns_methods::find;
//!
//! let header = ["login", "contract", "ip"].map(String::from).to_vec();
//! let prolongate = find("prolongate").unwrap();
//! let columns = Columns::new(prolongate, header, Some("ident=login"), &[("plan", "SCHOOL")]).unwrap();
//! let row = ["user1", "17", "8.8.4.4"].map(String::from);
//! assert_eq!(columns.parameters(&row).unwrap(), [("plan", "SCHOOL"), ("ident", "user1")]);
//! ```

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::config::suggest::hint;
use crate::service::arguments::unknown_parameter;
use crate::service::method::{Method, Occurrence, Parameter, ParameterKind};

/// The columns of a table, for one method.
#[derive(Debug)]
pub struct Columns {
    names: Vec<String>,
    /// The column of a parameter, by number.
    uses: Vec<(usize, &'static Parameter)>,
    /// The parameters that are the same for all rows.
    fixed: Vec<(String, String)>,
}

impl Columns {
    /// The columns that `header` names. Each is a parameter; or, where `chosen` names some,
    /// only these: `ident=login,plan` takes `ident` from the column `login`, and `plan`
    /// from its own. `fixed` are parameters that are the same for all rows.
    ///
    /// # Errors
    /// A line for each thing that is wrong.
    pub fn new(
        method: &Method,
        header: Vec<String>,
        chosen: Option<&str>,
        fixed: &[(&str, &str)],
    ) -> Result<Columns, Vec<String>> {
        let names: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
        let mut wrong = Vec::new();
        let mut uses: Vec<(usize, &'static Parameter)> = Vec::new();
        for (at, name) in choose(&names, chosen, &mut wrong) {
            let Some(parameter) = method.parameter(name) else {
                let column = at + 1;
                wrong.push(match name {
                    "" => format!("column {column} has no name"),
                    _ => format!("column {column}: {}", unknown_parameter(method, name)),
                });
                continue;
            };
            let is_there = |(_, other): &(usize, &Parameter)| other.name == parameter.name;
            if parameter.count != Occurrence::Many && uses.iter().any(is_there) {
                wrong.push(format!("'{name}' has two columns"));
            } else if fixed.iter().any(|(other, _)| *other == name) {
                wrong.push(format!("'{name}' is a column and on the command line"));
            } else {
                uses.push((at, parameter));
            }
        }
        push_missing(method, &uses, fixed, &mut wrong);
        if !wrong.is_empty() {
            if chosen.is_none() {
                wrong.push(
                    "each column is a parameter, unless --columns names those that are: \
                     --columns ident=login,plan"
                        .to_owned(),
                );
            }
            return Err(wrong);
        }
        let fixed = fixed
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        Ok(Columns {
            names,
            uses,
            fixed: fixed.collect(),
        })
    }

    /// The names of all columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The parameters of a row, not checked yet. Blanks around a cell are no part of it,
    /// unless it is a password; an empty cell is no parameter; one of a parameter that may
    /// be given several times holds as many as words.
    ///
    /// # Errors
    /// The row has not as many cells as the table has columns.
    pub fn parameters<'a>(
        &'a self,
        cells: &'a [String],
    ) -> Result<Vec<(&'a str, &'a str)>, String> {
        // Spreadsheets leave out, or add, empty cells at the end.
        if cells
            .iter()
            .skip(self.names.len())
            .any(|cell| !cell.trim().is_empty())
        {
            return Err(format!(
                "has {} cells, and the first line {}: is a quote missing?",
                cells.len(),
                self.names.len()
            ));
        }
        let fixed = self.fixed.iter();
        let mut pairs: Vec<(&str, &str)> = fixed.map(|(n, v)| (&**n, &**v)).collect();
        for (at, parameter) in &self.uses {
            let cell = cells.get(*at).map_or("", |cell| cell.as_str());
            let cell = match parameter.kind {
                ParameterKind::Password => cell,
                _ => cell.trim(),
            };
            if parameter.count == Occurrence::Many {
                pairs.extend(cell.split_whitespace().map(|word| (parameter.name, word)));
            } else if !cell.is_empty() {
                pairs.push((parameter.name, cell));
            }
        }
        Ok(pairs)
    }

    /// True if a column holds passwords, sent or not.
    pub fn is_secret(&self, at: usize) -> bool {
        let is_password = |parameter: &Parameter| parameter.kind == ParameterKind::Password;
        let is_sent =
            |(other, parameter): &(usize, &Parameter)| *other == at && is_password(parameter);
        self.names.get(at).is_some_and(|name| name == "password") || self.uses.iter().any(is_sent)
    }

    /// A text that is the same for the same columns and parameters.
    pub fn identity(&self) -> String {
        let mut text = String::new();
        for (at, parameter) in &self.uses {
            text.push_str(&format!("{}={}\n", parameter.name, self.names[*at]));
        }
        for (name, value) in &self.fixed {
            text.push_str(&format!("{name}={value}\n"));
        }
        text
    }
}

/// Appends a line for each parameter that the method needs and is not given.
fn push_missing(
    method: &Method,
    uses: &[(usize, &Parameter)],
    fixed: &[(&str, &str)],
    wrong: &mut Vec<String>,
) {
    for parameter in method.parameters.iter().filter(|p| p.is_required()) {
        let is_given = fixed.iter().any(|(name, _)| *name == parameter.name)
            || uses.iter().any(|(_, other)| other.name == parameter.name);
        if !is_given {
            let Parameter { name, meaning, .. } = parameter;
            wrong.push(format!("'{name}' is missing: {meaning}"));
        }
    }
}

/// The columns that are used, by number, with the parameter that each is said to be.
fn choose<'a>(
    names: &'a [String],
    chosen: Option<&'a str>,
    wrong: &mut Vec<String>,
) -> Vec<(usize, &'a str)> {
    let Some(chosen) = chosen else {
        return names.iter().map(|name| name.as_str()).enumerate().collect();
    };
    let mut uses = Vec::new();
    for word in chosen.split(',').map(str::trim) {
        let (parameter, column) = word.split_once('=').unwrap_or((word, word));
        let before = uses.len();
        let of_that_name = names.iter().enumerate().filter(|(_, name)| *name == column);
        uses.extend(of_that_name.map(|(at, _)| (at, parameter)));
        if uses.len() == before {
            let known: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            let more = match hint(column, &known) {
                hint if hint.is_empty() => format!("; it has {}", known.join(", ")),
                hint => hint,
            };
            wrong.push(format!("--columns: there is no column '{column}'{more}"));
        }
    }
    uses
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::skydns_methods::find;

    fn columns(
        method: &str,
        header: &[&str],
        chosen: Option<&str>,
        fixed: &[(&str, &str)],
    ) -> Result<Columns, Vec<String>> {
        let header = header.iter().map(|name| (*name).to_owned()).collect();
        Columns::new(find(method).expect(method), header, chosen, fixed)
    }

    #[test]
    fn headers_that_are_wrong() {
        let subscribe = ["password", "login"];
        type Row<'a> = (
            &'a str,
            &'a [&'a str],
            Option<&'a str>,
            &'a [(&'a str, &'a str)],
            &'a [&'a str],
        );
        let table: [Row<'_>; 10] = [
            ("subscribe", &subscribe, None, &[], &[]),
            (
                "subscribe",
                &["password", "lgin"],
                None,
                &[],
                &["column 2: 'lgin' is unknown (did you mean 'login'?)"],
            ),
            (
                "subscribe",
                &["password", ""],
                None,
                &[],
                &["column 2 has no name"],
            ),
            (
                "subscribe",
                &["password", "login", "login"],
                None,
                &[],
                &["'login' has two columns"],
            ),
            (
                "subscribe",
                &subscribe,
                None,
                &[("login", "x")],
                &["'login' is a column and on the command line"],
            ),
            ("activate", &["login"], Some("ident=login"), &[], &[]),
            (
                "activate",
                &["login"],
                Some("ident=logni"),
                &[],
                &[
                    "--columns: there is no column 'logni' (did you mean 'login'?)",
                    "'ident' is missing: login of the user",
                ],
            ),
            (
                "activate",
                &["key", "ident"],
                None,
                &[],
                &[
                    "column 1: 'key' never stands on a command line, where every user may see it; it comes from --key-file or from the configuration",
                ],
            ),
            (
                "activate",
                &["login", "login"],
                Some("ident=login"),
                &[],
                &["'ident' has two columns"],
            ),
            (
                "activate",
                &["ident"],
                Some("ident, ident"),
                &[],
                &["'ident' has two columns"],
            ),
        ];
        for (method, header, chosen, fixed, expected) in table {
            let mut found = columns(method, header, chosen, fixed)
                .err()
                .unwrap_or_default();
            let advice = (!found.is_empty() && chosen.is_none()).then(|| found.pop());
            assert!(advice.is_none_or(|line| line.is_some_and(|line| line.contains("--columns"))));
            assert_eq!(found, expected, "{method} {header:?}");
        }
    }

    #[test]
    fn parameters_of_a_row() {
        let columns = columns(
            "add_ip",
            &[" ident ", "ip", "comment", "ip"],
            None,
            &[("profile", "7")],
        )
        .expect("good columns");
        let cells =
            |cells: &[&str]| -> Vec<String> { cells.iter().map(|c| (*c).to_owned()).collect() };
        let row = cells(&[" user1\u{a0}", "8.8.4.4 8.8.8.8", "", "1.1.1.1", " "]);
        let expected = [
            ("profile", "7"),
            ("ident", "user1"),
            ("ip", "8.8.4.4"),
            ("ip", "8.8.8.8"),
            ("ip", "1.1.1.1"),
        ];
        assert_eq!(columns.parameters(&row).expect("a row"), expected);
        let short = cells(&["user1"]);
        assert_eq!(
            columns.parameters(&short).expect("a row"),
            [("profile", "7"), ("ident", "user1")]
        );
        let long = cells(&["user1", "", "", "", "x"]);
        assert!(columns.parameters(&long).is_err());
    }
}
