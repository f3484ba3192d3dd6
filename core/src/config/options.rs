//! One section's options, read by name; what is wrong with them is collected.

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

use super::duration;
use super::paste;
use super::problem::{Problem, Severity};
use super::suggest::did_you_mean;
use super::uci::{Entry, Section, Value};
use crate::reason;
use crate::reason::{Code, Reason};

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
            options.warn(*line, reason!(ConfigReopened, line_number = section.line));
        }
        for cut in &section.cuts {
            let reason = reason!(
                ConfigCutOff,
                option = shorten(&cut.name),
                character = char::from(cut.sign)
            );
            options.warn(cut.line, reason);
        }
        for entry in &section.options {
            for line in &entry.replaced {
                let reason = reason!(
                    ConfigSetAgain,
                    option = shorten(&entry.name),
                    line_number = entry.line
                );
                options.warn(*line, reason);
            }
        }
        options
    }

    /// Notes a problem that keeps the section from being acted upon.
    pub fn error(&mut self, line: u32, reason: Reason) {
        self.failed = true;
        self.note(Severity::Error, line, reason);
    }

    /// Notes a problem that does not.
    pub fn warn(&mut self, line: u32, reason: Reason) {
        self.note(Severity::Warning, line, reason);
    }

    fn note(&mut self, severity: Severity, line: u32, reason: Reason) {
        let problem = Problem::of_section(severity, line, &self.section.name, reason);
        self.problems.push(problem);
    }

    /// Warns of an option that does nothing without another.
    pub fn warn_without(&mut self, name: &str, other: &str) {
        if let Some(line) = self.line_of(name)
            && self.line_of(other).is_none()
        {
            let reason = reason!(ConfigUselessWithout, option = name, other = other);
            self.warn(line, reason);
        }
    }

    /// An error about the value of an option; `why` takes no arguments.
    pub fn bad_value(&mut self, name: &str, line: u32, value: &str, why: Code) {
        self.bad_value_for(name, line, value, Reason::of(why));
    }

    /// An error about the value of an option.
    pub fn bad_value_for(&mut self, name: &str, line: u32, value: &str, why: Reason) {
        let reason = reason!(
            ConfigBadValue,
            option = name,
            value = shorten(value),
            cause = why
        );
        self.error(line, reason);
    }

    /// An error about an option whose value is not quoted; `why` takes no arguments.
    pub fn bad_option(&mut self, name: &str, line: u32, why: Code) {
        self.error(line, reason!(ConfigBadOption, option = name, cause = why));
    }

    /// An error about a value that is neither of two.
    pub fn neither(&mut self, name: &str, line: u32, value: &str, known: [&str; 2]) {
        let why = reason!(ValueNeither, value = known[0], other = known[1]);
        self.bad_value_for(name, line, value, why);
    }

    /// An error about a value that is none of `known`.
    pub fn bad_choice(&mut self, name: &str, line: u32, value: &str, known: &[&str]) {
        let why = match did_you_mean(value, known) {
            None => reason!(ValueNoneOf, names = known.join(", ")),
            Some(hint) => reason!(ValueUnknown, hint = hint),
        };
        self.bad_value_for(name, line, value, why);
    }

    /// An error about an option that is not there; `need` says what for, and takes no
    /// arguments.
    pub fn missing_option(&mut self, name: &str, need: Code) {
        let reason = reason!(ConfigMissing, option = name, hint = need);
        self.error(self.section.line, reason);
    }

    /// An error about an option that is not there, if it is not; this source needs it.
    pub fn require_for_source(&mut self, name: &str, source: &str) {
        if self.line_of(name).is_none() {
            let reason = reason!(ConfigMissingForSource, option = name, source = source);
            self.error(self.section.line, reason);
        }
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
                let reason = reason!(
                    ConfigUnknownOption,
                    option = shorten(&entry.name),
                    hint = did_you_mean(&entry.name, known)
                );
                self.warn(entry.line, reason);
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
                self.error(entry.line, reason!(ConfigList, option = name));
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
        let why = match core::str::from_utf8(bytes).map(trim) {
            Ok(text) if !text.chars().any(char::is_control) => return Some((text, line)),
            Ok(_) => Code::ValueControl,
            Err(_) => Code::ValueNotUtf8,
        };
        self.bad_option(name, line, why);
        None
    }

    /// A boolean, in the words that UCI's users know.
    pub fn boolean(&mut self, name: &str, default: bool) -> bool {
        match self.text(name) {
            None => default,
            Some(("1" | "on" | "true" | "yes" | "enabled", _)) => true,
            Some(("0" | "off" | "false" | "no" | "disabled", _)) => false,
            Some((text, line)) => {
                self.neither(name, line, text, ["1", "0"]);
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
                self.too_short(name, line, text, 1);
                default
            }
            None => {
                self.bad_value(name, line, text, Code::ValueNoDuration);
                default
            }
        }
    }

    /// An error about a duration of less than so many seconds.
    pub fn too_short(&mut self, name: &str, line: u32, value: &str, seconds: u32) {
        let why = reason!(ValueTooShort, seconds = seconds);
        self.bad_value_for(name, line, value, why);
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
