//! What is wrong with a configuration, and where.

use alloc::string::String;
use core::fmt;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Its section, or the whole file, is not acted upon.
    Error,
    /// It works, but hardly as it was meant.
    Warning,
}

/// One problem of a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Where it is, counted from 1.
    pub line: u32,
    /// The section's name, if it is one section's problem.
    pub section: Option<String>,
    /// What is wrong and what would be right.
    pub text: String,
}

impl Problem {
    /// A problem that keeps its section, or the file, from being acted upon.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// `line 12: error: section 'home': option 'profile': …`
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
