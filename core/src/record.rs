//! The record: the part of the state that outlives a reboot, and when it may be
//! written.
//!
//! The record lies on flash, which wears, so it is written only when what it
//! says has changed: another confirmed address, a hold, or a witness that spoke for
//! a tunnel for the first time. Twelve writes a day are allowed, and six of them are kept
//! for holds: a WAN that flaps must not use up what stops a router from knocking with a
//! wrong key at each reboot. Of the other six, witnesses have the first four.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use super::hold::Refusals;
use super::outcome::Outcome;
use super::places::Places;
use super::state::{Confirmed, SectionState};
use super::time::{Boot, DAY, Now, Wall};
use crate::json::{FieldReader, Json, JsonWriter, Persist};
use crate::persist;
use crate::reason;
use crate::reason::Reason;
use crate::tunnel::witness::Witness;

/// Writes allowed within 24 h, whatever they say.
const MAX_WRITES: usize = 12;
/// Writes allowed within 24 h that say nothing of a new hold.
const MAX_OTHER_WRITES: usize = 6;
/// The number of such writes within 24 h after which a tunnel's witness has to wait.
const MAX_WITNESS_WRITES: usize = 4;

/// The number of addresses that are remembered of a section.
pub const MAX_ADDRESSES: usize = 16;

/// All that outlives a reboot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// The dates at which the record was written in the last 24 h, oldest first.
    pub writes: Vec<Wall>,
    /// The dates of those writes that said something of a new hold.
    pub hold_writes: Vec<Wall>,
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
    /// See [`SectionState::access`]. It matters to a hold alone, and so it is written
    /// with one.
    pub access: String,
    /// The number that the state had, see [`SectionState::serial`]. It is not worth a
    /// write by itself.
    pub serial: u32,
    /// See [`SectionState::confirmed`].
    pub confirmed: Option<IpAddr>,
    /// The date of its first acknowledgement.
    pub since: Wall,
    /// See [`Confirmed::phase`].
    pub phase: u32,
    /// See [`SectionState::maybe_stale`].
    pub maybe_stale: bool,
    /// See [`SectionState::refusals`].
    pub refusals: Refusals,
    /// See [`SectionState::refusal`].
    pub refusal: Reason,
    /// The addresses that were confirmed before, as the file has them: see
    /// [`RecordEntry::addresses`]. They are worth no write, and read when they are shown.
    pub earlier: String,
}

impl Persist for Record {
    fn write_json(&self, out: &mut JsonWriter) {
        out.open();
        out.field("writes", &self.writes);
        if !self.hold_writes.is_empty() {
            out.field("hold_writes", &self.hold_writes);
        }
        out.field("sections", &self.sections);
        if !self.tunnels.is_empty() {
            out.field("tunnels", &self.tunnels);
        }
        out.close();
    }

    fn read(json: Json<'_>) -> Option<Record> {
        let (mut writes, mut hold_writes) = (Vec::new(), Vec::new());
        let (mut sections, mut tunnels) = (Vec::new(), Vec::new());
        let mut fields = FieldReader::new(json);
        fields.field("writes", &mut writes);
        fields.field("hold_writes", &mut hold_writes);
        fields.field("sections", &mut sections);
        fields.field("tunnels", &mut tunnels);
        fields
            .fit()
            .then(|| Record::new((writes, hold_writes), sections, tunnels))
    }
}

/// Flash wears: what is usual is not written.
impl Persist for RecordEntry {
    fn write_json(&self, out: &mut JsonWriter) {
        out.open();
        out.field("fingerprint", &self.fingerprint);
        out.field("confirmed", &self.confirmed);
        out.field("since", &self.since);
        out.field("serial", &self.serial);
        if self.phase != 0 {
            out.field("phase", &self.phase);
        }
        if self.maybe_stale {
            out.field("unsure", &self.maybe_stale);
        }
        if !self.refusals.is_empty() {
            self.refusals.write_fields(out);
            out.field("access", &self.access);
            out.field("trouble", &self.refusal);
        }
        if !self.earlier.is_empty() {
            out.name("earlier");
            out.raw(&self.earlier);
        }
        out.close();
    }

    fn read(json: Json<'_>) -> Option<RecordEntry> {
        let mut entry = RecordEntry::default();
        let (mut dates, mut known) = (Vec::new(), Vec::new());
        let mut fields = FieldReader::new(json);
        fields.field("fingerprint", &mut entry.fingerprint);
        fields.field("confirmed", &mut entry.confirmed);
        fields.field("since", &mut entry.since);
        fields.field("serial", &mut entry.serial);
        fields.field("phase", &mut entry.phase);
        fields.field("unsure", &mut entry.maybe_stale);
        fields.field("refusals", &mut dates);
        fields.field("refused", &mut known);
        fields.field("access", &mut entry.access);
        fields.field("trouble", &mut entry.refusal);
        entry.refusals = Refusals::of_fields(dates, known);
        if let Some(earlier) = fields.find("earlier") {
            entry.earlier = earlier.compact().into_owned();
        }
        fields.fit().then_some(entry)
    }
}

impl RecordEntry {
    /// The part of `state` that outlives a reboot; nothing, if it is all temporary.
    pub fn from_state(state: &SectionState) -> Option<RecordEntry> {
        if state.confirmed.is_none() && state.refusals.is_empty() {
            return None;
        }
        let is_held = !state.refusals.is_empty();
        Some(RecordEntry {
            fingerprint: state.fingerprint.clone(),
            access: match is_held {
                true => state.access.clone(),
                false => String::new(),
            },
            serial: state.serial,
            confirmed: state.confirmed.map(|c| c.address),
            since: state.confirmed.map_or(Wall::default(), |c| c.wall),
            phase: state.confirmed.map_or(0, |c| c.phase),
            maybe_stale: state.maybe_stale,
            refusals: state.refusals.dated(),
            refusal: match is_held {
                true => state.refusal.clone(),
                false => Reason::default(),
            },
            earlier: String::new(),
        })
    }

    /// The addresses that were confirmed last, the latest first, each with the date of its
    /// first acknowledgement. One that was replaced before the record was written is not
    /// among them.
    pub fn addresses(&self) -> Vec<(IpAddr, Wall)> {
        let mut addresses = Vec::new();
        addresses.extend(self.confirmed.map(|address| (address, self.since)));
        let earlier = Json::parse(self.earlier.as_bytes()).unwrap_or(Json::NULL);
        for item in earlier.items() {
            let mut parts = item.items();
            let address = parts.next().and_then(IpAddr::read);
            let date = parts.next().and_then(Wall::read);
            addresses.extend(address.zip(date));
        }
        addresses.truncate(MAX_ADDRESSES);
        addresses
    }

    /// Takes over the addresses that were confirmed before.
    fn follow(&mut self, old: &RecordEntry) {
        let mut earlier = old.addresses();
        let is_other = |(address, _): &(IpAddr, Wall)| Some(*address) != self.confirmed;
        if !earlier.first().is_none_or(is_other) {
            earlier.remove(0);
        }
        earlier.truncate(MAX_ADDRESSES - 1);
        let mut out = JsonWriter::default();
        out.list(&earlier, &|(address, date), out| {
            out.raw("[");
            address.write_json(out);
            out.raw(",");
            date.write_json(out);
            out.raw("]");
        });
        self.earlier = match earlier.is_empty() {
            true => String::new(),
            false => out.into_text(),
        };
    }

    /// True if the two say the same, whatever their numbers are. What a version left
    /// that did not know the way of access says nothing of it.
    fn says_same(&self, other: &RecordEntry) -> bool {
        (self.access.is_empty() || self.access == other.access)
            && self.fingerprint == other.fingerprint
            && self.confirmed == other.confirmed
            && self.since == other.since
            && self.maybe_stale == other.maybe_stale
            && self.refusals == other.refusals
            && self.refusal == other.refusal
    }

    /// The confirmed address.
    fn confirmed_at(&self, refresh: Duration, now: Now) -> Option<Confirmed> {
        let known = (self.since, self.phase);
        Some(Confirmed::recorded(self.confirmed?, known, refresh, now))
    }

    /// The state after a reboot.
    pub fn to_state(&self, refresh: Duration, now: Now) -> SectionState {
        SectionState {
            fingerprint: self.fingerprint.clone(),
            access: self.access.clone(),
            serial: self.serial,
            confirmed: self.confirmed_at(refresh, now),
            maybe_stale: self.maybe_stale,
            refusals: self.refusals.clone(),
            refusal: self.refusal.clone(),
            ..SectionState::default()
        }
    }

    /// The state where only the record could be written after a send: what `state`, the
    /// one of before it, does not know of the answer.
    fn complete(&self, new: &mut SectionState, refresh: Duration, now: Now) {
        let is_refused = self.refusals != new.refusals.dated();
        let is_confirmed = self.confirmed == new.last_sent && !self.maybe_stale;
        new.serial = self.serial;
        new.confirmed = self.confirmed_at(refresh, now);
        new.maybe_stale = self.maybe_stale;
        if is_refused || is_confirmed {
            new.failures = 0;
            new.not_before = Boot::START;
        }
        if is_refused {
            new.refusals.clone_from(&self.refusals);
            new.refusal.clone_from(&self.refusal);
            new.reason.clone_from(&new.refusal);
            new.outcome = Some(Outcome::Refused);
        }
        if let Some(address) = self.confirmed.filter(|_| is_confirmed) {
            new.reason = reason!(SendConfirmed, address = address);
            new.outcome = Some(Outcome::Confirmed);
        }
    }
}

/// The state of a section by what is remembered of it: `stored` since this boot, `entry`
/// in the record. The newer of the two counts; the record is the newer one where there
/// was no room for the state.
///
/// ```
/// use wansync_core::record::{RecordEntry, recall};
/// use wansync_core::state::SectionState;
/// use wansync_core::time::{BUILD_DATE, Boot, DAY, Now};
///
/// let sending = SectionState {
///     serial: 1,
///     failures: 1,
///     last_sent: Some("8.8.4.4".parse().unwrap()),
///     ..SectionState::default()
/// };
/// let entry = RecordEntry {
///     serial: 2,
///     confirmed: sending.last_sent,
///     ..RecordEntry::default()
/// };
/// let now = Now::new(Boot::from_secs(100), BUILD_DATE + DAY);
/// let state = recall(Some(sending), Some(&entry), DAY, now);
/// assert_eq!(state.confirmed.unwrap().address, entry.confirmed.unwrap());
/// assert_eq!(state.failures, 0);
/// ```
pub fn recall(
    stored: Option<SectionState>,
    entry: Option<&RecordEntry>,
    refresh: Duration,
    now: Now,
) -> SectionState {
    let Some(mut state) = stored else {
        return entry.map_or_else(SectionState::default, |e| e.to_state(refresh, now));
    };
    // A clock that is right by now tells more of what was before this boot.
    state.confirmed = state
        .confirmed
        .map(|known| known.follow_clock(refresh, now));
    if let Some(entry) = entry {
        // A state without a number is of a version that gives none, and knew the record.
        match state.serial == 0 || entry.serial <= state.serial {
            true => state.serial = state.serial.max(entry.serial),
            false => entry.complete(&mut state, refresh, now),
        }
    }
    state
}

impl Record {
    fn new(
        (writes, hold_writes): (Vec<Wall>, Vec<Wall>),
        sections: Vec<(String, RecordEntry)>,
        tunnels: Vec<(String, TunnelEntry)>,
    ) -> Record {
        let places = sections.iter().map(|(name, _)| name.clone().into());
        Record {
            places: places.collect(),
            writes,
            hold_writes,
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
        let writes = self.writes_with(now, Some(MAX_WITNESS_WRITES))?;
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
    /// does already, or if too much was written today. With `must_write` it is written
    /// though it says so already: the state could not be, and the record's newer number
    /// tells that what it says still holds.
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
    /// let record = Record::default().updated_with(entries.clone(), now, false).unwrap();
    /// assert_eq!(record.updated_with(entries, now, false), None, "it says so already");
    /// ```
    pub fn updated_with(
        &self,
        entries: Vec<(String, RecordEntry)>,
        now: Now,
        must_write: bool,
    ) -> Option<Record> {
        if !must_write && !self.differs_from(&entries) {
            return None;
        }
        let limit = match self.has_new_hold(&entries) {
            true => None,
            false => Some(MAX_OTHER_WRITES),
        };
        let writes = self.writes_with(now, limit)?;
        let mut entries = entries;
        for (name, entry) in &mut entries {
            if let Some(old) = self.entry(name) {
                entry.follow(old);
            }
        }
        Some(Record::new(writes, entries, self.tunnels.clone()))
    }

    /// The writes of the last 24 h, and those of them for holds, with one at `now`; none
    /// if there are too many already. `limit` is that of writes which are for no hold; a
    /// write without one is for a hold.
    fn writes_with(&self, now: Now, limit: Option<usize>) -> Option<(Vec<Wall>, Vec<Wall>)> {
        // A date in the future is one of a clock that was put right since. It
        // must not count: nothing would ever be written again.
        let recent = |writes: &[Wall]| -> Vec<Wall> {
            let writes = writes.iter().copied();
            let is_recent = |at: &Wall| *at <= now.wall && now.wall.since(*at) < DAY;
            writes.filter(is_recent).collect()
        };
        let (mut writes, mut hold_writes) = (recent(&self.writes), recent(&self.hold_writes));
        let others = writes.len().saturating_sub(hold_writes.len());
        if writes.len() >= MAX_WRITES || limit.is_some_and(|limit| others >= limit) {
            return None;
        }
        writes.push(now.wall);
        if limit.is_none() {
            hold_writes.push(now.wall);
        }
        Some((writes, hold_writes))
    }

    /// Entries of sections that are gone may stay: they are worth no write.
    fn differs_from(&self, entries: &[(String, RecordEntry)]) -> bool {
        entries.iter().any(|(name, entry)| {
            let old = self.entry(name);
            !old.is_some_and(|old| old.says_same(entry))
        })
    }

    fn has_new_hold(&self, entries: &[(String, RecordEntry)]) -> bool {
        entries.iter().any(|(name, entry)| {
            let old = self.entry(name).map(|old| &old.refusals);
            let none = Refusals::default();
            entry.refusals.has_other_than(old.unwrap_or(&none))
        })
    }
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
