//! What was recorded is read and written as the real programs did.

use serde_json::{Value as Json, json};
use wansync_core::ubus::wire::{self, attribute, message};
use wansync_sim::ubus::capture;
use wansync_sim::ubus::message as sim;

use super::support::*;

#[test]
fn recorded_messages_are_read_in_pieces_of_any_size() {
    for capture in captures() {
        let bytes = capture.server().collect::<Vec<_>>().concat();
        let whole = received(&capture);
        assert_eq!(whole.len(), capture.server().count(), "{}", capture.name);
        for size in [1, 3, 13, 64] {
            assert_eq!(read(&bytes, size).unwrap(), whole, "{}", capture.name);
        }
        for (message, bytes) in whole.iter().zip(capture.server()) {
            let recorded = capture::message(bytes);
            assert_eq!(message.kind(), recorded.kind);
            assert_eq!(
                (message.seq(), message.peer()),
                (recorded.seq, recorded.peer)
            );
            assert_eq!(
                message.number(attribute::OBJID),
                recorded.number(sim::id::OBJID)
            );
        }
    }
}

#[test]
fn recorded_replies_hold_what_the_stock_client_printed() {
    let mut seen = 0;
    for capture in captures().iter().filter(|capture| capture.kind == "call") {
        let messages = received(capture);
        let replies = messages.iter().filter_map(data).collect::<Vec<_>>();
        let [reply] = replies.as_slice() else {
            panic!("{}", capture.name)
        };
        let found = table_json(*reply);
        assert!(same(&found, &capture.json), "{}: {found}", capture.name);
        seen += 1;
    }
    assert_eq!(seen, 17);
}

#[test]
fn recorded_lookups_hold_what_they_are_described_to_hold() {
    let mut seen = 0;
    for capture in captures().iter().filter(|capture| capture.kind == "lookup") {
        let objects = received(capture)
            .iter()
            .filter(|message| message.kind() == message::DATA)
            .map(|message| {
                let path = message.text(attribute::OBJPATH).unwrap();
                let signature = message.table(attribute::SIGNATURE).unwrap();
                json!({
                    "path": String::from_utf8_lossy(path),
                    "id": message.number(attribute::OBJID),
                    "type_id": message.number(5),
                    "signature": table_json(signature.unwrap()),
                })
            })
            .collect::<Json>();
        assert_eq!(objects, capture.json["objects"], "{}", capture.name);
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
fn recorded_events_and_statuses_are_as_described() {
    let mut seen = 0;
    for capture in captures() {
        let messages = received(&capture);
        if let Some(events) = capture.json["events"].as_array() {
            let found = messages
                .iter()
                .filter(|message| message.kind() == message::INVOKE);
            let found: Vec<Json> = found
                .map(|message| {
                    let name = message.text(attribute::METHOD).unwrap();
                    json!([String::from_utf8_lossy(name), data(message).map(table_json)])
                })
                .collect();
            let expected = events.iter().filter(|event| event["name"].is_string());
            let expected: Vec<Json> = expected
                .map(|event| json!([event["name"], event["data"]]))
                .collect();
            assert_eq!(found, expected, "{}", capture.name);
            seen += found.len();
        }
        if capture.kind != "call" {
            let mut statuses = messages.iter().filter(|m| m.kind() == message::STATUS);
            let last = statuses.next_back().map(|m| m.number(attribute::STATUS));
            let call_unanswered = capture.kind == "call-error" && capture.json["status"].is_null();
            if !call_unanswered {
                assert_eq!(json!(last), capture.json["status"], "{}", capture.name);
            }
        }
    }
    assert!(seen > 20);
}

fn encoded(seq: u16, sent: &sim::Message) -> Vec<u8> {
    let object = sent.number(sim::id::OBJID);
    let target = sent.number(attribute::TARGET);
    match sent.kind {
        message::LOOKUP => wire::lookup(seq, &sent.text(sim::id::OBJPATH).unwrap()),
        message::INVOKE => {
            let fields = sent.fields(sim::id::DATA).unwrap();
            let method = sent.text(sim::id::METHOD).unwrap();
            wire::invoke(seq, object.unwrap(), &method, &arguments(&fields))
        }
        message::ADD_OBJECT => wire::add_object(seq),
        message::SUBSCRIBE => wire::subscribe(seq, object.unwrap(), target.unwrap()),
        message::STATUS => wire::acknowledge(sent.seq, sent.peer, object.unwrap()),
        other => panic!("no encoder for type {other}"),
    }
}

#[test]
fn requests_are_byte_for_byte_those_of_the_stock_client() {
    let mut seen = 0;
    for capture in captures()
        .iter()
        .filter(|capture| capture.command.is_some())
    {
        let mut seq = 0;
        for bytes in capture.client() {
            let sent = capture::message(bytes);
            seq += u16::from(sent.kind != message::STATUS);
            assert_eq!(encoded(seq, &sent), bytes, "{}", capture.name);
            seen += 1;
        }
    }
    assert!(seen > 60);
}
