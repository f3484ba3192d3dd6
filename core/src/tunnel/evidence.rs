//! The evidence about a tunnel, each piece with the moment at which it was found.

use alloc::string::String;
use core::time::Duration;

use super::witness::Testimony;
use crate::persist;
use crate::reason;
use crate::reason::Reason;
use crate::time::Boot;

/// So many bytes, within [`EPISODE`], must go unanswered before that says
/// anything: an owner who pings a machine that is off sends 84 bytes a second, a
/// page that does not load some thousand. Less is too little to tell a dead
/// tunnel from a far end that has nothing to say.
pub(super) const UNANSWERED: u64 = 16 * 1024;
/// The time over which unanswered bytes are counted together, so that the few
/// multicast packets of an hour do not add up; they are forgotten when nothing
/// was sent for so long.
pub(super) const EPISODE: Duration = Duration::from_secs(10 * 60);

/// A finding and its moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding<T> {
    /// The finding.
    pub value: T,
    /// The moment at which it was made.
    pub at: Boot,
}

/// All evidence about one tunnel. `None` is what is not asked for, or was not
/// asked yet; what was asked in vain is `Unavailable`, with the cause.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The network that the tunnel runs over.
    pub wan: Option<Finding<WanStatus>>,
    /// The tunnel at VPNKI.
    pub service: Option<Finding<ServiceStatus>>,
    /// The tunnel's own network and its device.
    pub device: Option<Finding<DeviceStatus>>,
    /// The way of `option route`.
    pub route: Option<Finding<RouteStatus>>,
    /// The fate of echoes to `option ping`.
    pub ping: Option<Finding<EchoStatus>>,
    /// Whether an echo of `option ping_size` was answered, since a small one was.
    pub large_ping: Option<Finding<bool>>,
    /// The latest handshake of a WireGuard device.
    pub handshake: Option<Finding<HandshakeStatus>>,
    /// The device's counters, read after the echoes of the same round, so that
    /// the answer to an echo is not taken for what came after it.
    pub traffic: Option<Finding<Traffic>>,
    /// The moments at which each witness last testified for the tunnel.
    pub testimony: Testimony,
}

/// The network that the tunnel runs over, `option wan`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WanStatus {
    /// Up with an address, since this moment.
    Up(Boot),
    /// There is none; the cause, such as `the WAN 'wan' is waiting for DHCP`.
    Down(Reason),
    /// netifd has no network of the name that `option wan` gives, in words.
    Missing(Reason),
    /// netifd could not be asked; the cause.
    Unavailable(Reason),
}

/// The status of the tunnel at VPNKI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceStatus {
    /// `active` lists it.
    Active,
    /// `tunnels` lists it, `active` does not.
    Inactive,
    /// `tunnels` does not list it: its name is wrong.
    Unlisted,
    /// `tunnels` lists several of this name; their logins.
    Ambiguous(String),
    /// VPNKI could not be asked, or gave no answer that says; the cause.
    Unavailable(Reason),
}

/// The status of the tunnel's own network, by netifd and the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceStatus {
    /// Up, on this device, which exists.
    Up(String),
    /// netifd is setting it up.
    Pending {
        /// The moment at which that was first seen.
        since: Boot,
        /// To be said behind its name, such as `is dialling`.
        why: Reason,
    },
    /// Not up, and netifd is not about to change that; to be said behind its name, such
    /// as `is down`.
    Down(Reason),
    /// Taken down on purpose (`ifdown`).
    Off,
    /// Not taken up at boot (`auto '0'`), nor later.
    NotStarted,
    /// netifd has it up on this device, or the configuration names it, but it does not
    /// exist.
    Gone(String),
    /// netifd knows no such network.
    Missing,
    /// netifd could not be asked; the cause.
    Unavailable(Reason),
}

/// The way of packets for `option route`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteStatus {
    /// Through the tunnel's device.
    Through,
    /// Through this device instead.
    Elsewhere(String),
    /// There is none.
    Missing,
    /// Through the tunnel's device in part only: there is no route for this part,
    /// `172.16.128.0/17 missing`.
    Partly(Reason),
    /// Through the tunnel's device, but a route of its own leads this part elsewhere,
    /// `172.16.5.0/24 via br-lan`.
    Overlapped(Reason),
    /// The kernel could not be asked, or decides by more than the destination; the
    /// cause.
    Unavailable(Reason),
}

/// The fate of the last echoes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EchoStatus {
    /// An answer came after so many milliseconds.
    Answered(u32),
    /// None came.
    Lost {
        /// The moment of the last answer, or of the first echo.
        since: Boot,
        /// The moment at which an answer was first missed.
        missed: Boot,
    },
    /// None could be sent through the device, so there is no evidence; the cause.
    Unavailable(Reason),
}

/// The latest handshake of a WireGuard device with any of its peers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandshakeStatus {
    /// It was made at this moment.
    At(Boot),
    /// There was none since the device was made.
    Never,
    /// The kernel could not be asked, or the clock was set since; the cause.
    Unavailable(Reason),
}

/// The device's counters, compared with those of earlier rounds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes received so far, as the kernel counts.
    pub received: u64,
    /// Bytes sent so far.
    pub sent: u64,
    /// The moment at which `received` was last seen to grow.
    pub received_at: Option<Boot>,
    /// The moment at which `sent` was last seen to grow.
    pub sent_at: Option<Boot>,
    /// Bytes that were sent since something was received.
    pub unanswered: u64,
    /// The moment at which the first of those was seen to be sent.
    pub unanswered_since: Option<Boot>,
}

persist!(Evidence {
    wan,
    service,
    device,
    route,
    ping,
    large_ping,
    handshake,
    traffic,
    testimony,
});
persist!(Traffic {
    received,
    sent,
    received_at,
    sent_at,
    unanswered,
    unanswered_since,
});

impl Evidence {
    /// Forgets all of it if any is from the future.
    pub(super) fn discard_if_future(&mut self, now: Boot) {
        let received_at = self
            .traffic
            .as_ref()
            .and_then(|finding| finding.value.received_at);
        if self.latest().max(received_at) > Some(now) {
            *self = Evidence::default();
        }
    }

    /// The moment of the latest finding.
    pub(crate) fn latest(&self) -> Option<Boot> {
        fn at<T>(finding: &Option<Finding<T>>) -> Option<Boot> {
            finding.as_ref().map(|finding| finding.at)
        }
        let all = [
            at(&self.wan),
            at(&self.service),
            at(&self.device),
            at(&self.route),
            at(&self.ping),
            at(&self.large_ping),
            at(&self.handshake),
            at(&self.traffic),
        ];
        let mut latest = None;
        for at in all {
            latest = at.max(latest);
        }
        latest
    }

    /// The device that the tunnel's network is up on.
    pub fn device_name(&self) -> Option<&str> {
        match &self.device {
            Some(Finding {
                value: DeviceStatus::Up(device),
                ..
            }) => Some(device),
            _ => None,
        }
    }

    /// The moment since which the WAN has been up, if it is.
    pub(super) fn wan_up_since(&self) -> Option<Boot> {
        match &self.wan {
            Some(Finding {
                value: WanStatus::Up(since),
                ..
            }) => Some(*since),
            _ => None,
        }
    }
}

impl DeviceStatus {
    /// The state of a network that is known and not up, to be said behind its name.
    pub fn fault(&self, network: &str) -> Option<Reason> {
        Some(match self {
            DeviceStatus::Pending { why, .. } | DeviceStatus::Down(why) => why.clone(),
            DeviceStatus::Off => reason!(NetworkOff, network = network),
            DeviceStatus::NotStarted => reason!(NetworkNotStarted, network = network),
            _ => return None,
        })
    }
}

impl EchoStatus {
    /// The status when no answer came until `now`, given the finding before.
    #[must_use]
    pub(super) fn lost(before: Option<&Finding<EchoStatus>>, now: Boot) -> EchoStatus {
        let (since, missed) = match before {
            Some(Finding {
                value: EchoStatus::Lost { since, missed },
                ..
            }) => (*since, *missed),
            Some(Finding {
                value: EchoStatus::Answered(_),
                at,
            }) => (*at, now),
            _ => (now, now),
        };
        EchoStatus::Lost { since, missed }
    }
}

impl Traffic {
    /// The traffic from the counters at `now` and the traffic before. Counters
    /// start at 0 again when the device is made anew, and may wrap.
    #[must_use]
    pub(super) fn from_counters(
        before: Option<&Traffic>,
        received: u64,
        sent: u64,
        now: Boot,
    ) -> Traffic {
        let mut after = Traffic {
            received,
            sent,
            ..before.cloned().unwrap_or_default()
        };
        let Some(before) = before else {
            return after;
        };
        let is_new_device = received < before.received || sent < before.sent;
        // One that wraps says nothing of the other.
        let grown = |before: u64, after: u64| after.checked_sub(before).unwrap_or(after);
        let (came, went) = (grown(before.received, received), grown(before.sent, sent));
        if came > 0 || is_new_device {
            after.received_at = (came > 0).then_some(now);
        }
        let is_idle = before.sent_at.is_none_or(|at| now.since(at) > EPISODE);
        let is_slow = before.unanswered < UNANSWERED
            && before
                .unanswered_since
                .is_some_and(|at| now.since(at) > EPISODE);
        if came > 0 || is_new_device || is_idle || is_slow {
            after.unanswered = 0;
            after.unanswered_since = None;
        }
        if went > 0 {
            after.sent_at = Some(now);
        }
        if went > 0 && came == 0 {
            after.unanswered = after.unanswered.saturating_add(went);
            after.unanswered_since.get_or_insert(now);
        }
        after
    }
}

#[cfg(test)]
#[path = "evidence_tests.rs"]
mod tests;
