//! The services behave as their documents say.

mod common;

use common::{OK, call, call_as, get, get_tls, start, update};
use wansync_sim::{KEY, Kind, MAIN_PROFILE, Options, Sim};

fn addresses(sim: &Sim, ident: &str) -> Vec<String> {
    let bindings = sim.bindings(ident);
    bindings
        .iter()
        .map(|held| held.address.to_string())
        .collect()
}

fn message(sim: &Sim, target: &str) -> String {
    let body = get(sim, target).body().to_owned();
    let reply: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(reply["response"]["status"], "error", "{body}");
    reply["response"]["message"].as_str().unwrap().to_owned()
}

#[test]
fn update_ip_binds_over_http_and_https() {
    let sim = start();
    assert_eq!(get(&sim, &update()).body(), OK);
    let over_tls = get_tls(&sim, "www.skydns.ru", &call("update_ip", "&ip=8.8.8.8"));
    assert_eq!(over_tls.body(), OK);
    assert!(over_tls.end.is_ok());
    assert_eq!(addresses(&sim, "user1"), ["8.8.8.8"]);
    assert_eq!(sim.bindings("user1")[0].profile, 1001);
    let requests = sim.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].scheme.word(), "https");
    assert_eq!(requests[1].param("key"), Some(KEY));
}

#[test]
fn update_ip_takes_an_address_from_another_user_of_the_provider() {
    let sim = start();
    sim.add_user("user2", &[(7, MAIN_PROFILE)]);
    get(&sim, &call_as("user2", "update_ip", "&ip=8.8.4.4"));
    assert_eq!(addresses(&sim, "user2"), ["8.8.4.4"]);
    assert_eq!(get(&sim, &update()).body(), OK);
    assert_eq!(addresses(&sim, "user2"), [""; 0]);
    assert_eq!(addresses(&sim, "user1"), ["8.8.4.4"]);
}

#[test]
fn update_ip_takes_nothing_from_another_provider() {
    let sim = start();
    sim.add_provider("other", "other-key");
    sim.add_user_of("other", "stranger", &[]);
    let theirs = "/provider_api/update_ip?key=other-key&ident=stranger&ip=8.8.4.4";
    assert_eq!(get(&sim, theirs).body(), OK);
    assert_eq!(
        message(&sim, &update()),
        "IP address is used by another user"
    );
    assert_eq!(addresses(&sim, "stranger"), ["8.8.4.4"]);
    let foreign = call_as("stranger", "update_ip", "&ip=8.8.8.8");
    assert_eq!(message(&sim, &foreign), "User not found");
}

#[test]
fn each_hostname_has_an_address_and_keeps_its_profile() {
    let sim = start();
    for rest in [
        "&ip=8.8.8.1",
        "&ip=8.8.8.2&hostname=dacha&profile=1002",
        "&ip=8.8.8.3&hostname=dacha",
        "&ip=8.8.8.4",
    ] {
        assert_eq!(get(&sim, &call("update_ip", rest)).body(), OK, "{rest}");
    }
    let held = sim.bindings("user1");
    assert_eq!(addresses(&sim, "user1"), ["8.8.8.3", "8.8.8.4"]);
    assert_eq!((held[0].profile, held[1].profile), (1002, 1001));
    let hostname = Some("dacha".to_owned());
    assert_eq!(held[0].kind, Kind::Dynamic { hostname });
}

#[test]
fn static_addresses_are_listed_and_dynamic_ones_are_not() {
    let sim = start();
    get(&sim, &update());
    let added = get(
        &sim,
        &call("add_ip", "&ip=1.1.1.1&ip=1.1.1.2&comment=a+b&profile=1003"),
    );
    let expected =
        r#"{"response":{"status":"ok","data":{"added_addresses":["1.1.1.1","1.1.1.2"]}}}"#;
    assert_eq!(added.body(), expected);
    let row = |address: &str| format!(r#"{{"address":"{address}","comment":"a b"}}"#);
    let rows = format!(r#"{{"ip":[{},{}]}}"#, row("1.1.1.1"), row("1.1.1.2"));
    let listed = get(&sim, &call("list_ip", ""));
    assert_eq!(
        listed.body(),
        format!(r#"{{"response":{{"status":"ok","data":{rows}}}}}"#)
    );
    let elsewhere = get(&sim, &call("list_ip", "&profile=1001"));
    assert!(elsewhere.body().contains(r#""ip":[]"#));
    get(&sim, &call("remove_ip", "&ip=1.1.1.1"));
    assert_eq!(addresses(&sim, "user1"), ["8.8.4.4", "1.1.1.2"]);
    get(&sim, &call("clear_ip", "&profile=1003"));
    assert_eq!(addresses(&sim, "user1"), ["8.8.4.4"]);
}

#[test]
fn add_ip_takes_nothing_and_reports_each_failure() {
    let sim = start();
    sim.add_user("user2", &[]);
    get(&sim, &call_as("user2", "update_ip", "&ip=8.8.8.8"));
    let reply = get(
        &sim,
        &call("add_ip", "&ip=8.8.8.8&ip=1.1.1.1&ip=nonsense&ip=0.0.0.0"),
    );
    let invalid = r#""invalid_adresses":[{"8.8.8.8":"This address is already used"},{"nonsense":"IP address is invalid"},{"0.0.0.0":"This address is not public"}]"#;
    assert!(reply.body().contains(invalid), "{}", reply.body());
    assert_eq!(addresses(&sim, "user1"), ["1.1.1.1"]);
    assert_eq!(addresses(&sim, "user2"), ["8.8.8.8"]);
}

#[test]
fn profiles_are_listed_in_utf8() {
    let sim = start();
    let reply = get(&sim, &call("profiles", ""));
    let data = r#"{"1001":"Основной","1002":"Дети","1003":"Офис"}"#;
    assert_eq!(
        reply.body(),
        format!(r#"{{"response":{{"status":"ok","data":{data}}}}}"#)
    );
}

#[test]
fn what_is_wrong_with_a_request_is_said() {
    let sim = start();
    for (target, expected) in [
        (call("update_ip", ""), "Parameter ip is required"),
        (call("update_ip", "&ip=8.8.8.8.8"), "IP address is invalid"),
        (
            call("update_ip", "&ip=100.64.0.7"),
            "This address is not public",
        ),
        (
            call("update_ip", "&ip=8.8.4.4&profile=9"),
            "Profile not found",
        ),
        (
            call("update_ip", "&ip=8.8.4.4&profile=main"),
            "Invalid profile",
        ),
        (
            call("update_ip", "&ip=8.8.4.4&ip=8.8.8.8"),
            "Parameter ip is given more than once",
        ),
        (call("remove_ip", "&ip=8.8.4.4"), "IP address not found"),
        (call_as("nobody", "profiles", ""), "User not found"),
        (call("make_coffee", ""), "Unknown method"),
        (
            "/provider_api/profiles?key=wrong&ident=user1".to_owned(),
            "Invalid provider key",
        ),
        (
            "/provider_api/profiles?ident=user1".to_owned(),
            "Invalid provider key",
        ),
        (
            call("profiles", "&x=%zz"),
            "a % that no two hexadecimal digits follow",
        ),
    ] {
        assert_eq!(message(&sim, &target), expected, "{target}");
    }
    assert_eq!(addresses(&sim, "user1"), [""; 0]);
    assert_eq!(get(&sim, "/elsewhere").status(), 404);
}

#[test]
fn vpnki_answers_on_each_of_its_addresses() {
    let sim = start();
    let query = "option=com_api&format=raw&app=webservices";
    let key = wansync_sim::VPNKI_KEY;
    for path in ["/index.php/en/", "/index.php"] {
        let reply = get(&sim, &format!("{path}?{query}&resource=active&key={key}"));
        assert!(
            reply.body().contains(r#""login":"user356""#),
            "{}",
            reply.body()
        );
    }
    let unknown = get(
        &sim,
        &format!("/index.php?{query}&resource=coffee&key=wrong"),
    );
    assert!(
        unknown
            .body()
            .contains("coffee Resource not found in this API")
    );
    let wrong = get(
        &sim,
        &format!("/index.php?{query}&resource=active&key=wrong"),
    );
    assert!(wrong.body().contains("API Key Not Found"));
    let page = get(&sim, "/index.php");
    assert!(page.head().contains("text/html"));
    sim.script_active(&[&["user357"], &[]]);
    let active = format!("/index.php/en/?{query}&resource=active&key={key}");
    assert!(
        get_tls(&sim, "vpnki.com", &active)
            .body()
            .contains("user357")
    );
    assert!(
        get_tls(&sim, "vpnki.com", &active)
            .body()
            .contains(r#""data":[]"#)
    );
}

#[test]
fn two_simulators_stand_side_by_side() {
    let (one, other) = (start(), start());
    get(&one, &update());
    assert_eq!(get_tls(&other, "localhost", &update()).body(), OK);
    assert_eq!((one.requests().len(), other.requests().len()), (1, 1));
    assert_ne!(one.ca_file(), other.ca_file());
    let (file, address) = (one.ca_file().to_owned(), one.http_addr());
    drop(one);
    assert!(!file.exists());
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn a_port_that_is_taken_is_an_error_with_its_address() {
    let sim = start();
    let options = Options {
        http_port: sim.http_addr().port(),
        ..Options::default()
    };
    let cause = Sim::try_start(options).err().unwrap().to_string();
    assert!(cause.contains(&sim.http_addr().to_string()), "{cause}");
}
