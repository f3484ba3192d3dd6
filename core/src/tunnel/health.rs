//! The health of a tunnel, in one word.

use serde::Serialize;

use crate::json::{Json, JsonWriter, Persist};

/// The health of a tunnel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// It carries traffic.
    Up,
    /// It does not.
    Down,
    /// There is no evidence for either.
    #[default]
    Unknown,
}

impl Persist for Health {
    fn write_json(&self, out: &mut JsonWriter) {
        out.text(self.word());
    }

    fn read(json: Json<'_>) -> Option<Health> {
        let text = json.text()?;
        Health::ALL.into_iter().find(|health| health.word() == text)
    }
}

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
