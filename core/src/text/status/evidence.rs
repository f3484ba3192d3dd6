//! The evidence about a tunnel: in a word each, and piece by piece with the causes and
//! ages, which people read in one line.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use crate::config::{DEFAULT_WAN, Tunnel};
use crate::prefix::Prefix;
use crate::reason;
use crate::reason::Reason;
use crate::text::value::{FINDING, Fields, Value};
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
        let mut fields = Fields::default();
        fields.text("wan", self.wan.as_deref());
        fields.text("service", self.service);
        fields.text("device", self.device.as_deref());
        fields.text("route", self.route.as_deref());
        fields.number("ping_ms", self.ping_ms);
        fields.text("large_ping", self.large_ping);
        fields.span("rx_age_s", self.rx_age);
        fields.span("handshake_age_s", self.handshake_age);
        fields.object()
    }
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

/// One piece of the evidence.
#[derive(Debug)]
pub struct EvidencePiece {
    /// What it is of: `wan`, `service`, `device`, `route`, `ping`, `large_ping`,
    /// `handshake`, `traffic`.
    pub kind: &'static str,
    /// `ok` if it speaks for the tunnel, `fail` if against it, `note` if neither.
    pub level: &'static str,
    /// What was found.
    pub reason: Reason,
    /// The time since it was.
    pub age: Duration,
    /// False if a person need not read it.
    is_news: bool,
}

/// The weight of a piece, and what it says.
type Said = (&'static str, Reason);

const OK: &str = "ok";
const NOTE: &str = "note";
const FAIL: &str = "fail";

/// The pieces of evidence that there are at `now`.
pub fn pieces(tunnel: &Tunnel, state: &TunnelState, now: Boot) -> Vec<EvidencePiece> {
    let evidence = &state.evidence;
    let mut pieces = Vec::new();
    let mut add = |kind, at: Boot, (level, reason): Said, is_news| {
        pieces.push(EvidencePiece {
            kind,
            level,
            reason,
            age: now.since(at),
            is_news,
        });
    };
    if let Some(Finding { at, value }) = &evidence.wan {
        let network = state.wan_network.as_deref().unwrap_or(DEFAULT_WAN);
        // That the usual WAN is up is no news.
        let is_news = network != DEFAULT_WAN || !matches!(value, WanStatus::Up(_));
        add("wan", *at, of_wan(value, network), is_news);
    }
    if let Some(Finding { at, value }) = &evidence.service {
        add("service", *at, of_service(&tunnel.name, value), true);
    }
    if let Some(Finding { at, value }) = &evidence.device {
        // The cause was said of the WAN already.
        let is_news = !matches!(value, DeviceStatus::Unavailable(_)) || !wan_is_silent(evidence);
        let said = of_device(tunnel.link.name(), value, now);
        add("device", *at, said, is_news);
    }
    if let (Some(Finding { at, value }), Some(route)) = (&evidence.route, tunnel.route) {
        add("route", *at, of_route(route, value), true);
    }
    if let (Some(Finding { at, value }), Some(target)) = (&evidence.ping, tunnel.ping) {
        // Without a device no echo can be sent: that is not the news.
        let is_news = !matches!(value, EchoStatus::Unavailable(_)) || is_up(evidence);
        add("ping", *at, of_ping(target, value, now), is_news);
    }
    if let (Some(Finding { at, value }), Some(size)) = (&evidence.large_ping, tunnel.ping_size) {
        let bytes = u32::from(size);
        let said = match value {
            true => (OK, reason!(EvidenceLargePingAnswered, bytes = bytes)),
            false => (FAIL, reason!(EvidenceLargePingLost, bytes = bytes)),
        };
        add("large_ping", *at, said, !value);
    }
    if let Some(Finding { at, value }) = &evidence.handshake {
        add("handshake", *at, of_handshake(value, now), true);
    }
    if let Some(Finding { at, value }) = &evidence.traffic
        && let Some(said) = of_traffic(value, now)
    {
        add(TRAFFIC, *at, said, true);
    }
    pieces
}

/// The kind whose words have its age already.
const TRAFFIC: &str = "traffic";

/// The evidence in a line for people, each piece with its age.
pub(super) fn line(pieces: &[EvidencePiece]) -> String {
    let mut line = String::new();
    for piece in pieces.iter().filter(|piece| piece.is_news) {
        if !line.is_empty() {
            line.push_str("; ");
        }
        line.push_str(&piece.reason.to_string());
        if piece.kind != TRAFFIC {
            line.push_str(" (");
            line.push_str(&describe_span(piece.age));
            line.push_str(" ago)");
        }
    }
    line
}

impl EvidencePiece {
    /// The piece for programs.
    pub(super) fn value(&self) -> Value<'_> {
        let mut fields = Fields::default();
        fields.text("kind", Some(self.kind));
        fields.text("level", Some(self.level));
        fields.reason(FINDING, &self.reason);
        fields.span("age_s", Some(self.age));
        fields.object()
    }
}

fn wan_is_silent(evidence: &Evidence) -> bool {
    matches!(&evidence.wan, Some(finding) if matches!(finding.value, WanStatus::Unavailable(_)))
}

fn is_up(evidence: &Evidence) -> bool {
    matches!(&evidence.device, Some(finding) if matches!(finding.value, DeviceStatus::Up(_)))
}

fn of_wan(wan: &WanStatus, network: &str) -> Said {
    match wan {
        WanStatus::Up(_) => (OK, reason!(EvidenceWanUp, network = network)),
        WanStatus::Down(why) | WanStatus::Missing(why) => (FAIL, why.clone()),
        WanStatus::Unavailable(why) => (NOTE, reason!(EvidenceWanUnknown, cause = why)),
    }
}

fn of_service(name: &str, service: &ServiceStatus) -> Said {
    match service {
        ServiceStatus::Active => (OK, reason!(EvidenceServiceActive)),
        ServiceStatus::Inactive => (FAIL, reason!(EvidenceServiceInactive)),
        ServiceStatus::Unlisted => (FAIL, reason!(EvidenceServiceUnlisted, tunnel = name)),
        ServiceStatus::Ambiguous(logins) => (
            NOTE,
            reason!(EvidenceServiceAmbiguous, tunnel = name, names = logins),
        ),
        ServiceStatus::Unavailable(why) => (NOTE, reason!(EvidenceServiceUnknown, cause = why)),
    }
}

fn of_device(network: &str, device: &DeviceStatus, now: Boot) -> Said {
    match device {
        DeviceStatus::Up(name) if name == network => (OK, reason!(EvidenceDeviceUp, device = name)),
        DeviceStatus::Up(name) => (
            OK,
            reason!(EvidenceDeviceUpOn, network = network, device = name),
        ),
        DeviceStatus::Pending { since, why } => {
            let age = now.since(*since);
            (
                NOTE,
                reason!(
                    EvidenceDevicePending,
                    network = network,
                    state = why,
                    age_s = age
                ),
            )
        }
        DeviceStatus::Down(why) => (FAIL, reason!(TunnelStatus, network = network, state = why)),
        DeviceStatus::Off => (NOTE, reason!(EvidenceDeviceOff, network = network)),
        DeviceStatus::NotStarted => (NOTE, reason!(EvidenceDeviceNotStarted, network = network)),
        DeviceStatus::Gone(name) if name == network => {
            (FAIL, reason!(TunnelDeviceMissing, device = name))
        }
        DeviceStatus::Gone(name) => (
            FAIL,
            reason!(EvidenceDeviceGone, network = network, device = name),
        ),
        DeviceStatus::Missing => (FAIL, reason!(WanOneUnknown, network = network)),
        DeviceStatus::Unavailable(why) => (
            NOTE,
            reason!(EvidenceDeviceUnknown, network = network, cause = why),
        ),
    }
}

fn of_route(prefix: Prefix, route: &RouteStatus) -> Said {
    match route {
        RouteStatus::Through => (OK, reason!(EvidenceRouteOk, prefix = prefix)),
        RouteStatus::Elsewhere(device) => (
            FAIL,
            reason!(EvidenceRouteElsewhere, prefix = prefix, device = device),
        ),
        RouteStatus::Missing => (FAIL, reason!(EvidenceRouteMissing, prefix = prefix)),
        RouteStatus::Partly(part) => (
            FAIL,
            reason!(EvidenceRoutePartly, prefix = prefix, cause = part),
        ),
        RouteStatus::Overlapped(part) => (
            NOTE,
            reason!(EvidenceRouteOverlapped, prefix = prefix, cause = part),
        ),
        RouteStatus::Unavailable(why) => (
            NOTE,
            reason!(EvidenceRouteUnknown, prefix = prefix, cause = why),
        ),
    }
}

fn of_ping(target: IpAddr, ping: &EchoStatus, now: Boot) -> Said {
    match ping {
        EchoStatus::Answered(ms) => (
            OK,
            reason!(EvidencePingAnswered, address = target, ms = (*ms).max(1)),
        ),
        EchoStatus::Lost { since, .. } => {
            let age = now.since(*since);
            (
                FAIL,
                reason!(EvidencePingLost, address = target, age_s = age),
            )
        }
        EchoStatus::Unavailable(why) => (
            NOTE,
            reason!(EvidencePingUnsent, address = target, cause = why),
        ),
    }
}

fn of_handshake(handshake: &HandshakeStatus, now: Boot) -> Said {
    match handshake {
        HandshakeStatus::At(at) => (OK, reason!(EvidenceHandshake, age_s = now.since(*at))),
        HandshakeStatus::Never => (FAIL, reason!(EvidenceHandshakeNone)),
        HandshakeStatus::Unavailable(why) => (NOTE, reason!(EvidenceHandshakeUnknown, cause = why)),
    }
}

/// What the counters say; those that were read but once say nothing.
fn of_traffic(traffic: &Traffic, now: Boot) -> Option<Said> {
    let bytes = usize::try_from(traffic.unanswered).unwrap_or(usize::MAX);
    let age = traffic.received_at.map(|at| now.since(at));
    Some(match (age, bytes) {
        (None, 0) => return None,
        (Some(age), 0) => (OK, reason!(EvidenceTraffic, age_s = age)),
        (Some(age), bytes) => (
            NOTE,
            reason!(EvidenceTrafficUnanswered, age_s = age, bytes = bytes),
        ),
        (None, bytes) => (NOTE, reason!(EvidenceTrafficNone, bytes = bytes)),
    })
}
