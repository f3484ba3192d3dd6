//! `wansync report`: one text for others, which always comes, and shows no secret.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests do I/O"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use rustix::process::geteuid;
use wansync_sim::{KEY, Times};
use wansync_test_support::daemon::Daemon;
use wansync_test_support::netifd::up;
use wansync_test_support::{Ran, Router, ran};

/// A part of a report, from its heading to the next one.
#[track_caller]
fn part<'a>(report: &'a Ran, title: &str) -> &'a str {
    let (_, rest) = (report.stdout)
        .split_once(&format!("\n== {title} ==\n"))
        .unwrap_or_else(|| panic!("no part '{title}' in:\n{}", report.said()));
    rest.split("\n== ").next().expect("a text").trim_end()
}

fn report(router: &Router, options: &[&str]) -> Ran {
    let ran = router.run(&[&["report"], options].concat()).expect(0);
    ran.never_says(KEY)
}

fn fault(router: &Router, text: &str) {
    router.sim.fault(text.parse().expect(text), Times::Next(1));
}

/// A router that asks netifd, and has a tunnel; its owner is `user1`, and `user356`.
fn household() -> Router {
    let router = Router::new();
    let home = router.home("option network 'wan'\noption hostname 'attic-router'");
    let tunnel = "config tunnel 'dacha'\noption name 'user356'\noption network 'vpnki0'\n\
                  option ping '172.16.0.1' # of-the-comment\noption pign 'a-mistyped-secret'\n";
    router.configure(&format!("{home}{tunnel}"));
    router
}

#[test]
fn all_that_a_hotline_asks_for_and_no_secret() {
    let router = household();
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    router.run(&["once", "home"]).expect(0);
    let shown = report(&router, &[]);
    let version = format!("wansync {}, ", env!("CARGO_PKG_VERSION"));
    assert!(
        part(&shown, "router").starts_with(&version),
        "{}",
        shown.stdout
    );
    assert!(
        part(&shown, "router").contains("\nkernel: "),
        "{}",
        shown.stdout
    );
    let configuration = part(&shown, "configuration");
    for line in [
        "config skydns 'home'",
        "\toption ident 'login-1'",
        "\toption key '***'",
        "\toption hostname 'attic-router'",
        "config tunnel 'dacha'",
        "\toption name 'login-2'",
        "\toption pign '***'",
    ] {
        assert!(
            configuration.lines().any(|other| other == line),
            "{line}: {configuration}"
        );
    }
    let status = part(&shown, "status");
    assert!(
        status.contains("\nhome   unchanged") || status.contains("\nhome   confirmed"),
        "{status}"
    );
    assert!(status.contains("confirmed 8.8.4.4"), "{status}");
    let check = part(&shown, "check");
    assert!(
        check.contains("knows the key and the user login-1"),
        "{check}"
    );
    assert!(check.contains("option 'pign' is unknown"), "{check}");
    let networks = part(&shown, "networks");
    assert!(networks.starts_with("wan: up; "), "{networks}");
    assert!(networks.contains("addresses 8.8.4.4"), "{networks}");
    assert!(
        networks.contains("\nvpnki0: netifd does not know it"),
        "{networks}"
    );
    assert_eq!(part(&shown, "replies that were not understood"), "none");
    let shown = shown.never_says("user1").never_says("user356");
    shown
        .never_says("of-the-comment")
        .never_says("a-mistyped-secret");
}

#[test]
fn an_anonymous_report_has_the_same_stand_in_for_the_same_throughout() {
    let router = household();
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    router.run(&["once", "home"]).expect(0);
    let shown = report(&router, &["--anonymous"]);
    let networks = part(&shown, "networks");
    let (_, stand_in) = networks.split_once("addresses ").expect("addresses");
    let stand_in = stand_in.split([';', '\n']).next().expect("an address");
    assert!(stand_in.starts_with("address-"), "{networks}");
    let status = part(&shown, "status");
    assert!(
        status.contains(&format!("confirmed {stand_in} ")),
        "{status}"
    );
    let configuration = part(&shown, "configuration");
    assert!(
        configuration.contains("\toption hostname 'host-"),
        "{configuration}"
    );
    let shown = shown.never_says("8.8.4.4").never_says("attic-router");
    shown.never_says("user1").never_says("user356");
}

/// What a service said that nobody understood is kept, the key in it is not.
#[test]
fn replies_that_were_not_understood() {
    let router = Router::with_address("8.8.4.4");
    let quoted = KEY.replace('-', "%2D");
    fault(
        &router,
        &format!("body=<h1>{KEY} and {quoted}</h1> for user1"),
    );
    router.once().expect(1);
    let file = router.path("run/replies.json");
    let mode = fs::metadata(&file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let kept = fs::read_to_string(&file).expect("a file");
    assert!(!kept.contains(KEY) && !kept.contains(&quoted), "{kept}");
    fault(&router, "body={\"answer\": 42}");
    router.run(&["skydns", "profiles", "ident=user1"]).expect(1);
    let shown = report(&router, &[]);
    let replies = part(&shown, "replies that were not understood");
    let (first, second) = replies.split_once("\nprofiles, ").expect(replies);
    assert!(first.starts_with("home, "), "{replies}");
    assert!(first.contains(" ago, HTTP status 200: "), "{replies}");
    assert!(
        first.ends_with("\n  <h1>*** and ***</h1> for login-1"),
        "{replies}"
    );
    assert!(second.ends_with("\n  {\"answer\": 42}"), "{replies}");
    router.reboot();
    let shown = report(&router, &[]);
    assert_eq!(part(&shown, "replies that were not understood"), "none");
}

/// A refusal is understood; a reply with a secret of the service's own is not kept.
#[test]
fn what_is_not_kept() {
    let router = Router::with_address("8.8.4.4");
    fault(&router, "error=message");
    router.once().expect(77);
    fault(&router, "body={\"config\": \"PRIVATE KEY\"}");
    let words = ["ident=user1", "name=a", "profile_id=7"];
    router
        .run(&[&["skydns", "add_vpn"], &words[..]].concat())
        .expect(1);
    assert!(!router.path("run/replies.json").exists());
    // On a PC there is no folder for it, and none is made.
    let router = Router::with_address("8.8.4.4");
    fault(&router, "body={\"answer\": 42}");
    router.run(&["skydns", "profiles", "ident=user1"]).expect(1);
    assert!(!router.path("run").exists());
}

#[test]
fn the_last_replies_of_vpnki_are_kept_too() {
    let router = Router::new();
    let url = router.sim.https_url();
    let account = format!("config vpnki 'account'\noption base_url '{url}'\noption key '{KEY}'\n");
    let tunnel =
        "config tunnel 'dacha'\noption vpnki account\noption name user356\noption network vpnki0\n";
    router.configure(&format!("{account}{tunnel}"));
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    router
        .sim
        .fault("html".parse().expect("a fault"), Times::All);
    router.run(&["once"]);
    let shown = report(&router, &[]);
    let replies = part(&shown, "replies that were not understood");
    assert!(replies.starts_with("account, "), "{replies}");
}

#[test]
fn it_comes_whatever_is_missing_or_damaged() {
    let router = Router::with_address("8.8.4.4");
    let shown = report(&router, &[]);
    assert!(
        part(&shown, "status").contains("home  no pass yet"),
        "{}",
        shown.stdout
    );
    assert!(
        part(&shown, "networks").contains("ubusd is not running"),
        "{}",
        shown.stdout
    );
    assert!(
        !router.path("run").exists(),
        "a report leaves nothing behind"
    );
    router.once().expect(0);
    fs::write(router.path("run/skydns.home.json"), "{\"boot_id\":").expect("a file");
    fs::write(router.record(), "no JSON").expect("a file");
    let shown = report(&router, &[]);
    let status = part(&shown, "status");
    assert!(
        status.contains("run/skydns.home.json is damaged: "),
        "{status}"
    );
    assert!(status.contains("etc/record is damaged: "), "{status}");
    router.configure_raw(b"config skydns 'home\n");
    let shown = report(&router, &[]);
    for title in ["configuration", "status", "check"] {
        assert!(
            part(&shown, title).contains("Parse error"),
            "{}",
            shown.stdout
        );
    }
    for title in ["log", "replies that were not understood"] {
        assert!(
            part(&shown, title).starts_with("not shown: "),
            "{}",
            shown.stdout
        );
    }
    fs::remove_file(router.config()).expect("a file");
    let shown = report(&router, &[]);
    assert!(
        part(&shown, "configuration").contains("does not exist"),
        "{}",
        shown.stdout
    );
}

/// The daemon's configuration tells what to hide where the file's is broken.
#[test]
fn a_daemon_knows_what_to_hide() {
    let router = Router::with_address("8.8.4.4");
    let mut daemon = Daemon::start(router.command(&["daemon"]), router.path("daemon.log"));
    daemon.says("home: confirmed");
    router.configure_raw(b"config skydns 'home\n");
    let shown = report(&router, &[]);
    let replies = part(&shown, "replies that were not understood");
    assert_eq!(replies, "none");
    shown.never_says("user1");
}

#[test]
fn a_user_who_may_see_nothing_is_told_so() {
    if !geteuid().is_root() {
        return;
    }
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    let open = PermissionsExt::from_mode(0o755);
    fs::set_permissions(router.path(""), open).expect("a mode");
    let command = router.command(&["report"]);
    let program = command.get_program();
    let mut other = Command::new("setpriv");
    other.args([
        "--reuid",
        "65534",
        "--regid",
        "65534",
        "--clear-groups",
        "--",
    ]);
    // Cargo's folder may be out of its sight.
    let copy = router.path("wansync-program");
    fs::copy(program, &copy).expect("a program");
    other.arg(copy).args(command.get_args());
    let shown = ran(other.output().expect("setpriv runs"))
        .expect(0)
        .never_says(KEY);
    assert!(
        part(&shown, "status").contains("this user may not look into"),
        "{}",
        shown.said()
    );
    assert!(
        part(&shown, "router").contains("as user 65534"),
        "{}",
        shown.said()
    );
}
