//! The status as JSON. What is not known is `null`.

use alloc::string::{String, ToString};

use super::evidence::EvidenceView;
use super::tunnel::TunnelView;
use super::{SectionView, StatusView, clock_word};
use crate::filtering::Filtering;
use crate::filtering::profile_test::ProfileTest;
use crate::json::JsonWriter;
use crate::outcome::Outcome;
use crate::time::seconds;

/// The JSON of a status.
pub fn json(view: &StatusView) -> String {
    let mut out = JsonWriter::default();
    out.open();
    out.text_field("version", Some(view.version));
    out.text_field("clock", Some(clock_word(view.clock_is_set)));
    out.name("skydns");
    out.open_list();
    for section in &view.skydns {
        out.item();
        write_section(&mut out, section);
    }
    out.close_list();
    out.name("tunnels");
    out.open_list();
    for tunnel in &view.tunnels {
        out.item();
        write_tunnel(&mut out, tunnel);
    }
    out.close_list();
    match &view.filtering {
        Some(filtering) => write_filtering(&mut out, filtering),
        None => out.text_field("filtering", None),
    }
    if !view.warnings.is_empty() {
        out.field("warnings", &view.warnings);
    }
    out.close();
    out.into_text()
}

fn write_section(out: &mut JsonWriter, view: &SectionView) {
    out.open();
    out.text_field("section", Some(&view.section));
    out.field("observed", &view.observed);
    out.field("confirmed", &view.confirmed);
    out.text_field("outcome", view.outcome.map(Outcome::word));
    out.text_field("reason", view.reason.as_deref());
    // Mostly there is none.
    if let Some(warning) = &view.warning {
        out.text_field("warning", Some(warning));
    }
    out.number_field("next_due_s", view.next_due_s.map(|due| due as i64));
    out.number_field("sends_left_today", view.sends_left_today.map(i64::from));
    match &view.profile_test {
        Some((test, age)) => {
            out.name("profile_test");
            write_test(out, test, seconds(*age));
        }
        None => out.text_field("profile_test", None),
    }
    out.close();
}

fn write_test(out: &mut JsonWriter, test: &ProfileTest, age: i64) {
    out.open();
    out.text_field("state", Some(test.state.word()));
    out.text_field("reason", Some(&test.to_string()));
    out.field("resolver", &test.resolver);
    out.text_field("name", Some(&test.name));
    out.number_field("age_s", Some(age));
    out.close();
}

fn write_filtering(out: &mut JsonWriter, filtering: &Filtering) {
    out.name("filtering");
    out.open();
    out.text_field("verdict", Some(filtering.verdict.word()));
    out.text_field("reason", Some(&filtering.to_string()));
    out.field("mend", &filtering.mends);
    out.close();
}

fn write_tunnel(out: &mut JsonWriter, view: &TunnelView) {
    out.open();
    out.text_field("section", Some(&view.section));
    out.text_field("name", view.name.as_deref());
    out.text_field("state", Some(view.health.word()));
    out.number_field("since_s", view.since.map(seconds));
    out.text_field("reason", view.reason.as_deref());
    out.name("evidence");
    write_evidence(out, &view.evidence);
    out.number_field("restarts_last_hour", Some(view.restarts_last_hour as i64));
    out.number_field("next_due_s", view.next_due.map(seconds));
    out.close();
}

fn write_evidence(out: &mut JsonWriter, view: &EvidenceView) {
    out.open();
    out.text_field("wan", view.wan.as_deref());
    out.text_field("service", view.service);
    out.text_field("device", view.device.as_deref());
    out.text_field("route", view.route.as_deref());
    out.number_field("ping_ms", view.ping_ms.map(i64::from));
    out.text_field("large_ping", view.large_ping);
    out.number_field("rx_age_s", view.rx_age.map(seconds));
    out.number_field("handshake_age_s", view.handshake_age.map(seconds));
    out.close();
}
