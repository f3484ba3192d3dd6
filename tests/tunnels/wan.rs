//! The WAN's effects on a tunnel, and what it must not be blamed for.

use crate::night::{Night, QUICK_OPTIONS, holds};
use wansync_test_support::tunnel::{FAR, NAME};

/// The router publishes its WAN's address, too.
fn both(options: &str, bind: &str) -> Night {
    let night = Night::new();
    let bed = &night.bed;
    let home = bed.home(&format!("option network wan\n{bind}"));
    let (account, tunnel) = (bed.account(bind), bed.tunnel(options));
    bed.sections(&format!("{home}{account}{tunnel}"));
    night.was_well();
    night
}

#[test]
fn the_wan_fails_and_comes_back_with_another_address() {
    let night = both(QUICK_OPTIONS, "");
    let bed = &night.bed;
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    bed.wan_down();
    bed.stall();
    // A daemon that is slow to begin says so of what it found ten minutes ago, too.
    night.finds(
        &mut daemon,
        "unknown: the WAN 'wan' is waiting for DHCP, so nothing",
    );
    assert_eq!((night.restarts(), bed.updates().len()), (0, 1));

    bed.set_wan("8.8.4.9");
    daemon.says("home: confirmed: 8.8.4.9 is confirmed");
    // What broke with it may come back with it, for half a minute.
    night.finds(&mut daemon, " for the WAN to settle");
    bed.heal();
    night.is(&mut daemon, "up");
    assert_eq!((night.restarts(), bed.updates().len()), (0, 2));
}

#[test]
fn a_quick_change_of_address_is_a_new_wan() {
    let night = both(QUICK_OPTIONS, "");
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    night.bed.set_wan("8.8.4.9");
    night.bed.stall();
    night.finds(&mut daemon, " for the WAN to settle");
    night.bed.heal();
    night.is(&mut daemon, "up");
    assert_eq!(night.restarts(), 0);
}

#[test]
fn with_the_default_route_inside_and_a_bind_all_goes_on() {
    let night = both(QUICK_OPTIONS, "option bind wan");
    let bed = &night.bed;
    bed.default_route_in_tunnel();
    let mut daemon = night.daemon();
    bed.drop_replies();
    bed.set_wan("8.8.4.9");
    bed.ip("route replace default dev vpnki0");
    daemon.says("home: confirmed: 8.8.4.9 is confirmed");
    night.restarted(&mut daemon, 1);
    night.is(&mut daemon, "up");
    holds(
        &daemon.log(),
        &format!("VPNKI lists {NAME} as active, but {FAR} has not"),
    );
    let expected = [("8.8.4.4", "8.8.4.4"), ("8.8.4.9", "8.8.4.9")];
    assert_eq!(
        bed.updates(),
        expected.map(|(a, b)| (a.to_owned(), b.to_owned()))
    );
}

#[test]
fn with_the_default_route_inside_and_no_bind_it_is_restarted_all_the_same() {
    let night = both(
        "option interval 5\noption down_after 1\noption on_down restart",
        "",
    );
    night.bed.default_route_in_tunnel();
    let mut daemon = night.daemon();
    night.bed.drop_replies();
    night.restarted(&mut daemon, 1);
    night.is(&mut daemon, "up");
}

/// The far end can be reached over the WAN as well.
#[test]
fn an_echo_takes_no_other_way() {
    let night = Night::new();
    let bed = &night.bed;
    let tunnel = bed.bare_tunnel(&format!("{QUICK_OPTIONS}option ping 45.90.28.1"));
    bed.sections(&format!("{}{tunnel}", bed.account("")));
    night.was_well();
    let mut daemon = night.daemon();
    bed.drop_replies();
    night.restarted(&mut daemon, 1);
    holds(
        &daemon.log(),
        "VPNKI lists user356 as active, but 45.90.28.1 has not answered",
    );
}

/// LTE has its address on the dynamic child of its network.
fn fails_over_to_lte(options: &str) {
    let night = Night::with(&format!(
        "option on_down restart\noption down_after 2\n{options}"
    ));
    let bed = &night.bed;
    bed.add_wwan();
    bed.wan_down();
    night
        .pass_at(0)
        .expect(0)
        .says("dacha: up: 172.16.0.1 answers");
    bed.stall();
    night.pass_at(60).says("seen down 1 of 2 times");
    night
        .pass_at(120)
        .expect(1)
        .says("dacha: down: ")
        .says("restarting its network, 1 of 3");
    night.pass_at(180).expect(0).says("dacha: up: ");
    assert_eq!(night.restarts(), 1);

    bed.wwan_down();
    bed.stall();
    for at in [240, 300, 360] {
        night
            .pass_at(at)
            .says("so nothing can be said of the tunnel")
            .never_says("restarting");
    }
    assert_eq!(night.restarts(), 1);
}

#[test]
fn whatever_way_the_default_route_takes_is_the_wan() {
    fails_over_to_lte("");
}

#[test]
fn any_of_several_wans_will_do() {
    fails_over_to_lte("list wan wan\nlist wan wwan");
}
