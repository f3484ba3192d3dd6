//! The resolvers that clients are told to ask: by DHCP, by router advertisements, by DHCPv6.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::section::{DhcpSection, Values};
use super::{Judge, Target};
use crate::reason::filtering::FilteringReason;

/// The clients' way to the router, if they have one.
#[derive(Default)]
pub(super) struct Clients {
    /// True if some clients are told to ask the router, or nothing tells any.
    pub(super) ask_router: bool,
    /// True if some will be, once what leads them elsewhere is gone.
    pub(super) would_ask_router: bool,
}

/// The names and numbers of the options that tell a client its resolvers.
const DNS_OPTIONS: [&str; 5] = [
    "6",
    "option:dns-server",
    "option:6",
    "option6:dns-server",
    "option6:23",
];

/// A DHCP option that gives resolvers, from a value of `dhcp_option` such as
/// `tag:kids,6,8.8.8.8`.
struct DhcpOption<'a> {
    /// The text before the addresses, the comma included.
    head: &'a str,
    addresses: &'a str,
}

impl<'a> DhcpOption<'a> {
    /// The DHCP option of a value; `None` if it is not about resolvers, or gives none.
    fn parse(text: &'a str) -> Option<DhcpOption<'a>> {
        let mut start = 0;
        for word in text.split_inclusive(',') {
            start += word.len();
            let name = word.trim_end_matches(',').trim();
            if DNS_OPTIONS.contains(&name) {
                let (head, addresses) = text.split_at(start);
                return (!addresses.is_empty()).then_some(DhcpOption { head, addresses });
            }
            // Tags and the like stand before it.
            if !name.contains(':') || name.starts_with("option") {
                return None;
            }
        }
        None
    }

    fn is_ipv6(&self) -> bool {
        self.head.contains("option6:")
    }
}

impl Judge<'_> {
    /// Follows what clients are told.
    pub(super) fn follow_clients(&mut self) -> Clients {
        let mut clients = Clients::default();
        let mut is_served = false;
        for section in DhcpSection::all(self.package) {
            let is_network = section.is_a("dhcp");
            // odhcpd goes by neither of these two.
            let is_off = section.flag("ignore") || section.text("dhcpv4") == "disabled";
            if !is_network || !is_off {
                is_served |= is_network;
                self.follow_dhcp(section, &mut clients, is_network);
            }
            // The provider's side of a relay has no clients.
            if is_network && !section.flag("master") {
                self.follow_advertisements(section, &mut clients);
            }
        }
        clients.ask_router |= !is_served;
        clients
    }

    fn follow_dhcp(&mut self, section: DhcpSection<'_>, clients: &mut Clients, is_network: bool) {
        let mut is_told = false;
        for option in ["dhcp_option", "dhcp_option_force"] {
            let values = section.values(option);
            let mut foreign = Vec::new();
            for item in &values.items {
                let Some(parsed) = DhcpOption::parse(item) else {
                    continue;
                };
                is_told |= !parsed.is_ipv6();
                if self.follow_told(section, option, parsed.addresses, clients) {
                    foreign.push(&**item);
                }
            }
            self.mend_dhcp(section, option, &values, &foreign);
        }
        clients.ask_router |= is_network && !is_told;
    }

    /// Follows addresses that clients are told, with commas between; whether some lead
    /// elsewhere.
    fn follow_told(
        &mut self,
        section: DhcpSection<'_>,
        option: &'static str,
        addresses: &str,
        clients: &mut Clients,
    ) -> bool {
        let mut is_foreign = false;
        for address in addresses.split(',') {
            let address = address.trim().trim_matches(['[', ']']);
            match self.target(address) {
                Target::Service => self.to_service = true,
                Target::Router => clients.ask_router = true,
                Target::Elsewhere => {
                    is_foreign = true;
                    self.elsewhere.push(FilteringReason::Told {
                        section: section.reference(),
                        address: address.to_owned(),
                        option,
                    });
                }
            }
        }
        is_foreign
    }

    /// The clients are told the service's resolvers instead, where there is DHCP to do so.
    fn mend_dhcp(
        &mut self,
        section: DhcpSection<'_>,
        option: &str,
        values: &Values<'_>,
        foreign: &[&str],
    ) {
        if foreign.is_empty() {
            return;
        }
        let mut resolvers = String::new();
        for resolver in self.household.resolvers {
            if resolver.is_ipv4() {
                let before = if resolvers.is_empty() { "" } else { "," };
                resolvers.push_str(&format!("{before}{resolver}"));
            }
        }
        let mut told: Vec<String> = Vec::new();
        for item in foreign {
            if let Some(parsed) = DhcpOption::parse(item)
                && !parsed.is_ipv6()
                && !resolvers.is_empty()
            {
                let item = format!("{}{resolvers}", parsed.head);
                if !told.contains(&item) {
                    told.push(item);
                }
            }
        }
        if section.remove(option, values, foreign, &mut self.mends) {
            for item in &values.items {
                if !foreign.contains(&&**item) {
                    told.push(String::from(&**item));
                }
            }
        }
        for item in &told {
            self.mends.push(section.change("add_list", option, item));
        }
    }

    /// odhcpd's part.
    fn follow_advertisements(&mut self, section: DhcpSection<'_>, clients: &mut Clients) {
        let modes = ["ra", "dhcpv6"].map(|option| (option, section.text(option)));
        let is = |wanted: &str| modes.iter().any(|(_, mode)| mode == wanted);
        let values = section.values("dns");
        // What is relayed has other resolvers in it, if there are any here.
        if is("relay") && values.items.is_empty() {
            self.elsewhere.push(FilteringReason::Relayed {
                section: section.reference(),
            });
            clients.would_ask_router = true;
            for (option, mode) in &modes {
                if mode == "relay" {
                    self.mends.push(section.change("set", option, "server"));
                }
            }
        } else if !is("server") && !is("hybrid") && !is("relay") {
            return;
        }
        let mut foreign = Vec::new();
        for item in &values.items {
            if self.follow_told(section, "dns", item, clients) {
                foreign.push(&**item);
            }
        }
        if !foreign.is_empty() {
            clients.would_ask_router = true;
            section.remove("dns", &values, &foreign, &mut self.mends);
        }
        let dns_service = section.text("dns_service");
        clients.ask_router |= values.items.is_empty() && dns_service != "0";
    }
}
