use super::*;
use crate::json::read_again;
use crate::time::{BUILD_DATE, Boot};

const DAY_SECS: i64 = 86_400;

/// A moment so many seconds after the build, 100 s after a boot.
fn now(secs: i64) -> Now {
    Now::new(Boot::from_secs(100), built(secs))
}

fn refused(address: &str, now: Now) -> Refusals {
    Refusals::default().with(address.parse().expect(address), now)
}

fn built(secs: i64) -> Wall {
    Wall::from_secs(BUILD_DATE.secs() + secs)
}

fn state(address: &str) -> SectionState {
    SectionState {
        fingerprint: "f".into(),
        confirmed: Some(Confirmed {
            phase: 0,
            period: 0,
            reckoned_by: None,
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
    let record = Record::default().updated_with(entries_of(&state("8.8.4.4")), now(0), false);
    let record = record.expect("a first address is written");
    let mut refreshed = state("8.8.4.4");
    refreshed.confirmed.as_mut().expect("set above").boot = Boot::from_secs(90);
    refreshed.failures = 3;
    refreshed.reason = "whatever".into();
    assert_eq!(
        record.updated_with(entries_of(&refreshed), now(60), false),
        None
    );
}

#[test]
fn a_flapping_wan_leaves_room_for_holds() {
    let mut record = Record::default();
    let mut written = 0;
    for change in 0..100 {
        let address = format!("8.8.4.{change}");
        if let Some(next) = record.updated_with(entries_of(&state(&address)), now(change), false) {
            record = next;
            written += 1;
        }
    }
    assert_eq!(written, 6);
    for refusal in 0..10 {
        let mut held = state("8.8.4.4");
        held.refusals = refused("8.8.4.4", now(200 + refusal));
        if let Some(next) = record.updated_with(entries_of(&held), now(200 + refusal), false) {
            record = next;
            written += 1;
        }
    }
    assert_eq!(written, 12);
    let next_day = record.updated_with(entries_of(&state("9.9.9.9")), now(DAY_SECS + 300), false);
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
            .updated_with(entries_of(&state(&address)), ahead, false)
            .unwrap_or(record);
    }
    let right = record.updated_with(entries_of(&state("9.9.9.9")), now(60), false);
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
                .updated_with(entries_of(&state("8.8.4.4")), now(0), false)
                .is_some()
        );
    }
}

#[test]
fn what_is_recorded_comes_back() {
    let mut held = state("8.8.4.4");
    held.refusals = refused("8.8.4.4", now(5));
    held.refusal = "wrong key".into();
    held.maybe_stale = true;
    let record = Record::default().updated_with(entries_of(&held), now(9), false);
    let text = JsonWriter::of(&record.expect("news"));
    let record: Record = read_again(&text).expect("what was written");
    let recalled = record
        .entry("home")
        .expect("recorded")
        .to_state(DAY, now(9));
    assert_eq!(recalled.refusals, held.refusals.dated());
    assert_eq!(recalled.refusal, "wrong key");
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
    let record = Record::default().updated_with(entries_of(&state("8.8.4.4")), now(0), false);
    let record = record.expect("an address");
    let record = record.updated_with_tunnels(&dacha, now(1)).expect("news");
    assert_eq!(record.updated_with_tunnels(&dacha, now(2)), None);
    let other = named("office", entry("g", &[Witness::Handshake]));
    let record = record.updated_with_tunnels(&other, now(3)).expect("news");
    // Neither kind of entry takes the place of the other.
    let record = record.updated_with(entries_of(&state("8.8.4.9")), now(4), false);
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
    assert_eq!(written, 4);
    let address = record.updated_with(entries_of(&state("9.9.9.9")), now(200), false);
    assert!(address.is_some());
}

#[test]
fn holds_leave_room_for_addresses() {
    let (mut record, mut held) = (Record::default(), state("8.8.4.4"));
    let mut written = 0;
    for refusal in 0..10 {
        held.refusals = refused("8.8.8.8", now(refusal));
        if let Some(next) = record.updated_with(entries_of(&held), now(refusal), false) {
            record = next;
            written += 1;
        }
    }
    assert_eq!(
        written,
        12 - 2,
        "all that are left, and none is taken for an address"
    );
    for change in 0..10 {
        held.confirmed = state(&format!("9.9.9.{change}")).confirmed;
        if let Some(next) = record.updated_with(entries_of(&held), now(100 + change), false) {
            record = next;
            written += 1;
        }
    }
    assert_eq!(written, 12);
}

/// The state and the record of one pass, of which only the second was written.
fn torn(sent: &str, before: &SectionState, after: &SectionState) -> SectionState {
    let pending = SectionState {
        serial: before.serial + 1,
        last_sent: Some(sent.parse().expect(sent)),
        failures: 1,
        not_before: Boot::from_secs(115),
        sends: vec![Boot::from_secs(100)],
        outcome: Some(Outcome::Unconfirmed),
        ..before.clone()
    };
    let after = SectionState {
        serial: before.serial + 2,
        ..after.clone()
    };
    let entry = RecordEntry::from_state(&after).expect("something to remember");
    recall(Some(pending), Some(&entry), DAY * 3, now(0))
}

#[test]
fn the_newer_of_record_and_state_counts() {
    let (old, new) = (state("8.8.4.4"), state("8.8.8.8"));
    let recalled = torn("8.8.8.8", &old, &new);
    assert_eq!(
        recalled.confirmed.map(|c| c.address),
        new.confirmed.map(|c| c.address)
    );
    assert_eq!((recalled.failures, recalled.not_before), (0, Boot::START));
    assert_eq!(recalled.outcome, Some(Outcome::Confirmed));
    assert_eq!(recalled.sends.len(), 1, "what was sent today counts");
    // A refusal is not forgotten either.
    let held = SectionState {
        refusals: refused("8.8.8.8", now(0)),
        refusal: "wrong key".into(),
        ..old.clone()
    };
    let recalled = torn("8.8.8.8", &old, &held);
    assert_eq!(recalled.refusals, held.refusals.dated());
    assert_eq!(
        (recalled.outcome, recalled.reason),
        (Some(Outcome::Refused), "wrong key".into())
    );
    // No answer leaves the backoff.
    let lost = SectionState {
        maybe_stale: true,
        ..old.clone()
    };
    let recalled = torn("8.8.8.8", &old, &lost);
    assert_eq!(
        (recalled.failures, recalled.not_before),
        (1, Boot::from_secs(115))
    );
}

#[test]
fn the_state_counts_unless_the_record_is_newer() {
    let entry = RecordEntry {
        serial: 52,
        ..RecordEntry::from_state(&state("8.8.4.4")).expect("confirmed")
    };
    // Serials: of the state, and of the state that is recalled. 0 is one of another version.
    for (serial, expected) in [(0, 52), (52, 52), (60, 60)] {
        let stored = SectionState {
            serial,
            ..state("9.9.9.9")
        };
        let recalled = recall(Some(stored.clone()), Some(&entry), DAY, now(0));
        assert_eq!(recalled.confirmed, stored.confirmed, "{serial}");
        assert_eq!(recalled.serial, expected);
    }
}

#[test]
fn a_number_or_a_way_of_access_alone_is_not_worth_a_write() {
    let mut held = state("8.8.4.4");
    held.refusals = refused("8.8.8.8", now(0));
    let of_old = RecordEntry::from_state(&held).expect("held");
    let record = Record::new(
        Default::default(),
        vec![("home".into(), of_old)],
        Vec::new(),
    );
    held.access = "way".into();
    held.serial = 7;
    assert_eq!(record.updated_with(entries_of(&held), now(9), false), None);
    let written = record.updated_with(entries_of(&held), now(9), true);
    let entry = written.expect("it must be").entry("home").cloned();
    assert_eq!(entry.map(|e| (e.serial, e.access)), Some((7, "way".into())));
}
