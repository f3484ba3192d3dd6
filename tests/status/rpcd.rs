//! The object `wansync` on ubus, as rpcd speaks to its exec plug-in.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wansync_sim::{KEY, Times, VPNKI_KEY};
use wansync_test_support::waiting::{HANG, wait_for, wait_until};
use wansync_test_support::{Ran, Router, built, is_in_files, ran, ran_with_input};

/// A router with a section, an account and a tunnel.
fn router() -> Router {
    let router = Router::new();
    let home = router.home("option source 'static'\noption address '8.8.4.4'");
    let url = router.sim.vpnki_url();
    router.configure(&format!(
        "{home}config vpnki 'account'\noption base_url '{url}'\noption key '{VPNKI_KEY}'\n\
         config tunnel 'dacha'\noption vpnki 'account'\noption name 'user356'\n\
         option network 'vpnki0'\noption on_down 'restart'\n\
         config skydns 'off'\noption enabled '0'\n"
    ));
    router
}

fn raw(router: &Router, method: &str, arguments: &[u8]) -> Ran {
    let command = router.command(&["rpcd", "call", method]);
    ran_with_input(command, arguments)
}

/// The reply once it is no longer pending.
fn settled(router: &Router, method: &str, arguments: &str) -> Value {
    let reply = wait_for(|| {
        let reply = router.call(method, arguments);
        (reply["pending"] != true).then_some(reply)
    });
    reply.expect("a reply that is not pending")
}

#[test]
fn list_prints_whatever_is_wrong() {
    let router = Router::new();
    router.configure_raw(b"\0\xff");
    let listed = router.run(&["rpcd", "list"]).expect(0).json();
    for method in [
        "status",
        "history",
        "check",
        "check_result",
        "once",
        "restart",
        "profiles",
        "tunnels",
    ] {
        assert!(listed[method].is_object(), "{method}");
    }
    assert_eq!(listed["check"]["config"], "str");
    // As rpcd runs it: by the name of the link in its folder.
    if std::env::var_os("WANSYNC_PROGRAM").is_none() {
        let mut plugin = Command::new(built());
        plugin.arg0("/usr/libexec/rpcd/wansync").arg("list");
        let as_plugin = ran(plugin.output().expect("it runs")).expect(0);
        assert_eq!(as_plugin.json(), listed);
        let mut other = Command::new(built());
        other.arg0("/usr/bin/wansync").arg("list");
        assert_eq!(ran(other.output().expect("it runs")).code, Some(64));
    }
}

#[test]
fn the_history_is_that_of_the_command() {
    let router = router();
    router.once();
    let told = router.call("history", "{}");
    assert_eq!(told["format"], 1, "{told}");
    assert!(told["entries"].is_array() && told["gaps"].is_array());
    let since = router.call("history", r#"{"section":"home","since":"3d"}"#);
    assert_eq!(since["since_s"], 3 * 86_400, "{since}");
    for (arguments, code) in [
        (r#"{"since":"soon"}"#, "rpc.no_duration"),
        (r#"{"section":"nowhere"}"#, "rpc.no_section"),
    ] {
        let refused = router.call("history", arguments);
        assert!(refused.to_string().contains(code), "{refused}");
    }
}

#[test]
fn the_status_is_that_of_the_command() {
    let router = router();
    router.once();
    let mut of_command = router.status();
    let arguments = r#"{"ubus_rpc_session":"0123","unknown":[1,{}]}"#;
    let mut of_call = router.call("status", arguments);
    for status in [&mut of_command, &mut of_call] {
        let text = status.to_string();
        assert!(!text.contains(KEY) && !text.contains(VPNKI_KEY));
        assert_eq!(status["skydns"][0]["confirmed"], "8.8.4.4", "{text}");
    }
    let names = |status: &Value| -> Vec<String> {
        let fields = status.as_object().expect("an object");
        fields.keys().cloned().collect()
    };
    assert_eq!(names(&of_command), names(&of_call));
}

/// A router whose status is longer than a reply may be.
pub fn with_many_sections() -> Router {
    let router = Router::new();
    let mut sections = String::new();
    for number in 0..400 {
        let options = "option source 'static'\noption address '8.8.4.4'";
        sections += &router.section(&format!("s{number}"), options);
    }
    router.configure(&sections);
    router
}

/// Seen: of three hundred sections, nothing was shown.
#[test]
fn a_status_that_is_too_long_is_cut() {
    let router = with_many_sections();
    assert_eq!(router.status()["cut"], Value::Null);
    let status = router.call("status", "{}");
    assert_eq!(status["cut"], true);
    assert_eq!(status["skydns"][0]["section"], "s0");
    let shown = status["skydns"].as_array().expect("a list").len();
    assert!((50..400).contains(&shown), "{shown}");
}

#[test]
fn what_is_no_call_gets_an_error_in_an_object() {
    let router = router();
    let million = format!("{{\"section\":\"{}\"}}", "x".repeat(1_000_000));
    let long = format!("{{\"config\":\"{}\"}}", "#".repeat(65 * 1024));
    let table: [(&str, &[u8], &str); 14] = [
        ("status", b"", "rpc.not_json"),
        ("status", b"\0\0", "rpc.not_json"),
        ("status", b"{\"a\":1", "rpc.not_json"),
        ("status", b"\xff\xfe{}", "rpc.not_json"),
        ("status", b"[]", "rpc.no_object"),
        ("status", b"[{}]", "rpc.no_object"),
        ("status", million.as_bytes(), "rpc.too_long"),
        ("check", long.as_bytes(), "rpc.long_config"),
        ("reboot", b"{}", "rpc.unknown_method"),
        ("", b"{}", "rpc.unknown_method"),
        ("once", b"{\"section\":7}", "rpc.no_text"),
        ("once", b"{\"section\":\"../../etc\"}", "rpc.no_section"),
        ("restart", b"{}", "rpc.no_argument"),
        ("restart", b"{\"section\":\"home\"}", "rpc.no_section"),
    ];
    for (method, arguments, code) in table {
        let ran = raw(&router, method, arguments).expect(0);
        let reply = ran.json();
        assert_eq!(reply["error"], code, "{method}: {}", ran.said());
        assert!(reply["message"].as_str().is_some_and(|m| !m.is_empty()));
        assert!(reply["args"].is_object());
    }
    for wrong in [
        &["rpcd"][..],
        &["rpcd", "call"],
        &["rpcd", "call", "a", "b"],
    ] {
        router.run(wrong).expect(64);
    }
    assert_eq!(router.sim.requests().len(), 0);
    // A section, a file or a folder may have that name.
    router.run(&["status", "--check", "rpcd"]).expect(3);
}

/// Starts a call whose standard input stays open.
fn begin(router: &Router, arguments: &str) -> Child {
    let mut command = router.command(&["rpcd", "call", "status"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    let stdin = child.stdin.as_mut().expect("a pipe");
    stdin.write_all(arguments.as_bytes()).expect("it is read");
    child
}

#[test]
fn arguments_end_with_their_object_and_not_with_the_stream() {
    let router = router();
    let begun = Instant::now();
    let mut child = begin(&router, "{\"section\":");
    let mut rest = child.stdin.take().expect("a pipe");
    rest.write_all(b"\"home\"}").expect("it is read");
    let mut reply = String::new();
    let mut stdout = child.stdout.take().expect("a pipe");
    stdout.read_to_string(&mut reply).expect("a reply");
    assert!(child.wait().expect("it ends").success());
    drop(rest);
    assert!(reply.contains("\"skydns\""), "{reply}");
    assert!(begun.elapsed() < HANG);
}

#[test]
fn a_candidate_is_checked_at_once() {
    let router = router();
    let text = "config skydns 'home'\noption ident 'user1'\noption daily_limit 'many'\n";
    let arguments = json!({ "config": text }).to_string();
    let reply = router.call("check", &arguments);
    assert_eq!(
        (&reply["running"], &reply["exit"]),
        (&false.into(), &78.into())
    );
    let findings = reply["findings"].as_array().expect("a list");
    let wrong = findings.iter().find(|one| one["option"] == "daily_limit");
    assert_eq!(wrong.expect("the option")["line"], 3);
    // Nothing of it is kept.
    assert_eq!(router.call("check_result", "{}")["started"], Value::Null);
    // An empty one is one, too, and many findings are cut.
    let reply = router.call("check", r#"{"config":""}"#);
    assert_eq!(reply["exit"], 0, "{reply}");
    let many = "option nonsense '1'\n".repeat(3000);
    let arguments = json!({ "config": format!("config skydns 'home'\n{many}") }).to_string();
    let reply = router.call("check", &arguments);
    assert_eq!(reply["cut"], true);
    assert!(reply.to_string().len() < 256 * 1024);
    assert_eq!(router.sim.requests().len(), 0);
}

#[test]
fn a_check_runs_in_the_background() {
    let router = router();
    let reply = router.call("check", "{}");
    assert_eq!(reply, json!({"started": true, "running": true}));
    wait_until("the check to end", || {
        router.call("check_result", "{}")["running"] == false
    });
    let reply = router.call("check_result", "{}");
    let findings = reply["findings"].as_array().expect("a list");
    assert!(
        findings.iter().any(|one| one["code"] == "check.user_known"),
        "{reply}"
    );
    assert!(!reply.to_string().contains(KEY));
}

#[test]
fn a_pass_runs_in_the_background() {
    let router = router();
    router
        .sim
        .fault("delay=200".parse().expect("a fault"), Times::Next(1));
    for _ in 0..3 {
        let reply = router.call("once", r#"{"section":"home"}"#);
        assert_eq!(reply, json!({"started": true}));
    }
    wait_until("the address to be sent", || router.updates() == 1);
    wait_until("it to be confirmed", || {
        router.home_status()["confirmed"] == "8.8.4.4"
    });
    for (section, code) in [("off", "rpc.no_section"), ("nowhere", "rpc.no_section")] {
        let arguments = json!({ "section": section }).to_string();
        assert_eq!(router.call("once", &arguments)["error"], code);
    }
    router.configure_raw(b"config wansync 'main'\noption enabled '0'\n");
    assert_eq!(router.call("once", "{}")["error"], "rpc.disabled");
    router.configure_raw(b"config 'nonsense");
    let reply = router.call("once", "{}");
    assert!(
        reply["message"]
            .as_str()
            .is_some_and(|m| m.contains("Parse error")),
        "{reply}"
    );
}

/// Seen: of two calls at once, only one section was looked at.
#[test]
fn no_pass_that_was_asked_for_is_lost() {
    let router = Router::new();
    let options = |last| format!("option source 'static'\noption address '8.8.4.{last}'");
    let home = router.home(&options(4));
    router.configure(&(home + &router.section("filed", &options(5))));
    let confirmed = |number: usize| {
        let status = router.status();
        status["skydns"][number]["confirmed"].is_string()
    };
    // One whose mark another process took makes its pass all the same.
    router.run(&["once", "--work", "home"]).expect(0);
    assert!(confirmed(0) && !confirmed(1));
    // One that finds another at work leaves its own to that.
    router.reboot();
    let _ = std::fs::remove_file(router.record());
    router
        .sim
        .fault("delay=300".parse().expect("a fault"), Times::Next(1));
    let sent = router.sim.requests().len();
    let mut first = router.command(&["once", "--work", "home"]);
    let mut first = first.spawn().expect("it runs");
    wait_until("its request", || router.sim.requests().len() > sent);
    router.run(&["once", "--work", "filed"]).expect(0);
    first.wait().expect("it is ours");
    assert!(confirmed(0) && confirmed(1));
    // Whatever the order of their steps.
    for _ in 0..3 {
        router.reboot();
        let _ = std::fs::remove_file(router.record());
        std::thread::scope(|scope| {
            for arguments in [r#"{"section":"home"}"#, r#"{"section":"filed"}"#] {
                let router = &router;
                scope.spawn(move || {
                    let reply = router.call("once", arguments);
                    assert_eq!(reply, json!({"started": true}));
                });
            }
        });
        wait_until("both sections", || confirmed(0) && confirmed(1));
    }
}

#[test]
fn names_are_fetched_once_and_kept() {
    let router = router();
    let first = router.call("profiles", r#"{"section":"home"}"#);
    assert_eq!(first, json!({"pending": true}));
    let profiles = settled(&router, "profiles", r#"{"section":"home"}"#);
    let list = profiles["profiles"].as_array().expect("a list");
    assert!(
        list.iter()
            .all(|one| one["id"].is_string() && one["name"].is_string())
    );
    assert!(!list.is_empty(), "{profiles}");
    let asked = router.sim.requests().len();
    assert_eq!(router.call("profiles", r#"{"section":"home"}"#), profiles);
    assert_eq!(router.sim.requests().len(), asked);
    // By the account, and by a tunnel of it.
    let tunnels = settled(&router, "tunnels", r#"{"section":"account"}"#);
    let list = tunnels["tunnels"].as_array().expect("a list");
    assert!(list.contains(&"user356".into()), "{tunnels}");
    let asked = router.sim.requests().len();
    assert_eq!(router.call("tunnels", r#"{"section":"dacha"}"#), tunnels);
    assert_eq!(router.sim.requests().len(), asked);
    for (method, section) in [
        ("profiles", "account"),
        ("profiles", "off"),
        ("tunnels", "home"),
        ("tunnels", "nowhere"),
    ] {
        let arguments = json!({ "section": section }).to_string();
        assert_eq!(router.call(method, &arguments)["error"], "rpc.no_section");
    }
    for key in [KEY, VPNKI_KEY] {
        assert!(!is_in_files(&router.path("run"), key));
    }
    // A configuration that was saved is asked about anew.
    let text = std::fs::read_to_string(router.config()).expect("a configuration");
    std::fs::write(router.config(), text + "\n# saved\n").expect("it is written");
    let reply = router.call("profiles", r#"{"section":"home"}"#);
    assert_eq!(reply, json!({"pending": true}));
}

#[test]
fn a_service_that_hangs_or_refuses_holds_nobody_up() {
    let router = router();
    router
        .sim
        .fault("stall=status".parse().expect("a fault"), Times::All);
    for _ in 0..3 {
        let begun = Instant::now();
        let reply = router.call("profiles", r#"{"section":"home"}"#);
        assert_eq!(reply, json!({"pending": true}));
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
    // One process asks, whoever else wants to know.
    wait_until("the request", || !router.sim.requests().is_empty());
    assert_eq!(router.sim.requests().len(), 1);
    let refusing = self::router();
    let quoted = format!("error=message,code=403,text=the key {KEY} is wrong");
    refusing
        .sim
        .fault(quoted.parse().expect("a fault"), Times::All);
    let reply = settled(&refusing, "profiles", r#"{"section":"home"}"#);
    let message = reply["message"].as_str().expect("words");
    assert!(
        message.contains("is wrong") && !message.contains(KEY),
        "{message}"
    );
    assert!(
        reply["error"]
            .as_str()
            .is_some_and(|code| code.starts_with("failure."))
    );
}
