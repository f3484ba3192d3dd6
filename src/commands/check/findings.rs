//! The findings of a check, printed one by one.

use std::fmt;

use crate::commands::output::Output;
use crate::exit::Exit;

/// Prints findings, and keeps the first exit code that is not 0.
pub struct Findings<'a> {
    /// The exit code so far.
    pub exit: Exit,
    out: &'a Output,
    /// True if findings that are no error are printed, too.
    tells_all: bool,
    /// The section that they are about, with a colon behind it.
    subject: String,
}

impl<'a> Findings<'a> {
    pub fn all(out: &'a Output) -> Findings<'a> {
        Findings {
            out,
            exit: Exit::Done,
            tells_all: true,
            subject: String::new(),
        }
    }

    pub fn errors_only(out: &'a Output) -> Findings<'a> {
        Findings {
            tells_all: false,
            ..Findings::all(out)
        }
    }

    /// What follows is about this section.
    pub fn set_subject(&mut self, section: &str) {
        self.subject = format!("{section}: ");
    }

    pub fn good(&self, text: fmt::Arguments<'_>) {
        self.tell("ok    ", text);
    }

    /// Prints a finding that is neither good nor bad, such as what cannot be known.
    pub fn note(&self, text: fmt::Arguments<'_>) {
        self.tell("note  ", text);
    }

    /// A line that belongs to the finding above it.
    pub fn more(&self, text: fmt::Arguments<'_>) {
        self.tell("      ", text);
    }

    pub fn warn(&self, text: fmt::Arguments<'_>) {
        self.tell("warn  ", text);
    }

    fn tell(&self, mark: &str, text: fmt::Arguments<'_>) {
        if self.tells_all {
            self.print(mark, text);
        }
    }

    pub fn bad(&mut self, exit: Exit, text: fmt::Arguments<'_>) {
        self.print("FAIL  ", text);
        if self.exit == Exit::Done {
            self.exit = exit;
        }
    }

    fn print(&self, mark: &str, text: fmt::Arguments<'_>) {
        let line = format!("{mark}{}{text}", self.subject);
        // A path may hold what would begin a line of its own.
        self.out.line(&line.replace('\n', " "));
    }
}
