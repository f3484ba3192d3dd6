//! `status --format prometheus`, read by a reader of our own and, where it is
//! installed, by Prometheus's.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;
use wansync_sim::KEY;
use wansync_test_support::Router;
use wansync_test_support::programs::prometheus_reads;

use crate::exposition::{Samples, read};
use crate::{DACHA, Watched, ago, seen};

/// The metrics, if they are valid.
#[track_caller]
fn metrics(watched: &Watched) -> Samples {
    let ran = watched.router.run(&["status", "--format", "prometheus"]);
    let ran = ran.expect(0).never_says(KEY);
    assert_eq!(ran.stderr, "");
    let samples = read(&ran.stdout);
    if let Some(read) = prometheus_reads(&ran.stdout) {
        assert_eq!(read.lines().count(), samples.len(), "{read}");
    }
    samples
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

/// A file is replaced in one step, and other users may read it. A link in the place of the
/// draft is not followed.
#[test]
fn a_status_in_a_file() {
    let router = Router::with_address("8.8.4.4");
    let file = router.path("metrics.prom");
    let path = file.display().to_string();
    fs::write(&file, "old").expect("a file");
    fs::write(router.path("other"), "mine").expect("a file");
    let draft = router.path("metrics.prom.new");
    std::os::unix::fs::symlink(router.path("other"), &draft).expect("a link");
    let words = ["status", "--format", "prometheus", "--output", &path];
    let ran = router.run(&words).expect(0);
    assert_eq!(ran.said(), "");
    let printed = router.run(&words[..3]).expect(0).stdout;
    let text = fs::read_to_string(&file).expect("a file");
    let names = |text: &str| -> Vec<String> {
        let names = text.lines().filter_map(|line| line.split_once(' '));
        names.map(|(name, _)| name.to_owned()).collect()
    };
    assert_eq!(names(&text), names(&printed));
    let mode = fs::metadata(&file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    assert_eq!(
        fs::read_to_string(router.path("other")).expect("a file"),
        "mine"
    );
    assert!(!draft.exists());
    let nowhere = router.path("nowhere/metrics.prom").display().to_string();
    let words = ["status", "--output", &nowhere];
    let ran = router.run(&words).expect(74);
    ran.says(&format!(
        "cannot write {nowhere}: No such file or directory"
    ));
    router
        .run(&["status", "--watch", "--output", &path])
        .expect(64);
}
