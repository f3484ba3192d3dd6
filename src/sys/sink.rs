//! Text that is appended in whole pieces, to a file or to standard output.
#![expect(clippy::disallowed_methods, reason = "a file is written here")]

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{FileType, Mode, Stat, fchmod, fstat, ftruncate};
use rustix::stdio::stdout;

use super::terminal;

/// A place that takes pieces of text.
pub enum Sink {
    /// A file for its owner alone.
    File(File),
    /// Standard output.
    Standard,
}

impl Sink {
    /// The file of this name, which is made if it is not there.
    pub fn open(path: &Path) -> io::Result<Sink> {
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(0o600);
        Ok(Sink::File(options.open(path)?))
    }

    /// True unless it is a file that holds something.
    pub fn is_empty(&self) -> bool {
        self.regular().is_none_or(|what| what.st_size == 0)
    }

    /// True if it is the regular file behind this descriptor.
    pub fn is_same_file(&self, other: &dyn AsFd) -> bool {
        let found = self.regular().zip(fstat(other.as_fd()).ok());
        found.is_some_and(|(own, other)| (own.st_dev, own.st_ino) == (other.st_dev, other.st_ino))
    }

    /// Empties the file, and makes it one for its owner alone.
    pub fn clear(&self) -> io::Result<()> {
        fchmod(self, Mode::RUSR | Mode::WUSR)?;
        Ok(ftruncate(self, 0)?)
    }

    /// Appends a piece: all of it, or none where that can be undone.
    pub fn append(&mut self, text: &str) -> io::Result<()> {
        let before = self.regular();
        let written = match self {
            Sink::File(file) => file.write_all(text.as_bytes()),
            Sink::Standard => terminal::write_all_now(text),
        };
        if written.is_err()
            && let Some(before) = before
        {
            let _ = ftruncate(self.as_fd(), before.st_size as u64);
        }
        written
    }

    fn regular(&self) -> Option<Stat> {
        let what = fstat(self.as_fd()).ok()?;
        let is_regular = FileType::from_raw_mode(what.st_mode) == FileType::RegularFile;
        is_regular.then_some(what)
    }
}

impl AsFd for Sink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Sink::File(file) => file.as_fd(),
            Sink::Standard => stdout(),
        }
    }
}
