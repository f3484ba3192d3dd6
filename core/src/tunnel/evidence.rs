//! What was found out about a tunnel, and when.

use alloc::string::String;

use crate::persist;

/// So many bytes, within [`EPISODE`], must go unanswered before that says
/// anything: somebody who pings a machine that is off sends 84 bytes a second, a
/// page that does not load some thousand. Less is too little to tell a dead
/// tunnel from a far end that has nothing to say.
pub const UNANSWERED: u64 = 16 * 1024;
/// Unanswered bytes are counted together for so long, in seconds, so that the
/// few multicast packets of an hour do not add up; and forgotten when nothing
/// was sent for so long.
pub const EPISODE: i64 = 10 * 60;

/// A finding, and when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen<T> {
    /// What was found.
    pub value: T,
    /// When, in seconds since boot.
    pub at: i64,
}

/// All that is known of one tunnel. `None` is what nobody asked for, or what
/// was not looked at yet; what was looked at in vain is `Silent`, with the cause.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The network that the tunnel runs over.
    pub wan: Option<Seen<Wan>>,
    /// What VPNKI says.
    pub service: Option<Seen<Service>>,
    /// What netifd and the kernel say of the tunnel's own network.
    pub device: Option<Seen<Device>>,
    /// Where `option route` goes.
    pub route: Option<Seen<Route>>,
    /// What became of echoes to `option ping`.
    pub ping: Option<Seen<Ping>>,
    /// The device's counters, read after the echoes of the same look, so that
    /// the answer to an echo is not taken for what came after it.
    pub traffic: Option<Seen<Traffic>>,
}

/// The network that the tunnel runs over, `option wan`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wan {
    /// Up with an address, since when.
    Up(i64),
    /// Not up, or without an address; why.
    Down(String),
    /// netifd could not be asked; why.
    Silent(String),
}

/// What VPNKI says of the tunnel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Service {
    /// `active` lists it.
    Active,
    /// `tunnels` lists it, `active` does not.
    Inactive,
    /// `tunnels` does not list it: its name is wrong.
    Unlisted,
    /// VPNKI could not be asked, or gave no answer that says; why.
    Silent(String),
}

/// What netifd and the kernel say of the tunnel's own network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Device {
    /// Up, on this device, which exists.
    Up(String),
    /// netifd has been setting it up since then.
    Pending {
        /// In seconds since boot.
        since: i64,
        /// In words, such as `pending: dialling`.
        why: String,
    },
    /// Not up, and nobody is about to change that; why, in words.
    Down(String),
    /// Somebody took it down on purpose (`ifdown`, or `auto '0'`).
    Off,
    /// netifd has it up on this device, which does not exist.
    Gone(String),
    /// netifd knows no such network.
    Missing,
    /// netifd could not be asked; why.
    Silent(String),
}

/// Where packets for `option route` go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Through the tunnel's device.
    Through,
    /// Through this device instead.
    Elsewhere(String),
    /// Nowhere.
    Missing,
    /// The kernel could not be asked; why.
    Silent(String),
}

/// What became of the last echoes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ping {
    /// An answer came after so many milliseconds.
    Answered(u32),
    /// None came; [`Ping::lost`] makes it.
    Lost {
        /// When the last answer came, or the first echo was sent, in seconds
        /// since boot.
        since: i64,
        /// When an answer was first missed, in seconds since boot.
        missed: i64,
    },
    /// None could be sent through the device, so this tells nothing; why.
    Silent(String),
}

/// What the device's counters say, compared with those of earlier passes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes received so far, as the kernel counts.
    pub received: u64,
    /// Bytes sent so far.
    pub sent: u64,
    /// When `received` was last seen to grow, in seconds since boot.
    pub received_at: Option<i64>,
    /// When `sent` was last seen to grow, in seconds since boot.
    pub sent_at: Option<i64>,
    /// Bytes that were sent since something was received.
    pub unanswered: u64,
    /// When the first of those was seen to be sent, in seconds since boot.
    pub unanswered_since: Option<i64>,
}

persist!(Evidence {
    wan,
    service,
    device,
    route,
    ping,
    traffic,
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
    /// The same, or nothing if any of it is from the future.
    #[must_use]
    pub fn dated(self, now: i64) -> Evidence {
        let times = [
            self.wan.as_ref().map(|seen| seen.at),
            self.service.as_ref().map(|seen| seen.at),
            self.device.as_ref().map(|seen| seen.at),
            self.route.as_ref().map(|seen| seen.at),
            self.ping.as_ref().map(|seen| seen.at),
            self.traffic.as_ref().map(|seen| seen.at),
            self.traffic
                .as_ref()
                .and_then(|seen| seen.value.received_at),
        ];
        match times.into_iter().flatten().max() {
            Some(latest) if latest > now => Evidence::default(),
            _ => self,
        }
    }
}

impl Ping {
    /// No answer came at `now`, given what was found before.
    #[must_use]
    pub fn lost(before: Option<&Seen<Ping>>, now: i64) -> Ping {
        let (since, missed) = match before {
            Some(Seen {
                value: Ping::Lost { since, missed },
                ..
            }) => (*since, *missed),
            Some(Seen {
                value: Ping::Answered(_),
                at,
            }) => (*at, now),
            _ => (now, now),
        };
        Ping::Lost { since, missed }
    }
}

impl Traffic {
    /// The counters as they are at `now`, given what was made of them before.
    /// They start at 0 again when the device is made anew, and may wrap.
    #[must_use]
    pub fn counted(before: Option<&Traffic>, received: u64, sent: u64, now: i64) -> Traffic {
        let mut after = Traffic {
            received,
            sent,
            ..before.cloned().unwrap_or_default()
        };
        let Some(before) = before else {
            return after;
        };
        let anew = received < before.received || sent < before.sent;
        let (came, went) = if anew {
            (received, sent)
        } else {
            (received - before.received, sent - before.sent)
        };
        if came > 0 || anew {
            after.received_at = (came > 0).then_some(now);
        }
        let idle = before
            .sent_at
            .is_none_or(|at| now.saturating_sub(at) > EPISODE);
        let slow = before.unanswered < UNANSWERED
            && before
                .unanswered_since
                .is_some_and(|at| now.saturating_sub(at) > EPISODE);
        if came > 0 || anew || idle || slow {
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
