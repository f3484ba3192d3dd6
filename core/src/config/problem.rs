//! The problems of a configuration, and their lines.

use alloc::borrow::ToOwned;
use alloc::string::String;

use crate::reason;
use crate::reason::{Code, Reason, show_as_reason};

/// The severity of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The section, or the whole file, is not acted upon.
    Error,
    /// The section works, but hardly as it was meant.
    Warning,
}

/// One problem of a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The severity.
    pub severity: Severity,
    /// The line, from 1.
    pub line: u32,
    /// The section's name, if it is one section's problem.
    pub section: Option<String>,
    /// The fault, and what would be right.
    pub reason: Reason,
}

impl Problem {
    /// A problem of a section.
    pub fn of_section(severity: Severity, line: u32, section: &str, reason: Reason) -> Problem {
        Problem {
            severity,
            line,
            section: Some(section.to_owned()),
            reason,
        }
    }

    /// The option that it is about, if it is one option's problem.
    pub fn option(&self) -> Option<&str> {
        option_of(&self.reason)
    }

    /// A problem that keeps its section, or the file, from being acted upon.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The problem behind its line, for a reader who knows the section.
    pub fn in_line(&self) -> Reason {
        reason!(ConfigInLine, line_number = self.line, cause = &self.reason)
    }

    /// The problem as [`Display`](core::fmt::Display) has it, behind the name of its file.
    pub fn in_file(&self, file: String) -> Reason {
        reason!(ConfigInFile, file = file, cause = Reason::from(self))
    }
}

/// The option that a reason is about, if it is about one.
pub fn option_of(reason: &Reason) -> Option<&str> {
    match reason.code() {
        Code::NetworkUnknown | Code::NetworkMisspelt | Code::NetworkIsDevice => Some("network"),
        Code::KeyFile | Code::KeyPasted | Code::KeyOfDaemon => Some("key_file"),
        Code::KeyReadableByAll | Code::KeyReadableByGroup => Some("key_file"),
        Code::KeyWritable | Code::KeyReplaceable => Some("key_file"),
        Code::ConfigTwoKeys => Some("key"),
        Code::ConfigTwoLinks => Some("device"),
        Code::ConfigAccountUnused => Some("vpnki"),
        _ => reason.text("option"),
    }
}

/// `line 12: error: section 'home': option 'profile': …`
///
/// ```
/// use wansync_core::config::problem::{Problem, Severity};
/// use wansync_core::reason;
///
/// let reason = reason!(ConfigUselessWithout, option = "arg", other = "command");
/// let problem = Problem::of_section(Severity::Warning, 12, "dacha", reason);
/// assert_eq!(
///     problem.to_string(),
///     "line 12: warning: section 'dacha': option 'arg' does nothing without 'command'"
/// );
/// assert_eq!(problem.option(), Some("arg"));
/// ```
impl From<&Problem> for Reason {
    fn from(problem: &Problem) -> Reason {
        let code = match problem.severity {
            Severity::Error => Code::ConfigError,
            Severity::Warning => Code::ConfigWarning,
        };
        let section = problem.section.as_deref();
        Reason::of(code)
            .with(problem.line)
            .with(section.map(|section| reason!(ConfigOfSection, section = section)))
            .with(&problem.reason)
    }
}

show_as_reason!(Problem);
