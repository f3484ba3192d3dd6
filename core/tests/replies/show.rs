//! An answer as the lines of the corpus; `README.md` there says what each means.

use std::borrow::Cow;
use wansync_core::time::Wall;

use wansync_core::service::answer::{Answer, decode};
use wansync_core::service::method::Method;
use wansync_core::service::reply::Reply;
use wansync_core::service::rows::Fields;
use wansync_core::service::skydns_data::ActivityReport;
use wansync_core::service::table::ReplyTable;
use wansync_core::service::vpnki;

/// What the reply says, one fact a line.
pub fn lines(method: &Method, reply: &Reply) -> Vec<String> {
    let mut lines = Vec::new();
    if method.source.starts_with(|c: char| c.is_ascii_digit()) && vpnki::is_dirty(reply) {
        lines.push("dirty".to_owned());
    }
    match decode(method, reply, Wall::from_secs(0)) {
        Ok(answer) => lines.extend(of_answer(&answer)),
        Err(failure) => {
            lines.push(format!("failure {failure}"));
            lines.extend(failure.is_permanent().then(|| "permanent".to_owned()));
            lines.extend(
                failure
                    .retry_after()
                    .map(|s| format!("wait {}", s.as_secs())),
            );
        }
    }
    lines
}

fn of_answer(answer: &Answer<'_>) -> Vec<String> {
    match answer {
        Answer::Nothing => vec!["nothing".to_owned()],
        Answer::Record(record) => fields("field", record),
        Answer::Table(table) => of_table(table),
        Answer::Report(report) => of_report(report),
        Answer::DateEnd(end) => {
            let at = end.at.map(|at| format!("ends {}", at.secs()));
            at.into_iter().chain(fields("rest", &end.rest)).collect()
        }
        Answer::Added(added) => {
            let good = added.added().map(|address| line("added", &[address]));
            let bad = added
                .invalid()
                .map(|(address, why)| line("invalid", &[address, why]));
            let mut all: Vec<String> = good.chain(bad).collect();
            all.extend(fields("rest", &added.rest));
            if all.is_empty() {
                all.push("nothing".to_owned());
            }
            all
        }
        Answer::Ovpn(ovpn) => {
            let text = line("ovpn", &[Cow::Borrowed(&ovpn.text)]);
            [text]
                .into_iter()
                .chain(fields("rest", &ovpn.rest))
                .collect()
        }
        Answer::Credentials(new) => {
            let known = [
                ("login", Some(&new.login)),
                ("password", Some(&new.password)),
                ("address", new.vpnki_address.as_ref()),
                ("comment", new.comment.as_ref()),
            ];
            let known = known
                .iter()
                .filter_map(|(name, value)| Some(format!("{name} {}", (*value)?)));
            known.chain(fields("rest", &new.rest)).collect()
        }
    }
}

fn of_table(table: &ReplyTable<'_>) -> Vec<String> {
    let head = line("columns", &table.columns);
    let rows = table.rows().map(|cells| line("row", &cells));
    [head].into_iter().chain(rows).collect()
}

fn of_report(report: &ActivityReport<'_>) -> Vec<String> {
    let labels: Vec<_> = report.labels().collect();
    let sets = report.datasets().map(|set| {
        let values: Vec<_> = set.values().collect();
        line(&format!("set {}:", set.label), &values)
    });
    let head = line("labels", &labels);
    [head]
        .into_iter()
        .chain(sets)
        .chain(fields("rest", &report.rest))
        .collect()
}

fn fields(word: &str, record: &Fields<'_>) -> Vec<String> {
    let pairs = record.0.iter();
    pairs
        .map(|(name, value)| line(word, &[Cow::Borrowed(&**name), Cow::Borrowed(&**value)]))
        .collect()
}

fn line(word: &str, values: &[Cow<'_, str>]) -> String {
    let text = format!("{word} {}", values.join(" | "));
    text.replace('\n', "\\n").trim_end().to_owned()
}
