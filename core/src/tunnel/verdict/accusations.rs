//! The words of the witnesses against a tunnel, and which of them count.

use alloc::vec::Vec;
use core::time::Duration;

use super::{Case, SAME_ROUND};
use crate::reason;
use crate::reason::Reason;
use crate::time::Boot;
use crate::tunnel::evidence::{EchoStatus, HandshakeStatus, UNANSWERED};
use crate::tunnel::witness::{MAX_HANDSHAKE_AGE, Witness};

/// Bytes received so long ago no longer refute an echo that was missed before them.
const MAX_REFUTATION_AGE: Duration = Duration::from_secs(10 * 60);
/// The time for which bytes may go unanswered.
const MAX_UNANSWERED_TIME: Duration = Duration::from_secs(60);
/// The time that a handshake may take, with two that are lost.
const MAX_HANDSHAKE_TIME: Duration = Duration::from_secs(15);

/// The word of a witness against the tunnel.
pub(super) struct Accusation {
    witness: Witness,
    /// The moment since which it says so.
    spoke_at: Boot,
    /// The fault that it sees.
    pub(super) fault: Reason,
}

impl Case<'_> {
    /// Whether an accusation counts: the witness has testified for the tunnel, and no
    /// bytes came after it spoke.
    pub(super) fn counts(&self, accusation: &Accusation) -> bool {
        // A stream that nobody answers looks like a dead tunnel to the counters.
        let is_overruled = accusation.witness == Witness::Traffic && self.is_active();
        let is_honest = self.testimony.of(accusation.witness).is_some();
        is_honest && !is_overruled && !self.is_refuted(accusation)
    }

    /// Whether bytes were received after the witness spoke.
    fn is_refuted(&self, accusation: &Accusation) -> bool {
        let received = self.traffic.and_then(|traffic| traffic.received_at);
        received.is_some_and(|at| {
            at.since(accusation.spoke_at) > SAME_ROUND && self.now.since(at) <= MAX_REFUTATION_AGE
        })
    }

    /// All that is said against the tunnel, whether or not it counts.
    pub(super) fn accusations(&self) -> impl Iterator<Item = Accusation> {
        let all = [
            self.lost_echo(),
            self.old_handshake(),
            self.unanswered_traffic(),
            self.listed_as_inactive(),
        ];
        all.into_iter().flatten()
    }

    pub(super) fn lost_echo(&self) -> Option<Accusation> {
        let EchoStatus::Lost { since, missed } = &self.ping?.value else {
            return None;
        };
        let ping = self.ping_name();
        let fault = match self.testimony.ping {
            Some(_) => {
                let age = self.now.since(*since);
                reason!(TunnelSilent, address = ping, age_s = age)
            }
            None => reason!(TunnelNeverAnswered, address = ping),
        };
        Some(Accusation {
            witness: Witness::Ping,
            spoke_at: *missed,
            fault,
        })
    }

    /// Where there is traffic, WireGuard shakes hands at least every three minutes, and
    /// tries it every five seconds (WireGuard's white paper, section 6).
    fn old_handshake(&self) -> Option<Accusation> {
        let spoke_at = self.traffic?.unanswered_since?;
        let fault = match self.handshake? {
            HandshakeStatus::Unavailable(_) => return None,
            HandshakeStatus::Never => reason!(TunnelNoHandshake),
            HandshakeStatus::At(made) => {
                let age = self.now.since(*made);
                if age <= MAX_HANDSHAKE_AGE {
                    return None;
                }
                reason!(TunnelOldHandshake, age_s = age)
            }
        };
        let is_tried = self.now.since(spoke_at) >= MAX_HANDSHAKE_TIME;
        is_tried.then_some(Accusation {
            witness: Witness::Handshake,
            spoke_at,
            fault,
        })
    }

    fn unanswered_traffic(&self) -> Option<Accusation> {
        let traffic = self.traffic?;
        let spoke_at = traffic.unanswered_since?;
        let span = self.now.since(spoke_at);
        if span < MAX_UNANSWERED_TIME || traffic.unanswered < UNANSWERED {
            return None;
        }
        Some(Accusation {
            witness: Witness::Traffic,
            spoke_at,
            fault: reason!(
                TunnelUnanswered,
                kib = u32::try_from(traffic.unanswered / 1024).unwrap_or(u32::MAX),
                network = self.names.network,
                age_s = span
            ),
        })
    }

    fn listed_as_inactive(&self) -> Option<Accusation> {
        let spoke_at = self.service?.at;
        let spoke_at = self.testimony.inactive_since.unwrap_or(spoke_at);
        let fault = self.inactive()?;
        Some(Accusation {
            witness: Witness::Service,
            spoke_at,
            fault,
        })
    }

    /// The accusations of a tunnel that may be alive, with what speaks against them.
    pub(super) fn doubts(&self) -> Vec<Reason> {
        let doubt = |Accusation { witness, fault, .. }| match witness {
            Witness::Ping => reason!(TunnelDoubtPing, cause = fault),
            Witness::Service if self.testimony.service.is_none() => {
                reason!(TunnelDoubtName, cause = fault)
            }
            Witness::Service | Witness::Traffic | Witness::Handshake => fault,
        };
        self.accusations().map(doubt).collect()
    }
}
