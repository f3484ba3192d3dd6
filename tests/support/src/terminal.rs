//! The program at a terminal of its own, which `script` makes.

use std::io::Write;
use std::process::{Command, Stdio};

use super::{Ran, ran};

/// Runs a command whose input, output and errors are one terminal of so many
/// columns; 0 is a serial console, which does not know. `typed` is typed there,
/// and after it the end of input (Ctrl-D). All that is seen is in `stdout`, the
/// echo of what was typed included; line ends are plain.
pub fn at_terminal(command: &Command, columns: u16, typed: &str) -> Ran {
    at_terminal_with(command, columns, typed, "")
}

/// A run on a terminal with redirections, as a shell has them.
pub fn at_terminal_with(command: &Command, columns: u16, typed: &str, redirections: &str) -> Ran {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let quoted = words.map(|word| quoted(word.to_str().expect("UTF-8")));
    let line = quoted.collect::<Vec<_>>().join(" ");
    let mut script = Command::new("script");
    let line = format!("stty cols {columns} rows 24; exec {line} {redirections}");
    script.args(["-qec", &line, "/dev/null"]);
    script.env("SHELL", "/bin/sh");
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    let pipes = script.stdin(Stdio::piped()).stdout(Stdio::piped());
    let pipes = pipes.stderr(Stdio::piped()).spawn();
    let mut child = pipes.expect("this test needs script: tests/setup installs it");
    let mut input = child.stdin.take().expect("a pipe");
    // It may end without having read.
    let _ = input.write_all(typed.as_bytes());
    drop(input);
    let mut ran = ran(child.wait_with_output().expect("it ends"));
    ran.stdout = ran.stdout.replace("\r\n", "\n");
    ran
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
