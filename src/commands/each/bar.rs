//! The bar of a run, on the terminal of standard error.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use crate::sys::{clock, terminal};
use wansync_core::bulk::progress::Counts;
use wansync_core::time::Boot;

/// The pause between two drawings.
const INTERVAL: Duration = Duration::from_millis(200);
/// ECMA-48: to the first column, and the line erased.
const ERASE: &str = "\r\x1b[K";
/// The columns of a terminal that does not say.
const DEFAULT_COLUMNS: usize = 80;

/// A bar, where there is a terminal.
pub struct Bar {
    is_on: bool,
    is_shown: bool,
    began: Boot,
    drawn: Option<Boot>,
}

impl Bar {
    /// A bar for a run that begins now.
    pub fn start() -> Bar {
        Bar {
            is_on: io::stderr().is_terminal(),
            is_shown: false,
            began: clock::boot(),
            drawn: None,
        }
    }

    /// Draws it, if it is time to.
    pub fn draw(&mut self, counts: &Counts) {
        let now = clock::boot();
        if !self.is_on || self.drawn.is_some_and(|drawn| now.since(drawn) < INTERVAL) {
            return;
        }
        let columns = terminal::error_columns().unwrap_or(DEFAULT_COLUMNS);
        let bar = counts.bar(now.since(self.began), columns);
        let _ = io::stderr().write_all(format!("{ERASE}{bar}").as_bytes());
        (self.is_shown, self.drawn) = (true, Some(now));
    }

    /// Makes room for another line. The bar comes back when it is drawn again.
    pub fn clear(&mut self) {
        if self.is_shown {
            let _ = io::stderr().write_all(ERASE.as_bytes());
            (self.is_shown, self.drawn) = (false, None);
        }
    }
}
