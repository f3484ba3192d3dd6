//! The account at VPNKI: its tunnels, and when they were connected.

use std::collections::VecDeque;

use super::style::Style;

/// The VPNKI key that every simulator knows from the start. Plainly an example.
pub const VPNKI_KEY: &str = "test-vpnki-key-0123456789";

/// The account at the simulated VPNKI, and the form of its replies.
#[derive(Debug, Clone)]
pub(crate) struct Vpnki {
    pub keys: Vec<String>,
    pub tunnels: Vec<Tunnel>,
    /// Lists of active tunnels, one a request; the last one stays.
    pub active: VecDeque<Vec<String>>,
    /// Oldest first.
    pub sessions: Vec<Session>,
    /// Known: tunnels are made and deleted for users with Priority status only.
    pub priority: bool,
    /// The number of tunnels there may be. Assumed: that there is a limit.
    pub limit: usize,
    /// Lists are filled up to this many rows with invented ones.
    pub fill: usize,
    pub style: Style,
}

/// A tunnel of the account.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Tunnel {
    /// The name that VPNKI gave it, for example `user356`.
    pub name: String,
    /// Its address in VPNKI's network.
    pub address: String,
    /// The comment of its owner.
    pub comment: String,
}

/// A connection of a tunnel, as statistics list it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Session {
    /// The tunnel's name.
    pub tunnel: String,
    /// `YYYY-MM-DD HH-MM-SS`
    pub start: String,
    /// The same; none while it lasts.
    pub end: Option<String>,
    /// Bytes to the tunnel.
    pub sent: u64,
    /// Bytes from the tunnel.
    pub received: u64,
}

impl Default for Vpnki {
    fn default() -> Vpnki {
        let tunnels = vec![
            tunnel("user356", "172.16.10.2", "Дача"),
            tunnel("user357", "172.16.10.3", "Office"),
        ];
        let names = tunnels.iter().map(|tunnel| tunnel.name.clone());
        Vpnki {
            keys: vec![VPNKI_KEY.to_owned()],
            active: VecDeque::from([names.collect()]),
            sessions: sessions(),
            priority: true,
            limit: 10,
            fill: 0,
            style: Style::default(),
            tunnels,
        }
    }
}

fn tunnel(name: &str, address: &str, comment: &str) -> Tunnel {
    Tunnel {
        name: name.to_owned(),
        address: address.to_owned(),
        comment: comment.to_owned(),
    }
}

fn sessions() -> Vec<Session> {
    let session = |tunnel: &str, start: &str, end: &str, received: u64| Session {
        tunnel: tunnel.to_owned(),
        start: start.to_owned(),
        end: (!end.is_empty()).then(|| end.to_owned()),
        sent: received * 7,
        received,
    };
    vec![
        session(
            "user356",
            "2016-10-10 00-00-00",
            "2016-10-10 08-15-30",
            1_024,
        ),
        session(
            "user357",
            "2016-10-11 12-00-00",
            "2016-10-18 00-00-00",
            52_428_800,
        ),
        session("user356", "2016-12-31 23-59-59", "2017-01-02 03-04-05", 0),
        session("user357", "2026-01-01 00-00-00", "", 4_294_967_296),
    ]
}

impl Vpnki {
    /// A tunnel that only the script of `active` knows has a name and no more.
    pub fn tunnel(&self, name: &str) -> Tunnel {
        let known = self.tunnels.iter().find(|tunnel| tunnel.name == name);
        known.cloned().unwrap_or_else(|| tunnel(name, "", ""))
    }

    pub fn has(&self, name: &str) -> bool {
        self.tunnels.iter().any(|tunnel| tunnel.name == name)
    }

    /// Those of the next request for `active`.
    pub fn next_active(&mut self) -> Vec<String> {
        match self.active.len() {
            0 => Vec::new(),
            1 => self.active[0].clone(),
            _ => self.active.pop_front().unwrap_or_default(),
        }
    }

    /// A new tunnel, which is not connected.
    pub fn add(&mut self) -> Tunnel {
        let mut numbers = 400..;
        let free = numbers.find(|number| !self.has(&format!("user{number}")));
        let number = free.unwrap_or(400);
        let address = format!("172.16.{}.{}", 20 + number / 250 % 200, number % 250 + 2);
        let new = tunnel(&format!("user{number}"), &address, "");
        self.tunnels.push(new.clone());
        new
    }

    /// The tunnel is in no list any more; what it did stays in the statistics.
    pub fn delete(&mut self, name: &str) {
        self.tunnels.retain(|tunnel| tunnel.name != name);
        for list in &mut self.active {
            list.retain(|active| active != name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_of_active_lists_is_played_once_and_its_end_stays() {
        let mut vpnki = Vpnki {
            active: VecDeque::from([vec!["user356".to_owned()], vec![]]),
            ..Vpnki::default()
        };
        let played: Vec<Vec<String>> = (0..3).map(|_| vpnki.next_active()).collect();
        assert_eq!(played, [vec!["user356".to_owned()], vec![], vec![]]);
    }
}
