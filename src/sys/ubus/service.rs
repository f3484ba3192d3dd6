//! The services that procd runs.

use std::path::Path;

use super::client::UbusClient;
use super::watch::DAEMON_CALL_TIMEOUT;
use super::{CALL_TIMEOUT, Result};
use wansync_core::config::ServiceInstance;
use wansync_core::ubus::Error;
use wansync_core::ubus::procd::{self, Service};
use wansync_core::ubus::value::kind;
use wansync_core::ubus::wire::CallArguments;

/// procd's object.
const SERVICE_OBJECT: &str = "service";
/// SIGKILL and SIGTERM, which are these on every Linux.
const KILL: i32 = 9;
const TERMINATE: i32 = 15;

/// Has procd end the process of an instance, which it starts again if the instance has
/// `respawn`; by `force`, one that hangs, too. Takes no longer than three times
/// [`DAEMON_CALL_TIMEOUT`].
///
/// Where there is no process, procd would signal whatever has its number by now, or,
/// where there never was one, itself.
///
/// # Errors
/// In words.
pub fn terminate(
    socket: &Path,
    of: &ServiceInstance,
    force: bool,
) -> std::result::Result<(), String> {
    let ServiceInstance { service, instance } = of;
    let signal = if force { KILL } else { TERMINATE };
    let name = CallArguments::default().text("name", service);
    let ended = UbusClient::connect(socket, DAEMON_CALL_TIMEOUT).and_then(|mut client| {
        let services = list_over(&mut client, &name)?;
        let of_service = services.iter().filter(|found| found.name == *service);
        let mut instances = of_service.flat_map(|found| &found.instances);
        let is_running = instances.any(|found| found.name == *instance && found.is_running);
        if is_running {
            let arguments = name.text("instance", instance);
            let arguments = arguments.put(kind::INT32, "signal", &signal.to_be_bytes());
            client.call(SERVICE_OBJECT, "signal", &arguments)?;
        }
        Ok(is_running)
    });
    match ended {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!(
            "procd runs no process of it; '/etc/init.d/{service} restart' starts it"
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// All services of procd. Takes at most twice [`CALL_TIMEOUT`].
pub fn list(socket: &Path) -> Result<Vec<Service>> {
    let mut client = UbusClient::connect(socket, CALL_TIMEOUT)?;
    list_over(&mut client, &CallArguments::default())
}

fn list_over(client: &mut UbusClient, of: &CallArguments) -> Result<Vec<Service>> {
    let replies = client.call(SERVICE_OBJECT, "list", of)?;
    let services = replies.first().map(|reply| procd::services(reply.table()));
    services.ok_or_else(|| {
        Box::new(Error::NoData {
            call: "service list".to_owned(),
        })
    })
}
