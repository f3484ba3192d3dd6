//! `wansync check --start` and `--result`: a check in the background.

use std::fs;
use std::process::Command;

use serde_json::Value;
use wansync_sim::{KEY, Times};
use wansync_test_support::waiting::wait_until;
use wansync_test_support::{Ran, Router};

const RESULT: &[&str] = &["check", "--result", "--format", "json"];

fn result(router: &Router) -> Value {
    router.run(RESULT).json()
}

fn wait_for_end(router: &Router) -> Value {
    wait_until("the check to end", || result(router)["running"] == false);
    result(router)
}

fn levels(findings: &Value) -> Vec<&str> {
    let all = findings.as_array().expect("a list").iter();
    all.filter_map(|one| one["level"].as_str()).collect()
}

/// What a check in the foreground finds, as JSON.
fn here(router: &Router) -> (Ran, Vec<Value>) {
    let ran = router.run(&["check", "--format", "json"]);
    let lines = ran.stdout.lines();
    let findings = lines.map(|line| serde_json::from_str(line).expect("JSON"));
    let findings = findings.collect();
    (ran, findings)
}

#[test]
fn it_finds_what_a_check_in_the_foreground_finds() {
    let router = Router::with_address("8.8.4.4");
    router.set_address("10.0.0.1");
    router
        .run(&["check", "--start"])
        .expect(0)
        .says("the check has begun");
    let found = wait_for_end(&router);
    let (ran, findings) = here(&router);
    let codes = |findings: &[Value]| -> Vec<Value> {
        findings.iter().map(|one| one["code"].clone()).collect()
    };
    let list = found["findings"].as_array().expect("a list");
    assert_eq!(codes(list), codes(&findings));
    assert_eq!((found["exit"].as_i64(), ran.code), (Some(75), Some(75)));
    assert_eq!(found["cut"], false);
    assert!(found["started"].as_u64() > Some(1_700_000_000), "{found}");
    assert!(found["age_s"].as_u64() < Some(600), "{found}");
    // As text, too.
    let ran = router.run(&["check", "--result"]).expect(75);
    ran.says("FAIL  home: 10.0.0.1 is a private address")
        .never_says(KEY);
}

#[test]
fn it_is_watched_while_it_runs_and_a_second_start_joins_it() {
    let router = Router::with_address("8.8.4.4");
    let none = result(&router);
    assert_eq!(
        (&none["running"], &none["started"]),
        (&false.into(), &Value::Null)
    );
    router
        .run(&["check", "--result"])
        .expect(75)
        .says("no check was started");
    router
        .sim
        .fault("stall=status".parse().expect("a fault"), Times::All);
    router.run(&["check", "--start"]).expect(0);
    router
        .run(&["check", "--start"])
        .expect(0)
        .says("a check runs already");
    // What was found before the service was asked is there.
    wait_until("the first findings", || {
        let found = result(&router);
        levels(&found["findings"]).len() > 2
    });
    let found = result(&router);
    assert_eq!(
        (&found["running"], &found["exit"]),
        (&true.into(), &Value::Null)
    );
    router
        .run(&["check", "--result"])
        .expect(75)
        .says("the check still runs");
    kill_it(&router);
    // A process that was killed runs no longer, and what it found stays.
    wait_until("the end to be seen", || result(&router)["running"] == false);
    let found = result(&router);
    assert_eq!(found["exit"], Value::Null);
    assert!(levels(&found["findings"]).len() > 2, "{found}");
    router
        .run(&["check", "--result"])
        .expect(75)
        .says("the check was interrupted");
    router.sim.clear();
    router.run(&["check", "--start"]).expect(0);
    assert_eq!(wait_for_end(&router)["exit"], 0);
}

fn kill_it(router: &Router) {
    let folder = router.path("run");
    let pattern = format!("{}.*check --work", folder.display());
    let killed = Command::new("pkill")
        .args(["-KILL", "-f", &pattern])
        .status();
    assert!(killed.expect("pkill").success());
}

#[test]
fn a_file_that_is_damaged_or_of_another_boot() {
    let router = Router::with_address("8.8.4.4");
    router.run(&["check", "--start"]).expect(0);
    let whole = wait_for_end(&router);
    let file = router.path("run/findings");
    let text = fs::read_to_string(&file).expect("the findings");
    // Half a line, as a power cut leaves it.
    fs::write(&file, &text[..text.len() - 30]).expect("a file");
    let found = result(&router);
    assert_eq!(found["exit"], Value::Null);
    let all = levels(&whole["findings"]);
    assert!(levels(&found["findings"]).len() + 1 >= all.len(), "{found}");
    for damaged in [
        "",
        "\0\0",
        "{}\n{}\n",
        "[1,2",
        &text.replacen("boot_id\":\"", "boot_id\":\"x", 1),
    ] {
        fs::write(&file, damaged).expect("a file");
        let found = result(&router);
        assert_eq!(levels(&found["findings"]), [""; 0], "{damaged}");
        assert_eq!(found["started"], Value::Null);
    }
}

#[test]
fn findings_without_end_are_cut() {
    let router = Router::new();
    let mut text = String::from("config skydns 'home'\n");
    for number in 0..6000 {
        text.push_str(&format!("option nonsense{number} '1'\n"));
    }
    router.configure_raw(text.as_bytes());
    router.run(&["check", "--start"]).expect(0);
    let found = wait_for_end(&router);
    assert_eq!((&found["cut"], &found["exit"]), (&true.into(), &78.into()));
    assert!(found.to_string().len() < 256 * 1024);
    router
        .run(&["check", "--result"])
        .expect(78)
        .says("there are more findings");
}
