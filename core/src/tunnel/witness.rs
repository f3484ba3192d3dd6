//! The witnesses: who says of a tunnel whether it carries traffic, and who of them may
//! be believed when he says that it does not.
//!
//! A witness counts against a tunnel only if it has testified for it since the
//! configuration was made: an address that never answered may filter echoes, a name that
//! VPNKI never listed as active may be a comment. That outlives a reboot, in the record,
//! so that a tunnel which is dead after a power cut is still mended. And no witness
//! outweighs bytes that were received after it spoke.

use alloc::vec::Vec;
use core::time::Duration;

use super::evidence::{EchoStatus, Evidence, Finding, HandshakeStatus, ServiceStatus};
use crate::persist;
use crate::time::Boot;

/// The age at which a WireGuard handshake is too old: no peer takes packets after it.
pub(super) const MAX_HANDSHAKE_AGE: Duration = Duration::from_secs(180);

/// A witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// The address of `option ping`, which answers.
    Ping,
    /// The device's counters: bytes are received.
    Traffic,
    /// VPNKI, which lists the tunnel as active.
    Service,
    /// The WireGuard peers, one of which shakes hands in time.
    Handshake,
}

impl Witness {
    /// All of them.
    pub const ALL: [Witness; 4] = [
        Witness::Ping,
        Witness::Traffic,
        Witness::Service,
        Witness::Handshake,
    ];

    /// The word for it in the record.
    pub fn word(self) -> &'static str {
        match self {
            Witness::Ping => "ping",
            Witness::Traffic => "traffic",
            Witness::Service => "vpnki",
            Witness::Handshake => "handshake",
        }
    }
}

persist!(Witness as word);

/// The moment at which each witness last testified for the tunnel, under its
/// configuration of now; [`Boot::START`] if that was before this boot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Testimony {
    /// See [`Witness::Ping`].
    pub ping: Option<Boot>,
    /// See [`Witness::Traffic`].
    pub traffic: Option<Boot>,
    /// See [`Witness::Service`].
    pub service: Option<Boot>,
    /// See [`Witness::Handshake`].
    pub handshake: Option<Boot>,
    /// The moment since which VPNKI has listed it as inactive: to say so again is nothing
    /// new, and outweighs no bytes that came in between.
    pub inactive_since: Option<Boot>,
}

persist!(Testimony {
    ping,
    traffic,
    service = "vpnki",
    handshake,
    inactive_since = "inactive",
});

impl Testimony {
    /// The moment at which `witness` last testified for the tunnel, if it ever did.
    pub fn of(mut self, witness: Witness) -> Option<Boot> {
        *self.field(witness)
    }

    /// The witnesses that have testified for it.
    pub fn witnesses(&self) -> Vec<Witness> {
        let all = Witness::ALL.into_iter();
        all.filter(|one| self.of(*one).is_some()).collect()
    }

    /// Takes note of witnesses that testified for it before this boot.
    pub fn recall(&mut self, witnesses: &[Witness]) {
        for witness in witnesses {
            self.field(*witness).get_or_insert(Boot::START);
        }
    }

    /// Takes note of what testifies for the tunnel in the evidence of a round.
    #[must_use]
    pub(super) fn after(mut self, evidence: &Evidence) -> Testimony {
        for witness in Witness::ALL {
            let at = testifies_at(witness, evidence);
            let last = self.field(witness);
            *last = (*last).max(at);
        }
        match &evidence.service {
            Some(found) if found.value == ServiceStatus::Inactive => {
                self.inactive_since.get_or_insert(found.at);
            }
            Some(found) if found.value == ServiceStatus::Active => self.inactive_since = None,
            _ => {}
        }
        self
    }

    fn field(&mut self, witness: Witness) -> &mut Option<Boot> {
        match witness {
            Witness::Ping => &mut self.ping,
            Witness::Traffic => &mut self.traffic,
            Witness::Service => &mut self.service,
            Witness::Handshake => &mut self.handshake,
        }
    }
}

/// The moment at which the witness testified for the tunnel, if the evidence has that.
fn testifies_at(witness: Witness, evidence: &Evidence) -> Option<Boot> {
    match witness {
        Witness::Ping => match evidence.ping.as_ref()? {
            Finding {
                value: EchoStatus::Answered(_),
                at,
            } => Some(*at),
            _ => None,
        },
        Witness::Traffic => evidence.traffic.as_ref()?.value.received_at,
        Witness::Service => match evidence.service.as_ref()? {
            Finding {
                value: ServiceStatus::Active,
                at,
            } => Some(*at),
            _ => None,
        },
        Witness::Handshake => match evidence.handshake.as_ref()? {
            Finding {
                value: HandshakeStatus::At(made),
                at,
            } => (at.since(*made) <= MAX_HANDSHAKE_AGE).then_some(*made),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{JsonWriter, read_again};
    use crate::tunnel::evidence::Traffic;

    const fn at(secs: i64) -> Boot {
        Boot::from_secs(secs)
    }

    fn found<T>(value: T, secs: i64) -> Option<Finding<T>> {
        Some(Finding {
            value,
            at: at(secs),
        })
    }

    #[test]
    fn what_testifies_for_a_tunnel() {
        let nothing = Evidence {
            ping: found(
                EchoStatus::Lost {
                    since: at(1),
                    missed: at(2),
                },
                300,
            ),
            traffic: found(Traffic::default(), 300),
            service: found(ServiceStatus::Inactive, 300),
            handshake: found(HandshakeStatus::At(at(119)), 300),
            ..Evidence::default()
        };
        let none = Testimony::default().after(&nothing);
        assert_eq!(none.witnesses(), []);

        let all = Evidence {
            ping: found(EchoStatus::Answered(3), 300),
            traffic: found(
                Traffic {
                    received_at: Some(at(299)),
                    ..Traffic::default()
                },
                300,
            ),
            service: found(ServiceStatus::Active, 200),
            handshake: found(HandshakeStatus::At(at(120)), 300),
            ..Evidence::default()
        };
        let all = none.after(&all);
        assert_eq!(all.witnesses(), Witness::ALL);
        let moments = Witness::ALL.map(|one| all.of(one).map(Boot::secs));
        assert_eq!(moments, [Some(300), Some(299), Some(200), Some(120)]);
        // It is remembered when they fall silent, and in a file.
        assert_eq!(all.inactive_since, None);
        let silent = Testimony {
            inactive_since: Some(at(300)),
            ..all
        };
        assert_eq!(all.after(&nothing), silent);
        assert_eq!(read_again(&JsonWriter::of(&silent)), Some(silent));
    }

    #[test]
    fn what_was_before_this_boot_is_older_than_what_is_of_it() {
        let mut testimony = Testimony {
            ping: Some(at(70)),
            ..Testimony::default()
        };
        testimony.recall(&[Witness::Ping, Witness::Service]);
        assert_eq!(testimony.ping, Some(at(70)));
        assert_eq!(testimony.service, Some(Boot::START));
        assert_eq!(testimony.witnesses(), [Witness::Ping, Witness::Service]);
    }
}
