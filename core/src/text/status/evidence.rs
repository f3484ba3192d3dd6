//! The evidence about a tunnel: in a word each for programs, and in a line for
//! people, who need the ages and the causes as well.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use super::value::Value;
use crate::config::{DEFAULT_WAN, Tunnel};
use crate::time::{Boot, describe_span};
use crate::tunnel::TunnelState;
use crate::tunnel::evidence::{
    DeviceStatus, EchoStatus, Evidence, Finding, HandshakeStatus, RouteStatus, ServiceStatus,
    Traffic, WanStatus,
};

/// The evidence in a word each; `None` is what is not asked for, or not known.
#[derive(Debug, Default)]
pub struct EvidenceView {
    /// The network of the WAN, if that is up.
    pub wan: Option<String>,
    /// `active`, `inactive`, `unlisted`, `silent`
    pub service: Option<&'static str>,
    /// The device's name, or `pending`, `down`, `off`, `gone`, `missing`.
    pub device: Option<String>,
    /// `ok`, `missing`, `via eth1`, or `partly: 172.16.5.0/24 via br-lan`
    pub route: Option<String>,
    /// The round-trip time of the last echo in milliseconds, unless it was lost.
    pub ping_ms: Option<u32>,
    /// `ok` or `lost`: the last large echo
    pub large_ping: Option<&'static str>,
    /// The time since a byte was last seen to come.
    pub rx_age: Option<Duration>,
    /// The time since the latest handshake of a WireGuard device.
    pub handshake_age: Option<Duration>,
}

impl EvidenceView {
    /// The words for the evidence at `now`.
    pub fn of(evidence: &Evidence, now: Boot) -> EvidenceView {
        let Evidence {
            service,
            device,
            route,
            ping,
            traffic,
            handshake,
            large_ping,
            ..
        } = evidence;
        EvidenceView {
            wan: None,
            service: service.as_ref().map(|finding| service_word(&finding.value)),
            device: device
                .as_ref()
                .and_then(|finding| device_word(&finding.value)),
            route: route
                .as_ref()
                .and_then(|finding| route_word(&finding.value)),
            ping_ms: ping.as_ref().and_then(|finding| match finding.value {
                EchoStatus::Answered(ms) => Some(ms),
                EchoStatus::Lost { .. } | EchoStatus::Unavailable(_) => None,
            }),
            large_ping: large_ping
                .as_ref()
                .map(|finding| if finding.value { "ok" } else { "lost" }),
            rx_age: traffic
                .as_ref()
                .and_then(|finding| Some(now.since(finding.value.received_at?))),
            handshake_age: handshake.as_ref().and_then(|finding| match finding.value {
                HandshakeStatus::At(at) => Some(now.since(at)),
                HandshakeStatus::Never | HandshakeStatus::Unavailable(_) => None,
            }),
        }
    }
}

impl EvidenceView {
    /// The view for programs.
    pub(super) fn value(&self) -> Value<'_> {
        Value::Fields(vec![
            ("wan", Value::text(self.wan.as_deref())),
            ("service", Value::text(self.service)),
            ("device", Value::text(self.device.as_deref())),
            ("route", Value::text(self.route.as_deref())),
            ("ping_ms", Value::number(self.ping_ms)),
            ("large_ping", Value::text(self.large_ping)),
            ("rx_age_s", Value::whole_seconds(self.rx_age)),
            ("handshake_age_s", Value::whole_seconds(self.handshake_age)),
        ])
    }
}

/// The time since `at`, in words.
fn age(at: Boot, now: Boot) -> String {
    describe_span(now.since(at))
}

fn service_word(service: &ServiceStatus) -> &'static str {
    match service {
        ServiceStatus::Active => "active",
        ServiceStatus::Inactive => "inactive",
        ServiceStatus::Unlisted => "unlisted",
        ServiceStatus::Ambiguous(_) => "ambiguous",
        ServiceStatus::Unavailable(_) => "silent",
    }
}

fn device_word(device: &DeviceStatus) -> Option<String> {
    let word = match device {
        DeviceStatus::Up(name) => name,
        DeviceStatus::Pending { .. } => "pending",
        DeviceStatus::Down(_) => "down",
        DeviceStatus::Off | DeviceStatus::NotStarted => "off",
        DeviceStatus::Gone(_) => "gone",
        DeviceStatus::Missing => "missing",
        DeviceStatus::Unavailable(_) => return None,
    };
    Some(word.to_owned())
}

fn route_word(route: &RouteStatus) -> Option<String> {
    match route {
        RouteStatus::Through => Some("ok".to_owned()),
        RouteStatus::Elsewhere(device) => Some(format!("via {device}")),
        RouteStatus::Missing => Some("missing".to_owned()),
        RouteStatus::Partly(part) | RouteStatus::Overlapped(part) => {
            Some(format!("partly: {part}"))
        }
        RouteStatus::Unavailable(_) => None,
    }
}

/// The evidence in a line for people, each piece with its age.
pub fn line(tunnel: &Tunnel, state: &TunnelState, now: Boot) -> String {
    let evidence = &state.evidence;
    let mut parts = Vec::new();
    let mut add = |at: Boot, words: Option<String>| {
        if let Some(words) = words {
            parts.push(format!("{words} ({} ago)", age(at, now)));
        }
    };
    if let Some(wan) = &evidence.wan {
        let network = state.wan_network.as_deref();
        add(wan.at, wan_words(&wan.value, network));
    }
    if let Some(service) = &evidence.service {
        let words = service_words(&tunnel.name, &service.value);
        add(service.at, Some(words));
    }
    if let Some(Finding { at, value }) = &evidence.device {
        // The cause was said of the WAN already.
        let is_said_already =
            matches!(value, DeviceStatus::Unavailable(_)) && wan_is_unavailable(evidence);
        if !is_said_already {
            add(*at, Some(device_words(tunnel.link.name(), value, now)));
        }
    }
    if let Some(route) = &evidence.route {
        let place = tunnel.route.map_or(String::new(), |r| format!(" {r}"));
        let words = route_words(&route.value);
        add(route.at, Some(format!("route{place} {words}")));
    }
    if let Some(Finding { at, value }) = &evidence.ping {
        // Without a device no echo can be sent: that is not the news.
        let is_said_already = matches!(value, EchoStatus::Unavailable(_)) && !is_up(evidence);
        if !is_said_already {
            add(*at, Some(ping_words(tunnel.ping, value, now)));
        }
    }
    if let (Some(large), Some(size)) = (&evidence.large_ping, tunnel.ping_size)
        && !large.value
    {
        let words = format!("echoes with {size} bytes of data lost");
        add(large.at, Some(words));
    }
    if let Some(handshake) = &evidence.handshake {
        let words = handshake_words(&handshake.value, now);
        add(handshake.at, Some(words));
    }
    if let Some(traffic) = &evidence.traffic {
        parts.extend(traffic_words(&traffic.value, now));
    }
    parts.join("; ")
}

fn wan_is_unavailable(evidence: &Evidence) -> bool {
    matches!(&evidence.wan, Some(finding) if matches!(finding.value, WanStatus::Unavailable(_)))
}

fn is_up(evidence: &Evidence) -> bool {
    matches!(&evidence.device, Some(finding) if matches!(finding.value, DeviceStatus::Up(_)))
}

/// That the usual WAN is up is no news.
fn wan_words(found: &WanStatus, network: Option<&str>) -> Option<String> {
    match found {
        WanStatus::Up(_) => {
            let network = network.filter(|network| *network != DEFAULT_WAN)?;
            Some(format!("WAN {network} up"))
        }
        WanStatus::Down(why) | WanStatus::Missing(why) => Some(why.to_string()),
        WanStatus::Unavailable(why) => Some(format!("the WAN cannot be looked at: {why}")),
    }
}

fn service_words(name: &str, service: &ServiceStatus) -> String {
    match service {
        ServiceStatus::Active => "VPNKI active".to_owned(),
        ServiceStatus::Inactive => "VPNKI not active".to_owned(),
        ServiceStatus::Unlisted => format!("VPNKI has no tunnel {name}"),
        ServiceStatus::Ambiguous(logins) => format!("VPNKI's {name} may be {logins}"),
        ServiceStatus::Unavailable(why) => format!("VPNKI silent: {why}"),
    }
}

fn device_words(network: &str, device: &DeviceStatus, now: Boot) -> String {
    match device {
        DeviceStatus::Up(name) if name == network => format!("{network} up"),
        DeviceStatus::Up(name) => format!("{network} up on {name}"),
        DeviceStatus::Pending { since, why } => {
            format!("{network} {why}, for {}", age(*since, now))
        }
        DeviceStatus::Down(why) => format!("{network} {why}"),
        DeviceStatus::Off => format!("{network} was taken down on purpose"),
        DeviceStatus::NotStarted => format!("{network} is not started at boot"),
        DeviceStatus::Gone(name) if name == network => format!("the device {name} is missing"),
        DeviceStatus::Gone(name) => format!("{network} up on {name}, which does not exist"),
        DeviceStatus::Missing => format!("netifd has no network {network}"),
        DeviceStatus::Unavailable(why) => format!("{network} cannot be looked at: {why}"),
    }
}

fn route_words(route: &RouteStatus) -> String {
    match route {
        RouteStatus::Through => "ok".to_owned(),
        RouteStatus::Elsewhere(device) => format!("goes through {device}"),
        RouteStatus::Missing => "missing".to_owned(),
        RouteStatus::Partly(part) => format!("incomplete: {part}"),
        RouteStatus::Overlapped(part) => format!("ok, but {part}"),
        RouteStatus::Unavailable(why) => format!("unknown: {why}"),
    }
}

fn ping_words(target: Option<IpAddr>, ping: &EchoStatus, now: Boot) -> String {
    let target = target.map_or("far end".to_owned(), |t| t.to_string());
    match ping {
        EchoStatus::Answered(ms) => format!("{target} answered in {} ms", (*ms).max(1)),
        EchoStatus::Lost { since, .. } => {
            format!("{target} silent for {}", age(*since, now))
        }
        EchoStatus::Unavailable(why) => format!("no echo to {target} could be sent: {why}"),
    }
}

fn handshake_words(handshake: &HandshakeStatus, now: Boot) -> String {
    match handshake {
        HandshakeStatus::At(at) => format!("last handshake {} ago", age(*at, now)),
        HandshakeStatus::Never => "no handshake yet".to_owned(),
        HandshakeStatus::Unavailable(why) => format!("last handshake not known: {why}"),
    }
}

/// The traffic in words; counters that were read but once say nothing.
fn traffic_words(traffic: &Traffic, now: Boot) -> Option<String> {
    let received = traffic
        .received_at
        .map(|at| format!("last byte in {} ago", age(at, now)));
    match (received, traffic.unanswered) {
        (received, 0) => received,
        (Some(received), sent) => Some(format!("{received}, {sent} bytes out since")),
        (None, sent) => Some(format!("{sent} bytes out, none in")),
    }
}
