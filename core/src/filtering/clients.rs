//! The resolvers that clients are told to ask: by DHCP, by router advertisements, by DHCPv6.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::section::{DhcpSection, Values};
use super::{Judge, Target};
use crate::reason::filtering::FilteringReason;

/// What is known of the clients.
#[derive(Default)]
pub(super) struct Clients {
    /// Some are told to ask the router, or nothing tells any.
    pub(super) ask_router: bool,
    /// Some will be, once what leads them elsewhere is gone.
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

/// One value of `dhcp_option`, such as `tag:kids,6,8.8.8.8`.
struct DhcpOption<'a> {
    /// What stands before the addresses, the comma included.
    head: &'a str,
    addresses: &'a str,
}

impl<'a> DhcpOption<'a> {
    /// None if it is not about resolvers, or gives none.
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
                let addresses = parsed.addresses.split(',');
                let addresses = addresses.map(|a| a.trim().trim_matches(['[', ']']));
                if self.follow_told(section, option, addresses, clients) {
                    foreign.push(&**item);
                }
            }
            self.mend_dhcp(section, option, &values, &foreign);
        }
        clients.ask_router |= is_network && !is_told;
    }

    /// Follows addresses that clients are told; whether some lead elsewhere.
    fn follow_told<'t>(
        &mut self,
        section: DhcpSection<'_>,
        option: &'static str,
        addresses: impl Iterator<Item = &'t str>,
        clients: &mut Clients,
    ) -> bool {
        let mut is_foreign = false;
        for address in addresses {
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
        let resolvers = self.household.resolvers.iter().filter(|r| r.is_ipv4());
        let resolvers: Vec<String> = resolvers.map(|r| format!("{r}")).collect();
        let resolvers = resolvers.join(",");
        let mut told: Vec<String> = Vec::new();
        for item in foreign {
            let parsed = DhcpOption::parse(item).filter(|o| !o.is_ipv6() && !resolvers.is_empty());
            let item = parsed.map(|o| format!("{}{resolvers}", o.head));
            told.extend(item.filter(|item| !told.contains(item)));
        }
        let (lines, is_whole) = section.remove(option, values, foreign);
        self.mends.extend(lines);
        if is_whole {
            let kept = values
                .items
                .iter()
                .filter(|item| !foreign.contains(&&***item));
            told.extend(kept.map(|item| item.clone().into_owned()));
        }
        let added = told
            .iter()
            .map(|item| section.change("add_list", option, item));
        self.mends.extend(added);
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
            let relays = modes.iter().filter(|(_, mode)| mode == "relay");
            let mends = relays.map(|(option, _)| section.change("set", option, "server"));
            self.mends.extend(mends);
        } else if !is("server") && !is("hybrid") && !is("relay") {
            return;
        }
        let mut foreign = Vec::new();
        for item in &values.items {
            if self.follow_told(section, "dns", [&**item].into_iter(), clients) {
                foreign.push(&**item);
            }
        }
        if !foreign.is_empty() {
            clients.would_ask_router = true;
            self.mends
                .extend(section.remove("dns", &values, &foreign).0);
        }
        let dns_service = section.text("dns_service");
        clients.ask_router |= values.items.is_empty() && dns_service != "0";
    }
}
