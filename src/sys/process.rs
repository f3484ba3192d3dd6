//! Other programs: the one of `source 'command'`, and ourselves in the background.
#![expect(clippy::disallowed_methods, reason = "processes are started here")]

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{
    DumpableBehavior, Pid, Resource, Signal, getrlimit, kill_process_group, set_dumpable_behavior,
    setrlimit, setsid,
};
use rustix::stdio::dup2_stdin;

use super::clock;
use super::wait::{self, Readiness};

/// The longest line that counts, in bytes.
const MAX_LINE: usize = 4096;
/// The longest read before checking whether the program has ended: one that
/// leaves a child behind with its output open ends without an end of file.
const EXIT_POLL_INTERVAL: Duration = Duration::from_millis(50);
/// The longest wait for a process in the background to begin.
const BACKGROUND_START_TIMEOUT: Duration = Duration::from_secs(1);

/// Runs a program without a shell and gives the first line that it prints, if
/// it ends well within `timeout`.
///
/// The program gets a process group of its own, and all of it is killed when
/// the time is over.
///
/// # Errors
/// In words that follow on the program's name.
pub fn first_line(
    program: &str,
    arguments: &[String],
    timeout: Duration,
) -> Result<String, String> {
    let end = clock::since_boot() + timeout;
    let mut child = command(program, arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("cannot be run: {e}"))?;
    let ended = read_until_exit(&mut child, end);
    if !matches!(ended, Ok(Some(_))) {
        signal_group(&child, Signal::KILL);
        let _ = child.wait();
    }
    match ended {
        Err(error) => Err(format!("cannot be listened to: {error}")),
        Ok(None) => Err(format!("took longer than {} s", timeout.as_secs())),
        Ok(Some((status, _))) if !status.success() => Err(format!("failed ({status})")),
        Ok(Some((_, output))) => first_line_of(&output),
    }
}

/// The exit status and the beginning of the output, or `None` at `end`.
fn read_until_exit(child: &mut Child, end: Duration) -> io::Result<Option<(ExitStatus, Vec<u8>)>> {
    let mut output = Vec::new();
    let mut pipe = child.stdout.take();
    loop {
        let left = end.saturating_sub(clock::since_boot());
        if left.is_zero() {
            return Ok(None);
        }
        match &mut pipe {
            Some(stdout) if is_readable(stdout, left.min(EXIT_POLL_INTERVAL))? => {
                if read_some(stdout, &mut output)? == 0 {
                    pipe = None;
                }
                continue;
            }
            Some(_) => {}
            None => clock::sleep(left.min(Duration::from_millis(1))),
        }
        if let Some(status) = child.try_wait()? {
            if let Some(stdout) = &mut pipe {
                read_rest(stdout, &mut output)?;
            }
            return Ok(Some((status, output)));
        }
    }
}

/// Reads what was printed between the last read and the end. No more than a pipe
/// holds, since a child that was left behind may go on printing.
fn read_rest(stdout: &mut ChildStdout, output: &mut Vec<u8>) -> io::Result<()> {
    while output.len() < MAX_LINE
        && is_readable(stdout, Duration::ZERO)?
        && read_some(stdout, output)? > 0
    {}
    Ok(())
}

fn is_readable(stdout: &ChildStdout, timeout: Duration) -> io::Result<bool> {
    Ok(wait::until_ready(stdout, Readiness::Input, timeout)?)
}

/// Reads what is there; keeps no more than one line can need.
fn read_some(stdout: &mut ChildStdout, output: &mut Vec<u8>) -> io::Result<usize> {
    let mut buffer = [0; 512];
    let count = stdout.read(&mut buffer)?;
    let room = MAX_LINE.saturating_sub(output.len());
    output.extend_from_slice(&buffer[..count.min(room)]);
    Ok(count)
}

fn first_line_of(output: &[u8]) -> Result<String, String> {
    let line = output.split(|b| *b == b'\n').next().unwrap_or_default();
    let text = String::from_utf8_lossy(line).trim().to_owned();
    match text.is_empty() {
        true => Err("printed nothing".to_owned()),
        false => Ok(text),
    }
}

/// A program without a shell and without input, in a process group of its own.
pub(super) fn command(program: impl AsRef<OsStr>, arguments: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .process_group(0);
    command
}

/// Sends a signal to a child of [`command`] and to all of its group. The child
/// must not have been waited for: its number could be another's.
pub(super) fn signal_group(child: &Child, signal: Signal) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, signal);
    }
}

/// The path of this program, to run it again. An upgrade takes the file of a
/// running daemon away; the kernel keeps it for as long as it runs.
pub(super) fn own_program() -> io::Result<PathBuf> {
    let path = env::current_exe()?;
    match path.exists() {
        true => Ok(path),
        false => Ok(PathBuf::from("/proc/self/exe")),
    }
}

/// Starts this program again with these arguments, and lets go of it: no
/// terminal, no pipe of the caller's. Returns once it has called
/// [`leave_session`], or ended: until then, what ends the caller would end it too.
pub fn start_in_background(arguments: &[OsString]) -> io::Result<()> {
    let mut child = Command::new(own_program()?)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let Some(pipe) = child.stdin.take() else {
        return Ok(());
    };
    // Nothing is written: it is an error on our end once the other is closed.
    // (Its session could be asked for, but has no number where the leader is in
    // another PID namespace.)
    wait::until_ready(&pipe, Readiness::End, BACKGROUND_START_TIMEOUT)?;
    Ok(())
}

/// Leaves the caller's session, terminal and process group, so that their end
/// is not ours, and lets go of the pipe of [`start_in_background`].
pub fn leave_session() {
    // It fails only for the leader of a process group, as a shell starts one,
    // which stays in the session of its caller.
    let _ = setsid();
    if let Ok(nothing) = File::open("/dev/null") {
        let _ = dup2_stdin(nothing);
    }
}

/// Keeps the kernel from writing this process's memory, with the keys in it, to a file,
/// should a fault end it. Of the limit, programs that we start may have more; a pipe in
/// `core_pattern` does not heed it, so the kernel is told, too, that there is nothing to
/// dump. That holds for this process alone, and keeps others of its user from looking
/// into it.
pub fn forbid_core_dumps() {
    let mut limit = getrlimit(Resource::Core);
    limit.current = Some(0);
    let _ = setrlimit(Resource::Core, limit);
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// A variable of the environment. Anything that is not UTF-8 counts as absent.
pub fn environment_variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, seconds: u64) -> Result<String, String> {
        let arguments = ["-c".to_owned(), script.to_owned()];
        first_line("/bin/sh", &arguments, Duration::from_secs(seconds))
    }

    #[test]
    fn the_first_line_of_a_program_that_ends_well() {
        assert_eq!(run("echo ' 8.8.4.4 '; echo more", 10), Ok("8.8.4.4".into()));
        assert_eq!(run("printf 8.8.4.4", 10), Ok("8.8.4.4".into()));
        assert_eq!(
            run("echo 8.8.4.4; yes | head -c 1000000", 10),
            Ok("8.8.4.4".into())
        );
        assert_eq!(run("sleep 30 & echo 8.8.4.4", 10), Ok("8.8.4.4".into()));
    }

    #[test]
    fn what_is_no_answer() {
        assert_eq!(run(":", 10), Err("printed nothing".into()));
        assert_eq!(run("echo; echo 8.8.4.4", 10), Err("printed nothing".into()));
        let failed = run("echo 8.8.4.4; exit 3", 10).expect_err("a failure");
        assert!(failed.starts_with("failed (exit status: 3"), "{failed}");
        let missing = first_line("/nonexistent/program", &[], Duration::from_secs(1));
        assert!(missing.expect_err("missing").starts_with("cannot be run"));
    }

    #[test]
    fn what_is_printed_right_before_the_end_counts() {
        for pause in ["0.049", "0.05", "0.051", "0.1"] {
            let got = run(&format!("sleep {pause}; echo 8.8.4.4"), 10);
            assert_eq!(got, Ok("8.8.4.4".into()));
        }
    }

    #[test]
    fn a_program_that_never_stops_printing_is_killed() {
        assert_eq!(run("exec yes", 1), Err("took longer than 1 s".into()));
    }

    #[test]
    fn a_program_that_does_not_end_is_killed_with_its_children() {
        let marker = "123.4567";
        let hung = run(&format!("sleep {marker} & exec sleep {marker}"), 1);
        assert_eq!(hung, Err("took longer than 1 s".into()));
        let left = Command::new("pgrep")
            .args(["-f", &format!("sleep {marker}")])
            .output();
        assert_eq!(left.map(|o| o.stdout).unwrap_or_default(), b"");
    }
}
