//! `status --format prometheus`, read by a reader of our own and, where it is
//! installed, by Prometheus's.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use wansync_sim::KEY;

use crate::exposition::{Samples, read};
use crate::{DACHA, Watched, ago, seen};

/// The metrics, if they are valid.
#[track_caller]
fn metrics(watched: &Watched) -> Samples {
    let ran = watched.router.run(&["status", "--format", "prometheus"]);
    let ran = ran.expect(0).never_says(KEY);
    assert_eq!(ran.stderr, "");
    let samples = read(&ran.stdout);
    prometheus_reads(&ran.stdout, &samples);
    samples
}

/// Prometheus's own reader for Python finds the same samples. It is passed over
/// where tests/setup could not install it.
#[track_caller]
fn prometheus_reads(text: &str, samples: &Samples) {
    const READER: &str = "import sys\n\
        from prometheus_client.parser import text_string_to_metric_families as read\n\
        text = sys.stdin.buffer.read().decode('utf-8')\n\
        for family in read(text):\n\
        \x20   assert family.documentation and family.type == 'gauge', family\n\
        \x20   for s in family.samples: print(s.name, float(s.value), *sorted(s.labels.items()))\n";
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools/bin/python");
    if !python.exists() {
        eprintln!("passed over: tests/setup did not install prometheus_client");
        return;
    }
    let mut python = Command::new(python);
    let pipes = python
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = pipes.spawn().expect("python runs");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(text.as_bytes()).expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(
        output.status.success(),
        "prometheus_client refuses:\n{text}"
    );
    let read = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(read.lines().count(), samples.len(), "{read}");
}

#[track_caller]
fn is(samples: &Samples, name: &str, labels: &[(&str, &str)], value: f64) {
    let owned = |(label, text): &(&str, &str)| ((*label).to_owned(), (*text).to_owned());
    let key = (
        format!("wansync_{name}"),
        labels.iter().map(owned).collect(),
    );
    let found = samples
        .get(&key)
        .unwrap_or_else(|| panic!("no {key:?} in {samples:?}"));
    // Ages may be some seconds more by now.
    assert!((value..value + 60.0).contains(found), "{key:?} is {found}");
    if value.fract() != 0.0 || value <= 1.0 {
        assert!((found - value).abs() < 1e-9, "{key:?} is {found}");
    }
}

#[track_caller]
fn has_none(samples: &Samples, name: &str) {
    let name = format!("wansync_{name}");
    assert!(!samples.keys().any(|(other, _)| *other == name), "{name}");
}

#[test]
fn of_everything() {
    let watched = Watched::new();
    let home = watched
        .router
        .home("option source static\noption address 8.8.4.4");
    watched.configure(&format!("{home}{DACHA}"));
    watched.router.once();
    watched.remember(json!({}), json!({"attempts": [ago(20), ago(10)]}));
    let samples = metrics(&watched);
    is(
        &samples,
        "build_info",
        &[("version", env!("CARGO_PKG_VERSION"))],
        1.0,
    );
    is(&samples, "enabled", &[], 1.0);
    is(&samples, "configuration_errors", &[], 0.0);
    assert!(samples.contains_key(&("wansync_clock_set".into(), Vec::new())));
    let section = ("section", "home");
    is(
        &samples,
        "skydns_outcome",
        &[section, ("outcome", "confirmed")],
        1.0,
    );
    for other in [
        "unchanged",
        "aborted",
        "unconfirmed",
        "refused",
        "held",
        "throttled",
        "dry-run",
    ] {
        is(
            &samples,
            "skydns_outcome",
            &[section, ("outcome", other)],
            0.0,
        );
    }
    is(&samples, "skydns_sends_last_day", &[section], 1.0);
    is(&samples, "skydns_sends_left", &[section], 23.0);
    is(
        &samples,
        "skydns_confirmed_info",
        &[section, ("address", "8.8.4.4")],
        1.0,
    );
    let age = (
        "wansync_skydns_confirmed_age_seconds".into(),
        vec![("section".into(), "home".into())],
    );
    assert!(samples[&age] < 60.0);
    let dacha = [("section", "dacha"), ("name", "user356")];
    for (state, value) in [("up", 1.0), ("down", 0.0), ("unknown", 0.0)] {
        is(
            &samples,
            "tunnel_state",
            &[dacha[0], dacha[1], ("state", state)],
            value,
        );
    }
    is(&samples, "tunnel_since_seconds", &dacha, 7200.0);
    is(&samples, "tunnel_ping_seconds", &dacha, 0.012);
    is(&samples, "tunnel_restarts_last_hour", &dacha, 2.0);
    is(&samples, "tunnel_received_age_seconds", &dacha, 4.0);
}

#[test]
fn of_little() {
    let watched = Watched::new();
    watched.configure("");
    let samples = metrics(&watched);
    assert_eq!(samples.len(), 4, "{samples:?}");
    watched.configure(DACHA);
    let samples = metrics(&watched);
    let dacha = [("section", "dacha"), ("name", "user356")];
    is(
        &samples,
        "tunnel_state",
        &[dacha[0], dacha[1], ("state", "unknown")],
        1.0,
    );
    for name in [
        "tunnel_since_seconds",
        "tunnel_ping_seconds",
        "tunnel_received_age_seconds",
        "tunnel_handshake_age_seconds",
    ] {
        has_none(&samples, name);
    }
    let lost = json!({"Lost": {"since": ago(9), "missed": ago(9)}});
    watched.remember(json!({"ping": seen(lost, 3)}), json!({"state": "down"}));
    let samples = metrics(&watched);
    is(
        &samples,
        "tunnel_state",
        &[dacha[0], dacha[1], ("state", "down")],
        1.0,
    );
    has_none(&samples, "tunnel_ping_seconds");
    watched.remember(
        json!({"handshake": seen(json!({"At": ago(12)}), 3)}),
        json!({}),
    );
    let samples = metrics(&watched);
    is(&samples, "tunnel_handshake_age_seconds", &dacha, 12.0);
}

#[test]
fn of_sections_that_are_wrong() {
    let watched = Watched::new();
    let home = watched
        .router
        .home("option source static\noption address 8.8.4");
    watched.configure(&format!("{home}{}", DACHA.replace("172.16.0.1", "far")));
    let samples = metrics(&watched);
    is(&samples, "configuration_errors", &[], 2.0);
    let labels = [("section", "dacha"), ("name", ""), ("state", "unknown")];
    is(&samples, "tunnel_state", &labels, 1.0);
    is(
        &samples,
        "skydns_outcome",
        &[("section", "home"), ("outcome", "held")],
        0.0,
    );
    has_none(&samples, "skydns_sends_left");
}

#[test]
fn names_that_must_be_escaped() {
    let watched = Watched::new();
    for name in [r#"a"b"#, r"a\b", r"a\n", r"\", "дача ☃", "{,} 1 # x="] {
        watched.configure(&DACHA.replace("user356", name));
        let labels = [("section", "dacha"), ("name", name), ("state", "unknown")];
        is(&metrics(&watched), "tunnel_state", &labels, 1.0);
    }
}

#[test]
fn of_many() {
    let watched = Watched::new();
    let sections: String = (0..50)
        .map(|number| {
            let section = DACHA.replace("dacha", &format!("t{number}"));
            section.replace("vpnki0", &format!("vpnki{number}"))
        })
        .collect();
    watched.configure(&sections);
    for number in 0..50 {
        watched.remember_of(&format!("t{number}"), json!({}), json!({}));
    }
    let samples = metrics(&watched);
    let states = samples
        .keys()
        .filter(|(name, _)| name == "wansync_tunnel_state");
    assert_eq!(states.count(), 150);
}
