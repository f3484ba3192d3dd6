//! The findings of a check, printed one by one.

use crate::commands::output::println_quietly;
use crate::exit::Exit;

/// Prints findings, and keeps the first exit code that is not 0.
pub struct Findings {
    /// The exit code so far.
    pub exit: Exit,
    /// True if findings that are no error are printed, too.
    tells_all: bool,
}

impl Findings {
    pub fn all() -> Findings {
        Findings {
            exit: Exit::Done,
            tells_all: true,
        }
    }

    pub fn errors_only() -> Findings {
        Findings {
            tells_all: false,
            ..Findings::all()
        }
    }

    pub fn good(&mut self, text: impl AsRef<str>) {
        self.tell("ok    ", text.as_ref());
    }

    pub fn warn(&mut self, text: impl AsRef<str>) {
        self.tell("warn  ", text.as_ref());
    }

    fn tell(&mut self, mark: &str, text: &str) {
        if self.tells_all {
            println_quietly(&format!("{mark}{text}"));
        }
    }

    pub fn bad(&mut self, exit: Exit, text: impl AsRef<str>) {
        println_quietly(&format!("FAIL  {}", text.as_ref()));
        if self.exit == Exit::Done {
            self.exit = exit;
        }
    }
}
