//! `wansync vpnki --any`: resources that the program does not know.

use std::fs;

use wansync_sim::{Envelope, Style, VPNKI_KEY};
use wansync_test_support::terminal::at_terminal;

use crate::{answer, file, mode_of, nothing_was_sent, only_request, router, skydns, vpnki};

const ADD_PORT: &str = "--any port action=add inip=192.168.1.5 inport=8080";

#[test]
fn it_needs_a_yes_where_nobody_can_be_asked() {
    let router = router();
    for words in [ADD_PORT, "--any tunnels", "--any xyzzy --format json"] {
        vpnki(&router, words)
            .expect(64)
            .says("would do what only VPNKI knows: it needs --yes where nobody can be asked");
    }
    nothing_was_sent(&router);
}

#[test]
fn on_a_terminal_it_is_asked() {
    let router = router();
    let call = router.command(&crate::split("vpnki", ADD_PORT));
    let question = "port: do what only VPNKI knows (action=add inip=192.168.1.5 inport=8080) at \
                    127.0.0.1? [y/N]";
    let ran = at_terminal(&call, 200, "n\n").expect(64);
    ran.says(question).says("nothing was sent");
    nothing_was_sent(&router);
    at_terminal(&call, 200, "y\n").expect(0).says("23456");
    assert_eq!(only_request(&router).param("resource"), Some("port"));
}

#[test]
fn what_is_sent_is_what_was_given() {
    let router = router();
    let words = "--any token --yes action=status token=x&y=%2B white.list-1=a white.list-1=b";
    vpnki(&router, words).expect(0).never_says(VPNKI_KEY);
    let request = only_request(&router);
    let sent: Vec<(&str, &str)> = request
        .params
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let expected = [
        ("option", "com_api"),
        ("format", "raw"),
        ("app", "webservices"),
        ("resource", "token"),
        ("key", VPNKI_KEY),
        ("action", "status"),
        ("token", "x&y=%2B"),
        ("white.list-1", "a"),
        ("white.list-1", "b"),
    ];
    assert_eq!(sent, expected);
}

#[test]
fn every_answer_is_shown_as_it_is() {
    let router = router();
    let call = "--any port --yes";
    for (body, text, json) in [
        (
            r#"{"address":"vpnki.example","port":23456}"#,
            "address: vpnki.example\nport:    23456\n",
            r#"{"address":"vpnki.example","port":23456}"#,
        ),
        (
            r#"[{"port":1,"to":"a"},{"port":2,"by":"b"}]"#,
            "port  to  by\n   1  a\n   2      b\n",
            r#"[{"port":1,"to":"a"},{"port":2,"by":"b"}]"#,
        ),
        (
            r#"{"err_msg":"","err_code":"","data":{"ports":[1, 2]}}"#,
            "ports: [1,2]\n",
            r#"{"ports":[1,2]}"#,
        ),
        (
            r#"["a\u001b[31m"]"#,
            "value\na\\u{1b}[31m\n",
            r#"["a\u001b[31m"]"#,
        ),
        ("\"done\"", "data: done\n", "\"done\""),
        ("OK", "data: OK\n", "\"OK\""),
        ("[]", "done\n", "[]"),
        ("null", "done\n", "null"),
    ] {
        answer(&router, body);
        let ran = vpnki(&router, call).expect(0);
        let lines = |text: &str| -> Vec<String> {
            text.lines()
                .map(|line| line.trim_end().to_owned())
                .collect()
        };
        assert_eq!(lines(&ran.stdout), lines(text), "{body}");
        let ran = vpnki(&router, &format!("{call} --format json")).expect(0);
        assert_eq!(ran.stdout, format!("{json}\n"), "{body}");
        let ran = vpnki(&router, &format!("{call} --raw")).expect(0);
        assert_eq!(ran.stdout.trim_end(), body, "{body}");
    }
}

#[test]
fn every_answer_is_columns_and_rows() {
    let router = router();
    for (body, csv) in [
        (
            r#"{"address":"vpnki.example","port":23456}"#,
            "address,port\nvpnki.example,23456\n",
        ),
        (
            r#"[{"port":1,"to":"a"},{"port":2,"by":"b"}]"#,
            "port,to,by\n1,a,\n2,,b\n",
        ),
        ("OK", "data\nOK\n"),
        ("[]", "result\ndone\n"),
    ] {
        answer(&router, body);
        let ran = vpnki(&router, "--any port --yes --format csv").expect(0);
        assert_eq!(ran.stdout, csv, "{body}");
    }
}

#[test]
fn an_error_is_a_refusal() {
    let router = router();
    for (words, message) in [
        (
            "--any port --yes action=add inport=8080",
            "port: 127.0.0.1 says: inip and inport are required",
        ),
        (
            "--any token --yes action=status",
            "token: 127.0.0.1 says: Token not found",
        ),
        (
            "--any xyzzy --yes",
            "xyzzy: 127.0.0.1 says: xyzzy Resource not found in this API (404)",
        ),
        // Known to the program: it skips its own checks only.
        (
            "--any del_tunnel --yes tunnel=user999",
            "del_tunnel: 127.0.0.1 says: Tunnel not found (404)",
        ),
        (
            "--any tunnels --yes colour=red",
            "tunnels: 127.0.0.1 says: Unknown parameter colour (400)",
        ),
    ] {
        for &envelope in Envelope::ALL {
            router.sim.set_vpnki_style(Style {
                envelope,
                ..Style::default()
            });
            let ran = vpnki(&router, words).expect(77).says(message);
            assert_eq!(ran.stdout, "", "{words}");
        }
    }
    answer(
        &router,
        &format!(r#"{{"error":"no such key: {VPNKI_KEY}"}}"#),
    );
    let ran = vpnki(&router, "--any port --yes").expect(77);
    ran.says("no such key: ***").never_says(VPNKI_KEY);
}

#[test]
fn what_cannot_be_sent() {
    let router = router();
    for (words, message) in [
        ("--any", "what to ask for is missing"),
        ("--any --yes", "what to ask for is missing"),
        (
            "--any --yes po/rt",
            "'po/rt' cannot be the name of a resource",
        ),
        (
            "--any --yes port=1",
            "'port=1' cannot be the name of a resource",
        ),
        (
            "--any --yes port action",
            "'action' is not of the form NAME=VALUE",
        ),
        (
            "--any --yes port key=x",
            "port: 'key' never stands on a command line",
        ),
        (
            "--any --yes port resource=x",
            "port: 'resource' cannot be a parameter",
        ),
        (
            "--any --yes port a&b=x",
            "port: 'a&b' cannot be a parameter",
        ),
        ("--any --yes port inip=", "port: 'inip': '' is empty"),
        (
            "--any --yes port inip=@/no/such",
            "'inip': the file /no/such",
        ),
    ] {
        vpnki(&router, words).expect(64).says(message);
    }
    skydns(&router, "--any --yes port").expect(64).says("--any");
    vpnki(&router, "port")
        .expect(64)
        .says("and --any passes on what it does not list");
    nothing_was_sent(&router);
}

#[test]
fn what_is_read_from_a_file_is_not_shown() {
    let router = router();
    let token = file(&router, "token", "secret-token\n", 0o600);
    let words = format!("--any token action=status token=@{}", token.display());
    let call = router.command(&crate::split("vpnki", &words));
    at_terminal(&call, 200, "y\n")
        .expect(0)
        .says("(action=status token=***)")
        .never_says("secret-token");
    assert_eq!(only_request(&router).param("token"), Some("secret-token"));
    answer(&router, r#"{"error":"no token secret-token"}"#);
    vpnki(&router, &format!("{words} --yes"))
        .expect(77)
        .says("no token ***");
}

#[test]
fn an_answer_in_a_file_is_for_its_owner_alone() {
    let router = router();
    let path = router.path("new.json");
    let words = format!("--any ovpn --yes action=add --output {}", path.display());
    let ran = vpnki(&router, &words).expect(0);
    assert_eq!(ran.stdout, format!("written to {}\n", path.display()));
    let text = fs::read_to_string(&path).expect("text");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["username"], "user401");
    assert!(
        json["file_content"]
            .as_str()
            .expect("text")
            .starts_with("client\n")
    );
    assert_eq!(mode_of(&path), 0o600);
}

#[test]
fn its_help_is_the_command_s() {
    let router = router();
    let ran = vpnki(&router, "--any port --help").expect(0);
    ran.says("--any").says("--section");
}
