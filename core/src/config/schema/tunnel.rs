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

use super::values::{check_name, network_name, path, short_text};
use crate::config::option_table;
use crate::config::options::Options;
use crate::config::problem::{Problem, Severity};
use crate::config::suggest::nearest_name;
use crate::config::{Content, Section, Tunnel, Vpnki, uci};
use crate::places::Places;
use crate::prefix::Prefix;
use crate::tunnel::recovery::{OnDown, RecoveryPolicy};

const DEFAULT_DOWN_AFTER: u32 = 3;
const DEFAULT_RESTART_LIMIT: u32 = 3;
const DEFAULT_INTERVAL: Duration = Duration::from_secs(20);
/// Two echoes of a second each must be over before the next round.
const MIN_INTERVAL: Duration = Duration::from_secs(5);

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
    let name = required_text(
        &mut options,
        "name",
        ": what VPNKI calls the tunnel",
        short_text,
    );
    let network = required_text(
        &mut options,
        "network",
        ": the tunnel's network in /etc/config/network",
        network_name,
    );
    let wan = wan(&mut options, network.as_deref());
    let ping = address(&mut options, "ping");
    let vpnki = account(&mut options, accounts);
    let address = address(&mut options, "address").map(|address| address.to_string());
    let route = route(&mut options);
    let policy = policy(&mut options);
    let command = command(&mut options, policy.on_down);
    let notify = path(&mut options, "notify");
    warn_of_no_route(&mut options, &policy);
    match (options.failed, name, network) {
        (false, Some(name), Some(network)) => Content::Ready(Box::new(Tunnel {
            vpnki,
            name,
            address,
            network,
            wan,
            ping,
            route,
            policy: RecoveryPolicy {
                has_command: command.is_some(),
                ..policy
            },
            command,
            notify,
        })),
        _ => Content::Wrong,
    }
}

/// Two tunnels in one network would restart it for each other.
pub(super) fn shared_networks(tunnels: &[Section<Tunnel>]) -> Vec<Problem> {
    let mut owners = Places::default();
    let rivals = tunnels.iter().enumerate().filter_map(|(index, section)| {
        let Content::Ready(tunnel) = &section.content else {
            return None;
        };
        let owner = owners.first_place(tunnel.network.as_str().into(), index);
        let owner = (owner != index).then(|| &tunnels[owner])?;
        Some(Problem {
            severity: Severity::Warning,
            line: section.line,
            section: Some(section.name.clone()),
            text: format!(
                "section '{}' in line {} has the same 'network': what restarts one tunnel \
                     restarts the other",
                owner.name, owner.line
            ),
        })
    });
    rivals.collect()
}

/// An option that must be there; one that is there and bad was reported already.
fn required_text(
    options: &mut Options<'_, '_>,
    name: &str,
    why: &str,
    read: fn(&mut Options<'_, '_>, &str) -> Option<String>,
) -> Option<String> {
    let value = read(options, name);
    if value.is_none() && options.line_of(name).is_none() {
        options.missing_option(name, why);
    }
    value
}

fn wan(options: &mut Options<'_, '_>, network: Option<&str>) -> String {
    let wan = network_name(options, "wan").unwrap_or_else(|| "wan".to_owned());
    if let Some(line) = options.line_of("network")
        && network == Some(&wan)
    {
        // A restart of the tunnel would be one of the WAN.
        options.bad_value(
            "network",
            line,
            &wan,
            "is the network that the tunnel runs over (option 'wan')",
        );
    }
    wan
}

/// The account, if it can be asked.
fn account(options: &mut Options<'_, '_>, accounts: &KnownAccounts<'_>) -> Option<String> {
    let has_ping = options.line_of("ping").is_some();
    let Some((name, line)) = options.text("vpnki") else {
        if options.line_of("vpnki").is_none() && !has_ping {
            options.missing_option(
                "vpnki",
                ", and 'ping' as well: one of them must tell whether the tunnel works",
            );
        }
        return None;
    };
    let Some(account) = accounts.find(name) else {
        let known: Vec<&str> = accounts.all.iter().map(|a| a.name.as_str()).collect();
        let hint = match nearest_name(name, &known) {
            Some(meant) => format!("is no section of type vpnki (did you mean '{meant}'?)"),
            None => "is no section of type vpnki".to_owned(),
        };
        options.bad_value("vpnki", line, name, &hint);
        return None;
    };
    let fault = match account.content {
        Content::Ready(_) => return Some(name.to_owned()),
        Content::Disabled => "is disabled",
        Content::Wrong => "has an error",
    };
    match has_ping {
        true => options.warn(
            line,
            format!("the account '{name}' {fault}: VPNKI is not asked"),
        ),
        false => options.bad_value(
            "vpnki",
            line,
            name,
            &format!("{fault}, and without 'ping' nothing else tells whether the tunnel works"),
        ),
    }
    None
}

/// A host's address.
fn address(options: &mut Options<'_, '_>, name: &str) -> Option<IpAddr> {
    let (text, line) = options.text(name)?;
    match text.parse::<IpAddr>() {
        Ok(address) if !address.is_unspecified() && !address.is_multicast() => Some(address),
        Ok(_) => {
            options.bad_value(name, line, text, "is no address of a host");
            None
        }
        Err(_) => {
            options.bad_value(name, line, text, "is not an address");
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
            let hint = match nearest_name(text, &ON_DOWN_VALUES) {
                Some(meant) => format!("is unknown (did you mean '{meant}'?)"),
                None => format!("is none of: {}", ON_DOWN_VALUES.join(", ")),
            };
            options.bad_value("on_down", line, text, &hint);
            OnDown::Nothing
        }
    }
}

fn number(
    options: &mut Options<'_, '_>,
    name: &str,
    allowed: RangeInclusive<u32>,
    default: u32,
) -> u32 {
    let Some((text, line)) = options.text(name) else {
        return default;
    };
    match text.parse() {
        Ok(number) if allowed.contains(&number) => number,
        _ => {
            let (least, most) = (allowed.start(), allowed.end());
            let why = format!("is not a number from {least} to {most}");
            options.bad_value(name, line, text, &why);
            default
        }
    }
}

fn interval(options: &mut Options<'_, '_>) -> Duration {
    let interval = options.duration("interval", DEFAULT_INTERVAL);
    if interval < MIN_INTERVAL
        && let Some((text, line)) = options.text("interval")
    {
        options.bad_value(
            "interval",
            line,
            text,
            "is too short: it must be 5s or more",
        );
    }
    interval
}

fn command(options: &mut Options<'_, '_>, on_down: OnDown) -> Option<(String, Vec<String>)> {
    let is_given = options.line_of("command").is_some();
    if !is_given && on_down == OnDown::Command {
        options.missing_option("command", ": on_down 'command' runs it");
    }
    if let Some(line) = options.line_of("arg")
        && !is_given
    {
        options.warn(line, "option 'arg' does nothing without 'command'");
    }
    let arguments = options.list("arg");
    let program = path(options, "command")?;
    // After an unknown on_down it is not known what was meant.
    if let Some(line) = options.line_of("command")
        && on_down == OnDown::Nothing
        && !options.failed
    {
        options.warn(line, "option 'command' does nothing with on_down 'none'");
    }
    let arguments = arguments.iter().map(|(text, _)| (*text).to_owned());
    Some((program, arguments.collect()))
}

fn warn_of_no_route(options: &mut Options<'_, '_>, policy: &RecoveryPolicy) {
    if let Some(line) = options.line_of("fix_route")
        && policy.fix_route
        && options.line_of("route").is_none()
    {
        options.warn(line, "option 'fix_route' does nothing without 'route'");
    }
}

#[cfg(test)]
#[path = "tunnel_tests.rs"]
mod tests;
