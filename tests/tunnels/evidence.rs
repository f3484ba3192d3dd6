//! The evidence that `status` shows, and what is concluded without a ping.

use std::process::Command;

use crate::night::{Night, finding, holds};
use wansync_test_support::tunnel::FAR;

#[test]
fn all_is_well() {
    let night = Night::with("");
    let tunnel = night.tunnel_at(-590);
    assert_eq!(tunnel["section"], "dacha");
    assert_eq!(tunnel["name"], "user356");
    assert_eq!(tunnel["state"], "up");
    assert_eq!(tunnel["restarts_last_hour"], 0);
    holds(&finding(&tunnel), "up: 172.16.0.1 answers on vpnki0 in ");
    let between = |value: &serde_json::Value, least: i64, most: i64| {
        let number = value.as_i64().expect("a number");
        assert!((least..=most).contains(&number), "{number}: {tunnel}");
    };
    between(&tunnel["since_s"], 5, 30);
    between(&tunnel["next_due_s"], 0, 20);
    let evidence = &tunnel["evidence"];
    assert_eq!(evidence["service"], "active");
    assert_eq!(evidence["device"], "vpnki0");
    assert_eq!(evidence["route"], "ok");
    between(&evidence["ping_ms"], 0, 1000);
    assert!(evidence.get("rx_age_s").is_some(), "{tunnel}");
    assert_eq!(evidence["wan"], "wan");
    assert_eq!(evidence.as_object().map(|fields| fields.len()), Some(8));

    let ran = night.run_at(-590, &["status"]).expect(0);
    for part in [
        "dacha",
        "up",
        "user356",
        "vpnki0",
        FAR,
        "172.16.0.0/16",
        "VPNKI active",
        "next look in",
    ] {
        holds(&ran.stdout, part);
    }
    night
        .run_at(-590, &["status", "--format", "prometheus"])
        .expect(0)
        .says("state=\"up\"");
    assert_eq!(night.restarts(), 0);
}

#[test]
fn without_a_ping_vpnki_decides() {
    let night = Night::new();
    let bed = &night.bed;
    let tunnel = bed.bare_tunnel("option on_down restart\noption down_after 2");
    bed.sections(&format!("{}{tunnel}", bed.account("option interval 1m")));
    let up = "dacha: up: vpnki0 is up and VPNKI lists user356 as active";
    night.pass_at(-900).expect(0).says(up);
    bed.vpnki_lists(&[&[]]);
    night.pass_at(-800).expect(0).says("seen down 1 of 2 times");
    night
        .pass_at(-700)
        .expect(1)
        .says("dacha: down: VPNKI lists user356 as inactive; restarting its network, 1 of 3");
    assert_eq!(night.restarts(), 1);
    // A VPNKI that says nothing any more is no reason to do it again.
    bed.vpnki_fails("status=503");
    for seconds in [-500, -400, -300] {
        night.pass_at(seconds).says("VPNKI could not be asked");
    }
    assert_eq!(night.restarts(), 1);
    holds(
        &finding(&night.tunnel_at(-299)),
        "unknown: nothing says whether",
    );
}

#[test]
fn without_a_ping_bytes_tell() {
    let night = Night::new();
    let bed = &night.bed;
    let route = "option route '172.16.0.0/16'\noption on_down restart";
    bed.sections(&format!("{}{}", bed.account(""), bed.bare_tunnel(route)));
    night.pass_at(-600).expect(0).says("dacha: up: ");
    assert!(bed.pings());
    night
        .pass_at(-580)
        .expect(0)
        .says("dacha: up: bytes came through vpnki0 0 s ago");

    bed.stall();
    let send = || {
        let mut shell = Command::new("bash");
        shell.args(["-c", &format!("head -c 30000 /dev/zero > /dev/udp/{FAR}/9")]);
        let sent = bed.inside(&shell).status().expect("bash runs");
        assert!(sent.success());
    };
    send();
    night.pass_at(-400).expect(0);
    for seconds in [-330, -310, -290] {
        send();
        night
            .pass_at(seconds)
            .says("KiB were sent through vpnki0 in ");
    }
    // A stream that nobody answers looks the same, and VPNKI says that it is well.
    assert_eq!(night.restarts(), 0);
    bed.vpnki_fails("status=503");
    send();
    night.pass_at(1_000);
    for seconds in [1_070, 1_080] {
        send();
        night.pass_at(seconds).says("seen down");
    }
    send();
    night
        .pass_at(1_090)
        .expect(1)
        .says("KiB were sent through vpnki0 in ")
        .says("and nothing was received")
        .says("; restarting its network, 1 of 3");
    assert_eq!(night.restarts(), 1);
}
