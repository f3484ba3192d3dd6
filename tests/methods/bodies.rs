//! Replies that are no replies of the service, one message for each kind.

use wansync::service::answer::Service;
use wansync::service::method::Method;
use wansync_sim::{Deleted, Style};

use crate::rows::all;
use crate::successes::words_of;
use crate::world::World;

/// A fault of the simulator, and the line that it gives with both services.
const BODIES: &[(&str, &str)] = &[
    ("html", "the reply is not JSON but an HTML page"),
    ("empty", "the reply is not JSON but an empty body"),
    ("truncated", "the reply is not JSON but cut off"),
    ("nul", "the reply is not JSON but other text"),
    (
        "body=a line\nand another",
        "the reply is not JSON but other text",
    ),
    (
        "nesting=10000",
        "the reply is not JSON but nested more than 127 deep",
    ),
];

#[test]
fn every_method_tells_what_came_instead_of_json() {
    for method in all() {
        for (fault, says) in BODIES {
            let world = World::new();
            // `OK` is no JSON that could be cut.
            world.sim().set_vpnki_style(Style {
                deleted: Deleted::Status,
                ..Style::default()
            });
            world.fault(fault);
            let ran = world.call(method, words_of(method)).expect(1);
            assert_eq!(ran.stdout, "", "{} {fault}", method.name);
            ran.says(&format!("{}: 127.0.0.1: {says}", method.name));
        }
    }
}

/// Replies that look damaged and say what they should.
const HARMLESS: &[&str] = &[
    "bom",
    "escaped",
    "raw",
    "content-type=text/html",
    "content-type=none",
    "chunked",
    "no-length",
    "oversize=1000000",
];

#[test]
fn every_method_understands_what_only_looks_damaged() {
    for method in all() {
        let as_it_is = printed(method, "none");
        for fault in HARMLESS {
            // What del_tunnel answers is no JSON, into which spaces could be put.
            if method.name == "del_tunnel" && fault.starts_with("oversize") {
                continue;
            }
            assert_eq!(printed(method, fault), as_it_is, "{} {fault}", method.name);
        }
    }
}

/// What a call that succeeds prints under this fault; it logs nothing.
fn printed(method: &Method, fault: &str) -> String {
    let world = World::new();
    set_up(&world);
    world.fault(fault);
    let ran = world.call(method, words_of(method)).expect(0);
    assert_eq!(ran.stderr, "", "{} {fault}", method.name);
    ran.stdout
}

/// So that the first call of every method in the table succeeds.
fn set_up(world: &World) {
    world.ask("add_ip ident=user1 ip=1.1.1.1");
    for name in ["a", "b"] {
        world.ask(&format!("add_vpn ident=user1 name={name} profile_id=1002"));
    }
}

#[test]
fn a_comma_too_many_is_forgiven() {
    for method in all().filter(|method| method.name != "del_tunnel") {
        assert_eq!(printed(method, "trailing-comma"), printed(method, "none"));
    }
}

#[test]
fn a_warning_of_php_is_told_and_only_vpnki_is_understood_behind_it() {
    for method in all() {
        let world = World::new();
        set_up(&world);
        // Behind junk, `OK` alone would prove nothing.
        world.sim().set_vpnki_style(Style {
            deleted: Deleted::Status,
            ..Style::default()
        });
        world.sim().mark();
        let clean = world.call(method, words_of(method)).expect(0);
        world.sim().reset();
        world.fault("php-warning");
        let ran = world.call(method, words_of(method));
        match Service::of(method) {
            Service::Vpnki => {
                let ran = ran.expect(0).says(
                    "wansync: warning: the reply has something before its JSON, such as a warning of PHP",
                );
                assert_eq!(ran.stdout, clean.stdout, "{}", method.name);
            }
            Service::Skydns => {
                let ran = ran.expect(1).says(&format!(
                    "{}: 127.0.0.1: the reply is not JSON but something with JSON behind it",
                    method.name
                ));
                assert_eq!(ran.stdout, "", "{}", method.name);
            }
        }
    }
}
