//! Children with a deadline.

use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::sys::child::{Child, ChildEnd};
use crate::sys::clock;
use crate::sys::clockwatch::ClockWatch;
use crate::sys::control::ControlSocket;
use tempfile::TempDir;

use crate::sys::test_support::ENOUGH;
use wansync_test_support::waiting::{wait_for, wait_until};

fn shell(script: &str, timeout: Duration) -> Child {
    Child::start("/bin/sh", &["-c", script], &[], timeout).unwrap()
}

/// As the daemon does it, but for the CHLD signal.
fn await_end(child: &mut Child) -> ChildEnd {
    let start = Instant::now();
    loop {
        if let Some(ended) = child.poll_end() {
            return ended;
        }
        assert!(start.elapsed() < ENOUGH, "{child:?}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// A script that leaves its number, and that of a process below it, in a folder.
fn pair(folder: &TempDir, last: &str) -> String {
    let at = folder.path().display();
    format!("sleep 300 & echo $! > {at}/below; echo $$ > {at}/new; mv {at}/new {at}/pid; {last}")
}

fn number(folder: &TempDir, name: &str) -> String {
    let text = wait_for(|| fs::read_to_string(folder.path().join(name)).ok());
    text.expect(name).trim().to_owned()
}

/// Gone, or a zombie that waits for whoever inherited it.
fn is_gone(pid: &str) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => stat.rsplit(") ").next().unwrap().starts_with('Z'),
        Err(_) => true,
    }
}

fn assert_both_go(folder: &TempDir) {
    let numbers = ["pid", "below"].map(|name| number(folder, name));
    wait_until("both have gone", || numbers.iter().all(|pid| is_gone(pid)));
}

#[test]
fn how_it_ended_is_told_in_words_and_numbers() {
    for (script, words, code) in [
        (":", "ended well", Some(0)),
        ("exit 75", "failed (exit status: 75)", Some(75)),
        ("kill -9 $$", "failed (signal: 9 (SIGKILL))", None),
    ] {
        let mut child = shell(script, ENOUGH);
        let end = await_end(&mut child);
        assert_eq!((end.to_string().as_str(), end.code()), (words, code));
        // It goes on to say so.
        assert_eq!(child.poll_end(), Some(end.clone()));
    }
}

#[test]
fn what_cannot_be_started_is_an_error() {
    let missing = Child::start("/nonexistent/program", &["x"], &[], ENOUGH);
    assert_eq!(missing.unwrap_err().kind(), std::io::ErrorKind::NotFound);
    assert!(Child::start("/bin/true", &["a\0b"], &[], ENOUGH).is_err());
}

#[test]
fn it_has_our_environment_and_more_but_no_descriptor_of_ours() {
    let folder = TempDir::new().unwrap();
    let control = ControlSocket::listen(&folder.path().join("run")).unwrap();
    let watch = ClockWatch::open().unwrap();
    let ours = [control.descriptors().next().unwrap(), watch.as_fd()].map(|fd| {
        let link = fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd())).unwrap();
        link.to_str().unwrap().to_owned()
    });
    let out = folder.path().join("out");
    let variables = [
        ("WANSYNC_OUT", out.to_str().unwrap()),
        ("WANSYNC_EMPTY", ""),
        ("WANSYNC_ODD", "a 'b'\n$c"),
    ];
    let script = r#"{ echo "$PATH"; echo "$WANSYNC_EMPTY|$WANSYNC_ODD"; ls -l /proc/$$/fd; } > "$WANSYNC_OUT""#;
    let mut child = Child::start("/bin/sh", &["-c", script], &variables, ENOUGH).unwrap();
    assert_eq!(await_end(&mut child).code(), Some(0));
    let told = fs::read_to_string(out).unwrap();
    let path = std::env::var("PATH").unwrap();
    assert!(told.starts_with(&format!("{path}\n|a 'b'\n$c\n")), "{told}");
    for descriptor in &ours {
        assert!(!told.contains(descriptor), "{descriptor}\n{told}");
    }
}

#[test]
fn one_that_takes_too_long_is_killed_with_its_group() {
    let folder = TempDir::new().unwrap();
    // It does not listen to anything milder.
    let script = pair(&folder, "trap '' TERM INT HUP; sleep 300; sleep 300");
    let mut child = shell(&script, Duration::from_secs(1));
    assert!(child.deadline() <= clock::since_boot() + Duration::from_secs(1));
    let end = await_end(&mut child);
    assert_eq!(end, ChildEnd::Overdue(Duration::from_secs(1)));
    assert_eq!(
        (end.to_string().as_str(), end.code()),
        ("took longer than 1 s", None)
    );
    assert_both_go(&folder);
}

#[test]
fn a_stopped_one_is_killed_too() {
    let mut child = shell("kill -STOP $$", Duration::from_millis(200));
    assert!(matches!(await_end(&mut child), ChildEnd::Overdue(_)));
}

#[test]
fn killing_what_has_ended_changes_nothing() {
    let mut child = shell("exit 3", ENOUGH);
    let end = await_end(&mut child);
    child.kill();
    assert_eq!(child.poll_end(), Some(end));
    let mut child = shell("sleep 300", ENOUGH);
    child.kill();
    assert_eq!(await_end(&mut child), ChildEnd::Stopped);
}

#[test]
fn dropping_kills_and_leaves_no_zombie() {
    let folder = TempDir::new().unwrap();
    let child = shell(&pair(&folder, "wait"), ENOUGH);
    let pid = number(&folder, "pid");
    drop(child);
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
    assert_both_go(&folder);
}

#[test]
fn what_it_leaves_running_is_let_live() {
    let folder = TempDir::new().unwrap();
    let mut child = shell(&pair(&folder, ":"), ENOUGH);
    assert_eq!(await_end(&mut child).code(), Some(0));
    drop(child);
    let below = number(&folder, "below");
    assert!(!is_gone(&below));
    let pid = rustix::process::Pid::from_raw(below.parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn this_program_can_be_started_again() {
    let mut list = Child::start_self(&["--list"], None, ENOUGH).unwrap();
    assert_eq!(await_end(&mut list).code(), Some(0));
}
