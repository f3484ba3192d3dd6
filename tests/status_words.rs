//! `wansync status` of a broken set-up names the broken piece, and says it so
//! that a person who has never seen the program knows what to look at.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

use std::process::Command;

use serde_json::json;

use wansync_sim::VPNKI_KEY;
use wansync_test_support::clocks::booted_ago;
use wansync_test_support::netns::behind;
use wansync_test_support::ran;
use wansync_test_support::tunnel::{NAME, NETWORK, Restart, TunnelBed};

wansync_test_support::simulator!();

/// The last moment at which all was well, in seconds since boot.
const ALL_WELL_AT: i64 = 500_000;

/// A router that publishes its address and watches a tunnel; all is well.
fn well() -> TunnelBed {
    let bed = TunnelBed::new();
    configure(&bed, &bed.tunnel("option on_down 'restart'"));
    bed.once_at(ALL_WELL_AT).expect(0);
    bed
}

fn configure(bed: &TunnelBed, tunnel: &str) {
    bed.sections(&format!("{}{}{tunnel}", bed.home(""), bed.account("")));
}

/// The status 85 s after all was well, with a pass every 20 s.
fn status_of(bed: &TunnelBed) -> String {
    for after in [20, 40, 60, 80] {
        bed.once_at(ALL_WELL_AT + after);
    }
    status_at(bed, ALL_WELL_AT + 85)
}

fn status_at(bed: &TunnelBed, seconds: i64) -> String {
    let text = bed.run_at(seconds, &["status"]).expect(0).stdout;
    println!("{text}");
    text
}

/// The part of a status that is about the tunnel.
#[track_caller]
fn says(status: &str, words: &[&str]) {
    let (_, tunnel) = status.split_once("\ndacha").expect("the tunnel is there");
    for word in words {
        assert!(tunnel.contains(word), "no '{word}' in:\n{status}");
    }
}

#[test]
fn all_is_well() {
    let status = status_of(&well());
    says(&status, &["up  ", "172.16.0.1 answers on vpnki0 in "]);
    assert!(!status.contains("check"), "{status}");
}

#[test]
fn the_far_end_is_dead() {
    let bed = well();
    bed.stall();
    bed.on_restart(Restart::Useless);
    says(
        &status_of(&bed),
        &[
            "down  ",
            "VPNKI lists user356 as active, but 172.16.0.1 has not answered for 1 min",
            "172.16.0.1 silent for 1 min",
            "the last attempt has not helped yet, the next is in ",
            "1 of 3 restarts within the last hour",
        ],
    );
}

#[test]
fn the_route_leads_elsewhere() {
    let bed = well();
    configure(&bed, &bed.tunnel(""));
    bed.once_at(ALL_WELL_AT).expect(0);
    bed.lose_route();
    says(
        &status_of(&bed),
        &[
            "down  ",
            "but the route 172.16.0.0/16 leads to wan0, not through vpnki0; on_down is none",
            "route 172.16.0.0/16 goes through wan0 (",
        ],
    );
}

#[test]
fn no_route_leads_there_at_all() {
    let bed = well();
    configure(&bed, &bed.tunnel(""));
    bed.once_at(ALL_WELL_AT).expect(0);
    bed.lose_route();
    // Without a default route there is none that could serve instead.
    bed.ip("route del default");
    bed.ip("route add 45.90.28.1 via 8.8.4.1 dev wan0");
    says(
        &status_of(&bed),
        &[
            "down  ",
            "but the route 172.16.0.0/16 is missing; on_down is none, so nothing is done",
            "route 172.16.0.0/16 missing (",
        ],
    );
}

#[test]
fn the_wan_is_down() {
    let bed = well();
    bed.wan_down();
    bed.stall();
    let status = status_of(&bed);
    says(
        &status,
        &[
            "unknown  ",
            "the WAN 'wan' is waiting for DHCP, so nothing can be said of the tunnel",
            "       the WAN 'wan' is waiting for DHCP (",
            "0 of 3 restarts",
        ],
    );
    assert!(status.contains("network 'wan' is waiting for DHCP"));
}

#[test]
fn the_tunnel_runs_over_another_network_than_is_said() {
    let bed = well();
    bed.wan_down();
    says(
        &status_of(&bed),
        &[
            "though 172.16.0.1 answers on vpnki0 in ",
            "check 'option wan'",
        ],
    );
}

#[test]
fn the_tunnel_has_another_name_at_vpnki() {
    let bed = well();
    bed.stall();
    configure(&bed, &bed.tunnel("").replace(NAME, "user365"));
    says(
        &status_of(&bed),
        &[
            "unknown  ",
            "VPNKI has no tunnel 'user365': check 'option name'",
        ],
    );
}

#[test]
fn the_network_has_another_name() {
    let bed = well();
    configure(&bed, &bed.tunnel("").replace(NETWORK, "vpnki1"));
    let status = status_of(&bed);
    says(
        &status,
        &[
            "unknown  ",
            "netifd has no network 'vpnki1': check 'option network'",
        ],
    );
    assert!(!status.contains("echo"), "{status}");
}

#[test]
fn the_key_of_the_account_is_wrong() {
    let bed = well();
    let account = bed.account("").replace(VPNKI_KEY, "of-another");
    for (tunnel, words) in [
        (bed.bare_tunnel(""), "unknown  "),
        (bed.tunnel(""), "172.16.0.1 answers on vpnki0 in "),
    ] {
        bed.sections(&format!("{account}{tunnel}"));
        let why = "VPNKI could not be asked: 45.90.28.1 says: API Key Not Found";
        says(&status_of(&bed), &[words, why]);
    }
}

#[test]
fn netifd_is_away() {
    let bed = well();
    bed.ubus.stop_netifd();
    let status = status_of(&bed);
    says(
        &status,
        &[
            "unknown  ",
            "netifd does not say whether the WAN is up",
            "0 of 3",
        ],
    );
    bed.ubus.stop_ubusd();
    says(
        &status_of(&bed),
        &["unknown  ", "ubusd is not running", "0 of 3"],
    );
}

#[test]
fn taken_down_by_hand() {
    let bed = well();
    bed.set_down(json!({"autostart": false}));
    let status = status_of(&bed);
    says(
        &status,
        &[
            "unknown  ",
            "vpnki0 was taken down by hand; 'ifup vpnki0' brings it back",
            "0 of 3 restarts",
        ],
    );
    assert!(!status.contains("echo"), "{status}");
}

#[test]
fn its_device_is_gone() {
    let bed = well();
    configure(&bed, &bed.tunnel(""));
    bed.vanish_unnoticed();
    says(
        &status_of(&bed),
        &[
            "down  ",
            "but the device vpnki0 is missing",
            "; the device vpnki0 is missing (",
        ],
    );
    bed.vanish();
    says(&status_of(&bed), &["down  ", "vpnki0 is down (NO_DEVICE)"]);
}

#[test]
fn no_echo_may_be_sent() {
    let bed = well();
    // Where the group 1 has no number, it cannot be written, and need not be.
    let mut forbid = Command::new("sh");
    forbid.args([
        "-c",
        // Read whole, since the kernel gives no second piece.
        "cd /proc/sys/net/ipv4 && set -- $(cat ping_group_range) &&
         { [ $1 -gt $2 ] || echo 1 0 >ping_group_range; }",
    ]);
    ran(bed.inside(&forbid).output().expect("it runs")).expect(0);
    bed.vpnki_fails("status=503");
    let bare = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"];
    for after in [20, 1000, 1020, 1040] {
        let once = behind(&bare, &bed.router.command(&["once"]));
        let once = booted_ago(&once, ALL_WELL_AT + after);
        ran(bed.inside(&once).output().expect("it runs"));
    }
    says(
        &status_at(&bed, ALL_WELL_AT + 1045),
        &[
            "unknown  ",
            "172.16.0.1 could not be asked: no echo may be sent: that needs root (CAP_NET_RAW)",
            "VPNKI could not be asked: 45.90.28.1",
            "503",
        ],
    );
}

#[test]
fn no_pass_runs() {
    says(
        &status_at(&well(), ALL_WELL_AT + 4000),
        &[
            "unknown  ",
            "not looked at for 1 h 6 min: neither the service nor cron runs",
        ],
    );
}

#[test]
fn the_configuration_is_wrong() {
    let bed = well();
    configure(&bed, &bed.tunnel("option on_down 'reboot'"));
    let status = status_of(&bed);
    says(
        &status,
        &[
            "unknown\n",
            "its configuration is wrong; run 'wansync check'",
        ],
    );
    bed.run(&["check", "--offline"])
        .expect(78)
        .says("option 'on_down': 'reboot' is none of: none, restart, command");
}
