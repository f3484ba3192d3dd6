use super::*;
use crate::hold::Refusals;
use crate::reason::connection::NameFailure;
use crate::record::{Record, RecordEntry};
use crate::time::{BUILD_DATE, DAY, MINUTE, Wall, seconds, whole_seconds};

#[path = "reconcile_hold_tests.rs"]
mod holds;

const HOUR: i64 = 3600;
const DAY_SECS: i64 = 24 * HOUR;
/// All of what is random in a wait.
const WHOLE: u32 = u32::MAX;

fn policy() -> Policy {
    Policy {
        spread: Duration::ZERO,
        router_number: 0,
        family: Family::Ipv4,
        refresh: whole_seconds(72 * HOUR),
        daily_limit: 24,
        tls: true,
    }
}

fn at(boot: i64) -> Now {
    Now::new(Boot::from_secs(boot), BUILD_DATE + whole_seconds(boot))
}

fn seen(address: &str) -> Observation {
    Ok(vec![Candidate::from(
        address.parse::<IpAddr>().expect(address),
    )])
}

fn public(address: &str) -> PublicAddress {
    PublicAddress::new(address.parse().expect(address)).expect("public")
}

fn confirmed(address: &str, boot: i64) -> SectionState {
    state_after_send(
        &SectionState::default(),
        public(address),
        "skydns",
        Ok(()),
        at(boot),
        WHOLE,
    )
}

fn refused() -> Failure {
    Failure::Refused {
        message: "wrong key".into(),
    }
}

fn no_dns() -> Failure {
    Failure::NameResolution {
        host: "example.com".into(),
        cause: NameFailure::NoAddress(Vec::new()),
    }
}

fn refused_connection() -> Failure {
    Failure::Connect {
        host: "example.com".into(),
        cause: "Connection refused".into(),
    }
}

fn status(status: u16, retry_after: Option<u64>) -> Failure {
    Failure::Status {
        status,
        message: None,
        by_service: false,
        retry_after: retry_after.map(Duration::from_secs),
    }
}

fn said_by_service(status: u16) -> Failure {
    Failure::Status {
        status,
        message: Some("no such user".into()),
        by_service: true,
        retry_after: None,
    }
}

fn after(state: &SectionState, address: &str, failure: Failure, boot: i64) -> SectionState {
    state_after_send(
        state,
        public(address),
        "skydns",
        Err(&failure),
        at(boot),
        WHOLE,
    )
}

/// The seconds until something is due, with a re-check every 300 s.
fn due(state: &SectionState, boot: i64) -> i64 {
    seconds(next_due(&policy(), state, at(boot), whole_seconds(300)))
}

fn decision(state: &SectionState, address: &str, boot: i64) -> Decision {
    decide(&policy(), &seen(address), state, at(boot), false)
}

#[test]
fn a_failed_observation_changes_nothing() {
    let state = confirmed("8.8.4.4", 0);
    let blind = decide(
        &policy(),
        &Err(AbortReason::Netifd("no ubus".into()).into()),
        &state,
        at(100 * HOUR),
        true,
    );
    assert_eq!(
        blind,
        Decision::Abort(AbortReason::Netifd("no ubus".into()).into())
    );
    assert_eq!(
        state_without_send(&state, &blind).confirmed,
        state.confirmed
    );
    assert!(
        matches!(decision(&state, "100.64.0.9", 5), Decision::Abort(why) if why.to_string().contains("CGNAT"))
    );
}

#[test]
fn sends_once_then_keeps() {
    assert_eq!(
        decision(&SectionState::default(), "8.8.4.4", 0),
        Decision::Update(public("8.8.4.4"))
    );
    let state = confirmed("8.8.4.4", 0);
    assert_eq!(
        decision(&state, "8.8.4.4", 71 * HOUR),
        Decision::Unchanged(public("8.8.4.4"))
    );
    assert_eq!(
        decision(&state, "8.8.8.8", 5),
        Decision::Update(public("8.8.8.8"))
    );
    let forced = decide(&policy(), &seen("8.8.4.4"), &state, at(5), true);
    assert_eq!(forced, Decision::Update(public("8.8.4.4")));
}

#[test]
fn refreshes_at_the_maximum_age() {
    let state = confirmed("8.8.4.4", 10);
    assert_eq!(
        decision(&state, "8.8.4.4", 10 + 72 * HOUR),
        Decision::Update(public("8.8.4.4"))
    );
    let again = state_after_send(
        &state,
        public("8.8.4.4"),
        "skydns",
        Ok(()),
        at(10 + 72 * HOUR),
        WHOLE,
    );
    let (old, new) = (state.confirmed.expect("set"), again.confirmed.expect("set"));
    assert_eq!(new.wall, old.wall, "the record does not change");
    assert_eq!(new.boot, Boot::from_secs(10 + 72 * HOUR));
}

#[test]
fn an_unconfirmed_send_is_sent_again_not_assumed() {
    let lost = Failure::NotJson {
        what: "an HTML page".into(),
    };
    let state = after(&confirmed("8.8.4.4", 0), "8.8.8.8", lost, 100);
    assert_eq!(state.outcome, Some(Outcome::Unconfirmed));
    // The service may hold either, so even the old address is sent again.
    assert_eq!(
        decision(&state, "8.8.4.4", 200),
        Decision::Update(public("8.8.4.4"))
    );
    // A failure before the service was reached leaves no such doubt.
    let state = after(&confirmed("8.8.4.4", 0), "8.8.8.8", no_dns(), 100);
    assert_eq!(
        decision(&state, "8.8.4.4", 101),
        Decision::Unchanged(public("8.8.4.4"))
    );
    assert_eq!(state.sends.len(), 1, "what never left is not counted");
}

#[test]
fn a_crash_while_sending_counts_as_a_failed_send() {
    let state = state_before_send(&SectionState::default(), public("8.8.4.4"), at(0), WHOLE);
    assert!(matches!(
        decision(&state, "8.8.4.4", 14),
        Decision::Throttled(_)
    ));
    assert_eq!(
        decision(&state, "8.8.4.4", 15),
        Decision::Update(public("8.8.4.4"))
    );
    assert_eq!(sends_left(&policy(), &state, at(15)), 23);
}

#[test]
fn a_name_that_is_not_found_is_looked_up_every_minute() {
    let mut state = SectionState::default();
    for (n, wait) in [15, 30, 60, 60, 60, 60].into_iter().enumerate() {
        let now = 1000 * n as i64;
        state = after(&state, "8.8.4.4", no_dns(), now);
        assert_eq!(due(&state, now), wait);
    }
}

#[test]
fn backs_off_until_another_address_comes() {
    let mut state = SectionState::default();
    for (n, wait) in [15, 30, 60, 120].into_iter().enumerate() {
        let now = 1000 * n as i64;
        state = after(&state, "8.8.4.4", refused_connection(), now);
        assert!(matches!(
            decision(&state, "8.8.4.4", now + wait - 1),
            Decision::Throttled(_)
        ));
        assert_eq!(
            decision(&state, "8.8.4.4", now + wait),
            Decision::Update(public("8.8.4.4"))
        );
        assert_eq!(
            decision(&state, "8.8.8.8", now + 1),
            Decision::Update(public("8.8.8.8"))
        );
        assert_eq!(due(&state, now + 5), wait - 5);
    }
}

#[test]
fn the_service_may_ask_for_a_day_at_most() {
    let state = after(
        &SectionState::default(),
        "8.8.4.4",
        status(503, Some(600)),
        0,
    );
    assert_eq!(state.outcome, Some(Outcome::Throttled));
    assert!(matches!(
        decision(&state, "8.8.8.8", 1199),
        Decision::Throttled(_)
    ));
    let forced = decide(&policy(), &seen("8.8.4.4"), &state, at(1199), true);
    assert!(
        matches!(forced, Decision::Throttled(_)),
        "not even --force overrides it"
    );
    assert_eq!(
        decision(&state, "8.8.4.4", 1200),
        Decision::Update(public("8.8.4.4"))
    );
    let state = after(
        &SectionState::default(),
        "8.8.4.4",
        status(429, Some(1 << 40)),
        0,
    );
    assert_eq!(state.retry_after_until, Boot::START + DAY - 15 * MINUTE);
    assert_eq!(due(&state, HOUR), 23 * HOUR - 15 * 60);
    let state = after(&SectionState::default(), "8.8.4.4", status(429, None), 0);
    assert_eq!(state.retry_after_until, Boot::from_secs(120));
    // What it asked for binds every address, our own longer backoff does not.
    let mut state = after(&SectionState::default(), "8.8.4.4", no_dns(), 0);
    for _ in 0..8 {
        state = after(&state, "8.8.4.4", status(503, Some(5)), 100);
    }
    assert!(matches!(
        decision(&state, "8.8.8.8", 119),
        Decision::Throttled(_)
    ));
    assert_eq!(
        decision(&state, "8.8.8.8", 120),
        Decision::Update(public("8.8.8.8"))
    );
    // A refusal may ask as well, for longer than the hold.
    let state = after(
        &SectionState::default(),
        "8.8.4.4",
        status(403, Some(7200)),
        0,
    );
    assert_eq!(state.outcome, Some(Outcome::Refused));
    assert!(matches!(
        decision(&state, "8.8.4.4", HOUR * 5 / 4),
        Decision::Throttled(_)
    ));
    assert_eq!(due(&state, 0), 2 * HOUR + 15 * 60);
}

/// A page of a web server is no answer of the service, so nothing is held.
#[test]
fn a_page_of_a_web_server_is_waited_out() {
    for code in [400, 404, 410, 421, 451] {
        let mut state = confirmed("8.8.4.4", 0);
        let mut at = 100;
        for minutes in [10, 20, 30, 30] {
            state = after(&state, "8.8.8.8", status(code, None), at);
            assert_eq!(state.outcome, Some(Outcome::Unconfirmed), "{code}");
            let wait = due(&state, at);
            let expected = minutes * 30..=minutes * 60;
            assert!(expected.contains(&wait), "{code}: {wait} s");
            at += wait;
            assert!(matches!(
                decision(&state, "8.8.8.8", at),
                Decision::Update(_)
            ));
        }
    }
}

#[test]
fn a_refusal_holds_and_another_configuration_ends_it() {
    for failure in [
        refused(),
        status(401, None),
        status(403, None),
        said_by_service(404),
    ] {
        let state = after(&confirmed("8.8.4.4", 0), "8.8.8.8", failure, 100);
        assert_eq!(state.outcome, Some(Outcome::Refused));
        assert!(!state.maybe_stale);
        assert!(matches!(
            decision(&state, "8.8.8.8", 200),
            Decision::Held(_)
        ));
        // The hold is of that address.
        assert_eq!(
            decision(&state, "9.9.9.9", 200),
            Decision::Update(public("9.9.9.9"))
        );
        assert_eq!(
            decision(&state, "8.8.4.4", 200),
            Decision::Unchanged(public("8.8.4.4"))
        );
        assert!((HOUR..=HOUR * 5 / 4).contains(&due(&state, 100)));
        let changed = state.for_config("another");
        assert_eq!(
            decision(&changed, "8.8.8.8", 200),
            Decision::Update(public("8.8.8.8"))
        );
        assert_eq!(changed.sends.len(), 2);
    }
}

#[test]
fn a_wrong_key_is_sent_three_times_a_day() {
    let (mut state, mut sends) = (SectionState::default(), 0);
    for minute in 0..24 * 60 {
        if let Decision::Update(address) = decision(&state, "8.8.4.4", minute * 60) {
            state = state_after_send(
                &state,
                address,
                "skydns",
                Err(&refused()),
                at(minute * 60),
                WHOLE,
            );
            sends += 1;
        }
    }
    assert_eq!(sends, 3);
}

#[test]
fn the_daily_limit_holds_whatever_happens() {
    let (mut state, mut sends) = (SectionState::default(), Vec::new());
    for minute in 0..3 * 24 * 60_i64 {
        let (now, address) = (minute * 60, format!("8.8.4.{}", minute % 250));
        if let Decision::Update(address) = decision(&state, &address, now) {
            state = state_after_send(&state, address, "skydns", Ok(()), at(now), WHOLE);
            sends.push(now);
        }
    }
    // Half of it at once, and one every two hours; then 11 that are a day old by each.
    assert_eq!(sends.iter().filter(|at| **at < 3600).count(), 12);
    assert!(sends.windows(2).all(|w| w[1] - w[0] <= 2 * HOUR));
    assert!(sends.len() >= 46, "{}", sends.len());
    assert!(sends.windows(25).all(|w| w[24] - w[0] >= DAY_SECS));
    assert!(state.sends.len() <= 24);
}

#[test]
fn no_tls_before_the_clock_is_set() {
    let now = Now::new(Boot::from_secs(20), Wall::from_secs(1_600_000_000));
    let early = decide(
        &policy(),
        &seen("8.8.4.4"),
        &SectionState::default(),
        now,
        false,
    );
    assert!(matches!(early, Decision::Abort(why) if why.to_string().contains("2020-09-13")));
    let plain = Policy {
        tls: false,
        ..policy()
    };
    let early = decide(
        &plain,
        &seen("8.8.4.4"),
        &SectionState::default(),
        now,
        false,
    );
    assert_eq!(early, Decision::Update(public("8.8.4.4")));
}

#[test]
fn what_is_shown_as_observed() {
    let table = [
        ("8.8.4.4", Some("8.8.4.4")),
        ("192.168.1.2", Some("192.168.1.2")),
        ("2a00::1", None),
    ];
    for (address, expected) in table {
        let got = address_to_show(&seen(address), Family::Ipv4, None);
        assert_eq!(got, expected.map(|e| e.parse().expect(e)));
    }
    assert_eq!(
        address_to_show(
            &Err(AbortReason::Netifd("blind".into()).into()),
            Family::Ipv4,
            None
        ),
        None
    );
}

#[test]
fn an_idle_section_is_due_at_its_next_check() {
    let state = state_without_send(
        &confirmed("8.8.4.4", 0),
        &Decision::Unchanged(public("8.8.4.4")),
    );
    assert_eq!(due(&state, 60), 300);
    assert_eq!(due(&state, 72 * HOUR - 10), 10);
}

#[test]
fn a_clock_that_jumps_neither_frees_nor_jails() {
    let state = after(&SectionState::default(), "8.8.4.4", refused(), 100);
    // Back to 1970, as after a power cut: still held, and still after NTP.
    let early = Now::new(Boot::from_secs(200), Wall::from_secs(0));
    let state = state.clamp_future_times(early);
    let plain = Policy {
        tls: false,
        ..policy()
    };
    let decided = decide(&plain, &seen("8.8.4.4"), &state, early, false);
    assert!(matches!(decided, Decision::Held(_)));
    assert!(matches!(
        decision(&state, "8.8.4.4", 300),
        Decision::Held(_)
    ));
    // Refused while the clock was ten years ahead: free within a day of the right time.
    let ahead = Now::new(Boot::from_secs(100), BUILD_DATE + 3650 * DAY);
    let state = state_after_send(
        &SectionState::default(),
        public("8.8.4.4"),
        "skydns",
        Err(&refused()),
        ahead,
        WHOLE,
    );
    let state = state.clamp_future_times(at(200));
    assert!(matches!(
        decision(&state, "8.8.4.4", 300),
        Decision::Held(_)
    ));
    assert_eq!(
        decision(&state, "8.8.4.4", 200 + HOUR * 5 / 4),
        Decision::Update(public("8.8.4.4"))
    );
}

#[test]
fn a_damaged_memory_neither_panics_nor_jails() {
    for damaged in [i64::MIN, i64::MAX] {
        let state = SectionState {
            confirmed: Some(Confirmed {
                phase: 0,
                period: 0,
                reckoned_by: None,
                address: public("8.8.4.4").get(),
                wall: Wall::from_secs(damaged),
                boot: Boot::from_secs(damaged),
            }),
            last_sent: Some(public("8.8.8.8").get()),
            failures: u32::MAX,
            not_before: Boot::from_secs(damaged),
            retry_after_until: Boot::from_secs(damaged),
            refusals: Refusals::of_fields(vec![Wall::from_secs(damaged)], Vec::new()),
            sends: vec![Boot::from_secs(damaged); 30],
            ..SectionState::default()
        }
        .clamp_future_times(at(1000));
        for address in ["8.8.4.4", "8.8.8.8"] {
            for outcome in [Outcome::Held, Outcome::Throttled, Outcome::Aborted] {
                let state = SectionState {
                    outcome: Some(outcome),
                    ..state.clone()
                };
                let due = due(&state, 1000);
                assert!((0..=DAY_SECS + 15 * 60).contains(&due), "{outcome}: {due}");
            }
            decision(&state, address, 1000);
            after(&state, address, no_dns(), 1000);
        }
        assert_eq!(
            decision(&state, "9.9.9.9", 1000 + DAY_SECS + 15 * 60),
            Decision::Update(public("9.9.9.9"))
        );
    }
}

#[test]
fn the_reason_for_waiting_for_the_clock_stays_the_same() {
    let early = |wall| {
        let now = Now::new(Boot::from_secs(20), Wall::from_secs(wall));
        let state = SectionState::default();
        let decision = decide(&policy(), &seen("8.8.4.4"), &state, now, false);
        outcome_without_send(&decision)
    };
    assert_eq!(early(1_600_000_000), early(1_600_000_300));
}

#[test]
fn a_renewal_without_an_answer_is_sent_again_and_leaves_the_record_alone() {
    let before = confirmed("8.8.4.4", 0);
    let (due, later) = (72 * HOUR, 72 * HOUR + 60);
    let state = after(&before, "8.8.4.4", status(503, None), due);
    let entries = |state| {
        vec![(
            "home".to_owned(),
            RecordEntry::from_state(state).expect("one"),
        )]
    };
    let record = Record::default().updated_with(entries(&before), at(0), false);
    let record = record.expect("a first address");
    assert_eq!(record.updated_with(entries(&state), at(due), false), None);
    assert!(matches!(
        decision(&state, "8.8.4.4", due + 1),
        Decision::Throttled(_)
    ));
    let again = Decision::Update(public("8.8.4.4"));
    assert_eq!(decision(&state, "8.8.4.4", later), again);
    // One that was forced, and is not due by itself.
    let forced = after(&before, "8.8.4.4", status(503, None), HOUR);
    assert_eq!(decision(&forced, "8.8.4.4", HOUR + 60), again);
    // What may hold since an earlier send of another address still may.
    let lost = after(&before, "8.8.8.8", status(503, None), HOUR);
    let back = after(&lost, "8.8.4.4", status(503, None), 2 * HOUR);
    assert!(RecordEntry::from_state(&back).is_some_and(|entry| entry.maybe_stale));
}

/// A million routers of a provider boot together, each at its own number.
#[test]
fn a_new_address_waits_for_the_routers_part_of_the_time_after_a_boot() {
    let spread = |router_number| Policy {
        spread: MINUTE * 30,
        router_number,
        ..policy()
    };
    let decision = |policy: &Policy, state: &SectionState, now, forced| {
        decide(policy, &seen("8.8.4.4"), state, at(now), forced)
    };
    let sent = Decision::Update(public("8.8.4.4"));
    let none = SectionState::default();
    for (number, minutes) in [(0, 0), (u32::MAX / 2, 15), (u32::MAX, 30)] {
        let policy = spread(number);
        let end = minutes * 60;
        assert_eq!(decision(&policy, &none, end, false), sent);
        if end > 0 {
            let waits = decision(&policy, &none, end - 1, false);
            assert!(matches!(&waits, Decision::Throttled(why) if why.contains("option spread")));
            assert_eq!(decision(&policy, &none, 0, true), sent, "a person may");
            let before = state_after_observation(&none, &seen("8.8.4.4"), Family::Ipv4);
            let waiting = state_without_send(&before, &waits);
            let due = next_due(&policy, &waiting, at(60), MINUTE * 5);
            assert_eq!(due.as_secs() as i64, end - 60);
        }
    }
    // What is confirmed is only confirmed again, and that may be at once.
    let known = confirmed("8.8.4.4", 0);
    let unchanged = Decision::Unchanged(public("8.8.4.4"));
    assert_eq!(decision(&spread(u32::MAX), &known, 10, false), unchanged);
}

/// A state in which three addresses were sent within a second, and acknowledged.
fn flapping() -> SectionState {
    let mut state = confirmed("8.8.4.1", 100);
    for address in ["8.8.4.2", "8.8.4.3"] {
        state = state_after_send(&state, public(address), "skydns", Ok(()), at(100), WHOLE);
    }
    state
}

#[test]
fn a_wan_that_flaps_waits_and_only_sends_count() {
    let flaps = |address: &str| {
        let address = address.parse().expect("an address");
        Decision::Throttled(Reason::from(&Wait::HoldDown { address }))
    };
    let state = flapping();
    assert_eq!(decision(&state, "8.8.4.4", 100), flaps("8.8.4.4"));
    assert_eq!(decision(&state, "8.8.4.4", 114), flaps("8.8.4.4"));
    assert_eq!(
        decision(&state, "8.8.4.4", 115),
        Decision::Update(public("8.8.4.4"))
    );
    assert_eq!(
        decision(&state, "8.8.4.3", 100),
        Decision::Unchanged(public("8.8.4.3"))
    );
    let forced = decide(&policy(), &seen("8.8.4.4"), &state, at(100), true);
    assert_eq!(forced, Decision::Update(public("8.8.4.4")));
    // What is not sent changes nothing of it.
    for other in [
        Err(AbortReason::Netifd("no ubus".into()).into()),
        Ok(Vec::new()),
        seen("8.8.4.4"),
        seen("8.8.4.3"),
    ] {
        let observed = state_after_observation(&state, &other, Family::Ipv4);
        let decision = decide(&policy(), &other, &observed, at(101), false);
        let next = state_without_send(&observed, &decision);
        assert_eq!(next.hold_down, state.hold_down, "{other:?}");
    }
    // Nor does a retry, which has its backoff; that the service fails makes no difference.
    let failed = after(&state, "8.8.4.4", status(503, None), 115);
    let again = after(&failed, "8.8.4.4", status(503, None), 130);
    assert_ne!(failed.hold_down, state.hold_down);
    assert_eq!(again.hold_down, failed.hold_down);
}

#[test]
fn the_wait_of_a_flapping_wan_is_told_with_its_end() {
    let state = flapping();
    let observed: Option<IpAddr> = "8.8.4.4".parse().ok();
    let waiting = with_hold_down(state.clone(), observed, Boot::from_secs(105));
    assert_eq!(waiting.outcome, Some(Outcome::Throttled));
    assert_eq!((waiting.observed, due(&waiting, 105)), (observed, 10));
    for (address, now) in [("8.8.4.3", 105), ("8.8.4.4", 115), ("192.168.1.2", 105)] {
        let shown = with_hold_down(state.clone(), address.parse().ok(), Boot::from_secs(now));
        assert_eq!(shown, state, "{address}");
    }
    // A failed send of the same address waits for its backoff.
    let failed = after(&state, "8.8.4.4", status(503, None), 100);
    let failed = state_after_observation(&failed, &seen("8.8.4.4"), Family::Ipv4);
    assert_eq!(due(&failed, 100), 15);
}

#[test]
fn a_state_of_another_version_has_no_hold_down() {
    let text = r#"{"attempted":"8.8.4.4","failures":0,"sends":[90,95,100]}"#;
    let state: SectionState = crate::json::read_again(text).expect("an old state");
    assert_eq!(
        decision(&state, "8.8.8.8", 101),
        Decision::Update(public("8.8.8.8"))
    );
    let text = crate::json::JsonWriter::of(&flapping());
    let again = crate::json::read_again::<SectionState>(&text);
    assert_eq!(again, Some(flapping()));
}
