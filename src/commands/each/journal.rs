//! What is remembered of the rows, in a file beside the table.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use crate::sys::clock;
use crate::sys::line_file::{LineFile, LineFileError};
use wansync_core::bulk::journal::{
    ENTRY_LENGTH, Entry, LOST, RESERVED_AT_ONCE, RowState, after_reboot, released, reserved,
};
use wansync_core::text::fingerprint;

/// The journal of a run.
pub struct Journal {
    file: LineFile,
    /// The first row that is not reserved.
    reserved_until: u64,
}

impl Journal {
    /// A new one; or, to go on, that of the run before.
    pub fn open(path: &Path, title: &str, is_resumed: bool) -> Result<Journal, LineFileError> {
        let file = match is_resumed {
            true => LineFile::open(path, title, ENTRY_LENGTH)?,
            false => LineFile::create(path, title, ENTRY_LENGTH)?,
        };
        // The first line is this boot's, in the form of the others.
        let boot = Entry {
            state: RowState::Waiting,
            row: fingerprint(&clock::boot_id()),
        };
        let before = file.read(0).and_then(|line| Entry::parse(&line));
        let journal = Journal {
            file,
            reserved_until: 0,
        };
        let written = match before == Some(boot) {
            true => Ok(()),
            false => journal.note_reboot(),
        };
        let written = written.and_then(|()| journal.file.write(0, &boot.line()));
        match written {
            Ok(()) => Ok(journal),
            Err(error) => {
                if !is_resumed {
                    let _ = journal.remove();
                }
                Err(error.into())
            }
        }
    }

    fn note_reboot(&self) -> io::Result<()> {
        let mut number = 0;
        while let Some(entry) = self.read(number) {
            let after = after_reboot(entry);
            if after != entry {
                self.write(number, after)?;
            }
            number += 1;
        }
        Ok(())
    }

    /// The entry of a row, if it has one. Of one that is damaged it is not known that the
    /// row was not sent.
    pub fn read(&self, number: u64) -> Option<Entry> {
        let line = self.file.read(number + 1)?;
        Some(Entry::parse(&line).unwrap_or(LOST))
    }

    /// Writes the entry of a row.
    pub fn write(&self, number: u64, entry: Entry) -> io::Result<()> {
        self.file.write(number + 1, &entry.line())
    }

    /// Sees to it that a power cut cannot make a row look as if it had not been sent.
    pub fn reserve(&mut self, number: u64) -> io::Result<()> {
        if number < self.reserved_until {
            return Ok(());
        }
        let until = number + RESERVED_AT_ONCE;
        self.replace(number..until, &reserved)?;
        self.reserved_until = until;
        self.file.sync()
    }

    /// Ends the reservation of rows from `number` on, which were not sent.
    pub fn release(&self, number: u64) -> io::Result<()> {
        self.replace(number..self.reserved_until, &released)?;
        self.file.sync()
    }

    fn replace(
        &self,
        rows: std::ops::Range<u64>,
        change: &dyn Fn(Option<Entry>) -> Entry,
    ) -> io::Result<()> {
        let start = rows.start + 1;
        let lines: String = rows
            .map(|number| change(self.read(number)).line())
            .collect();
        self.file.write(start, &lines)
    }

    /// The place of the file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Removes the file.
    pub fn remove(self) -> io::Result<()> {
        self.file.remove()
    }
}

impl AsFd for Journal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
