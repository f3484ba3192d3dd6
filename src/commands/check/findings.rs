//! The findings of a check, printed one by one.

use std::fmt;

use crate::commands::output::println_quietly;
use crate::exit::Exit;

/// Prints findings, and keeps the first exit code that is not 0.
pub struct Findings {
    /// The exit code so far.
    pub exit: Exit,
    /// True if findings that are no error are printed, too.
    tells_all: bool,
    /// The section that they are about, with a colon behind it.
    subject: String,
}

impl Findings {
    pub fn all() -> Findings {
        Findings {
            exit: Exit::Done,
            tells_all: true,
            subject: String::new(),
        }
    }

    pub fn errors_only() -> Findings {
        Findings {
            tells_all: false,
            ..Findings::all()
        }
    }

    /// What follows is about this section.
    pub fn set_subject(&mut self, section: &str) {
        self.subject = format!("{section}: ");
    }

    pub fn good(&self, text: fmt::Arguments<'_>) {
        self.tell("ok    ", text);
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
        println_quietly(&format!("{mark}{}{text}", self.subject));
    }
}
