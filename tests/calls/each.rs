//! `--each FILE`: one call for each row of a table.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::process::Stdio;

use wansync_sim::KEY;
use wansync_test_support::terminal::{at_terminal, at_terminal_with};
use wansync_test_support::{Ran, Router, ran};

use crate::{fault, file, mode_of, nothing_was_sent, router, skydns};

/// A table of new users in the router's folder: `login,password,email,plan,ip`.
fn users(router: &Router, count: usize) -> String {
    let mut text = "login,password,email,plan,ip\n".to_owned();
    for n in 1..=count {
        text.push_str(&format!(
            "new{n:03},pa55-{n:03},new{n:03}@example.com,SCHOOL,8.8.8.{n}\n"
        ));
    }
    table(router, &text)
}

/// A table in the router's folder.
pub(crate) fn table(router: &Router, text: &str) -> String {
    let path = file(router, "users.csv", text, 0o600);
    path.display().to_string()
}

/// `wansync skydns …` with the words, and the table.
pub(crate) fn each(router: &Router, words: &str, table: &str) -> Ran {
    skydns(router, &format!("{words} --each {table}"))
}

/// The cells of results, by the name of their column; none may hold a comma.
pub(crate) fn results(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), names.len(), "{line}");
        let pairs = names.iter().zip(cells);
        pairs
            .map(|(n, c)| ((*n).to_owned(), c.to_owned()))
            .collect()
    };
    lines.map(row).collect()
}

/// How often each value of this parameter was sent with a method.
pub(crate) fn sent(router: &Router, method: &str, parameter: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in router.sim.requests() {
        if request.path.ends_with(&format!("/{method}")) {
            let value = request.param(parameter).unwrap_or_default().to_owned();
            *counts.entry(value).or_default() += 1;
        }
    }
    counts
}

#[track_caller]
fn each_was_sent_once(router: &Router, method: &str, parameter: &str, count: usize) {
    let counts = sent(router, method, parameter);
    assert_eq!(counts.len(), count, "{counts:?}");
    assert!(counts.values().all(|times| *times == 1), "{counts:?}");
}

#[test]
fn new_users_are_subscribed_prolonged_and_bound() {
    let router = router();
    let table = users(&router, 20);
    let subscribed = router.path("subscribed.csv");
    let words = format!(
        "subscribe --columns login,password,email --output {}",
        subscribed.display()
    );
    let ran = each(&router, &words, &table).expect(0);
    assert_eq!(ran.stdout, "");
    assert_eq!(ran.stderr, "wansync: info: subscribe: 20 rows done\n");
    each_was_sent_once(&router, "subscribe", "login", 20);
    assert_eq!(mode_of(&subscribed), 0o600);
    let text = fs::read_to_string(&subscribed).expect("results");
    for row in results(&text) {
        assert_eq!((&*row["result"], &*row["message"]), ("done", ""), "{row:?}");
        assert_eq!(row["login"], row["username"]);
        assert_eq!(row["password"], "***");
        let line: usize = row["line"].parse().expect("a number");
        assert_eq!(row["login"], format!("new{:03}", line - 1));
    }
    assert!(!text.contains("pa55"), "{text}");

    each(&router, "prolongate --columns ident=login,plan", &table).expect(0);
    each_was_sent_once(&router, "prolongate", "ident", 20);
    // Results are a table as well.
    let subscribed = subscribed.display().to_string();
    let words = "list_ip --columns ident=username --format json";
    each(&router, words, &subscribed).expect(0);
    let ran = each(
        &router,
        "update_ip --columns ident=login,ip hostname=r",
        &table,
    )
    .expect(0);
    assert_eq!(results(&ran.stdout).len(), 20);
    let bound = skydns(&router, "list_ip ident=new007").expect(0);
    assert!(!bound.stdout.contains("8.8.8.8"), "{}", bound.stdout);
    let journals = fs::read_dir(router.path("")).expect("the folder");
    let journals = journals.filter(|entry| {
        let name = entry.as_ref().expect("an entry").file_name();
        name.to_string_lossy().ends_with(".journal")
    });
    assert_eq!(journals.count(), 0, "a run that is done leaves nothing");
}

#[test]
fn connections_are_kept_and_as_many_as_are_asked_for() {
    for (words, most) in [("", 4), ("--at-once 1", 1), ("--at-once 2", 2)] {
        let router = router();
        let table = users(&router, 30);
        each(
            &router,
            &format!("update_ip ident=user1 --columns ip {words}"),
            &table,
        )
        .expect(0);
        let requests = router.sim.requests();
        let peers: BTreeSet<_> = requests.iter().map(|request| request.peer).collect();
        let connections = peers.len();
        assert!((1..=most).contains(&connections), "{words}: {connections}");
        assert_eq!(requests.len(), 30);
    }
}

#[test]
fn lists_have_the_row_before_each_line() {
    let router = router();
    skydns(
        &router,
        "add_ip ident=user1 ip=8.8.4.4 ip=8.8.8.8 comment=a;b",
    )
    .expect(0);
    let table = table(
        &router,
        "note;ident\nfirst;user1\n\"say \"\"no\"\"; twice\";nobody\n",
    );
    let ran = each(&router, "list_ip --columns ident --at-once 1", &table).expect(1);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(
        lines[0],
        "note;ident;line;result;message;address;comment;more"
    );
    assert_eq!(lines[1], "first;user1;2;done;;8.8.4.4;\"a;b\";");
    assert_eq!(lines[2], "first;user1;2;done;;8.8.8.8;\"a;b\";");
    assert!(
        lines[3].starts_with("\"say \"\"no\"\"; twice\";nobody;3;refused;"),
        "{}",
        lines[3]
    );
    assert!(lines[3].ends_with(";;;"), "{}", lines[3]);
    assert_eq!(lines.len(), 4);

    let words = "list_ip --columns ident --at-once 1 --resume --format json";
    let ran = each(&router, words, &table).expect(1);
    let row: serde_json::Value = serde_json::from_str(ran.stdout.trim()).expect("one line");
    let names: Vec<&String> = row.as_object().expect("an object").keys().collect();
    let expected = ["data", "ident", "line", "message", "note", "result"];
    assert_eq!(names, expected, "sorted by the parser: {row}");
    assert!(
        ran.stdout
            .starts_with(r#"{"note":"say \"no\"; twice","ident":"nobody","line":3,"#)
    );
    assert_eq!(
        (&row["result"], &row["data"]),
        (&"refused".into(), &serde_json::Value::Null)
    );
}

#[test]
fn tables_as_they_come() {
    let tables: [&[u8]; 9] = [
        b"ident,ip\nuser1,8.8.4.4\nuser1,8.8.8.8\n",
        b"ident,ip\r\nuser1,8.8.4.4\r\nuser1,8.8.8.8",
        b"\xef\xbb\xbfident,ip\r\nuser1,8.8.4.4\r\nuser1,8.8.8.8\r\n",
        b"ident;ip\nuser1;8.8.4.4\nuser1;8.8.8.8\n",
        b"ident\tip\nuser1\t8.8.4.4\nuser1\t8.8.8.8\n",
        b"\"ident\",\"ip\"\n\"user1\",\"8.8.4.4\"\n\"user1\",\"8.8.8.8\"\n",
        b"\n ident , ip \n\nuser1 , 8.8.4.4\n,\n,,,\nuser1,8.8.8.8,,\n\n",
        b"ip,hostname,ident\n8.8.4.4,,user1\n8.8.8.8\n".as_slice(),
        b"sep=;\r\nident;ip\r\nuser1;8.8.4.4\r\nuser1;8.8.8.8\r\n",
    ];
    for (n, bytes) in tables.iter().enumerate() {
        let router = router();
        let path = file(&router, "users.csv", bytes, 0o600)
            .display()
            .to_string();
        let fixed = if n == 7 {
            "ident=user1 --columns ip,hostname"
        } else {
            ""
        };
        each(&router, &format!("update_ip {fixed}"), &path).expect(0);
        let shown = String::from_utf8_lossy(bytes);
        let counts = sent(&router, "update_ip", "ip");
        let expected = [("8.8.4.4", 1), ("8.8.8.8", 1)].map(|(ip, n)| (ip.to_owned(), n));
        assert_eq!(counts, BTreeMap::from(expected), "{shown}");
    }
}

#[test]
fn what_is_wrong_is_found_before_anything_is_sent() {
    let table = [
        ("", "is empty"),
        ("\n\n", "is empty"),
        (
            "ident,hostnam\nuser1,8.8.4.4\n",
            "column 2: 'hostnam' is unknown (did you mean 'hostname'?)",
        ),
        ("ident\nuser1\n", "'ip' is missing: the address"),
        (
            "ident,ip\nuser1,8.8.4.4\nuser1,8.8.4\n",
            "line 3: 'ip': '8.8.4' is not",
        ),
        (
            "ident,ip\nuser1,8.8.4.4\n,8.8.8.8\n",
            "line 3: 'ident' is missing",
        ),
        (
            "ident,ip\nuser1,8.8.4.4,x\n",
            "line 2: has 3 cells, and the first line 2",
        ),
        (
            "ident,ip\n\"us\ner1\",8.8.4.4\n",
            "line 2: 'ident': 'us er1' holds a line end",
        ),
        (
            "ident,ip\nuser1,\"8.8.4.4\n",
            "line 2 begins a row without an end",
        ),
    ];
    for (text, expected) in table {
        let router = router();
        let path = self::table(&router, text);
        let ran = each(&router, "update_ip", &path).expect(64).says(expected);
        assert_eq!(ran.stdout, "", "{text}");
        nothing_was_sent(&router);
        assert!(
            !router.path("users.csv.update_ip.journal").exists(),
            "{text}"
        );
    }
    let router = router();
    let cyrillic = b"ident,name\nuser1,\xc4\xee\xec\n";
    let path = file(&router, "users.csv", cyrillic, 0o600)
        .display()
        .to_string();
    each(&router, "create_profile", &path)
        .expect(64)
        .says("line 2 is not UTF-8");
    // Ten rows are enough to see what it is.
    let many = "ident,ip\n".to_owned() + &"user1,no\n".repeat(200);
    let ran = each(&router, "update_ip", &self::table(&router, &many)).expect(64);
    assert_eq!(ran.stderr.lines().count(), 12, "{}", ran.stderr);
    ran.says("200 of 200 rows are wrong")
        .says("nothing was sent");
    each(&router, "update_ip", "/nowhere.csv")
        .expect(64)
        .says("/nowhere.csv does not exist");
    each(&router, "update_ip", "/")
        .expect(64)
        .says("/ is a directory");
    nothing_was_sent(&router);
}

#[test]
fn options_that_do_not_fit() {
    let router = router();
    let path = users(&router, 1);
    let table = [
        ("update_ip --columns ip", "--columns is for --each"),
        ("update_ip --at-once 2", "--at-once is for --each"),
        ("update_ip --resume", "--resume is for --each"),
        ("update_ip --journal j", "--journal is for --each"),
    ];
    for (words, expected) in table {
        skydns(&router, words).expect(64).says(expected);
    }
    let table = [
        ("update_ip --raw", "--raw and --each exclude each other"),
        ("update_ip --at-once 0", "a number from 1 to 64"),
        ("update_ip --at-once 65", "a number from 1 to 64"),
        ("updat_ip", "did you mean 'update_ip'?"),
        ("update_ip --columns ident=lgin", "did you mean 'login'?"),
        ("update_ip --columns login=login", "'login' is unknown"),
        (
            "update_ip --columns ip,ident=login --resume",
            "nothing to go on with",
        ),
        (
            "update_ip --columns ip,ident=login --output /nowhere/x",
            "/nowhere/x cannot be written",
        ),
        (
            "update_ip --columns ip,ident=login --journal /nowhere/x",
            "its folder does not exist",
        ),
    ];
    for (words, expected) in table {
        let ran = each(&router, words, &path).says(expected);
        assert!(matches!(ran.code, Some(64 | 74)), "{words}: {ran:?}");
    }
    nothing_was_sent(&router);
    let left = fs::read_dir(router.path("")).expect("the folder").count();
    assert_eq!(left, 2, "the configuration and the table alone");
    let held = file(&router, "held.csv", "mine\n", 0o644);
    let words = format!(
        "update_ip --columns ip,ident=login --output {}",
        held.display()
    );
    each(&router, &words, &path)
        .expect(64)
        .says("--yes replaces it");
    assert_eq!(fs::read_to_string(&held).expect("text"), "mine\n");
    each(&router, &format!("{words} --yes"), &path).expect(1);
    assert_eq!(mode_of(&held), 0o600);
    assert!(
        fs::read_to_string(&held)
            .expect("text")
            .starts_with("login,password,")
    );
}

#[test]
fn results_have_a_file_of_their_own() {
    let router = router();
    let text = "ident\nuser1\nnobody\n";
    let path = table(&router, text);
    let journal = format!("{path}.activate.journal");
    for output in [&path, &journal] {
        for words in ["", "--yes"] {
            let ran = each(
                &router,
                &format!("activate {words} --output {output}"),
                &path,
            );
            ran.expect(64).says("the results need a file of their own");
        }
    }
    let append = fs::OpenOptions::new().append(true).open(&path);
    let mut command = router.command(&["skydns", "activate", "--each", &path]);
    command.stdout(append.expect("the table"));
    ran(command.output().expect("it runs"))
        .expect(64)
        .says("the results need a file of their own");
    let other = format!("activate --journal {path}");
    each(&router, &other, &path)
        .expect(64)
        .says("or no journal");
    assert_eq!(fs::read_to_string(&path).expect("the table"), text);
    nothing_was_sent(&router);

    let results = router.path("results").display().to_string();
    each(&router, &format!("activate --output {results}"), &path).expect(1);
    let before = fs::read_to_string(&results).expect("results");
    let held = file(&router, "held", "mine\n", 0o600).display().to_string();
    let cut = file(&router, "cut", before.trim_end(), 0o600);
    for words in [
        format!("--format json --output {results}"),
        format!("--output {}", cut.display()),
        format!("--output {path}"),
        format!("--output {held}"),
    ] {
        let ran = each(&router, &format!("activate --resume {words}"), &path);
        assert_eq!(ran.code, Some(64), "{words}: {}", ran.said());
    }
    assert_eq!(fs::read_to_string(&results).expect("results"), before);
    assert_eq!(fs::read_to_string(&held).expect("text"), "mine\n");
    each(
        &router,
        &format!("activate --resume --output {results}"),
        &path,
    )
    .expect(1);
    let after = fs::read_to_string(&results).expect("results");
    assert_eq!(after.matches("ident,line").count(), 1, "{after}");
}

#[test]
fn standard_input_is_a_table() {
    let router = router();
    let text = "ident,ip\nuser1,8.8.4.4\nuser1,8.8.4\nuser1,8.8.8.8\n";
    let run = |words: &str| {
        let words = format!("skydns update_ip --each - --at-once 1 {words}");
        let words: Vec<&str> = words.split_whitespace().collect();
        let mut command = router.command(&words);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("it runs");
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(text.as_bytes()).expect("it reads");
        drop(input);
        ran(child.wait_with_output().expect("it ends"))
    };
    let first = run("").expect(1).says("2 rows done, 1 failed");
    let ends: Vec<String> = results(&first.stdout)
        .iter()
        .map(|r| r["result"].clone())
        .collect();
    assert_eq!(ends, ["done", "wrong", "done"]);
    assert_eq!(router.sim.requests().len(), 2);
    run("--resume")
        .expect(64)
        .says("--resume needs --journal FILE");
    let journal = router.path("journal").display().to_string();
    run(&format!("--journal {journal}")).expect(1);
    assert_eq!(mode_of(journal.as_ref()), 0o600);
    run(&format!("--journal {journal} --resume"))
        .expect(1)
        .says("0 rows done, 1 failed, 2 done before");
    assert_eq!(router.sim.requests().len(), 4);
}

#[test]
fn destruction_asks_once_for_all_rows() {
    let router = router();
    let text = "ident\nuser1\nuser1\nuser1\n";
    let path = table(&router, text);
    each(&router, "deactivate", &path)
        .expect(64)
        .says("would block the user, for each of 3 rows");
    nothing_was_sent(&router);
    let words = ["skydns", "deactivate", "--each", &path];
    let question = "deactivate: block the user, for each of 3 rows (of ";
    for (typed, code, requests) in [("n\n", 64, 0), ("y\n", 0, 3)] {
        let ran = at_terminal(&router.command(&words), 80, typed).expect(code);
        assert_eq!(ran.stdout.matches(question).count(), 1, "{}", ran.stdout);
        assert_eq!(router.sim.requests().len(), requests);
    }
    each(&router, "deactivate --yes", &path).expect(0);
    assert_eq!(router.sim.requests().len(), 6);
}

#[test]
fn addresses_that_are_not_public_are_asked_about_once() {
    let router = router();
    let path = table(
        &router,
        "ident,ip\nuser1,8.8.4.4\nuser1,10.0.0.1\nuser1,192.168.1.1\n",
    );
    let would = "update_ip would bind 2 addresses that are not public (10.0.0.1, 192.168.1.1)";
    each(&router, "update_ip", &path).expect(64).says(would);
    nothing_was_sent(&router);
    each(&router, "update_ip --yes", &path).expect(1);
    assert_eq!(router.sim.requests().len(), 3);
}

#[test]
fn a_terminal_shows_how_far_it_is() {
    let router = router();
    let path = users(&router, 40);
    fault(&router, "delay=30");
    let words = [
        "skydns",
        "update_ip",
        "ident=user1",
        "--columns",
        "ip",
        "--each",
        &path,
    ];
    let ran = at_terminal_with(&router.command(&words), 70, "", "> /dev/null").expect(0);
    assert!(ran.stdout.contains(" of 40"), "{:?}", ran.stdout);
    assert!(ran.stdout.contains("[="), "{:?}", ran.stdout);
    let end = ran.stdout.rsplit('\r').next().expect("a last line");
    assert_eq!(end, "\x1b[Kwansync: info: update_ip: 40 rows done\n");
}

#[test]
fn secrets_stay_hidden() {
    let router = router();
    let path = users(&router, 3);
    let quoted = "error=message,text=no pa55-001 pa55-002 pa55-003 ";
    fault(&router, &format!("{quoted}{KEY}"));
    let ran = each(&router, "subscribe --columns login,password", &path).expect(1);
    let journal =
        fs::read_to_string(router.path("users.csv.subscribe.journal")).expect("a journal");
    for row in results(&ran.stdout) {
        let own = format!("pa55-{}", &row["login"][3..]);
        assert!(!row["message"].contains(&own), "{row:?}");
    }
    let all = format!("{}{journal}", ran.said());
    assert!(!all.contains(KEY), "{all}");
}
