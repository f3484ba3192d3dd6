//! The configuration as a report shows it: what counts of it, without comments, and without
//! the values that only its owner is to know.
//!
//! ```
//! use wansync_core::config::uci;
//! use wansync_core::report::configuration::{learn, show};
//! use wansync_core::report::hider::Hider;
//!
//! let text = b"config skydns 'home'\n\toption ident 'ivan' # me\n\toption key 'example-key'\n";
//! let package = uci::parse(text).unwrap();
//! let mut hider = Hider::new(false);
//! learn(&package, &mut hider);
//! let shown = hider.hide(&show(&package));
//! assert_eq!(shown, "config skydns 'home'\n\toption ident 'login-1'\n\toption key '***'\n");
//! ```

use alloc::borrow::{Cow, ToOwned};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::hider::Hider;
use crate::config::option_table::is_option;
use crate::config::secret::Secret;
use crate::config::uci::{Entry, Package, Value};

/// The shortest value of an option that is not known which could be a key, in bytes.
const MIN_KEY: usize = 8;

/// What a value may be shown as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    /// Not at all.
    Key,
    /// Not at all: an argument of a program may be a password, an option that is not known
    /// may be that of a key.
    Unknown,
    /// By a stand-in.
    Login,
    /// By a stand-in, in an anonymous report.
    Host,
    /// Without its query, which may hold a token.
    Url,
}

impl Kind {
    fn of(option: &str) -> Kind {
        match option {
            "key" => Kind::Key,
            "ident" | "name" => Kind::Login,
            "hostname" | "test_name" => Kind::Host,
            "base_url" | "url" => Kind::Url,
            "arg" => Kind::Unknown,
            other if !is_option(other) => Kind::Unknown,
            _ => Kind::Plain,
        }
    }
}

/// Has what the configuration says of its owner hidden from now on.
pub fn learn(package: &Package<'_>, hider: &mut Hider) {
    for section in &package.sections {
        for entry in &section.options {
            let kind = Kind::of(&entry.name);
            each_value(entry, &mut |value| learn_value(kind, value, hider));
        }
    }
}

fn learn_value(kind: Kind, value: &str, hider: &mut Hider) {
    match kind {
        Kind::Plain => {}
        Kind::Unknown if value.len() < MIN_KEY => {}
        Kind::Key | Kind::Unknown => {
            if let Ok(key) = Secret::new(value) {
                hider.add_key(key);
            }
        }
        Kind::Login => hider.add_login(value),
        Kind::Host => hider.add_host(value),
        Kind::Url => {
            let [_, user, place, query] = parts_of_url(value);
            let host = place.split(['/', ':']).next();
            hider.add_host(host.unwrap_or_default());
            for secret in [user, query] {
                learn_value(Kind::Unknown, secret, hider);
            }
        }
    }
}

/// The files that hold its keys, those of sections that are disabled as well.
pub fn key_files(package: &Package<'_>) -> Vec<String> {
    let mut paths = Vec::new();
    for section in &package.sections {
        if let Some(entry) = section.entry("key_file") {
            each_value(entry, &mut |path| paths.push(path.to_owned()));
        }
    }
    paths
}

/// Its text. What has stand-ins is still to be hidden.
pub fn show(package: &Package<'_>) -> String {
    let mut out = String::new();
    for section in &package.sections {
        let name = match section.anonymous {
            true => String::new(),
            false => format!(" '{}'", section.name),
        };
        out.push_str(&format!("config {}{name}\n", section.kind));
        for entry in &section.options {
            let kind = Kind::of(&entry.name);
            let keyword = match entry.value {
                Value::One(_) => "option",
                Value::List(_) => "list",
            };
            each_value(entry, &mut |value| {
                let shown = shown(kind, value);
                out.push_str(&format!("\t{keyword} {} '{shown}'\n", entry.name));
            });
        }
    }
    out
}

fn shown(kind: Kind, value: &str) -> Cow<'_, str> {
    match kind {
        Kind::Key | Kind::Unknown => "***".into(),
        Kind::Url => {
            let [scheme, user, place, query] = parts_of_url(value);
            let user = if user.is_empty() { "" } else { "***@" };
            let query = if query.is_empty() { "" } else { "?***" };
            format!("{scheme}{user}{place}{query}").into()
        }
        Kind::Plain | Kind::Login | Kind::Host => value.replace('\n', " ").into(),
    }
}

/// What a URL begins with, the login and password before its host, the host with what is
/// behind it, and the query.
fn parts_of_url(url: &str) -> [&str; 4] {
    let (url, query) = url.split_once('?').unwrap_or((url, ""));
    let start = url.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = url.split_at(start);
    let (user, place) = rest.rsplit_once('@').unwrap_or(("", rest));
    [scheme, user, place, query]
}

fn each_value(entry: &Entry<'_>, take: &mut dyn FnMut(&str)) {
    match &entry.value {
        Value::One(value) => take(&String::from_utf8_lossy(value)),
        Value::List(values) => {
            for (value, _) in values {
                take(&String::from_utf8_lossy(value));
            }
        }
    }
}
