use alloc::borrow::ToOwned;

use super::*;
use crate::json::{JsonWriter, read_again};
use crate::reason;
use crate::reason::Code;

const fn at(secs: i64) -> Boot {
    Boot::from_secs(secs)
}

/// The traffic after the counters `(seconds, received, sent)`, one after another.
fn counted(counters: &[(i64, u64, u64)]) -> Traffic {
    let mut traffic = None;
    for (secs, received, sent) in counters {
        let before = traffic.as_ref();
        traffic = Some(Traffic::from_counters(before, *received, *sent, at(*secs)));
    }
    traffic.expect("counters")
}

fn discarded(evidence: &Evidence, now: Boot) -> Evidence {
    let mut evidence = evidence.clone();
    evidence.discard_if_future(now);
    evidence
}

/// A name; the counters; `received_at`, `unanswered` and `unanswered_since`.
type CounterCase = (
    &'static str,
    &'static [(i64, u64, u64)],
    Option<i64>,
    u64,
    Option<i64>,
);

#[test]
fn counters() {
    let table: [CounterCase; 11] = [
        ("read first", &[(10, 500, 900)], None, 0, None),
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
            "what is sent wraps",
            &[(10, 5, 9), (30, 6, u64::MAX), (50, 6, 70), (70, 6, 90)],
            None,
            90,
            Some(50),
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
            "without more it is forgotten",
            &[(0, 0, 0), (10, 0, 99_999), (700, 0, 99_999)],
            None,
            0,
            None,
        ),
    ];
    for (name, counters, received_at, unanswered, since) in table {
        let got = counted(counters);
        assert_eq!(got.received_at, received_at.map(at), "{name}");
        assert_eq!(got.unanswered, unanswered, "{name}");
        assert_eq!(got.unanswered_since, since.map(at), "{name}");
    }
}

#[test]
fn much_that_is_unanswered_stays_so_while_it_is_sent() {
    let mut traffic = Traffic::from_counters(None, 0, 0, at(0));
    for round in 1..1000 {
        let now = at(round as i64 * 20);
        traffic = Traffic::from_counters(Some(&traffic), 0, round * 2_000, now);
    }
    assert_eq!(traffic.unanswered_since, Some(at(20)));
    assert_eq!(traffic.unanswered, 999 * 2_000);
}

#[test]
fn a_lost_echo_remembers_the_last_answer() {
    let answered = Finding {
        value: EchoStatus::Answered(23),
        at: at(100),
    };
    let first = EchoStatus::lost(Some(&answered), at(120));
    assert_eq!(
        first,
        EchoStatus::Lost {
            since: at(100),
            missed: at(120)
        }
    );
    let finding = Finding {
        value: first.clone(),
        at: at(120),
    };
    assert_eq!(EchoStatus::lost(Some(&finding), at(125)), first);
    let fresh = EchoStatus::Lost {
        since: at(125),
        missed: at(125),
    };
    assert_eq!(EchoStatus::lost(None, at(125)), fresh);
}

#[test]
fn evidence_from_the_future_is_none() {
    let evidence = Evidence {
        ping: Some(Finding {
            value: EchoStatus::Answered(23),
            at: at(100),
        }),
        ..Evidence::default()
    };
    assert_eq!(discarded(&evidence, at(100)), evidence);
    assert_eq!(discarded(&evidence, at(99)), Evidence::default());
    let traffic = Traffic {
        received_at: Some(at(200)),
        ..Traffic::default()
    };
    let evidence = Evidence {
        traffic: Some(Finding {
            value: traffic,
            at: at(100),
        }),
        ..Evidence::default()
    };
    assert_eq!(discarded(&evidence, at(100)), Evidence::default());
}

#[test]
fn a_reason_in_a_file_keeps_its_code() {
    let why = || {
        reason!(
            NetworkNoSuchDevice,
            device = "eth9",
            errors = None::<Reason>
        )
    };
    fn found<T>(value: T) -> Option<Finding<T>> {
        Some(Finding { value, at: at(7) })
    }
    let evidence = Evidence {
        wan: found(WanStatus::Missing(why())),
        service: found(ServiceStatus::Unavailable(why())),
        device: found(DeviceStatus::Down(why())),
        route: found(RouteStatus::Partly(why())),
        ping: found(EchoStatus::Unavailable(why())),
        handshake: found(HandshakeStatus::Unavailable(why())),
        ..Evidence::default()
    };
    let text = JsonWriter::of(&evidence);
    let of_wan = r#"{"value":{"Missing":"has no device eth9"},"at":7,"code":"network.no_such_device","args":{"device":"eth9","errors":[]}}"#;
    assert!(text.contains(of_wan), "{text}");
    let again: Evidence = read_again(&text).expect("evidence");
    assert_eq!(JsonWriter::of(&again), text);
    // What a version without codes left, or one with others, is shown as it is.
    for old in [
        of_wan.replace("no_such_device", "of_tomorrow"),
        of_wan[..of_wan.find(",\"code").expect("a code")].to_owned() + "}",
    ] {
        let again: Evidence = read_again(&text.replace(of_wan, &old)).expect("evidence");
        let Some(WanStatus::Missing(words)) = again.wan.map(|wan| wan.value) else {
            panic!("{old}");
        };
        assert_eq!((words.code(), words), (Code::Words, why()));
    }
}
