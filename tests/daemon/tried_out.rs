//! `wansync notify`: the program of `option notify`, tried out.

use std::time::{Duration, Instant};

use crate::{router, script};
use wansync_test_support::Router;

/// A router whose section and tunnel have this program, which prints its environment.
fn with_program(text: &str) -> Router {
    let router = router("");
    let program = script(&router, "told", text);
    let notify = format!("option notify '{program}'\n");
    let home = router.home(&format!(
        "option source static\noption address 8.8.4.4\n{notify}"
    ));
    let dacha = "config tunnel 'dacha'\noption name user356\noption network vpnki0\n\
                 option ping 172.16.0.1\n";
    let off = "config tunnel 'off'\noption enabled 0\n";
    let silent = router.section("silent", "option source static\noption address 8.8.8.8");
    router.configure(&format!("{home}{dacha}{notify}{off}{silent}"));
    router
}

const REASON: &str = "WANSYNC_REASON=this is a test by 'wansync notify': nothing has changed";

/// The lines that the program printed, in order.
fn printed(stdout: &str) -> Vec<&str> {
    let (_, rest) = stdout.split_once("it printed:\n").expect(stdout);
    rest.lines()
        .map_while(|line| line.strip_prefix("  "))
        .collect()
}

#[test]
fn it_is_told_as_of_a_change_and_knows_that_it_is_a_test() {
    let router = with_program(
        "#!/bin/sh\nenv | grep WANSYNC_ | grep -v PROGRAM= | sort; cat; echo \"$#\"\n",
    );
    let ran = router.run(&["notify", "home"]).expect(0);
    let expected = [
        "WANSYNC_ADDRESS=203.0.113.1",
        "WANSYNC_NEW=unconfirmed",
        "WANSYNC_OLD=confirmed",
        REASON,
        "WANSYNC_REASON_CODE=notify.test",
        "WANSYNC_SECTION=home",
        "WANSYNC_TEST=1",
        "WANSYNC_TYPE=skydns",
        "0",
    ];
    assert_eq!(printed(&ran.stdout), expected);
    assert!(ran.stdout.ends_with("/told ended well\n"), "{}", ran.stdout);
    assert_eq!(router.updates(), 0);
    router.run(&["once", "home"]).expect(0);
    let ran = router
        .run(&["notify", "home", "--new", "refused"])
        .expect(0);
    assert_eq!(
        printed(&ran.stdout)[..2],
        ["WANSYNC_ADDRESS=8.8.4.4", "WANSYNC_NEW=refused"]
    );
    let ran = router
        .run(&["notify", "--new", "given-up", "dacha"])
        .expect(0);
    let expected = [
        "WANSYNC_NEW=given-up",
        "WANSYNC_OLD=up",
        REASON,
        "WANSYNC_REASON_CODE=notify.test",
        "WANSYNC_SECTION=dacha",
        "WANSYNC_TEST=1",
        "WANSYNC_TUNNEL=user356",
        "WANSYNC_TYPE=tunnel",
        "0",
    ];
    assert_eq!(printed(&ran.stdout), expected);
}

#[test]
fn a_dry_run_only_says_what_it_would_be_told() {
    let router = with_program("#!/bin/sh\n: >\"$0.ran\"\n");
    let ran = router.run(&["notify", "dacha", "--dry-run"]).expect(0);
    let ran = ran
        .says("told would be run with")
        .says("  WANSYNC_TUNNEL=user356\n");
    ran.says("  WANSYNC_TEST=1\n");
    assert!(!router.path("told.ran").exists());
    router
        .run(&["notify", "dacha"])
        .expect(0)
        .never_says("printed");
    assert!(router.path("told.ran").exists());
}

#[test]
fn what_it_prints_and_how_it_fails_is_shown() {
    let evil = "#!/bin/sh\nprintf 'one\\033[2J\\ntwo\\n'; echo oh no >&2; exit 3\n";
    let router = with_program(evil);
    let ran = router.run(&["notify", "home"]).expect(1);
    assert_eq!(printed(&ran.stdout), ["one\\u{1b}[2J", "two"]);
    assert!(
        ran.stdout.contains("its errors:\n  oh no\n"),
        "{}",
        ran.stdout
    );
    ran.says("told failed (exit status: 3)");
    script(&router, "told", "#!/bin/sh\nkill -9 $$\n");
    router
        .run(&["notify", "home"])
        .expect(1)
        .says("failed (signal: 9");
}

#[test]
fn what_cannot_be_tried_out() {
    let router = with_program("#!/bin/sh\n");
    let run = |words: &[&str]| router.run(&[&["notify"], words].concat());
    run(&["silent"])
        .expect(78)
        .says("section 'silent' has no 'option notify'");
    run(&["off"])
        .expect(78)
        .says("off: disabled (option enabled '0')");
    let unknown = run(&["daha"]).expect(64);
    unknown.says("has no skydns or tunnel section 'daha' (did you mean 'dacha'?)");
    let states = "a tunnel section has no state 'broken', but up, down, unknown, given-up";
    run(&["dacha", "--new", "broken"]).expect(64).says(states);
    run(&[]).expect(64).says("SECTION");
    script(&router, "told", "#!/bin/sh\r\n");
    run(&["home"])
        .expect(78)
        .says("does that line end in CR LF?");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(router.path("told"), mode).expect("a mode");
    run(&["home"])
        .expect(78)
        .says("told is not executable; chmod +x it");
    std::fs::remove_file(router.path("told")).expect("a file");
    run(&["home"]).expect(78).says("told does not exist");
    router.configure_raw(b"config skydns 'home\n");
    run(&["home"]).expect(78).says("Parse error");
}

#[test]
fn one_that_hangs_is_killed_with_its_children_as_a_hook_is() {
    let router = with_program("#!/bin/sh\necho begun; sleep 300 & sleep 300\n");
    let start = Instant::now();
    let ran = router.run(&["notify", "home"]).expect(1);
    assert!(start.elapsed() >= Duration::from_secs(29));
    assert_eq!(printed(&ran.stdout), ["begun"]);
    ran.says("told took longer than 30 s");
}
