//! The routes into the tunnel.

use super::RESTARTED;
use crate::night::Night;
use wansync_test_support::tunnel::{NETWORK, ROUTE};

/// What a tunnel whose route is wrong carries is not cut by a restart.
const NOTHING_IS_DONE: &str = "; a restart would cut its traffic, so nothing is done; \
                               'option fix_route' would restore the route";

#[test]
fn a_route_that_is_missing() {
    let night = Night::with(RESTARTED);
    // The far end's own route is left.
    night.bed.lose_route();
    let check = "packets to 172.16.0.0/16 go through wan0 instead of vpnki0";
    let leads = "but the route 172.16.0.0/16 leads to wan0, not through vpnki0";
    night.blames(0, (75, check), (1, &format!("{leads}{NOTHING_IS_DONE}")));

    night.bed.ip("route add unreachable 172.16.0.0/12");
    let check = "there is no route to 172.16.0.0/16; it should go through vpnki0";
    let missing = "but the route 172.16.0.0/16 is missing";
    night.blames(60, (75, check), (1, &format!("{missing}{NOTHING_IS_DONE}")));

    let half = format!("route add 172.16.0.0/17 dev {NETWORK}");
    night.bed.ip(&half);
    let part = "172.16.128.0/17 missing";
    let check = format!("not all packets to 172.16.0.0/16 go through vpnki0: {part}");
    let pass = format!("but the route 172.16.0.0/16 is incomplete: {part}{NOTHING_IS_DONE}");
    night.blames(120, (75, &check), (1, &pass));
    assert_eq!(night.restarts(), 0);
}

#[test]
fn a_route_that_leads_elsewhere() {
    let night = Night::with(RESTARTED);
    night.bed.ip("route add 172.16.5.0/24 dev wan0");
    let check = "packets to 172.16.0.0/16 go through vpnki0, but for 172.16.5.0/24 via wan0";
    let pass = "though there is another route in 172.16.0.0/16: 172.16.5.0/24 via wan0";
    night.blames(0, (0, check), (0, pass));

    night.bed.ip(&format!("route replace {ROUTE} dev wan0"));
    let check = "packets to 172.16.0.0/16 go through wan0 instead of vpnki0";
    let pass = "but the route 172.16.0.0/16 leads to wan0, not through vpnki0";
    night.blames(60, (75, check), (1, pass));
    assert_eq!(night.restarts(), 0);
}

/// mwan3 and pbr set such rules.
#[test]
fn a_rule_by_a_mark() {
    let night = Night::with(RESTARTED);
    night.bed.ip("route add default dev wan0 table 100");
    night
        .bed
        .ip("rule add fwmark 0x100/0x3f00 lookup 100 priority 2001");
    let rule = "rule 2001 of 'ip rule' decides, by more than the destination";
    let check = format!("whether packets to {ROUTE} go through vpnki0 is not known: {rule}");
    night.blames(0, (0, &check), (0, "172.16.0.1 answers on vpnki0 in "));
    let status = night.run_at(1, &["status"]).expect(0);
    status.says(&format!("route {ROUTE} unknown: {rule}"));
    assert_eq!(night.restarts(), 0);
}
