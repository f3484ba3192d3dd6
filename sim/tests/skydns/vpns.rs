//! VPN connections.

use super::common::{call_as, start};
use super::{bare, data, data_of, refusal, refusal_of};
use serde_json::json;
use wansync_sim::Sim;

fn names(sim: &Sim) -> Vec<String> {
    sim.vpns("user1").into_iter().map(|vpn| vpn.name).collect()
}

#[test]
fn connections_are_made_listed_and_removed() {
    let sim = start();
    let made = data(&sim, "add_vpn", "&name=a&profile_id=1002");
    let text = made["ovpn"].as_str().unwrap();
    assert!(
        text.starts_with("client\nremote vpn.safedns.com 1194 udp\n"),
        "{text}"
    );
    assert!(
        text.ends_with("-----END PRIVATE KEY-----\n</key>\n"),
        "{text}"
    );
    data(&sim, "add_vpn", "&name=b&profile_id=1002");
    data(&sim, "add_vpn", "&name=c&profile_id=1001");
    let listed = data(&sim, "get_vpn_list", "");
    let first = json!({"id": "2001", "profile": "Дети", "ip": "vpn2001.vpn.example", "name": "a"});
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]), (3, &first));

    data_of(&sim, &bare("remove_vpn", "&id=2001"));
    assert_eq!(names(&sim), ["b", "c"]);
    data_of(&sim, &bare("clear_vpn_for_profile", "&profile_id=1002"));
    assert_eq!(names(&sim), ["c"]);
    data(&sim, "clear_vpn_for_user", "");
    assert_eq!(data(&sim, "get_vpn_list", ""), json!([]));
}

#[test]
fn connections_are_refused() {
    let sim = start();
    sim.add_user("user2", &[(7, "A")]);
    sim.set_vpn_limit(2);
    data(&sim, "add_vpn", "&name=a&profile_id=1001");
    for (rest, expected) in [
        (
            "&name=a&profile_id=1002",
            "A VPN connection of this name exists",
        ),
        ("&name=b&profile_id=7", "Profile not found"),
        ("&name=b", "Parameter profile_id is required"),
        ("&profile_id=1001", "Parameter name is required"),
    ] {
        assert_eq!(refusal(&sim, "add_vpn", rest), expected, "{rest}");
    }
    data(&sim, "add_vpn", "&name=b&profile_id=1001");
    let full = refusal(&sim, "add_vpn", "&name=c&profile_id=1001");
    assert_eq!(full, "The limit of VPN connections is reached");
    data_of(&sim, &call_as("user2", "add_vpn", "&name=a&profile_id=7"));
    for id in ["9", "a", "0"] {
        let gone = bare("remove_vpn", &format!("&id={id}"));
        assert_eq!(refusal_of(&sim, &gone), "VPN connection not found", "{id}");
    }
    let unknown = bare("clear_vpn_for_profile", "&profile_id=9");
    assert_eq!(refusal_of(&sim, &unknown), "Profile not found");
    assert_eq!(names(&sim), ["a", "b"]);
}

#[test]
fn a_connection_of_another_provider_stays() {
    let sim = start();
    sim.add_provider("other", "other-key");
    sim.add_user_of("other", "stranger", &[(7, "A")]);
    let add = "/provider_api/add_vpn?key=other-key&ident=stranger&name=a&profile_id=7";
    data_of(&sim, add);
    let id = sim.vpns("stranger")[0].id;
    let remove = bare("remove_vpn", &format!("&id={id}"));
    assert_eq!(refusal_of(&sim, &remove), "VPN connection not found");
    assert_eq!(sim.vpns("stranger").len(), 1);
}
