//! The errors of libuci for a file that it rejects.

use crate::reason;
use crate::reason::show_as_reason;

/// The word that a command starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyword {
    /// `package` or `p`
    Package,
    /// `config` or `c`
    Config,
    /// `option` or `o`
    Option,
    /// `list` or `l`
    List,
}

/// The reason that a file was rejected. Prints as `uci` prints it after its own name:
/// `Parse error (REASON) at line N, byte M`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseError {
    /// The fault.
    pub reason: Reason,
    /// The line where reading stopped, from 1. As in libuci, a last line that
    /// does not end in a newline is not counted: 0 is possible.
    pub line: u32,
    /// The number of bytes of that line that were read, joined lines included.
    pub byte: u32,
}

/// The reasons that libuci knows, and one of our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// A line starts with something else than a keyword.
    InvalidCommand,
    /// An `option` or a `list` belongs to no section.
    NoSection,
    /// The file ends right after this keyword.
    WithoutName(Keyword),
    /// A name or a type is missing, or empty.
    InsufficientArguments,
    /// More words than the command takes.
    TooManyArguments,
    /// A name has a byte that names must not have.
    InvalidName,
    /// A section type has a byte outside 0x21 to 0x7e.
    InvalidType,
    /// The name of a section was used before, with another type.
    TypeConflict,
    /// The file ends within `'…'`.
    UnterminatedSingleQuote,
    /// The file ends within `"…"`.
    UnterminatedDoubleQuote,
    /// The file has a NUL byte, and nothing that libuci would reject.
    Nul,
}

impl From<&ParseError> for crate::reason::Reason {
    fn from(error: &ParseError) -> Self {
        reason!(
            ConfigSyntax,
            error = error.reason.words(),
            line_number = error.line,
            byte = error.byte
        )
    }
}

show_as_reason!(ParseError);

impl core::error::Error for ParseError {}

impl Reason {
    /// The words of libuci.
    fn words(self) -> &'static str {
        match self {
            Reason::InvalidCommand => "invalid command",
            Reason::NoSection => "option/list command found before the first section",
            Reason::WithoutName(Keyword::Package) => "package without name",
            Reason::WithoutName(Keyword::Config) => "config without name",
            Reason::WithoutName(Keyword::Option | Keyword::List) => "option without name",
            Reason::InsufficientArguments => "insufficient arguments",
            Reason::TooManyArguments => "too many arguments",
            Reason::InvalidName => "invalid character in name field",
            Reason::InvalidType => "invalid character in type field",
            Reason::TypeConflict => {
                "section of different type overwrites prior section with same name"
            }
            Reason::UnterminatedSingleQuote => "EOF with unterminated '",
            Reason::UnterminatedDoubleQuote => "EOF with unterminated \"",
            Reason::Nul => "NUL byte",
        }
    }
}
