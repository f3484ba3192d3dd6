//! One run of a program: its wall time, its instructions, what it did.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The programs that the benchmark is made of.
pub struct Tools {
    pub agent: Program,
    pub empty: Program,
    pub observe: Program,
    /// Runs for each wall time of an idle pass.
    pub iterations: usize,
    /// For how long a daemon with tunnels is watched.
    pub window: Duration,
}

/// A program that is there, by its absolute path.
#[derive(Clone)]
pub struct Program(PathBuf);

impl Program {
    pub fn new(path: &Path) -> Result<Program, String> {
        let path = fs::canonicalize(path);
        path.map(Program)
            .map_err(|error| format!("no program to measure: {error}"))
    }

    /// A run without arguments.
    pub fn run(&self) -> Run {
        Run {
            program: self.0.clone(),
            args: Vec::new(),
            variables: Vec::new(),
            input: None,
        }
    }
}

/// A program and its arguments. It is run with no other environment than is named, as
/// cron and hotplug do, and must exit 0.
#[derive(Clone)]
pub struct Run {
    program: PathBuf,
    args: Vec<OsString>,
    variables: Vec<(&'static str, &'static str)>,
    input: Option<PathBuf>,
}

/// The observer's report of a run.
#[derive(Debug, Default)]
pub struct Observed {
    pub peak_rss_kb: f64,
    pub peak_anonymous_kb: f64,
    pub processes: f64,
    pub threads: f64,
    pub syscalls: f64,
}

impl Run {
    pub fn arg(mut self, arg: impl Into<OsString>) -> Run {
        self.args.push(arg.into());
        self
    }

    /// With this file on its standard input.
    pub fn input(mut self, file: PathBuf) -> Run {
        self.input = Some(file);
        self
    }

    /// With this variable in its environment.
    pub fn variable(mut self, variable: (&'static str, &'static str)) -> Run {
        self.variables.push(variable);
        self
    }

    /// As it is typed into a shell; nothing in it takes quotes.
    pub fn command_line(&self) -> String {
        let args = self.args.iter().map(|arg| arg.to_string_lossy());
        args.fold(self.program.display().to_string(), |line, arg| {
            line + " " + &arg
        })
    }

    /// Wall time from before the process is started to after it was waited for.
    pub fn wall(&self) -> Result<Duration, String> {
        let mut command = self.command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        let status = command.status();
        let wall = start.elapsed();
        match status {
            Ok(status) if status.success() => Ok(wall),
            _ => Err(self.why_it_failed()),
        }
    }

    pub fn output(&self) -> Result<Output, String> {
        let output = self.command().output();
        output.map_err(|error| format!("{}: {error}", self.program.display()))
    }

    /// Starts it, and leaves it running.
    pub fn spawn(&self) -> Result<Child, String> {
        let mut command = self.command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn();
        child.map_err(|error| format!("{}: {error}", self.program.display()))
    }

    /// Instructions in user space, by callgrind.
    pub fn instructions(&self) -> Result<f64, String> {
        let mut command = self.under_callgrind();
        let output = command.output();
        let output = output.map_err(|error| format!("valgrind: {error}"))?;
        match collected(&output.stderr) {
            Ok(number) if output.status.success() => Ok(number),
            Ok(_) => Err(why_valgrind_failed(&output.stderr)),
            Err(why) => Err(why),
        }
    }

    /// The command that counts its instructions.
    pub fn under_callgrind(&self) -> Command {
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        command.arg(&self.program).args(&self.args);
        command
    }

    /// Measures the run, by `observe`; its report is written to `file`.
    pub fn observe(&self, observer: &Program, file: &Path) -> Result<Observed, String> {
        let run = observer.run().arg(file).arg(&self.program);
        let run = self.args.iter().cloned().fold(run, Run::arg);
        run.wall()?;
        let text = fs::read_to_string(file).map_err(|error| format!("observe: {error}"))?;
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|number| number.trim().parse().ok())
                .ok_or_else(|| format!("observe: no {name} in its report"))
        };
        Ok(Observed {
            peak_rss_kb: value("peak_rss_kb ")?,
            peak_anonymous_kb: value("peak_anonymous_kb ")?,
            processes: value("processes ")?,
            threads: value("threads ")?,
            syscalls: value("syscalls ")?,
        })
    }

    /// std starts a process by vfork where nothing forbids it, so the size of
    /// this one does not count.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        let input = self.input.as_ref().and_then(|file| File::open(file).ok());
        command.args(&self.args).env_clear();
        command.stdin(input.map_or_else(Stdio::null, Stdio::from));
        command.envs(self.variables.iter().copied());
        command
    }

    /// Runs it once more for its words.
    fn why_it_failed(&self) -> String {
        let args: Vec<_> = self.args.iter().map(|arg| arg.to_string_lossy()).collect();
        let what = format!("{} {}", self.program.display(), args.join(" "));
        match self.output() {
            Ok(output) => format!("{what}: {}: {}", output.status, last_line(&output.stderr)),
            Err(error) => error,
        }
    }
}

/// The instructions that callgrind has counted, by what it printed.
pub fn collected(stderr: &[u8]) -> Result<f64, String> {
    let text = String::from_utf8_lossy(stderr);
    let collected = text.lines().find_map(|line| line.split_once("Collected :"));
    collected
        .and_then(|(_, number)| number.trim().parse().ok())
        .ok_or_else(|| why_valgrind_failed(stderr))
}

fn why_valgrind_failed(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let signs = ["terminating", "unhandled", "Access not"];
    let mut lines = text.lines();
    let line = lines.find(|line| signs.iter().any(|sign| line.contains(sign)));
    let line = line.map_or_else(|| last_line(stderr), str::to_owned);
    format!("valgrind: {line}")
}

/// Median wall times of both, run in turn so that what disturbs the machine
/// disturbs both alike.
pub fn medians_in_turn(a: &Run, b: &Run, times: usize) -> Result<(Duration, Duration), String> {
    for _ in 0..times.min(20) {
        a.wall()?;
        b.wall()?;
    }
    let mut of_a = Vec::with_capacity(times);
    let mut of_b = Vec::with_capacity(times);
    for _ in 0..times {
        of_a.push(a.wall()?);
        of_b.push(b.wall()?);
    }
    Ok((median(of_a), median(of_b)))
}

/// The median wall time of `times` runs.
pub fn median_wall(run: &Run, times: usize) -> Result<Duration, String> {
    let walls: Result<Vec<_>, _> = (0..times).map(|_| run.wall()).collect();
    walls.map(median)
}

/// The middle one, or the later of the middle two; zero of none.
pub fn median(mut values: Vec<Duration>) -> Duration {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

pub fn last_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let line = text.lines().rfind(|line| !line.trim().is_empty());
    line.unwrap_or("no word about it").to_owned()
}

pub fn micros(wall: Duration) -> f64 {
    wall.as_secs_f64() * 1e6
}

pub fn millis(wall: Duration) -> f64 {
    wall.as_secs_f64() * 1e3
}
