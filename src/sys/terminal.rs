//! The person at the terminal, if there is one.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use super::process::environment;
use crate::render::{Screen, is_utf8};

/// Where standard output goes.
pub fn screen() -> Screen {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(environment);
    Screen {
        width: size
            .map(|size| size.ws_col.into())
            .filter(|width| *width > 0),
        utf8: is_utf8(locale.each_ref().map(Option::as_deref)),
    }
}

/// Whether standard output is a terminal, whose width may still not be known: a
/// serial console does not say.
pub fn is_shown() -> bool {
    io::stdout().is_terminal()
}

/// Whether a question would be seen, and an answer come from a person.
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks, and says whether the answer was yes.
pub fn says_yes(question: &str) -> bool {
    let mut answer = String::new();
    let asked = write!(io::stderr(), "{question}").and_then(|()| io::stderr().flush());
    let read = asked.and_then(|()| io::stdin().lock().read_line(&mut answer));
    read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// All of standard input, up to `limit` bytes.
///
/// # Errors
/// In words that follow on "standard input".
pub fn standard_input(limit: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut limited = io::stdin().lock().take(limit as u64 + 1);
    limited
        .read_to_end(&mut bytes)
        .map_err(|e| format!("cannot be read: {e}"))?;
    match bytes.len() > limit {
        true => Err(format!("is larger than {limit} bytes")),
        false => Ok(bytes),
    }
}
