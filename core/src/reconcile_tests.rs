use super::*;
use crate::record::Entry;
use crate::time::BUILT;

const HOUR: i64 = 3600;
const MIDDLE: u32 = 20; // no jitter

fn policy() -> Policy {
    Policy {
        family: Family::Ipv4,
        refresh: 72 * HOUR,
        daily_limit: 24,
        tls: true,
    }
}

fn at(boot: i64) -> Now {
    Now {
        boot,
        wall: BUILT + boot,
    }
}

fn seen(address: &str) -> Observation {
    Ok(vec![Candidate::from(
        address.parse::<IpAddr>().expect(address),
    )])
}

fn public(address: &str) -> PublicAddress {
    PublicAddress::new(address.parse().expect(address)).expect("public")
}

fn confirmed(address: &str, boot: i64) -> Memory {
    sent(
        &Memory::default(),
        public(address),
        "skydns",
        &Ok(()),
        at(boot),
        MIDDLE,
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
        cause: "no answer".into(),
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
        retry_after,
    }
}

fn after(memory: &Memory, address: &str, failure: Failure, boot: i64) -> Memory {
    sent(
        memory,
        public(address),
        "skydns",
        &Err(failure),
        at(boot),
        MIDDLE,
    )
}

fn decision(memory: &Memory, address: &str, boot: i64) -> Decision {
    decide(&policy(), &seen(address), memory, at(boot), false)
}

#[test]
fn a_failed_observation_changes_nothing() {
    let memory = confirmed("8.8.4.4", 0);
    let blind = decide(
        &policy(),
        &Err("no ubus".into()),
        &memory,
        at(100 * HOUR),
        true,
    );
    assert_eq!(blind, Decision::Abort("no ubus".into()));
    assert_eq!(kept(&memory, &blind).confirmed, memory.confirmed);
    assert!(
        matches!(decision(&memory, "100.64.0.9", 5), Decision::Abort(why) if why.contains("CGNAT"))
    );
}

#[test]
fn sends_once_then_keeps() {
    assert_eq!(
        decision(&Memory::default(), "8.8.4.4", 0),
        Decision::Update(public("8.8.4.4"))
    );
    let memory = confirmed("8.8.4.4", 0);
    assert_eq!(
        decision(&memory, "8.8.4.4", 71 * HOUR),
        Decision::Unchanged(public("8.8.4.4"))
    );
    assert_eq!(
        decision(&memory, "8.8.8.8", 5),
        Decision::Update(public("8.8.8.8"))
    );
    let forced = decide(&policy(), &seen("8.8.4.4"), &memory, at(5), true);
    assert_eq!(forced, Decision::Update(public("8.8.4.4")));
}

#[test]
fn refreshes_at_the_maximum_age() {
    let memory = confirmed("8.8.4.4", 10);
    assert_eq!(
        decision(&memory, "8.8.4.4", 10 + 72 * HOUR),
        Decision::Update(public("8.8.4.4"))
    );
    let again = sent(
        &memory,
        public("8.8.4.4"),
        "skydns",
        &Ok(()),
        at(10 + 72 * HOUR),
        MIDDLE,
    );
    let (old, new) = (
        memory.confirmed.expect("set"),
        again.confirmed.expect("set"),
    );
    assert_eq!(new.wall, old.wall, "the record does not change");
    assert_eq!(new.boot, 10 + 72 * HOUR);
}

#[test]
fn an_unconfirmed_send_is_sent_again_not_assumed() {
    let lost = Failure::NotJson {
        what: "an HTML page".into(),
    };
    let memory = after(&confirmed("8.8.4.4", 0), "8.8.8.8", lost, 100);
    assert_eq!(memory.outcome, Some(Outcome::Unconfirmed));
    // The service may hold either, so even the old address is sent again.
    assert_eq!(
        decision(&memory, "8.8.4.4", 200),
        Decision::Update(public("8.8.4.4"))
    );
    // A failure before the service was reached leaves no such doubt.
    let memory = after(&confirmed("8.8.4.4", 0), "8.8.8.8", no_dns(), 100);
    assert_eq!(
        decision(&memory, "8.8.4.4", 101),
        Decision::Unchanged(public("8.8.4.4"))
    );
    assert_eq!(memory.sends.len(), 1, "what never left is not counted");
}

#[test]
fn a_crash_while_sending_counts_as_a_failed_send() {
    let memory = sending(&Memory::default(), public("8.8.4.4"), at(0), MIDDLE);
    assert!(matches!(
        decision(&memory, "8.8.4.4", 14),
        Decision::Throttled(_)
    ));
    assert_eq!(
        decision(&memory, "8.8.4.4", 15),
        Decision::Update(public("8.8.4.4"))
    );
    assert_eq!(sends_left(&policy(), &memory, at(15)), 23);
}

#[test]
fn a_name_that_is_not_found_is_looked_up_every_minute() {
    let mut memory = Memory::default();
    for (n, wait) in [15, 30, 60, 60, 60, 60].into_iter().enumerate() {
        let now = 1000 * n as i64;
        memory = after(&memory, "8.8.4.4", no_dns(), now);
        assert_eq!(next_due(&policy(), &memory, at(now), 300), wait);
    }
}

#[test]
fn backs_off_until_another_address_comes() {
    let mut memory = Memory::default();
    for (n, wait) in [15, 30, 60, 120].into_iter().enumerate() {
        let now = 1000 * n as i64;
        memory = after(&memory, "8.8.4.4", refused_connection(), now);
        assert!(matches!(
            decision(&memory, "8.8.4.4", now + wait - 1),
            Decision::Throttled(_)
        ));
        assert_eq!(
            decision(&memory, "8.8.4.4", now + wait),
            Decision::Update(public("8.8.4.4"))
        );
        assert_eq!(
            decision(&memory, "8.8.8.8", now + 1),
            Decision::Update(public("8.8.8.8"))
        );
        assert_eq!(next_due(&policy(), &memory, at(now + 5), 300), wait - 5);
    }
}

#[test]
fn the_service_may_ask_for_a_day_at_most() {
    let memory = after(&Memory::default(), "8.8.4.4", status(503, Some(600)), 0);
    assert_eq!(memory.outcome, Some(Outcome::Throttled));
    assert!(matches!(
        decision(&memory, "8.8.8.8", 599),
        Decision::Throttled(_)
    ));
    let forced = decide(&policy(), &seen("8.8.4.4"), &memory, at(599), true);
    assert!(
        matches!(forced, Decision::Throttled(_)),
        "not even --force overrides it"
    );
    assert_eq!(
        decision(&memory, "8.8.4.4", 600),
        Decision::Update(public("8.8.4.4"))
    );
    let memory = after(&Memory::default(), "8.8.4.4", status(429, Some(1 << 40)), 0);
    assert_eq!(memory.asked_until, DAY);
    assert_eq!(next_due(&policy(), &memory, at(HOUR), 300), 23 * HOUR);
    let memory = after(&Memory::default(), "8.8.4.4", status(429, None), 0);
    assert_eq!(memory.asked_until, 60);
    // What it asked for binds every address, our own longer backoff does not.
    let mut memory = after(&Memory::default(), "8.8.4.4", no_dns(), 0);
    for _ in 0..8 {
        memory = after(&memory, "8.8.4.4", status(503, Some(5)), 100);
    }
    assert!(matches!(
        decision(&memory, "8.8.8.8", 104),
        Decision::Throttled(_)
    ));
    assert_eq!(
        decision(&memory, "8.8.8.8", 105),
        Decision::Update(public("8.8.8.8"))
    );
    // A refusal may ask as well, for longer than the hold.
    let memory = after(&Memory::default(), "8.8.4.4", status(403, Some(7200)), 0);
    assert_eq!(memory.outcome, Some(Outcome::Refused));
    assert!(matches!(
        decision(&memory, "8.8.4.4", HOUR + 1),
        Decision::Throttled(_)
    ));
    assert_eq!(next_due(&policy(), &memory, at(0), 300), 2 * HOUR);
}

#[test]
fn a_refusal_holds_and_another_configuration_ends_it() {
    for failure in [
        refused(),
        status(401, None),
        status(403, None),
        status(404, None),
    ] {
        let memory = after(&confirmed("8.8.4.4", 0), "8.8.8.8", failure, 100);
        assert_eq!(memory.outcome, Some(Outcome::Refused));
        assert!(!memory.unsure);
        assert!(matches!(
            decision(&memory, "8.8.8.8", 200),
            Decision::Held(_)
        ));
        assert!(matches!(
            decision(&memory, "9.9.9.9", 200),
            Decision::Held(_)
        ));
        assert_eq!(
            decision(&memory, "8.8.4.4", 200),
            Decision::Unchanged(public("8.8.4.4"))
        );
        assert_eq!(next_due(&policy(), &memory, at(100), 300), HOUR);
        let changed = memory.under("another");
        assert_eq!(
            decision(&changed, "8.8.8.8", 200),
            Decision::Update(public("8.8.8.8"))
        );
        assert_eq!(changed.sends.len(), 2);
    }
}

#[test]
fn a_wrong_key_is_sent_three_times_a_day() {
    let (mut memory, mut sends) = (Memory::default(), 0);
    for minute in 0..24 * 60 {
        if let Decision::Update(address) = decision(&memory, "8.8.4.4", minute * 60) {
            memory = sent(
                &memory,
                address,
                "skydns",
                &Err(refused()),
                at(minute * 60),
                MIDDLE,
            );
            sends += 1;
        }
    }
    assert_eq!(sends, 3);
}

#[test]
fn the_daily_limit_holds_whatever_happens() {
    let (mut memory, mut sends) = (Memory::default(), Vec::new());
    for minute in 0..3 * 24 * 60_i64 {
        let (now, address) = (minute * 60, format!("8.8.4.{}", minute % 250));
        if let Decision::Update(address) = decision(&memory, &address, now) {
            memory = sent(&memory, address, "skydns", &Ok(()), at(now), MIDDLE);
            sends.push(now);
        }
    }
    assert_eq!(sends.len(), 72);
    assert!(sends.windows(25).all(|w| w[24] - w[0] >= DAY));
    assert!(memory.sends.len() <= 24);
}

#[test]
fn no_tls_before_the_clock_is_set() {
    let now = Now {
        boot: 20,
        wall: 1_600_000_000,
    };
    let early = decide(&policy(), &seen("8.8.4.4"), &Memory::default(), now, false);
    assert!(matches!(early, Decision::Abort(why) if why.contains("2020-09-13")));
    let plain = Policy {
        tls: false,
        ..policy()
    };
    let early = decide(&plain, &seen("8.8.4.4"), &Memory::default(), now, false);
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
        let got = shown(&seen(address), Family::Ipv4, None);
        assert_eq!(got, expected.map(|e| e.parse().expect(e)));
    }
    assert_eq!(shown(&Err("blind".into()), Family::Ipv4, None), None);
}

#[test]
fn an_idle_section_is_due_at_its_next_check() {
    let memory = kept(
        &confirmed("8.8.4.4", 0),
        &Decision::Unchanged(public("8.8.4.4")),
    );
    assert_eq!(next_due(&policy(), &memory, at(60), 240), 240);
    assert_eq!(next_due(&policy(), &memory, at(72 * HOUR - 10), 240), 10);
}

#[test]
fn a_clock_that_jumps_neither_frees_nor_jails() {
    let memory = after(&Memory::default(), "8.8.4.4", refused(), 100);
    // Back to 1970, as after a power cut: still held, and still after NTP.
    let early = Now { boot: 200, wall: 0 };
    let memory = memory.dated(early);
    let plain = Policy {
        tls: false,
        ..policy()
    };
    let decided = decide(&plain, &seen("8.8.4.4"), &memory, early, false);
    assert!(matches!(decided, Decision::Held(_)));
    assert!(matches!(
        decision(&memory, "8.8.4.4", 300),
        Decision::Held(_)
    ));
    // Refused while the clock was ten years ahead: free within a day of the right time.
    let ahead = Now {
        boot: 100,
        wall: BUILT + 3650 * DAY,
    };
    let memory = sent(
        &Memory::default(),
        public("8.8.4.4"),
        "skydns",
        &Err(refused()),
        ahead,
        MIDDLE,
    );
    let memory = memory.dated(at(200));
    assert!(matches!(
        decision(&memory, "8.8.4.4", 300),
        Decision::Held(_)
    ));
    assert_eq!(
        decision(&memory, "8.8.4.4", 200 + HOUR),
        Decision::Update(public("8.8.4.4"))
    );
}

#[test]
fn a_damaged_memory_neither_panics_nor_jails() {
    for damaged in [i64::MIN, i64::MAX] {
        let memory = Memory {
            confirmed: Some(Confirmed {
                address: public("8.8.4.4").get(),
                wall: damaged,
                boot: damaged,
            }),
            attempted: Some(public("8.8.8.8").get()),
            failures: u32::MAX,
            not_before: damaged,
            asked_until: damaged,
            refusals: vec![damaged],
            sends: vec![damaged; 30],
            ..Memory::default()
        }
        .dated(at(1000));
        for address in ["8.8.4.4", "8.8.8.8"] {
            for outcome in [Outcome::Held, Outcome::Throttled, Outcome::Aborted] {
                let memory = Memory {
                    outcome: Some(outcome),
                    ..memory.clone()
                };
                let due = next_due(&policy(), &memory, at(1000), 300);
                assert!((0..=DAY).contains(&due), "{outcome}: {due}");
            }
            decision(&memory, address, 1000);
            after(&memory, address, no_dns(), 1000);
        }
        assert_eq!(
            decision(&memory, "9.9.9.9", 1000 + DAY),
            Decision::Update(public("9.9.9.9"))
        );
    }
}

#[test]
fn the_reason_for_waiting_for_the_clock_stays_the_same() {
    let early = |wall| {
        let now = Now { boot: 20, wall };
        decide(&policy(), &seen("8.8.4.4"), &Memory::default(), now, false)
    };
    assert_eq!(early(1_600_000_000), early(1_600_000_300));
}

#[test]
fn a_renewal_without_an_answer_is_sent_again_and_leaves_the_record_alone() {
    let before = confirmed("8.8.4.4", 0);
    let (due, later) = (72 * HOUR, 72 * HOUR + 60);
    let memory = after(&before, "8.8.4.4", status(503, None), due);
    assert_eq!(Entry::of(&memory), Entry::of(&before));
    assert!(matches!(
        decision(&memory, "8.8.4.4", due + 1),
        Decision::Throttled(_)
    ));
    let again = Decision::Update(public("8.8.4.4"));
    assert_eq!(decision(&memory, "8.8.4.4", later), again);
    // One that was forced, and is not due by itself.
    let forced = after(&before, "8.8.4.4", status(503, None), HOUR);
    assert_eq!(decision(&forced, "8.8.4.4", HOUR + 60), again);
    // What may hold since an earlier send of another address still may.
    let lost = after(&before, "8.8.8.8", status(503, None), HOUR);
    let back = after(&lost, "8.8.4.4", status(503, None), 2 * HOUR);
    assert!(Entry::of(&back).is_some_and(|entry| entry.unsure));
}
