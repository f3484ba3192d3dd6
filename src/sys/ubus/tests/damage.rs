//! No bytes make the decoder panic or hang.

use wansync_core::ubus::netifd::{self, explain};
use wansync_core::ubus::value::BlobTable;
use wansync_core::ubus::wire::{self, attribute};

use super::support::*;
use wansync_test_support::random::Random;

#[test]
fn the_largest_message_of_the_smallest_parts_costs_linear_time() {
    let elements = b"\0\0\0\x04".repeat(wire::MAX_MESSAGE / 4 - 20);
    let array = 0x8100_0000 | (4 + 12 + elements.len()) as u32;
    let dump = [&array.to_be_bytes(), &b"\0\x09interface\0"[..], &elements].concat();
    let reply = BlobTable::parse(&dump).unwrap();
    assert_eq!(
        reply.array("interface").unwrap().iter().count(),
        elements.len() / 4
    );
    assert!(netifd::networks(reply).is_empty());
    let length = (4 + elements.len()) as u32;
    let message = [
        &b"\0\x02\0\x01\0\0\0\0"[..],
        &length.to_be_bytes(),
        &elements,
    ]
    .concat();
    let message = &read(&message, 1).unwrap()[0];
    assert_eq!(message.number(attribute::OBJID), None);
}

/// Uses all that can be used of what can be read.
fn consume(bytes: &[u8]) {
    for message in read(bytes, 4096).unwrap_or_default() {
        for id in 0..=127 {
            let _ = (message.number(id), message.byte(id), message.text(id));
            if let Ok(Some(table)) = message.table(id) {
                let _ = table_json(table);
                let _ = netifd::networks(table);
                let _ = explain(&netifd::network("wan", table));
            }
        }
    }
}

#[test]
fn no_damage_makes_the_decoder_panic() {
    let mut random = Random::new(1);
    for capture in captures() {
        let bytes = capture.server().collect::<Vec<_>>().concat();
        for _ in 0..if bytes.is_empty() { 0 } else { 40 } {
            let mut damaged = bytes.clone();
            for _ in 0..=random.below(4) {
                let at = random.below(damaged.len());
                match random.below(4) {
                    0 => damaged[at] ^= 1 << random.below(8),
                    1 => damaged[at] = [0, 0xff, 0x7f, 0x80][random.below(4)],
                    2 => damaged.truncate(at.max(1)),
                    _ => drop(damaged.remove(at)),
                }
                if damaged.is_empty() {
                    break;
                }
            }
            consume(&damaged);
        }
    }
}
