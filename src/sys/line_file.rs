//! A file of lines of one length under a title, each of which can be replaced in place.
#![expect(clippy::disallowed_methods, reason = "a file is opened here")]

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::files;

/// The file, which no other process uses as long as this one does.
pub struct LineFile {
    path: PathBuf,
    file: File,
    title_length: u64,
    line_length: usize,
}

/// The reason that the file cannot be used.
#[derive(Debug)]
pub enum LineFileError {
    /// It is there already.
    Exists,
    /// There is none.
    Missing,
    /// Its title is another.
    OtherTitle,
    /// Another process uses it.
    InUse,
    /// The system's error.
    Io(io::Error),
}

impl From<io::Error> for LineFileError {
    fn from(error: io::Error) -> LineFileError {
        match error.kind() {
            io::ErrorKind::AlreadyExists => LineFileError::Exists,
            io::ErrorKind::NotFound => LineFileError::Missing,
            _ => LineFileError::Io(error),
        }
    }
}

impl LineFile {
    /// Makes a new file, for its owner alone.
    pub fn create(path: &Path, title: &str, line_length: usize) -> Result<LineFile, LineFileError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        let is_like_it =
            || files::open_to_read(path).is_ok_and(|file| files::begins_with(&file, title));
        let file = options.open(path).map_err(|error| match error.into() {
            LineFileError::Exists if !is_like_it() => LineFileError::OtherTitle,
            error => error,
        })?;
        let made = LineFile::locked(path, file, title, line_length)?;
        if let Err(error) = made.file.write_all_at(title.as_bytes(), 0) {
            let _ = fs::remove_file(path);
            return Err(error.into());
        }
        Ok(made)
    }

    /// Opens the file that another run has left.
    pub fn open(path: &Path, title: &str, line_length: usize) -> Result<LineFile, LineFileError> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).open(path)?;
        let opened = LineFile::locked(path, file, title, line_length)?;
        match files::begins_with(&opened.file, title) {
            true => Ok(opened),
            false => Err(LineFileError::OtherTitle),
        }
    }

    fn locked(
        path: &Path,
        file: File,
        title: &str,
        line_length: usize,
    ) -> Result<LineFile, LineFileError> {
        match file.try_lock() {
            Ok(()) => Ok(LineFile {
                path: path.to_owned(),
                file,
                title_length: title.len() as u64,
                line_length,
            }),
            Err(fs::TryLockError::WouldBlock) => Err(LineFileError::InUse),
            Err(fs::TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// The place of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The line of this number, from 0 on; `None` behind the last.
    pub fn read(&self, number: u64) -> Option<Vec<u8>> {
        let mut line = vec![0; self.line_length];
        let read = self.file.read_exact_at(&mut line, self.place(number));
        read.is_ok().then_some(line)
    }

    /// Writes the line of this number.
    pub fn write(&self, number: u64, line: &str) -> io::Result<()> {
        self.file.write_all_at(line.as_bytes(), self.place(number))
    }

    /// Waits until what was written outlives a power cut.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Removes the file.
    pub fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }

    fn place(&self, number: u64) -> u64 {
        self.title_length + number * self.line_length as u64
    }
}

impl AsFd for LineFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
