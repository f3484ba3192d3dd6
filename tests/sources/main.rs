//! Every source of the real binary: what it finds, what it refuses, and how
//! long it may take.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

wansync_test_support::simulator!();

mod children;
mod claims;
mod command;
mod failover;
mod interface;
mod names;
mod network;
mod prefix;
mod shared;
mod stated;
mod web;

use wansync_test_support::{Ran, Router};

/// Asserts the result of a source that finds nothing that may be published:
/// nothing is sent, the reason is said, and the exit code is 75.
#[track_caller]
fn aborts(router: &Router, reason: &str) {
    aborted(router, router.once(), reason);
}

#[track_caller]
fn aborted(router: &Router, ran: Ran, reason: &str) {
    ran.expect(75).says("home: aborted: ").says(reason);
    assert_eq!(router.updates(), 0, "{reason}");
}

/// Asserts the result of a source that finds `address`.
#[track_caller]
fn confirms(router: &Router, address: &str) {
    router
        .once()
        .expect(0)
        .says(&format!("home: confirmed: {address} is confirmed"));
    assert_eq!(router.bound(), [address]);
}
