//! The daemon's picture of the router's networks, kept up to date by what
//! netifd notifies, without asking again.
//!
//! Subscribed first and asked second, so that nothing is lost in between. A
//! notification holds the whole state of its network, so the last one wins.
//! Not notified are: another address of a LAN when the prefix it got from a WAN
//! changes, and a network that comes with a reload or goes (so then everything is
//! asked for again: ubusd tells of its object); and a lifetime that runs
//! down to "deprecated" ([`NetworkWatch::refresh`], now and then, sees it).

use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::Duration;

use super::client::{Notice, UbusClient, no_object};
use super::{NETWORKS_OBJECT, Result, dump_networks_over};
use wansync_core::ubus::error::Error;
use wansync_core::ubus::netifd::{self, Network};
use wansync_core::ubus::value::{BlobTable, BlobValue};
use wansync_core::ubus::wire::CallArguments;

/// The longest that connecting may take, and one call after it. netifd answers within
/// milliseconds; for one that is stuck, the daemon must not be deaf for long.
pub const DAEMON_CALL_TIMEOUT: Duration = Duration::from_secs(1);

/// The most notices that are taken at once, so that no flood of them holds the daemon.
const MAX_NOTICES_AT_ONCE: usize = 256;

/// The names of ubusd's events about objects that come and go begin with this.
const OBJECT_EVENTS: &str = "ubus.object.";

/// A connection that follows netifd's networks. After an error it is of no
/// more use: connect anew, after a pause.
#[derive(Debug)]
pub struct NetworkWatch {
    client: UbusClient,
    networks: Vec<Network>,
}

impl NetworkWatch {
    /// Connects, subscribes and asks for all networks. Takes no longer than
    /// [`DAEMON_CALL_TIMEOUT`] where netifd or ubusd is stuck, a few times that where
    /// both are slow.
    pub fn connect(socket: &Path) -> Result<NetworkWatch> {
        let mut client = UbusClient::connect(socket, DAEMON_CALL_TIMEOUT)?;
        let own = client.subscribe(NETWORKS_OBJECT)?;
        match client.listen(own, OBJECT_EVENTS) {
            // Rights that an earlier version has left do not allow it: networks that
            // come without a notification are found later then.
            Err(error) if !matches!(*error, Error::NotPermitted { .. } | Error::Status { .. }) => {
                return Err(error);
            }
            _ => {}
        }
        let mut watch = NetworkWatch {
            client,
            networks: Vec::new(),
        };
        watch.refresh()?;
        Ok(watch)
    }

    /// The networks as netifd last notified.
    pub fn networks(&self) -> &[Network] {
        &self.networks
    }

    /// Those, when nothing more is to be heard.
    pub fn into_networks(self) -> Vec<Network> {
        self.networks
    }

    /// Takes the notices that are there; says whether some network is not, or
    /// for a moment was not, what it was. Does not wait, except for the answer
    /// of [`NetworkWatch::refresh`] when a prefix changed, or a network came or went. The descriptor may still
    /// be ready after it.
    ///
    /// # Errors
    /// The connection broke, or netifd is gone: [`Error::NoObject`].
    pub fn take(&mut self) -> Result<bool> {
        let (mut changed, mut is_partial) = (false, false);
        for _ in 0..MAX_NOTICES_AT_ONCE {
            match self.client.notice()? {
                None => break,
                Some(Notice::Gone) => {
                    return Err(no_object(NETWORKS_OBJECT));
                }
                Some(Notice::Notification(name, reply)) => {
                    changed |= apply(&mut self.networks, &name, reply.table());
                    is_partial |=
                        has_new_prefix(reply.table()) || is_of_network(&name, reply.table());
                }
            }
        }
        if is_partial {
            changed |= self.refresh()?;
        }
        Ok(changed)
    }

    /// Asks for all networks again; says whether something changed.
    pub fn refresh(&mut self) -> Result<bool> {
        let networks = dump_networks_over(&mut self.client)?;
        // What was notified before this answer would set the picture back.
        self.client.forget_notifications();
        let changed = networks != self.networks;
        self.networks = networks;
        Ok(changed)
    }
}

impl AsFd for NetworkWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.client.as_fd()
    }
}

/// Brings one notification into the picture; says whether it changed it.
fn apply(networks: &mut Vec<Network>, notification: &str, state: BlobTable<'_>) -> bool {
    if !["interface.update", "interface.down"].contains(&notification) {
        return false;
    }
    let Some(name) = state.text("interface") else {
        return false;
    };
    let network = netifd::network(&name, state);
    let known = networks.iter().position(|known| known.name == name);
    // One that was made at run time is taken away after it went down, without
    // a notification.
    let is_over = network.dynamic && notification == "interface.down";
    match known {
        Some(index) if is_over => {
            networks.remove(index);
        }
        Some(index) if networks[index] == network => return false,
        Some(index) => networks[index] = network,
        None if is_over => return false,
        None => insert(networks, network),
    }
    true
}

/// In netifd's order, which is that of the names.
fn insert(networks: &mut Vec<Network>, network: Network) {
    let after = networks.iter().position(|known| known.name > network.name);
    networks.insert(after.unwrap_or(networks.len()), network);
}

/// Networks below may have got other addresses, without a notification. `updated`
/// is what the last update changed, and stays until the next one.
fn has_new_prefix(state: BlobTable<'_>) -> bool {
    let updated = state.array("updated");
    updated.is_some_and(|list| {
        list.iter()
            .any(|what| what == BlobValue::String(b"prefixes"))
    })
}

/// An event that the object of a network has come or gone.
fn is_of_network(event: &str, about: BlobTable<'_>) -> bool {
    let path = about.text("path").unwrap_or_default();
    let rest = path.strip_prefix(NETWORKS_OBJECT);
    event.starts_with(OBJECT_EVENTS) && rest.is_some_and(|rest| rest.starts_with('.'))
}

/// Takes a network down, as `ifdown` does. netifd has begun when this returns.
/// Unless the error is `NoObject`, `NotPermitted` or `Status`, it may have
/// begun all the same, and will leave the network down: call [`up`].
pub fn down(socket: &Path, network: &str) -> Result<()> {
    order(socket, "down", network)
}

/// Brings a network up, as `ifup` does. netifd has begun when this returns.
pub fn up(socket: &Path, network: &str) -> Result<()> {
    order(socket, "up", network)
}

/// On a connection of its own, which no notice can get in the way of. Takes no
/// longer than twice [`DAEMON_CALL_TIMEOUT`].
fn order(socket: &Path, method: &str, network: &str) -> Result<()> {
    let arguments = CallArguments::default().text("interface", network);
    let mut client = UbusClient::connect(socket, DAEMON_CALL_TIMEOUT)?;
    client.call(NETWORKS_OBJECT, method, &arguments).map(drop)
}
