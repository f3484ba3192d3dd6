//! Replies that are no replies of the service, one message for each kind.

use wansync_core::service::answer::Service;
use wansync_core::service::method::Method;
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
fn every_method_says_what_came_instead_of_json() {
    let world = ready();
    // `OK` is no JSON that could be cut.
    deleted_with_a_status(&world);
    for method in all() {
        for (fault, says) in BODIES {
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
    "trailing-comma",
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
    let world = ready();
    for method in all() {
        let as_it_is = printed(&world, method, "none");
        for fault in HARMLESS {
            // What del_tunnel answers is no JSON, into which more could be put.
            let is_json = method.name != "del_tunnel";
            if is_json || !matches!(*fault, "trailing-comma" | "oversize=1000000") {
                let printed = printed(&world, method, fault);
                assert_eq!(printed, as_it_is, "{} {fault}", method.name);
            }
        }
    }
}

#[test]
fn a_warning_of_php_is_reported_and_only_vpnki_is_understood_behind_it() {
    let world = ready();
    // Behind junk, `OK` alone would prove nothing.
    deleted_with_a_status(&world);
    world.sim().mark();
    for method in all() {
        let clean = printed(&world, method, "none");
        world.sim().reset();
        world.fault("php-warning");
        let ran = world.call(method, words_of(method));
        match Service::of(method) {
            Service::Vpnki => {
                let ran = ran.expect(0).says(
                    "warn: the reply has something before its JSON, such as a warning of PHP",
                );
                assert_eq!(ran.stdout, clean, "{}", method.name);
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

/// The output of a call that succeeds under this fault; it logs nothing.
fn printed(world: &World, method: &Method, fault: &str) -> String {
    world.sim().reset();
    world.fault(fault);
    let ran = world.call(method, words_of(method)).expect(0);
    assert_eq!(ran.stderr, "", "{} {fault}", method.name);
    ran.stdout
}

/// A world in which the first call of every method in the table succeeds, again
/// after each reset.
fn ready() -> World {
    let world = World::without_tls();
    world.ask("add_ip ident=user1 ip=1.1.1.1");
    for name in ["a", "b"] {
        world.ask(&format!("add_vpn ident=user1 name={name} profile_id=1002"));
    }
    world.sim().mark();
    world
}

fn deleted_with_a_status(world: &World) {
    world.sim().set_vpnki_style(Style {
        deleted: Deleted::Status,
        ..Style::default()
    });
}
