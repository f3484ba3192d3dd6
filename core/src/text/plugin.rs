//! The status as a plug-in of Nagios says it, or of what calls plug-ins as Nagios does
//! (<https://nagios-plugins.org/doc/guidelines.html>): one line, and a level.
//!
//! ```
//! use wansync_core::text::plugin::{Level, report};
//! use wansync_core::text::status::StatusView;
//!
//! let view = StatusView {
//!     is_enabled: true,
//!     is_state_writable: true,
//!     ..StatusView::default()
//! };
//! let (level, line) = report(&view, &[]);
//! assert_eq!(level, Level::Unknown);
//! assert_eq!(line, "WANSYNC UNKNOWN - no section is enabled");
//! ```

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use super::status::tunnel::TunnelView;
use super::status::{SectionView, StatusView};
use super::width::clean;
use crate::outcome::Outcome;
use crate::time::{HOUR, MINUTE, describe_span};
use crate::tunnel::Health;

/// The time after which an address that is still not confirmed is critical: by then the
/// pauses between two tries are at their longest.
const MAX_UNWELL_TIME: Duration = HOUR;
/// The time within which a send is under way, and no news.
const SEND_TIME: Duration = MINUTE;

/// A plug-in's verdict; of several the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// All is as it should be.
    Ok,
    /// It cannot be told.
    Unknown,
    /// It may become well by itself.
    Warning,
    /// A person should act.
    Critical,
}

impl Level {
    /// The level's name.
    pub fn word(self) -> &'static str {
        match self {
            Level::Ok => "OK",
            Level::Unknown => "UNKNOWN",
            Level::Warning => "WARNING",
            Level::Critical => "CRITICAL",
        }
    }
}

/// What is said of one section, or of all of them.
type Finding = (Level, String);

/// The level and the line for these sections, or for all that are enabled.
pub fn report(view: &StatusView, chosen: &[String]) -> (Level, String) {
    let is_chosen = |name: &String| chosen.is_empty() || chosen.contains(name);
    let mut findings: Vec<Finding> = Vec::new();
    let mut metrics = String::new();
    for section in view.skydns.iter().filter(|s| is_chosen(&s.section)) {
        push_finding(
            &mut findings,
            &section.section,
            judge_section(section, view.overdue),
        );
        if let Some(age) = section.confirmed_for {
            metrics.push_str(&format!(" {}_age={}s", section.section, age.as_secs()));
        }
    }
    for tunnel in view.tunnels.iter().filter(|t| is_chosen(&t.section)) {
        push_finding(&mut findings, &tunnel.section, judge_tunnel(tunnel));
        if let Some(ms) = tunnel.evidence.ping_ms {
            metrics.push_str(&format!(" {}_ping={ms}ms", tunnel.section));
        }
    }
    if findings.is_empty() {
        findings.push((Level::Unknown, "no section is enabled".to_owned()));
    }
    findings.extend(judge_whole(view));
    let mut level = Level::Ok;
    let mut words: Vec<&str> = Vec::new();
    // The worst comes first, and else the order of the file stays.
    for of_level in [Level::Critical, Level::Warning, Level::Unknown, Level::Ok] {
        for (_, said) in findings.iter().filter(|(found, _)| *found == of_level) {
            level = level.max(of_level);
            words.push(said);
        }
    }
    let off = view.disabled.iter().filter(|name| is_chosen(name));
    let off: Vec<&str> = off.map(String::as_str).collect();
    let off = format!("disabled: {}", off.join(", "));
    if off.len() > "disabled: ".len() {
        words.push(&off);
    }
    let mut line = line(level, &words.join("; "));
    if !metrics.is_empty() {
        line.push_str(" |");
        line.push_str(&metrics);
    }
    (level, line)
}

/// The line of a plug-in that says this. What is behind a bar are numbers, so there is none
/// in the words.
pub fn line(level: Level, words: &str) -> String {
    format!(
        "WANSYNC {} - {}",
        level.word(),
        clean(words).replace('|', "/")
    )
}

fn push_finding(findings: &mut Vec<Finding>, section: &str, (level, words): Finding) {
    findings.push((level, format!("{section} {words}")));
}

/// What is wrong with the program as a whole.
fn judge_whole(view: &StatusView) -> Vec<Finding> {
    let of_warning = match view.is_state_writable {
        true => Level::Warning,
        // Then nothing is sent.
        false => Level::Critical,
    };
    let warnings = view.warnings.iter();
    let mut findings: Vec<Finding> = warnings.map(|words| (of_warning, words.clone())).collect();
    if !view.is_enabled {
        let words = "wansync is disabled (option enabled '0')";
        findings.push((Level::Unknown, words.to_owned()));
    }
    findings
}

/// The level of a `skydns` section. `overdue` is the time since the last pass, if that is
/// too long.
fn judge_section(section: &SectionView, overdue: Option<Duration>) -> Finding {
    let reason = &section.reason;
    let Some(outcome) = section.outcome else {
        let words = match reason.is_empty() {
            true => "no pass yet".to_owned(),
            false => reason.to_string(),
        };
        return (Level::Unknown, words);
    };
    let said = format!("{outcome}: {reason}");
    if let Some(ago) = overdue {
        let ago = describe_span(ago);
        let words = format!("no pass for {ago}: neither the service nor cron runs; before: {said}");
        return (Level::Unknown, words);
    }
    let unwell = section.unwell_for.unwrap_or_default();
    match outcome {
        Outcome::Confirmed | Outcome::Unchanged | Outcome::DryRun => judge_confirmed(section),
        Outcome::Refused | Outcome::Held => (Level::Critical, said),
        Outcome::Sending if unwell < SEND_TIME => (Level::Ok, said),
        Outcome::Aborted | Outcome::Unconfirmed | Outcome::Throttled | Outcome::Sending => {
            let level = match unwell < MAX_UNWELL_TIME {
                true => Level::Warning,
                false => Level::Critical,
            };
            let since = match unwell.as_secs() {
                0 => String::new(),
                _ => format!(", for {}", describe_span(unwell)),
            };
            (level, format!("{outcome}{since}: {reason}"))
        }
    }
}

/// The level of a section whose address is confirmed.
fn judge_confirmed(section: &SectionView) -> Finding {
    let confirmed = section.confirmed.map(|a| a.to_string()).unwrap_or_default();
    let is_late = |age: Duration| {
        let refresh = section.refresh.unwrap_or(Duration::MAX);
        age > refresh.saturating_add(MAX_UNWELL_TIME)
    };
    let said = format!("confirmed {confirmed}");
    if let Some(warning) = section.warning.non_empty() {
        return (Level::Warning, format!("{said}: {warning}"));
    }
    if let Some(observed) = section.observed.filter(|a| section.confirmed != Some(*a)) {
        return (Level::Warning, format!("{said}, but it is {observed} now"));
    }
    match section.confirmed_for {
        Some(age) if is_late(age) => {
            let age = describe_span(age);
            (
                Level::Warning,
                format!("{said}, {age} ago, and is not renewed"),
            )
        }
        _ => (Level::Ok, said),
    }
}

/// The level of a `tunnel` section.
fn judge_tunnel(tunnel: &TunnelView) -> Finding {
    let reason = &tunnel.reason;
    let word = tunnel.health.word();
    let level = match tunnel.health {
        _ if !tunnel.is_watched => Level::Unknown,
        Health::Up => return (Level::Ok, word.to_owned()),
        Health::Down => Level::Critical,
        Health::Unknown => Level::Warning,
    };
    (level, format!("{word}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(outcome: Outcome) -> SectionView {
        SectionView {
            section: "home".to_owned(),
            confirmed: Some([8, 8, 4, 4].into()),
            outcome: Some(outcome),
            reason: "why".into(),
            refresh: Some(72 * HOUR),
            ..SectionView::default()
        }
    }

    fn unwell(outcome: Outcome, time: Duration) -> SectionView {
        SectionView {
            unwell_for: Some(time),
            ..section(outcome)
        }
    }

    #[test]
    fn the_level_of_a_section() {
        use Level::{Critical, Ok, Unknown, Warning};
        let nearly = HOUR - Duration::from_secs(1);
        let other = |address: [u8; 4]| SectionView {
            observed: Some(address.into()),
            ..section(Outcome::Unchanged)
        };
        let aged = |age: Duration| SectionView {
            confirmed_for: Some(age),
            ..section(Outcome::Unchanged)
        };
        let rival = SectionView {
            warning: "section 'b' has 8.8.4.4".into(),
            ..section(Outcome::Unchanged)
        };
        for (view, overdue, level, words) in [
            (SectionView::default(), None, Unknown, "no pass yet"),
            (
                SectionView::wrong("home", "no key".into()),
                None,
                Unknown,
                "no key",
            ),
            (section(Outcome::Confirmed), None, Ok, "confirmed 8.8.4.4"),
            (section(Outcome::Unchanged), None, Ok, "confirmed 8.8.4.4"),
            (aged(73 * HOUR), None, Ok, "confirmed 8.8.4.4"),
            (
                aged(74 * HOUR),
                None,
                Warning,
                "confirmed 8.8.4.4, 3 d 2 h ago, and is not renewed",
            ),
            (other([8, 8, 4, 4]), None, Ok, "confirmed 8.8.4.4"),
            (
                other([9, 9, 9, 9]),
                None,
                Warning,
                "confirmed 8.8.4.4, but it is 9.9.9.9 now",
            ),
            (
                rival,
                None,
                Warning,
                "confirmed 8.8.4.4: section 'b' has 8.8.4.4",
            ),
            (section(Outcome::Refused), None, Critical, "refused: why"),
            (section(Outcome::Held), None, Critical, "held: why"),
            (section(Outcome::Throttled), None, Warning, "throttled: why"),
            (
                unwell(Outcome::Unconfirmed, 2 * MINUTE),
                None,
                Warning,
                "unconfirmed, for 2 min: why",
            ),
            (
                unwell(Outcome::Aborted, nearly),
                None,
                Warning,
                "aborted, for 59 min 59 s: why",
            ),
            (
                unwell(Outcome::Aborted, HOUR),
                None,
                Critical,
                "aborted, for 1 h: why",
            ),
            (
                unwell(Outcome::Throttled, HOUR),
                None,
                Critical,
                "throttled, for 1 h: why",
            ),
            (
                unwell(Outcome::Unconfirmed, HOUR),
                None,
                Critical,
                "unconfirmed, for 1 h: why",
            ),
            (section(Outcome::Sending), None, Ok, "sending: why"),
            (
                unwell(Outcome::Sending, MINUTE),
                None,
                Warning,
                "sending, for 1 min: why",
            ),
            (
                section(Outcome::Held),
                Some(2 * HOUR),
                Unknown,
                "no pass for 2 h: neither the service nor cron runs; before: held: why",
            ),
        ] {
            let judged = judge_section(&view, overdue);
            assert_eq!(judged, (level, words.to_owned()));
        }
    }

    fn tunnel(health: Health) -> TunnelView {
        let mut view = TunnelView::wrong("dacha");
        view.reason = "why".into();
        view.health = health;
        view.is_watched = true;
        view
    }

    #[test]
    fn the_level_of_a_tunnel() {
        for (health, is_watched, level, words) in [
            (Health::Up, true, Level::Ok, "up"),
            (Health::Down, true, Level::Critical, "down: why"),
            (Health::Unknown, true, Level::Warning, "unknown: why"),
            (Health::Unknown, false, Level::Unknown, "unknown: why"),
        ] {
            let mut view = tunnel(health);
            view.is_watched = is_watched;
            assert_eq!(judge_tunnel(&view), (level, words.to_owned()));
        }
    }

    fn view() -> StatusView {
        let mut dacha = tunnel(Health::Up);
        dacha.evidence.ping_ms = Some(12);
        let home = SectionView {
            confirmed_for: Some(2 * MINUTE),
            ..section(Outcome::Unchanged)
        };
        StatusView {
            skydns: [home].into(),
            tunnels: [dacha].into(),
            is_enabled: true,
            is_state_writable: true,
            disabled: ["guest".to_owned()].into(),
            ..StatusView::default()
        }
    }

    #[test]
    fn one_line_with_the_worst_first() {
        let (level, line) = report(&view(), &[]);
        let expected = "WANSYNC OK - home confirmed 8.8.4.4; dacha up; disabled: guest \
                        | home_age=120s dacha_ping=12ms";
        assert_eq!((level, &*line), (Level::Ok, expected));
        let mut broken = view();
        broken.tunnels[0].health = Health::Down;
        broken.tunnels[0].reason = "a | b\nc".into();
        let (level, line) = report(&broken, &["dacha".to_owned()]);
        let expected = "WANSYNC CRITICAL - dacha down: a / b c | dacha_ping=12ms";
        assert_eq!((level, &*line), (Level::Critical, expected));
        let (_, line) = report(&broken, &[]);
        let begin =
            "WANSYNC CRITICAL - dacha down: a / b c; home confirmed 8.8.4.4; disabled: guest |";
        assert!(line.starts_with(begin), "{line}");
    }

    #[test]
    fn what_concerns_all_sections() {
        let mut off = view();
        off.is_enabled = false;
        let (level, line) = report(&off, &[]);
        assert_eq!(level, Level::Unknown);
        assert!(
            line.starts_with("WANSYNC UNKNOWN - wansync is disabled"),
            "{line}"
        );
        for (is_writable, expected) in [(true, Level::Warning), (false, Level::Critical)] {
            let mut warned = view();
            warned.warnings = ["something".to_owned()].into();
            warned.is_state_writable = is_writable;
            assert_eq!(report(&warned, &[]).0, expected);
        }
        let (level, line) = report(&view(), &["guest".to_owned()]);
        let expected = "WANSYNC UNKNOWN - no section is enabled; disabled: guest";
        assert_eq!((level, &*line), (Level::Unknown, expected));
    }
}
