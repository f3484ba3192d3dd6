//! `docs/status.schema.json` is what `status --format json` prints, and what the README
//! says of it.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use jsonschema::Validator;
use rustix::process::Signal;
use serde_json::{Value, json};
use wansync_sim::{KEY, Times};
use wansync_test_support::daemon::Daemon;
use wansync_test_support::{Router, STATUS};

use crate::rpcd::with_many_sections;
use crate::table::{self, SCHEMA, tables};
use crate::{DACHA, Watched, ago};

const STATIC: &str = "option source static\noption address 8.8.4.4";

/// The schema, and what was seen of it.
struct Seen {
    schema: Value,
    validator: Validator,
    /// The properties that were printed with another value than null.
    properties: BTreeSet<String>,
}

impl Seen {
    fn new() -> Seen {
        let schema = serde_json::from_str(SCHEMA).expect("JSON");
        let mut options = jsonschema::draft202012::options();
        options = options.should_validate_formats(true);
        Seen {
            validator: options.build(&schema).expect("a schema"),
            schema,
            properties: BTreeSet::new(),
        }
    }

    /// Checks what the program prints now, which ends with this code.
    #[track_caller]
    fn look(&mut self, router: &Router, code: i32) -> Value {
        let ran = router.run(STATUS).expect(code).never_says(KEY);
        self.take(ran.json())
    }

    /// Checks a status.
    #[track_caller]
    fn take(&mut self, status: Value) -> Value {
        let errors = self.validator.iter_errors(&status);
        let errors: Vec<String> = errors
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, [""; 0], "{status:#}");
        let mut unknown = Vec::new();
        let mut found = BTreeSet::new();
        walk(&self.schema, &status, "", &mut found, &mut unknown);
        assert_eq!(unknown, [""; 0], "the schema does not know these");
        self.properties.append(&mut found);
        status
    }
}

/// The names of the properties of `value` that are not null, and of those that its schema
/// does not know.
fn walk(
    schema: &Value,
    value: &Value,
    path: &str,
    found: &mut BTreeSet<String>,
    unknown: &mut Vec<String>,
) {
    if let Some(items) = value.as_array() {
        for item in items {
            let path = format!("{path}[]");
            walk(&schema["items"], item, &path, found, unknown);
        }
    }
    let (Some(properties), Some(fields)) = (schema.get("properties"), value.as_object()) else {
        return;
    };
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        let path = format!("{path}.{name}");
        match properties.get(name) {
            Some(schema) => walk(schema, value, &path, found, unknown),
            None => unknown.push(path.clone()),
        }
        found.insert(path);
    }
}

/// The names of all properties in a schema.
fn names(schema: &Value, path: &str, all: &mut BTreeSet<String>) {
    if let Some(items) = schema.get("items") {
        names(items, &format!("{path}[]"), all);
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        names(schema, &path, all);
        all.insert(path);
    }
}

/// Changes a file of the state.
fn change(file: &Path, fields: Value) {
    let text = fs::read(file).expect("a state");
    let mut state: Value = serde_json::from_slice(&text).expect("JSON");
    crate::merge(&mut state, fields);
    fs::write(file, state.to_string()).expect("a file");
}

#[test]
fn what_is_printed_in_many_states_is_what_the_schema_has() {
    let mut seen = Seen::new();
    of_sections(&mut seen);
    of_other_sources(&mut seen);
    of_tunnels(&mut seen);
    of_configurations(&mut seen);
    seen.take(with_many_sections().call("status", "{}"));
    let mut all = BTreeSet::new();
    names(&seen.schema, "", &mut all);
    let missing: Vec<&String> = all.difference(&seen.properties).collect();
    assert_eq!(missing, [""; 0], "none of the states has these");
}

fn of_sections(seen: &mut Seen) {
    let router = Router::with_address("8.8.4.4");
    let fault = |text: &str| {
        let fault = text.parse().expect("a fault");
        router.sim.fault(fault, Times::All);
    };
    let fresh = seen.look(&router, 0);
    assert_eq!(fresh["skydns"][0]["outcome"], Value::Null);
    assert_eq!(
        (&fresh["format"], &fresh["daemon"]),
        (&json!(2), &json!(false))
    );
    router.once().expect(0);
    let home = seen.look(&router, 0)["skydns"][0].clone();
    assert_eq!(home["last_attempt"]["address"], "8.8.4.4");
    // Both are reckoned, and may differ by a second.
    for age in ["confirmed_since_s", "confirmed_age_s"] {
        assert!(home[age].as_u64().is_some_and(|age| age < 3600), "{home}");
    }
    let state = router.path("run/skydns.home.json");
    change(
        &state,
        json!({"not_before": ago(-900), "asked_until": ago(-900), "unwell_since": ago(900),
            "hold_down": {"forgotten_at": ago(-240), "pause_s": 60}}),
    );
    let test = json!({"boot_id": crate::boot_id(), "asked": ago(60), "name": "bad.example",
        "resolver": "127.0.0.1", "state": "in-force", "addresses": ["127.0.0.1"]});
    let test_name = "option test_name bad.example";
    router.configure(&router.home(&format!("{STATIC}\nlist resolver 127.0.0.1\n{test_name}")));
    fs::write(router.path("run/filtering.home.json"), test.to_string()).expect("a file");
    let home = seen.look(&router, 0)["skydns"][0].clone();
    for name in ["backoff_s", "retry_after_s", "hold_down_s", "unwell_s"] {
        let span = home[name].as_i64().unwrap_or_else(|| panic!("no {name}"));
        assert!((60..=960).contains(&span), "{name} {span}");
    }
    assert_eq!(home["profile_test"]["state"], "in-force");
    // Waiting, refused, and held.
    let waiting = Router::with_address("8.8.4.4");
    let text = "status=503".parse().expect("a fault");
    waiting.sim.fault(text, Times::All);
    waiting.once().expect(69);
    assert_eq!(seen.look(&waiting, 0)["skydns"][0]["failures"], 1);
    fault("none");
    let config = fs::read_to_string(router.config()).expect("a configuration");
    router.configure_raw(config.replace(KEY, "wrong-key").as_bytes());
    router.once().expect(77);
    let home = seen.look(&router, 0)["skydns"][0].clone();
    assert_eq!(home["hold"]["rule"], "pause");
    assert_eq!(home["refusals_last_day"], 1);
    router.once().expect(77);
    assert_eq!(seen.look(&router, 0)["skydns"][0]["outcome"], "held");
    let private = Router::with_address("10.0.0.1");
    private.once().expect(75);
    let advice = seen.look(&private, 0)["skydns"][0]["advice"].clone();
    assert!(
        advice
            .as_str()
            .is_some_and(|text| text.contains("bridge mode"))
    );
    // Nothing runs.
    let lock = File::open(router.path("run/lock")).expect("a lock");
    let long_ago = SystemTime::now() - Duration::from_secs(5 * 3600);
    lock.set_modified(long_ago).expect("a date");
    seen.look(&router, 0);
}

fn of_other_sources(seen: &mut Seen) {
    let router = Router::new();
    let network = router.section("a", "option network wan");
    let rivals =
        router.section("b", STATIC) + &router.section("c", STATIC).replace("user1", "user2");
    let device = router.section("d", "option source interface\noption device lo");
    let off = "config skydns off\noption enabled 0\n";
    router.configure(&format!("{network}{rivals}{device}{off}"));
    let status = seen.look(&router, 0);
    assert_eq!(status["skydns"][0]["networks"], json!(["wan"]));
    assert_eq!(status["skydns"][3]["device"], "lo");
    assert_eq!(status["disabled"], json!(["off"]));
    assert_eq!(status["problems"][0]["level"], "warn");
}

fn of_tunnels(seen: &mut Seen) {
    let watched = Watched::new();
    seen.look(&watched.router, 0);
    watched.configure(&format!(
        "{DACHA}option ping_size 1300\nlist wan wan\nlist wan lte\n"
    ));
    let evidence = json!({
        "large_ping": crate::seen(json!(true), 3),
        "handshake": crate::seen(json!({"At": ago(100)}), 3),
    });
    watched.remember(evidence, json!({}));
    let path = watched.router.path("run/tunnel.dacha.json");
    change(&path, json!({"wan_network": "lte"}));
    let tunnel = seen.look(&watched.router, 0)["tunnels"][0].clone();
    let kinds: Vec<&Value> = tunnel["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|piece| {
            assert_eq!(piece["level"], "ok", "{piece}");
            &piece["kind"]
        })
        .collect();
    assert_eq!(
        json!(kinds),
        json!([
            "wan",
            "service",
            "device",
            "route",
            "ping",
            "large_ping",
            "handshake",
            "traffic"
        ])
    );
    assert_eq!(tunnel["wans"], json!(["wan", "lte"]));
    // Down, and given up.
    watched.configure(DACHA);
    let lost =
        json!({"ping": crate::seen(json!({"Lost": {"since": ago(90), "missed": ago(80)}}), 3)});
    let recovery = json!({"state": "down", "seen": "down", "given_up": true,
        "reason": "172.16.0.1 has not answered for 1 min 30 s", "reason_code": "tunnel.silent",
        "reason_args": {"address": "172.16.0.1", "age_s": 90},
        "attempts": [ago(900), ago(600), ago(300)], "not_before": ago(-600)});
    watched.remember(lost, recovery);
    let tunnel = seen.look(&watched.router, 0)["tunnels"][0].clone();
    assert_eq!(tunnel["given_up"], true);
    assert_eq!(
        (&tunnel["restarts_last_hour"], &tunnel["restart_limit"]),
        (&json!(3), &json!(3))
    );
    let ping = tunnel["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|p| p["kind"] == "ping");
    let ping = ping.expect("it is asked for");
    assert_eq!(
        (&ping["level"], &ping["code"]),
        (&json!("fail"), &json!("evidence.ping_lost"))
    );
    // Of a device, and a section that is wrong.
    let device = DACHA.replace("option network", "option device");
    watched.configure(&device.replace("'restart'", "'none'"));
    let wrong = seen.look(&watched.router, 0);
    assert_eq!(wrong["tunnels"][0]["device"], "vpnki0");
    watched.configure(&DACHA.replace("'restart'", "'reboot'"));
    let wrong = seen.look(&watched.router, 0);
    assert_eq!(wrong["tunnels"][0]["reason_code"], "section.wrong");
    assert_eq!(wrong["tunnels"][0]["on_down"], Value::Null);
    let problem = &wrong["problems"][0];
    assert_eq!(
        (&problem["level"], &problem["section"]),
        (&json!("fail"), &json!("dacha"))
    );
}

fn of_configurations(seen: &mut Seen) {
    // None, and one that is not UCI.
    let router = Router::new();
    let none = seen.look(&router, 78);
    assert_eq!(none["mode"], Value::Null);
    assert!(none["time"].is_string());
    router.configure_raw(b"config skydns 'home\n");
    let broken = seen.look(&router, 78);
    let text = broken["problems"][0]["text"].as_str().expect("words");
    assert!(text.contains("unterminated"), "{text}");
    // The problems are those of the check, object by object.
    router.configure(&router.home("option source pigeon\noption nonsense 1"));
    let wrong = seen.look(&router, 0);
    let check = router
        .run(&["check", "--offline", "--format", "json"])
        .expect(78);
    let problems = wrong["problems"].as_array().expect("a list");
    assert_eq!(problems.len(), 2);
    for problem in problems {
        let is_it = |line: &str| serde_json::from_str::<Value>(line).expect("JSON") == *problem;
        assert!(
            check.stdout.lines().any(is_it),
            "no {problem} in {}",
            check.stdout
        );
    }
    // A daemon, and one that goes on with the configuration of before.
    let router = Router::with_address("8.8.4.4");
    let mut daemon = Daemon::start(router.command(&["daemon"]), router.path("daemon.log"));
    daemon.says("8.8.4.4 is confirmed");
    assert_eq!(seen.look(&router, 0)["daemon"], true);
    router.configure_raw(b"config skydns 'home\n");
    daemon.signal(Signal::HUP);
    daemon.says("the configuration of before stays in use");
    let status = seen.look(&router, 0);
    assert_eq!(status["skydns"][0]["confirmed"], "8.8.4.4");
    let levels: Vec<&Value> = status["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|p| &p["level"])
        .collect();
    assert_eq!(json!(levels), json!(["fail", "warn"]));
}

/// What is asked for in a file is there, too, where nothing can be told.
#[test]
fn a_file_says_why_there_is_no_status() {
    let router = Router::new();
    let file = router.path("status.json");
    let mut command = router.command(STATUS);
    command.arg("--output").arg(&file);
    let ran = wansync_test_support::ran(command.output().expect("it runs"));
    ran.expect(78);
    let status: Value = serde_json::from_slice(&fs::read(&file).expect("a file")).expect("JSON");
    assert_eq!(status["problems"][0]["level"], "fail");
    // Of one section there is none.
    let arguments = [STATUS, &["home"]].concat();
    let ran = router.run(&arguments).expect(64);
    assert_eq!(ran.stdout, "");
}

#[test]
fn the_tables_of_the_readme_are_those_of_the_schema() {
    let readme = include_str!("../../README.md");
    let (before, rest) = readme
        .split_once(table::BEGIN)
        .expect("the README has its begin");
    let (_, after) = rest.split_once(table::END).expect("the README has its end");
    let updated = format!("{before}{}{}{}{after}", table::BEGIN, tables(), table::END);
    if std::env::var_os("UPDATE").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        fs::write(path, &updated).expect("the README is written");
        return;
    }
    assert!(
        updated == readme,
        "write them with `UPDATE=1 cargo test --test status tables`"
    );
}
