//! Other programs: the one of `source 'command'`, and ourselves in the background.
#![expect(clippy::disallowed_methods, reason = "processes are started here")]

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{
    DumpableBehavior, Resource, Signal, getrlimit, prlimit, set_dumpable_behavior, setsid,
};
use rustix::stdio::dup2_stdin;

use super::child::ChildEnd;
use super::clock;
use super::os_error::describe;
use super::spawn::{Process, Program};
use super::wait::{self, Readiness};
use wansync_core::reason;
use wansync_core::reason::Reason;
use wansync_core::reason::address::CommandFault;

/// The longest output that counts, in bytes.
const MAX_OUTPUT: usize = 4096;
/// The longest read before checking whether the program has ended: one that
/// leaves a child behind with its output open ends without an end of file.
const EXIT_POLL_INTERVAL: Duration = Duration::from_millis(50);
/// The longest wait for a process in the background to begin.
const BACKGROUND_START_TIMEOUT: Duration = Duration::from_secs(1);

/// A program that has run.
pub struct ProgramRun {
    /// The output, if the program ended well and printed something.
    pub output: Result<ProgramOutput, CommandFault>,
    /// The first line that it wrote to its standard error.
    pub stderr: String,
}

/// The output of a program, as far as it counts. Its first line is not empty.
pub struct ProgramOutput(Vec<u8>);

impl ProgramOutput {
    /// The first line.
    pub fn first_line(&self) -> &[u8] {
        first_line(&self.0)
    }

    /// All of it; nothing if that was more than [`MAX_OUTPUT`].
    pub fn whole(&self) -> &[u8] {
        match self.0.len() {
            MAX_OUTPUT.. => &[],
            _ => &self.0,
        }
    }
}

/// The first line.
impl fmt::Display for ProgramOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&readable(self.first_line()))
    }
}

fn first_line(output: &[u8]) -> &[u8] {
    output.split(|b| *b == b'\n').next().unwrap_or_default()
}

fn readable(line: &[u8]) -> String {
    String::from_utf8_lossy(line).trim().to_owned()
}

/// Runs a program without a shell, and gives what it prints if it ends well within
/// `timeout`.
///
/// The program gets a process group of its own, and all of it is killed when
/// the time is over.
pub fn run(program: &str, arguments: &[String], timeout: Duration) -> ProgramRun {
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    let captured = capture(program.as_ref(), &arguments, &[], (timeout, MAX_OUTPUT));
    let (end, [stdout, stderr]) = match captured {
        Ok(captured) => captured,
        Err(error) => {
            return ProgramRun {
                output: Err(start_fault(program, &error)),
                stderr: String::new(),
            };
        }
    };
    let output = match end {
        ChildEnd::Overdue(timeout) => Err(CommandFault::Timeout(timeout.as_secs() as u32)),
        ChildEnd::Exited(status) if status.success() => match first_line(&stdout).trim_ascii() {
            b"" => Err(CommandFault::Silent),
            _ => Ok(ProgramOutput(stdout)),
        },
        ChildEnd::Lost(error) => Err(CommandFault::Unheard(error)),
        ChildEnd::Exited(status) => Err(CommandFault::Failed(status.to_string())),
        ChildEnd::Stopped => Err(CommandFault::Failed("stopped".to_owned())),
    };
    ProgramRun {
        output,
        stderr: readable(first_line(&stderr)),
    }
}

/// Runs a program without a shell, and gives its end, and the beginning of its output and
/// of its errors, so many bytes of each. Its environment is ours and `environment`.
///
/// The program gets a process group of its own, and all of it is killed when
/// the time is over.
///
/// # Errors
/// It could not be started.
pub fn capture(
    program: &Path,
    arguments: &[&OsStr],
    environment: &[(&str, &str)],
    (timeout, limit): (Duration, usize),
) -> io::Result<(ChildEnd, [Vec<u8>; 2])> {
    let end = clock::since_boot() + timeout;
    let (mut child, pipes) = start(program, arguments, environment)?;
    let mut pipes = pipes.map(|pipe| Captured {
        pipe: Some(pipe),
        bytes: Vec::new(),
        limit,
    });
    let ended = read_until_exit(&mut child, &mut pipes, end);
    if !matches!(ended, Ok(Some(_))) {
        child.signal_group(Signal::KILL);
        let _ = child.wait();
    }
    let end = match ended {
        Err(error) => ChildEnd::Lost(describe(&error)),
        Ok(None) => ChildEnd::Overdue(timeout),
        Ok(Some(status)) => ChildEnd::Exited(status),
    };
    Ok((end, pipes.map(|captured| captured.bytes)))
}

/// Runs this program with other arguments, as [`capture`] does.
///
/// # Errors
/// It could not be started.
pub fn capture_self(
    arguments: &[OsString],
    bounds: (Duration, usize),
) -> io::Result<(ChildEnd, [Vec<u8>; 2])> {
    let words: Vec<&OsStr> = arguments.iter().map(OsString::as_os_str).collect();
    capture(&own_program()?, &words, &[], bounds)
}

/// Starts it, with the other ends of its output and of its errors.
fn start(
    program: &Path,
    arguments: &[&OsStr],
    environment: &[(&str, &str)],
) -> io::Result<(Process, [PipeReader; 2])> {
    let (output, its_output) = io::pipe()?;
    let (errors, its_errors) = io::pipe()?;
    let program = Program {
        path: program,
        arguments,
        environment,
        standard: [None, Some(its_output.as_fd()), Some(its_errors.as_fd())],
        is_alone: true,
    };
    Ok((program.start()?, [output, errors]))
}

fn start_fault(program: &str, error: &io::Error) -> CommandFault {
    // The kernel says the same of a script as of the interpreter that it names.
    if error.kind() == io::ErrorKind::NotFound && Path::new(program).exists() {
        return CommandFault::NoInterpreter;
    }
    CommandFault::NotStarted(describe(error))
}

/// An output of a running program, with what came so far.
struct Captured {
    /// The output, while it is open.
    pipe: Option<PipeReader>,
    /// The beginning of what came.
    bytes: Vec<u8>,
    /// The most that is kept of it.
    limit: usize,
}

impl Captured {
    /// Reads what is there, and keeps no more than the limit. Returns true if
    /// there was something.
    fn read_some(&mut self) -> io::Result<bool> {
        let Some(pipe) = &mut self.pipe else {
            return Ok(false);
        };
        if !wait::until_ready(pipe, Readiness::Input, Duration::ZERO)? {
            return Ok(false);
        }
        let mut buffer = [0; 512];
        let count = pipe.read(&mut buffer)?;
        let room = self.limit.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(&buffer[..count.min(room)]);
        if count == 0 {
            self.pipe = None;
        }
        Ok(count > 0)
    }

    /// Reads what was written between the last read and the end. No more than counts,
    /// since a child that was left behind may go on writing.
    fn read_rest(&mut self) -> io::Result<()> {
        while self.bytes.len() < self.limit && self.read_some()? {}
        Ok(())
    }
}

/// The exit status, or `None` at `end`.
fn read_until_exit(
    child: &mut Process,
    pipes: &mut [Captured; 2],
    end: Duration,
) -> io::Result<Option<ExitStatus>> {
    loop {
        let left = end.saturating_sub(clock::since_boot());
        if left.is_zero() {
            return Ok(None);
        }
        let open = pipes.iter().filter_map(|captured| captured.pipe.as_ref());
        let open: Vec<BorrowedFd<'_>> = open.map(PipeReader::as_fd).collect();
        match open.is_empty() {
            true => clock::sleep(left.min(Duration::from_millis(1))),
            false => drop(wait::until_readable(
                &open,
                Some(left.min(EXIT_POLL_INTERVAL)),
            )?),
        }
        for captured in &mut *pipes {
            captured.read_some()?;
        }
        if let Some(status) = child.try_wait()? {
            for captured in pipes {
                captured.read_rest()?;
            }
            return Ok(Some(status));
        }
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
    let (theirs, pipe) = io::pipe()?;
    let words: Vec<&OsStr> = arguments.iter().map(OsString::as_os_str).collect();
    let program = Program {
        path: &own_program()?,
        arguments: &words,
        environment: &[],
        standard: [Some(theirs.as_fd()), None, None],
        is_alone: false,
    };
    program.start()?;
    drop(theirs);
    // Nothing is written: it is an error on our end once the other is closed.
    // (Its session could be asked for, but has no number where the leader is in
    // another PID namespace.)
    wait::until_ready(&pipe, Readiness::End, BACKGROUND_START_TIMEOUT)?;
    Ok(())
}

/// The reason for which [`start_in_background`] started none.
pub fn not_started(error: &io::Error) -> Reason {
    reason!(RpcNotStarted, error = error.to_string())
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

/// Ends this process now, whatever its threads do.
#[expect(
    clippy::disallowed_methods,
    reason = "threads that wait would hold main up"
)]
pub fn end(code: u8) -> ! {
    std::process::exit(code.into())
}

/// Keeps the kernel from writing this process's memory, with the keys in it, to a file,
/// should a fault end it. Of the limit, programs that we start may have more; a pipe in
/// `core_pattern` does not heed it, so the kernel is told, too, that there is nothing to
/// dump. That holds for this process alone, and keeps others of its user from looking
/// into it.
pub fn forbid_core_dumps() {
    let mut limit = getrlimit(Resource::Core);
    limit.current = Some(0);
    let _ = prlimit(None, Resource::Core, limit);
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// A variable of the environment. Anything that is not UTF-8 counts as absent.
pub fn environment_variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// The first line of its output and of its errors.
    fn run_both(script: &str, seconds: u64) -> (Result<String, CommandFault>, String) {
        let arguments = ["-c".to_owned(), script.to_owned()];
        let run = super::run("/bin/sh", &arguments, Duration::from_secs(seconds));
        (run.output.map(|output| output.to_string()), run.stderr)
    }

    fn run(script: &str, seconds: u64) -> Result<String, CommandFault> {
        run_both(script, seconds).0
    }

    #[test]
    fn the_first_line_of_a_program_that_ends_well() {
        for script in [
            "echo ' 8.8.4.4 '; echo more",
            "printf 8.8.4.4",
            "echo 8.8.4.4; yes | head -c 1000000",
            "yes | head -c 1000000 >&2; echo 8.8.4.4",
            "sleep 30 & echo 8.8.4.4",
            // What it leaves behind may go on writing.
            "yes >&2 & echo 8.8.4.4; { sleep 1; kill $!; } >/dev/null 2>&1 &",
        ] {
            assert_eq!(run(script, 10), Ok("8.8.4.4".into()), "{script}");
        }
    }

    #[test]
    fn what_is_no_answer() {
        assert_eq!(run(":", 10), Err(CommandFault::Silent));
        assert_eq!(run("echo; echo 8.8.4.4", 10), Err(CommandFault::Silent));
        assert_eq!(run("printf '\\r\\n8.8.4.4'", 10), Err(CommandFault::Silent));
        let failed = run_both("echo 8.8.4.4; echo why >&2; echo more >&2; exit 3", 10);
        let words = CommandFault::Failed("exit status: 3".to_owned());
        assert_eq!(failed, (Err(words), "why".to_owned()));
        let missing = super::run("/nonexistent/program", &[], Duration::from_secs(1)).output;
        let words = CommandFault::NotStarted("No such file or directory".to_owned());
        assert_eq!(missing.err(), Some(words));
    }

    #[test]
    fn what_is_printed_right_before_the_end_counts() {
        for pause in ["0.049", "0.05", "0.051", "0.1"] {
            let got = run_both(&format!("sleep {pause}; echo why >&2; echo 8.8.4.4"), 10);
            assert_eq!(got, (Ok("8.8.4.4".to_owned()), "why".to_owned()));
        }
    }

    #[test]
    fn a_program_that_never_stops_printing_is_killed() {
        for script in ["exec yes", "exec yes >&2"] {
            assert_eq!(run(script, 1), Err(CommandFault::Timeout(1)), "{script}");
        }
    }

    #[test]
    fn a_program_that_does_not_end_is_killed_with_its_children() {
        let marker = "123.4567";
        let hung = run(&format!("sleep {marker} & exec sleep {marker}"), 1);
        assert_eq!(hung, Err(CommandFault::Timeout(1)));
        let left = Command::new("pgrep")
            .args(["-f", &format!("sleep {marker}")])
            .output();
        assert_eq!(left.map(|o| o.stdout).unwrap_or_default(), b"");
    }
}
