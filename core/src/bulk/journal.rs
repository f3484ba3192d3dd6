//! What is remembered of the rows of a table, in a text of one short line for each, all
//! of the same length: a line is replaced in place, which needs no room on a full disk.

use alloc::format;
use alloc::string::String;

use crate::text::fingerprint;

/// The length of an entry, in bytes.
pub const ENTRY_LENGTH: usize = 11;

/// The state of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowState {
    /// Not sent, or turned away unread.
    Waiting,
    /// Soon to be sent; after a power cut, perhaps sent.
    Reserved,
    /// Sent, and its answer is not known.
    Sent,
    /// Done.
    Done,
    /// Not done, or not all of it: refused, or wrong.
    Failed,
    /// Sent, its answer lost, and listed as such.
    Unknown,
}

/// The letter of each state.
const LETTERS: [(RowState, u8); 6] = [
    (RowState::Waiting, b'-'),
    (RowState::Reserved, b'r'),
    (RowState::Sent, b's'),
    (RowState::Done, b'd'),
    (RowState::Failed, b'f'),
    (RowState::Unknown, b'u'),
];

/// The rows that are reserved at once: what is to outlive a power cut is written for all
/// of them together, since a disk takes its time.
pub const RESERVED_AT_ONCE: u64 = 64;

/// The number of a row that was not seen.
const ANY_ROW: u32 = 0;

/// An entry: the state of a row, and a number that another row hardly has.
///
/// ```
/// use wansync_core::bulk::journal::{Entry, RowState};
/// use wansync_core::text::fingerprint;
///
/// let entry = Entry { state: RowState::Done, row: fingerprint("ident=user1") };
/// assert_eq!(entry.line(), "d 7f01a3de\n");
/// assert_eq!(Entry::parse(entry.line().as_bytes()), Some(entry));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The state.
    pub state: RowState,
    /// The [`fingerprint`] of the row.
    pub row: u32,
}

/// The entry of a row whose last entry is lost.
pub const LOST: Entry = Entry {
    state: RowState::Sent,
    row: ANY_ROW,
};

impl Entry {
    /// True if the row was sent, and perhaps done.
    pub fn was_sent(self) -> bool {
        !matches!(
            self.state,
            RowState::Waiting | RowState::Reserved | RowState::Failed
        )
    }

    /// The entry's line.
    pub fn line(self) -> String {
        let letter = LETTERS.iter().find(|(state, _)| *state == self.state);
        let letter = letter.map_or('-', |(_, letter)| char::from(*letter));
        format!("{letter} {:08x}\n", self.row)
    }

    /// The entry of a line.
    pub fn parse(line: &[u8]) -> Option<Entry> {
        let [letter, b' ', number @ .., b'\n'] = line else {
            return None;
        };
        let (state, _) = LETTERS.iter().find(|(_, other)| other == letter)?;
        let number = core::str::from_utf8(number).ok().filter(|n| n.len() == 8)?;
        Some(Entry {
            state: *state,
            row: u32::from_str_radix(number, 16).ok()?,
        })
    }
}

/// The first line of a journal. `identity` names the service, the columns, and what is
/// the same for all rows; it may hold a password.
pub fn title(method: &str, identity: &str) -> String {
    format!("wansync 1 {method} {:08x}\n", fingerprint(identity))
}

/// The treatment of a row by a run that goes on after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumption {
    /// The row is sent.
    Send,
    /// The row is passed over: it is done.
    Done,
    /// The row is passed over: it is listed as unknown already.
    Listed,
    /// The row is listed as unknown: its answer is lost, and it may not be sent twice.
    List,
    /// Another row was done in the place of this one.
    Changed,
}

/// The treatment of a row of which `entry` is remembered.
pub fn resume(entry: Option<Entry>, row: u32, is_repeatable: bool) -> Resumption {
    let Some(entry) = entry.filter(|entry| entry.was_sent()) else {
        return Resumption::Send;
    };
    match entry.state {
        _ if entry.row != row && entry.row != ANY_ROW => Resumption::Changed,
        RowState::Done => Resumption::Done,
        _ if is_repeatable => Resumption::Send,
        RowState::Unknown => Resumption::Listed,
        _ => Resumption::List,
    }
}

/// The entry after a reboot: the last words on a row that was reserved may be lost.
pub fn after_reboot(entry: Entry) -> Entry {
    match entry.state {
        RowState::Reserved => LOST,
        _ => entry,
    }
}

/// The entry of a row that is reserved.
pub fn reserved(entry: Option<Entry>) -> Entry {
    unless_sent(entry, RowState::Reserved)
}

/// The entry of a row that was reserved, after a run that has not reached it.
pub fn released(entry: Option<Entry>) -> Entry {
    unless_sent(entry, RowState::Waiting)
}

fn unless_sent(entry: Option<Entry>, state: RowState) -> Entry {
    let row = ANY_ROW;
    entry
        .filter(|entry| entry.was_sent())
        .unwrap_or(Entry { state, row })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_as_they_were_written() {
        for (state, letter) in LETTERS {
            let entry = Entry { state, row: 7 };
            let line = entry.line();
            assert_eq!((line.len(), line.as_bytes()[0]), (ENTRY_LENGTH, letter));
            assert_eq!(Entry::parse(line.as_bytes()), Some(entry));
        }
        for wrong in [
            "",
            "\n",
            "x 00000007\n",
            "d 0000007\n",
            "d 0000000g\n",
            "d 00000007 ",
            "d +0000007\n",
        ] {
            let parsed = Entry::parse(wrong.as_bytes());
            assert!(
                parsed.is_none_or(|entry| entry.line() != wrong),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn rows_after_an_interruption() {
        use Resumption::{Changed, Done, List, Listed, Send};
        // Of a method that may be repeated, of one that may not, of another row.
        let table = [
            (RowState::Waiting, [Send, Send, Send]),
            (RowState::Reserved, [Send, Send, Send]),
            (RowState::Failed, [Send, Send, Send]),
            (RowState::Sent, [Send, List, Changed]),
            (RowState::Done, [Done, Done, Changed]),
            (RowState::Unknown, [Send, Listed, Changed]),
        ];
        for (state, expected) in table {
            let entry = Some(Entry { state, row: 1 });
            let found = [
                resume(entry, 1, true),
                resume(entry, 1, false),
                resume(entry, 2, true),
            ];
            assert_eq!(found, expected, "{state:?}");
        }
        let lost = Some(after_reboot(reserved(None)));
        assert_eq!(
            [resume(lost, 7, true), resume(lost, 7, false)],
            [Send, List]
        );
        assert_eq!(resume(None, 1, false), Send);
    }
}
