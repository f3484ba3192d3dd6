//! A stand-in for ubusd, netifd and procd: their side of the wire format on a unix
//! socket, over a table of networks that may change while it runs.
//!
//! Written from the format's description alone and independent of the agent's
//! code, so that a mistake is not made twice; both are checked against the same
//! recordings of the real programs (`tests/data/ubus`).
//!
//! | module | subject |
//! | --- | --- |
//! | [`server`], `shared` | the handle, and the calls that tests script |
//! | `socket`, `client`, `fault` | the socket, two threads a connection, faults |
//! | [`bus`] | ubusd: lookups, calls, subscriptions, events |
//! | `listeners` | which objects of clients have asked for what |
//! | [`netifd`], [`network`] | netifd: its table of networks, and one of them |
//! | [`news`] | what netifd tells of a change |
//! | [`procd`] | procd: the instances of services, and signals to them |
//! | [`control`] | the stand-in as a program, commanded from outside |
//! | [`device`] | a network that follows a real device |
//! | [`message`], [`blob`] | the wire format |
//! | [`capture`] | the recordings, and a server that plays them back |

pub mod blob;
pub mod bus;
pub mod capture;
mod cli;
mod client;
pub mod control;
pub mod device;
mod fault;
mod listeners;
pub mod message;
pub mod netifd;
pub mod network;
pub mod news;
pub mod procd;
pub mod server;
mod shared;
mod socket;

pub use bus::Call;
pub use cli::{USAGE, main};
pub use fault::UbusFault;
pub use network::Outcome;
pub use server::UbusSim;
