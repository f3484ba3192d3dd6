//! The faults of the tunnel, and what can be seen of it.

use serde_json::{Value, json};

use super::status::{merge, not_up};
use super::{FAR, NETWORK, Restart, TunnelBed};
use crate::simulator::simulator;

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

    /// The other end answers no echoes, ever: a restart of the tunnel does not change that.
    pub fn filter_echoes(&self) {
        self.line.far.sysctl("net.ipv4.icmp_echo_ignore_all=1");
    }

    /// The other end answers echoes again.
    pub fn answer_echoes(&self) {
        self.line.far.sysctl("net.ipv4.icmp_echo_ignore_all=0");
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

    /// netifd has tried to set the network up, got this error, and does not try again.
    /// The device is gone.
    pub fn give_up(&self, code: &str) {
        self.vanish_unnoticed();
        let error = json!({"subsystem": "vpnki", "code": code, "data": []});
        self.set_down(json!({"autostart": false, "errors": [error]}));
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
        self.counters_if_any().expect("there is a tunnel")
    }

    /// The same, if there is a device.
    pub fn counters_if_any(&self) -> Option<(u64, u64)> {
        self.line.near.counters(&self.device()?)
    }
}
