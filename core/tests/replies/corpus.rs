//! Every case of `tests/data/replies`, against the facts that it must give.
use std::fs;
use std::path::PathBuf;
use wansync_core::time::Wall;

use wansync_core::service::answer::data_json;
use wansync_core::service::method::Method;
use wansync_core::service::reply::Reply;
use wansync_core::service::{skydns_methods, vpnki_resources};

use crate::show::lines;

#[test]
fn every_body_gives_its_facts() {
    let mut wrong = Vec::new();
    for case in cases() {
        let found = lines(case.method, &case.reply);
        if found != case.expected {
            wrong.push(format!("{}:\n{}\n", case.name, found.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "found instead:\n\n{}", wrong.join("\n"));
}

#[test]
fn data_for_programs_is_strict_json() {
    for case in cases() {
        let is_failure = case.expected.iter().any(|line| line.starts_with("failure"));
        match data_json(case.method, &case.reply, Wall::from_secs(0)) {
            Ok(text) => {
                assert!(!is_failure, "{}", case.name);
                let strict = serde_json::from_str::<serde_json::Value>(&text);
                assert!(strict.is_ok(), "{}: {text}", case.name);
            }
            Err(_) => assert!(is_failure, "{}", case.name),
        }
    }
}

#[test]
fn every_method_is_in_the_corpus() {
    let cases = cases();
    assert!(cases.len() >= 100, "{}", cases.len());
    for method in skydns_methods::METHODS
        .iter()
        .chain(&vpnki_resources::RESOURCES)
    {
        let of_it = || cases.iter().filter(|case| case.method.name == method.name);
        let is_failure = |line: &String| line.starts_with("failure");
        assert!(
            of_it().any(|c| !c.expected.iter().any(is_failure)),
            "{} succeeds",
            method.name
        );
    }
}

/// One body, and what it must give.
pub struct Case {
    pub name: String,
    pub method: &'static Method,
    pub reply: Reply,
    pub expected: Vec<String>,
}

/// All of them, sorted by name.
pub fn cases() -> Vec<Case> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/replies");
    let entries = fs::read_dir(directory).expect("the corpus");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "expect")
        })
        .collect();
    paths.sort();
    paths.into_iter().map(case).collect()
}

fn case(path: PathBuf) -> Case {
    let name = path
        .file_stem()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let text = fs::read_to_string(&path).expect("UTF-8");
    let body = fs::read(path.with_extension("body")).expect("a body beside it");
    let (head, facts) = text
        .split_once("\n\n")
        .unwrap_or_else(|| panic!("{name}: no empty line"));
    let head = |word: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(' '));
        lines
            .find(|(first, _)| *first == word)
            .map(|(_, rest)| rest)
    };
    let called = head("method").unwrap_or_else(|| panic!("{name}: no method"));
    let method = skydns_methods::find(called).or_else(|| vpnki_resources::find(called));
    Case {
        method: method.unwrap_or_else(|| panic!("{name}: {called}?")),
        reply: Reply {
            status: head("status").map_or(200, |status| status.parse().expect("a number")),
            retry_after: head("retry-after").map(str::to_owned),
            coding: head("coding").map(str::to_owned),
            body,
        },
        expected: facts.lines().map(str::to_owned).collect(),
        name,
    }
}
