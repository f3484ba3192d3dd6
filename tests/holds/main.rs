//! Refusals, waits and what is remembered of them: by address, by way of access, where
//! the state cannot be written, and while a send is under way.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests do I/O"
)]

mod access;
mod gate;
mod other_config;
mod refusals;
mod sending;
mod small;
mod unwritable;

use wansync_sim::Times;
use wansync_test_support::{Ran, Router};

const STATIC: &str = "option source 'static'\noption address '8.8.4.4'";

fn fault(router: &Router, text: &str) {
    router.sim.fault(text.parse().expect(text), Times::All);
}

fn force(router: &Router) -> Ran {
    router.run(&["once", "--force"])
}
