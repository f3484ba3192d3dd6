//! Where log records go: stderr on a terminal, `/dev/log` otherwise.
#![expect(clippy::disallowed_methods, reason = "the log is a socket")]

use std::io::{self, IsTerminal, Write};
use std::os::unix::net::UnixDatagram;
use std::panic;

use log::{Level, LevelFilter, Log, Metadata, Record};

use super::clock;
use crate::core::time::Civil;

/// Where records go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sink {
    /// A person reads them as they come.
    Terminal,
    /// logd, or another syslog.
    Syslog,
    /// There is no syslog: stderr, for whoever keeps it.
    Stderr,
}

/// Starts logging. Only our own records pass: those of the HTTP and TLS crates
/// hold URLs, and with them the key.
pub fn start(level: LevelFilter) -> Sink {
    report_panics();
    if io::stderr().is_terminal() {
        let logger = simple_logger::SimpleLogger::new()
            .with_level(LevelFilter::Off)
            .with_module_level(OURS, level);
        let _ = logger.init();
        return Sink::Terminal;
    }
    let socket = UnixDatagram::unbound()
        .and_then(|socket| socket.connect("/dev/log").map(|()| socket))
        .ok();
    let sink = match socket {
        Some(_) => Sink::Syslog,
        None => Sink::Stderr,
    };
    if log::set_boxed_logger(Box::new(Syslog { socket })).is_ok() {
        log::set_max_level(level);
    }
    sink
}

/// Whether a person reads along.
pub fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Sets the level once the configuration is known.
pub fn set_level(level: LevelFilter) {
    log::set_max_level(level);
}

const OURS: &str = "wansync";

/// Writes to syslog's socket, or to stderr where there is none.
struct Syslog {
    socket: Option<UnixDatagram>,
}

impl Log for Syslog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with(OURS)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let message = record.args().to_string();
        match &self.socket {
            Some(socket) => {
                // A full log must not stop a pass.
                let _ = socket.send(&datagram(record.level(), &message, clock::now().wall));
            }
            None => {
                let level = record.level().as_str().to_ascii_lowercase();
                let _ = writeln!(io::stderr(), "{OURS}: {level}: {message}");
            }
        }
    }

    fn flush(&self) {}
}

/// `<PRI>Mmm dd hh:mm:ss tag[pid]: message`. OpenWrt's logd takes 16 bytes off
/// the head when there is a space at byte 16, so the timestamp must stand
/// there; it keeps 1023 bytes of one line.
fn datagram(level: Level, message: &str, wall: i64) -> Vec<u8> {
    const DAEMON: u8 = 3 << 3;
    let severity = match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    };
    let time = Civil::at(wall);
    let pid = std::process::id();
    let mut line = format!(
        "<{}>{} {:2} {:02}:{:02}:{:02} {OURS}[{pid}]: {}",
        DAEMON | severity,
        time.month_name(),
        time.day,
        time.hour,
        time.minute,
        time.second,
        message.replace(['\n', '\r', '\0'], " ")
    );
    let mut end = line.len().min(1023);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line.truncate(end);
    line.into_bytes()
}

/// One line in the log for a panic, whatever the build does after it.
fn report_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let cause = text.unwrap_or("no message");
        log::error!("this is a fault of wansync itself, at {place}: {cause}");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_of_logd() {
        let line = datagram(Level::Warn, "two\nlines", 1_390_930_655);
        let line = String::from_utf8(line).expect("text");
        assert!(line.starts_with("<28>Jan 28 17:37:35 wansync["), "{line}");
        assert!(line.ends_with("]: two lines"), "{line}");
        // logd looks at byte 16 of what follows the priority.
        assert_eq!(line.trim_start_matches("<28>").as_bytes()[15], b' ');
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        let line = datagram(Level::Info, &"ж".repeat(2000), 0);
        assert!(line.len() <= 1023);
        assert!(String::from_utf8(line).is_ok());
    }
}
