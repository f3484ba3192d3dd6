//! Standard output: lines, and what they are to fit.

use std::io::{self, Write};

use crate::sys::{terminal, zone};
use wansync_core::text::zone::Zone;
use wansync_core::text::{Screen, is_utf8};

/// Prints a line. A reader that has closed the pipe does not want it, which is no
/// error.
pub fn println_quietly(line: &str) {
    let _ = println_or_fail(line);
}

/// Prints a line that must not be lost.
///
/// # Errors
/// It could not be written, as on a disk that is full.
pub fn println_or_fail(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}").or_else(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error),
    })
}

/// The terminal that standard output goes to, if it goes to one.
pub fn screen() -> Screen {
    Screen {
        width: terminal::columns(),
        utf8: is_utf8(terminal::locale().each_ref().map(Option::as_deref)),
    }
}

/// This router's time zone.
pub fn local_zone() -> Zone {
    Zone::first_of(zone::rules())
}
