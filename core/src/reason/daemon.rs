//! Why the daemon does something else than the configuration's file says.

use alloc::string::String;

use crate::reason;
use crate::reason::Reason;

/// The reason for which the daemon uses another configuration than its file has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OtherConfig {
    /// The file has an error, so it was refused, or will be.
    Refused {
        /// The first error, with the file's name.
        problem: Reason,
    },
    /// The file was changed, and nobody has told the daemon.
    Changed {
        /// The file's name.
        file: String,
    },
}

impl From<&OtherConfig> for Reason {
    fn from(other: &OtherConfig) -> Reason {
        match other {
            OtherConfig::Refused { problem } => reason!(ConfigRefused, cause = problem),
            OtherConfig::Changed { file } => reason!(ConfigChanged, file = file),
        }
    }
}
