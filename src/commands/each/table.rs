//! The table of a run: its rows, one after the other.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use crate::sys::input::Input;
use crate::sys::os_error;
use wansync_core::csv::read::{CsvReader, CsvRow, delimiter_of};

/// The size of the pieces that are read, in bytes.
const PIECE: usize = 16 * 1024;

/// The rows of a file, or of standard input.
pub struct Table {
    input: Input,
    reader: CsvReader,
    delimiter: u8,
    piece: Vec<u8>,
    used: usize,
    has_ended: bool,
}

/// The outcome of a wait for the next row.
pub enum Fetched {
    /// The row.
    Row(CsvRow),
    /// No row came in that time.
    Pending,
    /// The table has no more rows.
    End,
}

impl Table {
    /// The table in the file of this name; `-` is standard input.
    ///
    /// # Errors
    /// In words that follow on the file's name.
    pub fn open(name: &str) -> Result<Table, String> {
        let mut table = Table {
            input: Input::open(name)?,
            reader: CsvReader::new(b','),
            delimiter: b',',
            piece: Vec::new(),
            used: 0,
            has_ended: false,
        };
        // The first line is needed as a whole: it shows what parts the cells.
        while !table.has_ended && table.piece.len() < PIECE && !table.piece.contains(&b'\n') {
            table.read_on()?;
        }
        table.delimiter = delimiter_of(&table.piece);
        table.reader = CsvReader::new(table.delimiter);
        Ok(table)
    }

    /// The character between two cells.
    pub fn delimiter(&self) -> char {
        self.delimiter.into()
    }

    /// The next row; waits for it for so long at most.
    ///
    /// # Errors
    /// In words that follow on the file's name.
    pub fn next(&mut self, timeout: Duration) -> Result<Fetched, String> {
        loop {
            let rest = &self.piece[self.used..];
            let is_end = rest.is_empty() && self.has_ended;
            if !rest.is_empty() || is_end {
                let taken = self.reader.take(rest);
                let (used, row) = taken.map_err(|fault| format!("is no CSV: {fault}"))?;
                self.used += used;
                match row {
                    Some(row) => return Ok(Fetched::Row(row)),
                    None if is_end => return Ok(Fetched::End),
                    None => continue,
                }
            }
            if !self.input.is_ready(timeout) {
                return Ok(Fetched::Pending);
            }
            self.piece.clear();
            self.used = 0;
            self.read_on()?;
        }
    }

    /// The next row, whenever it comes.
    pub fn wait_for_next(&mut self) -> Result<Option<CsvRow>, String> {
        loop {
            match self.next(Duration::from_secs(60))? {
                Fetched::Row(row) => return Ok(Some(row)),
                Fetched::Pending => {}
                Fetched::End => return Ok(None),
            }
        }
    }

    /// The row with the names of the columns. A line before it that says `sep=;` is for
    /// spreadsheets.
    pub fn header(&mut self) -> Result<Option<CsvRow>, String> {
        match self.wait_for_next()? {
            Some(row) if row.cells == ["sep=", ""] => self.wait_for_next(),
            row => Ok(row),
        }
    }

    fn read_on(&mut self) -> Result<(), String> {
        let length = self.piece.len();
        self.piece.resize(length + PIECE, 0);
        let read = self.input.read(&mut self.piece[length..]);
        let count =
            read.map_err(|error| format!("cannot be read: {}", os_error::describe(&error)))?;
        self.piece.truncate(length + count);
        self.has_ended = count == 0;
        Ok(())
    }
}

impl AsFd for Table {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.input.as_fd()
    }
}
