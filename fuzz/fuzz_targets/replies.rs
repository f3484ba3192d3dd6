//! Whatever a service replies, to any method, is an answer that can be shown or
//! a failure in words, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wansync_core::service::answer::{Answer, data_json, decode};
use wansync_core::service::columns::{cells_for, for_each_line};
use wansync_core::json::Json;
use wansync_core::service::reply::Reply;
use wansync_core::service::vpnki::{Aliases, watch};
use wansync_core::service::{skydns, skydns_methods, vpnki, vpnki_resources};
use wansync_core::time::Wall;
use wansync_core::tunnel::account::TunnelId;

fuzz_target!(|input: (u8, u16, Option<String>, Option<String>, Vec<u8>)| {
    let (method, status, retry_after, coding, body) = input;
    let mut methods = skydns_methods::METHODS
        .iter()
        .chain(&vpnki_resources::RESOURCES);
    let method = methods.nth(usize::from(method) % 35).expect("35 methods");
    let reply = Reply {
        status,
        retry_after,
        coding,
        body,
    };
    match decode(method, &reply, Wall::from_secs(1_800_000_000)) {
        Ok(answer) => {
            read_through(&answer);
            let mut counts = Vec::new();
            for_each_line(method, &answer, &mut |cells| counts.push(cells.len()));
            assert!(counts.iter().all(|count| *count == counts[0]));
            assert_eq!(cells_for(method, &answer).len(), counts.len() - 1);
        }
        Err(failure) => assert!(!failure.to_string().contains('\n')),
    }
    if let Ok(text) = data_json(method, &reply, Wall::default()) {
        let again = Json::parse(text.as_bytes()).expect("JSON for programs is JSON");
        assert_eq!(again.compact(), text);
    }
    if let Ok(data) = skydns::data(&reply, Wall::default()) {
        drop(skydns::decode_profiles(&data));
    }
    vpnki::is_dirty(&reply);
    watch_tunnels(&reply);
});

/// Reads the reply as either list of a query of an account.
fn watch_tunnels(reply: &Reply) {
    let (aliases, now) = (Aliases::default(), Wall::default());
    let tunnels = ["user356", "Дача"].map(|name| TunnelId {
        name,
        address: Some("172.16.10.2"),
    });
    let resolutions = watch::resolve(reply, &tunnels, &aliases, None, now).unwrap_or_default();
    let active = watch::active(reply, &tunnels, &resolutions, &aliases, now).ok();
    assert!(active.is_none_or(|active| active.len() == tunnels.len()));
}

fn read_through(answer: &Answer<'_>) {
    match answer {
        Answer::Table(table) => {
            for cells in table.rows() {
                assert_eq!(cells.len(), table.columns.len());
            }
        }
        Answer::Added(added) => drop((added.added().count(), added.invalid().count())),
        Answer::Report(report) => {
            for set in report.datasets() {
                assert!(
                    set.values().count() == set.counts().count()
                        && set.values().count() <= report.len()
                );
            }
        }
        _ => {}
    }
}
