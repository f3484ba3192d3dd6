//! The services: what they answer, and what they were asked.

use super::{SERVICES, TunnelBed};

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
}
