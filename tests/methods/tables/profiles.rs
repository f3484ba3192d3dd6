//! Profiles, and the VPN connections and NAT addresses that are bound to them.

use std::net::IpAddr;

use serde_json::Value;

use crate::rows::Prints::{Exactly, Lines};
use crate::rows::{DONE, DONE_CSV, Success, lines, nothing, words};
use crate::world::World;

pub static ROWS: &[Success] = &[
    Success {
        method: "profiles",
        before: nothing,
        words: &["ident=user1"],
        code: 0,
        prints: Exactly("  id  profile\n1001  Основной\n1002  Дети\n1003  Офис\n"),
        csv: Exactly("id,profile\n1001,Основной\n1002,Дети\n1003,Офис\n"),
        after: nothing,
    },
    Success {
        method: "create_profile",
        before: nothing,
        words: &["ident=user1", "name=Дом & сад", "tls=yes", "blockpage_id=5"],
        code: 0,
        prints: DONE,
        csv: DONE_CSV,
        after: |world| {
            let profile = world.sim().profiles("user1").remove(&2001).expect("made");
            assert_eq!(profile.name, "Дом & сад");
            assert_eq!((profile.tls, profile.blockpage_id), (true, Some(5)));
        },
    },
    Success {
        method: "update_profile",
        before: |world| {
            world.ask("update_profile profile_id=1003 tls=True");
        },
        words: &["profile_id=1003", "name=Office #2", "tls=False"],
        code: 0,
        prints: Exactly("id:   1003\nname: Office #2\ntls:  False\n"),
        csv: Exactly("id,name,tls\n1003,Office #2,False\n"),
        after: |world| {
            let profile = world.sim().profiles("user1").remove(&1003).expect("there");
            assert_eq!((profile.name.as_str(), profile.tls), ("Office #2", false));
        },
    },
    Success {
        method: "add_vpn",
        before: nothing,
        words: &["ident=user1", "name=Дом 1", "profile_id=1002"],
        code: 0,
        prints: Lines(|data| lines(data["ovpn"].as_str().expect("text"))),
        csv: Lines(|data| {
            let ovpn = data["ovpn"].as_str().expect("text");
            let csv = format!("ovpn\n\"{ovpn}\"");
            csv.lines().map(str::to_owned).collect()
        }),
        after: |world| {
            let vpns = world.sim().vpns("user1");
            assert_eq!(
                (vpns.len(), vpns[0].profile, vpns[0].name.as_str()),
                (1, 1002, "Дом 1")
            );
        },
    },
    Success {
        method: "clear_vpn_for_profile",
        before: three_vpns,
        words: &["profile_id=1002", "--yes"],
        code: 0,
        prints: DONE,
        csv: DONE_CSV,
        after: |world| assert_eq!(vpns(world), ["c"]),
    },
    Success {
        method: "clear_vpn_for_user",
        before: three_vpns,
        words: &["ident=user1", "--yes"],
        code: 0,
        prints: DONE,
        csv: DONE_CSV,
        after: |world| assert!(vpns(world).is_empty()),
    },
    Success {
        method: "get_vpn_list",
        before: three_vpns,
        words: &["ident=user1"],
        code: 0,
        prints: Lines(|data| {
            let rows = data.as_array().expect("a list").iter();
            let row = |row: &Value| words(row, &["id", "profile", "ip", "name"]);
            let head = "id profile ip name".to_owned();
            std::iter::once(head).chain(rows.map(row)).collect()
        }),
        csv: Lines(|data| {
            let rows = data.as_array().expect("a list").iter();
            let row = |row: &Value| words(row, &["id", "profile", "ip", "name"]).replace(' ', ",");
            let head = "id,profile,ip,name".to_owned();
            std::iter::once(head).chain(rows.map(row)).collect()
        }),
        after: nothing,
    },
    Success {
        method: "remove_vpn",
        before: three_vpns,
        words: &["id=2002", "--yes"],
        code: 0,
        prints: DONE,
        csv: DONE_CSV,
        after: |world| assert_eq!(vpns(world), ["a", "c"]),
    },
    Success {
        method: "update_nat",
        before: nothing,
        words: &["profile_id=1002", "address=192.168.1.1"],
        code: 0,
        prints: DONE,
        csv: DONE_CSV,
        after: |world| {
            let profiles = world.sim().profiles("user1");
            assert_eq!(
                Vec::from_iter(&profiles[&1002].nat),
                [&IpAddr::from([192, 168, 1, 1])]
            );
        },
    },
];

fn three_vpns(world: &World) {
    for (name, profile) in [("a", 1002), ("b", 1002), ("c", 1003)] {
        world.ask(&format!(
            "add_vpn ident=user1 name={name} profile_id={profile}"
        ));
    }
}

fn vpns(world: &World) -> Vec<String> {
    let vpns = world.sim().vpns("user1").into_iter();
    vpns.map(|vpn| vpn.name).collect()
}
