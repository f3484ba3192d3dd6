//! Whatever ends the process, wherever: the record is the old or the new one,
//! and the next pass goes on from there. Whatever was damaged: it counts as
//! lost, and nothing worse comes of it.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

use std::fs;
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use wansync_sim::KEY;
use wansync_test_support::{Ran, Router};

/// The system calls that change something, on the disk or at the service.
const CALLS: &str = "write,writev,sendto,sendmsg,connect,?open,openat,?rename,renameat,renameat2,\
                     fsync,fdatasync,?unlink,unlinkat,?mkdir,mkdirat,flock,ftruncate,close";
/// Less than the shortest wait after a failure, which is 12 s.
const WITHIN_BACKOFF: Duration = Duration::from_secs(9);

/// A pass that changes the record, and the router before it.
struct Scenario {
    router: Router,
    /// Copies of the state and the record as they were before.
    before: tempfile::TempDir,
    /// The number of requests that the pass makes if nothing ends it.
    needed: usize,
    /// The record after the pass.
    expected: fn(&Value) -> bool,
}

impl Scenario {
    /// Over http, so that a system call that sends is a request that arrives.
    fn new(
        before: Option<&str>,
        address: &str,
        needed: usize,
        expected: fn(&Value) -> bool,
    ) -> Scenario {
        let router = Router::new();
        if let Some(before) = before {
            configure(&router, before, KEY);
            router.once().expect(0).says("confirmed");
        }
        configure(&router, address, KEY);
        let copies = tempfile::tempdir().expect("a temporary folder");
        for tier in ["run", "etc"] {
            copy(&router.path(tier), &copies.path().join(tier));
        }
        Scenario {
            router,
            before: copies,
            needed,
            expected,
        }
    }

    fn rewind(&self) {
        for tier in ["run", "etc"] {
            let _ = fs::remove_dir_all(self.router.path(tier));
            copy(&self.before.path().join(tier), &self.router.path(tier));
        }
        self.router.sim.reset();
    }

    fn recorded_before(&self) -> Option<Vec<u8>> {
        fs::read(self.before.path().join("etc/record")).ok()
    }

    /// The system calls of a pass that count, each with its number among those
    /// of its name. What comes before the configuration is read is the loader's.
    fn calls(&self) -> Vec<(String, usize)> {
        self.rewind();
        let trace = self.router.path("trace");
        self.traced(&["-o", &trace.display().to_string()]);
        let trace = fs::read_to_string(trace).expect("a trace");
        let (mut calls, mut counts) = (Vec::new(), std::collections::HashMap::new());
        let mut begun = false;
        for line in trace.lines() {
            let call = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
            let Some((name, rest)) = call.split_once('(') else {
                continue;
            };
            let number = counts.entry(name.to_owned()).or_insert(0);
            *number += 1;
            begun |= rest.contains(&self.router.config().display().to_string());
            if begun {
                calls.push((name.to_owned(), *number));
            }
        }
        calls
    }

    /// A pass under strace; whether a signal ended it.
    fn traced(&self, options: &[&str]) -> bool {
        let pass = self.router.command(&["once"]);
        let mut strace = Command::new("strace");
        strace
            .args(["-f", "-qq", "-e", &format!("trace={CALLS}")])
            .args(options);
        strace.arg(pass.get_program()).args(pass.get_args());
        strace
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let status = strace.status().expect("strace (tests/setup installs it)");
        status.signal().is_some()
    }

    /// Ends the pass right before one system call; what came before it is done.
    fn end_at(&self, name: &str, number: usize) -> bool {
        self.rewind();
        let inject = format!("inject={name}:signal=KILL:when={number}");
        self.traced(&["-o", "/dev/null", "-e", &inject])
    }

    /// The record is the old one, byte for byte, or the new one, whole.
    fn record_is_whole(&self, at: &str) {
        let record = fs::read(self.router.record()).ok();
        if record == self.recorded_before() {
            return;
        }
        let text = record.unwrap_or_else(|| panic!("{at}: the record is gone"));
        let record: Value = serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{at}: {e}"));
        assert!(
            (self.expected)(&record["sections"]["home"]),
            "{at}: {record}"
        );
    }

    /// True if the state says that a send is under way, or failed.
    fn waits(&self) -> bool {
        let state = fs::read(self.router.path("run/skydns.home.json"));
        let Ok(state) = state else { return false };
        let state: Value = serde_json::from_slice(&state).expect("the state is whole");
        state["outcome"] == "unconfirmed"
    }

    /// After a crash: all is readable, and passes go on to the end, with one
    /// send too many at most, and none during the wait that was noted before
    /// the first.
    fn goes_on(&self, at: &str) {
        self.record_is_whole(at);
        let (start, sent, waits) = (Instant::now(), self.router.updates(), self.waits());
        assert!(
            waits || sent == 0 || !self.must_wait(),
            "{at}: a send without a note"
        );
        let status = self.router.run(&["status", "--format", "json"]);
        assert_eq!(clean(&status, at).code, Some(0), "{at}: {}", status.said());
        let pass = self.router.once();
        let at_first = self.router.updates();
        if waits && start.elapsed() < WITHIN_BACKOFF {
            assert_eq!(clean(&pass, at).code, Some(75), "{at}: {}", pass.said());
            assert_eq!(at_first, sent, "{at}: sent again at once");
        }
        if pass.code == Some(75) {
            clean(&self.router.run(&["once", "--force"]), at);
        }
        let sent = self.router.updates();
        assert!(sent <= self.needed + 1, "{at}: {sent} sends");
        let record = fs::read(self.router.record()).expect("a record");
        let record: Value = serde_json::from_slice(&record).expect("JSON");
        assert!(
            (self.expected)(&record["sections"]["home"]),
            "{at}: {record}"
        );
    }

    /// True if what the pass sent was neither confirmed nor refused in its memory.
    fn must_wait(&self) -> bool {
        let state = fs::read(self.router.path("run/skydns.home.json")).unwrap_or_default();
        let state: Value = serde_json::from_slice(&state).unwrap_or_default();
        !(self.expected)(&serde_json::json!({
            "confirmed": state["confirmed"]["address"],
            "refusals": state["refusals"],
        }))
    }

    fn survives_every_call(&self) {
        if !can_trace() {
            return;
        }
        let calls = self.calls();
        assert!(calls.len() > 20, "{calls:?}");
        assert!(calls.iter().any(|(name, _)| name == "fsync"), "{calls:?}");
        let mut ended = 0;
        for (name, number) in &calls {
            let at = format!("before {name} number {number}");
            ended += usize::from(self.end_at(name, *number));
            self.goes_on(&at);
        }
        // The order of a reply's packets may make one call more or less.
        assert!(
            ended + 4 >= calls.len(),
            "{ended} of {} passes ended",
            calls.len()
        );
    }
}

fn configure(router: &Router, address: &str, key: &str) {
    let home = router.home(&format!(
        "option source static\noption address {address}\noption daily_limit 288"
    ));
    let home = home.replace(&router.sim.https_url(), &router.sim.http_url());
    router.configure(&home.replace(KEY, key));
}

fn copy(from: &Path, to: &Path) {
    let Ok(entries) = fs::read_dir(from) else {
        return;
    };
    fs::create_dir_all(to).expect("a folder");
    for entry in entries.flatten() {
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}

/// The run, if it found no fault in itself.
#[track_caller]
fn clean<'a>(ran: &'a Ran, at: &str) -> &'a Ran {
    assert!(ran.code.is_some(), "{at}: {}", ran.said());
    for word in ["panicked", "fault of wansync"] {
        assert!(!ran.said().contains(word), "{at}: {}", ran.said());
    }
    ran
}

fn can_trace() -> bool {
    let probe = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "true"])
        .status();
    let possible = probe.is_ok_and(|status| status.success());
    if !possible {
        // Past the test harness, which keeps what passing tests print.
        let _ = writeln!(io::stderr(), "skipped: strace may not trace here");
    }
    possible
}

#[test]
fn a_first_confirmation_may_end_at_any_call() {
    let confirmed = |home: &Value| home["confirmed"] == "8.8.4.4";
    Scenario::new(None, "8.8.4.4", 1, confirmed).survives_every_call();
}

#[test]
fn a_change_of_address_may_end_at_any_call() {
    let confirmed = |home: &Value| home["confirmed"] == "8.8.8.8";
    Scenario::new(Some("8.8.4.4"), "8.8.8.8", 1, confirmed).survives_every_call();
}

#[test]
fn a_refusal_may_end_at_any_call() {
    let refused = |home: &Value| home["refusals"].as_array().is_some_and(|at| !at.is_empty());
    let scenario = Scenario::new(None, "8.8.4.4", 1, refused);
    configure(&scenario.router, "8.8.4.4", "wrong-key");
    scenario.survives_every_call();
    configure(&scenario.router, "8.8.4.4", KEY);
    scenario.router.once().expect(0).says("confirmed");
}

#[test]
fn fifty_kills_at_any_moment() {
    let router = Router::new();
    configure(&router, "8.8.1.1", KEY);
    let start = Instant::now();
    router.once().expect(0);
    let usual = start.elapsed().as_micros() as u64;
    for round in 0..50_u64 {
        if round % 8 == 0 {
            // The record may be written so many times a day.
            fs::remove_file(router.record()).expect("a record");
        }
        let address = format!("8.8.2.{round}");
        configure(&router, &address, KEY);
        let mut pass = router.command(&["once"]);
        let mut pass = pass
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        // Spread over the whole of a pass, and not the same in any two rounds.
        thread::sleep(Duration::from_micros(usual * (round * 7919 % 50) / 40));
        pass.kill().expect("a signal");
        pass.wait().expect("it ends");
        for file in ["run/skydns.home.json", "run/complaints", "etc/record"] {
            if let Ok(bytes) = fs::read(router.path(file)) {
                let read: Result<Value, _> = serde_json::from_slice(&bytes);
                assert!(
                    read.is_ok(),
                    "round {round}: {file}: {}",
                    String::from_utf8_lossy(&bytes)
                );
            }
        }
        let status = router.run(&["status", "--format", "json"]);
        assert_eq!(clean(&status, &address).code, Some(0), "{}", status.said());
        assert_eq!(status.stderr, "", "round {round}");
        clean(&router.run(&["once", "--force"]), &address);
        assert_eq!(router.bound(), [address.as_str()], "round {round}");
        assert_eq!(router.home_status()["confirmed"], address.as_str());
    }
}

/// The fates of a file.
fn damages(good: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let text = String::from_utf8_lossy(good).into_owned();
    let nested = [vec![b'['; 10_000], vec![b']'; 10_000]].concat();
    vec![
        ("empty", Vec::new()),
        ("cut in half", good[..good.len() / 2].to_vec()),
        ("cut by a byte", good[..good.len() - 1].to_vec()),
        ("zeros", vec![0; good.len()]),
        ("erased flash", vec![0xff; 4096]),
        ("another JSON", b"[1, 2, 3]".to_vec()),
        ("a number", b"1e999".to_vec()),
        ("nested", nested),
        ("2 MB", vec![b' '; 2 << 20]),
        ("something behind it", [good, b"x"].concat()),
        ("wrong types", text.replace("8.8.4.4", "8.8.4").into_bytes()),
    ]
}

#[test]
fn a_damaged_record_counts_as_empty() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    let good = fs::read(router.record()).expect("a record");
    let sent = router.updates();
    let told = format!("{} ", router.record().display());
    for (number, (what, bytes)) in damages(&good).into_iter().enumerate() {
        router.reboot();
        fs::write(router.record(), bytes).expect("damage");
        let status = router.run(&["status"]);
        assert_eq!(
            clean(&status, what).code,
            Some(0),
            "{what}: {}",
            status.said()
        );
        let ran = router.once();
        assert_eq!(clean(&ran, what).code, Some(0), "{what}: {}", ran.said());
        assert!(ran.stderr.contains(&told), "{what}: {}", ran.said());
        assert!(
            ran.stderr.contains("it counts as empty"),
            "{what}: {}",
            ran.said()
        );
        assert_eq!(router.updates(), sent + number + 1, "{what}");
        router.reboot();
        let ran = router.once().expect(0).says("unchanged");
        assert_eq!(ran.stderr.lines().count(), 1, "{what}: {}", ran.stderr);
    }
}

#[test]
fn a_record_that_cannot_be_replaced_is_said_and_sends_nothing_more() {
    let router = Router::with_address("8.8.4.4");
    fs::create_dir_all(router.record()).expect("a folder in its place");
    let ran = router.once();
    let ran = clean(&ran, "a folder");
    assert_eq!(ran.code, Some(0), "{}", ran.said());
    assert!(
        ran.stderr.contains("lost at the next reboot"),
        "{}",
        ran.stderr
    );
    assert!(!router.path("etc/record.new").exists(), "a draft was left");
    router.once().expect(0).says("unchanged");
    assert_eq!(router.updates(), 1);
    fs::remove_dir(router.record()).expect("removed");
    router.once().expect(0);
    router.reboot();
    router.once().expect(0).says("unchanged");
    assert_eq!(router.updates(), 1);
}

#[test]
fn damaged_state_falls_back_on_the_record() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    let (state, pass) = (
        router.path("run/skydns.home.json"),
        router.path("run/complaints"),
    );
    let good = fs::read(&state).expect("a state");
    let text = String::from_utf8(good.clone()).expect("text");
    let value: Value = serde_json::from_slice(&good).expect("JSON");
    let boot_id = value["boot_id"].as_str().expect("a boot id");
    let mut table = damages(&good);
    let of_another_boot = text.replace(boot_id, "00000000-0000-0000-0000-000000000000");
    table.push(("of another boot", of_another_boot.into_bytes()));
    for (what, bytes) in table {
        fs::write(&state, &bytes).expect("damage");
        fs::write(&pass, &bytes).expect("damage");
        let status = router.run(&["status"]);
        assert_eq!(
            clean(&status, what).code,
            Some(0),
            "{what}: {}",
            status.said()
        );
        let ran = router.once();
        assert_eq!(clean(&ran, what).code, Some(0), "{what}: {}", ran.said());
        assert!(ran.stdout.contains("unchanged"), "{what}: {}", ran.said());
        assert_eq!(router.updates(), 1, "{what}");
        let mended: Value =
            serde_json::from_slice(&fs::read(&state).expect("a state")).expect("JSON");
        assert_eq!(mended["boot_id"], boot_id, "{what}");
    }
}

/// Nothing may be sent that cannot be noted first.
#[test]
fn folders_in_the_place_of_files_of_the_state() {
    let router = Router::with_address("8.8.4.4");
    router.once().expect(0);
    for (file, code) in [
        ("skydns.home.json", 75),
        ("skydns.home.new", 75),
        ("lock", 75),
        ("complaints", 0),
        ("pending", 0),
    ] {
        let address = format!("8.8.8.{}", file.len());
        router.reboot();
        router.set_address(&address);
        let sent = router.updates();
        fs::create_dir_all(router.path("run").join(file)).expect("a folder");
        for _ in 0..2 {
            let ran = router.once();
            assert_eq!(clean(&ran, file).code, Some(code), "{file}: {}", ran.said());
            let status = router.run(&["status"]);
            assert_eq!(
                clean(&status, file).code,
                Some(0),
                "{file}: {}",
                status.said()
            );
        }
        assert_eq!(router.updates() - sent, usize::from(code == 0), "{file}");
    }
    // A folder is no mark, and cannot be made one.
    router.reboot();
    fs::create_dir_all(router.path("run/event.pending")).expect("a folder");
    let mut event = router.command(&["event"]);
    let event = event.env("ACTION", "ifup").env("INTERFACE", "wan").output();
    wansync_test_support::ran(event.expect("it runs"))
        .expect(75)
        .says("in the background");
    let work = router.run(&["event", "--work"]).expect(0);
    assert_eq!(work.said(), "");
}

/// Runs a pass where `folder` is a small file system of its own.
fn on(router: &Router, folder: &str, options: &str, fill: bool) -> Option<Ran> {
    let path = router.path(folder).display().to_string();
    fs::create_dir_all(&path).expect("a folder");
    let mut line = format!("mount -t tmpfs -o {options} none {path}");
    if fill {
        line.push_str(&format!(
            "; head -c 100000 /dev/zero >{path}/fill 2>/dev/null || :"
        ));
    }
    let mut jailed = wansync_test_support::jail::jailed(&line, &router.command(&["once"]))?;
    let output = jailed.output().expect("unshare (tests/setup installs it)");
    let ran = wansync_test_support::ran(output);
    clean(&ran, options);
    Some(ran)
}

#[test]
fn a_state_folder_that_cannot_be_written_sends_nothing() {
    let router = Router::with_address("8.8.4.4");
    let folder = router.path("run").display().to_string();
    for (options, fill, cause) in [
        ("ro", false, "Read-only"),
        ("size=4k", true, "No space left"),
    ] {
        let Some(ran) = on(&router, "run", options, fill) else {
            return;
        };
        let ran = ran.expect(75).says(cause);
        assert!(ran.said().contains(&folder), "{}", ran.said());
        assert_eq!(router.sim.requests().len(), 0, "{options}");
        assert!(!router.record().exists(), "{options}");
    }
}

#[test]
fn a_record_folder_that_cannot_be_written_is_said() {
    let router = Router::with_address("8.8.4.4");
    for (options, fill, cause) in [
        ("ro", false, "Read-only"),
        ("size=4k", true, "No space left"),
    ] {
        router.reboot();
        let Some(ran) = on(&router, "etc", options, fill) else {
            return;
        };
        let ran = ran.expect(0).says("home: confirmed").says(cause);
        ran.says(&router.record().display().to_string());
        // On tmpfs it is remembered all the same.
        let sent = router.updates();
        router.once().expect(0).says("unchanged");
        assert_eq!(router.updates(), sent, "{options}");
    }
}
