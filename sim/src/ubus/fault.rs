//! Faults on demand.

/// A fault of the server, from the next request (or connection) on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UbusFault {
    /// Nothing.
    #[default]
    None,
    /// Greets, and never answers. What netifd tells meanwhile is lost.
    Stall,
    /// Never says anything; the same.
    Silent,
    /// Greets, and hangs up at the first request.
    Close,
    /// Hangs up without a greeting, as on users that the system does not know.
    Unknown,
    /// Answers with bytes that are no message.
    Garbage,
    /// Answers as to a user who may call nothing.
    Refuse,
    /// Answers rightly, one byte every millisecond.
    Drip,
}

impl std::str::FromStr for UbusFault {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Ok(match word {
            "none" => UbusFault::None,
            "stall" => UbusFault::Stall,
            "silent" => UbusFault::Silent,
            "close" => UbusFault::Close,
            "unknown" => UbusFault::Unknown,
            "garbage" => UbusFault::Garbage,
            "refuse" => UbusFault::Refuse,
            "drip" => UbusFault::Drip,
            _ => return Err(format!("no such fault: {word}")),
        })
    }
}
