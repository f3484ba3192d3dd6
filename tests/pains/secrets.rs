//! Pain 13: secrets that show, and text that is executed.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Child, Stdio};
use std::time::Duration;

use wansync_sim::fault_table::TABLE;
use wansync_sim::{ErrorShape, KEY, Target};

use crate::{Background, arguments_of, fault, processes, with_each};
use wansync_test_support::waiting::comes_true;
use wansync_test_support::{Ran, Router, is_in_files, ran};

const STATIC: &str = "option source static\noption address 8.8.4.4";
/// A key that breaks shells, URLs, and text that is built out of it.
const AWKWARD: &str = r#"pa/ss $(touch owned) `touch owned` "; touch owned; & = % # + \ ж"#;
const RUN_TIMEOUT: Duration = Duration::from_secs(60);

/// Quoted for UCI.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A router that logs all it may, with this key in a file or in the configuration.
fn talkative(key: &str, in_a_file: bool) -> Router {
    let router = Router::new();
    router.sim.add_key(key);
    let file = router.path("key");
    fs::write(&file, key).expect("the key is written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("its mode");
    let option = match in_a_file {
        true => format!("option key_file '{}'", file.display()),
        false => format!("option key {}", quoted(key)),
    };
    let home = router
        .home(STATIC)
        .replace(&format!("option key '{KEY}'"), &option);
    let ca_file = router.sim.ca_file().display();
    let main = format!("config wansync main\noption log_level debug\noption ca_file '{ca_file}'\n");
    router.configure_raw(format!("{main}{home}").as_bytes());
    router
}

/// The ways in which a key may stand in a text.
fn forms(key: &str) -> Vec<String> {
    let encode = |keep: &str, upper: bool| -> String {
        let one = |byte: u8| match byte {
            b if b.is_ascii_alphanumeric() || keep.contains(b as char) => (b as char).to_string(),
            b if upper => format!("%{b:02X}"),
            b => format!("%{b:02x}"),
        };
        key.bytes().map(one).collect()
    };
    vec![
        key.to_owned(),
        encode("-_.~", true),
        encode("-_.~", false),
        encode("-_.", true),
        encode("-_.~", true).replace("%20", "+"),
        encode("-_.~/$()", false),
    ]
}

#[track_caller]
fn is_hidden(key: &str, router: &Router, runs: &[Ran], what: &str) {
    for form in forms(key) {
        for ran in runs {
            assert!(!ran.said().contains(&form), "{what}: {ran:?}");
        }
        for folder in ["run", "etc"] {
            assert!(
                !is_in_files(&router.path(folder), &form),
                "{what}: {folder}"
            );
        }
    }
    for ran in runs {
        assert!(ran.code.is_some(), "{what}: {ran:?}");
        assert!(
            !ran.said().contains("a fault of wansync itself"),
            "{what}: {ran:?}"
        );
    }
}

/// Every command that speaks to the service, or of what it said.
fn all_commands(router: &Router) -> Vec<Ran> {
    [
        &["once", "--dry-run"][..],
        &["once"],
        &["once"],
        &["once", "--force"],
        &["status"],
        &["status", "--format", "json"],
        &["check"],
    ]
    .map(|arguments| router.run(arguments))
    .into()
}

/// Faults that quote what they were sent, in many ways.
fn quoting(key: &str) -> Vec<String> {
    let shapes = ErrorShape::ALL.iter().flat_map(|shape| {
        let shape = shape.word();
        [200, 401].map(|code| format!("error={shape},code={code},text=no such key: {key}."))
    });
    let forms = forms(key).into_iter().flat_map(|form| {
        let message = format!("error=message,text=GET /update_ip?key={form}&ident=x");
        [
            message,
            format!("body=bad key {form}"),
            format!("error=detail,code=403,text={form}"),
        ]
    });
    let targets = Target::ALL
        .iter()
        .map(|to| format!("redirect={}", to.word()));
    shapes.chain(forms).chain(targets).collect()
}

/// The service quoted the password in its answer, and it went into the log.
#[test]
fn pain_13_a_key_that_is_quoted_does_not_show() {
    for key in [KEY, AWKWARD] {
        with_each(quoting(key), |text| {
            let router = talkative(key, true);
            fault(&router, &text);
            is_hidden(key, &router, &all_commands(&router), &text);
        });
    }
}

/// A long message was cut in the middle of the password, and the rest of it shown.
#[test]
fn pain_13_a_key_that_is_cut_does_not_show() {
    with_each((174..=202).step_by(2), |before| {
        let router = talkative(KEY, false);
        let text = "x".repeat(before);
        fault(&router, &format!("error=message,text={text}{KEY}"));
        let runs = [router.once(), router.run(&["status"])];
        is_hidden(&KEY[..8], &router, &runs, "cut");
    });
}

/// Whatever went wrong, the log of it held the URL, and the URL the password.
#[test]
fn pain_13_no_fault_shows_the_key() {
    let slow = ["delay", "drip", "stall", "tls-stall"];
    let faults = TABLE.iter().map(|row| row.example);
    let quick = faults.filter(|fault| !slow.iter().any(|slow| fault.starts_with(slow)));
    with_each(quick, |text| {
        let router = talkative(KEY, false);
        fault(&router, text);
        is_hidden(KEY, &router, &all_commands(&router), text);
    });
}

/// A redirect carried the password to whomever it named.
#[test]
fn pain_13_a_redirect_does_not_carry_the_key_away() {
    for target in ["host", "http"] {
        let router = talkative(KEY, true);
        fault(&router, &format!("redirect={target}"));
        router.once().expect(1).says("which is not followed");
        let requests = router.sim.requests();
        assert_eq!(requests.len(), 1, "{target}");
        assert!(
            requests[0]
                .header("host")
                .is_some_and(|host| host.starts_with("127.0.0.1"))
        );
    }
}

/// Kills the process at the end of the test.
struct Stalled(Child);

impl Drop for Stalled {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn environment_of(process: &str) -> String {
    let bytes = fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[track_caller]
fn key_is_not_seen_by_ps(router: &Router) {
    // A process that has just begun shows no arguments for a moment.
    assert!(comes_true(|| !processes(router).is_empty()));
    for process in processes(router) {
        let arguments = arguments_of(&process);
        assert!(
            !arguments.iter().any(|argument| argument.contains(KEY)),
            "{arguments:?}"
        );
        assert!(!environment_of(&process).contains(KEY));
    }
}

/// `ps` showed the password to every user.
#[test]
fn pain_13_the_key_is_not_in_the_arguments() {
    for in_a_file in [false, true] {
        let router = talkative(KEY, in_a_file);
        fault(&router, "stall=status");
        let mut pass = router.command(&["once"]);
        let pass = pass.stdout(Stdio::null()).stderr(Stdio::null());
        let pass = Stalled(pass.spawn().expect("it starts"));
        assert!(router.sim.wait_for_requests(1, RUN_TIMEOUT));
        key_is_not_seen_by_ps(&router);
        drop(pass);
        // The process that works in the background.
        let background = Background(&router);
        router.reboot();
        let event = router.command(&["event"]).env("ACTION", "step").status();
        assert!(event.expect("it runs").success());
        key_is_not_seen_by_ps(&router);
        assert!(router.sim.wait_for_requests(2, RUN_TIMEOUT));
        key_is_not_seen_by_ps(&router);
        drop(background);
        assert!(comes_true(|| processes(&router).is_empty()));
    }
}

/// A password with a slash in it broke the update, one with `$()` ran as root.
#[test]
fn pain_13_text_is_sent_as_it_stands() {
    for text in [
        AWKWARD,
        "'; touch owned; '",
        "$(touch owned)",
        "-rf",
        "a/b/../c",
        "%2f&ip=1.1.1.1#",
    ] {
        for in_a_file in [false, true] {
            let router = talkative(text, in_a_file);
            router.sim.add_user(text, &[]);
            let config = fs::read_to_string(router.config()).expect("text");
            let ident = format!(
                "option ident {}\noption hostname {}",
                quoted(text),
                quoted(text)
            );
            router.configure_raw(config.replace("option ident 'user1'", &ident).as_bytes());
            let folder = router.path("");
            let run = router.command(&["once"]).current_dir(&folder).output();
            ran(run.expect("it runs")).expect(0);
            let request = &router.sim.requests()[0];
            for name in ["key", "ident", "hostname"] {
                assert_eq!(request.all(name), [text], "{name}");
            }
            assert_eq!(request.all("ip"), ["8.8.4.4"]);
            assert!(!router.path("owned").exists(), "{text}");
        }
    }
}

/// A program's name and arguments went through a shell.
#[test]
fn pain_13_a_command_runs_without_a_shell() {
    let router = Router::new();
    let program = router.path("sh; touch owned; $(touch owned)");
    symlink("/bin/sh", &program).expect("a link");
    let seen = router.path("seen");
    let arguments = [
        "$(touch owned)",
        "'; touch owned; '",
        "a  b",
        "*",
        "`touch owned`",
        "\\",
    ];
    let script = r#"printf '%s\n' "$@" > "$0"; echo 8.8.4.4"#;
    let seen_path = seen.display().to_string();
    let all = ["-c", script, &seen_path].into_iter().chain(arguments);
    let list: String = all.map(|a| format!("list arg {}\n", quoted(a))).collect();
    let command = format!(
        "option command {}\n{list}",
        quoted(&program.display().to_string())
    );
    router.configure(&router.home(&format!("option source command\n{command}")));
    let run = router
        .command(&["once"])
        .current_dir(router.path(""))
        .output();
    ran(run.expect("it runs")).expect(0);
    assert_eq!(
        fs::read_to_string(&seen)
            .expect("text")
            .lines()
            .collect::<Vec<_>>(),
        arguments
    );
    assert!(!router.path("owned").exists());
    assert_eq!(router.bound(), ["8.8.4.4"]);
}
