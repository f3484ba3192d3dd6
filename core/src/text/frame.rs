//! A text that is drawn again and again at the same place of a terminal.
//!
//! Nothing of the terminal is changed that would have to be restored: a program
//! that is killed leaves a usable terminal behind.
//!
//! ```
//! use wansync_core::text::{Screen, frame::frame};
//!
//! let screen = Screen { width: Some(80), utf8: true };
//! assert_eq!(frame("up\n", screen, Some(24)), "\x1b[Hup\x1b[K\n\x1b[J");
//! ```

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Screen;
use super::help::wrap;
use super::width::{push_cut, width};

/// ECMA-48: the cursor to the first column of the first line.
const HOME: &str = "\x1b[H";
/// Erases from the cursor to the end of the line.
const ERASE_LINE: &str = "\x1b[K";
/// Erases from the cursor to the end of the screen.
const ERASE_BELOW: &str = "\x1b[J";
/// The indent of lines that go on, beyond that of their first one.
const HANGING_INDENT: usize = 2;
/// The narrowest that text is wrapped into; below that it is cut.
const MIN_TEXT_WIDTH: usize = 24;

/// The text to send to a terminal of so many `rows`, so that it shows the text and
/// nothing else, whatever it showed before. What does not fit is left out.
pub fn frame(text: &str, screen: Screen, rows: Option<usize>) -> String {
    // A terminal may wrap as soon as the last column is taken.
    let columns = screen.width.map(|width| width.saturating_sub(1).max(1));
    let mut lines = Vec::new();
    for line in text.lines() {
        match columns {
            Some(columns) => fold_line(line, columns, screen.mark(), &mut lines),
            None => lines.push(line.to_owned()),
        }
    }
    // The last row is the cursor's: a line end there would scroll.
    if let Some(room) = rows.map(|rows| rows.saturating_sub(1).max(1))
        && lines.len() > room
    {
        lines.truncate(room);
        lines[room - 1] = screen.mark().to_string();
    }
    let mut out = HOME.to_owned();
    for line in &lines {
        out.push_str(line);
        out.push_str(ERASE_LINE);
        out.push('\n');
    }
    out.push_str(ERASE_BELOW);
    out
}

/// Appends a line as several that fit, the others below the first one's indent.
fn fold_line(line: &str, columns: usize, mark: char, lines: &mut Vec<String>) {
    if width(line) <= columns {
        lines.push(line.to_owned());
        return;
    }
    let text = line.trim_start();
    let indent = line.len() - text.len();
    let (indent, hang) = match columns >= indent + HANGING_INDENT + MIN_TEXT_WIDTH {
        true => (indent, HANGING_INDENT),
        false => (0, 0),
    };
    let mut indent_here = indent;
    for part in wrap(text, columns - indent - hang) {
        let mut out = " ".repeat(indent_here);
        push_cut(&mut out, part, columns - indent_here, mark);
        lines.push(out);
        indent_here = indent + hang;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str, columns: usize, rows: usize) -> Vec<String> {
        let screen = Screen {
            width: Some(columns),
            utf8: false,
        };
        let out = frame(text, screen, Some(rows));
        let out = out.strip_prefix(HOME).expect("it begins at home");
        let out = out.strip_suffix(ERASE_BELOW).expect("the rest is erased");
        out.lines()
            .map(|line| line.strip_suffix(ERASE_LINE).expect("erased").to_owned())
            .collect()
    }

    #[test]
    fn what_fits_is_as_it_is() {
        assert_eq!(drawn("a\n  b\n", 80, 24), ["a", "  b"]);
        let unknown = frame("a long line\n", Screen::default(), None);
        assert_eq!(unknown, "\x1b[Ha long line\x1b[K\n\x1b[J");
    }

    #[test]
    fn long_lines_hang_and_no_line_is_too_wide() {
        let text = "home  up\n      one two three four five six seven eight nine ten\n";
        assert_eq!(
            drawn(text, 40, 24),
            [
                "home  up",
                "      one two three four five six",
                "        seven eight nine ten"
            ]
        );
        for columns in 1..100 {
            for line in drawn(text, columns, 24) {
                assert!(width(&line) < columns.max(2), "{columns}: {line:?}");
            }
        }
    }

    #[test]
    fn what_has_too_many_lines_is_cut() {
        assert_eq!(drawn("1\n2\n3\n4\n", 80, 4), ["1", "2", "~"]);
        assert_eq!(drawn("1\n2\n3\n", 80, 4), ["1", "2", "3"]);
        assert_eq!(drawn("1\n2\n", 80, 0), ["~"]);
    }
}
