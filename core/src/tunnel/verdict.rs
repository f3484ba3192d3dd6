//! From evidence to Up, Down or Unknown, with a reason in words.
//!
//! An answer through the tunnel outweighs whatever is said of the tunnel. After
//! that only evidence counts: what could not be asked makes a verdict Unknown,
//! never Down.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use super::evidence::{
    DeviceStatus, EchoStatus, Evidence, Finding, RouteStatus, ServiceStatus, Traffic, UNANSWERED,
    WanStatus,
};
use super::health::Health;
use crate::time::{Boot, describe_span};

/// The age at which VPNKI's word no longer counts: it is asked every few minutes,
/// and may miss a few turns.
const MAX_SERVICE_AGE: Duration = Duration::from_secs(15 * 60);
/// The age at which a finding on this router no longer counts: each round makes
/// it anew, but a round may be late.
const MAX_LOCAL_AGE: Duration = Duration::from_secs(10 * 60);
/// Bytes received so long ago are a sign of life.
const RX_ALIVE_WINDOW: Duration = Duration::from_secs(60);
/// Findings that are so near each other are of the same round: bytes counted then
/// may have come before the echo was missed.
const SAME_ROUND: Duration = Duration::from_secs(3);
/// The time for which bytes may go unanswered.
const MAX_UNANSWERED_TIME: Duration = Duration::from_secs(60);
/// The time that netifd may take to set a tunnel up.
const MAX_SETUP_TIME: Duration = Duration::from_secs(60);

/// The tunnel's names, for the reasons.
#[derive(Debug, Clone, Copy)]
pub(super) struct TunnelNames<'a> {
    /// Its name at VPNKI.
    pub(super) service: &'a str,
    /// Its network at netifd.
    pub(super) network: &'a str,
    /// The network that it runs over.
    pub(super) wan: &'a str,
    /// `option ping`
    pub(super) ping: Option<&'a str>,
    /// `option route`
    pub(super) route: Option<&'a str>,
}

/// The conclusion from the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    /// The tunnel's health.
    pub(super) health: Health,
    /// The ground for it.
    pub(super) cause: Cause,
    /// The ground in words, for the person who reads the log at night.
    pub(super) reason: String,
}

/// The ground for a verdict, as far as it matters for what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// It carries traffic.
    Alive,
    /// It does not.
    Dead,
    /// Only the route is missing.
    NoRoute,
    /// The WAN is down, or its state is not known.
    NoWan,
    /// It was taken down on purpose.
    Off,
    /// The configuration names something that does not exist.
    Configuration,
    /// netifd is setting it up.
    Pending,
    /// There is too little evidence.
    Unclear,
}

/// The conclusion from the evidence at `now`.
pub(super) fn verdict(names: &TunnelNames<'_>, evidence: &Evidence, now: Boot) -> Verdict {
    let case = Case::new(names, evidence, now);
    case.wan_is_down()
        .or_else(|| case.echo_is_answered())
        .or_else(|| case.wan_is_unavailable())
        .or_else(|| case.cannot_be_up())
        .or_else(|| case.is_being_set_up())
        .or_else(|| case.network_is_down())
        .or_else(|| case.echo_is_lost())
        .or_else(|| case.traffic_decides())
        .or_else(|| case.service_decides())
        .unwrap_or_else(|| case.is_unclear())
}

/// The evidence that counts.
struct Case<'a> {
    names: &'a TunnelNames<'a>,
    now: Boot,
    wan: Option<&'a Finding<WanStatus>>,
    service: Option<&'a ServiceStatus>,
    device: Option<&'a Finding<DeviceStatus>>,
    route: Option<&'a RouteStatus>,
    ping: Option<&'a Finding<EchoStatus>>,
    traffic: Option<&'a Traffic>,
}

impl<'a> Case<'a> {
    fn new(names: &'a TunnelNames<'a>, evidence: &'a Evidence, now: Boot) -> Case<'a> {
        fn recent<T>(
            finding: &Option<Finding<T>>,
            now: Boot,
            max_age: Duration,
        ) -> Option<&Finding<T>> {
            finding
                .as_ref()
                .filter(|finding| now.since(finding.at) <= max_age)
        }
        fn value<T>(finding: &Finding<T>) -> &T {
            &finding.value
        }
        let device = recent(&evidence.device, now, MAX_LOCAL_AGE);
        // An echo that was sent before the device went says nothing of now.
        let gone_at = device
            .filter(|finding| {
                !matches!(
                    finding.value,
                    DeviceStatus::Up(_) | DeviceStatus::Unavailable(_)
                )
            })
            .map(|finding| finding.at);
        Case {
            names,
            now,
            wan: recent(&evidence.wan, now, MAX_LOCAL_AGE),
            service: recent(&evidence.service, now, MAX_SERVICE_AGE).map(value),
            device,
            route: recent(&evidence.route, now, MAX_LOCAL_AGE)
                .map(value)
                .filter(|_| names.route.is_some()),
            ping: recent(&evidence.ping, now, MAX_LOCAL_AGE).filter(|finding| {
                names.ping.is_some() && gone_at.is_none_or(|at| finding.at >= at)
            }),
            traffic: recent(&evidence.traffic, now, MAX_LOCAL_AGE).map(value),
        }
    }

    // The rules, in their order.

    fn wan_is_down(&self) -> Option<Verdict> {
        let Some(Finding {
            value: WanStatus::Down(why),
            at,
        }) = self.wan
        else {
            return None;
        };
        let wan = down_because(&format!("the WAN '{}'", self.names.wan), why);
        let mut reason = format!("{wan}, so nothing can be said of the tunnel");
        if let Some(answer) = self.answer().filter(|answer| answer.at >= *at) {
            reason += &format!(
                ", though {}: check 'option wan'",
                self.answered_after(answer.value)
            );
        }
        Some(unknown(Cause::NoWan, reason))
    }

    fn echo_is_answered(&self) -> Option<Verdict> {
        let answer = self.answer()?;
        Some(self.alive(self.answered_after(answer.value)))
    }

    fn wan_is_unavailable(&self) -> Option<Verdict> {
        let why = match self.wan.map(|finding| &finding.value) {
            Some(WanStatus::Up(_)) => return None,
            Some(WanStatus::Unavailable(why)) => why,
            _ => "it was not asked",
        };
        let wan = self.names.wan;
        Some(unknown(
            Cause::NoWan,
            format!(
                "netifd does not say whether the WAN '{wan}' is up: {why}, so nothing can be said of the tunnel"
            ),
        ))
    }

    fn cannot_be_up(&self) -> Option<Verdict> {
        let network = self.names.network;
        let (cause, reason) = match self.device.map(|finding| &finding.value) {
            Some(DeviceStatus::Missing) => (
                Cause::Configuration,
                format!("netifd has no network '{network}': check 'option network'"),
            ),
            Some(DeviceStatus::Off) => (
                Cause::Off,
                format!("{network} was taken down by hand; 'ifup {network}' brings it back"),
            ),
            _ if self.service == Some(&ServiceStatus::Unlisted) => {
                (Cause::Configuration, self.unlisted())
            }
            _ => return None,
        };
        Some(unknown(cause, reason))
    }

    fn is_being_set_up(&self) -> Option<Verdict> {
        let Some(DeviceStatus::Pending { since, why }) = self.device.map(|finding| &finding.value)
        else {
            return None;
        };
        let network = self.names.network;
        let age = self.now.since(*since);
        if age < MAX_SETUP_TIME {
            return Some(unknown(
                Cause::Pending,
                format!("{network} is being set up: {why}"),
            ));
        }
        let age = describe_span(age);
        Some(self.dead(format!("{network} has not come up for {age}: {why}")))
    }

    fn network_is_down(&self) -> Option<Verdict> {
        let network = self.names.network;
        let fault = match self.device.map(|finding| &finding.value)? {
            DeviceStatus::Down(why) => down_because(network, why),
            DeviceStatus::Gone(device) => format!("the device {device} of {network} is gone"),
            _ => return None,
        };
        Some(self.dead(fault))
    }

    fn echo_is_lost(&self) -> Option<Verdict> {
        let Some(EchoStatus::Lost { since, missed }) = self.ping.map(|finding| &finding.value)
        else {
            return None;
        };
        let ping = self.ping_name();
        let age = describe_span(self.now.since(*since));
        let arrived = self.arrived().filter(|at| at.since(*missed) > SAME_ROUND);
        if arrived.is_some() && self.service == Some(&ServiceStatus::Active) {
            return Some(unknown(
                Cause::Unclear,
                format!(
                    "{ping} has not answered for {age}, but bytes arrive and VPNKI lists {} as active: is 'option ping' right?",
                    self.names.service
                ),
            ));
        }
        Some(self.dead(format!("{ping} has not answered for {age}")))
    }

    fn traffic_decides(&self) -> Option<Verdict> {
        let traffic = self.traffic?;
        if let Some(at) = self.arrived() {
            let age = describe_span(self.now.since(at));
            return Some(self.alive(format!(
                "bytes came through {} {age} ago",
                self.names.network
            )));
        }
        let unanswered_for = self.now.since(traffic.unanswered_since?);
        if unanswered_for < MAX_UNANSWERED_TIME || traffic.unanswered < UNANSWERED {
            return None;
        }
        Some(self.dead(format!(
            "{} is stale: {} KiB were sent in {}, nothing was received",
            self.names.network,
            traffic.unanswered / 1024,
            describe_span(unanswered_for)
        )))
    }

    fn service_decides(&self) -> Option<Verdict> {
        let network = self.names.network;
        match (self.service?, self.device.map(|finding| &finding.value)) {
            (ServiceStatus::Active, Some(DeviceStatus::Up(_))) => Some(self.alive(format!(
                "{network} is up and VPNKI lists {} as active",
                self.names.service
            ))),
            (ServiceStatus::Inactive, _) => Some(self.dead(String::new())),
            _ => None,
        }
    }

    fn is_unclear(&self) -> Verdict {
        let mut unavailable = self.unavailable_ping();
        join(&mut unavailable, ", ", &self.unavailable_service());
        if let Some(DeviceStatus::Unavailable(why)) = self.device.map(|finding| &finding.value) {
            join(
                &mut unavailable,
                ", ",
                &format!("netifd could not be asked: {why}"),
            );
        }
        let mut reason = String::from("nothing says whether the tunnel carries traffic");
        if !unavailable.is_empty() {
            reason += ": ";
            reason += &unavailable;
        } else if self.names.ping.is_none() {
            reason += "; 'option ping' would";
        }
        unknown(Cause::Unclear, reason)
    }

    // What several rules say.

    /// Up, unless `option route` does not lead through it.
    fn alive(&self, mut reason: String) -> Verdict {
        if let Some(fault) = self.route_fault() {
            if !matches!(self.wan, Some(finding) if matches!(finding.value, WanStatus::Up(_))) {
                return unknown(Cause::NoWan, format!("{reason}, but {fault}"));
            }
            return Verdict {
                health: Health::Down,
                cause: Cause::NoRoute,
                reason: format!("{reason}, but {fault}"),
            };
        }
        let mut but = match self.service {
            Some(ServiceStatus::Inactive) => {
                format!("VPNKI lists {} as inactive", self.names.service)
            }
            Some(ServiceStatus::Unlisted) => self.unlisted(),
            _ => self.unavailable_service(),
        };
        join(&mut but, " and ", &self.unavailable_ping());
        join(&mut reason, ", though ", &but);
        Verdict {
            health: Health::Up,
            cause: Cause::Alive,
            reason,
        }
    }

    /// Down by `fault`, with all other evidence against it and for it.
    fn dead(&self, fault: String) -> Verdict {
        let name = self.names.service;
        let mut faults = String::new();
        if self.service == Some(&ServiceStatus::Inactive) {
            faults = format!("VPNKI lists {name} as inactive");
        }
        let route = self.route_fault().unwrap_or_default();
        let last = if route.is_empty() { " and " } else { ", " };
        join(&mut faults, last, &fault);
        join(&mut faults, " and ", &route);
        let mut reason = match self.service {
            Some(ServiceStatus::Active) => format!("VPNKI lists {name} as active, but {faults}"),
            _ => faults,
        };
        join(&mut reason, "; ", &self.unavailable_service());
        Verdict {
            health: Health::Down,
            cause: Cause::Dead,
            reason,
        }
    }

    fn route_fault(&self) -> Option<String> {
        let route = self.names.route?;
        match self.route? {
            RouteStatus::Missing => Some(format!("the route {route} is missing")),
            RouteStatus::Elsewhere(device) => Some(format!(
                "the route {route} leads to {device}, not through {}",
                self.names.network
            )),
            RouteStatus::Through | RouteStatus::Unavailable(_) => None,
        }
    }

    fn answer(&self) -> Option<Finding<u32>> {
        match self.ping? {
            Finding {
                value: EchoStatus::Answered(ms),
                at,
            } => Some(Finding {
                value: *ms,
                at: *at,
            }),
            _ => None,
        }
    }

    fn answered_after(&self, ms: u32) -> String {
        format!(
            "{} answers on {} in {} ms",
            self.ping_name(),
            self.names.network,
            ms.max(1)
        )
    }

    /// The moment at which bytes arrived, if that is a sign of life still.
    fn arrived(&self) -> Option<Boot> {
        self.traffic?
            .received_at
            .filter(|at| self.now.since(*at) <= RX_ALIVE_WINDOW)
    }

    fn ping_name(&self) -> &str {
        self.names.ping.unwrap_or_default()
    }

    fn unlisted(&self) -> String {
        format!(
            "VPNKI has no tunnel '{}': check 'option name'",
            self.names.service
        )
    }

    fn unavailable_service(&self) -> String {
        match self.service {
            Some(ServiceStatus::Unavailable(why)) => format!("VPNKI could not be asked: {why}"),
            _ => String::new(),
        }
    }

    fn unavailable_ping(&self) -> String {
        match self.ping.map(|finding| &finding.value) {
            Some(EchoStatus::Unavailable(why)) => {
                format!("{} could not be asked: {why}", self.ping_name())
            }
            _ => String::new(),
        }
    }
}

fn unknown(cause: Cause, reason: String) -> Verdict {
    Verdict {
        health: Health::Unknown,
        cause,
        reason,
    }
}

/// `what` is down, and why: netifd's words may begin with "down" themselves.
fn down_because(what: &str, why: &str) -> String {
    match why.starts_with("down") {
        true => format!("{what} is {why}"),
        false => format!("{what} is down: {why}"),
    }
}

/// Puts `part` behind `text`, and `glue` between them if neither is empty.
fn join(text: &mut String, glue: &str, part: &str) {
    if !text.is_empty() && !part.is_empty() {
        text.push_str(glue);
    }
    text.push_str(part);
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
