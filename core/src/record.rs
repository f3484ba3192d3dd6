//! The part of the memory that outlives a reboot, and when it may be written.
//!
//! The record lies on flash, which wears, so it is written only when what it
//! says has changed: another confirmed address, or a hold. Twelve writes a day
//! are allowed, and the last three of them are kept for holds: a WAN that
//! flaps must not use up what stops a router from knocking with a wrong key at
//! each reboot.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::memory::{Confirmed, Memory};
use super::time::{DAY, Now};
use crate::json::{Json, JsonWriter, Persist};
use crate::persist;

/// Writes allowed within 24 h, whatever they say.
const WRITES: usize = 12;
/// Writes allowed within 24 h for a changed address alone.
const WRITES_FOR_ADDRESSES: usize = 9;

/// What outlives a reboot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// When the record was written, in seconds since 1970: the last 24 h, oldest first.
    pub writes: Vec<i64>,
    /// One entry for each section that has something to remember.
    pub sections: Vec<(String, Entry)>,
}

/// What outlives a reboot, of one section.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// See [`Memory::fingerprint`].
    pub fingerprint: String,
    /// See [`Memory::confirmed`].
    pub confirmed: Option<IpAddr>,
    /// When it was first acknowledged, in seconds since 1970.
    pub since: i64,
    /// See [`Memory::unsure`].
    pub unsure: bool,
    /// See [`Memory::refusals`].
    pub refusals: Vec<i64>,
    /// Why the service refused.
    pub trouble: String,
}

persist!(Record { writes, sections });

/// Flash wears: what is usual is not written.
impl Persist for Entry {
    fn write_json(&self, out: &mut JsonWriter) {
        out.open();
        out.field("fingerprint", &self.fingerprint);
        out.field("confirmed", &self.confirmed);
        out.field("since", &self.since);
        if self.unsure {
            out.field("unsure", &self.unsure);
        }
        if !self.refusals.is_empty() {
            out.field("refusals", &self.refusals);
        }
        if !self.trouble.is_empty() {
            out.field("trouble", &self.trouble);
        }
        out.close();
    }

    fn read(json: Json<'_>) -> Option<Entry> {
        let mut entry = Entry::default();
        let is_read = json.is_object()
            && json.read_field("fingerprint", &mut entry.fingerprint)
            && json.read_field("confirmed", &mut entry.confirmed)
            && json.read_field("since", &mut entry.since)
            && json.read_field("unsure", &mut entry.unsure)
            && json.read_field("refusals", &mut entry.refusals)
            && json.read_field("trouble", &mut entry.trouble);
        is_read.then_some(entry)
    }
}

impl Entry {
    /// What of `memory` outlives a reboot; nothing, if it is all temporary.
    pub fn of(memory: &Memory) -> Option<Entry> {
        if memory.confirmed.is_none() && memory.refusals.is_empty() {
            return None;
        }
        Some(Entry {
            fingerprint: memory.fingerprint.clone(),
            confirmed: memory.confirmed.map(|c| c.address),
            since: memory.confirmed.map_or(0, |c| c.wall),
            unsure: memory.unsure,
            refusals: memory.refusals.clone(),
            trouble: match memory.refusals.is_empty() {
                true => String::new(),
                false => memory.trouble.clone(),
            },
        })
    }

    /// The memory after a reboot.
    ///
    /// Refreshes since then were not recorded. It is assumed that each came
    /// when it was due, so that the next is due at the next multiple of
    /// `refresh`, and not at every boot.
    pub fn recall(&self, refresh: i64, now: Now) -> Memory {
        let age = now.wall.saturating_sub(self.since).max(0) % refresh.max(1);
        Memory {
            fingerprint: self.fingerprint.clone(),
            confirmed: self.confirmed.map(|address| Confirmed {
                address,
                wall: self.since,
                boot: now.boot - age,
            }),
            unsure: self.unsure,
            refusals: self.refusals.clone(),
            trouble: self.trouble.clone(),
            ..Memory::default()
        }
    }
}

impl Record {
    /// What it says of the section of this name.
    pub fn entry(&self, section: &str) -> Option<&Entry> {
        let mut sections = self.sections.iter();
        sections.find_map(|(name, entry)| (name == section).then_some(entry))
    }

    /// The record to write so that it says what `wanted` says, or `None` if it
    /// does already, or if too much was written today.
    pub fn with(&self, wanted: Vec<(String, Entry)>, now: Now) -> Option<Record> {
        if !self.differs(&wanted) {
            return None;
        }
        // A date in the future is one of a clock that was put right since. It
        // must not count: nothing would ever be written again.
        let mut writes: Vec<i64> = self
            .writes
            .iter()
            .copied()
            .filter(|at| *at <= now.wall && now.wall.saturating_sub(*at) < DAY)
            .collect();
        let limit = match self.tells_of_a_new_hold(&wanted) {
            true => WRITES,
            false => WRITES_FOR_ADDRESSES,
        };
        if writes.len() >= limit {
            return None;
        }
        writes.push(now.wall);
        Some(Record {
            writes,
            sections: wanted,
        })
    }

    /// Entries of sections that are gone may stay: they are worth no write.
    fn differs(&self, wanted: &[(String, Entry)]) -> bool {
        wanted
            .iter()
            .any(|(name, entry)| self.entry(name) != Some(entry))
    }

    fn tells_of_a_new_hold(&self, wanted: &[(String, Entry)]) -> bool {
        wanted.iter().any(|(name, entry)| {
            let old = self.entry(name).map(|old| &old.refusals);
            !entry.refusals.is_empty() && old != Some(&entry.refusals)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read_again;
    use crate::time::BUILT;

    fn now(wall: i64) -> Now {
        Now {
            boot: 100,
            wall: BUILT + wall,
        }
    }

    fn memory(address: &str) -> Memory {
        Memory {
            fingerprint: "f".into(),
            confirmed: Some(Confirmed {
                address: address.parse().expect(address),
                wall: BUILT,
                boot: 50,
            }),
            ..Memory::default()
        }
    }

    fn wanted(memory: &Memory) -> Vec<(String, Entry)> {
        Entry::of(memory)
            .map(|entry| ("home".to_owned(), entry))
            .into_iter()
            .collect()
    }

    #[test]
    fn nothing_is_written_when_nothing_is_said() {
        assert_eq!(Entry::of(&Memory::default()), None);
        let record = Record::default().with(wanted(&memory("8.8.4.4")), now(0));
        let record = record.expect("a first address is written");
        let mut refreshed = memory("8.8.4.4");
        refreshed.confirmed.as_mut().expect("set above").boot = 90;
        refreshed.failures = 3;
        refreshed.reason = "whatever".into();
        assert_eq!(record.with(wanted(&refreshed), now(60)), None);
    }

    #[test]
    fn a_flapping_wan_leaves_room_for_holds() {
        let mut record = Record::default();
        let mut written = 0;
        for change in 0..100 {
            let address = format!("8.8.4.{change}");
            if let Some(next) = record.with(wanted(&memory(&address)), now(change)) {
                record = next;
                written += 1;
            }
        }
        assert_eq!(written, 9);
        for refusal in 0..10 {
            let mut held = memory("8.8.4.4");
            held.refusals = vec![BUILT + 200 + refusal];
            if let Some(next) = record.with(wanted(&held), now(200 + refusal)) {
                record = next;
                written += 1;
            }
        }
        assert_eq!(written, 12);
        let next_day = record.with(wanted(&memory("9.9.9.9")), now(DAY + 300));
        assert_eq!(next_day.expect("a new day").writes.len(), 1);
    }

    #[test]
    fn a_reboot_is_no_reason_to_refresh() {
        let (refresh, day) = (72 * 3600, DAY);
        let entry = Entry::of(&memory("8.8.4.4")).expect("confirmed");
        for age in [0, day, 3 * day - 1, 3 * day, 4 * day, 30 * day + 5] {
            let recalled = entry.recall(refresh, now(age));
            let confirmed = recalled.confirmed.expect("recorded");
            assert!(confirmed.boot + refresh > 100, "{age}");
            assert!(confirmed.boot <= 100, "{age}");
        }
        // A clock that is wrong at boot makes it young, not negative.
        let confirmed = entry.recall(refresh, now(-50 * DAY)).confirmed;
        assert_eq!(confirmed.expect("recorded").boot, 100);
    }

    #[test]
    fn a_clock_that_was_ahead_does_not_end_writing() {
        let mut record = Record::default();
        for change in 0..100 {
            let ahead = now(3650 * DAY + change);
            let address = format!("8.8.4.{change}");
            record = record
                .with(wanted(&memory(&address)), ahead)
                .unwrap_or(record);
        }
        let right = record.with(wanted(&memory("9.9.9.9")), now(60));
        assert_eq!(right.expect("written").writes, [BUILT + 60]);
    }

    #[test]
    fn damaged_dates_do_no_harm() {
        for damaged in [i64::MIN, i64::MAX] {
            let entry = Entry {
                since: damaged,
                ..Entry::of(&memory("8.8.4.4")).expect("confirmed")
            };
            assert!(entry.recall(3600, now(0)).confirmed.is_some());
            let record = Record {
                writes: vec![damaged; 20],
                ..Record::default()
            };
            assert!(record.with(wanted(&memory("8.8.4.4")), now(0)).is_some());
        }
    }

    #[test]
    fn what_is_recorded_comes_back() {
        let mut held = memory("8.8.4.4");
        held.refusals = vec![BUILT + 5];
        held.trouble = "wrong key".into();
        held.unsure = true;
        let record = Record::default().with(wanted(&held), now(9));
        let text = JsonWriter::of(&record.expect("news"));
        let record: Record = read_again(&text).expect("what was written");
        let recalled = record.entry("home").expect("recorded").recall(3600, now(9));
        assert_eq!(recalled.refusals, held.refusals);
        assert_eq!(recalled.trouble, "wrong key");
        assert!(recalled.unsure);
    }
}
