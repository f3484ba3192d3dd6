//! Networks of a test's own: devices, routes and public addresses that the
//! machine's own network never sees.
//!
//! A namespace lasts as long as the process that holds it, which ends with the
//! test, however that ends. It is made as root or, failing that, in a user
//! namespace. The simulator that lives in the test process cannot be reached
//! from there, so [`FarSim`] is the program, started inside.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use wansync_sim::KEY;

use super::simulator::{printed, simulator};
use super::waiting::wait_for;
use super::{Ran, Router, ran};

/// A network namespace.
pub struct Netns {
    holder: Child,
}

impl Netns {
    /// A network in which nothing but `lo` is up.
    pub fn new() -> Netns {
        let mut unshare = Command::new("unshare");
        unshare.arg("--net").args(user_namespace()).arg("--");
        Netns::held_by(unshare)
    }

    /// Another one, which may be joined to this one by a pair of devices.
    pub fn beside(&self) -> Netns {
        let mut unshare = Command::new("unshare");
        unshare.args(["--net", "--"]);
        match user_namespace() {
            [] => Netns::held_by(unshare),
            _ => Netns::held_by(self.entering(&["--user"], &unshare)),
        }
    }

    fn held_by(mut command: Command) -> Netns {
        let holder = command
            .arg("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut net = Netns {
            holder: holder.spawn().expect("unshare (util-linux) runs"),
        };
        net.wait_for_holder();
        net.ip("link set lo up");
        net
    }

    /// The output of `cat` comes from inside.
    fn wait_for_holder(&mut self) {
        let stdin = self.holder.stdin.as_mut().expect("it is piped");
        stdin.write_all(b"\n").expect("cat reads");
        let stdout = self.holder.stdout.as_mut().expect("it is piped");
        stdout.read_exact(&mut [0]).expect("a namespace was made");
    }

    /// The command inside.
    pub fn enter(&self, command: &Command) -> Command {
        match user_namespace() {
            [] => self.entering(&["--net"], command),
            _ => self.entering(&["--net", "--user"], command),
        }
    }

    fn entering(&self, namespaces: &[&str], command: &Command) -> Command {
        let target = self.holder.id().to_string();
        let mut nsenter = vec!["nsenter", "--target", &target];
        nsenter.extend(namespaces);
        if namespaces.contains(&"--user") {
            nsenter.push("--preserve-credentials");
        }
        nsenter.push("--");
        behind(&nsenter, command)
    }

    /// Runs `ip` with these words, and gives what it printed.
    #[track_caller]
    pub fn ip(&self, words: &str) -> String {
        self.command("ip", words)
    }

    /// Runs a program with these words, and gives what it printed.
    #[track_caller]
    pub fn command(&self, name: &str, words: &str) -> String {
        let mut command = Command::new(name);
        command.args(words.split_whitespace());
        let ran = ran(self
            .enter(&command)
            .output()
            .expect("nsenter (util-linux) runs"));
        assert_eq!(ran.code, Some(0), "{name} {words}: {}", ran.said());
        ran.stdout
    }

    /// The bytes that a device has received and sent; none if there is no such device.
    pub fn counters(&self, device: &str) -> Option<(u64, u64)> {
        let path = format!("/proc/{}/net/dev", self.holder.id());
        let table = fs::read_to_string(path).expect("the namespace lasts");
        let row = table.lines().find_map(|line| {
            let (name, row) = line.split_once(':')?;
            (name.trim() == device).then_some(row)
        })?;
        let columns = row.split_whitespace();
        let numbers: Vec<u64> = columns.map(|n| n.parse().expect("a number")).collect();
        Some((numbers[0], numbers[8]))
    }

    /// Sets a variable of the kernel's network here, such as `net.ipv4.ip_forward=1`.
    #[track_caller]
    pub fn sysctl(&self, setting: &str) {
        self.command("sysctl", &format!("-q -w {setting}"));
    }

    /// Adds a device with these addresses, up.
    #[track_caller]
    pub fn add_device(&self, name: &str, addresses: &[&str]) {
        self.ip(&format!("link add {name} type veth peer name {name}-far"));
        self.ip(&format!("link set {name}-far up"));
        self.ip(&format!("link set {name} up"));
        for address in addresses {
            self.ip(&format!("address add {address} dev {name}"));
        }
    }

    /// Adds a device that is joined to one in another namespace.
    #[track_caller]
    pub fn join(&self, name: &str, other: &Netns, far: &str) {
        self.pair(name, other, far);
        self.ip(&format!("link set {name} up"));
        other.ip(&format!("link set {far} up"));
    }

    /// Adds a pair of devices that are not up yet.
    #[track_caller]
    pub fn pair(&self, name: &str, other: &Netns, far: &str) {
        let pid = other.holder.id();
        self.ip(&format!(
            "link add {name} type veth peer name {far} netns {pid}"
        ));
    }

    /// Runs the program of a router inside.
    pub fn run<A: AsRef<OsStr>>(&self, router: &Router, arguments: &[A]) -> Ran {
        let mut command = self.enter(&router.command(arguments));
        ran(command.output().expect("the program runs"))
    }
}

impl Drop for Netns {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// The options of `unshare` that make the rest of its options work.
pub fn user_namespace() -> &'static [&'static str] {
    static WAY: OnceLock<&[&str]> = OnceLock::new();
    let ways: [&[&str]; 2] = [&[], &["--map-root-user"]];
    WAY.get_or_init(|| {
        ways.into_iter().find(|way| works(way)).expect(
            "this test makes network namespaces: run it as root, or where users may make \
             user namespaces, with unshare (util-linux)",
        )
    })
}

fn works(way: &[&str]) -> bool {
    let mut unshare = Command::new("unshare");
    let tried = unshare.arg("--net").args(way).args(["--", "true"]).output();
    tried.is_ok_and(|output| output.status.success())
}

/// A command behind others that end by running it.
pub fn behind(others: &[&str], command: &Command) -> Command {
    let mut whole = Command::new(others[0]);
    whole
        .args(&others[1..])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => whole.env(name, value),
            None => whole.env_remove(name),
        };
    }
    whole.stdin(Stdio::null());
    whole
}

/// The simulator's program, in a namespace.
pub struct FarSim {
    child: Child,
    folder: tempfile::TempDir,
    /// As in its ready file.
    places: BTreeMap<String, String>,
}

impl FarSim {
    /// Starts it there; it listens at this address.
    pub fn start(net: &Netns, listen: &str) -> FarSim {
        FarSim::start_with(net, listen, "")
    }

    /// Starts the simulator with more words on its command line.
    pub fn start_with(net: &Netns, listen: &str, words: &str) -> FarSim {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let paths = ["ready", "log", "ca.pem"].map(|name| folder.path().join(name));
        let [ready, log, ca] = paths.each_ref().map(|path| path.to_str().expect("UTF-8"));
        let mut arguments = vec!["serve", "--listen", listen, "--ready-file", ready];
        arguments.extend(["--log", log, "--ca-out", ca]);
        arguments.extend(words.split_whitespace());
        let command = simulator(&arguments);
        let mut command = net.enter(&command);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("the simulator starts");
        let mut sim = FarSim {
            child,
            folder,
            places: BTreeMap::new(),
        };
        sim.wait();
        sim
    }

    fn wait(&mut self) {
        let file = self.folder.path().join("ready");
        let ready = wait_for(|| {
            let ended = self.child.try_wait().expect("it is ours");
            assert!(ended.is_none(), "the simulator ended: {ended:?}");
            fs::read_to_string(&file).ok()
        });
        let text = ready.expect("the simulator is ready");
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        let pairs = pairs.map(|(name, value)| (name.into(), value.trim_matches('\'').into()));
        self.places = pairs.collect();
    }

    /// One of its URLs, by its name in the ready file.
    pub fn url(&self, name: &str) -> &str {
        &self.places[name]
    }

    /// Asks for one of the simulator's own pages from a network in which it is; the
    /// page.
    #[track_caller]
    pub fn admin(&self, net: &Netns, page: &str) -> String {
        let url = format!("{}{page}", self.url("SIM_ADMIN_URL"));
        let ask = net.enter(&simulator(&["admin", &url])).output();
        printed(&ran(ask.expect("it runs")).expect(0).stdout)
    }

    /// A configuration with a section `home` that sends to it.
    pub fn home(&self, options: &str) -> String {
        let (url, ca_file) = (self.url("SIM_HTTPS_URL"), self.url("SIM_CA_FILE"));
        format!(
            "config wansync 'main'\noption ca_file '{ca_file}'\n\
             config skydns 'home'\noption base_url '{url}'\noption ident 'user1'\n\
             option key '{KEY}'\n{options}\n"
        )
    }

    /// The address that each connection came from and the address that was
    /// published, of every `update_ip` so far.
    pub fn updates(&self) -> Vec<(String, String)> {
        let log = self.log().into_iter();
        log.filter(|line| {
            line["path"]
                .as_str()
                .is_some_and(|p| p.ends_with("/update_ip"))
        })
        .map(|line| (peer(&line), parameter(&line, "ip")))
        .collect()
    }

    /// All that it logged: requests, and connections that failed.
    pub fn log(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        // The last line may be half written.
        let lines = text.split_inclusive('\n');
        lines
            .filter(|line| line.ends_with('\n'))
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }
}

impl Drop for FarSim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn peer(line: &Value) -> String {
    let peer = line["peer"].as_str().unwrap_or_default();
    peer.rsplit_once(':')
        .map_or("", |(address, _)| address)
        .to_owned()
}

fn parameter(line: &Value, name: &str) -> String {
    let pairs = line["params"].as_array().into_iter().flatten();
    let mut values = pairs.filter(|pair| pair[0] == name).map(|pair| &pair[1]);
    values
        .next()
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
