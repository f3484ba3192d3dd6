//! From evidence to Up, Down or Unknown, with a reason in words.
//!
//! An answer through the tunnel outweighs whatever is said of the tunnel. After
//! that nobody is believed who has nothing to say: what could not be asked makes
//! a verdict Unknown, never Down.

use alloc::format;
use alloc::string::String;

use super::State;
use super::evidence::{Device, Evidence, Ping, Route, Seen, Service, Traffic, UNANSWERED, Wan};
use crate::time::{spoken, whole};

/// What VPNKI said counts for so long, in seconds: it is asked every few
/// minutes, and may miss a few turns.
const SERVICE_COUNTS: i64 = 15 * 60;
/// What was found on this router counts for so long, in seconds: it is looked
/// at in every pass, but a pass may be late.
const LOCAL_COUNTS: i64 = 10 * 60;
/// Bytes received so long ago, in seconds, are a sign of life.
const LIFE: i64 = 60;
/// What is noted so soon after another thing, in seconds, was noted in the same
/// look: bytes counted then may have come before the echo was missed.
const SAME_LOOK: i64 = 3;
/// For so long, in seconds, bytes may go unanswered.
const SILENCE: i64 = 60;
/// netifd may take so long to set a tunnel up, in seconds.
const SETTING_UP: i64 = 60;

/// What the tunnel is called where, for the reasons.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// At VPNKI.
    pub service: &'a str,
    /// At netifd.
    pub network: &'a str,
    /// The network that it runs over.
    pub wan: &'a str,
    /// `option ping`
    pub ping: Option<&'a str>,
    /// `option route`
    pub route: Option<&'a str>,
}

/// What the evidence comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it works.
    pub state: State,
    /// What that rests on.
    pub cause: Cause,
    /// The same in words, for whoever reads the log at night.
    pub reason: String,
}

/// What a verdict rests on, as far as it matters for what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It carries traffic.
    Alive,
    /// It does not.
    Dead,
    /// Only the route is missing.
    NoRoute,
    /// The WAN is down, or nobody knows.
    NoWan,
    /// Somebody took it down on purpose.
    Off,
    /// The configuration names something that does not exist.
    Configuration,
    /// netifd is at it.
    Pending,
    /// There is too little evidence.
    Unclear,
}

/// What the evidence comes to at the time `now`, in seconds since boot.
pub fn verdict(names: &Names<'_>, evidence: &Evidence, now: i64) -> Verdict {
    let case = Case::new(names, evidence, now);
    case.wan_is_down()
        .or_else(|| case.answers())
        .or_else(|| case.wan_is_silent())
        .or_else(|| case.cannot_be_up())
        .or_else(|| case.is_being_set_up())
        .or_else(|| case.is_not_there())
        .or_else(|| case.does_not_answer())
        .or_else(|| case.traffic_says())
        .or_else(|| case.service_says())
        .unwrap_or_else(|| case.nobody_says())
}

/// The evidence that counts.
struct Case<'a> {
    names: &'a Names<'a>,
    now: i64,
    wan: Option<&'a Seen<Wan>>,
    service: Option<&'a Service>,
    device: Option<&'a Seen<Device>>,
    route: Option<&'a Route>,
    ping: Option<&'a Seen<Ping>>,
    traffic: Option<&'a Traffic>,
}

impl<'a> Case<'a> {
    fn new(names: &'a Names<'a>, evidence: &'a Evidence, now: i64) -> Case<'a> {
        fn counts<T>(piece: &Option<Seen<T>>, now: i64, bound: i64) -> Option<&Seen<T>> {
            piece
                .as_ref()
                .filter(|seen| now.saturating_sub(seen.at) <= bound)
        }
        fn value<T>(seen: &Seen<T>) -> &T {
            &seen.value
        }
        let device = counts(&evidence.device, now, LOCAL_COUNTS);
        // An echo that was sent before the device went says nothing of now.
        let gone_at = device
            .filter(|seen| !matches!(seen.value, Device::Up(_) | Device::Silent(_)))
            .map_or(i64::MIN, |seen| seen.at);
        Case {
            names,
            now,
            wan: counts(&evidence.wan, now, LOCAL_COUNTS),
            service: counts(&evidence.service, now, SERVICE_COUNTS).map(value),
            device,
            route: counts(&evidence.route, now, LOCAL_COUNTS)
                .map(value)
                .filter(|_| names.route.is_some()),
            ping: counts(&evidence.ping, now, LOCAL_COUNTS)
                .filter(|seen| names.ping.is_some() && seen.at >= gone_at),
            traffic: counts(&evidence.traffic, now, LOCAL_COUNTS).map(value),
        }
    }

    // The rules, in their order.

    fn wan_is_down(&self) -> Option<Verdict> {
        let Some(Seen {
            value: Wan::Down(why),
            at,
        }) = self.wan
        else {
            return None;
        };
        let wan = is_down(&format!("the WAN '{}'", self.names.wan), why);
        let mut reason = format!("{wan}, so nothing can be said of the tunnel");
        if let Some(answer) = self.answer().filter(|answer| answer.at >= *at) {
            reason += &format!(
                ", though {}: check 'option wan'",
                self.answered_after(answer.value)
            );
        }
        Some(unknown(Cause::NoWan, reason))
    }

    fn answers(&self) -> Option<Verdict> {
        let answer = self.answer()?;
        Some(self.alive(self.answered_after(answer.value)))
    }

    fn wan_is_silent(&self) -> Option<Verdict> {
        let why = match self.wan.map(|seen| &seen.value) {
            Some(Wan::Up(_)) => return None,
            Some(Wan::Silent(why)) => why,
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
        let (cause, reason) = match self.device.map(|seen| &seen.value) {
            Some(Device::Missing) => (
                Cause::Configuration,
                format!("netifd has no network '{network}': check 'option network'"),
            ),
            Some(Device::Off) => (
                Cause::Off,
                format!("{network} was taken down by hand; 'ifup {network}' brings it back"),
            ),
            _ if self.service == Some(&Service::Unlisted) => {
                (Cause::Configuration, self.unlisted())
            }
            _ => return None,
        };
        Some(unknown(cause, reason))
    }

    fn is_being_set_up(&self) -> Option<Verdict> {
        let Some(Device::Pending { since, why }) = self.device.map(|seen| &seen.value) else {
            return None;
        };
        let network = self.names.network;
        let age = self.now.saturating_sub(*since);
        if age < SETTING_UP {
            return Some(unknown(
                Cause::Pending,
                format!("{network} is being set up: {why}"),
            ));
        }
        let age = spoken(whole(age));
        Some(self.dead(format!("{network} has not come up for {age}: {why}")))
    }

    fn is_not_there(&self) -> Option<Verdict> {
        let network = self.names.network;
        let fault = match self.device.map(|seen| &seen.value)? {
            Device::Down(why) => is_down(network, why),
            Device::Gone(device) => format!("the device {device} of {network} is gone"),
            _ => return None,
        };
        Some(self.dead(fault))
    }

    fn does_not_answer(&self) -> Option<Verdict> {
        let Some(Ping::Lost { since, missed }) = self.ping.map(|seen| &seen.value) else {
            return None;
        };
        let ping = self.ping_name();
        let age = spoken(whole(self.now.saturating_sub(*since)));
        let arrived = self
            .arrived()
            .filter(|at| at.saturating_sub(*missed) > SAME_LOOK);
        if arrived.is_some() && self.service == Some(&Service::Active) {
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

    fn traffic_says(&self) -> Option<Verdict> {
        let traffic = self.traffic?;
        if let Some(at) = self.arrived() {
            let age = spoken(whole(self.now.saturating_sub(at)));
            return Some(self.alive(format!(
                "bytes came through {} {age} ago",
                self.names.network
            )));
        }
        let silent = self.now.saturating_sub(traffic.unanswered_since?);
        if silent < SILENCE || traffic.unanswered < UNANSWERED {
            return None;
        }
        Some(self.dead(format!(
            "{} is stale: {} KiB were sent in {}, nothing was received",
            self.names.network,
            traffic.unanswered / 1024,
            spoken(whole(silent))
        )))
    }

    fn service_says(&self) -> Option<Verdict> {
        let network = self.names.network;
        match (self.service?, self.device.map(|seen| &seen.value)) {
            (Service::Active, Some(Device::Up(_))) => Some(self.alive(format!(
                "{network} is up and VPNKI lists {} as active",
                self.names.service
            ))),
            (Service::Inactive, _) => Some(self.dead(String::new())),
            _ => None,
        }
    }

    fn nobody_says(&self) -> Verdict {
        let mut silent = self.silent_ping();
        join(&mut silent, ", ", &self.silent_service());
        if let Some(Device::Silent(why)) = self.device.map(|seen| &seen.value) {
            join(
                &mut silent,
                ", ",
                &format!("netifd could not be asked: {why}"),
            );
        }
        let mut reason = String::from("nothing says whether the tunnel carries traffic");
        if !silent.is_empty() {
            reason += ": ";
            reason += &silent;
        } else if self.names.ping.is_none() {
            reason += "; 'option ping' would";
        }
        unknown(Cause::Unclear, reason)
    }

    // What several rules say.

    /// Up, unless `option route` does not lead through it.
    fn alive(&self, mut reason: String) -> Verdict {
        if let Some(fault) = self.route_fault() {
            if !matches!(self.wan, Some(seen) if matches!(seen.value, Wan::Up(_))) {
                return unknown(Cause::NoWan, format!("{reason}, but {fault}"));
            }
            return Verdict {
                state: State::Down,
                cause: Cause::NoRoute,
                reason: format!("{reason}, but {fault}"),
            };
        }
        let mut but = match self.service {
            Some(Service::Inactive) => {
                format!("VPNKI lists {} as inactive", self.names.service)
            }
            Some(Service::Unlisted) => self.unlisted(),
            _ => self.silent_service(),
        };
        join(&mut but, " and ", &self.silent_ping());
        join(&mut reason, ", though ", &but);
        Verdict {
            state: State::Up,
            cause: Cause::Alive,
            reason,
        }
    }

    /// Down by `fault`, with all else that is known against it and for it.
    fn dead(&self, fault: String) -> Verdict {
        let name = self.names.service;
        let mut faults = String::new();
        if self.service == Some(&Service::Inactive) {
            faults = format!("VPNKI lists {name} as inactive");
        }
        let route = self.route_fault().unwrap_or_default();
        let last = if route.is_empty() { " and " } else { ", " };
        join(&mut faults, last, &fault);
        join(&mut faults, " and ", &route);
        let mut reason = match self.service {
            Some(Service::Active) => format!("VPNKI lists {name} as active, but {faults}"),
            _ => faults,
        };
        join(&mut reason, "; ", &self.silent_service());
        Verdict {
            state: State::Down,
            cause: Cause::Dead,
            reason,
        }
    }

    fn route_fault(&self) -> Option<String> {
        let route = self.names.route?;
        match self.route? {
            Route::Missing => Some(format!("the route {route} is missing")),
            Route::Elsewhere(device) => Some(format!(
                "the route {route} leads to {device}, not through {}",
                self.names.network
            )),
            Route::Through | Route::Silent(_) => None,
        }
    }

    fn answer(&self) -> Option<Seen<u32>> {
        match self.ping? {
            Seen {
                value: Ping::Answered(ms),
                at,
            } => Some(Seen {
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

    /// When bytes arrived, if that is a sign of life still.
    fn arrived(&self) -> Option<i64> {
        self.traffic?
            .received_at
            .filter(|at| self.now.saturating_sub(*at) <= LIFE)
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

    fn silent_service(&self) -> String {
        match self.service {
            Some(Service::Silent(why)) => format!("VPNKI could not be asked: {why}"),
            _ => String::new(),
        }
    }

    fn silent_ping(&self) -> String {
        match self.ping.map(|seen| &seen.value) {
            Some(Ping::Silent(why)) => format!("{} could not be asked: {why}", self.ping_name()),
            _ => String::new(),
        }
    }
}

fn unknown(cause: Cause, reason: String) -> Verdict {
    Verdict {
        state: State::Unknown,
        cause,
        reason,
    }
}

/// netifd's words for why may begin with the same word.
fn is_down(what: &str, why: &str) -> String {
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
