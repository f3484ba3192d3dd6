//! The outcome of a pass for one section, in a word.

use core::fmt;

use crate::persist;

/// The outcome of a pass for one section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The service acknowledged the address in this pass.
    Confirmed,
    /// The address is the one that the service acknowledged before.
    Unchanged,
    /// There is no address that may be published: nothing was sent.
    Aborted,
    /// The address was sent, or tried to be, and no acknowledgement came: it is tried again.
    Unconfirmed,
    /// The service said no.
    Refused,
    /// Nothing was sent, because the service said no before.
    Held,
    /// Nothing was sent, because of a backoff, the service's own wish, or the daily limit.
    Throttled,
    /// The address would have been sent, but for `--dry-run`.
    DryRun,
    /// The address is on its way: what the status says while a pass sends. No pass ends so.
    Sending,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Outcome; 9] = [
        Outcome::Confirmed,
        Outcome::Unchanged,
        Outcome::Aborted,
        Outcome::Unconfirmed,
        Outcome::Refused,
        Outcome::Held,
        Outcome::Throttled,
        Outcome::DryRun,
        Outcome::Sending,
    ];

    /// The outcome's name.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Confirmed => "confirmed",
            Outcome::Unchanged => "unchanged",
            Outcome::Aborted => "aborted",
            Outcome::Unconfirmed => "unconfirmed",
            Outcome::Refused => "refused",
            Outcome::Held => "held",
            Outcome::Throttled => "throttled",
            Outcome::DryRun => "dry-run",
            Outcome::Sending => "sending",
        }
    }

    /// True if a person should look at it.
    pub fn needs_attention(self) -> bool {
        !matches!(
            self,
            Outcome::Confirmed | Outcome::Unchanged | Outcome::DryRun | Outcome::Sending
        )
    }
}

impl Outcome {
    /// The state that the outcome is a sign of, in a word. Waiting after a failure is the
    /// state of having failed.
    ///
    /// ```
    /// use wansync_core::outcome::Outcome;
    ///
    /// assert_eq!(Outcome::Unchanged.state(), "confirmed");
    /// assert_eq!(Outcome::Throttled.state(), "unconfirmed");
    /// ```
    pub fn state(self) -> &'static str {
        match self {
            Outcome::Confirmed | Outcome::Unchanged | Outcome::DryRun => "confirmed",
            Outcome::Aborted => "aborted",
            Outcome::Unconfirmed | Outcome::Throttled | Outcome::Sending => "unconfirmed",
            Outcome::Refused | Outcome::Held => "refused",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `pad` keeps the widths that tables ask for.
        f.pad(self.word())
    }
}

persist!(Outcome as word);
