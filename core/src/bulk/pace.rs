//! What follows from a failure: for its row, and for those that are still to be sent.

use core::time::Duration;

use crate::failure::Failure;
use crate::service::method::Method;
use crate::time::{Boot, HOUR};

/// The most times that a row is sent.
const MAX_ATTEMPTS: u32 = 3;
/// The most pauses in a row, without an answer between them.
const MAX_PAUSES: u32 = 5;
/// The first pause after a failure; each one after it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The longest pause that a service is granted: after it the run would be forgotten.
const MAX_PAUSE: Duration = HOUR;

/// The fate of a row after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowFate {
    /// The service has answered: it refuses.
    Refused,
    /// The row is sent again.
    Again,
    /// The row was not done, and is not sent again.
    Failed,
    /// The row may have been done, or not.
    Unknown,
    /// The row was not done, and no row would be: the service does not take the key.
    NoAccess,
}

/// The fate of the row that was sent for the `attempts`th time.
pub fn fate_of(method: &Method, failure: &Failure, attempts: u32) -> RowFate {
    let is_not_done =
        failure.is_turned_away() || failure.is_of_web_server() || !failure.may_have_arrived();
    match failure {
        Failure::Status {
            status: 401 | 403, ..
        } => RowFate::NoAccess,
        _ if failure.is_permanent() => RowFate::Refused,
        // Turned away, it waits for as long as the run does.
        _ if failure.is_turned_away() => RowFate::Again,
        _ if is_not_done && attempts < MAX_ATTEMPTS => RowFate::Again,
        _ if is_not_done => RowFate::Failed,
        _ if method.is_repeatable() && attempts < MAX_ATTEMPTS => RowFate::Again,
        _ => RowFate::Unknown,
    }
}

/// The pace of a run: its pauses.
#[derive(Debug, Default)]
pub struct Pace {
    /// The pauses since the last answer.
    pauses: u32,
    /// The end of the last pause.
    until: Option<Boot>,
}

/// The reason that a run ends before its rows do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    /// The service asks for a longer pause than a run waits for.
    Busy(Duration),
    /// One failure after the other.
    Failing,
}

impl Pace {
    /// The service answered a row.
    pub fn note_answer(&mut self) {
        self.pauses = 0;
    }

    /// A row that was sent at `sent` failed, and not by a refusal: all rows wait.
    ///
    /// # Errors
    /// The run is to end.
    pub fn note_failure(&mut self, failure: &Failure, sent: Boot, now: Boot) -> Result<(), Halt> {
        let asked = failure.retry_after();
        if let Some(pause) = asked.filter(|pause| *pause > MAX_PAUSE) {
            return Err(Halt::Busy(pause));
        }
        // Rows that were under way together fail together: that is one failure.
        let is_new = self.until.is_none_or(|until| sent >= until);
        if is_new {
            if self.pauses == MAX_PAUSES {
                return Err(Halt::Failing);
            }
            self.pauses += 1;
        }
        let pause = FIRST_PAUSE * 2_u32.pow(self.pauses.saturating_sub(1));
        let until = now + asked.unwrap_or_default().max(pause);
        if is_new || asked.is_some() {
            self.until = Some(match self.until {
                Some(other) if other > until => other,
                _ => until,
            });
        }
        Ok(())
    }

    /// The time that is left of the pause, if there is one.
    pub fn pause_left(&self, now: Boot) -> Option<Duration> {
        let left = self.until?.since(now);
        (!left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Phase;
    use crate::service::skydns_methods::find;
    use alloc::borrow::ToOwned;

    fn status(status: u16, seconds: Option<u64>) -> Failure {
        Failure::Status {
            status,
            message: None,
            by_service: false,
            retry_after: seconds.map(Duration::from_secs),
        }
    }

    fn late(phase: Phase) -> Failure {
        Failure::Timeout {
            host: "a.example".to_owned(),
            phase,
            limit: Duration::from_secs(30),
            attempts: Box::default(),
        }
    }

    #[test]
    fn rows_after_a_failure() {
        use RowFate::{Again, Failed, NoAccess, Refused, Unknown};
        let refused = Failure::Refused {
            message: "no such user".to_owned(),
        };
        // Of a method that may be repeated, at first and at last; and of one that may not.
        let table = [
            (&refused, [Refused, Refused, Refused]),
            (&status(403, None), [NoAccess, NoAccess, NoAccess]),
            (&status(429, Some(60)), [Again, Again, Again]),
            (&status(503, None), [Again, Again, Again]),
            (&status(404, None), [Again, Failed, Again]),
            (&status(500, None), [Again, Unknown, Unknown]),
            (&late(Phase::Connect), [Again, Failed, Again]),
            (&late(Phase::Reply), [Again, Unknown, Unknown]),
        ];
        let (update, subscribe) = (find("update_ip").unwrap(), find("subscribe").unwrap());
        for (failure, expected) in table {
            let found = [
                fate_of(update, failure, 1),
                fate_of(update, failure, MAX_ATTEMPTS),
                fate_of(subscribe, failure, 1),
            ];
            assert_eq!(found, expected, "{failure}");
        }
    }

    #[test]
    fn a_service_gets_the_pause_that_it_asks_for() {
        let mut pace = Pace::default();
        let at = Boot::from_secs(100);
        assert_eq!(pace.pause_left(at), None);
        pace.note_failure(&status(429, Some(120)), at, at)
            .expect("it goes on");
        assert_eq!(pace.pause_left(at), Some(Duration::from_secs(120)));
        // Of rows under way together the longest wish counts, and a failure without one
        // shortens nothing.
        pace.note_failure(&status(429, Some(60)), at, at)
            .expect("it goes on");
        pace.note_failure(&status(503, None), at, at)
            .expect("it goes on");
        assert_eq!(pace.pause_left(at), Some(Duration::from_secs(120)));
        assert_eq!(pace.pause_left(at + Duration::from_secs(120)), None);
        assert_eq!(
            pace.note_failure(&status(503, Some(3601)), at, at),
            Err(Halt::Busy(Duration::from_secs(3601)))
        );
    }

    #[test]
    fn a_wish_for_no_pause_is_not_granted() {
        let (mut pace, at) = (Pace::default(), Boot::from_secs(100));
        let failure = status(429, Some(0));
        pace.note_failure(&failure, at, at).expect("it goes on");
        assert_eq!(pace.pause_left(at), Some(FIRST_PAUSE));
    }

    #[test]
    fn failures_without_an_answer_between_them_end_it() {
        let mut pace = Pace::default();
        let mut now = Boot::from_secs(100);
        let mut waited = 0;
        let failure = late(Phase::Connect);
        let halt = loop {
            // Four at once.
            let ends: Result<(), Halt> =
                (0..4).try_for_each(|_| pace.note_failure(&failure, now, now));
            if let Err(halt) = ends {
                break halt;
            }
            let pause = pace.pause_left(now).expect("a pause");
            waited += pause.as_secs();
            now = now + pause;
        };
        assert_eq!(halt, Halt::Failing);
        assert_eq!(waited, 2 + 4 + 8 + 16 + 32);
        pace.note_answer();
        assert_eq!(pace.note_failure(&failure, now, now), Ok(()));
    }
}
