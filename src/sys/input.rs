//! A text that is read piece by piece: a file, or standard input.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::Duration;

use rustix::io::retry_on_intr;
use rustix::stdio::stdin;

use super::files;
use super::wait::{self, Readiness};

/// A file that a person named, or standard input.
pub enum Input {
    /// A regular file.
    File(File),
    /// Standard input, whatever it is.
    Standard,
}

impl Input {
    /// The file of this name; `-` is standard input.
    ///
    /// # Errors
    /// In words that follow on the file's name.
    pub fn open(name: &str) -> Result<Input, String> {
        match name {
            "-" => Ok(Input::Standard),
            _ => match files::open_to_read(Path::new(name)) {
                Ok(file) => Ok(Input::File(file)),
                Err(error) => Err(files::read_error(&error).to_string()),
            },
        }
    }

    /// Waits until there is something to read, or the end, for so long at most. Returns
    /// whether there is.
    pub fn is_ready(&self, timeout: Duration) -> bool {
        match self {
            Input::File(_) => true,
            // What cannot be waited for can be read.
            Input::Standard => wait::until_ready(&stdin(), Readiness::Input, timeout) != Ok(false),
        }
    }

    /// The next piece, empty at the end.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(retry_on_intr(|| rustix::io::read(&*self, &mut *buffer))?)
    }
}

impl AsFd for Input {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Input::File(file) => file.as_fd(),
            Input::Standard => stdin(),
        }
    }
}
