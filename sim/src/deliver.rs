//! A reply on its way: how it is framed, and what befalls it.

use std::io::{self, Write};
use std::time::Duration;

use crate::conn::{Conn, Stop};
use crate::faults::{Fault, Point, ResetPoint};
use crate::http::{Reply, reason};

/// Sends the reply as the fault wants it. Gives the connection back if it can
/// serve another request.
pub(crate) fn deliver(
    mut conn: Conn,
    reply: &Reply,
    fault: Option<&Fault>,
    keep_alive: bool,
    stop: &Stop,
) -> Option<Conn> {
    let wire = Wire::of(reply, fault, keep_alive);
    let all = wire.parts([1, 1]);
    match fault {
        Some(Fault::Close) => drop(conn),
        Some(Fault::Reset(ResetPoint::Before | ResetPoint::After)) => conn.into_socket().reset(),
        Some(Fault::Stall(Point::Status)) => conn.into_socket().hold(),
        Some(Fault::Stall(Point::Headers)) => {
            partly(conn, &wire.parts([2, 0]))?.into_socket().hold()
        }
        Some(Fault::Stall(Point::Body)) => partly(conn, &wire.parts([1, 2]))?.into_socket().hold(),
        Some(Fault::Reset(ResetPoint::Body)) => {
            partly(conn, &wire.parts([1, 2]))?.into_socket().reset()
        }
        Some(Fault::Cut) => partly(conn, &wire.parts([1, 2]))?.close(),
        Some(Fault::Drip(ms)) => {
            drip(&mut conn, &all, Duration::from_millis(*ms), stop).ok()?;
            return wire.after(conn);
        }
        Some(Fault::Delay(ms)) => {
            stop.wait(Duration::from_millis(*ms)).then_some(())?;
            return wire.after(partly(conn, &all)?);
        }
        _ => return wire.after(partly(conn, &all)?),
    }
    None
}

fn partly(mut conn: Conn, bytes: &[u8]) -> Option<Conn> {
    conn.write_all(bytes).and_then(|()| conn.flush()).ok()?;
    Some(conn)
}

fn drip(conn: &mut Conn, bytes: &[u8], pause: Duration, stop: &Stop) -> io::Result<()> {
    for byte in bytes {
        conn.write_all(&[*byte])?;
        conn.flush()?;
        if !stop.wait(pause) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
    }
    Ok(())
}

/// A reply as bytes.
struct Wire {
    head: Vec<u8>,
    body: Vec<u8>,
    /// True if another request may follow on the connection.
    keep_alive: bool,
}

impl Wire {
    fn of(reply: &Reply, fault: Option<&Fault>, keep_alive: bool) -> Wire {
        if fault == Some(&Fault::NotHttp) {
            return Wire {
                head: Vec::new(),
                body: reply.body.clone(),
                keep_alive: false,
            };
        }
        let ends = matches!(
            fault,
            Some(
                Fault::NoLength
                    | Fault::Http10
                    | Fault::BadChunk
                    | Fault::ConflictingLength
                    | Fault::Cut
            )
        );
        let asked_to_close = reply.headers.iter().any(|(name, _)| *name == "Connection");
        let announced = keep_alive && !ends && !asked_to_close;
        Wire {
            head: head(reply, fault, announced || fault == Some(&Fault::HangUp)),
            body: body(reply, fault),
            keep_alive: announced && fault != Some(&Fault::HangUp),
        }
    }

    /// The first 1/n of the head and of the body; 0 is nothing.
    fn parts(&self, [head, body]: [usize; 2]) -> Vec<u8> {
        let share = |bytes: &[u8], n: usize| bytes.len().checked_div(n).unwrap_or(0);
        let head = &self.head[..share(&self.head, head)];
        [head, &self.body[..share(&self.body, body)]].concat()
    }

    fn after(&self, conn: Conn) -> Option<Conn> {
        if self.keep_alive {
            return Some(conn);
        }
        conn.close();
        None
    }
}

fn head(reply: &Reply, fault: Option<&Fault>, keep_alive: bool) -> Vec<u8> {
    let version = match fault {
        Some(Fault::Http10) => "1.0",
        _ => "1.1",
    };
    let mut head = format!(
        "HTTP/{version} {} {}\r\n",
        reply.status,
        reason(reply.status)
    );
    let mut line = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
    let date = httpdate::fmt_http_date(std::time::SystemTime::now());
    line("Server", "wansync-sim");
    line("Date", &date);
    for (name, value) in &reply.headers {
        line(name, value);
    }
    let length = reply.body.len();
    match fault {
        Some(Fault::Chunked | Fault::BadChunk) => line("Transfer-Encoding", "chunked"),
        Some(Fault::NoLength | Fault::Http10) => {}
        Some(Fault::DuplicateLength) => {
            line("Content-Length", &length.to_string());
            line("Content-Length", &length.to_string());
        }
        Some(Fault::ConflictingLength) => {
            line("Content-Length", &length.to_string());
            line("Content-Length", &(length / 2).to_string());
        }
        _ => line("Content-Length", &length.to_string()),
    }
    let named = reply.headers.iter().any(|(name, _)| *name == "Connection");
    if !named && !keep_alive {
        line("Connection", "close");
    }
    head.push_str("\r\n");
    head.into_bytes()
}

fn body(reply: &Reply, fault: Option<&Fault>) -> Vec<u8> {
    match fault {
        Some(Fault::Chunked) => chunked(&reply.body),
        Some(Fault::BadChunk) => [b"zz\r\n", reply.body.as_slice(), b"\r\n0\r\n\r\n"].concat(),
        _ => reply.body.clone(),
    }
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let chunk = |bytes: &[u8]| {
        let size = format!("{:x}\r\n", bytes.len());
        [size.as_bytes(), bytes, b"\r\n"].concat()
    };
    let chunks = body.chunks(7).flat_map(chunk);
    chunks.chain(*b"0\r\n\r\n").collect()
}
