//! A network of the benchmark's own, so that a device can carry a public
//! address, and the machine's own devices do not count.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};

const INSIDE: &str = "WANSYNC_BENCH_NAMESPACE";

/// The WAN address of every section.
pub const ADDRESS: &str = "8.8.4.4";
/// The device with the public address.
pub const DEVICE: &str = "wan0";

/// Starts this program again in a network namespace, and returns only if it
/// cannot (without `unshare` or the right to use it, the rest is measured outside).
pub fn enter() -> Option<ExitCode> {
    if is_inside() {
        return None;
    }
    let ways: [&[&str]; 2] = [&["--net"], &["--net", "--map-root-user"]];
    let way = ways.into_iter().find(|way| works(way))?;
    let error = Command::new("unshare")
        .args(way)
        .arg("--")
        .arg(std::env::current_exe().ok()?)
        .args(std::env::args_os().skip(1))
        .env(INSIDE, "1")
        .exec();
    eprintln!("wansync-bench: unshare: {error}");
    Some(ExitCode::FAILURE)
}

fn works(way: &[&str]) -> bool {
    let mut command = Command::new("unshare");
    let silent = command.args(way).arg("true").stderr(Stdio::null());
    silent.status().is_ok_and(|status| status.success())
}

/// Without it nothing of the simulator can be reached in the namespace.
pub fn bring_loopback_up() -> Result<(), String> {
    match is_inside() {
        true => ip(&["link", "set", "lo", "up"]),
        false => Ok(()),
    }
}

/// Adds [`DEVICE`] with `address`.
pub fn add_device(address: &str) -> Result<(), String> {
    if !is_inside() {
        return Err("no network namespace can be made here".to_owned());
    }
    // Another part may have left it.
    let _ = ip(&["link", "del", DEVICE]);
    ip(&["link", "add", DEVICE, "type", "dummy"])
        .or_else(|_| ip(&["tuntap", "add", DEVICE, "mode", "tap"]))?;
    ip(&["address", "add", &format!("{address}/24"), "dev", DEVICE])?;
    ip(&["link", "set", DEVICE, "up"])
}

/// Gives [`DEVICE`] another address, as a DHCP client does.
pub fn set_address(address: &str) -> Result<(), String> {
    batch(
        &[],
        &format!("address flush dev {DEVICE}\naddress add {address}/24 dev {DEVICE}\n"),
    )
}

/// Runs these lines of `ip -batch`, by the program in front of it if there is one.
pub fn batch(front: &[&str], lines: &str) -> Result<(), String> {
    if !is_inside() {
        return Err("no network namespace can be made here".to_owned());
    }
    let words = [front, &["ip", "-batch", "-"]].concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdin(Stdio::piped());
    let cannot = |error| format!("{}: {error}", words.join(" "));
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(cannot)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(lines.as_bytes()).map_err(cannot)?;
    }
    let output = child.wait_with_output().map_err(cannot)?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!(
            "{}: {}",
            words.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        )),
    }
}

fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

fn ip(args: &[&str]) -> Result<(), String> {
    let output = Command::new("ip").args(args).output();
    let output = output.map_err(|error| format!("ip: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!(
            "ip {}: {}",
            args.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        )),
    }
}
