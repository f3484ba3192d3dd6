//! A router with IPv4 and IPv6, and the Internet beside it.

use std::cell::RefCell;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use wansync_test_support::dnsmasq::Dnsmasq;
use wansync_test_support::netns::{FarSim, Netns};
use wansync_test_support::{Ran, Router, ran};

use crate::far_end::FarEnd;

/// The addresses of the service, at which there may be doors.
pub const V4: &str = "45.90.28.1";
pub const OTHER_V4: &str = "45.90.28.2";
pub const V6: &str = "2a07:a8c0::1";
/// An address of nobody: what is sent there is lost.
pub const DEAD_V4: &str = "45.90.28.250";
pub const DEAD_V6: &str = "2a07:a8c0::dead";
/// The name server.
const NAME_SERVER: &str = "8.8.4.1";
/// The place of the simulated services, behind the doors.
const SERVICES: &str = "45.90.28.9";
const PORT: u16 = 4443;

/// The bound on what must not wait for a name server: those of this bed are given 30 s,
/// and so is a whole call.
const SOON: Duration = Duration::from_secs(14);

/// Binds the files of a folder over those of the machine, and becomes the program.
const WITH_FILES_OF: &str = r#"
for file in hosts nsswitch.conf resolv.conf; do
    mount --bind "$1/$file" "/etc/$file" || exit 99
done
shift
exec "$@"
"#;

/// Two namespaces, and what runs in them.
pub struct Bed {
    pub router: Router,
    pub net: Netns,
    pub internet: Netns,
    pub sim: FarSim,
    far_end: RefCell<Option<FarEnd>>,
    dnsmasq: RefCell<Option<Dnsmasq>>,
}

impl Bed {
    /// A router that asks the name server itself.
    pub fn new() -> Bed {
        let net = Netns::new();
        let internet = net.beside();
        net.join("wan0", &internet, "isp0");
        net.ip("address add 8.8.4.4/24 dev wan0");
        net.ip("address add 2001:4860:4860::4/64 dev wan0 nodad");
        internet.ip("address add 8.8.4.1/24 dev isp0");
        internet.ip("address add 2001:4860:4860::1/64 dev isp0 nodad");
        for address in [V4, OTHER_V4, SERVICES] {
            internet.ip(&format!("address add {address}/32 dev lo"));
        }
        internet.ip(&format!("address add {V6}/128 dev lo nodad"));
        internet.ip(&format!("route add blackhole {DEAD_V6}/128"));
        net.ip("route add default via 8.8.4.1 dev wan0");
        net.ip("route add default via 2001:4860:4860::1 dev wan0");
        let bed = Bed {
            sim: FarSim::start(&internet, SERVICES),
            router: Router::new(),
            net,
            internet,
            far_end: RefCell::default(),
            dnsmasq: RefCell::default(),
        };
        bed.write("hosts", "127.0.0.1 localhost\n");
        bed.write("nsswitch.conf", "hosts: files dns\n");
        bed.ask(NAME_SERVER);
        bed.configure("");
        bed
    }

    /// The same, with dnsmasq between the router and the name server.
    pub fn with_dnsmasq() -> Bed {
        let bed = Bed::new();
        bed.ask("127.0.0.1");
        let server = format!("--server={NAME_SERVER}");
        let dnsmasq = Dnsmasq::start(&bed.net, &["--no-resolv", &server]);
        *bed.dnsmasq.borrow_mut() = Some(dnsmasq);
        bed
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.router.path(file), text).expect("a file of names");
    }

    /// The resolver waits for this name server longer than any test does.
    fn ask(&self, server: &str) {
        let text = format!("nameserver {server}\noptions timeout:30 attempts:2\n");
        self.write("resolv.conf", &text);
    }

    /// The name is known from a file, with these addresses.
    pub fn hosts(&self, addresses: &[&str]) {
        let lines = addresses
            .iter()
            .map(|address| format!("{address} www.skydns.ru\n"));
        self.write("hosts", &lines.collect::<String>());
    }

    /// A section `home` that sends to the service by its name.
    pub fn configure(&self, options: &str) {
        let options = format!(
            "option source static\noption address 8.8.4.4\noption daily_limit 288\n{options}"
        );
        let url = self.sim.url("SIM_HTTPS_URL");
        let (_, path) = url["https://".len()..].split_once('/').expect("a path");
        let by_name = format!("https://www.skydns.ru:{PORT}/{path}");
        let text = self.sim.home(&options).replace(url, &by_name);
        self.router.configure_raw(text.as_bytes());
    }

    /// Puts the name server's answers, and doors: each an address, and what passes.
    pub fn serve(&self, a: &str, aaaa: &str, doors: &[(&str, &str)]) {
        let url = self.sim.url("SIM_HTTPS_URL");
        let service = url["https://".len()..].split('/').next().expect("a host");
        let mut lines = vec![format!("dns {NAME_SERVER} A={a} AAAA={aaaa}")];
        lines.extend(doors.iter().map(|(door, passes)| {
            let bracketed = match door.contains(':') {
                true => format!("[{door}]"),
                false => (*door).to_owned(),
            };
            format!("door {bracketed}:{PORT} {service} {passes}")
        }));
        // The one before has the same addresses.
        self.far_end.take();
        let _ = fs::remove_file(self.log_path());
        let far_end = FarEnd::start(&self.internet, &self.log_path(), &lines);
        *self.far_end.borrow_mut() = Some(far_end);
    }

    /// Puts something on the router itself where a service would be, which knows no TLS.
    pub fn serve_pages(&self) -> FarEnd {
        let line = format!("door 127.0.0.1:{PORT} 127.0.0.1:1 reset");
        FarEnd::start(&self.net, &self.log_path(), &[line])
    }

    fn log_path(&self) -> std::path::PathBuf {
        self.router.path("far-end.log")
    }

    /// The doors at which someone came, in turn, since they were there or the last
    /// [`Bed::sends`] began.
    pub fn visited(&self) -> Vec<String> {
        let text = fs::read_to_string(self.log_path()).unwrap_or_default();
        let doors = text.lines().filter_map(|line| line.strip_prefix("at "));
        let port = format!(":{PORT}");
        let bare = |door: &str| {
            door.trim_end_matches(&port)
                .trim_matches(['[', ']'])
                .to_owned()
        };
        doors.map(bare).collect()
    }

    /// The program with the names of this router.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let mut unshare = Command::new("unshare");
        unshare.args(["--mount", "sh", "-c", WITH_FILES_OF, "sh"]);
        unshare.arg(self.router.config().parent().expect("a folder"));
        let program = self.router.command(arguments);
        unshare.arg(program.get_program()).args(program.get_args());
        unshare.envs(
            program
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        let output = self.net.enter(&unshare).output();
        ran(output.expect("nsenter (util-linux) runs"))
    }

    /// A pass that sends, whatever was before, and waits for no dead name server.
    #[track_caller]
    pub fn sends(&self) {
        is_soon(|| {
            fs::write(self.log_path(), "").expect("a log");
            self.sends_at_last();
        });
    }

    /// A pass that sends, however long that takes.
    #[track_caller]
    pub fn sends_at_last(&self) {
        let ran = self.run(&["once", "--force"]).expect(0);
        ran.says("home: confirmed: 8.8.4.4 is confirmed");
    }

    /// A pass that cannot send, within the time of a call, and says why.
    #[track_caller]
    pub fn fails(&self, reason: &str) -> Ran {
        let ran = self.run(&["once", "--force"]).expect(69);
        assert_eq!(self.sim.updates(), []);
        ran.says(&format!("home: unconfirmed: {reason}"))
    }
}

/// Asserts that this is over soon, once in three times: what waits for a dead name server
/// does so each time, and a busy machine is late now and then.
#[track_caller]
pub fn is_soon(pass: impl Fn()) {
    let mut late = Vec::new();
    while late.len() < 3 {
        let start = Instant::now();
        pass();
        let elapsed = start.elapsed();
        if elapsed < SOON {
            return;
        }
        late.push(elapsed);
    }
    panic!("late each time: {late:?}");
}

/// netifd's description of the WAN.
pub fn wan() -> serde_json::Value {
    serde_json::json!({
        "up": true, "pending": false, "available": true, "autostart": true, "uptime": 4,
        "l3_device": "wan0", "proto": "dhcp", "device": "wan0",
        "ipv4-address": [{"address": "8.8.4.4", "mask": 24}], "ipv6-address": [], "data": {},
    })
}
