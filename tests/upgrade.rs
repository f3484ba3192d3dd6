//! An upgrade and the way back. `tests/data/upgrade` is what 0.1.0 left behind when one
//! section was confirmed, two were refused and VPNKI had said no; `upgrade-waiting` is what
//! the last version left whose holds knew no address, when one section was confirmed, one
//! was refused three times, one was waiting after failures and one because the service had
//! asked for it. Times are placeholders there, which are filled in for this boot.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use wansync_test_support::Router;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/upgrade");
const WAITING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/upgrade-waiting");

/// A router on which 0.1.0 ran until half a minute ago. Nothing listens where its
/// services are.
fn upgraded() -> Router {
    upgraded_from(DATA)
}

fn upgraded_from(data: &str) -> Router {
    let router = Router::new();
    let config = fs::read(Path::new(data).join("config")).expect("the configuration");
    router.configure_raw(&config);
    for folder in ["run", "etc"] {
        fs::create_dir(router.path(folder)).expect("a folder");
    }
    let record = fs::read_to_string(Path::new(data).join("record")).expect("the record");
    fs::write(router.record(), filled(&record)).expect("written");
    for (name, text) in old_states(data) {
        fs::write(router.path("run").join(name), text).expect("written");
    }
    router
}

/// The files of the state folder, by name, with the times of this boot.
fn old_states(data: &str) -> BTreeMap<String, String> {
    states(&Path::new(data).join("state"))
}

fn states(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).expect("the state folder").flatten();
    let files = entries.filter(|entry| entry.path().extension().is_some_and(|e| e == "json"));
    let text = |path: &Path| filled(&fs::read_to_string(path).expect("a state"));
    files
        .map(|entry| {
            let name = entry.file_name().into_string().expect("ASCII");
            (name, text(&entry.path()))
        })
        .collect()
}

fn filled(text: &str) -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("Linux");
    let uptime = fs::read_to_string("/proc/uptime").expect("Linux");
    let boot: u64 = uptime
        .split('.')
        .next()
        .expect("a number")
        .parse()
        .expect("seconds");
    let wall = SystemTime::now().duration_since(UNIX_EPOCH);
    let wall = wall.expect("a date").as_secs();
    text.replace("@boot_id@", id.trim())
        .replace("@boot@", &boot.saturating_sub(30).to_string())
        .replace("@later@", &(boot + 1800).to_string())
        .replace("@wall@", &(wall - 30).to_string())
}

/// The document with those fields alone that the old one has: a version passes over
/// fields that it does not know.
fn known_to(old: &Value, new: &Value) -> Value {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let known = |(name, value): (&String, &Value)| {
                let known = known_to(old.get(name)?, value);
                Some((name.clone(), known))
            };
            Value::Object(new.iter().filter_map(known).collect())
        }
        (Value::Array(old), Value::Array(new)) => {
            let first = old.first().unwrap_or(&Value::Null);
            new.iter().map(|item| known_to(first, item)).collect()
        }
        _ => new.clone(),
    }
}

/// The names of a document, and the kinds of their values.
fn shape(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter();
            let fields: Vec<String> = fields.map(|(n, v)| format!("{n}: {}", shape(v))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.first().map_or(String::new(), shape)),
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "text".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Null => "null".to_owned(),
    }
}

fn pass_changes_nothing(router: &Router) {
    let record = fs::read(router.record()).expect("the record");
    router
        .once()
        .says("home: unchanged: 8.8.4.4 is what the service confirmed")
        .says("held: held: the service refused before (127.0.0.1 says: Invalid provider key)")
        .says("failing: held: the service refused before (127.0.0.1: HTTP status 404)")
        .never_says("no connection");
    assert_eq!(fs::read(router.record()).expect("the record"), record);
}

#[test]
fn an_upgrade_sends_nothing_and_forgets_no_hold() {
    let router = upgraded();
    pass_changes_nothing(&router);
}

#[test]
fn a_reboot_with_the_upgrade_sends_nothing_either() {
    let router = upgraded();
    // VPNKI is asked again after a reboot, and not before.
    let config = fs::read_to_string(router.config()).expect("the configuration");
    let (skydns, _) = config.split_once("config vpnki").expect("an account");
    router.configure_raw(skydns.as_bytes());
    router.reboot();
    pass_changes_nothing(&router);
}

#[test]
fn the_version_before_finds_what_it_left() {
    let router = upgraded();
    let left = states(&router.path("run"));
    pass_changes_nothing(&router);
    has_what_was_left(&router, left);
    let router = upgraded_from(WAITING);
    let left = states(&router.path("run"));
    waits_as_before(&router);
    has_what_was_left(&router, left);
}

/// The state files have all that the version before left there, in its shape.
fn has_what_was_left(router: &Router, left: BTreeMap<String, String>) {
    let read = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    let new = states(&router.path("run"));
    for (name, old) in left {
        let new = new.get(&name).unwrap_or_else(|| panic!("{name} is gone"));
        let old_document = read(&old);
        let known = known_to(&old_document, &read(new));
        assert_eq!(shape(&known), shape(&old_document), "{name}");
        for field in ["fingerprint", "refusals", "not_before", "asked_until"] {
            let value = |text: &str| read(text)[field].clone();
            assert_eq!(value(new), value(&old), "{name}: {field}");
        }
    }
}

fn waits_as_before(router: &Router) {
    let record = fs::read(router.record()).expect("the record");
    for _ in 0..2 {
        router
            .once()
            .says("home: unchanged: 8.8.4.4 is what the service confirmed")
            .says("refused: held: the service refused 3 times within 24 h (127.0.0.1 says: User not found)")
            .says("waiting: throttled: waiting after a failure (127.0.0.1: HTTP status 503)")
            .says("asked: throttled: the service asked to wait (127.0.0.1: HTTP status 503)")
            .never_says("no connection");
    }
    assert_eq!(fs::read(router.record()).expect("the record"), record);
}

/// A million routers are upgraded: nothing says how they reached the service before.
#[test]
fn an_upgrade_ends_no_wait() {
    let router = upgraded_from(WAITING);
    waits_as_before(&router);
    // From here on it is known.
    let config = fs::read_to_string(router.config()).expect("the configuration");
    let other = config.replace("ca-certificates.crt", "other.crt");
    router.configure_raw(other.as_bytes());
    router
        .once()
        .says("home: unchanged")
        .says("refused: unconfirmed: no connection")
        .says("waiting: unconfirmed: no connection")
        .says("asked: throttled: the service asked to wait");
}

#[test]
fn a_hold_outlives_an_upgrade_with_a_reboot() {
    let router = upgraded_from(WAITING);
    router.reboot();
    for _ in 0..3 {
        router
            .run(&["once", "--force", "refused"])
            .expect(77)
            .says("refused: held: the service refused 3 times within 24 h (127.0.0.1 says: User not found)");
        router
            .run(&["once", "home"])
            .expect(0)
            .says("home: unchanged");
    }
}

/// The version before reads the words; this one has the codes beside them again.
#[test]
fn a_code_stands_beside_the_words_and_not_in_their_place() {
    let router = upgraded();
    let reason = |name: &str| {
        let text = fs::read_to_string(router.path("run").join(format!("skydns.{name}.json")));
        serde_json::from_str::<Value>(&text.expect("a state")).expect("JSON")
    };
    let status = |name: &str| {
        let status = router.status();
        let sections = status["skydns"].as_array().expect("a list").clone();
        let mut sections = sections.into_iter();
        let found = sections.find(|section| section["section"] == name);
        found.expect("the section")
    };
    let old = status("home");
    assert_eq!(old["reason_code"], "words");
    assert_eq!(old["reason_args"]["words"], old["reason"]);
    router.once();
    let words = "8.8.4.4 is what the service confirmed";
    let state = reason("home");
    assert_eq!(state["reason"], words);
    assert_eq!(state["reason_code"], "send.unchanged");
    assert_eq!(status("home")["reason_args"]["address"], "8.8.4.4");
    // What the service said to the version before has no code, in a reason that has one.
    let held = status("held");
    assert_eq!(held["reason_code"], "hold.pause");
    let refusal = &held["reason_args"]["refusal"][0];
    assert_eq!(refusal["code"], "words");
    assert_eq!(
        refusal["args"]["words"],
        "127.0.0.1 says: Invalid provider key"
    );
}
