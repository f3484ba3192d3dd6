//! What hurts users of other updaters, on the side of the network: the wrong way
//! out, the wrong address, a clock that is not set, flash that wears out. Each
//! test is one such pain on the real binary; `pain_NN` is its number in our list.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

mod support;

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::clocks::{booted_ago, set_wall};
use support::netns::{FarSim, Netns};
use support::{Ran, Router, ran};
use wansync_sim::Times;
use wansync_sim::ubus::{Fault, UbusSim};

/// Only a hang takes longer.
const HANG: Duration = Duration::from_secs(30);

// ------------------------------------------------------------ 8: the way out

/// Where the services are in the namespace that plays the Internet.
const SERVICES: &str = "45.90.28.1";

/// A router with a WAN and a VPN that has taken the default route, as most VPN
/// set-ups do; the Internet beyond both; ubusd, where the WAN is network `wan`.
struct Crossroads {
    ubus: UbusSim,
    router: Router,
    net: Netns,
    sim: FarSim,
    _internet: Netns,
}

impl Crossroads {
    fn new() -> Crossroads {
        let net = Netns::new();
        let internet = net.beside();
        net.join("wan0", &internet, "isp0");
        net.join("vpn0", &internet, "vpnfar0");
        net.ip("address add 8.8.4.4/24 dev wan0");
        net.ip("address add 9.9.9.9/24 dev vpn0");
        internet.ip("address add 8.8.4.1/24 dev isp0");
        internet.ip("address add 9.9.9.1/24 dev vpnfar0");
        internet.ip(&format!("address add {SERVICES}/32 dev lo"));
        net.ip("route add default via 9.9.9.1 dev vpn0");
        net.ip("route add default via 8.8.4.1 dev wan0 metric 100");
        let sim = FarSim::start(&internet, SERVICES);
        let router = Router::new();
        let ubus = router.ubus();
        ubus.set_interface("wan", network("wan0", &["8.8.4.4"]));
        Crossroads {
            ubus,
            router,
            net,
            sim,
            _internet: internet,
        }
    }

    fn configure(&self, options: &str) {
        self.router.configure_raw(self.sim.home(options).as_bytes());
    }

    fn once(&self) -> Ran {
        self.net.run(&self.router, &["once"])
    }

    /// A pass that must fail closed, for this reason.
    #[track_caller]
    fn fails_closed(&self, reason: &str) {
        let before = self.sim.log().len();
        let ran = self.net.run(&self.router, &["once", "--force"]);
        assert_ne!(ran.code, Some(0), "{}", ran.said());
        ran.says(reason).never_says("home: confirmed");
        assert_eq!(self.sim.log().len(), before, "{:?}", self.sim.log());
    }
}

/// What netifd says of a network that is up.
fn network(device: &str, addresses: &[&str]) -> Value {
    let of = |v6: bool| -> Value {
        let own = addresses.iter().filter(|a| a.contains(':') == v6);
        own.map(|address| json!({"address": address, "mask": if v6 { 64 } else { 24 }}))
            .collect()
    };
    json!({
        "up": true, "pending": false, "available": true, "autostart": true, "uptime": 4,
        "l3_device": device, "proto": "dhcp", "device": device,
        "ipv4-address": of(false), "ipv6-address": of(true), "data": {},
    })
}

/// “My VPN took the default route, and the updater told the service through it,
/// or told it the VPN's address.”
#[test]
fn pain_08_a_bound_section_sends_through_the_wan_and_not_through_the_vpn() {
    let house = Crossroads::new();
    house.configure("option network wan\noption bind wan");
    house.once().expect(0).says("8.8.4.4 is confirmed");
    let through_wan = ("8.8.4.4".to_owned(), "8.8.4.4".to_owned());
    assert_eq!(house.sim.updates(), [through_wan]);
}

/// “The updater binds to an interface that I never asked for, and breaks my
/// routing.”
#[test]
fn pain_08_without_bind_the_default_route_is_taken() {
    let house = Crossroads::new();
    house.configure("option network wan");
    house.once().expect(0).says("8.8.4.4 is confirmed");
    let through_vpn = ("9.9.9.9".to_owned(), "8.8.4.4".to_owned());
    assert_eq!(house.sim.updates(), [through_vpn]);
}

/// “A page told the updater my VPN's address, and that was published.”
#[test]
fn pain_08_a_bound_section_asks_pages_through_the_wan_too() {
    let house = Crossroads::new();
    let page = house.sim.url("SIM_ECHO_URL");
    let web = format!("option source web\nlist url '{page}'");
    house.configure(&format!("{web}\noption bind wan"));
    house.once().expect(0).says("8.8.4.4 is confirmed");
    house.configure(&web);
    house
        .once()
        .expect(0)
        .says("9.9.9.9 is confirmed; before it was 8.8.4.4");
}

/// “Binding failed, and the update silently went out the other way.”
#[test]
fn pain_08_a_bind_that_fails_sends_nothing() {
    let house = Crossroads::new();
    house.configure("option source static\noption address 8.8.4.4\noption bind wan");
    house.ubus.set_interface(
        "wan",
        json!({"up": false, "pending": true, "available": true, "proto": "dhcp"}),
    );
    house.fails_closed("bound to device of network 'wan': the network has none: pending");
    house.ubus.remove_interface("wan");
    house.fails_closed("netifd knows no network 'wan'");
    house
        .ubus
        .set_interface("wan", network("gone0", &["8.8.4.4"]));
    house.fails_closed("could not be bound to device gone0: No such device");
    house.ubus.set_fault(Fault::Close);
    house.fails_closed("the connection to ubusd broke");
    house.ubus.set_fault(Fault::None);
    // The device is there, but its link is down: no other is tried.
    house
        .ubus
        .set_interface("wan", network("wan0", &["8.8.4.4"]));
    house.net.ip("link set wan0 down");
    house.fails_closed(&format!("no connection to {SERVICES}: "));
    house.net.ip("link del wan0");
    house.fails_closed("could not be bound to device wan0: No such device");
    assert_eq!(house.sim.updates(), []);
    // Nor is a page asked for the address.
    let page = house.sim.url("SIM_ECHO_URL");
    house.configure(&format!(
        "option source web\nlist url '{page}'\noption bind wan"
    ));
    house.fails_closed("could not be bound to device wan0: No such device");
}

/// “The WAN was down for a minute, and I had to restart the updater.”
#[test]
fn pain_08_a_bind_that_failed_works_as_soon_as_it_can() {
    let house = Crossroads::new();
    house.configure("option source static\noption address 8.8.4.4\noption bind wan");
    house
        .ubus
        .set_interface("wan", network("gone0", &["8.8.4.4"]));
    house.once().expect(1).says("could not be bound");
    house
        .ubus
        .set_interface("wan", network("wan0", &["8.8.4.4"]));
    house
        .net
        .run(&house.router, &["once", "--force"])
        .expect(0)
        .says("confirmed");
    assert_eq!(house.sim.updates().len(), 1);
}

// ------------------------------------------------- 9: addresses that others share

/// “My provider gave me a CGNAT address, and the updater published it: it now
/// filters strangers.”
#[test]
fn pain_09_no_source_gets_a_shared_or_private_address_published() {
    let addresses = [
        ("100.64.0.9", "CGNAT"),
        ("100.127.255.1", "CGNAT"),
        ("10.20.30.40", "private"),
        ("172.20.0.1", "private"),
        ("192.168.1.2", "private"),
        ("192.0.0.2", "DS-Lite"),
    ];
    let router = Router::new();
    let ubus = router.ubus();
    for (address, word) in addresses {
        ubus.set_interface("wan", network("eth1", &[address]));
        router.sim.set_echo(address);
        for source in [
            "option source network".to_owned(),
            format!("option source static\noption address {address}"),
            format!("option source command\noption command /bin/echo\nlist arg {address}"),
            format!("option source web\nlist url '{}'", router.sim.echo_url()),
        ] {
            router.configure(&router.home(&source));
            let ran = router.run(&["once", "--force"]).expect(75);
            ran.says(&format!("home: aborted: {address} is "))
                .says(word);
            assert_eq!(router.home_status()["outcome"], "aborted", "{source}");
        }
    }
    assert_eq!(router.updates(), 0);
    assert!(!router.record().exists());
}

/// The same of a device of the kernel.
#[test]
fn pain_09_no_device_gets_a_shared_or_private_address_published() {
    let net = Netns::new();
    let sim = FarSim::start(&net, "127.0.0.1");
    let router = Router::new();
    router.configure_raw(
        sim.home("option source interface\noption device wan0")
            .as_bytes(),
    );
    net.add_device("wan0", &[]);
    for (address, word) in [
        ("100.64.0.9", "CGNAT"),
        ("10.20.30.40", "private"),
        ("192.168.1.2", "private"),
        ("192.0.0.2", "DS-Lite"),
    ] {
        net.ip(&format!("address add {address}/24 dev wan0"));
        let ran = net.run(&router, &["once", "--force"]).expect(75);
        ran.says(&format!("home: aborted: {address} is "))
            .says(word);
        net.ip("address flush dev wan0");
    }
    assert_eq!(sim.log().len(), 0, "{:?}", sim.log());
}

/// “I had a good address; then the provider put me behind CGNAT.” What is
/// confirmed stays, and the reason is said.
#[test]
fn pain_09_moving_behind_cgnat_changes_nothing_at_the_service() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    router.set_address("100.64.0.9");
    router
        .once()
        .expect(75)
        .says("100.64.0.9 is a CGNAT address");
    let status = router.home_status();
    assert_eq!(
        (&status["observed"], &status["confirmed"]),
        (&json!("100.64.0.9"), &json!("8.8.4.4"))
    );
    assert_eq!(
        (router.updates(), router.bound()),
        (1, vec!["8.8.4.4".to_owned()])
    );
}

// ------------------------------------------------------------ 10: the wrong IPv6

/// “It published an address of the old prefix, which nobody can reach.”
#[test]
fn pain_10_a_withdrawn_prefix_is_left_as_soon_as_there_is_another() {
    let router = Router::new();
    router.configure(&router.home("option network wan\noption family ipv6"));
    let ubus = router.ubus();
    let set = |list: Value| {
        let mut wan = network("eth1", &["8.8.4.4"]);
        wan["ipv6-address"] = list;
        ubus.set_interface("wan", wan);
    };
    let one = |address: &str, preferred: u32| json!({"address": address, "mask": 64, "preferred": preferred, "valid": 3600});
    set(json!([one("2a00:1450:1::5", 1800), one("fd00::5", 1800)]));
    router.once().expect(0).says("2a00:1450:1::5 is confirmed");
    // Two good ones: the confirmed one stays.
    set(json!([
        one("2a00:1450:2::5", 1800),
        one("2a00:1450:1::5", 1800)
    ]));
    router.once().expect(0).says("unchanged");
    // Renumbering: the old one is on its way out, the new one not there yet.
    set(json!([one("2a00:1450:1::5", 0), one("fd00::5", 1800)]));
    router
        .once()
        .expect(75)
        .says("2a00:1450:1::5 is deprecated");
    set(json!([
        one("2a00:1450:1::5", 0),
        one("fd00::5", 1800),
        one("2a00:1450:2::5", 1800)
    ]));
    router
        .once()
        .expect(0)
        .says("2a00:1450:2::5 is confirmed; before it was 2a00:1450:1::5");
    assert_eq!(router.updates(), 2);
}

/// “It published my privacy address, and an hour later another, and another.”
#[test]
fn pain_10_a_privacy_address_is_never_published() {
    let net = Netns::new();
    let sim = FarSim::start(&net, "127.0.0.1");
    let router = Router::new();
    let options = "option source interface\noption device wan0\noption family ipv6";
    router.configure_raw(sim.home(options).as_bytes());
    net.add_device("wan0", &[]);
    net.command("sysctl", "-qw net.ipv6.conf.wan0.use_tempaddr=2");
    net.ip("address add fd00::5/64 dev wan0 nodad");
    net.ip("address add 2a00:1450:1::5/64 dev wan0 nodad mngtmpaddr");
    let shown = net.ip("-6 -oneline address show dev wan0 temporary");
    assert!(
        shown.contains("2a00:1450:1:"),
        "there is a temporary one: {shown}"
    );
    net.run(&router, &["once"])
        .expect(0)
        .says("2a00:1450:1::5 is confirmed");
    net.run(&router, &["once"]).expect(0).says("unchanged");
}

// ------------------------------------------------------------------ 11: the clock

/// A pass by a wall clock that says `time`.
fn once_at(router: &Router, time: &str) -> Ran {
    let mut command = router.command(&["once"]);
    set_wall(&mut command, time);
    ran(command.output().expect("the program runs"))
}

/// What `status` says by a wall clock that says `time`.
fn clock_at(router: &Router, time: &str) -> Value {
    let mut command = router.command(&["status", "--format", "json"]);
    set_wall(&mut command, time);
    let ran = ran(command.output().expect("the program runs")).expect(0);
    let status: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    status["clock"].clone()
}

/// “After a power cut the router thinks it is 1970; TLS fails, and the updater
/// is still sulking long after NTP has set the clock.”
#[test]
fn pain_11_a_clock_that_is_not_set_is_waited_for_without_a_backoff() {
    for time in ["@1970-01-01 00:01:00", "@2020-06-01 12:00:00"] {
        let router = Router::with_address("8.8.4.4");
        for _ in 0..3 {
            let ran = once_at(&router, time).expect(75).says("home: aborted: ");
            ran.says("the clock is not set (it says ")
                .says("waits for NTP");
        }
        assert_eq!(clock_at(&router, time), "not set");
        let status = router.home_status();
        assert_eq!(
            (&status["outcome"], &status["sends_left_today"]),
            (&json!("aborted"), &json!(24))
        );
        router.once().expect(0).says("8.8.4.4 is confirmed");
        assert_eq!(router.status()["clock"], "ok");
        assert_eq!(router.updates(), 1);
        assert_eq!(router.sim.connections().len(), 0, "no TLS was tried");
    }
}

/// The same for pages that are asked over https for the address.
#[test]
fn pain_11_no_page_is_asked_over_tls_either() {
    let router = Router::new();
    let page = router.sim.echo_url();
    router.configure(&router.home(&format!("option source web\nlist url '{page}'")));
    router.sim.set_echo("8.8.4.4");
    once_at(&router, "@1970-01-01 00:01:00")
        .expect(75)
        .says("the router's clock is not set");
    router.once().expect(0).says("8.8.4.4 is confirmed");
    assert_eq!(
        (router.sim.requests().len(), router.sim.connections().len()),
        (2, 0)
    );
}

/// A router that boots in 1970 with an address that is confirmed has nothing to
/// send, before NTP and after.
#[test]
fn pain_11_a_boot_before_ntp_sends_nothing_again() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    for time in [
        "@1970-01-01 00:01:00",
        "@2020-06-01 12:00:00",
        "@2037-01-01 00:00:00",
    ] {
        router.reboot();
        once_at(&router, time).expect(0).says("unchanged");
        router.once().expect(0).says("unchanged");
    }
    assert_eq!(router.updates(), 1);
}

/// “NTP was there after ten seconds, the updater an hour later.” The event of
/// the time daemon wakes a pass.
#[test]
fn pain_11_the_step_of_the_clock_wakes_a_pass() {
    let router = Router::with_address("8.8.4.4");
    once_at(&router, "@1970-01-01 00:01:00").expect(75);
    let start = Instant::now();
    let mut event = router.command(&["event"]);
    event.env("ACTION", "step").env("stratum", "16");
    ran(event.output().expect("the program runs")).expect(0);
    assert!(router.sim.wait_for_requests(1, HANG), "no pass came");
    until("the process in the background ends", || {
        is_free(&router, "event.lock")
    });
    assert!(start.elapsed() < HANG);
    assert_eq!(router.home_status()["outcome"], "confirmed");
    assert_eq!(router.updates(), 1);
}

fn is_free(router: &Router, lock: &str) -> bool {
    let file = File::open(router.path("run").join(lock));
    file.is_ok_and(|file| file.try_lock().is_ok())
}

fn until(what: &str, done: impl Fn() -> bool) {
    let end = Instant::now() + HANG;
    while !done() {
        assert!(Instant::now() < end, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

// ------------------------------------------------------------- 14: wear of flash

/// The folder on flash, with what shows that something in it was written.
#[derive(PartialEq, Eq, Debug, Default)]
struct Flash {
    /// Inode, time of change, and the time of change in nanoseconds.
    seen: Vec<(u64, i64, i64)>,
}

impl Flash {
    /// The folder itself counts too: it changes with each file that is made,
    /// renamed or removed in it.
    fn of(router: &Router) -> Flash {
        let folder = router.path("etc");
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let paths = std::iter::once(folder).chain(entries.map(|entry| entry.path()));
        let seen = paths.flat_map(fs::metadata);
        Flash {
            seen: seen
                .map(|what| (what.ino(), what.ctime(), what.ctime_nsec()))
                .collect(),
        }
    }
}

/// A router whose two clocks the test moves on, and whose flash it watches.
struct Year {
    ubus: UbusSim,
    router: Router,
    flash: Flash,
    /// How many passes wrote to flash.
    writes: usize,
    /// Seconds by the wall clock since the test began.
    wall: i64,
    /// Seconds since the last boot.
    boot: i64,
}

impl Year {
    fn new(options: &str) -> Year {
        let router = Router::new();
        router.configure(&router.home(&format!("option network wan\n{options}")));
        let ubus = router.ubus();
        Year {
            ubus,
            router,
            flash: Flash::default(),
            writes: 0,
            wall: 0,
            boot: 3600,
        }
    }

    fn set_address(&self, address: &str) {
        self.ubus.set_interface("wan", network("eth1", &[address]));
    }

    fn pass_time(&mut self, seconds: i64) {
        self.wall += seconds;
        self.boot += seconds;
    }

    /// tmpfs is empty, and the clock that counts since boot begins again.
    fn reboot(&mut self) {
        self.router.reboot();
        self.boot = 60;
    }

    /// A pass by these clocks.
    fn once(&mut self) -> Ran {
        let mut command: Command = booted_ago(&self.router.command(&["once"]), self.boot);
        set_wall(&mut command, &format!("+{}", self.wall));
        let ran = ran(command.output().expect("the program runs"));
        let flash = Flash::of(&self.router);
        if flash != self.flash {
            self.writes += 1;
            self.flash = flash;
        }
        ran
    }

    fn fault(&self, text: &str) {
        self.router.sim.fault(text.parse().expect(text), Times::All);
    }
}

/// “The updater writes its state on each run, and wears out the flash of my
/// router.” A day of passes every five minutes, with renewals, reboots, an hour
/// and a half without the service, and one new address: two writes.
#[test]
fn pain_14_a_day_writes_once_for_each_address_that_is_confirmed() {
    let mut year = Year::new("option refresh 4h");
    year.set_address("8.8.4.4");
    let mut sends = 0;
    for pass in 0..288 {
        match pass {
            60 | 61 | 150 | 200 => year.reboot(),
            // Renewals fall due in passes 48, 96, 144 and so on.
            140 => year.fault("status=503"),
            158 => {
                sends += year.router.updates();
                year.router.sim.clear();
            }
            220 => year.set_address("8.8.8.8"),
            _ => {}
        }
        let ran = year.once();
        match pass {
            144..150 => assert_ne!(ran.code, Some(0), "pass {pass}: {}", ran.said()),
            // Whether a renewal is still owed after a reboot is no matter here,
            // and a wait after a failure may take half an hour.
            150..165 => {}
            _ => assert_eq!(ran.code, Some(0), "pass {pass}: {}", ran.said()),
        }
        year.pass_time(300);
    }
    sends += year.router.updates();
    assert!(
        (8..=24).contains(&sends),
        "{sends} sends, renewals included"
    );
    assert_eq!(year.router.bound(), ["8.8.8.8"]);
    assert_eq!(year.writes, 2);
}

/// “My line flaps all day.” Each change is told to the service, but flash is
/// written twelve times a day at most, and the next day all is in order again.
#[test]
fn pain_14_a_flapping_wan_does_not_wear_out_the_flash() {
    let mut year = Year::new("option daily_limit 288");
    for change in 1..=50 {
        year.set_address(&format!("8.8.4.{change}"));
        year.once().expect(0).says("is confirmed");
        year.pass_time(300);
    }
    assert_eq!(year.router.updates(), 50);
    assert!((1..=12).contains(&year.writes), "{} writes", year.writes);
    // What flash says is old now, so a reboot costs a send, and no write.
    let before = year.writes;
    year.reboot();
    year.once().expect(0).says("8.8.4.50 is confirmed");
    assert_eq!((year.router.updates(), year.writes), (51, before));
    year.pass_time(86_400);
    year.once().expect(0).says("unchanged");
    assert_eq!(year.writes, before + 1);
    year.reboot();
    year.once().expect(0).says("unchanged");
    assert_eq!((year.router.updates(), year.writes), (51, before + 1));
}

/// A wrong key at each boot of a crash loop: the hold is written, and no more.
#[test]
fn pain_14_a_hold_is_written_once_for_each_refusal() {
    let mut year = Year::new("");
    year.set_address("8.8.4.4");
    year.fault("error=message");
    for _ in 0..40 {
        let ran = year.once();
        assert_eq!(ran.code, Some(77), "{}", ran.said());
        year.pass_time(1800);
        year.reboot();
    }
    assert!(
        year.router.updates() <= 3,
        "{} sends",
        year.router.updates()
    );
    assert_eq!(year.writes, year.router.updates());
}
