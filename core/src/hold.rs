//! The hold after a permanent refusal.
//!
//! What a service refused it will refuse again however often it is sent, and services
//! lock out those who go on. So a refused address is sent again after an hour, then after
//! six, each up to a quarter longer, since routers with the same key are refused together;
//! and then not before a day has passed since the first of the three. Another
//! address may be what the service wants, so it may be tried at once; but after six
//! refusals within a day, whatever their addresses, none is sent.
//!
//! Refusals are dated by the wall clock, since the hold must outlive a reboot. Within a
//! boot their age is measured on the boot-time clock, which does not jump.

use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use super::backoff;
use super::time::{Boot, DAY, HOUR, Now, Wall};
use crate::json::JsonWriter;
use crate::persist;

/// The refused sends of one address within a day after which it is not sent again.
pub const MAX_ADDRESS_REFUSALS: usize = 3;
/// The refused sends of all addresses within a day after which none is sent.
pub const MAX_REFUSALS: usize = 6;
/// The shortest pauses after the first and the second refusal of an address.
const HOLD_PAUSES: [Duration; MAX_ADDRESS_REFUSALS - 1] = [HOUR, Duration::from_secs(6 * 3600)];

/// One refusal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The date.
    pub at: Wall,
    /// The moment, if it was since this boot.
    pub boot: Option<Boot>,
    /// The address that was refused. A version that did not know it left none: that
    /// refusal is of every address.
    pub address: Option<IpAddr>,
    /// True if the service has acknowledged the address since. The refusal counts for
    /// the limits all the same, but its pause is over.
    pub is_settled: bool,
}

persist!(Refusal {
    at,
    boot,
    address,
    is_settled = "settled",
});

/// The refusals that are remembered, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusals(Vec<Refusal>);

/// A hold: what it follows from, and the time until it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// The rule that holds.
    pub rule: HoldRule,
    /// The time that is left of it.
    pub left: Duration,
}

/// The rules by which an address is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldRule {
    /// The pause after a refusal, which a forced send skips.
    Pause,
    /// The address was refused [`MAX_ADDRESS_REFUSALS`] times within a day.
    AddressLimit,
    /// Addresses were refused [`MAX_REFUSALS`] times within a day.
    Limit,
}

impl HoldRule {
    /// The rule in a word for programs.
    pub fn word(self) -> &'static str {
        match self {
            HoldRule::Pause => "pause",
            HoldRule::AddressLimit => "address_limit",
            HoldRule::Limit => "limit",
        }
    }
}

impl Refusal {
    /// The time since the refusal. A date in the future is one of a clock that was put
    /// right since: the refusal counts as of now.
    fn age(&self, now: Now) -> Duration {
        match self.boot {
            Some(boot) => now.boot.since(boot),
            None => now.wall.since(self.at),
        }
    }

    /// The pause after this refusal, of which that is the least. It is the same whenever it
    /// is asked for, and another one for another address or date.
    fn pause(&self, least: Duration) -> Duration {
        let mut mixed = self.at.secs() as u32;
        let octets: &[u8] = match &self.address {
            Some(IpAddr::V4(address)) => &address.octets(),
            Some(IpAddr::V6(address)) => &address.octets(),
            None => &[],
        };
        // FNV-1a of G. Fowler, L. C. Noll and P. Vo.
        for octet in octets {
            mixed = (mixed ^ u32::from(*octet)).wrapping_mul(0x0100_0193);
        }
        least + backoff::part(least / 4, mixed.wrapping_mul(2_654_435_761))
    }

    fn is_of(&self, address: Option<IpAddr>) -> bool {
        self.address.is_none() || address.is_none() || self.address == address
    }
}

impl Refusals {
    /// True if none is remembered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The hold of an address; without one, that of whichever address is held longest.
    /// `None`: a send is allowed now. `forced` skips the pauses, but not the limits.
    ///
    /// ```
    /// use core::time::Duration;
    /// use wansync_core::hold::{HoldRule, Refusals};
    /// use wansync_core::time::{BUILD_DATE, Boot, HOUR, Now};
    ///
    /// let at = |secs| Now::new(Boot::from_secs(secs), BUILD_DATE + Duration::from_secs(secs as u64));
    /// let (refused, other) = ("8.8.4.4".parse().unwrap(), "8.8.8.8".parse().unwrap());
    /// let refusals = Refusals::default().with(refused, at(0));
    /// let hold = refusals.hold(Some(refused), at(0), false).unwrap();
    /// assert_eq!(hold.rule, HoldRule::Pause);
    /// assert!(hold.left >= HOUR && hold.left <= HOUR + HOUR / 4);
    /// assert_eq!(refusals.hold(Some(refused), at(3600 + 900), false), None);
    /// assert_eq!(refusals.hold(Some(other), at(0), false), None);
    /// ```
    pub fn hold(&self, address: Option<IpAddr>, now: Now, forced: bool) -> Option<Hold> {
        let of_address = self.ages(now, &|refusal| refusal.is_of(address));
        let waits_for = |refusal: &&Refusal| {
            refusal.is_of(address) && !refusal.is_settled && refusal.age(now) < DAY
        };
        let waited_for = self.0.iter().filter(waits_for).count();
        let last = self.0.iter().rev().find(waits_for);
        let pause = HOLD_PAUSES.get(waited_for.wrapping_sub(1));
        let pause = pause.filter(|_| !forced).zip(last);
        let holds = [
            limit_end(&self.ages(now, &|_| true), MAX_REFUSALS, HoldRule::Limit),
            limit_end(&of_address, MAX_ADDRESS_REFUSALS, HoldRule::AddressLimit),
            pause.map(|(least, last)| Hold {
                rule: HoldRule::Pause,
                left: last.pause(*least).saturating_sub(last.age(now)),
            }),
        ];
        let mut longest = None::<Hold>;
        for hold in holds.into_iter().flatten() {
            if longest.is_none_or(|other| hold.left >= other.left) {
                longest = Some(hold);
            }
        }
        longest.filter(|hold| !hold.left.is_zero())
    }

    /// The number of refusals within the last day.
    pub fn count(&self, now: Now) -> usize {
        self.ages(now, &|_| true).len()
    }

    /// The ages of the refusals of the last day for which `counts` is true, the greatest
    /// first.
    fn ages(&self, now: Now, counts: &dyn Fn(&Refusal) -> bool) -> Vec<Duration> {
        let counting = self.0.iter().filter(|refusal| counts(refusal));
        let mut ages = Vec::new();
        for age in counting.map(|refusal| refusal.age(now)) {
            if age < DAY {
                let place = ages.partition_point(|other| *other >= age);
                ages.insert(place, age);
            }
        }
        ages
    }

    /// The refusals with one more, of this address, without those that no longer count.
    #[must_use]
    pub fn with(mut self, address: IpAddr, now: Now) -> Refusals {
        self.0.retain(|refusal| refusal.age(now) < DAY);
        self.0.push(Refusal {
            at: now.wall,
            boot: Some(now.boot),
            address: Some(address),
            is_settled: false,
        });
        let surplus = self.0.len().saturating_sub(MAX_REFUSALS);
        self.0.drain(..surplus);
        self
    }

    /// The refusals after the service acknowledged this address.
    #[must_use]
    pub fn settled(mut self, address: IpAddr) -> Refusals {
        for refusal in &mut self.0 {
            refusal.is_settled |= refusal.is_of(Some(address));
        }
        self
    }

    /// True if there is one that `old` has not.
    pub(crate) fn has_other_than(&self, old: &Refusals) -> bool {
        let is_in_old = |refusal: &Refusal| old.0.iter().any(|other| other.at == refusal.at);
        self.0.len() > old.0.len() || !self.0.iter().all(is_in_old)
    }

    /// The refusals as another boot knows them: by their dates alone.
    #[must_use]
    pub fn dated(&self) -> Refusals {
        let mut dated = self.clone();
        for refusal in &mut dated.0 {
            refusal.boot = None;
        }
        dated
    }

    /// Puts those that are in the future at `now`, if the clock is set, and has the dates
    /// of this boot's follow a clock that was put right: another boot knows nothing else.
    pub(crate) fn follow_clock(&mut self, now: Now) {
        for refusal in &mut self.0 {
            refusal.boot = refusal.boot.map(|boot| boot.min(now.boot));
            if !now.clock_is_set() {
                continue;
            }
            if refusal.boot.is_none() && refusal.at > now.wall {
                refusal.boot = Some(now.boot);
            }
            let Some(boot) = refusal.boot else { continue };
            let right = now.wall - now.boot.since(boot);
            // A date that is put right costs a write.
            if right.is_corrected(refusal.at) {
                refusal.at = right;
            }
        }
    }

    /// Appends the fields of a file: the dates, which are all that 0.1.0 knows, and
    /// beside them all that is known.
    pub(crate) fn write_fields(&self, out: &mut JsonWriter) {
        let dates: Vec<Wall> = self.0.iter().map(|refusal| refusal.at).collect();
        out.field("refusals", &dates);
        out.field("refused", &self.0);
    }

    /// The refusals of a file. What is known of them is of these very dates, or another
    /// version wrote one without the other.
    pub(crate) fn of_fields(dates: Vec<Wall>, known: Vec<Refusal>) -> Refusals {
        if known
            .iter()
            .map(|refusal| refusal.at)
            .eq(dates.iter().copied())
        {
            return Refusals(known);
        }
        let undetailed = |at| Refusal {
            at,
            ..Refusal::default()
        };
        Refusals(dates.into_iter().map(undetailed).collect())
    }
}

/// The hold by a limit of so many refusals within a day, whose ages these are.
fn limit_end(ages: &[Duration], limit: usize, rule: HoldRule) -> Option<Hold> {
    let first = ages.len().checked_sub(limit)?;
    Some(Hold {
        rule,
        left: DAY - ages[first],
    })
}

#[cfg(test)]
#[path = "hold_tests.rs"]
mod tests;
