//! A client of ubusd, to ask netifd for the router's networks without
//! spawning a process.
//!
//! | module | subject |
//! | --- | --- |
//! | [`client`] | the connection and its deadlines |
//! | [`watch`] | the daemon's picture of the networks, kept up to date |
//!
//! Messages and what netifd's answers mean are [`wansync_core::ubus`]'s.

pub mod client;
#[cfg(test)]
mod tests;
pub mod watch;

use std::path::Path;
use std::time::Duration;

use client::Client;
use wansync_core::ubus::Error;
use wansync_core::ubus::netifd::{self, Network};
use wansync_core::ubus::wire::Arguments;

/// Where OpenWrt's ubusd listens.
pub const SOCKET: &str = "/var/run/ubus/ubus.sock";

/// How long connecting may take, and one call after it. netifd answers within
/// milliseconds; one that is stuck is not worth more of a pass.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// netifd's object for all networks.
const NETWORKS: &str = "network.interface";

/// All networks that netifd knows, as it sees them now. Takes at most twice
/// [`PATIENCE`]. An answer that holds no list of networks is an error, never
/// an empty list.
pub fn dump(socket: &Path) -> Result<Vec<Network>, Error> {
    dump_over(&mut Client::connect(socket, PATIENCE)?)
}

fn dump_over(client: &mut Client) -> Result<Vec<Network>, Error> {
    let replies = client.call(NETWORKS, "dump", &Arguments::default())?;
    let Some(reply) = replies.first() else {
        return Err(Error::NoData {
            call: "network.interface dump".to_owned(),
        });
    };
    if reply.table().array("interface").is_none() {
        return Err(Error::Malformed {
            what: "netifd's dump has no list of interfaces",
        });
    }
    Ok(netifd::networks(reply.table()))
}
