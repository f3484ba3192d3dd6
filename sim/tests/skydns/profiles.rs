//! Profiles, NAT, and lists that are filled up.

use super::common::start;
use super::{bare, data, data_of, refusal, refusal_of};
use serde_json::json;

#[test]
fn a_profile_is_made_listed_and_changed() {
    let sim = start();
    assert!(
        data(
            &sim,
            "create_profile",
            "&name=%D0%94%D0%BE%D0%BC&tls=True&blockpage_id=5"
        )
        .is_null()
    );
    assert_eq!(data(&sim, "profiles", "")["2001"], "Дом");
    let made = sim.profiles("user1")[&2001].clone();
    assert_eq!((made.tls, made.blockpage_id), (true, Some(5)));
    let changed = bare("update_profile", "&profile_id=2001&name=Office&tls=False");
    assert_eq!(
        data_of(&sim, &changed),
        json!({"id": "2001", "name": "Office", "tls": "False"})
    );
    assert_eq!(data(&sim, "profiles", "")["2001"], "Office");
    let asked = bare("update_profile", "&profile_id=1002");
    assert_eq!(data_of(&sim, &asked)["tls"], "False");
    data(&sim, "update_ip", "&ip=8.8.4.4&profile=2001");
    assert_eq!(sim.bindings("user1")[0].profile, 2001);
}

#[test]
fn a_profile_is_refused() {
    let sim = start();
    let dup = "A profile of this name exists";
    assert_eq!(
        refusal(&sim, "create_profile", "&name=%D0%94%D0%B5%D1%82%D0%B8"),
        dup
    );
    let rename = bare(
        "update_profile",
        "&profile_id=1003&name=%D0%94%D0%B5%D1%82%D0%B8",
    );
    assert_eq!(refusal_of(&sim, &rename), dup);
    let unknown = bare("update_profile", "&profile_id=9&name=A");
    assert_eq!(refusal_of(&sim, &unknown), "Profile not found");
    assert_eq!(sim.profiles("user1").len(), 3);
}

#[test]
fn update_nat_binds_an_address_to_one_profile() {
    let sim = start();
    let nat = |profile: u32, address: &str| {
        bare(
            "update_nat",
            &format!("&profile_id={profile}&address={address}"),
        )
    };
    data_of(&sim, &nat(1001, "192.168.1.1"));
    data_of(&sim, &nat(1001, "192.168.1.2"));
    data_of(&sim, &nat(1002, "192.168.1.1"));
    let profiles = sim.profiles("user1");
    let bound = |id: u32| {
        profiles[&id]
            .nat
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (bound(1001), bound(1002)),
        (
            vec!["192.168.1.2".to_owned()],
            vec!["192.168.1.1".to_owned()]
        )
    );
    assert_eq!(
        refusal_of(&sim, &nat(9, "192.168.1.1")),
        "Profile not found"
    );
    assert_eq!(
        refusal_of(&sim, &nat(1001, "router")),
        "IP address is invalid"
    );
    let missing = bare("update_nat", "&profile_id=1001");
    assert_eq!(refusal_of(&sim, &missing), "Parameter address is required");
}

#[test]
fn lists_are_filled_up() {
    let sim = start();
    data(&sim, "add_ip", "&ip=1.1.1.1");
    sim.set_fill(1500);
    let listed = data(&sim, "list_ip", "");
    let rows = listed["ip"].as_array().unwrap();
    assert_eq!(rows.len(), 1500);
    assert_eq!(rows[0]["address"], "1.1.1.1");
    let address: std::net::Ipv4Addr = rows[1499]["address"].as_str().unwrap().parse().unwrap();
    assert_eq!(address.octets()[0], 5);
    assert_eq!(data(&sim, "profiles", "").as_object().unwrap().len(), 1500);
    assert_eq!(
        data(&sim, "get_vpn_list", "").as_array().unwrap().len(),
        1500
    );
    sim.set_today("2026-11-21");
    let period = "&start=2026-11-01&end=2026-11-02";
    let report = data(&sim, "get_activity_report", period);
    assert_eq!(report["labels"].as_array().unwrap().len(), 1500);
    assert_eq!(
        report["datasets"][1]["data"].as_array().unwrap().len(),
        1500
    );
    for method in ["get_popular_report", "get_category_report"] {
        assert_eq!(
            data(&sim, method, period).as_object().unwrap().len(),
            1500,
            "{method}"
        );
    }
}
