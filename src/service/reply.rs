//! An HTTP reply as the decoders take it.

/// What came back for one request, its body already capped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// HTTP status, 100 to 599.
    pub status: u16,
    /// The `Retry-After` header as sent: seconds, or an HTTP date.
    pub retry_after: Option<String>,
    /// The body, whole.
    pub body: Vec<u8>,
}
