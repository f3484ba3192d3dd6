//! The queries of one VPNKI account, with one tunnel.

use std::time::Duration;

use wansync_core::service::vpnki::Resolution;
use wansync_core::time::Boot;
use wansync_core::tunnel::account::{AccountState, QueryAnswers, TunnelId};
use wansync_core::tunnel::schedule::AccountSchedule;

use crate::tally::Tally;
use crate::{Millis, SECOND};

/// The shipped `option interval` of a `vpnki` section.
const INTERVAL: Duration = Duration::from_secs(120);

/// An account that a daemon asks from its boot on.
#[derive(Debug)]
pub struct Account {
    booted: Millis,
    is_active: bool,
    state: AccountState,
    schedule: AccountSchedule,
}

impl Account {
    /// The account of a router that boots at that moment, whose tunnel is up or not.
    pub fn new(booted: Millis, is_active: bool) -> Account {
        Account {
            booted,
            is_active,
            state: AccountState::default(),
            schedule: AccountSchedule::default(),
        }
    }

    /// Asks for as long as it is due before `end`, and counts the requests: one for
    /// `active`, and one more where `tunnels` is asked.
    pub fn run(mut self, end: Millis, tally: &mut Tally, rng: &mut fastrand::Rng) -> u32 {
        let tunnels = [TunnelId {
            name: "user1",
            address: None,
        }];
        let mut requests = 0;
        loop {
            let now = self.schedule.due();
            let at = self.booted + now.since(Boot::START).as_millis() as Millis;
            if at >= end {
                return requests;
            }
            let ended = now + Duration::from_millis(SECOND);
            let begun = std::mem::take(&mut self.state)
                .for_config("f", &tunnels)
                .query_begun(now, rng.u32(..));
            let needs_list = begun.needs_tunnel_list(&tunnels, now);
            for _ in 0..1 + u32::from(needs_list) {
                requests += 1;
                tally.note(at);
            }
            let answers = QueryAnswers {
                active: Ok(vec![self.is_active]),
                tunnels: needs_list.then(|| Ok(vec![Resolution::Tunnel(vec!["user1".to_owned()])])),
            };
            self.state = begun.query_ended(&tunnels, answers, "vpnki", now, ended, rng.u32(..));
            self.schedule
                .query_ended(Some(self.state.next_due(INTERVAL)), ended);
        }
    }
}
