//! The times of a tunnel and of an account: now in, "this is due" and "call me again
//! at" out.

use core::time::Duration;

use super::account::AccountState;
use crate::time::{Boot, HOUR, seconds};

/// The time that an answer to an echo may take. Round the world takes a third of it.
const ECHO_TIMEOUT: Duration = Duration::from_secs(1);
/// The number of echoes without an answer that count as loss: one is lost now and then.
const ECHOES: u8 = 2;
/// The longest wait for VPNKI's answer before a tunnel is acted upon.
const MAX_ACCOUNT_WAIT: Duration = Duration::from_secs(35);
/// The shortest pause between two rounds over a tunnel, however much happens: a round
/// that fails takes as long as two echoes.
const MIN_ROUND_PAUSE: Duration = Duration::from_secs(4);
/// The pause between two writes of a state in which nothing but ages changed.
const WRITE_INTERVAL: Duration = Duration::from_secs(300);
/// The longest that a query of an account may take: two calls of 30 s each, and some
/// time around them.
pub const MAX_QUERY_TIME: Duration = Duration::from_secs(75);
/// The pause after which an account that is not to be asked is considered again.
const IDLE_ACCOUNT_INTERVAL: Duration = HOUR;

/// The times of one tunnel. A round begins when it is due, and may send echoes; it
/// ends with a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TunnelSchedule {
    next_round: Boot,
    last_round: Option<Boot>,
    /// An event came after the round that is under way had begun.
    is_expedited: bool,
    /// The end of the wait for VPNKI's answer, if the next round waits for one.
    account_wait: Option<Boot>,
    echo: Option<PendingEcho>,
    last_write: Boot,
}

/// The echoes of the round that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PendingEcho {
    sent: u8,
    timeout_at: Boot,
}

/// The next step about an echo without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EchoStep {
    /// Wait on: an answer may come.
    Wait,
    /// Send one more.
    SendAgain,
    /// Take it for lost.
    GiveUp,
}

impl TunnelSchedule {
    /// The schedule of a tunnel whose state was read at `now`: a round is due at once.
    pub fn new(now: Boot) -> TunnelSchedule {
        TunnelSchedule {
            next_round: Boot::START,
            last_round: None,
            is_expedited: false,
            account_wait: None,
            echo: None,
            last_write: now.whole_secs(),
        }
    }

    /// The moment of the next step, if nothing happens before: a round begins, or an
    /// echo times out.
    pub fn due(&self) -> Boot {
        self.echo.map_or(self.next_round, |echo| echo.timeout_at)
    }

    /// Whether a round is to begin at `now`.
    pub fn round_is_due(&self, now: Boot) -> bool {
        self.echo.is_none() && self.next_round <= now
    }

    /// Whether a round waits for the answer to an echo.
    pub fn awaits_echo(&self) -> bool {
        self.echo.is_some()
    }

    /// Whether the next round waits for VPNKI's answer.
    pub fn awaits_account(&self) -> bool {
        self.account_wait.is_some()
    }

    /// Makes a round due at once, or a short pause after the last one began. A wait for
    /// VPNKI goes on.
    pub fn expedite(&mut self) {
        self.is_expedited = self.echo.is_some();
        if self.account_wait.is_none() {
            let rested = self.last_round.map(|at| at + MIN_ROUND_PAUSE);
            self.next_round = self.next_round.min(rested.unwrap_or(Boot::START));
        }
    }

    /// Ends the wait for VPNKI's answer, if there is one: a round is due.
    pub fn account_answered(&mut self) {
        if self.account_wait.take().is_some() {
            self.next_round = Boot::START;
        }
    }

    /// Begins a round.
    pub fn begin_round(&mut self, now: Boot) {
        self.last_round = Some(now);
    }

    /// Takes note of an echo that was sent.
    pub fn echo_sent(&mut self, now: Boot) {
        self.echo = Some(PendingEcho {
            sent: self.echo.map_or(0, |echo| echo.sent).saturating_add(1),
            timeout_at: now + ECHO_TIMEOUT,
        });
    }

    /// Takes note of a large echo that was sent after the small one was answered.
    pub fn large_echo_sent(&mut self, now: Boot) {
        self.echo = None;
        self.echo_sent(now);
    }

    /// The step about an echo without an answer at `now`.
    pub fn echo_step(&self, now: Boot) -> EchoStep {
        match self.echo {
            Some(echo) if now < echo.timeout_at => EchoStep::Wait,
            Some(echo) if echo.sent < ECHOES => EchoStep::SendAgain,
            _ => EchoStep::GiveUp,
        }
    }

    /// Ends a round at `now`: the next one is due after `pause`, at a moment that
    /// tunnels of the same pause share.
    pub fn end_round(&mut self, now: Boot, pause: Duration) {
        self.echo = None;
        self.account_wait = None;
        self.next_round = aligned(now, pause);
        if core::mem::take(&mut self.is_expedited) {
            self.expedite();
        }
    }

    /// Makes a round due as soon as VPNKI has answered, or has had its time. Without an
    /// account (`asks_account` is false) it is due at once.
    pub fn recheck(&mut self, now: Boot, asks_account: bool) {
        let wait = match asks_account {
            true => MAX_ACCOUNT_WAIT,
            false => Duration::ZERO,
        };
        self.next_round = now + wait;
        self.account_wait = Some(self.next_round);
    }

    /// Whether a state in which nothing but ages changed is to be written at `now`.
    pub fn write_is_due(&self, now: Boot) -> bool {
        now.since(self.last_write) >= WRITE_INTERVAL
    }

    /// Takes note of a write. A round of a few milliseconds more must not miss the next.
    pub fn written(&mut self, now: Boot) {
        self.last_write = now.whole_secs();
    }
}

/// The first moment after `now` that is a multiple of `pause`: ten tunnels of the same
/// pause wake the router once.
fn aligned(now: Boot, pause: Duration) -> Boot {
    let pause = seconds(pause).max(1);
    let periods = now.secs().div_euclid(pause).saturating_add(1);
    Boot::from_secs(periods.saturating_mul(pause))
}

/// The times of one account. A query may take up to [`MAX_QUERY_TIME`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountSchedule {
    next_query: Boot,
}

impl AccountSchedule {
    /// The moment of the next query, if nothing happens before.
    pub fn due(&self) -> Boot {
        self.next_query
    }

    /// Makes a query due as soon as the account may be asked.
    pub fn expedite(&mut self) {
        self.next_query = Boot::START;
    }

    /// Makes a query due at once if the account, whose state this is, may be asked at
    /// `now`; else as soon as it may. No state: it is not to be asked at all.
    pub fn hasten(&mut self, state: Option<&AccountState>, now: Boot) {
        let idle = now + IDLE_ACCOUNT_INTERVAL;
        self.next_query = state.map_or(idle, AccountState::earliest_query);
    }

    /// Takes note of a query that ended. `next_due` is the account's own; none if it is
    /// not to be asked again.
    pub fn query_ended(&mut self, next_due: Option<Boot>, now: Boot) {
        self.next_query = next_due.unwrap_or(now + IDLE_ACCOUNT_INTERVAL);
    }

    /// Takes note of a query that could not be started.
    pub fn query_failed(&mut self, now: Boot) {
        self.next_query = now + MAX_QUERY_TIME;
    }

    /// Whether a query is to begin at `now`.
    pub fn query_is_due(&self, now: Boot) -> bool {
        self.next_query <= now
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
