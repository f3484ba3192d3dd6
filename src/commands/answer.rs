//! Printing what a call answered: for people, for programs, or as it came.

use std::borrow::Cow;

use super::account::CallAccount;
use super::output::{Output, local_zone, screen};
use crate::cli::{Format, ServiceCall};
use crate::exit::Exit;
use crate::sys::files::Draft;
use crate::sys::{clock, terminal};
use wansync_core::csv::write::push_line;
use wansync_core::failure::Failure;
use wansync_core::service::answer::{Answer, data_json, decode};
use wansync_core::service::columns::for_each_line;
use wansync_core::service::method::{Method, Shape};
use wansync_core::service::reply::Reply;
use wansync_core::service::rows::Fields;
use wansync_core::service::skydns_data::{ActivityReport, Added, DateEnd};
use wansync_core::service::table::ReplyTable;
use wansync_core::service::vpnki;
use wansync_core::service::vpnki::Credentials;
use wansync_core::service::vpnki::watch::TUNNELS;
use wansync_core::text::chart::{Series, chart};
use wansync_core::text::table::{TextTable, record};
use wansync_core::text::width::clean_lines;

/// Prints a reply to a call with these parameters as it was asked for; what is secret in
/// it goes into `file`, if there is one.
///
/// # Errors
/// Whatever is no success.
pub fn print(
    method: &Method,
    pairs: &[(&str, String)],
    reply: &Reply,
    account: &CallAccount,
    call: &ServiceCall<'_>,
    file: Option<Draft>,
    out: &Output,
) -> Result<Exit, Box<Failure>> {
    let wall = clock::wall();
    if call.raw && !print_safely(out, &account.redact(&String::from_utf8_lossy(&reply.body))) {
        return Ok(Exit::OutputLost);
    }
    let answer = decode(method, reply, wall)?;
    if vpnki::is_dirty(reply) {
        log::warn!("the reply has something before its JSON, such as a warning of PHP");
    }
    if let Some(file) = file {
        let secret = match method.shape {
            Shape::Any => Some(format!("{}\n", data_json(method, reply, wall)?)),
            _ => secret_of(&answer),
        };
        if let Some(secret) = secret {
            return Ok(write_secret(file, &secret, account, out));
        }
    }
    let is_said = call.raw
        || match call.format {
            Format::Json => print_safely(out, &account.hide(data_json(method, reply, wall)?)),
            Format::Csv => print_safely(out, csv(method, &answer, account).trim_end_matches('\n')),
            Format::Text => {
                print_safely(out, render(method, &answer, account).trim_end_matches('\n'))
            }
        };
    let exit = completeness(method, &answer, pairs);
    Ok(if is_said { exit } else { Exit::OutputLost })
}

/// The exit code of an answer that came: every address that was to be added has to be.
fn completeness(method: &Method, answer: &Answer<'_>, pairs: &[(&str, String)]) -> Exit {
    let unnamed = answer.unnamed(method, pairs);
    if !unnamed.is_empty() {
        log::error!(
            "{}: the reply does not say whether these were added: {}; list_ip tells",
            method.name,
            unnamed.join(", ")
        );
    }
    match answer {
        Answer::Added(added) if !added.is_complete() => Exit::Failed,
        _ if !unnamed.is_empty() => Exit::Failed,
        _ => Exit::Done,
    }
}

/// Prints; to a terminal without what could command it. Says whether that was
/// possible.
fn print_safely(out: &Output, text: &str) -> bool {
    let said = match terminal::is_output_terminal() {
        false => out.try_line(text),
        true => out.try_line(&clean_lines(text)),
    };
    if let Err(error) = &said {
        log::error!("cannot print what the service answered: {error}");
    }
    said.is_ok()
}

/// The part of an answer that belongs in a file for its owner alone.
fn secret_of(answer: &Answer<'_>) -> Option<String> {
    match answer {
        Answer::Ovpn(ovpn) => Some(ovpn.text.clone().into_owned()),
        Answer::Credentials(credentials) => Some(format!(
            "login={}\npassword={}\n",
            credentials.login, credentials.password
        )),
        _ => None,
    }
}

/// Writes a secret that the service has just made and gives only once: if it cannot
/// be written, it is printed.
fn write_secret(file: Draft, secret: &str, account: &CallAccount, out: &Output) -> Exit {
    let path = file.path().display().to_string();
    match file.publish(account.hide(secret.into()).as_bytes()) {
        Ok(()) => {
            out.line(&format!("written to {path}"));
            Exit::Done
        }
        Err(error) => {
            log::error!("cannot write {path}: {error}; here it is");
            print_safely(out, account.hide(secret.into()).trim_end_matches('\n'));
            Exit::Failed
        }
    }
}

/// Secrets are hidden before a layout can cut them.
fn render(method: &Method, answer: &Answer<'_>, account: &CallAccount) -> String {
    match answer {
        Answer::Nothing => "done".to_owned(),
        Answer::Record(fields) => render_fields(fields, account),
        Answer::DateEnd(end) => render_date_end(end, account),
        Answer::Table(rows) if rows.is_empty() && method.name == TUNNELS => "no tunnels".to_owned(),
        Answer::Table(rows) => render_table(rows, account),
        Answer::Added(added) => render_added(added, account),
        Answer::Report(report) => render_report(report, account),
        Answer::Ovpn(ovpn) => account.hide(ovpn.text.clone()).into_owned(),
        Answer::Credentials(credentials) => render_credentials(credentials, account),
    }
}

/// Secrets are hidden before quotes can change them.
fn csv(method: &Method, answer: &Answer<'_>, account: &CallAccount) -> String {
    let mut out = String::new();
    for_each_line(method, answer, &mut |cells| {
        let cells: Vec<Cow<'_, str>> = cells
            .iter()
            .map(|cell| account.hide(Cow::Borrowed(cell)))
            .collect();
        push_line(&mut out, &cells, ',');
    });
    out
}

/// Fields beside what was expected, if there are any.
fn render_rest(fields: &Fields<'_>, account: &CallAccount) -> String {
    match fields.0.is_empty() {
        true => String::new(),
        false => render_fields(fields, account),
    }
}

fn render_fields(fields: &Fields<'_>, account: &CallAccount) -> String {
    let pairs: Vec<(&str, &str)> = fields.0.iter().map(|(n, v)| (&**n, &**v)).collect();
    account.hide(record(&pairs).into()).into_owned()
}

fn render_date_end(end: &DateEnd<'_>, account: &CallAccount) -> String {
    let at = match end.at {
        Some(at) => local_zone().show(at),
        None => "not said".to_owned(),
    };
    let rest = render_rest(&end.rest, account);
    format!("{}{rest}", record(&[("date_end", &at)]))
}

fn render_table(rows: &ReplyTable<'_>, account: &CallAccount) -> String {
    let hide = |cell: Cow<'_, str>| account.hide(cell).into_owned();
    let columns: Vec<String> = rows.columns.iter().cloned().map(hide).collect();
    let cells: Vec<Vec<Cow<'_, str>>> = rows
        .rows()
        .map(|row| row.into_iter().map(|cell| account.hide(cell)).collect())
        .collect();
    let columns: Vec<&str> = columns.iter().map(|column| &**column).collect();
    let mut shown = TextTable::new(&columns);
    for row in &cells {
        let row: Vec<&str> = row.iter().map(|cell| &**cell).collect();
        shown.row(&row);
    }
    shown.show(screen())
}

fn render_added(added: &Added<'_>, account: &CallAccount) -> String {
    let hide = |cell| account.hide(cell);
    let good: Vec<Cow<'_, str>> = added.added().map(hide).collect();
    let mut shown = TextTable::new(&["added"]);
    for address in &good {
        shown.row(&[address]);
    }
    let mut text = match good.is_empty() {
        true => "added: none\n".to_owned(),
        false => shown.show(screen()),
    };
    if !added.is_complete() {
        let hide = |(address, why)| (account.hide(address), account.hide(why));
        let bad: Vec<(Cow<'_, str>, Cow<'_, str>)> = added.invalid().map(hide).collect();
        let mut shown = TextTable::new(&["not added", "because"]);
        for (address, why) in &bad {
            shown.row(&[address, why]);
        }
        text.push('\n');
        text.push_str(&shown.show(screen()));
    }
    text.push_str(&render_rest(&added.rest, account));
    text
}

fn render_report(report: &ActivityReport<'_>, account: &CallAccount) -> String {
    let hide = |cell| account.hide(cell);
    let labels: Vec<Cow<'_, str>> = report.labels().map(hide).collect();
    let labels: Vec<&str> = labels.iter().map(|label| &**label).collect();
    let counted: Vec<(Cow<'_, str>, Vec<u64>)> = report
        .datasets()
        .map(|set| {
            let values = set.counts().map(Option::unwrap_or_default).collect();
            (account.hide(set.label.clone()), values)
        })
        .collect();
    let series: Vec<Series<'_>> = counted
        .iter()
        .map(|(label, values)| Series { label, values })
        .collect();
    format!(
        "{}{}",
        chart(&labels, &series, screen()),
        render_rest(&report.rest, account)
    )
}

fn render_credentials(credentials: &Credentials<'_>, account: &CallAccount) -> String {
    let known = [
        ("login", Some(&credentials.login)),
        ("password", Some(&credentials.password)),
        ("vpnki_address", credentials.vpnki_address.as_ref()),
        ("comment", credentials.comment.as_ref()),
    ];
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for (name, value) in known {
        if let Some(value) = value {
            pairs.push((name, value));
        }
    }
    for (name, value) in &credentials.rest.0 {
        pairs.push((name, value));
    }
    account.hide(record(&pairs).into()).into_owned()
}
