//! Each fault does on the wire what its name says.

mod common;

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use common::{HANG, OK, Raw, SILENCE, call, connect, get, get_tls, request, start, update};
use wansync_sim::{ErrorShape, Fault, NearMiss, Sim, Times};

/// The reply to one update that meets this fault, and the simulator afterwards.
fn meet(spec: &str) -> (Raw, Sim) {
    let sim = start();
    sim.fault(spec.parse().unwrap(), Times::Next(1));
    let raw = get(&sim, &update());
    assert_eq!(sim.faults_waiting(), 0, "{spec}");
    (raw, sim)
}

fn obeyed(sim: &Sim) -> bool {
    !sim.bindings("user1").is_empty()
}

#[test]
fn statuses_come_with_html_and_are_not_obeyed() {
    for code in [401, 403, 404, 429, 500, 502, 503] {
        let (raw, sim) = meet(&format!("status={code}"));
        assert_eq!(raw.status(), code);
        assert!(raw.head().contains("text/html"), "{}", raw.head());
        assert!(!obeyed(&sim));
        let request = &sim.requests()[0];
        assert_eq!(
            (request.status, request.body_bytes),
            (code, raw.body().len())
        );
        assert_eq!(get(&sim, &update()).body(), OK);
    }
}

#[test]
fn retry_after_comes_as_seconds_and_as_a_date() {
    let (raw, _) = meet("status=429,retry-after=120");
    assert!(raw.head().contains("Retry-After: 120"), "{}", raw.head());
    let (raw, _) = meet("status=503,retry-date=3600");
    let line = raw
        .head()
        .lines()
        .find_map(|line| line.strip_prefix("Retry-After: "));
    let date = httpdate::parse_http_date(line.unwrap()).unwrap();
    let ahead = date.duration_since(std::time::SystemTime::now()).unwrap();
    assert!(ahead > Duration::from_secs(3000) && ahead <= Duration::from_secs(3600));
}

#[test]
fn error_envelopes_say_the_text_and_are_not_obeyed() {
    for shape in ErrorShape::ALL {
        let (raw, sim) = meet(&format!("error={shape},code=403,text=Неверный, ключ"));
        assert_eq!(raw.status(), 403);
        assert!(!obeyed(&sim));
        let silent = matches!(shape, ErrorShape::Badauth | ErrorShape::Silent);
        assert!(
            silent || raw.body().contains(r#""Неверный, ключ""#),
            "{}",
            raw.body()
        );
    }
    let (raw, _) = meet("error=message");
    let expected = r#"{"response":{"status":"error","message":"Invalid provider key"}}"#;
    assert_eq!((raw.status(), raw.body()), (200, expected));
    assert_eq!(meet("error=badauth").0.body(), "badauth");
}

#[test]
fn near_misses_are_no_success() {
    for which in NearMiss::ALL {
        let (raw, sim) = meet(&format!("near-miss={which}"));
        let strict = serde_json::from_str::<serde_json::Value>(raw.body());
        let status = strict.ok().map(|reply| reply["response"]["status"].clone());
        assert_ne!(status, Some("ok".into()), "{which}");
        assert_eq!(raw.status(), 200);
        assert!(!obeyed(&sim));
    }
    let (raw, sim) = meet("ok-status=500");
    assert_eq!((raw.status(), raw.body()), (500, OK));
    assert!(obeyed(&sim));
}

fn location(raw: &Raw) -> Option<&str> {
    let mut lines = raw.head().lines();
    lines.find_map(|line| line.strip_prefix("Location: "))
}

#[test]
fn redirects_point_where_they_say() {
    for (target, begins) in [
        ("host", "http://localhost:"),
        ("http", "http://127.0.0.1:"),
        ("same", "http://127.0.0.1:"),
        ("relative", "/_hop/1/provider_api/update_ip?key="),
        ("nonsense", "http://[nonsense"),
    ] {
        let (raw, sim) = meet(&format!("redirect={target}"));
        assert_eq!(raw.status(), 302);
        assert!(
            location(&raw).unwrap().starts_with(begins),
            "{target}: {}",
            raw.head()
        );
        assert!(!obeyed(&sim));
    }
    let (raw, _) = meet("redirect=nowhere,code=301");
    assert_eq!((raw.status(), location(&raw)), (301, None));
}

#[test]
fn plain_http_is_another_port_for_who_came_by_https() {
    let sim = start();
    sim.schedule(vec![
        "redirect=http".parse().unwrap(),
        "redirect=host".parse().unwrap(),
    ]);
    let down = get_tls(&sim, "localhost", &update());
    let origin = format!("http://127.0.0.1:{}/provider_api/", sim.http_addr().port());
    assert!(
        location(&down).unwrap().starts_with(&origin),
        "{}",
        down.head()
    );
    let other = get_tls(&sim, "localhost", &update());
    let origin = format!(
        "https://localhost:{}/provider_api/",
        sim.https_addr().port()
    );
    assert!(
        location(&other).unwrap().starts_with(&origin),
        "{}",
        other.head()
    );
}

/// Follows redirects on the simulator's http port; the number of them, and the end.
fn follow(sim: &Sim, limit: usize) -> (usize, Raw) {
    let mut raw = get(sim, &update());
    for hops in 0..limit {
        let Some(location) = location(&raw).map(str::to_owned) else {
            return (hops, raw);
        };
        let path = location
            .split_once("//")
            .map_or(location.as_str(), |(_, rest)| {
                &rest[rest.find('/').unwrap()..]
            });
        raw = get(sim, path);
    }
    (limit, raw)
}

#[test]
fn chains_of_redirects_have_their_length() {
    for (target, expected) in [
        ("relative", 1),
        ("same", 1),
        ("two", 2),
        ("three", 3),
        ("loop", 9),
    ] {
        let sim = start();
        sim.fault(
            format!("redirect={target}").parse().unwrap(),
            Times::Next(1),
        );
        let (hops, raw) = follow(&sim, 9);
        assert_eq!(hops, expected, "{target}");
        assert_eq!(obeyed(&sim), target != "loop");
        assert_eq!(raw.status(), if target == "loop" { 302 } else { 200 });
        assert_eq!(sim.requests().len(), expected + 1);
    }
}

#[test]
fn bodies_are_replaced_or_damaged() {
    for (spec, body) in [
        ("empty", ""),
        ("body=OK, then", "OK, then"),
        ("truncated", r#"{"response":{""#),
        ("trailing-comma", r#"{"response":{"status":"ok",}}"#),
        ("bom", "\u{feff}{\"response\":{\"status\":\"ok\"}}"),
    ] {
        let (raw, _) = meet(spec);
        assert_eq!((raw.status(), raw.body()), (200, body), "{spec}");
        let length = format!("Content-Length: {}", body.len());
        assert!(raw.head().contains(&length), "{spec}: {}", raw.head());
    }
    assert_eq!(meet("nul").0.body(), "\0".repeat(64));
    let (raw, _) = meet("php-warning");
    assert!(raw.body().starts_with("<br />\n<b>Warning</b>"));
    assert!(raw.body().ends_with(OK));
    let (raw, sim) = meet("html");
    assert!(raw.status() == 200 && raw.body().starts_with("<!DOCTYPE html>"));
    assert!(!obeyed(&sim));
}

#[test]
fn cyrillic_comes_raw_or_escaped() {
    let sim = start();
    sim.schedule(vec![Fault::Escaped, Fault::Raw]);
    let profiles = call("profiles", "");
    assert!(get(&sim, &profiles).body().contains(r"\u041e\u0441\u043d"));
    assert!(get(&sim, &profiles).body().contains("Основной"));
}

#[test]
fn content_types_are_changed_and_left_out() {
    let (raw, _) = meet("content-type=text/html");
    assert!(raw.head().contains("Content-Type: text/html"));
    let (raw, _) = meet("content-type=none");
    assert!(!raw.head().contains("Content-Type"));
}

#[test]
fn big_things_are_as_big_as_asked_for() {
    let (raw, sim) = meet("oversize");
    assert_eq!(raw.body().len(), 10_000_000);
    let reply: serde_json::Value = serde_json::from_str(raw.body()).unwrap();
    assert_eq!(reply["response"]["status"], "ok");
    assert!(obeyed(&sim));
    let (raw, _) = meet("nesting");
    assert!(raw.body().contains(&"[".repeat(10_000)));
    let (raw, _) = meet("big-header=70000");
    assert!(raw.head().lines().any(|line| line.len() > 70_000));
}

#[test]
fn lengths_are_given_in_every_way() {
    let count = |raw: &Raw| raw.head().matches("Content-Length:").count();
    let (raw, _) = meet("chunked");
    assert!(raw.head().contains("Transfer-Encoding: chunked"));
    assert!(raw.body().starts_with("7\r\n{\"respo\r\n") && raw.body().ends_with("\r\n0\r\n\r\n"));
    assert!(meet("bad-chunk").0.body().starts_with("zz\r\n"));
    assert_eq!(count(&meet("duplicate-length").0), 2);
    let (raw, _) = meet("conflicting-length");
    assert!(raw.head().contains("Content-Length: 28") && raw.head().contains("Content-Length: 14"));
    for spec in ["no-length", "http10"] {
        let (raw, _) = meet(spec);
        assert_eq!((count(&raw), raw.body()), (0, OK), "{spec}");
    }
    assert!(meet("http10").0.text.starts_with("HTTP/1.0 200"));
    assert!(meet("not-http").0.text.starts_with("SSH-2.0-"));
}

#[test]
fn a_connection_serves_many_requests_unless_it_hangs_up() {
    let sim = start();
    sim.schedule(vec![Fault::None, Fault::HangUp]);
    let mut stream = connect(sim.http_addr());
    let keep = request(&update()).replace("Connection: close\r\n", "");
    stream.write_all(keep.as_bytes()).unwrap();
    let mut first = [0; 16];
    stream.read_exact(&mut first).unwrap();
    stream.write_all(keep.as_bytes()).unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert_eq!(rest.matches(OK).count(), 2);
    assert!(!rest.contains("Connection: close"));
}

#[test]
fn replies_are_late() {
    let begun = Instant::now();
    let (raw, _) = meet("delay=150");
    assert_eq!(raw.body(), OK);
    assert!(begun.elapsed() >= Duration::from_millis(150));
    let (raw, _) = meet("drip=1");
    assert_eq!(raw.body(), OK);
}

#[test]
fn a_drip_comes_byte_by_byte() {
    let sim = start();
    sim.fault(Fault::Drip(60_000), Times::All);
    let mut stream = connect(sim.http_addr());
    stream.write_all(request(&update()).as_bytes()).unwrap();
    let mut bytes = [0; 64];
    assert_eq!(stream.read(&mut bytes).unwrap(), 1);
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    let silent = stream.read(&mut bytes).unwrap_err().kind();
    assert_eq!(silent, ErrorKind::WouldBlock);
}

#[test]
fn stalls_hold_the_connection_open() {
    for (point, complete_head) in [("status", false), ("headers", false), ("body", true)] {
        let sim = start();
        sim.fault(format!("stall={point}").parse().unwrap(), Times::Next(1));
        let mut stream = connect(sim.http_addr());
        stream.write_all(request(&update()).as_bytes()).unwrap();
        assert!(sim.wait_for_requests(1, HANG) && obeyed(&sim));
        let mut part = vec![0; 4096];
        if point == "status" {
            part.clear();
        } else {
            let count = stream.read(&mut part).unwrap();
            part.truncate(count);
        }
        stream.set_read_timeout(Some(SILENCE)).unwrap();
        let silent = stream.read(&mut [0; 64]).unwrap_err().kind();
        assert_eq!(silent, ErrorKind::WouldBlock, "{point}");
        let text = String::from_utf8(part).unwrap();
        assert_eq!(text.contains("\r\n\r\n"), complete_head, "{point}");
        assert!(!text.contains(OK));
    }
}

#[test]
fn resets_are_tcp_resets() {
    for (point, obeys, records) in [("before", false, 0), ("after", true, 1), ("body", true, 1)] {
        let (raw, sim) = meet(&format!("reset={point}"));
        assert_eq!(raw.ended_by(), Some(ErrorKind::ConnectionReset), "{point}");
        assert_eq!(obeyed(&sim), obeys, "{point}");
        assert_eq!(sim.requests().len(), records, "{point}");
        assert_eq!(raw.text.is_empty(), point != "body");
    }
}

#[test]
fn ends_in_the_middle_are_not_resets() {
    let (raw, sim) = meet("close");
    assert!(raw.text.is_empty() && raw.end.is_ok() && obeyed(&sim));
    let (raw, _) = meet("cut");
    assert!(
        raw.head()
            .contains(&format!("Content-Length: {}", OK.len()))
    );
    assert!(raw.end.is_ok() && raw.body().len() == OK.len() / 2);
}

#[test]
fn faults_of_the_wire_happen_over_tls_too() {
    let sim = start();
    sim.schedule(vec![
        "close".parse().unwrap(),
        "reset=after".parse().unwrap(),
    ]);
    let raw = get_tls(&sim, "localhost", &update());
    assert_eq!(raw.ended_by(), Some(ErrorKind::UnexpectedEof));
    let raw = get_tls(&sim, "localhost", &update());
    assert_eq!(raw.ended_by(), Some(ErrorKind::ConnectionReset));
    assert_eq!(get_tls(&sim, "localhost", &update()).body(), OK);
}

#[test]
fn a_fault_for_one_method_spares_the_others() {
    let sim = start();
    sim.fault_for("update_ip", Fault::Empty, Times::All);
    assert!(get(&sim, &call("list_ip", "")).body().contains("ok"));
    assert_eq!(get(&sim, &update()).body(), "");
    assert_eq!(get(&sim, &update()).body(), "");
    sim.clear();
    assert_eq!(get(&sim, &update()).body(), OK);
}

#[test]
fn a_simulator_ends_while_connections_stall() {
    let sim = start();
    sim.schedule(vec!["stall=status".parse().unwrap(), Fault::Drip(60_000)]);
    let mut streams = [connect(sim.http_addr()), connect(sim.http_addr())];
    for stream in &mut streams {
        stream.write_all(request(&update()).as_bytes()).unwrap();
    }
    assert!(sim.wait_for_requests(2, HANG));
    let begun = Instant::now();
    drop(sim);
    assert!(begun.elapsed() < HANG);
}

#[test]
fn rubbish_gets_an_answer_of_http() {
    let sim = start();
    for (bytes, status) in [
        ("\0\u{1}\u{2}\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        (
            "POST /provider_api/update_ip HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab",
            405,
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n",
            400,
        ),
    ] {
        let raw = common::exchange(connect(sim.http_addr()), bytes);
        assert_eq!(raw.status(), status, "{bytes:?}: {}", raw.text);
    }
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(100_000));
    let raw = common::exchange(connect(sim.http_addr()), &long);
    assert_eq!(raw.status(), 431);
}
