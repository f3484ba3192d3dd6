//! From evidence to Up, Down or Unknown, with a reason.
//!
//! Facts come first: what the router itself knows of the WAN, the network and its
//! device. An answer through the tunnel outweighs whatever is said of it, and so do
//! bytes that were received after that. Then come the [witnesses](super::witness). What
//! could not be asked makes a verdict Unknown, never Down.

mod accusations;

use alloc::vec::Vec;
use core::time::Duration;

use super::evidence::{
    DeviceStatus, EchoStatus, Evidence, Finding, HandshakeStatus, RouteStatus, ServiceStatus,
    Traffic, WanStatus,
};
use super::health::Health;
use super::witness::Testimony;
use crate::reason;
use crate::reason::Reason;
use crate::time::Boot;

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
/// The time that netifd may take to set a tunnel up.
const MAX_SETUP_TIME: Duration = Duration::from_secs(60);

/// The tunnel's names, for the reasons.
#[derive(Debug, Clone, Copy)]
pub(super) struct TunnelNames<'a> {
    /// Its name at VPNKI.
    pub(super) service: &'a str,
    /// Its network at netifd.
    pub(super) network: &'a str,
    /// `option ping`
    pub(super) ping: Option<&'a str>,
    /// `option route`
    pub(super) route: Option<&'a str>,
    /// `option ping_size`
    pub(super) ping_size: Option<u16>,
}

/// The conclusion from the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    /// The tunnel's health.
    pub(super) health: Health,
    /// The ground for it.
    pub(super) cause: Cause,
    /// Bytes arrive all the same, so that a restart would cut what they belong to.
    pub(super) carries_traffic: bool,
    /// The ground for the person who reads the log at night.
    pub(super) reason: Reason,
}

/// The ground for a verdict, as far as it matters for what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// It carries traffic.
    Alive,
    /// It does not.
    Dead,
    /// Its network or device is not there.
    NoDevice,
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

/// The conclusion from the evidence at `now`. `last_attempt` is the moment at which the
/// tunnel was last restarted, or its command run.
pub(super) fn verdict(
    names: &TunnelNames<'_>,
    evidence: &Evidence,
    last_attempt: Option<Boot>,
    now: Boot,
) -> Verdict {
    let case = Case::new(names, evidence, last_attempt, now);
    case.wan_is_down()
        .or_else(|| case.echo_is_answered())
        .or_else(|| case.wan_is_unavailable())
        .or_else(|| case.cannot_be_up())
        .or_else(|| case.is_being_set_up())
        .or_else(|| case.network_is_down())
        .or_else(|| case.bytes_arrive())
        .or_else(|| case.is_misnamed())
        .or_else(|| case.witness_counts_against())
        .or_else(|| case.service_vouches())
        .unwrap_or_else(|| case.is_unclear())
}

/// The evidence that counts.
struct Case<'a> {
    names: &'a TunnelNames<'a>,
    now: Boot,
    last_attempt: Option<Boot>,
    wan: Option<&'a Finding<WanStatus>>,
    service: Option<&'a Finding<ServiceStatus>>,
    device: Option<&'a Finding<DeviceStatus>>,
    route: Option<&'a RouteStatus>,
    ping: Option<&'a Finding<EchoStatus>>,
    large_ping: Option<&'a bool>,
    handshake: Option<&'a HandshakeStatus>,
    traffic: Option<&'a Traffic>,
    testimony: &'a Testimony,
}

impl<'a> Case<'a> {
    fn new(
        names: &'a TunnelNames<'a>,
        evidence: &'a Evidence,
        last_attempt: Option<Boot>,
        now: Boot,
    ) -> Case<'a> {
        fn recent<T>(
            finding: &Option<Finding<T>>,
            now: Boot,
            max_age: Duration,
        ) -> Option<&Finding<T>> {
            finding
                .as_ref()
                .filter(|finding| now <= finding.at + max_age)
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
            last_attempt,
            wan: recent(&evidence.wan, now, MAX_LOCAL_AGE),
            service: recent(&evidence.service, now, MAX_SERVICE_AGE),
            device,
            route: recent(&evidence.route, now, MAX_LOCAL_AGE)
                .map(value)
                .filter(|_| names.route.is_some()),
            ping: recent(&evidence.ping, now, MAX_LOCAL_AGE).filter(|finding| {
                names.ping.is_some() && gone_at.is_none_or(|at| finding.at >= at)
            }),
            large_ping: recent(&evidence.large_ping, now, MAX_LOCAL_AGE).map(value),
            handshake: recent(&evidence.handshake, now, MAX_LOCAL_AGE).map(value),
            traffic: recent(&evidence.traffic, now, MAX_LOCAL_AGE).map(value),
            testimony: &evidence.testimony,
        }
    }

    // The rules, in their order: facts and signs of life, then the witnesses.

    fn wan_is_down(&self) -> Option<Verdict> {
        let Some(Finding {
            value: WanStatus::Down(why),
            at,
        }) = self.wan
        else {
            return None;
        };
        let reason = match self.answer().filter(|answer| answer.at >= *at) {
            Some(answer) => reason!(
                TunnelWanDownThough,
                cause = why,
                remark = self.answered_after(answer.value)
            ),
            None => reason!(TunnelWanDown, cause = why),
        };
        Some(unknown(Cause::NoWan, reason))
    }

    fn echo_is_answered(&self) -> Option<Verdict> {
        let answer = self.answer()?;
        Some(self.alive(self.answered_after(answer.value)))
    }

    fn wan_is_unavailable(&self) -> Option<Verdict> {
        let why = match self.wan.map(|finding| &finding.value) {
            Some(WanStatus::Up(_)) => return None,
            Some(WanStatus::Missing(why)) => {
                let reason = reason!(TunnelWanMissing, cause = why);
                return Some(unknown(Cause::Configuration, reason));
            }
            Some(WanStatus::Unavailable(why)) => why.clone(),
            _ => reason!(WanNotAsked),
        };
        let reason = reason!(TunnelWanUnknown, cause = why);
        Some(unknown(Cause::NoWan, reason))
    }

    fn cannot_be_up(&self) -> Option<Verdict> {
        let network = self.names.network;
        let device = &self.device?.value;
        Some(match device {
            DeviceStatus::Missing => unknown(
                Cause::Configuration,
                reason!(TunnelNoNetwork, network = network),
            ),
            DeviceStatus::Off | DeviceStatus::NotStarted => {
                let fault = device.fault(network)?;
                let reason = reason!(TunnelStatus, network = network, state = fault);
                unknown(Cause::Off, reason)
            }
            _ => return None,
        })
    }

    fn is_being_set_up(&self) -> Option<Verdict> {
        let Some(DeviceStatus::Pending { since, why }) = self.device.map(|finding| &finding.value)
        else {
            return None;
        };
        let network = self.names.network;
        let age = self.now.since(*since);
        if age < MAX_SETUP_TIME {
            let reason = reason!(TunnelStatus, network = network, state = why);
            return Some(unknown(Cause::Pending, reason));
        }
        Some(self.dead(reason!(
            TunnelNotUp,
            network = network,
            age_s = age,
            state = why
        )))
    }

    fn network_is_down(&self) -> Option<Verdict> {
        let network = self.names.network;
        let fault = match self.device.map(|finding| &finding.value)? {
            DeviceStatus::Down(why) => reason!(TunnelStatus, network = network, state = why),
            DeviceStatus::Gone(device) if device == network => {
                reason!(TunnelDeviceMissing, device = device)
            }
            DeviceStatus::Gone(device) => {
                reason!(TunnelDeviceGone, device = device, network = network)
            }
            _ => return None,
        };
        Some(Verdict {
            cause: Cause::NoDevice,
            ..self.dead(fault)
        })
    }

    fn bytes_arrive(&self) -> Option<Verdict> {
        let age = self.now.since(self.arrived()?);
        // Those of the round of the first missed echo may have come before it.
        if self.lost_echo().is_some_and(|one| self.counts(&one)) {
            return None;
        }
        let network = self.names.network;
        Some(self.alive(reason!(TunnelBytes, network = network, age_s = age)))
    }

    fn is_misnamed(&self) -> Option<Verdict> {
        Some(unknown(Cause::Configuration, self.misnamed()?))
    }

    fn witness_counts_against(&self) -> Option<Verdict> {
        let mut counting = self.accusations().filter(|one| self.counts(one));
        counting.next().map(|one| self.dead(one.fault))
    }

    /// VPNKI's word is good for a tunnel against which nothing is said.
    fn service_vouches(&self) -> Option<Verdict> {
        let network = self.names.network;
        if !self.is_up() || !self.is_active() || self.accusations().next().is_some() {
            return None;
        }
        let service = self.names.service;
        Some(self.alive(reason!(TunnelVouched, network = network, tunnel = service)))
    }

    fn is_unclear(&self) -> Verdict {
        let device = match self.device.map(|finding| &finding.value) {
            Some(DeviceStatus::Unavailable(why)) => Some(reason!(TunnelNetifdSilent, cause = why)),
            _ => None,
        };
        let mut known: Vec<Reason> = all_of(self.doubts()).into_iter().collect();
        for part in [self.unavailable_ping(), self.unavailable_service(), device] {
            known.extend(part);
        }
        let reason = match known.is_empty() {
            false => reason!(TunnelUnclear, causes = known),
            true if self.names.ping.is_none() => reason!(TunnelUnclearWithoutPing),
            true => reason!(TunnelUnclearWithPing),
        };
        unknown(Cause::Unclear, reason)
    }

    // What several rules say.

    /// Up, unless `option route` does not lead through it.
    fn alive(&self, reason: Reason) -> Verdict {
        if let Some(fault) = self.route_fault() {
            let reason = reason!(TunnelBut, remark = reason, cause = fault);
            if !matches!(self.wan, Some(finding) if matches!(finding.value, WanStatus::Up(_))) {
                return unknown(Cause::NoWan, reason);
            }
            return Verdict {
                health: Health::Down,
                cause: Cause::NoRoute,
                carries_traffic: self.arrived().is_some() || self.answer().is_some(),
                reason,
            };
        }
        let mut but = self.doubts();
        for part in [
            self.misnamed(),
            self.unavailable_service(),
            self.unavailable_ping(),
            self.lost_large_echo(),
            self.route_overlap(),
        ] {
            but.extend(part);
        }
        let reason = match but.is_empty() {
            true => reason,
            false => reason!(TunnelThough, remark = reason, causes = but),
        };
        Verdict {
            health: Health::Up,
            cause: Cause::Alive,
            carries_traffic: true,
            reason,
        }
    }

    fn lost_large_echo(&self) -> Option<Reason> {
        match (self.names.ping_size, self.large_ping) {
            (Some(size), Some(false)) if self.answer().is_some() => Some(reason!(
                TunnelLargeLost,
                bytes = u32::from(size),
                network = self.names.network
            )),
            _ => None,
        }
    }

    /// Down by `fault`, with all other evidence against it and for it.
    fn dead(&self, fault: Reason) -> Verdict {
        let mut faults: Vec<Reason> = self.inactive().into_iter().collect();
        if faults.first() != Some(&fault) {
            faults.push(fault);
        }
        let mut reason = match self.route_fault() {
            Some(route) => reason!(TunnelAndRoute, causes = faults, remark = route),
            None => all_of(faults).unwrap_or_default(),
        };
        let name = self.names.service;
        if self.is_active() {
            reason = reason!(TunnelListedBut, tunnel = name, cause = reason);
        }
        if self.may_be_taken() {
            reason = reason!(TunnelMaybeTaken, cause = reason, tunnel = name);
        }
        if let Some(silent) = self.unavailable_service() {
            reason = reason!(TunnelRemark, cause = reason, remark = silent);
        }
        // The first missed echo does not say whether the bytes of its round came later.
        let is_new = |at: Boot| self.now.since(at) <= SAME_ROUND;
        Verdict {
            health: Health::Down,
            cause: Cause::Dead,
            carries_traffic: self.is_up() && self.arrived().is_some_and(is_new),
            reason,
        }
    }

    /// Whether its network or device is up.
    fn is_up(&self) -> bool {
        matches!(self.device, Some(finding) if matches!(finding.value, DeviceStatus::Up(_)))
    }

    /// Whether VPNKI lists as active what our last attempt did not bring back, though its
    /// network is up: then it may be another device that it lists.
    fn may_be_taken(&self) -> bool {
        let Some(attempt) = self.last_attempt else {
            return false;
        };
        let is_listed_since = self.is_active() && self.service.is_some_and(|f| f.at > attempt);
        let spoke = self.testimony.ping.max(self.testimony.traffic);
        let is_silent_since = spoke.is_none_or(|at| at <= attempt);
        let had_time = self.now.since(attempt) >= MAX_SETUP_TIME;
        self.is_up() && is_listed_since && is_silent_since && had_time
    }

    fn route_fault(&self) -> Option<Reason> {
        let route = self.names.route?;
        match self.route? {
            RouteStatus::Missing => Some(reason!(TunnelRouteMissing, prefix = route)),
            RouteStatus::Elsewhere(device) => Some(reason!(
                TunnelRouteElsewhere,
                prefix = route,
                device = device,
                network = self.names.network
            )),
            RouteStatus::Partly(part) => {
                Some(reason!(TunnelRouteIncomplete, prefix = route, cause = part))
            }
            RouteStatus::Through | RouteStatus::Overlapped(_) | RouteStatus::Unavailable(_) => None,
        }
    }

    /// A route of its own in `option route`: no fault of the tunnel, since nothing that is
    /// done about a tunnel would change it.
    fn route_overlap(&self) -> Option<Reason> {
        match (self.names.route, self.route) {
            (Some(route), Some(RouteStatus::Overlapped(part))) => {
                Some(reason!(TunnelRouteOverlap, prefix = route, cause = part))
            }
            _ => None,
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

    fn answered_after(&self, ms: u32) -> Reason {
        reason!(
            TunnelAnswers,
            address = self.ping_name(),
            network = self.names.network,
            ms = ms.max(1)
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

    fn service_status(&self) -> Option<&ServiceStatus> {
        self.service.map(|finding| &finding.value)
    }

    fn is_active(&self) -> bool {
        self.service_status() == Some(&ServiceStatus::Active)
    }

    fn inactive(&self) -> Option<Reason> {
        match self.service_status()? {
            ServiceStatus::Inactive => Some(reason!(TunnelInactive, tunnel = self.names.service)),
            _ => None,
        }
    }

    /// VPNKI does not know which tunnel is meant.
    fn misnamed(&self) -> Option<Reason> {
        let name = self.names.service;
        match self.service_status()? {
            ServiceStatus::Unlisted => Some(reason!(TunnelNotListed, tunnel = name)),
            ServiceStatus::Ambiguous(logins) => {
                Some(reason!(TunnelAmbiguous, tunnel = name, names = logins))
            }
            _ => None,
        }
    }

    fn unavailable_service(&self) -> Option<Reason> {
        match self.service_status()? {
            ServiceStatus::Unavailable(why) => Some(reason!(TunnelVpnkiSilent, cause = why)),
            _ => None,
        }
    }

    fn unavailable_ping(&self) -> Option<Reason> {
        match &self.ping?.value {
            EchoStatus::Unavailable(why) => Some(reason!(
                TunnelPingSilent,
                address = self.ping_name(),
                cause = why
            )),
            _ => None,
        }
    }
}

fn unknown(cause: Cause, reason: Reason) -> Verdict {
    Verdict {
        health: Health::Unknown,
        cause,
        carries_traffic: false,
        reason,
    }
}

/// All of several reasons as one; none, if there are none.
fn all_of(mut reasons: Vec<Reason>) -> Option<Reason> {
    match reasons.len() {
        0 | 1 => reasons.pop(),
        _ => Some(reason!(TunnelAnd, causes = reasons)),
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
