//! HTTP, sockets, devices and deadlines, without TLS.

use std::env;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};
use wansync_core::address::Family;
use wansync_core::failure::{Failure, Phase};
use wansync_core::reason::connection::{Attempt, AttemptEnd, Attempts};

use super::server::{Behaviour, Server, ok, reply};
use super::{HANG, body, client, failure, get};

const SHORT: Duration = Duration::from_secs(2);

#[test]
fn what_is_sent() {
    let server = Server::answering(reply("200 OK", "Set-Cookie: a=b\r\n", "{}"));
    let client = client();
    for _ in 0..2 {
        assert_eq!(body(&client.get(&get(&server.http())).unwrap()), "{}");
    }
    for request in server.requests() {
        let mut lines: Vec<_> = request.trim_end().split("\r\n").collect();
        let first = lines.remove(0);
        assert_eq!(first, "GET /api/method?key=s3cr3t-key HTTP/1.1");
        lines.sort();
        let host = format!("host: 127.0.0.1:{}", server.port);
        let agent = concat!("user-agent: wansync/", env!("CARGO_PKG_VERSION"));
        assert_eq!(lines, ["accept: application/json", &host, agent]);
    }
}

/// A proxy would be given the key.
#[test]
fn no_proxy_from_the_environment() {
    let proxy = Server::answering(ok("{}"));
    let address = format!("http://127.0.0.1:{}", proxy.port);
    let mut again = Command::new(env::current_exe().unwrap());
    again.args(["--exact", "sys::http::tests::plain::what_is_sent"]);
    for variable in ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy"] {
        again.env(variable, &address);
    }
    let output = again.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn a_status_is_not_an_error() {
    for (status, retry_after) in [
        ("201 Created", None),
        ("304 Not Modified", None),
        ("403 Forbidden", None),
        ("429 Too Many Requests", Some("120")),
        ("503 Unavailable", Some("Wed, 21 Oct 2026 07:28:00 GMT")),
        ("302 Found", None),
    ] {
        let header = retry_after.map_or_else(String::new, |v| format!("Retry-After: {v}\r\n"));
        let server = Server::answering(reply(status, &header, ""));
        let reply = client().get(&get(&server.http())).unwrap();
        assert_eq!(reply.status.to_string(), status[..3]);
        assert_eq!(reply.retry_after.as_deref(), retry_after);
    }
}

#[test]
fn bodies() {
    let long = "x".repeat(50_000);
    for (answer, expected) in [
        (ok(&long), long.as_str()),
        (ok(""), ""),
        ("HTTP/1.1 204 No Content\r\n\r\n".to_owned(), ""),
        ("HTTP/1.1 200 OK\r\n\r\nto the end".to_owned(), "to the end"),
        ("HTTP/1.0 200 OK\r\n\r\nold".to_owned(), "old"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n4;x=y\r\n two\r\n0\r\n\r\n".to_owned(),
            "one two",
        ),
    ] {
        let server = Server::plain(move |peer| peer.answer(&answer));
        let reply = client().get(&get(&server.http())).unwrap();
        assert_eq!(body(&reply), expected);
    }
}

#[test]
fn a_connection_is_kept_and_not_shared() {
    let server = Server::answering(ok("{}"));
    let (client, url) = (client(), server.http());
    for _ in 0..3 {
        client.get(&get(&url)).unwrap();
    }
    assert_eq!(server.connections(), 1);
    let mut request = get(&url);
    request.family = Some(Family::Ipv4);
    for _ in 0..2 {
        client.get(&request).unwrap();
    }
    assert_eq!(server.connections(), 2);
    assert_eq!(server.requests().len(), 5);
}

#[test]
fn a_connection_that_the_server_closed_is_not_used_again() {
    let server = Server::plain(|peer| peer.answer(ok("{}")));
    let client = client();
    for _ in 0..3 {
        client.get(&get(&server.http())).unwrap();
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(server.connections(), 3);
}

#[test]
fn broken() {
    let too_long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    for (answer, words) in [
        ("", "closed before"),
        ("HTTP/1.1 200 OK\r\nContent-Le", "closed before"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
            "closed before",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nshort",
            "closed before",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            "not HTTP",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "not HTTP"),
        ("SSH-2.0-dropbear\r\n\r\n", "not HTTP"),
        (&too_long, "header of the reply is too large"),
    ] {
        let answer = answer.to_owned();
        let server = Server::plain(move |peer| peer.answer(&answer));
        let failure = failure(&client(), &get(&server.http()));
        assert!(
            matches!(&failure, Failure::Broken { cause, .. } if cause.to_string().contains(words)),
            "{failure:?}"
        );
        assert!(failure.may_have_arrived());
    }
}

#[test]
fn a_reset_never_completes_a_body() {
    for answer in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\nto the e"] {
        let server = Server::plain(move |peer| {
            peer.answer(answer);
            std::thread::sleep(Duration::from_millis(50));
            peer.reset();
        });
        let failure = failure(&client(), &get(&server.http()));
        assert!(
            matches!(&failure, Failure::Broken { cause, .. } if cause.to_string().contains("reset")),
            "{failure:?}"
        );
    }
}

#[test]
fn a_reply_that_drips_stalls_or_floods_ends_in_time() {
    let behaviours: [Behaviour; 6] = [
        |peer| peer.stall(),
        |peer| {
            peer.request();
            peer.drip(ok(&"x".repeat(5000)).as_bytes());
        },
        |peer| {
            peer.answer("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n");
            peer.drip(&[b'x'; 5000]);
        },
        |peer| {
            peer.answer("HTTP/1.1 200 OK\r\n\r\nsome");
            peer.stall();
        },
        |peer| {
            peer.request();
            peer.flood("HTTP/1.1 100 Continue\r\n\r\n");
        },
        |peer| {
            peer.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
            peer.flood("X: a trailer\r\n");
        },
    ];
    for behaviour in behaviours {
        let server = Server::plain(behaviour);
        let url = server.http();
        let mut request = get(&url);
        request.timeout = SHORT;
        let failure = failure(&client(), &request);
        let expected = Failure::Timeout {
            host: "127.0.0.1".to_owned(),
            phase: Phase::Reply,
            limit: SHORT,
            attempts: Box::new(Attempts {
                tried: vec![Attempt {
                    address: Ipv4Addr::LOCALHOST.into(),
                    end: AttemptEnd::NoAnswer,
                }],
                ..Attempts::default()
            }),
        };
        assert_eq!(failure, expected);
        assert_eq!(
            failure.to_string(),
            "the reply of 127.0.0.1 took longer than 2 s"
        );
    }
}

#[test]
fn too_large() {
    let body = "x".repeat(1001);
    let chunked =
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n{body}\r\n0\r\n\r\n");
    let endless = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".to_owned();
    for answer in [
        ok(&body),
        chunked,
        endless,
        format!("HTTP/1.1 200 OK\r\n\r\n{body}"),
    ] {
        let server = Server::plain(move |peer| peer.answer(&answer));
        let url = server.http();
        let mut request = get(&url);
        request.limit = 1000;
        assert_eq!(
            failure(&client(), &request),
            Failure::TooLarge { limit: 1000 }
        );
    }
    let server = Server::answering(ok(&body));
    let url = server.http();
    let mut request = get(&url);
    request.limit = 1001;
    assert_eq!(client().get(&request).unwrap().body.len(), 1001);
}

#[test]
fn refused_by_the_kernel() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("http://127.0.0.1:{port}/?key=s3cr3t-key");
    let failure = failure(&client(), &get(&url));
    assert_eq!(
        failure.to_string(),
        "no connection to 127.0.0.1: 127.0.0.1: Connection refused"
    );
    assert!(!failure.may_have_arrived());
}

#[test]
fn a_connection_that_is_never_made_ends_in_time() {
    let (listener, _waiting) = full_listener();
    let port = listener.local_addr().unwrap().as_socket().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/?key=s3cr3t-key");
    let mut request = get(&url);
    request.timeout = SHORT;
    let failure = failure(&client(), &request);
    assert!(
        matches!(
            failure,
            Failure::Timeout {
                phase: Phase::Connect,
                ..
            }
        ),
        "{failure:?}"
    );
}

/// A socket whose queue is full, so that the kernel ignores further connections.
fn full_listener() -> (Socket, Vec<Socket>) {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
    listener.bind(&any.into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let waiting = (0..4).map(|_| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        let _ = socket.connect(&address);
        socket
    });
    let waiting = waiting.collect();
    std::thread::sleep(Duration::from_millis(50));
    (listener, waiting)
}

#[test]
fn a_device_that_cannot_be_bound_fails_closed() {
    let server = Server::answering(ok("{}"));
    let url = server.http();
    for device in [
        "wansync-none0",
        "",
        "lo\0",
        "lo-and-a-name-that-the-kernel-would-cut",
    ] {
        let mut request = get(&url);
        request.device = Some(device);
        let failure = failure(&client(), &request);
        assert!(
            matches!(&failure, Failure::Bind { device: d, .. } if d == device),
            "{failure:?}"
        );
        assert!(!failure.may_have_arrived());
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_bound_device_carries_the_request() {
    let server = Server::answering(ok("{}"));
    let (client, url) = (client(), server.http());
    client.get(&get(&url)).unwrap();
    let mut request = get(&url);
    request.device = Some("lo");
    for _ in 0..2 {
        client.get(&request).unwrap();
    }
    // A connection that was made without the binding is not used for it.
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_family_that_the_host_lacks() {
    let server = Server::answering(ok("{}"));
    let url = server.http();
    let mut request = get(&url);
    request.family = Some(Family::Ipv6);
    let failure = failure(&client(), &request);
    assert_eq!(
        failure.to_string(),
        "name resolution of 127.0.0.1 failed: it has no IPv6 address"
    );
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_name_that_does_not_resolve() {
    // Too long for a label: refused without a packet.
    let url = format!("https://{}.example/?key=s3cr3t-key", "x".repeat(64));
    let failure = failure(&client(), &get(&url));
    assert!(
        matches!(failure, Failure::NameResolution { .. }),
        "{failure:?}"
    );
}

#[test]
fn addresses_that_are_not_asked() {
    let port = Server::answering(ok("{}")).port;
    let long = format!("http://127.0.0.1:{port}/?key={}", "x".repeat(8000));
    for url in [
        "http://192.0.2.1/?key=s3cr3t-key",
        "http://www.example/?key=s3cr3t-key",
        "http://user:s3cr3t-key@127.0.0.1/",
        "ftp://127.0.0.1/?key=s3cr3t-key",
        "127.0.0.1/?key=s3cr3t-key",
        "https://127.0.0.1/ ?key=s3cr3t-key",
        "",
        &long,
    ] {
        let failure = failure(&client(), &get(url));
        assert!(matches!(failure, Failure::Connect { .. }), "{failure:?}");
    }
}

#[test]
fn the_time_of_a_call_spans_its_connections() {
    // Each of three replies takes most of the time that the whole call has.
    let server = Server::plain(|peer| {
        while peer.request() {
            std::thread::sleep(SHORT * 2 / 3);
            let _ = peer.send(reply("302 Found", "Location: /again\r\n", ""));
        }
    });
    let url = server.http();
    let mut request = get(&url);
    request.timeout = SHORT;
    let start = Instant::now();
    let failure = failure(&client(), &request);
    assert!(matches!(failure, Failure::Timeout { .. }), "{failure:?}");
    assert!(start.elapsed() < HANG);
}
