//! The kernel's errors, in its own words.

use std::io;

/// An error without the number that the standard library appends.
pub fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((cause, _)) => cause.to_owned(),
        None => text,
    }
}

/// [`describe`] for an error number, or an error that is not needed any more.
pub fn describe_errno(error: impl Into<io::Error>) -> String {
    describe(&error.into())
}
