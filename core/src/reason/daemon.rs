//! Why the daemon does something else than the configuration's file says.

use alloc::string::String;
use core::fmt;

/// The reason for which the daemon uses another configuration than its file has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OtherConfig {
    /// The file has an error, so it was refused, or will be.
    Refused {
        /// The first error, with the file's name.
        problem: String,
    },
    /// The file was changed, and nobody has told the daemon.
    Changed {
        /// The file's name.
        file: String,
    },
}

impl fmt::Display for OtherConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OtherConfig::Refused { problem } => {
                write!(
                    f,
                    "{problem}; the daemon goes on with the configuration of before"
                )
            }
            OtherConfig::Changed { file } => write!(
                f,
                "{file} has changed, and the daemon still uses the configuration of before: \
                 reload it"
            ),
        }
    }
}
