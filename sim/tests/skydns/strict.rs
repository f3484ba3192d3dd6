//! What every method refuses alike.

use super::common::{call_as, start};
use super::{bare, refusal, refusal_of};
use wansync_sim::KEY;

/// Each method with parameters that are in order, but for the ident.
const OF_USERS: &[(&str, &str)] = &[
    ("activate", ""),
    ("deactivate", ""),
    ("update_email", "&email=a@example.org"),
    ("update_password", "&password=p"),
    ("prolongate", ""),
    ("unsubscribe", ""),
    ("subscription_info", ""),
    ("profiles", ""),
    ("create_profile", "&name=A"),
    ("add_ip", "&ip=8.8.8.8"),
    ("clear_ip", "&profile=1001"),
    ("list_ip", ""),
    ("update_ip", "&ip=8.8.8.8"),
    ("remove_ip", "&ip=8.8.8.8"),
    ("add_vpn", "&name=A&profile_id=1001"),
    ("clear_vpn_for_user", ""),
    ("get_vpn_list", ""),
    ("get_activity", ""),
    ("get_activity_report", "&start=2026-11-01&end=2026-11-02"),
    ("get_popular_report", "&start=2026-11-01&end=2026-11-02"),
    ("get_category_report", "&start=2026-11-01&end=2026-11-02"),
    ("send_monthly_stat", "&year=2026&month=11"),
    ("get_daily_stat", "&date=2026-11-01"),
];

const OTHERS: &[(&str, &str)] = &[
    ("subscribe", "&password=p"),
    ("subscribe_plans", ""),
    ("update_profile", "&profile_id=1001"),
    ("clear_vpn_for_profile", "&profile_id=1001"),
    ("remove_vpn", "&id=1"),
    ("update_nat", "&profile_id=1001&address=10.0.0.1"),
];

#[test]
fn a_user_of_nobody_or_of_another_provider_is_not_found() {
    let sim = start();
    sim.set_today("2026-11-21");
    sim.add_provider("other", "other-key");
    sim.add_user_of("other", "stranger", &[(7, "A")]);
    for (method, rest) in OF_USERS {
        for ident in ["nobody", "stranger"] {
            let target = call_as(ident, method, rest);
            assert_eq!(refusal_of(&sim, &target), "User not found", "{method}");
        }
        let target = bare(method, rest);
        assert_eq!(
            refusal_of(&sim, &target),
            "Parameter ident is required",
            "{method}"
        );
    }
    for method in ["update_profile", "clear_vpn_for_profile"] {
        let target = bare(method, "&profile_id=7");
        assert_eq!(refusal_of(&sim, &target), "Profile not found", "{method}");
    }
}

#[test]
fn every_method_wants_the_key_once_and_nothing_unknown() {
    let sim = start();
    assert_eq!(OF_USERS.len() + OTHERS.len(), 29);
    let with_ident = |rest: &str| format!("&ident=user1{rest}");
    let of_users = OF_USERS
        .iter()
        .map(|(method, rest)| (*method, with_ident(rest)));
    let others = OTHERS
        .iter()
        .map(|(method, rest)| (*method, (*rest).to_owned()));
    for (method, rest) in of_users.chain(others) {
        for (rest, expected) in [
            (
                format!("{rest}&key={KEY}"),
                "Parameter key is given more than once",
            ),
            (format!("{rest}&coffee=1"), "Unknown parameter coffee"),
        ] {
            assert_eq!(refusal_of(&sim, &bare(method, &rest)), expected, "{method}");
        }
        let keyless = format!("/provider_api/{method}?{rest}");
        assert_eq!(
            refusal_of(&sim, &keyless),
            "Invalid provider key",
            "{method}"
        );
    }
}

#[test]
fn a_value_has_its_format() {
    let sim = start();
    sim.set_today("2026-11-21");
    for (method, rest, expected) in [
        ("update_ip", "&ip=8.8.4.4&hostname=", "Invalid hostname"),
        (
            "update_ip",
            "&ip=8.8.4.4&hostname=a%00b",
            "Invalid hostname",
        ),
        (
            "update_ip",
            "&ip=8.8.4.4&hostname=a%0Ab",
            "Invalid hostname",
        ),
        (
            "add_ip",
            "&ip=8.8.4.4&comment=a&comment=b",
            "Parameter comment is given more than once",
        ),
        ("add_ip", "&ip=", "Parameter ip is required"),
        ("add_ip", "&ip=8.8.4.4&profile=-1", "Invalid profile"),
        ("list_ip", "&profile=99999999999", "Invalid profile"),
        ("create_profile", "&name=A&tls=true", "Invalid tls"),
        (
            "create_profile",
            "&name=A&blockpage_id=x",
            "Invalid blockpage_id",
        ),
        ("get_activity", "&date=2026-11-1", "Invalid date"),
        (
            "get_activity_report",
            "&start=2026-02-30&end=2026-11-02",
            "Invalid start",
        ),
        ("send_monthly_stat", "&year=26&month=11", "Invalid year"),
        ("send_monthly_stat", "&year=2026&month=1", "Invalid month"),
        ("send_monthly_stat", "&year=2026&month=13", "Invalid month"),
        (
            "get_daily_stat",
            "&date=2026-11-01&email_to=me",
            "Invalid email_to",
        ),
    ] {
        assert_eq!(refusal(&sim, method, rest), expected, "{method}{rest}");
    }
    assert!(sim.bindings("user1").is_empty());
}
