//! The tunnels' part of `wansync check`: their networks, what VPNKI says of
//! them, and whether each has the name that VPNKI knows.

mod account;
mod far_end;
mod handshake;
mod networks;
mod restart;
mod route;

pub use account::fetch_names;
use account::{check_account, check_listed};
use far_end::{check_echo, send_echoes};
use handshake::check_handshake;
use networks::{check_network, check_wan};
use restart::{Services, check_restart};
use route::check_route;

use super::findings::Findings;
use crate::agent::observe::Observer;
use crate::agent::paths::Paths;
use crate::exit::Exit;
use crate::sys::http::HttpClient;
use wansync_core::config::Config;
use wansync_core::tunnel::account::TunnelId;

/// Asks netifd, the far ends and each account, and tells what is found of each
/// tunnel.
pub fn check(
    paths: &Paths,
    config: &Config,
    client: &HttpClient,
    observer: &Observer<'_>,
    findings: &mut Findings<'_>,
) {
    let networks = match config.ready_tunnels().next() {
        Some(_) => observer.networks(),
        None => Ok(&[][..]),
    };
    if let Err(why) = &networks {
        findings.set_subject("the networks of the tunnels");
        findings.bad(Exit::Later, why.clone());
    }
    // The far ends have time to answer while VPNKI is asked.
    let mut probes = send_echoes(config, networks.as_deref().unwrap_or_default());
    let mut accounts = Vec::new();
    for (name, account) in config.ready_accounts() {
        findings.set_subject(name);
        let tunnels = TunnelId::of_account(config, name);
        let lists = check_account(name, account, tunnels, client, observer, findings);
        accounts.push((name, lists));
    }
    let services = Services::new(paths);
    for (name, tunnel) in config.ready_tunnels() {
        findings.set_subject(name);
        if let Ok(networks) = networks {
            check_restart(tunnel, networks, &services, findings);
            check_wan(tunnel, networks, &config.tunnel_links(), findings);
            if let Some(device) = check_network(paths, tunnel, networks, findings) {
                let device = &device;
                if let Some((_, probe)) = probes.iter_mut().find(|(of, _)| *of == name) {
                    check_echo(probe, device, findings);
                }
                check_handshake(networks, device, findings);
                check_route(tunnel, device, networks, findings);
            }
        }
        // The findings on an account are printed already.
        let lists = tunnel
            .vpnki
            .as_deref()
            .and_then(|account| accounts.iter().find(|(of, _)| *of == account));
        if let Some((_, Some(lists))) = lists {
            check_listed(tunnel, lists, findings);
        }
    }
}
