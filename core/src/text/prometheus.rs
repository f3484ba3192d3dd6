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
//!     skydns: vec![section],
//!     ..StatusView::default()
//! };
//! let metrics = metrics(&view);
//! assert!(metrics.contains("wansync_build_info{version=\"0.1.0\"} 1\n"));
//! assert!(metrics.contains("wansync_skydns_confirmed_info{section=\"home\",address=\"8.8.4.4\"} 1\n"));
//! ```

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt::Display;

use super::status::tunnel::TunnelView;
use super::status::{SectionView, StatusView};
use crate::filtering::Verdict;
use crate::filtering::profile_test::TestState;
use crate::outcome::Outcome;
use crate::time::seconds;
use crate::tunnel::Health;

/// One metric in the making: what it means, and its samples. `help` has no backslash and
/// no line end.
struct Metric<'a> {
    out: &'a mut String,
    name: &'static str,
    help: &'static str,
    /// It has a sample.
    is_begun: bool,
}

/// The name of a metric, its help, and its value in a section's view, if there is one.
type Number<View> = (&'static str, &'static str, fn(&View) -> Option<i64>);

/// The metrics of a status.
pub fn metrics(view: &StatusView) -> String {
    let mut text = String::new();
    let out = &mut text;
    Metric::new(out, "build_info", "The version of wansync.")
        .sample(&[("version", view.version)], &1);
    let numbers = [
        (
            "enabled",
            "Whether wansync does anything (option enabled).",
            view.is_enabled.into(),
        ),
        (
            "clock_set",
            "Whether the router's clock can be right, without which no TLS is tried.",
            view.clock_is_set.into(),
        ),
        (
            "configuration_errors",
            "Errors in the configuration; 'wansync check' lists them.",
            view.errors,
        ),
    ];
    for (name, help, value) in numbers {
        Metric::new(out, name, help).sample(&[], &value);
    }
    // Where nothing is configured, there is nothing to remember.
    if !view.skydns.is_empty() || !view.tunnels.is_empty() {
        Metric::new(
            out,
            "state_writable",
            "Whether what is learnt can be remembered, without which nothing is sent.",
        )
        .flag(&[], view.is_state_writable);
    }
    push_skydns(out, &view.skydns);
    push_filtering(out, view);
    push_tunnels(out, &view.tunnels);
    text
}

const SKYDNS_NUMBERS: [Number<SectionView>; 4] = [
    (
        "skydns_confirmed_age_seconds",
        "Time since SkyDNS last acknowledged the address.",
        |s| s.confirmed_for.map(seconds),
    ),
    (
        "skydns_sends_last_day",
        "Updates that may have reached SkyDNS within the last 24 hours.",
        |s| s.sends.map(i64::from),
    ),
    (
        "skydns_sends_left",
        "Updates that may still be sent within these 24 hours.",
        |s| s.sends_left_today.map(i64::from),
    ),
    (
        "skydns_next_due_seconds",
        "Time until something is due for the section.",
        |s| s.next_due_s.map(|due| due as i64),
    ),
];

fn push_skydns(out: &mut String, sections: &[SectionView]) {
    for (name, help, value) in SKYDNS_NUMBERS {
        let mut metric = Metric::new(out, name, help);
        for section in sections {
            if let Some(value) = value(section) {
                metric.sample(&[("section", &section.section)], &value);
            }
        }
    }
    let mut confirmed = Metric::new(
        out,
        "skydns_confirmed_info",
        "The address that SkyDNS last acknowledged.",
    );
    for section in sections {
        if let Some(address) = section.confirmed {
            let address = address.to_string();
            confirmed.sample(&[("section", &section.section), ("address", &address)], &1);
        }
    }
    let mut outcomes = Metric::new(
        out,
        "skydns_outcome",
        "How the last pass ended for the section: 1 for that outcome.",
    );
    for section in sections {
        for outcome in Outcome::ALL {
            let labels = [("section", &*section.section), ("outcome", outcome.word())];
            outcomes.flag(&labels, section.outcome == Some(outcome));
        }
    }
}

fn push_filtering(out: &mut String, view: &StatusView) {
    let mut verdicts = Metric::new(
        out,
        "filtering",
        "Which of the household's DNS questions go to the service: 1 for that verdict.",
    );
    if let Some(filtering) = &view.filtering {
        for verdict in Verdict::ALL {
            verdicts.flag(&[("verdict", verdict.word())], filtering.verdict == verdict);
        }
    }
    let mut states = Metric::new(
        out,
        "profile_test",
        "What the service's resolver last answered to 'wansync check': 1 for that state.",
    );
    for section in &view.skydns {
        if let Some((test, _)) = &section.profile_test {
            for state in TestState::ALL {
                let labels = [("section", &*section.section), ("state", state.word())];
                states.flag(&labels, test.state == state);
            }
        }
    }
    let mut ages = Metric::new(out, "profile_test_age_seconds", "Time since that answer.");
    for section in &view.skydns {
        if let Some((_, age)) = &section.profile_test {
            ages.sample(&[("section", &section.section)], &seconds(*age));
        }
    }
}

const TUNNEL_NUMBERS: [Number<TunnelView>; 5] = [
    (
        "tunnel_since_seconds",
        "For how long the tunnel has been in its state.",
        |t| t.since.map(seconds),
    ),
    (
        "tunnel_received_age_seconds",
        "Time since a byte was last seen to come through the tunnel.",
        |t| t.evidence.rx_age.map(seconds),
    ),
    (
        "tunnel_handshake_age_seconds",
        "Time since the latest handshake of a WireGuard tunnel.",
        |t| t.evidence.handshake_age.map(seconds),
    ),
    (
        "tunnel_restarts_last_hour",
        "Attempts to bring the tunnel back within the last hour.",
        |t| Some(t.restarts_last_hour as i64),
    ),
    (
        "tunnel_next_due_seconds",
        "Time until the tunnel is looked at again.",
        |t| t.next_due.map(seconds),
    ),
];

fn push_tunnels(out: &mut String, tunnels: &[TunnelView]) {
    let mut states = Metric::new(
        out,
        "tunnel_state",
        "Whether the tunnel works: 1 for the state that it is in.",
    );
    for tunnel in tunnels {
        for health in Health::ALL {
            let [section, name] = tunnel_labels(tunnel);
            let labels = [section, name, ("state", health.word())];
            states.flag(&labels, tunnel.health == health);
        }
    }
    let mut pings = Metric::new(
        out,
        "tunnel_ping_seconds",
        "How long the far end took to answer the last echo; absent while it does not.",
    );
    for tunnel in tunnels {
        if let Some(ms) = tunnel.evidence.ping_ms {
            let seconds = format_args!("{}.{:03}", ms / 1000, ms % 1000);
            pings.sample(&tunnel_labels(tunnel), &seconds);
        }
    }
    for (name, help, value) in TUNNEL_NUMBERS {
        let mut metric = Metric::new(out, name, help);
        for tunnel in tunnels {
            if let Some(value) = value(tunnel) {
                metric.sample(&tunnel_labels(tunnel), &value);
            }
        }
    }
}

/// A section that is wrong has no name at VPNKI: an empty label.
fn tunnel_labels(tunnel: &TunnelView) -> [(&'static str, &str); 2] {
    let name = tunnel.name.as_deref().unwrap_or_default();
    [("section", &tunnel.section), ("name", name)]
}

impl<'a> Metric<'a> {
    fn new(out: &'a mut String, name: &'static str, help: &'static str) -> Metric<'a> {
        Metric {
            out,
            name,
            help,
            is_begun: false,
        }
    }

    /// One sample: its labels, and its value.
    fn sample(&mut self, labels: &[(&'static str, &str)], value: &dyn Display) {
        let Metric { name, help, .. } = *self;
        if !self.is_begun {
            self.is_begun = true;
            let head = format!("# HELP wansync_{name} {help}\n# TYPE wansync_{name} gauge\n");
            self.out.push_str(&head);
        }
        self.out.push_str(&format!("wansync_{name}"));
        for (index, (label, text)) in labels.iter().enumerate() {
            self.out.push(if index == 0 { '{' } else { ',' });
            self.out
                .push_str(&format!("{label}=\"{}\"", escape_label(text)));
        }
        if !labels.is_empty() {
            self.out.push('}');
        }
        self.out.push_str(&format!(" {value}\n"));
    }

    fn flag(&mut self, labels: &[(&'static str, &str)], is_so: bool) {
        self.sample(labels, &u8::from(is_so));
    }
}

/// A label's value: a backslash, a quote and a line end are escaped, nothing else.
fn escape_label(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '"' => escaped.push_str("\\\""),
            '\n' => escaped.push_str("\\n"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut out = String::new();
        let labels = [("section", "a"), ("name", "q\"b\\n\nй")];
        Metric::new(&mut out, "x", "Help.").sample(&labels, &1);
        let expected = "# HELP wansync_x Help.\n# TYPE wansync_x gauge\n\
                        wansync_x{section=\"a\",name=\"q\\\"b\\\\n\\nй\"} 1\n";
        assert_eq!(out, expected);
    }

    #[test]
    fn a_metric_without_samples_is_left_out() {
        let mut out = String::new();
        Metric::new(&mut out, "x", "Help.");
        assert_eq!(out, "");
    }
}
