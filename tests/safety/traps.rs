//! What another user of the router can put in the way of root: the daemon's user, whose
//! folder `/var/run/wansync` is, or any, where it does not exist yet.
//!
//! Each command ends, touches nothing outside, and names what is in the way.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::geteuid;
use wansync_test_support::waiting::wait_for;
use wansync_test_support::{Ran, Router, ran};

/// A user of whom the router knows nothing.
const STRANGER: u32 = 54321;
/// Of a file that is none of our business.
const TEXT: &str = "a file of root's\n";

/// Something in the way, at this path; the other is that of the file that it leads to.
type Trap = fn(&Path, &Path);

fn pipe(path: &Path, _: &Path) {
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.expect("mkfifo runs").success());
}

fn link(path: &Path, victim: &Path) {
    symlink(victim, path).expect("a link");
}

fn hard_link(path: &Path, victim: &Path) {
    fs::hard_link(victim, path).expect("a link");
}

fn folder(path: &Path, _: &Path) {
    fs::create_dir(path).expect("a folder");
    fs::write(path.join("file"), "").expect("a file in it");
}

fn socket(path: &Path, _: &Path) {
    drop(UnixListener::bind(path).expect("a socket"));
}

fn strangers(path: &Path, _: &Path) {
    fs::write(path, "").expect("a file");
    fs::set_permissions(path, Permissions::from_mode(0o666)).expect("its mode");
    chown(path, Some(STRANGER), Some(STRANGER)).expect("only root can");
}

const TRAPS: [(&str, Trap, &str); 6] = [
    ("a pipe", pipe, "is not a regular file"),
    ("a link", link, "is a symbolic link"),
    ("a hard link", hard_link, "has a second name"),
    ("a folder", folder, "is not a regular file"),
    ("a socket", socket, "is not a regular file"),
    ("a stranger's file", strangers, "belongs to another user"),
];

/// A router with a confirmed address, and a file beside its folders.
fn settled() -> (Router, PathBuf) {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    let victim = router.path("victim");
    fs::write(&victim, TEXT).expect("a file");
    fs::set_permissions(&victim, Permissions::from_mode(0o640)).expect("its mode");
    (router, victim)
}

/// Removes whatever is at this path.
fn clear(path: &Path) {
    let _ = fs::remove_file(path);
    let _ = fs::remove_dir_all(path);
}

/// Runs it; a hang is a failure, and is ended.
#[track_caller]
fn run(router: &Router, arguments: &[&str]) -> Ran {
    run_with(router, arguments, None)
}

/// The same with another state folder.
#[track_caller]
fn run_with(router: &Router, arguments: &[&str], state: Option<&Path>) -> Ran {
    let mut command = Command::new("timeout");
    command.args(["-s", "KILL", "100"]);
    let program = router.command(arguments);
    let given = program.get_args().map(OsStr::to_owned);
    let mut given: Vec<OsString> = given.collect();
    if let Some(state) = state {
        let at = given.iter().position(|word| word == "--state");
        given[at.expect("it is given") + 1] = state.into();
    }
    command.arg(program.get_program()).args(given);
    let ran = ran(command.env("ACTION", "step").output().expect("it runs"));
    assert!(
        ran.code.is_some_and(|code| code < 124),
        "{arguments:?}: {ran:?}"
    );
    ran
}

/// The victim, and that it is as it was.
fn untouched(victim: &Path, before: &fs::Metadata, what: &str) {
    let now = fs::metadata(victim).expect("it is there");
    assert_eq!(fs::read_to_string(victim).expect("text"), TEXT, "{what}");
    let facts = |of: &fs::Metadata| (of.mode(), of.uid(), of.mtime(), of.mtime_nsec());
    assert_eq!(facts(&now), facts(before), "{what}");
}

/// Every trap, in the place of every file that a command opens.
#[track_caller]
fn each_trap(name: &str, arguments: &[&str], test: impl Fn(&str, &Router, &Path, Ran, &str)) {
    each_trap_after(&|_| {}, name, arguments, test);
}

/// The same after something more has come. Neither the command nor the test changes what
/// the trap leads to.
#[track_caller]
fn each_trap_after(
    prepare: &dyn Fn(&Router),
    name: &str,
    arguments: &[&str],
    test: impl Fn(&str, &Router, &Path, Ran, &str),
) {
    for (what, trap, words) in TRAPS {
        if what == "a stranger's file" && !geteuid().is_root() {
            continue;
        }
        let (router, victim) = settled();
        let path = router.path("run").join(name);
        clear(&path);
        trap(&path, &victim);
        let before = fs::metadata(&victim).expect("it is there");
        prepare(&router);
        let ran = run(&router, arguments);
        untouched(&victim, &before, what);
        test(what, &router, &path, ran, words);
        untouched(&victim, &before, what);
    }
}

#[test]
fn a_trap_in_the_place_of_the_lock_is_named() {
    each_trap("lock", &["once"], |what, router, path, ran, words| {
        let ran = ran.expect(75).says("nothing is sent").says(words);
        assert!(
            ran.stderr.contains(&*path.display().to_string()),
            "{what}: {ran:?}"
        );
        assert_eq!(router.updates(), 1, "{what}");
        clear(path);
        router.once().expect(0).says("unchanged");
    });
}

#[test]
fn a_trap_in_the_place_of_an_events_lock_is_named() {
    for name in ["event.lock", "event.pending"] {
        each_trap(name, &["event"], |what, _, path, ran, words| {
            let ran = ran.expect(75).says(words);
            assert!(
                ran.stderr.contains(&*path.display().to_string()),
                "{what}: {ran:?}"
            );
        });
    }
}

#[test]
fn a_trap_in_the_place_of_the_daemons_lock_is_named() {
    each_trap("daemon.lock", &["daemon"], |what, _, path, ran, words| {
        let ran = ran.expect(75).says(words);
        assert!(
            ran.stderr.contains(&*path.display().to_string()),
            "{what}: {ran:?}"
        );
    });
}

/// A pass does its work all the same, and what stands in the way of the history is named.
#[test]
fn a_trap_in_the_place_of_the_history_loses_no_pass() {
    for name in ["history", "history.lock"] {
        let change = |router: &Router| router.set_address("8.8.8.8");
        each_trap_after(&change, name, &["once"], |_, router, path, ran, words| {
            ran.expect(0)
                .says(words)
                .says("8.8.8.8 is confirmed")
                .says(&path.display().to_string());
            run(router, &["history"]).expect(0).says("confirmed");
        });
    }
}

/// Before anything has to be sent.
#[test]
fn check_and_status_name_a_trap() {
    for name in [
        "lock",
        "pending",
        "event.lock",
        "event.address",
        "daemon.lock",
    ] {
        each_trap(name, &["check"], |what, router, path, ran, words| {
            let says = format!("FAIL  cannot write in {}: ", router.path("run").display());
            let ran = ran.expect(75).says(&says).says(words);
            let path = path.display().to_string();
            assert!(ran.stdout.contains(&path), "{what}: {ran:?}");
            let status = router.run(&["status"]).expect(0);
            status.says(words).says("nothing is sent");
            let metrics = router.run(&["status", "--format", "prometheus"]);
            metrics.says("wansync_state_writable 0\n");
        });
    }
    let (router, victim) = settled();
    clear(&router.record());
    link(&router.record(), &victim);
    let says = format!(
        "{} is a symbolic link; remove it",
        router.record().display()
    );
    router.run(&["check"]).expect(75).says(&says);
}

/// What was remembered is passed over; the record still knows the address, so that
/// nothing is sent.
#[test]
fn a_trap_in_the_place_of_a_state_counts_as_none() {
    for command in ["status", "once"] {
        each_trap(
            "skydns.home.json",
            &[command],
            |what, router, path, ran, words| {
                let ran = ran.says(words).says("it counts as empty");
                assert!(
                    ran.stderr.contains(&*path.display().to_string()),
                    "{what}: {ran:?}"
                );
                assert_eq!(router.updates(), 1, "{what}");
            },
        );
    }
}

/// A draft is ours alone, whatever was there under its name.
#[test]
fn a_trap_in_the_place_of_a_draft_is_replaced() {
    each_trap(
        "skydns.home.new",
        &["once", "--force"],
        |what, router, path, ran, _| match what {
            "a folder" => {
                let ran = ran.expect(75).says("is in the way; remove it");
                assert!(ran.said().contains(&*path.display().to_string()), "{ran:?}");
                assert_eq!(router.updates(), 1);
            }
            _ => {
                ran.expect(0);
                assert_eq!(router.updates(), 2, "{what}");
            }
        },
    );
}

/// The daemon's socket, as a client finds it.
#[test]
fn a_trap_in_the_place_of_the_socket_is_not_asked() {
    each_trap("control", &["status"], |what, _, path, ran, _| {
        let is_named = ran.stderr.contains(&*path.display().to_string());
        // A daemon that was killed leaves a socket.
        assert_eq!(is_named, what != "a socket", "{what}: {ran:?}");
        ran.expect(0);
    });
}

/// A record that may be anybody's counts as none, and costs one send.
#[test]
fn a_trap_in_the_place_of_the_record_counts_as_none() {
    for (what, trap, words) in TRAPS {
        if what == "a stranger's file" && !geteuid().is_root() {
            continue;
        }
        let (router, victim) = settled();
        clear(&router.record());
        trap(&router.record(), &victim);
        router.reboot();
        let before = fs::metadata(&victim).expect("it is there");
        let ran = run(&router, &["once"]).says(words);
        untouched(&victim, &before, what);
        assert!(
            ran.stderr.contains(&*router.record().display().to_string()),
            "{ran:?}"
        );
        assert_eq!(router.updates(), 2, "{what}");
    }
}

/// A folder that a stranger made where root was about to, as any can in /tmp.
#[test]
fn a_folder_of_a_stranger_is_refused() {
    if !geteuid().is_root() {
        return;
    }
    for is_link in [false, true] {
        let (router, victim) = settled();
        let (shared, elsewhere) = (router.path("shared"), router.path("elsewhere"));
        for path in [&shared, &elsewhere] {
            fs::create_dir(path).expect("a folder");
            fs::set_permissions(path, Permissions::from_mode(0o1777)).expect("its mode");
        }
        let state = shared.join("run");
        let made = match is_link {
            true => symlink(&elsewhere, &state),
            false => fs::create_dir(&state),
        };
        made.expect("it is made");
        std::os::unix::fs::lchown(&state, Some(STRANGER), Some(STRANGER)).expect("only root can");
        let before = fs::metadata(&victim).expect("it is there");
        for (words, code) in [
            (&["once"][..], 75),
            (&["status"], 75),
            (&["event"], 75),
            (&["daemon"], 75),
        ] {
            let ran = run_with(&router, words, Some(&state))
                .expect(code)
                .says("another user's");
            assert!(
                ran.stderr.contains(&*state.display().to_string()),
                "{ran:?}"
            );
        }
        untouched(&victim, &before, "a folder");
        assert_eq!(fs::read_dir(&elsewhere).expect("a folder").count(), 0);
        assert_eq!(router.updates(), 1);
    }
}

/// Folders that root gave away, or linked to, work as ever.
#[test]
fn folders_that_root_chose_are_used() {
    let (router, _) = settled();
    let run = router.path("run");
    fs::rename(&run, router.path("elsewhere")).expect("moved");
    symlink(router.path("elsewhere"), &run).expect("a link");
    router
        .once()
        .expect(0)
        .says("unchanged")
        .never_says("remove it");
    if geteuid().is_root() {
        for path in [
            router.path("elsewhere"),
            router.path("etc"),
            router.record(),
        ] {
            chown(path, Some(STRANGER), Some(STRANGER)).expect("only root can");
        }
        chown(router.path("elsewhere/lock"), Some(STRANGER), None).expect("only root can");
        router
            .once()
            .expect(0)
            .says("unchanged")
            .never_says("remove it");
        router.reboot();
        router
            .once()
            .expect(0)
            .says("unchanged")
            .never_says("remove it");
    }
    assert_eq!(router.updates(), 1);
}

/// The socket is for its owner alone from the moment that it has its name, and what a
/// link in its place leads to stays as it is.
#[test]
fn the_daemons_socket_is_its_owners_alone() {
    let (router, victim) = settled();
    let before = fs::metadata(&victim).expect("it is there");
    for name in ["control", "control.new"] {
        clear(&router.path("run").join(name));
        symlink(&victim, router.path("run").join(name)).expect("a link");
    }
    let mut shell = Command::new("sh");
    let program = router.command(&["daemon"]);
    shell.args(["-c", "umask 0; exec \"$@\"", "sh"]);
    let mut daemon = shell.arg(program.get_program()).args(program.get_args());
    daemon = daemon.stderr(std::process::Stdio::null());
    let mut daemon = daemon.spawn().expect("it starts");
    let mode = wait_for(|| {
        let what = fs::symlink_metadata(router.path("run/control")).ok()?;
        (!what.is_symlink()).then_some(what.mode())
    });
    daemon.kill().expect("it runs");
    daemon.wait().expect("it ends");
    assert_eq!(mode.map(|mode| mode & 0o777), Some(0o600));
    untouched(&victim, &before, "the socket");
}
