//! `source 'web'`: pages that answer with the address they see.

use std::time::Instant;

use wansync_sim::{Options, Sim, Times};

use crate::{aborts, confirms};
use wansync_test_support::Router;
use wansync_test_support::waiting::HANG;

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
    for page in [
        "8.8.4.4",
        "8.8.4.4\n",
        " \t8.8.4.4\r\n\r\n",
        "\"8.8.4.4\"",
        "\u{feff}8.8.4.4\r\n",
    ] {
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
        "[\"8.8.4.4\"]",
        "{\"ip\":\"8.8.4.4\"} and more",
        "the ip=8.8.4.4",
        "ip=8.8.4.4\nip=9.9.9.9",
        "",
        "\0\0\0",
        "８.８.４.４",
    ] {
        router.sim.set_echo(page);
        aborts(&router, "the page is not one address and nothing else");
    }
}

/// The forms of pages that many routers ask: JSON, and lines of names and values.
#[test]
fn pages_in_json_and_in_lines() {
    let router = router(&["ECHO"], "");
    let trace = "fl=29f1\nh=a.example\nip=8.8.4.4\nts=1795949000.001\nvisit_scheme=https\n\
                 uag=Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\ncolo=DME\nsliver=none\n\
                 http=http/1.1\nloc=RU\ntls=TLSv1.3\nsni=plaintext\nwarp=off\ngateway=off\n\
                 rbi=off\nkex=X25519\n";
    let long = format!(
        "{{\"status\":\"success\",\"country\":\"Russia\",\"isp\":\"{}\",\"query\":\"8.8.4.4\"}}",
        "x".repeat(1000)
    );
    for page in [
        "{\"ip\":\"8.8.4.4\"}",
        "{ \"address\" : \"8.8.4.4\" }\n",
        "{\"origin\": \"8.8.4.4\"}\n",
        "\u{feff}{\"ip\":\"8.8.4.4\",\"country\":\"RU\"}",
        "ip=8.8.4.4",
        trace,
        &long,
    ] {
        router.sim.set_echo(page);
        router
            .run(&["once", "--force"])
            .expect(0)
            .says("8.8.4.4 is confirmed");
        assert_eq!(router.bound(), ["8.8.4.4"], "{page}");
    }
    for page in [
        "{}",
        "{\"ip\":134743044}",
        "{\"ip\":\"8.8.4.4\",\"query\":\"9.9.9.9\"}",
        "{\"you\":{\"ip\":\"9.9.9.9\"}}",
        "{\"origin\":\"9.9.9.9, 10.0.0.1\"}",
    ] {
        router.sim.set_echo(page);
        let reason = "the page is JSON without an address in 'ip', 'address', 'query' or 'origin'";
        router.once().expect(75).says(reason);
    }
    assert_eq!(router.bound(), ["8.8.4.4"]);
}

#[test]
fn a_page_in_html_is_named() {
    let router = router(&["ECHO"], "");
    for page in [
        "<html><body>8.8.4.4</body></html>",
        "\n<!DOCTYPE html><title>Log in to the Internet</title>",
        "\u{feff}<!DOCTYPE html>\nip=8.8.4.4\n",
    ] {
        router.sim.set_echo(page);
        aborts(&router, "the page is HTML and not an address");
    }
}

/// A page may be behind another NAT, or answer over the wrong family.
#[test]
fn a_page_with_an_address_that_is_of_no_use_makes_room_for_the_next() {
    for page in ["10.0.0.1", "2a00:1450::5", "100.64.9.9", "127.0.0.1"] {
        let other = Sim::start(Options::default());
        other.set_echo(page);
        let urls = [&format!("http://{}/ip", other.http_addr()), "PLAIN"];
        let router = router(&urls, "");
        router.sim.set_echo("8.8.4.4");
        confirms(&router, "8.8.4.4");
        assert_eq!(other.requests().len(), 1, "{page}");
    }
}

#[test]
fn what_all_pages_agree_on_is_the_reason() {
    let other = Sim::start(Options::default());
    other.set_echo("192.168.1.2");
    let page = format!("http://{}/ip", other.http_addr());
    let router = router(&[&page, "PLAIN"], "");
    router.sim.set_echo("192.168.1.2");
    aborts(&router, "home: aborted: 192.168.1.2 is a private address");
    // Where they do not, each says its own.
    router.sim.set_echo("2a00:1450::5");
    aborts(&router, "192.168.1.2 is a private address");
    router
        .sim
        .fault("status=503".parse().expect("a fault"), Times::All);
    let ran = router.once().expect(75);
    ran.says("/ip: 192.168.1.2 is a private address")
        .says("/ip: HTTP status 503");
    other.set_echo("2a00:1450::5");
    let ran = router.once().expect(75);
    ran.says("/ip: it says 2a00:1450::5, which is of the other family");
    assert_eq!(router.updates(), 0);
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
    aborts(&router, "larger than 4096 bytes");
    fault(&router, "/ip", "no-length");
    aborts(&router, "larger than 4096 bytes");
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
