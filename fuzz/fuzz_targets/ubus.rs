//! What ubusd sends: any bytes are read or refused, and whatever is read can be
//! used.
//!
//! `cargo +nightly fuzz run ubus`
#![no_main]

use libfuzzer_sys::fuzz_target;
use wansync_core::ubus::netifd::{explain, network, networks};
use wansync_core::ubus::procd::services;
use wansync_core::ubus::value::{BlobTable, BlobValue};
use wansync_core::ubus::wire::{Incoming, Message};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(table) = BlobTable::parse(bytes) {
        visit(table);
    }
    let mut incoming = Incoming::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        let space = incoming.space();
        let count = space.len().min(rest.len());
        space[..count].copy_from_slice(&rest[..count]);
        rest = &rest[count..];
        match incoming.advance(count) {
            Ok(Some(message)) => open(&message),
            Ok(None) => {}
            Err(_) => return,
        }
    }
});

fn open(message: &Message) {
    for id in 0..=127 {
        let _ = (message.number(id), message.byte(id), message.text(id));
        if let Ok(Some(table)) = message.table(id) {
            visit(table);
        }
    }
}

fn visit(table: BlobTable<'_>) {
    let _ = (networks(table), services(table));
    let _ = explain(&network("wan", table));
    walk(BlobValue::Table(table));
}

fn walk(value: BlobValue<'_>) {
    match value {
        BlobValue::Table(table) => table.iter().for_each(|(_, value)| walk(value)),
        BlobValue::Array(array) => array.iter().for_each(walk),
        _ => {}
    }
}
