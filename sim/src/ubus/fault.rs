//! What goes wrong on demand.

/// What the server does wrong, from the next request (or connection) on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
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

impl std::str::FromStr for Fault {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Ok(match word {
            "none" => Fault::None,
            "stall" => Fault::Stall,
            "silent" => Fault::Silent,
            "close" => Fault::Close,
            "unknown" => Fault::Unknown,
            "garbage" => Fault::Garbage,
            "refuse" => Fault::Refuse,
            "drip" => Fault::Drip,
            _ => return Err(format!("no such fault: {word}")),
        })
    }
}
