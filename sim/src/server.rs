//! The two listeners, and the way of a request from its first byte to its reply.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use rustls::{ServerConnection, StreamOwned};

use crate::admin;
use crate::altered::{self, Here};
use crate::conn::{Conn, Socket, Stop};
use crate::deliver::deliver;
use crate::faults::{Fault, ResetPoint, TlsFault};
use crate::http::{self, Incoming, NoRequest, Reply};
use crate::journal::{Connection, Request, Scheme};
use crate::shared::Shared;
use crate::tls;
use crate::{skydns, vpnki};

/// Accepts until the simulator stops, a thread for each connection.
pub(crate) fn listen(shared: Arc<Shared>, listener: TcpListener, scheme: Scheme) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut serving: Vec<JoinHandle<()>> = Vec::new();
        for stream in listener.incoming() {
            if shared.stop.is_stopped() {
                break;
            }
            serving.retain(|thread| !thread.is_finished());
            let Ok(stream) = stream else {
                // Out of descriptors, for one: it passes when connections end.
                shared.stop.wait(Duration::from_millis(10));
                continue;
            };
            let shared = shared.clone();
            serving.push(thread::spawn(move || serve(&shared, stream, scheme)));
        }
        for thread in serving {
            let _ = thread.join();
        }
    })
}

/// Wakes a listener that waits for connections, so that it sees the end.
pub(crate) fn wake(listener: SocketAddr) {
    let _ = TcpStream::connect_timeout(&reachable(listener), Duration::from_secs(1));
}

/// An address that reaches a listener, where it listens on all of them.
pub(crate) fn reachable(listener: SocketAddr) -> SocketAddr {
    let ip = match listener.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, listener.port())
}

fn serve(shared: &Shared, stream: TcpStream, scheme: Scheme) {
    let Ok(peer) = stream.peer_addr() else { return };
    let Ok(socket) = Socket::new(stream) else {
        return;
    };
    if !shared.stop.register(&socket) {
        return;
    }
    let conn = match scheme {
        Scheme::Http => Some(Conn::Plain(socket)),
        Scheme::Https => handshake(shared, socket, peer),
    };
    let mut next = conn;
    let mut buffer = Vec::new();
    while let Some(conn) = next {
        next = one_request(shared, conn, &mut buffer, peer, scheme);
    }
}

/// The TLS handshake, with the fault whose turn it is.
fn handshake(shared: &Shared, mut socket: Socket, peer: SocketAddr) -> Option<Conn> {
    let fault = shared.plan().for_connection();
    let record = |error: Option<String>| {
        shared.journal.connection(Connection {
            since_start: shared.journal.since_start(),
            peer,
            fault: fault.clone(),
            error,
        });
    };
    let which = match &fault {
        Some(Fault::Tls(which)) => Some(*which),
        _ => None,
    };
    if which.is_some_and(TlsFault::is_before_the_handshake) {
        record(None);
        let mut hello = [0; 4096];
        let _ = socket.read(&mut hello);
        return refuse(which, socket);
    }
    match shaken(shared, which, socket) {
        Ok(conn) => {
            if fault.is_some() {
                record(None);
            }
            Some(conn)
        }
        Err(cause) => {
            record(Some(cause.to_string()));
            None
        }
    }
}

fn refuse(which: Option<TlsFault>, mut socket: Socket) -> Option<Conn> {
    match which {
        Some(TlsFault::Reset) => socket.reset(),
        Some(TlsFault::Stall) => socket.hold(),
        Some(TlsFault::Alert) => drop(socket.write_all(b"\x15\x03\x03\0\x02\x02\x28")),
        Some(TlsFault::Plain) => {
            // As nginx answers, the other way round.
            let reply = Reply::html(400).with("Connection", "close");
            return deliver(Conn::Plain(socket), &reply, None, false, &Stop::default());
        }
        _ => drop(socket),
    }
    None
}

fn shaken(shared: &Shared, which: Option<TlsFault>, socket: Socket) -> Result<Conn, tls::Error> {
    let server = ServerConnection::new(shared.authority.config(which)?)?;
    let mut tls = StreamOwned::new(server, socket);
    while tls.conn.is_handshaking() {
        tls.conn.complete_io(&mut tls.sock)?;
    }
    Ok(Conn::Tls(Box::new(tls)))
}

/// One request and its reply; the connection, if it serves another.
fn one_request(
    shared: &Shared,
    mut conn: Conn,
    buffer: &mut Vec<u8>,
    peer: SocketAddr,
    scheme: Scheme,
) -> Option<Conn> {
    let mut request = match http::read_request(&mut conn, buffer) {
        Ok(request) => request,
        Err(NoRequest::Gone) => return None,
        Err(NoRequest::Bad(reply)) => return deliver(conn, &reply, None, false, &shared.stop),
    };
    if scheme == Scheme::Http && request.path.starts_with(admin::BASE) {
        let reply = admin::answer(shared, &request);
        return deliver(conn, &reply, None, request.keep_alive, &shared.stop);
    }
    let fault = shared.plan().for_request(&request.target);
    if fault == Some(Fault::Reset(ResetPoint::Before)) {
        conn.into_socket().reset();
        return None;
    }
    let reply = reply(shared, &mut request, fault.as_ref(), scheme, peer);
    record(shared, &request, &reply, fault.clone(), scheme, peer);
    deliver(
        conn,
        &reply,
        fault.as_ref(),
        request.keep_alive,
        &shared.stop,
    )
}

fn reply(
    shared: &Shared,
    request: &mut Incoming,
    fault: Option<&Fault>,
    scheme: Scheme,
    peer: SocketAddr,
) -> Reply {
    let port = match scheme {
        Scheme::Http => shared.http.port(),
        Scheme::Https => shared.https.port(),
    };
    let here = Here {
        scheme: scheme.word(),
        port,
        http_port: shared.http.port(),
    };
    if let Some(reply) = fault.and_then(|fault| altered::instead(fault, request, &here)) {
        return reply;
    }
    let reply = match altered::step(&request.target) {
        Err(redirect) => return redirect,
        Ok(target) => routed(shared, request, &target, peer),
    };
    match fault {
        Some(fault) => altered::damaged(fault, reply),
        None => reply,
    }
}

fn routed(shared: &Shared, request: &Incoming, target: &str, peer: SocketAddr) -> Reply {
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let request = Incoming {
        path: path.to_owned(),
        ..request.clone()
    };
    let mut world = shared.world();
    if request.method != "GET" {
        // Known: both services take GET only. Assumed: others get 405.
        return Reply::html(405).with("Allow", "GET");
    }
    if path.starts_with(skydns::BASE) {
        return skydns::answer(&mut world, &request);
    }
    if vpnki::PATHS.contains(&path) {
        return vpnki::answer(&mut world.vpnki, &request);
    }
    if path == admin::ECHO {
        let echo = world.echo.clone();
        return Reply::text(200, echo.unwrap_or_else(|| format!("{}\n", peer.ip())));
    }
    Reply::html(404)
}

fn record(
    shared: &Shared,
    request: &Incoming,
    reply: &Reply,
    fault: Option<Fault>,
    scheme: Scheme,
    peer: SocketAddr,
) {
    shared.journal.request(Request {
        at: SystemTime::now(),
        since_start: shared.journal.since_start(),
        peer,
        scheme,
        method: request.method.clone(),
        target: request.target.clone(),
        path: request.path.clone(),
        params: request.params.clone(),
        headers: request.headers.clone(),
        fault,
        status: reply.status,
        body_bytes: reply.body.len(),
    });
}
