//! One section's options, read by name; what is wrong with them is collected.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::duration;
use super::paste;
use super::problem::{Problem, Severity};
use super::suggest::hint;
use super::uci::{Entry, Section, Value};

/// Reads one section. Each method takes an option by its name, gives its value
/// if it is there and good, and notes a problem if it is there and bad.
///
/// ```
/// use wansync_core::config::{options::Options, uci};
///
/// let package = uci::parse(b"config tunnel 'a'\n option nmae 'x'\n option on 'maybe'\n").unwrap();
/// let mut problems = Vec::new();
/// let mut options = Options::new(&package.sections[0], &["name", "on"], &mut problems);
/// assert_eq!(options.text("name"), None);
/// assert!(options.boolean("on", true), "the default");
/// assert_eq!(problems[0].line, 3);
/// ```
pub struct Options<'a, 'p> {
    section: &'a Section<'a>,
    /// The names of all options of its type.
    known: &'static [&'static str],
    problems: &'p mut Vec<Problem>,
    /// The number of problems that the sections before this one have.
    before: usize,
    /// True if an error was noted for this section.
    pub failed: bool,
}

impl<'a, 'p> Options<'a, 'p> {
    /// Begins with a section, and warns of what UCI merged or dropped in it.
    pub fn new(
        section: &'a Section<'a>,
        known: &'static [&'static str],
        problems: &'p mut Vec<Problem>,
    ) -> Self {
        let mut options = Options {
            section,
            known,
            before: problems.len(),
            problems,
            failed: false,
        };
        for line in &section.reopened {
            let first = section.line;
            options.warn(
                *line,
                format_args!("it was opened in line {first} already; the options of both count"),
            );
        }
        for cut in &section.cuts {
            let text = format_args!(
                "option '{}' ends before the '{}': quote the value if that is a part of it",
                shorten(&cut.name),
                char::from(cut.sign)
            );
            options.warn(cut.line, text);
        }
        for entry in &section.options {
            for line in &entry.replaced {
                let text = format_args!(
                    "option '{}' is set again in line {}, which counts",
                    shorten(&entry.name),
                    entry.line
                );
                options.warn(*line, text);
            }
        }
        options
    }

    /// Notes a problem that keeps the section from being acted upon.
    pub fn error(&mut self, line: u32, text: fmt::Arguments<'_>) {
        self.failed = true;
        self.note(Severity::Error, line, text);
    }

    /// Notes a problem that does not.
    pub fn warn(&mut self, line: u32, text: fmt::Arguments<'_>) {
        self.note(Severity::Warning, line, text);
    }

    fn note(&mut self, severity: Severity, line: u32, text: fmt::Arguments<'_>) {
        self.problems.push(Problem {
            severity,
            line,
            section: Some(self.section.name.clone().into_owned()),
            text: text.to_string(),
        });
    }

    /// Warns of an option that does nothing without another.
    pub fn warn_without(&mut self, name: &str, other: &str) {
        if let Some(line) = self.line_of(name)
            && self.line_of(other).is_none()
        {
            self.warn(
                line,
                format_args!("option '{name}' does nothing without '{other}'"),
            );
        }
    }

    /// An error about the value of an option.
    pub fn bad_value(&mut self, name: &str, line: u32, value: &str, why: &str) {
        let value = shorten(value);
        self.error(line, format_args!("option '{name}': '{value}' {why}"));
    }

    /// An error about a value that is none of `known`.
    pub fn bad_choice(&mut self, name: &str, line: u32, value: &str, known: &[&str]) {
        let why = match hint(value, known) {
            hint if hint.is_empty() => format!("is none of: {}", known.join(", ")),
            hint => format!("is unknown{hint}"),
        };
        self.bad_value(name, line, value, &why);
    }

    /// An error about an option that is not there.
    pub fn missing_option(&mut self, name: &str, why: &str) {
        self.error(
            self.section.line,
            format_args!("option '{name}' is missing{why}"),
        );
    }

    /// Forgets the section's problems, an unknown option included: it is not
    /// in use.
    pub fn forget_problems(&mut self) {
        self.problems.truncate(self.before);
    }

    /// Warns of every option that is not of its type.
    pub fn warn_unknown(&mut self) {
        let known = self.known;
        for entry in &self.section.options {
            if !known.contains(&&*entry.name) {
                let hint = hint(&entry.name, known);
                let name = shorten(&entry.name);
                let text = format_args!("option '{name}' is unknown{hint}");
                self.warn(entry.line, text);
            }
        }
    }

    /// The line of an option that is there.
    pub fn line_of(&self, name: &str) -> Option<u32> {
        self.entry(name).map(|entry| entry.line)
    }

    fn entry(&self, name: &str) -> Option<&'a Entry<'a>> {
        debug_assert!(self.known.contains(&name), "'{name}' is not in the table");
        self.section.entry(name)
    }

    /// An option's text: one line of UTF-8.
    pub fn text(&mut self, name: &str) -> Option<(&'a str, u32)> {
        self.one_text(name, |text| text)
    }

    /// [`Options::text`] of a key or a login, without what stands at its ends and never
    /// belongs to it ([`paste::trim`]).
    pub fn trimmed_text(&mut self, name: &str) -> Option<(&'a str, u32)> {
        self.one_text(name, paste::trim)
    }

    fn one_text(&mut self, name: &str, trim: fn(&str) -> &str) -> Option<(&'a str, u32)> {
        let entry = self.entry(name)?;
        match &entry.value {
            Value::One(bytes) => self.checked_text(name, bytes, trim, entry.line),
            Value::List(_) => {
                self.error(
                    entry.line,
                    format_args!("'{name}' is a list, but takes one value"),
                );
                None
            }
        }
    }

    /// The items of a list; an option counts as a list of one.
    pub fn list(&mut self, name: &str) -> Vec<(&'a str, u32)> {
        let Some(entry) = self.entry(name) else {
            return Vec::new();
        };
        match &entry.value {
            Value::One(bytes) => self
                .checked_text(name, bytes, |text| text, entry.line)
                .into_iter()
                .collect(),
            Value::List(items) => items
                .iter()
                .filter_map(|(bytes, line)| self.checked_text(name, bytes, |text| text, *line))
                .collect(),
        }
    }

    fn checked_text(
        &mut self,
        name: &str,
        bytes: &'a Cow<'a, [u8]>,
        trim: fn(&str) -> &str,
        line: u32,
    ) -> Option<(&'a str, u32)> {
        let problem = match core::str::from_utf8(bytes).map(trim) {
            Ok(text) if !text.chars().any(char::is_control) => return Some((text, line)),
            Ok(_) => "holds a line end or another control character",
            Err(_) => "is not UTF-8",
        };
        self.error(line, format_args!("option '{name}' {problem}"));
        None
    }

    /// A boolean, in the words that UCI's users know.
    pub fn boolean(&mut self, name: &str, default: bool) -> bool {
        match self.text(name) {
            None => default,
            Some(("1" | "on" | "true" | "yes" | "enabled", _)) => true,
            Some(("0" | "off" | "false" | "no" | "disabled", _)) => false,
            Some((text, line)) => {
                self.bad_value(name, line, text, "is neither 1 nor 0");
                default
            }
        }
    }

    /// A duration of one second or more.
    pub fn duration(&mut self, name: &str, default: Duration) -> Duration {
        let Some((text, line)) = self.text(name) else {
            return default;
        };
        match duration::parse(text) {
            Some(span) if !span.is_zero() => span,
            Some(_) => {
                self.bad_value(name, line, text, "is too short: it must be 1s or more");
                default
            }
            None => {
                self.bad_value(
                    name,
                    line,
                    text,
                    "is no duration, such as 90s, 5m, 72h or 3d",
                );
                default
            }
        }
    }
}

/// A value short enough for one line of a log.
pub fn shorten(value: &str) -> Cow<'_, str> {
    const MAX_QUOTED_LENGTH: usize = 60;
    match value.char_indices().nth(MAX_QUOTED_LENGTH) {
        None => value.into(),
        Some((end, _)) => format!("{}…", &value[..end]).into(),
    }
}
