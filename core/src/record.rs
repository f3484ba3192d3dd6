//! The record: the part of the state that outlives a reboot, and when it may be
//! written.
//!
//! The record lies on flash, which wears, so it is written only when what it
//! says has changed: another confirmed address, a hold, or a witness that spoke for
//! a tunnel for the first time. Twelve writes a day are allowed, and the last three
//! of them are kept for holds: a WAN that flaps must not use up what stops a router
//! from knocking with a wrong key at each reboot. Witnesses have the first six.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use super::places::Places;
use super::state::{Confirmed, SectionState};
use super::time::{DAY, Now, Wall};
use crate::json::{Json, JsonWriter, Persist};
use crate::persist;
use crate::tunnel::witness::Witness;

/// Writes allowed within 24 h, whatever they say.
const MAX_WRITES: usize = 12;
/// Writes allowed within 24 h for a changed address alone.
const MAX_ADDRESS_WRITES: usize = 9;
/// Writes allowed within 24 h for a tunnel's witness alone.
const MAX_WITNESS_WRITES: usize = 6;

/// All that outlives a reboot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// The dates at which the record was written in the last 24 h, oldest first.
    pub writes: Vec<Wall>,
    /// One entry for each section that has something to remember.
    sections: Vec<(String, RecordEntry)>,
    /// The place in `sections` of each name.
    places: Places<'static>,
    /// One entry for each tunnel for which a witness has testified.
    tunnels: Vec<(String, TunnelEntry)>,
}

/// The part of a tunnel's state that outlives a reboot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TunnelEntry {
    /// See [`TunnelState::fingerprint`](crate::tunnel::TunnelState::fingerprint).
    pub fingerprint: String,
    /// The witnesses that have testified for it.
    pub witnesses: Vec<Witness>,
}

persist!(TunnelEntry {
    fingerprint,
    witnesses,
});

/// The part of a section's state that outlives a reboot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordEntry {
    /// See [`SectionState::fingerprint`].
    pub fingerprint: String,
    /// See [`SectionState::confirmed`].
    pub confirmed: Option<IpAddr>,
    /// The date of its first acknowledgement.
    pub since: Wall,
    /// See [`SectionState::maybe_stale`].
    pub maybe_stale: bool,
    /// See [`SectionState::refusals`].
    pub refusals: Vec<Wall>,
    /// The service's reason for the refusal.
    pub last_error: String,
}

impl Persist for Record {
    fn write_json(&self, out: &mut JsonWriter) {
        out.open();
        out.field("writes", &self.writes);
        out.field("sections", &self.sections);
        if !self.tunnels.is_empty() {
            out.field("tunnels", &self.tunnels);
        }
        out.close();
    }

    fn read(json: Json<'_>) -> Option<Record> {
        let (mut writes, mut sections, mut tunnels) = (Vec::new(), Vec::new(), Vec::new());
        let is_read = json.read_fields(&mut |name, value| match name {
            "writes" => value.read_into(&mut writes),
            "sections" => value.read_into(&mut sections),
            "tunnels" => value.read_into(&mut tunnels),
            _ => true,
        });
        is_read.then(|| Record::new(writes, sections, tunnels))
    }
}

/// Flash wears: what is usual is not written.
impl Persist for RecordEntry {
    fn write_json(&self, out: &mut JsonWriter) {
        out.open();
        out.field("fingerprint", &self.fingerprint);
        out.field("confirmed", &self.confirmed);
        out.field("since", &self.since);
        if self.maybe_stale {
            out.field("unsure", &self.maybe_stale);
        }
        if !self.refusals.is_empty() {
            out.field("refusals", &self.refusals);
        }
        if !self.last_error.is_empty() {
            out.field("trouble", &self.last_error);
        }
        out.close();
    }

    fn read(json: Json<'_>) -> Option<RecordEntry> {
        let mut entry = RecordEntry::default();
        let is_read = json.read_fields(&mut |name, value| match name {
            "fingerprint" => value.read_into(&mut entry.fingerprint),
            "confirmed" => value.read_into(&mut entry.confirmed),
            "since" => value.read_into(&mut entry.since),
            "unsure" => value.read_into(&mut entry.maybe_stale),
            "refusals" => value.read_into(&mut entry.refusals),
            "trouble" => value.read_into(&mut entry.last_error),
            _ => true,
        });
        is_read.then_some(entry)
    }
}

impl RecordEntry {
    /// The part of `state` that outlives a reboot; nothing, if it is all temporary.
    pub fn from_state(state: &SectionState) -> Option<RecordEntry> {
        if state.confirmed.is_none() && state.refusals.is_empty() {
            return None;
        }
        Some(RecordEntry {
            fingerprint: state.fingerprint.clone(),
            confirmed: state.confirmed.map(|c| c.address),
            since: state.confirmed.map_or(Wall::default(), |c| c.wall),
            maybe_stale: state.maybe_stale,
            refusals: state.refusals.clone(),
            last_error: match state.refusals.is_empty() {
                true => String::new(),
                false => state.last_error.clone(),
            },
        })
    }

    /// The state after a reboot.
    ///
    /// Refreshes since then were not recorded. It is assumed that each came
    /// when it was due, so that the next is due at the next multiple of
    /// `refresh`, and not at every boot.
    pub fn to_state(&self, refresh: Duration, now: Now) -> SectionState {
        let age = now.wall.since(self.since).as_secs() % refresh.as_secs().max(1);
        SectionState {
            fingerprint: self.fingerprint.clone(),
            confirmed: self.confirmed.map(|address| Confirmed {
                address,
                wall: self.since,
                boot: now.boot - Duration::from_secs(age),
            }),
            maybe_stale: self.maybe_stale,
            refusals: self.refusals.clone(),
            last_error: self.last_error.clone(),
            ..SectionState::default()
        }
    }
}

impl Record {
    fn new(
        writes: Vec<Wall>,
        sections: Vec<(String, RecordEntry)>,
        tunnels: Vec<(String, TunnelEntry)>,
    ) -> Record {
        let places = sections.iter().map(|(name, _)| name.clone().into());
        Record {
            places: places.collect(),
            writes,
            sections,
            tunnels,
        }
    }

    /// The record's entry for the tunnel of this name.
    pub fn tunnel(&self, section: &str) -> Option<&TunnelEntry> {
        let mut tunnels = self.tunnels.iter();
        let (_, entry) = tunnels.find(|(name, _)| name == section)?;
        Some(entry)
    }

    /// The record to write so that it says this of these tunnels, or `None` if it does
    /// already, or if too much was written today. Other tunnels' entries stay.
    pub fn updated_with_tunnels(
        &self,
        entries: &[(String, TunnelEntry)],
        now: Now,
    ) -> Option<Record> {
        let is_new = |(name, entry): &&(String, TunnelEntry)| self.tunnel(name) != Some(entry);
        entries.iter().find(is_new)?;
        let writes = self.writes_with(now, MAX_WITNESS_WRITES)?;
        let is_other = |(name, _): &&(String, _)| entries.iter().all(|(other, _)| other != name);
        let others = self.tunnels.iter().filter(is_other);
        let tunnels = others.chain(entries).cloned().collect();
        Some(Record::new(writes, self.sections.clone(), tunnels))
    }

    /// The record's entry for the section of this name.
    pub fn entry(&self, section: &str) -> Option<&RecordEntry> {
        let place = self.places.get(section)?;
        Some(&self.sections[place].1)
    }

    /// The record to write so that it says what `entries` says, or `None` if it
    /// does already, or if too much was written today.
    ///
    /// ```
    /// use wansync_core::record::{Record, RecordEntry};
    /// use wansync_core::time::{BUILD_DATE, Boot, DAY, Now};
    ///
    /// let now = Now::new(Boot::from_secs(100), BUILD_DATE + DAY);
    /// let entry = RecordEntry {
    ///     confirmed: Some("8.8.4.4".parse().unwrap()),
    ///     ..RecordEntry::default()
    /// };
    /// let entries = vec![("home".to_owned(), entry)];
    /// let record = Record::default().updated_with(entries.clone(), now).unwrap();
    /// assert_eq!(record.updated_with(entries, now), None, "it says so already");
    /// ```
    pub fn updated_with(&self, entries: Vec<(String, RecordEntry)>, now: Now) -> Option<Record> {
        if !self.differs_from(&entries) {
            return None;
        }
        let limit = match self.has_new_hold(&entries) {
            true => MAX_WRITES,
            false => MAX_ADDRESS_WRITES,
        };
        let writes = self.writes_with(now, limit)?;
        Some(Record::new(writes, entries, self.tunnels.clone()))
    }

    /// The writes of the last 24 h, with one at `now`; none if there are `limit` already.
    fn writes_with(&self, now: Now, limit: usize) -> Option<Vec<Wall>> {
        // A date in the future is one of a clock that was put right since. It
        // must not count: nothing would ever be written again.
        let mut writes: Vec<Wall> = self
            .writes
            .iter()
            .copied()
            .filter(|at| *at <= now.wall && now.wall.since(*at) < DAY)
            .collect();
        if writes.len() >= limit {
            return None;
        }
        writes.push(now.wall);
        Some(writes)
    }

    /// Entries of sections that are gone may stay: they are worth no write.
    fn differs_from(&self, entries: &[(String, RecordEntry)]) -> bool {
        entries
            .iter()
            .any(|(name, entry)| self.entry(name) != Some(entry))
    }

    fn has_new_hold(&self, entries: &[(String, RecordEntry)]) -> bool {
        entries.iter().any(|(name, entry)| {
            let old = self.entry(name).map(|old| &old.refusals);
            !entry.refusals.is_empty() && old != Some(&entry.refusals)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read_again;
    use crate::time::{BUILD_DATE, Boot};

    const DAY_SECS: i64 = 86_400;

    /// A moment so many seconds after the build, 100 s after a boot.
    fn now(secs: i64) -> Now {
        Now::new(Boot::from_secs(100), built(secs))
    }

    fn built(secs: i64) -> Wall {
        Wall::from_secs(BUILD_DATE.secs() + secs)
    }

    fn state(address: &str) -> SectionState {
        SectionState {
            fingerprint: "f".into(),
            confirmed: Some(Confirmed {
                address: address.parse().expect(address),
                wall: BUILD_DATE,
                boot: Boot::from_secs(50),
            }),
            ..SectionState::default()
        }
    }

    fn entries_of(state: &SectionState) -> Vec<(String, RecordEntry)> {
        RecordEntry::from_state(state)
            .map(|entry| ("home".to_owned(), entry))
            .into_iter()
            .collect()
    }

    #[test]
    fn nothing_is_written_when_nothing_is_said() {
        assert_eq!(RecordEntry::from_state(&SectionState::default()), None);
        let record = Record::default().updated_with(entries_of(&state("8.8.4.4")), now(0));
        let record = record.expect("a first address is written");
        let mut refreshed = state("8.8.4.4");
        refreshed.confirmed.as_mut().expect("set above").boot = Boot::from_secs(90);
        refreshed.failures = 3;
        refreshed.reason = "whatever".into();
        assert_eq!(record.updated_with(entries_of(&refreshed), now(60)), None);
    }

    #[test]
    fn a_flapping_wan_leaves_room_for_holds() {
        let mut record = Record::default();
        let mut written = 0;
        for change in 0..100 {
            let address = format!("8.8.4.{change}");
            if let Some(next) = record.updated_with(entries_of(&state(&address)), now(change)) {
                record = next;
                written += 1;
            }
        }
        assert_eq!(written, 9);
        for refusal in 0..10 {
            let mut held = state("8.8.4.4");
            held.refusals = vec![built(200 + refusal)];
            if let Some(next) = record.updated_with(entries_of(&held), now(200 + refusal)) {
                record = next;
                written += 1;
            }
        }
        assert_eq!(written, 12);
        let next_day = record.updated_with(entries_of(&state("9.9.9.9")), now(DAY_SECS + 300));
        assert_eq!(next_day.expect("a new day").writes.len(), 1);
    }

    #[test]
    fn a_reboot_is_no_reason_to_refresh() {
        let (refresh, day) = (DAY * 3, DAY_SECS);
        let entry = RecordEntry::from_state(&state("8.8.4.4")).expect("confirmed");
        for age in [0, day, 3 * day - 1, 3 * day, 4 * day, 30 * day + 5] {
            let recalled = entry.to_state(refresh, now(age));
            let confirmed = recalled.confirmed.expect("recorded");
            assert!(confirmed.boot + refresh > Boot::from_secs(100), "{age}");
            assert!(confirmed.boot <= Boot::from_secs(100), "{age}");
        }
        // A clock that is wrong at boot makes it young, not negative.
        let confirmed = entry.to_state(refresh, now(-50 * DAY_SECS)).confirmed;
        assert_eq!(confirmed.expect("recorded").boot, Boot::from_secs(100));
    }

    #[test]
    fn a_clock_that_was_ahead_does_not_end_writing() {
        let mut record = Record::default();
        for change in 0..100 {
            let ahead = now(3650 * DAY_SECS + change);
            let address = format!("8.8.4.{change}");
            record = record
                .updated_with(entries_of(&state(&address)), ahead)
                .unwrap_or(record);
        }
        let right = record.updated_with(entries_of(&state("9.9.9.9")), now(60));
        assert_eq!(right.expect("written").writes, [built(60)]);
    }

    #[test]
    fn damaged_dates_do_no_harm() {
        for damaged in [i64::MIN, i64::MAX] {
            let entry = RecordEntry {
                since: Wall::from_secs(damaged),
                ..RecordEntry::from_state(&state("8.8.4.4")).expect("confirmed")
            };
            assert!(entry.to_state(DAY, now(0)).confirmed.is_some());
            let record = Record {
                writes: vec![Wall::from_secs(damaged); 20],
                ..Record::default()
            };
            assert!(
                record
                    .updated_with(entries_of(&state("8.8.4.4")), now(0))
                    .is_some()
            );
        }
    }

    #[test]
    fn what_is_recorded_comes_back() {
        let mut held = state("8.8.4.4");
        held.refusals = vec![built(5)];
        held.last_error = "wrong key".into();
        held.maybe_stale = true;
        let record = Record::default().updated_with(entries_of(&held), now(9));
        let text = JsonWriter::of(&record.expect("news"));
        let record: Record = read_again(&text).expect("what was written");
        let recalled = record
            .entry("home")
            .expect("recorded")
            .to_state(DAY, now(9));
        assert_eq!(recalled.refusals, held.refusals);
        assert_eq!(recalled.last_error, "wrong key");
        assert!(recalled.maybe_stale);
    }

    #[test]
    fn the_witnesses_of_tunnels() {
        let entry = |fingerprint: &str, witnesses: &[Witness]| TunnelEntry {
            fingerprint: fingerprint.into(),
            witnesses: witnesses.to_vec(),
        };
        let named = |name: &str, entry: TunnelEntry| vec![(name.to_owned(), entry)];
        let dacha = named("dacha", entry("f", &[Witness::Ping, Witness::Service]));
        let record = Record::default().updated_with(entries_of(&state("8.8.4.4")), now(0));
        let record = record.expect("an address");
        let record = record.updated_with_tunnels(&dacha, now(1)).expect("news");
        assert_eq!(record.updated_with_tunnels(&dacha, now(2)), None);
        let other = named("office", entry("g", &[Witness::Handshake]));
        let record = record.updated_with_tunnels(&other, now(3)).expect("news");
        // Neither kind of entry takes the place of the other.
        let record = record.updated_with(entries_of(&state("8.8.4.9")), now(4));
        let text = JsonWriter::of(&record.expect("another address"));
        let mut record: Record = read_again(&text).expect("what was written");
        assert_eq!(record.tunnel("dacha"), Some(&dacha[0].1));
        assert_eq!(record.tunnel("office"), Some(&other[0].1));
        assert_eq!(record.tunnel("nosuch"), None);
        assert!(record.entry("home").is_some());
        assert!(text.contains(r#""dacha":{"fingerprint":"f","witnesses":["ping","vpnki"]}"#));
        // Holds and addresses have their own writes.
        let mut written = record.writes.len();
        for change in 0..100 {
            let entries = named("dacha", entry(&change.to_string(), &[Witness::Ping]));
            if let Some(next) = record.updated_with_tunnels(&entries, now(10 + change)) {
                record = next;
                written += 1;
            }
        }
        assert_eq!(written, 6);
        let address = record.updated_with(entries_of(&state("9.9.9.9")), now(200));
        assert!(address.is_some());
    }
}
