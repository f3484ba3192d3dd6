//! The relay of `openwrt/relay/`: Debian's nginx with the shipped configuration,
//! the real program before it, and the simulated SkyDNS behind.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests do I/O"
)]

mod client;
mod nginx;
#[path = "../support/mod.rs"]
mod support;

use std::fs;

use client::Client;
use nginx::{Relay, Site, TOKEN};
use support::{Ran, Router, is_in_files, program, ran};
use wansync_sim::{KEY, Request, Sim, Times};

const OK: &str = r#""status":"ok""#;
/// More than the limit lets through at once.
const MANY: usize = 30;

/// A router that knows the relay, a token, and no key of SkyDNS.
fn configure(router: &Router, relay: &Relay, token: &str, address: &str) {
    router.configure_raw(configuration(relay, token, "user1", address).as_bytes());
}

fn configuration(relay: &Relay, token: &str, ident: &str, address: &str) -> String {
    format!(
        "config wansync 'main'\noption ca_file '{}'\n\
         config skydns 'home'\noption base_url '{}'\noption ident '{ident}'\n\
         option key '{token}'\noption source 'static'\noption address '{address}'\n",
        relay.ca_file().display(),
        relay.url()
    )
}

/// What SkyDNS was asked, name by name.
fn asked(sim: &Sim) -> Vec<Request> {
    let requests = sim.requests();
    sim.clear();
    requests
}

/// SkyDNS was asked one thing, and this is it.
#[track_caller]
fn passed(sim: &Sim, query: &str) {
    let targets: Vec<String> = asked(sim).into_iter().map(|r| r.target).collect();
    assert_eq!(
        targets,
        [format!("/provider_api/update_ip?key={KEY}&{query}")]
    );
}

/// Neither the provider's key nor a token stands in what the relay wrote.
#[track_caller]
fn wrote_no_secret(relay: &Relay) {
    let written = relay.written();
    for secret in [KEY, TOKEN, "0123456789abcdef"] {
        assert!(!written.contains(secret), "{written}");
    }
}

#[test]
fn an_address_is_confirmed_and_the_router_never_has_the_key() {
    let router = Router::new();
    let relay = Relay::before(&router.sim);
    configure(&router, &relay, TOKEN, "8.8.4.4");
    router.once().expect(0).says("home: confirmed: 8.8.4.4");
    passed(&router.sim, "ident=user1&ip=8.8.4.4");
    assert_eq!(router.bound(), ["8.8.4.4"]);
    router.once().expect(0).says("unchanged");
    assert_eq!(router.updates(), 0);
    assert!(is_in_files(&router.path(""), TOKEN));
    assert!(!is_in_files(&router.path(""), KEY));
    wrote_no_secret(&relay);
    let log = relay.log();
    assert!(
        log.contains(r#" 127.0.0.1 "user1" GET update_ip 200, SkyDNS 200, "#),
        "{log}"
    );
}

/// What is sent to SkyDNS is the relay's own: no header, no cookie of the router's.
#[test]
fn nothing_else_of_a_request_is_passed_on() {
    let sim = Sim::start(Default::default());
    let relay = Relay::before(&sim);
    let client = Client::of(&relay);
    client
        .send(&format!(
            "GET https://evil.example:1//provider_api/./update_ip?key={TOKEN}&ip=8.8.4.4 HTTP/1.1\r\n\
             Host: evil.example\r\nCookie: a=b\r\nX-Forwarded-For: 8.8.8.8\r\n\
             Accept-Encoding: gzip\r\nConnection: close\r\n\r\n"
        ))
        .expect(200, OK);
    let mut names: Vec<String> = Vec::new();
    for (name, value) in &sim.requests()[0].headers {
        assert!(!value.contains("evil"), "{name}: {value}");
        names.push(name.to_lowercase());
    }
    names.sort();
    assert_eq!(names, ["accept", "connection", "host", "user-agent"]);
    passed(&sim, "ident=user1&ip=8.8.4.4");
}

#[test]
fn a_wrong_token_is_refused_and_held_and_a_right_one_ends_that() {
    let router = Router::new();
    let relay = Relay::before(&router.sim);
    for token in [&TOKEN.replace('0', "f"), "short", KEY] {
        configure(&router, &relay, token, "8.8.4.4");
        router
            .once()
            .expect(77)
            .says("HTTP status 403: the relay does not know this token");
        router.once().expect(77).says("held");
    }
    assert_eq!(router.sim.requests().len(), 0);
    configure(&router, &relay, TOKEN, "8.8.4.4");
    router.once().expect(0).says("confirmed");
    let log = relay.log();
    assert!(
        log.contains(r#" "" GET update_ip 403, SkyDNS -, "#),
        "{log}"
    );
    wrote_no_secret(&relay);
}

/// `check` asks for `profiles`, which the relay does not pass: that it knows
/// the router is what there is to be learnt.
#[test]
fn check_says_that_the_relay_knows_the_router() {
    let router = Router::new();
    let relay = Relay::before(&router.sim);
    configure(&router, &relay, TOKEN, "8.8.4.4");
    router
        .run(&["check"])
        .expect(0)
        .says("the relay knows this router, as user1, and passes update_ip only");
    configure(&router, &relay, KEY, "8.8.4.4");
    router
        .run(&["check"])
        .expect(77)
        .says("FAIL  home: 127.0.0.1: HTTP status 403: the relay does not know this token");
    assert_eq!(router.sim.requests().len(), 0);
}

#[test]
fn whatever_is_not_update_ip_is_refused() {
    let router = Router::new();
    let tokens: String = (0..20).map(|n| format!("{} user1;\n", token(n))).collect();
    let site = Site {
        tokens: &tokens,
        ..Site::default()
    };
    let relay = Relay::with(&router.sim, &site);
    configure(&router, &relay, TOKEN, "8.8.4.4");
    let said = "the relay knows this router, as user1, and passes update_ip only";
    let ran = router.run(&["skydns", "deactivate", "ident=user1", "--yes"]);
    ran.expect(77).says(said);
    let client = Client::of(&relay);
    for (n, path) in [
        "deactivate",
        "update_ip/",
        "update_ip/../deactivate",
        "update_ip/%2e%2e/deactivate",
        "update_ip%2f..%2fdeactivate",
        "update_ip%00",
        "update_ip%3Fkey=1",
        "Update_IP",
        "",
    ]
    .iter()
    .enumerate()
    {
        let answer = client.get(&format!("{path}?key={}&ident=user1", token(n)));
        assert!(
            [400, 403].contains(&answer.status),
            "{path}: {}",
            answer.text
        );
    }
    for (n, method) in [
        "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "CONNECT",
    ]
    .iter()
    .enumerate()
    {
        let answer = client.send(&format!(
            "{method} /provider_api/update_ip?key={}&ip=8.8.4.4 HTTP/1.1\r\nHost: a\r\n\
             Connection: close\r\nContent-Length: 0\r\n\r\n",
            token(10 + n)
        ));
        assert!(
            [400, 405].contains(&answer.status),
            "{method}: {}",
            answer.text
        );
    }
    assert_eq!(router.sim.requests().len(), 0);
    wrote_no_secret(&relay);
}

/// A token of router number `n`.
fn token(n: usize) -> String {
    format!("{n:048x}").replace("00000000", "9a8b7c6d")
}

/// A query as a router sends it, without the token; what SkyDNS is asked.
const PASSED: &[(&str, &str)] = &[
    ("ip=8.8.4.4", "ident=user1&ip=8.8.4.4"),
    ("ident=user2&ip=8.8.4.4", "ident=user1&ip=8.8.4.4"),
    (
        "ident=user2%26ip%3D8.8.8.8&ip=8.8.4.4",
        "ident=user1&ip=8.8.4.4",
    ),
    ("ip=2a00%3A1450::8844", "ident=user1&ip=2a00%3A1450::8844"),
    (
        "profile=1002&hostname=router-1%20%D0%B6&ip=8.8.4.4",
        "ident=user1&ip=8.8.4.4&hostname=router-1%20%D0%B6&profile=1002",
    ),
    ("ip=8.8.4.4&hostname=&profile=", "ident=user1&ip=8.8.4.4"),
    // nginx drops what no server should see.
    ("ip=8.8.4.4#&ident=user2", "ident=user1&ip=8.8.4.4"),
];

/// A query that goes no further.
const STOPPED: &[&str] = &[
    "",
    "ip=",
    "ident=user1",
    "ip=8.8.4.4&ip=8.8.8.8",
    "ident=user1&ident=user2&ip=8.8.4.4",
    "ip=8.8.4.4&key=test-key-0123456789abcdef",
    "ip=8.8.4.4%26ident%3Duser2",
    "ip=8.8.4.4%2526ident%253Duser2",
    "ip=8.8.4.4%20",
    "ip=8.8.4.4;ident=user2",
    "ip=8.8.4.4%00",
    "ip=8.8.4.4%0d%0aX:1",
    "%69p=8.8.4.4",
    "IP=8.8.4.4",
    "ip=8.8.4.4&IDENT=user2",
    "ip=8.8.4.4&ident%00=user2",
    "ip[]=8.8.4.4",
    "ip=8.8.4.4&email=a@b.c",
    "ip=8.8.4.4&",
    "ip=8.8.4.4&&profile=1",
    "?ip=8.8.4.4",
    "ip=8.8.4.4&hostname=a%26ident%3Duser2",
    "ip=8.8.4.4&hostname=a%2526ident%253Duser2",
    "ip=8.8.4.4&hostname=a+b",
    "ip=8.8.4.4&hostname=a&hostname=b",
    "ip=8.8.4.4&profile=1%26ident%3Duser2",
    "ip=8.8.4.4&profile=-1",
    "ip=localhost",
    "ip=8.8.4.4,8.8.8.8",
];

#[test]
fn the_user_is_the_tokens_and_nothing_can_be_smuggled_in() {
    let sim = Sim::start(Default::default());
    let tokens: String = (0..STOPPED.len() + PASSED.len())
        .map(|n| format!("{} user1;\n", token(n)))
        .collect();
    let site = Site {
        tokens: &tokens,
        ..Site::default()
    };
    let relay = Relay::with(&sim, &site);
    let client = Client::of(&relay);
    let mut tokens = (0..).map(token);
    for (query, expected) in PASSED {
        let token = tokens.next().expect("endless");
        client
            .get(&format!("update_ip?key={token}&{query}"))
            .expect(200, OK);
        passed(&sim, expected);
    }
    for query in STOPPED {
        let token = tokens.next().expect("endless");
        let answer = client.get(&format!("update_ip?{query}&key={token}"));
        assert!(
            [400, 403].contains(&answer.status),
            "{query}: {}",
            answer.text
        );
        let answer = client.get(&format!("update_ip?key={token}&{query}"));
        assert!(
            [400, 403].contains(&answer.status),
            "{query}: {}",
            answer.text
        );
    }
    assert_eq!(sim.requests().len(), 0);
}

#[test]
fn an_old_client_is_served_as_any_other() {
    let sim = Sim::start(Default::default());
    let relay = Relay::before(&sim);
    let request = format!("GET /provider_api/update_ip?ip=8.8.4.4&key={TOKEN} HTTP/1.0\r\n\r\n");
    Client::of(&relay).send(&request).expect(200, OK);
    passed(&sim, "ident=user1&ip=8.8.4.4");
}

#[test]
fn each_router_has_a_limit_of_its_own() {
    let router = Router::new();
    let other = token(1);
    let site = Site {
        tokens: &format!("{other} user2;\n"),
        ..Site::default()
    };
    let relay = Relay::with(&router.sim, &site);
    router.sim.add_user("user2", &[]);
    let client = Client::of(&relay);
    // In capital letters it is no token, and so no way round the limit.
    let capital = TOKEN.to_uppercase();
    client
        .get(&format!("update_ip?key={capital}&ip=8.8.4.4"))
        .expect(403, "not know");
    let get = || client.get(&format!("update_ip?key={TOKEN}&ip=8.8.4.4"));
    let answers: Vec<_> = (0..MANY).map(|_| get()).collect();
    let taken = answers.iter().take_while(|answer| answer.status == 200);
    assert!(taken.count() >= 6);
    assert!(answers.iter().any(|answer| answer.status == 429));
    // The relay counts minutes: on a machine this slow one more may pass.
    let late = std::iter::repeat_with(get).find(|answer| answer.status == 429);
    late.expect("endless")
        .expect(429, "\r\nRetry-After: 60\r\n");
    client
        .get(&format!("update_ip?key={other}&ip=8.8.8.8"))
        .expect(200, OK);

    configure(&router, &relay, TOKEN, "8.8.4.4");
    router
        .once()
        .expect(75)
        .says("throttled: 127.0.0.1: HTTP status 429: too many requests from this router");
    let before = router.sim.requests().len();
    router.once().expect(75).says("home: throttled");
    assert_eq!(router.sim.requests().len(), before);
    let next = router.home_status()["next_due_s"]
        .as_i64()
        .expect("a number");
    assert!((1..=90).contains(&next), "{next}");
    wrote_no_secret(&relay);
}

#[test]
fn strangers_are_limited_too() {
    let sim = Sim::start(Default::default());
    let relay = Relay::before(&sim);
    let client = Client::of(&relay);
    let mut answers =
        (0..MANY).map(|n| client.get(&format!("update_ip?key={}&ip=8.8.4.4", token(n))));
    assert!(answers.any(|answer| answer.status == 429));
    // And keep nobody out who has a token.
    client
        .get(&format!("update_ip?key={TOKEN}&ip=8.8.4.4"))
        .expect(200, OK);
}

#[test]
fn fifty_routers() {
    let router = Router::new();
    let tokens: String = (0..50)
        .map(|n| format!("{} user-{n};\n", token(n)))
        .collect();
    let site = Site {
        tokens: &tokens,
        ..Site::default()
    };
    let relay = Relay::with(&router.sim, &site);
    for n in 0..50 {
        let ident = format!("user-{n}");
        router.sim.add_user(&ident, &[]);
        let folder = router.path(&ident);
        fs::create_dir(&folder).expect("a folder");
        let config = folder.join("wansync");
        let address = format!("8.8.4.{n}");
        // Each claims to be the same user.
        let text = configuration(&relay, &token(n), "user1", &address);
        fs::write(&config, text).expect("the configuration");
        let mut command = program();
        command.arg("-c").arg(&config);
        command.arg("--state").arg(folder.join("run"));
        command.arg("--record").arg(folder.join("etc"));
        let ran: Ran = ran(command.arg("once").output().expect("it runs"));
        ran.expect(0).says("confirmed");
        let bindings = router.sim.bindings(&ident);
        assert_eq!(bindings.len(), 1);
        assert_eq!(bindings[0].address.to_string(), address);
    }
    assert!(router.bound().is_empty());
    assert!(!is_in_files(&router.path(""), KEY));
}

/// SkyDNS's own refusals and statuses are the router's business; its key is not.
#[test]
fn what_skydns_says_comes_back_without_the_key() {
    let router = Router::new();
    let sim = &router.sim;
    let tokens: String = (0..10).map(|n| format!("{} user1;\n", token(n))).collect();
    let site = Site {
        tokens: &tokens,
        ..Site::default()
    };
    let relay = Relay::with(sim, &site);
    let client = Client::of(&relay);
    let quoted = format!("error=message,code=403,text=no such key {KEY}, nor {KEY}");
    let page = format!("body=<html>update_ip?key={KEY}&ip=1");
    let table = [
        (quoted.as_str(), 403, "no such key ***, nor ***"),
        (page.as_str(), 200, "<html>update_ip?key=***&ip=1"),
        (
            "status=503,retry-after=120",
            503,
            "\r\nRetry-After: 120\r\n",
        ),
        ("status=429,retry-after=7", 429, "\r\nRetry-After: 7\r\n"),
        ("html=502", 502, "<"),
        ("error=message", 200, r#""status":"error""#),
        ("redirect=host", 502, "SkyDNS redirects"),
        ("redirect=http,code=307", 502, "SkyDNS redirects"),
    ];
    for (n, (fault, status, part)) in table.iter().enumerate() {
        sim.fault(fault.parse().expect(fault), Times::Next(1));
        let answer = client.get(&format!("update_ip?key={}&ip=8.8.4.4", token(n)));
        let answer = answer.expect(*status, part);
        assert!(!answer.text.contains(KEY), "{}", answer.text);
        assert!(!answer.text.contains("Location"), "{}", answer.text);
    }
    wrote_no_secret(&relay);
}

/// What nginx itself would write of these holds the token and the key.
#[test]
fn what_goes_wrong_on_the_way_to_skydns_leaves_no_secret_in_a_log() {
    let router = Router::new();
    let sim = &router.sim;
    let tokens: String = (0..20).map(|n| format!("{} user1;\n", token(n))).collect();
    let site = Site {
        tokens: &tokens,
        ..Site::default()
    };
    let relay = Relay::with(sim, &site);
    let client = Client::of(&relay);
    let faults = [
        "tls-wrong-ca",
        "tls-expired",
        "tls-wrong-name",
        "tls-self-signed",
        "tls-close",
        "tls-reset",
        "tls-plain",
        "close",
        "reset=after",
        "not-http",
        "bad-chunk",
        "big-header=100000",
    ];
    for (n, fault) in faults.iter().enumerate() {
        sim.fault(fault.parse().expect(fault), Times::All);
        let answer = client.get(&format!("update_ip?key={}&ip=8.8.4.4", token(n)));
        sim.clear();
        assert!(!answer.text.contains(KEY), "{}", answer.text);
        assert!(!answer.text.contains(OK), "{fault}: {}", answer.text);
    }
    drop(router);
    client
        .get(&format!("update_ip?key={}&ip=8.8.4.4", token(19)))
        .expect(502, "");
    wrote_no_secret(&relay);
    assert!(relay.log().contains("update_ip 502"), "{}", relay.log());
}

/// `relay-site.conf` with the lines for certificates.
const CERTIFICATES: &[(&str, &str)] = &[
    ("#ssl_client_certificate", "ssl_client_certificate"),
    ("#ssl_verify_client", "ssl_verify_client"),
];

#[test]
fn a_certificate_fixes_the_user_as_well() {
    let router = Router::new();
    let sim = &router.sim;
    let site = Site {
        edits: CERTIFICATES,
        ..Site::default()
    };
    let relay = Relay::with(sim, &site);
    let known = |name: &str, organization| {
        Client::with_certificate(&relay, relay.certificate(name, organization))
    };
    sim.add_user("user2", &[]);
    known("user2", None)
        .get("update_ip?ident=user1&ip=8.8.4.4")
        .expect(200, OK);
    passed(sim, "ident=user2&ip=8.8.4.4");
    // It counts for more than a token.
    let both = format!("update_ip?key={TOKEN}&ip=8.8.4.4");
    known("user2", None).get(&both).expect(200, OK);
    passed(sim, "ident=user2&ip=8.8.4.4");
    // A subject in which a name could be hidden is none.
    for (name, organization) in [
        ("nobody", Some("x,CN=user1")),
        ("user1", Some("x")),
        ("user1,CN=user2", None),
        ("user1&ident=user2", None),
        ("user%31", None),
    ] {
        known(name, organization)
            .get("update_ip?ip=8.8.4.4")
            .expect(403, "not know");
    }
    Client::of(&relay)
        .get("update_ip?ip=8.8.4.4")
        .expect(403, "not know");
    let other = Relay::before(sim);
    let stranger = Client::with_certificate(&relay, other.certificate("user1", None));
    stranger
        .get("update_ip?ip=8.8.4.4")
        .expect(400, "certificate");
    assert_eq!(sim.requests().len(), 0);
    // wansync shows no certificate: a token does for it, as before.
    configure(&router, &relay, TOKEN, "8.8.4.4");
    router.once().expect(0).says("confirmed");
    wrote_no_secret(&relay);
}

#[test]
fn a_router_may_be_kept_to_its_own_address() {
    let sim = Sim::start(Default::default());
    let edits = [("#set $relay_own_address", "set $relay_own_address")];
    let site = Site {
        edits: &edits,
        ..Site::default()
    };
    let relay = Relay::with(&sim, &site);
    let client = Client::of(&relay);
    for ip in ["8.8.4.4", "127.0.0.10", "1127.0.0.1", "::1"] {
        let answer = client.get(&format!("update_ip?key={TOKEN}&ip={ip}"));
        assert!([400, 403].contains(&answer.status), "{ip}: {}", answer.text);
    }
    assert_eq!(sim.requests().len(), 0);
    client
        .get(&format!("update_ip?key={TOKEN}&ip=127.0.0.1"))
        .expect(200, "public");
    passed(&sim, "ident=user1&ip=127.0.0.1");
}
