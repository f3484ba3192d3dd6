//! The kernel's errors, in its own words.

use std::io;

use wansync_core::reason::Reason;

/// An error without the number that the standard library appends.
pub fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((cause, _)) => cause.to_owned(),
        None => text,
    }
}

/// The reason that an error holds, or else [`describe`]s.
pub fn reason(error: &io::Error) -> Reason {
    let held = error.get_ref().and_then(|inner| inner.downcast_ref());
    held.cloned()
        .unwrap_or_else(|| Reason::words(&describe(error)))
}

/// [`describe`] for an error number, or an error that is not needed any more.
pub fn describe_errno(error: impl Into<io::Error>) -> String {
    describe(&error.into())
}
