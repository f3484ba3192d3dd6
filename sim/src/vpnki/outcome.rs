//! The outcome of a request for a resource.

use serde_json::Value;

/// The body of a success.
pub(super) enum ResourceBody {
    /// It goes into the envelope.
    Payload(Value),
    /// The whole body.
    Bare(&'static str),
}

/// An error as com_api knows it: a code and a text.
pub(super) type Refusal = (u16, String);
