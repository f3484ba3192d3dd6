//! One tunnel, round by round: it takes the evidence of a round, and says what
//! follows from it.

use alloc::string::ToString;
use core::time::Duration;

use super::account::{AccountState, TunnelId};
use super::evidence::{DeviceStatus, EchoStatus, Finding, RouteStatus, Traffic};
use super::handshake::handshake_status;
use super::networks::{
    NetworkContext, Networks, device_status, has_wireguard, link_network, wan_status,
};
use super::recovery::{self, Action, RecoveryPolicy, WanContext};
use super::schedule::TunnelSchedule;
use super::verdict::{Cause, TunnelNames, Verdict, verdict};
use super::{Health, TunnelState};
use crate::config::Tunnel;
use crate::reason;
use crate::reason::Reason;
use crate::time::{Boot, Now, Wall};

/// The pause between two large echoes.
const LARGE_ECHO_INTERVAL: Duration = Duration::from_secs(60);

/// A tunnel with its state and its schedule. Moments may be given to the millisecond;
/// what is remembered of them is in whole seconds.
#[derive(Debug)]
pub struct TunnelTracker {
    /// The configuration.
    pub tunnel: Tunnel,
    /// The state, which is to be remembered.
    pub state: TunnelState,
    /// The schedule.
    pub schedule: TunnelSchedule,
    /// The ground for the last verdict since it was made.
    last_cause: Option<Cause>,
    /// The round began amid a restart, so that what netifd says may be older than that.
    is_half_restarted: bool,
    /// netifd has the tunnel's network, and does not run what makes its device.
    is_passive: bool,
}

/// The consequences of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// The action to take.
    pub action: Action,
    /// The health before the round.
    pub health_before: Health,
    /// The old and the new state for `option notify`, if they differ.
    pub notified_change: Option<(&'static str, &'static str)>,
    /// No round was judged before, so that the state is the first that is known.
    pub is_first: bool,
    /// The state is to be written, if it differs from what is written.
    pub write_is_due: bool,
    /// The witnesses that have testified are to be recorded.
    pub record_is_due: bool,
}

impl TunnelTracker {
    /// The tracker of a tunnel whose state, for its configuration, was read at `now`.
    pub fn new(tunnel: Tunnel, state: TunnelState, now: Boot) -> TunnelTracker {
        TunnelTracker {
            tunnel,
            state,
            schedule: TunnelSchedule::new(now),
            last_cause: None,
            is_half_restarted: false,
            is_passive: false,
        }
    }

    /// Whether the last verdict says that the configuration is wrong.
    pub fn is_misconfigured(&self) -> bool {
        self.last_cause == Some(Cause::Configuration)
    }

    /// Begins a round. True if the network must be taken up before: the process was
    /// killed between taking it down and up, or netifd did not acknowledge.
    pub fn begin_round(&mut self, now: Boot) -> bool {
        self.schedule.begin_round(now);
        self.is_half_restarted = self.state.recovery.restarting;
        self.is_half_restarted
    }

    /// Takes note of what netifd knows, and the state of the tunnel's account. The
    /// kernel says whether it has a device, /etc/config/network whether a network is to
    /// be started at boot.
    pub fn record_status(
        &mut self,
        context: &NetworkContext<'_>,
        is_device: impl FnOnce(&str) -> bool,
        starts_at_boot: impl FnOnce(&str) -> bool,
        account: Option<&AccountState>,
        now: Boot,
    ) {
        let at = now.whole_secs();
        let (tunnel, state) = (&self.tunnel, &mut self.state);
        let before = state.evidence.device.as_ref();
        let networks = &context.networks;
        let found = device_status(
            networks,
            &tunnel.link,
            is_device,
            starts_at_boot,
            before,
            at,
        );
        let device = match found {
            // By ourselves, and what netifd said may be older than our call.
            DeviceStatus::Off | DeviceStatus::NotStarted if self.is_half_restarted => {
                DeviceStatus::Pending {
                    since: at,
                    why: reason!(NetworkRestarting),
                }
            }
            device => device,
        };
        if let Some(network) = link_network(networks, &tunnel.link) {
            self.is_passive = network.is_passive() && tunnel.service.is_none();
        }
        let wan = wan_status(context, &tunnel.wans, state, at);
        let id = TunnelId::from(tunnel);
        state.evidence.service = account.and_then(|account| account.service_evidence(&id, at));
        state.evidence.wan = Some(Finding { value: wan, at });
        state.evidence.device = Some(Finding { value: device, at });
    }

    /// Takes note of the way of `option route`; none without that option, or without a
    /// device.
    pub fn record_route(&mut self, route: Option<RouteStatus>, now: Boot) {
        let at = now.whole_secs();
        self.state.evidence.route = route.map(|value| Finding { value, at });
    }

    /// The device whose latest handshake the kernel is to be asked for, if the tunnel is
    /// WireGuard's and up. `is_wireguard` says it of a device that netifd need not know.
    pub fn wireguard_device(
        &self,
        networks: &Networks<'_>,
        is_wireguard: impl FnOnce(&str) -> bool,
    ) -> Option<&str> {
        let device = self.state.evidence.device_name()?;
        let is_bare = self.tunnel.link.network().is_none() && self.tunnel.service.is_none();
        let is_one = has_wireguard(networks, device) || (is_bare && is_wireguard(device));
        is_one.then_some(device)
    }

    /// Takes note of the latest handshake, as the kernel stamps it; none where it was not
    /// asked for.
    pub fn record_handshake(&mut self, read: Option<Result<Option<Wall>, Reason>>, now: Now) {
        let stamp = &mut self.state.handshake_stamp;
        self.state.evidence.handshake = read.map(|read| Finding {
            value: handshake_status(read, stamp, now),
            at: now.boot,
        });
    }

    /// Takes note of the fate of the echoes; none without `option ping`.
    pub fn record_echo(&mut self, echo: Option<EchoStatus>, now: Boot) {
        let at = now.whole_secs();
        self.state.evidence.ping = echo.map(|value| Finding { value, at });
    }

    /// The size of the large echo that is to follow a small one that was answered, if one
    /// is due.
    pub fn large_echo(&self, now: Boot) -> Option<u16> {
        let last = self.state.evidence.large_ping.as_ref();
        let is_due = last.is_none_or(|finding| now.since(finding.at) >= LARGE_ECHO_INTERVAL);
        self.tunnel.ping_size.filter(|_| is_due)
    }

    /// Takes note of whether a large echo was answered.
    pub fn record_large_echo(&mut self, is_answered: bool, now: Boot) {
        self.state.evidence.large_ping = Some(Finding {
            value: is_answered,
            at: now.whole_secs(),
        });
    }

    /// Takes note of an echo that was answered after so long.
    pub fn record_answer(&mut self, after: Duration, now: Boot) {
        let ms = u32::try_from(after.as_millis()).unwrap_or(u32::MAX);
        self.record_echo(Some(EchoStatus::Answered(ms)), now);
    }

    /// Takes note of echoes that were lost.
    pub fn record_loss(&mut self, now: Boot) {
        let before = self.state.evidence.ping.as_ref();
        let lost = EchoStatus::lost(before, now.whole_secs());
        self.record_echo(Some(lost), now);
    }

    /// Takes note of the device's counters, after the echoes of the round.
    pub fn record_counters(&mut self, received: u64, sent: u64, now: Boot) {
        let at = now.whole_secs();
        let traffic = &mut self.state.evidence.traffic;
        let before = traffic.as_ref().map(|finding| &finding.value);
        let value = Traffic::from_counters(before, received, sent, at);
        *traffic = Some(Finding { value, at });
    }

    /// The reason why no echo can be sent where the tunnel has no device.
    pub fn no_device(&self) -> Reason {
        match &self.state.evidence.device {
            Some(finding) if matches!(finding.value, DeviceStatus::Unavailable(_)) => {
                reason!(EchoNoDeviceSaid)
            }
            _ if self.tunnel.link.network().is_none() => reason!(EchoNoDevice),
            _ => reason!(EchoNetworkNotUp),
        }
    }

    /// Ends a round with its verdict, and says what follows. The new state is to be
    /// remembered before the action is taken.
    pub fn judge(&mut self, address_is_pending: bool, now: Boot, random: u32) -> Judgement {
        let at = now.whole_secs();
        let evidence = &mut self.state.evidence;
        evidence.testimony = evidence.testimony.after(evidence);
        let verdict = self.verdict(at);
        let (policy, wan) = (&self.policy(), self.wan(address_is_pending));
        let before = &self.state.recovery;
        let (after, action) = recovery::step(policy, before, &verdict, &wan, at, random);
        let judgement = Judgement {
            action,
            health_before: before.health,
            notified_change: recovery::notified_change(before, &after),
            is_first: before.reason.is_empty(),
            write_is_due: !before.is_like(&after) || self.schedule.write_is_due(at),
            record_is_due: self.state.record_is_due(at),
        };
        let pause = recovery::round_interval(policy, &after, at);
        self.schedule.end_round(now, pause);
        if action == Action::Recheck {
            self.schedule.recheck(now, self.tunnel.vpnki.is_some());
        }
        self.last_cause = Some(verdict.cause);
        self.state.recovery = after;
        judgement
    }

    /// Takes a person's order to bring the tunnel back now, after the evidence of netifd
    /// was recorded. The new state is to be remembered before the action is taken. Gives
    /// the action, and what it is in words.
    ///
    /// # Errors
    /// Why nothing is done.
    pub fn order(
        &mut self,
        address_is_pending: bool,
        now: Boot,
        random: u32,
    ) -> Result<(Action, Reason), Reason> {
        let (policy, wan) = (self.policy(), self.wan(address_is_pending));
        let before = &self.state.recovery;
        let (after, action, done) =
            recovery::order(&policy, before, &wan, now.whole_secs(), random)?;
        self.state.recovery = after;
        // What comes of it is watched.
        self.schedule.expedite();
        Ok((action, done))
    }

    fn policy(&self) -> RecoveryPolicy {
        match self.is_passive {
            true => self.tunnel.policy.without_restart(),
            false => self.tunnel.policy.clone(),
        }
    }

    fn wan(&self, address_is_pending: bool) -> WanContext {
        WanContext {
            up_since: self.state.evidence.wan_up_since(),
            address_is_pending,
        }
    }

    fn verdict(&self, now: Boot) -> Verdict {
        let tunnel = &self.tunnel;
        let ping = tunnel.ping.map(|address| address.to_string());
        let route = tunnel.route.map(|prefix| prefix.to_string());
        let names = TunnelNames {
            service: &tunnel.name,
            network: tunnel.link.name(),
            ping: ping.as_deref(),
            route: route.as_deref(),
            ping_size: tunnel.ping_size,
        };
        let last_attempt = self.state.recovery.last_attempt();
        verdict(&names, &self.state.evidence, last_attempt, now)
    }
}

#[cfg(test)]
#[path = "tracker_tests.rs"]
pub(super) mod tests;
