//! Files that are no configuration, and options that are wrong.

use super::*;
use wansync_test_support::random::Random;

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
        ("binary rubbish", Random::new(1).bytes(4096), "at line 1,"),
        (
            "a megabyte of it",
            Random::new(1).bytes(1 << 20),
            "at line 1,",
        ),
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
        let mut command = wansync_test_support::program();
        let folders = [
            ("--state", router.path("run")),
            ("--record", router.path("etc")),
        ];
        for (option, folder) in folders {
            command.arg(option).arg(folder);
        }
        let output = command.args(["-c", device, "once"]).output();
        let ran = sound(
            wansync_test_support::ran(output.expect("the program runs")),
            device,
        );
        ran.expect(78).says(device);
        settled.nothing_happened(device);
    }
}

/// Lines of the configuration: 1 and 2 are the `wansync` section, 3 is the
/// `config` of `home`, 4 its base_url, 5 its ident, 6 its key; options follow.
#[test]
fn a_wrong_option_is_reported_with_its_line() {
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
        (
            source("netwrok\noption address 1"),
            7,
            "is unknown (did you mean 'network'?)",
        ),
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
fn an_option_that_is_not_utf8_is_reported_with_its_line() {
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
fn all_problems_of_a_file_are_reported_at_once() {
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
