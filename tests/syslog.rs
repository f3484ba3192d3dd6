//! The records that logd gets on `/dev/log`.
#![allow(clippy::disallowed_methods, reason = "tests do I/O")]

use std::env;
use std::fs::{self, File};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use wansync_sim::{KEY, Times};
use wansync_test_support::daemon::Daemon;
use wansync_test_support::waiting::{HANG, wait_until};
use wansync_test_support::{Ran, Router};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A router with a logd.
struct Logging {
    router: Router,
    socket: UnixDatagram,
}

/// One record, taken apart.
struct Line {
    severity: u8,
    pid: Option<u32>,
    message: String,
}

/// The socket of a new logd.
fn listen(router: &Router) -> UnixDatagram {
    let socket = UnixDatagram::bind(router.path("dev/log")).expect("a socket");
    socket.set_read_timeout(Some(HANG)).expect("a time");
    socket
}

impl Logging {
    fn new() -> Logging {
        let router = Router::with_address("8.8.4.4");
        fs::create_dir(router.path("dev")).expect("a folder");
        File::create(router.path("dev/null")).expect("a file");
        let socket = listen(&router);
        Logging { router, socket }
    }

    /// Runs the program where `/dev/log` is ours. `None` where that cannot be.
    fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Option<Ran> {
        let mut jailed = self.jailed(arguments)?;
        jailed.envs(environment.iter().copied());
        let output = jailed.output().expect("unshare (tests/setup installs it)");
        Some(wansync_test_support::ran(output))
    }

    /// The command that runs it there.
    fn jailed(&self, arguments: &[&str]) -> Option<Command> {
        let dev = self.router.path("dev").display().to_string();
        let line =
            format!("ulimit -c 0; mount --bind /dev/null {dev}/null; mount --rbind {dev} /dev");
        wansync_test_support::jail::jailed(&line, &self.router.command(arguments))
    }

    /// The next record, if it is well formed.
    #[track_caller]
    fn next(&self) -> Line {
        let mut buffer = [0; 8192];
        let length = self.socket.recv(&mut buffer).expect("a record");
        assert!(length <= 1023, "{length} bytes");
        let text = std::str::from_utf8(&buffer[..length]).expect("UTF-8");
        assert!(!text.contains(KEY), "{text}");
        assert!(!text.chars().any(char::is_control), "{text:?}");
        taken_apart(text).unwrap_or_else(|| panic!("not as logd wants it: {text}"))
    }

    /// There are no more of them.
    #[track_caller]
    fn is_empty(&self) {
        self.socket.set_nonblocking(true).expect("a socket");
        let mut buffer = [0; 8192];
        let more = self.socket.recv(&mut buffer);
        assert!(more.is_err(), "{}", String::from_utf8_lossy(&buffer));
        self.socket.set_nonblocking(false).expect("a socket");
    }
}

/// `<PRI>Mmm dd hh:mm:ss wansync[pid]: message`, facility daemon.
fn taken_apart(text: &str) -> Option<Line> {
    let (priority, rest) = text.strip_prefix('<')?.split_once('>')?;
    let priority: u8 = priority.parse().ok()?;
    let (time, rest) = (rest.get(..15)?, rest.get(15..)?);
    let digits = |range: std::ops::Range<usize>| time.get(range)?.trim_start().parse::<u8>().ok();
    let is_time = MONTHS.contains(&time.get(..3)?)
        && (1..=31).contains(&digits(4..6)?)
        && digits(7..9)? < 24
        && digits(10..12)? < 60
        && digits(13..15)? < 60
        && time.as_bytes()[3] == b' '
        && [time.as_bytes()[9], time.as_bytes()[12]] == *b"::";
    let (tag, message) = rest.split_once(": ")?;
    let number = tag.strip_prefix(" wansync")?;
    let pid = match number {
        "" => None,
        _ => Some(number.strip_prefix('[')?.strip_suffix(']')?.parse().ok()?),
    };
    (is_time && priority >> 3 == 3).then_some(Line {
        severity: priority & 7,
        pid,
        message: message.to_owned(),
    })
}

#[test]
fn records_are_as_logd_wants_them() {
    let logging = Logging::new();
    let Some(ran) = logging.run(&["once"], &[]) else {
        return;
    };
    assert_eq!(ran.expect(0).stderr, "", "all of it goes to syslog");
    let line = logging.next();
    assert_eq!(line.severity, 6);
    assert_eq!(line.message, "home: confirmed: 8.8.4.4 is confirmed");
    assert!(line.pid.is_some_and(|pid| pid != std::process::id()));
    logging.run(&["once"], &[]).expect("as before").expect(0);
    assert_eq!(
        logging.next().message,
        "home: unchanged: 8.8.4.4 is what the service confirmed"
    );
    logging.run(&["once"], &[]).expect("as before").expect(0);
    logging.is_empty();
}

#[test]
fn long_and_hostile_texts_stay_one_line_without_the_key() {
    let logging = Logging::new();
    let router = &logging.router;
    let text = format!(
        "error=message,text=no\nsuch key {KEY} <34>\r\nforged: {}",
        "ж".repeat(900)
    );
    router
        .sim
        .fault(text.parse().expect("a fault"), Times::Next(1));
    let Some(ran) = logging.run(&["once"], &[]) else {
        return;
    };
    assert_eq!(ran.expect(77).stderr, "");
    let line = logging.next();
    assert_eq!(line.severity, 4);
    assert!(
        line.message.starts_with("home: refused: "),
        "{}",
        line.message
    );
    assert!(line.message.contains("such key ***"), "{}", line.message);
    logging.is_empty();

    let long = format!(
        "option source static\noption address 8.8.8.8\noption {} x\noption hostname other",
        "y".repeat(5000)
    );
    router.configure(&router.home(&long));
    logging
        .run(&["once", "--dry-run"], &[])
        .expect("as before")
        .expect(0);
    let line = logging.next();
    assert_eq!(line.severity, 4);
    assert!(line.message.contains("line 9: warning"), "{}", line.message);
    logging.is_empty();
}

#[test]
fn what_stops_a_command_is_an_error() {
    let logging = Logging::new();
    logging.router.configure_raw(b"rubbish\n");
    let Some(ran) = logging.run(&["once"], &[]) else {
        return;
    };
    assert_eq!(ran.expect(78).said(), "");
    let line = logging.next();
    assert_eq!(line.severity, 3);
    assert!(line.message.contains("at line 1,"), "{}", line.message);
}

#[test]
fn the_process_in_the_background_logs_too() {
    let logging = Logging::new();
    let ifup = [("ACTION", "ifup"), ("INTERFACE", "wan")];
    let Some(ran) = logging.run(&["event"], &ifup) else {
        return;
    };
    assert_eq!(ran.expect(0).said(), "");
    let line = logging.next();
    assert_eq!(line.message, "home: confirmed: 8.8.4.4 is confirmed");
    // It ends after that; its folder is not to go before it.
    // Where no process inherits orphans, it stays as a zombie.
    let stat = format!("/proc/{}/stat", line.pid.expect("a number"));
    let lives = || fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
    wait_until("it ends", || !lives());
    logging.is_empty();
}

impl Logging {
    /// logd ends, and another one takes its place.
    fn restart_logd(&mut self) {
        let path = self.router.path("dev/log");
        fs::remove_file(&path).expect("the socket");
        self.bind();
    }

    fn bind(&mut self) {
        self.socket = listen(&self.router);
    }
}

/// Reads records until this one; gives it.
#[track_caller]
fn next_of(logging: &Logging, message: &str) -> Line {
    loop {
        let line = logging.next();
        if line.message.contains(message) {
            return line;
        }
    }
}

#[test]
fn a_logd_that_was_restarted_is_found_again() {
    let mut logging = Logging::new();
    let Some(jailed) = logging.jailed(&["daemon"]) else {
        return;
    };
    let mut daemon = Daemon::start(jailed, logging.router.path("out"));
    next_of(&logging, "is confirmed");
    for _ in 0..2 {
        logging.restart_logd();
        daemon.signal(Signal::HUP);
        let line = next_of(&logging, "the configuration was read again");
        assert_eq!(line.severity, 6);
    }
    // While none is there, and where none ever comes, procd has it.
    fs::remove_file(logging.router.path("dev/log")).expect("the socket");
    logging.socket = UnixDatagram::unbound().expect("a socket");
    daemon.signal(Signal::HUP);
    daemon.says("wansync: info: the configuration was read again");
    logging.bind();
    daemon.signal(Signal::HUP);
    next_of(&logging, "the configuration was read again");
}

/// As procd's jail has it: the init script mounts the folder, and the jail the socket on
/// top, which is gone with the logd of then. The numbers of a jail mean nothing outside.
#[test]
fn a_logd_that_was_restarted_is_found_again_from_within_a_jail() {
    let mut logging = Logging::new();
    let dev = logging.router.path("dev").display().to_string();
    let line = format!(
        "mount --bind /dev/null {dev}/null; mount --rbind {dev} /dev; \
         mount --bind {dev}/log /dev/log"
    );
    let daemon = logging.router.command(&["daemon"]);
    let Some(confined) = wansync_test_support::jail::confined(&line, &daemon) else {
        return;
    };
    let daemon = Daemon::start(confined, logging.router.path("out"));
    let line = next_of(&logging, "running: 1 skydns sections");
    assert_eq!((line.severity, line.pid), (6, None));
    let line = next_of(&logging, "is confirmed");
    // An emulator has another name.
    if env::var_os("WANSYNC_PROGRAM").is_none() {
        assert_eq!(line.pid, None, "of the daemon's child");
    }
    logging.restart_logd();
    let outside = daemon.pid().as_raw_nonzero();
    let children = fs::read_to_string(format!("/proc/{outside}/task/{outside}/children"));
    let inside = children.expect("/proc").trim().parse().ok();
    let inside = inside.and_then(Pid::from_raw).expect("the daemon");
    kill_process(inside, Signal::HUP).expect("it lives");
    let line = next_of(&logging, "the configuration was read again");
    assert_eq!((line.severity, line.pid), (6, None));
}

/// True if the program is a router's, where a panic is a trap without a text:
/// see cross/tools/fault.c. cross/build checks that those have it.
fn traps() -> bool {
    let Some(program) = env::var_os("WANSYNC_PROGRAM") else {
        return false;
    };
    let program = fs::read(program).expect("the program is read");
    let text = b"please report it";
    program.windows(text.len()).any(|bytes| bytes == text)
}

/// The signals of a fault on the CPUs that there are. From outside they come by
/// the same way.
const FAULTS: [Signal; 5] = [
    Signal::TRAP,
    Signal::ILL,
    Signal::ABORT,
    Signal::SEGV,
    Signal::BUS,
];

/// The text about a fault, as a developer needs it: a place in the code, and of what.
#[track_caller]
fn reports_a_fault(message: &str) {
    let rest = message.strip_prefix("this is a fault of wansync itself, at 0x");
    let (place, rest) = rest.and_then(|r| r.split_once(' ')).expect(message);
    assert!(
        u64::from_str_radix(place, 16).is_ok_and(|place| place > 0),
        "{message}"
    );
    let rest = rest.strip_prefix("of wansync ").expect(message);
    assert!(rest.starts_with(env!("CARGO_PKG_VERSION")), "{message}");
    assert!(rest.ends_with(": please report it"), "{message}");
}

#[test]
fn a_fault_leaves_one_line() {
    for signal in FAULTS {
        let logging = Logging::new();
        let jailed = traps().then(|| logging.jailed(&["daemon"]));
        let Some(jailed) = jailed.flatten() else {
            return;
        };
        let mut daemon = Daemon::start(jailed, logging.router.path("out"));
        while !logging.next().message.contains("is confirmed") {}
        daemon.signal(signal);
        assert_eq!(daemon.ended().signal(), Some(signal.as_raw()));
        let line = logging.next();
        assert_eq!(line.severity, 3);
        assert_eq!(
            line.pid,
            Some(daemon.pid().as_raw_nonzero().get().cast_unsigned())
        );
        reports_a_fault(&line.message);
        logging.is_empty();
        let log = daemon.log();
        assert!(!log.contains("fault of wansync"), "logged twice: {log}");
    }
}

#[test]
fn a_fault_without_a_log_is_reported_on_stderr() {
    if !traps() {
        return;
    }
    let router = Router::with_address("8.8.4.4");
    let mut daemon = Daemon::start(router.command(&["daemon"]), router.path("out"));
    daemon.says("is confirmed");
    daemon.signal(Signal::TRAP);
    assert_eq!(daemon.ended().signal(), Some(Signal::TRAP.as_raw()));
    let log = daemon.log();
    let mut lines = log
        .lines()
        .filter_map(|line| line.strip_prefix("wansync: error: "));
    reports_a_fault(lines.next().unwrap_or_else(|| panic!("no line: {log}")));
    assert_eq!(lines.next(), None);
}
