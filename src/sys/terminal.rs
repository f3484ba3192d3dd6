//! The person at the terminal, if there is one.

use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::BorrowedFd;

use nix::errno::Errno;
use nix::sys::termios::{
    LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr,
};
use rustix::io::retry_on_intr;
use rustix::stdio::{stderr, stdin, stdout};
use rustix::termios::tcgetwinsize;

use super::files;
use super::process::environment_variable;
use wansync_core::reason;
use wansync_core::reason::Reason;

/// The number of columns of standard output, if it is a terminal that says so.
pub fn columns() -> Option<usize> {
    columns_of(stdout())
}

/// The number of columns of standard error, if it is a terminal that says so.
pub fn error_columns() -> Option<usize> {
    columns_of(stderr())
}

fn columns_of(terminal: BorrowedFd<'_>) -> Option<usize> {
    let size = tcgetwinsize(terminal).ok()?;
    Some(size.ws_col.into()).filter(|columns| *columns > 0)
}

/// The number of rows of standard output, if it is a terminal that says so.
pub fn rows() -> Option<usize> {
    let size = tcgetwinsize(stdout()).ok()?;
    Some(size.ws_row.into()).filter(|rows| *rows > 0)
}

/// The variables that name the locale, that which counts first.
pub fn locale() -> [Option<String>; 3] {
    ["LC_ALL", "LC_CTYPE", "LANG"].map(environment_variable)
}

/// Sends all of it to standard output. Not by the standard library, for which a
/// descriptor that cannot be written to has been closed on purpose.
pub fn write_all_now(text: &str) -> io::Result<()> {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        let count = retry_on_intr(|| rustix::io::write(stdout(), rest))?;
        rest = &rest[count..];
    }
    Ok(())
}

/// Says on standard error, and not in the log, what is wrong: it concerns whoever runs
/// this command, and him alone.
pub fn complain(what: &str) {
    // In one piece, since others may write to the same stderr.
    let line = format!("wansync: error: {what}\n");
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Says on standard error what was to be written elsewhere.
pub fn complain_in_place(lines: &str) -> io::Result<()> {
    io::stderr().write_all(lines.as_bytes())
}

/// True if standard output is a terminal, whose width may still not be known: a
/// serial console does not say.
pub fn is_output_terminal() -> bool {
    stdout().is_terminal()
}

/// True if a question would be seen, and an answer come from a person.
pub fn can_prompt() -> bool {
    stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks, and says whether the answer was yes.
pub fn confirm(question: &str) -> bool {
    let answer = ask(question).and_then(|()| read_answer());
    answer.is_ok_and(|answer| {
        let answer = answer.trim_ascii().to_ascii_lowercase();
        matches!(answer.as_slice(), b"y" | b"yes")
    })
}

/// What is typed until the end of a line, or of all.
fn read_answer() -> io::Result<Vec<u8>> {
    let mut answer = Vec::new();
    loop {
        let piece = read_line()?;
        answer.extend_from_slice(&piece);
        if piece.is_empty() || piece.ends_with(b"\n") {
            return Ok(answer);
        }
    }
}

/// Asks for one line; what is typed stays `hidden` if it is a password.
///
/// # Errors
/// In words for people.
pub fn prompt(question: &str, hidden: bool) -> Result<Vec<u8>, String> {
    let asked = ask(question);
    let before = if hidden { disable_echo()? } else { None };
    let read = asked.and_then(|()| read_line());
    if let Some(before) = before {
        let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, &before);
        let _ = writeln!(io::stderr());
    }
    match read {
        Ok(line) if line.contains(&INTERRUPT) => Err("interrupted".to_owned()),
        Ok(line) => Ok(line),
        Err(error) => Err(format!("cannot be read: {error}")),
    }
}

fn ask(question: &str) -> io::Result<()> {
    io::stderr().write_all(question.as_bytes())
}

/// Standard input, without a buffer.
struct StandardInput;

impl Read for StandardInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(retry_on_intr(|| rustix::io::read(stdin(), &mut *buffer))?)
    }
}

/// The longest line that the kernel takes from a terminal.
const MAX_LINE: usize = 4096;

/// One line of a terminal, whatever ends it: each read gives one.
fn read_line() -> io::Result<Vec<u8>> {
    let mut typed = [0; MAX_LINE];
    let count = StandardInput.read(&mut typed)?;
    Ok(typed[..count].to_vec())
}

/// The terminal shows nothing of what is typed; as it was before is returned.
/// Ctrl-C ends the line, and not this process: who else would undo it?
fn disable_echo() -> Result<Option<Termios>, String> {
    let in_words =
        |error: Errno| format!("the terminal cannot hide it: {}", io::Error::from(error));
    let before = tcgetattr(stdin()).map_err(in_words)?;
    let mut hidden = before.clone();
    hidden.local_flags -= LocalFlags::ECHO | LocalFlags::ISIG;
    hidden.control_chars[SpecialCharacterIndices::VEOL as usize] = INTERRUPT;
    tcsetattr(stdin(), SetArg::TCSADRAIN, &hidden).map_err(in_words)?;
    Ok(Some(before))
}

/// Ctrl-C
const INTERRUPT: u8 = 3;

/// All of standard input, up to `limit` bytes.
///
/// # Errors
/// In words that follow on "standard input".
pub fn read_standard_input(limit: usize) -> Result<Vec<u8>, Reason> {
    let bytes = files::read_up_to(&mut StandardInput, limit, 0)
        .map_err(|error| reason!(FileUnreadable, error = error.to_string()))?;
    match bytes.len() > limit {
        true => Err(reason!(FileLarge, bytes = limit)),
        false => Ok(bytes),
    }
}
