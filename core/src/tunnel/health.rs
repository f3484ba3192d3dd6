//! The health of a tunnel, in one word.

use crate::persist;

/// The health of a tunnel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Health {
    /// The tunnel carries traffic.
    Up,
    /// The tunnel does not carry traffic.
    Down,
    /// There is no evidence for either.
    #[default]
    Unknown,
}

persist!(Health as word);

impl Health {
    /// All variants.
    pub const ALL: [Health; 3] = [Health::Up, Health::Down, Health::Unknown];

    /// The word for it: `up`, `down` or `unknown`.
    pub fn word(self) -> &'static str {
        match self {
            Health::Up => "up",
            Health::Down => "down",
            Health::Unknown => "unknown",
        }
    }
}
