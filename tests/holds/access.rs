//! Options that only say how the service is reached: what was put right is tried at once.

use std::fs;

use crate::{STATIC, fault, force};
use wansync_sim::{Options, Sim};
use wansync_test_support::Router;

/// The configuration with another CA file.
fn with_ca_file(router: &Router, path: &str, options: &str) {
    let text = format!(
        "config wansync 'main'\noption ca_file '{path}'\n{}",
        router.home(&format!("{STATIC}\n{options}"))
    );
    router.configure_raw(text.as_bytes());
}

/// A router that has failed often enough to wait for minutes.
fn failing(ca_file: &str, options: &str) -> Router {
    let router = Router::new();
    with_ca_file(&router, ca_file, options);
    for _ in 0..6 {
        force(&router).expect(69);
    }
    router.once().expect(75).says("home: throttled");
    router
}

/// Seen in the field: `ca_file` corrected; the wait was up to 26 min more.
#[test]
fn another_ca_file_is_tried_at_once() {
    let other = Sim::start(Options::default());
    let wrong = other.ca_file().display().to_string();
    let router = failing(&wrong, "");
    let right = router.sim.ca_file().display().to_string();
    with_ca_file(&router, &right, "");
    router.once().expect(0).says("home: confirmed");
}

/// The same, where its content was put right.
#[test]
fn another_content_of_the_ca_file_is_tried_at_once() {
    let (other, place) = (Sim::start(Options::default()), tempfile::tempdir());
    let place = place.expect("a folder");
    let file = place.path().join("ca.pem");
    let path = file.display().to_string();
    fs::copy(other.ca_file(), &file).expect("copied");
    let router = failing(&path, "");
    fs::copy(router.sim.ca_file(), &file).expect("copied");
    router.once().expect(0).says("home: confirmed");
    // One that was not there at all.
    fs::remove_file(&file).expect("it is there");
    let router = failing(&path, "");
    fs::copy(router.sim.ca_file(), &file).expect("copied");
    router.once().expect(0).says("home: confirmed");
}

/// A device that is not there, and a family that the service does not have.
#[test]
fn another_bind_or_transport_is_tried_at_once() {
    let router = Router::new();
    let _ubus = router.ubus();
    router.configure(&router.home(&format!("{STATIC}\noption bind 'wan9'")));
    for _ in 0..3 {
        assert_ne!(force(&router).code, Some(0));
    }
    router.once().expect(75).says("home: throttled");
    router.configure(&router.home(STATIC));
    router.once().expect(0).says("home: confirmed");
}

/// A hold ends with it too, over a reboot as well; the limits begin anew, as with another
/// key.
#[test]
fn a_hold_ends_with_another_way_of_access() {
    for reboots in [false, true] {
        let router = Router::with_address("8.8.4.4");
        fault(&router, "error=message");
        router.once().expect(77).says("home: refused");
        let copy = router.path("ca.pem");
        fs::copy(router.sim.ca_file(), &copy).expect("copied");
        router.sim.clear();
        if reboots {
            router.reboot();
        }
        router.once().expect(77).says("home: held");
        with_ca_file(&router, &copy.display().to_string(), "");
        router.once().expect(0).says("home: confirmed");
    }
}

/// What is confirmed is not sent again, and the service's own wish stands.
#[test]
fn another_way_of_access_forgets_nothing_confirmed_and_no_wish() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0).says("home: confirmed");
    let copy = router.path("ca.pem");
    fs::copy(router.sim.ca_file(), &copy).expect("copied");
    let copy = copy.display().to_string();
    with_ca_file(&router, &copy, "option transport 'ipv4'");
    router.once().expect(0).says("home: unchanged");
    router.reboot();
    router.once().expect(0).says("home: unchanged");
    assert_eq!(router.updates(), 1);
    fault(&router, "status=503,retry-after=600");
    force(&router).expect(75).says("home: throttled");
    router.sim.clear();
    with_ca_file(&router, &router.sim.ca_file().display().to_string(), "");
    force(&router)
        .expect(75)
        .says("home: throttled: the service asked to wait");
    assert_eq!(router.updates(), 0, "since the fault was cleared");
}
