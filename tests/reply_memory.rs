//! What decoding takes, at the worst moment: a router has 64 MB for everything.

use peak_alloc::PeakAlloc;
use wansync::service::answer::{Answer, data_json, decode};
use wansync::service::reply::Reply;
use wansync::service::{skydns_methods, vpnki_resources};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// One test, since the allocator counts for the whole program.
#[test]
fn a_hundred_thousand_rows_take_less_than_their_body() {
    let table = [
        (
            "list_ip",
            r#"{"address":"1.2.3.4","comment":"example.com"}"#,
            r#"{"ip":["#,
            "]}",
        ),
        (
            "get_vpn_list",
            r#"{"id":"\u0031","profile":"\u0414","ip":"h","name":"n"}"#,
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
    for (method, row, head, tail) in table {
        let data = format!("{head}{}{tail}", vec![row; 100_000].join(","));
        check(
            method,
            format!(r#"{{"response":{{"status":"ok","data":{data}}}}}"#),
        );
    }
    for row in [
        r#""user356""#,
        r#"{"login":"user356","since":"2016-10-10 12-30-00"}"#,
        "[1,2,3]",
    ] {
        let data = vec![row; 100_000].join(",");
        check(
            "active",
            format!(r#"{{"err_code":"","err_msg":"","data":{{"result":[{data}]}}}}"#),
        );
    }
    let distinct: Vec<String> = (0..100_000).map(|n| format!(r#"{{"n{n}":{n}}}"#)).collect();
    check("active", format!("[{}]", distinct.join(",")));
}

fn check(name: &str, body: String) {
    let reply = Reply {
        status: 200,
        body: body.into_bytes(),
        retry_after: None,
    };
    let method = skydns_methods::find(name).or_else(|| vpnki_resources::find(name));
    let method = method.expect("documented");
    let before = MEMORY.current_usage();
    let bytes = reply.body.len();

    MEMORY.reset_peak_usage();
    let answer = decode(method, &reply, 0).expect("a success");
    assert!(read_through(&answer) >= 100_000 - 1, "{name}");
    drop(answer);
    let peak = MEMORY.peak_usage() - before;
    // The body itself is there too: 4 times the body in all would be 3.
    assert!(peak < bytes, "{name}: {peak} bytes for a body of {bytes}");

    MEMORY.reset_peak_usage();
    data_json(method, &reply, 0).expect("a success");
    let peak = MEMORY.peak_usage() - before;
    assert!(
        peak < bytes + 64 * 1024,
        "{name}: {peak} bytes for a body of {bytes}"
    );
}

/// How many rows, addresses or values it has.
fn read_through(answer: &Answer<'_>) -> usize {
    match answer {
        Answer::Table(table) => table
            .rows()
            .map(|cells| cells.len())
            .filter(|n| *n > 0)
            .count(),
        Answer::Added(added) => added.added().count() + added.invalid().count(),
        Answer::Report(report) => report.len(),
        other => panic!("{other:?}"),
    }
}
