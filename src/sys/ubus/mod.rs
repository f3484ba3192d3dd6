//! A client of ubusd, to ask netifd for the router's networks, and procd for its
//! services, without
//! spawning a process.
//!
//! | module | subject |
//! | --- | --- |
//! | [`client`] | the connection and its deadlines |
//! | [`watch`] | the daemon's picture of the networks, kept up to date |
//! | [`service`] | the services that procd runs |
//!
//! Messages and what netifd's answers mean are [`wansync_core::ubus`]'s.

pub mod client;
pub mod service;
#[cfg(test)]
mod tests;
pub mod watch;

use std::path::Path;
use std::time::Duration;

use client::UbusClient;
use wansync_core::ubus::Error;
use wansync_core::ubus::netifd::{self, Network};
use wansync_core::ubus::value::Malformed;
use wansync_core::ubus::wire::CallArguments;

/// The socket of OpenWrt's ubusd.
pub const DEFAULT_SOCKET: &str = "/var/run/ubus/ubus.sock";

/// The longest that connecting may take, and one call after it. netifd answers within
/// milliseconds; one that is stuck is not worth more of a pass.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// netifd's object for all networks.
const NETWORKS_OBJECT: &str = "network.interface";

/// What a call gives, or why it gives nothing.
pub type Result<T> = std::result::Result<T, Box<Error>>;

/// All networks that netifd knows, as it sees them now. Takes at most twice
/// [`CALL_TIMEOUT`]. An answer that holds no list of networks is an error, never
/// an empty list.
pub fn dump_networks(socket: &Path) -> Result<Vec<Network>> {
    dump_networks_over(&mut UbusClient::connect(socket, CALL_TIMEOUT)?)
}

fn dump_networks_over(client: &mut UbusClient) -> Result<Vec<Network>> {
    let replies = client.call(NETWORKS_OBJECT, "dump", &CallArguments::default())?;
    let Some(reply) = replies.first() else {
        return Err(Box::new(Error::NoData {
            call: "network.interface dump".to_owned(),
        }));
    };
    if reply.table().array("interface").is_none() {
        return Err(Malformed("netifd's dump has no list of interfaces").into());
    }
    Ok(netifd::networks(reply.table()))
}
