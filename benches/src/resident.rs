//! A daemon that runs while it is measured, and what the kernel counts of it.
//!
//! The kernel's own counters are exact and cost the daemon nothing: no tracer
//! is attached.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::measure::{Run, collected};

/// Only a hang takes longer.
pub const HANG: Duration = Duration::from_secs(60);

/// A running daemon. Dropped, it is killed.
pub struct Resident(Child);

/// The resources that the daemon has used since it was started.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// The number of times that it went to sleep, and so woke.
    pub wakeups: f64,
    /// Its own time on a CPU, in the kernel too.
    pub cpu: Duration,
    /// That of its children that have ended, to 10 ms.
    pub children: Duration,
}

/// The memory that the daemon holds, in KiB.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    pub rss: f64,
    pub pss: f64,
    pub dirty: f64,
}

impl Resident {
    pub fn start(run: &Run) -> Result<Resident, String> {
        run.spawn().map(Resident)
    }

    pub fn used(&self) -> Result<Used, String> {
        let schedstat = self.read("schedstat")?;
        let nanoseconds = schedstat.split(' ').next().and_then(|n| n.parse().ok());
        Ok(Used {
            wakeups: self.number("status", "voluntary_ctxt_switches:")?,
            cpu: Duration::from_nanos(nanoseconds.ok_or("the kernel has no schedstat")?),
            children: self.children_cpu()?,
        })
    }

    /// The memory that it holds while no child of it shares its pages.
    pub fn memory(&self) -> Result<Memory, String> {
        until("the daemon to be alone", || Ok(!self.has_children()))?;
        let value = |name| self.number("smaps_rollup", name);
        Ok(Memory {
            rss: value("Rss:")?,
            pss: value("Pss:")?,
            dirty: value("Private_Dirty:")?,
        })
    }

    pub fn has_children(&self) -> bool {
        let path = format!("task/{}/children", self.0.id());
        self.read(&path)
            .is_ok_and(|children| !children.trim().is_empty())
    }

    /// Asks it to end, and waits until it has.
    pub fn end(mut self) -> Result<(), String> {
        let mut kill = Command::new("kill");
        let killed = kill.args(["-TERM", &self.0.id().to_string()]).status();
        killed.map_err(|error| format!("kill: {error}"))?;
        until("the daemon to end", || {
            let ended = self.0.try_wait().map_err(|error| error.to_string())?;
            Ok(ended.is_some())
        })
    }

    /// utime and stime of waited-for children, the 16th and 17th fields; the
    /// 2nd may hold blanks, but ends with the last parenthesis. (proc(5))
    fn children_cpu(&self) -> Result<Duration, String> {
        let stat = self.read("stat")?;
        let (_, fields) = stat.rsplit_once(") ").ok_or("no stat")?;
        let ticks = fields.split(' ').skip(13).take(2);
        let ticks: u64 = ticks.filter_map(|n| n.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 10))
    }

    fn number(&self, file: &str, name: &str) -> Result<f64, String> {
        let text = self.read(file)?;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
            .ok_or_else(|| format!("no {name} in {file}"))
    }

    fn read(&self, file: &str) -> Result<String, String> {
        let path = format!("/proc/{}/{file}", self.0.id());
        fs::read_to_string(&path).map_err(|error| format!("the daemon: {path}: {error}"))
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until it is so.
pub fn until(what: &str, mut done: impl FnMut() -> Result<bool, String>) -> Result<(), String> {
    let end = Instant::now() + HANG;
    while !done()? {
        if Instant::now() > end {
            return Err(format!("waited in vain for {what}"));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// The instructions of a program that runs until it is asked to end, once something
/// has been done; valgrind's words go to `file`.
pub fn instructions_until(
    run: &Run,
    file: &Path,
    done: impl FnOnce() -> Result<(), String>,
) -> Result<f64, String> {
    let cannot = |error| format!("valgrind: {error}");
    let log = fs::File::create(file).map_err(cannot)?;
    let mut command = run.under_callgrind();
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let child = command.stderr(log).spawn().map_err(cannot)?;
    let resident = Resident(child);
    done()?;
    resident.end()?;
    collected(&fs::read(file).map_err(cannot)?)
}
