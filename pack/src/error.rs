//! The errors of reading and writing packages, each in one line for a person.

use std::fmt;

/// The reason why a package could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// These bytes are not what the format allows: cut off, flipped, not a package.
    Damaged {
        /// The part of the package, as its format calls it.
        part: String,
        /// The fault of the part.
        why: String,
    },
    /// Allowed by the format, but not something that this program carries over.
    Unsupported {
        /// The part of the package.
        part: String,
        /// The content that is not supported.
        why: String,
    },
    /// The package would misbehave on a router.
    Refused {
        /// The name, field, path or file.
        what: String,
        /// The misbehaviour.
        why: String,
    },
    /// A file could not be read or written, or a program not be run.
    Io {
        /// The operation, and the file.
        what: String,
        /// The system's error.
        why: String,
    },
}

/// The result of almost every function here.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn damaged(part: &str, why: impl Into<String>) -> Error {
        Error::Damaged {
            part: part.into(),
            why: why.into(),
        }
    }

    pub(crate) fn unsupported(part: &str, why: impl Into<String>) -> Error {
        Error::Unsupported {
            part: part.into(),
            why: why.into(),
        }
    }

    pub(crate) fn refused(what: impl Into<String>, why: impl Into<String>) -> Error {
        Error::Refused {
            what: what.into(),
            why: why.into(),
        }
    }

    pub(crate) fn io(what: impl Into<String>, why: &std::io::Error) -> Error {
        Error::Io {
            what: what.into(),
            why: why.to_string(),
        }
    }

    /// The error inside a bigger part: `data.tar.gz` becomes `data.tar.gz: ./etc`.
    pub(crate) fn within(self, outer: &str) -> Error {
        let nest = |part: String| {
            if part.is_empty() {
                outer.into()
            } else {
                format!("{outer}: {part}")
            }
        };
        match self {
            Error::Damaged { part, why } => Error::Damaged {
                part: nest(part),
                why,
            },
            Error::Unsupported { part, why } => Error::Unsupported {
                part: nest(part),
                why,
            },
            Error::Refused { what, why } => Error::Refused {
                what: nest(what),
                why,
            },
            Error::Io { what, why } => Error::Io {
                what: nest(what),
                why,
            },
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Damaged { part, why } => write!(to, "{part}: damaged: {why}"),
            Error::Unsupported { part, why } => write!(to, "{part}: not supported: {why}"),
            Error::Refused { what, why } => write!(to, "{what}: {why}"),
            Error::Io { what, why } => write!(to, "{what}: {why}"),
        }
    }
}

impl std::error::Error for Error {}
