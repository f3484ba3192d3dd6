//! What the decoding of a long reply costs: `cargo run --release --example decode_cost`.
use std::time::Instant;
use wansync_core::time::Wall;

use peak_alloc::PeakAlloc;
use wansync_core::service::answer::{Answer, decode};
use wansync_core::service::reply::Reply;
use wansync_core::service::{skydns_methods, vpnki_resources};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

fn main() {
    println!(
        "{:22} {:>8} {:>10} {:>10} {:>8}",
        "method", "rows", "body", "time", "peak"
    );
    for rows in [1_000, 100_000] {
        let address = r#"{"address": "1.2.3.4", "comment": "example.com"}"#;
        let data = vec![address; rows].join(",");
        measure(
            "list_ip",
            rows,
            format!(r#"{{"response":{{"status":"ok","data":{{"ip":[{data}]}}}}}}"#),
        );
        let category = r#""\u0414\u043e\u043c, \u0441\u0435\u043c\u044c\u044f": "3""#;
        let data = vec![category; rows].join(",");
        measure(
            "get_category_report",
            rows,
            format!(r#"{{"response":{{"status":"ok","data":{{{data}}}}}}}"#),
        );
        let session = r#"{"login":"user356","start":"2016-10-10 12-30-00","bytes":"123456"}"#;
        let data = vec![session; rows].join(",");
        measure(
            "stat_user",
            rows,
            format!(r#"{{"err_msg":"","err_code":"","data":[{data}]}}"#),
        );
    }
}

/// Decodes it and reads every cell; the peak counts the body.
fn measure(name: &str, rows: usize, body: String) {
    let method = skydns_methods::find(name).or_else(|| vpnki_resources::find(name));
    let body = body.into_bytes().into_boxed_slice().into_vec();
    let before = MEMORY.current_usage() - body.capacity();
    let reply = Reply {
        status: 200,
        body,
        ..Reply::default()
    };
    MEMORY.reset_peak_usage();
    let start = Instant::now();
    let answer =
        decode(method.expect("documented"), &reply, Wall::from_secs(0)).expect("a success");
    let Answer::Table(table) = answer else {
        panic!("{answer:?}")
    };
    let found = table
        .rows()
        .filter(|cells| cells.iter().all(|cell| !cell.is_empty()))
        .count();
    let time = start.elapsed();
    assert_eq!(found, rows);
    let bytes = reply.body.len();
    let peak = (MEMORY.peak_usage() - before) as f64 / bytes as f64;
    println!(
        "{name:22} {rows:8} {bytes:10} {:>8.2}ms {peak:7.2}x",
        time.as_secs_f64() * 1e3
    );
}
