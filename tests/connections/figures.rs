//! What dead names and addresses cost: figures, never a verdict.

use std::time::{Duration, Instant};

use crate::bed::{Bed, DEAD_V6, V4, V6};

const RUNS: usize = 15;

/// `WANSYNC_PROGRAM=… cargo test --test connections -- --ignored --nocapture figures`
#[test]
#[ignore = "it prints figures"]
fn figures() {
    let bed = Bed::with_dnsmasq();
    let all: &[_] = &[(V4, "all"), (V6, "all")];
    for (what, aaaa, doors) in [
        ("all is well", V6, all),
        ("no AAAA", "nodata", all),
        ("AAAA is SERVFAIL", "servfail", all),
        ("AAAA is dropped", "dropped", all),
        ("AAAA is a black hole", DEAD_V6, all),
        ("TLS stalls at AAAA", V6, &[(V4, "all"), (V6, "100")]),
    ] {
        bed.serve(V4, aaaa, doors);
        let mut times: Vec<Duration> = (0..RUNS).map(|_| send(&bed)).collect();
        times.sort();
        let [median, worst] = [times[RUNS / 2], times[RUNS - 1]].map(|time| time.as_millis());
        println!("{what}: {median} ms, {worst} ms at worst");
    }
}

fn send(bed: &Bed) -> Duration {
    let start = Instant::now();
    bed.run(&["once", "--force"]).expect(0);
    start.elapsed()
}
