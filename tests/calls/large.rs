//! A hundred thousand rows, through the whole program.

use std::process::Stdio;
use std::time::Instant;

use serde_json::Value;

use crate::{CALL_TIMEOUT, club, home, skydns, vpnki};
use wansync_test_support::Router;

const ROWS: usize = 100_000;

fn router(rows: usize) -> Router {
    let router = Router::new();
    router.sim.set_fill(rows);
    // Plain http: TLS of a debug build is not what is tested here.
    let plain = |section: String| {
        section
            .replace(&router.sim.https_url(), &router.sim.http_url())
            .replace(&router.sim.vpnki_url(), &router.sim.vpnki_http_url())
    };
    let sections = format!("{}{}", plain(home(&router, "")), plain(club(&router, "")));
    router.configure(&sections);
    router
}

#[test]
fn a_long_table_is_complete() {
    let router = router(ROWS);
    let start = Instant::now();
    let ran = skydns(&router, "list_ip ident=user1").expect(0);
    assert_eq!(ran.stdout.lines().count(), ROWS + 1);
    let columns = ran
        .stdout
        .lines()
        .map(|line| line.split_whitespace().count());
    assert!(columns.min() >= Some(1));
    assert!(start.elapsed() < CALL_TIMEOUT);
}

#[test]
fn a_long_json_is_complete() {
    let router = router(ROWS);
    let ran = skydns(&router, "profiles ident=user1 --format json").expect(0);
    let data: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(data.as_object().map(serde_json::Map::len), Some(ROWS));
    let ran = vpnki(&router, "tunnels --format json").expect(0);
    let data: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(data.as_array().map(Vec::len), Some(ROWS));
}

/// A reader that has seen enough does not wait for the end.
#[test]
fn a_long_table_whose_reader_goes_away() {
    let router = router(10_000);
    let mut call = router.command(&["skydns", "get_vpn_list", "ident=user1"]);
    let mut child = call.stdout(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    assert!(child.wait().expect("it ends").success());
}
