//! Started before what it needs: it says what it waits for, and acts when that
//! comes.

use std::fs;

use crate::{daemon, router};
use wansync_sim::{KEY, Options, Sim};
use wansync_test_support::Router;
use wansync_test_support::daemon::Daemon;
use wansync_test_support::jail::jailed;
use wansync_test_support::netifd::up;

#[test]
fn before_ubusd() {
    let router = router("");
    let mut daemon = daemon(&router);
    daemon.says("netifd is not heard");
    daemon.says("home: aborted: ");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    daemon.says("netifd is heard again");
    daemon.says("8.8.4.4 is confirmed");
    for once in ["netifd is not heard", "aborted"] {
        assert_eq!(daemon.log().matches(once).count(), 1, "{}", daemon.log());
    }
}

#[test]
fn before_its_network_is_known() {
    let router = router("");
    let ubus = router.ubus();
    ubus.set_interface("lan", up("192.168.1.1"));
    let mut daemon = daemon(&router);
    daemon.says("home: aborted: netifd knows no network 'wan'");
    ubus.set_interface("wan", up("8.8.4.4"));
    daemon.says("8.8.4.4 is confirmed");
}

#[test]
fn before_dns() {
    let router = Router::new();
    let (hosts, resolv) = (router.path("hosts"), router.path("resolv"));
    fs::write(&hosts, "127.0.0.1 localhost\n").expect("hosts");
    fs::write(
        &resolv,
        "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
    )
    .expect("resolv");
    let sim = Sim::start(Options {
        names: vec!["skydns.test".to_owned()],
        ..Options::default()
    });
    let (ca_file, port) = (sim.ca_file().display(), sim.https_addr().port());
    router.configure_raw(
        format!(
            "config wansync 'main'\noption ca_file '{ca_file}'\nconfig skydns 'home'\n\
             option base_url 'https://skydns.test:{port}/provider_api/'\n\
             option ident 'user1'\noption key '{KEY}'\n\
             option source static\noption address '8.8.4.4'\n"
        )
        .as_bytes(),
    );
    let line = format!(
        "mount --bind {} /etc/hosts; mount --bind {} /etc/resolv.conf",
        hosts.display(),
        resolv.display()
    );
    let Some(command) = jailed(&line, &router.command(&["daemon"])) else {
        return;
    };
    let mut daemon = Daemon::start(command, router.path("daemon.log"));
    daemon.says("home: unconfirmed: ");
    daemon.says("skydns.test");
    let status = router.home_status();
    assert_eq!(status["sends_left_today"], 24, "nothing was sent: {status}");
    fs::write(&hosts, "127.0.0.1 localhost skydns.test\n").expect("hosts");
    daemon.says("8.8.4.4 is confirmed");
    assert_eq!(sim.requests().len(), 1);
}

/// Another daemon is said, and its end is waited for.
#[test]
fn beside_another_daemon() {
    let router = Router::with_address("8.8.4.4");
    let mut first = daemon(&router);
    first.says("8.8.4.4 is confirmed");
    let mut second = Daemon::start(router.command(&["daemon"]), router.path("second.log"));
    let pid = first.pid().as_raw_nonzero();
    second.says(&format!(
        "another wansync daemon (process {pid}) uses the folder"
    ));
    assert!(first.end().success());
    second.says("running: 1 skydns sections");
    assert!(second.end().success());
    assert_eq!(router.updates(), 1);
}

/// The problems of the configuration are in the log of a daemon, too.
#[test]
fn with_a_section_that_is_wrong() {
    let router = Router::new();
    router.configure("config skydns 'home'\noption ident 'user1'\noption daily_limit 'x'\n");
    let mut daemon = daemon(&router);
    daemon.says("daily_limit");
    assert!(daemon.end().success());
}
