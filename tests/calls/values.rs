//! The sources of parameters' values.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::{CALL_TIMEOUT, fault, file, nothing_was_sent, only_request, router, skydns};
use wansync_test_support::{Ran, Router, ran};

/// A call with this on its standard input.
fn piped(router: &Router, words: &[&str], input: &[u8]) -> Ran {
    let mut command = router.command(words);
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // It may refuse before it has read all.
    let _ = stdin.write_all(input);
    drop(stdin);
    ran(child.wait_with_output().expect("it ends"))
}

#[test]
fn a_value_from_a_file() {
    let router = router();
    for (contents, sent) in [
        ("plain", "plain"),
        ("line\n", "line"),
        ("line\r\n", "line"),
        ("  blanks stay \n", "  blanks stay "),
        ("@not a file\n", "@not a file"),
        ("-\n", "-"),
        ("a=b&c=%d+e\n", "a=b&c=%d+e"),
        ("пароль ж\n", "пароль ж"),
    ] {
        router.sim.clear();
        let path = file(&router, "value", contents, 0o600);
        let value = format!("password=@{}", path.display());
        let words = ["skydns", "update_password", "ident=user1", &value];
        router.run(&words).expect(0);
        assert_eq!(only_request(&router).all("password"), [sent]);
        router.sim.clear();
        let words = ["skydns", "update_password", "password=-", "ident=user1"];
        piped(&router, &words, contents.as_bytes()).expect(0);
        assert_eq!(only_request(&router).all("password"), [sent]);
    }
}

#[test]
fn a_value_as_it_stands() {
    let router = router();
    for (given, sent) in [
        ("@@home", "@home"),
        ("@@", "@"),
        ("@@@x", "@@x"),
        ("-5", "-5"),
        ("--", "--"),
        ("a@b", "a@b"),
        ("a=b=c", "a=b=c"),
        (" ", " "),
    ] {
        router.sim.reset();
        let comment = format!("comment={given}");
        let words = ["skydns", "add_ip", "ident=user1", "ip=8.8.4.4", &comment];
        router.run(&words).expect(0);
        assert_eq!(only_request(&router).all("comment"), [sent]);
    }
}

#[test]
fn a_file_that_is_no_value() {
    let router = router();
    let folder = router.path("folder");
    fs::create_dir(&folder).expect("a folder");
    let long = vec![b'q'; 64 * 1024 + 1];
    for (path, why) in [
        (router.path("none"), "does not exist"),
        (folder, "is a directory"),
        ("/dev/zero".into(), "is not a regular file"),
        (
            file(&router, "long", &long, 0o600),
            "is larger than 65536 bytes",
        ),
        (file(&router, "latin", b"qq\xe9", 0o600), "is not UTF-8"),
        (file(&router, "empty", "", 0o600), "is empty"),
        (file(&router, "line", "\n", 0o600), "is empty"),
        (
            file(&router, "nul", "qq\0qq\n", 0o600),
            "holds a line end or another control",
        ),
        (
            file(&router, "lines", "qq\nqq\n", 0o600),
            "holds a line end or another control",
        ),
        (
            file(&router, "escape", "qq\u{1b}[2J", 0o600),
            "holds a line end or another control",
        ),
        ("".into(), "does not exist"),
    ] {
        let path = path.display();
        let ran = skydns(
            &router,
            &format!("update_password ident=user1 password=@{path}"),
        )
        .expect(64)
        .says("'password'")
        .says(why)
        .never_says("qq");
        assert!(ran.stderr.len() < 600, "{ran:?}");
        // What is no password is quoted, as one line of a sensible length.
        let ran = skydns(&router, &format!("create_profile ident=user1 name=@{path}"));
        let ran = ran.expect(64).says("'name'").says(why);
        assert!(ran.stderr.len() < 1000, "{ran:?}");
        assert!(!ran.stderr.contains(['\0', '\u{1b}']), "{ran:?}");
    }
    nothing_was_sent(&router);
}

#[test]
fn an_input_that_is_no_value() {
    let router = router();
    let words = ["skydns", "update_password", "ident=user1", "password=-"];
    for (input, why) in [
        (&b""[..], "is empty"),
        (b"\n", "is empty"),
        (b"\xff", "is not UTF-8"),
        (b"qq\0", "control character"),
        (
            &[b'q'; 64 * 1024 + 1],
            "standard input is larger than 65536 bytes",
        ),
    ] {
        piped(&router, &words, input)
            .expect(64)
            .says("'password'")
            .says(why)
            .never_says("qq");
    }
    // Only one value can be there.
    let words = ["skydns", "update_password", "ident=-", "password=-"];
    piped(&router, &words, b"user1\n")
        .expect(64)
        .says("is empty");
    nothing_was_sent(&router);
}

/// A header of 16 KiB is what servers take.
#[test]
fn a_value_may_be_long() {
    let router = router();
    let long = "q".repeat(4000);
    let path = file(&router, "long", format!("{long}\n"), 0o600);
    let path = path.display();
    skydns(&router, &format!("create_profile ident=user1 name=@{path}"));
    assert_eq!(only_request(&router).all("name"), [long]);
}

#[test]
fn what_is_wrong_is_reported_before_anything_is_read_from_a_person() {
    let router = router();
    skydns(&router, "update_pasword ident=user1")
        .expect(64)
        .says("did you mean 'update_password'?");
    skydns(&router, "update_password ident=user1 passwort=@/etc/passwd")
        .expect(64)
        .says("did you mean 'password'?")
        .never_says("root:");
    skydns(&router, "update_password ident=user1 hunter2")
        .expect(64)
        .says("'hunter2' is not of the form NAME=VALUE");
    nothing_was_sent(&router);
}

/// Ends the process at the end of the test.
struct Stalled(Child);

impl Drop for Stalled {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// True if a process, by its folder in /proc, is this one or was started by it.
fn descends(process: &Path, ancestor: u32) -> bool {
    if process.ends_with(ancestor.to_string()) {
        return true;
    }
    let status = fs::read_to_string(process.join("status")).unwrap_or_default();
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    let parent = parent.map_or("0", str::trim);
    parent != "0" && descends(&Path::new("/proc").join(parent), ancestor)
}

/// `ps` shows the arguments of every process to every user.
#[test]
fn a_password_from_a_file_is_not_in_the_arguments() {
    const PASSWORD: &str = "not-in-any-argument-9f31";
    let router = router();
    fault(&router, "stall=status");
    let path = file(&router, "password", PASSWORD, 0o600);
    let value = format!("password=@{}", path.display());
    let words = ["skydns", "update_password", "ident=user1", &value];
    let mut call = router.command(&words);
    let call = call.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let call = Stalled(call.expect("it starts"));
    assert!(router.sim.wait_for_requests(1, CALL_TIMEOUT));
    assert_eq!(only_request(&router).param("password"), Some(PASSWORD));
    let own = fs::read_to_string(format!("/proc/{}/cmdline", call.0.id())).expect("it runs");
    assert!(own.contains("update_password"), "{own}");
    for process in fs::read_dir("/proc").expect("/proc").flatten() {
        for name in ["cmdline", "environ", "comm"] {
            let bytes = fs::read(process.path().join(name)).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(PASSWORD), "{process:?}: {text}");
            // Scripts of other tests may show that they use the simulator's key.
            let key = text.contains(wansync_sim::KEY) && descends(&process.path(), call.0.id());
            assert!(!key, "{process:?}: {text}");
        }
    }
    drop(call);
}
