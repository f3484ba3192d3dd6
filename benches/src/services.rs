//! The simulator's processes: SkyDNS, and a ubusd with netifd behind it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::measure::Tools;
use crate::scene::Folder;

/// Where Debian and OpenWrt keep the certificate authorities.
const CA_BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Longer than a start takes on any machine.
const START: Duration = Duration::from_secs(30);

/// SkyDNS over https, until it goes.
pub struct SkyDns {
    _process: Process,
    folder: Folder,
    url: String,
}

/// A ubusd whose `wan` has the address, until it goes.
pub struct Ubus {
    _process: Process,
    folder: Folder,
}

/// A child that is killed when it goes.
struct Process(Child);

impl SkyDns {
    pub fn start(tools: &Tools) -> Result<SkyDns, String> {
        let folder = Folder::new()?;
        let (ready, ca) = (folder.file("ready"), folder.file("ca.pem"));
        let mut command = Command::new(tools.simulator.path());
        command.arg("serve").arg("--ready-file").arg(&ready);
        command.arg("--ca-out").arg(&ca);
        let process = Process::start(&mut command, &[&ready, &ca])?;
        let text = read(&ready)?;
        let base = text
            .split_whitespace()
            .find(|word| word.starts_with("https://"));
        let base = base.ok_or_else(|| format!("the simulator names no https url: {text}"))?;
        let url = format!("{}/provider_api/", base.trim_end_matches('/'));
        Ok(SkyDns {
            _process: process,
            folder,
            url,
        })
    }

    /// The `base_url` for SkyDNS.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The simulator's own authority alone.
    pub fn own_ca(&self) -> PathBuf {
        self.folder.file("ca.pem")
    }

    /// The machine's bundle with the simulator's authority at its end, as a
    /// router reads it.
    pub fn full_bundle(&self) -> Result<PathBuf, String> {
        let file = self.folder.file("bundle.pem");
        let text = read(Path::new(CA_BUNDLE))? + &read(&self.own_ca())?;
        fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(file)
    }
}

impl Ubus {
    pub fn start(tools: &Tools) -> Result<Ubus, String> {
        let folder = Folder::new()?;
        let socket = folder.file("ubus.sock");
        let mut command = Command::new(tools.simulator.path());
        command.arg("ubus").arg("--socket").arg(&socket);
        let process = Process::start(&mut command, &[&socket])?;
        Ok(Ubus {
            _process: process,
            folder,
        })
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.file("ubus.sock")
    }
}

impl Process {
    /// Starts it and waits until all of `files` exist.
    fn start(command: &mut Command, files: &[&Path]) -> Result<Process, String> {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().map_err(|error| error.to_string())?;
        let mut process = Process(child);
        let start = Instant::now();
        while !files.iter().all(|file| file.exists()) {
            if let Ok(Some(status)) = process.0.try_wait() {
                return Err(format!("the simulator ended: {status}"));
            }
            if start.elapsed() > START {
                return Err("the simulator does not start".to_owned());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(process)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The number of certificates in a PEM file.
pub fn certificates(file: &Path) -> Result<usize, String> {
    Ok(read(file)?.matches("-----BEGIN CERTIFICATE-----").count())
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}
