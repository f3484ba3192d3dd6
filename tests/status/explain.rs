//! `wansync explain`: what the codes of a status mean.

use wansync_core::reason::Code;
use wansync_test_support::Router;

#[test]
fn the_code_of_a_status_and_what_to_do() {
    let router = Router::with_address("10.0.0.1");
    router.once().expect(75);
    let home = router.home_status();
    assert_eq!(home["reason_code"], "address.private");
    let explained = router.run(&["explain", "address.private"]).expect(0);
    explained
        .says("<address> is a private address: this router is behind another one")
        .says("what to do: the other router into bridge mode");
    // Where there is nothing to do, nothing is said of it.
    let ran = router.run(&["explain", "send.confirmed"]).expect(0);
    assert_eq!(ran.stdout, "send.confirmed\n  <address> is confirmed\n");
}

#[test]
fn a_code_that_there_is_not() {
    let router = Router::new();
    router
        .run(&["explain", "address.privat"])
        .expect(64)
        .says("there is no code 'address.privat' (did you mean 'address.private'?); 'wansync explain' lists them");
    let all = router.run(&["explain"]).expect(0);
    assert_eq!(all.stdout.lines().count(), Code::ALL.len());
    for code in Code::ALL {
        let line = format!("{:24}  ", code.name());
        assert!(all.stdout.contains(&line), "{}", code.name());
    }
}
