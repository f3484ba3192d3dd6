//! What VPNKI says of the tunnels, and whether each has the name that VPNKI knows.

use crate::agent::account::request;
use crate::agent::observe::Observer;
use crate::agent::paths::key_of;
use crate::agent::publish::redact_failure;
use crate::commands::check::findings::Findings;
use crate::exit::Exit;
use crate::sys::clock;
use crate::sys::http::HttpClient;
use wansync_core::config::secret::Secret;
use wansync_core::config::suggest::nearest_name;
use wansync_core::config::{Tunnel, Vpnki};
use wansync_core::failure::Failure;
use wansync_core::service::reply::Reply;
use wansync_core::service::vpnki::{Aliases, watch};
use wansync_core::text::width::clean;
use wansync_core::tunnel::account::TunnelId;

/// The most names of an account's tunnels that are printed.
const MAX_NAMES: usize = 20;

/// The lists of tunnels that an account has.
pub(super) struct TunnelLists {
    tunnels: Reply,
    active: Reply,
    aliases: Aliases,
    /// Of all its tunnels, as they may be printed.
    names: Vec<String>,
}

/// Name resolution, TLS and key, by the two requests of a look.
pub(super) fn check_account(
    name: &str,
    account: &Vpnki,
    watched: &[TunnelId<'_>],
    client: &HttpClient,
    observer: &Observer<'_>,
    findings: &mut Findings,
) -> Option<TunnelLists> {
    let Ok(key) = key_of(name, &account.key) else {
        return None;
    };
    let host = account.base_url.host();
    match fetch_lists(account, watched, key.as_ref(), client, observer) {
        Ok(lists) => {
            let count = lists.names.len();
            findings.good(format!(
                "{name}: {host} knows the key, and {count} tunnels by name"
            ));
            Some(lists)
        }
        Err(failure) => {
            let failure = redact_failure(failure, key.as_ref());
            let text = format!("{name}: {}", failure.describe_at(host));
            findings.bad(Exit::of_call(&failure), text);
            None
        }
    }
}

fn fetch_lists(
    account: &Vpnki,
    watched: &[TunnelId<'_>],
    key: Option<&Secret>,
    client: &HttpClient,
    observer: &Observer<'_>,
) -> Result<TunnelLists, Failure> {
    let device = observer.way_out(account.bind.as_deref())?;
    let ask = |resource| {
        let url = watch::url(account, resource, key);
        request(client, &url, device.as_deref(), key)
    };
    let (aliases, wall) = (watch::aliases(account), clock::now().wall);
    let tunnels = ask(watch::TUNNELS)?;
    watch::listed(watch::TUNNELS, &tunnels, watched, &aliases, wall)?;
    let names = watch::names(watch::TUNNELS, &tunnels, &aliases, wall)?;
    let active = ask(watch::ACTIVE)?;
    watch::listed(watch::ACTIVE, &active, watched, &aliases, wall)?;
    let shown = |name: &String| {
        let name = clean(name);
        key.map_or_else(|| name.to_string(), |key| key.redact(&name))
    };
    Ok(TunnelLists {
        names: names.iter().map(shown).collect(),
        tunnels,
        active,
        aliases,
    })
}

pub(super) fn check_listed(
    section: &str,
    tunnel: &Tunnel,
    lists: &TunnelLists,
    findings: &mut Findings,
) {
    let is_in = |resource, reply| {
        let tunnels = [TunnelId::from(tunnel)];
        let listed = watch::listed(resource, reply, &tunnels, &lists.aliases, clock::now().wall);
        listed.is_ok_and(|listed| listed == [true])
    };
    let name = &tunnel.name;
    if is_in(watch::ACTIVE, &lists.active) {
        findings.good(format!("{section}: VPNKI lists '{name}', and it is active"));
    } else if is_in(watch::TUNNELS, &lists.tunnels) {
        let text = format!("{section}: VPNKI lists '{name}', but it is not active");
        findings.bad(Exit::Later, text);
    } else {
        let text = format!(
            "{section}: VPNKI lists no tunnel '{name}'{}",
            name_hint(name, lists)
        );
        findings.bad(Exit::Config, text);
    }
}

/// A name that may have been meant, and those that there are.
fn name_hint(name: &str, lists: &TunnelLists) -> String {
    if lists.names.is_empty() {
        return ", nor any by name; 'wansync vpnki tunnels' shows what it lists, and option \
                'name_field' says where the name stands"
            .to_owned();
    }
    let names: Vec<&str> = lists.names.iter().map(String::as_str).collect();
    let meant = match nearest_name(name, &names) {
        Some(meant) => format!(" (did you mean '{meant}'?)"),
        None => String::new(),
    };
    let told = &names[..names.len().min(MAX_NAMES)];
    let more = match names.len() - told.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{meant}, but: {}{more}", told.join(", "))
}
