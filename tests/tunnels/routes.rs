//! The route that must lead through the tunnel.

use crate::night::{Night, QUICK_OPTIONS, holds};
use wansync_test_support::tunnel::ROUTE;

#[test]
fn a_missing_route_is_restored() {
    let night = Night::with(&format!("{QUICK_OPTIONS}option fix_route 1"));
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    night.bed.lose_route();
    daemon.says("dacha: the missing route is restored");
    let routes = night.bed.ip("route");
    assert!(routes.contains(&format!("{ROUTE} dev vpnki0")), "{routes}");
    night.is(&mut daemon, "up");
    holds(&daemon.log(), "172.16.0.1 answers on vpnki0 in ");
    assert_eq!(night.restarts(), 0);
}

#[test]
fn a_missing_route_without_the_option() {
    let night = Night::with(QUICK_OPTIONS);
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    night.bed.lose_route();
    daemon.until("a reason", |_| {
        night
            .finding()
            .contains("but the route 172.16.0.0/16 leads to wan0")
    });
    assert_eq!(night.tunnel()["evidence"]["route"], "via wan0");
    daemon.says("a restart would cut its traffic, so nothing is done");
    night.bed.restore_route();
    night.is(&mut daemon, "up");
    assert_eq!(night.restarts(), 0);
}

#[test]
fn a_route_elsewhere() {
    let night = Night::with("option down_after 1\noption fix_route 1");
    night.bed.ip(&format!("route replace {ROUTE} dev wan0"));
    night
        .pass_at(0)
        .expect(1)
        .says("but the route 172.16.0.0/16 leads to wan0")
        .says("cannot be added through vpnki0: there is one already, through wan0");
    assert_eq!(night.tunnel_at(1)["evidence"]["route"], "via wan0");
    assert_eq!(night.restarts(), 0);
}
