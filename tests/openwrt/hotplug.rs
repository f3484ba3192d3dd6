//! What is done at each event of netifd and of NTP.

use crate::staged::Staged;

/// Whether an event has a pass run: what the environment holds, and whether
/// something is sent.
fn sends(staged: &Staged, folder: &str, environment: &str) -> bool {
    let before = staged.sim.requests().len();
    // Whatever was confirmed before, this is another address.
    let last = before % 200 + 1;
    staged.configure("", &network_and_static(staged, last));
    let script = format!(
        "{environment} hotplug-call {folder}; \
        for _ in 1 2 3 4 5 6 7 8 9 10; do pidof wansync >/dev/null || break; sleep 1; done"
    );
    staged.run(&script).expect(0);
    staged.sim.requests().len() > before
}

/// A static address whose way out is the network `wan`: an event of that network
/// is one that matters, and no netifd is needed.
fn network_and_static(staged: &Staged, last: usize) -> String {
    staged
        .home(&format!("8.8.4.{last}"))
        .replace("option ident", "option daily_limit '288'\noption ident")
        + "config tunnel 'dacha'\noption name 'user356'\noption network 'vpnki0'\n\
           option ping '172.16.0.1'\n"
}

#[test]
fn events_that_matter_have_a_pass_run() {
    let staged = Staged::new();
    staged.configure("", &network_and_static(&staged, 250));
    staged.service("start").expect(0);
    for (folder, environment, expected) in [
        ("iface", "ACTION=ifup INTERFACE=wan DEVICE=eth1", true),
        ("iface", "ACTION=ifup INTERFACE=vpnki0 DEVICE=vpn", true),
        (
            "iface",
            "ACTION=ifupdate INTERFACE=wan IFUPDATE_ADDRESSES=1",
            true,
        ),
        (
            "iface",
            "ACTION=ifupdate INTERFACE=wan IFUPDATE_ROUTES=1",
            false,
        ),
        ("iface", "ACTION=ifdown INTERFACE=wan", true),
        ("iface", "ACTION=ifdown INTERFACE=lan", false),
        ("iface", "ACTION=ifup-failed INTERFACE=wan", false),
        ("iface", "ACTION=create INTERFACE=wan", false),
        ("ntp", "ACTION=step stratum=3", true),
        ("ntp", "ACTION=stratum stratum=3", true),
        ("ntp", "ACTION=periodic stratum=3", false),
        ("ntp", "ACTION=unsync stratum=16", false),
    ] {
        assert_eq!(
            sends(&staged, folder, environment),
            expected,
            "{folder} {environment}"
        );
    }
    staged.service("stop").expect(0);
    assert!(
        !sends(&staged, "iface", "ACTION=ifup INTERFACE=wan"),
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
    staged.configure("", &network_and_static(&staged, 250));
    let event = "ACTION=ifup INTERFACE=wan DEVICE=eth1 hotplug-call iface";
    let script = format!(
        "/etc/init.d/wansync start; sleep 2; pidof wansync >/dev/null || exit 3; \
         for _ in 1 2 3 4 5 6 7 8 9 10; do {event}; done; \
         set -- $(pidof wansync); [ $# = 1 ] || exit 4"
    );
    let begun = std::time::Instant::now();
    staged.run(&script).expect(0);
    // The pass itself takes 30 s; ten events that waited for it would take 300.
    assert!(begun.elapsed().as_secs() < 25, "{:?}", begun.elapsed());
}
