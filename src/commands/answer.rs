//! Printing what a call answered: for people, for programs, or as it came.

use std::borrow::Cow;

use super::account::Account;
use super::exit::Exit;
use super::once::println_quietly;
use crate::cli::{Call, Format};
use crate::core::failure::Failure;
use crate::render::chart::{Series, chart};
use crate::render::table::{Table as Shown, record};
use crate::render::width::clean;
use crate::service::answer::{Answer, data_json, decode};
use crate::service::method::{Method, Shape};
use crate::service::reply::Reply;
use crate::service::rows::Record;
use crate::service::skydns_data::{Added, DateEnd, Report};
use crate::service::table::Table;
use crate::service::vpnki;
use crate::service::vpnki::Credentials;
use crate::sys::{clock, files, terminal, zone};

/// Whether the answer to a method holds something that `--output` is for.
pub fn is_secret(method: &Method) -> bool {
    matches!(method.shape, Shape::Ovpn | Shape::Credentials)
}

/// Prints a reply as it was asked for.
///
/// # Errors
/// Whatever is no success.
pub fn print(
    method: &Method,
    reply: &Reply,
    account: &Account,
    call: &Call<'_>,
) -> Result<Exit, Failure> {
    let wall = clock::now().wall;
    if call.raw {
        say(account, &raw(reply));
    }
    let answer = decode(method, reply, wall)?;
    if vpnki::is_dirty(reply) {
        log::warn!("the reply has something before its JSON, such as a warning of PHP");
    }
    let exit = match &answer {
        Answer::Added(added) if !added.is_complete() => Exit::Failed,
        _ => Exit::Done,
    };
    let kept = match (&call.output, secret_of(&answer)) {
        (Some(path), Some(secret)) => Some(write(path, &secret, account)),
        _ => None,
    };
    match kept {
        Some(written) => Ok(written),
        None if call.raw => Ok(exit),
        None => {
            match call.format {
                Format::Json => say(account, &data_json(method, reply, wall)?),
                Format::Text => say(account, text(&answer).trim_end_matches('\n')),
            }
            Ok(exit)
        }
    }
}

/// A service may quote the key that it was sent.
fn say(account: &Account, text: &str) {
    println_quietly(&match &account.key {
        Some(key) => Cow::Owned(key.redact(text)),
        None => Cow::Borrowed(text),
    });
}

/// The body; to a terminal without what could command it.
fn raw(reply: &Reply) -> String {
    let text = String::from_utf8_lossy(&reply.body);
    match terminal::screen().width {
        None => text.into_owned(),
        Some(_) => text.lines().map(clean).collect::<Vec<_>>().join("\n"),
    }
}

/// What is to be in a file for its owner alone.
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

/// It was made at the service just now, and cannot be had again: if it cannot
/// be written, it is printed.
fn write(path: &str, secret: &str, account: &Account) -> Exit {
    match files::replace(path.as_ref(), secret.as_bytes(), true) {
        Ok(()) => {
            println_quietly(&format!("written to {path}"));
            Exit::Done
        }
        Err(error) => {
            log::error!("cannot write {path}: {error}; here it is");
            say(account, secret);
            Exit::Failed
        }
    }
}

fn text(answer: &Answer<'_>) -> String {
    match answer {
        Answer::Nothing => "done".to_owned(),
        Answer::Record(fields) => fields_of(fields),
        Answer::DateEnd(end) => date_end(end),
        Answer::Table(rows) => table(rows),
        Answer::Added(added) => both_lists(added),
        Answer::Report(report) => bars(report),
        Answer::Ovpn(ovpn) => ovpn.text.clone().into_owned(),
        Answer::Credentials(credentials) => login(credentials),
    }
}

/// Fields beside what was expected, if there are any.
fn beside(fields: &Record<'_>) -> String {
    match fields.0.is_empty() {
        true => String::new(),
        false => fields_of(fields),
    }
}

fn fields_of(fields: &Record<'_>) -> String {
    let pairs: Vec<(&str, &str)> = fields.0.iter().map(|(n, v)| (&**n, &**v)).collect();
    record(&pairs)
}

fn date_end(end: &DateEnd<'_>) -> String {
    let at = match end.at {
        Some(at) => zone::local().show(at),
        None => "not said".to_owned(),
    };
    format!("{}{}", record(&[("date_end", &at)]), beside(&end.rest))
}

fn table(rows: &Table<'_>) -> String {
    let cells: Vec<Vec<Cow<'_, str>>> = rows.rows().collect();
    let mut shown = Shown::new(rows.columns.iter().map(|column| &**column));
    for row in &cells {
        shown.row(row.iter().map(|cell| &**cell));
    }
    shown.show(terminal::screen())
}

fn both_lists(added: &Added<'_>) -> String {
    let good: Vec<Cow<'_, str>> = added.added().collect();
    let mut shown = Shown::new(["added"]);
    for address in &good {
        shown.row([&**address]);
    }
    let mut text = match good.is_empty() {
        true => "added: none\n".to_owned(),
        false => shown.show(terminal::screen()),
    };
    if !added.is_complete() {
        let bad: Vec<(Cow<'_, str>, Cow<'_, str>)> = added.invalid().collect();
        let mut shown = Shown::new(["not added", "because"]);
        for (address, why) in &bad {
            shown.row([&**address, &**why]);
        }
        text.push('\n');
        text.push_str(&shown.show(terminal::screen()));
    }
    text.push_str(&beside(&added.rest));
    text
}

fn bars(report: &Report<'_>) -> String {
    let labels: Vec<Cow<'_, str>> = report.labels().collect();
    let labels: Vec<&str> = labels.iter().map(|label| &**label).collect();
    let counted: Vec<(Cow<'_, str>, Vec<u64>)> = report
        .datasets()
        .map(|set| {
            let values = set.counts().map(Option::unwrap_or_default).collect();
            (set.label.clone(), values)
        })
        .collect();
    let series: Vec<Series<'_>> = counted
        .iter()
        .map(|(label, values)| Series { label, values })
        .collect();
    format!(
        "{}{}",
        chart(&labels, &series, terminal::screen()),
        beside(&report.rest)
    )
}

fn login(credentials: &Credentials<'_>) -> String {
    let known = [
        ("login", Some(&credentials.login)),
        ("password", Some(&credentials.password)),
        ("vpnki_address", credentials.vpnki_address.as_ref()),
        ("comment", credentials.comment.as_ref()),
    ];
    let known = known
        .iter()
        .filter_map(|(name, value)| Some((*name, &***value.as_ref()?)));
    let rest = credentials.rest.0.iter().map(|(n, v)| (&**n, &**v));
    let pairs: Vec<(&str, &str)> = known.chain(rest).collect();
    record(&pairs)
}
