//! `source 'command'`: the first line of a program of the user's own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Instant;

use crate::{aborts, confirms};
use wansync_test_support::Router;
use wansync_test_support::waiting::{HANG, comes_true};

/// A router whose source is `/bin/sh SCRIPT` with these arguments.
fn router(script: &str, arguments: &[&str]) -> Router {
    let router = Router::new();
    let path = router.path("script");
    fs::write(&path, script).expect("the script is written");
    let mut options = "option source command\noption command /bin/sh\n".to_owned();
    for argument in [path.to_str().expect("UTF-8")].iter().chain(arguments) {
        options.push_str(&format!("list arg '{argument}'\n"));
    }
    router.configure(&router.home(&options));
    router
}

#[test]
fn the_first_line_is_the_address() {
    for script in [
        "echo 8.8.4.4",
        "printf 8.8.4.4",
        "printf '  8.8.4.4 \\r\\n'",
        "echo 8.8.4.4; echo 9.9.9.9; echo and more",
        "echo 8.8.4.4; yes | head -c 1000000",
        "echo noise >&2; echo 8.8.4.4",
        "yes | head -c 1000000 >&2; echo 8.8.4.4",
        "echo '\"8.8.4.4\"'",
        "echo '{\"ip\":\"8.8.4.4\"}'",
        "printf '{\\n  \"ip\": \"8.8.4.4\"\\n}\\n'",
        "printf 'fl=1a\\nip=8.8.4.4\\n'",
        // What it leaves behind with its output open is not waited for.
        "echo 8.8.4.4; sleep 2 &",
    ] {
        let router = router(script, &[]);
        let start = Instant::now();
        confirms(&router, "8.8.4.4");
        assert!(start.elapsed() < HANG, "{script}");
    }
}

#[test]
fn arguments_meet_no_shell() {
    let wanted = [
        "$(touch made)",
        "`touch made`",
        "; touch made",
        "a  b",
        "*",
        "-x",
        "\"",
        "школа",
    ];
    let router = router(
        "cd \"${0%/*}\" || exit; printf '%s\\n' \"$@\" >arguments; echo 8.8.4.4",
        &wanted,
    );
    confirms(&router, "8.8.4.4");
    let got = fs::read_to_string(router.path("arguments")).expect("they were written");
    assert_eq!(got.lines().collect::<Vec<_>>(), wanted);
    assert!(!router.path("made").exists());
}

#[test]
fn what_is_no_answer_sends_nothing() {
    for (script, reason) in [
        (":", "printed nothing"),
        ("echo; echo 8.8.4.4", "printed nothing"),
        ("echo 8.8.4.4; exit 3", "failed (exit status: 3)"),
        ("echo 8.8.4.4; kill -9 $$", "failed (signal: 9 (SIGKILL))"),
        ("echo address: 8.8.4.4", "did not print an address"),
        ("echo 8.8.4.4 9.9.9.9", "did not print an address"),
        ("echo 8.8.4.4/24", "did not print an address"),
        ("echo 8.8.4.004", "did not print an address"),
        ("head -c 100000 /dev/zero", "did not print an address"),
        ("printf '\\377\\376\\n'", "did not print an address"),
        (
            "echo 8.8.4.4/24",
            "did not print an address, but '8.8.4.4/24'",
        ),
        ("printf '8.8.4.4/24\\r\\nmore'", "but '8.8.4.4/24';"),
        ("printf 'a\\033[2Jb\\tc\\n'", "but 'a\\u{1b}[2Jb c'"),
        (
            "printf '%0200d' 1",
            "but '00000000000000000000000000000000000000000000000000\
             00000000000000000000000000000000000000000000000000…'",
        ),
        ("echo 2a00:1450::5", "there is no IPv4 address"),
        ("echo 192.168.1.1", "192.168.1.1 is a private address"),
    ] {
        aborts(&router(script, &[]), reason);
    }
}

/// What a program says of its trouble is what its owner needs.
#[test]
fn the_first_line_of_its_standard_error_is_shown() {
    for (script, reason) in [
        (
            "echo 'curl: (6) Could not resolve host: a.example' >&2; echo more >&2; exit 6",
            "failed (exit status: 6); its standard error: curl: (6) Could not resolve host: a.example;",
        ),
        ("echo why >&2", "printed nothing; its standard error: why;"),
        (
            "printf 'a\\033[2Jb\\r\\n' >&2; echo sorry",
            "did not print an address, but 'sorry'; its standard error: a\\u{1b}[2Jb;",
        ),
        ("kill -9 $$", "failed (signal: 9 (SIGKILL))"),
        (
            "yes | head -c 1000000 >&2; exit 3",
            "failed (exit status: 3); its standard error: y;",
        ),
    ] {
        aborts(&router(script, &[]), reason);
    }
}

/// A script that was written on another system.
#[test]
fn a_script_with_cr_lf_at_the_end_of_its_first_line() {
    let router = Router::new();
    let path = router.path("script");
    let write = |text: &str| {
        fs::write(&path, text).expect("it is written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode is set");
    };
    let name = path.display();
    router.configure(&router.home(&format!("option source command\noption command '{name}'")));
    for text in [
        "#!/bin/sh\r\necho 8.8.4.4\r\n",
        "#!/nonexistent/ash\necho 8.8.4.4\n",
    ] {
        write(text);
        let reason = "cannot be run: the interpreter in its first line is missing; \
                      does that line end in CR LF?";
        aborts(&router, &format!("the command {name} {reason}"));
    }
    write("#!/bin/sh\nprintf '8.8.4.4\\r\\n'\n");
    confirms(&router, "8.8.4.4");
}

#[test]
fn a_program_that_cannot_be_run_is_named() {
    let router = Router::new();
    let path = router.path("program");
    fs::write(&path, "#!/bin/sh\necho 8.8.4.4\n").expect("it is written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("its mode is set");
    let name = path.display();
    for (program, reason) in [
        (format!("{name}"), "cannot be run: Permission denied"),
        (
            format!("{name}-missing"),
            "cannot be run: No such file or directory",
        ),
        ("/".to_owned(), "cannot be run: Permission denied"),
    ] {
        router.configure(&router.home(&format!(
            "option source command\noption command '{program}'"
        )));
        aborts(&router, &format!("the command {program} {reason}"));
    }
    router.configure(&router.home("option source command\noption command 'echo'"));
    router
        .once()
        .expect(78)
        .says("'echo' is not an absolute path");
}

/// Ten seconds, and then everything that it started is gone.
#[test]
fn a_program_that_hangs_is_killed_with_its_children() {
    // Another process may run the same test.
    let marker = format!("86421.{}", std::process::id());
    let router = router(
        &format!("echo 8.8.4.4\nsleep {marker} &\n(sleep {marker} & wait) &\nexec sleep {marker}"),
        &[],
    );
    let start = Instant::now();
    aborts(&router, "took longer than 10 s");
    assert!(start.elapsed() < HANG);
    let left = || {
        let mut pgrep = Command::new("pgrep");
        let left = pgrep.args(["-f", &format!("sleep {marker}")]).output();
        let left = left.expect("pgrep runs; tests/setup installs it").stdout;
        String::from_utf8_lossy(&left).into_owned()
    };
    assert!(
        comes_true(|| left().is_empty()),
        "still running: {}",
        left()
    );
}

/// The program's environment and output are its own matter: the key is in neither.
#[test]
fn the_program_does_not_learn_the_key() {
    let router = router(
        "cd \"${0%/*}\" || exit; env >environment; echo 8.8.4.4",
        &[],
    );
    confirms(&router, "8.8.4.4");
    let environment = fs::read_to_string(router.path("environment")).expect("it was written");
    assert!(!environment.contains(wansync_sim::KEY));
}
