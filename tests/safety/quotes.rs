//! A service that quotes the key, in part or encoded: no run of eight characters of it,
//! nor of what it was made into, is shown, logged or remembered.

use std::fs;

use wansync_sim::{KEY, Times};
use wansync_test_support::{Ran, Router, is_in_files};

/// Base64 (RFC 4648) with padding.
fn base64(text: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = text.as_bytes().chunks(3).map(|group| {
        let byte = |at| group.get(at).copied().map_or(0, u32::from);
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let letter = |at: usize| match at <= group.len() {
            true => char::from(LETTERS[(bits >> (18 - 6 * at) & 63) as usize]),
            false => '=',
        };
        (0..4).map(letter).collect::<String>()
    });
    groups.collect()
}

fn each(text: &str, form: impl Fn(u8) -> String) -> String {
    text.bytes().map(form).collect()
}

/// How a service may quote the key, and what of it must not be seen.
fn quotes() -> Vec<(&'static str, String)> {
    vec![
        ("its beginning", KEY[..8].to_owned()),
        ("its middle", KEY[5..16].to_owned()),
        ("its end", KEY[KEY.len() - 8..].to_owned()),
        ("in upper case", KEY.to_uppercase()),
        ("in HTML", each(KEY, |byte| format!("&#{byte};"))),
        ("in HTML, in hex", each(KEY, |byte| format!("&#x{byte:x};"))),
        ("in base64", base64(KEY)),
        ("in base64 behind a name", base64(&format!("key={KEY}"))),
        ("in base64 behind a user", base64(&format!("user1:{KEY}"))),
        ("in hex", each(KEY, |byte| format!("{byte:02x}"))),
        (
            "letter by letter",
            each(KEY, |byte| format!("{} ", char::from(byte))),
        ),
        (
            "in hex with colons",
            each(KEY, |byte| format!("{byte:02x}:")),
        ),
        ("in upper hex", each(KEY, |byte| format!("{byte:02X}"))),
        ("percent-encoded", each(KEY, |byte| format!("%{byte:02x}"))),
        ("so twice", each(KEY, |byte| format!("%25{byte:02X}"))),
        ("as in JSON", each(KEY, |byte| format!("\\u{byte:04x}"))),
        (
            "a part as in HTML",
            each(&KEY[3..12], |byte| format!("&#{byte};")),
        ),
    ]
}

/// No eight characters of a quotation in a row, nor of the key itself, are in the text.
fn seen_in(quote: &str, text: &str) -> Option<String> {
    let text = text.to_lowercase();
    let runs = |form: &str| -> Vec<String> {
        let form: Vec<char> = form.to_lowercase().chars().collect();
        form.windows(8).map(|run| run.iter().collect()).collect()
    };
    let known = [runs(KEY), runs(quote.trim_end_matches('='))].concat();
    known.into_iter().find(|run| text.contains(run))
}

#[track_caller]
fn is_hidden(what: &str, quote: &str, router: &Router, runs: &[Ran]) {
    for ran in runs {
        // Of base64 the letters of what stands before the key may be seen.
        let is_others = |run: &String| {
            what.starts_with("in base64 behind") && !base64(KEY).to_lowercase().contains(run)
        };
        let found = seen_in(quote, &ran.said()).filter(|run| !is_others(run));
        assert_eq!(found, None, "{what}: {ran:?}");
    }
    for folder in ["run", "etc"] {
        for at in 0..=KEY.len() - 8 {
            let run = &KEY[at..at + 8];
            assert!(!is_in_files(&router.path(folder), run), "{what}: {folder}");
        }
        let is_whole = quote.len() > 8 && is_in_files(&router.path(folder), quote);
        assert!(!is_whole, "{what}: {folder}");
    }
}

fn runs(router: &Router) -> Vec<Ran> {
    let key_file = router.path("key");
    fs::write(&key_file, KEY).expect("the key is written");
    let url = router.sim.https_url();
    let file = key_file.display().to_string();
    let call = ["--base-url", &url, "--key-file", &file, "ident=user1"];
    let with = |words: &[&str]| router.run(&[words, &call[..]].concat());
    vec![
        router.once(),
        router.run(&["status"]),
        router.run(&["status", "--format", "json"]),
        router.run(&["check"]),
        with(&["skydns", "profiles"]),
        with(&["skydns", "profiles", "--raw"]),
    ]
}

#[test]
fn a_key_that_is_quoted_in_part_or_encoded_does_not_show() {
    for (what, quote) in quotes() {
        for fault in [
            "error=message,text=",
            "error=detail,code=403,text=",
            "body=",
        ] {
            let router = Router::with_address("8.8.4.4");
            let text = format!("{fault}no such key {quote}.");
            router.sim.fault(text.parse().expect(&text), Times::All);
            let ran = runs(&router);
            assert!(!router.sim.requests().is_empty(), "{what}");
            is_hidden(what, &quote, &router, &ran);
        }
    }
}

/// What is no part of the key is told in full.
#[test]
fn ordinary_words_are_not_masked() {
    let router = Router::with_address("8.8.4.4");
    let said = "the test key of user1 is not known (code 01234)";
    let fault = format!("error=message,text={said}");
    router
        .sim
        .fault(fault.parse().expect("a fault"), Times::All);
    router.once().expect(77).says(said);
    router.run(&["status"]).says(said);
}
