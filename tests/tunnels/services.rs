//! A VPNKI that fails, or says what is not so, harms no tunnel.

use std::thread;
use std::time::Duration;

use crate::night::{Night, QUICK_OPTIONS, finding, holds};
use wansync_test_support::tunnel::{NAME, NEAR, Restart};

#[test]
fn whatever_vpnki_does_the_tunnel_stays() {
    let night = Night::with("option on_down restart\noption down_after 1\n");
    let bed = &night.bed;
    let faults = [
        "status=503",
        "html",
        "empty",
        "error=message,code=403,text=no",
        "truncated",
    ];
    for (at, fault) in (4000..).step_by(4000).zip(faults) {
        bed.vpnki_fails(fault);
        night
            .pass_at(at)
            .expect(0)
            .says("dacha: up: 172.16.0.1 answers");
        let reason = finding(&night.tunnel_at(at + 1));
        holds(&reason, ", though VPNKI could not be asked: ");
        bed.services_work();
    }
    bed.services_unreachable();
    night
        .pass_at(40_000)
        .expect(0)
        .says("dacha: up: 172.16.0.1 answers")
        .says("though VPNKI could not be asked: ");
    bed.services_reachable();
    night
        .pass_at(60_000)
        .expect(0)
        .says("VPNKI answers again")
        .never_says("though");
    assert_eq!(night.restarts(), 0);
}

#[test]
fn a_vpnki_that_hangs_delays_nothing() {
    let night = Night::with(QUICK_OPTIONS);
    night.bed.vpnki_fails("stall=status");
    let mut daemon = night.daemon();
    let asked = |night: &Night| night.bed.vpnki_requests().len();
    let before = asked(&night);
    daemon.until("request", |_| asked(&night) > before);
    let age = || night.tunnel()["evidence"]["rx_age_s"].as_i64();
    // Looks go on while the request hangs, so what was received is never old.
    for _ in 0..3 {
        thread::sleep(Duration::from_secs(6));
        assert!(age().is_some_and(|age| age < 12), "{}", daemon.log());
    }
    daemon.says("VPNKI cannot be asked");
    holds(&night.finding(), "up: 172.16.0.1 answers");
    assert_eq!(night.restarts(), 0);
    assert!(daemon.end().success());
}

#[test]
fn inactive_but_answering() {
    let night = Night::with("option on_down restart\noption down_after 1\n");
    night.bed.vpnki_lists(&[&[]]);
    for at in [0, 1000, 2000] {
        night
            .pass_at(at)
            .expect(0)
            .says("dacha: up: 172.16.0.1 answers on vpnki0 in ")
            .says(", though VPNKI lists user356 as inactive");
    }
    assert_eq!(night.restarts(), 0);
    assert_eq!(night.tunnel_at(2001)["evidence"]["service"], "inactive");
}

#[test]
fn an_unknown_name() {
    let night = Night::with("option on_down restart\noption down_after 1\n");
    let bed = &night.bed;
    bed.vpnki_knows(&[("other", "172.16.9.9")]);
    bed.vpnki_lists(&[&["other"]]);
    let hint = "VPNKI has no tunnel 'user356': check 'option name'";
    // VPNKI's list is an hour old.
    night.pass_at(3700).expect(0).says(hint);
    bed.stall();
    for at in [4000, 4300, 4600] {
        night
            .pass_at(at)
            .expect(78)
            .says(&format!("dacha: unknown: {hint}"));
    }
    assert_eq!(night.restarts(), 0);
    night.run_at(4601, &["check"]).says(NAME).says("other");
}

/// VPNKI has a connection of that name, and it is not ours.
#[test]
fn another_device_uses_the_login() {
    let night = Night::with("option on_down restart\noption down_after 2\n");
    let bed = &night.bed;
    bed.on_restart(Restart::Useless);
    bed.stall();
    night.pass_at(0).expect(0).never_says("another device");
    night
        .pass_at(60)
        .expect(1)
        .says("restarting its network, 1 of 3")
        .never_says("another device");
    night
        .pass_at(200)
        .expect(1)
        .says("is another device connected as user356?");
    bed.vpnki_lists(&[&[]]);
    night.pass_at(600).expect(1).never_says("another device");
}

/// The tunnel is named by its comment, which `active` does not show, and nothing but
/// VPNKI is asked about it.
fn named_by_its_comment(name: &str) -> Night {
    let night = Night::new();
    let bed = &night.bed;
    bed.vpnki(&format!(
        "active_fields=no-comment&tunnels=user1:172.16.9.9:office,{NAME}:{NEAR}:summer"
    ));
    bed.vpnki_lists(&[&["user1", NAME]]);
    let tunnel = bed.bare_tunnel("option on_down restart\noption down_after 2\n");
    let tunnel = tunnel.replace(&format!("'{NAME}'"), &format!("'{name}'"));
    bed.sections(&format!("{}{tunnel}", bed.account("")));
    night
}

#[test]
fn a_comment_as_name_is_the_tunnel_s() {
    for name in ["summer", "Summer", NEAR, "USER356"] {
        let night = named_by_its_comment(name);
        // An hour and more: `tunnels` is asked again now and then.
        for at in [0, 150, 300, 450, 4200, 4350] {
            let up = format!("dacha: up: vpnki0 is up and VPNKI lists {name} as active");
            let ran = night.run_at(at, &["once"]).expect(0);
            assert!(at > 0 || ran.said().contains(&up), "{}", ran.said());
            assert_eq!(night.tunnel_at(at + 1)["evidence"]["service"], "active");
        }
        assert_eq!(night.restarts(), 0);
        let asked = night.bed.vpnki_requests();
        let lists = asked.iter().filter(|resource| *resource == "tunnels");
        assert_eq!(lists.count(), 2, "{asked:?}");
    }
}

#[test]
fn a_comment_as_name_that_is_inactive_is_acted_upon() {
    let night = named_by_its_comment("summer");
    night.pass_at(0).expect(0);
    night.bed.vpnki_lists(&[&["user1"]]);
    night.pass_at(150).says("VPNKI lists summer as inactive");
    assert_eq!(night.restarts(), 0);
    night
        .pass_at(300)
        .says("dacha: down: VPNKI lists summer as inactive");
    assert_eq!(night.restarts(), 1);
}

#[test]
fn a_comment_of_two_tunnels_says_nothing() {
    let night = named_by_its_comment("summer");
    night.pass_at(0).expect(0);
    night.bed.vpnki(&format!(
        "tunnels=user1:172.16.9.9:summer,{NAME}:{NEAR}:summer"
    ));
    night.bed.vpnki_lists(&[&["user1"]]);
    let reason = "VPNKI's 'summer' may be user1 or user356";
    night.pass_at(3700).says(reason);
    for at in [3850, 4000] {
        night
            .pass_at(at)
            .expect(78)
            .says(&format!("dacha: unknown: {reason}"));
    }
    assert_eq!(night.restarts(), 0);
    assert_eq!(night.tunnel_at(4001)["evidence"]["service"], "ambiguous");
    night
        .run_at(4002, &["check"])
        .says("dacha: VPNKI lists several tunnels 'summer': user1, user356");
}
