//! Text for people: the status, tables, charts, local times, help; and metrics.
//! Pure.
//!
//! The text of a service is shown here and nowhere else, so that no text of
//! another's can send an escape sequence to the terminal: see [`width`].

pub mod chart;
pub mod completion;
pub mod explain;
pub mod finding;
pub mod frame;
pub mod help;
pub mod history;
pub mod init;
pub mod plugin;
pub mod prometheus;
pub mod status;
pub mod table;
mod value;
pub mod width;
pub mod zone;

/// The terminal or file that the output goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Screen {
    /// Columns of the terminal; `None` for a file or a pipe, where nothing is cut.
    pub width: Option<usize>,
    /// True if its encoding is UTF-8. Text of the services is UTF-8 in any case;
    /// this is about our own marks and bars.
    pub utf8: bool,
}

impl Screen {
    /// The mark where text was cut off: one column.
    fn mark(self) -> char {
        if self.utf8 { '…' } else { '~' }
    }
}

/// The number of a text (FNV-1a), which another text hardly has.
pub fn fingerprint(text: &str) -> u32 {
    let add = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    text.bytes().fold(0x811c_9dc5, add)
}

/// True if a locale is in UTF-8, from `LC_ALL`, `LC_CTYPE` and `LANG`: the first
/// of them that is set and not empty counts (POSIX, Base Definitions 8.2).
///
/// ```
/// use wansync_core::text::is_utf8;
/// assert!(is_utf8([None, Some(""), Some("ru_RU.UTF-8")]));
/// assert!(!is_utf8([Some("C"), None, Some("ru_RU.UTF-8")]));
/// ```
pub fn is_utf8(variables: [Option<&str>; 3]) -> bool {
    let mut set = variables.into_iter().flatten().filter(|v| !v.is_empty());
    let locale = set.next().unwrap_or_default().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}
