//! The faults that can be made: one value a fault.

use crate::words::words;

/// Something that goes wrong with one request, or with one connection.
///
/// Written as `NAME`, `NAME=VALUE` or either followed by `,PARAMETER=VALUE`;
/// [`crate::fault_table::TABLE`] lists the names. `FromStr` and `Display` are inverses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing: in a schedule, a request that is served as usual.
    None,
    /// An HTTP status with a page of HTML, as front-end servers send.
    Status {
        /// The status.
        code: u16,
        /// The `Retry-After` header.
        retry: Option<RetryAfter>,
    },
    /// A refusal in JSON, in one of several shapes.
    Error {
        /// The shape of the body.
        shape: ErrorShape,
        /// The HTTP status.
        code: u16,
        /// The message, where not the usual one.
        text: Option<String>,
    },
    /// A body that resembles a success and is none.
    NearMiss(NearMiss),
    /// The success body, with this HTTP status.
    OkStatus(u16),
    /// A redirect.
    Redirect {
        /// The target of the redirect.
        to: Target,
        /// The HTTP status.
        code: u16,
    },
    /// An HTML page with this status.
    Html(u16),
    /// This text as the body, with status 200.
    Body(String),
    /// A body of no bytes, with status 200.
    Empty,
    /// A body of 64 NUL bytes.
    Nul,
    /// The first half of the body, with the length of that half.
    Truncated,
    /// The body with a comma too many, as in the documented sample of `list_ip`.
    TrailingComma,
    /// A PHP warning before the body.
    PhpWarning,
    /// A byte order mark before the body.
    Bom,
    /// Characters beyond ASCII written as `\uXXXX`.
    Escaped,
    /// Characters beyond ASCII written as they are.
    Raw,
    /// Another `Content-Type`; `none` leaves the header out.
    ContentType(String),
    /// The body padded to this many bytes, still valid JSON.
    Oversize(usize),
    /// A body with this many brackets inside each other.
    Nesting(usize),
    /// A header line of this many bytes.
    BigHeader(usize),
    /// The body in chunks of at most 7 bytes.
    Chunked,
    /// Chunked, with a chunk size that is not a number.
    BadChunk,
    /// Two `Content-Length` headers that agree.
    DuplicateLength,
    /// Two `Content-Length` headers that do not.
    ConflictingLength,
    /// Neither `Content-Length` nor chunks: the body ends with the connection.
    NoLength,
    /// A reply of HTTP/1.0.
    Http10,
    /// An answer that is not HTTP.
    NotHttp,
    /// The reply, without announcing that the connection is closed after it.
    HangUp,
    /// The reply, this many milliseconds later.
    Delay(u64),
    /// The reply byte by byte, with this many milliseconds after each.
    Drip(u64),
    /// The reply up to there, then nothing, with the connection open.
    Stall(Point),
    /// The reply up to there, then a TCP reset.
    Reset(ResetPoint),
    /// The request is read and the connection closed, without a byte of reply.
    Close,
    /// Half of the body that the length promises, then the end of the connection.
    Cut,
    /// Something wrong with the next connection to the https port.
    Tls(TlsFault),
}

/// The form of a `Retry-After` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// A number of seconds.
    Seconds(u64),
    /// An HTTP date, this many seconds from now.
    Date(u64),
}

words! {
    /// The shape of an error reply. No document shows one, so every one of
    /// these is assumed.
    ErrorShape {
        /// `{"response":{"status":"error","message":"…"}}`
        Message = "message",
        /// `{"response":{"status":"error","error":"…"}}`
        Error = "error",
        /// `{"response":{"status":"error","data":"…"}}`
        Data = "data",
        /// `{"response":{"status":"error","errors":{"ident":["…"]}}}`
        Errors = "errors",
        /// `{"response":{"status":"error"}}`
        Silent = "silent",
        /// `{"error":"…"}`
        TopError = "top-error",
        /// `{"error":{"code":403,"message":"…"}}`
        TopObject = "top-object",
        /// `{"status":"fail","errors":["…"]}`
        FailErrors = "fail-errors",
        /// `{"detail":"…"}`
        Detail = "detail",
        /// `{"code":403,"message":"…"}`
        Code = "code",
        /// The text `badauth`, as dyndns services reply.
        Badauth = "badauth",
    }
}

words! {
    /// A body that a careless client takes for a success.
    NearMiss {
        /// `{"response":{"status":"OK?"}}`
        Question = "question",
        /// `{"response":{"status":"OK"}}`
        Upper = "upper",
        /// `{"response":{"status":"ok "}}`
        Space = "space",
        /// `{"response":{"status":true}}`
        Bool = "bool",
        /// `{"response":{"status":["ok"]}}`
        List = "list",
        /// `{"response":{"status":null}}`
        Null = "null",
        /// `{"response":{"data":{}}}`
        NoStatus = "no-status",
        /// `{"status":"ok"}`
        TopStatus = "top-status",
        /// `{"response":"ok"}`
        TextResponse = "text-response",
        /// `[{"response":{"status":"ok"}}]`
        InArray = "in-array",
        /// `{"response":{"status":"error","message":"the status was ok"}}`
        OkInMessage = "ok-in-message",
        /// The success body, followed by `}`.
        Trailer = "trailer",
        /// The text `ok`.
        Text = "text",
        /// The JSON string `"ok"`.
        JsonText = "json-text",
        /// `{}`
        EmptyObject = "empty-object",
    }
}

words! {
    /// Where a redirect points.
    Target {
        /// The simulator under its other name (`localhost` for `127.0.0.1` and
        /// the reverse), so that a key carried along is seen in its log.
        Host = "host",
        /// Plain http on the same host.
        Http = "http",
        /// The same host and scheme, one hop, then the reply.
        Same = "same",
        /// As `same`, with a path instead of an URL in `Location`.
        Relative = "relative",
        /// The same host, two hops, then the reply.
        Two = "two",
        /// The same host, three hops, then the reply.
        Three = "three",
        /// The same host, without end.
        Loop = "loop",
        /// A `Location` that is not an URL.
        Nonsense = "nonsense",
        /// No `Location`.
        Nowhere = "nowhere",
    }
}

words! {
    /// Where a reply stops.
    Point {
        /// Before the first byte.
        Status = "status",
        /// In the middle of the headers.
        Headers = "headers",
        /// In the middle of the body.
        Body = "body",
    }
}

words! {
    /// Where a connection is reset.
    ResetPoint {
        /// When the request begins to arrive: it is neither recorded nor obeyed.
        Before = "before",
        /// After the request was read and obeyed.
        After = "after",
        /// In the middle of the reply's body.
        Body = "body",
    }
}

words! {
    /// What is wrong with a TLS connection, or limited in it.
    TlsFault {
        /// A certificate of another CA.
        WrongCa = "tls-wrong-ca",
        /// A certificate that ended yesterday.
        Expired = "tls-expired",
        /// A certificate that begins tomorrow.
        NotYetValid = "tls-not-yet-valid",
        /// A certificate for `wrong.example`.
        WrongName = "tls-wrong-name",
        /// A certificate for no host: it has a common name alone.
        NoName = "tls-no-name",
        /// A certificate that vouches for itself.
        SelfSigned = "tls-self-signed",
        /// The connection is closed after the client's hello.
        Close = "tls-close",
        /// The connection is reset after the client's hello.
        Reset = "tls-reset",
        /// The alert `handshake_failure` follows the client's hello.
        Alert = "tls-alert",
        /// Nothing follows the client's hello.
        Stall = "tls-stall",
        /// Plain HTTP on the https port.
        Plain = "tls-plain",
        /// TLS 1.2 only; the request is then served.
        Only12 = "tls-1.2",
        /// TLS 1.3 only; the request is then served.
        Only13 = "tls-1.3",
    }
}

impl TlsFault {
    /// True if the connection ends, or stalls, after the client's hello.
    pub(crate) fn is_before_the_handshake(self) -> bool {
        use TlsFault::{Alert, Close, Plain, Reset, Stall};
        matches!(self, Close | Reset | Alert | Stall | Plain)
    }
}

/// For how many requests (for a TLS fault: connections) a fault holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// The next this many, after those already queued.
    Next(usize),
    /// All, whenever nothing queued applies. A later one replaces it.
    All,
}

impl Fault {
    /// True if it belongs to a connection and not to a request.
    pub fn is_tls(&self) -> bool {
        matches!(self, Fault::Tls(_))
    }

    /// True if the service still does what the request asks. Faults that damage
    /// or lose the reply leave it done; those that replace the reply do not.
    pub fn obeys(&self) -> bool {
        !matches!(
            self,
            Fault::Status { .. }
                | Fault::Error { .. }
                | Fault::NearMiss(_)
                | Fault::Redirect { .. }
                | Fault::Html(_)
                | Fault::Body(_)
                | Fault::Empty
                | Fault::Nul
                | Fault::Nesting(_)
                | Fault::NotHttp
                | Fault::Reset(ResetPoint::Before)
        )
    }
}
