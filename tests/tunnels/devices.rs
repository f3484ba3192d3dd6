//! The tunnel's device and its network.

use std::time::Duration;

use serde_json::json;

use crate::night::{Night, QUICK_OPTIONS, finding, holds};
use wansync_test_support::clocks::moved;
use wansync_test_support::netns::behind;
use wansync_test_support::ran;
use wansync_test_support::tunnel::NETWORK;

#[test]
fn the_device_goes_unnoticed_and_comes_under_another_name() {
    let night = Night::with("option interval 5\noption down_after 2\n");
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    night.bed.vanish_unnoticed();
    night.is(&mut daemon, "down");
    holds(&night.finding(), "the device vpnki0 is missing");
    assert_eq!(night.tunnel()["evidence"]["device"], "gone");
    night.bed.come_back_as("ppp7");
    night.is(&mut daemon, "up");
    let tunnel = night.tunnel();
    holds(&finding(&tunnel), "up: 172.16.0.1 answers on vpnki0");
    assert_eq!(tunnel["evidence"]["device"], "ppp7");
    assert_eq!(tunnel["evidence"]["route"], "ok");
    assert_eq!(night.restarts(), 0);
}

#[test]
fn netifd_says_that_it_is_gone() {
    let night = Night::with("option down_after 2\noption on_down restart");
    night.bed.vanish();
    night.pass_at(0).expect(0);
    night
        .pass_at(60)
        .expect(1)
        .says("vpnki0 is down (NO_DEVICE)")
        .says("restarting its network");
    // A restart makes it anew.
    night.pass_at(90).expect(0).says("dacha: up: ");
    assert_eq!(night.restarts(), 1);
    night.bed.come_back_as("ppp7");
    night.pass_at(120).expect(0);
    assert_eq!(night.tunnel_at(121)["evidence"]["device"], "ppp7");
}

#[test]
fn one_that_was_taken_down_by_hand() {
    let night = Night::with(QUICK_OPTIONS);
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    night.bed.set_down(json!({"autostart": false}));
    night.is(&mut daemon, "unknown");
    holds(
        &night.finding(),
        "vpnki0 was taken down by hand; 'ifup vpnki0' brings it back",
    );
    night.bed.heal();
    night.is(&mut daemon, "up");
    assert_eq!(night.restarts(), 0);
}

#[test]
fn no_echo_can_be_sent() {
    let night = Night::with("option down_after 1\noption on_down restart");
    let bed = &night.bed;
    bed.vpnki_fails("status=503");
    bed.stall();
    for at in [4000, 5000, 6000] {
        // Root's programs get what the bounding set leaves them.
        let once = bed.router.command(&["once"]);
        let once = moved(&once, 1_000_000 + at);
        let once = behind(&["setpriv", "--bounding-set", "-net_raw"], &once);
        let passed = ran(bed
            .inside(&once)
            .output()
            .expect("setpriv (util-linux) runs"));
        passed
            .expect(75)
            .says("dacha: unknown: nothing says whether the tunnel carries traffic")
            .says("172.16.0.1 could not be asked: no echo may be sent");
    }
    assert_eq!(night.restarts(), 0);
}

#[test]
fn netifd_and_ubusd_restart() {
    let night = Night::with(&format!("{QUICK_OPTIONS}option notify $HOOK"));
    let mut daemon = night.daemon();
    night.is(&mut daemon, "up");
    night.bed.ubus.restart_netifd();
    daemon.says("netifd is heard again");
    night
        .bed
        .ubus
        .restart_ubusd(Duration::from_secs(2))
        .expect("it comes back");
    let heard = |log: String| log.matches("netifd is heard again").count();
    daemon.until("second return", |daemon| heard(daemon.log()) == 2);
    night.left_alone(&mut daemon, Duration::from_secs(10));
    night.is(&mut daemon, "up");
    assert_eq!(night.bed.ubus.called("down", NETWORK), 0);
    assert!(!daemon.log().contains("is down"), "{}", daemon.log());
    assert!(night.notified().is_empty(), "{:#?}", night.notified());
}
