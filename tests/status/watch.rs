//! `status --watch`, on a terminal that `script` makes and a screen that is
//! reconstructed from what is sent there.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::json;

use wansync_test_support::waiting::{comes_true, wait_for};

use crate::{DACHA, Watched};

/// The program at a terminal, and what it has sent so far.
struct Watching {
    child: Child,
    keys: ChildStdin,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Watching {
    fn start(watched: &Watched, columns: u16) -> Watching {
        let command = watched.router.command(&["status", "--watch"]);
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words: Vec<String> = words
            .map(|word| format!("'{}'", word.to_str().expect("UTF-8")))
            .collect();
        // The terminal's name, for stty; and its modes before and after.
        let line = format!(
            "stty cols {columns} rows 24; tty; stty -g; {}; echo \"ended: $?\"; stty -g",
            words.join(" ")
        );
        let mut script = Command::new("script");
        script.args(["-qec", &format!("trap : INT; {line}"), "/dev/null"]);
        script.env("SHELL", "/bin/sh");
        let pipes = script.stdin(Stdio::piped()).stdout(Stdio::piped());
        let pipes = pipes.stderr(Stdio::null()).spawn();
        let mut child = pipes.expect("this test needs script: tests/setup installs it");
        let keys = child.stdin.take().expect("a pipe");
        let mut output = child.stdout.take().expect("a pipe");
        let sent = Arc::new(Mutex::new(Vec::new()));
        let copy = Arc::clone(&sent);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                copy.lock().expect("no panic").extend(&buffer[..count]);
            }
        });
        Watching { child, keys, sent }
    }

    fn sent(&self) -> String {
        String::from_utf8_lossy(&self.sent.lock().expect("no panic")).into_owned()
    }

    /// Waits until a whole drawing that is `good` was sent, begun after `from`
    /// bytes; returns the screen.
    #[track_caller]
    fn until(&self, columns: usize, what: &str, good: impl Fn(&[String]) -> bool) -> Vec<String> {
        let mut lines = Vec::new();
        let comes = comes_true(|| {
            let sent = self.sent();
            let whole = sent.rfind("\x1b[J").map_or(0, |at| at + 3);
            lines = screen(&sent[..whole], columns, 24);
            good(&lines)
        });
        assert!(comes, "no {what} in:\n{}", lines.join("\n"));
        lines
    }

    /// Ctrl-C; what came after it.
    fn interrupt(mut self) -> String {
        let before = self.sent().len();
        self.keys.write_all(b"\x03").expect("it listens");
        let has_ended = comes_true(|| self.child.try_wait().expect("ours").is_some());
        assert!(has_ended, "it does not end:\n{}", self.sent());
        // The thread reads on until the end.
        comes_true(|| self.sent()[before..].contains("ended: "));
        self.sent()[before..].to_owned()
    }
}

impl Drop for Watching {
    /// Without its terminal the program ends, too.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The screen of a terminal that was sent this: as much of ECMA-48 as is used,
/// and wrapping. An unknown sequence is a failure.
fn screen(sent: &str, columns: usize, rows: usize) -> Vec<String> {
    let mut cells = vec![vec![' '; columns]; rows];
    let (mut row, mut column) = (0, 0);
    let mut rest = sent;
    while let Some(c) = rest.chars().next() {
        if let Some(more) = rest.strip_prefix("\x1b[H") {
            (row, column) = (0, 0);
            rest = more;
            continue;
        }
        if let Some(more) = rest.strip_prefix("\x1b[K") {
            cells[row][column.min(columns - 1)..].fill(' ');
            rest = more;
            continue;
        }
        if let Some(more) = rest.strip_prefix("\x1b[J") {
            cells[row][column.min(columns - 1)..].fill(' ');
            cells[row + 1..].iter_mut().for_each(|line| line.fill(' '));
            rest = more;
            continue;
        }
        assert!(c != '\x1b', "{rest:?}");
        match c {
            '\r' => column = 0,
            '\n' => row += 1,
            c => {
                if column == columns {
                    (row, column) = (row + 1, 0);
                }
                if row < rows {
                    cells[row][column] = c;
                }
                column += 1;
            }
        }
        while row >= rows {
            cells.remove(0);
            cells.push(vec![' '; columns]);
            row -= 1;
        }
        rest = &rest[c.len_utf8()..];
    }
    let lines = cells.iter().map(|line| line.iter().collect::<String>());
    let mut lines: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

fn has(lines: &[String], text: &str) -> bool {
    lines.iter().any(|line| line.contains(text))
}

#[test]
fn it_is_drawn_until_ctrl_c_and_leaves_no_rubbish() {
    let watched = Watched::new();
    let second = DACHA.replace("dacha", "office").replace("vpnki0", "vpnki1");
    watched.configure(&format!("{DACHA}{second}"));
    watched.remember(json!({}), json!({}));
    let watching = Watching::start(&watched, 100);
    let lines = watching.until(100, "two tunnels", |lines| has(lines, "office "));
    assert!(has(&lines, "dacha   up"), "{lines:?}");
    assert_eq!(lines.last().expect("lines"), "(every 2 s until Ctrl-C)");

    // A shorter text: nothing of the longer one stays.
    watched.configure(DACHA);
    watched.remember(json!({}), json!({"state": "down", "reason": "short"}));
    let lines = watching.until(100, "one tunnel", |lines| has(lines, "dacha  down"));
    assert!(!has(&lines, "office"), "{lines:?}");
    assert!(lines[0].starts_with("wansync "), "{lines:?}");
    assert_eq!(lines[3], "       short");
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.contains("next look"))
            .count(),
        1
    );

    // A file that is being edited is no reason to end.
    watched.router.configure_raw(b"config 'tun");
    let lines = watching.until(100, "an error", |lines| has(lines, "Parse error"));
    assert_eq!(lines.len(), 2, "{lines:?}");

    let after = watching.interrupt();
    assert!(after.contains("ended: 130"), "{after:?}");
}

#[test]
fn a_narrower_terminal_gets_narrower_lines() {
    let watched = Watched::new();
    watched.remember(json!({}), json!({}));
    let watching = Watching::start(&watched, 120);
    watching.until(120, "the status", |lines| has(lines, "dacha"));
    let sent = watching.sent();
    let terminal = sent.lines().next().expect("its name").trim();
    let resized = Command::new("stty")
        .args(["-F", terminal, "cols", "50", "rows", "10"])
        .status();
    assert!(resized.expect("stty runs").success());
    let before = watching.sent().len();
    let drawn = wait_for(|| {
        let sent = watching.sent();
        let mut frames = sent[before..].split("\x1b[H").skip(1);
        let frame = frames.find(|f| f.ends_with("\x1b[J") && f.lines().count() >= 9);
        frame.map(str::to_owned)
    });
    let drawn = drawn.unwrap_or_else(|| panic!("not drawn again: {}", watching.sent()));
    for line in drawn.lines() {
        let width = line
            .replace("\x1b[K", "")
            .replace("\x1b[J", "")
            .trim_end()
            .chars()
            .count();
        assert!(width < 50, "{line:?}");
    }
    assert!(drawn.lines().count() <= 10, "{drawn}");
    watching.interrupt();
}

#[test]
fn the_terminal_is_as_it_was() {
    let watched = Watched::new();
    let watching = Watching::start(&watched, 80);
    watching.until(80, "the status", |lines| has(lines, "dacha"));
    let sent = watching.sent();
    let modes = sent.lines().nth(1).expect("modes").trim().to_owned();
    assert!(modes.contains(':'), "{modes}");
    let after = watching.interrupt();
    assert!(after.contains(&modes), "{modes} before, and then {after:?}");
    for sequence in ["\x1b[?25l", "\x1b[?1049h", "\x1b[?7l"] {
        assert!(
            !sent.contains(sequence),
            "{sequence:?} would have to be undone"
        );
    }
}

#[test]
fn it_is_for_a_person_at_a_terminal() {
    let watched = Watched::new();
    let router = &watched.router;
    router
        .run(&["status", "--watch"])
        .expect(64)
        .says("there is none");
    for format in ["json", "prometheus"] {
        let command = router.command(&["status", "--watch", "--format", format]);
        wansync_test_support::terminal::at_terminal(&command, 80, "")
            .expect(64)
            .says("--watch is for a person at a terminal");
    }
    router
        .run(&["status", "--format", "xml"])
        .expect(64)
        .says("text, json, or prometheus");
    router
        .run(&["status", "--help"])
        .expect(0)
        .says("--watch")
        .says("prometheus");
}
