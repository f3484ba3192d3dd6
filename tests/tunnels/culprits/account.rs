//! VPNKI's account, and the tunnels' names there.

use super::RESTARTED;
use crate::night::Night;
use wansync_sim::VPNKI_KEY;
use wansync_test_support::tunnel::{NAME, NEAR};

/// VPNKI has our tunnel with a comment, and another one. Only that is active.
fn inactive() -> Night {
    let night = Night::new();
    night.bed.vpnki(&format!(
        "active_fields=no-comment&tunnels=user1:172.16.9.9:office,{NAME}:{NEAR}:summer"
    ));
    night.bed.vpnki_lists(&[&["user1"]]);
    night
}

#[test]
fn a_comment_as_name() {
    let night = inactive();
    night.named("summer");
    let check = "VPNKI lists 'summer' as user356, 172.16.1.2, but it is not active";
    let pass = "VPNKI lists summer as inactive, as it always has (is 'option name' right?)";
    night.blames(0, (75, check), (75, pass));
    night.bed.vpnki_lists(&[&["user1", NAME]]);
    let active = "ok    dacha: VPNKI lists 'summer' as user356, 172.16.1.2, and it is active";
    night.run_at(400, &["check"]).expect(0).says(active);
    let up = "dacha: up: vpnki0 is up and VPNKI lists summer as active";
    night.pass_at(400).expect(0).says(up);
    assert_eq!(night.restarts(), 0);
}

#[test]
fn a_name_in_capitals() {
    let night = inactive();
    night.named("USER356");
    let meant = "option 'name': 'USER356' is no login of VPNKI (did you mean 'user356'?)";
    night.check_blames(0, (75, meant));
    let pass = "VPNKI lists USER356 as inactive, as it always has (is 'option name' right?)";
    night.blames(
        0,
        (75, "'USER356' is taken for VPNKI's 'user356'"),
        (75, pass),
    );
}

#[test]
fn names_that_vpnki_does_not_have() {
    let night = inactive();
    for (at, name, hint) in [
        (0, "user365", " (did you mean 'user356'?)"),
        (400, "dacha", ""),
    ] {
        night.named(name);
        let check = format!("VPNKI lists no tunnel '{name}'{hint}, but: user1, user356");
        let pass = format!("VPNKI has no tunnel '{name}': check 'option name'");
        night.blames(at, (78, &check), (78, &pass));
    }
    night.bed.vpnki(&format!(
        "tunnels=user1:172.16.9.9:summer,{NAME}:{NEAR}:summer"
    ));
    night.named("summer");
    let which = "'option name' must be the login of one";
    let check = format!("VPNKI lists several tunnels 'summer': user1, user356; {which}");
    let pass = format!("VPNKI's 'summer' may be user1 or user356: {which}");
    night.blames(800, (78, &check), (78, &pass));
    assert_eq!(night.restarts(), 0);
}

#[test]
fn two_sections_of_one_tunnel() {
    let night = Night::new();
    let one = night.bed.bare_tunnel("");
    let other = one.replace("'dacha'", "'office'");
    night
        .bed
        .sections(&format!("{}{one}{other}", night.bed.account("")));
    let up = "vpnki0 is up and VPNKI lists user356 as active";
    for same in [
        "section 'office': section 'dacha' in line 7 has the same 'network': what restarts one \
         tunnel restarts the other",
        "section 'office': section 'dacha' in line 7 has the same 'name' and 'vpnki': both are \
         about one tunnel",
    ] {
        night.blames(0, (0, same), (0, up));
    }
}

#[test]
fn the_key_is_wrong() {
    let night = Night::new();
    night.named(NAME);
    let account = night.bed.account("").replace(VPNKI_KEY, "of-another");
    let tunnel = night.bed.bare_tunnel(RESTARTED);
    night.bed.sections(&format!("{account}{tunnel}"));
    let why = "45.90.28.1 says: API Key Not Found (403)";
    let pass = format!("VPNKI could not be asked: {why}");
    night.blames(0, (77, &format!("account: {why}")), (75, &pass));
}

#[test]
fn vpnki_does_not_answer() {
    let night = Night::new();
    night.named(NAME);
    night.bed.services_unreachable();
    // And the C library's words for that.
    let why = "no connection to 45.90.28.1: 45.90.28.1: ";
    let pass = format!("VPNKI could not be asked: {why}");
    night.blames(0, (69, &format!("account: {why}")), (75, &pass));
    night.bed.services_reachable();
    // Maintenance.
    for (at, fault, code, why) in [
        (4000, "status=503", 69, "45.90.28.1: HTTP status 503"),
        (
            8000,
            "html",
            1,
            "45.90.28.1: the reply is not JSON but an HTML page",
        ),
    ] {
        night.bed.vpnki_fails(fault);
        let pass = format!("VPNKI could not be asked: {why}");
        night.blames(at, (code, &format!("account: {why}")), (75, &pass));
        night.bed.services_work();
    }
    assert_eq!(night.restarts(), 0);
}
