//! A look at a VPNKI account, as the daemon's child has it: what is asked, what
//! is remembered of it, and what is message.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests do I/O"
)]

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use wansync_core::json::{Json, Persist};
use wansync_core::reason::Reason;
use wansync_core::time::Boot;
use wansync_core::tunnel::account::{AccountState, TunnelId};
use wansync_core::tunnel::evidence::ServiceStatus;
use wansync_sim::{ActiveFields, Envelope, Rows, Style, Times, VPNKI_KEY};
use wansync_test_support::waiting::HANG;
use wansync_test_support::{Ran, Router, clocks, is_in_files};

/// A router that watches `user356` and `user357`, and one that VPNKI does not know.
struct World {
    router: Router,
    url: String,
}

impl World {
    fn new() -> World {
        let router = Router::new();
        let url = router.sim.vpnki_http_url();
        let world = World { router, url };
        fs::write(world.key_file(), VPNKI_KEY).expect("a key file");
        world.configure("");
        world
    }

    fn over_tls() -> World {
        let mut world = World::new();
        world.url = world.router.sim.vpnki_url();
        world.configure("");
        world
    }

    fn key_file(&self) -> std::path::PathBuf {
        self.router.path("vpnki.key")
    }

    /// The account with these options more, and three tunnels.
    fn configure(&self, options: &str) {
        let tunnels = ["user356", "user357", "user999"].map(|name| tunnel(name, ""));
        self.configure_with(options, &tunnels.concat());
    }

    fn configure_with(&self, options: &str, tunnels: &str) {
        let (url, key_file) = (&self.url, self.key_file());
        self.router.configure(&format!(
            "config vpnki 'account'\noption base_url '{url}'\noption key_file '{}'\n\
             {options}\n{tunnels}",
            key_file.display()
        ));
    }

    /// Only tunnels that VPNKI knows.
    fn configure_known(&self) {
        self.configure_with("", &["user356", "user357"].map(|n| tunnel(n, "")).concat());
    }

    fn look(&self) -> Ran {
        let ran = self.router.run(&["daemon", "--look", "account"]);
        ran.never_says(VPNKI_KEY)
    }

    fn file(&self) -> std::path::PathBuf {
        self.router.path("run/vpnki.account.json")
    }

    fn json(&self) -> Value {
        let text = fs::read(self.file()).expect("a look is remembered");
        serde_json::from_slice(&text).expect("JSON")
    }

    fn remembered(&self) -> AccountState {
        assert!(!is_in_files(&self.router.path("run"), VPNKI_KEY));
        let text = fs::read(self.file()).expect("a look is remembered");
        let json = Json::parse(&text).expect("JSON");
        AccountState::read(json).expect("a state")
    }

    /// The evidence for one tunnel, at the time of the query.
    fn service(&self, name: &str) -> ServiceStatus {
        let state = self.remembered();
        let found = state.service_evidence(&named(name, None), last_query(&state));
        found.expect("something was found").value
    }

    fn services(&self) -> [ServiceStatus; 3] {
        ["user356", "user357", "user999"].map(|name| self.service(name))
    }

    /// The reason why the account could not be asked, if it could not.
    fn query_error(&self) -> Option<String> {
        let state = self.remembered();
        state.last_error().map(|error| error.why.to_string())
    }

    /// The seconds from the last query to the next.
    fn due(&self) -> u64 {
        let state = self.remembered();
        let due = state.next_due(Duration::from_secs(120));
        due.since(last_query(&state)).as_secs()
    }

    /// So many seconds go by.
    fn wait(&self, seconds: i64) {
        let mut json = self.json();
        older(&mut json, seconds);
        fs::write(self.file(), json.to_string()).expect("written");
    }

    /// The requests since the last call.
    fn asked(&self) -> Vec<String> {
        let requests = self.router.sim.requests();
        let calls = requests
            .iter()
            .map(|r| r.param("resource").unwrap_or("").to_owned());
        let calls = calls.collect();
        self.router.sim.clear();
        calls
    }

    fn fault(&self, text: &str, times: Times) {
        self.router.sim.fault(text.parse().expect(text), times);
    }

    fn script(&self, lists: &[&[&str]]) {
        self.router.sim.script_active(lists);
    }
}

fn last_query(state: &AccountState) -> Boot {
    state.last_query.expect("it was asked")
}

fn named<'a>(name: &'a str, address: Option<&'a str>) -> TunnelId<'a> {
    TunnelId { name, address }
}

fn tunnel(name: &str, options: &str) -> String {
    format!(
        "config tunnel 't_{name}'\noption vpnki 'account'\noption name '{name}'\n\
         option network 'n_{name}'\n{options}\n"
    )
}

fn older(json: &mut Value, seconds: i64) {
    const TIMES: [&str; 6] = [
        "looked",
        "answered",
        "not_before",
        "asked_until",
        "since",
        "at",
    ];
    match json {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_i64().filter(|_| TIMES.contains(&name.as_str())) {
                    Some(time) => *value = json!(time - seconds),
                    None => older(value, seconds),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| older(item, seconds)),
        _ => {}
    }
}

#[test]
fn every_way_to_say_it_says_the_same() {
    let world = World::new();
    world.script(&[&["user356"]]);
    for &envelope in Envelope::ALL {
        for &rows in Rows::ALL {
            world.router.sim.set_vpnki_style(Style {
                envelope,
                rows,
                ..Style::default()
            });
            world.router.reboot();
            let ran = world.look();
            if matches!(rows, Rows::Null | Rows::False) {
                ran.expect(69).says("instead of a list");
                assert!(matches!(
                    world.service("user356"),
                    ServiceStatus::Unavailable(_)
                ));
                assert_eq!(world.asked(), ["active"], "{envelope} {rows}");
                continue;
            }
            assert_eq!(ran.expect(0).said(), "", "{envelope} {rows}");
            assert_eq!(
                world.services(),
                [
                    ServiceStatus::Active,
                    ServiceStatus::Inactive,
                    ServiceStatus::Unlisted
                ],
                "{envelope} {rows}"
            );
            assert_eq!(world.asked(), ["active", "tunnels"], "{envelope} {rows}");
        }
    }
}

#[test]
fn none_is_active() {
    let world = World::new();
    world.script(&[&[]]);
    for &rows in Rows::ALL {
        if matches!(rows, Rows::Null | Rows::False) {
            continue;
        }
        world.router.sim.set_vpnki_style(Style {
            rows,
            ..Style::default()
        });
        world.router.reboot();
        world.look().expect(0);
        assert_eq!(
            world.services(),
            [
                ServiceStatus::Inactive,
                ServiceStatus::Inactive,
                ServiceStatus::Unlisted
            ],
            "{rows}"
        );
    }
}

#[test]
fn a_tunnel_is_known_by_its_address_too() {
    let world = World::new();
    world.configure_with("", &tunnel("dacha", "option address '172.16.10.2'"));
    world.look().expect(0);
    let state = world.remembered();
    let at = last_query(&state);
    let found = state.service_evidence(&named("dacha", Some("172.16.10.2")), at);
    assert_eq!(found.expect("found").value, ServiceStatus::Active);
    assert_eq!(state.service_evidence(&named("dacha", None), at), None);
    // Another address is another question, which is asked at once.
    world.wait(1);
    world.configure_with("", &tunnel("dacha", "option address '172.16.10.9'"));
    world.look().expect(0);
    let state = world.remembered();
    let found = state.service_evidence(&named("dacha", Some("172.16.10.9")), at);
    assert_eq!(found.expect("found").value, ServiceStatus::Unlisted);
}

#[test]
fn a_tunnel_is_found_by_whatever_active_calls_it() {
    let world = World::new();
    world.script(&[&["user356"]]);
    let mut looks = 0;
    for name in ["user356", "Дача", "172.16.10.2", "USER356"] {
        world.configure_with("", &tunnel("x", "").replace("'x'", &format!("'{name}'")));
        for &active_fields in ActiveFields::ALL {
            for &rows in Rows::ALL {
                // `tunnels` of the first three says nothing of comments and addresses. An
                // object with one unknown name in it may be about anything.
                let is_bare = match rows {
                    Rows::Strings | Rows::Null | Rows::False => true,
                    Rows::Named => {
                        matches!(active_fields, ActiveFields::Comment | ActiveFields::Address)
                    }
                    _ => false,
                };
                if is_bare {
                    continue;
                }
                looks += 1;
                world.router.sim.set_vpnki_style(Style {
                    rows,
                    active_fields,
                    ..Style::default()
                });
                world.router.reboot();
                world.look().expect(0);
                let found = world.service(name);
                assert_eq!(
                    found,
                    ServiceStatus::Active,
                    "{name} {rows} {active_fields}"
                );
            }
        }
    }
    assert!(looks >= 72, "{looks}");
}

#[test]
fn a_comment_of_two_tunnels_is_no_name() {
    let world = World::new();
    let mut tunnels = world.router.sim.tunnels();
    tunnels[1].comment = tunnels[0].comment.clone();
    world.router.sim.set_tunnels(tunnels);
    let named_so = tunnel("x", "").replace("'x'", "'Дача'");
    world.configure_with("", &named_so);
    for active in [&["user356"][..], &["user356", "user357"], &[]] {
        world.script(&[active]);
        world.router.reboot();
        world.look().expect(0);
        let expected = ServiceStatus::Ambiguous("user356 or user357".to_owned());
        assert_eq!(world.service("Дача"), expected);
    }
}

#[test]
fn a_name_is_resolved_once_an_hour() {
    let world = World::new();
    world.router.sim.set_vpnki_style(Style {
        active_fields: ActiveFields::NoComment,
        ..Style::default()
    });
    let named_so = tunnel("x", "").replace("'x'", "'Дача'");
    world.configure_with("", &named_so);
    world.look().expect(0);
    assert_eq!(world.asked(), ["active", "tunnels"]);
    for _ in 0..3 {
        world.wait(130);
        world.look().expect(0);
        assert_eq!(world.asked(), ["active"]);
        assert_eq!(world.service("Дача"), ServiceStatus::Active);
    }
    // What is remembered does for an hour without `tunnels`, and then still.
    let tunnels_fail = || {
        let fault = "status=503".parse().expect("a fault");
        let sim = &world.router.sim;
        sim.fault_for("resource=tunnels", fault, Times::All);
    };
    tunnels_fail();
    world.wait(4_000);
    world.look();
    assert_eq!(world.asked(), ["active", "tunnels"]);
    assert_eq!(world.service("Дача"), ServiceStatus::Active);
    // Without it the name says nothing.
    world.router.reboot();
    tunnels_fail();
    world.look().expect(69);
    assert!(matches!(
        world.service("Дача"),
        ServiceStatus::Unavailable(_)
    ));
}

/// Were all tunnels down, each look would ask twice.
#[test]
fn tunnels_is_asked_once_an_hour_and_for_a_new_name() {
    let world = World::new();
    world.configure_known();
    world.look().expect(0);
    assert_eq!(world.asked(), ["active", "tunnels"]);
    world.wait(130);
    world.look().expect(0);
    assert_eq!(world.asked(), ["active"]);
    world.wait(130);
    world.script(&[&["user356"]]);
    world.look().expect(0);
    assert_eq!(world.asked(), ["active"]);
    assert_eq!(world.service("user357"), ServiceStatus::Inactive);
    world.configure("");
    world.look().expect(0);
    assert_eq!(world.asked(), ["active", "tunnels"]);
    assert_eq!(world.service("user999"), ServiceStatus::Unlisted);
    world.wait(130);
    world.look().expect(0);
    assert_eq!(world.asked(), ["active"]);
    world.wait(3600);
    world.look().expect(0);
    assert_eq!(world.asked(), ["active", "tunnels"]);
}

#[test]
fn looks_keep_apart() {
    let world = World::new();
    for _ in 0..5 {
        world.look().expect(0);
    }
    assert_eq!(world.asked(), ["active", "tunnels"]);
    world.wait(16);
    world.look().expect(0);
    assert_eq!(world.asked(), ["active"]);
}

#[test]
fn failures_are_reported_in_words() {
    let world = World::over_tls();
    for (fault, part) in [
        ("status=503", "127.0.0.1: HTTP status 503"),
        ("status=500", "127.0.0.1: HTTP status 500"),
        ("html", "127.0.0.1: the reply is not JSON but an HTML page"),
        ("empty", "the reply is not JSON but an empty body"),
        ("nul", "the reply is not JSON"),
        ("truncated", "the reply is not JSON"),
        ("oversize=400000", "the reply is larger than"),
        ("nesting=5000", "127.0.0.1: "),
        ("close", "the connection to 127.0.0.1 broke"),
        ("cut", "127.0.0.1"),
        ("redirect=host", "127.0.0.1: redirected to "),
        ("body=OK", "127.0.0.1: "),
        ("body=true", "true instead of a list"),
        ("tls-wrong-ca", "not trusted by"),
        ("tls-expired", "has expired"),
        ("tls-reset", "127.0.0.1"),
    ] {
        world.router.reboot();
        world.fault(fault, Times::Next(1));
        let ran = world
            .look()
            .expect(69)
            .says("account: VPNKI cannot be asked: ");
        ran.says(part).says("; next in ");
        let message = world.query_error().expect("trouble");
        assert!(message.contains(part), "{fault}: {message}");
        for service in world.services() {
            assert_eq!(
                service,
                ServiceStatus::Unavailable(Reason::words(&message)),
                "{fault}"
            );
        }
        assert!((7..=20).contains(&world.due()), "{fault}: {}", world.due());
        assert!(world.asked().len() <= 1, "{fault}");
    }
    assert_eq!(world.router.sim.faults_waiting(), 0);
}

#[test]
fn what_is_well_outlives_a_failure_and_what_is_not_does_not() {
    let world = World::new();
    world.script(&[&["user356"]]);
    world.look().expect(0);
    world.wait(120);
    world.fault("status=502", Times::All);
    world.look().expect(69);
    let [well, ill, wrong] = world.services();
    assert_eq!(
        (well, wrong),
        (ServiceStatus::Active, ServiceStatus::Unlisted)
    );
    assert_eq!(
        ill,
        ServiceStatus::Unavailable(Reason::words("127.0.0.1: HTTP status 502"))
    );
    world.wait(800);
    world.look().expect(69);
    assert!(matches!(
        world.service("user356"),
        ServiceStatus::Unavailable(_)
    ));
}

#[test]
fn a_list_of_tunnels_that_fails_leaves_the_active_ones() {
    let world = World::new();
    world.script(&[&["user356"]]);
    let fault = "status=503".parse().expect("a fault");
    world
        .router
        .sim
        .fault_for("resource=tunnels", fault, Times::All);
    world.look().expect(69).says("HTTP status 503");
    assert_eq!(world.service("user356"), ServiceStatus::Active);
    let ServiceStatus::Unavailable(why) = world.service("user357") else {
        panic!("{:?}", world.service("user357"));
    };
    assert!(
        why.to_string()
            .ends_with("whether it exists is not known: 127.0.0.1: HTTP status 503")
    );
    // The account is looked at as ever, its list of tunnels less often.
    assert!((15..=120).contains(&world.due()), "{}", world.due());
}

#[test]
fn an_empty_list_of_tunnels_says_nothing() {
    let world = World::new();
    world.router.sim.set_tunnels(Vec::new());
    world.script(&[&[]]);
    world.look().expect(69).says("an empty list of tunnels");
    for service in world.services() {
        assert!(
            matches!(service, ServiceStatus::Unavailable(_)),
            "{service:?}"
        );
    }
}

#[test]
fn a_key_that_is_refused_is_not_tried_again_until_it_is_another() {
    for envelope in Envelope::ALL {
        let world = World::new();
        for real_status in [true, false] {
            world.router.sim.set_vpnki_style(Style {
                envelope: *envelope,
                real_status,
                ..Style::default()
            });
            fs::write(world.key_file(), "wrong-key").expect("a key file");
            world.look().expect(69).says("127.0.0.1 says: API Key ");
            assert_eq!(world.asked(), ["active"]);
            assert!((1800..=3610).contains(&world.due()), "{}", world.due());
            world.wait(1700);
            world.look().expect(69).never_says("API Key");
            assert_eq!(world.asked(), [""; 0]);
            fs::write(world.key_file(), VPNKI_KEY).expect("a key file");
            world.look().expect(0);
            assert_eq!(world.asked(), ["active", "tunnels"]);
            assert_eq!(world.service("user356"), ServiceStatus::Active);
        }
    }
}

#[test]
fn a_service_that_asks_for_time_gets_it() {
    let world = World::new();
    world.fault("status=429,retry-after=7200", Times::Next(1));
    world.look().expect(69);
    assert!((7200..=8110).contains(&world.due()), "{}", world.due());
    world.wait(7100);
    world.look().expect(69);
    assert_eq!(world.asked(), ["active"]);
    world.wait(1000);
    world.look().expect(0);
    assert_eq!(world.query_error(), None);
}

#[test]
fn a_service_that_quotes_the_key_does_not_show_it() {
    let world = World::new();
    for fault in [
        format!("error=message,text=no such key: {VPNKI_KEY}"),
        format!("error=code,text=no such key: {VPNKI_KEY}"),
        format!("body=\"{VPNKI_KEY}\""),
        format!("body={VPNKI_KEY}"),
        format!("body={{\"code\":403,\"message\":\"{VPNKI_KEY}\"}}"),
        format!("body={{\"err_msg\":\"{VPNKI_KEY}\",\"err_code\":\"\",\"data\":{{}}}}"),
    ] {
        world.router.reboot();
        world.fault(&fault, Times::Next(1));
        let ran = world.look();
        assert_eq!(ran.code, Some(69), "{fault}: {}", ran.said());
        world.query_error().expect("trouble");
    }
}

#[test]
fn only_news_are_logged() {
    let world = World::new();
    world.fault("status=503", Times::Next(3));
    world.look().expect(69).says("HTTP status 503");
    for _ in 0..2 {
        world.wait(200);
        assert_eq!(world.look().expect(69).said(), "");
    }
    world.wait(200);
    world.fault("html", Times::Next(1));
    world.look().expect(69).says("an HTML page");
    world.wait(200);
    world
        .look()
        .expect(0)
        .says("account: VPNKI answers again, after 13 min ");
    world.wait(200);
    assert_eq!(world.look().expect(0).said(), "");
}

#[test]
fn a_look_that_is_killed_is_not_repeated_at_once() {
    let world = World::new();
    world.fault("stall=status", Times::Next(1));
    let mut child = world
        .router
        .command(&["daemon", "--look", "account"])
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    assert!(world.router.sim.wait_for_requests(1, HANG));
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert!(world.remembered().is_unfinished);
    assert!((12..=18).contains(&world.due()), "{}", world.due());
    world.asked();
    world.look().expect(0);
    assert_eq!(world.asked(), [""; 0]);
    world.wait(20);
    world.look().expect(0).never_says("again");
    assert!(!world.remembered().is_unfinished);
    assert_eq!(world.service("user356"), ServiceStatus::Active);
}

#[test]
fn a_bind_that_fails_sends_nothing() {
    let world = World::new();
    world.configure("option bind 'wan'");
    world.look().expect(69).says("could not be bound");
    world.wait(20);
    let ubus = world.router.ubus();
    ubus.set_interface("lan", json!({"up": true, "l3_device": "br-lan"}));
    world
        .look()
        .expect(69)
        .says("netifd knows no network 'wan'");
    world.wait(100);
    ubus.set_interface(
        "wan",
        json!({"up": false, "pending": true, "proto": "dhcp", "available": true}),
    );
    world.look().expect(69).says("waiting for DHCP");
    world.wait(100);
    ubus.set_interface("wan", json!({"up": true, "l3_device": "nosuch0"}));
    world.look().expect(69).says("nosuch0");
    assert_eq!(world.asked(), [""; 0]);
}

#[test]
fn without_its_key_file_nothing_is_sent() {
    let world = World::new();
    fs::remove_file(world.key_file()).expect("removed");
    let path = world.key_file().display().to_string();
    let message = format!("the key file {path} does not exist");
    world.look().expect(69).says(&message);
    assert_eq!(world.look().expect(69).said(), "");
    assert_eq!(world.asked(), [""; 0]);
    assert_eq!(world.query_error(), Some(message));
    fs::write(world.key_file(), VPNKI_KEY).expect("a key file");
    world.look().expect(0);
    assert_eq!(world.service("user356"), ServiceStatus::Active);
}

#[test]
fn an_account_without_a_tunnel_is_not_asked() {
    let world = World::new();
    let off = tunnel("user356", "option enabled '0'");
    for tunnels in ["", &off] {
        world.configure_with("", tunnels);
        world.look().expect(0);
    }
    world.configure("");
    let text = fs::read_to_string(world.router.config()).expect("text");
    let off = text.replace(
        "config wansync 'main'",
        "config wansync 'main'\noption enabled '0'",
    );
    world.router.configure_raw(off.as_bytes());
    world.look().expect(0);
    world.configure("option enabled '0'");
    world.look().expect(78).says("no vpnki section 'account'");
    world.router.configure("");
    world.look().expect(78);
    assert_eq!(world.asked(), [""; 0]);
    assert!(!world.file().exists());
}

#[test]
fn without_a_state_folder_nothing_is_sent() {
    let world = World::new();
    fs::write(world.router.path("run"), "").expect("a file in its place");
    world.look().expect(69).says("cannot write");
    assert_eq!(world.asked(), [""; 0]);
}

#[test]
fn a_clock_that_is_not_set_waits() {
    let world = World::over_tls();
    let command = world.router.command(&["daemon", "--look", "account"]);
    let mut look = clocks::at_wall(&command, "@2020-01-01 00:00:00");
    let ran = wansync_test_support::ran(look.output().expect("the program runs"));
    ran.expect(69).says("the router's clock is not set");
    assert_eq!(world.asked(), [""; 0]);
}

#[test]
fn a_damaged_file_counts_as_none() {
    let world = World::new();
    world.look().expect(0);
    world.asked();
    for text in ["", "{", "[]", "{\"looked\":true}"] {
        fs::write(world.file(), text).expect("written");
        world.look().expect(0);
        assert_eq!(world.asked(), ["active", "tunnels"], "{text}");
    }
}

/// A CA file or a transport that was put right: a refusal is waited for no longer.
#[test]
fn another_way_of_access_is_tried_at_once() {
    let world = World::over_tls();
    fs::write(world.key_file(), "wrong").expect("a key file");
    world.look();
    assert_eq!(world.asked(), ["active"]);
    world.wait(20);
    world.look();
    assert_eq!(world.asked(), [""; 0], "it was refused");
    world.configure("option transport 'ipv4'");
    world.look();
    assert_eq!(world.asked(), ["active"]);
    world.wait(20);
    world.look();
    assert_eq!(world.asked(), [""; 0], "it was refused again");
}
