//! Every method, and what it does.

use std::net::IpAddr;

use serde_json::Value;
use wansync::service::answer::Service;
use wansync::service::method::{Effect, Method};
use wansync_sim::{Binding, Kind, Language, Session};

use crate::rows::Prints::{Exactly, Lines};
use crate::rows::{Prints, Success, all, find, nothing};
use crate::world::{World, on_this_year};

const DONE: Prints = Exactly("done\n");

static SUCCESSES: &[Success] = &[
    Success {
        method: "subscribe",
        before: nothing,
        words: &[
            "password=п w&+%",
            "login=магазин 5",
            "plan=SCHOOL",
            "email=a+b@example.org",
            "customer=№ 1 & сын",
        ],
        code: 0,
        prints: Exactly("email:    a+b@example.org\nplan:     Школа\nusername: магазин 5\n"),
        after: |world| {
            let account = world.sim().account("магазин 5").expect("subscribed");
            assert_eq!(account.password, "п w&+%");
            assert_eq!(account.plan, "SCHOOL");
            assert_eq!(account.email.as_deref(), Some("a+b@example.org"));
            assert_eq!(account.customer.as_deref(), Some("№ 1 & сын"));
        },
    },
    Success {
        method: "subscribe",
        before: nothing,
        words: &["password=p"],
        code: 0,
        prints: Exactly("email:\nplan:     Премиум\nusername: provider_1\n"),
        after: |world| assert!(world.sim().account("provider_1").is_some()),
    },
    Success {
        method: "subscribe_plans",
        before: nothing,
        words: &[],
        code: 0,
        prints: Exactly("plan      name\nBUSINESS  Бизнес\nPREMIUM   Премиум\nSCHOOL    Школа\n"),
        after: nothing,
    },
    Success {
        method: "activate",
        before: |world| {
            world.ask("deactivate ident=user1");
        },
        words: &["ident=user1"],
        code: 0,
        prints: DONE,
        after: |world| assert!(world.sim().account("user1").expect("a user").active),
    },
    Success {
        method: "deactivate",
        before: nothing,
        words: &["ident=user1", "--yes"],
        code: 0,
        prints: DONE,
        after: |world| assert!(!world.sim().account("user1").expect("a user").active),
    },
    Success {
        method: "update_email",
        before: nothing,
        words: &["ident=user1", "email=new+1@example.org"],
        code: 0,
        prints: DONE,
        after: |world| {
            let email = world.sim().account("user1").expect("a user").email;
            assert_eq!(email.as_deref(), Some("new+1@example.org"));
        },
    },
    Success {
        method: "update_password",
        before: nothing,
        words: &["ident=user1", "password=новый #1 😀"],
        code: 0,
        prints: DONE,
        after: |world| {
            let password = world.sim().account("user1").expect("a user").password;
            assert_eq!(password, "новый #1 😀");
        },
    },
    Success {
        method: "prolongate",
        before: |world| {
            world.ask("unsubscribe ident=user1");
        },
        words: &["ident=user1", "plan=BUSINESS"],
        code: 0,
        prints: DONE,
        after: |world| {
            let account = world.sim().account("user1").expect("a user");
            assert_eq!(account.plan, "BUSINESS");
            assert!(account.paid_until > 0);
        },
    },
    Success {
        method: "unsubscribe",
        before: nothing,
        words: &["ident=user1", "--yes"],
        code: 0,
        prints: DONE,
        after: |world| {
            let account = world.sim().account("user1").expect("a user");
            assert_eq!((account.plan.as_str(), account.paid_until), ("FREE", 0));
        },
    },
    Success {
        method: "subscription_info",
        before: |world| {
            // And 30 days, which prolongate pays for.
            world.sim().set_today("2026-11-21");
            world.ask("prolongate ident=user1");
        },
        words: &["ident=user1"],
        code: 0,
        prints: Exactly("date_end: 2026-12-21 00:00:00 UTC\n"),
        after: nothing,
    },
    Success {
        method: "profiles",
        before: nothing,
        words: &["ident=user1"],
        code: 0,
        prints: Exactly("  id  profile\n1001  Основной\n1002  Дети\n1003  Офис\n"),
        after: nothing,
    },
    Success {
        method: "create_profile",
        before: nothing,
        words: &["ident=user1", "name=Дом & сад", "tls=yes", "blockpage_id=5"],
        code: 0,
        prints: DONE,
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
        after: |world| {
            let profile = world.sim().profiles("user1").remove(&1003).expect("there");
            assert_eq!((profile.name.as_str(), profile.tls), ("Office #2", false));
        },
    },
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
        after: nothing,
    },
    Success {
        method: "list_ip",
        before: nothing,
        words: &["ident=user1"],
        code: 0,
        prints: Exactly("none\n"),
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
        method: "remove_ip",
        before: |world| {
            world.ask("add_ip ident=user1 ip=1.1.1.1 ip=1.1.1.2");
        },
        words: &["ident=user1", "ip=1.1.1.1", "--yes"],
        code: 0,
        prints: DONE,
        after: |world| {
            assert_eq!(world.sim().bindings("user1"), [fixed("1.1.1.2", 1001, "")]);
        },
    },
    Success {
        method: "add_vpn",
        before: nothing,
        words: &["ident=user1", "name=Дом 1", "profile_id=1002"],
        code: 0,
        prints: Lines(|data| lines(data["ovpn"].as_str().expect("text"))),
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
        after: |world| assert_eq!(vpns(world), ["c"]),
    },
    Success {
        method: "clear_vpn_for_user",
        before: three_vpns,
        words: &["ident=user1", "--yes"],
        code: 0,
        prints: DONE,
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
        after: nothing,
    },
    Success {
        method: "remove_vpn",
        before: three_vpns,
        words: &["id=2002", "--yes"],
        code: 0,
        prints: DONE,
        after: |world| assert_eq!(vpns(world), ["a", "c"]),
    },
    Success {
        method: "update_nat",
        before: nothing,
        words: &["profile_id=1002", "address=192.168.1.1"],
        code: 0,
        prints: DONE,
        after: |world| {
            let profiles = world.sim().profiles("user1");
            assert_eq!(Vec::from_iter(&profiles[&1002].nat), [&ip("192.168.1.1")]);
        },
    },
    Success {
        method: "get_activity",
        before: nothing,
        words: &["ident=user1", "date={Y}-02-03", "profile_id=1001"],
        code: 0,
        prints: Lines(activity),
        after: nothing,
    },
    Success {
        method: "get_activity",
        before: nothing,
        words: &["ident=user1"],
        code: 0,
        prints: Lines(activity),
        after: nothing,
    },
    Success {
        method: "get_activity_report",
        before: nothing,
        words: &["ident=user1", "start={Y}-02-03", "end={Y}-02-04"],
        code: 0,
        prints: Lines(|data| {
            let count = |set: usize, n: usize| data["datasets"][set]["data"][n].to_string();
            let labels = data["labels"].as_array().expect("labels");
            assert_eq!(labels.len(), 48);
            let row = |(n, label): (usize, &Value)| {
                let label = label.as_str().expect("text");
                format!("{label} {} {}", count(0, n), count(1, n))
            };
            let head = "Requests Blocks".to_owned();
            std::iter::once(head)
                .chain(labels.iter().enumerate().map(row))
                .collect()
        }),
        after: nothing,
    },
    Success {
        method: "get_popular_report",
        before: nothing,
        words: &[
            "ident=user1",
            "start={Y}-02-03",
            "end={Y}-02-04",
            "profile_id=1002",
        ],
        code: 0,
        prints: Lines(|data| visits("name visits", data)),
        after: nothing,
    },
    Success {
        method: "get_category_report",
        before: nothing,
        words: &["ident=user1", "start={Y}-02-03", "end={Y}-02-04"],
        code: 0,
        prints: Lines(|data| visits("category visits", data)),
        after: nothing,
    },
    Success {
        method: "get_category_report",
        before: |world| world.sim().set_language(Language::English),
        words: &["ident=user1", "start={Y}-02-03", "end={Y}-02-03"],
        code: 0,
        prints: Lines(|data| visits("category visits", data)),
        after: nothing,
    },
    Success {
        method: "send_monthly_stat",
        before: nothing,
        words: &["ident=user1", "year={Y}", "month=05", "profile_id=1003"],
        code: 0,
        prints: DONE,
        after: |world| {
            assert_eq!(
                mails(world),
                [on_this_year("user1@example.com {Y}-05 Some(1003)")]
            );
        },
    },
    Success {
        method: "get_daily_stat",
        before: nothing,
        words: &["date={Y}-05-06", "ident=user1", "email_to=boss@example.org"],
        code: 0,
        prints: Lines(|data| {
            vec![format!(
                "result: {}",
                data["result"].as_str().expect("a link")
            )]
        }),
        after: |world| {
            assert_eq!(
                mails(world),
                [on_this_year("boss@example.org {Y}-05-06 None")]
            );
        },
    },
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
        after: nothing,
    },
    Success {
        method: "active",
        before: |world| world.sim().script_active(&[&["user357"]]),
        words: &[],
        code: 0,
        prints: Exactly("comment  login    vpnki_address\nOffice   user357  172.16.10.3\n"),
        after: nothing,
    },
    Success {
        method: "active",
        before: |world| world.sim().script_active(&[&[]]),
        words: &[],
        code: 0,
        prints: Exactly("none\n"),
        after: nothing,
    },
    Success {
        method: "stat_user",
        before: nothing,
        words: &["ts=2016-10-10", "te=2016-12-31 23:59"],
        code: 0,
        prints: Lines(connections),
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
        prints: Lines(connections),
        after: nothing,
    },
    Success {
        method: "stat_tunnel",
        before: nothing,
        words: &["tunnel=user357", "ts=0000-00-00 00-00-00", "te=NOW"],
        code: 0,
        prints: Lines(|data| {
            let lines = connections(data);
            assert_eq!(lines.len(), 1 + 2);
            assert!(lines[1].contains("2016-10-11 12:00:00"));
            lines
        }),
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
        after: |world| assert_eq!(tunnels(world), ["user356", "user357", "user400"]),
    },
    Success {
        method: "del_tunnel",
        before: nothing,
        words: &["tunnel=user356", "--yes"],
        code: 0,
        prints: DONE,
        after: |world| assert_eq!(tunnels(world), ["user357"]),
    },
];

/// The words of a call of this method that succeeds, if the service's state
/// allows it.
pub fn words_of(method: &Method) -> &'static [&'static str] {
    let row = SUCCESSES.iter().find(|row| row.method == method.name);
    row.expect("every method has a row").words
}

#[test]
fn every_method_has_a_row() {
    for method in all() {
        let has_row = SUCCESSES.iter().any(|row| row.method == method.name);
        assert!(has_row, "{}: add a row to the table", method.name);
    }
}

#[test]
fn people_read_what_was_done_and_programs_get_the_data() {
    for row in SUCCESSES {
        check(row);
    }
}

/// The call is made three times with the same state of the services: for people,
/// without wansync, and for programs.
fn check(row: &Success) {
    let method = find(row.method);
    let world = World::new();
    (row.before)(&world);
    world.sim().mark();
    world.sim().reset();
    let before = world.state();

    let ran = world.call(method, row.words).expect(row.code);
    assert_eq!(ran.stderr, "", "{}", row.method);
    (row.after)(&world);
    // get_daily_stat mails what it gives, where it is asked to.
    if method.effect == Effect::Reads && method.name != "get_daily_stat" {
        assert_eq!(world.state(), before, "{}", row.method);
    }
    let target = world.request().target;

    world.sim().reset();
    let data = data_of(method, &world.get(&target));
    match row.prints {
        Exactly(text) => assert_eq!(ran.stdout, text, "{} {:?}", row.method, row.words),
        Lines(of) => assert_eq!(lines(&ran.stdout), of(&data), "{}", row.method),
    }

    world.sim().reset();
    let words: Vec<&str> = ["--format", "json"]
        .iter()
        .chain(row.words)
        .copied()
        .collect();
    let json = world.run(
        &[
            &[Service::of(method).word()],
            &words[..2],
            &[row.method],
            &words[2..],
        ]
        .concat(),
    );
    let json = json.expect(row.code);
    assert_eq!(json.stderr, "", "{}", row.method);
    assert_eq!(json.stdout.lines().count(), 1, "{}", json.stdout);
    let printed: Value = serde_json::from_str(&json.stdout).expect(&json.stdout);
    assert_eq!(printed, data, "{}", row.method);
}

/// What the service's envelope holds, read without wansync.
fn data_of(method: &Method, body: &str) -> Value {
    // The one reply that is no JSON.
    if method.name == "del_tunnel" {
        assert_eq!(body, "OK");
        return Value::from("OK");
    }
    let body: Value = serde_json::from_str(body).expect(body);
    match Service::of(method) {
        Service::Skydns => body["response"]["data"].clone(),
        Service::Vpnki => body["data"].clone(),
    }
}

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

fn tunnels(world: &World) -> Vec<String> {
    let tunnels = world.sim().tunnels().into_iter();
    tunnels.map(|tunnel| tunnel.name).collect()
}

fn mails(world: &World) -> Vec<String> {
    let mails = world.sim().mails().into_iter();
    mails
        .map(|mail| format!("{} {} {:?}", mail.to, mail.period, mail.profile))
        .collect()
}

/// Lines without bars, with one space between words.
fn lines(text: &str) -> Vec<String> {
    let is_word = |word: &&str| !word.bytes().all(|byte| byte == b'#');
    let line = |line: &str| {
        line.split_whitespace()
            .filter(is_word)
            .collect::<Vec<_>>()
            .join(" ")
    };
    text.lines().map(line).collect()
}

/// The values of these fields.
fn words(row: &Value, fields: &[&str]) -> String {
    let word = |field: &&str| {
        row[field]
            .as_str()
            .unwrap_or_else(|| panic!("{field} in {row}"))
    };
    fields.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn activity(data: &Value) -> Vec<String> {
    let line = |name: &str| format!("{name}: {}", data[name].as_str().expect("text"));
    vec![line("blocks"), line("requests")]
}

fn visits(head: &str, data: &Value) -> Vec<String> {
    let rows = data.as_object().expect("counts by name").iter();
    let row =
        |(name, count): (&String, &Value)| format!("{name} {}", count.as_str().expect("text"));
    std::iter::once(head.to_owned())
        .chain(rows.map(row))
        .collect()
}

/// Rows of statistics, their moments as people write them.
fn connections(data: &Value) -> Vec<String> {
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
        words(&row, &fields)
    };
    let rows = data.as_array().expect("a list").iter().map(row);
    std::iter::once(fields.join(" ")).chain(rows).collect()
}
