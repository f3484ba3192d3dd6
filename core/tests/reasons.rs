//! The table of reasons against the sources: each code is made somewhere, and no reason is
//! made of words that are put together where it is found.
#![allow(clippy::disallowed_methods, reason = "tests read files")]

use std::fs;
use std::path::{Path, PathBuf};

fn sources() -> Vec<(PathBuf, String)> {
    let core = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![core.join("src"), core.join("../src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)
            .expect("a folder of sources")
            .flatten()
        {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).expect("a source");
                // What is behind it are tests.
                let text = text.split("#[cfg(test)]\nmod tests {").next();
                sources.push((path, text.unwrap_or_default().to_owned()));
            }
        }
    }
    sources
}

fn is_table(path: &Path) -> bool {
    path.ends_with("reason/table.rs")
}

fn is_test(path: &Path) -> bool {
    let path = path.to_string_lossy();
    path.ends_with("tests.rs") || path.contains("/tests/")
}

#[test]
fn each_code_is_made_somewhere() {
    let sources = sources();
    let (_, table) = sources
        .iter()
        .find(|(path, _)| is_table(path))
        .expect("the table");
    let code = |line: &str| {
        let (code, rest) = line.trim().split_once(" \"")?;
        let is_code = rest.contains("\" \"") && code.chars().all(char::is_alphanumeric);
        is_code.then(|| code.to_owned())
    };
    let codes: Vec<String> = table.lines().filter_map(code).collect();
    assert_eq!(codes.len(), wansync_core::reason::Code::ALL.len());
    let others = sources
        .iter()
        .filter(|(path, _)| !is_table(path) && !is_test(path));
    let text: String = others.map(|(_, text)| text.as_str()).collect();
    let words: std::collections::BTreeSet<&str> =
        text.split(|c: char| !c.is_alphanumeric()).collect();
    let unused: Vec<&String> = codes
        .iter()
        .filter(|code| !words.contains(code.as_str()))
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}

/// The only sources that make a reason of words, which are not this program's: those of the
/// kernel, of the TLS library, of a file that another version wrote, and what was cut to fit in
/// a line.
const SOURCES_OF_WORDS: [&str; 9] = [
    "history/mod.rs",
    "reason.rs",
    "reason/connection.rs",
    "reason/persist.rs",
    "sys/http/tls_error.rs",
    "sys/netlink/wireguard.rs",
    "sys/os_error.rs",
    "sys/ping.rs",
    "sys/store.rs",
];

#[test]
fn no_reason_is_made_of_words_elsewhere() {
    for (path, text) in sources() {
        let name = path.display();
        let may_use_words = SOURCES_OF_WORDS.iter().any(|source| path.ends_with(source));
        if !is_test(&path) && !may_use_words {
            let has_words = text.contains("Reason::words(") || text.contains("Code::Words)");
            assert!(!has_words, "{name}");
        }
        for put_together in [
            "Reason::words(&format!",
            "Reason::words(&[",
            "Reason::words(\"",
            ", error = format!",
            ", error = \"",
        ] {
            assert!(is_test(&path) || !text.contains(put_together), "{name}");
        }
    }
}
