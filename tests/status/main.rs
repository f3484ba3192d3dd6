//! `wansync status` of tunnels, from state files as a daemon or a pass leaves
//! them, through the real program.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests do I/O"
)]

mod explain;
mod exposition;
mod history;
mod metrics;
mod plugin;
mod rpcd;
mod schema;
mod table;
mod text;
mod watch;
mod words;

use std::fs;

use nix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use wansync_core::config::Config;
use wansync_sim::KEY;
use wansync_test_support::Router;

/// A router whose one tunnel `dacha` is watched in all ways.
struct Watched {
    router: Router,
}

const DACHA: &str = "config tunnel 'dacha'\noption vpnki 'account'\noption name 'user356'\n\
    option network 'vpnki0'\noption ping '172.16.0.1'\noption route '172.16.0.0/16'\n\
    option on_down 'restart'\n";

impl Watched {
    fn new() -> Watched {
        let watched = Watched {
            router: Router::new(),
        };
        watched.configure(DACHA);
        watched
    }

    /// An account, and these sections.
    fn configure(&self, sections: &str) {
        let account = format!("config vpnki 'account'\noption key '{KEY}'\n");
        self.router.configure(&format!("{account}{sections}"));
    }

    /// Writes the remembered state of `dacha`: `evidence` and `recovery` over that of a
    /// tunnel that is fine. Times are seconds before now.
    fn remember(&self, evidence: Value, recovery: Value) {
        self.remember_of("dacha", evidence, recovery);
    }

    fn remember_of(&self, section: &str, evidence: Value, recovery: Value) {
        let text = fs::read(self.router.config()).expect("a configuration");
        let config = Config::parse(&text).expect("UCI syntax");
        let tunnel = config.ready_tunnels().find(|(name, _)| *name == section);
        let (_, tunnel) = tunnel.expect("a tunnel that can be watched");
        let mut memory = json!({
            "boot_id": boot_id(),
            "fingerprint": tunnel.fingerprint(sha256),
            "evidence": {
                "wan": seen(json!({"Up": ago(9000)}), 3),
                "service": seen(json!("Active"), 50),
                "device": seen(json!({"Up": "l2tp-vpnki0"}), 3),
                "route": seen(json!("Through"), 3),
                "ping": seen(json!({"Answered": 12}), 3),
                "traffic": seen(traffic(Some(ago(4)), 0), 3),
            },
            "recovery": {
                "state": "up",
                "seen": "up",
                "since": ago(7200),
                "reason": "172.16.0.1 answers",
            },
        });
        merge(&mut memory["evidence"], evidence);
        merge(&mut memory["recovery"], recovery);
        self.write(section, &memory);
    }

    fn write(&self, section: &str, memory: &Value) {
        let _ = fs::create_dir(self.router.path("run"));
        let file = self.router.path(&format!("run/tunnel.{section}.json"));
        fs::write(file, memory.to_string()).expect("the state is written");
    }

    /// The first tunnel, if it has all that format 1 had.
    #[track_caller]
    fn tunnel(&self) -> Value {
        let tunnel = self.router.status()["tunnels"][0].clone();
        for name in [
            "name",
            "next_due_s",
            "reason",
            "reason_args",
            "reason_code",
            "restarts_last_hour",
            "section",
            "since_s",
            "state",
        ] {
            assert!(tunnel.get(name).is_some(), "no {name} in {tunnel}");
        }
        for name in [
            "device",
            "handshake_age_s",
            "large_ping",
            "ping_ms",
            "route",
            "rx_age_s",
            "service",
            "wan",
        ] {
            assert!(tunnel["evidence"].get(name).is_some(), "no {name}");
        }
        tunnel
    }

    fn text(&self) -> String {
        self.router.run(&["status"]).expect(0).stdout
    }
}

fn boot_id() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    id.expect("Linux has it").trim().to_owned()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().try_into().expect("it has 32 bytes")
}

/// Seconds since boot, so many seconds ago.
fn ago(seconds: i64) -> i64 {
    let boot = clock_gettime(ClockId::CLOCK_BOOTTIME).expect("this machine has the clock");
    boot.tv_sec() - seconds
}

/// A finding of so many seconds ago.
fn seen(value: Value, seconds: i64) -> Value {
    json!({"value": value, "at": ago(seconds)})
}

/// Counters: when a byte last came in, and how many went out since.
fn traffic(received_at: Option<i64>, unanswered: u64) -> Value {
    json!({"received": 5000, "sent": 5000, "received_at": received_at, "unanswered": unanswered})
}

fn merge(into: &mut Value, from: Value) {
    let Value::Object(from) = from else {
        panic!("{from} is no object");
    };
    for (name, value) in from {
        into[name] = value;
    }
}

/// Asserts that a number is this one, or up to a minute more, which a slow machine
/// may have taken since.
#[track_caller]
fn about(value: &Value, seconds: i64) {
    let value = value.as_i64().unwrap_or_else(|| panic!("{value}"));
    assert!((seconds..seconds + 60).contains(&value), "{value}");
}
