//! A tunnel that carries traffic, in whatever direction, is never touched; and neither is
//! one against which only those speak who have never spoken for it.

use std::time::Duration;

use crate::night::{Night, QUICK_OPTIONS, finding, holds};
use wansync_test_support::Ran;
use wansync_test_support::tunnel::FAR;

const RESTARTS: &str = "option on_down restart\noption down_after 2";
/// The pause between two datagrams.
const PAUSE: Duration = Duration::from_millis(100);

/// A router whose tunnel has these options, and an account where it is `with_account`.
fn router(options: &str, with_account: bool) -> Night {
    let night = Night::new();
    let (bed, options) = (&night.bed, night.filled(options));
    let account = bed.account("");
    bed.sections(&match with_account {
        true => format!("{account}{}", bed.tunnel(&options)),
        false => bed.tunnel(&options).replace("option vpnki 'account'\n", ""),
    });
    night
}

/// Passes over minutes of it, and something that is done before each.
fn passes(night: &Night, before: impl Fn(&Night)) -> Vec<Ran> {
    let minutes = (0..10).map(|minute| {
        before(night);
        night.pass_at(60 * minute)
    });
    minutes.collect()
}

#[track_caller]
fn never_down(night: &Night, passes: Vec<Ran>) {
    for pass in passes {
        pass.never_says("dacha: down").never_says("restarting");
    }
    assert_eq!(night.restarts(), 0);
}

/// It answered yesterday, and somebody has set up a filter since.
#[test]
fn echoes_are_filtered_and_there_is_no_account() {
    let night = router(RESTARTS, false);
    night.was_well();
    night.bed.filter_echoes();
    let passes = passes(&night, |night| assert!(night.bed.exchange()));
    never_down(&night, passes);
    holds(&finding(&night.tunnel_at(541)), "is 'option ping' right?");
}

#[test]
fn echoes_are_filtered_and_vpnki_is_in_maintenance() {
    let night = router(RESTARTS, true);
    night.was_well();
    night.bed.filter_echoes();
    night.bed.vpnki_fails("status=503");
    let passes = passes(&night, |night| assert!(night.bed.exchange()));
    never_down(&night, passes);
    holds(&finding(&night.tunnel_at(541)), "is 'option ping' right?");
}

#[test]
fn echoes_were_always_filtered_and_the_daemon_sees_traffic() {
    let night = router(QUICK_OPTIONS, false);
    night.bed.filter_echoes();
    let _traffic = night.bed.exchange_every(PAUSE);
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    night.left_alone(&mut daemon, Duration::from_secs(30));
    assert!(!daemon.log().contains("is down"), "{}", daemon.log());
}

/// What comes in alone is life as well.
#[test]
fn echoes_are_filtered_and_traffic_only_comes_in() {
    let night = router(QUICK_OPTIONS, true);
    night.bed.filter_echoes();
    let _traffic = night.bed.receive_every(PAUSE);
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    night.bed.vpnki_lists(&[&[]]);
    night.left_alone(&mut daemon, Duration::from_secs(30));
}

#[test]
fn a_ping_that_was_never_answered_says_nothing() {
    let night = router(RESTARTS, true);
    night.bed.filter_echoes();
    let passes = passes(&night, |_| ());
    never_down(&night, passes);
    let finding = finding(&night.tunnel_at(541));
    holds(&finding, FAR);
    night
        .run_at(542, &["check"])
        .says("172.16.0.1 does not answer through vpnki0");
}

#[test]
fn traffic_that_only_goes_out_says_nothing_while_vpnki_says_active() {
    let night = Night::new();
    let bed = &night.bed;
    let tunnel = bed.bare_tunnel(RESTARTS);
    bed.sections(&format!("{}{tunnel}", bed.account("")));
    night.was_well();
    // It has carried traffic both ways once, so that its counters may be believed.
    assert!(bed.exchange());
    night.pass_at(-590).expect(0);
    let passes = passes(&night, |night| night.bed.send(40));
    never_down(&night, passes);
}
