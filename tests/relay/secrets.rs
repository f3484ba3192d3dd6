//! The provider's key and the tokens, where they must not show.

use super::*;

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

/// nginx's own log lines of these would hold the token and the key.
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
