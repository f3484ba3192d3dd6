//! Whatever a service replies is a success or a failure in words, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wansync::service::reply::Reply;
use wansync::service::skydns;

fuzz_target!(|input: (u16, Option<String>, Vec<u8>)| {
    let (status, retry_after, body) = input;
    let reply = Reply {
        status,
        retry_after,
        body,
    };
    match skydns::data(&reply, 1_800_000_000) {
        Ok(data) => drop(skydns::decode_profiles(&data)),
        Err(failure) => assert!(!failure.to_string().contains('\n')),
    }
});
