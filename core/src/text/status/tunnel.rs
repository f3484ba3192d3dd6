//! A tunnel as `wansync status` shows it.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::time::Duration;

use super::evidence::{self, EvidencePiece, EvidenceView};
use super::is_overdue;
use crate::config::{Tunnel, TunnelLink};
use crate::reason;
use crate::reason::Reason;
use crate::text::value::{Fields, REASON, Value};
use crate::text::width::clean;
use crate::time::{Boot, describe_span};
use crate::tunnel::recovery::{
    BUDGET_WINDOW, OnDown, RecoveryPolicy, next_attempt, round_interval,
};
use crate::tunnel::{Health, TunnelState};

/// One `tunnel` section.
#[derive(Debug, Default)]
pub struct TunnelView {
    /// The section's name.
    pub section: String,
    /// The tunnel's name at VPNKI.
    pub name: Option<String>,
    /// The tunnel's health.
    pub health: Health,
    /// The time since the health last changed.
    pub since: Option<Duration>,
    /// The reason, and what is done about it.
    pub reason: Reason,
    /// The evidence, in a word each.
    pub evidence: EvidenceView,
    /// Attempts to bring it back within the last hour.
    pub restarts_last_hour: usize,
    /// The time until the next round.
    pub next_due: Option<Duration>,
    /// False if nobody looks at it, or the section is wrong: then its health says nothing.
    pub is_watched: bool,
    /// The tunnel's network or device, in words.
    link: String,
    /// The evidence piece by piece.
    pub pieces: Vec<EvidencePiece>,
    /// The attempts out of how many, if any are made at all.
    budget: Option<String>,
    /// The options, if the section can be acted upon.
    options: Option<(TunnelLink, Vec<String>, RecoveryPolicy)>,
    /// The attempts of an outage were used up in vain.
    given_up: bool,
    /// The time since the last attempt.
    last_restart: Option<Duration>,
    /// The time until the next may be made, if there is one to wait for.
    restart_pause: Option<Duration>,
    /// The time since the last round.
    round_age: Option<Duration>,
}

impl TunnelView {
    /// The view of a section that cannot be acted upon.
    pub fn wrong(section: &str) -> TunnelView {
        TunnelView {
            section: section.to_owned(),
            reason: reason!(SectionWrong),
            ..TunnelView::default()
        }
    }

    /// The view of one that can, with its state for the configuration of today, at
    /// `now`. `recheck` is the pause between two passes by cron.
    pub fn of(
        section: &str,
        tunnel: &Tunnel,
        state: &TunnelState,
        recheck: Duration,
        now: Boot,
    ) -> Self {
        let is_recent = |at: &&Boot| now.since(**at) < BUDGET_WINDOW;
        let attempts = state.recovery.attempts.iter().filter(is_recent).count();
        let mut view = TunnelView {
            section: section.to_owned(),
            name: Some(tunnel.name.clone()),
            link: tunnel.link.describe(),
            restarts_last_hour: attempts,
            budget: budget(tunnel, attempts),
            options: Some((
                tunnel.link.clone(),
                tunnel.wans.clone(),
                tunnel.policy.clone(),
            )),
            last_restart: state.recovery.last_attempt().map(|at| now.since(at)),
            ..TunnelView::default()
        };
        match state.evidence.latest() {
            Some(at) => view.conclude(tunnel, state, at, recheck, now),
            None => {
                view.reason = reason!(TunnelNotLookedAt);
                view.next_due = Some(Duration::ZERO);
            }
        }
        view
    }

    /// The view for programs.
    pub(super) fn value(&self) -> Value<'_> {
        let options = self.options.as_ref();
        let link = options.map(|(link, ..)| link);
        let device = link.filter(|link| link.network().is_none());
        let policy = options.map(|(.., policy)| policy);
        let mut fields = Fields::default();
        fields.text("section", Some(&self.section));
        fields.text("name", self.name.as_deref());
        fields.text("state", Some(self.health.word()));
        fields.span("since_s", self.since);
        fields.reason(REASON, &self.reason);
        fields.text("advice", self.reason.action());
        fields.add("evidence", self.evidence.value());
        let findings = Value::list(&self.pieces, EvidencePiece::value);
        fields.add("findings", findings);
        fields.number("restarts_last_hour", Some(self.restarts_last_hour as u32));
        fields.span("next_due_s", self.next_due);
        fields.text("network", link.and_then(TunnelLink::network));
        fields.text("device", device.map(TunnelLink::name));
        fields.texts("wans", options.map(|(_, wans, _)| &**wans));
        fields.text("on_down", policy.map(|it| it.on_down.name()));
        fields.number("restart_limit", policy.map(|it| it.restart_limit));
        fields.span("last_restart_age_s", self.last_restart);
        fields.span("restart_pause_s", self.restart_pause);
        fields.bool("given_up", Some(self.given_up));
        fields.bool("watched", Some(self.is_watched));
        fields.span("round_age_s", self.round_age);
        fields.object()
    }

    /// Adds the conclusions of the last round, at `at`.
    fn conclude(
        &mut self,
        tunnel: &Tunnel,
        state: &TunnelState,
        at: Boot,
        recheck: Duration,
        now: Boot,
    ) {
        let recovery = &state.recovery;
        let ago = now.since(at);
        let due = round_interval(&tunnel.policy, recovery, at).saturating_sub(ago);
        self.health = recovery.health;
        self.since = Some(now.since(recovery.since));
        self.reason = recovery.reason.clone();
        self.evidence = EvidenceView::of(&state.evidence, now);
        self.evidence.wan = state.wan_network.clone();
        self.next_due = Some(due);
        self.is_watched = true;
        self.pieces = evidence::pieces(tunnel, state, now);
        self.given_up = recovery.given_up;
        self.restart_pause = next_attempt(&tunnel.policy, recovery, now)
            .map(|(_, at)| at.since(now))
            .filter(|pause| !pause.is_zero());
        self.round_age = Some(ago);
        if is_overdue(ago, tunnel.policy.interval.max(recheck)) {
            self.discount(ago);
        }
    }

    fn discount(&mut self, ago: Duration) {
        let before = core::mem::take(&mut self.reason);
        self.reason = match self.health {
            Health::Up => reason!(TunnelOldUp, age_s = ago, cause = before),
            Health::Down => reason!(TunnelOldDown, age_s = ago, cause = before),
            Health::Unknown => reason!(TunnelOldUnknown, age_s = ago, cause = before),
        };
        self.health = Health::Unknown;
        self.since = Some(ago);
        self.is_watched = false;
    }
}

fn budget(tunnel: &Tunnel, attempts: usize) -> Option<String> {
    let what = match tunnel.policy.on_down {
        OnDown::Restart => "restarts",
        OnDown::Command => "runs of its command",
        OnDown::Nothing | OnDown::RestartInVain => return None,
    };
    let limit = tunnel.policy.restart_limit;
    Some(format!("{attempts} of {limit} {what} within the last hour"))
}

/// Appends its lines for people.
pub(super) fn write(out: &mut String, tunnel: &TunnelView, width: usize) -> fmt::Result {
    let TunnelView {
        section, health, ..
    } = tunnel;
    let mut first = format!("{section:width$}  {:11}", health.word());
    if let Some(since) = tunnel.since {
        write!(first, "  for {}", describe_span(since))?;
    }
    if let Some(name) = &tunnel.name {
        write!(first, "  tunnel {}, {}", clean(name), tunnel.link)?;
    }
    writeln!(out, "{}", first.trim_end())?;
    let next = tunnel
        .next_due
        .map(|due| format!("next look in {}", describe_span(due)));
    let last: Vec<&str> = next
        .iter()
        .chain(&tunnel.budget)
        .map(String::as_str)
        .collect();
    let found = evidence::line(&tunnel.pieces);
    let rest = [&tunnel.reason.to_string(), &found, &last.join("; ")];
    for line in rest.iter().filter(|line| !line.is_empty()) {
        writeln!(out, "{:width$}  {}", "", clean(line))?;
    }
    Ok(())
}
