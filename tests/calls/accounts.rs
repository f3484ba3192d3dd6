//! Whose account a call is for.

use std::fs;

use serde_json::json;
use wansync_sim::{KEY, VPNKI_KEY};

use crate::{
    STATIC, answer_data, club, file, home, key_file, nothing_was_sent, only_request, router,
    skydns, vpnki,
};
use wansync_test_support::Router;

#[test]
fn the_only_section_is_taken() {
    let router = router();
    skydns(&router, "profiles ident=user1").expect(0);
    assert_eq!(only_request(&router).param("key"), Some(KEY));
    router.sim.clear();
    vpnki(&router, "tunnels").expect(0).says("user356");
    assert_eq!(only_request(&router).param("key"), Some(VPNKI_KEY));
}

#[test]
fn of_several_sections_one_must_be_named() {
    let router = Router::new();
    router.sim.add_key("another-key");
    let shop = router.section("shop", STATIC).replace(KEY, "another-key");
    let work = club(&router, "").replace("club", "work");
    let sections = format!("{}{shop}{}{work}", home(&router, ""), club(&router, ""));
    router.configure(&sections);
    skydns(&router, "subscribe_plans")
        .expect(64)
        .says("there are several skydns sections; name one with --section");
    vpnki(&router, "tunnels")
        .expect(64)
        .says("there are several vpnki sections");
    nothing_was_sent(&router);
    for (words, key) in [
        ("subscribe_plans --section shop", "another-key"),
        ("--section home subscribe_plans", KEY),
    ] {
        router.sim.clear();
        skydns(&router, words).expect(0);
        assert_eq!(only_request(&router).param("key"), Some(key), "{words}");
    }
    router.sim.clear();
    vpnki(&router, "tunnels --section work").expect(0);
    assert_eq!(only_request(&router).param("key"), Some(VPNKI_KEY));
}

#[test]
fn a_section_that_cannot_be_used() {
    let router = Router::new();
    let off = router.section("off", &format!("{STATIC}\noption enabled 0"));
    let wrong = router
        .section("wrong", STATIC)
        .replace("https://", "ftp://");
    let plain = router
        .section("plain", STATIC)
        .replace(&router.sim.https_url(), "http://192.0.2.1/");
    let sections = format!(
        "{}{off}{wrong}{plain}{}",
        home(&router, ""),
        club(&router, "")
    );
    router.configure(&sections);
    for (words, code, text) in [
        ("off", 78, "section 'off' is disabled"),
        (
            "wrong",
            78,
            "section 'wrong' is wrong; 'wansync check --offline' tells why",
        ),
        ("plain", 78, "section 'plain' is wrong"),
        ("cottage", 64, "there is no skydns section 'cottage'"),
        ("club", 64, "there is no skydns section 'club'"),
        ("main", 64, "there is no skydns section 'main'"),
    ] {
        skydns(&router, &format!("subscribe_plans --section {words}"))
            .expect(code)
            .says(text);
    }
    vpnki(&router, "tunnels --section home")
        .expect(64)
        .says("there is no vpnki section 'home'");
    nothing_was_sent(&router);
    skydns(&router, "subscribe_plans --section home").expect(0);
}

#[test]
fn without_a_section() {
    let router = Router::new();
    skydns(&router, "subscribe_plans")
        .expect(78)
        .says("wansync does not exist");
    router.configure("");
    skydns(&router, "subscribe_plans")
        .expect(64)
        .says("there is no skydns section; use --key-file, or add one");
    router.configure_raw(b"config skydns 'home");
    skydns(&router, "subscribe_plans").expect(78);
    nothing_was_sent(&router);
}

#[test]
fn a_key_file_needs_no_configuration() {
    let router = Router::new();
    let key = key_file(&router, KEY);
    let url = router.sim.http_url();
    for url in [&*url, url.trim_end_matches('/')] {
        router.sim.clear();
        let words = format!("subscribe_plans --key-file {key} --base-url {url}");
        skydns(&router, &words).expect(0).never_says("warning");
        assert_eq!(only_request(&router).param("key"), Some(KEY));
        assert_eq!(only_request(&router).path, "/provider_api/subscribe_plans");
    }
    router.sim.clear();
    let (key, url) = (key_file(&router, VPNKI_KEY), router.sim.vpnki_http_url());
    vpnki(
        &router,
        &format!("active --key-file {key} --base-url {url}"),
    )
    .expect(0);
    assert_eq!(only_request(&router).param("key"), Some(VPNKI_KEY));
    assert_eq!(only_request(&router).path, "/index.php/en/");
    assert!(!router.config().exists() && !router.path("run").exists());
}

/// The configuration still says which certificates are trusted.
#[test]
fn a_key_file_with_a_configuration() {
    let router = router();
    router.sim.add_key("another-key");
    let key = key_file(&router, "another-key");
    let url = router.sim.https_url();
    skydns(
        &router,
        &format!("subscribe_plans --key-file {key} --base-url {url}"),
    )
    .expect(0);
    assert_eq!(only_request(&router).param("key"), Some("another-key"));
    skydns(
        &router,
        &format!("subscribe_plans --key-file {key} --section home"),
    )
    .expect(64)
    .says("--key-file and --section exclude each other");
}

#[test]
fn a_key_file_that_cannot_be_used() {
    let router = router();
    let folder = router.path("folder");
    fs::create_dir(&folder).expect("a folder");
    for (path, why) in [
        (router.path("none"), "does not exist"),
        (file(&router, "empty", "\n", 0o600), "is empty"),
        (
            file(&router, "two", "one\ntwo\n", 0o600),
            "holds more than one line",
        ),
        (file(&router, "binary", [0xff, 0xfe], 0o600), "is not UTF-8"),
        (
            file(&router, "long", "x".repeat(1025), 0o600),
            "is longer than 1024 bytes",
        ),
        (
            file(&router, "huge", "x".repeat(5000), 0o600),
            "is larger than 4096 bytes",
        ),
        (folder, "is a directory"),
        ("/dev/zero".into(), "is not a regular file"),
    ] {
        let path = path.display();
        skydns(&router, &format!("subscribe_plans --key-file {path}"))
            .expect(78)
            .says(&format!("the key file {path} {why}"))
            .never_says("xxx");
        // The same in a section.
        let section = home(&router, "").replace(
            &format!("option key '{KEY}'"),
            &format!("option key_file '{path}'"),
        );
        router.configure(&section);
        skydns(&router, "subscribe_plans").expect(78).says(why);
    }
    nothing_was_sent(&router);
}

#[test]
fn a_key_file_that_all_may_read_is_reported() {
    let router = Router::new();
    let path = file(&router, "key", KEY, 0o644).display().to_string();
    let url = router.sim.http_url();
    let warning = format!("every user may read the key in {path}; chmod 600 {path}");
    skydns(
        &router,
        &format!("subscribe_plans --key-file {path} --base-url {url}"),
    )
    .expect(0)
    .says(&warning);
    let option = format!("option key_file '{path}'");
    let section = home(&router, "").replace(&format!("option key '{KEY}'"), &option);
    router.configure(&section);
    skydns(&router, "subscribe_plans").expect(0).says(&warning);
}

/// A relay of the provider adds the key.
#[test]
fn a_relay_needs_no_key() {
    let router = Router::new();
    let section = home(&router, "").replace(&format!("option key '{KEY}'"), "");
    router.configure(&section);
    answer_data(&router, &json!({"12": "Main"}));
    skydns(&router, "profiles ident=user1")
        .expect(0)
        .says("Main");
    assert_eq!(only_request(&router).param("key"), None);
}

#[test]
fn a_base_url_must_be_a_good_one() {
    let router = router();
    for (url, why) in [
        (
            "http://192.0.2.1/provider_api/",
            "is not https; http is for a loopback address only",
        ),
        ("http://skydns.example/", "is not https"),
        ("ftp://127.0.0.1/", "must begin with https://"),
        ("127.0.0.1", "has no scheme"),
        ("https://user:hunter2@127.0.0.1/", "has credentials"),
        ("https://127.0.0.1/?key=hunter2", "has a query"),
        ("https://127.0.0.1/#hunter2", "has a fragment"),
        ("", "has no scheme"),
    ] {
        for service in ["skydns subscribe_plans", "vpnki tunnels"] {
            let words: Vec<&str> = service.split(' ').chain(["--base-url", url]).collect();
            router
                .run(&words)
                .expect(64)
                .says(&format!("--base-url {why}"))
                .never_says("hunter2");
        }
    }
    nothing_was_sent(&router);
}

/// The URL of the command line counts, with the key of the section that is named.
#[test]
fn a_base_url_for_a_section() {
    let router = Router::new();
    let url = router.sim.https_url();
    let section = home(&router, "").replace(&url, "https://127.0.0.1:1/");
    router.configure(&section);
    skydns(&router, "subscribe_plans")
        .expect(69)
        .says("no connection to 127.0.0.1");
    let call = format!("subscribe_plans --section home --base-url {url}");
    skydns(&router, &call).expect(0);
    assert_eq!(only_request(&router).param("key"), Some(KEY));
}

/// A request that is bound to one network leaves through no other.
#[test]
fn a_bind_that_fails_sends_nothing() {
    let router = Router::new();
    router.configure(&home(&router, "option bind wan"));
    skydns(&router, "subscribe_plans").expect(1).says("ubus");
    let ubus = router.ubus();
    ubus.set_interface("wan", json!({"up": false, "proto": "dhcp"}));
    skydns(&router, "subscribe_plans")
        .expect(1)
        .says("bound to device of network 'wan': the network has none");
    ubus.set_interface(
        "wan",
        json!({"up": true, "proto": "static", "l3_device": "gone0", "device": "gone0"}),
    );
    skydns(&router, "subscribe_plans")
        .expect(1)
        .says("could not be bound to device gone0: No such device");
    nothing_was_sent(&router);
    ubus.set_interface(
        "wan",
        json!({"up": true, "proto": "static", "l3_device": "lo", "device": "lo"}),
    );
    skydns(&router, "subscribe_plans").expect(0);
}
