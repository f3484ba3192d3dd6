//! The status in Prometheus's text exposition format, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
//!
//! Each metric is a gauge in base units, and each sample of a metric has the
//! same labels. A metric without a sample is left out.
//!
//! ```
//! use wansync_core::text::prometheus::metrics;
//! use wansync_core::text::status::{SectionView, StatusView};
//!
//! let section = SectionView {
//!     section: "home".to_owned(),
//!     confirmed: Some([8, 8, 4, 4].into()),
//!     ..SectionView::default()
//! };
//! let view = StatusView {
//!     version: "0.1.0",
//!     clock_is_set: true,
//!     skydns: vec![section],
//!     tunnels: Vec::new(),
//!     filtering: None,
//!     is_enabled: true,
//!     errors: 0,
//!     warnings: Vec::new(),
//!     is_state_writable: true,
//! };
//! let metrics = metrics(&view);
//! assert!(metrics.contains("wansync_build_info{version=\"0.1.0\"} 1\n"));
//! assert!(metrics.contains("wansync_skydns_confirmed_info{section=\"home\",address=\"8.8.4.4\"} 1\n"));
//! ```

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::status::tunnel::TunnelView;
use super::status::{SectionView, StatusView};
use crate::filtering::Verdict;
use crate::filtering::profile_test::TestState;
use crate::outcome::Outcome;
use crate::time::seconds;
use crate::tunnel::Health;

/// One sample: its labels, and its value.
type Sample<'a> = (Vec<(&'static str, &'a str)>, String);

/// The metrics of a status.
pub fn metrics(view: &StatusView) -> String {
    let mut out = String::new();
    let one = |value: i64| vec![(Vec::new(), value.to_string())];
    let version = vec![(vec![("version", view.version)], "1".to_owned())];
    push_family(&mut out, "build_info", "The version of wansync.", &version);
    push_family(
        &mut out,
        "enabled",
        "Whether wansync does anything (option enabled).",
        &one(view.is_enabled.into()),
    );
    push_family(
        &mut out,
        "clock_set",
        "Whether the router's clock can be right, without which no TLS is tried.",
        &one(view.clock_is_set.into()),
    );
    push_family(
        &mut out,
        "configuration_errors",
        "Errors in the configuration; 'wansync check' lists them.",
        &one(view.errors as i64),
    );
    // Where nothing is configured, there is nothing to remember.
    if !view.skydns.is_empty() || !view.tunnels.is_empty() {
        push_family(
            &mut out,
            "state_writable",
            "Whether what is learnt can be remembered, without which nothing is sent.",
            &one(view.is_state_writable.into()),
        );
    }
    push_skydns(&mut out, &view.skydns);
    push_filtering(&mut out, view);
    push_tunnels(&mut out, &view.tunnels);
    out
}

fn push_skydns(out: &mut String, sections: &[SectionView]) {
    let mut number = |name, help, value: fn(&SectionView) -> Option<i64>| {
        let samples = sections.iter().filter_map(|s| {
            let value = value(s)?;
            Some((vec![("section", s.section.as_str())], value.to_string()))
        });
        push_family(out, name, help, &samples.collect::<Vec<Sample<'_>>>());
    };
    number(
        "skydns_confirmed_age_seconds",
        "Time since SkyDNS last acknowledged the address.",
        |s| s.confirmed_for.map(seconds),
    );
    number(
        "skydns_sends_last_day",
        "Updates that may have reached SkyDNS within the last 24 hours.",
        |s| s.sends.map(i64::from),
    );
    number(
        "skydns_sends_left",
        "Updates that may still be sent within these 24 hours.",
        |s| s.sends_left_today.map(i64::from),
    );
    number(
        "skydns_next_due_seconds",
        "Time until something is due for the section.",
        |s| s.next_due_s.map(|due| due as i64),
    );
    let addresses: Vec<(&str, String)> = sections
        .iter()
        .filter_map(|s| Some((s.section.as_str(), s.confirmed?.to_string())))
        .collect();
    let samples: Vec<Sample<'_>> = addresses
        .iter()
        .map(|(section, address)| {
            let labels = vec![("section", *section), ("address", address.as_str())];
            (labels, "1".to_owned())
        })
        .collect();
    push_family(
        out,
        "skydns_confirmed_info",
        "The address that SkyDNS last acknowledged.",
        &samples,
    );
    push_outcomes(out, sections);
}

fn push_outcomes(out: &mut String, sections: &[SectionView]) {
    let words = Outcome::ALL.map(|outcome| (outcome, outcome.to_string()));
    let mut samples = Vec::new();
    for section in sections {
        for (outcome, word) in &words {
            let labels = vec![("section", section.section.as_str()), ("outcome", word)];
            samples.push((labels, flag_value(section.outcome == Some(*outcome))));
        }
    }
    push_family(
        out,
        "skydns_outcome",
        "How the last pass ended for the section: 1 for that outcome.",
        &samples,
    );
}

fn push_filtering(out: &mut String, view: &StatusView) {
    let verdicts = view.filtering.iter().flat_map(|filtering| {
        let is = |verdict| flag_value(filtering.verdict == verdict);
        Verdict::ALL.map(|verdict| (vec![("verdict", verdict.word())], is(verdict)))
    });
    push_family(
        out,
        "filtering",
        "Which of the household's DNS questions go to the service: 1 for that verdict.",
        &verdicts.collect::<Vec<Sample<'_>>>(),
    );
    let mut states = Vec::new();
    let mut ages = Vec::new();
    for section in &view.skydns {
        let Some(test) = &section.profile_test else {
            continue;
        };
        let of_section = ("section", section.section.as_str());
        for state in TestState::ALL {
            let labels = vec![of_section, ("state", state.word())];
            states.push((labels, flag_value(test.state == state)));
        }
        ages.push((vec![of_section], test.age_s.to_string()));
    }
    push_family(
        out,
        "profile_test",
        "What the service's resolver last answered to 'wansync check': 1 for that state.",
        &states,
    );
    push_family(
        out,
        "profile_test_age_seconds",
        "Time since that answer.",
        &ages,
    );
}

fn push_tunnels(out: &mut String, tunnels: &[TunnelView]) {
    let mut samples = Vec::new();
    for tunnel in tunnels {
        for health in Health::ALL {
            let mut labels = tunnel_labels(tunnel);
            labels.push(("state", health.word()));
            samples.push((labels, flag_value(tunnel.health == health)));
        }
    }
    push_family(
        out,
        "tunnel_state",
        "Whether the tunnel works: 1 for the state that it is in.",
        &samples,
    );
    let mut number = |name, help, value: fn(&TunnelView) -> Option<String>| {
        let samples = tunnels
            .iter()
            .filter_map(|t| Some((tunnel_labels(t), value(t)?)));
        push_family(out, name, help, &samples.collect::<Vec<Sample<'_>>>());
    };
    number(
        "tunnel_since_seconds",
        "For how long the tunnel has been in its state.",
        |t| t.since.map(|s| s.as_secs().to_string()),
    );
    number(
        "tunnel_ping_seconds",
        "How long the far end took to answer the last echo; absent while it does not.",
        |t| {
            t.evidence
                .ping_ms
                .map(|ms| format!("{}.{:03}", ms / 1000, ms % 1000))
        },
    );
    number(
        "tunnel_received_age_seconds",
        "Time since a byte was last seen to come through the tunnel.",
        |t| t.evidence.rx_age.map(|s| s.as_secs().to_string()),
    );
    number(
        "tunnel_handshake_age_seconds",
        "Time since the latest handshake of a WireGuard tunnel.",
        |t| t.evidence.handshake_age.map(|s| s.as_secs().to_string()),
    );
    number(
        "tunnel_restarts_last_hour",
        "Attempts to bring the tunnel back within the last hour.",
        |t| Some(t.restarts_last_hour.to_string()),
    );
    number(
        "tunnel_next_due_seconds",
        "Time until the tunnel is looked at again.",
        |t| t.next_due.map(|s| s.as_secs().to_string()),
    );
}

/// A section that is wrong has no name at VPNKI: an empty label.
fn tunnel_labels(tunnel: &TunnelView) -> Vec<(&'static str, &str)> {
    let name = tunnel.name.as_deref().unwrap_or_default();
    vec![("section", tunnel.section.as_str()), ("name", name)]
}

fn flag_value(is_so: bool) -> String {
    u8::from(is_so).to_string()
}

/// One metric: what it means, and its samples. `help` has no backslash and no
/// line end.
fn push_family(out: &mut String, name: &str, help: &str, samples: &[Sample<'_>]) {
    if samples.is_empty() {
        return;
    }
    let name = format!("wansync_{name}");
    out.push_str(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n"));
    for (labels, value) in samples {
        out.push_str(&name);
        for (index, (label, text)) in labels.iter().enumerate() {
            out.push(if index == 0 { '{' } else { ',' });
            out.push_str(&format!("{label}=\"{}\"", escape_label(text)));
        }
        if !labels.is_empty() {
            out.push('}');
        }
        out.push_str(&format!(" {value}\n"));
    }
}

/// A label's value: a backslash, a quote and a line end are escaped, nothing else.
fn escape_label(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut out = String::new();
        let labels = vec![("section", "a"), ("name", "q\"b\\n\nй")];
        push_family(&mut out, "x", "Help.", &[(labels, "1".to_owned())]);
        let expected = "# HELP wansync_x Help.\n# TYPE wansync_x gauge\n\
                        wansync_x{section=\"a\",name=\"q\\\"b\\\\n\\nй\"} 1\n";
        assert_eq!(out, expected);
    }

    #[test]
    fn a_metric_without_samples_is_left_out() {
        let mut out = String::new();
        push_family(&mut out, "x", "Help.", &[]);
        assert_eq!(out, "");
    }
}
