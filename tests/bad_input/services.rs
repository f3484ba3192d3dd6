//! Replies that are none, and one section among others.

use super::*;

#[test]
fn bodies_that_are_no_reply() {
    let settled = Settled::new();
    let router = &settled.router;
    let nuls = format!("body={}", "\0".repeat(10));
    let table = [
        ("oversize=10000000", 1, "larger than"),
        ("empty", 1, "an empty body"),
        ("nesting=10000", 1, "nested more than"),
        ("nul", 1, "other text"),
        (&nuls, 1, "other text"),
        ("html", 1, "HTML page"),
        ("big-header=1000000", 69, "127.0.0.1"),
        ("not-http", 69, "127.0.0.1"),
        ("close", 69, "127.0.0.1"),
        ("status=503", 69, "HTTP status 503"),
        ("status=404", 69, "HTTP status 404 of a web server"),
        ("status=403", 77, "HTTP status 403"),
    ];
    for (number, (fault, code, part)) in table.into_iter().enumerate() {
        let parsed = fault.parse().unwrap_or_else(|e| panic!("{fault}: {e}"));
        router.sim.fault(parsed, Times::Next(1));
        // Changes that follow on each other would be held down.
        router.reboot();
        router.set_address(&format!("8.8.8.{number}"));
        let ran = sound(router.once(), fault).expect(code).says(part);
        assert_eq!(ran.stdout.lines().count(), 1, "{fault}: {}", ran.stdout);
        assert!(ran.stdout.starts_with("home: "), "{fault}: {}", ran.stdout);
        assert_eq!(ran.stderr.lines().count(), 1, "{fault}: {}", ran.stderr);
        assert_eq!(router.home_status()["confirmed"], "8.8.4.4", "{fault}");
        let record = fs::read(router.record()).expect("a record");
        let record: serde_json::Value = serde_json::from_slice(&record).expect("JSON");
        assert_eq!(
            record["sections"]["home"]["confirmed"], "8.8.4.4",
            "{fault}"
        );
    }
    assert_eq!(router.sim.faults_waiting(), 0);
}

/// The first section in the order of the file decides the exit code.
#[test]
fn one_bad_section_stops_itself_alone() {
    let router = Router::new();
    router.sim.add_user("user2", &[]);
    let good = router.section("good", STATIC);
    let second = router
        .section("second", "option source static\noption address 8.8.8.8")
        .replace("user1", "user2");
    let wrong = router.section("wrong", &format!("{STATIC}\noption profile 'x'"));
    let nokey = router.section("nokey", STATIC).replace(
        &format!("option key '{KEY}'"),
        "option key_file '/nonexistent'",
    );
    let refused = router.section("refused", STATIC).replace("user1", "nobody");
    let private = router.section(
        "private",
        "option source static\noption address 192.168.1.2",
    );
    let gone = router
        .section("gone", STATIC)
        .replace(&router.sim.https_url(), "https://127.0.0.1:1/");
    let table = [
        (vec![&wrong, &good, &second], 78),
        (vec![&good, &nokey, &second], 78),
        (vec![&good, &refused, &wrong, &second], 77),
        (vec![&private, &refused, &good, &second], 75),
        (vec![&good, &gone, &private, &second], 69),
        (vec![&good, &second], 0),
    ];
    for (sections, code) in table {
        router.reboot();
        let _ = fs::remove_dir_all(router.path("etc"));
        router.sim.reset();
        router.sim.add_user("user2", &[]);
        let text: String = sections.into_iter().map(String::as_str).collect();
        router.configure(&text);
        let ran = sound(router.once(), &text).expect(code);
        ran.says("good: confirmed").says("second: confirmed");
        assert_eq!(router.bound(), ["8.8.4.4"]);
        assert_eq!(router.sim.bindings("user2").len(), 1);
        let refusals = usize::from(text.contains("nobody"));
        assert_eq!(router.sim.requests().len(), 2 + refusals);
        sound(router.run(&["status"]), &text).expect(0).says("good");
    }
}
