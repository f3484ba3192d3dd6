//! An instance of a service as procd runs one: what ends is started again.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The pause between two checks of the process.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// An instance. Dropped, it is killed.
pub struct Instance {
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    child: Option<Child>,
    starts: usize,
    signals: usize,
    /// Ended processes are to be replaced, at the next moment below if there is one.
    respawns: bool,
    next_start: Option<Instant>,
    is_dropped: bool,
}

impl Instance {
    /// Starts what the closure says, and again `timeout` after it has ended, as
    /// `procd_set_param respawn` has it. All that is said goes to the log.
    pub fn start(
        command: impl Fn() -> Command + Send + 'static,
        timeout: Duration,
        log: PathBuf,
    ) -> Instance {
        let shared = Arc::new(Mutex::new(Shared {
            child: None,
            starts: 0,
            signals: 0,
            respawns: true,
            next_start: Some(Instant::now()),
            is_dropped: false,
        }));
        let ours = Arc::clone(&shared);
        let spawn = move || {
            let mut command = command();
            let open = || File::options().create(true).append(true).open(&log);
            command.stdin(Stdio::null());
            command.stdout(open().expect("the log is opened"));
            command.stderr(open().expect("the log is opened"));
            command.spawn().expect("the instance starts")
        };
        thread::spawn(move || {
            while !watch(&mut lock(&ours), &spawn, timeout) {
                thread::sleep(POLL_INTERVAL);
            }
        });
        Instance { shared }
    }

    /// Sends a signal to the process, as `service signal` of procd does; false if there
    /// is none at the moment.
    pub fn signal(&self, signal: Signal) -> bool {
        let mut shared = lock(&self.shared);
        shared.signals += 1;
        let child = shared.child.as_ref();
        child.is_some_and(|child| kill_process(Pid::from_child(child), signal).is_ok())
    }

    /// Kills the process, as a fault of its own does.
    pub fn crash(&self) {
        if let Some(child) = &mut lock(&self.shared).child {
            let _ = child.kill();
        }
    }

    /// Has the process hang: it takes no more than SIGKILL.
    pub fn hang(&self) {
        let child = &lock(&self.shared).child;
        let pid = Pid::from_child(child.as_ref().expect("it runs"));
        kill_process(pid, Signal::STOP).expect("it runs");
    }

    /// Stops it without a word: it is not started again.
    pub fn stop(&self) {
        let mut shared = lock(&self.shared);
        shared.respawns = false;
        shared.next_start = None;
        end(&mut shared);
    }

    /// Starts what was stopped.
    pub fn resume(&self) {
        let mut shared = lock(&self.shared);
        if !shared.respawns {
            shared.respawns = true;
            shared.next_start = Some(Instant::now());
        }
    }

    /// The number of processes so far.
    pub fn starts(&self) -> usize {
        lock(&self.shared).starts
    }

    /// The number of calls of [`Instance::signal`].
    pub fn signals(&self) -> usize {
        lock(&self.shared).signals
    }

    /// The process, if there is one.
    pub fn pid(&self) -> Option<u32> {
        lock(&self.shared).child.as_ref().map(Child::id)
    }
}

/// One look at the process; true if there is to be none any more.
fn watch(shared: &mut Shared, spawn: &impl Fn() -> Child, timeout: Duration) -> bool {
    if let Some(child) = &mut shared.child
        && child.try_wait().is_ok_and(|ended| ended.is_some())
    {
        shared.child = None;
        shared.next_start = shared.respawns.then(|| Instant::now() + timeout);
    }
    if !shared.is_dropped && shared.next_start.is_some_and(|at| at <= Instant::now()) {
        shared.next_start = None;
        shared.child = Some(spawn());
        shared.starts += 1;
    }
    shared.is_dropped
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(|poison| poison.into_inner())
}

fn end(shared: &mut Shared) {
    if let Some(mut child) = shared.child.take() {
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let mut shared = lock(&self.shared);
        shared.is_dropped = true;
        shared.next_start = None;
        end(&mut shared);
    }
}
