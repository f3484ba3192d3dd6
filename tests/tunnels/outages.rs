//! A tunnel that died is noticed, explained and brought back.

use crate::night::{Night, QUICK_OPTIONS, holds};
use wansync_test_support::tunnel::Restart;

#[test]
fn a_dead_tunnel_is_restarted() {
    let night = Night::with(&format!("{QUICK_OPTIONS}option notify $HOOK"));
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    night.bed.stall();
    night.restarted(&mut daemon, 1);
    daemon.says("dacha: tunnel user356 is up: 172.16.0.1 answers on vpnki0");
    daemon.until("notice", |_| night.notified().len() >= 2);
    assert_eq!(night.restarts(), 1);

    let log = daemon.log();
    holds(
        &log,
        "dacha: tunnel user356 is down: VPNKI lists user356 as active, but 172.16.0.1 has not answered for ",
    );
    holds(&log, "; restarting its network, 1 of 3 in an hour");
    let notified = night.notified();
    assert_eq!(notified.len(), 2, "{notified:#?}");
    holds(&notified[0], "tunnel dacha up down user356 [] VPNKI lists");
    holds(
        &notified[1],
        "tunnel dacha down up user356 [] 172.16.0.1 answers",
    );
    let tunnel = night.tunnel();
    assert_eq!(
        (&tunnel["state"], &tunnel["restarts_last_hour"]),
        (&"up".into(), &1.into())
    );
    assert!(daemon.end().success());
}

#[test]
fn a_tunnel_that_is_dead_one_way_is_restarted() {
    let night = Night::with(QUICK_OPTIONS);
    let mut daemon = night.daemon();
    night.bed.drop_replies();
    night.restarted(&mut daemon, 1);
    night.is(&mut daemon, "up");
}

#[test]
fn a_restart_that_does_not_help_is_not_repeated_at_once() {
    let night = Night::with(QUICK_OPTIONS);
    let mut daemon = night.daemon();
    night.bed.on_restart(Restart::Useless);
    night.bed.stall();
    night.restarted(&mut daemon, 1);
    let pause = "the last attempt has not helped yet, the next is in ";
    let finding = night.finds(&mut daemon, pause);
    holds(&finding, "down: VPNKI lists user356 as active, but");
    // It is seen at once when it comes back by itself.
    night.bed.heal();
    night.is(&mut daemon, "up");
    assert_eq!(night.restarts(), 1);
}

/// Not even a pass waits for the next one, since there is no account to ask.
#[test]
fn without_an_account() {
    let night = Night::new();
    let tunnel = night
        .bed
        .tunnel("option down_after 2\noption on_down restart");
    let tunnel = tunnel.replace("option vpnki 'account'\n", "");
    night.bed.sections(&tunnel);
    night.was_well();
    night.bed.stall();
    night.pass_at(0).expect(0).says("seen down 1 of 2 times");
    night
        .pass_at(300)
        .expect(1)
        .says("dacha: down: 172.16.0.1 has not answered for 15 min")
        .says("; restarting its network, 1 of 3 in an hour");
    night
        .pass_at(400)
        .expect(0)
        .says("dacha: up: 172.16.0.1 answers");
    assert_eq!(night.restarts(), 1);
    assert_eq!(night.bed.vpnki_requests().len(), 0);
}

#[test]
fn local_evidence_is_enough() {
    let night = Night::with(QUICK_OPTIONS);
    night.bed.services_unreachable();
    let mut daemon = night.daemon();
    daemon.says("VPNKI cannot be asked");
    night.bed.on_restart(Restart::Moves("ppp1"));
    night.bed.stall();
    night.restarted(&mut daemon, 1);
    night.is(&mut daemon, "up");
    assert_eq!(night.tunnel()["evidence"]["device"], "ppp1");
    holds(&daemon.log(), "172.16.0.1 has not answered for ");
}
