//! The simulator as a program and as pages, for shell scripts.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use common::{OK, call, connect, exchange, get, request, start, update};
use serde_json::Value;
use wansync_sim::{KEY, LogTo, Options, Sim, VPNKI_KEY};
use wansync_test_support::waiting::wait_until;

/// The program while a test runs; it is killed if the test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_wansync-sim"))
}

/// The assignments of a ready file, once it is there.
fn ready(path: &std::path::Path) -> BTreeMap<String, String> {
    wait_until("the ready file", || path.exists());
    let text = fs::read_to_string(path).unwrap();
    let pairs = text.lines().map(|line| line.split_once('=').unwrap());
    let unquoted = |value: &str| value.trim_matches('\'').to_owned();
    pairs
        .map(|(name, value)| (name.to_owned(), unquoted(value)))
        .collect()
}

fn address(url: &str) -> SocketAddr {
    url.split('/').nth(2).unwrap().parse().unwrap()
}

#[test]
fn it_serves_what_it_was_asked_for_until_a_signal() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    fs::write(file("key"), "key from file\n").unwrap();
    let child = program()
        .args([
            "serve",
            "--user",
            "dom:5=Основной,6=Гости",
            "--user",
            "dacha",
        ])
        .args([
            "--fault",
            "2*empty",
            "--fault",
            "status=503",
            "--vpnki-key",
            "v",
        ])
        .arg("--key-file")
        .arg(file("key"))
        .arg("--ca-out")
        .arg(file("ca.pem"))
        .arg("--ready-file")
        .arg(file("ready"))
        .arg("--log")
        .arg(file("log"))
        .stderr(Stdio::null())
        .spawn();
    let mut child = Running(child.unwrap());
    let ready = ready(&file("ready"));
    assert_eq!(ready["SIM_CA_FILE"], file("ca.pem").display().to_string());
    assert!(
        fs::read_to_string(file("ca.pem"))
            .unwrap()
            .starts_with("-----BEGIN CERTIFICATE")
    );
    let profiles = "/provider_api/profiles?key=key+from%20file&ident=dom";
    let get = |target: &str| exchange(connect(address(&ready["SIM_HTTP_URL"])), &request(target));
    assert_eq!(get(profiles).body(), "");
    assert_eq!(get(profiles).body(), "");
    assert_eq!(get(profiles).status(), 503);
    assert!(
        get(profiles)
            .body()
            .contains(r#"{"5":"Основной","6":"Гости"}"#)
    );
    assert!(
        get(&call("profiles", ""))
            .body()
            .contains("Invalid provider key")
    );

    let pid = ready["SIM_PID"].clone();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert!(child.0.wait().unwrap().success());
    assert!(!file("ready").exists());
    let log = fs::read_to_string(file("log")).unwrap();
    assert_eq!(log.lines().count(), 5);
    assert!(
        !log.contains("key from file") && !log.contains(KEY),
        "{log}"
    );
}

#[test]
fn help_explains_and_mistakes_are_named() {
    let help = program().arg("--help").output().unwrap();
    let text = String::from_utf8(help.stdout).unwrap();
    for part in [
        "serve",
        "tls-expired",
        "/_sim/requests",
        "error shapes: message",
    ] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    let wrong = program()
        .args(["serve", "--fault", "statsu=503"])
        .output()
        .unwrap();
    assert!(!wrong.status.success());
    let text = String::from_utf8(wrong.stderr).unwrap();
    assert!(text.contains("no fault is named “statsu”"), "{text}");
}

fn page(sim: &Sim, rest: &str) -> Value {
    let raw = get(sim, &format!("/_sim/{rest}"));
    assert_eq!(raw.status(), 200, "{rest}: {}", raw.text);
    serde_json::from_str(raw.body()).unwrap()
}

#[test]
fn pages_show_and_change_the_simulator() {
    let sim = start();
    page(&sim, "fault?set=status%3D503&set=bom&times=1");
    assert_eq!(get(&sim, &update()).status(), 503);
    assert_eq!(page(&sim, "wait?requests=1"), 1);
    let requests = page(&sim, "requests");
    assert_eq!(requests[0]["fault"], "status=503");
    assert_eq!(requests[0]["params"][0], serde_json::json!(["key", "***"]));
    assert_eq!(page(&sim, "state")["faults_waiting"], 1);
    page(&sim, "clear");
    assert_eq!(page(&sim, "requests"), serde_json::json!([]));

    assert_eq!(get(&sim, &update()).body(), OK);
    let binding = &page(&sim, "state")["users"]["user1"]["bindings"][0];
    assert_eq!(
        (&binding["address"], &binding["kind"]),
        (&"8.8.4.4".into(), &"dynamic".into())
    );
    page(&sim, &format!("key?remove={KEY}&add=new"));
    assert!(get(&sim, &update()).body().contains("Invalid provider key"));
    page(&sim, "user?login=user2&profiles=7%3DA");
    let profiles = get(&sim, "/provider_api/profiles?key=new&ident=user2");
    assert!(profiles.body().contains(r#"{"7":"A"}"#));
    page(&sim, "reset");
    assert!(sim.bindings("user1").is_empty());
    assert_eq!(get(&sim, &update()).body(), OK);
    let unknown = get(&sim, "/_sim/coffee");
    assert!(unknown.status() == 404 && unknown.body().contains("/_sim/requests"));
    assert_eq!(get(&sim, "/_sim/fault?set=coffee").status(), 400);
}

#[test]
fn pages_script_vpnki() {
    let sim = start();
    page(
        &sim,
        "vpnki?envelope=1.x&rows=strings&active=user9&active=&tunnels=user9:172.16.9.9",
    );
    let ask = |resource: &str| {
        let query = format!(
            "option=com_api&format=raw&app=webservices&resource={resource}&key={VPNKI_KEY}"
        );
        get(&sim, &format!("/index.php/en/?{query}"))
            .body()
            .to_owned()
    };
    assert_eq!(ask("tunnels"), r#"["user9"]"#);
    assert_eq!(ask("active"), r#"["user9"]"#);
    assert_eq!(ask("active"), "[]");
    assert_eq!(get(&sim, "/_sim/vpnki?rows=round").status(), 400);
}

#[test]
fn the_program_asks_for_pages() {
    let sim = start();
    let ask = |page: &str| {
        let mut command = program();
        command.args(["admin", &format!("{}{page}", sim.admin_url())]);
        command.output().unwrap()
    };
    assert!(
        ask("vpnki?tunnels=user9:172.16.9.9&active=user9")
            .status
            .success()
    );
    let said = ask("state");
    let state: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(state["vpnki"]["tunnels"][0]["name"], "user9");
    let said = ask("vpnki?rows=round");
    assert!(!said.status.success());
    assert!(String::from_utf8_lossy(&said.stderr).contains("round"));
}

#[test]
fn pages_set_the_services_up() {
    let sim = start();
    page(
        &sim,
        "skydns?language=en&today=2026-11-21&vpn_limit=0&fill=3",
    );
    let listed = get(&sim, &call("list_ip", ""));
    assert_eq!(listed.body().matches("address").count(), 3);
    let vpn = get(&sim, &call("add_vpn", "&name=a&profile_id=1001"));
    assert!(vpn.body().contains("limit"), "{}", vpn.body());
    assert_eq!(page(&sim, "state")["skydns"]["language"], "en");
    page(
        &sim,
        "vpnki?deleted=text&dates=colons&not_added=message&priority=0&limit=1&fill=5",
    );
    assert_eq!(page(&sim, "state")["vpnki"]["style"]["deleted"], "text");
    for wrong in [
        "skydns?language=fr",
        "skydns?today=now",
        "skydns?coffee=1",
        "vpnki?limit=x",
    ] {
        assert_eq!(
            get(&sim, &format!("/_sim/{wrong}")).status(),
            400,
            "{wrong}"
        );
    }
}

#[test]
fn the_echo_answers_with_the_address_or_what_it_was_given() {
    let sim = start();
    assert_eq!(get(&sim, "/ip").body(), "127.0.0.1\n");
    sim.set_echo("8.8.4.4");
    assert_eq!(get(&sim, "/ip").body(), "8.8.4.4");
    page(&sim, "echo?set=%3Chtml%3E8.8.4.4");
    assert_eq!(get(&sim, "/ip").body(), "<html>8.8.4.4");
}

#[test]
fn the_log_has_a_line_for_each_request_and_no_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let options = Options {
        log: LogTo::File(path.clone()),
        ..Options::default()
    };
    let sim = Sim::start(options);
    let leaky = request(&update()).replace(
        "Connection",
        &format!("Referer: http://a/?k={KEY}\r\nConnection"),
    );
    exchange(connect(sim.http_addr()), &leaky);
    let log = fs::read_to_string(&path).unwrap();
    assert!(!log.contains(KEY), "{log}");
    let line: Value = serde_json::from_str(log.trim()).unwrap();
    assert_eq!(line["path"], "/provider_api/update_ip");
    assert_eq!(line["status"], 200);
    assert_eq!(line["body_bytes"], OK.len());
    let kept = &sim.requests()[0];
    assert_eq!(kept.param("key"), Some(KEY));
    assert!(kept.header("referer").unwrap().contains(KEY));
    assert_eq!(kept.call(), "update_ip");
}
