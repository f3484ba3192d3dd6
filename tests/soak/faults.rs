//! Faults, and the times until they are seen and mended.

use std::thread;
use std::time::{Duration, Instant};

use wansync_test_support::tunnel::{NAME, NEAR, ROUTE, Restart, WAN};

use crate::lane::{Kind, Lane, POLL_INTERVAL};

/// The longest time until a dead tunnel is found.
const SEEN: Duration = Duration::from_secs(45);
/// The longest time until it is back, from the return of its far end.
const BACK: Duration = Duration::from_secs(60);
/// The longest time until a route is there again.
const ROUTED: Duration = Duration::from_secs(15);

const WAN_DOWN: &str = "WAN down and back";

/// What can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The far end has forgotten the session; the client does not notice by itself, unless
    /// it pings. The far end is there all the time.
    SessionLost,
    /// The far end is away for a while.
    FarEndGone,
    /// The client crashes, or its device goes.
    DeviceGone,
    /// Somebody removes the route.
    RouteRemoved,
    /// The WAN is away for a while, and what breaks with it.
    WanDown,
}

impl Lane {
    /// Something goes wrong, and right again.
    pub fn fault(&mut self) {
        // Where nothing but VPNKI is asked, it takes as long as its own interval.
        let faults: &[Fault] = match self.kind {
            Kind::PppUnpinged => &[Fault::DeviceGone, Fault::RouteRemoved],
            Kind::WireGuard => &[Fault::FarEndGone, Fault::FarEndGone, Fault::RouteRemoved],
            _ => &[
                Fault::SessionLost,
                Fault::FarEndGone,
                Fault::FarEndGone,
                Fault::DeviceGone,
                Fault::RouteRemoved,
                Fault::WanDown,
            ],
        };
        if self.kind.has_account() {
            let says = *self.random.one_of(&["active", "inactive", "nothing"]);
            match says {
                "inactive" => self.bed.vpnki_lists(&[&[]]),
                "nothing" => self.bed.vpnki_fails("status=503"),
                _ => {}
            }
        }
        let traffic = self.exchange();
        match *self.random.one_of(faults) {
            Fault::RouteRemoved if self.may_lose_route() => self.route_removed(),
            Fault::SessionLost => self.session_lost(),
            Fault::FarEndGone => self.far_end_gone(),
            Fault::WanDown => self.wan_down(),
            _ if self.kind == Kind::WireGuard => self.far_end_gone(),
            _ => self.device_gone(),
        }
        self.bed.services_work();
        self.bed.vpnki_lists(&[&[NAME]]);
        drop(traffic);
    }

    fn session_lost(&mut self) {
        self.say("the session is lost");
        let outage = Outage::begin(self);
        match &self.vpn {
            Some(vpn) => {
                vpn.server.stop();
                vpn.server.resume();
            }
            None => {
                self.bed.on_restart(Restart::Heals);
                self.bed.stall();
            }
        }
        let begun = outage.begun;
        self.mended("session lost", outage, begun);
    }

    fn far_end_gone(&mut self) {
        let away = Duration::from_secs(15 + self.random.below(75) as u64);
        self.say(&format!("the far end is gone for {} s", away.as_secs()));
        let before = self.restarts();
        let mut outage = Outage::begin(self);
        match &self.vpn {
            Some(vpn) => vpn.server.stop(),
            None if self.kind == Kind::WireGuard => drop(self.bed.far_ip("link set vpn0 down")),
            None => {
                // A client that was restarted goes on dialling.
                self.bed.on_restart(Restart::Hangs);
                self.bed.stall();
            }
        }
        outage.watch(self, away);
        let returned = Instant::now();
        match &self.vpn {
            Some(vpn) => vpn.server.resume(),
            None if self.kind == Kind::WireGuard => {
                self.bed.far_ip("link set vpn0 up");
                self.bed.far_ip(&format!("route replace {NEAR} dev vpn0"));
            }
            None => {
                self.bed.on_restart(Restart::Heals);
                // One that was not restarted has a session that is no more.
                if self.restarts() > before {
                    self.bed.heal();
                }
            }
        }
        self.mended("far end gone and back", outage, returned);
    }

    fn device_gone(&mut self) {
        let outage = Outage::begin(self);
        let begun = outage.begun;
        match &self.vpn {
            Some(vpn) => {
                self.say("the client crashes");
                vpn.client.crash();
                self.mended("client crashed", outage, begun);
            }
            None => {
                self.say("the device is gone");
                self.bed.on_restart(Restart::Heals);
                self.bed.vanish();
                self.mended("device gone", outage, begun);
            }
        }
    }

    fn route_removed(&mut self) {
        self.say("the route is removed");
        let before = self.restarts();
        let begun = Instant::now();
        self.bed.ip(&format!("route flush {ROUTE}"));
        let restored = self.wait(begun, |lane| lane.bed.ip("route").contains(ROUTE));
        let name = self.kind.name();
        match restored {
            Some(time) => {
                self.report()
                    .measured(name, "route removed", "restored", time, Some(ROUTED));
            }
            None => {
                let log = self.log();
                self.report()
                    .violated(name, format!("the route is not restored:\n{log}"));
                self.bed.restore_route();
            }
        }
        let restarts = self.restarts() - before;
        if restarts > 0 {
            self.report()
                .violated(name, format!("restarted {restarts} times for a route"));
        }
        self.is_over();
    }

    fn wan_down(&mut self) {
        let away = Duration::from_secs(20 + self.random.below(40) as u64);
        self.say(&format!("the WAN is down for {} s", away.as_secs()));
        let before = self.restarts();
        let mut outage = Outage::begin(self);
        self.bed.wwan_down();
        self.bed.wan_down();
        if self.vpn.is_none() {
            self.bed.on_restart(Restart::Heals);
            self.bed.stall();
        }
        outage.watch(self, away);
        let restarts = self.restarts() - before;
        let name = self.kind.name();
        if restarts > 0 {
            self.report()
                .violated(name, format!("restarted {restarts} times without a WAN"));
        }
        let returned = Instant::now();
        self.bed.set_wan(WAN);
        self.bed.wwan_up();
        self.mended(WAN_DOWN, outage, returned);
    }

    /// Waits until there is traffic again, and takes the times.
    fn mended(&mut self, event: &'static str, mut outage: Outage, returned: Instant) {
        // What was under way when it broke may still arrive.
        outage.watch(self, Duration::from_secs(1));
        let mut traffic = Incoming::default();
        let back = self.wait(returned, |lane| {
            outage.look(lane);
            traffic.has_come(lane)
        });
        let (name, ended) = (self.kind.name(), outage.begun.elapsed());
        // While the WAN is down nothing can be said of the tunnel.
        if event != WAN_DOWN {
            match outage.found {
                Some(found) => self
                    .report()
                    .measured(name, event, "found", found, Some(SEEN)),
                None if ended > SEEN => {
                    let text = format!("{event}: not found in {} s", ended.as_secs());
                    self.report().violated(name, text);
                }
                None => {}
            }
        }
        match back {
            Some(time) => {
                self.say(&format!("traffic again after {:.1} s", time.as_secs_f64()));
                self.report()
                    .measured(name, event, "traffic again", time, Some(BACK));
            }
            None => {
                let text = format!("{event}: no traffic again:\n{}", self.log());
                self.report().violated(name, text);
                if self.vpn.is_none() && self.kind != Kind::WireGuard {
                    self.bed.heal();
                }
            }
        }
        self.is_over();
    }
}

/// A time without traffic.
struct Outage {
    begun: Instant,
    /// All that the daemon had said by then.
    log_length: usize,
    /// The time until it said that the tunnel is down.
    found: Option<Duration>,
}

impl Outage {
    fn begin(lane: &Lane) -> Outage {
        Outage {
            begun: Instant::now(),
            log_length: lane.log().len(),
            found: None,
        }
    }

    fn look(&mut self, lane: &Lane) {
        if self.found.is_none() {
            let log = lane.log();
            let news = log.get(self.log_length..).unwrap_or_default();
            let is_found = news.contains("tunnel user356 is down");
            self.found = is_found.then(|| self.begun.elapsed());
        }
    }

    /// Watches until so long after its begin.
    fn watch(&mut self, lane: &Lane, time: Duration) {
        while self.begun.elapsed() < time {
            self.look(lane);
            thread::sleep(POLL_INTERVAL);
        }
    }
}

/// Bytes that come through the tunnel, whose counters begin anew with its device.
#[derive(Default)]
struct Incoming {
    before: Option<u64>,
}

impl Incoming {
    /// True once several datagrams have come.
    fn has_come(&mut self, lane: &Lane) -> bool {
        let now = lane.received();
        match (self.before, now) {
            (Some(before), Some(now)) if now >= before => now >= before + 2000,
            _ => {
                self.before = now;
                false
            }
        }
    }
}
