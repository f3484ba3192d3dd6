//! The stand-in for ubusd and netifd as a program, told from a shell.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use wansync_sim::ubus::blob::Blob;
use wansync_sim::ubus::control;
use wansync_sim::ubus::message::{Message, id, kind};
use wansync_test_support::waiting::{HANG, wait_until};

/// The program while a test runs.
struct Running {
    child: Child,
    folder: tempfile::TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wansync-sim"));
    command.arg("ubus");
    command
}

impl Running {
    fn start(hook: &str) -> Running {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let networks = r#"{"vpnki0":{"up":true,"l3_device":"ppp0"}}"#;
        fs::write(path("networks"), networks).unwrap();
        script(&path("hook"), hook);
        let mut command = program();
        for (option, file) in [
            ("--socket", "ubus.sock"),
            ("--interfaces", "networks"),
            ("--control", "control"),
            ("--hook", "hook"),
            ("--log", "log"),
        ] {
            command.arg(option).arg(path(file));
        }
        let child = command.stdout(Stdio::null()).spawn().unwrap();
        let running = Running { child, folder };
        let control = running.path("control");
        wait_until("it listens", || UnixStream::connect(&control).is_ok());
        running
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// From a shell.
    fn tell(&self, words: &[&str]) -> Output {
        let mut command = program();
        command.arg("--tell").arg(self.path("control")).args(words);
        command.output().unwrap()
    }

    #[track_caller]
    fn told(&self, command: &str) -> String {
        control::tell(&self.path("control"), command).unwrap()
    }
}

fn script(path: &Path, lines: &str) {
    fs::write(path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_shell_tells_it_what_to_do() {
    let running = Running::start("exit 0");
    let said = running.tell(&["set", "wan", r#"{"up": true}"#]);
    assert!(said.status.success());
    let said = running.tell(&["called", "up", "wan"]);
    assert_eq!(String::from_utf8(said.stdout).unwrap(), "0\n");
    for (command, words) in [
        ("coffee", "not understood: coffee"),
        ("set wan {", "EOF"),
        ("set wan 5", "a status is an object"),
        ("remove lan", "no network is named lan"),
        ("fault x", "no such fault: x"),
        ("restart ubusd x", "x is not a number"),
    ] {
        let said = running.tell(&[command]);
        assert!(!said.status.success());
        let text = String::from_utf8(said.stderr).unwrap();
        assert!(text.contains(words), "{text}");
    }
    for command in [
        "redial wan {\"up\": true}",
        "follow lan lo",
        "script wan after 20 fail X",
        "fault stall",
        "fault none",
        "stop netifd",
        "start netifd",
        "restart netifd",
        "stop ubusd",
        "start ubusd",
        "restart ubusd 10",
        "remove wan",
    ] {
        assert_eq!(running.told(command), "", "{command}");
    }
    assert_eq!(running.told("clients"), "0");
    assert_eq!(running.told("subscriptions"), "0");
    assert!(running.path("ubus.sock").exists());
}

/// One call, as `network.interface METHOD {"interface": NAME}`.
fn call(socket: &Path, method: &str, name: &str) {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    Message::read(&mut stream).unwrap();
    let lookup = Message::of(kind::LOOKUP, 1, 0).with_text(id::OBJPATH, "network.interface");
    let object = ask(&mut stream, &lookup)[0].number(id::OBJID).unwrap();
    let argument = Blob::String(name.as_bytes().to_vec());
    let invoke = Message::of(kind::INVOKE, 2, object)
        .with_number(id::OBJID, object)
        .with_text(id::METHOD, method)
        .with_fields(id::DATA, &vec![("interface".to_owned(), argument)]);
    assert_eq!(ask(&mut stream, &invoke)[0].number(id::STATUS), Some(0));
}

/// The answers to a request, to the status.
fn ask(stream: &mut UnixStream, request: &Message) -> Vec<Message> {
    stream.write_all(&request.encode()).unwrap();
    let mut answers = vec![Message::read(stream).unwrap()];
    while answers.last().unwrap().kind != kind::STATUS {
        answers.push(Message::read(stream).unwrap());
    }
    answers
}

#[test]
fn a_program_does_what_up_and_down_do() {
    let running = Running::start(r#"echo "$@" >>"${0%/*}/did"; [ ! -e "${0%/*}/broken" ]"#);
    let socket = running.path("ubus.sock");
    for method in ["down", "up", "up"] {
        call(&socket, method, "vpnki0");
    }
    let did = fs::read_to_string(running.path("did")).unwrap();
    assert_eq!(did, "down vpnki0\nup vpnki0\n");
    let log = fs::read_to_string(running.path("log")).unwrap();
    let lines = ["down", "up", "up"].map(|method| format!("network.interface {method} vpnki0"));
    assert_eq!(log.lines().collect::<Vec<_>>(), lines);
    assert_eq!(running.told("called up vpnki0"), "2");

    // Where it fails, the network stays down, so the next one tries again.
    fs::write(running.path("broken"), "").unwrap();
    for method in ["down", "up", "up"] {
        call(&socket, method, "vpnki0");
    }
    let did = fs::read_to_string(running.path("did")).unwrap();
    assert_eq!(did.lines().count(), 5, "{did}");
}
