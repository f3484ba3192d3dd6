//! Pain 1: stuck when a name does not resolve.

use std::fs;

use crate::{AFTER_BACKOFF, follow, unshare};
use wansync_test_support::{Ran, Router, ran};

const NAME: &str = "www.skydns.ru";
const KNOWN: &str = "127.0.0.1 localhost www.skydns.ru\n";
const UNKNOWN: &str = "127.0.0.1 localhost\n";

/// Binds the files of a folder over those of the machine, and becomes the program.
const WITH_FILES_OF: &str = r#"
for file in hosts nsswitch.conf resolv.conf; do
    [ ! -e "/etc/$file" ] || mount --bind "$1/$file" "/etc/$file" || exit 99
done
shift
exec "$@"
"#;

/// The names that the machine knows, for one program at a time.
pub struct Names<'a> {
    router: &'a Router,
}

impl Names<'_> {
    /// The services have a name that no resolver knows yet.
    pub fn of(router: &Router) -> Names<'_> {
        let names = Names { router };
        names.write("nsswitch.conf", "hosts: files\n");
        names.write("resolv.conf", "nameserver 192.0.2.53\n");
        names.set(UNKNOWN);
        names
    }

    pub fn write(&self, file: &str, text: &str) {
        fs::write(self.router.path(file), text).expect("a file of names");
    }

    /// A file that is bound already changes in place.
    fn set(&self, hosts: &str) {
        self.write("hosts", hosts);
    }

    pub fn resolve(&self) {
        self.set(KNOWN);
    }

    /// The program with these names, in these namespaces.
    pub fn command(&self, namespaces: &[&str], arguments: &[&str]) -> std::process::Command {
        let mut command = unshare(&[&["--mount"], namespaces].concat());
        command.args(["sh", "-c", WITH_FILES_OF, "sh"]);
        command.arg(self.router.config().parent().expect("a folder"));
        follow(&mut command, &self.router.command(arguments));
        command
    }

    fn once(&self, namespaces: &[&str]) -> Ran {
        let output = self.command(namespaces, &["once"]).output();
        ran(output.expect("unshare runs"))
    }

    fn once_later(&self) -> Ran {
        self.once(&["--time", "--boottime", &AFTER_BACKOFF.to_string()])
    }
}

/// The configuration with the name of the service for its address.
pub fn by_name(router: &Router, options: &str) {
    let text = router
        .home(options)
        .replace("//127.0.0.1:", "//www.skydns.ru:");
    router.configure(&text);
}

/// A router whose DNS was not up when an update was due never sent it, and
/// tried again in vain for ever.
#[test]
fn pain_01_a_name_that_does_not_resolve_is_tried_again() {
    // Without a network no name server can be reached either.
    for (files, namespaces) in [
        ("hosts: files\n", &[][..]),
        ("hosts: files dns\n", &["--net"]),
    ] {
        let router = Router::new();
        by_name(&router, "option source static\noption address 8.8.4.4");
        let names = Names::of(&router);
        names.write("nsswitch.conf", files);
        names.once(namespaces).expect(69).says(&format!(
            "home: unconfirmed: name resolution of {NAME} failed"
        ));
        let status = router.home_status();
        assert_eq!(status["outcome"], "unconfirmed");
        assert_eq!(status["sends_left_today"], 24, "nothing was sent");
        assert!((0..=18).contains(&status["next_due_s"].as_i64().expect("a number")));
        names.once(namespaces).expect(75).says("home: throttled");
        names.resolve();
        names.once_later().expect(0).says("home: confirmed");
        assert_eq!(router.updates(), 1);
        assert_eq!(router.bound(), ["8.8.4.4"]);
    }
}

/// A page that shows the address could not be asked before DNS was up, and the
/// updater gave up.
#[test]
fn pain_01_a_page_whose_name_does_not_resolve_is_asked_again() {
    let router = Router::new();
    router.sim.set_echo("8.8.4.4");
    let page = router.sim.echo_url();
    by_name(&router, &format!("option source web\nlist url '{page}'"));
    let names = Names::of(&router);
    names
        .once(&[])
        .expect(75)
        .says("home: aborted")
        .says(&format!("name resolution of {NAME} failed"));
    assert!(router.home_status()["confirmed"].is_null());
    names.resolve();
    names.once(&[]).expect(0).says("home: confirmed");
    assert_eq!(router.updates(), 1);
}
