//! The actions at each event of netifd and of NTP.

use crate::staged::Staged;

/// A section and a tunnel, each with its networks. There is no netifd here.
pub fn sections(staged: &Staged) -> String {
    let home = staged.home("8.8.4.4");
    home.replace("source 'static'", "source 'network'")
        + "config tunnel 'dacha'\noption name 'user356'\noption network 'vpnki0'\n\
           option ping '172.16.0.1'\noption wan 'wan2'\n"
}

/// Until what the script has left in the background has decided: it leaves a lock,
/// or nothing.
const DECIDED: &str = "until [ -e /var/run/wansync/event.lock ] || \
    { set -- /proc/[0-9]*; [ $# = 1 ]; }; do sleep 0.1; done";

/// True if this event has a pass started.
pub fn is_heard(staged: &Staged, folder: &str, environment: &str) -> bool {
    let lock = staged.path("tmp/run/wansync/event.lock");
    std::fs::remove_file(&lock).ok();
    let script = format!("{environment} hotplug-call {folder}; {DECIDED}");
    staged.run(&script).expect(0);
    lock.exists()
}

#[test]
fn a_route_matters_where_there_are_several_networks() {
    let staged = Staged::new();
    let section = |networks: &str| {
        let home = staged.home("8.8.4.4");
        home.replace("option source 'static'", networks)
    };
    staged.configure("", &section("list network 'wan'\nlist network 'wwan'"));
    staged.run("/etc/init.d/wansync start").expect(0);
    let route = "ACTION=ifupdate INTERFACE=wwan_4 IFUPDATE_ROUTES=1";
    assert!(is_heard(&staged, "iface", route));
    assert!(is_heard(&staged, "iface", "ACTION=ifdown INTERFACE=wan"));
    staged.configure("", &section("list network 'wwan'"));
    assert!(!is_heard(&staged, "iface", route));
    assert!(!is_heard(&staged, "iface", "ACTION=ifdown INTERFACE=wwan"));
}

#[test]
fn events_that_matter_are_heard_and_no_others() {
    let staged = Staged::new();
    staged.configure("", &sections(&staged));
    staged.run("/etc/init.d/wansync start").expect(0);
    for (folder, environment, expected) in [
        ("iface", "ACTION=ifup INTERFACE=wan DEVICE=eth1", true),
        ("iface", "ACTION=ifup INTERFACE=vpnki0 DEVICE=vpn", true),
        ("iface", "ACTION=ifup INTERFACE=wan2 DEVICE=eth2", true),
        ("iface", "ACTION=ifup INTERFACE=lan DEVICE=br-lan", false),
        (
            "iface",
            "ACTION=ifupdate INTERFACE=wan IFUPDATE_ADDRESSES=1",
            true,
        ),
        (
            "iface",
            "ACTION=ifupdate INTERFACE=lan IFUPDATE_ADDRESSES=1",
            false,
        ),
        (
            "iface",
            "ACTION=ifupdate INTERFACE=wan IFUPDATE_PREFIXES=1",
            true,
        ),
        (
            "iface",
            "ACTION=ifupdate INTERFACE=wan IFUPDATE_ROUTES=1",
            false,
        ),
        ("iface", "ACTION=ifdown INTERFACE=vpnki0", true),
        ("iface", "ACTION=ifdown INTERFACE=lan", false),
        ("iface", "ACTION=ifup-failed INTERFACE=wan", false),
        ("iface", "ACTION=create INTERFACE=wan", false),
        ("ntp", "ACTION=step stratum=3", true),
        ("ntp", "ACTION=stratum stratum=3", true),
        ("ntp", "ACTION=periodic stratum=3", false),
        ("ntp", "ACTION=unsync stratum=16", false),
    ] {
        assert_eq!(
            is_heard(&staged, folder, environment),
            expected,
            "{folder} {environment}"
        );
    }
    staged.service("stop").expect(0);
    assert!(
        !is_heard(&staged, "iface", "ACTION=ifup INTERFACE=wan"),
        "it is stopped"
    );
}

/// netifd has every later event of the router wait for these scripts.
#[test]
fn the_scripts_return_while_a_pass_goes_on() {
    let staged = Staged::new();
    staged.sim.fault(
        "stall=status".parse().expect("a fault"),
        wansync_sim::Times::All,
    );
    staged.configure("", &staged.home("8.8.4.4"));
    let event = "ACTION=ifup INTERFACE=wan DEVICE=eth1 hotplug-call iface";
    let script = format!(
        "/etc/init.d/wansync start; sleep 2; pidof wansync >/dev/null || exit 3; \
         for _ in 1 2 3 4 5 6 7 8 9 10; do {event}; done; \
         for _ in 1 2 3 4 5; do set -- $(pidof wansync); [ $# -gt 1 ] || break; sleep 1; done; \
         [ $# = 1 ] || exit 4"
    );
    let begun = std::time::Instant::now();
    staged.run(&script).expect(0);
    // The pass itself takes 30 s; ten events that waited for it would take 300.
    assert!(begun.elapsed().as_secs() < 25, "{:?}", begun.elapsed());
}

/// Whatever the program does: a flash that is slow, a log that is not read.
#[test]
fn the_scripts_wait_for_nothing() {
    let staged = Staged::new();
    staged.configure("", &sections(&staged));
    staged.run("/etc/init.d/wansync start").expect(0);
    staged.write("usr/bin/wansync", "#!/bin/sh\nexec sleep 60\n");
    for (folder, environment) in [
        ("iface", "ACTION=ifup INTERFACE=wan DEVICE=eth1"),
        ("ntp", "ACTION=step stratum=3"),
    ] {
        let script = format!(
            "{environment} hotplug-call {folder}; \
             for _ in 1 2 3 4 5 6 7 8 9 10; do pidof sleep >/dev/null && exit; sleep 0.1; done; exit 3"
        );
        staged.run(&script).expect(0);
    }
}
