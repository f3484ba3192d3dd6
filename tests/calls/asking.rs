//! A method that deletes or blocks asks first on a terminal, and needs `--yes`
//! where there is none.

use std::fs;

use wansync_core::service::answer::Service;
use wansync_core::service::method::{Effect, Method, Occurrence, Parameter, ParameterKind};

use crate::{fault, nothing_was_sent, only_request, router, skydns, vpnki};
use wansync_test_support::Router;
use wansync_test_support::terminal::{at_terminal, at_terminal_with};

/// A call of this method that would be sent.
fn words(service: Service, method: &Method) -> Vec<String> {
    let required = method
        .parameters
        .iter()
        .filter(|p| p.count != Occurrence::Optional || changes(method, p));
    let value = |kind: ParameterKind| match kind {
        ParameterKind::Address => "8.8.4.4",
        ParameterKind::Number => "1001",
        ParameterKind::Email => "a@example.com",
        ParameterKind::Date => "2026-11-20",
        ParameterKind::Year => "2026",
        ParameterKind::Month => "11",
        ParameterKind::Moment => "NOW",
        _ => "user1",
    };
    let given = required.map(|p| format!("{}={}", p.name, value(p.kind)));
    let named = [service.word().to_owned(), method.name.to_owned()];
    named.into_iter().chain(given).collect()
}

/// Without it, nothing would change.
fn changes(method: &Method, parameter: &Parameter) -> bool {
    (method.name, parameter.name) == ("update_profile", "name")
}

fn methods() -> impl Iterator<Item = (Service, &'static Method)> {
    let of = |service: Service| {
        service
            .methods()
            .iter()
            .map(move |method| (service, method))
    };
    of(Service::Skydns).chain(of(Service::Vpnki))
}

#[test]
fn without_a_terminal_a_yes_is_needed() {
    let router = router();
    fault(&router, r#"body={"response":{"status":"ok"}}"#);
    let mut destroying = Vec::new();
    for (service, method) in methods() {
        router.sim.clear();
        let mut words = words(service, method);
        let Effect::Destroys(what) = method.effect else {
            let ran = router.run(&words).never_says("--yes");
            assert_eq!(router.sim.requests().len(), 1, "{words:?}: {ran:?}");
            continue;
        };
        destroying.push(method.name);
        let message = format!("{} would {what}: it needs --yes", method.name);
        router.run(&words).expect(64).says(&message);
        nothing_was_sent(&router);
        words.push("--yes".to_owned());
        router.run(&words);
        assert_eq!(only_request(&router).call(), method.name);
    }
    let expected = [
        "deactivate",
        "unsubscribe",
        "clear_ip",
        "remove_ip",
        "clear_vpn_for_profile",
        "clear_vpn_for_user",
        "remove_vpn",
        "del_tunnel",
    ];
    assert_eq!(destroying, expected);
}

/// There is no question about a request that cannot be sent.
#[test]
fn a_yes_is_no_excuse() {
    let router = router();
    skydns(&router, "remove_ip ident=user1 ip=8.8.4 --yes")
        .expect(64)
        .says("'ip'");
    vpnki(&router, "del_tunnel --yes")
        .expect(64)
        .says("'tunnel' is missing");
    let call = router.command(&["skydns", "remove_ip", "ident=user1", "ip=8.8.4"]);
    at_terminal(&call, 80, "y\n").expect(64).never_says("[y/N]");
    nothing_was_sent(&router);
}

fn deactivate(router: &Router, typed: &str) -> crate::Ran {
    let call = router.command(&["skydns", "deactivate", "ident=user1"]);
    at_terminal(&call, 80, typed)
        .says("deactivate: block the user (ident=user1) at 127.0.0.1? [y/N]")
}

#[test]
fn on_a_terminal_it_is_asked() {
    let router = router();
    for typed in ["n\n", "\n", "", "no\n", "yep\n", "ny\n", "да\n", "\0y\n"] {
        deactivate(&router, typed)
            .expect(64)
            .says("nothing was sent");
        nothing_was_sent(&router);
    }
    for typed in ["y\n", "Y\n", "yes\n", " YES \n"] {
        router.sim.clear();
        deactivate(&router, typed).expect(0).says("done");
        assert_eq!(only_request(&router).call(), "deactivate");
    }
}

#[test]
fn a_yes_on_the_command_line_is_not_asked_for_again() {
    let router = router();
    let call = router.command(&["skydns", "deactivate", "ident=user1", "--yes"]);
    at_terminal(&call, 80, "").expect(0).never_says("[y/N]");
    assert_eq!(only_request(&router).call(), "deactivate");
    // Nor about what destroys nothing.
    let call = router.command(&["skydns", "activate", "ident=user1"]);
    at_terminal(&call, 80, "").expect(0).never_says("[y/N]");
}

/// A question that is not seen, or an answer from a file, is none.
#[test]
fn half_a_terminal_is_none() {
    let router = router();
    let errors = router.path("errors");
    for redirections in [
        format!("2>{}", errors.display()),
        "</dev/null".to_owned(),
        "<&-".to_owned(),
        format!("2>{} </dev/null", errors.display()),
    ] {
        let call = router.command(&["skydns", "deactivate", "ident=user1"]);
        at_terminal_with(&call, 80, "", &redirections)
            .expect(64)
            .never_says("[y/N]");
        let message = fs::read_to_string(&errors).unwrap_or_default();
        assert!(!message.contains("[y/N]"), "{message}");
        nothing_was_sent(&router);
    }
    // Where the answer goes does not matter: the question is asked beside it.
    let (call, out) = (
        router.command(&["skydns", "deactivate", "ident=user1"]),
        router.path("out"),
    );
    at_terminal_with(&call, 80, "y\n", &format!(">{}", out.display()))
        .expect(0)
        .says("[y/N]");
    assert_eq!(fs::read_to_string(out).expect("text"), "done\n");
}

/// An address that nobody outside of its own network has filters no one.
#[test]
fn an_address_that_is_not_public_is_asked_about() {
    let router = router();
    let again = || crate::answer_data(&router, &serde_json::json!({}));
    for (address, words) in [
        (
            "192.168.1.1",
            "bind 192.168.1.1, which is a private address",
        ),
        (
            "100.64.0.1",
            "bind 100.64.0.1, which is a CGNAT address (100.64.0.0/10), which the provider's \
             other customers share",
        ),
        ("fe80::1", "bind fe80::1, which is a link-local address"),
    ] {
        again();
        let call = format!("update_ip ident=user1 ip={address}");
        let message = format!("update_ip would {words}: it needs --yes where nobody can be asked");
        skydns(&router, &call).expect(64).says(&message);
        let command = router.command(&crate::split("skydns", &call));
        let question = format!("update_ip: {words} (ident=user1 ip={address}) at 127.0.0.1? [y/N]");
        let ran = at_terminal(&command, 300, "n\n").expect(64);
        ran.says(&question).says("nothing was sent");
        nothing_was_sent(&router);
        at_terminal(&command, 300, "y\n").expect(0).says("done");
        assert_eq!(only_request(&router).param("ip"), Some(address));
        again();
        skydns(&router, &format!("{call} --yes")).expect(0);
        assert_eq!(only_request(&router).param("ip"), Some(address));
    }
    // Nor is a public one asked about, nor one of add_ip: of each of those SkyDNS says
    // what it thinks.
    let call = router.command(&["skydns", "update_ip", "ident=user1", "ip=8.8.4.4"]);
    at_terminal(&call, 80, "").expect(0).never_says("[y/N]");
    skydns(&router, "add_ip ident=user1 ip=10.0.0.1").never_says("--yes");
}
