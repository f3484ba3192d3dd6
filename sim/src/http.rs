//! As much of HTTP/1.1 as the simulator needs, by hand: faults want every byte.

use std::io::{self, Read};

use crate::query;

/// Longer heads get 431.
const HEAD_LIMIT: usize = 64 * 1024;
/// Longer request bodies get 413. No method takes one.
const BODY_LIMIT: u64 = 1024 * 1024;

/// A request as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    pub method: String,
    /// The request target as it was sent.
    pub target: String,
    pub path: String,
    pub params: Vec<(String, String)>,
    /// The reason that the parameters could not be decoded; there are none then.
    pub careless: Option<String>,
    pub headers: Vec<(String, String)>,
    pub keep_alive: bool,
}

/// A reply before it becomes bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

/// The reason that no request came of what was read.
#[derive(Debug)]
pub(crate) enum NoRequest {
    /// The connection ended or broke.
    Gone,
    /// What came is not a request that can be served; this is the answer.
    Bad(Box<Reply>),
}

impl From<io::Error> for NoRequest {
    fn from(_: io::Error) -> Self {
        NoRequest::Gone
    }
}

impl Incoming {
    pub fn param(&self, name: &str) -> Option<&str> {
        pair(&self.params, |given| given == name)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        pair(&self.headers, |given| given.eq_ignore_ascii_case(name))
    }
}

fn pair(pairs: &[(String, String)], wanted: impl Fn(&str) -> bool) -> Option<&str> {
    let found = pairs.iter().find(|(name, _)| wanted(name));
    found.map(|(_, value)| value.as_str())
}

impl Reply {
    pub fn json(status: u16, body: String) -> Reply {
        Reply::new(status, "application/json; charset=utf-8", body)
    }

    pub fn text(status: u16, body: impl Into<Vec<u8>>) -> Reply {
        Reply::new(status, "text/plain; charset=utf-8", body)
    }

    pub fn html(status: u16) -> Reply {
        let title = format!("{status} {}", reason(status));
        let body = format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n\
             <center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n\
             </body>\r\n</html>\r\n"
        );
        Reply::new(status, "text/html; charset=utf-8", body)
    }

    fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Reply {
        Reply {
            status,
            headers: vec![("Content-Type", kind.to_owned())],
            body: body.into(),
        }
    }

    pub fn with(mut self, name: &'static str, value: impl ToString) -> Reply {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_string()));
        self
    }
}

/// Reads one request. `buffer` holds what was read of it already, and afterwards
/// what was read beyond it.
pub(crate) fn read_request(
    stream: &mut impl Read,
    buffer: &mut Vec<u8>,
) -> Result<Incoming, NoRequest> {
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 128];
        let mut head = httparse::Request::new(&mut headers);
        let length = match head.parse(buffer) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if buffer.len() > HEAD_LIMIT => {
                return bad(431, "too long");
            }
            Ok(httparse::Status::Partial) => {
                read_more(stream, buffer)?;
                continue;
            }
            Err(cause) => return bad(400, &cause.to_string()),
        };
        let incoming = incoming(&head);
        buffer.drain(..length);
        let incoming = incoming?;
        discard_body(stream, buffer, &incoming)?;
        return Ok(incoming);
    }
}

fn incoming(head: &httparse::Request) -> Result<Incoming, NoRequest> {
    let target = head.path.unwrap_or("").to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (params, careless) = match query::decode(query) {
        Ok(params) => (params, None),
        Err(cause) => (Vec::new(), Some(cause)),
    };
    let headers: Vec<(String, String)> = head.headers.iter().map(header).collect();
    let new = head.version == Some(1);
    let closes = |value: &str| value.eq_ignore_ascii_case("close");
    let connection = pair(&headers, |name| name.eq_ignore_ascii_case("connection"));
    let host = pair(&headers, |name| name.eq_ignore_ascii_case("host"));
    if new && host.is_none() {
        return bad(400, "no Host");
    }
    Ok(Incoming {
        method: head.method.unwrap_or("").to_owned(),
        path: path.to_owned(),
        keep_alive: new && !connection.is_some_and(closes),
        params,
        careless,
        headers,
        target,
    })
}

fn header(header: &httparse::Header) -> (String, String) {
    let value = String::from_utf8_lossy(header.value).into_owned();
    (header.name.to_owned(), value)
}

fn discard_body(
    stream: &mut impl Read,
    buffer: &mut Vec<u8>,
    incoming: &Incoming,
) -> Result<(), NoRequest> {
    if incoming.header("transfer-encoding").is_some() {
        return bad(501, "no request has a body here");
    }
    let length = match incoming.header("content-length").map(str::parse::<u64>) {
        None => 0,
        Some(Ok(length)) if length <= BODY_LIMIT => length as usize,
        Some(Ok(_)) => return bad(413, "no request has a body here"),
        Some(Err(_)) => return bad(400, "Content-Length"),
    };
    while buffer.len() < length {
        read_more(stream, buffer)?;
    }
    buffer.drain(..length);
    Ok(())
}

/// Waits for bytes and appends them; the end of the connection is an error.
pub(crate) fn read_more(stream: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<()> {
    let mut chunk = [0; 4096];
    match stream.read(&mut chunk)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => {
            buffer.extend_from_slice(&chunk[..count]);
            Ok(())
        }
    }
}

fn bad<T>(status: u16, why: &str) -> Result<T, NoRequest> {
    let reply = Reply::text(status, format!("{why}\n")).with("Connection", "close");
    Err(NoRequest::Bad(Box::new(reply)))
}

/// The reason phrase of a status.
pub(crate) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        425 => "Too Early",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Unnamed",
    }
}
