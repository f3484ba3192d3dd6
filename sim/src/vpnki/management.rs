//! Making and deleting tunnels, which wants Priority status (known).

use serde_json::json;

use super::account::Vpnki;
use super::outcome::{Refusal, ResourceBody};
use super::style::{Deleted, Refused};
use crate::http::Incoming;

/// Known from a published client: the fields of the answer. Assumed: those fields
/// have these names whatever [`super::Style`] says of lists; and the password.
pub(super) fn add_tunnel(vpnki: &mut Vpnki, _: &Incoming) -> Result<ResourceBody, Refusal> {
    if let Err(cause) = may_add(vpnki) {
        return not_added(vpnki.style.not_added, cause);
    }
    let tunnel = vpnki.add();
    Ok(ResourceBody::Payload(json!({
        "login": tunnel.name,
        "password": format!("invented-{}", tunnel.name),
        "vpnki_address": tunnel.address,
        "comment": tunnel.comment,
    })))
}

fn may_add(vpnki: &Vpnki) -> Result<(), &'static str> {
    if !vpnki.priority {
        return Err(NO_PRIORITY);
    }
    let room = vpnki.tunnels.len() < vpnki.limit;
    room.then_some(()).ok_or("The limit of tunnels is reached")
}

/// Assumed: the text.
const NO_PRIORITY: &str = "Only for users with Priority status";

/// Known from a published client: the first two.
fn not_added(how: Refused, cause: &str) -> Result<ResourceBody, Refusal> {
    match how {
        Refused::AddError => Ok(ResourceBody::Payload(json!({ "add error": cause }))),
        Refused::Message => Ok(ResourceBody::Payload(json!({ "message": cause }))),
        Refused::Envelope => Err((403, cause.to_owned())),
    }
}

/// Known: “OK status if operation was successful”. Assumed: the body, so that it
/// can be chosen; a tunnel that does not exist is an error.
pub(super) fn del_tunnel(vpnki: &mut Vpnki, request: &Incoming) -> Result<ResourceBody, Refusal> {
    let name = request.param("tunnel").unwrap_or("");
    if !vpnki.priority {
        return Err((403, NO_PRIORITY.to_owned()));
    }
    if !vpnki.has(name) {
        return Err((404, "Tunnel not found".to_owned()));
    }
    vpnki.delete(name);
    let payload = match vpnki.style.deleted {
        Deleted::Bare => return Ok(ResourceBody::Bare("OK")),
        Deleted::BareText => return Ok(ResourceBody::Bare("\"OK\"")),
        Deleted::BareTrue => return Ok(ResourceBody::Bare("true")),
        Deleted::Text => json!("OK"),
        Deleted::True => json!(true),
        Deleted::Status => json!({ "status": "OK" }),
        Deleted::Result => json!({ "result": "OK" }),
        Deleted::Message => json!({ "message": "OK" }),
    };
    Ok(ResourceBody::Payload(payload))
}
