//! Tunnels side by side for an hour, with traffic and with faults by a schedule, watched
//! by the real daemon: `make soak`.
//!
//! Each lane is a router of its own with one tunnel: PPP as netifd has it, or the real
//! OpenVPN as a service of procd. What is promised of a tunnel is judged:
//!
//! - one that carries traffic, in whatever direction and whatever VPNKI says, is never
//!   restarted, and neither is any while the WAN is down;
//! - a dead one is found within 45 s, and back within 60 s of its far end's return;
//! - a route that was removed is restored within 15 s.
//!
//! `SOAK_MINUTES` is how long it takes (60), `SOAK_SEED` makes the schedule of an earlier
//! run once more, `SOAK_LANES` names the lanes.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests do I/O"
)]

use std::env;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use wansync_test_support::random::Random;

mod faults;
mod lane;
mod phases;
mod report;

use lane::{Kind, Lane};
use report::Report;

wansync_test_support::simulator!();

#[test]
#[ignore = "it takes an hour: make soak"]
fn soak() {
    let minutes = number("SOAK_MINUTES").unwrap_or(60);
    let seed = number("SOAK_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.expect("a clock").as_secs()
    });
    let wanted = env::var("SOAK_LANES").unwrap_or_default();
    let kinds = Kind::ALL.into_iter();
    let kinds = kinds.filter(|kind| wanted.is_empty() || wanted.contains(kind.name()));
    println!("soak: {minutes} minutes, SOAK_SEED={seed}");
    let report = Arc::new(Mutex::new(Report::default()));
    let end = Instant::now() + Duration::from_secs(60 * minutes);
    let lanes = kinds.zip(0..).map(|(kind, number)| {
        let (report, random) = (Arc::clone(&report), Random::new(seed + number));
        let lane = move || Lane::start(kind, random, report).run(end);
        let thread = thread::Builder::new().name(kind.name().to_owned());
        (kind, thread.spawn(lane).expect("a thread"))
    });
    let mut failed = Vec::new();
    for (kind, lane) in lanes.collect::<Vec<_>>() {
        if lane.join().is_err() {
            failed.push(kind.name());
        }
    }
    let report = report.lock().unwrap_or_else(|poison| poison.into_inner());
    print!("{report}");
    println!("SOAK_SEED={seed} makes the same schedule again");
    assert!(failed.is_empty(), "lanes that ended early: {failed:?}");
    assert_eq!(report.violations(), 0, "see above");
}

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text} is no number")),
    )
}
