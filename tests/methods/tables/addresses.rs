//! Static and dynamic addresses.

use std::net::IpAddr;

use wansync_sim::{Binding, Kind};

use crate::rows::Prints::Exactly;
use crate::rows::{DONE, DONE_CSV, Success, nothing};

pub static ROWS: &[Success] = &[
    Success {
        method: "add_ip",
        before: nothing,
        words: &[
            "ident=user1",
            "ip=8.8.4.4",
            "ip=2001:4860:4860::8888",
            "profile=1002",
            "comment=Дача",
        ],
        code: 0,
        prints: Exactly("added\n8.8.4.4\n2001:4860:4860::8888\n"),
        csv: Exactly("address,added,because\n8.8.4.4,yes,\n2001:4860:4860::8888,yes,\n"),
        after: |world| {
            let held = [
                fixed("8.8.4.4", 1002, "Дача"),
                fixed("2001:4860:4860::8888", 1002, "Дача"),
            ];
            assert_eq!(world.sim().bindings("user1"), held);
        },
    },
    Success {
        method: "add_ip",
        before: |world| {
            world.ask("add_ip ident=user1 ip=8.8.4.4");
        },
        words: &["ident=user1", "ip=8.8.4.4", "ip=8.8.8.8", "ip=192.168.1.1"],
        code: 1,
        prints: Exactly(
            "added\n8.8.8.8\n\n\
             not added    because\n\
             8.8.4.4      This address is already used\n\
             192.168.1.1  This address is not public\n",
        ),
        csv: Exactly(
            "address,added,because\n8.8.8.8,yes,\n8.8.4.4,no,This address is already used\n192.168.1.1,no,This address is not public\n",
        ),
        after: |world| {
            let held = [fixed("8.8.4.4", 1001, ""), fixed("8.8.8.8", 1001, "")];
            assert_eq!(world.sim().bindings("user1"), held);
        },
    },
    Success {
        method: "add_ip",
        before: nothing,
        words: &["ident=user1", "ip=10.0.0.1"],
        code: 1,
        prints: Exactly(
            "added: none\n\nnot added  because\n10.0.0.1   This address is not public\n",
        ),
        csv: Exactly("address,added,because\n10.0.0.1,no,This address is not public\n"),
        after: |world| assert!(world.sim().bindings("user1").is_empty()),
    },
    Success {
        method: "clear_ip",
        before: |world| {
            world.ask("add_ip ident=user1 ip=1.1.1.1 ip=1.1.1.2 profile=1002");
            world.ask("add_ip ident=user1 ip=1.1.1.3 profile=1003");
        },
        words: &["--yes", "ident=user1", "profile=1002"],
        code: 0,
        prints: DONE,
        csv: DONE_CSV,
        after: |world| {
            assert_eq!(world.sim().bindings("user1"), [fixed("1.1.1.3", 1003, "")]);
        },
    },
    Success {
        method: "list_ip",
        before: |world| {
            world.ask("add_ip ident=user1 ip=1.1.1.1 profile=1002 comment=Дача");
            world.ask("add_ip ident=user1 ip=193.58.251.251");
        },
        words: &["ident=user1"],
        code: 0,
        prints: Exactly("address         comment\n1.1.1.1         Дача\n193.58.251.251\n"),
        csv: Exactly("address,comment\n1.1.1.1,Дача\n193.58.251.251,\n"),
        after: nothing,
    },
    Success {
        method: "list_ip",
        before: |world| {
            world.ask("add_ip ident=user1 ip=1.1.1.1 profile=1002");
            world.ask("add_ip ident=user1 ip=1.1.1.2 profile=1003 comment=b");
        },
        words: &["ident=user1", "profile=1003"],
        code: 0,
        prints: Exactly("address  comment\n1.1.1.2  b\n"),
        csv: Exactly("address,comment\n1.1.1.2,b\n"),
        after: nothing,
    },
    Success {
        method: "list_ip",
        before: nothing,
        words: &["ident=user1"],
        code: 0,
        prints: Exactly("none\n"),
        csv: Exactly("address,comment\n"),
        after: nothing,
    },
    Success {
        method: "update_ip",
        before: |world| {
            world.sim().add_user("user2", &[]);
            world.ask("update_ip ident=user2 ip=8.8.4.4");
        },
        words: &[
            "ident=user1",
            "ip=8.8.4.4",
            "hostname=роутер 1",
            "profile=1003",
        ],
        code: 0,
        prints: DONE,
        csv: DONE_CSV,
        after: |world| {
            assert!(world.sim().bindings("user2").is_empty());
            let held = Binding {
                address: ip("8.8.4.4"),
                profile: 1003,
                kind: Kind::Dynamic {
                    hostname: Some("роутер 1".to_owned()),
                },
            };
            assert_eq!(world.sim().bindings("user1"), [held]);
        },
    },
    Success {
        method: "update_ip",
        before: |world| {
            // Where a hostname was bound once, it stays.
            world.ask("update_ip ident=user1 ip=8.8.8.8 hostname=dacha profile=1003");
            world.ask("update_ip ident=user1 ip=1.1.1.1");
        },
        words: &["ident=user1", "ip=8.8.4.4", "hostname=dacha"],
        code: 0,
        prints: DONE,
        csv: DONE_CSV,
        after: |world| {
            let held = world.sim().bindings("user1").into_iter();
            let held = held.map(|held| (held.address, held.profile));
            let expected = [(ip("1.1.1.1"), 1001), (ip("8.8.4.4"), 1003)];
            assert_eq!(held.collect::<Vec<_>>(), expected);
        },
    },
    Success {
        method: "remove_ip",
        before: |world| {
            world.ask("add_ip ident=user1 ip=1.1.1.1 ip=1.1.1.2");
        },
        words: &["ident=user1", "ip=1.1.1.1", "--yes"],
        code: 0,
        prints: DONE,
        csv: DONE_CSV,
        after: |world| {
            assert_eq!(world.sim().bindings("user1"), [fixed("1.1.1.2", 1001, "")]);
        },
    },
];

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn fixed(address: &str, profile: u32, comment: &str) -> Binding {
    Binding {
        address: ip(address),
        profile,
        kind: Kind::Static {
            comment: comment.to_owned(),
        },
    }
}
