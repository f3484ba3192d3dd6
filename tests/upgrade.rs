//! An upgrade from 0.1.0 and the way back: `tests/data/upgrade` is what 0.1.0 left behind
//! when one section was confirmed, two were refused and VPNKI had said no. Times are
//! placeholders there, which are filled in for this boot.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use wansync_test_support::Router;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/upgrade");

/// A router on which 0.1.0 ran until half a minute ago. Nothing listens where its
/// services are.
fn upgraded() -> Router {
    let router = Router::new();
    let config = fs::read(Path::new(DATA).join("config")).expect("the configuration");
    router.configure_raw(&config);
    for folder in ["run", "etc"] {
        fs::create_dir(router.path(folder)).expect("a folder");
    }
    let record = fs::read_to_string(Path::new(DATA).join("record")).expect("the record");
    fs::write(router.record(), filled(&record)).expect("written");
    for (name, text) in old_states() {
        fs::write(router.path("run").join(name), text).expect("written");
    }
    router
}

/// The files of the state folder, by name, with the times of this boot.
fn old_states() -> BTreeMap<String, String> {
    states(&Path::new(DATA).join("state"))
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
    pass_changes_nothing(&router);
    let read = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    let new = states(&router.path("run"));
    for (name, old) in old_states() {
        let new = new.get(&name).unwrap_or_else(|| panic!("{name} is gone"));
        let old_document = read(&old);
        let known = known_to(&old_document, &read(new));
        assert_eq!(shape(&known), shape(&old_document), "{name}");
        let fingerprint = |text: &str| read(text)["fingerprint"].clone();
        assert_eq!(fingerprint(new), fingerprint(&old), "{name}");
    }
}
