//! `/etc/config/dhcp` as anybody might have written it, and whatever a resolver may send.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wansync_core::config::network_file::NetworkFile;
use wansync_core::filtering::message::{query, read};
use wansync_core::filtering::{Household, judge};

fuzz_target!(|input: &[u8]| {
    let household = Household {
        service: "SkyDNS",
        resolvers: &[[193, 58, 251, 251].into()],
        networks: &NetworkFile::default(),
        read: &|_| input.to_vec(),
        is_own: &|_| false,
        listeners: &|_| Vec::new(),
    };
    let filtering = judge(&household, input);
    assert!(!filtering.to_string().contains(char::is_control));
    for command in &filtering.mends {
        assert!(!command.contains(char::is_control));
    }
    let question = query(1, "example.com");
    let mut reply = question.clone();
    reply[2] |= 0x80;
    reply.extend(input);
    let _ = read(&reply, &question);
    let _ = read(input, &question);
});
