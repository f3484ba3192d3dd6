//! The UCI reader: any file is read or rejected, and what was read survives
//! being written and read again.
//!
//! `cargo +nightly fuzz run uci fuzz/corpus/uci tests/data/uci`
#![no_main]

use libfuzzer_sys::fuzz_target;
use wansync_core::config::uci::parse;
use wansync_core::config::uci::print::{Unnamed, export, show};

fuzz_target!(|text: &[u8]| {
    let Ok(package) = parse(text) else { return };
    let exported = export(&package, "t");
    let again = parse(&exported).expect("an export can be read");
    for unnamed in [Unnamed::Indexed, Unnamed::Generated] {
        assert_eq!(show(&again, "t", unnamed), show(&package, "t", unnamed));
    }
});
