//! Activity, reports and statistics.

use super::common::start;
use super::{bare, data, refusal, refusal_of};
use serde_json::{Value, json};
use wansync_sim::{Language, Sim, USER};

const TODAY: &str = "2026-11-21";

fn on(day: &str) -> Sim {
    let sim = start();
    sim.set_today(day);
    sim
}

fn count(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

fn labels(report: &Value) -> Vec<&str> {
    let labels = report["labels"].as_array().unwrap();
    labels.iter().map(|label| label.as_str().unwrap()).collect()
}

#[test]
fn activity_is_counted_by_day_and_by_hour_alike() {
    let sim = on(TODAY);
    let today = data(&sim, "get_activity", "");
    assert_eq!(today, data(&sim, "get_activity", "&date=2026-11-21"));
    assert!(count(&today["requests"]) > count(&today["blocks"]));
    let report = data(
        &sim,
        "get_activity_report",
        "&start=2026-11-21&end=2026-11-21",
    );
    assert_eq!(labels(&report).len(), 24);
    assert_eq!(labels(&report)[14], "2026-11-21 14:00:00");
    for (place, label, field) in [(0, "Requests", "requests"), (1, "Blocks", "blocks")] {
        let set = &report["datasets"][place];
        let hours = set["data"].as_array().unwrap();
        let sum: u64 = hours.iter().map(|hour| hour.as_u64().unwrap()).sum();
        assert_eq!((&set["label"], sum), (&json!(label), count(&today[field])));
    }
    let parts = [1001, 1002, 1003].map(|id| {
        let part = data(&sim, "get_activity", &format!("&profile_id={id}"));
        count(&part["requests"])
    });
    assert_eq!(parts.iter().sum::<u64>(), count(&today["requests"]));
    let later = data(&sim, "get_activity", "&date=2026-11-22");
    assert_eq!(later, json!({"requests": "0", "blocks": "0"}));
}

#[test]
fn a_report_is_of_the_last_thirty_days() {
    let sim = on(TODAY);
    let report = data(
        &sim,
        "get_activity_report",
        "&start=2025-01-01&end=2026-11-20",
    );
    let labels = labels(&report);
    assert_eq!(labels.len(), 30 * 24);
    let ends = (labels[0], labels[30 * 24 - 1]);
    assert_eq!(ends, ("2026-10-22 00:00:00", "2026-11-20 23:00:00"));
    for method in ["get_category_report", "get_popular_report"] {
        let long = data(&sim, method, "&start=2025-01-01&end=2026-11-20");
        assert_eq!(
            long,
            data(&sim, method, "&start=2026-10-22&end=2026-11-20"),
            "{method}"
        );
        assert_ne!(
            long,
            data(&sim, method, "&start=2026-10-23&end=2026-11-20"),
            "{method}"
        );
    }
}

#[test]
fn categories_have_names_in_both_languages() {
    let sim = on(TODAY);
    let period = "&start=2026-11-01&end=2026-11-20&profile_id=1002";
    let report = data(&sim, "get_category_report", period);
    assert!(count(&report["Дом, семья, хобби"]) > 0, "{report}");
    sim.set_language(Language::English);
    let report = data(&sim, "get_category_report", period);
    assert!(count(&report["Home, Family & Hobbies"]) > 0, "{report}");
    let popular = data(&sim, "get_popular_report", period);
    assert!(count(&popular["погода.example"]) > 0, "{popular}");
}

#[test]
fn what_is_too_old_or_the_wrong_way_round_is_refused() {
    let sim = on(TODAY);
    for method in [
        "get_activity_report",
        "get_popular_report",
        "get_category_report",
    ] {
        for (rest, expected) in [
            (
                "&start=2024-12-31&end=2026-11-20",
                "The start is before 1 January of last year",
            ),
            (
                "&start=2026-11-20&end=2026-11-19",
                "The period ends before it starts",
            ),
            ("&start=2026-11-20", "Parameter end is required"),
            (
                "&start=2026-11-20&end=2026-11-20&profile_id=9",
                "Profile not found",
            ),
        ] {
            assert_eq!(refusal(&sim, method, rest), expected, "{method}{rest}");
        }
    }
    let old = "The date is before 1 January of last year";
    assert_eq!(refusal(&sim, "get_activity", "&date=2024-12-31"), old);
    assert_eq!(refusal(&sim, "get_daily_stat", "&date=2024-12-31"), old);
    data(&sim, "get_activity", "&date=2025-01-01");
    sim.set_today("2027-01-01");
    assert_eq!(refusal(&sim, "get_activity", "&date=2025-12-31"), old);
}

#[test]
fn monthly_statistics_are_mailed() {
    let sim = on(TODAY);
    assert!(
        data(
            &sim,
            "send_monthly_stat",
            "&year=2025&month=01&profile_id=1002"
        )
        .is_null()
    );
    let mail = sim.mails().pop().unwrap();
    assert_eq!(
        (mail.to.as_str(), mail.login.as_str()),
        ("user1@example.com", USER)
    );
    assert_eq!(
        (mail.period.as_str(), mail.profile),
        ("2025-01", Some(1002))
    );
    let old = refusal(&sim, "send_monthly_stat", "&year=2024&month=12");
    assert_eq!(old, "The year is before last year");
    super::data_of(&sim, &bare("subscribe", "&password=p&login=mute"));
    let mute = bare("send_monthly_stat", "&ident=mute&year=2026&month=11");
    assert_eq!(refusal_of(&sim, &mute), "The user has no email");
    assert_eq!(sim.mails().len(), 1);
}

#[test]
fn daily_statistics_are_a_link_and_go_by_mail_if_asked() {
    let sim = on(TODAY);
    let link = |rest: &str| {
        data(&sim, "get_daily_stat", rest)["result"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        link("&date=2026-11-20"),
        "https://files.example/daily_stat/2026-11-20.csv"
    );
    assert!(sim.mails().is_empty());
    assert!(
        link("&date=2026-11-20&profile_id=1002&email_to=me@example.org").ends_with("-1002.csv")
    );
    let mail = sim.mails().pop().unwrap();
    assert_eq!(
        (mail.to.as_str(), mail.period.as_str()),
        ("me@example.org", "2026-11-20")
    );
    assert_eq!(
        refusal(&sim, "get_daily_stat", ""),
        "Parameter date is required"
    );
}
