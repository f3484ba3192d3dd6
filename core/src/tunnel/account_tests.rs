//! Tables of what a look leaves behind.

use super::*;
use crate::failure::Phase;
use crate::json::{JsonWriter, read_again};

const HOST: &str = "vpnki.example";
/// Jitter of none: the middle of what backoff makes of it.
const MIDDLE: u32 = 20;

const DACHA: Wanted<'static> = Wanted {
    name: "user356",
    address: None,
};
const OFFICE: Wanted<'static> = Wanted {
    name: "user357",
    address: Some("172.16.10.3"),
};

fn busy(status: u16, retry_after: Option<u64>) -> Failure {
    Failure::Status {
        status,
        message: None,
        retry_after: retry_after.map(core::time::Duration::from_secs),
    }
}

fn slow() -> Failure {
    Failure::Timeout {
        host: HOST.to_owned(),
        phase: Phase::Reply,
        limit: core::time::Duration::from_secs(30),
    }
}

fn refused() -> Failure {
    Failure::Refused {
        message: "API Key Not Found (403)".to_owned(),
    }
}

/// A look at both tunnels that begins at `at` and takes two seconds.
fn looked(before: Look, at: i64, answers: Answers) -> Look {
    let wanted = [DACHA, OFFICE];
    let begun = before.under("f", &wanted).begun(at, MIDDLE);
    begun.ended(&wanted, answers, HOST, at, at + 2, MIDDLE)
}

fn active(active: [bool; 2]) -> Answers {
    Answers {
        active: Ok(active.to_vec()),
        tunnels: None,
    }
}

fn both(active: [bool; 2], tunnels: [bool; 2]) -> Answers {
    Answers {
        active: Ok(active.to_vec()),
        tunnels: Some(Ok(tunnels.to_vec())),
    }
}

fn failed(failure: Failure) -> Answers {
    Answers {
        active: Err(failure),
        tunnels: None,
    }
}

fn seen(look: &Look, wanted: Wanted<'_>, now: i64) -> (Service, i64) {
    let seen = service_evidence(look, wanted.name, wanted.address, now);
    let seen = seen.expect("something was found");
    (seen.value, seen.at)
}

fn silent(why: &str) -> Service {
    Service::Silent(why.to_owned())
}

const BUSY: &str = "vpnki.example: HTTP status 503";

#[test]
fn what_the_lists_say() {
    let table = [
        (
            [true, true],
            [true, true],
            [Service::Active, Service::Active],
        ),
        (
            [true, false],
            [true, true],
            [Service::Active, Service::Inactive],
        ),
        (
            [true, false],
            [true, false],
            [Service::Active, Service::Unlisted],
        ),
        // `active` knows better than `tunnels` what exists.
        (
            [true, false],
            [false, false],
            [Service::Active, Service::Unlisted],
        ),
        (
            [false, false],
            [true, false],
            [Service::Inactive, Service::Unlisted],
        ),
    ];
    for (is_active, is_listed, expected) in table {
        let look = looked(Look::default(), 100, both(is_active, is_listed));
        assert_eq!(look.trouble(), None);
        for (wanted, service) in [DACHA, OFFICE].into_iter().zip(expected) {
            assert_eq!(
                seen(&look, wanted, 150),
                (service, 100),
                "{is_active:?} {is_listed:?}"
            );
        }
    }
}

#[test]
fn nobody_knows_what_was_not_asked() {
    let look = looked(Look::default(), 100, both([true; 2], [true; 2]));
    assert_eq!(service_evidence(&look, "user358", None, 150), None);
    // A finding belongs to a name and an address.
    assert_eq!(service_evidence(&look, "user357", None, 150), None);
    assert_eq!(
        service_evidence(&Look::default(), "user356", None, 150),
        None
    );
}

#[test]
fn a_service_that_went_away_makes_nothing_worse() {
    let good = looked(Look::default(), 100, both([true, false], [true; 2]));
    let look = looked(good, 220, failed(busy(503, None)));
    // What was well stays so for a while, with its age; what was not may be again.
    assert_eq!(seen(&look, DACHA, 222), (Service::Active, 100));
    assert_eq!(seen(&look, OFFICE, 222), (silent(BUSY), 220));
    assert_eq!(
        seen(&look, DACHA, 100 + GOOD_AGE - 1),
        (Service::Active, 100)
    );
    assert_eq!(seen(&look, DACHA, 100 + GOOD_AGE), (silent(BUSY), 220));
    assert_eq!(
        look.remark(340).as_deref(),
        Some("VPNKI has given no answer for 2 min: vpnki.example: HTTP status 503")
    );
    // The row of failures is as old as its first one.
    let look = looked(look, 400, failed(slow()));
    let trouble = look.trouble().expect("trouble");
    assert_eq!((trouble.since, trouble.at), (220, 400));
    let look = looked(look, 500, both([true, false], [true; 2]));
    assert_eq!(seen(&look, OFFICE, 502), (Service::Inactive, 500));
    assert_eq!(look.remark(502), None);
}

#[test]
fn a_name_that_is_wrong_stays_wrong_while_nobody_answers() {
    let wrong = looked(Look::default(), 100, both([true, false], [true, false]));
    let look = looked(wrong, 220, failed(slow()));
    assert_eq!(seen(&look, OFFICE, 222), (Service::Unlisted, 100));
}

#[test]
fn a_first_look_that_fails_is_silent() {
    let look = looked(Look::default(), 100, failed(refused()));
    let why = "vpnki.example says: API Key Not Found (403)";
    assert_eq!(seen(&look, DACHA, 110), (silent(why), 100));
}

#[test]
fn without_tunnels_what_is_not_active_may_not_exist() {
    let no_list = |failure| Answers {
        active: Ok(vec![true, false]),
        tunnels: Some(Err(failure)),
    };
    let first = looked(Look::default(), 100, no_list(busy(503, None)));
    assert_eq!(seen(&first, DACHA, 110), (Service::Active, 100));
    let why = format!("it is not active, and whether it exists is not known: {BUSY}");
    assert_eq!(seen(&first, OFFICE, 110), (silent(&why), 100));
    assert_eq!(
        first.remark(160).as_deref(),
        Some("VPNKI has not listed its tunnels for 1 min: vpnki.example: HTTP status 503")
    );
    // The account itself is not backed off from.
    assert_eq!(due(&first, 120, 102), 118);
    // What it listed before still tells.
    let listed = looked(Look::default(), 100, both([true; 2], [true; 2]));
    let look = looked(listed, 220, no_list(busy(503, None)));
    assert_eq!(seen(&look, OFFICE, 222), (Service::Inactive, 220));
}

#[test]
fn when_tunnels_is_asked() {
    let fresh = Look::default();
    assert!(fresh.needs_tunnels(&[true, true], 0));
    let look = looked(fresh, 100, both([true; 2], [true; 2]));
    for (active, now, expected) in [
        ([true, true], 220, false),
        ([true, true], 100 + LIST_AGE - 1, false),
        ([true, true], 100 + LIST_AGE, true),
        ([true, false], 220, true),
    ] {
        assert_eq!(
            look.needs_tunnels(&active, now),
            expected,
            "{active:?} {now}"
        );
    }
    let failing = Answers {
        active: Ok(vec![true, false]),
        tunnels: Some(Err(refused())),
    };
    let look = looked(look, 220, failing);
    assert!(!look.needs_tunnels(&[true, false], 340));
    assert!(!look.needs_tunnels(&[true, false], 222 + REFUSED));
    assert!(look.needs_tunnels(&[true, false], 222 + REFUSED * 7 / 5));
}

#[test]
fn transient_failures_back_off() {
    let mut look = looked(Look::default(), 100, both([true; 2], [true; 2]));
    assert_eq!(due(&look, 120, 102), 118);
    let mut now = 1_000;
    for expected in [15, 30, 60, 120, 240, 480, 960, 1800, 1800] {
        look = looked(look, now, failed(slow()));
        assert_eq!(due(&look, 120, now + 2), expected.max(FLOOR - 2));
        now += 5_000;
    }
    look = looked(look, now, active([true; 2]));
    assert_eq!(due(&look, 120, now + 2), 118);
}

#[test]
fn the_service_is_left_alone_for_as_long_as_it_asks() {
    let table = [
        (busy(503, Some(300)), 300),
        (busy(429, None), 60),
        (busy(429, Some(7_200)), 7_200),
        (busy(503, Some(10 * 86_400)), 86_400),
        (refused(), REFUSED),
        (busy(403, None), REFUSED),
        (busy(404, Some(60)), REFUSED),
    ];
    for (failure, least) in table {
        let words = failure.to_string();
        let look = looked(Look::default(), 100, failed(failure));
        let wait = soonest(&look, 102);
        assert!(
            (least..=least * 7 / 5 + 5).contains(&wait),
            "{words}: {wait}"
        );
        assert!(due(&look, 120, 102) >= wait, "{words}");
    }
}

#[test]
fn news_end_a_wait_of_our_own_but_looks_keep_apart() {
    let mut look = looked(Look::default(), 100, failed(slow()));
    for at in [200, 300, 400, 500, 600] {
        look = looked(look, at, failed(slow()));
    }
    assert_eq!(due(&look, 120, 602), 480);
    assert_eq!(soonest(&look, 602), FLOOR - 2);
    assert_eq!(soonest(&look, 600 + FLOOR), 0);
}

#[test]
fn a_look_that_is_killed_counts_as_one_that_failed() {
    let wanted = [DACHA];
    let mut look = Look::default().under("f", &wanted);
    let mut waits = Vec::new();
    for at in [100, 1_000, 2_000, 3_000] {
        look = look.begun(at, MIDDLE);
        waits.push(due(&look, 120, at));
    }
    assert_eq!(waits, [15, 30, 60, 120]);
    let why = "the process that asked VPNKI ended before the answer came";
    assert_eq!(seen(&look, DACHA, 3_001), (silent(why), 3_000));
}

#[test]
fn another_key_begins_again_at_once() {
    let look = looked(Look::default(), 100, failed(refused()));
    assert!(due(&look, 120, 200) >= REFUSED - 100);
    let changed = look.clone().under("g", &[DACHA]);
    assert_eq!(due(&changed, 120, 200), 0);
    assert_eq!(service_evidence(&changed, DACHA.name, None, 200), None);
    assert_eq!(look.clone().under("f", &[DACHA, OFFICE]), look);
}

#[test]
fn a_new_tunnel_is_looked_for_and_an_old_one_forgotten() {
    let look = looked(Look::default(), 100, both([true; 2], [true; 2]));
    let third = Wanted {
        name: "user358",
        address: None,
    };
    let more = look.clone().under("f", &[DACHA, OFFICE, third]);
    assert_eq!((due(&look, 120, 150), due(&more, 120, 150)), (70, 0));
    let fewer = look.clone().under("f", &[OFFICE]);
    assert_eq!(service_evidence(&fewer, DACHA.name, None, 150), None);
    assert_eq!(due(&fewer, 120, 150), 70);
    // A service that cannot be asked is not asked again for it.
    let failing = looked(look, 220, failed(refused()));
    assert!(due(&failing.under("f", &[third]), 120, 300) > REFUSED - 100);
}

#[test]
fn nothing_damaged_holds_for_ever() {
    let text = r#"{"looked":9000000000,"asked_until":9223372036854775807,"active":{"answered":1,
        "failures":4294967295,"not_before":9223372036854775807,"trouble":{"why":"x","since":-9223372036854775808,
        "at":9223372036854775807}},"findings":[{"name":"user356","address":null,"at":9223372036854775807,
        "is_active":true,"is_listed":null}]}"#;
    let look = read_again::<Look>(text).expect("a look");
    let look = look.under("", &[DACHA]).dated(1_000);
    assert!(due(&look, 120, 1_000) <= 86_400);
    assert_eq!(seen(&look, DACHA, 1_000), (Service::Active, 1_000));
    assert!(look.remark(1_000).is_some());
    let again = look.begun(1_000, u32::MAX);
    assert!(due(&again, 120, 1_000) <= 86_400);
}

#[test]
fn it_survives_its_file() {
    let answers = Answers {
        active: Ok(vec![true, false]),
        tunnels: Some(Err(busy(503, Some(60)))),
    };
    let look = looked(Look::default(), 100, answers);
    assert_eq!(read_again(&JsonWriter::of(&look)), Some(look));
}
