//! The resources of VPNKI.

use serde_json::Value;
use wansync_sim::Session;

use crate::rows::Prints::{Exactly, Lines};
use crate::rows::{DONE, DONE_CSV, Success, nothing};
use crate::world::{World, on_this_year};

pub static ROWS: &[Success] = &[
    Success {
        method: "tunnels",
        before: nothing,
        words: &[],
        code: 0,
        prints: Exactly(
            "comment  login    vpnki_address\n\
             Дача     user356  172.16.10.2\n\
             Office   user357  172.16.10.3\n",
        ),
        csv: Exactly(
            "comment,login,vpnki_address\nДача,user356,172.16.10.2\nOffice,user357,172.16.10.3\n",
        ),
        after: nothing,
    },
    Success {
        method: "tunnels",
        before: |world| world.sim().set_tunnels(vec![]),
        words: &[],
        code: 0,
        prints: Exactly("no tunnels\n"),
        csv: Exactly("login,vpnki_address,comment\n"),
        after: nothing,
    },
    Success {
        method: "active",
        before: |world| world.sim().script_active(&[&["user357"]]),
        words: &[],
        code: 0,
        prints: Exactly("comment  login    vpnki_address\nOffice   user357  172.16.10.3\n"),
        csv: Exactly("comment,login,vpnki_address\nOffice,user357,172.16.10.3\n"),
        after: nothing,
    },
    Success {
        method: "active",
        before: |world| world.sim().script_active(&[&[]]),
        words: &[],
        code: 0,
        prints: Exactly("none\n"),
        csv: Exactly("login,vpnki_address,comment\n"),
        after: nothing,
    },
    Success {
        method: "stat_user",
        before: nothing,
        words: &["ts=2016-10-10", "te=2016-12-31 23:59"],
        code: 0,
        prints: Lines(|data| connections(data, " ")),
        csv: Lines(|data| connections(data, ",")),
        after: nothing,
    },
    Success {
        method: "stat_user",
        before: |world| {
            world.sim().set_sessions(vec![Session {
                tunnel: "user356".to_owned(),
                start: on_this_year("{Y}-01-02 03-04-05"),
                end: None,
                sent: 1,
                received: 2,
            }]);
        },
        words: &["ts=0000-00-00", "te=now"],
        code: 0,
        prints: Lines(|data| connections(data, " ")),
        csv: Lines(|data| connections(data, ",")),
        after: nothing,
    },
    Success {
        method: "stat_tunnel",
        before: nothing,
        words: &["tunnel=user357", "ts=0000-00-00 00-00-00", "te=NOW"],
        code: 0,
        prints: Lines(|data| {
            let lines = connections(data, " ");
            assert_eq!(lines.len(), 1 + 2);
            assert!(lines[1].contains("2016-10-11 12:00:00"));
            lines
        }),
        csv: Lines(|data| connections(data, ",")),
        after: nothing,
    },
    Success {
        method: "add_tunnel",
        before: nothing,
        words: &[],
        code: 0,
        prints: Exactly(
            "login:         user400\n\
             password:      invented-user400\n\
             vpnki_address: 172.16.21.152\n\
             comment:\n",
        ),
        csv: Exactly(
            "login,password,vpnki_address,comment\nuser400,invented-user400,172.16.21.152,\n",
        ),
        after: |world| assert_eq!(tunnels(world), ["user356", "user357", "user400"]),
    },
    Success {
        method: "del_tunnel",
        before: nothing,
        words: &["tunnel=user356", "--yes"],
        code: 0,
        prints: DONE,
        csv: DONE_CSV,
        after: |world| assert_eq!(tunnels(world), ["user357"]),
    },
];

fn tunnels(world: &World) -> Vec<String> {
    let tunnels = world.sim().tunnels().into_iter();
    tunnels.map(|tunnel| tunnel.name).collect()
}

/// Rows of statistics, their moments as people write them, with this between two fields.
fn connections(data: &Value, between: &str) -> Vec<String> {
    let fields = ["end", "login", "received", "sent", "start", "vpnki_address"];
    let row = |row: &Value| {
        let mut row = row.clone();
        for moment in ["start", "end"] {
            let text = row[moment].as_str().expect("a moment");
            // No moment: the connection lasts.
            if text.starts_with("0000") {
                continue;
            }
            let (day, time) = text.split_once(' ').expect("a day and a time");
            row[moment] = format!("{day} {}", time.replace('-', ":")).into();
        }
        let text = |field: &str| row[field].as_str().expect(field).to_owned();
        fields.map(text).join(between)
    };
    let rows = data.as_array().expect("a list").iter().map(row);
    std::iter::once(fields.join(between)).chain(rows).collect()
}
