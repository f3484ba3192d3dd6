//! Another time than now, for one run of a program: libfaketime moves the wall
//! clock, and a time namespace moves the clock that counts since boot.
//!
//! A program of a dynamic musl cannot load libfaketime: `WANSYNC_CLOCK` names what
//! is loaded in its place, see `cross/tools/clock.c`.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;

use super::netns::{behind, user_namespace};

/// `ld.so` puts the folder of its architecture for `$LIB`.
const LIBRARY: &str = "/usr/$LIB/faketime/libfaketime.so.1";

/// The command with another wall clock: `@2020-01-01 00:00:00` (UTC), or
/// `+SECONDS` from now.
pub fn at_wall(command: &Command, time: &str) -> Command {
    static CHECKED: OnceLock<()> = OnceLock::new();
    CHECKED.get_or_init(check_library);
    preloaded(command, time)
}

/// `env` sets the variables, so that of several programs that replace each other
/// only the last is preloaded: each of the others would leave a file in /dev/shm.
fn preloaded(command: &Command, time: &str) -> Command {
    let (library, time) = (preload(), format!("FAKETIME={time}"));
    // Deadlines and the dates of files stay as they are.
    let kept = ["FAKETIME_DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1"];
    let env = ["env", &library, &time, "TZ=UTC", kept[0], kept[1]];
    behind(&env, command)
}

fn preload() -> String {
    let library = env::var("WANSYNC_CLOCK").unwrap_or_else(|_| LIBRARY.to_owned());
    format!("LD_PRELOAD={library}")
}

/// The command with a wall clock that says what this file says, now and
/// whenever it says something else: a time as for [`at_wall`]. The programs that
/// it starts have the same clock.
pub fn by_file(command: &Command, file: &Path) -> Command {
    let mut inner = Command::new(command.get_program());
    inner.args(command.get_args());
    let file = format!("FAKETIME_TIMESTAMP_FILE={}", file.display());
    let library = preload();
    let kept = ["FAKETIME_DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1"];
    let fresh = "FAKETIME_NO_CACHE=1";
    let env = ["env", &library, &file, fresh, "TZ=UTC", kept[0], kept[1]];
    behind(&env, &inner)
}

/// Before a command on a router in a folder: the wall clock says what `/tmp/clock`
/// says. [`put_library`] comes first.
pub const PRELOADED: &str = "LD_PRELOAD='/usr/$LIB/faketime/libfaketime.so.1' \
    FAKETIME_TIMESTAMP_FILE=/tmp/clock FAKETIME_NO_CACHE=1 TZ=UTC FAKETIME_DISABLE_SHM=1 \
    FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1";

/// Puts libfaketime where it is looked for in a root of its own.
pub fn put_library(root: &Path) {
    let mut ldd = Command::new("sh");
    ldd.args(["-c", "ls /usr/lib*/*/faketime/libfaketime.so.1"]);
    let library = said(ldd.output());
    let mut needs = Command::new("ldd");
    let needs = said(needs.arg(&library).output());
    let needed = needs
        .split_whitespace()
        .filter(|word| word.starts_with('/'));
    for path in needed.chain([library.as_str()]) {
        let place = root.join(path.trim_start_matches('/'));
        fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
        fs::copy(path, place).expect("a library: tests/setup installs libfaketime");
    }
}

fn check_library() {
    let mut date = Command::new("date");
    date.arg("+%Y");
    let said = said(preloaded(&date, "@2001-02-03 04:05:06").output());
    assert_eq!(
        said, "2001",
        "this test needs libfaketime: tests/setup installs it"
    );
}

/// The command on a machine that booted `seconds` ago.
pub fn booted_ago(command: &Command, seconds: i64) -> Command {
    static CHECKED: OnceLock<()> = OnceLock::new();
    CHECKED.get_or_init(|| {
        let mut uptime = Command::new("cat");
        let said = said(moved(uptime.arg("/proc/uptime"), 1_000_000).output());
        assert!(
            seconds_of(&said) >= 1_000_000,
            "this test needs time namespaces: Linux 5.6 with CONFIG_TIME_NS, and root"
        );
    });
    let uptime = fs::read_to_string("/proc/uptime").expect("every Linux has it");
    moved(command, seconds - seconds_of(&uptime))
}

/// The command on a machine whose clock since boot is ahead by so many
/// seconds, and stays so: several commands agree on the time.
pub fn moved(command: &Command, by: i64) -> Command {
    let by = by.to_string();
    let mut unshare = vec!["unshare", "--time", "--boottime", &by];
    unshare.extend(user_namespace());
    unshare.push("--");
    behind(&unshare, command)
}

fn seconds_of(uptime: &str) -> i64 {
    let whole = uptime.split('.').next().unwrap_or_default();
    whole.parse().unwrap_or(0)
}

fn said(output: std::io::Result<Output>) -> String {
    let stdout = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&stdout).trim().to_owned()
}
