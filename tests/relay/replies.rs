//! What a router is told of SkyDNS's reply, and what it makes of that.

use super::*;
use client::Answer;
use wansync_core::failure::Failure;
use wansync_core::service::reply::Reply;
use wansync_core::service::skydns;
use wansync_core::time::Wall;
use wansync_sim::{ErrorShape, NearMiss, fault_table};

/// The headers of every reply; `Retry-After` is there if it says to come later.
const HEADERS: [&str; 6] = [
    "Server",
    "Date",
    "Content-Type",
    "Content-Length",
    "Connection",
    "Retry-After",
];

/// The reply is one of the relay's own: a status and a message, and no header but these.
#[track_caller]
pub fn assert_fixed(answer: &Answer) {
    let text = &answer.text;
    let (head, _) = text.split_once("\r\n\r\n").expect("an answer");
    for line in head.lines().skip(1) {
        let (name, value) = line.split_once(": ").expect(line);
        assert!(HEADERS.contains(&name), "{line}");
        assert!(
            name != "Content-Type" || value == "application/json",
            "{line}"
        );
        assert!(name != "Server" || value == "nginx", "{line}");
    }
    let response = answer.response();
    let fields = response.as_object().expect("an object");
    let expected: &[&str] = match response["status"].as_str() {
        Some("ok") => &["status"],
        _ => &["message", "status"],
    };
    assert_eq!(fields.keys().collect::<Vec<_>>(), expected, "{text}");
    let is_ok = response["status"] == "ok";
    assert!(is_ok || response["status"] == "error", "{text}");
    assert!(!is_ok || answer.status == 200, "{text}");
}

/// The faults after which SkyDNS's reply is still one that confirms.
const CONFIRMING: &[&str] = &[
    "none",
    "escaped",
    "raw",
    "content-type=text/html",
    "chunked",
    "duplicate-length",
    "no-length",
    "http10",
    "hang-up",
    "tls-1.2",
    "tls-1.3",
];
/// Those after which the connection to the router ends without a reply, as a router takes
/// it that had asked SkyDNS itself.
const BROKEN: &[&str] = &["oversize=10000000", "bad-chunk"];

#[test]
fn whatever_befalls_skydns_a_router_gets_one_of_the_relays_replies() {
    let sim = Sim::start(Default::default());
    let tokens = tokens(200);
    let site = Site {
        tokens: &tokens,
        ..Site::default()
    };
    let relay = Relay::with(&sim, &site);
    let client = Client::of(&relay);
    for (n, row) in fault_table::TABLE.iter().enumerate() {
        let fault = row.example;
        if fault_table::is_slow(fault) {
            continue;
        }
        // With a connection that is kept a fault of TLS would meet nobody.
        sim.fault("hang-up".parse().expect("hang-up"), Times::Next(1));
        client.get(&format!("update_ip?key={}&ip=8.8.4.4", token(100 + n)));
        sim.clear();
        sim.fault(fault.parse().expect(fault), Times::All);
        let answer = client.get(&format!("update_ip?key={}&ip=8.8.4.4", token(n)));
        if BROKEN.contains(&fault) {
            assert_eq!(answer.text, "");
            continue;
        }
        assert_fixed(&answer);
        let is_confirmed = answer.text.contains(OK);
        assert_eq!(
            is_confirmed,
            CONFIRMING.contains(&fault),
            "{fault}: {}",
            answer.text
        );
    }
    sim.clear();
    sim.fault("oversize=200000".parse().expect("a fault"), Times::All);
    client
        .get(&format!("update_ip?key={TOKEN}&ip=8.8.4.4"))
        .expect(200, OK);
    wrote_no_secret(&relay);
}

/// Bodies that confirm nothing, although they look so; or refuse, in one form or another.
const BODIES: &[&str] = &[
    r#"{"response":{"status":"ok","status":"error"}}"#,
    r#"{"response":{"status":"error","status":"ok"}}"#,
    r#"{"response":{"status":"error"},"response":{"status":"ok"}}"#,
    r#"{"response":{"status":"ok","st\u0061tus":"ok"}}"#,
    r#"{"response":{"status":"ok","error":"no"}}"#,
    r#"{"response":{"status":"ok"},"errors":["no"]}"#,
    r#"{"response":{"status":"ok","errors":[],"error":null,"data":{"error":"x"}}}"#,
    r#"{"response":{"status":"ok","Status":"error"}}"#,
    r#"{"response":{"status":"ok"},"RESPONSE":{}}"#,
    r#"{"response":{"status":"ok","err_code":3,"err_msg":"no"}}"#,
    r#"{"response":{"status":"ok","Error":"no","errno":0}}"#,
    r#"{"response":{"status":"ok","error_code":0,"error_message":""},"status":200}"#,
    r#"{"status":"error","response":{"status":"ok"}}"#,
    r#"{"success":false,"response":{"status":"ok"}}"#,
    r#"{"response":{"status":"ok","success":true,"data":{"status":"new"}}}"#,
    r#"{"response":{"status":"ok","data":{"a":":\"::","b":[{"c":1}]}}}"#,
    r#"{"response":{"status":"ok"}} "#,
    r#" {"response":{"status":"ok"}}"#,
    r#"{"response":{"status":"ok"}}{"response":{"status":"error"}}"#,
    r#"{"response":{"status":"ok"},}"#,
    r#"{"response":{"status":"ok"}"#,
    r#"{'response':{'status':'ok'}}"#,
    r#"{"response":{"Status":"ok"}}"#,
    r#"{"__proto__":{"response":{"status":"ok"}}}"#,
    r#"{"response":{"__proto__":{"status":"ok"}}}"#,
    r#"{"response":{"status":"ok","__proto__":{"status":"error"}}}"#,
    r#"{"response":{"status":"fail","data":{"ip":"taken"}}}"#,
    r#"{"response":{"status":"error","code":17}}"#,
    r#"{"response":{"status":"error","message":{"en":"no","ru":"нет"}}}"#,
    r#"{"status":"error","response":null,"message":"no"}"#,
    r#"{"response":[]}"#,
    "null",
    "ok",
    "NaN",
];

/// The relay never confirms what the agent would not take for a confirmation, and
/// passes on the refusals that it would understand, in the same words.
#[test]
fn the_relay_reads_skydns_as_the_agent_does() {
    let sim = Sim::start(Default::default());
    let shapes = ErrorShape::ALL
        .iter()
        .map(|shape| format!("error={},text=no way", shape.word()));
    let misses = NearMiss::ALL
        .iter()
        .map(|miss| format!("near-miss={}", miss.word()));
    let bodies = BODIES.iter().map(|body| format!("body={body}"));
    let faults: Vec<String> = shapes.chain(misses).chain(bodies).collect();
    let tokens = tokens(faults.len());
    let site = Site {
        tokens: &tokens,
        ..Site::default()
    };
    let relay = Relay::with(&sim, &site);
    let client = Client::of(&relay);
    let http = format!(
        "{}update_ip?key={KEY}&ident=user1&ip=8.8.4.4",
        sim.http_url()
    );
    for (n, fault) in faults.iter().enumerate() {
        sim.fault(fault.parse().expect(fault), Times::Next(2));
        let direct = Reply {
            status: 200,
            body: fetched(&http),
            ..Reply::default()
        };
        let answer = client.get(&format!("update_ip?key={}&ip=8.8.4.4", token(n)));
        assert_fixed(&answer);
        let response = answer.response();
        let words = response["message"].as_str().unwrap_or_default();
        match (
            skydns::acknowledged(&direct, Wall::default()).map_err(|why| *why),
            answer.status,
        ) {
            (Ok(()), 200) => assert!(answer.text.contains(OK), "{fault}: {}", answer.text),
            // A bare word is no refusal to the relay: it might be anybody's.
            (Err(Failure::Refused { message }), 200) => assert_eq!(words, message, "{fault}"),
            (Err(Failure::Refused { .. }), 502) => {
                assert!(!direct.body.starts_with(b"{"), "{fault}")
            }
            (Err(_), 502) => {}
            (verdict, _) => panic!("{fault}: {verdict:?}, but {}", answer.text),
        }
    }
}

/// The body of a reply over http.
fn fetched(url: &str) -> Vec<u8> {
    let rest = url.strip_prefix("http://").expect(url);
    let (host, path) = rest.split_once('/').expect(url);
    let mut stream = std::net::TcpStream::connect(host).expect("a connection");
    let request = format!("GET /{path} HTTP/1.0\r\n\r\n");
    std::io::Write::write_all(&mut stream, request.as_bytes()).expect("sent");
    let mut reply = Vec::new();
    std::io::Read::read_to_end(&mut stream, &mut reply).expect("a reply");
    let end = reply.windows(4).position(|four| four == b"\r\n\r\n");
    reply.split_off(end.expect("a head") + 4)
}

/// A pause is as long as SkyDNS asks for, or up to twice as long: those who are turned
/// away together do not come back together.
#[test]
fn pauses_are_random() {
    let sim = Sim::start(Default::default());
    let tokens = tokens(40);
    let site = Site {
        tokens: &tokens,
        ..Site::default()
    };
    let relay = Relay::with(&sim, &site);
    let client = Client::of(&relay);
    let mut n = 0;
    let mut pause = |fault: &str| {
        n += 1;
        sim.fault(fault.parse().expect(fault), Times::Next(1));
        let answer = client.get(&format!("update_ip?key={}&ip=8.8.4.4", token(n)));
        answer.pause()
    };
    for (fault, least) in [
        ("status=503", 30),
        ("status=503,retry-after=0", 30),
        ("status=503,retry-after=1", 1),
        ("status=503,retry-after=3600", 3600),
        ("status=503,retry-after=18446744073709551615", 86400),
        ("status=429", 60),
        ("status=429,retry-after=200", 200),
        ("status=401", 600),
        ("status=403,retry-after=5", 600),
    ] {
        let pause = pause(fault);
        assert!((least..=2 * least).contains(&pause), "{fault}: {pause}");
    }
    // Of a date, the test's own time is a part.
    let date = pause("status=503,retry-date=3600");
    assert!((1800..=7200).contains(&date), "{date}");
    let mut pauses: Vec<u64> = (0..10)
        .map(|_| pause("status=503,retry-after=1000"))
        .collect();
    pauses.sort_unstable();
    pauses.dedup();
    assert!(pauses.len() > 5, "{pauses:?}");
}

/// The real program before the relay: what it does about each of its replies.
#[test]
fn the_agent_understands_each_reply() {
    let router = Router::new();
    let tokens = tokens(10);
    let site = Site {
        tokens: &tokens,
        ..Site::default()
    };
    let relay = Relay::with(&router.sim, &site);
    let next = || {
        router.home_status()["next_due_s"]
            .as_i64()
            .expect("a number")
    };
    for (n, (fault, code, said, pause)) in [
        (
            "tls-expired",
            75,
            "HTTP status 503: the relay cannot reach SkyDNS",
            30..=240,
        ),
        (
            "status=403",
            75,
            "HTTP status 503: SkyDNS does not take the relay",
            600..=2100,
        ),
        (
            "status=429,retry-after=300",
            75,
            "HTTP status 429: too many requests for SkyDNS",
            300..=1200,
        ),
        (
            "status=503,retry-after=300",
            75,
            "HTTP status 503: SkyDNS asks to come later",
            300..=1200,
        ),
        (
            "close",
            69,
            "HTTP status 502: SkyDNS has not answered the relay",
            1..=240,
        ),
        (
            "html",
            69,
            "HTTP status 502: the relay does not understand",
            1..=240,
        ),
        (
            "redirect=host",
            69,
            "HTTP status 502: SkyDNS redirects",
            1..=240,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        // Another token is another configuration, which waits for nothing.
        router.sim.clear();
        router.sim.fault(fault.parse().expect(fault), Times::All);
        configure(&router, &relay, &token(n), "8.8.4.4");
        router.reboot();
        router.once().expect(code).says(said);
        let next = next();
        assert!(pause.contains(&next), "{fault}: {next}");
        let asked = router.sim.requests().len();
        router.once().expect(75).says("throttled");
        assert_eq!(router.sim.requests().len(), asked, "{fault}");
    }
    // It is no refusal of this router's, and so it holds nothing.
    router.sim.clear();
    router
        .run(&["once", "--force"])
        .expect(0)
        .says("confirmed: 8.8.4.4");

    router.sim.remove_user("user1");
    configure(&router, &relay, TOKEN, "8.8.8.8");
    router.once().expect(77).says("127.0.0.1 says: ");
    let asked = router.sim.requests().len();
    router.once().expect(77).says("held");
    assert_eq!(router.sim.requests().len(), asked);
    wrote_no_secret(&relay);
}

/// Connections to SkyDNS are kept; where it has moved, it is found again.
#[test]
fn one_connection_serves_many_and_a_new_address_is_looked_up() {
    let sim = Sim::start(Default::default());
    let tokens = tokens(10);
    let usual = Site {
        tokens: &tokens,
        ..Site::default()
    };
    let relay = Relay::with(&sim, &usual);
    let client = Client::of(&relay);
    for n in 0..10 {
        client
            .get(&format!("update_ip?key={}&ip=8.8.4.4", token(n)))
            .expect(200, OK);
    }
    let mut peers: Vec<_> = asked(&sim).iter().map(|request| request.peer).collect();
    peers.dedup();
    assert_eq!(peers.len(), 1);

    let at = sim.https_addr();
    let dead = [(&*format!("    server {at}"), "    server 127.0.0.1:1")];
    let moved = Site {
        edits: &dead,
        ..Site::default()
    };
    let relay = Relay::with(&sim, &moved);
    Client::of(&relay)
        .get(&format!("update_ip?key={TOKEN}&ip=8.8.4.4"))
        .expect(200, OK);
    passed(&sim, "ident=user1&ip=8.8.4.4");
    assert!(relay.log().contains("200, SkyDNS 200, accepted 8.8.4.4, "));
}
