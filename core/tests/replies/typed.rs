//! The types of `skydns_data` and of `vpnki`, on the bodies of the corpus.

use wansync_core::json::Json;
use wansync_core::service::reply::Reply;
use wansync_core::service::rows::{Fields, Rows};
use wansync_core::service::skydns_data::{
    Activity, ActivityReport, Addresses, Categories, DailyStat, Plans, Profile, Profiles,
    Subscription, VpnList,
};
use wansync_core::service::vpnki::{self, Aliases};
use wansync_core::service::{skydns, skydns_methods};
use wansync_core::time::Wall;

use crate::corpus::{Case, cases};

fn body(name: &str) -> Reply {
    let case = cases().into_iter().find(|case| case.name == name);
    case.unwrap_or_else(|| panic!("{name}")).reply
}

fn data(reply: &Reply) -> Json<'_> {
    skydns::content(reply, Wall::from_secs(0)).expect("a success")
}

fn names(rest: &Fields<'_>) -> Vec<String> {
    rest.0.iter().map(|(name, _)| name.to_string()).collect()
}

#[test]
fn records() {
    let reply = body("seed-subscribe");
    let new = Subscription::in_data(data(&reply));
    assert_eq!(new.username.as_deref(), Some("username"));
    assert_eq!(new.plan.as_deref(), Some("tariff_name"));
    assert_eq!(new.rest, Fields::default());

    let reply = body("subscribe-unforeseen");
    let new = Subscription::in_data(data(&reply));
    assert_eq!(new.email, None);
    assert_eq!(names(&new.rest), ["email", "balance", "limits"]);

    let reply = body("seed-get_activity");
    let activity = Activity::in_data(data(&reply));
    assert_eq!(
        (activity.requests, activity.blocks),
        (Some(2600), Some(581))
    );
    let reply = body("activity-null");
    let activity = Activity::in_data(data(&reply));
    assert_eq!((activity.requests, activity.blocks), (None, None));
    assert_eq!(names(&activity.rest), ["requests", "blocks"]);

    for name in ["seed-get_daily_stat", "daily-bare"] {
        let reply = body(name);
        assert!(DailyStat::in_data(data(&reply)).link.is_some(), "{name}");
    }
}

#[test]
fn profiles() {
    // The sample says "True|False" where one of the two will stand.
    let reply = body("seed-update_profile");
    let profile = Profile::in_data(data(&reply));
    assert_eq!((&*profile.id, profile.tls), ("profile_id", None));
    assert_eq!(names(&profile.rest), ["tls"]);
    let reply = body("profile-flag");
    assert_eq!(Profile::in_data(data(&reply)).tls, Some(true));

    for name in ["profiles-objects", "profiles-list", "profiles-bom"] {
        let reply = body(name);
        let first = Profiles::in_data(data(&reply)).iter().next().expect(name);
        assert_eq!((&*first.id, &*first.name), ("12", "Основной"), "{name}");
    }
    let reply = body("profiles-objects");
    let flags: Vec<_> = Profiles::in_data(data(&reply))
        .iter()
        .map(|p| p.tls)
        .collect();
    assert_eq!(flags, [Some(true), Some(false)]);
}

#[test]
fn lists() {
    for name in [
        "seed-list_ip",
        "addresses-bare",
        "addresses-map",
        "addresses-numbered",
    ] {
        let reply = body(name);
        let all: Vec<_> = Addresses::in_data(data(&reply))
            .iter()
            .map(|a| a.address)
            .collect();
        assert_eq!(all, ["1.2.3.4", "1.2.3.5"], "{name}");
    }
    let reply = body("seed-get_vpn_list");
    let vpn = VpnList::in_data(data(&reply)).iter().nth(1).expect("two");
    assert_eq!((&*vpn.id, &*vpn.name), ("vpn_id2", "vpn_name2"));
    let reply = body("vpn-by-id");
    assert_eq!(
        VpnList::in_data(data(&reply))
            .iter()
            .next()
            .expect("one")
            .id,
        "7"
    );

    let reply = body("plans-list");
    assert_eq!(
        Plans::in_data(data(&reply))
            .iter()
            .next()
            .expect("two")
            .code,
        "PREMIUM"
    );
    let reply = body("seed-get_category_report");
    let visits: Vec<_> = Categories::in_data(data(&reply))
        .iter()
        .map(|c| c.visits)
        .collect();
    assert_eq!(visits, [Some(5), Some(2), Some(3)]);
}

#[test]
fn reports() {
    let reply = body("seed-get_activity_report");
    let report = ActivityReport::in_data(data(&reply));
    let sets: Vec<_> = report.datasets().collect();
    assert_eq!(sets[0].counts().collect::<Vec<_>>(), [Some(375), Some(275)]);
    assert_eq!((sets[1].label.as_ref(), report.len()), ("Blocks", 2));
    let reply = body("report-uneven");
    assert_eq!(ActivityReport::in_data(data(&reply)).len(), 3);
}

/// The rows of every case of `active` and `tunnels` that has any.
fn rows<'a>(case: &'a Case, aliases: &Aliases) -> Option<Rows<'a>> {
    if !["active", "tunnels"].contains(&case.method.name) {
        return None;
    }
    let payload = vpnki::payload(&case.reply, Wall::from_secs(0)).ok()?;
    vpnki::rows(case.method.name, payload.data, aliases).ok()
}

#[test]
fn a_tunnel_is_found_in_every_shape() {
    let aliases = Aliases::default();
    let cases = cases();
    let mut found = 0;
    for case in &cases {
        let Some(rows) = rows(case, &aliases).filter(|rows| !rows.is_empty()) else {
            continue;
        };
        found += 1;
        assert!(vpnki::is_active(&rows, "user356", None), "{}", case.name);
        for name in ["user35", "user3567", "USER356", "", "null", "login", "0"] {
            assert!(
                !vpnki::is_active(&rows, name, None),
                "{}: {name}",
                case.name
            );
        }
        let first = rows.iter().next().expect("a row");
        let name = vpnki::name_of(&first, &aliases);
        assert_eq!(name.as_deref(), Some("user356"), "{}", case.name);
    }
    assert!(found >= 20, "{found}");
}

#[test]
fn none_active_is_not_unknown() {
    let aliases = Aliases::default();
    let all = cases();
    let is_none = |name: &str| {
        let case = all.iter().find(|case| case.name == name).expect(name);
        rows(case, &aliases).map(|rows| rows.is_empty())
    };
    for name in [
        "vpnki-active-none",
        "vpnki-active-none-object",
        "vpnki-active-none-v30",
        "vpnki-active-none-wrapped",
        "vpnki-tunnels-none",
    ] {
        assert_eq!(is_none(name), Some(true), "{name}");
    }
    for name in [
        "vpnki-active-null",
        "vpnki-active-null-enveloped",
        "vpnki-active-wrapped-null",
        "vpnki-active-false",
        "vpnki-active-ok",
        "vpnki-active-true",
        "vpnki-status-500-none",
        "vpnki-damaged-with-good-end",
    ] {
        assert_eq!(is_none(name), None, "{name}");
    }
}

#[test]
fn other_names_of_fields() {
    let body = br#"[{"tun": "user356", "login": "owner", "nat": "172.16.10.2"}]"#;
    let json = Json::parse(body).expect("JSON");
    let aliases = Aliases {
        names: vec!["tun".into()],
        addresses: vec!["nat".into()],
    };
    let rows = vpnki::rows("tunnels", json, &aliases).expect("rows");
    let row = rows.iter().next().expect("one");
    assert_eq!(vpnki::name_of(&row, &aliases).as_deref(), Some("user356"));
    assert_eq!(
        vpnki::address_of(&row, &aliases).as_deref(),
        Some("172.16.10.2")
    );
    assert!(vpnki::is_active(&rows, "x", Some("172.16.10.2")));
}

#[test]
fn debug_shows_no_secret() {
    for name in [
        "seed-add_vpn",
        "vpnki-add",
        "vpnki-add-enveloped",
        "ovpn-more",
    ] {
        let case = cases()
            .into_iter()
            .find(|case| case.name == name)
            .expect(name);
        let answer =
            wansync_core::service::answer::decode(case.method, &case.reply, Wall::from_secs(0));
        let text = format!("{:?}", answer.expect(name));
        assert!(!text.contains("x7Kq") && !text.contains("client"), "{text}");
    }
    assert!(skydns_methods::find("add_vpn").is_some());
}
