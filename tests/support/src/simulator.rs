//! The simulator as a program, for networks that a thread cannot reach.
//!
//! Cargo builds the programs of a test's own package alone. So the simulator is
//! the test program itself, once more: [`simulator!`](crate::simulator!) adds a
//! test to it that is ignored, and that is the simulator where it is started by
//! [`simulator`].

use std::env;
use std::ffi::OsString;
use std::process::{Command, exit};

/// The variable with the simulator's arguments, with a line break between.
const ARGUMENTS: &str = "WANSYNC_TEST_SIMULATOR";
/// The line that the test harness prints before.
const HARNESS: &str = "running 1 test\n";

/// Makes a test program one that can be the simulator; at its root.
#[macro_export]
macro_rules! simulator {
    () => {
        #[test]
        #[ignore = "the simulator that other tests start"]
        fn simulator() {
            $crate::simulator::run();
        }
    };
}

/// A command that runs the simulator with these arguments.
pub fn simulator(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::current_exe().expect("/proc"));
    command.args(["--exact", "simulator", "--ignored", "--nocapture"]);
    command.env(ARGUMENTS, arguments.join("\n"));
    command
}

/// The output of the simulator itself.
pub(crate) fn printed(stdout: &str) -> String {
    let (_, ours) = stdout
        .split_once(HARNESS)
        .expect("wansync_test_support::simulator!() stands at the test program's root");
    ours.to_owned()
}

/// Is the simulator, if this process was started as that.
pub fn run() {
    let Some(arguments) = env::var_os(ARGUMENTS) else {
        return;
    };
    let arguments = arguments.into_string().expect("UTF-8");
    let arguments = ["wansync-sim"].into_iter().chain(arguments.split('\n'));
    // `ExitCode` can only be returned by `main`.
    exit(i32::from(!wansync_sim::program::run(
        arguments.map(OsString::from),
    )));
}
