//! The problems of a configuration, and their lines.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use core::fmt;

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
    pub text: String,
}

impl Problem {
    /// A warning about a section.
    pub(super) fn warning(line: u32, section: &str, text: fmt::Arguments<'_>) -> Problem {
        Problem {
            severity: Severity::Warning,
            line,
            section: Some(section.to_owned()),
            text: text.to_string(),
        }
    }

    /// The option that it is about, as far as its text begins with it.
    pub fn option(&self) -> Option<&str> {
        let (name, _) = self.text.strip_prefix("option '")?.split_once('\'')?;
        Some(name)
    }

    /// A problem that keeps its section, or the file, from being acted upon.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// `line 12: error: section 'home': option 'profile': …`
///
/// ```
/// use wansync_core::config::problem::{Problem, Severity};
///
/// let problem = Problem {
///     severity: Severity::Error,
///     line: 12,
///     section: Some("home".to_owned()),
///     text: "option 'ident' is missing".to_owned(),
/// };
/// assert_eq!(
///     problem.to_string(),
///     "line 12: error: section 'home': option 'ident' is missing"
/// );
/// ```
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "line {}: {severity}: ", self.line)?;
        if let Some(section) = &self.section {
            write!(f, "section '{section}': ")?;
        }
        f.write_str(&self.text)
    }
}
