//! Rows of a table, one after the other, from whatever pieces its text comes in.
//!
//! ```
//! use wansync_core::csv::read::{CsvReader, delimiter_of};
//!
//! let text = "ident;comment\r\nuser1;\"two\nlines\"\r\n".as_bytes();
//! let mut reader = CsvReader::new(delimiter_of(text));
//! let (used, header) = reader.take(text).unwrap();
//! assert_eq!(header.unwrap().cells, ["ident", "comment"]);
//! let (_, row) = reader.take(&text[used..]).unwrap();
//! assert_eq!(row.unwrap().cells, ["user1", "two\nlines"]);
//! ```

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

/// The longest row, in bytes: a request cannot hold more than 7 KB.
const MAX_ROW_LENGTH: usize = 64 * 1024;
/// The most cells of a row.
const MAX_CELLS: usize = 256;
/// The bytes between two cells, by preference: in countries that write 1,5 spreadsheets
/// put a semicolon there.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// The byte between the cells of a table: the one of comma, semicolon and tab that is
/// most frequent in the first line.
pub fn delimiter_of(start: &[u8]) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut is_quoted = false;
    for byte in start {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' | b'\r' if !is_quoted => break,
            _ if is_quoted => {}
            _ => {
                if let Some(at) = DELIMITERS.iter().position(|delimiter| delimiter == byte) {
                    counts[at] += 1;
                }
            }
        }
    }
    let mut best = 0;
    for at in 1..counts.len() {
        if counts[at] > counts[best] {
            best = at;
        }
    }
    DELIMITERS[best]
}

/// One row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvRow {
    /// The line that it begins in, from 1 on.
    pub line: u64,
    /// The cells, without their quotes.
    pub cells: Vec<String>,
}

/// A row that cannot be read, and with it no row after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CsvFault {
    /// The line that the row begins in.
    pub line: u64,
    /// The fault.
    pub kind: CsvFaultKind,
}

/// The faults of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CsvFaultKind {
    /// Text in another encoding than UTF-8.
    NotUtf8,
    /// A row that does not end, or is beyond any use: a quote is missing.
    NoEnd,
}

impl fmt::Display for CsvFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        f.write_str(match self.kind {
            CsvFaultKind::NotUtf8 => " is not UTF-8; spreadsheets save it as 'CSV UTF-8'",
            CsvFaultKind::NoEnd => {
                " begins a row without an end, or with more than 256 cells or 64 KB; is a quote \
                 missing?"
            }
        })
    }
}

/// Reads rows. Lines without a cell that holds anything are no rows.
pub struct CsvReader {
    parser: Reader,
    text: Vec<u8>,
    length: usize,
    ends: Vec<usize>,
    count: usize,
    /// The line that comes next.
    line: u64,
    /// The line that the row begins in.
    first_line: u64,
    /// True behind the first byte of a row.
    is_within: bool,
    is_after_cr: bool,
}

impl CsvReader {
    /// A reader of rows whose cells this byte parts.
    pub fn new(delimiter: u8) -> CsvReader {
        CsvReader {
            parser: ReaderBuilder::new().delimiter(delimiter).build(),
            text: vec![0; 1024],
            length: 0,
            ends: vec![0; MAX_CELLS],
            count: 0,
            line: 1,
            first_line: 1,
            is_within: false,
            is_after_cr: false,
        }
    }

    /// Takes a piece of the text: the number of bytes that were used, and a row if one
    /// ended there. At the end of the text the piece is empty; without a row there is
    /// then none left.
    ///
    /// # Errors
    /// The row is none.
    pub fn take(&mut self, piece: &[u8]) -> Result<(usize, Option<CsvRow>), CsvFault> {
        // A last line end shows whether the row is still within quotes.
        let is_end = piece.is_empty() && self.is_within;
        let input = if is_end { &b"\n"[..] } else { piece };
        let mut used = 0;
        loop {
            let (result, read, written, ended) = self.parser.read_record(
                &input[used..],
                &mut self.text[self.length..],
                &mut self.ends[self.count..],
            );
            self.count_lines(&input[used..used + read]);
            used += read;
            self.length += written;
            self.count += ended;
            match result {
                ReadRecordResult::OutputFull if self.text.len() < MAX_ROW_LENGTH => {
                    self.text.resize(self.text.len() * 2, 0);
                }
                ReadRecordResult::InputEmpty if is_end => {
                    return Err(self.fault(CsvFaultKind::NoEnd));
                }
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Err(self.fault(CsvFaultKind::NoEnd));
                }
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {
                    return Ok((piece.len().min(used), None));
                }
                ReadRecordResult::Record => {
                    let row = self.row()?;
                    (self.length, self.count, self.is_within) = (0, 0, false);
                    if row.cells.iter().any(|cell| !cell.trim().is_empty()) {
                        return Ok((piece.len().min(used), Some(row)));
                    }
                }
            }
        }
    }

    fn row(&self) -> Result<CsvRow, CsvFault> {
        let text = core::str::from_utf8(&self.text[..self.length]);
        let text = text.map_err(|_| self.fault(CsvFaultKind::NotUtf8))?;
        let mut start = 0;
        let mut cells = Vec::with_capacity(self.count);
        for end in &self.ends[..self.count] {
            // A character cut by a delimiter is none of UTF-8.
            let cell = text.get(start..*end);
            cells.push(cell.ok_or(self.fault(CsvFaultKind::NotUtf8))?.to_owned());
            start = *end;
        }
        Ok(CsvRow {
            line: self.first_line,
            cells,
        })
    }

    /// Counts the lines of what the parser has used. A row begins where its first byte
    /// is, behind the ends of the row before and of empty lines.
    fn count_lines(&mut self, used: &[u8]) {
        for byte in used {
            let is_end = matches!(byte, b'\r' | b'\n');
            if !is_end && !self.is_within {
                (self.first_line, self.is_within) = (self.line, true);
            }
            if is_end && !(self.is_after_cr && *byte == b'\n') {
                self.line += 1;
            }
            self.is_after_cr = *byte == b'\r';
        }
    }

    fn fault(&self, kind: CsvFaultKind) -> CsvFault {
        CsvFault {
            line: self.first_line,
            kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    /// All rows, from pieces of this length.
    fn rows(text: &[u8], piece: usize) -> Result<Vec<(u64, Vec<String>)>, CsvFault> {
        let mut reader = CsvReader::new(delimiter_of(text));
        let mut rows = Vec::new();
        let mut rest = text;
        loop {
            let part = &rest[..rest.len().min(piece)];
            let (used, row) = reader.take(part)?;
            rest = &rest[used..];
            match row {
                Some(row) => rows.push((row.line, row.cells)),
                None if part.is_empty() => return Ok(rows),
                None => {}
            }
        }
    }

    #[test]
    fn tables_of_all_kinds() {
        type Expected = &'static [(u64, &'static [&'static str])];
        let plain: Expected = &[(1, &["a", "b"]), (2, &["1", "2"])];
        let table: [(&str, Expected); 18] = [
            ("a,b\n1,2\n", plain),
            ("a,b\n1,2", plain),
            ("a,b\r\n1,2\r\n", plain),
            ("a,b\r1,2\r", plain),
            ("a\n\"x\n\"", &[(1, &["a"]), (2, &["x\n"])]),
            ("a\n ", &[(1, &["a"])]),
            ("a,b\r\r1,2\r", &[(1, &["a", "b"]), (3, &["1", "2"])]),
            ("\u{feff}a,b\r\n1,2\r\n", plain),
            ("a;b\n1;2\n", plain),
            ("a\tb\n1\t2\n", plain),
            ("\"a\",\"b\"\n\"1\",\"2\"\n", plain),
            ("a,b\n\n1,2\n", &[(1, &["a", "b"]), (3, &["1", "2"])]),
            ("a,b\n,\n1,2\n , \n", &[(1, &["a", "b"]), (3, &["1", "2"])]),
            (
                "a,b\n\"x\ny\r\nz\",\"say \"\"hi\"\"\"\n1,2\n",
                &[
                    (1, &["a", "b"]),
                    (2, &["x\ny\r\nz", "say \"hi\""]),
                    (5, &["1", "2"]),
                ],
            ),
            ("a,b\n1\n", &[(1, &["a", "b"]), (2, &["1"])]),
            ("a\n;\n", &[(1, &["a"]), (2, &[";"])]),
            ("\"a;b;c\",d\n", &[(1, &["a;b;c", "d"])]),
            ("", &[]),
        ];
        for (text, expected) in table {
            for piece in [1, 2, 3, 1000] {
                if piece < 3 && text.starts_with('\u{feff}') {
                    continue;
                }
                let found = rows(text.as_bytes(), piece).expect(text);
                let expected: Vec<(u64, Vec<String>)> = expected
                    .iter()
                    .map(|(line, cells)| (*line, cells.iter().map(ToString::to_string).collect()))
                    .collect();
                assert_eq!(found, expected, "{text:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn rows_as_long_as_the_buffer() {
        for length in 1020..1030 {
            let cell = "x".repeat(length);
            let text = format!("{cell}\n1\n");
            for piece in [1, length, length + 1] {
                let rows = rows(text.as_bytes(), piece).expect("rows");
                assert_eq!(rows.len(), 2, "{length} in pieces of {piece}");
                assert_eq!(rows[0].1, [&*cell]);
            }
        }
    }

    #[test]
    fn what_is_no_table() {
        let latin = b"ident\n\xe8\xe2\xe0\xed\n";
        assert_eq!(
            rows(latin, 7).unwrap_err().to_string(),
            "line 2 is not UTF-8; spreadsheets save it as 'CSV UTF-8'"
        );
        let mut endless = b"ident\nuser1\n\"user2\n".to_vec();
        endless.resize(200_000, b'x');
        let fault = rows(&endless, 4096).unwrap_err();
        assert_eq!((fault.line, fault.kind), (3, CsvFaultKind::NoEnd));
        for open in ["ident,note\nuser1,\"x\nuser2,y\n", "ident\n\"user1\nuser2"] {
            let fault = rows(open.as_bytes(), 4096).unwrap_err();
            assert_eq!((fault.line, fault.kind), (2, CsvFaultKind::NoEnd), "{open}");
        }
        let wide = ",".repeat(1000) + "x";
        assert_eq!(rows(wide.as_bytes(), 64).unwrap_err().line, 1);
    }
}
