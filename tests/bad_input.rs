//! What a wrong configuration, a wrong key file, a wrong reply and a wrong
//! command line get: one clear line, the documented exit code, no request where
//! there is nothing to ask, and nothing lost of the record.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

mod support;

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::{Ran, Router, is_in_files};
use wansync_sim::{KEY, Times};

const STATIC: &str = "option source 'static'\noption address '8.8.4.4'";

/// A router with something to lose: an address that is confirmed and recorded.
struct Settled {
    router: Router,
    record: Vec<u8>,
    requests: usize,
}

impl Settled {
    fn new() -> Settled {
        let router = Router::with_address("8.8.4.4");
        router.once().expect(0).says("confirmed");
        Settled {
            record: fs::read(router.record()).expect("a record"),
            requests: router.sim.requests().len(),
            router,
        }
    }

    /// A pass that must find the configuration wrong: the one line of the log
    /// that says so.
    #[track_caller]
    fn refuses(&self, what: &str) -> String {
        // What was told before is not told again.
        let _ = fs::remove_file(self.router.path("run/complaints"));
        let ran = sound(self.router.once(), what);
        assert_eq!(ran.code, Some(78), "{what}: {}", ran.said());
        assert_eq!(ran.stderr.lines().count(), 1, "{what}: {}", ran.stderr);
        self.nothing_happened(what);
        let checked = sound(self.router.run(&["check", "--offline"]), what);
        assert_eq!(checked.code, Some(78), "{what}: {}", checked.said());
        assert!(
            checked.stdout.contains("FAIL  "),
            "{what}: {}",
            checked.said()
        );
        let event = self
            .router
            .command(&["event"])
            .env("ACTION", "unheard-of")
            .output();
        let event = sound(support::ran(event.expect("the program runs")), what);
        assert!(
            matches!(event.code, Some(0 | 78)),
            "{what}: {}",
            event.said()
        );
        self.nothing_happened(what);
        ran.stderr
    }

    #[track_caller]
    fn nothing_happened(&self, what: &str) {
        let requests = self.router.sim.requests().len();
        assert_eq!(requests, self.requests, "{what}: something was sent");
        let record = fs::read(self.router.record()).expect("a record");
        assert_eq!(record, self.record, "{what}: the record changed");
    }

    /// The configuration of [`Router::with_address`] with `from` replaced.
    fn configure_with(&self, from: &str, to: &str) {
        let text = self.router.home(STATIC);
        assert!(text.contains(from), "{from}");
        self.router.configure(&text.replace(from, to));
    }
}

/// The same, if it ended by itself, with a documented code, and found no fault
/// in itself.
#[track_caller]
fn sound(ran: Ran, what: &str) -> Ran {
    const CODES: [i32; 7] = [0, 1, 64, 69, 75, 77, 78];
    let code = ran.code.unwrap_or(-1);
    assert!(CODES.contains(&code), "{what}: code {code}: {}", ran.said());
    for word in ["panicked", "fault of wansync"] {
        assert!(!ran.said().contains(word), "{what}: {}", ran.said());
    }
    ran
}

/// Bytes that mean nothing, the same every time.
fn rubbish(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

fn sparse(path: &Path, bytes: u64) {
    let file = File::create(path).expect("a file");
    file.set_len(bytes).expect("a sparse file");
}

#[test]
fn files_that_are_no_configuration() {
    let settled = Settled::new();
    let (router, file) = (&settled.router, settled.router.config());
    let name = file.display().to_string();
    let good = fs::read(&file).expect("a configuration");
    let text = String::from_utf8(good.clone()).expect("text");

    let line_of = |what: &str, part: &str| {
        let line = settled.refuses(what);
        assert!(line.contains(&name), "{what}: {line}");
        assert!(line.contains(part), "{what}: no '{part}' in {line}");
    };
    fs::remove_file(&file).expect("removed");
    line_of("a missing file", "does not exist");
    fs::create_dir(&file).expect("a folder");
    line_of("a directory", "is a directory");
    fs::remove_dir(&file).expect("removed");
    let made = Command::new("mkfifo").arg(&file).status().expect("mkfifo");
    assert!(made.success());
    line_of("a pipe that never ends", "is not a regular file");
    fs::remove_file(&file).expect("removed");
    sparse(&file, 100 * 1024 * 1024);
    line_of("100 MB", "is larger than");

    let raw = [
        ("binary rubbish", rubbish(4096), "at line 1,"),
        ("a megabyte of it", rubbish(1 << 20), "at line 1,"),
        ("a program", fs::read("/bin/sh").expect("sh"), "at line "),
        (
            "a NUL",
            text.replace("user1", "us\0er1").into_bytes(),
            // As libuci says: what follows a NUL in a line is lost.
            "at line 7,",
        ),
        (
            "a NUL in a comment",
            [&good[..], b"# \0\n"].concat(),
            "(NUL byte) at line 9,",
        ),
        (
            "a BOM",
            [b"\xef\xbb\xbf".as_slice(), &good].concat(),
            "at line 1,",
        ),
        (
            "UTF-16",
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "Parse error (config without name)",
        ),
        ("HTML", b"<!DOCTYPE html>\n<html>\n".to_vec(), "at line 1,"),
        (
            "an unterminated quote",
            text.replace("'user1'", "'user1").into_bytes(),
            "at line ",
        ),
        (
            "another",
            text.replace("'user1'", "\"user1").into_bytes(),
            "unterminated \"",
        ),
        ("no section", b"option ident x\n".to_vec(), "at line 1,"),
        (
            "a type conflict",
            [&good[..], b"config wansync home\n"].concat(),
            "different type",
        ),
    ];
    for (what, bytes, part) in raw {
        router.configure_raw(&bytes);
        line_of(what, part);
    }
    for device in ["/dev/zero", "/dev/null", "/proc/self", "/nonexistent/file"] {
        let mut command = support::program();
        let folders = [
            ("--state", router.path("run")),
            ("--record", router.path("etc")),
        ];
        for (option, folder) in folders {
            command.arg(option).arg(folder);
        }
        let output = command.args(["-c", device, "once"]).output();
        let ran = sound(support::ran(output.expect("the program runs")), device);
        ran.expect(78).says(device);
        settled.nothing_happened(device);
    }
}

/// Lines of the configuration: 1 and 2 are the `wansync` section, 3 is the
/// `config` of `home`, 4 its base_url, 5 its ident, 6 its key; options follow.
#[test]
fn a_wrong_option_is_told_with_its_line() {
    let settled = Settled::new();
    let url = settled.router.sim.https_url();
    let url = |text: &'static str| (url.clone(), text.to_owned());
    let option = |text: &str| ("8.8.4.4'".to_owned(), format!("8.8.4.4'\n{text}"));
    let source = |text: &str| (STATIC.to_owned(), format!("option source {text}"));
    let without = |text: &str| (text.to_owned(), String::new());
    let key = |text: &str| (format!("'{KEY}'"), text.to_owned());
    let table = [
        (option("option profile 'home'"), 9, "option 'profile'"),
        (option("option profile '1 2'"), 9, "option 'profile'"),
        (option("option profile '-1'"), 9, "option 'profile'"),
        (option("option family 'ipv5'"), 9, "neither ipv4 nor ipv6"),
        (option("option refresh '0'"), 9, "option 'refresh'"),
        (option("option refresh 'often'"), 9, "no duration"),
        (option("option daily_limit '0'"), 9, "option 'daily_limit'"),
        (
            option("option daily_limit '1000'"),
            9,
            "option 'daily_limit'",
        ),
        (option("option enabled 'maybe'"), 9, "neither 1 nor 0"),
        (option("option hostname 'a\nb'"), 9, "line end"),
        (
            option("option key_file '/tmp/k'"),
            6,
            "both 'key' and 'key_file'",
        ),
        (url("www.skydns.ru/provider_api/"), 4, "has no scheme"),
        (url("ftp://www.skydns.ru/"), 4, "https://"),
        (url("http://www.skydns.ru/provider_api/"), 4, "loopback"),
        (url("http://192.0.2.1/"), 4, "loopback"),
        (url("https://user:hunter2@www.skydns.ru/"), 4, "credentials"),
        (url("https://www.skydns.ru/#hunter2"), 4, "fragment"),
        (url("https://www.skydns.ru/?key=hunter2"), 4, "query"),
        (url("https:///provider_api/"), 4, "no host"),
        (url("https://127.0.0.1:99999/"), 4, "port"),
        (source("netwrok"), 7, "did you mean 'network'"),
        (source("netwrok\noption address 1"), 7, "is no source"),
        (source("interface"), 3, "'device' is missing"),
        (source("interface\noption device a/b"), 8, "option 'device'"),
        (source("web"), 3, "'url' is missing"),
        (source("web\nlist url a.example"), 8, "has no scheme"),
        (source("command"), 3, "'command' is missing"),
        (source("command\noption command ip"), 8, "absolute path"),
        (source("network\noption network 'a b'"), 8, "'network'"),
        (source("static"), 3, "'address' is missing"),
        (
            source("static\noption address 8.8.4"),
            8,
            "is not an address",
        ),
        (source("static\noption address 2a00::1"), 8, "not an IPv4"),
        (
            source("static\noption address восемь"),
            8,
            "is not an address",
        ),
        (without("option ident 'user1'\n"), 3, "'ident' is missing"),
        (key("' '"), 6, "'key' is empty"),
        (key("'a\nb'"), 6, "'key'"),
    ];
    for ((from, to), line, part) in table {
        settled.configure_with(&from, &to);
        let said = settled.refuses(&to);
        let place = format!("line {line}: error: section 'home': ");
        assert!(said.contains(&place), "{to}: no '{place}' in {said}");
        assert!(said.contains(part), "{to}: no '{part}' in {said}");
        assert!(!said.contains("hunter2") && !said.contains(KEY), "{said}");
    }
}

#[test]
fn an_option_that_is_not_utf8_is_told_with_its_line() {
    let settled = Settled::new();
    settled.configure_with("user1", "us\u{1}er1");
    let text = fs::read(settled.router.config()).expect("text");
    let latin: Vec<u8> = text
        .iter()
        .map(|b| if *b == 1 { 0xe9 } else { *b })
        .collect();
    settled.router.configure_raw(&latin);
    let said = settled.refuses("latin 1");
    assert!(
        said.contains("line 5: error: section 'home': option 'ident' is not UTF-8"),
        "{said}"
    );
}

#[test]
fn all_problems_of_a_file_are_told_at_once() {
    let settled = Settled::new();
    let home = settled.router.home(&format!(
        "{STATIC}\noption profile 'x'\noption refresh '1y'"
    ));
    settled
        .router
        .configure(&home.replace("user1'", "user1'\noption idnet 'x'"));
    let ran = settled.router.run(&["check", "--offline"]).expect(78);
    for part in [
        "warn  ",
        "line 6: warning: section 'home': option 'idnet' is unknown (did you mean 'ident'?)",
        "line 10: error: section 'home': option 'profile'",
        "line 11: error: section 'home': option 'refresh'",
    ] {
        assert!(ran.stdout.contains(part), "no '{part}' in {}", ran.stdout);
    }
    assert_eq!(ran.stdout.matches("FAIL  ").count(), 2, "{}", ran.stdout);
    settled.nothing_happened("check");
    let once = settled.router.once().expect(78);
    assert_eq!(once.stderr.lines().count(), 3, "{}", once.stderr);
    settled.nothing_happened("once");
}

#[test]
fn what_is_only_odd_is_warned_of_and_works() {
    let again = "config skydns 'home'\noption profile '1002'\n";
    let table = [
        (
            "option idnet 'x'",
            "line 9: warning: section 'home': option 'idnet' is unknown (did you mean 'ident'?)",
        ),
        (
            "option colour 'red'",
            "line 9: warning: section 'home': option 'colour' is unknown",
        ),
        (
            "option network 'wan'",
            "line 9: warning: section 'home': option 'network'",
        ),
        (
            "option address '8.8.4.4'",
            "line 8: warning: section 'home': option 'address' is set again in line 9",
        ),
        (
            again,
            "line 9: warning: section 'home': it was opened in line 3 already",
        ),
        (
            "config wansync 'other'",
            "line 9: warning: section 'other': a 'wansync' section stands in line 1",
        ),
        (
            "config skydsn 'x'\noption ident 'y'",
            "line 9: warning: section 'x': its type 'skydsn' is unknown (did you mean 'skydns'?)",
        ),
    ];
    let router = Router::new();
    for (lines, warning) in table {
        router.reboot();
        let _ = fs::remove_dir_all(router.path("etc"));
        router.configure(&router.home(&format!("{STATIC}\n{lines}")));
        let ran = sound(router.once(), lines)
            .expect(0)
            .says("home: confirmed");
        assert!(
            ran.stderr.contains(warning),
            "no '{warning}' in {}",
            ran.stderr
        );
        let checked = router.run(&["check", "--offline"]).expect(0);
        assert!(
            checked.stdout.contains(warning),
            "no '{warning}' in {}",
            checked.stdout
        );
    }
    assert_eq!(router.updates(), table.len());
    let merged = router.sim.requests();
    assert!(
        merged
            .iter()
            .any(|request| request.param("profile") == Some("1002"))
    );
}

#[test]
fn a_file_without_sections_is_no_trouble() {
    let settled = Settled::new();
    for text in [
        "",
        "\n\n",
        "# nothing\n",
        "config wansync 'main'\n",
        "package wansync\n",
    ] {
        settled.router.configure_raw(text.as_bytes());
        sound(settled.router.once(), text).expect(0);
        sound(settled.router.run(&["check", "--offline"]), text).expect(0);
        settled.nothing_happened(text);
    }
}

#[test]
fn keys_idents_and_hostnames_of_any_characters_arrive_as_they_are() {
    let router = Router::new();
    let key = "a key with  spaces&=%#/+?ж\"";
    router.sim.add_key(key);
    let file = router.path("the key");
    fs::write(&file, format!("{key}\r\n")).expect("a key file");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("permissions");
    let names = [
        ("школа №1", "роутер 1"),
        ("a&key=b#c%00", "x&ip=1.2.3.4"),
        ("日本 +語", "../..//?#"),
        (" blanks ", "\"quoted\""),
    ];
    for (number, (ident, hostname)) in names.into_iter().enumerate() {
        router.sim.add_user(ident, &[]);
        let address = format!("8.8.4.{number}");
        let lines =
            format!("option source static\noption address {address}\noption hostname '{hostname}'");
        let inline = router
            .home(&lines)
            .replace("user1", ident)
            .replace(KEY, key);
        let by_file = inline.replace(
            &format!("option key '{key}'"),
            &format!("option key_file '{}'", file.display()),
        );
        for (text, force) in [(inline, "--dry-run"), (by_file, "--force")] {
            router.configure(&text);
            let ran = sound(router.run(&["once", force]), ident).expect(0);
            assert!(ran.stderr.lines().count() <= 1, "{}", ran.stderr);
            not_shown(&ran, key);
            router.run(&["check", "--offline"]).expect(0);
        }
        router.run(&["once", "--force"]).expect(0).says("confirmed");
        let last = router.sim.requests().pop().expect("a request");
        assert_eq!(last.param("key"), Some(key));
        assert_eq!(last.param("ident"), Some(ident));
        assert_eq!(last.param("hostname"), Some(hostname));
        assert_eq!(last.param("ip"), Some(&*address));
        assert_eq!(last.params.len(), 4, "{:?}", last.params);
        assert_eq!(router.sim.bindings(ident)[0].address.to_string(), address);
    }
    let kept = [router.path("run"), router.path("etc")];
    assert!(kept.iter().all(|folder| !is_in_files(folder, "spaces")));
}

#[track_caller]
fn not_shown(ran: &Ran, key: &str) {
    for shown in [key, "spaces&=", "spaces%26"] {
        assert!(!ran.said().contains(shown), "{}", ran.said());
    }
}

#[test]
fn key_files_that_hold_no_key() {
    let settled = Settled::new();
    let file = settled.router.path("key");
    settled.configure_with(
        &format!("option key '{KEY}'"),
        &format!("option key_file '{}'", file.display()),
    );
    let place = format!(
        "{}, line 6: error: section 'home': the key file {} ",
        settled.router.config().display(),
        file.display()
    );
    let refused = |what: &str, part: &str| {
        let said = settled.refuses(what);
        assert!(said.contains(&place), "{what}: no '{place}' in {said}");
        assert!(said.contains(part), "{what}: no '{part}' in {said}");
    };
    refused("missing", "does not exist");
    fs::create_dir(&file).expect("a folder");
    refused("a directory", "is a directory");
    fs::remove_dir(&file).expect("removed");
    for (what, bytes, part) in [
        ("empty", Vec::new(), "is empty"),
        ("blank", b" \r\n\n".to_vec(), "is empty"),
        (
            "two lines",
            b"first-half\nsecond-half\n".to_vec(),
            "more than one line",
        ),
        (
            "a NUL",
            b"first-half\0second-half".to_vec(),
            "control character",
        ),
        ("1 MB", vec![b'x'; 1 << 20], "is larger than"),
        ("rubbish", b"first-half\xff\xfe".to_vec(), "is not UTF-8"),
    ] {
        fs::write(&file, bytes).expect("a key file");
        fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("permissions");
        refused(what, part);
        assert!(!settled.refuses(what).contains("first-half"));
    }
    fs::write(&file, KEY).expect("a key file");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("permissions");
    let ran = settled.router.once().expect(0).says("unchanged");
    assert!(
        ran.stderr
            .contains("line 6: warning: section 'home': every user may read the key"),
        "{}",
        ran.stderr
    );
    fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("permissions");
    let ran = settled.router.once().expect(0);
    assert_eq!(ran.stderr, "");
    settled.nothing_happened("the key from the file is the same key");
}

#[test]
fn bodies_that_are_no_reply() {
    let settled = Settled::new();
    let router = &settled.router;
    let nuls = format!("body={}", "\0".repeat(10));
    let table = [
        ("oversize=10000000", 1, "larger than"),
        ("empty", 1, "an empty body"),
        ("nesting=10000", 1, "nested"),
        ("nul", 1, "other text"),
        (&nuls, 1, "other text"),
        ("html", 1, "HTML page"),
        ("big-header=1000000", 69, "127.0.0.1"),
        ("not-http", 69, "127.0.0.1"),
        ("close", 69, "127.0.0.1"),
        ("status=503", 69, "HTTP status 503"),
        ("status=404", 77, "HTTP status 404"),
    ];
    for (number, (fault, code, part)) in table.into_iter().enumerate() {
        let parsed = fault.parse().unwrap_or_else(|e| panic!("{fault}: {e}"));
        router.sim.fault(parsed, Times::Next(1));
        router.set_address(&format!("8.8.8.{number}"));
        let ran = sound(router.once(), fault).expect(code).says(part);
        assert_eq!(ran.stdout.lines().count(), 1, "{fault}: {}", ran.stdout);
        assert!(ran.stdout.starts_with("home: "), "{fault}: {}", ran.stdout);
        assert_eq!(ran.stderr.lines().count(), 1, "{fault}: {}", ran.stderr);
        assert_eq!(ran.code == Some(77), fault == "status=404");
        assert_eq!(router.home_status()["confirmed"], "8.8.4.4", "{fault}");
        let record = fs::read(router.record()).expect("a record");
        let record: serde_json::Value = serde_json::from_slice(&record).expect("JSON");
        assert_eq!(
            record["sections"]["home"]["confirmed"], "8.8.4.4",
            "{fault}"
        );
    }
    assert_eq!(router.sim.faults_waiting(), 0);
}

/// The first section in the order of the file decides the exit code.
#[test]
fn one_bad_section_stops_itself_alone() {
    let router = Router::new();
    router.sim.add_user("user2", &[]);
    let good = router.section("good", STATIC);
    let second = router
        .section("second", "option source static\noption address 8.8.8.8")
        .replace("user1", "user2");
    let wrong = router.section("wrong", &format!("{STATIC}\noption profile 'x'"));
    let nokey = router.section("nokey", STATIC).replace(
        &format!("option key '{KEY}'"),
        "option key_file '/nonexistent'",
    );
    let refused = router.section("refused", STATIC).replace("user1", "nobody");
    let private = router.section(
        "private",
        "option source static\noption address 192.168.1.2",
    );
    let gone = router
        .section("gone", STATIC)
        .replace(&router.sim.https_url(), "https://127.0.0.1:1/");
    let table = [
        (vec![&wrong, &good, &second], 78),
        (vec![&good, &nokey, &second], 78),
        (vec![&good, &refused, &wrong, &second], 77),
        (vec![&private, &refused, &good, &second], 75),
        (vec![&good, &gone, &private, &second], 69),
        (vec![&good, &second], 0),
    ];
    for (sections, code) in table {
        router.reboot();
        let _ = fs::remove_dir_all(router.path("etc"));
        router.sim.reset();
        router.sim.add_user("user2", &[]);
        let text: String = sections.into_iter().map(String::as_str).collect();
        router.configure(&text);
        let ran = sound(router.once(), &text).expect(code);
        ran.says("good: confirmed").says("second: confirmed");
        assert_eq!(router.bound(), ["8.8.4.4"]);
        assert_eq!(router.sim.bindings("user2").len(), 1);
        let refusals = usize::from(text.contains("nobody"));
        assert_eq!(router.sim.requests().len(), 2 + refusals);
        sound(router.run(&["status"]), &text).expect(0).says("good");
    }
}

#[test]
fn command_lines_that_make_no_sense() {
    let settled = Settled::new();
    let table: [(&[&str], &str); 12] = [
        (&[], "--help"),
        (&["twice"], "twice"),
        (&["--twice"], "--twice"),
        (&["once", "--twice"], "--twice"),
        (&["once", "nosuch"], "no skydns section 'nosuch'"),
        (&["once", "home", "nosuch"], "no skydns section 'nosuch'"),
        (&["status", "--format", "xml"], "xml"),
        (&["status", "--format"], "--format"),
        (&["status", "home"], "home"),
        (&["check", "--online"], "--online"),
        (&["event", "ifup"], "ifup"),
        (&["once", "-c"], "-c"),
    ];
    for (arguments, part) in table {
        let ran = sound(settled.router.run(arguments), part)
            .expect(64)
            .says(part);
        assert_eq!(
            ran.said().lines().count(),
            1,
            "{arguments:?}: {}",
            ran.said()
        );
        settled.nothing_happened(part);
    }
    let no_value = support::program()
        .arg("--config")
        .output()
        .expect("the program runs");
    support::ran(no_value).expect(64).says("--config");
    let latin = OsString::from_vec(b"caf\xe9".to_vec());
    let once: [&OsStr; 2] = ["once".as_ref(), &latin];
    let ran = sound(settled.router.run(&once), "latin 1")
        .expect(64)
        .says("not UTF-8");
    assert_eq!(ran.said().lines().count(), 1);
    settled.nothing_happened("latin 1");
}

#[test]
fn help_and_version_need_nothing() {
    for arguments in [
        &["--help"][..],
        &["help"],
        &["--version"],
        &["once", "--help"],
        &["event", "--help"],
        &["status", "--help"],
        &["check", "--help"],
        &["-c", "/nonexistent", "--version"],
    ] {
        let output = support::program().args(arguments).output();
        let ran = support::ran(output.expect("the program runs")).expect(0);
        assert!(
            ran.stdout.contains("ansync"),
            "{arguments:?}: {}",
            ran.stdout
        );
        assert_eq!(ran.stderr, "", "{arguments:?}");
    }
}

/// A place for the record or the state that cannot be one.
#[test]
fn folders_that_cannot_be() {
    let settled = Settled::new();
    let router = &settled.router;
    router.set_address("8.8.8.8");
    let places = [
        router.config(),
        PathBuf::from("/proc/nowhere"),
        PathBuf::from("/dev/null/x"),
    ];
    for place in &places {
        let mut command = support::program();
        command.arg("-c").arg(router.config());
        command.arg("--record").arg(router.path("etc"));
        command.arg("--state").arg(place).arg("once");
        let ran = support::ran(command.output().expect("the program runs"));
        let ran = sound(ran, "state").expect(75).says("nothing is sent");
        assert_eq!(ran.said().lines().count(), 1, "{}", ran.said());
        let place = place.display().to_string();
        assert!(ran.stderr.contains(&place), "{}", ran.stderr);
        settled.nothing_happened(&place);
    }
}
