use std::collections::BTreeSet;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const INTERVAL: Duration = Duration::from_secs(20);

const fn at(secs: i64) -> Boot {
    Boot::from_secs(secs)
}

const fn ms(millis: i64) -> Boot {
    Boot::after_boot(Duration::from_millis(millis as u64))
}

/// A schedule after a round that ended at `now`, which took no time.
fn after_round(now: Boot) -> TunnelSchedule {
    let mut schedule = TunnelSchedule::new(now);
    schedule.begin_round(now);
    schedule.end_round(now, INTERVAL);
    schedule
}

#[test]
fn a_round_is_due_at_once_and_then_at_multiples_of_the_pause() {
    assert!(TunnelSchedule::new(at(1_000)).round_is_due(at(1_000)));
    for (now, due) in [(999_999, 1_000), (1_000_000, 1_020), (1_019_999, 1_020)] {
        let schedule = after_round(ms(now));
        assert_eq!(schedule.due(), at(due), "{now}");
        assert!(!schedule.round_is_due(at(due) - Duration::from_millis(1)));
        assert!(schedule.round_is_due(at(due)));
    }
}

#[test]
fn fifty_tunnels_wake_the_router_180_times_an_hour() {
    let mut wakeups = BTreeSet::new();
    for n in 0..50 {
        // Each begins at a moment of its own, and its echo takes a time of its own.
        let mut schedule = TunnelSchedule::new(ms(1_000_000 + n * 397));
        let mut now = ms(1_000_000 + n * 397);
        while now < at(4_600) {
            if now >= at(1_020) {
                wakeups.insert(now);
            }
            schedule.begin_round(now);
            schedule.echo_sent(now);
            let answered = now + Duration::from_millis(n as u64);
            assert_eq!(schedule.echo_step(answered), EchoStep::Wait);
            schedule.end_round(answered, INTERVAL);
            now = schedule.due();
        }
    }
    assert_eq!(wakeups.len(), 3_580 / 20);
}

#[test]
fn two_echoes_of_a_second_each_are_sent() {
    let mut schedule = TunnelSchedule::new(at(0));
    schedule.begin_round(at(100));
    schedule.echo_sent(at(100));
    assert!(schedule.awaits_echo() && !schedule.round_is_due(at(200)));
    assert_eq!(schedule.due(), at(101));
    assert_eq!(schedule.echo_step(ms(100_999)), EchoStep::Wait);
    assert_eq!(schedule.echo_step(at(101)), EchoStep::SendAgain);
    schedule.echo_sent(at(101));
    assert_eq!(schedule.due(), at(102));
    assert_eq!(schedule.echo_step(ms(101_999)), EchoStep::Wait);
    assert_eq!(schedule.echo_step(at(102)), EchoStep::GiveUp);
    schedule.end_round(at(102), INTERVAL);
    assert!(!schedule.awaits_echo());
    // The next round begins with a first echo again.
    schedule.echo_sent(at(120));
    assert_eq!(schedule.echo_step(at(121)), EchoStep::SendAgain);
}

#[test]
fn an_event_makes_a_round_due_but_events_keep_apart() {
    let mut schedule = after_round(at(1_000));
    schedule.expedite();
    assert_eq!(schedule.due(), at(1_004));
    let (mut now, mut rounds) = (at(1_000), 0);
    while now < at(1_060) {
        // An event every 10 ms.
        now = now + Duration::from_millis(10);
        schedule.expedite();
        if schedule.round_is_due(now) {
            schedule.begin_round(now);
            schedule.end_round(now, INTERVAL);
            rounds += 1;
        }
    }
    assert_eq!(rounds, 15);
    // Long after a round it is due at once.
    let mut schedule = after_round(at(1_000));
    schedule.expedite();
    assert!(schedule.round_is_due(at(1_015)));
}

#[test]
fn an_event_during_a_round_is_not_lost() {
    let mut schedule = TunnelSchedule::new(at(0));
    schedule.begin_round(at(1_000));
    schedule.echo_sent(at(1_000));
    schedule.expedite();
    schedule.end_round(at(1_002), INTERVAL);
    assert_eq!(schedule.due(), at(1_004));
    schedule.begin_round(at(1_004));
    schedule.end_round(at(1_004), INTERVAL);
    assert_eq!(schedule.due(), at(1_020));
}

#[test]
fn vpnki_is_waited_for_whatever_happens() {
    let waiting = || {
        let mut schedule = after_round(at(1_000));
        schedule.recheck(at(1_000), true);
        assert!(schedule.awaits_account());
        schedule
    };
    let mut schedule = waiting();
    schedule.expedite();
    assert_eq!(schedule.due(), at(1_035));
    let mut schedule = waiting();
    schedule.account_answered();
    assert!(schedule.round_is_due(at(1_002)) && !schedule.awaits_account());
    // An answer that was not waited for hastens nothing.
    let mut schedule = after_round(at(1_000));
    schedule.account_answered();
    assert_eq!(schedule.due(), at(1_020));
    // Without an account there is no answer to wait for.
    schedule.recheck(at(1_000), false);
    assert!(schedule.awaits_account() && schedule.round_is_due(at(1_000)));
}

#[test]
fn ages_are_written_every_five_minutes() {
    let mut schedule = TunnelSchedule::new(at(1_000));
    assert!(!schedule.write_is_due(at(1_299)));
    assert!(schedule.write_is_due(at(1_300)));
    schedule.written(at(1_300));
    assert!(!schedule.write_is_due(at(1_599)));
}

fn asked_at(secs: i64) -> AccountState {
    AccountState {
        last_query: Some(at(secs)),
        ..AccountState::default()
    }
}

#[test]
fn an_account_is_asked_at_once_and_then_when_it_is_due() {
    let mut schedule = AccountSchedule::default();
    assert!(schedule.query_is_due(at(1_000)));
    let state = asked_at(1_000);
    schedule.query_ended(Some(state.next_due(2 * MINUTE)), at(1_002));
    assert_eq!(schedule.due(), at(1_120));
    // A request, or an event, does not make it too early.
    for request in [false, true] {
        let mut schedule = schedule.clone();
        if !request {
            schedule.expedite();
            assert!(schedule.query_is_due(at(1_005)));
        }
        schedule.hasten(Some(&state), at(1_005));
        assert!(!schedule.query_is_due(at(1_005)));
        assert_eq!(schedule.due(), at(1_015));
    }
}

#[test]
fn an_account_that_is_not_to_be_asked_is_considered_once_an_hour() {
    let mut schedule = AccountSchedule::default();
    schedule.hasten(None, at(1_000));
    assert_eq!(schedule.due(), at(4_600));
    schedule.query_ended(None, at(5_000));
    assert_eq!(schedule.due(), at(8_600));
    schedule.query_failed(at(9_000));
    assert_eq!(schedule.due(), at(9_075));
}

#[test]
fn moments_that_no_clock_shows_do_no_harm() {
    for now in [i64::MIN, 0, i64::MAX].map(at) {
        for pause in [Duration::ZERO, Duration::MAX] {
            let mut schedule = TunnelSchedule::new(now);
            schedule.begin_round(now);
            schedule.echo_sent(now);
            schedule.expedite();
            schedule.echo_step(Boot::NEVER);
            schedule.end_round(now, pause);
            schedule.recheck(now, true);
            schedule.due();
        }
    }
}
