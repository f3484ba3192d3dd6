//! A stand-in for ubusd and netifd: their side of the wire format on a unix
//! socket, over a table of networks that may change while it runs.
//!
//! Written from the format's description alone and independent of the agent's
//! code, so that a mistake is not made twice; both are checked against the same
//! recordings of the real programs (`tests/data/ubus`).
//!
//! | module | subject |
//! | --- | --- |
//! | [`server`] | the socket, one thread a connection, faults |
//! | [`bus`] | what ubusd answers: lookups, calls, pings |
//! | [`netifd`] | what netifd answers, from its table of networks |
//! | [`device`] | a network that follows a real device |
//! | [`message`], [`blob`] | the wire format |
//! | [`capture`] | the recordings, and a server that plays them back |

pub mod blob;
pub mod bus;
pub mod capture;
mod cli;
pub mod device;
pub mod message;
pub mod netifd;
pub mod server;

pub use cli::{USAGE, main};
pub use server::{Fault, UbusSim};
