//! What VPNKI says of the tunnels, and whether each has the name that VPNKI knows.

use std::borrow::Cow;

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
use wansync_core::reason;
use wansync_core::reason::Reason;
use wansync_core::service::reply::Reply;
use wansync_core::service::vpnki::{Resolution, folded, watch};
use wansync_core::text::width::clean;
use wansync_core::tunnel::account::TunnelId;

/// The most names of an account's tunnels that are printed.
const MAX_NAMES: usize = 20;

/// What an account says of its tunnels.
pub(super) struct TunnelLists<'a> {
    watched: Vec<TunnelId<'a>>,
    /// Of each that is watched, which one it is, and whether it is active.
    resolutions: Vec<Resolution>,
    active: Vec<bool>,
    /// Of all its tunnels, as they may be printed.
    names: Vec<String>,
}

/// Name resolution, TLS and key, by the two requests of a look.
pub(super) fn check_account<'a>(
    name: &str,
    account: &Vpnki,
    watched: Vec<TunnelId<'a>>,
    client: &HttpClient,
    observer: &Observer<'_>,
    findings: &mut Findings<'_>,
) -> Option<TunnelLists<'a>> {
    let Ok(key) = key_of(name, &account.key) else {
        return None;
    };
    let host = account.base_url.host();
    match fetch_lists(account, watched, key.as_ref(), client, observer) {
        Ok(lists) => {
            let count = lists.names.len();
            findings.good(reason!(CheckAccountKnown, host = host, count = count));
            Some(lists)
        }
        Err(failure) => {
            let failure = redact_failure(failure, key.as_ref());
            findings.bad(Exit::of_call(&failure), failure.reason_at(host));
            None
        }
    }
}

fn fetch_lists<'a>(
    account: &Vpnki,
    watched: Vec<TunnelId<'a>>,
    key: Option<&Secret>,
    client: &HttpClient,
    observer: &Observer<'_>,
) -> Result<TunnelLists<'a>, Box<Failure>> {
    let (aliases, wall) = (watch::aliases(account), clock::now().wall);
    let ask = |resource| ask(account, resource, key, client, observer);
    let tunnels = ask(watch::TUNNELS)?;
    let resolutions = watch::resolve(&tunnels, &watched, &aliases, key, wall)?;
    let names = names_in(account, &tunnels, key)?;
    let active = ask(watch::ACTIVE)?;
    let active = watch::active(&active, &watched, &resolutions, &aliases, wall)?;
    Ok(TunnelLists {
        names,
        watched,
        resolutions,
        active,
    })
}

fn ask(
    account: &Vpnki,
    resource: &str,
    key: Option<&Secret>,
    client: &HttpClient,
    observer: &Observer<'_>,
) -> Result<Reply, Box<Failure>> {
    let device = observer.way_out(account.bind.as_deref())?;
    let url = watch::url(account, resource, key);
    request(client, &url, device.as_deref(), account.transport, key)
}

/// The names of all tunnels of an account, as they may be printed.
pub fn fetch_names(
    account: &Vpnki,
    key: Option<&Secret>,
    client: &HttpClient,
    observer: &Observer<'_>,
) -> Result<Vec<String>, Box<Failure>> {
    let tunnels = ask(account, watch::TUNNELS, key, client, observer)?;
    names_in(account, &tunnels, key)
}

fn names_in(
    account: &Vpnki,
    tunnels: &Reply,
    key: Option<&Secret>,
) -> Result<Vec<String>, Box<Failure>> {
    let (aliases, wall) = (watch::aliases(account), clock::now().wall);
    let names = watch::names(watch::TUNNELS, tunnels, &aliases, wall)?;
    let shown = |name: &String| {
        let name = clean(name);
        key.map_or_else(|| name.to_string(), |key| key.redact(&name))
    };
    Ok(names.iter().map(shown).collect())
}

/// Which tunnel the name stands for, and whether it is active.
pub(super) fn check_listed(tunnel: &Tunnel, lists: &TunnelLists<'_>, findings: &mut Findings<'_>) {
    let id = TunnelId::from(tunnel);
    let Some(at) = lists.watched.iter().position(|watched| *watched == id) else {
        return;
    };
    let (name, is_active) = (&tunnel.name, lists.active[at]);
    let listed = match &lists.resolutions[at] {
        Resolution::Ambiguous(logins) => Err(reason!(
            CheckSeveralTunnels,
            tunnel = name,
            names = clean(&logins.join(", ")).as_ref()
        )),
        Resolution::Unlisted if !is_active => Err(unlisted(name, lists)),
        Resolution::Unlisted => Ok(String::new()),
        Resolution::Tunnel(names) => {
            if let Some(meant) = misspelt(name, names) {
                findings.warn(reason!(
                    CheckTakenFor,
                    tunnel = name,
                    meant = meant.as_ref()
                ));
            }
            Ok(other_names(name, names))
        }
    };
    match (listed, is_active) {
        (Err(fault), _) => findings.bad(Exit::Config, fault),
        (Ok(others), true) => {
            let others = as_others(&others);
            findings.good(reason!(CheckListedActive, tunnel = name, hint = others));
        }
        (Ok(others), false) => {
            let others = as_others(&others);
            let fault = reason!(CheckListedInactive, tunnel = name, hint = others);
            findings.bad(Exit::Later, fault);
        }
    }
}

/// Those by which VPNKI lists a tunnel, where there are others.
fn as_others(others: &str) -> Option<Reason> {
    (!others.is_empty()).then(|| reason!(CheckListedAs, names = others))
}

/// The names that VPNKI knows the tunnel by, if this one is not its login.
fn other_names(name: &str, names: &[String]) -> String {
    match names.first() {
        Some(login) if login != name => {
            let others: Vec<&str> = names.iter().map(|n| &**n).filter(|n| *n != name).collect();
            clean(&others.join(", ")).into_owned()
        }
        _ => String::new(),
    }
}

/// The name that VPNKI has for one that differs from it in case or blanks.
fn misspelt<'a>(name: &str, names: &'a [String]) -> Option<Cow<'a, str>> {
    let is_known = names.iter().any(|known| known == name);
    let mut alike = names.iter().filter(|known| folded(known) == folded(name));
    alike.next().filter(|_| !is_known).map(|known| clean(known))
}

/// That VPNKI lists no tunnel of this name, which one may have been meant, and those that
/// there are.
fn unlisted(name: &str, lists: &TunnelLists<'_>) -> Reason {
    if lists.names.is_empty() {
        return reason!(CheckNoTunnelAtAll, tunnel = name);
    }
    let names: Vec<&str> = lists.names.iter().map(String::as_str).collect();
    let meant = nearest_name(name, &names).map(|meant| reason!(CheckDidYouMean, meant = meant));
    let told = &names[..names.len().min(MAX_NAMES)];
    let more = match names.len() - told.len() {
        0 => None,
        more => Some(reason!(CheckAndMore, count = more)),
    };
    reason!(
        CheckNoTunnel,
        tunnel = name,
        hint = meant,
        names = told.join(", "),
        more = more
    )
}
