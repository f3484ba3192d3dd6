//! Output that is lost ends every command with 74, so that
//! `wansync status > new && mv new old` never puts half a status in place.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use wansync_test_support::{Ran, Router, ran};

/// Every command that prints, as it is typed; each ends with 0 where it is heard.
const COMMANDS: [&str; 22] = [
    "--version",
    "--help",
    "help",
    "once --help",
    "status --help",
    "skydns --help",
    "once",
    "once --force",
    "once --dry-run",
    "status",
    "status --format json",
    "status --format prometheus",
    "notify --help",
    "report",
    "check",
    "check --offline",
    "check --service",
    "skydns --list",
    "vpnki --list",
    "skydns update_ip --help",
    "skydns profiles ident=user1",
    "skydns profiles ident=user1 --raw",
];

fn words(line: &str) -> Vec<&str> {
    line.split_ascii_whitespace().collect()
}

fn sections_that_are_off(router: &Router) -> String {
    router.home("option source 'static'\noption address '8.8.4.4'\noption enabled '0'")
}

/// A command whose standard output is what the shell makes of this.
fn redirected(router: &Router, line: &str, redirection: &str) -> Ran {
    let command = router.command(&words(line));
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("exec \"$@\" {redirection}"), "sh"])
        .arg(command.get_program())
        .args(command.get_args());
    ran(shell.output().expect("sh runs"))
}

#[test]
fn lost_output_ends_every_command_with_74() {
    let router = Router::with_address("8.8.4.4");
    for line in COMMANDS {
        router.run(&words(line)).expect(0);
        for lost in ["> /dev/full", "1< /dev/null"] {
            let ran = redirected(&router, line, lost).expect(74);
            let errors = ran.stderr.lines().filter(|line| line.contains(": error: "));
            assert_eq!(errors.count(), 1, "{line} {lost}: {ran:?}");
            let why = match lost {
                "> /dev/full" => "No space left on device",
                _ => "Bad file descriptor",
            };
            assert!(ran.stderr.contains(why), "{line}: {ran:?}");
        }
    }
}

/// What is wrong besides does not hide that it was not told.
#[test]
fn lost_findings_end_a_check_with_74() {
    let router = Router::with_address("8.8.4.4");
    router.configure("config skydns 'home'\noption ident 'user1'\n");
    router.run(&["check", "--offline"]).expect(78);
    redirected(&router, "check --offline", "> /dev/full").expect(74);
    redirected(&router, "once", "> /dev/full").expect(74);
    router.configure(&sections_that_are_off(&router));
    router.run(&["once"]).expect(0);
    redirected(&router, "once", "> /dev/full").expect(74);
    redirected(&router, "check --service", "> /dev/full").expect(74);
}

/// The line of the README for Prometheus.
#[test]
fn an_old_file_stays_where_the_new_one_is_not_whole() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    let old = router.path("wansync.prom");
    fs::write(&old, "old").expect("written");
    let command = router.command(&["status", "--format", "prometheus"]);
    let put_in_place = |new: &str| {
        let line = format!("\"$@\" > {new} && mv {new} {}", old.display());
        let mut shell = Command::new("sh");
        shell.args(["-c", &line, "sh"]).arg(command.get_program());
        ran(shell.args(command.get_args()).output().expect("sh runs"))
    };
    put_in_place("/dev/full").expect(74);
    assert_eq!(fs::read(&old).expect("it is there"), b"old");
    put_in_place(&router.path("new").display().to_string()).expect(0);
    let text = fs::read_to_string(&old).expect("text");
    assert!(text.contains("wansync_skydns_confirmed_info"), "{text}");
}

/// An update is not given up because nobody can be told of it.
#[test]
fn a_pass_is_done_whose_output_is_lost() {
    let router = Router::with_address("8.8.4.4");
    redirected(&router, "once", "> /dev/full").expect(74);
    assert_eq!(router.bound(), ["8.8.4.4"]);
    router.once().expect(0).says("unchanged");
}

/// `wansync … | head -1`: the reader has had what it wants.
#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let router = Router::with_address("8.8.4.4");
    for line in COMMANDS {
        let command = router.command(&words(line));
        let mut shell = Command::new("sh");
        // The reader is gone before the command begins.
        let script = "{ sleep 0.2; \"$@\" 2>&3; echo code=$? >&3; } | true";
        shell
            .args(["-c", &format!("exec 3>&1; {script}"), "sh"])
            .arg(command.get_program())
            .args(command.get_args());
        let ran = ran(shell.output().expect("sh runs"));
        assert!(ran.stdout.ends_with("code=0\n"), "{line}: {ran:?}");
        assert!(!ran.stdout.contains("error"), "{line}: {ran:?}");
    }
}

/// What is closed is not wanted; and no file is opened in its place and printed into.
#[test]
fn closed_descriptors_are_no_harm() {
    for closed in [">&-", "<&-", "2>&-", "<&- >&- 2>&-"] {
        let router = Router::with_address("8.8.4.4");
        for line in ["once", "status", "check", "skydns profiles ident=user1"] {
            redirected(&router, line, closed).expect(0);
        }
        assert_eq!(router.bound(), ["8.8.4.4"], "{closed}");
        for file in ["record", "lock"] {
            for folder in ["etc", "run"] {
                let text = fs::read_to_string(router.path(folder).join(file));
                let is_printed = text.is_ok_and(|text| text.contains("home:"));
                assert!(!is_printed, "{closed}: {folder}/{file}");
            }
        }
        router.once().expect(0).says("unchanged");
    }
}

/// Whatever the umask of who starts it is, what it leaves is its owner's alone.
#[test]
fn files_are_for_their_owner_alone_whatever_the_umask() {
    let router = Router::with_address("8.8.4.4");
    let command = router.command(&["once"]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 0; exec \"$@\"", "sh"]);
    shell.arg(command.get_program()).args(command.get_args());
    ran(shell.output().expect("sh runs")).expect(0);
    for folder in ["etc", "run"] {
        let folder = router.path(folder);
        let entries = fs::read_dir(&folder).expect("a folder").flatten();
        for path in entries.map(|entry| entry.path()).chain([folder]) {
            let mode = fs::metadata(&path).expect("it is there").permissions();
            assert_eq!(mode.mode() & 0o077, 0, "{}", path.display());
        }
    }
}
