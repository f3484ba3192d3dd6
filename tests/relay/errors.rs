//! What nginx turns away by itself.

use super::*;

/// The agent reads JSON only, and nginx has words of its own for what it cannot read.
#[test]
fn every_error_is_json() {
    let sim = Sim::start(Default::default());
    let site = Site {
        edits: requests::CERTIFICATES,
        ..Site::default()
    };
    let relay = Relay::with(&sim, &site);
    let long = "x".repeat(9000);
    let target = format!("/provider_api/update_ip?ip=8.8.4.4&key={TOKEN}");
    let table = [
        (
            format!("GET {target}{long} HTTP/1.1\r\nHost: a\r\n\r\n"),
            414,
        ),
        (
            format!("GET {target} HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"),
            431,
        ),
        (format!("GET {target} HTTP/1.1\r\n\r\n"), 400),
        (format!("GET {target} HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400),
        (
            format!("GET {target} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
            400,
        ),
        (format!("GET {target} HTTP/3.0\r\nHost: a\r\n\r\n"), 505),
        (format!("GET {target} SSH-2.0\r\nHost: a\r\n\r\n"), 400),
        (format!("g%t {target} HTTP/1.1\r\nHost: a\r\n\r\n"), 400),
        (format!("TRACE {target} HTTP/1.1\r\nHost: a\r\n\r\n"), 405),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 400),
        (format!("GET /%{target} HTTP/1.1\r\nHost: a\r\n\r\n"), 400),
        (format!("GET /..{target} HTTP/1.1\r\nHost: a\r\n\r\n"), 400),
        (
            format!("POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"),
            413,
        ),
        (
            format!("POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n"),
            400,
        ),
        (
            format!("POST {target} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n"),
            501,
        ),
        (
            format!(
                "GET /relay/skydns?key={TOKEN} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            ),
            404,
        ),
        (
            "GET /relay/turned-away HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_owned(),
            404,
        ),
        ("\u{1}\u{2}\r\n\r\n".to_owned(), 400),
    ];
    let client = Client::of(&relay);
    for (request, status) in &table {
        let answer = client.send(request);
        assert_eq!(answer.status, *status, "{request}\n{}", answer.text);
        replies::assert_fixed(&answer);
        assert_eq!(answer.header("Retry-After"), None);
    }
    // A certificate of somebody else's.
    let other = Relay::before(&sim);
    let stranger = Client::with_certificate(&relay, other.certificate("user1", None));
    let answer = stranger
        .get("update_ip?ip=8.8.4.4")
        .expect(400, "does not take this certificate");
    replies::assert_fixed(&answer);
    // Without TLS.
    let mut plain = std::net::TcpStream::connect(relay.address()).expect("a connection");
    let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    std::io::Write::write_all(&mut plain, request.as_bytes()).expect("sent");
    let mut reply = String::new();
    let _ = std::io::Read::read_to_string(&mut plain, &mut reply);
    assert!(
        reply.starts_with("HTTP/1.1 400 ") && reply.contains(r#"{"response":"#),
        "{reply}"
    );
    assert_eq!(sim.requests().len(), 0);
    wrote_no_secret(&relay);
}

/// A router waits for one answer at a time: what holds more of them open is no router.
#[test]
fn a_token_holds_few_connections() {
    let sim = Sim::start(Default::default());
    let relay = Relay::before(&sim);
    let client = Client::of(&relay);
    sim.fault("stall=status".parse().expect("a fault"), Times::All);
    let target = format!("/provider_api/update_ip?ip=8.8.4.4&key={TOKEN}");
    let held: Vec<_> = (0..4)
        .map(|_| client.open(&format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")))
        .collect();
    assert!(sim.wait_for_requests(4, HANG));
    let get = || client.get(&format!("update_ip?key={TOKEN}&ip=8.8.4.4"));
    let answer = get().expect(429, "too many requests from this router");
    replies::assert_fixed(&answer);
    drop(held);
}
