//! Every file of `tests/data/uci`, against what OpenWrt's `uci` says of it.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use wansync_core::config::uci::print::{Unnamed, export, show};
use wansync_core::config::uci::{ParseError, parse};

/// The package that `uci` read every file as.
const PACKAGE: &str = "t";

#[test]
fn accepted_files_read_as_uci_reads_them() {
    for case in cases().filter(|case| case.accepted()) {
        let text = case.file("conf");
        let package = parse(&text).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let shown = show(&package, PACKAGE, Unnamed::Indexed);
        case.compare("show", &shown);
        let shown = show(&package, PACKAGE, Unnamed::Generated);
        case.compare("showx", &shown);
        case.compare("export", &export(&package, PACKAGE));
    }
}

#[test]
fn rejected_files_fail_in_the_words_of_uci() {
    for case in cases().filter(|case| !case.accepted()) {
        match parse(&case.file("conf")) {
            Ok(_) => panic!("{}: accepted", case.name),
            Err(error) => case.compare("err", &message(error)),
        }
    }
}

#[test]
fn the_corpus_is_there() {
    assert!(cases().count() >= 64);
    assert!(cases().filter(|case| !case.accepted()).count() >= 20);
}

#[test]
fn example_prints_and_exits_as_uci_does() {
    for case in cases() {
        let output = uci_show(&case.path("conf"));
        let text = case.file("conf");
        let name = case
            .name
            .split('.')
            .next()
            .expect("split gives a first part");
        match parse(&text) {
            Ok(package) => {
                let shown = show(&package, name, Unnamed::Indexed);
                assert_eq!(output.stdout, shown, "{name}");
                assert_eq!(output.stderr, b"", "{name}");
                assert_eq!(output.status.code(), Some(0), "{name}");
            }
            Err(_) => {
                case.compare("err", &output.stderr);
                assert_eq!(output.stdout, b"", "{name}");
                assert_eq!(output.status.code(), Some(1), "{name}");
            }
        }
    }
}

#[test]
fn example_says_which_file_cannot_be_read() {
    for path in ["no/such/file", env!("CARGO_MANIFEST_DIR")] {
        let output = uci_show(Path::new(path));
        let said = String::from_utf8(output.stderr).expect("the message is UTF-8");
        assert_eq!(output.status.code(), Some(1), "{path}");
        assert!(said.starts_with("uci_show: cannot read "), "{said}");
        assert!(said.contains(path), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

struct Case {
    name: String,
}

impl Case {
    fn path(&self, kind: &str) -> PathBuf {
        data().join(format!("{}.{kind}", self.name))
    }

    fn file(&self, kind: &str) -> Vec<u8> {
        let path = self.path(kind);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn accepted(&self) -> bool {
        self.file("rc").starts_with(b"0")
    }

    fn compare(&self, kind: &str, actual: &[u8]) {
        let expected = self.file(kind);
        assert_eq!(
            String::from_utf8_lossy(actual),
            String::from_utf8_lossy(&expected),
            "{}.{kind}",
            self.name
        );
        assert!(actual == expected, "{}.{kind}: other bytes", self.name);
    }
}

fn cases() -> impl Iterator<Item = Case> {
    let entries = fs::read_dir(data()).expect("tests/data/uci is part of the sources");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("a directory entry").file_name())
        .filter_map(|name| Some(name.to_str()?.strip_suffix(".conf")?.to_owned()))
        .collect();
    names.sort();
    names.into_iter().map(|name| Case { name })
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/uci")
}

fn message(error: ParseError) -> Vec<u8> {
    format!("uci: {error}\n").into_bytes()
}

/// `cargo test` builds the examples beside the tests: `debug/examples` beside
/// `debug/deps`. With `--test` alone it does not.
fn uci_show(file: &Path) -> Output {
    let test = std::env::current_exe().expect("a test knows its own path");
    let example = test
        .ancestors()
        .nth(2)
        .expect("the test is in debug/deps")
        .join("examples/uci_show");
    Command::new(&example)
        .arg(file)
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}; `cargo build --examples`?", example.display()))
}
