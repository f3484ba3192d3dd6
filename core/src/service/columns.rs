//! Any answer as columns and rows of text, as a spreadsheet holds it.
//!
//! Two forms, both of cells that are not quoted for anything yet, and may quote a secret:
//!
//! - [`for_each_line`]: the columns that this answer has, for one call.
//! - [`Method::columns`] and [`cells_for`]: the columns that are known before any call, and
//!   `more` for whatever else comes, for many calls in one table.
//!
//! ```
//! use wansync_core::service::answer::decode;
//! use wansync_core::service::columns::{cells_for, for_each_line};
//! use wansync_core::service::{reply::Reply, skydns_methods};
//! use wansync_core::time::Wall;
//!
//! let body = br#"{"response": {"status": "ok", "data": {"blocks": "581", "new": 1, "requests": "2600"}}}"#;
//! let reply = Reply { status: 200, body: body.to_vec(), ..Reply::default() };
//! let method = skydns_methods::find("get_activity").unwrap();
//! let answer = decode(method, &reply, Wall::default()).unwrap();
//!
//! let mut lines = Vec::new();
//! for_each_line(method, &answer, &mut |cells| lines.push(cells.join(" ")));
//! assert_eq!(lines, ["requests blocks new", "2600 581 1"]);
//!
//! assert_eq!(method.columns(), ["requests", "blocks"]);
//! assert_eq!(cells_for(method, &answer), [["2600", "581", "new=1"]]);
//! ```

use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;

use super::answer::Answer;
use super::method::{Method, Shape};
use super::rows::Fields;
use super::skydns_data::{ActivityReport, Added, Address, DateEnd, Listed, Vpn};
use super::table::{OVERFLOW_COLUMN, append_parts};
use super::vpnki::Credentials;
use crate::time::Civil;

/// The column that holds what has no column of its own: `name=value; name=value`.
pub const MORE: &str = OVERFLOW_COLUMN;

/// The columns of `add_ip`, which has a row for each address.
const ADDED: [&str; 3] = ["address", "added", "because"];
/// The columns of a new tunnel.
const CREDENTIALS: [&str; 4] = ["login", "password", "vpnki_address", "comment"];
/// The fields of a tunnel or connection of VPNKI, as a published client read them: none
/// is documented.
const ROWS: [&str; 3] = ["login", "vpnki_address", "comment"];
/// The column of a report's time axis, and those that the document names.
const REPORT: [&str; 3] = [MOMENT, "Requests", "Blocks"];
const MOMENT: &str = "moment";
/// The column of a method whose answer is its success alone.
const RESULT: &str = "result";
/// The cell under it.
const DONE: &str = "done";

impl Method {
    /// The columns of an answer as the document describes it, known before any comes.
    pub fn columns(&self) -> Vec<&'static str> {
        match self.shape {
            Shape::Nothing => vec![RESULT],
            Shape::Record(fields) => fields.to_vec(),
            Shape::Map { key, value } => vec![key, value],
            Shape::Records => Vpn::HEADS.expected.to_vec(),
            Shape::Addresses => Address::HEADS.expected.to_vec(),
            Shape::Added => ADDED.to_vec(),
            Shape::DateEnd => vec!["date_end"],
            Shape::Ovpn => vec!["ovpn"],
            Shape::Report => REPORT.to_vec(),
            Shape::Rows => ROWS.to_vec(),
            Shape::Credentials => CREDENTIALS.to_vec(),
            Shape::Any => Vec::new(),
        }
    }
}

/// Hands over the names of an answer's columns, and then each row, with as many cells.
///
/// A list is its own table, one row for each of its items. Anything else begins with the
/// columns of [`Method::columns`], there or not, and what else came stands behind them:
/// of several rows, in each.
pub fn for_each_line<'a>(
    method: &Method,
    answer: &Answer<'a>,
    line: &mut dyn FnMut(&[Cow<'a, str>]),
) {
    match answer {
        Answer::Table(table) => {
            match table.columns.is_empty() {
                true => line(&borrowed(&method.columns())),
                false => line(&table.columns),
            }
            for row in table.rows() {
                line(&row);
            }
        }
        Answer::Added(added) => for_each_address(added, line),
        Answer::Report(report) => for_each_moment(report, line),
        Answer::Nothing => one_line(method, Vec::new(), &Fields::default(), line),
        Answer::Record(fields) => one_line(method, Vec::new(), fields, line),
        Answer::DateEnd(end) => one_line(method, date_end(end), &end.rest, line),
        Answer::Ovpn(ovpn) => {
            let text = named("ovpn", ovpn.text.clone());
            one_line(method, vec![text], &ovpn.rest, line);
        }
        Answer::Credentials(new) => one_line(method, credentials(new), &new.rest, line),
    }
}

/// The rows of an answer, with a cell for each of [`Method::columns`] and a last one for
/// [`MORE`].
pub fn cells_for<'a>(method: &Method, answer: &Answer<'a>) -> Vec<Vec<Cow<'a, str>>> {
    let columns = method.columns();
    let mut names: Option<Vec<Cow<'a, str>>> = None;
    let mut rows = Vec::new();
    for_each_line(method, answer, &mut |line| match &names {
        None => names = Some(line.to_vec()),
        Some(names) => rows.push(cells_under(&columns, names, line)),
    });
    rows
}

fn cells_under<'a>(
    columns: &[&str],
    names: &[Cow<'a, str>],
    line: &[Cow<'a, str>],
) -> Vec<Cow<'a, str>> {
    let mut cells = vec![Cow::Borrowed(""); columns.len() + 1];
    for (name, value) in names
        .iter()
        .zip(line)
        .filter(|(_, value)| !value.is_empty())
    {
        match columns.iter().position(|column| column == name) {
            Some(at) if cells[at].is_empty() => cells[at] = value.clone(),
            _ => append_parts(&mut cells[columns.len()], &[name, "=", value]),
        }
    }
    cells
}

/// Named values that have a place in the answer of their own.
type Named<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

fn named<'a>(name: &'static str, value: Cow<'a, str>) -> (Cow<'a, str>, Cow<'a, str>) {
    (Cow::Borrowed(name), value)
}

fn date_end<'a>(end: &DateEnd<'a>) -> Named<'a> {
    let at = end.at.map(|at| Cow::Owned(Civil::at(at).rfc3339()));
    vec![named("date_end", at.unwrap_or_default())]
}

/// A field without a value is in the rest.
fn credentials<'a>(new: &Credentials<'a>) -> Named<'a> {
    let [login, password, address, comment] = CREDENTIALS;
    let mut fields = vec![
        named(login, new.login.clone()),
        named(password, new.password.clone()),
    ];
    for (name, value) in [(address, &new.vpnki_address), (comment, &new.comment)] {
        if let Some(value) = value {
            fields.push(named(name, value.clone()));
        }
    }
    fields
}

/// One row: the method's columns, and then what else came.
fn one_line<'a>(
    method: &Method,
    own: Named<'a>,
    rest: &Fields<'a>,
    line: &mut dyn FnMut(&[Cow<'a, str>]),
) {
    let mut fields = own;
    fields.extend_from_slice(&rest.0);
    let mut columns = borrowed(&method.columns());
    let is_bare = columns.is_empty() && fields.is_empty();
    if is_bare {
        columns.push(Cow::Borrowed(RESULT));
    }
    let is_done = is_bare || method.shape == Shape::Nothing;
    let mut cells = Vec::with_capacity(columns.len() + fields.len());
    for column in &columns {
        let at = fields.iter().position(|(name, _)| name == column);
        cells.push(match at {
            _ if is_done => Cow::Borrowed(DONE),
            Some(at) => fields.remove(at).1,
            None => Cow::Borrowed(""),
        });
    }
    for (name, value) in fields {
        columns.push(name);
        cells.push(value);
    }
    line(&columns);
    line(&cells);
}

fn for_each_address<'a>(added: &Added<'a>, line: &mut dyn FnMut(&[Cow<'a, str>])) {
    push_rest(borrowed(&ADDED), &added.rest, true, line);
    for address in added.added() {
        let cells = vec![address, Cow::Borrowed("yes"), Cow::Borrowed("")];
        push_rest(cells, &added.rest, false, line);
    }
    for (address, why) in added.invalid() {
        push_rest(
            vec![address, Cow::Borrowed("no"), why],
            &added.rest,
            false,
            line,
        );
    }
}

/// A report without a moment has a row if anything else came.
fn for_each_moment<'a>(report: &ActivityReport<'a>, line: &mut dyn FnMut(&[Cow<'a, str>])) {
    let mut columns = vec![Cow::Borrowed(MOMENT)];
    columns.extend(report.datasets().map(|set| set.label));
    push_rest(columns, &report.rest, true, line);
    let mut moments = report.labels();
    let mut sets: Vec<_> = report.datasets().map(|set| set.values()).collect();
    for _ in 0..report.len().max(usize::from(!report.rest.0.is_empty())) {
        let mut cells = vec![moments.next().unwrap_or_default()];
        cells.extend(sets.iter_mut().map(|set| set.next().unwrap_or_default()));
        push_rest(cells, &report.rest, false, line);
    }
}

/// Hands over cells, and the names or the values of the rest behind them.
fn push_rest<'a>(
    mut cells: Vec<Cow<'a, str>>,
    rest: &Fields<'a>,
    is_head: bool,
    line: &mut dyn FnMut(&[Cow<'a, str>]),
) {
    let of = |(name, value): &(Cow<'a, str>, Cow<'a, str>)| match is_head {
        true => name.clone(),
        false => value.clone(),
    };
    cells.extend(rest.0.iter().map(of));
    line(&cells);
}

fn borrowed<'a>(names: &[&'static str]) -> Vec<Cow<'a, str>> {
    names.iter().map(|name| Cow::Borrowed(*name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::answer::{Service, decode};
    use crate::service::reply::Reply;
    use crate::service::vpnki_resources::ANY;
    use crate::time::Wall;

    fn method(name: &str) -> &'static Method {
        let services = [Service::Skydns, Service::Vpnki];
        let mut all = services.into_iter().flat_map(Service::methods);
        all.find(|method| method.name == name).unwrap_or(&ANY)
    }

    fn reply(method: &Method, data: &str) -> Reply {
        let body = match Service::of(method) {
            Service::Skydns => {
                let data = data.replace('\'', "\"");
                format!(r#"{{"response": {{"status": "ok", "data": {data}}}}}"#)
            }
            Service::Vpnki => data.replace('\'', "\""),
        };
        Reply {
            status: 200,
            body: body.into_bytes(),
            ..Reply::default()
        }
    }

    /// The lines of an answer with `data`, and its rows in the columns that are known;
    /// cells with `|` between them.
    fn shown(name: &str, data: &str) -> (Vec<String>, Vec<String>) {
        let method = method(name);
        let reply = reply(method, data);
        let answer = decode(method, &reply, Wall::default()).expect(data);
        let mut lines = Vec::new();
        for_each_line(method, &answer, &mut |cells| lines.push(cells.join("|")));
        let fixed = cells_for(method, &answer);
        assert!(
            fixed
                .iter()
                .all(|row| row.len() == method.columns().len() + 1)
        );
        (lines, fixed.iter().map(|row| row.join("|")).collect())
    }

    #[test]
    fn answers_as_lines() {
        let table: [(&str, &str, &[&str], &[&str]); 24] = [
            ("activate", "null", &["result", "done"], &["done|"]),
            (
                "create_profile",
                "{'id': '7'}",
                &["result|id", "done|7"],
                &["done|id=7"],
            ),
            (
                "subscribe",
                "{'plan': 'P', 'a': '1', 'username': 'u', 'b': {'c': 2}}",
                &["username|email|plan|a|b", "u||P|1|{\"c\":2}"],
                &["u||P|a=1; b={\"c\":2}"],
            ),
            (
                "get_daily_stat",
                "'x'",
                &["result|data", "|x"],
                &["|data=x"],
            ),
            ("get_daily_stat", "null", &["result", ""], &["|"]),
            (
                "profiles",
                "{'12': 'Main', '13': ''}",
                &["id|profile", "12|Main", "13|"],
                &["12|Main|", "13||"],
            ),
            (
                "profiles",
                "[{'id': '12', 'name': 'Main'}]",
                &["id|name", "12|Main"],
                &["12||name=Main"],
            ),
            ("profiles", "{}", &["id|profile"], &[]),
            (
                "list_ip",
                "{'ip': [{'comment': 'c', 'address': '8.8.4.4', 'x': '1'}, {'address': '8.8.8.8'}]}",
                &["address|comment|x", "8.8.4.4|c|1", "8.8.8.8||"],
                &["8.8.4.4|c|x=1", "8.8.8.8||"],
            ),
            ("get_vpn_list", "[]", &["id|profile|ip|name"], &[]),
            (
                "add_ip",
                "{'added_addresses': ['8.8.4.4'], 'invalid_adresses': [{'10.0.0.1': 'no'}]}",
                &["address|added|because", "8.8.4.4|yes|", "10.0.0.1|no|no"],
                &["8.8.4.4|yes||", "10.0.0.1|no|no|"],
            ),
            (
                "add_ip",
                "{'added_addresses': ['8.8.4.4', '8.8.8.8'], 'more': 5}",
                &[
                    "address|added|because|more",
                    "8.8.4.4|yes||5",
                    "8.8.8.8|yes||5",
                ],
                &["8.8.4.4|yes||more=5", "8.8.8.8|yes||more=5"],
            ),
            (
                "add_ip",
                "{'other': 'x'}",
                &["address|added|because|other", "|||x"],
                &["|||other=x"],
            ),
            (
                "subscription_info",
                "{'date_end': 1390930655}",
                &["date_end", "2014-01-28T17:37:35Z"],
                &["2014-01-28T17:37:35Z|"],
            ),
            (
                "subscription_info",
                "{'date_end': 'never'}",
                &["date_end", "never"],
                &["never|"],
            ),
            (
                "add_vpn",
                "{'ovpn': 'client', 'id': 5}",
                &["ovpn|id", "client|5"],
                &["client|id=5"],
            ),
            (
                "get_activity_report",
                "{'labels': ['14:00', '15:00'], 'n': 2, 'datasets': [
                    {'label': 'Requests', 'data': ['375', 1.5]}, {'label': 'Other', 'data': [3]}]}",
                &["moment|Requests|Other|n", "14:00|375|3|2", "15:00|1.5||2"],
                &["14:00|375||Other=3; n=2", "15:00|1.5||n=2"],
            ),
            (
                "get_activity_report",
                "{'labels': [], 'datasets': [], 'note': 'none'}",
                &["moment|note", "|none"],
                &["|||note=none"],
            ),
            (
                "get_popular_report",
                "{'labels': ['1'], 'datasets': {'Visits': [5]}}",
                &["moment|Visits", "1|5"],
                &["||moment=1; Visits=5"],
            ),
            (
                "tunnels",
                "[{'login': 'user1', 'ip': '172.16.1.2'}]",
                &["login|ip", "user1|172.16.1.2"],
                &["user1|||ip=172.16.1.2"],
            ),
            (
                "active",
                "['user1']",
                &["name", "user1"],
                &["|||name=user1"],
            ),
            ("active", "[]", &["login|vpnki_address|comment"], &[]),
            (
                "add_tunnel",
                "{'comment': '', 'user': 'user1', 'pass': 'p', 'x': 1}",
                &["login|password|vpnki_address|comment|x", "user1|p|||1"],
                &["user1|p|||x=1"],
            ),
            (
                "port",
                "{'address': 'vpnki.example', 'port': 23456}",
                &["address|port", "vpnki.example|23456"],
                &["address=vpnki.example; port=23456"],
            ),
        ];
        for (name, data, lines, rows) in table {
            let (all, fixed) = shown(name, data);
            assert_eq!(all, lines, "{name} {data}");
            assert_eq!(fixed, rows, "{name} {data}");
        }
        let (all, _) = shown("port", "null");
        assert_eq!(all, ["result", "done"]);
    }

    #[test]
    fn no_column_is_known_twice() {
        for service in [Service::Skydns, Service::Vpnki] {
            for method in service.methods() {
                let mut columns = method.columns();
                assert!(
                    !columns.is_empty() && !columns.contains(&MORE),
                    "{}",
                    method.name
                );
                columns.sort_unstable();
                columns.dedup();
                assert_eq!(columns.len(), method.columns().len(), "{}", method.name);
            }
        }
    }
}
