//! Events on ubus, `wansync.event`, for pages and scripts that wait for a change.

use std::path::Path;
use std::time::Duration;

use super::changes::Change;
use crate::sys::clock;
use crate::sys::ubus::Result;
use crate::sys::ubus::client::UbusClient;
use wansync_core::ubus::wire;

/// The name of the events.
const EVENT: &str = "wansync.event";
/// The longest that connecting may take, and each event after it.
const EVENT_TIMEOUT: Duration = Duration::from_millis(200);
/// The longest that all of them may take. ubusd answers within a millisecond; where it is
/// stuck, nothing may wait for it.
const TOTAL_TIMEOUT: Duration = Duration::from_millis(400);

/// Sends an event for each change that is news. Where that fails, nobody is listening.
pub fn send(socket: &Path, changes: &[Change]) {
    if changes.iter().any(|change| change.is_news)
        && let Err(error) = try_send(socket, changes)
    {
        log::debug!("no event is sent: {error}");
    }
}

fn try_send(socket: &Path, changes: &[Change]) -> Result<()> {
    let end = clock::since_boot() + TOTAL_TIMEOUT;
    let mut client = UbusClient::connect(socket, EVENT_TIMEOUT)?;
    for change in changes {
        if change.is_news && clock::since_boot() < end {
            client.send_event(&event(change))?;
        }
    }
    Ok(())
}

fn event(change: &Change) -> wire::CallArguments {
    let subject = match change.kind {
        "tunnel" => "tunnel",
        _ => "address",
    };
    let texts = [
        ("type", change.kind),
        ("section", &change.section),
        ("old", change.old),
        ("new", change.new),
        (subject, &change.subject),
    ];
    wire::event(EVENT, &texts, &change.reason)
}
