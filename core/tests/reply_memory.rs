//! What decoding takes, at the worst moment: a router has 64 MB for everything.

use peak_alloc::PeakAlloc;
use wansync_core::service::answer::{Answer, data_json, decode};
use wansync_core::service::reply::Reply;
use wansync_core::service::{skydns_methods, vpnki_resources};
use wansync_core::time::Wall;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Beside what a row costs, which is nothing: columns, buffers of strings.
const SOME: usize = 16 * 1024;

/// One test, since the allocator counts for the whole program.
#[test]
fn rows_cost_no_memory() {
    let address = r#"{"address":"1.2.3.4","comment":"example.com"}"#;
    let list_ip = ("list_ip", address, r#"{"ip":["#, "]}");
    check_skydns(list_ip, 100_000);
    let table = [
        (
            "get_vpn_list",
            r#"{"id":"\u0031","profile":"\u0414","name":"n"}"#,
            "[",
            "]",
        ),
        ("profiles", r#""12":"a""#, "{", "}"),
        ("get_category_report", r#""a":1"#, "{", "}"),
        ("add_ip", r#""1.1.1.1""#, r#"{"added_addresses":["#, "]}"),
        (
            "add_ip",
            r#"{"0.0.0.0":"x"}"#,
            r#"{"invalid_adresses":["#,
            "]}",
        ),
        (
            "get_activity_report",
            "1",
            r#"{"labels":[],"datasets":[{"label":"R","data":["#,
            "]}]}",
        ),
        ("subscribe", r#""a":1"#, "{", "}"),
        ("activate", r#"{"a":{"b":[1,2]}}"#, "[", "]"),
    ];
    for case in table {
        check_skydns(case, 10_000);
    }
    let table = [
        r#""user356""#,
        r#"{"login":"user356","since":"2016-10-10 12-30-00"}"#,
        "[1,2,3]",
    ];
    for row in table {
        let data = vec![row; 10_000].join(",");
        let body = format!(r#"{{"err_code":"","err_msg":"","data":{{"result":[{data}]}}}}"#);
        check("active", body, 10_000);
    }
    let distinct: Vec<String> = (0..10_000).map(|n| format!(r#"{{"n{n}":{n}}}"#)).collect();
    check("active", format!("[{}]", distinct.join(",")), 10_000);
}

fn check_skydns((method, row, head, tail): (&str, &str, &str, &str), rows: usize) {
    let data = format!("{head}{}{tail}", vec![row; rows].join(","));
    let body = format!(r#"{{"response":{{"status":"ok","data":{data}}}}}"#);
    check(method, body, rows);
}

fn check(name: &str, body: String, rows: usize) {
    let reply = Reply {
        status: 200,
        body: body.into_bytes(),
        ..Reply::default()
    };
    let method = skydns_methods::find(name).or_else(|| vpnki_resources::find(name));
    let method = method.expect("documented");
    let before = MEMORY.current_usage();
    let bytes = reply.body.len();

    MEMORY.reset_peak_usage();
    let answer = decode(method, &reply, Wall::from_secs(0)).expect("a success");
    assert_eq!(read_through(&answer), rows, "{name}");
    drop(answer);
    let peak = MEMORY.peak_usage() - before;
    assert!(peak < SOME, "{name}: {peak} bytes for a body of {bytes}");

    // JSON for programs is a copy at most.
    MEMORY.reset_peak_usage();
    data_json(method, &reply, Wall::from_secs(0)).expect("a success");
    let peak = MEMORY.peak_usage() - before;
    assert!(
        peak < bytes + SOME,
        "{name}: {peak} bytes for a body of {bytes}"
    );
}

/// How many rows, addresses or values it has.
fn read_through(answer: &Answer<'_>) -> usize {
    match answer {
        Answer::Table(table) => table.rows().filter(|cells| !cells.is_empty()).count(),
        Answer::Added(added) => added.added().count() + added.invalid().count(),
        Answer::Report(report) => report.len(),
        other => panic!("{other:?}"),
    }
}
