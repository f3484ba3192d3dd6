//! A router with a WAN and a VPNKI tunnel, and all that can happen to them.
//!
//! ```text
//!   near (the router)          far (the Internet, and the tunnel's other end)
//!   wan0    8.8.4.4/24  <----> isp0  8.8.4.1/24     lo 45.90.28.1: SkyDNS, VPNKI
//!   vpnki0  172.16.1.2  <----> vpn0  172.16.0.1, which answers echoes
//! ```
//!
//! netifd's stand-in is in the test itself, since sockets in the file system
//! are not a matter of network namespaces. It is kept in step with the kernel,
//! and what it does when the tunnel's network is taken down and up is what
//! [`Restart`] says. The tunnel is a pair of devices without ARP, multicast and
//! IPv6: as on a PPP link, nothing goes over it unasked, so that
//! its counters tell the truth.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use wansync_sim::ubus::{Outcome, UbusSim};
use wansync_sim::{KEY, VPNKI_KEY};

use super::clocks::booted_ago;
use super::netns::{FarSim, Netns};
use super::simulator::simulator;
use super::waiting::{comes_true, wait_for, wait_until};
use super::{Ran, Router, ran};

/// The tunnel's name at VPNKI.
pub const NAME: &str = "user356";
/// netifd's network of the tunnel, and its device at first.
pub const NETWORK: &str = "vpnki0";
/// The tunnel's address here.
pub const NEAR: &str = "172.16.1.2";
/// The address at its other end that answers echoes.
pub const FAR: &str = "172.16.0.1";
/// The network that must be reached through it.
pub const ROUTE: &str = "172.16.0.0/16";
/// The WAN's address at first.
pub const WAN: &str = "8.8.4.4";
/// The address of SkyDNS and VPNKI.
const SERVICES: &str = "45.90.28.1";
/// Both ends have it, so that packets are for whom they reach without ARP.
const MAC: &str = "02:00:00:00:00:01";

/// The result of the network's `up`, as VPN clients behave.
#[derive(Debug, Clone)]
pub enum Restart {
    /// The tunnel works again, whatever was the matter.
    Heals,
    /// A tunnel that works, after so long.
    HealsAfter(Duration),
    /// A tunnel that works, on a device of this name.
    Moves(&'static str),
    /// The network is up again, and what was the matter still is.
    Useless,
    /// The network stays down, with this error.
    Fails(&'static str),
    /// The network is pending for ever.
    Hangs,
}

/// The two namespaces, and the tunnel between them.
struct Line {
    near: Netns,
    far: Netns,
    state: Mutex<State>,
}

struct State {
    /// The tunnel's device, where there is one.
    device: Option<String>,
    /// Nothing answers.
    stalled: bool,
    /// True if what the other end sends does not arrive.
    one_way: bool,
    /// The route is not there.
    lost_route: bool,
    restart: Restart,
}

/// The test router.
pub struct TunnelBed {
    /// ubusd and netifd.
    pub ubus: UbusSim,
    /// The services.
    pub sim: FarSim,
    /// The program's folders.
    pub router: Router,
    line: Arc<Line>,
}

/// Setting it up, and the program.
impl TunnelBed {
    /// All is well: the WAN is up, the tunnel works, VPNKI lists it as active.
    /// A restart heals it.
    pub fn new() -> TunnelBed {
        let line = Arc::new(Line::new());
        let sim = FarSim::start(&line.far, SERVICES);
        let router = Router::new();
        let bed = TunnelBed {
            ubus: router.ubus(),
            sim,
            router,
            line,
        };
        bed.set_wan(WAN);
        bed.line.lay(NETWORK);
        bed.ubus.set_interface(NETWORK, tunnel_status(NETWORK));
        let (up, down) = (Arc::clone(&bed.line), Arc::clone(&bed.line));
        bed.ubus.on_up(NETWORK, move || up.restarted());
        bed.ubus.on_down(NETWORK, move || down.stopped());
        bed.vpnki_knows(&[(NAME, NEAR)]);
        bed.vpnki_lists(&[&[NAME]]);
        bed
    }

    /// Writes a configuration with the account and this tunnel, section `dacha`,
    /// with its network, ping and route, and these options.
    pub fn config(&self, options: &str) {
        let tunnel = self.tunnel(options);
        self.sections(&format!("{}{tunnel}", self.account("")));
    }

    /// Writes a configuration with these sections behind a `wansync` section.
    pub fn sections(&self, sections: &str) {
        let ca_file = self.sim.url("SIM_CA_FILE");
        let text = format!("config wansync 'main'\noption ca_file '{ca_file}'\n{sections}");
        self.router.configure_raw(text.as_bytes());
    }

    /// The text of a section for the account.
    pub fn account(&self, options: &str) -> String {
        let url = self.sim.url("SIM_VPNKI_URL");
        format!(
            "config vpnki 'account'\noption base_url '{url}'\noption key '{VPNKI_KEY}'\n{options}\n"
        )
    }

    /// The text of a section for the tunnel.
    pub fn tunnel(&self, options: &str) -> String {
        let ping = format!("option ping '{FAR}'\noption route '{ROUTE}'");
        self.bare_tunnel(&format!("{ping}\n{options}"))
    }

    /// The section without ping and route.
    pub fn bare_tunnel(&self, options: &str) -> String {
        format!(
            "config tunnel 'dacha'\noption vpnki 'account'\noption name '{NAME}'\n\
             option network '{NETWORK}'\n{options}\n"
        )
    }

    /// The text of a section that publishes the WAN's address.
    pub fn home(&self, options: &str) -> String {
        let url = self.sim.url("SIM_HTTPS_URL");
        format!(
            "config skydns 'home'\noption base_url '{url}'\noption ident 'user1'\n\
             option key '{KEY}'\n{options}\n"
        )
    }

    /// The program on the router, ready to be run.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        self.inside(&self.router.command(arguments))
    }

    /// A command on the router: `bed.inside(&at_wall(&bed.router.command(…), …))`.
    pub fn inside(&self, command: &Command) -> Command {
        self.line.near.enter(command)
    }

    /// Runs the program on the router.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Ran {
        ran(self.command(arguments).output().expect("the program runs"))
    }

    /// A pass.
    pub fn once(&self) -> Ran {
        self.run(&["once"])
    }

    /// A pass on a router that booted so many seconds ago.
    pub fn once_at(&self, seconds: i64) -> Ran {
        self.run_at(seconds, &["once"])
    }

    /// Runs the program on a router that booted so many seconds ago.
    pub fn run_at<A: AsRef<OsStr>>(&self, seconds: i64, arguments: &[A]) -> Ran {
        let command = booted_ago(&self.router.command(arguments), seconds);
        ran(self.inside(&command).output().expect("the program runs"))
    }

    /// Starts the program on the router.
    pub fn spawn<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Running {
        Running::start(self.command(arguments), self.router.path("log"))
    }

    /// The output of `status --format json`.
    pub fn status(&self) -> Value {
        let ran = self.run(&["status", "--format", "json"]).expect(0);
        serde_json::from_str(&ran.stdout).expect("JSON")
    }

    /// The tunnel in that output.
    pub fn tunnel_status(&self) -> Value {
        self.status()["tunnels"][0].clone()
    }
}

/// The faults of the tunnel. netifd hears of them where real ones do.
impl TunnelBed {
    /// Nothing answers any more. What is sent counts as sent.
    pub fn stall(&self) {
        self.line.change(|state| state.stalled = true);
    }

    /// Loses what the other end sends; what is sent arrives there.
    pub fn drop_replies(&self) {
        self.line.change(|state| state.one_way = true);
    }

    /// Lets the tunnel work again, on the device that it has or had.
    pub fn heal(&self) {
        let device = self.device().unwrap_or(NETWORK.to_owned());
        self.come_back_as(&device);
    }

    /// The route through it is gone; netifd does not notice.
    pub fn lose_route(&self) {
        self.line.change(|state| state.lost_route = true);
    }

    /// The route is there again.
    pub fn restore_route(&self) {
        self.line.change(|state| state.lost_route = false);
    }

    /// The device is gone, and netifd has noticed: the network is down.
    pub fn vanish(&self) {
        self.vanish_unnoticed();
        self.set_down(json!({"errors": [{"subsystem": "interface", "code": "NO_DEVICE"}]}));
    }

    /// The device is gone, and netifd still says that the network is up on it.
    pub fn vanish_unnoticed(&self) {
        self.line.cut();
    }

    /// The network is not up, and netifd's status has these fields besides. The
    /// device stays as it is.
    pub fn set_down(&self, fields: Value) {
        let mut status = not_up("vpnki");
        merge(&mut status, fields);
        self.ubus.set_interface(NETWORK, status);
    }

    /// Lets the tunnel work again, on a device of this name, which netifd has noticed.
    pub fn come_back_as(&self, device: &str) {
        let status = self.line.revive(device);
        self.ubus.set_interface(NETWORK, status);
    }

    /// Its device, if there is one.
    pub fn device(&self) -> Option<String> {
        self.line.state().device.clone()
    }

    /// The default route leads into the tunnel.
    pub fn default_route_in_tunnel(&self) {
        let device = self.device().expect("there is a tunnel");
        self.ip(&format!("route replace default dev {device}"));
    }

    /// Lets the route lead to the WAN alone again.
    pub fn default_route_in_wan(&self) {
        let device = self.device().expect("there is a tunnel");
        self.ip(&format!("route del default dev {device}"));
    }

    /// Sets the result of restarts from now on.
    pub fn on_restart(&self, restart: Restart) {
        self.line.state().restart = restart;
    }

    /// The number of calls of the network's `up`.
    pub fn restarts(&self) -> usize {
        self.ubus.called("up", NETWORK)
    }

    /// True if the other end answers an echo, without asking the program.
    pub fn pings(&self) -> bool {
        let ping = simulator(&["ping", FAR, "--wait", "3000"]);
        let output = self.inside(&ping).output().expect("it runs");
        output.status.success()
    }

    /// Bytes that the device has received and sent.
    pub fn counters(&self) -> (u64, u64) {
        let device = self.device().expect("there is a tunnel");
        let table = self.line.near.command("cat", "/proc/net/dev");
        let row = table.lines().find_map(|line| {
            let (name, row) = line.split_once(':')?;
            (name.trim() == device).then_some(row)
        });
        let columns = row.expect("it is listed").split_whitespace();
        let numbers: Vec<u64> = columns.map(|n| n.parse().expect("a number")).collect();
        (numbers[0], numbers[8])
    }
}

/// The faults of the WAN.
impl TunnelBed {
    /// The WAN gets another address, in 8.8.4.0/24, and is down for a moment.
    pub fn set_wan(&self, address: &str) {
        let near = &self.line.near;
        self.line.far.ip("link set isp0 up");
        near.ip("address flush dev wan0");
        near.ip(&format!("address add {address}/24 dev wan0"));
        near.ip("route replace default via 8.8.4.1 dev wan0 metric 100");
        self.ubus.redial("wan", wan_status(address));
    }

    /// The WAN is down: no link, no address.
    pub fn wan_down(&self) {
        self.line.far.ip("link set isp0 down");
        self.line.near.ip("address flush dev wan0");
        let mut status = not_up("dhcp");
        status["pending"] = true.into();
        status["device"] = "wan0".into();
        self.ubus.set_interface("wan", status);
    }

    /// Runs `ip` on the router.
    #[track_caller]
    pub fn ip(&self, words: &str) -> String {
        self.line.near.ip(words)
    }

    /// Runs `ip` at the other end.
    #[track_caller]
    pub fn far_ip(&self, words: &str) -> String {
        self.line.far.ip(words)
    }
}

/// The answers of the services, and the requests they got.
impl TunnelBed {
    /// The names that VPNKI's `active` lists, one list a request; the last stays.
    pub fn vpnki_lists(&self, lists: &[&[&str]]) {
        let each = lists
            .iter()
            .map(|names| format!("active={}", names.join(",")));
        self.vpnki(&each.collect::<Vec<_>>().join("&"));
    }

    /// The tunnels of the account: names and addresses.
    pub fn vpnki_knows(&self, tunnels: &[(&str, &str)]) {
        let each = tunnels
            .iter()
            .map(|(name, address)| format!("{name}:{address}"));
        self.vpnki(&format!("tunnels={}", each.collect::<Vec<_>>().join(",")));
    }

    /// Sets VPNKI's style of answers, as parameters of the simulator's page `vpnki`, such as
    /// `envelope=1.x&rows=strings`.
    pub fn vpnki(&self, parameters: &str) {
        self.admin(&format!("vpnki?{parameters}"));
    }

    /// All of VPNKI's answers are this fault, such as `status=503`.
    pub fn vpnki_fails(&self, fault: &str) {
        self.fails(fault, "com_api");
    }

    /// All of SkyDNS's answers are this fault.
    pub fn skydns_fails(&self, fault: &str) {
        self.fails(fault, "provider_api");
    }

    fn fails(&self, fault: &str, part: &str) {
        let fault = fault.replace('=', "%3D").replace(',', "%2C");
        self.admin(&format!("fault?set={fault}&times=all&for={part}"));
    }

    /// Both services answer as they should again.
    pub fn services_work(&self) {
        self.admin("fault?clear=1");
    }

    /// No packet reaches the services; a sender gets an error at once.
    pub fn services_unreachable(&self) {
        self.ip(&format!("route add unreachable {SERVICES}"));
    }

    /// They are reached again.
    pub fn services_reachable(&self) {
        self.ip(&format!("route del unreachable {SERVICES}"));
    }

    /// Asks for one of the simulator's own pages.
    #[track_caller]
    pub fn admin(&self, page: &str) -> String {
        self.sim.admin(&self.line.far, page)
    }

    /// From where each `update_ip` came, and what it published.
    pub fn updates(&self) -> Vec<(String, String)> {
        self.sim.updates()
    }

    /// The resources of VPNKI that were asked for, in order.
    pub fn vpnki_requests(&self) -> Vec<String> {
        let log = self.sim.log().into_iter();
        log.filter_map(|line| {
            let pairs = line["params"].as_array()?.clone();
            let found = pairs.into_iter().find(|pair| pair[0] == "resource")?;
            found[1].as_str().map(str::to_owned)
        })
        .collect()
    }

    /// Waits until this is so.
    #[track_caller]
    pub fn wait(&self, what: &str, done: impl Fn(&TunnelBed) -> bool) {
        wait_until(what, || done(self));
    }
}

impl Line {
    fn new() -> Line {
        let near = Netns::new();
        let far = near.beside();
        near.join("wan0", &far, "isp0");
        far.ip("address add 8.8.4.1/24 dev isp0");
        far.ip(&format!("address add {SERVICES}/32 dev lo"));
        // What misses the tunnel must not reach its other end over the WAN. The
        // rule has to stand before the one for own addresses.
        far.ip("rule add pref 10 lookup local");
        far.ip("rule del pref 0");
        far.ip("rule add pref 1 iif isp0 to 172.16.0.0/16 blackhole");
        let state = State {
            device: None,
            stalled: false,
            one_way: false,
            lost_route: false,
            restart: Restart::Heals,
        };
        Line {
            near,
            far,
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poison| poison.into_inner())
    }

    /// Makes the devices; the tunnel is as its state says.
    fn lay(&self, device: &str) {
        let (near, far) = (&self.near, &self.far);
        near.pair(device, far, "vpn0");
        for (end, name) in [(near, device), (far, "vpn0")] {
            end.ip(&format!(
                "link set {name} address {MAC} arp off multicast off addrgenmode none"
            ));
        }
        self.state().device = Some(device.to_owned());
        far.ip("link set vpn0 up");
        self.raise(device);
    }

    /// Brings the network up as netifd does.
    fn raise(&self, device: &str) {
        let near = &self.near;
        near.ip(&format!("link set {device} up"));
        near.ip(&format!("address replace {NEAR}/32 dev {device}"));
        self.apply(&self.state());
    }

    fn change(&self, edit: impl FnOnce(&mut State)) {
        let mut state = self.state();
        edit(&mut state);
        self.apply(&state);
    }

    /// Makes the kernel's tables be as the state says.
    fn apply(&self, state: &State) {
        let Some(device) = &state.device else { return };
        let to_near = match state.one_way {
            true => format!("route replace blackhole {NEAR}"),
            false => format!("route replace {NEAR} dev vpn0"),
        };
        self.far.ip(&to_near);
        let own = self.far.ip("-brief address show dev vpn0").contains(FAR);
        match state.stalled {
            true if own => {
                self.far.ip(&format!("address del {FAR}/32 dev vpn0"));
                self.far.ip(&format!("route replace blackhole {FAR}"));
            }
            false if !own => {
                self.far.ip(&format!("route flush {FAR}"));
                self.far.ip(&format!("address add {FAR}/32 dev vpn0"));
            }
            _ => {}
        }
        match state.lost_route {
            true => self.near.ip(&format!("route flush {ROUTE}")),
            false => self.near.ip(&format!("route replace {ROUTE} dev {device}")),
        };
    }

    /// Deletes the devices.
    fn cut(&self) {
        if let Some(device) = self.state().device.take() {
            self.near.ip(&format!("link del {device}"));
        }
    }

    /// All is well, on a device of this name; netifd's status then.
    fn revive(&self, device: &str) -> Value {
        {
            let mut state = self.state();
            (state.stalled, state.one_way, state.lost_route) = (false, false, false);
        }
        let same = self.state().device.as_deref() == Some(device);
        if same {
            self.raise(device);
        } else {
            self.cut();
            self.lay(device);
        }
        tunnel_status(device)
    }

    /// Takes the network up.
    fn restarted(&self) -> Outcome {
        let (restart, device) = {
            let state = self.state();
            (state.restart.clone(), state.device.clone())
        };
        let name = device.as_deref().unwrap_or(NETWORK);
        match restart {
            Restart::Heals => Outcome::UpAs(self.revive(name)),
            Restart::HealsAfter(wait) => {
                let healed = Outcome::UpAs(self.revive(name));
                Outcome::After(wait, Box::new(healed))
            }
            Restart::Moves(other) => Outcome::UpAs(self.revive(other)),
            Restart::Useless if device.is_none() => Outcome::Fails("NO_DEVICE".to_owned()),
            Restart::Useless => {
                self.raise(name);
                Outcome::UpAs(tunnel_status(name))
            }
            Restart::Fails(code) => Outcome::Fails(code.to_owned()),
            Restart::Hangs => Outcome::Pending,
        }
    }

    /// Takes the network down: the kernel forgets its routes.
    fn stopped(&self) {
        if let Some(device) = &self.state().device {
            self.near.ip(&format!("link set {device} down"));
            self.near.ip(&format!("address flush dev {device}"));
        }
    }
}

/// netifd's status of the tunnel's network, up on a device.
pub fn tunnel_status(device: &str) -> Value {
    json!({
        "up": true, "pending": false, "available": true, "autostart": true, "dynamic": false,
        "uptime": 60, "l3_device": device, "proto": "vpnki",
        "ipv4-address": [{"address": NEAR, "mask": 32, "ptpaddress": FAR}], "ipv6-address": [],
        "route": [{"target": "172.16.0.0", "mask": 16, "nexthop": "0.0.0.0"}], "data": {},
    })
}

/// netifd's status of the WAN, up.
pub fn wan_status(address: &str) -> Value {
    json!({
        "up": true, "pending": false, "available": true, "autostart": true, "dynamic": false,
        "uptime": 60, "l3_device": "wan0", "proto": "dhcp", "device": "wan0",
        "ipv4-address": [{"address": address, "mask": 24}], "ipv6-address": [],
        "route": [{"target": "0.0.0.0", "mask": 0, "nexthop": "8.8.4.1"}], "data": {},
    })
}

fn not_up(proto: &str) -> Value {
    json!({
        "up": false, "pending": false, "available": true, "autostart": true, "dynamic": false,
        "proto": proto, "data": {},
    })
}

fn merge(status: &mut Value, fields: Value) {
    for (name, value) in fields.as_object().into_iter().flatten() {
        status[name] = value.clone();
    }
}

/// A program that runs while the test does; it is killed in the end.
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    fn start(mut command: Command, log: PathBuf) -> Running {
        let file = fs::File::create(&log).expect("a log");
        let copy = file.try_clone().expect("a log");
        let child = command.stdout(file).stderr(copy).spawn();
        Running {
            child: child.expect("it starts"),
            log,
        }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// All that it said so far.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it has said this.
    #[track_caller]
    pub fn says(&self, text: &str) {
        let is_said = comes_true(|| self.said().contains(text));
        assert!(is_said, "no '{text}' in:\n{}", self.said());
    }

    /// Sends it a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        kill.args([&format!("-{name}"), &self.id().to_string()]);
        let sent = kill.status().expect("kill runs");
        assert!(sent.success(), "it has ended:\n{}", self.said());
    }

    /// Waits until it has ended; its exit code.
    #[track_caller]
    pub fn ended(&mut self) -> Option<i32> {
        let ended = wait_for(|| self.child.try_wait().expect("it is ours"));
        let Some(status) = ended else {
            panic!("it does not end:\n{}", self.said());
        };
        status.code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
