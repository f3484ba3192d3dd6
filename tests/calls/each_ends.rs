//! `--each FILE` when it does not go through: nothing is done twice, nothing is lost.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use wansync_sim::Times;
use wansync_test_support::{Ran, Router, ran};

use crate::each::{each, results, sent, table};
use crate::{fault, router, skydns};

/// A table of so many logins.
fn logins(router: &Router, count: usize) -> String {
    let rows = (1..=count).map(|n| format!("new{n:03},password{n:03}\n"));
    table(
        router,
        &format!("login,password\n{}", rows.collect::<String>()),
    )
}

fn start(router: &Router, words: &str, table: &str) -> Child {
    let words = format!("skydns {words} --each {table}");
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut command = router.command(&words);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("it runs")
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_child(child);
    kill_process(pid, signal).expect("it runs");
}

/// Six rows are answered, and those after them never.
fn answer_some_and_no_more(router: &Router) {
    let none = "none".parse().expect("a fault");
    router.sim.fault(none, Times::Next(6));
    fault(router, "stall=status");
}

/// The rows of results that ended so, by their login.
fn ended(text: &str, end: &str) -> Vec<String> {
    let rows = results(text).into_iter().filter(|row| row["result"] == end);
    let mut logins: Vec<String> = rows.map(|row| row["login"].clone()).collect();
    logins.sort();
    logins
}

/// Both runs together did each row exactly once.
#[track_caller]
fn all_were_sent_once(router: &Router, count: usize) {
    let counts = sent(router, "subscribe", "login");
    assert_eq!(counts.len(), count, "{counts:?}");
    assert!(counts.values().all(|times| *times == 1), "{counts:?}");
}

const RESUME: &str = "the same command with --resume sends the rows that are not done";

#[test]
fn an_interrupted_run_goes_on() {
    for (name, how) in [
        ("Ctrl-C", Signal::INT),
        ("TERM", Signal::TERM),
        ("HUP", Signal::HUP),
    ] {
        let router = router();
        let table = logins(&router, 100);
        router
            .sim
            .fault("delay=100".parse().expect("a fault"), Times::All);
        let child = start(&router, "subscribe", &table);
        assert!(router.sim.wait_for_requests(6, crate::CALL_TIMEOUT));
        signal(&child, how);
        let first = ran(child.wait_with_output().expect("it ends")).expect(75);
        let first = first.says("interrupted").says(RESUME).says("not sent");
        // What was under way was waited for.
        let done = ended(&first.stdout, "done").len();
        assert_eq!(done, router.sim.requests().len(), "{name}");
        router.sim.clear();
        each(&router, "subscribe", &table)
            .expect(64)
            .says("--resume goes on");
        assert_eq!(router.sim.requests().len(), 0);
        let second = each(&router, "subscribe --resume", &table).expect(0);
        assert_eq!(ended(&second.stdout, "done").len(), 100 - done, "{name}");
        assert_eq!(router.sim.requests().len(), 100 - done, "{name}");
        second.says(&format!("{done} done before"));
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let router = router();
    let table = logins(&router, 8);
    fault(&router, "stall=status");
    let mut child = start(&router, "subscribe", &table);
    assert!(router.sim.wait_for_requests(4, crate::CALL_TIMEOUT));
    signal(&child, Signal::INT);
    // The first is heard before the second is sent: it says so.
    let mut said = String::new();
    let mut errors = BufReader::new(child.stderr.take().expect("a pipe"));
    errors.read_line(&mut said).expect("a line");
    assert!(said.contains("Ctrl-C again ends it now"), "{said}");
    signal(&child, Signal::INT);
    ran(child.wait_with_output().expect("it ends")).expect(75);
    router.sim.clear();
    let ran = each(&router, "subscribe --resume", &table).expect(1);
    assert_eq!(ended(&ran.stdout, "unknown").len(), 4);
    assert_eq!(ended(&ran.stdout, "done").len(), 4);
}

#[test]
fn rows_under_way_when_it_was_killed() {
    // A method that may not be called twice, and one that may.
    for (method, columns, parameter) in [
        ("subscribe", "login,password", "login"),
        ("activate", "ident=login", "ident"),
    ] {
        let router = router();
        let table = logins(&router, 20);
        if method == "activate" {
            skydns(&router, &format!("subscribe --each {table}")).expect(0);
            router.sim.clear();
        }
        answer_some_and_no_more(&router);
        let words = format!("{method} --columns {columns}");
        let child = start(&router, &words, &table);
        assert!(router.sim.wait_for_requests(10, crate::CALL_TIMEOUT));
        signal(&child, Signal::KILL);
        let first = child.wait_with_output().expect("it ends");
        assert_eq!(first.status.signal(), Some(9));
        let before = ended(&ran(first).stdout, "done");
        fault(&router, "none");
        let second = each(&router, &format!("{words} --resume"), &table);
        let after = ended(&second.stdout, "done");
        let lost = ended(&second.stdout, "unknown");
        let counts = sent(&router, method, parameter);
        let twice = counts.values().filter(|times| **times > 1).count();
        assert!(lost.len() <= 4, "{lost:?}");
        assert!(after.iter().all(|login| !lost.contains(login)));
        // What was written last may not have been remembered any more.
        let ends: BTreeSet<&String> = before.iter().chain(&after).chain(&lost).collect();
        assert_eq!(ends.len(), 20, "{before:?} {after:?} {lost:?}");
        if method == "activate" {
            second.expect(0);
            assert!(twice <= 4, "only what was under way: {counts:?}");
            continue;
        }
        assert_eq!(twice, 0, "{counts:?}");
        assert_eq!(second.code, Some(if lost.is_empty() { 0 } else { 1 }));
        // Listed once, and never sent.
        let third = each(&router, &format!("{words} --resume"), &table);
        assert!(sent(&router, method, parameter).values().all(|n| *n == 1));
        match lost.is_empty() {
            true => third.expect(64),
            false => third.expect(1).says(&format!("{} unknown", lost.len())),
        };
    }
}

#[test]
fn after_a_power_cut_no_row_counts_as_not_sent_that_may_have_been() {
    let router = router();
    let table = logins(&router, 20);
    answer_some_and_no_more(&router);
    let child = start(&router, "subscribe", &table);
    assert!(router.sim.wait_for_requests(10, crate::CALL_TIMEOUT));
    signal(&child, Signal::KILL);
    child.wait_with_output().expect("it ends");
    // The journal is of another boot, and of each row the last word is lost.
    let journal = router.path("users.csv.subscribe.journal");
    let text = fs::read_to_string(&journal).expect("a journal");
    let mut lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
    lines[1] = "- 00000000\n".to_owned();
    for line in &mut lines[2..] {
        if line.starts_with('s') {
            *line = "r 00000000\n".to_owned();
        }
    }
    let done = lines.iter().filter(|line| line.starts_with('d')).count();
    fs::write(&journal, lines.concat()).expect("it is written");
    let second = each(&router, "subscribe --resume", &table).expect(1);
    assert_eq!(ended(&second.stdout, "unknown").len(), 20 - done);
    let counts = sent(&router, "subscribe", "login");
    assert!(counts.values().all(|times| *times == 1), "{counts:?}");
    assert!(
        counts.len() <= done + 4,
        "only what was under way: {counts:?}"
    );
}

#[test]
fn a_damaged_journal_has_no_row_sent_twice() {
    // The end of the first four rows, and the boot that they are of.
    for damaged in [2..6, 1..2] {
        let router = router();
        let table = logins(&router, 8);
        fault(&router, "error=message,code=403,text=Wrong key");
        each(&router, "subscribe --at-once 1", &table).expect(77);
        router.sim.clear();
        let journal = router.path("users.csv.subscribe.journal");
        let text = fs::read_to_string(&journal).expect("a journal");
        let mut lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
        for line in &mut lines[2..] {
            *line = "r 00000000\n".to_owned();
        }
        for line in &mut lines[damaged.clone()] {
            *line = "\0".repeat(11);
        }
        fs::write(&journal, lines.concat()).expect("it is written");
        let ran = each(&router, "subscribe --resume", &table).expect(1);
        let unknown = if damaged.start == 1 { 8 } else { 4 };
        assert_eq!(ended(&ran.stdout, "unknown").len(), unknown);
        assert_eq!(router.sim.requests().len(), 8 - unknown);
    }
}

#[test]
fn rows_that_were_turned_away_are_sent_after_a_kill() {
    let router = router();
    let table = logins(&router, 4);
    fault(&router, "status=429,retry-after=3000");
    let mut child = start(&router, "subscribe", &table);
    let mut said = String::new();
    let mut errors = BufReader::new(child.stderr.take().expect("a pipe"));
    for _ in 0..2 {
        // Of rows under way together, at least one has been turned away.
        if !said.contains("going on in") {
            errors.read_line(&mut said).expect("a line");
        }
    }
    assert!(said.contains("going on in 50 min"), "{said}");
    let journal = router.path("users.csv.subscribe.journal");
    let waits = || {
        let text = fs::read_to_string(&journal).expect("a journal");
        text.lines()
            .skip(2)
            .filter(|line| line.starts_with('s'))
            .count()
            == 0
    };
    wansync_test_support::waiting::wait_until("no row counts as sent", waits);
    signal(&child, Signal::KILL);
    child.wait_with_output().expect("it ends");
    router.sim.clear();
    let ran = each(&router, "subscribe --resume", &table).expect(0);
    assert_eq!(ended(&ran.stdout, "done").len(), 4);
    all_were_sent_once(&router, 4);
}

#[test]
fn a_lost_answer_is_unknown_where_the_row_may_not_be_sent_twice() {
    let router = router();
    let table = logins(&router, 3);
    router
        .sim
        .fault("close".parse().expect("a fault"), Times::Next(1));
    let first = each(&router, "subscribe --at-once 1", &table).expect(1);
    assert_eq!(ended(&first.stdout, "unknown"), ["new001"]);
    assert_eq!(ended(&first.stdout, "done"), ["new002", "new003"]);
    all_were_sent_once(&router, 3);
    first
        .says("2 rows done, 1 unknown")
        .says("look whether the unknown rows were done");

    router.sim.clear();
    router
        .sim
        .fault("close".parse().expect("a fault"), Times::Next(1));
    let words = "activate --columns ident=login --at-once 1";
    let ran = each(&router, words, &table).expect(0);
    assert_eq!(ended(&ran.stdout, "done").len(), 3);
    assert_eq!(sent(&router, "activate", "ident")["new001"], 2);
}

#[test]
fn the_service_gets_the_pause_that_it_asks_for() {
    let router = router();
    let table = logins(&router, 6);
    let busy = "status=429,retry-after=2";
    router
        .sim
        .fault(busy.parse().expect("a fault"), Times::Next(4));
    let ran = each(&router, "subscribe", &table).expect(0);
    assert_eq!(ended(&ran.stdout, "done").len(), 6);
    ran.says("HTTP status 429; going on in 2 s");
    let requests = router.sim.requests();
    assert_eq!(requests.len(), 10);
    let at: Vec<_> = requests.iter().map(|request| request.at).collect();
    let pause = at[4].duration_since(at[3]).unwrap_or_default();
    assert!(pause.as_millis() >= 1_500, "{at:?}");
    // A wish for hours is one to come back later.
    router.sim.clear();
    fault(&router, "status=503,retry-after=7200");
    let ran = each(
        &router,
        "activate --columns ident=login --at-once 1",
        &table,
    )
    .expect(69);
    ran.says("it asks to be left alone for 2 h")
        .says("6 not sent")
        .says(RESUME);
    assert_eq!(router.sim.requests().len(), 1);
    router.sim.clear();
    each(&router, "activate --columns ident=login --resume", &table).expect(0);
    assert_eq!(router.sim.requests().len(), 6);
}

#[test]
fn a_key_that_is_not_taken_ends_it() {
    let router = router();
    let table = logins(&router, 50);
    fault(&router, "error=message,code=403,text=Wrong key");
    let ran = each(&router, "subscribe", &table).expect(77);
    ran.says("Wrong key").says("50 not sent").says(RESUME);
    assert!(
        router.sim.requests().len() <= 4,
        "{}",
        router.sim.requests().len()
    );
    router.sim.clear();
    each(&router, "subscribe --resume", &table).expect(0);
    all_were_sent_once(&router, 50);
}

#[test]
fn refused_rows_are_listed_and_sent_again() {
    let router = router();
    let table = logins(&router, 4);
    skydns(&router, "subscribe login=new002 password=password").expect(0);
    router.sim.clear();
    let ran = each(&router, "subscribe", &table).expect(1);
    assert_eq!(ended(&ran.stdout, "refused"), ["new002"]);
    ran.says("3 rows done, 1 failed").says(RESUME);
    router.sim.remove_user("new002");
    let ran = each(&router, "subscribe --resume", &table).expect(0);
    assert_eq!(ended(&ran.stdout, "done"), ["new002"]);
    assert_eq!(router.sim.requests().len(), 5);
}

#[test]
fn a_table_that_has_changed_is_not_gone_on_with() {
    let router = router();
    let table = logins(&router, 4);
    router
        .sim
        .fault("none".parse().expect("a fault"), Times::Next(2));
    fault(&router, "error=message,text=no");
    each(&router, "subscribe --at-once 1", &table).expect(1);
    let requests = router.sim.requests().len();
    let original = fs::read_to_string(&table).expect("the table");
    for (name, text) in [
        (
            "a row before",
            original.replacen('\n', "\nnew000,password000\n", 1),
        ),
        (
            "a row that was done",
            original.replace("password001", "password999"),
        ),
        (
            "a row that was done is wrong now",
            original.replace("new001", ""),
        ),
    ] {
        self::table(&router, &text);
        let ran = each(&router, "subscribe --at-once 1 --resume", &table);
        assert_eq!(ran.code, Some(64), "{name}: {}", ran.said());
        assert_eq!(router.sim.requests().len(), requests, "{name}");
    }
    // Rows that failed may be mended, and other columns are another matter.
    self::table(&router, &original.replace("password004", "better-password"));
    each(
        &router,
        "subscribe --at-once 1 --resume plan=SCHOOL",
        &table,
    )
    .expect(64)
    .says("is of another method");
    router.sim.clear();
    each(&router, "subscribe --at-once 1 --resume", &table).expect(0);
    assert_eq!(sent(&router, "subscribe", "login").len(), 2);
}

#[test]
fn results_that_cannot_be_written_are_shown() {
    let router = router();
    let table = logins(&router, 80);
    let words = ["skydns", "subscribe", "--each", &table];
    let mut command: Command = router.command(&words);
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("it is there");
    command.stdout(full);
    let ran = ran(command.output().expect("it runs"));
    // The header already is lost: nothing is sent.
    assert_eq!(ran.code, Some(74), "{}", ran.said());
    assert_eq!(router.sim.requests().len(), 0);
    assert!(!router.path("users.csv.subscribe.journal").exists());
    // A reader that goes away.
    fault(&router, "delay=100");
    let mut child = start(&router, "subscribe", &table);
    assert!(router.sim.wait_for_requests(5, crate::CALL_TIMEOUT));
    drop(child.stdout.take());
    let ran: Ran = wansync_test_support::ran(child.wait_with_output().expect("it ends"));
    assert_eq!(ran.code, Some(74), "{}", ran.said());
    ran.says("nobody reads them any more").says(RESUME);
    let before = sent(&router, "subscribe", "login");
    assert!(before.len() < 80);
    router.sim.clear();
    each(&router, "subscribe --resume", &table).expect(0);
    let after = sent(&router, "subscribe", "login");
    assert!(after.keys().all(|login| !before.contains_key(login)));
    assert_eq!(before.len() + after.len(), 80);
}

#[test]
fn two_runs_do_not_share_a_table() {
    let router = router();
    let table = logins(&router, 4);
    fault(&router, "stall=status");
    let mut child = start(&router, "subscribe", &table);
    assert!(router.sim.wait_for_requests(4, crate::CALL_TIMEOUT));
    each(&router, "subscribe --resume", &table)
        .expect(75)
        .says("is in use");
    each(&router, "subscribe", &table).expect(64);
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    all_were_sent_once(&router, 4);
}
