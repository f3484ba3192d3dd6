//! The destination of log records: stderr on a terminal, `/dev/log` otherwise.
#![expect(clippy::disallowed_methods, reason = "the log is a socket")]

use std::io::{self, IsTerminal, Write};
use std::os::unix::net::UnixDatagram;
use std::panic;
use std::process;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use log::{Level, LevelFilter, Log, Metadata, Record};
use simple_logger::SimpleLogger;

use super::clock;
use super::files::read_text;
use wansync_core::time::{Civil, Wall};

/// The target of records that the command prints as well: a person at a
/// terminal need not read them twice.
pub const PRINTED: &str = "wansync::printed";

/// The longest wait for logd to take a line.
const SEND_TIMEOUT: Duration = Duration::from_millis(500);

/// The reader of what a command logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogReader {
    /// A caller who waits for one answer, on stderr, wherever that leads: over ssh,
    /// or in a script, the router's syslog is out of sight.
    Caller,
    /// A reader of the log, who at a terminal sees, too, what is printed.
    Printed,
    /// A reader of the log, where nothing is printed: the daemon, and what it runs.
    Log,
}

/// Starts logging. Only our own records pass: those of the HTTP and TLS crates
/// hold URLs, and with them the key.
pub fn start(level: LevelFilter, reader: LogReader) {
    if cfg!(not(panic = "immediate-abort")) {
        report_panics();
    }
    let waits = reader == LogReader::Caller;
    if !waits && io::stderr().is_terminal() {
        return set_logger(
            level,
            Box::new(AtTerminal {
                logger: SimpleLogger::new().with_level(level),
                has_printed: reader == LogReader::Log,
            }),
        );
    }
    let logger = Syslog {
        path: (!waits).then_some("/dev/log"),
        socket: Mutex::default(),
    };
    set_logger(level, Box::new(logger));
}

fn set_logger(level: LevelFilter, logger: Box<dyn Log>) {
    if log::set_boxed_logger(logger).is_ok() {
        log::set_max_level(level);
    }
}

fn connect(path: &str) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.connect(path)?;
    socket.set_write_timeout(Some(SEND_TIMEOUT))?;
    Ok(socket)
}

/// True if a person reads the log as it is written.
pub fn is_read_at_a_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Sets the level once the configuration is known.
pub fn set_level(level: LevelFilter) {
    log::set_max_level(level);
}

const OUR_TARGET: &str = "wansync";

/// Writes to stderr, for a person.
struct AtTerminal {
    logger: SimpleLogger,
    /// True if what is printed elsewhere is logged, too.
    has_printed: bool,
}

impl Log for AtTerminal {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_ours(metadata) && (self.has_printed || metadata.target() != PRINTED)
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            self.logger.log(record);
        }
    }

    fn flush(&self) {}
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with(OUR_TARGET)
}

/// Writes to syslog's socket, or to stderr where there is none or it is not for syslog.
struct Syslog {
    /// The path of syslog's socket, if it is for syslog.
    path: Option<&'static str>,
    /// Opened for the first record, since most passes have none, and anew when logd was
    /// restarted.
    socket: Mutex<Option<UnixDatagram>>,
}

impl Syslog {
    /// Sends a record. Returns false if there is nobody to send it to.
    fn send(&self, datagram: &[u8]) -> bool {
        let Some(path) = self.path else {
            return false;
        };
        let mut kept = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(socket) = kept.as_ref()
            && is_taken(socket, datagram)
        {
            return true;
        }
        *kept = connect(path).ok();
        kept.as_ref()
            .is_some_and(|socket| is_taken(socket, datagram))
    }
}

/// Sends a record; false if nobody holds the other end any more. A log that is full must
/// not stop a pass, and a thousand lines must not wait for it one by one.
fn is_taken(socket: &UnixDatagram, datagram: &[u8]) -> bool {
    match socket.send(datagram) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            let _ = socket.set_nonblocking(true);
            true
        }
        sent => sent.is_ok(),
    }
}

impl Log for Syslog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_ours(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        // A path or a reply may hold what would begin a line of its own.
        let message = record.args().to_string().replace(['\n', '\r', '\0'], " ");
        if !self.send(&datagram(record.level(), &message, clock::wall())) {
            let level = record.level().as_str().to_ascii_lowercase();
            // In one piece, since others may write to the same stderr.
            let line = format!("{OUR_TARGET}: {level}: {message}\n");
            let _ = io::stderr().write_all(line.as_bytes());
        }
    }

    fn flush(&self) {}
}

/// The number of this process in brackets; nothing in a jail, whose numbers nobody outside
/// knows. There our daemon is the first process.
fn process_number() -> &'static str {
    static NUMBER: OnceLock<String> = OnceLock::new();
    let first = || read_text("/proc/1/comm").unwrap_or_default();
    NUMBER.get_or_init(|| match process::id() {
        1 => String::new(),
        _ if first().trim_ascii_end() == OUR_TARGET => String::new(),
        number => format!("[{number}]"),
    })
}

/// `<PRI>Mmm dd hh:mm:ss tag[pid]: message`. OpenWrt's logd takes 16 bytes off
/// the head when there is a space at byte 16, so the timestamp must stand
/// there; it keeps 1023 bytes of one line.
fn datagram(level: Level, message: &str, now: Wall) -> Vec<u8> {
    const DAEMON: u8 = 3 << 3;
    let severity = match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    };
    let time = Civil::at(now);
    let number = process_number();
    let mut line = format!(
        "<{}>{} {:2} {:02}:{:02}:{:02} {OUR_TARGET}{number}: {}",
        DAEMON | severity,
        time.month_name(),
        time.day,
        time.hour,
        time.minute,
        time.second,
        message
    );
    let mut end = line.len().min(1023);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line.truncate(end);
    line.into_bytes()
}

/// As in cross/tools/fault.c, which says it where a panic is a trap.
const OUT_OF_MEMORY: &str =
    "out of memory: this process ends, and what it was to do is tried again";

/// One line in the log for a panic, whatever the build does after it. Where a panic is a
/// trap, as in the builds of `cross`, nothing calls this: fault.c does it.
fn report_panics() {
    panic::set_hook(Box::new(|info| {
        if io::Error::last_os_error().kind() == io::ErrorKind::OutOfMemory {
            log::error!("{OUT_OF_MEMORY}");
            return;
        }
        let place = info
            .location()
            .map_or(String::new(), |place| format!(", at {place}"));
        let cause = info
            .payload_as_str()
            .map_or("see the source", constant_part);
        log::error!("this is a fault of wansync itself{place}: {cause}");
    }));
}

/// The part of a panic's message that stands in the source: one that was built can
/// quote the text at fault, and that text can hold a key. The library puts it
/// behind one of these marks.
fn constant_part(message: &str) -> &str {
    let end = message.find([':', ';', '`', '"', '\'']);
    message[..end.unwrap_or(message.len())].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_of_logd() {
        let line = datagram(Level::Warn, "two lines", Wall::from_secs(1_390_930_655));
        let line = String::from_utf8(line).expect("text");
        assert!(line.starts_with("<28>Jan 28 17:37:35 wansync["), "{line}");
        assert!(line.ends_with("]: two lines"), "{line}");
        // logd looks at byte 16 of what follows the priority.
        assert_eq!(line.trim_start_matches("<28>").as_bytes()[15], b' ');
    }

    #[test]
    fn a_log_that_nobody_reads_stops_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let _full = UnixDatagram::bind(&path).expect("a socket");
        let socket = connect(path.to_str().expect("UTF-8")).expect("connected");
        for _ in 0..100_000 {
            assert!(is_taken(&socket, b"line"));
        }
    }

    #[test]
    fn a_panic_quotes_nothing() {
        for (message, told) in [
            ("a section has a name", "a section has a name"),
            ("it was checked: Err(\"key=1\")", "it was checked"),
            (
                "index out of bounds: the len is 3 but the index is 4",
                "index out of bounds",
            ),
            (
                "byte index 9 is out of bounds of `key=1`",
                "byte index 9 is out of bounds of",
            ),
            (
                "end byte index 1 is not a char boundary; it is inside 'ж' (bytes 0..2 of string)",
                "end byte index 1 is not a char boundary",
            ),
        ] {
            assert_eq!(constant_part(message), told);
        }
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        let line = datagram(Level::Info, &"ж".repeat(2000), Wall::from_secs(0));
        assert!(line.len() <= 1023);
        assert!(String::from_utf8(line).is_ok());
    }
}
