//! The connection to netifd: its retries, and the time that its last word counts.

use core::time::Duration;

use crate::time::Boot;

/// The first pause before netifd is tried again: it needs so long to restart.
const MIN_RETRY: Duration = Duration::from_secs(1);
/// The longest pause.
const MAX_RETRY: Duration = Duration::from_secs(30);
/// The time that netifd counts as restarting, and its last word as true.
const RESTART_TIME: Duration = Duration::from_secs(10);

/// The connection to netifd, which may go away and come back.
///
/// ```
/// use wansync_core::schedule::netifd::NetifdLink;
/// use wansync_core::time::Boot;
///
/// let mut link = NetifdLink::default();
/// link.note_connected(Boot::from_secs(100));
/// link.note_lost(Boot::from_secs(200));
/// assert_eq!(link.retry_at(), Some(Boot::from_secs(201)));
/// assert!(link.is_trusted(), "it may just be restarting");
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct NetifdLink {
    is_connected: bool,
    retry_at: Boot,
    pause: Duration,
    /// The moment at which netifd went away; `None`, if it was never there.
    lost_at: Option<Boot>,
    /// True if its last word counts, though it is away.
    is_trusted: bool,
    /// The moment at which netifd was last asked for everything.
    asked_at: Boot,
}

impl NetifdLink {
    /// The moment at which netifd is tried again; `None` while it is there.
    pub fn retry_at(&self) -> Option<Boot> {
        (!self.is_connected).then_some(self.retry_at)
    }

    /// True if a connection is to be tried now.
    pub fn is_due(&self, now: Boot) -> bool {
        self.retry_at().is_some_and(|at| at <= now)
    }

    /// True if netifd's last word counts.
    pub fn is_trusted(&self) -> bool {
        self.is_connected || self.is_trusted
    }

    /// Notes that netifd is there. Returns true if it was missed before.
    pub fn note_connected(&mut self, now: Boot) -> bool {
        let was_missed = !self.pause.is_zero();
        *self = NetifdLink {
            is_connected: true,
            asked_at: now,
            ..NetifdLink::default()
        };
        was_missed
    }

    /// Notes that the connection broke.
    pub fn note_lost(&mut self, now: Boot) {
        self.is_connected = false;
        self.lost_at = Some(now);
        self.is_trusted = true;
        self.back_off(now);
    }

    /// Notes that netifd could not be reached. Returns true if that ends the trust in its
    /// last word.
    pub fn note_failed(&mut self, now: Boot) -> bool {
        self.back_off(now);
        let is_over = self.lost_at.is_none_or(|at| now >= at + RESTART_TIME);
        let was_trusted = self.is_trusted;
        self.is_trusted = was_trusted && !is_over;
        was_trusted && is_over
    }

    /// True if netifd is to be asked for everything again: a lifetime that runs down to
    /// "deprecated" is not notified.
    pub fn refresh_is_due(&self, interval: Duration, now: Boot) -> bool {
        now >= self.asked_at + interval
    }

    /// Notes that netifd is asked for everything now.
    pub fn note_asked(&mut self, now: Boot) {
        self.asked_at = now;
    }

    fn back_off(&mut self, now: Boot) {
        self.pause = (self.pause * 2).clamp(MIN_RETRY, MAX_RETRY);
        self.retry_at = now + self.pause;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The moments at which a netifd is tried that is away until `back`, in seconds,
    /// and when its last word ceased to count.
    fn tries(mut link: NetifdLink, back: i64) -> (Vec<i64>, Option<i64>) {
        let (mut tried, mut distrusted) = (Vec::new(), None);
        while let Some(now) = link.retry_at() {
            tried.push(now.secs());
            match now.secs() >= back {
                true => assert!(link.note_connected(now)),
                false if link.note_failed(now) => distrusted = Some(now.secs()),
                false => {}
            }
        }
        (tried, distrusted)
    }

    #[test]
    fn it_is_tried_less_and_less_often_and_trusted_while_it_restarts() {
        let mut link = NetifdLink::default();
        assert!(link.is_due(Boot::START) && !link.is_trusted());
        assert!(!link.note_connected(Boot::START), "it was not missed");
        link.note_lost(Boot::START);
        assert!(link.is_trusted());
        assert_eq!(tries(link, 2), (vec![1, 3], None));
        let (tried, distrusted) = tries(link, 200);
        assert_eq!(tried, [1, 3, 7, 15, 31, 61, 91, 121, 151, 181, 211]);
        assert_eq!(distrusted, Some(15));
    }

    #[test]
    fn one_that_never_was_there_is_not_trusted() {
        let mut link = NetifdLink::default();
        assert!(!link.note_failed(Boot::START));
        assert!(!link.is_trusted());
        assert_eq!(link.retry_at(), Some(Boot::from_secs(1)));
    }
}
