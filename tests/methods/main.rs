//! Every method of SkyDNS and every resource of VPNKI, through the real program,
//! against the simulated services: what is printed, what the service holds
//! afterwards, and how the program ends.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

mod bodies;
mod failures;
mod help;
mod output;
mod requests;
mod rows;
mod styles;
mod successes;
mod tables;
mod usage;
mod world;
