//! WireGuard tunnels on the test router: the handshake as evidence.
//!
//! Only the kernel tells of handshakes, and not every kernel has WireGuard: what needs
//! it is run by `make wireguard`, in a machine that has.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests do I/O"
)]

wansync_test_support::simulator!();

use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;

use wansync_test_support::clocks::at_wall;
use wansync_test_support::netns::{behind, user_namespace};
use wansync_test_support::tunnel::{NETWORK, TunnelBed, WireGuard, WireGuardKind};
use wansync_test_support::{Ran, ran};

/// The router has been running for longer than the machine.
const CLOCK_OFFSET: i64 = 1_000_000;
const MONTH: i64 = 30 * 86_400;

/// A router with a WireGuard tunnel without `ping`, which VPNKI lists as active.
struct WireGuardRouter {
    bed: TunnelBed,
    tunnel: Arc<WireGuard>,
}

impl WireGuardRouter {
    fn new(kind: WireGuardKind) -> WireGuardRouter {
        let bed = TunnelBed::without_tunnel();
        let tunnel = bed.start_wireguard(kind);
        let options = "option on_down restart\noption down_after 2";
        bed.sections(&format!("{}{}", bed.account(""), bed.bare_tunnel(options)));
        WireGuardRouter { bed, tunnel }
    }

    /// The program so many seconds from now, by a wall clock that is ahead of that by
    /// `step` seconds.
    fn command(&self, seconds: i64, step: i64, arguments: &[&str]) -> Command {
        let command = self.bed.router.command(arguments);
        let command = at_wall(&command, &format!("{:+}", seconds + step));
        moved(&command, CLOCK_OFFSET + seconds)
    }

    fn run(&self, command: &Command) -> Ran {
        ran(self.bed.inside(command).output().expect("it runs"))
    }

    fn pass_at(&self, seconds: i64) -> Ran {
        self.run(&self.command(seconds, 0, &["once"]))
    }

    fn text_at(&self, seconds: i64) -> String {
        let status = self.run(&self.command(seconds, 0, &["status"]));
        status.expect(0).stdout
    }

    fn handshake_age_at(&self, seconds: i64, step: i64) -> Option<i64> {
        let command = self.command(seconds, step, &["status", "--format", "json"]);
        let text = self.run(&command).expect(0).stdout;
        let status: Value = serde_json::from_str(&text).expect("JSON");
        status["tunnels"][0]["evidence"]["handshake_age_s"].as_i64()
    }

    /// The number of times that the network was taken down, and up again.
    fn restarts(&self) -> usize {
        let calls = |method| self.bed.ubus.called(method, NETWORK);
        calls("down").min(calls("up"))
    }
}

/// The command with another clock since boot. Linux before 6.3 has children begin by it
/// only.
fn moved(command: &Command, by: i64) -> Command {
    let by = by.to_string();
    let mut unshare = vec!["unshare", "--time", "--boottime", &by, "--fork"];
    unshare.extend(user_namespace());
    unshare.push("--");
    behind(&unshare, command)
}

/// The kernel knows nothing of its handshakes, and that is said.
#[test]
fn a_program_of_its_own_is_judged_by_what_else_is_known() {
    let router = WireGuardRouter::new(WireGuardKind::Program);
    let (bed, device) = (&router.bed, &router.tunnel.device);
    router.pass_at(0).expect(0).says("dacha: up: ");
    assert!(bed.exchange(), "datagrams come back");
    router
        .pass_at(20)
        .expect(0)
        .says("dacha: up: bytes came through vpnki0 ");
    let unknown =
        format!("last handshake not known: {device} is no WireGuard device of the kernel");
    let text = router.text_at(21);
    assert!(text.contains(&unknown), "{text}");
    assert_eq!(router.handshake_age_at(21, 0), None);
    let check = router.run(&router.command(22, 0, &["check"]));
    check.says(&format!(
        "warn  dacha: the last handshake on {device} is not known: "
    ));
    // The few bytes that go unanswered are too few to tell by.
    router.tunnel.far_end_dies();
    for seconds in [200, 220, 240, 260, 280] {
        bed.send(1);
        router.pass_at(seconds).expect(0);
    }
    assert_eq!(router.restarts(), 0);
}

/// `ping` is not set, and VPNKI says active: only the handshake tells.
#[test]
#[ignore = "needs the kernel's WireGuard: make wireguard"]
fn a_dead_far_end_is_known_by_its_handshake() {
    let router = WireGuardRouter::new(WireGuardKind::Kernel);
    let bed = &router.bed;
    router.pass_at(0).expect(0);
    let text = router.text_at(1);
    assert!(text.contains("no handshake yet ("), "{text}");
    let begin = Instant::now();
    assert!(bed.exchange(), "datagrams come back");
    router.pass_at(20).expect(0).says("dacha: up: ");
    let age = router.handshake_age_at(20, 0).expect("it is known");
    let most = 20 + begin.elapsed().as_secs() as i64 + 2;
    assert!((18..=most).contains(&age), "{age}");
    let text = router.text_at(20);
    assert!(text.contains("; last handshake "), "{text}");

    router.tunnel.far_end_dies();
    bed.send(1);
    router.pass_at(230).expect(0);
    bed.send(1);
    router.pass_at(250).expect(0).says("seen down 1 of 2 times");
    bed.send(1);
    router
        .pass_at(270)
        .expect(1)
        .says("dacha: down: ")
        .says("no peer has shaken hands for 4 min")
        .says("restarting its network, 1 of 3");
    // The restart has made both ends anew.
    bed.wait("the restart is done", |_| router.restarts() == 1);
    assert!(bed.exchange(), "datagrams come back");
    router.pass_at(290).expect(0).says("dacha: up: ");
    assert_eq!(router.restarts(), 1);
}

#[test]
#[ignore = "needs the kernel's WireGuard: make wireguard"]
fn a_clock_that_is_set_makes_no_handshake_old() {
    let router = WireGuardRouter::new(WireGuardKind::Kernel);
    let bed = &router.bed;
    assert!(bed.exchange(), "datagrams come back");
    router.pass_at(0).expect(0);
    let begin = Instant::now();
    let before = router.handshake_age_at(0, 0).expect("it is known");
    for (seconds, step) in [(20, MONTH), (40, -MONTH), (60, 0)] {
        router
            .run(&router.command(seconds, step, &["once"]))
            .expect(0);
        let age = router.handshake_age_at(seconds, step);
        let least = before + seconds;
        let most = least + begin.elapsed().as_secs() as i64 + 2;
        let is_right = age.is_some_and(|age| (least..=most).contains(&age));
        assert!(is_right, "{seconds} {step}: {age:?} after {before}");
    }
    // A handshake between two readings, while the clock is set.
    router
        .tunnel
        .wg(&format!("set {NETWORK} private-key /dev/null"));
    let [key, _] = router.tunnel.private_keys();
    let file = bed.router.path("again.key");
    std::fs::write(&file, key).expect("a file");
    router
        .tunnel
        .wg(&format!("set {NETWORK} private-key {}", file.display()));
    let stamp = || {
        router
            .tunnel
            .wg(&format!("show {NETWORK} latest-handshakes"))
    };
    let first = stamp();
    bed.wait("another handshake", |bed| {
        bed.exchange() && stamp() != first
    });
    let pass = router.command(80, MONTH, &["once"]);
    router.run(&pass).expect(0);
    let text = router.run(&router.command(80, MONTH, &["status"])).stdout;
    let unknown = "last handshake not known: the clock was set since the last handshake (";
    assert!(text.contains(unknown), "{text}");
}

#[test]
#[ignore = "needs the kernel's WireGuard: make wireguard"]
fn what_the_kernel_tells_of_it() {
    let router = WireGuardRouter::new(WireGuardKind::Kernel);
    let bed = &router.bed;
    let check = || router.run(&router.command(0, 0, &["check"]));
    check().says("warn  dacha: no peer has shaken hands on vpnki0 yet");
    assert!(bed.exchange(), "datagrams come back");
    check().says("ok    dacha: the last handshake on vpnki0 was ");

    // Peers that take several messages, none of which has shaken hands.
    let peers = (1..=60).map(|peer| {
        let networks = (0..20).map(|n| format!("10.{peer}.{n}.0/24"));
        let networks = networks.collect::<Vec<_>>().join(",");
        format!("peer {peer:042}A= allowed-ips {networks}")
    });
    let peers = peers.collect::<Vec<_>>().join(" ");
    router.tunnel.wg(&format!("set {NETWORK} {peers}"));
    check().says("ok    dacha: the last handshake on vpnki0 was ");

    // To others than administrators it tells nothing.
    let once = behind(
        &["setpriv", "--bounding-set", "-net_admin"],
        &router.command(20, 0, &["once"]),
    );
    router.run(&once).expect(0);
    let text = router.text_at(21);
    let unknown = "last handshake not known: that needs CAP_NET_ADMIN (";
    assert!(text.contains(unknown), "{text}");

    // No key is in what it wrote and said.
    router.pass_at(40).expect(0);
    let state = bed.router.path("run/tunnel.dacha.json");
    let state = std::fs::read_to_string(state).expect("its state");
    for key in router.tunnel.private_keys() {
        assert!(!state.contains(&key) && !router.text_at(41).contains(&key));
    }
}
