//! Reasons why a reply that looks like an acknowledgement is none.

use alloc::string::String;

use crate::reason;
use crate::reason::{Code, Reason, show_as_reason};

/// The doubt that keeps a reply from confirming anything, although it could be read, or
/// says "ok".
///
/// ```
/// use wansync_core::reason::refusal::ReplyDoubt;
///
/// let doubt = ReplyDoubt::Status(206);
/// assert_eq!(doubt.to_string(), "its HTTP status is 206 (a part of it), not 200");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyDoubt {
    /// An HTTP status from 201 to 299: nothing to show, a part, accepted for later.
    Status(u16),
    /// The body is still in a coding, such as gzip.
    Coded(String),
    /// A member of the JSON that is given more than once, by its name.
    Repeated(&'static str),
    /// An error beside the "ok", in the service's words.
    Contradicted(String),
}

impl From<&ReplyDoubt> for Reason {
    fn from(doubt: &ReplyDoubt) -> Reason {
        match doubt {
            ReplyDoubt::Status(status) => {
                let code = match status {
                    202 => Code::ReplyLater,
                    203 => Code::ReplyChanged,
                    204 | 205 => Code::ReplyEmpty,
                    206 => Code::ReplyPart,
                    _ => Code::ReplyStatus,
                };
                Reason::of(code).with(u32::from(*status))
            }
            ReplyDoubt::Coded(coding) => reason!(ReplyCoded, coding = coding),
            ReplyDoubt::Repeated(name) => reason!(ReplyRepeated, member = *name),
            ReplyDoubt::Contradicted(words) => reason!(ReplyContradicted, message = words),
        }
    }
}

show_as_reason!(ReplyDoubt);
