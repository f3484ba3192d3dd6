//! The tunnels' part of `wansync check`: their networks, what VPNKI says of
//! them, and whether each has the name that VPNKI knows.

use std::net::IpAddr;
use std::time::Duration;

use super::findings::Findings;
use crate::agent::account::request;
use crate::agent::observe::Observer;
use crate::agent::paths::key_of;
use crate::agent::publish::redact_failure;
use crate::exit::Exit;
use crate::sys::clock;
use crate::sys::http::HttpClient;
use crate::sys::netlink::route_device;
use crate::sys::ping::Echo;
use wansync_core::config::secret::Secret;
use wansync_core::config::suggest::nearest_name;
use wansync_core::config::{Config, Tunnel, Vpnki};
use wansync_core::failure::Failure;
use wansync_core::service::reply::Reply;
use wansync_core::service::vpnki::{Aliases, watch};
use wansync_core::text::width::clean;
use wansync_core::tunnel::account::TunnelId;
use wansync_core::ubus::netifd::{Network, explain};

/// The most names of an account's tunnels that are printed.
const MAX_NAMES: usize = 20;
/// The longest wait for an echo; a tunnel over a satellite takes less.
const ECHO_TIMEOUT: Duration = Duration::from_secs(2);
const ECHO_POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Asks netifd, the far ends and each account, and tells what is found of each
/// tunnel.
pub fn check(
    config: &Config,
    client: &HttpClient,
    observer: &Observer<'_>,
    findings: &mut Findings,
) {
    let networks = match config.ready_tunnels().next() {
        Some(_) => observer.networks(),
        None => Ok(&[][..]),
    };
    if let Err(why) = &networks {
        findings.bad(Exit::Later, format!("the networks of the tunnels: {why}"));
    }
    // The far ends have time to answer while VPNKI is asked.
    let mut probes = send_echoes(config, networks.as_deref().unwrap_or_default());
    let mut accounts = Vec::new();
    for (name, account) in config.ready_accounts() {
        let tunnels = TunnelId::of_account(config, name);
        let lists = check_account(name, account, &tunnels, client, observer, findings);
        accounts.push((name, lists));
    }
    for (name, tunnel) in config.ready_tunnels() {
        if let Ok(networks) = networks {
            check_wan(name, tunnel, networks, findings);
            if let Some(device) = check_network(name, tunnel, networks, findings) {
                let probe = probes.iter_mut().find(|(of, _)| *of == name);
                check_echo(name, probe.map(|(_, probe)| probe), device, findings);
                check_route(name, tunnel, device, findings);
            }
        }
        // The findings on an account are printed already.
        let lists = tunnel
            .vpnki
            .as_deref()
            .and_then(|account| accounts.iter().find(|(of, _)| *of == account));
        if let Some((_, Some(lists))) = lists {
            check_listed(name, tunnel, lists, findings);
        }
    }
}

/// The lists of tunnels that an account has.
struct TunnelLists {
    tunnels: Reply,
    active: Reply,
    aliases: Aliases,
    /// Of all its tunnels, as they may be printed.
    names: Vec<String>,
}

/// Name resolution, TLS and key, by the two requests of a look.
fn check_account(
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

fn check_listed(section: &str, tunnel: &Tunnel, lists: &TunnelLists, findings: &mut Findings) {
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

fn check_wan(section: &str, tunnel: &Tunnel, networks: &[Network], findings: &mut Findings) {
    let name = &tunnel.wan;
    let Some(network) = find_network(section, name, networks, findings) else {
        return;
    };
    match &network.l3_device {
        Some(device) if !network.addresses.is_empty() => findings.good(format!(
            "{section}: network '{name}', which it runs over, is up on {device}"
        )),
        _ => findings.bad(
            Exit::Later,
            format!(
                "{section}: network '{name}', which it runs over, is not there: {}",
                explain(network)
            ),
        ),
    }
}

/// The tunnel's device, if it has one.
fn check_network<'a>(
    section: &str,
    tunnel: &Tunnel,
    networks: &'a [Network],
    findings: &mut Findings,
) -> Option<&'a str> {
    let name = &tunnel.network;
    let network = find_network(section, name, networks, findings)?;
    let device = device_of(network);
    match device {
        Some(device) => {
            findings.good(format!("{section}: its network '{name}' is up on {device}"));
        }
        None => {
            let why = explain(network);
            let text = format!("{section}: its network '{name}' is not up: {why}");
            findings.bad(Exit::Later, text);
        }
    }
    device
}

fn device_of(network: &Network) -> Option<&str> {
    network.l3_device.as_deref().filter(|_| network.up)
}

/// An echo that is under way.
struct SentEcho {
    target: IpAddr,
    sent: Duration,
    echo: Result<Echo, String>,
}

/// One echo through each tunnel that has a device and a far end.
fn send_echoes<'a>(config: &'a Config, networks: &[Network]) -> Vec<(&'a str, SentEcho)> {
    let one = |(number, (name, tunnel)): (usize, (&'a str, &Tunnel))| {
        let network = networks.iter().find(|n| n.name == tunnel.network)?;
        let (device, target) = (device_of(network)?, tunnel.ping?);
        let echo = Echo::open(target, device, number as u16)
            .and_then(|mut echo| echo.send().map(|()| echo));
        let sent = clock::since_boot();
        Some((name, SentEcho { target, sent, echo }))
    };
    config.ready_tunnels().enumerate().filter_map(one).collect()
}

fn check_echo(section: &str, probe: Option<&mut SentEcho>, device: &str, findings: &mut Findings) {
    let Some(probe) = probe else {
        return;
    };
    let target = probe.target;
    match await_echo(probe) {
        Ok(true) => findings.good(format!("{section}: {target} answers through {device}")),
        Ok(false) => {
            let text = format!("{section}: {target} does not answer through {device}");
            findings.bad(Exit::Later, text);
        }
        Err(why) => findings.bad(Exit::Later, format!("{section}: {why}")),
    }
}

fn await_echo(probe: &mut SentEcho) -> Result<bool, String> {
    let echo = probe.echo.as_mut().map_err(|why| why.clone())?;
    let end = probe.sent + ECHO_TIMEOUT;
    loop {
        let is_over = clock::since_boot() >= end;
        match echo.answer()? {
            Some(_) => return Ok(true),
            None if is_over => return Ok(false),
            None => clock::sleep(ECHO_POLL_INTERVAL),
        }
    }
}

fn check_route(section: &str, tunnel: &Tunnel, device: &str, findings: &mut Findings) {
    let Some(network) = tunnel.route else {
        return;
    };
    match route_device(network) {
        Ok(Some(way)) if way == device => {
            findings.good(format!("{section}: packets to {network} go through {way}"));
        }
        Ok(Some(way)) => findings.bad(
            Exit::Later,
            format!("{section}: packets to {network} go through {way} instead of {device}"),
        ),
        Ok(None) => findings.bad(
            Exit::Later,
            format!("{section}: there is no route to {network}; it should go through {device}"),
        ),
        Err(why) => findings.bad(Exit::Later, format!("{section}: {why}")),
    }
}

fn find_network<'a>(
    section: &str,
    name: &str,
    networks: &'a [Network],
    findings: &mut Findings,
) -> Option<&'a Network> {
    let found = networks.iter().find(|network| network.name == name);
    if found.is_none() {
        let names: Vec<&str> = networks.iter().map(|n| n.name.as_str()).collect();
        let hint = match nearest_name(name, &names) {
            Some(meant) => format!(" (did you mean '{meant}'?)"),
            None => String::new(),
        };
        let text = format!("{section}: netifd knows no network '{name}'{hint}");
        findings.bad(Exit::Config, text);
    }
    found
}
