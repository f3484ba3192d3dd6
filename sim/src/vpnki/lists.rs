//! The lists: tunnels, active ones, and statistics of connections.

use serde_json::{Value, json};

use super::account::{Session, Tunnel, Vpnki};
use super::moment;
use super::outcome::{Refusal, ResourceBody};
use super::style::{ActiveFields, Dates, Rows, shaped};
use crate::http::Incoming;

/// Assumed: what stands for the end of a connection that lasts.
const LASTS: &str = "0000-00-00 00-00-00";

type ResourceResult = Result<ResourceBody, Refusal>;

pub(super) fn tunnels(vpnki: &mut Vpnki, _: &Incoming) -> ResourceResult {
    let tunnels = vpnki.tunnels.clone();
    Ok(listed(vpnki, "tunnels", ActiveFields::All, tunnels))
}

pub(super) fn active(vpnki: &mut Vpnki, _: &Incoming) -> ResourceResult {
    let names = vpnki.next_active();
    let rows = names.iter().map(|name| vpnki.tunnel(name)).collect();
    Ok(listed(vpnki, "active", vpnki.style.active_fields, rows))
}

fn listed(
    vpnki: &Vpnki,
    wrapper: &str,
    fields: ActiveFields,
    mut tunnels: Vec<Tunnel>,
) -> ResourceBody {
    tunnels.extend((tunnels.len()..vpnki.fill).map(invented));
    let style = &vpnki.style;
    let (name, address) = (style.name_field.as_str(), style.address_field.as_str());
    let row = |tunnel: Tunnel| match fields {
        ActiveFields::All => json!({
            name: tunnel.name, address: tunnel.address, "comment": tunnel.comment,
        }),
        ActiveFields::NoComment => json!({ name: tunnel.name, address: tunnel.address }),
        ActiveFields::Comment => json!({ "comment": tunnel.comment }),
        ActiveFields::Address => json!({ address: tunnel.address }),
    };
    let rows = tunnels.into_iter().map(row).collect();
    let called = match fields {
        ActiveFields::All | ActiveFields::NoComment => name,
        ActiveFields::Comment => "comment",
        ActiveFields::Address => address,
    };
    ResourceBody::Payload(shaped(called, style.rows, wrapper, rows))
}

fn invented(number: usize) -> Tunnel {
    Tunnel {
        name: format!("user{}", 100_000 + number),
        address: format!("172.17.{}.{}", number / 256 % 256, number % 256),
        comment: format!("Филиал {number}"),
    }
}

pub(super) fn stat_user(vpnki: &mut Vpnki, request: &Incoming) -> ResourceResult {
    connections(vpnki, request, "stat_user", None)
}

/// Assumed: a tunnel that does not exist is an error.
pub(super) fn stat_tunnel(vpnki: &mut Vpnki, request: &Incoming) -> ResourceResult {
    let name = request.param("tunnel").unwrap_or("");
    if !vpnki.has(name) {
        return Err((404, "Tunnel not found".to_owned()));
    }
    connections(vpnki, request, "stat_tunnel", Some(name))
}

/// Assumed: a connection is listed if it began in the interval.
fn connections(vpnki: &Vpnki, request: &Incoming, name: &str, of: Option<&str>) -> ResourceResult {
    let text = |name: &str| request.param(name).unwrap_or("");
    let since = moment::since(text("ts")).ok_or((400, "Invalid ts".to_owned()))?;
    let until = moment::until(text("te")).ok_or((400, "Invalid te".to_owned()))?;
    let wanted = |session: &&Session| {
        let start = session.start.as_str();
        of.is_none_or(|of| of == session.tunnel) && since <= start && start <= until
    };
    let found = vpnki.sessions.iter().filter(wanted);
    let mut rows: Vec<Value> = found.map(|session| row(vpnki, session)).collect();
    let invented = (rows.len()..vpnki.fill).map(|number| row(vpnki, &repeated(of, number)));
    rows.extend(invented);
    // A list of names, or rows by name, would lose connections.
    let shape = match vpnki.style.rows {
        Rows::Strings => Rows::Objects,
        Rows::Named => Rows::Numbered,
        shape => shape,
    };
    Ok(ResourceBody::Payload(shaped(
        &vpnki.style.name_field,
        shape,
        name,
        rows,
    )))
}

/// Assumed: the fields beside the name and the address, and numbers as text.
fn row(vpnki: &Vpnki, session: &Session) -> Value {
    let style = &vpnki.style;
    let date = |text: &str| match (style.dates, text.split_once(' ')) {
        (Dates::Colons, Some((day, time))) => format!("{day} {}", time.replace('-', ":")),
        _ => text.to_owned(),
    };
    json!({
        style.name_field.as_str(): session.tunnel,
        style.address_field.as_str(): vpnki.tunnel(&session.tunnel).address,
        "start": date(&session.start),
        "end": date(session.end.as_deref().unwrap_or(LASTS)),
        "sent": session.sent.to_string(),
        "received": session.received.to_string(),
    })
}

fn repeated(of: Option<&str>, number: usize) -> Session {
    let (hour, minute) = (number / 60 % 24, number % 60);
    Session {
        tunnel: of.unwrap_or("user356").to_owned(),
        start: format!("2020-02-20 {hour:02}-{minute:02}-00"),
        end: Some(format!("2020-02-20 {hour:02}-{minute:02}-59")),
        sent: number as u64,
        received: 0,
    }
}
