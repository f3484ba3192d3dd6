//! The form of the tables of calls: one row or more for each method.

use serde_json::Value;
use wansync_core::service::answer::Service;
use wansync_core::service::method::Method;

use crate::world::World;

/// A call that succeeds.
pub struct Success {
    /// The method's name.
    pub method: &'static str,
    /// The events at the service before the call.
    pub before: fn(&World),
    /// `NAME=VALUE …` and options; `{Y}` is this year.
    pub words: &'static [&'static str],
    /// The exit code.
    pub code: i32,
    /// The output for people.
    pub prints: Prints,
    /// The output of `--format csv`.
    pub csv: Prints,
    /// The state of the service after the call.
    pub after: fn(&World),
}

/// The output of a call.
pub enum Prints {
    /// This and nothing else.
    Exactly(&'static str),
    /// These lines in this order, from the service's data; for people without bars,
    /// and with one space between words.
    Lines(fn(&Value) -> Vec<String>),
}

/// A call that the service refuses, or answers in no way that can be understood.
pub struct Refusal {
    /// The method's name.
    pub method: &'static str,
    /// The events at the service before the call.
    pub before: fn(&World),
    /// As in [`Success`].
    pub words: &'static [&'static str],
    /// The exit code.
    pub code: i32,
    /// The end of the line that is logged: behind `METHOD: HOST`.
    pub says: &'static str,
}

/// The output where there is nothing to show.
pub const DONE: Prints = Prints::Exactly("done\n");

/// The same as comma-separated values.
pub const DONE_CSV: Prints = Prints::Exactly("result\ndone\n");

/// Nothing has happened before, or nothing changes.
pub fn nothing(_: &World) {}

/// Every method of both services.
pub fn all() -> impl Iterator<Item = &'static Method> {
    let services = [Service::Skydns, Service::Vpnki];
    services.into_iter().flat_map(Service::methods)
}

pub fn find(name: &str) -> &'static Method {
    all().find(|method| method.name == name).expect(name)
}

/// Lines without bars, with one space between words.
pub fn lines(text: &str) -> Vec<String> {
    let is_word = |word: &&str| !word.bytes().all(|byte| byte == b'#');
    let line = |line: &str| {
        line.split_whitespace()
            .filter(is_word)
            .collect::<Vec<_>>()
            .join(" ")
    };
    text.lines().map(line).collect()
}

/// The values of these fields.
pub fn words(row: &Value, fields: &[&str]) -> String {
    let word = |field: &&str| {
        row[field]
            .as_str()
            .unwrap_or_else(|| panic!("{field} in {row}"))
    };
    fields.iter().map(word).collect::<Vec<_>>().join(" ")
}
