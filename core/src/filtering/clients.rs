//! The resolvers that clients are told to ask: by DHCP, by router advertisements, by DHCPv6.

use alloc::borrow::{Cow, ToOwned};
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

/// A DHCP option that gives resolvers, from a value of `dhcp_option` such as
/// `tag:kids,6,8.8.8.8`.
struct DhcpOption<'a> {
    /// The text before the addresses, the comma included.
    head: &'a str,
    addresses: &'a str,
}

impl<'a> DhcpOption<'a> {
    /// The DHCP option of a value, as dnsmasq reads it; `None` if it is not about resolvers,
    /// or gives none.
    fn parse(text: &'a str) -> Option<DhcpOption<'a>> {
        let mut start = 0;
        for word in text.split_inclusive(',') {
            start += word.len();
            let name = word.trim_end_matches(',').trim();
            let is_dns = if let Ok(number) = name.parse::<u32>() {
                number == 6
            } else if let Some(option) = name.strip_prefix("option:") {
                is_named(option, 6)
            } else if let Some(option) = name.strip_prefix("option6:") {
                is_named(option, 23)
            } else if ["vendor:", "encap:", "vi-encap:"]
                .iter()
                .any(|p| name.starts_with(p))
            {
                // A number behind it is the vendor's own.
                false
            } else {
                // Tags stand before it.
                continue;
            };
            let (head, addresses) = text.split_at(start);
            return (is_dns && !addresses.is_empty()).then_some(DhcpOption { head, addresses });
        }
        None
    }

    fn is_ipv6(&self) -> bool {
        self.head.contains("option6:")
    }
}

/// True if it is the option of this number, or its name.
fn is_named(option: &str, number: u32) -> bool {
    option.eq_ignore_ascii_case("dns-server") || option.parse() == Ok(number)
}

impl Judge<'_> {
    /// Follows what clients are told.
    pub(super) fn follow_clients(&mut self) -> Clients {
        let mut clients = Clients::default();
        let mut is_served = false;
        // odhcpd does DHCP in dnsmasq's place.
        let is_main = |s: &DhcpSection<'_>| s.is_a("odhcpd") && s.flag("maindhcp");
        let has_odhcpd = DhcpSection::all(self.package).iter().any(is_main);
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
                self.follow_advertisements(section, &mut clients, has_odhcpd);
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
        section.remove(option, values, foreign, &mut self.mends);
        // No line can be pasted with the others in it.
        for item in told.iter().filter(|item| !item.contains(char::is_control)) {
            self.mends.push(section.change("add_list", option, item));
        }
    }

    /// odhcpd's part.
    fn follow_advertisements(
        &mut self,
        section: DhcpSection<'_>,
        clients: &mut Clients,
        has_odhcpd: bool,
    ) {
        let modes = ["ra", "dhcpv6", "dhcpv4"].map(|option| {
            let mode = section.text(option);
            let is_silent = match option {
                "ra" => mode != "relay" && section.is_off("ra_dns"),
                "dhcpv4" => !has_odhcpd,
                _ => false,
            };
            (option, if is_silent { Cow::default() } else { mode })
        });
        let is = |wanted: &str| modes.iter().any(|(_, mode)| mode == wanted);
        let values = section.values("dns");
        if !is("server") && !is("hybrid") && !is("relay") {
            return;
        }
        let mut foreign = Vec::new();
        for item in &values.items {
            if self.follow_told(section, "dns", item, clients) {
                foreign.push(&**item);
            }
        }
        let mut is_empty = values.items.is_empty();
        let is_relayed = is("relay") && is_empty;
        if !foreign.is_empty() {
            is_empty = !section.remove("dns", &values, &foreign, &mut self.mends)
                || foreign.len() == values.items.len();
        }
        if is_relayed {
            let section = section.reference();
            self.elsewhere.push(FilteringReason::Relayed { section });
        }
        clients.would_ask_router |= is_relayed || !foreign.is_empty();
        // What is relayed has other resolvers in it, if there are any here.
        for (option, mode) in &modes {
            if mode == "relay" && is_empty {
                self.mends.push(section.change("set", option, "server"));
            }
        }
        clients.ask_router |= values.items.is_empty() && !section.is_off("dns_service");
    }
}
