//! The WAN, and its faults.

use super::TunnelBed;
use super::status::{not_up, wan_status};

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
