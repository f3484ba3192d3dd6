use super::*;

/// Counts the counters `(at, received, sent)` one after another.
fn counted(counters: &[(i64, u64, u64)]) -> Traffic {
    let mut traffic = None;
    for (at, received, sent) in counters {
        traffic = Some(Traffic::counted(traffic.as_ref(), *received, *sent, *at));
    }
    traffic.expect("counters")
}

/// A name; the counters; `received_at`, `unanswered` and `unanswered_since`.
type Row = (
    &'static str,
    &'static [(i64, u64, u64)],
    Option<i64>,
    u64,
    Option<i64>,
);

#[test]
fn counters() {
    let table: [Row; 10] = [
        ("seen first", &[(10, 500, 900)], None, 0, None),
        (
            "nothing moves",
            &[(10, 500, 900), (30, 500, 900)],
            None,
            0,
            None,
        ),
        (
            "both move",
            &[(10, 500, 900), (30, 501, 990)],
            Some(30),
            0,
            None,
        ),
        (
            "only sent moves",
            &[(10, 500, 900), (30, 500, 990), (50, 500, 1000)],
            None,
            100,
            Some(30),
        ),
        (
            "an answer",
            &[(10, 5, 9), (30, 5, 90), (50, 6, 95), (70, 6, 99)],
            Some(50),
            4,
            Some(70),
        ),
        (
            "made anew",
            &[(10, 5, 9), (30, 6, 90), (50, 0, 0)],
            None,
            0,
            None,
        ),
        (
            "made anew and used",
            &[(10, 5, 9), (30, 5, 90), (50, 0, 70)],
            None,
            70,
            Some(50),
        ),
        (
            "made anew and answered",
            &[(10, 5, 9), (30, 5, 90), (50, 3, 70)],
            Some(50),
            0,
            None,
        ),
        (
            "a few packets do not add up",
            &[(0, 0, 0), (10, 0, 99), (300, 0, 199), (700, 0, 299)],
            None,
            100,
            Some(700),
        ),
        (
            "what nobody sends is forgotten",
            &[(0, 0, 0), (10, 0, 99_999), (700, 0, 99_999)],
            None,
            0,
            None,
        ),
    ];
    for (name, counters, received_at, unanswered, since) in table {
        let got = counted(counters);
        assert_eq!(got.received_at, received_at, "{name}");
        assert_eq!(got.unanswered, unanswered, "{name}");
        assert_eq!(got.unanswered_since, since, "{name}");
    }
}

#[test]
fn much_that_is_unanswered_stays_so_while_it_is_sent() {
    let mut traffic = Traffic::counted(None, 0, 0, 0);
    for pass in 1..1000 {
        traffic = Traffic::counted(Some(&traffic), 0, pass * 2_000, pass as i64 * 20);
    }
    assert_eq!(traffic.unanswered_since, Some(20));
    assert_eq!(traffic.unanswered, 999 * 2_000);
}

#[test]
fn a_lost_echo_remembers_the_last_answer() {
    let answered = Seen {
        value: Ping::Answered(23),
        at: 100,
    };
    let first = Ping::lost(Some(&answered), 120);
    assert_eq!(
        first,
        Ping::Lost {
            since: 100,
            missed: 120
        }
    );
    let seen = Seen {
        value: first.clone(),
        at: 120,
    };
    assert_eq!(Ping::lost(Some(&seen), 125), first);
    let fresh = Ping::Lost {
        since: 125,
        missed: 125,
    };
    assert_eq!(Ping::lost(None, 125), fresh);
}

#[test]
fn evidence_from_the_future_is_none() {
    let evidence = Evidence {
        ping: Some(Seen {
            value: Ping::Answered(23),
            at: 100,
        }),
        ..Evidence::default()
    };
    assert_eq!(evidence.clone().dated(100), evidence);
    assert_eq!(evidence.dated(99), Evidence::default());
    let traffic = Traffic {
        received_at: Some(200),
        ..Traffic::default()
    };
    let evidence = Evidence {
        traffic: Some(Seen {
            value: traffic,
            at: 100,
        }),
        ..Evidence::default()
    };
    assert_eq!(evidence.dated(100), Evidence::default());
}
