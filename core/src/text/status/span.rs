//! Spans in a status.

use core::time::Duration;

use serde::{Serialize, Serializer};

use crate::time::seconds;

/// A span in whole seconds, as a number.
pub(super) fn whole_seconds<S: Serializer>(
    span: &Option<Duration>,
    to: S,
) -> Result<S::Ok, S::Error> {
    span.map(seconds).serialize(to)
}
