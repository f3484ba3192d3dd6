//! `wansync check --file`: a configuration that is not in place yet.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use wansync_sim::KEY;
use wansync_test_support::netifd::up;
use wansync_test_support::{Ran, Router, ran_with_input};

/// Checks a candidate that comes on standard input.
fn check_text(router: &Router, text: &[u8]) -> Ran {
    let command = router.command(&["check", "--file", "-", "--format", "json"]);
    ran_with_input(command, text)
}

fn findings(ran: &Ran, level: &str) -> Vec<serde_json::Value> {
    let lines = ran.stdout.lines();
    let all = lines.map(|line| serde_json::from_str(line).expect("JSON"));
    all.filter(|one: &serde_json::Value| one["level"] == level)
        .collect()
}

#[test]
fn lines_are_those_of_the_candidate() {
    let router = Router::with_address("8.8.4.4");
    let text = "config skydns 'home'\n\toption ident 'user1'\n\toption sauce 'static'\n\
        \toption daily_limit 'many'\n";
    let ran = check_text(&router, text.as_bytes()).expect(78);
    let wrong = findings(&ran, "fail");
    let limit = wrong
        .iter()
        .find(|finding| finding["option"] == "daily_limit")
        .expect("the wrong option");
    assert_eq!(
        (&limit["section"], &limit["line"]),
        (&"home".into(), &4.into())
    );
    assert_eq!(findings(&ran, "warn")[0]["line"], 3);
    router.run(&["check", "--offline"]).expect(0);
    assert_eq!(router.sim.requests().len(), 0);
    assert!(!router.path("run").exists() && !router.path("etc").exists());
}

#[test]
fn a_file_is_named_as_it_was_given() {
    let router = Router::with_address("8.8.4.4");
    let file = router.path("candidate");
    fs::write(&file, "config skydns 'home'\n").expect("a file");
    let name = file.display().to_string();
    let ran = router.run(&["check", "--file", &name]).expect(78);
    ran.says(&format!("FAIL  {name}, line 1: error: section 'home'"));
    router
        .run(&["check", "--file", "/nonexistent/file"])
        .expect(78)
        .says("FAIL  /nonexistent/file does not exist");
}

#[test]
fn its_programs_are_not_run_and_its_key_files_not_opened() {
    let router = Router::with_address("8.8.4.4");
    let (program, mark, secret) = (
        router.path("program"),
        router.path("mark"),
        router.path("secret"),
    );
    fs::write(&program, format!("#!/bin/sh\ntouch {}\n", mark.display())).expect("a program");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a mode");
    // A text that is no key, of a file that the owner of the page may not read.
    fs::write(&secret, "root:$1$abcdefgh$hash:19000\nanother line\n").expect("a file");
    let opened_before = fs::metadata(&secret).expect("a file").accessed();
    let (program, secret_name) = (program.display(), secret.display());
    let text = format!(
        "config skydns 'home'\noption ident 'user1'\noption key_file '{secret_name}'\n\
         option source 'command'\noption command '{program}'\noption notify '{program}'\n\
         option base_url '{}'\n\
         config tunnel 'dacha'\noption network 'vpnki0'\noption on_down 'command'\n\
         option command '{program} again'\n",
        router.sim.https_url()
    );
    let ran = check_text(&router, text.as_bytes());
    for part in ["hash", "19000", "another", KEY] {
        assert!(!ran.said().contains(part), "{}", ran.said());
    }
    assert!(!mark.exists());
    assert_eq!(router.sim.requests().len(), 0);
    let opened = fs::metadata(&secret).expect("a file").accessed();
    assert_eq!(opened.ok(), opened_before.ok());
    // That it is not there is said.
    let text = text.replace(&secret_name.to_string(), "/nonexistent/key");
    let text = text.replace(&format!("notify '{program}'"), "notify '/nonexistent/hook'");
    let ran = check_text(&router, text.as_bytes())
        .expect(78)
        .says("the key file /nonexistent/key does not exist");
    let wrong = findings(&ran, "fail");
    for option in ["key_file", "notify"] {
        let places = wrong.iter().map(place);
        let wanted = ["skydns", "home", option];
        assert!(places.clone().any(|place| place == wanted), "{wrong:?}");
    }
}

/// The type, the section and the option that a finding is about.
fn place(finding: &serde_json::Value) -> [&str; 3] {
    ["type", "section", "option"].map(|name| finding[name].as_str().unwrap_or("none"))
}

#[test]
fn a_network_that_netifd_does_not_know() {
    let router = Router::with_address("8.8.4.4");
    let ubus = router.ubus();
    ubus.set_interface("wan", up("8.8.4.4"));
    let text = router.home("option source 'network'\noption network 'wam'");
    let ran = check_text(&router, text.as_bytes()).expect(78);
    let wrong = findings(&ran, "fail");
    assert_eq!(wrong[0]["code"], "network.misspelt", "{}", ran.stdout);
    assert_eq!(place(&wrong[0]), ["skydns", "home", "network"]);
    assert_eq!(router.sim.requests().len(), 0);
}

#[test]
fn what_is_no_configuration() {
    let router = Router::with_address("8.8.4.4");
    let long = vec![b'#'; 64 * 1024 + 1];
    let table: [(&[u8], &str); 4] = [
        (&long, "standard input is larger than 65536 bytes"),
        (b"config 'sky", "standard input: "),
        (b"\xff\xfe\0", "standard input: "),
        (b"{}", "standard input: "),
    ];
    for (text, part) in table {
        check_text(&router, text).expect(78).says(part);
    }
    for pair in [
        ["--start", "--result"],
        ["--offline", "--start"],
        ["--result", "--offline"],
    ] {
        let words = [&["check"][..], &pair].concat();
        router.run(&words).expect(64).says("exclude each other");
    }
}
