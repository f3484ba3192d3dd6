//! The services as tests set them up and look into them.

use std::collections::BTreeMap;

use crate::day;
use crate::sim::Sim;
use crate::state::{Language, Mail};
use crate::user::{Account, Binding, Profile, User, Vpn};
use crate::vpnki::{Session, Style, Tunnel};

/// SkyDNS.
impl Sim {
    /// The addresses that a user holds, oldest first. Empty for an unknown user.
    pub fn bindings(&self, ident: &str) -> Vec<Binding> {
        self.of_user(ident, |user| user.bindings.clone())
    }

    /// A user's account; none of an unknown user.
    pub fn account(&self, ident: &str) -> Option<Account> {
        let world = self.shared.world();
        world.users.get(ident).map(|user| user.account.clone())
    }

    /// A user's profiles by id. Empty for an unknown user.
    pub fn profiles(&self, ident: &str) -> BTreeMap<u32, Profile> {
        self.of_user(ident, |user| user.profiles.clone())
    }

    /// A user's VPN connections, oldest first. Empty for an unknown user.
    pub fn vpns(&self, ident: &str) -> Vec<Vpn> {
        self.of_user(ident, |user| user.vpns.clone())
    }

    fn of_user<T: Default>(&self, ident: &str, part: impl Fn(&User) -> T) -> T {
        let world = self.shared.world();
        world.users.get(ident).map_or_else(T::default, part)
    }

    /// The mail that SkyDNS has sent, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.shared.world().mails.clone()
    }

    /// Makes it this day, `YYYY-MM-DD`, for SkyDNS; otherwise it is that of the
    /// wall clock, in UTC.
    ///
    /// # Panics
    /// If it is not a day.
    pub fn set_today(&self, day: &str) {
        let day = day::day(day).expect("YYYY-MM-DD");
        self.shared.world().settings.today = Some(day);
    }

    /// The language of the names of categories and tariffs.
    pub fn set_language(&self, language: Language) {
        self.shared.world().settings.language = language;
    }

    /// The number of VPN connections that a user may have; 5 at the start.
    pub fn set_vpn_limit(&self, limit: usize) {
        self.shared.world().settings.vpn_limit = limit;
    }

    /// Fills every list of both services up to so many rows with invented ones,
    /// for benchmarks: addresses, profiles, VPN connections, hours and names of
    /// reports; tunnels and connections.
    pub fn set_fill(&self, rows: usize) {
        let mut world = self.shared.world();
        world.settings.fill = rows;
        world.vpnki.fill = rows;
    }

    /// Sets what [`Sim::echo_url`] answers.
    pub fn set_echo(&self, text: &str) {
        self.shared.world().echo = Some(text.to_owned());
    }
}

/// VPNKI.
impl Sim {
    /// The tunnels of the VPNKI account. All of them are active until
    /// [`Sim::script_active`] says otherwise.
    pub fn set_tunnels(&self, tunnels: Vec<Tunnel>) {
        let mut world = self.shared.world();
        let names = tunnels.iter().map(|tunnel| tunnel.name.clone());
        world.vpnki.active = [names.collect()].into();
        world.vpnki.tunnels = tunnels;
    }

    /// The names that `active` lists, one list a request; the last one stays.
    pub fn script_active(&self, lists: &[&[&str]]) {
        let list = |names: &&[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        self.shared.world().vpnki.active = lists.iter().map(list).collect();
    }

    /// The form of VPNKI's replies.
    pub fn set_vpnki_style(&self, style: Style) {
        self.shared.world().vpnki.style = style;
    }

    /// The tunnels of the account as they are now.
    pub fn tunnels(&self) -> Vec<Tunnel> {
        self.shared.world().vpnki.tunnels.clone()
    }

    /// The connections that statistics list, oldest first.
    pub fn set_sessions(&self, sessions: Vec<Session>) {
        self.shared.world().vpnki.sessions = sessions;
    }

    /// True if the account may make and delete tunnels; it may at the start.
    pub fn set_vpnki_priority(&self, priority: bool) {
        self.shared.world().vpnki.priority = priority;
    }

    /// The number of tunnels that the account may have; 10 at the start.
    pub fn set_tunnel_limit(&self, limit: usize) {
        self.shared.world().vpnki.limit = limit;
    }
}
