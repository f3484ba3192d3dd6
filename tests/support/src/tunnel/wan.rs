//! The WAN, and its faults.

use super::status::{not_up, wan_status, wwan_statuses};
use super::{TunnelBed, WWAN};

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

    /// A second WAN over LTE is up: netifd's network `wwan`, whose address its dynamic
    /// child `wwan_4` has. The first one is preferred while it is up.
    pub fn add_wwan(&self) {
        let (near, far) = (&self.line.near, &self.line.far);
        near.join("wwan0", far, "isp1");
        far.ip("address add 8.8.8.1/24 dev isp1");
        far.ip("rule add pref 1 iif isp1 to 172.16.0.0/16 blackhole");
        self.wwan_up();
    }

    /// The second WAN is up again.
    pub fn wwan_up(&self) {
        let near = &self.line.near;
        self.line.far.ip("link set isp1 up");
        near.ip(&format!("address replace {WWAN}/24 dev wwan0"));
        near.ip("route replace default via 8.8.8.1 dev wwan0 metric 200");
        let [parent, child] = wwan_statuses();
        self.ubus.set_interface("wwan", parent);
        self.ubus.set_interface("wwan_4", child);
    }

    /// The second WAN is down: no link, no address, no child.
    pub fn wwan_down(&self) {
        self.line.far.ip("link set isp1 down");
        self.line.near.ip("address flush dev wwan0");
        self.ubus.remove_interface("wwan_4");
        let mut status = not_up("qmi");
        status["device"] = "wwan0".into();
        self.ubus.set_interface("wwan", status);
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
