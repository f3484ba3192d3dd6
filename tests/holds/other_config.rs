//! A configuration that is refused, while the daemon goes on with the one of before.

use std::fs;

use rustix::process::Signal;

use crate::STATIC;
use wansync_sim::KEY;
use wansync_test_support::Router;
use wansync_test_support::daemon::Daemon;

/// A router whose daemon has confirmed its address: it reads a copy of the file, as the
/// init script makes it, or the file itself.
fn running(with_copy: bool) -> (Router, Daemon) {
    let router = Router::with_address("8.8.4.4");
    let mut command = router.command(&["daemon"]);
    if with_copy {
        let copy = router.path("copy");
        fs::copy(router.config(), &copy).expect("a copy");
        let arguments: Vec<_> = command.get_args().map(std::ffi::OsStr::to_owned).collect();
        let program = command.get_program().to_owned();
        let config = router.config().into_os_string();
        command = std::process::Command::new(program);
        command.args(
            arguments
                .into_iter()
                .map(|argument| match argument == config {
                    true => copy.clone().into_os_string(),
                    false => argument,
                }),
        );
    }
    let mut daemon = Daemon::start(command, router.path("daemon.log"));
    daemon.says("8.8.4.4 is confirmed");
    (router, daemon)
}

/// Seen in the field: after a refused reload status said "no pass yet, confirmed none".
#[test]
fn status_says_what_the_daemon_does_and_that_the_file_has_an_error() {
    let file = |router: &Router| router.config().display().to_string();
    for with_copy in [true, false] {
        let (router, mut daemon) = running(with_copy);
        // A quote that is missing fails the whole file.
        let mut text = fs::read_to_string(router.config()).expect("text");
        text.push_str("config skydns 'office\n");
        router.configure_raw(text.as_bytes());
        if !with_copy {
            daemon.signal(Signal::HUP);
            daemon.says("the configuration of before stays in use");
        }
        let status = router.run(&["status"]).expect(0);
        let status = status
            .says(&format!("{}: Parse error", file(&router)))
            .says("; the daemon goes on with the configuration of before")
            .says("home  confirmed")
            .says("observed 8.8.4.4, confirmed 8.8.4.4")
            .never_says("no pass yet");
        assert!(!status.said().contains(KEY));
        let status = router.status();
        assert_eq!(status["skydns"][0]["confirmed"], "8.8.4.4");
        router
            .run(&["status", "--format", "prometheus"])
            .expect(0)
            .says("wansync_configuration_errors 1\n")
            .says("outcome=\"confirmed\"} 1\n");
        daemon.end();
        // Without a daemon nothing goes on.
        router.run(&["status"]).expect(78).says("Parse error");
    }
}

/// A section with an error, which the init script refuses too.
#[test]
fn a_section_with_an_error_goes_on_in_the_daemon_that_was_not_told() {
    let (router, daemon) = running(true);
    router.configure(&router.home("option source 'static'\noption address 'nonsense'"));
    router
        .run(&["status"])
        .expect(0)
        .says(", line 8: error: section 'home': ")
        .says("; the daemon goes on with the configuration of before")
        .says("home  confirmed");
    // One without an error that nobody has announced.
    router.configure(&router.home(&format!("{STATIC}\noption refresh '9h'")));
    router
        .run(&["status"])
        .expect(0)
        .says(" has changed, and the daemon still uses the configuration of before: reload it")
        .says("home  confirmed");
    fs::copy(router.config(), router.path("copy")).expect("a copy");
    daemon.signal(Signal::HUP);
    wansync_test_support::waiting::wait_until("the daemon has reloaded", || {
        router.status()["warnings"].is_null()
    });
}
