//! Tunnels that are watched, on the test router: what is found out, what is
//! done, and above all what is not done.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests do I/O"
)]

wansync_test_support::simulator!();

mod budgets;
mod clients;
mod crashes;
mod culprits;
mod devices;
mod events;
mod evidence;
mod hostile;
mod links;
mod many;
mod night;
mod orders;
mod outages;
mod routes;
mod services;
mod traffic;
mod triggers;
mod wan;
