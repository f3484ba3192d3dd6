//! The rights of a router: what a request can say, and what of it SkyDNS is asked.

use super::*;

/// The request to SkyDNS is the relay's own: no header, no cookie of the router's.
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
    assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"]);
    passed(&sim, "ident=user1&ip=8.8.4.4");
}

#[test]
fn whatever_is_not_update_ip_is_refused() {
    let router = Router::new();
    let tokens = tokens(20);
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
    let tokens = tokens(STOPPED.len() + PASSED.len());
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

/// `relay-site.conf` with the lines for certificates.
pub const CERTIFICATES: &[(&str, &str)] = &[
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

/// `relay-site.conf` of a relay behind a balancer on this machine.
const BALANCER: &[(&str, &str)] = &[
    ("443 ssl;", "443 ssl proxy_protocol;"),
    ("#set_real_ip_from 10.0.0.1", "set_real_ip_from 127.0.0.1"),
    ("#real_ip_header", "real_ip_header"),
];

#[test]
fn a_router_may_be_kept_to_its_own_address() {
    let sim = Sim::start(Default::default());
    let own = ("#set $relay_own_address", "set $relay_own_address");
    let site = Site {
        edits: &[BALANCER, &[own]].concat(),
        ..Site::default()
    };
    let relay = Relay::with(&sim, &site);
    let get = |ip: &str| {
        let client = Client::of(&relay).from("8.8.4.4");
        client.get(&format!("update_ip?key={TOKEN}&ip={ip}"))
    };
    for ip in ["8.8.8.8", "18.8.4.4", "8.8.4.40", "2a00::1"] {
        get(ip).expect(403, "not the address");
    }
    assert_eq!(sim.requests().len(), 0);
    get("8.8.4.4").expect(200, OK);
    passed(&sim, "ident=user1&ip=8.8.4.4");
}

#[test]
fn a_balancer_says_where_a_router_comes_from() {
    let sim = Sim::start(Default::default());
    let site = Site {
        edits: BALANCER,
        ..Site::default()
    };
    let relay = Relay::with(&sim, &site);
    let strangers = |address: &str| {
        let requests = vec!["update_ip?ip=8.8.4.4".to_owned(); 2 * REQUEST_COUNT];
        Client::of(&relay).from(address).get_all(&requests)
    };
    let last = strangers("8.8.8.8").pop();
    last.expect("an answer").expect(429, "does not know");
    // Another address has its own limit.
    assert_eq!(strangers("9.9.9.9")[0].status, 403);
    let log = relay.log();
    assert!(log.contains(r#" 8.8.8.8 "" GET update_ip 429,"#), "{log}");
}
