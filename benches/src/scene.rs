//! A router on disk: a configuration, its two state folders, the agent run on them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use wansync_sim::{KEY, USER};

use crate::folder::Folder;
use crate::measure::{Run, Tools, last_line};
use crate::namespace::{ADDRESS, DEVICE};
use crate::resident::until;
use crate::services::SkyDns;

/// The source of a section's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Static,
    Network,
    Interface,
}

/// The agent with a configuration and state of its own.
pub struct Scene<'a> {
    tools: &'a Tools,
    folder: Folder,
    volatile: Folder,
}

impl Source {
    pub const ALL: [Source; 3] = [Source::Static, Source::Network, Source::Interface];

    pub fn name(self) -> &'static str {
        match self {
            Source::Static => "static",
            Source::Network => "network",
            Source::Interface => "interface",
        }
    }

    fn options(self) -> String {
        match self {
            Source::Static => format!("\toption address '{ADDRESS}'\n"),
            Source::Network => "\toption network 'wan'\n".to_owned(),
            Source::Interface => format!("\toption device '{DEVICE}'\n"),
        }
    }
}

impl<'a> Scene<'a> {
    pub fn new(tools: &'a Tools, config: &str) -> Result<Scene<'a>, String> {
        let scene = Scene {
            tools,
            folder: Folder::new()?,
            volatile: Folder::volatile()?,
        };
        let file = scene.config_file();
        fs::write(&file, config).map_err(|error| format!("{}: {error}", file.display()))?;
        fs::create_dir(scene.folder.file("record")).map_err(|error| error.to_string())?;
        Ok(scene)
    }

    /// `wansync … COMMAND`
    pub fn agent(&self, command: &[&str]) -> Run {
        self.agent_with_ubus(command, &self.folder.file("no-ubus"))
    }

    pub fn agent_with_ubus(&self, command: &[&str], socket: &Path) -> Run {
        let run = self.tools.agent.run();
        let run = run.arg("-c").arg(self.config_file());
        let run = run.arg("--state").arg(self.volatile.path());
        let run = run.arg("--record").arg(self.folder.file("record"));
        let run = run.arg("--ubus").arg(socket);
        command.iter().fold(run, |run, word| run.arg(word))
    }

    /// Waits until `count` tunnels are up, and sections confirmed.
    pub fn wait(&self, sections: usize, tunnels: usize) -> Result<(), String> {
        until("the daemon to be idle", || {
            let status = self.status()?;
            let up = count(&status, "tunnels", |tunnel| tunnel["state"] == "up");
            Ok(up == tunnels && count(&status, "skydns", is_confirmed) == sections)
        })
    }

    /// True if a tunnel was found down, by its state file.
    pub fn is_down(&self, tunnel: &str) -> bool {
        let file = self.volatile.file(&format!("tunnel.{tunnel}.json"));
        let text = fs::read_to_string(file).unwrap_or_default();
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        value["recovery"]["state"] == "down"
    }

    fn status(&self) -> Result<Value, String> {
        let status = self.agent(&["status", "--format", "json"]).output()?;
        serde_json::from_slice(&status.stdout)
            .map_err(|_| format!("status: {}", last_line(&status.stderr)))
    }

    /// An error unless `count` sections stand confirmed.
    pub fn expect_confirmed(&self, wanted: usize) -> Result<(), String> {
        match count(&self.status()?, "skydns", is_confirmed) {
            found if found == wanted => Ok(()),
            found => Err(format!("{found} of {wanted} sections were confirmed")),
        }
    }

    /// The daemon's control socket.
    pub fn control(&self) -> PathBuf {
        self.volatile.file("control")
    }

    pub fn scratch(&self) -> PathBuf {
        self.folder.file("scratch")
    }

    fn config_file(&self) -> PathBuf {
        self.folder.file("wansync")
    }
}

fn count(status: &Value, kind: &str, is_so: fn(&Value) -> bool) -> usize {
    let sections = status[kind].as_array().map_or(&[][..], Vec::as_slice);
    sections.iter().filter(|section| is_so(section)).count()
}

fn is_confirmed(section: &Value) -> bool {
    section["confirmed"] == ADDRESS
}

/// A configuration with `count` sections that send to `skydns`.
pub fn config(skydns: &SkyDns, ca_file: &Path, source: Source, count: usize) -> String {
    let mut text = heading(ca_file);
    for number in 0..count {
        text += &section(&skydns.url(), source, number);
    }
    text
}

/// A configuration of one section, with this pause between re-checks.
pub fn config_every(skydns: &SkyDns, ca_file: &Path, source: Source, interval: &str) -> String {
    let interval = format!("\toption interval '{interval}'\n");
    heading(ca_file) + &interval + &section(&skydns.url(), source, 0)
}

/// A configuration of at least `bytes` bytes, of whole sections, for reading alone.
pub fn config_of_size(bytes: usize) -> String {
    let mut text = heading(Path::new("/etc/ssl/certs/ca-certificates.crt"));
    for number in 0.. {
        if text.len() >= bytes {
            break;
        }
        text += &section("https://localhost/provider_api/", Source::Static, number);
    }
    text
}

fn heading(ca_file: &Path) -> String {
    format!(
        "config wansync 'main'\n\toption ca_file '{}'\n",
        ca_file.display()
    )
}

fn section(url: &str, source: Source, number: usize) -> String {
    let head = format!(
        "\nconfig skydns 's{number}'\n\
         \toption base_url '{url}'\n\
         \toption ident '{USER}'\n\
         \toption key '{KEY}'\n\
         \toption source '{}'\n",
        source.name()
    );
    head + &source.options()
}
