//! The name server and the doors of the services, as a program in the namespace that
//! plays the Internet: this test program, once more.

use std::env;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use wansync_test_support::netns::Netns;
use wansync_test_support::waiting::wait_until;

use crate::{dns, doors};

/// The variable with the path of the log and what is to be served, a line each.
const ARGUMENTS: &str = "WANSYNC_TEST_FAR_END";
/// The line of the log that says that all is served.
const READY: &str = "ready";

/// The log of what came.
#[derive(Clone)]
pub struct Log(Arc<Mutex<File>>);

impl Log {
    pub fn write(&self, line: &str) {
        let mut file = self.0.lock().expect("no writer panics");
        writeln!(file, "{line}").expect("the log is written");
    }
}

/// The program, which ends with this.
pub struct FarEnd(Child);

impl FarEnd {
    /// Starts it in a namespace, to serve these lines; `log` is appended to.
    pub fn start(net: &Netns, log: &Path, serves: &[String]) -> FarEnd {
        let ready = || {
            let text = std::fs::read_to_string(log).unwrap_or_default();
            text.lines().filter(|line| *line == READY).count()
        };
        let before = ready();
        let mut command = Command::new(env::current_exe().expect("/proc"));
        command.args(["--exact", "far_end_program", "--ignored", "--nocapture"]);
        let arguments = format!("{}\n{}", log.display(), serves.join("\n"));
        command.env(ARGUMENTS, arguments);
        let mut command = net.enter(&command);
        command.stdout(Stdio::null());
        let far_end = FarEnd(command.spawn().expect("nsenter (util-linux) runs"));
        wait_until("the far end", || ready() > before);
        far_end
    }
}

impl Drop for FarEnd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Is the far end, if this process was started as that.
pub fn run() {
    let Ok(arguments) = env::var(ARGUMENTS) else {
        return;
    };
    let mut lines = arguments.lines();
    let log = lines.next().expect("the log");
    let log = OpenOptions::new().create(true).append(true).open(log);
    let log = Log(Arc::new(Mutex::new(log.expect("the log opens"))));
    for line in lines {
        match line.split_once(' ') {
            Some(("dns", rest)) => dns::serve(rest, &log),
            Some(("door", rest)) => doors::serve(rest, &log),
            _ => panic!("what is '{line}'?"),
        }
    }
    log.write(READY);
    loop {
        thread::park();
    }
}
