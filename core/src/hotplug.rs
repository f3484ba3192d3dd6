//! A hotplug event of OpenWrt, and whether it matters.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

use crate::config::{Config, Skydns, Source, Tunnel};
use crate::ubus::netifd;

/// A hotplug event, as OpenWrt passes it to a script in variables of its environment.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Hotplug {
    action: String,
    /// The logical network; none for an event of NTP.
    interface: Option<String>,
    /// The kernel's device, on `ifup` and `ifupdate`.
    device: Option<String>,
    /// True if an `ifupdate` is about addresses, delegated ones included.
    addresses: bool,
    /// True if an `ifupdate` is about routes.
    routes: bool,
}

impl Hotplug {
    /// The event of a hotplug script, from its variables; `None` if it is none.
    ///
    /// ```
    /// use wansync_core::hotplug::Hotplug;
    ///
    /// let variables = [("ACTION", "ifup"), ("INTERFACE", "wan"), ("DEVICE", "eth1")];
    /// let get = |name: &str| {
    ///     let found = variables.iter().find(|(other, _)| *other == name);
    ///     found.map(|(_, value)| value.to_string())
    /// };
    /// assert_eq!(Hotplug::from_variables(get).unwrap().line(), "ifup\twan\teth1\t0\t0");
    /// ```
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Option<Hotplug> {
        let is_set = |name: &str| variable(name).as_deref() == Some("1");
        Some(Hotplug {
            action: variable("ACTION")?,
            interface: variable("INTERFACE"),
            device: variable("DEVICE"),
            addresses: is_set("IFUPDATE_ADDRESSES") || is_set("IFUPDATE_PREFIXES"),
            routes: is_set("IFUPDATE_ROUTES"),
        })
    }

    /// The event as one line for the daemon. The kernel's and netifd's names hold no tab.
    pub fn line(&self) -> String {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        format!(
            "{}\t{}\t{}\t{}\t{}",
            self.action,
            text(&self.interface),
            text(&self.device),
            u8::from(self.addresses),
            u8::from(self.routes)
        )
    }

    /// The event that [`Hotplug::line`] wrote.
    pub fn from_line(line: &str) -> Option<Hotplug> {
        let mut parts = line.split('\t');
        let mut next = || Some(parts.next()?.to_owned());
        let filled = |text: String| (!text.is_empty()).then_some(text);
        Some(Hotplug {
            action: next()?,
            interface: filled(next()?),
            device: filled(next()?),
            addresses: next()? == "1",
            // A program of before 0.2 says nothing of routes.
            routes: next().is_some_and(|flag| flag == "1"),
        })
    }

    /// True if the event can change anything that is done.
    pub fn matters(&self, config: &Config) -> bool {
        config
            .ready_sections()
            .any(|(_, section)| self.concerns(section))
            || config
                .ready_tunnels()
                .any(|(_, tunnel)| self.concerns_tunnel(tunnel))
    }

    /// True if the event can change what this section would send.
    pub fn concerns(&self, section: &Skydns) -> bool {
        match self.action.as_str() {
            "ifup" => self.is_about(section),
            "ifupdate" if self.addresses => self.is_about(section),
            // Another of several networks may be the best now.
            "ifdown" => self.is_choice(section),
            "ifupdate" => self.routes && self.is_choice(section),
            // The clock may be right now, which TLS may have been waiting for;
            // or the service was started.
            "step" | "stratum" | "start" => self.interface.is_none(),
            _ => false,
        }
    }

    /// True if the event is about one of several networks that the section may take.
    fn is_choice(&self, section: &Skydns) -> bool {
        match &section.source {
            Source::Network(names) => {
                names.len() > 1 && names.iter().any(|name| self.is_family(name))
            }
            _ => false,
        }
    }

    fn is_about(&self, section: &Skydns) -> bool {
        if section
            .bind
            .as_deref()
            .is_some_and(|bind| self.is_family(bind))
        {
            // What could not be sent may go now.
            return true;
        }
        match &section.source {
            Source::Network(names) => names.iter().any(|name| self.is_family(name)),
            Source::Interface(device) => self.device.as_ref() == Some(device),
            // Any network may be the way out.
            Source::Web(_) | Source::Command { .. } => true,
            Source::Static(_) => section
                .bind
                .as_deref()
                .is_none_or(|bind| self.is_family(bind)),
        }
    }

    /// A tunnel that goes down is checked as one that comes up.
    fn concerns_tunnel(&self, tunnel: &Tunnel) -> bool {
        match self.action.as_str() {
            "ifup" | "ifdown" | "ifupdate" => {
                // Without a name any network may be the way out.
                let wans = &tunnel.wans;
                let link = tunnel.link.network();
                wans.is_empty()
                    || wans.iter().any(|wan| self.is_family(wan))
                    || link.is_some_and(|link| self.is_family(link))
            }
            "start" => true,
            _ => false,
        }
    }

    fn is_family(&self, network: &str) -> bool {
        self.interface
            .as_deref()
            .is_some_and(|name| netifd::is_family(name, network))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hotplug(words: &str) -> Hotplug {
        let mut hotplug = Hotplug::default();
        for word in words.split(' ') {
            match word.split_once('=') {
                Some(("INTERFACE", name)) => hotplug.interface = Some(name.to_owned()),
                Some(("DEVICE", name)) => hotplug.device = Some(name.to_owned()),
                Some(("IFUPDATE_ADDRESSES", "1")) => hotplug.addresses = true,
                Some(("IFUPDATE_ROUTES", "1")) => hotplug.routes = true,
                Some(_) => {}
                None => hotplug.action = word.to_owned(),
            }
        }
        hotplug
    }

    fn config(lines: &str) -> Config {
        let text = format!("config skydns\noption ident x\noption key y\n{lines}\n");
        Config::parse(text.as_bytes()).expect("UCI")
    }

    #[test]
    fn which_events_matter() {
        let (wan, wan6) = (
            "option network wan",
            "option network wan\noption family ipv6",
        );
        let wans = "list network wan\nlist network wwan";
        let device = "option source interface\noption device eth1";
        let web = "option source web\nlist url https://a.example/";
        let tunnel = "option enabled 0\nconfig tunnel dacha\noption name user356\n\
                      option network vpnki0\noption ping 172.16.0.1";
        let of_wan2 = &format!("{tunnel}\nlist wan wan2\nlist wan wan3");
        let table = [
            ("ifup INTERFACE=wan DEVICE=eth1", wan, true),
            ("ifup INTERFACE=lan DEVICE=br-lan", wan, false),
            ("ifdown INTERFACE=wan", wan, false),
            ("ifupdate INTERFACE=wan IFUPDATE_ADDRESSES=1", wan, true),
            ("ifupdate INTERFACE=wan IFUPDATE_ROUTES=1", wan, false),
            ("ifup-failed INTERFACE=wan", wan, false),
            ("ifup INTERFACE=wan_6", wan, true),
            ("ifup INTERFACE=wan_6", wan6, true),
            ("ifup INTERFACE=wan_4", wan, true),
            ("ifup INTERFACE=wan_4", wan6, true),
            ("ifup INTERFACE=wan_5", wan, false),
            ("ifup INTERFACE=wan6_4", wan, false),
            ("ifdown INTERFACE=wan_4", wan, false),
            ("ifup INTERFACE=wwan_4", wans, true),
            ("ifdown INTERFACE=wan", wans, true),
            ("ifdown INTERFACE=wwan_4", wans, true),
            ("ifdown INTERFACE=lan", wans, false),
            ("ifupdate INTERFACE=wwan IFUPDATE_ROUTES=1", wans, true),
            ("ifupdate INTERFACE=lan IFUPDATE_ROUTES=1", wans, false),
            (
                "ifup INTERFACE=wan2_4",
                "option network wan\noption bind wan2",
                true,
            ),
            ("ifup INTERFACE=any DEVICE=eth1", device, true),
            ("ifup INTERFACE=any DEVICE=eth0", device, false),
            ("ifup INTERFACE=any", web, true),
            (
                "ifup INTERFACE=wan2",
                "option network wan\noption bind wan2",
                true,
            ),
            ("step", wan, true),
            ("stratum", wan, true),
            ("unsync", wan, false),
            ("start", wan, true),
            ("start", tunnel, true),
            ("ifup INTERFACE=wan", "option enabled 0", false),
            ("ifup INTERFACE=vpnki0", tunnel, true),
            ("ifdown INTERFACE=vpnki0", tunnel, true),
            ("ifdown INTERFACE=wan", tunnel, true),
            ("ifdown INTERFACE=lan", tunnel, true),
            ("ifdown INTERFACE=lan", of_wan2, false),
            ("ifdown INTERFACE=wan2", of_wan2, true),
            ("ifup INTERFACE=wan2_4", of_wan2, true),
            ("ifup INTERFACE=vpnki0_6", of_wan2, true),
        ];
        for (words, lines, expected) in table {
            let hotplug = hotplug(words);
            assert_eq!(hotplug.matters(&config(lines)), expected, "{words} {lines}");
            assert_eq!(Hotplug::from_line(&hotplug.line()), Some(hotplug));
        }
    }
}
