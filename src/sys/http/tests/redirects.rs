//! Redirects end to end. The rule itself has its table in `service::redirect`.

use wansync_core::failure::Failure;

use super::server::{Peer, Server, ok, reply};
use super::{SECRET, body, client, failure, get};

fn found(location: &str) -> String {
    reply("302 Found", &format!("Location: {location}\r\n"), "moved")
}

/// Redirects the first `times` requests, then answers.
fn redirecting(times: usize, location: &'static str) -> Server {
    let count = std::sync::atomic::AtomicUsize::new(0);
    Server::plain(move |peer: &mut Peer| {
        while peer.request() {
            let before = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let answer = if before < times {
                found(location)
            } else {
                ok("{}")
            };
            let _ = peer.send(answer);
        }
    })
}

#[test]
fn two_within_the_server_are_followed() {
    let server = redirecting(2, "../next?key=s3cr3t-key");
    assert_eq!(body(&client().get(&get(&server.http())).unwrap()), "{}");
    let requests = server.requests();
    let lines: Vec<_> = requests.iter().filter_map(|r| r.lines().next()).collect();
    assert_eq!(
        lines,
        [
            "GET /api/method?key=s3cr3t-key HTTP/1.1",
            "GET /next?key=s3cr3t-key HTTP/1.1",
            "GET /next?key=s3cr3t-key HTTP/1.1",
        ]
    );
    assert!(
        requests
            .iter()
            .all(|request| !request.to_lowercase().contains("referer"))
    );
}

#[test]
fn a_third_is_not() {
    let server = redirecting(9, "/loop?key=s3cr3t-key");
    let failure = failure(&client(), &get(&server.http()));
    let to = format!("http://127.0.0.1:{}/loop", server.port);
    assert_eq!(failure, Failure::Redirect { to });
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn the_key_goes_nowhere_else() {
    let other = Server::answering(ok("{}"));
    for location in [
        format!("http://127.0.0.1:{}/x?key={SECRET}", other.port),
        format!("//127.0.0.1:{}/x?key={SECRET}", other.port),
        format!("http://localhost:{}/x?key={SECRET}", other.port),
        format!("https://127.0.0.1:{}/{SECRET}", other.port),
        format!("http://SERVER@127.0.0.1:{}/", other.port),
    ] {
        let given = location.clone();
        let server = Server::plain(move |peer| peer.answer(found(&given)));
        let failure = failure(&client(), &get(&server.http()));
        assert!(
            matches!(&failure, Failure::Redirect { to } if !to.contains("SERVER")),
            "{failure:?}"
        );
        assert_eq!(server.connections(), 1, "{location}");
    }
    assert_eq!(other.connections(), 0);
}

#[test]
fn one_that_says_not_where_is_a_reply() {
    let server = Server::answering(reply("302 Found", "", "moved"));
    let reply = client().get(&get(&server.http())).unwrap();
    assert_eq!((reply.status, body(&reply)), (302, "moved"));
}
