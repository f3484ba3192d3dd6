//! The daemon's user and root in the same folders. Needs root.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use crate::staged::{Staged, WANSYNC, is_root};
use wansync_test_support::daemon::Daemon;
use wansync_test_support::{Router, program, ran};

fn owner(path: &Path) -> u32 {
    fs::symlink_metadata(path)
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        .uid()
}

fn passed_over() -> bool {
    if !is_root() {
        // Past the test harness, which keeps what passing tests print.
        let _ = writeln!(
            io::stderr(),
            "passed over: giving files to users takes root"
        );
    }
    !is_root()
}

/// A key where the daemon's user cannot go: the daemon would run, and send nothing.
#[test]
fn a_key_out_of_the_daemons_reach_is_refused_at_start() {
    if passed_over() {
        return;
    }
    let staged = Staged::new();
    staged.write("root/skydns.key", wansync_sim::KEY);
    staged
        .run("chmod 600 /root/skydns.key; chmod 750 /root")
        .expect(0);
    let with_key = |path: &str| {
        let option = format!("option key_file '{path}'");
        let home = staged.home("8.8.4.4");
        home.replace(&format!("option key '{}'", wansync_sim::KEY), &option)
    };
    staged.configure("option mode 'daemon'", &with_key("/root/skydns.key"));
    let why = "the daemon runs as the user wansync, who may not enter /root; \
               move the key to /etc/wansync";
    staged.run("wansync check --offline").expect(78).says(why);
    staged.service("start").says(why).says("is refused");
    assert!(staged.procd_lines("param").is_empty());
    // Root itself reads it.
    staged.configure("", &with_key("/root/skydns.key"));
    staged.run("wansync check --offline").expect(0);
    // What is said helps.
    staged.configure("option mode 'daemon'", &with_key("/etc/wansync/skydns.key"));
    staged
        .run("mv /root/skydns.key /etc/wansync/skydns.key")
        .expect(0);
    staged.run("wansync check --offline").expect(0);
    staged.service("start").expect(0);
    assert!(!staged.procd_lines("param").is_empty());
}

#[test]
fn what_root_left_becomes_the_daemons() {
    if passed_over() {
        return;
    }
    let staged = Staged::new();
    staged.write("etc/wansync/skydns.key", wansync_sim::KEY);
    staged.write("etc/wansync/notes", "");
    staged.write("root/secret", "");
    let home = staged.home("8.8.4.4").replace(
        &format!("option key '{}'", wansync_sim::KEY),
        "option key_file '/etc/wansync/skydns.key'",
    );
    staged.configure("", &home);
    staged.service("start").expect(0);
    assert_eq!(staged.bound(), ["8.8.4.4"]);
    symlink("/root/secret", staged.path("tmp/run/wansync/link")).expect("a link");
    staged.configure("option mode 'daemon'", &home);
    for _ in 0..2 {
        staged.service("reload").expect(0);
        for (name, user) in [
            ("etc/wansync", WANSYNC),
            ("etc/wansync/record", WANSYNC),
            ("etc/wansync/skydns.key", WANSYNC),
            ("etc/wansync/notes", 0),
            ("etc/config/wansync", 0),
            ("root/secret", 0),
            ("tmp/run/wansync", WANSYNC),
            ("tmp/run/wansync/lock", WANSYNC),
            ("tmp/run/wansync/skydns.home.json", WANSYNC),
            ("tmp/run/wansync/config", WANSYNC),
        ] {
            assert_eq!(owner(&staged.path(name)), user, "{name}");
        }
        let flash = staged.files(&["etc/wansync"]);
        staged.service("reload").expect(0);
        assert_eq!(
            staged.files(&["etc/wansync"]),
            flash,
            "nothing is given twice"
        );
    }
}

/// The daemon as a user without privileges; beside it root passes and notifies it
/// of events, before it is there, while it is, and after it.
#[test]
fn a_daemon_of_its_own_user_lives_beside_root() {
    if passed_over() {
        return;
    }
    let router = Router::with_address("8.8.4.4");
    for folder in ["run", "etc"] {
        fs::create_dir(router.path(folder)).expect("a folder");
        chown(router.path(folder), Some(WANSYNC), Some(WANSYNC)).expect("root may");
    }
    // Everybody may come as far as the folders; the configuration is the user's.
    let open = |path: &Path| {
        let mode = PermissionsExt::from_mode(0o755);
        fs::set_permissions(path, mode).expect("it is ours");
    };
    open(&router.path(""));
    let ca_file = router.path("ca.pem");
    fs::copy(router.sim.ca_file(), &ca_file).expect("a file");
    open(&ca_file);
    let text = fs::read_to_string(router.config()).expect("a configuration");
    let text = text.replace(
        &router.sim.ca_file().display().to_string(),
        &ca_file.display().to_string(),
    );
    fs::write(router.config(), text).expect("a configuration");
    let binary = router.path("wansync.bin");
    fs::copy(program().get_program(), &binary).expect("the program");

    // Root was first.
    router.once().expect(0);
    for name in ["run/lock", "run/skydns.home.json", "etc/record"] {
        assert_eq!(owner(&router.path(name)), WANSYNC, "{name}");
    }
    let as_user = || {
        let mut command = Command::new("setpriv");
        let user = WANSYNC.to_string();
        command.args([
            "--reuid",
            &user,
            "--regid",
            &user,
            "--clear-groups",
            "--no-new-privs",
            "--",
        ]);
        command.arg(&binary);
        let whole = router.command(&["daemon"]);
        command.args(whole.get_args());
        command
    };
    let mut daemon = Daemon::start(as_user(), router.path("log"));
    daemon.says("running: 1 skydns sections");
    router.run(&["once", "--force"]).expect(0);
    let mut event = router.command(&["event"]);
    ran(event.env("ACTION", "start").output().expect("it runs")).expect(0);
    router.run(&["status"]).expect(0);
    let text = fs::read_to_string(router.config())
        .expect("text")
        .replace("8.8.4.4", "8.8.8.8");
    fs::write(router.config(), text).expect("a configuration");
    daemon.signal(rustix::process::Signal::HUP);
    daemon.until("the new address", |_| router.bound() == ["8.8.8.8"]);
    daemon.end();
    router.run(&["once", "--force"]).expect(0);
    let mut daemon = Daemon::start(as_user(), router.path("log2"));
    daemon.says("running: 1 skydns sections");
    daemon.end();
    for folder in ["run", "etc"] {
        for entry in fs::read_dir(router.path(folder))
            .expect("a folder")
            .flatten()
        {
            assert_eq!(owner(&entry.path()), WANSYNC, "{}", entry.path().display());
        }
    }
}

/// Root can read it, so nobody but the daemon can say that it cannot.
#[test]
fn a_key_that_the_daemons_user_cannot_read_is_in_the_status() {
    if passed_over() {
        return;
    }
    let router = Router::new();
    for folder in ["run", "etc", "root"] {
        fs::create_dir(router.path(folder)).expect("a folder");
    }
    for folder in ["run", "etc"] {
        chown(router.path(folder), Some(WANSYNC), Some(WANSYNC)).expect("root may");
    }
    let open = |path: &Path, mode| {
        fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("it is ours");
    };
    open(&router.path(""), 0o755);
    open(&router.path("root"), 0o750);
    let key = router.path("root/skydns.key");
    fs::write(&key, wansync_sim::KEY).expect("a key");
    let home = router
        .home("option source 'static'\noption address '8.8.4.4'")
        .replace(
            &format!("option key '{}'", wansync_sim::KEY),
            &format!("option key_file '{}'", key.display()),
        )
        .replace(&router.sim.https_url(), &router.sim.http_url());
    router.configure_raw(home.as_bytes());
    open(&router.config(), 0o644);
    let binary = router.path("wansync.bin");
    fs::copy(program().get_program(), &binary).expect("the program");
    let user = WANSYNC.to_string();
    let mut daemon = Command::new("setpriv");
    daemon.args(["--reuid", &user, "--regid", &user, "--clear-groups", "--"]);
    daemon
        .arg(&binary)
        .args(router.command(&["daemon"]).get_args());
    let mut daemon = Daemon::start(daemon, router.path("log"));
    daemon.says("may not be read by this user");
    daemon.until("the status", |_| {
        router.home_status()["outcome"] == "aborted"
    });
    let status = router.home_status();
    let why = format!(
        "the key file {} may not be read by this user (number {WANSYNC}, not root)",
        key.display()
    );
    assert_eq!(status["reason"], why.as_str());
    assert_eq!(router.updates(), 0);
    // What was put right is seen at a reload.
    open(&router.path("root"), 0o755);
    open(&key, 0o644);
    daemon.signal(rustix::process::Signal::HUP);
    daemon.until("the address", |_| router.bound() == ["8.8.4.4"]);
}

/// A file that a person asked for belongs to that person, wherever it is put.
#[test]
fn an_output_file_is_not_given_away() {
    if passed_over() {
        return;
    }
    let router = Router::with_address("8.8.4.4");
    fs::create_dir(router.path("out")).expect("a folder");
    chown(router.path("out"), Some(WANSYNC), Some(WANSYNC)).expect("root may");
    let file = router.path("out/tunnel");
    let output = file.display().to_string();
    let words = [
        "skydns",
        "add_vpn",
        "ident=user1",
        "name=home",
        "profile_id=1001",
        "--output",
        &output,
    ];
    router.run(&words).expect(0);
    assert_eq!(owner(&file), 0);
}
