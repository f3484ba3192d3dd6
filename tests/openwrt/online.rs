//! A router in a folder that is on the Internet: SkyDNS and VPNKI are there by
//! their names, over TLS, and netifd is asked for the WAN's address. So a
//! configuration needs nothing that an owner's does not have.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wansync_sim::KEY;
use wansync_sim::ubus::UbusSim;

use crate::filtering::RESOLV;
use crate::staged::{SETTLE, Staged};
use wansync_test_support::dnsmasq::Dnsmasq;
use wansync_test_support::netifd::up;
use wansync_test_support::netns::{FarSim, Netns};
use wansync_test_support::resolver::Resolver;
use wansync_test_support::{Ran, ran};

/// The router, and what is around it.
pub struct Online {
    /// The router.
    pub staged: Staged,
    /// netifd.
    pub ubus: UbusSim,
    /// Its network.
    pub net: Netns,
    /// Both services.
    pub sim: FarSim,
    /// SkyDNS's resolver.
    resolver: RefCell<Option<Resolver>>,
    dnsmasq: RefCell<Option<Dnsmasq>>,
    _logd: Logd,
}

/// The reader of `/dev/log`, into the file of the stand-in for `logger`.
struct Logd {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Logd {
    fn start(staged: &Staged) -> Logd {
        let socket = UnixDatagram::bind(staged.path("dev/log")).expect("a socket");
        let patience = Some(Duration::from_millis(100));
        socket.set_read_timeout(patience).expect("a duration");
        let is_over = Arc::new(AtomicBool::new(false));
        let (file, seen) = (staged.path("tmp/log"), is_over.clone());
        let thread = thread::spawn(move || keep(&socket, &file, &seen));
        Logd {
            is_over,
            thread: Some(thread),
        }
    }
}

fn keep(socket: &UnixDatagram, file: &PathBuf, is_over: &AtomicBool) {
    let mut line = [0; 2048];
    while !is_over.load(Ordering::Relaxed) {
        if let Ok(length) = socket.recv(&mut line) {
            let mut log = File::options()
                .create(true)
                .append(true)
                .open(file)
                .expect("a log");
            let text = String::from_utf8_lossy(&line[..length]);
            writeln!(log, "{text}").expect("a line");
        }
    }
}

impl Drop for Logd {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.take().map(JoinHandle::join);
    }
}

impl Online {
    /// A router on which nothing of ours is installed. Its WAN has the address
    /// 8.8.4.4, and SkyDNS knows the user `login` and [`KEY`].
    pub fn bare() -> Online {
        let staged = Staged::bare();
        let net = Netns::new();
        let sim = FarSim::start_with(&net, "127.0.0.1", WORDS);
        let names = "127.0.0.1 localhost www.skydns.ru vpnki.com relay.example.net\n";
        staged.write("etc/hosts", names);
        staged.write("etc/config/dhcp", DHCP);
        staged.write(RESOLV, GIVEN);
        net.ip("address add 193.58.251.251/32 dev lo");
        staged.write("etc/nsswitch.conf", "hosts: files\n");
        let authority = fs::read_to_string(sim.url("SIM_CA_FILE")).expect("a CA");
        staged.write("etc/ssl/certs/ca-certificates.crt", &authority);
        fs::create_dir_all(staged.path("tmp/run/ubus")).expect("a folder");
        let ubus = UbusSim::start(staged.path("tmp/run/ubus/ubus.sock"));
        let ubus = ubus.expect("the stand-in for ubusd starts");
        ubus.set_interface("wan", up("8.8.4.4"));
        Online {
            dnsmasq: RefCell::default(),
            _logd: Logd::start(&staged),
            staged,
            ubus,
            resolver: RefCell::new(Some(Resolver::start(&net, RESOLVER))),
            net,
            sim,
        }
    }

    /// A router with the package, a key, and the section `home` in use.
    pub fn new() -> Online {
        let online = Online::bare();
        online.staged.manage("opkg install");
        online.type_in("umask 077; cat >/etc/wansync/skydns.key", KEY);
        online.staged.configure("", HOME);
        online
    }

    /// Runs a line of shell on the router, and waits for what it starts.
    pub fn run(&self, script: &str) -> Ran {
        self.type_in(script, "")
    }

    /// Runs a command with this on standard input.
    pub fn type_in(&self, script: &str, input: &str) -> Ran {
        let script = format!("{script}\ncode=$?; {SETTLE}; exit $code");
        let mut child = self.spawn(&script);
        let mut stdin = child.stdin.take().expect("it is piped");
        stdin.write_all(input.as_bytes()).ok();
        drop(stdin);
        ran(child.wait_with_output().expect("it ends"))
    }

    /// Starts a line of shell on the router.
    pub fn spawn(&self, script: &str) -> Child {
        let mut command = self.net.enter(&self.staged.command(script));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(Stdio::piped());
        command.spawn().expect("nsenter runs")
    }

    /// Has dnsmasq look up all names, with these words on its command line.
    pub fn ask_dnsmasq(&self, words: &[&str]) {
        self.staged.write("etc/nsswitch.conf", "hosts: dns\n");
        self.staged
            .write("etc/resolv.conf", "nameserver 127.0.0.1\n");
        self.staged.write("etc/hosts", "127.0.0.1 localhost\n");
        let words = [&["--no-resolv"], words].concat();
        *self.dnsmasq.borrow_mut() = Some(Dnsmasq::start(&self.net, &words));
    }

    /// Ends dnsmasq, if it runs.
    pub fn end_dnsmasq(&self) {
        self.dnsmasq.take();
    }

    /// Asks one of the simulator's own pages.
    pub fn admin(&self, page: &str) {
        self.sim.admin(&self.net, page);
    }

    /// SkyDNS's resolver answers no more.
    pub fn stop_resolver(&self) {
        self.resolver.take();
    }

    /// It answers again.
    pub fn start_resolver(&self) {
        self.resolver
            .replace(Some(Resolver::start(&self.net, RESOLVER)));
    }

    /// The addresses that were published so far.
    pub fn published(&self) -> Vec<String> {
        let updates = self.sim.updates().into_iter();
        updates.map(|(_, address)| address).collect()
    }
}

const RESOLVER: &str = "193.58.251.251:53";

/// What OpenWrt is shipped with, as far as names are concerned.
pub const DHCP: &str = "config dnsmasq\n\toption domainneeded '1'\n\toption local '/lan/'\n\
    \toption resolvfile '/tmp/resolv.conf.d/resolv.conf.auto'\n\n\
    config dhcp 'lan'\n\toption interface 'lan'\n\toption start '100'\n\n\
    config dhcp 'wan'\n\toption interface 'wan'\n\toption ignore '1'\n";

/// A provider's relay has its own name.
const WORDS: &str =
    "--https-port 443 --user login --user router-aabbcc001122 --name relay.example.net";

/// The resolver that the provider gave.
pub const GIVEN: &str = "# Interface wan\nnameserver 10.0.0.1\n";

/// The configuration that the README calls enough.
pub const HOME: &str = "config skydns 'home'\n\toption ident 'login'\n\
    \toption key_file '/etc/wansync/skydns.key'\n";
