//! Tables of the state that a query leaves behind.

use super::*;
use crate::failure::Phase;
use crate::json::{JsonWriter, read_again};

const HOST: &str = "vpnki.example";
/// Jitter of none: the middle of what backoff makes of it.
/// All of what is random in a wait.
const WHOLE: u32 = u32::MAX;

const DACHA: TunnelId<'static> = named("user356");
const OFFICE: TunnelId<'static> = TunnelId {
    name: "user357",
    address: Some("172.16.10.3"),
};

fn busy(status: u16, retry_after: Option<u64>) -> Failure {
    Failure::Status {
        status,
        message: None,
        by_service: false,
        retry_after: retry_after.map(secs),
    }
}

fn slow() -> Failure {
    Failure::Timeout {
        host: HOST.to_owned(),
        phase: Phase::Reply,
        limit: secs(30),
        attempts: Box::default(),
    }
}

fn refused() -> Failure {
    Failure::Refused {
        message: "API Key Not Found (403)".to_owned(),
    }
}

const fn at(secs: i64) -> Boot {
    Boot::from_secs(secs)
}

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

const INTERVAL: Duration = secs(120);

/// A query for both tunnels that begins at `start` and takes two seconds.
fn queried(before: AccountState, start: i64, answers: QueryAnswers) -> AccountState {
    let tunnels = [DACHA, OFFICE];
    let begun = before
        .for_config("f", &tunnels)
        .query_begun(at(start), WHOLE);
    begun.query_ended(&tunnels, answers, HOST, at(start), at(start + 2), WHOLE)
}

fn active(active: [bool; 2]) -> QueryAnswers {
    QueryAnswers {
        active: Ok(active.to_vec()),
        tunnels: None,
    }
}

fn both(active: [bool; 2], tunnels: [bool; 2]) -> QueryAnswers {
    QueryAnswers {
        active: Ok(active.to_vec()),
        tunnels: Some(Ok([DACHA, OFFICE]
            .iter()
            .zip(tunnels)
            .map(|(tunnel, is_listed)| match is_listed {
                true => Resolution::Tunnel(vec![tunnel.name.to_owned()]),
                false => Resolution::Unlisted,
            })
            .collect())),
    }
}

fn failed(failure: Failure) -> QueryAnswers {
    QueryAnswers {
        active: Err(failure.into()),
        tunnels: None,
    }
}

fn found(state: &AccountState, tunnel: TunnelId<'_>, now: i64) -> (ServiceStatus, Boot) {
    let finding = state.service_evidence(&tunnel, at(now));
    let finding = finding.expect("something was found");
    (finding.value, finding.at)
}

fn unavailable(why: &str) -> ServiceStatus {
    ServiceStatus::Unavailable(why.into())
}

/// The seconds from `now` until the account is due.
fn due(state: &AccountState, now: i64) -> u64 {
    state.next_due(INTERVAL).since(at(now)).as_secs()
}

/// The seconds from `now` until it may be asked, whatever happens.
fn earliest(state: &AccountState, now: i64) -> u64 {
    state.earliest_query().since(at(now)).as_secs()
}

/// A tunnel by its name alone.
const fn named(name: &str) -> TunnelId<'_> {
    TunnelId {
        name,
        address: None,
    }
}

const BUSY: &str = "vpnki.example: HTTP status 503";

#[test]
fn what_the_lists_say() {
    let table = [
        (
            [true, true],
            [true, true],
            [ServiceStatus::Active, ServiceStatus::Active],
        ),
        (
            [true, false],
            [true, true],
            [ServiceStatus::Active, ServiceStatus::Inactive],
        ),
        (
            [true, false],
            [true, false],
            [ServiceStatus::Active, ServiceStatus::Unlisted],
        ),
        // `active` knows better than `tunnels` what exists.
        (
            [true, false],
            [false, false],
            [ServiceStatus::Active, ServiceStatus::Unlisted],
        ),
        (
            [false, false],
            [true, false],
            [ServiceStatus::Inactive, ServiceStatus::Unlisted],
        ),
    ];
    for (is_active, is_listed, expected) in table {
        let state = queried(AccountState::default(), 100, both(is_active, is_listed));
        assert_eq!(state.last_error(), None);
        for (tunnel, service) in [DACHA, OFFICE].into_iter().zip(expected) {
            assert_eq!(
                found(&state, tunnel, 150),
                (service, at(100)),
                "{is_active:?} {is_listed:?}"
            );
        }
    }
}

#[test]
fn what_was_not_asked_is_not_known() {
    let state = queried(AccountState::default(), 100, both([true; 2], [true; 2]));
    assert_eq!(state.service_evidence(&named("user358"), at(150)), None);
    // A listing belongs to a name and an address.
    assert_eq!(state.service_evidence(&named("user357"), at(150)), None);
    assert_eq!(
        AccountState::default().service_evidence(&named("user356"), at(150)),
        None
    );
}

#[test]
fn a_service_that_went_away_makes_nothing_worse() {
    let good = queried(AccountState::default(), 100, both([true, false], [true; 2]));
    let state = queried(good, 220, failed(busy(503, None)));
    // What was well stays so for a while, with its age; what was not may be again.
    assert_eq!(found(&state, DACHA, 222), (ServiceStatus::Active, at(100)));
    assert_eq!(found(&state, OFFICE, 222), (unavailable(BUSY), at(220)));
    assert_eq!(found(&state, DACHA, 999), (ServiceStatus::Active, at(100)));
    assert_eq!(found(&state, DACHA, 1_000), (unavailable(BUSY), at(220)));
    // The row of failures is as old as its first one.
    let state = queried(state, 400, failed(slow()));
    let error = state.last_error().expect("an error");
    assert_eq!((error.since, error.at), (at(220), at(400)));
    let state = queried(state, 500, both([true, false], [true; 2]));
    assert_eq!(
        found(&state, OFFICE, 502),
        (ServiceStatus::Inactive, at(500))
    );
}

#[test]
fn a_name_that_is_wrong_stays_wrong_while_there_is_no_answer() {
    let wrong = queried(
        AccountState::default(),
        100,
        both([true, false], [true, false]),
    );
    let state = queried(wrong, 220, failed(slow()));
    assert_eq!(
        found(&state, OFFICE, 222),
        (ServiceStatus::Unlisted, at(100))
    );
}

#[test]
fn what_a_name_stands_for_is_remembered() {
    let resolutions = vec![
        Resolution::Tunnel(vec!["user356".to_owned(), "172.16.10.2".to_owned()]),
        Resolution::Ambiguous(vec!["user357".to_owned(), "user358".to_owned()]),
    ];
    let answers = QueryAnswers {
        active: Ok(vec![true, true]),
        tunnels: Some(Ok(resolutions.clone())),
    };
    let state = queried(AccountState::default(), 100, answers);
    let tunnels = [DACHA, named("new"), OFFICE];
    let [dacha, office] = <[Resolution; 2]>::try_from(resolutions).expect("two");
    let expected = [dacha, Resolution::Unlisted, office];
    assert_eq!(state.resolutions(&tunnels), expected);
    // Through queries that do not ask, and those that fail.
    let state = queried(state, 220, active([true, true]));
    let state = queried(state, 340, failed(slow()));
    assert_eq!(state.resolutions(&tunnels), expected);
    assert_eq!(read_again(&JsonWriter::of(&state)), Some(state));
}

#[test]
fn a_name_of_several_tunnels_says_nothing() {
    let logins = || vec!["user357".to_owned(), "user358".to_owned()];
    let ambiguous = ServiceStatus::Ambiguous("user357 or user358".to_owned());
    let mut state = AccountState::default();
    for (start, is_active) in [(100, true), (220, false)] {
        let answers = QueryAnswers {
            active: Ok(vec![true, is_active]),
            tunnels: Some(Ok(vec![
                Resolution::Tunnel(vec!["user356".to_owned()]),
                Resolution::Ambiguous(logins()),
            ])),
        };
        state = queried(state, start, answers);
        assert_eq!(
            found(&state, OFFICE, start + 5),
            (ambiguous.clone(), at(start))
        );
    }
    let state = queried(state, 340, failed(slow()));
    assert_eq!(found(&state, OFFICE, 345), (ambiguous, at(220)));
}

#[test]
fn a_first_query_that_fails_is_unavailable() {
    let state = queried(AccountState::default(), 100, failed(refused()));
    let why = "vpnki.example says: API Key Not Found (403)";
    assert_eq!(found(&state, DACHA, 110), (unavailable(why), at(100)));
}

#[test]
fn without_tunnels_what_is_not_active_may_not_exist() {
    let no_list = |failure| QueryAnswers {
        active: Ok(vec![true, false]),
        tunnels: Some(Err(failure)),
    };
    let first = queried(
        AccountState::default(),
        100,
        no_list(busy(503, None).into()),
    );
    assert_eq!(found(&first, DACHA, 110), (ServiceStatus::Active, at(100)));
    let why = format!("it is not active, and whether it exists is not known: {BUSY}");
    assert_eq!(found(&first, OFFICE, 110), (unavailable(&why), at(100)));
    // The account itself is not backed off from.
    assert_eq!(due(&first, 102), 118);
    // What it listed before still counts.
    let listed = queried(AccountState::default(), 100, both([true; 2], [true; 2]));
    let state = queried(listed, 220, no_list(busy(503, None).into()));
    assert_eq!(
        found(&state, OFFICE, 222),
        (ServiceStatus::Inactive, at(220))
    );
}

#[test]
fn when_tunnels_is_asked() {
    let fresh = AccountState::default();
    assert!(fresh.needs_tunnel_list(&[DACHA, OFFICE], at(0)));
    let state = queried(fresh, 100, both([true; 2], [true; 2]));
    let new = TunnelId {
        name: "new",
        address: None,
    };
    for (tunnels, now, expected) in [
        ([DACHA, OFFICE], 220, false),
        ([DACHA, OFFICE], 3_699, false),
        ([DACHA, OFFICE], 3_700, true),
        ([DACHA, new], 220, true),
    ] {
        let needs = state.needs_tunnel_list(&tunnels, at(now));
        assert_eq!(needs, expected, "{tunnels:?} {now}");
    }
    let failing = QueryAnswers {
        active: Ok(vec![true, false]),
        tunnels: Some(Err(refused().into())),
    };
    let state = queried(state, 220, failing);
    assert!(!state.needs_tunnel_list(&[DACHA, new], at(340)));
    assert!(!state.needs_tunnel_list(&[DACHA, new], at(222 + 3_599)));
    assert!(state.needs_tunnel_list(&[DACHA, new], at(222 + 3_600)));
}

#[test]
fn transient_failures_back_off() {
    let mut state = queried(AccountState::default(), 100, both([true; 2], [true; 2]));
    assert_eq!(due(&state, 102), 118);
    let mut now = 1_000;
    for expected in [15, 30, 60, 120, 240, 480, 960, 1800, 1800] {
        state = queried(state, now, failed(slow()));
        assert_eq!(due(&state, now + 2), expected.max(13));
        now += 5_000;
    }
    state = queried(state, now, active([true; 2]));
    assert_eq!(due(&state, now + 2), 118);
}

#[test]
fn the_service_is_left_alone_for_as_long_as_it_asks() {
    let table = [
        (busy(503, Some(300)), 300),
        (busy(429, None), 60),
        (busy(429, Some(7_200)), 7_200),
        (busy(503, Some(10 * 86_400)), 85_500),
        (refused(), 3_600),
        (busy(403, None), 3_600),
        (busy(404, Some(60)), 60),
    ];
    for (failure, least) in table {
        let words = failure.to_string();
        let state = queried(AccountState::default(), 100, failed(failure));
        let wait = earliest(&state, 102);
        assert!(
            (least..=(least * 2).min(least + 900)).contains(&wait),
            "{words}: {wait}"
        );
        assert!(due(&state, 102) >= wait, "{words}");
        let is_page = words.contains("404");
        assert!(
            !is_page || (300..=600).contains(&due(&state, 102)),
            "{words}"
        );
    }
}

#[test]
fn events_end_a_wait_of_our_own_but_queries_keep_apart() {
    let mut state = queried(AccountState::default(), 100, failed(slow()));
    for start in [200, 300, 400, 500, 600] {
        state = queried(state, start, failed(slow()));
    }
    assert_eq!(due(&state, 602), 480);
    assert_eq!(earliest(&state, 602), 13);
    assert_eq!(earliest(&state, 615), 0);
}

#[test]
fn a_query_that_is_killed_counts_as_one_that_failed() {
    let tunnels = [DACHA];
    let mut state = AccountState::default().for_config("f", &tunnels);
    let mut waits = Vec::new();
    for start in [100, 1_000, 2_000, 3_000] {
        state = state.query_begun(at(start), WHOLE);
        waits.push(due(&state, start));
    }
    assert_eq!(waits, [15, 30, 60, 120]);
    let why = "the process that asked VPNKI ended before the answer came";
    assert_eq!(found(&state, DACHA, 3_001), (unavailable(why), at(3_000)));
}

#[test]
fn another_key_begins_again_at_once() {
    let state = queried(AccountState::default(), 100, failed(refused()));
    assert!(due(&state, 200) >= 1_700);
    let changed = state.clone().for_config("g", &[DACHA]);
    assert_eq!(due(&changed, 200), 0);
    assert_eq!(changed.service_evidence(&DACHA, at(200)), None);
    assert_eq!(state.clone().for_config("f", &[DACHA, OFFICE]), state);
}

#[test]
fn a_new_tunnel_is_looked_for_and_an_old_one_forgotten() {
    let state = queried(AccountState::default(), 100, both([true; 2], [true; 2]));
    let third = named("user358");
    let more = state.clone().for_config("f", &[DACHA, OFFICE, third]);
    assert_eq!((due(&state, 150), due(&more, 150)), (70, 0));
    let fewer = state.clone().for_config("f", &[OFFICE]);
    assert_eq!(fewer.service_evidence(&DACHA, at(150)), None);
    assert_eq!(due(&fewer, 150), 70);
    // A service that cannot be asked is not asked again for it.
    let failing = queried(state, 220, failed(refused()));
    assert!(due(&failing.for_config("f", &[third]), 300) > 1_700);
}

#[test]
fn nothing_damaged_holds_for_ever() {
    let text = r#"{"looked":9000000000,"asked_until":9223372036854775807,"active":{"answered":1,
        "failures":4294967295,"not_before":9223372036854775807,"trouble":{"why":"x","since":-9223372036854775808,
        "at":9223372036854775807}},"findings":[{"name":"user356","address":null,"at":9223372036854775807,
        "is_active":true,"resolution":null}]}"#;
    let state = read_again::<AccountState>(text).expect("a state");
    let state = state.for_config("", &[DACHA]).clamp_future_times(at(1_000));
    assert!(due(&state, 1_000) <= 86_400 + 900);
    assert_eq!(
        found(&state, DACHA, 1_000),
        (ServiceStatus::Active, at(1_000))
    );
    let again = state.query_begun(at(1_000), u32::MAX);
    assert!(due(&again, 1_000) <= 86_400 + 900);
}

#[test]
fn it_survives_its_file() {
    let answers = QueryAnswers {
        active: Ok(vec![true, false]),
        tunnels: Some(Err(busy(503, Some(60)).into())),
    };
    let state = queried(AccountState::default(), 100, answers);
    assert_eq!(read_again(&JsonWriter::of(&state)), Some(state));
}

#[test]
fn another_way_of_access_ends_waits_of_our_own() {
    let of = |state: AccountState, access: &str, stamp| state.for_access(access, stamp);
    let wish = Failure::Status {
        status: 503,
        message: None,
        by_service: false,
        retry_after: Some(secs(7200)),
    };
    let known = of(
        queried(AccountState::default(), 0, active([true, true])),
        "way",
        7,
    );
    for (failure, ends) in [(refused(), true), (slow(), true), (wish, false)] {
        let mut failing = known.clone();
        for round in 1..=8 {
            failing = queried(failing, round * 100, failed(failure.clone()));
        }
        let waits = due(&failing, 900);
        assert!(waits > 100, "{failure:?}");
        assert_eq!(due(&of(failing.clone(), "way", 7), 900), waits);
        assert_eq!(due(&of(failing.clone(), "", 0), 900) < 100, ends);
        for (access, stamp) in [("other", 7), ("way", 8)] {
            let changed = of(failing.clone(), access, stamp);
            assert_eq!(due(&changed, 900) < 100, ends, "{failure:?}");
            assert_eq!(changed.listings, failing.listings);
        }
        // What a version left that did not know it.
        let old = AccountState {
            access: String::new(),
            ca_file_stamp: 0,
            ..failing
        };
        assert_eq!(due(&of(old, "way", 7), 900), waits);
    }
}
