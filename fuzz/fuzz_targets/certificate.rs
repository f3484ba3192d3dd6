//! The certificate of a server, or of a CA file: any bytes are read or refused, and
//! whatever is read can be said.
//!
//! `cargo +nightly fuzz run certificate`
#![no_main]

use libfuzzer_sys::fuzz_target;
use wansync_core::certificate::{Certificate, distrust, is_elliptic, signature_algorithm};
use wansync_core::reason::Reason;
use wansync_core::time::Wall;

fuzz_target!(|bytes: &[u8]| {
    let _ = (signature_algorithm(bytes), is_elliptic(bytes));
    if let Some(certificate) = Certificate::of(bytes) {
        let clock = Wall::from_secs(1_793_491_200);
        let faults = [
            certificate.check_itself(clock),
            certificate.check_key_size(false),
        ];
        for fault in faults.into_iter().filter_map(Result::err) {
            let _ = fault.to_string();
        }
        let _ = (certificate.hosts(), certificate.subject.to_string());
        let _ = Reason::from(&distrust(&certificate, &[certificate, certificate])).to_string();
    }
});
