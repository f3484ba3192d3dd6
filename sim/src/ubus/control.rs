//! The stand-in commanded from outside: a Unix socket that takes a command a line and
//! answers each with a line, when it is done.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::network::Outcome;
use super::server::UbusSim;

/// The commands.
pub const COMMANDS: &str = "\
  set NAME STATUS        a network with what `ubus call network.interface.NAME
                         status` would print
  redial NAME STATUS     the same, with the network down in between
  follow NAME DEVICE     a network that has the addresses which DEVICE has; of
                         another protocol than static with DEVICE/PROTO
  remove NAME            no such network any more
  script NAME OUTCOME    what comes of `up`: up, pending, fail CODE, refuse STATUS,
                         or after MS and one of these
  instance SERVICE NAME STATUS
                         an instance of a service of procd, with what `ubus call
                         service list` would print for it
  stop, start, restart   netifd; or ubusd, which `restart ubusd MS` keeps away so long
  fault FAULT            as --fault, from now on; none ends it
  called METHOD NAME     how often a method of a network was called
  clients, subscriptions how many there are
";

/// Listens for commands at `path`, replacing a socket that is there.
pub fn listen(path: &Path, sim: &Arc<UbusSim>) -> io::Result<()> {
    let _ = std::fs::remove_file(path);
    let listener = UnixListener::bind(path)?;
    let sim = Arc::clone(sim);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let sim = Arc::clone(&sim);
            thread::spawn(move || serve(&stream, &sim));
        }
    });
    Ok(())
}

fn serve(mut stream: &UnixStream, sim: &UbusSim) -> io::Result<()> {
    for line in BufReader::new(stream).lines() {
        let answer = match run(sim, &line?) {
            Ok(text) => format!("ok {text}\n"),
            Err(cause) => format!("error {cause}\n"),
        };
        stream.write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// Tells the stand-in whose control socket is at `path`, and gives its answer.
pub fn tell(path: &Path, command: &str) -> Result<String, String> {
    let named = |cause: io::Error| format!("{}: {cause}", path.display());
    let mut stream = UnixStream::connect(path).map_err(named)?;
    let line = format!("{}\n", command.replace('\n', " "));
    stream.write_all(line.as_bytes()).map_err(named)?;
    let mut answer = String::new();
    let mut lines = BufReader::new(stream);
    lines.read_line(&mut answer).map_err(named)?;
    match answer.trim_end_matches('\n').split_once(' ') {
        Some(("ok", text)) => Ok(text.to_owned()),
        Some(("error", cause)) => Err(cause.to_owned()),
        _ => Err("it has ended".to_owned()),
    }
}

/// Runs one command.
pub fn run(sim: &UbusSim, line: &str) -> Result<String, String> {
    let (command, rest) = split(line);
    let (first, second) = split(rest);
    let failed = |cause: io::Error| cause.to_string();
    match (command, first) {
        ("set", _) => sim.set_interface(first, status(second)?),
        ("redial", _) => sim.redial(first, status(second)?),
        ("follow", _) => sim.follow_device(first, second),
        ("remove", _) if sim.remove_interface(first) => {}
        ("remove", _) => return Err(format!("no network is named {first}")),
        ("script", _) => {
            let outcome = outcome(second)?;
            sim.on_up(first, move || outcome.clone());
        }
        ("instance", _) => {
            let (name, json) = split(second);
            sim.set_instance(first, name, status(json)?);
        }
        ("stop", "netifd") => sim.stop_netifd(),
        ("start", "netifd") => sim.start_netifd(),
        ("restart", "netifd") => sim.restart_netifd(),
        ("stop", "ubusd") => sim.stop_ubusd(),
        ("start", "ubusd") => sim.start_ubusd().map_err(failed)?,
        ("restart", "ubusd") => {
            let away = match second {
                "" => 0,
                text => number(text)?,
            };
            let away = Duration::from_millis(away);
            sim.restart_ubusd(away).map_err(failed)?;
        }
        ("fault", _) => sim.set_fault(first.parse()?),
        ("called", _) => return Ok(sim.called(first, second).to_string()),
        ("clients", _) => return Ok(sim.clients().to_string()),
        ("subscriptions", _) => return Ok(sim.subscriptions().to_string()),
        _ => return Err(format!("not understood: {line}")),
    }
    Ok(String::new())
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (first, rest.trim())
}

fn status(text: &str) -> Result<Value, String> {
    let status: Value = serde_json::from_str(text).map_err(|cause| cause.to_string())?;
    match status.is_object() {
        true => Ok(status),
        false => Err("a status is an object".to_owned()),
    }
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is not a number"))
}

fn outcome(text: &str) -> Result<Outcome, String> {
    let (word, rest) = split(text);
    Ok(match word {
        "up" => Outcome::Up,
        "pending" => Outcome::Pending,
        "fail" => Outcome::Fails(rest.to_owned()),
        "refuse" => Outcome::Refused(number(rest)?),
        "after" => {
            let (wait, then) = split(rest);
            Outcome::After(
                Duration::from_millis(number(wait)?),
                Box::new(outcome(then)?),
            )
        }
        _ => return Err(format!("no such outcome: {text}")),
    })
}

/// Lets a program do what a network's `up` and `down` do: `PROGRAM up NAME`,
/// and `PROGRAM down NAME`. Where it fails at `up`, setting up fails.
pub fn hook(sim: &UbusSim, name: &str, program: &str) {
    let runs = |method: &'static str| {
        let (program, name) = (program.to_owned(), name.to_owned());
        move || {
            let mut command = Command::new(&program);
            command.arg(method).arg(&name).stdin(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        }
    };
    let (up, down) = (runs("up"), runs("down"));
    sim.on_up(name, move || match up() {
        true => Outcome::Up,
        false => Outcome::Fails("HOOK_FAILED".to_owned()),
    });
    sim.on_down(name, move || {
        down();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_understood() {
        let slow = Outcome::After(
            Duration::from_millis(20),
            Box::new(Outcome::Fails("X".to_owned())),
        );
        for (text, expected) in [
            ("up", Ok(Outcome::Up)),
            ("pending", Ok(Outcome::Pending)),
            ("refuse 9", Ok(Outcome::Refused(9))),
            ("after 20 fail X", Ok(slow)),
            ("after x up", Err("x is not a number".to_owned())),
            ("after 5", Err("no such outcome: ".to_owned())),
        ] {
            assert_eq!(outcome(text), expected, "{text}");
        }
    }
}
