//! The evidence about a tunnel: in a word each for programs, and in a line for
//! people, who need the ages and the causes as well.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use serde::Serialize;

use crate::config::Tunnel;
use crate::time::{spoken, whole};
use crate::tunnel::evidence::{Device, Evidence, Ping, Route, Seen, Service, Traffic, Wan};

/// The evidence in a word each; `None` is what is not asked for, or not known.
#[derive(Debug, Default, Serialize)]
pub struct EvidenceView {
    /// `active`, `inactive`, `unlisted`, `silent`
    pub service: Option<&'static str>,
    /// The device's name, or `pending`, `down`, `off`, `gone`, `missing`.
    pub device: Option<String>,
    /// `ok`, `missing`, or `via eth1`
    pub route: Option<String>,
    /// How long the last answer took, in milliseconds, unless it is overdue.
    pub ping_ms: Option<u32>,
    /// How many seconds ago a byte was last seen to come.
    pub rx_age_s: Option<i64>,
}

impl EvidenceView {
    /// It at the time `now`, in seconds since boot.
    pub fn of(evidence: &Evidence, now: i64) -> EvidenceView {
        let Evidence {
            service,
            device,
            route,
            ping,
            traffic,
            ..
        } = evidence;
        EvidenceView {
            service: service.as_ref().map(|seen| service_word(&seen.value)),
            device: device.as_ref().and_then(|seen| device_word(&seen.value)),
            route: route.as_ref().and_then(|seen| route_word(&seen.value)),
            ping_ms: ping.as_ref().and_then(|seen| match seen.value {
                Ping::Answered(ms) => Some(ms),
                Ping::Lost { .. } | Ping::Silent(_) => None,
            }),
            rx_age_s: traffic
                .as_ref()
                .and_then(|seen| Some(age(seen.value.received_at?, now))),
        }
    }
}

fn age(at: i64, now: i64) -> i64 {
    now.saturating_sub(at).max(0)
}

fn service_word(service: &Service) -> &'static str {
    match service {
        Service::Active => "active",
        Service::Inactive => "inactive",
        Service::Unlisted => "unlisted",
        Service::Silent(_) => "silent",
    }
}

fn device_word(device: &Device) -> Option<String> {
    let word = match device {
        Device::Up(name) => name,
        Device::Pending { .. } => "pending",
        Device::Down(_) => "down",
        Device::Off => "off",
        Device::Gone(_) => "gone",
        Device::Missing => "missing",
        Device::Silent(_) => return None,
    };
    Some(word.to_owned())
}

fn route_word(route: &Route) -> Option<String> {
    match route {
        Route::Through => Some("ok".to_owned()),
        Route::Elsewhere(device) => Some(format!("via {device}")),
        Route::Missing => Some("missing".to_owned()),
        Route::Silent(_) => None,
    }
}

/// It in a line for people: what was found, and how long ago.
pub fn line(tunnel: &Tunnel, evidence: &Evidence, now: i64) -> String {
    let parts = [
        aged(&evidence.wan, now, |wan| wan_words(&tunnel.wan, wan)),
        aged(&evidence.service, now, |service| {
            Some(service_words(&tunnel.name, service))
        }),
        aged(&evidence.device, now, |device| {
            // What made netifd silent was said of the WAN already.
            let is_told = matches!(device, Device::Silent(_)) && wan_is_silent(evidence);
            (!is_told).then(|| device_words(&tunnel.network, device, now))
        }),
        aged(&evidence.route, now, |route| {
            let place = tunnel.route.map_or(String::new(), |r| format!(" {r}"));
            Some(format!("route{place} {}", route_words(route)))
        }),
        aged(&evidence.ping, now, |ping| {
            // Without a device no echo can be sent: that is not the news.
            let is_told = matches!(ping, Ping::Silent(_)) && !is_up(evidence);
            (!is_told).then(|| ping_words(tunnel.ping, ping, now))
        }),
        evidence
            .traffic
            .as_ref()
            .and_then(|seen| traffic_words(&seen.value, now)),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join("; ")
}

fn wan_is_silent(evidence: &Evidence) -> bool {
    matches!(&evidence.wan, Some(seen) if matches!(seen.value, Wan::Silent(_)))
}

fn is_up(evidence: &Evidence) -> bool {
    matches!(&evidence.device, Some(seen) if matches!(seen.value, Device::Up(_)))
}

/// A finding in words, with its age.
fn aged<T>(
    seen: &Option<Seen<T>>,
    now: i64,
    words: impl Fn(&T) -> Option<String>,
) -> Option<String> {
    let seen = seen.as_ref()?;
    let words = words(&seen.value)?;
    Some(format!(
        "{words} ({} ago)",
        spoken(whole(age(seen.at, now)))
    ))
}

/// A WAN that is up is no news.
fn wan_words(wan: &str, found: &Wan) -> Option<String> {
    match found {
        Wan::Up(_) => None,
        Wan::Down(why) => Some(format!("{wan} is down: {why}")),
        Wan::Silent(why) => Some(format!("{wan} cannot be looked at: {why}")),
    }
}

fn service_words(name: &str, service: &Service) -> String {
    match service {
        Service::Active => "VPNKI active".to_owned(),
        Service::Inactive => "VPNKI not active".to_owned(),
        Service::Unlisted => format!("VPNKI has no tunnel {name}"),
        Service::Silent(why) => format!("VPNKI silent: {why}"),
    }
}

fn device_words(network: &str, device: &Device, now: i64) -> String {
    match device {
        Device::Up(name) => format!("{network} up on {name}"),
        Device::Pending { since, why } => {
            format!("{network} {why} for {}", spoken(whole(age(*since, now))))
        }
        Device::Down(why) => format!("{network} {why}"),
        Device::Off => format!("{network} was taken down on purpose"),
        Device::Gone(name) => format!("{network} up on {name}, which does not exist"),
        Device::Missing => format!("netifd has no network {network}"),
        Device::Silent(why) => format!("{network} cannot be looked at: {why}"),
    }
}

fn route_words(route: &Route) -> String {
    match route {
        Route::Through => "ok".to_owned(),
        Route::Elsewhere(device) => format!("goes through {device}"),
        Route::Missing => "missing".to_owned(),
        Route::Silent(why) => format!("unknown: {why}"),
    }
}

fn ping_words(target: Option<IpAddr>, ping: &Ping, now: i64) -> String {
    let target = target.map_or("far end".to_owned(), |t| t.to_string());
    match ping {
        Ping::Answered(ms) => format!("{target} answered in {} ms", (*ms).max(1)),
        Ping::Lost { since, .. } => {
            format!("{target} silent for {}", spoken(whole(age(*since, now))))
        }
        Ping::Silent(why) => format!("no echo to {target} could be sent: {why}"),
    }
}

/// Counters that were read but once tell nothing.
fn traffic_words(traffic: &Traffic, now: i64) -> Option<String> {
    let received = traffic
        .received_at
        .map(|at| format!("last byte in {} ago", spoken(whole(age(at, now)))));
    match (received, traffic.unanswered) {
        (received, 0) => received,
        (Some(received), sent) => Some(format!("{received}, {sent} bytes out since")),
        (None, sent) => Some(format!("{sent} bytes out, none in")),
    }
}
