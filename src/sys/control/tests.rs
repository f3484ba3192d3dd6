//! The control socket, with visitors of all kinds.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::sys::clock;
use crate::sys::control::{ControlSocket, send_request};
use tempfile::TempDir;

use crate::sys::test_support::{ENOUGH, sleep_on};

/// One turn of a loop like the daemon's. Says how often it replied.
fn turn(control: &mut ControlSocket, timeout: Duration) -> usize {
    let until = control
        .deadline()
        .map(|end| end.saturating_sub(clock::since_boot()));
    let descriptors: Vec<_> = control.descriptors().collect();
    sleep_on(&descriptors, until.unwrap_or(timeout).min(timeout));
    let requests = control.take();
    let count = requests.len();
    for request in requests {
        let reply = format!("heard {}", request.text());
        request.answer(&reply);
    }
    count
}

/// A loop beside `what`.
fn beside<T>(control: &mut ControlSocket, what: impl FnOnce() -> T + Send) -> T
where
    T: Send,
{
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let connection = scope.spawn(|| {
            let result = what();
            done.store(true, Ordering::SeqCst);
            result
        });
        while !connection.is_finished() && !done.load(Ordering::SeqCst) {
            turn(control, Duration::from_millis(20));
        }
        connection.join().unwrap()
    })
}

fn place() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("run/wansync");
    (folder, state)
}

fn reply(folder: &Path, request: &str) -> Option<String> {
    send_request(folder, request, ENOUGH).unwrap()
}

#[test]
fn a_question_and_its_reply() {
    let (_folder, state) = place();
    let mut control = ControlSocket::listen(&state).unwrap();
    assert_eq!(control.deadline(), None);
    let (one, two) = beside(&mut control, || {
        (reply(&state, "pass wan"), reply(&state, " жук "))
    });
    assert_eq!(one.as_deref(), Some("heard pass wan"));
    assert_eq!(two.as_deref(), Some("heard жук"));
    // Ended by shutting down, and with something after the end.
    for (received, told) in [
        ("x", "heard x\n"),
        ("y\nz", "heard y\n"),
        ("y\r\n", "heard y\n"),
        ("", ""),
        ("\n", ""),
    ] {
        let heard = beside(&mut control, || {
            let mut connection = UnixStream::connect(state.join("control")).unwrap();
            connection.write_all(received.as_bytes()).unwrap();
            connection.shutdown(Shutdown::Write).unwrap();
            let mut text = String::new();
            connection.read_to_string(&mut text).unwrap();
            text
        });
        assert_eq!(heard, told);
    }
    assert_eq!(control.deadline(), None);
}

#[test]
fn nobody_else_may_connect() {
    let (_folder, state) = place();
    let control = ControlSocket::listen(&state).unwrap();
    let socket = fs::metadata(state.join("control")).unwrap();
    assert!(socket.file_type().is_socket());
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);
    assert_eq!(
        fs::metadata(&state).unwrap().permissions().mode() & 0o777,
        0o700
    );
    assert_eq!(fs::read_dir(&state).unwrap().count(), 1);
    drop(control);
    assert_eq!(fs::read_dir(&state).unwrap().count(), 0);
}

#[test]
fn without_a_daemon_there_is_no_reply() {
    let (_folder, state) = place();
    assert_eq!(reply(&state, "x"), None);
    fs::create_dir_all(&state).unwrap();
    assert_eq!(reply(&state, "x"), None);
    // Killed: the file is there, and nobody behind it.
    drop(UnixListener::bind(state.join("control")).unwrap());
    drop(UnixListener::bind(state.join("control.new")).unwrap());
    assert_eq!(reply(&state, "x"), None);
    let mut control = ControlSocket::listen(&state).unwrap();
    let heard = beside(&mut control, || reply(&state, "x"));
    assert_eq!(heard.as_deref(), Some("heard x"));
    drop(control);
    assert_eq!(reply(&state, "x"), None);
    // Nor where no socket can have this name.
    let long = state.join("x".repeat(200));
    assert_eq!(reply(&long, "x"), None);
    assert!(ControlSocket::listen(&long).is_err());
}

#[test]
fn what_cannot_be_replaced_is_an_error() {
    let (_folder, state) = place();
    fs::create_dir_all(state.join("control/x")).unwrap();
    assert!(ControlSocket::listen(&state).is_err());
    assert!(!state.join("control.new").exists());
    fs::remove_dir_all(state.join("control")).unwrap();
    fs::write(state.join("control"), "text").unwrap();
    assert_eq!(reply(&state, "x"), None);
    ControlSocket::listen(&state).unwrap();
}

#[test]
fn a_daemon_that_hangs_is_given_up() {
    let (_folder, state) = place();
    let mut control = ControlSocket::listen(&state).unwrap();
    let error = send_request(&state, "x", Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    // Its line is full: even connecting waits.
    let waiting: Vec<_> =
        std::iter::repeat_with(|| send_request(&state, "x", Duration::from_millis(1)))
            .take(100)
            .collect();
    assert!(
        waiting
            .iter()
            .all(|one| one.as_ref().is_err_and(|e| e.kind() == ErrorKind::TimedOut))
    );
    let heard = beside(&mut control, || reply(&state, "after"));
    assert_eq!(heard.as_deref(), Some("heard after"));
}

#[test]
fn a_daemon_that_ends_is_no_reply() {
    let (_folder, state) = place();
    let control = ControlSocket::listen(&state).unwrap();
    thread::scope(|scope| {
        let asking = scope.spawn(|| send_request(&state, "x", ENOUGH));
        sleep_on(&control.descriptors().collect::<Vec<_>>(), ENOUGH);
        drop(control);
        assert_ne!(
            asking.join().unwrap().unwrap_err().kind(),
            ErrorKind::TimedOut
        );
    });
}

#[test]
fn fifty_visitors_at_once_all_get_their_reply() {
    let (_folder, state) = place();
    let mut control = ControlSocket::listen(&state).unwrap();
    let replies = beside(&mut control, || {
        thread::scope(|scope| {
            let asking: Vec<_> = (0..50)
                .map(|n| {
                    (
                        n,
                        scope.spawn({
                            let state = &state;
                            move || reply(state, &format!("n{n}"))
                        }),
                    )
                })
                .collect();
            let each = asking.into_iter().map(|(n, one)| (n, one.join().unwrap()));
            each.collect::<Vec<_>>()
        })
    });
    for (n, told) in replies {
        assert_eq!(told, Some(format!("heard n{n}")));
    }
}

#[test]
fn visitors_who_say_nothing_hold_nobody_up() {
    let (_folder, state) = place();
    let mut control = ControlSocket::listen(&state).unwrap();
    let path = state.join("control");
    let mut silent: Vec<_> = (0..20)
        .map(|_| UnixStream::connect(&path).unwrap())
        .collect();
    for (n, connection) in silent.iter_mut().enumerate() {
        // Some begin a line.
        connection.write_all(&vec![b'x'; n]).unwrap();
    }
    let start = Instant::now();
    assert_eq!(control.take().len(), 0);
    assert!(start.elapsed() < Duration::from_secs(5), "it waited");
    // Eight are in, and the door is not listened at.
    assert_eq!(control.descriptors().count(), 8);
    assert!(!sleep_on(
        &control.descriptors().collect::<Vec<_>>(),
        Duration::ZERO
    ));
    assert!(control.deadline().unwrap() <= clock::since_boot() + Duration::from_secs(1));
    let heard = beside(&mut control, || reply(&state, "at last"));
    assert_eq!(heard.as_deref(), Some("heard at last"));
    drop(control);
    for connection in &mut silent {
        let time_left = connection.read(&mut [0]);
        assert!(matches!(time_left, Ok(0)) || time_left.is_err());
    }
}

#[test]
fn visitors_who_do_not_listen_hold_nobody_up() {
    let (_folder, state) = place();
    let mut control = ControlSocket::listen(&state).unwrap();
    let long = "x".repeat(10_000_000);
    for leaves in [false, true] {
        let mut connection = UnixStream::connect(state.join("control")).unwrap();
        connection.write_all(b"x\n").unwrap();
        let kept = (!leaves).then_some(connection);
        let start = Instant::now();
        for request in control.take() {
            request.answer(&long);
        }
        assert!(start.elapsed() < ENOUGH);
        drop(kept);
    }
    // What was cut off is no reply.
    thread::scope(|scope| {
        let asking = scope.spawn(|| send_request(&state, "x", ENOUGH));
        sleep_on(&control.descriptors().collect::<Vec<_>>(), ENOUGH);
        while !asking.is_finished() {
            sleep_on(
                &control.descriptors().collect::<Vec<_>>(),
                Duration::from_millis(10),
            );
            for request in control.take() {
                request.answer(&long);
            }
        }
        assert!(asking.join().unwrap().is_err());
    });
}

#[test]
fn a_request_has_1_kib_at_most() {
    let (_folder, state) = place();
    let mut control = ControlSocket::listen(&state).unwrap();
    for (length, is_heard) in [(1023, true), (1024, true), (1025, false), (100_000, false)] {
        let text = "x".repeat(length);
        let told = beside(&mut control, || send_request(&state, &text, ENOUGH));
        assert_eq!(told.is_ok(), is_heard, "{length}");
    }
}

#[test]
fn a_request_may_come_in_pieces() {
    let (_folder, state) = place();
    let mut control = ControlSocket::listen(&state).unwrap();
    let mut connection = UnixStream::connect(state.join("control")).unwrap();
    for byte in b"pass" {
        connection.write_all(&[*byte]).unwrap();
        assert_eq!(turn(&mut control, ENOUGH), 0);
    }
    connection.write_all(b"\n").unwrap();
    assert_eq!(turn(&mut control, ENOUGH), 1);
    let mut text = String::new();
    connection.read_to_string(&mut text).unwrap();
    assert_eq!(text, "heard pass\n");
}

/// A caller who is told that the time is over takes it that somebody listens.
#[test]
fn that_nobody_listens_is_found_out_however_late_it_is() {
    let (_folder, state) = place();
    assert_eq!(send_request(&state, "event", Duration::ZERO).unwrap(), None);
    fs::create_dir_all(&state).unwrap();
    drop(UnixListener::bind(state.join("control")).unwrap());
    assert_eq!(send_request(&state, "event", Duration::ZERO).unwrap(), None);
}
