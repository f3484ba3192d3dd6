//! Traffic of a tunnel that works, under circumstances that say otherwise.

use std::thread;
use std::time::{Duration, Instant};

use wansync_test_support::tunnel::{NAME, WAN};

use crate::lane::{Kind, Lane, PAUSE};

/// The shortest and the longest phase, in seconds.
const LENGTHS: [u64; 2] = [70, 130];
/// The traffic is older than the circumstances, as in life.
const HEAD_START: Duration = Duration::from_secs(5);

/// The way of the traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Both,
    Out,
    In,
}

/// VPNKI's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Right,
    Unavailable,
    Lying,
}

impl Lane {
    /// A phase with traffic, in which nothing is restarted.
    pub fn carry_traffic(&mut self) {
        let (way, filters, service) = self.circumstances();
        let is_lte = self.random.below(4) == 0;
        let ways = match way {
            Way::Both => "both ways",
            Way::Out => "out only",
            Way::In => "in only",
        };
        let echoes = match (self.kind.has_ping(), filters) {
            (false, _) => ", no ping",
            (true, true) => ", echoes filtered",
            (true, false) => "",
        };
        let vpnki = match service {
            _ if !self.kind.has_account() => ", no account",
            Service::Right => "",
            Service::Unavailable => ", VPNKI unavailable",
            Service::Lying => ", VPNKI says inactive",
        };
        let lte = if is_lte { ", over LTE" } else { "" };
        let phase = format!("{ways}{echoes}{vpnki}{lte}");
        self.say(&phase);
        let before = self.restarts();
        let _traffic = match way {
            Way::Both => self.bed.exchange_every(PAUSE),
            Way::Out => self.bed.send_every(PAUSE),
            Way::In => self.bed.receive_every(PAUSE),
        };
        thread::sleep(HEAD_START);
        match service {
            Service::Right => {}
            Service::Unavailable => self.bed.vpnki_fails("status=503"),
            Service::Lying => self.bed.vpnki_lists(&[&[]]),
        }
        if filters {
            self.bed.filter_echoes();
        }
        if is_lte {
            self.bed.wan_down();
        }
        let begun = Instant::now();
        let spread = self.random.below((LENGTHS[1] - LENGTHS[0]) as usize) as u64;
        thread::sleep(Duration::from_secs(LENGTHS[0] + spread));
        let restarts = self.restarts() - before;
        self.report()
            .carried(self.kind.name(), phase, begun.elapsed(), restarts);
        if is_lte {
            self.bed.set_wan(WAN);
        }
        self.bed.answer_echoes();
        self.bed.services_work();
        self.bed.vpnki_lists(&[&[NAME]]);
        if restarts > 0 {
            println!("{}", self.log());
            self.is_over();
        } else if filters {
            // The next echo is answered before the traffic ends.
            thread::sleep(Duration::from_secs(30));
        }
    }

    /// What is so in the next phase. Nothing could tell a dead tunnel from one that only
    /// sends while its far end filters echoes and VPNKI does not vouch for it.
    fn circumstances(&mut self) -> (Way, bool, Service) {
        let has_account = self.kind.has_account();
        let services = [Service::Right, Service::Unavailable, Service::Lying];
        let ways = [Way::Both, Way::Out, Way::In];
        let way = *self.random.one_of(&ways);
        let service = match has_account {
            true => *self.random.one_of(&services),
            false => Service::Right,
        };
        match (way, self.kind) {
            (Way::Out, Kind::PppUnpinged) => (way, true, Service::Right),
            (Way::Out, _) => (way, false, service),
            (_, Kind::PppUnpinged) => (way, true, service),
            _ => (way, self.random.below(3) > 0, service),
        }
    }
}
