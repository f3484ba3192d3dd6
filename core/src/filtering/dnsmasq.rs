//! The resolvers that dnsmasq asks.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::section::DhcpSection;
use super::{DNS_PORT, Judge, Target};
use crate::address::PublicAddress;
use crate::reason::filtering::{FilteringReason, Origin};

/// The file that netifd writes the resolvers of all networks into, and where it was up to
/// OpenWrt 19.07.
const RESOLV_FILES: [&str; 2] = [
    "/tmp/resolv.conf.d/resolv.conf.auto",
    "/tmp/resolv.conf.auto",
];
/// The line with which netifd begins the resolvers of a network.
const NETWORK_MARK: &str = "# Interface ";
/// The last labels of names that are no sites of the Internet.
const SITELESS: [&str; 6] = ["arpa", "home", "internal", "lan", "local", "onion"];

/// One item of `list server`: `[/DOMAIN…/]ADDRESS[#PORT][@DEVICE]`.
struct Server<'a> {
    /// The domains that it is asked for; empty for all.
    domains: &'a str,
    address: &'a str,
    port: u16,
}

impl<'a> Server<'a> {
    /// None if no other is asked: what is in a domain without an address is not to be found,
    /// and `#` means the usual resolvers.
    fn parse(text: &'a str) -> Option<Server<'a>> {
        let text = text.trim();
        let (domains, server) = match text
            .strip_prefix('/')
            .and_then(|rest| rest.rsplit_once('/'))
        {
            Some((domains, server)) => (domains, server),
            None => ("", text),
        };
        let server = server.split('@').next().unwrap_or_default();
        let (address, port) = server.split_once('#').unwrap_or((server, ""));
        // `#` alone as a domain is every domain, and no domain is a name without a dot.
        let is_unqualified = text.starts_with("//");
        let domains = if domains == "#" { "" } else { domains };
        (!address.is_empty() && !is_unqualified).then(|| Server {
            domains,
            address,
            port: port.parse().unwrap_or(DNS_PORT),
        })
    }

    /// True if it is asked for names alone that are no sites of the Internet.
    fn is_siteless(&self) -> bool {
        self.domains.split('/').all(|domain| {
            let last = domain.rsplit('.').next().unwrap_or_default();
            SITELESS.iter().any(|one| last.eq_ignore_ascii_case(one))
        })
    }

    /// A resolver for a domain of the owner's own, such as that of an office behind a VPN,
    /// takes nothing from the service: nobody else knows such names.
    fn is_private(&self) -> bool {
        let address = self.address.parse::<IpAddr>();
        let is_private = address.is_ok_and(|a| PublicAddress::new(a).is_err());
        !self.domains.is_empty() && (is_private || self.is_siteless())
    }

    fn shown_domains(&self) -> String {
        self.domains.replace('/', ", ")
    }
}

/// The resolvers of one instance.
#[derive(Default)]
struct Upstream<'a> {
    /// `list server` names one that filters, for all domains.
    service_in_list: bool,
    /// The file does.
    service_in_file: bool,
    /// The usual questions go to a program.
    to_program: bool,
    /// The items of `list server` that lead elsewhere.
    foreign: Vec<&'a str>,
    /// The file leads elsewhere.
    is_file_foreign: bool,
}

impl Judge<'_> {
    /// The way of a question that the router was asked.
    pub(super) fn follow_router(&mut self) {
        let programs = self.listeners_on(DNS_PORT);
        let is_free = programs.is_empty();
        let mut is_dnsmasq = is_free;
        let mut other = None;
        for name in programs {
            match &*name {
                "" | "dnsmasq" => is_dnsmasq = true,
                _ => other = other.or(Some(name)),
            }
        }
        let mut answers = false;
        for section in DhcpSection::all(self.package) {
            let port = section.text("port");
            if section.is_a("dnsmasq")
                && !section.flag("disabled")
                && is_dnsmasq
                && (port.is_empty() || port == "53")
            {
                answers = true;
                self.follow_instance(section);
            }
        }
        if answers {
            return;
        }
        match is_free {
            true => self.unknown = Some(FilteringReason::NobodyAnswers),
            false => {
                let other = FilteringReason::OtherProgram { program: other };
                self.programs.push(other);
            }
        }
    }

    fn follow_instance(&mut self, section: DhcpSection<'_>) {
        let noresolv = section.flag("noresolv");
        let list = section.values("server");
        let mut upstream = Upstream::default();
        // OpenWrt passes over a plain option of that name.
        if list.is_list {
            for item in &list.items {
                self.follow_server(section, item, &mut upstream);
            }
        }
        if !noresolv {
            self.follow_file(section, &mut upstream);
        }
        let is_served = upstream.service_in_list || upstream.service_in_file || upstream.to_program;
        if !is_served && !upstream.is_file_foreign && self.unknown.is_none() {
            let file = section.text("resolvfile");
            let place = match () {
                () if noresolv => Some("'list server'".to_owned()),
                () if file.is_empty() || RESOLV_FILES.contains(&&*file) => None,
                () => Some(file.into_owned()),
            };
            self.unknown = Some(FilteringReason::NoResolver { place });
        }
        let closes_file = !noresolv && (upstream.is_file_foreign || !is_served);
        if closes_file {
            self.mends.push(section.change("set", "noresolv", "1"));
        }
        if !upstream.foreign.is_empty() {
            let is_kept = section.remove("server", &list, &upstream.foreign, &mut self.mends);
            upstream.service_in_list &= is_kept;
            upstream.to_program &= is_kept;
        }
        let file_serves = upstream.service_in_file && !closes_file;
        if !upstream.service_in_list && !file_serves && !upstream.to_program {
            let mut plain = list.items.iter().filter(|_| !list.is_list);
            if plain.any(|item| self.target(item) != Target::Service) {
                // It would become an item of the list.
                self.mends.push(section.delete("server"));
            }
            self.mend_with_resolvers(section);
        }
    }

    fn mend_with_resolvers(&mut self, section: DhcpSection<'_>) {
        for resolver in self.household.resolvers {
            let resolver = alloc::format!("{resolver}");
            self.mends
                .push(section.change("add_list", "server", &resolver));
        }
    }

    fn follow_server<'a>(
        &mut self,
        section: DhcpSection<'_>,
        item: &'a str,
        upstream: &mut Upstream<'a>,
    ) {
        let Some(server) = Server::parse(item) else {
            return;
        };
        let is_usual = server.domains.is_empty();
        match self.target(server.address) {
            Target::Service => {
                self.to_service = true;
                upstream.service_in_list |= is_usual;
            }
            Target::Router if is_usual || !server.is_siteless() => {
                upstream.to_program |= self.follow_program(&server) && is_usual;
            }
            Target::Elsewhere if !server.is_private() => {
                upstream.foreign.push(item);
                let domains = server.shown_domains();
                self.asks(section, server.address, Origin::Server { domains });
            }
            _ => {}
        }
    }

    fn asks(&mut self, section: DhcpSection<'_>, address: &str, origin: Origin) {
        self.elsewhere.push(FilteringReason::Asks {
            instance: section.name().map(ToOwned::to_owned),
            address: address.to_owned(),
            origin,
        });
    }

    /// Whether it leads into a program. dnsmasq does not ask itself.
    fn follow_program(&mut self, server: &Server<'_>) -> bool {
        let Server { address, port, .. } = *server;
        let mut names = self.listeners_on(port);
        names.retain(|name| !name.is_empty());
        let is_itself = port == DNS_PORT && {
            names.retain(|name| name != "dnsmasq");
            let ip = address.parse::<IpAddr>().map(|ip| ip.to_canonical());
            let is_elsewhere_on_lo = ip.is_ok_and(|ip| ip.is_loopback());
            matches!(address, "127.0.0.1" | "::1") || (names.is_empty() && !is_elsewhere_on_lo)
        };
        if !is_itself {
            self.programs.push(FilteringReason::AsksProgram {
                address: address.to_owned(),
                port,
                program: names.into_iter().next(),
                domains: server.shown_domains(),
            });
        }
        !is_itself
    }

    /// The programs that listen on a port, which is looked for once: a list may name one
    /// program for thousands of domains.
    fn listeners_on(&mut self, port: u16) -> Vec<String> {
        if let Some((_, names)) = self.listeners.iter().find(|(known, _)| *known == port) {
            return names.clone();
        }
        let names = (self.household.listeners)(port);
        self.listeners.push((port, names.clone()));
        names
    }

    fn follow_file(&mut self, section: DhcpSection<'_>, upstream: &mut Upstream<'_>) {
        let named = section.text("resolvfile");
        let places = if named.is_empty() {
            &RESOLV_FILES[..]
        } else {
            &[&*named]
        };
        let (mut place, mut text) = ("", Vec::new());
        for candidate in places {
            if text.is_empty() {
                place = candidate;
                text = (self.household.read)(place);
            }
        }
        let text = String::from_utf8_lossy(&text);
        let mut network = None;
        for line in text.lines() {
            network = line.strip_prefix(NETWORK_MARK).or(network);
            let mut words = line.split_ascii_whitespace();
            let address = words.next().filter(|word| *word == "nameserver");
            let Some(address) = address.and_then(|_| words.next()) else {
                continue;
            };
            match self.target(address) {
                Target::Service => {
                    self.to_service = true;
                    upstream.service_in_file = true;
                }
                Target::Router => {
                    let server = Server {
                        domains: "",
                        address,
                        port: DNS_PORT,
                    };
                    upstream.to_program |= self.follow_program(&server);
                }
                Target::Elsewhere => {
                    upstream.is_file_foreign = true;
                    let origin = self.origin(place, network, address);
                    self.asks(section, address, origin);
                }
            }
        }
    }

    fn origin(&self, place: &str, network: Option<&str>, address: &str) -> Origin {
        let Some(network) = network.map(ToOwned::to_owned) else {
            return Origin::File(place.to_owned());
        };
        let options = self.household.networks.network(&network);
        let is_set = options.is_some_and(|o| o.dns.iter().any(|dns| dns == address));
        match is_set {
            true => Origin::SetIn { network },
            false => Origin::GivenTo { network },
        }
    }
}
