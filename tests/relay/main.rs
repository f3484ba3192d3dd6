//! The relay of `openwrt/relay/`: Debian's nginx with the shipped configuration,
//! the real program before it, and the simulated SkyDNS behind.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests do I/O"
)]

mod addresses;
mod client;
mod errors;
mod image;
mod nginx;
mod replies;
mod report;
mod requests;
mod secrets;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use client::Client;
use nginx::{Relay, Site, TOKEN};
use wansync_sim::{KEY, Request, Sim, Times};
use wansync_test_support::waiting::{HANG, wait_until};
use wansync_test_support::{Ran, Router, is_in_files, program, ran};

const OK: &str = r#""status":"ok""#;
/// More than the limit lets through at once.
const REQUEST_COUNT: usize = 30;

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

/// The requests that SkyDNS got, name by name.
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

/// A token of router number `n`.
fn token(n: usize) -> String {
    format!("{n:048x}").replace("00000000", "9a8b7c6d")
}

/// The list of so many tokens, all of one user.
fn tokens(count: usize) -> String {
    (0..count)
        .map(|n| format!("{} user1;\n", token(n)))
        .collect()
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
    let answers: Vec<_> = (0..REQUEST_COUNT).map(|_| get()).collect();
    let taken = answers.iter().take_while(|answer| answer.status == 200);
    assert!(taken.count() >= 6);
    assert!(answers.iter().any(|answer| answer.status == 429));
    // The relay counts minutes: on a machine this slow one more may pass.
    let late = std::iter::repeat_with(get).find(|answer| answer.status == 429);
    let pause = late.expect("endless").pause();
    assert!((60..=120).contains(&pause), "{pause}");
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
    assert!((1..=240).contains(&next), "{next}");
    wrote_no_secret(&relay);
}

/// Behind a NAT there may be many of them: each is told what is wrong, even when it is
/// one too many.
#[test]
fn strangers_are_limited_apart_and_are_told_what_they_are() {
    let router = Router::new();
    let relay = Relay::before(&router.sim);
    let client = Client::of(&relay);
    let requests: Vec<_> = (0..3 * REQUEST_COUNT)
        .map(|n| format!("update_ip?key={}&ip=8.8.4.4", token(n)))
        .collect();
    let answers = client.get_all(&requests);
    let told = answers.iter().take_while(|answer| answer.status == 403);
    assert!(told.count() >= 20);
    let turned_away = answers.iter().find(|answer| answer.status == 429);
    let turned_away = turned_away.expect("a limit");
    assert!((60..=120).contains(&turned_away.pause()));
    for answer in &answers {
        let text = &answer.text;
        assert!(
            text.contains("the relay does not know this token"),
            "{text}"
        );
    }
    configure(&router, &relay, &token(0), "8.8.4.4");
    router
        .run(&["check"])
        .says("the relay does not know this token");
    // And keep out no router that has a token.
    client
        .get(&format!("update_ip?key={TOKEN}&ip=8.8.4.4"))
        .expect(200, OK);
}

/// Towards SkyDNS all routers are one, which a router's own limit does not bound.
#[test]
fn all_routers_together_have_a_limit() {
    let sim = Sim::start(Default::default());
    let tokens = tokens(3);
    let site = Site {
        tokens: &tokens,
        edits: &[("rate=50r/s", "rate=1r/m"), (" burst=250", "")],
        ..Site::default()
    };
    let relay = Relay::with(&sim, &site);
    let client = Client::of(&relay);
    let get = |n: usize| client.get(&format!("update_ip?key={}&ip=8.8.4.4", token(n)));
    get(0).expect(200, OK);
    let answer = get(1).expect(429, "too many requests from this router, or from all");
    assert!((60..=120).contains(&answer.pause()));
    assert_eq!(sim.requests().len(), 1);
    // What goes no further than the relay is none of SkyDNS's.
    get(3).expect(403, "does not know this token");
    client
        .get(&format!("profiles?key={}", token(2)))
        .expect(403, "knows this router");
}

#[test]
fn a_list_of_tokens_is_read_again() {
    let sim = Sim::start(Default::default());
    let relay = Relay::before(&sim);
    let client = Client::of(&relay);
    let get = |token: &str| client.get(&format!("update_ip?key={token}&ip=8.8.4.4"));
    get(TOKEN).expect(200, OK);
    relay.set_tokens(&format!("{} user1;\n", token(1)));
    wait_until("the new token is known", || get(&token(1)).status == 200);
    // The worker of before may serve a last one.
    let forgotten = "the relay does not know this token";
    wait_until(forgotten, || get(TOKEN).text.contains(forgotten));
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
