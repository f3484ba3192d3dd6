//! The way to a service on the real binary: names that are answered in part or by
//! liars, addresses that are dead, servers that stop in the middle of TLS. The name
//! server and the servers' doors are the test's own, in a namespace beside the router's.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

wansync_test_support::simulator!();

mod bed;
mod dns;
mod doors;
mod far_end;
mod figures;
mod filters;
mod names;
mod race;
mod transport;

/// The far end, where this program is started as that.
#[test]
#[ignore = "the far end that other tests start"]
fn far_end_program() {
    far_end::run();
}
