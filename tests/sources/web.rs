//! `source 'web'`: pages that answer with the address they see.

use std::time::Instant;

use wansync_sim::Times;

use crate::{HANG, aborts, confirms};
use wansync_test_support::Router;

/// A router with these pages.
fn router(urls: &[&str], options: &str) -> Router {
    let router = Router::new();
    set(&router, urls, options);
    router
}

/// Sets the pages; `ECHO` is the page of the simulator, `PLAIN` the same over http.
fn set(router: &Router, urls: &[&str], options: &str) {
    let plain = format!("http://{}/ip", router.sim.http_addr());
    let mut text = format!("option source web\n{options}\n");
    for url in urls {
        let url = url
            .replace("ECHO", &router.sim.echo_url())
            .replace("PLAIN", &plain);
        text.push_str(&format!("list url '{url}'\n"));
    }
    router.configure(&router.home(&text));
}

fn fault(router: &Router, page: &str, fault: &str) {
    router
        .sim
        .fault_for(page, fault.parse().expect(fault), Times::All);
}

#[test]
fn a_page_that_is_one_address() {
    for page in ["8.8.4.4", "8.8.4.4\n", " \t8.8.4.4\r\n\r\n"] {
        let router = router(&["ECHO"], "");
        router.sim.set_echo(page);
        confirms(&router, "8.8.4.4");
        let request = &router.sim.requests()[0];
        assert_eq!((request.path.as_str(), request.params.len()), ("/ip", 0));
        assert_eq!(request.header("accept"), Some("text/plain"));
    }
}

/// A page that merely contains an address may contain another's.
#[test]
fn a_page_that_is_anything_else_is_refused() {
    let router = router(&["ECHO"], "");
    for page in [
        "Your address is 8.8.4.4",
        "8.8.4.4 9.9.9.9",
        "8.8.4.4\n9.9.9.9\n",
        "8.8.4.4:443",
        "8.8.4.4.",
        "8.8.4",
        "008.008.004.004",
        "{\"ip\":\"8.8.4.4\"}",
        "<html><body>8.8.4.4</body></html>",
        "<!DOCTYPE html><title>Log in to the Internet</title>",
        "",
        "\0\0\0",
        "８.８.４.４",
    ] {
        router.sim.set_echo(page);
        aborts(&router, "the page is not one address and nothing else");
    }
}

#[test]
fn an_address_that_the_section_cannot_use() {
    let router = router(&["ECHO"], "");
    for (page, reason) in [
        ("2a00:1450::5", "there is no IPv4 address"),
        ("192.168.1.2", "192.168.1.2 is a private address"),
        ("100.64.9.9", "100.64.9.9 is a CGNAT address"),
    ] {
        router.sim.set_echo(page);
        aborts(&router, reason);
    }
}

/// A page is asked over the family that is to be published.
#[test]
fn ipv6_is_asked_over_ipv6_only() {
    let router = router(&["ECHO"], "option family ipv6");
    router.sim.set_echo("2a00:1450::5");
    aborts(&router, "it has no IPv6 address");
    assert_eq!(router.sim.requests().len(), 0, "127.0.0.1 was not asked");
}

#[test]
fn pages_are_tried_in_turn() {
    let router = router(&["ECHO?a=secret", "ECHO?b", "ECHO?c"], "");
    router.sim.set_echo("8.8.4.4");
    fault(&router, "/ip?a", "status=503");
    confirms(&router, "8.8.4.4");
    let targets: Vec<String> = router
        .sim
        .requests()
        .iter()
        .map(|r| r.target.clone())
        .collect();
    assert_eq!(targets[..2], ["/ip?a=secret", "/ip?b"]);
    assert_eq!(
        targets.len(),
        3,
        "the third page was not asked: {targets:?}"
    );
}

#[test]
fn if_every_page_fails_each_is_named() {
    let urls = [
        "ECHO?a=secret",
        "ECHO?b",
        "ECHO?c",
        "https://127.0.0.1:1/ip",
    ];
    let router = router(&urls, "");
    router.sim.set_echo("8.8.4.4");
    fault(&router, "/ip?a", "status=404");
    fault(&router, "/ip?b", "redirect=host");
    fault(&router, "/ip?c", "not-http");
    let ran = router.once().expect(75).says("home: aborted: ");
    let ran = ran
        .says("/ip: HTTP status 404; ")
        .says("redirected to ")
        .says("what came is not HTTP");
    ran.says("https://127.0.0.1:1/ip: no connection to 127.0.0.1")
        .never_says("secret");
    assert_eq!(router.updates(), 0);
}

#[test]
fn every_failure_of_a_page_is_one_of_the_observation() {
    for text in [
        "status=500",
        "html",
        "empty",
        "truncated",
        "cut",
        "close",
        "reset=body",
        "bad-chunk",
        "tls-wrong-ca",
        "tls-expired",
        "tls-wrong-name",
        "tls-plain",
    ] {
        let router = router(&["ECHO"], "");
        router.sim.set_echo("203.0.113.10");
        router.sim.fault(text.parse().expect(text), Times::All);
        aborts(&router, "/ip: ");
        assert!(router.home_status()["observed"].is_null(), "{text}");
    }
}

#[test]
fn a_page_without_end_is_not_read() {
    let router = router(&["ECHO"], "");
    // Cut anywhere, it would be an address with blanks behind it.
    router
        .sim
        .set_echo(&format!("8.8.4.4{}", " ".repeat(10_000_000)));
    aborts(&router, "larger than 256 bytes");
    fault(&router, "/ip", "no-length");
    aborts(&router, "larger than 256 bytes");
}

#[test]
fn a_page_that_stalls_makes_room_for_the_next() {
    let router = router(&["ECHO?a", "ECHO?b"], "");
    router.sim.set_echo("8.8.4.4");
    fault(&router, "/ip?a", "stall=body");
    let start = Instant::now();
    confirms(&router, "8.8.4.4");
    assert!(start.elapsed() < HANG);
}

#[test]
fn http_stays_on_this_machine() {
    let router = router(&["PLAIN"], "");
    router.sim.set_echo("8.8.4.4");
    confirms(&router, "8.8.4.4");
    for url in [
        "http://192.0.2.1/",
        "http://example.com/",
        "ftp://127.0.0.1/",
        "127.0.0.1",
    ] {
        set(&router, &[url], "");
        router.once().expect(78).says("line ").says(url);
    }
}
