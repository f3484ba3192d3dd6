//! The services that procd runs.

use std::path::Path;

use super::CALL_TIMEOUT;
use super::client::UbusClient;
use super::watch::DAEMON_CALL_TIMEOUT;
use wansync_core::config::ServiceInstance;
use wansync_core::ubus::Error;
use wansync_core::ubus::procd::{self, Service};
use wansync_core::ubus::value::kind;
use wansync_core::ubus::wire::{CallArguments, status};

/// procd's object.
const SERVICE_OBJECT: &str = "service";
/// SIGKILL and SIGTERM, which are these on every Linux.
const KILL: i32 = 9;
const TERMINATE: i32 = 15;

/// Has procd end the process of an instance, which it starts again if the instance has
/// `respawn`; by `force`, one that hangs, too. Takes no longer than twice
/// [`DAEMON_CALL_TIMEOUT`].
///
/// # Errors
/// In words.
pub fn terminate(socket: &Path, of: &ServiceInstance, force: bool) -> Result<(), String> {
    let ServiceInstance { service, instance } = of;
    let signal = if force { KILL } else { TERMINATE };
    let arguments = CallArguments::default()
        .text("name", service)
        .text("instance", instance)
        .put(kind::INT32, "signal", &signal.to_be_bytes());
    let called = UbusClient::connect(socket, DAEMON_CALL_TIMEOUT)
        .and_then(|mut client| client.call(SERVICE_OBJECT, "signal", &arguments));
    match called {
        Ok(_) => Ok(()),
        Err(Error::Status { code, .. }) if code == status::NOT_FOUND => Err(format!(
            "procd runs no process of it; '/etc/init.d/{service} restart' might"
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// All services of procd. Takes at most twice [`CALL_TIMEOUT`].
pub fn list(socket: &Path) -> Result<Vec<Service>, Error> {
    let mut client = UbusClient::connect(socket, CALL_TIMEOUT)?;
    let replies = client.call(SERVICE_OBJECT, "list", &CallArguments::default())?;
    let services = replies.first().map(|reply| procd::services(reply.table()));
    services.ok_or_else(|| Error::NoData {
        call: "service list".to_owned(),
    })
}
