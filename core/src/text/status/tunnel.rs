//! What `wansync status` shows of a tunnel.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use serde::Serialize;

use super::evidence::{self, EvidenceView};
use crate::config::Tunnel;
use crate::text::WRONG_SECTION;
use crate::text::width::clean;
use crate::time::{spoken, whole};
use crate::tunnel::evidence::Evidence;
use crate::tunnel::recovery::{OnDown, next_due};
use crate::tunnel::{Memory, State};

const HOUR: i64 = 3600;
const NEVER: &str = "not looked at yet; 'wansync daemon' looks all the time, 'wansync once' once";

/// One `tunnel` section.
#[derive(Debug, Default, Serialize)]
pub struct TunnelView {
    /// Its name.
    pub section: String,
    /// What VPNKI calls the tunnel.
    pub name: Option<String>,
    /// Whether it works.
    pub state: State,
    /// For how many seconds that has been so.
    pub since_s: Option<i64>,
    /// Why, and what is done about it.
    pub reason: Option<String>,
    /// What that rests on, in a word each.
    pub evidence: EvidenceView,
    /// Attempts to bring it back within the last hour.
    pub restarts_last_hour: usize,
    /// In how many seconds it is looked at again.
    pub next_due_s: Option<i64>,
    /// netifd's name of it.
    #[serde(skip)]
    network: String,
    /// The evidence in words, with ages.
    #[serde(skip)]
    found: String,
    /// How much was done about it, if anything ever is.
    #[serde(skip)]
    budget: Option<String>,
}

impl TunnelView {
    /// Of a section that cannot be acted upon.
    pub fn wrong(section: &str) -> TunnelView {
        TunnelView {
            section: section.to_owned(),
            reason: Some(WRONG_SECTION.to_owned()),
            ..TunnelView::default()
        }
    }

    /// Of one that can, with what is remembered for its configuration of today, at
    /// the time `now`, in seconds since boot. `recheck` is the pause between two
    /// passes by cron, in seconds.
    pub fn of(section: &str, tunnel: &Tunnel, memory: Memory, recheck: i64, now: i64) -> Self {
        let recent = |at: &&i64| now.saturating_sub(**at) < HOUR;
        let attempts = memory.recovery.attempts.iter().filter(recent).count();
        let view = TunnelView {
            section: section.to_owned(),
            name: Some(tunnel.name.clone()),
            network: tunnel.network.clone(),
            restarts_last_hour: attempts,
            budget: budget(tunnel, attempts),
            ..TunnelView::default()
        };
        match looked_at(&memory.evidence) {
            Some(at) => view.with(tunnel, &memory, at, recheck, now),
            None => TunnelView {
                reason: Some(NEVER.to_owned()),
                next_due_s: Some(0),
                ..view
            },
        }
    }

    fn with(self, tunnel: &Tunnel, memory: &Memory, at: i64, recheck: i64, now: i64) -> Self {
        let recovery = &memory.recovery;
        let ago = now.saturating_sub(at);
        let due = next_due(&tunnel.policy, recovery, at).saturating_sub(ago);
        let view = TunnelView {
            state: recovery.state,
            since_s: Some(now.saturating_sub(recovery.since)),
            reason: (!recovery.reason.is_empty()).then(|| recovery.reason.clone()),
            evidence: EvidenceView::of(&memory.evidence, now),
            next_due_s: Some(due.max(0)),
            found: evidence::line(tunnel, &memory.evidence, now),
            ..self
        };
        // A pass or two that are late are no news; then nobody is looking any
        // more, and what was found says little about now.
        let patience = 3 * tunnel.policy.interval.max(recheck) + 60;
        match ago > patience {
            true => view.stale(ago),
            false => view,
        }
    }

    fn stale(self, ago: i64) -> TunnelView {
        let (state, reason) = (self.state.word(), self.reason.unwrap_or_default());
        TunnelView {
            state: State::Unknown,
            since_s: Some(ago),
            reason: Some(format!(
                "not looked at for {}: neither the service nor cron runs; before, it was {state}: \
                 {reason}",
                spoken(whole(ago))
            )),
            ..self
        }
    }
}

/// When it was looked at last, in seconds since boot.
fn looked_at(evidence: &Evidence) -> Option<i64> {
    let all = [
        evidence.wan.as_ref().map(|seen| seen.at),
        evidence.service.as_ref().map(|seen| seen.at),
        evidence.device.as_ref().map(|seen| seen.at),
        evidence.route.as_ref().map(|seen| seen.at),
        evidence.ping.as_ref().map(|seen| seen.at),
        evidence.traffic.as_ref().map(|seen| seen.at),
    ];
    all.into_iter().flatten().max()
}

fn budget(tunnel: &Tunnel, attempts: usize) -> Option<String> {
    let what = match tunnel.policy.on_down {
        OnDown::Restart => "restarts",
        OnDown::Command => "runs of its command",
        OnDown::Nothing => return None,
    };
    let limit = tunnel.policy.restart_limit;
    Some(format!("{attempts} of {limit} {what} within the last hour"))
}

/// Its lines for people.
pub(super) fn write(out: &mut String, tunnel: &TunnelView, width: usize) -> fmt::Result {
    let TunnelView { section, state, .. } = tunnel;
    let mut first = format!("{section:width$}  {:11}", state.word());
    if let Some(since) = tunnel.since_s {
        write!(first, "  for {}", spoken(whole(since)))?;
    }
    if let Some(name) = &tunnel.name {
        write!(
            first,
            "  tunnel {}, network {}",
            clean(name),
            tunnel.network
        )?;
    }
    writeln!(out, "{}", first.trim_end())?;
    let next = tunnel
        .next_due_s
        .map(|due| format!("next look in {}", spoken(whole(due))));
    let last: Vec<&str> = next
        .iter()
        .chain(&tunnel.budget)
        .map(String::as_str)
        .collect();
    let rest = [
        tunnel.reason.as_deref().unwrap_or_default(),
        &tunnel.found,
        &last.join("; "),
    ];
    for line in rest.iter().filter(|line| !line.is_empty()) {
        writeln!(out, "{:width$}  {}", "", clean(line))?;
    }
    Ok(())
}
