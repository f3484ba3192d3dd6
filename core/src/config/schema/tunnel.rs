//! `config tunnel`: one tunnel that is watched.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::ops::RangeInclusive;
use core::time::Duration;

use super::values::{
    check_name, device_name, login, network_name, network_names, number, path, short_text,
};
use crate::config::option_table;
use crate::config::options::Options;
use crate::config::problem::{Problem, Severity};
use crate::config::suggest::did_you_mean;
use crate::config::{
    Content, DEFAULT_WAN, Section, ServiceInstance, Tunnel, TunnelLink, Vpnki, uci,
};
use crate::places::Places;
use crate::prefix::Prefix;
use crate::reason;
use crate::reason::{Code, Reason};
use crate::tunnel::recovery::{OnDown, RecoveryPolicy};

const DEFAULT_DOWN_AFTER: u32 = 3;
const DEFAULT_RESTART_LIMIT: u32 = 3;
const DEFAULT_INTERVAL: Duration = Duration::from_secs(20);
/// Two echoes of a second each must be over before the next round.
const MIN_INTERVAL: Duration = Duration::from_secs(5);

/// The name that procd gives to the first instance of a service that names none.
const DEFAULT_INSTANCE: &str = "instance1";
/// Up to the data of a jumbo frame.
const PING_SIZES: RangeInclusive<u32> = 64..=9000;

const ON_DOWN_VALUES: [&str; 3] = ["none", "restart", "command"];

/// All accounts of the file, those below a tunnel included.
pub(super) struct KnownAccounts<'a> {
    all: &'a [Section<Vpnki>],
    places: Places<'a>,
}

impl<'a> KnownAccounts<'a> {
    pub(super) fn new(all: &'a [Section<Vpnki>]) -> Self {
        let names = all.iter().map(|account| account.name.as_str().into());
        let places = names.collect();
        KnownAccounts { all, places }
    }

    fn find(&self, name: &str) -> Option<&'a Section<Vpnki>> {
        Some(&self.all[self.places.get(name)?])
    }
}

/// Every option is read even after an error, so that all problems are reported at
/// once.
pub(super) fn tunnel(
    section: &uci::Section<'_>,
    accounts: &KnownAccounts<'_>,
    problems: &mut Vec<Problem>,
) -> Content<Tunnel> {
    let mut options = Options::new(section, &option_table::TUNNEL_OPTIONS, problems);
    if !options.boolean("enabled", true) {
        options.forget_problems();
        return Content::Disabled;
    }
    options.warn_unknown();
    check_name(&mut options, section);
    let name = login(&mut options, "name");
    if options.line_of("name").is_none() {
        options.missing_option("name", Code::NeedTunnelName);
    }
    let link = link(&mut options);
    let service = service(&mut options);
    let wans = wans(&mut options, link.as_ref());
    let ping = address(&mut options, "ping");
    let ping_size = ping_size(&mut options);
    let vpnki = account(&mut options, accounts);
    let address = address(&mut options, "address").map(|address| address.to_string());
    let route = route(&mut options);
    let policy = policy(&mut options);
    check_restart(&mut options, policy.on_down);
    let command = command(&mut options, policy.on_down);
    let notify = path(&mut options, "notify");
    warn_of_no_route(&mut options, &policy);
    match (options.failed, name, link) {
        (false, Some(name), Some(link)) => Content::Ready(Box::new(Tunnel {
            vpnki,
            name,
            address,
            link,
            wans,
            ping,
            ping_size,
            route,
            policy: RecoveryPolicy {
                has_command: command.is_some(),
                restarts_service: service.is_some(),
                ..policy
            },
            service,
            command,
            notify,
        })),
        _ => Content::Wrong,
    }
}

/// Two tunnels on one network, device or service would be restarted for each other.
pub(super) fn warn_of_shared_links(tunnels: &[Section<Tunnel>], problems: &mut Vec<Problem>) {
    let mut owners = Places::default();
    for (index, section) in tunnels.iter().enumerate() {
        let Content::Ready(tunnel) = &section.content else {
            continue;
        };
        let link = match &tunnel.link {
            TunnelLink::Network(name) => (Some("network"), name.clone()),
            TunnelLink::Device(name) => (Some("device"), format!("/{name}")),
        };
        let service = tunnel.service.as_ref().map(|service| {
            let ServiceInstance { service, instance } = service;
            (None, format!("{service}\n{instance}"))
        });
        let rival = [Some(link), service].into_iter().flatten();
        let rival = rival.filter_map(|(option, place)| {
            let owner = owners.first_place(place.into(), index);
            (owner != index).then_some((option, owner))
        });
        // Each is taken note of.
        if let Some((option, owner)) = rival.last() {
            let Section { name, line, .. } = &tunnels[owner];
            let reason = match option {
                Some(option) => reason!(
                    ConfigSameLink,
                    section = name,
                    line_number = *line,
                    option = option
                ),
                None => reason!(ConfigSameService, section = name, line_number = *line),
            };
            problems.push(Problem::of_section(
                Severity::Warning,
                section.line,
                &section.name,
                reason,
            ));
        }
    }
}

/// The tunnel's network or its device: one of both.
fn link(options: &mut Options<'_, '_>) -> Option<TunnelLink> {
    let network = network_name(options, "network").map(TunnelLink::Network);
    let device = device_name(options, "device", "option 'network'").map(TunnelLink::Device);
    match (options.line_of("network"), options.line_of("device")) {
        (None, None) => options.missing_option("network", Code::NeedTunnelLink),
        (Some(first), Some(line)) => {
            options.error(line, reason!(ConfigTwoLinks, line_number = first));
        }
        _ => {}
    }
    network.or(device)
}

fn service(options: &mut Options<'_, '_>) -> Option<ServiceInstance> {
    let service = short_text(options, "service");
    let instance = short_text(options, "instance");
    options.warn_without("instance", "service");
    Some(ServiceInstance {
        service: service?,
        instance: instance.unwrap_or_else(|| DEFAULT_INSTANCE.to_owned()),
    })
}

fn wans(options: &mut Options<'_, '_>, link: Option<&TunnelLink>) -> Vec<String> {
    let wans = network_names(options, "wan");
    if let Some(line) = options.line_of("network")
        && let Some(network) = link.and_then(TunnelLink::network)
        && (wans.iter().any(|wan| wan == network) || wans.is_empty() && network == DEFAULT_WAN)
    {
        // A restart of the tunnel would be one of the WAN.
        options.bad_value("network", line, network, Code::ValueOwnWan);
    }
    wans
}

fn ping_size(options: &mut Options<'_, '_>) -> Option<u16> {
    options.warn_without("ping_size", "ping");
    let size = number(options, "ping_size", PING_SIZES, 0) as u16;
    (size > 0).then_some(size)
}

/// The account, if it can be asked.
fn account(options: &mut Options<'_, '_>, accounts: &KnownAccounts<'_>) -> Option<String> {
    let has_ping = options.line_of("ping").is_some();
    let Some((name, line)) = options.text("vpnki") else {
        if options.line_of("vpnki").is_none() && !has_ping {
            options.missing_option("vpnki", Code::NeedWitness);
        }
        return None;
    };
    let Some(account) = accounts.find(name) else {
        let known: Vec<&str> = accounts.all.iter().map(|a| a.name.as_str()).collect();
        let why = reason!(ValueNoAccount, hint = did_you_mean(name, &known));
        options.bad_value_for("vpnki", line, name, why);
        return None;
    };
    let fault = match account.content {
        Content::Ready(_) => return Some(name.to_owned()),
        Content::Disabled => Code::ValueAccountDisabled,
        Content::Wrong => Code::ValueAccountWrong,
    };
    match has_ping {
        true => {
            let reason = reason!(ConfigAccountUnused, name = name, cause = fault);
            options.warn(line, reason);
        }
        false => {
            let why = reason!(ValueOnlyWitness, cause = fault);
            options.bad_value_for("vpnki", line, name, why);
        }
    }
    None
}

/// A host's address.
fn address(options: &mut Options<'_, '_>, name: &str) -> Option<IpAddr> {
    let (text, line) = options.text(name)?;
    match text.parse::<IpAddr>() {
        Ok(address) if !address.is_unspecified() && !address.is_multicast() => Some(address),
        Ok(_) => {
            options.bad_value(name, line, text, Code::ValueNoHost);
            None
        }
        Err(_) => {
            options.bad_value(name, line, text, Code::ValueNoAddress);
            None
        }
    }
}

fn route(options: &mut Options<'_, '_>) -> Option<Prefix> {
    let (text, line) = options.text("route")?;
    text.parse()
        .map_err(|why| options.bad_value("route", line, text, why))
        .ok()
}

fn policy(options: &mut Options<'_, '_>) -> RecoveryPolicy {
    RecoveryPolicy {
        on_down: on_down(options),
        has_command: false,
        restarts_service: false,
        fix_route: options.boolean("fix_route", false),
        down_after: number(options, "down_after", 1..=100, DEFAULT_DOWN_AFTER),
        restart_limit: number(options, "restart_limit", 0..=20, DEFAULT_RESTART_LIMIT),
        interval: interval(options),
    }
}

fn on_down(options: &mut Options<'_, '_>) -> OnDown {
    match options.text("on_down") {
        None | Some(("none", _)) => OnDown::Nothing,
        Some(("restart", _)) => OnDown::Restart,
        Some(("command", _)) => OnDown::Command,
        Some((text, line)) => {
            options.bad_choice("on_down", line, text, &ON_DOWN_VALUES);
            OnDown::Nothing
        }
    }
}

/// The things that a restart needs: how a device is restarted, only its owner knows.
fn check_restart(options: &mut Options<'_, '_>, on_down: OnDown) {
    if let Some(line) = options.line_of("on_down")
        && on_down == OnDown::Restart
        && options.line_of("device").is_some()
        && options.line_of("service").is_none()
    {
        options.bad_value("on_down", line, "restart", Code::ValueNoRestart);
    }
    if on_down != OnDown::Restart {
        let reason = reason!(
            ConfigUselessUnless,
            option = "service",
            other = "on_down",
            value = "restart"
        );
        warn_of_useless(options, "service", reason);
    }
}

/// Warns of an option that does nothing beside this `on_down`; after an unknown one it is
/// not known what was meant.
fn warn_of_useless(options: &mut Options<'_, '_>, name: &str, reason: Reason) {
    if let Some(line) = options.line_of(name)
        && !options.failed
    {
        options.warn(line, reason);
    }
}

fn interval(options: &mut Options<'_, '_>) -> Duration {
    let interval = options.duration("interval", DEFAULT_INTERVAL);
    if interval < MIN_INTERVAL
        && let Some((text, line)) = options.text("interval")
    {
        options.too_short("interval", line, text, MIN_INTERVAL.as_secs() as u32);
    }
    interval
}

fn command(options: &mut Options<'_, '_>, on_down: OnDown) -> Option<(String, Vec<String>)> {
    if on_down == OnDown::Command && options.line_of("command").is_none() {
        options.missing_option("command", Code::NeedCommand);
    }
    options.warn_without("arg", "command");
    let arguments = options.list("arg");
    let program = path(options, "command")?;
    if on_down == OnDown::Nothing {
        let reason = reason!(
            ConfigUselessWith,
            option = "command",
            other = "on_down",
            value = "none"
        );
        warn_of_useless(options, "command", reason);
    }
    let arguments = arguments.iter().map(|(text, _)| (*text).to_owned());
    Some((program, arguments.collect()))
}

fn warn_of_no_route(options: &mut Options<'_, '_>, policy: &RecoveryPolicy) {
    if policy.fix_route {
        options.warn_without("fix_route", "route");
    }
}

#[cfg(test)]
#[path = "tunnel_tests.rs"]
mod tests;
