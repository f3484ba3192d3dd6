//! What keeps a router and its secrets safe where something is against them: a full
//! disk, another user of the router, a service that quotes the key, a fault.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

mod access;
mod faults;
mod output;
mod quotes;
mod traps;
