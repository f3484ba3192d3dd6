//! The tests' common ground: a router in a folder, with the real binary and the
//! simulated services; networks, clocks, waits.

pub mod clocks;
pub mod daemon;
pub mod dnsmasq;
pub mod events;
pub mod jail;
pub mod netifd;
pub mod netns;
pub mod nginx;
pub mod procd;
pub mod programs;
pub mod random;
pub mod resolver;
pub mod simulator;
pub mod terminal;
pub mod tunnel;
pub mod waiting;

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use wansync_sim::ubus::UbusSim;
use wansync_sim::{KEY, Options, Sim};

/// A configuration, the folders of the program, and the services.
pub struct Router {
    /// The services.
    pub sim: Sim,
    folder: tempfile::TempDir,
}

/// The result of a run of the program.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// The standard output.
    pub stdout: String,
    /// The log, since the tests have neither a terminal nor a `/dev/log`.
    pub stderr: String,
}

/// The command whose output is the status as JSON.
pub const STATUS: &[&str] = &["status", "--format", "json"];

impl Ran {
    /// All that it said.
    pub fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// The JSON on its standard output.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).expect("JSON")
    }

    /// The run, if it ended with this code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "{}", self.said());
        self
    }

    /// The run, if it said this.
    #[track_caller]
    pub fn says(self, text: &str) -> Ran {
        assert!(
            self.said().contains(text),
            "no '{text}' in:\n{}",
            self.said()
        );
        self
    }

    /// The run, if it did not say this.
    #[track_caller]
    pub fn never_says(self, text: &str) -> Ran {
        assert!(!self.said().contains(text), "'{text}' in:\n{}", self.said());
        self
    }
}

impl Router {
    /// A router whose one section `home` publishes this static address over https.
    pub fn with_address(address: &str) -> Router {
        let router = Router::new();
        router.set_address(address);
        router
    }

    /// A router without a configuration.
    pub fn new() -> Router {
        Router {
            sim: Sim::start(Options::default()),
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// Writes the configuration of [`Router::with_address`] with another address.
    pub fn set_address(&self, address: &str) {
        self.configure(&self.home(&format!(
            "option source 'static'\noption address '{address}'"
        )));
    }

    /// The text of a section `home` with a key, an ident, and these options.
    pub fn home(&self, options: &str) -> String {
        self.section("home", options)
    }

    /// The text of a section with a name.
    pub fn section(&self, name: &str, options: &str) -> String {
        let url = self.sim.https_url();
        format!(
            "config skydns '{name}'\noption base_url '{url}'\noption ident 'user1'\n\
             option key '{KEY}'\n{options}\n"
        )
    }

    /// Writes the configuration: a `wansync` section that trusts the
    /// simulator's CA, and these sections.
    pub fn configure(&self, sections: &str) {
        let ca_file = self.sim.ca_file().display();
        let text = format!("config wansync 'main'\noption ca_file '{ca_file}'\n{sections}");
        self.configure_raw(text.as_bytes());
    }

    /// Writes the configuration as it is.
    pub fn configure_raw(&self, bytes: &[u8]) {
        fs::write(self.config(), bytes).expect("the configuration is written");
    }

    /// A path in the router's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The configuration's path.
    pub fn config(&self) -> PathBuf {
        self.path("wansync")
    }

    /// The record's path.
    pub fn record(&self) -> PathBuf {
        self.path("etc/record")
    }

    /// Reboots: tmpfs is empty.
    pub fn reboot(&self) {
        let _ = fs::remove_dir_all(self.path("run"));
    }

    /// Runs the program with the options that stand before the command.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Ran {
        ran(self.command(arguments).output().expect("the program runs"))
    }

    /// A call as rpcd makes it, with these arguments, and the object that is the reply.
    #[track_caller]
    pub fn call(&self, method: &str, arguments: &str) -> serde_json::Value {
        let command = self.command(&["rpcd", "call", method]);
        let ran = ran_with_input(command, arguments.as_bytes()).expect(0);
        let reply = ran.json();
        assert!(reply.is_object(), "{}", ran.said());
        reply
    }

    /// A pass.
    pub fn once(&self) -> Ran {
        self.run(&["once"])
    }

    /// The output of `status --format json`.
    pub fn status(&self) -> serde_json::Value {
        self.run(STATUS).expect(0).json()
    }

    /// The status of section `home`.
    pub fn home_status(&self) -> serde_json::Value {
        self.status()["skydns"][0].clone()
    }

    /// The program, ready to be run.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = program();
        command.arg("-c").arg(self.config());
        command.arg("--state").arg(self.path("run"));
        command.arg("--record").arg(self.path("etc"));
        command.arg("--ubus").arg(self.path("ubus.sock"));
        command.args(arguments).stdin(Stdio::null());
        command
    }

    /// ubusd and netifd, where the program looks for them.
    pub fn ubus(&self) -> UbusSim {
        UbusSim::start(self.path("ubus.sock")).expect("the stand-in for ubusd starts")
    }

    /// The number of `update_ip` requests that came.
    pub fn updates(&self) -> usize {
        self.sent().len()
    }

    /// The addresses that were sent, in order.
    pub fn sent(&self) -> Vec<String> {
        let requests = self.sim.requests();
        let updates = requests.iter().filter(|r| r.call() == "update_ip");
        updates
            .map(|r| r.param("ip").unwrap_or_default().to_owned())
            .collect()
    }

    /// The address that SkyDNS has for `user1`.
    pub fn bound(&self) -> Vec<String> {
        let bindings = self.sim.bindings("user1");
        bindings.iter().map(|b| b.address.to_string()).collect()
    }
}

/// The program as Cargo built it for this machine: beside the folder of the test
/// programs.
pub fn built() -> PathBuf {
    let test = env::current_exe().expect("/proc");
    let folder = test.parent().and_then(Path::parent);
    folder.expect("target/debug/deps").join("wansync")
}

/// The program itself, or the one for a router that `cross/test` names.
pub fn program() -> Command {
    match env::var_os("WANSYNC_PROGRAM") {
        Some(path) => Command::new(path),
        None => Command::new(built()),
    }
}

/// The result of a program that is given this on its standard input.
pub fn ran_with_input(mut command: Command, input: &[u8]) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    // What is too long is not read to its end.
    let _ = stdin.write_all(input);
    drop(stdin);
    ran(child.wait_with_output().expect("it ends"))
}

/// The result of a child process.
pub fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// True if a text stands in any file below a folder.
pub fn is_in_files(folder: &Path, text: &str) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let path = entry.path();
        let found = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).contains(text);
        is_in_files(&path, text) || fs::read(&path).is_ok_and(found)
    })
}
