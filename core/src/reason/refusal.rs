//! Reasons why a reply that looks like an acknowledgement is none.

use alloc::string::String;
use core::fmt;

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

/// Follows on "the reply confirms nothing: ".
impl fmt::Display for ReplyDoubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplyDoubt::Status(status) => {
                let meaning = match status {
                    202 => " (accepted for later)",
                    203 => " (changed on its way)",
                    204 | 205 => " (no content)",
                    206 => " (a part of it)",
                    _ => "",
                };
                write!(f, "its HTTP status is {status}{meaning}, not 200")
            }
            ReplyDoubt::Coded(coding) => {
                write!(
                    f,
                    "its body is coded as '{coding}', which was not asked for"
                )
            }
            ReplyDoubt::Repeated(name) => write!(f, "it gives '{name}' more than once"),
            ReplyDoubt::Contradicted(words) => {
                write!(f, "it says ok and an error at once: {words}")
            }
        }
    }
}
