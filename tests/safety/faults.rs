//! A fault of the program, or of the machine: no secret on disk, and right words.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use wansync_sim::Times;
use wansync_test_support::waiting::{HANG, wait_for};
use wansync_test_support::{Router, ran};

/// A pass that waits for the service, with the key in its memory, and in a folder where
/// its core dump would be found; killed by this signal.
fn killed_by(signal: &str, router: &Router) -> std::process::ExitStatus {
    let fault = "stall=status".parse().expect("a fault");
    router.sim.fault(fault, Times::All);
    let before = router.sim.requests().len();
    let command = router.command(&["once", "--force"]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -c unlimited; exec \"$@\"", "sh"]);
    shell.arg(command.get_program()).args(command.get_args());
    shell.current_dir(router.path("")).stdin(Stdio::null());
    shell.stdout(Stdio::null()).stderr(Stdio::null());
    let mut pass = shell.spawn().expect("it starts");
    assert!(router.sim.wait_for_requests(before + 1, HANG));
    let limits = fs::read_to_string(format!("/proc/{}/limits", pass.id()));
    let limits = limits.expect("/proc");
    let of_core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let soft = of_core.and_then(|line| line.split_ascii_whitespace().nth(4));
    assert_eq!(soft, Some("0"), "{limits}");
    let id = pass.id().to_string();
    // The library takes the first SEGV for a stack that may have overflown.
    let status = wait_for(|| {
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.expect("kill runs").success());
        pass.try_wait().expect("it is ours")
    });
    status.expect("it ends")
}

/// A pass whose memory ends somewhere between its start and its end. The builds for
/// routers say it in our words, the library in its own.
#[test]
fn memory_that_runs_out_is_no_fault_of_the_program() {
    let router = Router::with_address("8.8.4.4");
    // It is read whole, and what it becomes takes several times as much.
    let text = fs::read_to_string(router.config()).expect("text");
    let filler = "config skydns\noption ident 'x'\noption key 'y'\noption enabled '0'\n";
    let large = format!("{text}\n{}", filler.repeat(2_000_000 / filler.len()));
    fs::write(router.config(), large).expect("written");
    let program = router.command(&["check", "--offline"]);
    let mut found = 0;
    for limit in (1..=24).map(|number| number * 2560) {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -v {limit}; exec \"$@\""), "sh"]);
        shell.arg(program.get_program()).args(program.get_args());
        let ran = ran(shell.output().expect("sh runs"));
        let said = ran.said();
        for words in ["a fault of wansync itself", "please report it", "panicked"] {
            assert!(!said.contains(words), "{limit} KB: {ran:?}");
        }
        if said.contains("out of memory: ") || said.contains("memory allocation of") {
            assert_ne!(ran.code, Some(0), "{limit} KB: {ran:?}");
            found += 1;
        }
    }
    assert!(
        found > 0,
        "every limit was enough, or kept it from starting"
    );
}

/// A core dump holds the key.
#[test]
fn a_fault_leaves_no_core_dump() {
    for signal in ["SEGV", "ABRT", "QUIT", "BUS"] {
        let router = Router::with_address("8.8.4.4");
        let status = killed_by(signal, &router);
        assert!(status.signal().is_some(), "{signal}: {status}");
        assert!(!status.core_dumped(), "{signal}: {status}");
        let entries = fs::read_dir(router.path("")).expect("a folder").flatten();
        let names: Vec<String> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| name.contains("core"))
            .collect();
        assert!(names.is_empty(), "{signal}: {names:?}");
    }
}
