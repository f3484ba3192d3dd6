//! `wansync check`: what is wrong, in words, and nothing is changed by asking.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests do I/O"
)]

mod background;
mod candidate;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use wansync_sim::{KEY, Times};
use wansync_test_support::{Ran, Router, clocks};

const STATIC: &str = "option source 'static'\noption address '8.8.4.4'";

#[track_caller]
fn check(router: &Router) -> Ran {
    let ran = router.run(&["check"]);
    asked_only(router);
    ran
}

/// Nothing but `profiles` was asked, and nothing was written.
#[track_caller]
fn asked_only(router: &Router) {
    for request in router.sim.requests() {
        assert_eq!(
            (request.method.as_str(), request.call()),
            ("GET", "profiles")
        );
    }
    assert!(!router.path("run").exists() && !router.path("etc").exists());
    assert_eq!(router.bound(), [""; 0]);
}

#[track_caller]
fn fails(router: &Router, code: i32, part: &str) {
    let ran = check(router);
    assert_eq!(ran.code, Some(code), "{part}: {}", ran.said());
    let mut lines = ran.stdout.lines();
    let found = lines.any(|line| line.starts_with("FAIL  ") && line.contains(part));
    assert!(found, "no '{part}' in a FAIL of:\n{}", ran.said());
    assert!(!ran.said().contains(KEY), "{}", ran.said());
}

#[test]
fn a_good_configuration() {
    let router = Router::with_address("8.8.4.4");
    let ran = check(&router).expect(0);
    let words: Vec<&str> = ran.stdout.lines().map(|line| &line[..6]).collect();
    // This machine is no router of OpenWrt's, which is nothing to warn of.
    let expected = ["ok    ", "note  ", "ok    ", "ok    ", "ok    ", "ok    "];
    assert_eq!(words, expected, "{}", ran.stdout);
    assert_eq!(ran.stderr, "");
    let ran = ran
        .says("1 skydns sections, 1 in use, 0 disabled")
        .says("the clock says 20")
        .says("holds 1 certificates")
        .says("home: the WAN address is 8.8.4.4")
        .says("home: 127.0.0.1 knows the key and the user user1");
    ran.never_says(KEY);
    assert_eq!(router.sim.requests().len(), 1);
}

#[test]
fn offline_asks_no_service() {
    let router = Router::with_address("8.8.4.4");
    let ran = router.run(&["check", "--offline"]).expect(0);
    assert_eq!(ran.stdout.lines().count(), 2, "{}", ran.stdout);
    router.set_address("not an address");
    router
        .run(&["check", "--offline"])
        .expect(78)
        .says("line 8");
    assert_eq!(router.sim.requests().len(), 0);
    asked_only(&router);
}

#[test]
fn what_was_remembered_stays_as_it_was() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    let files = || {
        let folders = [router.path("run"), router.path("etc")];
        let entries = folders
            .into_iter()
            .flat_map(|f| fs::read_dir(f).expect("a folder"));
        let entries = entries.map(|entry| entry.expect("an entry"));
        let mut files: Vec<_> = entries
            .map(|entry| {
                let changed = entry.metadata().expect("metadata").modified();
                let bytes = fs::read(entry.path()).expect("a file");
                (entry.path(), changed.expect("a time"), bytes)
            })
            .collect();
        files.sort();
        files
    };
    let before = files();
    router.set_address("8.8.8.8");
    router.run(&["check"]).expect(0);
    router.run(&["check", "--offline"]).expect(0);
    router.set_address("10.0.0.1");
    router.run(&["check"]).expect(75);
    assert_eq!(files(), before);
    assert_eq!(router.bound(), ["8.8.4.4"]);
    assert_eq!(router.updates(), 1);
}

#[test]
fn certificates_that_are_not_trusted() {
    let router = Router::with_address("8.8.4.4");
    for (fault, part) in [
        ("tls-wrong-ca", "not trusted by"),
        ("tls-self-signed", "TLS with 127.0.0.1 failed"),
        ("tls-expired", "has expired"),
        ("tls-not-yet-valid", "not valid yet"),
        ("tls-wrong-name", "for another name"),
        ("tls-close", "127.0.0.1"),
        ("tls-reset", "127.0.0.1"),
        ("tls-plain", "127.0.0.1"),
    ] {
        router
            .sim
            .fault(fault.parse().expect(fault), Times::Next(1));
        fails(&router, 69, part);
        assert_eq!(router.sim.requests().len(), 0, "{fault}");
    }
    assert_eq!(router.sim.faults_waiting(), 0);
}

#[test]
fn ca_files_that_are_none() {
    let router = Router::with_address("8.8.4.4");
    let text = fs::read_to_string(router.config()).expect("text");
    let ca_file = router.path("ca.pem");
    let (theirs, ours) = (
        router.sim.ca_file().display().to_string(),
        ca_file.display().to_string(),
    );
    router.configure_raw(text.replace(&theirs, &ours).as_bytes());
    let told = format!("the CA file {ours}");
    fails(&router, 78, &told);
    fails(&router, 78, "ca-bundle");
    for bytes in [&b""[..], b"rubbish\n", b"-----BEGIN CERTIFICATE-----\n"] {
        fs::write(&ca_file, bytes).expect("a CA file");
        fails(&router, 78, &told);
        fails(&router, 78, "home: TLS with 127.0.0.1 failed");
    }
    fs::remove_file(&ca_file).expect("removed");
    fs::create_dir(&ca_file).expect("a folder");
    fails(&router, 78, &told);
    assert_eq!(router.sim.requests().len(), 0);
    fs::remove_dir(&ca_file).expect("removed");
    fs::copy(&theirs, &ca_file).expect("a CA file");
    check(&router).expect(0);
}

#[test]
fn services_that_are_not_there() {
    let router = Router::new();
    let table = [
        (
            "https://no-such-host.invalid/",
            "home: name resolution of no-such-host.invalid failed",
        ),
        ("https://127.0.0.1:1/", "home: no connection to 127.0.0.1"),
    ];
    for (url, part) in table {
        router.configure(&router.home(STATIC).replace(&router.sim.https_url(), url));
        fails(&router, 69, part);
    }
}

#[test]
fn a_service_that_refuses_or_talks_nonsense() {
    let router = Router::with_address("8.8.4.4");
    for (fault, code, part) in [
        ("status=503", 69, "home: 127.0.0.1: HTTP status 503"),
        (
            "status=429,retry-after=60",
            69,
            "home: 127.0.0.1: HTTP status 429",
        ),
        ("status=403", 77, "home: 127.0.0.1: HTTP status 403"),
        (
            "html",
            1,
            "home: 127.0.0.1: the reply is not JSON but an HTML page",
        ),
        (
            "empty",
            1,
            "home: 127.0.0.1: the reply is not JSON but an empty body",
        ),
        ("close", 69, "home: the connection to 127.0.0.1 broke"),
        ("redirect=host", 1, "home: 127.0.0.1: redirected to "),
    ] {
        router
            .sim
            .fault(fault.parse().expect(fault), Times::Next(1));
        fails(&router, code, part);
    }
    let text = fs::read_to_string(router.config()).expect("text");
    router.configure_raw(text.replace(KEY, "wrong-key").as_bytes());
    fails(&router, 77, "home: 127.0.0.1 says: Invalid provider key");
    router.configure_raw(text.replace("user1", "nobody").as_bytes());
    fails(&router, 77, "home: 127.0.0.1 says: User not found");
    let echo = format!("error=message,text=no such key: {KEY}");
    router.configure_raw(text.as_bytes());
    router
        .sim
        .fault(echo.parse().expect("a fault"), Times::Next(1));
    fails(&router, 77, "no such key: ***");
}

#[test]
fn a_profile_that_the_user_does_not_have() {
    let router = Router::new();
    router.configure(&router.home(&format!("{STATIC}\noption profile 1002")));
    check(&router).expect(0);
    router.configure(&router.home(&format!("{STATIC}\noption profile 7")));
    fails(
        &router,
        78,
        "home: the user has no profile 7, but: 1001 (Основной), 1002 (Дети)",
    );
}

#[test]
fn a_wan_without_an_address_to_publish() {
    let router = Router::new();
    for (options, part) in [
        (
            "option source static\noption address 100.64.0.1",
            "home: 100.64.0.1",
        ),
        ("option source network", "home: "),
        (
            "option source interface\noption device nosuch0",
            "home: there is no device nosuch0",
        ),
        (
            "option source command\noption command /bin/false",
            "home: the command /bin/false failed",
        ),
    ] {
        router.configure(&router.home(options));
        fails(&router, 75, part);
    }
    // The service was asked all the same: one run reports all.
    assert_eq!(router.sim.requests().len(), 4);
}

#[test]
fn a_clock_that_is_not_set() {
    let router = Router::with_address("8.8.4.4");
    let mut check = clocks::at_wall(&router.command(&["check"]), "@2020-01-01 00:00:00");
    let ran = wansync_test_support::ran(check.output().expect("the program runs"));
    let ran = ran
        .expect(75)
        .says("FAIL  the clock is not set, it says 2020-01-01");
    ran.says("home: TLS with 127.0.0.1 failed: the router's clock is not set");
    assert_eq!(router.sim.requests().len(), 0);
    asked_only(&router);
}

/// The first of the findings decides the exit code, and all are told.
#[test]
fn every_section_is_checked() {
    let router = Router::new();
    let refused = router.section("nobody", STATIC).replace("user1", "nobody");
    let wrong = router.section("wrong", &format!("{STATIC}\noption profile x"));
    let off = router.section("off", "option enabled 0");
    let good = router.section("good", STATIC);
    router.configure(&[refused.clone(), good.clone(), off].concat());
    let ran = check(&router).expect(77).says("FAIL  nobody: ");
    ran.says("ok    good: 127.0.0.1 knows").says("1 disabled");
    router.configure(&[refused, wrong, good].concat());
    let ran = check(&router).expect(78).says("FAIL  nobody: ");
    ran.says("section 'wrong'")
        .says("ok    good: 127.0.0.1 knows");
}

/// Each finding of the text is an object, with its place in the configuration.
#[test]
fn findings_for_programs() {
    let router = Router::with_address("10.0.0.1");
    let config = fs::read_to_string(router.config()).expect("the configuration");
    let config = format!("{config}\toption netwrok 'wan'\n");
    router.configure_raw(config.as_bytes());
    let line = config.lines().count();
    let text = router.run(&["check"]);
    let ran = router.run(&["check", "--format", "json"]).expect(75);
    let findings: Vec<serde_json::Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(findings.len(), text.stdout.lines().count());
    for (finding, line) in findings.iter().zip(text.stdout.lines()) {
        let words = finding["text"].as_str().expect("a text");
        let is_clock = finding["code"] == "check.clock";
        assert!(is_clock || line.ends_with(words), "{finding}: {line}");
        assert_eq!(finding.as_object().expect("an object").len(), 8);
    }
    let find = |code: &str| {
        let mut all = findings.iter();
        all.find(|finding| finding["code"] == code)
            .unwrap_or_else(|| panic!("no {code} in {}", ran.stdout))
    };
    let unknown = find("config.unknown_option");
    assert_eq!(unknown["args"]["hint"][0]["args"]["meant"], "network");
    assert_eq!(unknown["level"], "warn");
    assert_eq!(unknown["option"], "netwrok");
    assert_eq!(unknown["line"], line);
    assert_eq!(unknown["section"], "home");
    assert_eq!(unknown["type"], "skydns");
    let private = find("address.private");
    assert_eq!(private["level"], "fail");
    assert_eq!(private["args"]["address"], "10.0.0.1");
    assert_eq!(private["section"], "home");
    assert_eq!(private["line"], serde_json::Value::Null);
    assert_eq!(find("check.user_known")["level"], "ok");
    router
        .run(&["check", "--format", "csv"])
        .expect(64)
        .says("it is text or json");
}

/// A problem of the configuration has a code, whatever it is, and the option that it is
/// about.
#[test]
fn problems_for_programs() {
    let router = Router::new();
    let key = router.path("key");
    fs::write(&key, "ab\u{441}123\n").expect("a key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("permissions");
    let find = |config: &str, code: &str| {
        router.configure_raw(config.as_bytes());
        let ran = router.run(&["check", "--offline", "--format", "json"]);
        let mut findings = ran.stdout.lines().map(|line| {
            let finding: serde_json::Value = serde_json::from_str(line).expect("JSON");
            assert!(!line.contains("\"words\""), "{line}");
            finding
        });
        let found = findings.find(|finding| finding["code"] == code);
        found.unwrap_or_else(|| panic!("no {code} in {}", ran.stdout))
    };
    let option = |line: &str| format!("config skydns 'home'\n\toption ident 'a'\n\t{line}\n");
    let daily = find(&option("option daily_limit '289'"), "config.bad_value");
    assert_eq!(
        (&daily["option"], &daily["line"]),
        (&"daily_limit".into(), &3.into())
    );
    assert_eq!(daily["args"]["value"], "289");
    assert_eq!(daily["args"]["cause"][0]["code"], "value.not_in_range");
    assert_eq!(daily["args"]["cause"][0]["args"]["max"], 288);
    let missing = find(
        &option("option source 'interface'"),
        "config.missing_for_source",
    );
    assert_eq!(missing["option"], "device");
    let key_file = option(&format!("option key_file '{}'", key.display()));
    for (code, name) in [
        ("key.readable_by_all", "key_file"),
        ("key.pasted", "key_file"),
    ] {
        assert_eq!(find(&key_file, code)["option"], name);
    }
    fs::remove_file(&key).expect("the key is removed");
    let gone = find(&key_file, "key.file");
    assert_eq!(gone["args"]["cause"][0]["code"], "file.missing");
    let syntax = find("config skydns 'home\n", "config.of_file");
    let cause = &syntax["args"]["cause"][0];
    assert_eq!(cause["code"], "config.syntax");
    assert_eq!(cause["args"]["line_number"], 1);
}
