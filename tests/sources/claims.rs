//! Two users of SkyDNS on one address: it takes the address from one of them.

use serde_json::json;

use crate::network::up;
use wansync_test_support::Router;

const TAKEN: &str = "SkyDNS takes an address from one user when it is sent for another";

/// Two sections, `a` of user1 and `b` of another user.
fn router(a: &str, b: &str) -> Router {
    let router = Router::new();
    let a = router.section("a", a);
    let b = router.section("b", b).replace("'user1'", "'user2'");
    router.configure(&format!("{a}{b}"));
    router
}

#[test]
fn two_users_with_one_source_are_warned_of() {
    let router = router("option network 'wan'", "list network 'wan'");
    let ubus = router.ubus();
    ubus.set_interface(
        "wan",
        up(json!({"ipv4-address": [{"address": "8.8.4.4", "mask": 24}]})),
    );
    let words = format!(
        "line 8: warning: section 'b': section 'a' in line 3 has the same source and another \
         'ident': {TAKEN}"
    );
    router.run(&["check", "--offline"]).expect(0).says(&words);
    router.once().says(&words);
    let text = router.run(&["status"]).expect(0).stdout;
    assert!(
        text.contains(&format!(
            "warning: section 'b' has 8.8.4.4 for user 'user2': {TAKEN}"
        )),
        "{text}"
    );
    assert!(
        text.contains(&format!(
            "warning: section 'a' has 8.8.4.4 for user 'user1': {TAKEN}"
        )),
        "{text}"
    );
    let json = router.status();
    let warning = json["skydns"][0]["warning"].as_str().expect("a warning");
    assert!(warning.ends_with(TAKEN), "{warning}");
}

/// What the sources have is known only when they are asked.
#[test]
fn two_sources_with_one_address() {
    let source = "option source command\noption command /bin/echo\nlist arg 8.8.4.4";
    let router = router("option network 'wan'", source);
    let ubus = router.ubus();
    let wan = |address: &str| up(json!({"ipv4-address": [{"address": address, "mask": 24}]}));
    ubus.set_interface("wan", wan("8.8.4.4"));
    router
        .run(&["check", "--offline"])
        .expect(0)
        .never_says("warn");
    router.run(&["check"]).says(&format!(
        "warn  a: section 'b' has 8.8.4.4 for user 'user2': {TAKEN}"
    ));
    router.once();
    router.run(&["status"]).expect(0).says(TAKEN);
    ubus.set_interface("wan", wan("9.9.9.9"));
    router.once();
    router.run(&["status"]).expect(0).never_says(TAKEN);
    assert!(router.status()["skydns"][0]["warning"].is_null());
    router.run(&["check"]).never_says(TAKEN);
}

#[test]
fn what_is_no_matter_of_two_users() {
    let one = "option source static\noption address 8.8.4.4";
    for (a, b) in [
        (one, "option source static\noption address 9.9.9.9"),
        (one, "option enabled 0"),
        (
            one,
            "option source static\noption address 8.8.4.4\noption base_url 'http://127.0.0.1:9/'",
        ),
        ("option network wan", "option network wanb"),
        (
            "option network wan",
            "option network wan\noption family ipv6",
        ),
    ] {
        let router = router(a, b);
        router
            .run(&["check", "--offline"])
            .expect(0)
            .never_says(TAKEN);
        router.run(&["status"]).expect(0).never_says(TAKEN);
    }
    // Several names of one user are that user's own.
    let router = Router::new();
    let sections =
        ["a", "b"].map(|name| router.section(name, &format!("{one}\noption hostname {name}")));
    router.configure(&sections.concat());
    router.once().expect(0).never_says(TAKEN);
    router.run(&["status"]).expect(0).never_says(TAKEN);
}
