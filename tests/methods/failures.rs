//! Every method, and how it fails: what the service refuses, in its own words,
//! and what it is not there for. Nothing has changed at the service then.

use wansync::service::answer::Service;
use wansync::service::method::Method;
use wansync_sim::{KEY, Rows, Style, Times, VPNKI_KEY};

use crate::rows::{Refusal, all, find, nothing};
use crate::successes::words_of;
use crate::world::World;

static REFUSALS: &[Refusal] = &[
    Refusal {
        method: "subscribe",
        before: nothing,
        words: &["password=p", "login=user1"],
        code: 77,
        says: " says: This login is already used",
    },
    Refusal {
        method: "subscribe",
        before: nothing,
        words: &["password=p", "email=USER1@example.com"],
        code: 77,
        says: " says: This email is already used",
    },
    Refusal {
        method: "subscribe",
        before: nothing,
        words: &["password=p", "plan=GOLD"],
        code: 77,
        says: " says: Invalid plan",
    },
    Refusal {
        method: "subscribe_plans",
        before: |world| world.sim().remove_key(KEY),
        words: &[],
        code: 77,
        says: " says: Invalid provider key",
    },
    Refusal {
        method: "activate",
        before: nothing,
        words: &["ident=nobody"],
        code: 77,
        says: " says: User not found",
    },
    Refusal {
        method: "deactivate",
        before: nothing,
        words: &["ident=nobody", "--yes"],
        code: 77,
        says: " says: User not found",
    },
    Refusal {
        method: "deactivate",
        before: |world| world.sim().add_user_of("other", "user2", &[]),
        words: &["ident=user2", "--yes"],
        code: 77,
        says: " says: User not found",
    },
    Refusal {
        method: "update_email",
        before: |world| world.sim().add_user("user2", &[]),
        words: &["ident=user1", "email=user2@example.com"],
        code: 77,
        says: " says: This email is already used",
    },
    Refusal {
        method: "update_password",
        before: nothing,
        words: &["ident=nobody", "password=secret"],
        code: 77,
        says: " says: User not found",
    },
    Refusal {
        method: "prolongate",
        before: |world| {
            world.ask("deactivate ident=user1");
        },
        words: &["ident=user1"],
        code: 77,
        says: " says: User is not active",
    },
    Refusal {
        method: "unsubscribe",
        before: nothing,
        words: &["ident=nobody", "--yes"],
        code: 77,
        says: " says: User not found",
    },
    Refusal {
        method: "subscription_info",
        before: nothing,
        words: &["ident=nobody"],
        code: 77,
        says: " says: User not found",
    },
    Refusal {
        method: "profiles",
        before: nothing,
        words: &["ident=nobody"],
        code: 77,
        says: " says: User not found",
    },
    Refusal {
        method: "create_profile",
        before: nothing,
        words: &["ident=user1", "name=Дети"],
        code: 77,
        says: " says: A profile of this name exists",
    },
    Refusal {
        method: "update_profile",
        before: nothing,
        words: &["profile_id=9", "name=A"],
        code: 77,
        says: " says: Profile not found",
    },
    Refusal {
        method: "add_ip",
        before: nothing,
        words: &["ident=user1", "ip=8.8.4.4", "profile=9"],
        code: 77,
        says: " says: Profile not found",
    },
    Refusal {
        method: "clear_ip",
        before: nothing,
        words: &["ident=user1", "profile=9", "--yes"],
        code: 77,
        says: " says: Profile not found",
    },
    Refusal {
        method: "list_ip",
        before: nothing,
        words: &["ident=user1", "profile=9"],
        code: 77,
        says: " says: Profile not found",
    },
    Refusal {
        method: "update_ip",
        before: nothing,
        words: &["ident=user1", "ip=192.168.1.1"],
        code: 77,
        says: " says: This address is not public",
    },
    Refusal {
        method: "remove_ip",
        before: nothing,
        words: &["ident=user1", "ip=8.8.4.4", "--yes"],
        code: 77,
        says: " says: IP address not found",
    },
    Refusal {
        method: "add_vpn",
        before: |world| world.sim().set_vpn_limit(0),
        words: &["ident=user1", "name=a", "profile_id=1001"],
        code: 77,
        says: " says: The limit of VPN connections is reached",
    },
    Refusal {
        method: "clear_vpn_for_profile",
        before: nothing,
        words: &["profile_id=9", "--yes"],
        code: 77,
        says: " says: Profile not found",
    },
    Refusal {
        method: "clear_vpn_for_user",
        before: nothing,
        words: &["ident=nobody", "--yes"],
        code: 77,
        says: " says: User not found",
    },
    Refusal {
        method: "get_vpn_list",
        before: nothing,
        words: &["ident=nobody"],
        code: 77,
        says: " says: User not found",
    },
    Refusal {
        method: "remove_vpn",
        before: nothing,
        words: &["id=9", "--yes"],
        code: 77,
        says: " says: VPN connection not found",
    },
    Refusal {
        method: "update_nat",
        before: nothing,
        words: &["profile_id=9", "address=192.168.1.1"],
        code: 77,
        says: " says: Profile not found",
    },
    Refusal {
        method: "get_activity",
        before: nothing,
        words: &["ident=user1", "profile_id=9"],
        code: 77,
        says: " says: Profile not found",
    },
    Refusal {
        method: "get_activity_report",
        before: nothing,
        words: &["ident=nobody", "start={Y}-01-01", "end={Y}-01-02"],
        code: 77,
        says: " says: User not found",
    },
    Refusal {
        method: "get_popular_report",
        before: nothing,
        words: &[
            "ident=user1",
            "start={Y}-01-01",
            "end={Y}-01-02",
            "profile_id=9",
        ],
        code: 77,
        says: " says: Profile not found",
    },
    Refusal {
        method: "get_category_report",
        before: nothing,
        words: &["ident=nobody", "start={Y}-01-01", "end={Y}-01-02"],
        code: 77,
        says: " says: User not found",
    },
    Refusal {
        method: "send_monthly_stat",
        before: nothing,
        words: &["ident=user1", "year={Y}", "month=01", "profile_id=9"],
        code: 77,
        says: " says: Profile not found",
    },
    Refusal {
        method: "get_daily_stat",
        before: nothing,
        words: &[
            "date={Y}-01-01",
            "ident=user1",
            "email_to=a@example.org",
            "profile_id=9",
        ],
        code: 77,
        says: " says: Profile not found",
    },
    Refusal {
        method: "tunnels",
        before: |world| world.sim().remove_vpnki_key(VPNKI_KEY),
        words: &[],
        code: 77,
        says: " says: API Key Not Found (403)",
    },
    Refusal {
        method: "tunnels",
        before: |world| world.sim().set_tunnels(vec![]),
        words: &[],
        code: 1,
        says: ": the reply is not understood: an empty list of tunnels",
    },
    Refusal {
        method: "active",
        before: |world| rows_are(world, Rows::Null),
        words: &[],
        code: 1,
        says: ": the reply is not understood: null instead of a list",
    },
    Refusal {
        method: "active",
        before: |world| rows_are(world, Rows::False),
        words: &[],
        code: 1,
        says: ": the reply is not understood: false instead of a list",
    },
    Refusal {
        method: "stat_user",
        before: |world| rows_are(world, Rows::Null),
        words: &["ts=24h", "te=NOW"],
        code: 1,
        says: ": the reply is not understood: null instead of a list",
    },
    Refusal {
        method: "stat_user",
        before: nothing,
        words: &["ts=NOW", "te=NOW"],
        code: 77,
        says: " says: Invalid ts (400)",
    },
    Refusal {
        method: "stat_tunnel",
        before: nothing,
        words: &["tunnel=user9", "ts=24h", "te=NOW"],
        code: 77,
        says: " says: Tunnel not found (404)",
    },
    Refusal {
        method: "add_tunnel",
        before: |world| world.sim().set_tunnel_limit(2),
        words: &[],
        code: 77,
        says: " says: The limit of tunnels is reached",
    },
    Refusal {
        method: "add_tunnel",
        before: |world| world.sim().set_vpnki_priority(false),
        words: &[],
        code: 77,
        says: " says: Only for users with Priority status",
    },
    Refusal {
        method: "del_tunnel",
        before: nothing,
        words: &["tunnel=user9", "--yes"],
        code: 77,
        says: " says: Tunnel not found (404)",
    },
];

fn rows_are(world: &World, rows: Rows) {
    world.sim().set_vpnki_style(Style {
        rows,
        ..Style::default()
    });
}

#[test]
fn every_method_has_a_row() {
    for method in all() {
        let has_row = REFUSALS.iter().any(|row| row.method == method.name);
        assert!(has_row, "{}: add a row to the table", method.name);
    }
}

#[test]
fn a_refusal_is_told_in_the_service_s_words_and_changes_nothing() {
    for row in REFUSALS {
        let world = World::new();
        (row.before)(&world);
        world.sim().clear();
        let before = world.state();
        let ran = world.call(find(row.method), row.words).expect(row.code);
        assert_eq!(ran.stdout, "", "{} {:?}", row.method, row.words);
        let line = format!("wansync: error: {}: 127.0.0.1{}\n", row.method, row.says);
        assert_eq!(ran.stderr.trim_end(), line.trim_end());
        assert_eq!(world.request().call(), row.method);
        assert_eq!(world.state(), before, "{}", row.method);
    }
}

/// The failures that know no method, with words that tell them apart.
const UNAVAILABLE: &[(&str, i32, &str)] = &[
    ("status=500", 69, "127.0.0.1: HTTP status 500"),
    (
        "status=503,retry-after=120",
        69,
        "127.0.0.1: HTTP status 503",
    ),
    ("status=429", 69, "127.0.0.1: HTTP status 429"),
    ("reset=after", 69, "the connection to 127.0.0.1 broke: "),
    ("close", 69, "the connection to 127.0.0.1 broke: "),
    ("status=404", 77, "127.0.0.1: HTTP status 404"),
    ("redirect=host", 1, "127.0.0.1: redirected to "),
];

#[test]
fn every_method_tells_what_the_service_could_not_do() {
    let world = World::without_tls();
    for method in all() {
        for (fault, code, says) in UNAVAILABLE {
            world.sim().reset();
            world.fault(fault);
            fails(&world, method, *code, says);
            assert_eq!(world.request().call(), method.name);
        }
    }
}

#[test]
fn every_method_tells_that_there_is_no_service() {
    let world = World::new();
    for method in all() {
        // Nothing listens on the first port.
        let mut words = words_of(method).to_vec();
        words.extend(["--base-url", "https://127.0.0.1:1/"]);
        let ran = world.call(method, &words).expect(69);
        ran.says(&format!("{}: no connection to 127.0.0.1: ", method.name));
    }
    assert!(world.sim().requests().is_empty());
}

#[test]
fn every_method_tells_that_the_certificate_is_not_trusted() {
    let world = World::new();
    world.fault("tls-wrong-ca");
    for method in all() {
        fails(
            &world,
            method,
            69,
            "TLS with 127.0.0.1 failed: its certificate is not trusted by ",
        );
        assert!(world.sim().requests().is_empty());
    }
}

#[test]
fn every_method_tells_that_the_key_is_wrong_and_never_the_key() {
    let world = World::new();
    world.sim().remove_key(KEY);
    world.sim().remove_vpnki_key(VPNKI_KEY);
    for method in all() {
        let says = match Service::of(method) {
            Service::Skydns => "says: Invalid provider key",
            Service::Vpnki => "says: API Key Not Found (403)",
        };
        fails(&world, method, 77, says);
        world.sim().fault(
            format!("error=code,text=bad key {KEY} {VPNKI_KEY}")
                .parse()
                .expect("a fault"),
            Times::Next(1),
        );
        let ran = world.call(method, words_of(method));
        let key = match Service::of(method) {
            Service::Skydns => KEY,
            Service::Vpnki => VPNKI_KEY,
        };
        ran.says("***").never_says(key);
    }
}

/// The call fails with one line of log, and prints nothing.
fn fails(world: &World, method: &Method, code: i32, says: &str) {
    let ran = world.call(method, words_of(method)).expect(code);
    assert_eq!(ran.stdout, "", "{}", method.name);
    assert!(
        ran.stderr
            .starts_with(&format!("wansync: error: {}: ", method.name)),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.stderr.trim_end().lines().count(), 1, "{}", ran.stderr);
    ran.says(says);
}
