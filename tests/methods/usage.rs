//! Command lines that are refused before anything is sent: exit 64, and no request.

use wansync_core::service::answer::Service;
use wansync_core::service::method::{Method, Occurrence, Parameter, ParameterKind};

use crate::rows::{all, find};
use crate::successes::words_of;
use crate::world::World;
use wansync_test_support::Ran;

/// The run was refused, and nothing was printed or sent.
#[track_caller]
fn refused(world: &World, ran: Ran) -> Ran {
    let ran = ran.expect(64);
    assert_eq!(ran.stdout, "");
    assert!(world.sim().requests().is_empty(), "{}", ran.stderr);
    ran
}

/// `NAME=VALUE` of the method's own row, `NAME` aside.
fn without(method: &Method, name: &str) -> Vec<&'static str> {
    let words = words_of(method).iter().copied();
    words
        .filter(|word| word.split_once('=').is_none_or(|(given, _)| given != name))
        .collect()
}

#[test]
fn every_parameter_that_is_missing_is_named() {
    let world = World::new();
    for method in all() {
        for parameter in method.parameters.iter().filter(|p| p.is_required()) {
            let words = without(method, parameter.name);
            let ran = refused(&world, world.call(method, &words));
            let line = format!(
                "{}: '{}' is missing: {}",
                method.name, parameter.name, parameter.meaning
            );
            let service = Service::of(method).word();
            ran.says(&line).says(&format!(
                "'wansync {service} {} --help' tells what it takes",
                method.name
            ));
        }
    }
}

#[test]
fn a_change_of_nothing_is_refused() {
    let world = World::new();
    let ran = world.call(find("update_profile"), &["profile_id=1003"]);
    refused(&world, ran).says("update_profile: nothing would change: give name or tls");
    let ran = world.call(find("update_profile"), &["profile_id=1003", "tls=False"]);
    ran.expect(0);
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let world = World::new();
    let words = [
        "idnet=user1",
        "ip=8.8.4",
        "profile=main",
        "colour=red",
        "ip=",
    ];
    let ran = refused(&world, world.call(find("add_ip"), &words));
    let expected = [
        "add_ip: 'idnet' is unknown (did you mean 'ident'?)",
        "add_ip: 'ip': '8.8.4' is not an IPv4 or IPv6 address",
        "add_ip: 'profile': 'main' is not a number",
        "add_ip: 'colour' is unknown; add_ip takes ident, ip, profile, comment",
        "add_ip: 'ip': '' is empty",
        "add_ip: 'ident' is missing: login of the user",
        "'wansync skydns add_ip --help' tells what it takes",
    ];
    let lines = ran.stderr.lines().filter(|line| !line.is_empty());
    let lines: Vec<&str> = lines
        .map(|line| line.strip_prefix("wansync: error: ").expect(line))
        .collect();
    assert_eq!(lines, expected);
}

/// Values that are none of this kind.
fn malformed(kind: ParameterKind) -> &'static [&'static str] {
    match kind {
        ParameterKind::Text | ParameterKind::Password => &["", "a\tb", "a\nb", "\u{7f}"],
        ParameterKind::Address => &[
            "",
            "8.8.4",
            "8.8.4.4.4",
            "256.1.1.1",
            " 8.8.4.4",
            "8.8.4.4/24",
            "fe80::1%eth0",
            "user1",
            "８.8.4.4",
        ],
        ParameterKind::Number => &[
            "",
            "-1",
            "1.5",
            "0x1",
            "a",
            " 1",
            "1234567890123456789",
            "１",
        ],
        ParameterKind::Flag => &["", "maybe", "2", "truefalse"],
        ParameterKind::Plan => &["", "A\tB"],
        ParameterKind::Email => &["", "a", "@@", "a@", "@@b", "a b@c"],
        ParameterKind::Date => &[
            "",
            "21.11.2026",
            "2026-11-1",
            "2026-02-30",
            "2026-13-01",
            "2020-01-01",
            "today",
            "2026-11-20 12:00",
        ],
        ParameterKind::Year => &["", "26", "02026", "2020", "20x6"],
        ParameterKind::Month => &["", "1", "00", "13", "001", "Jan"],
        ParameterKind::Moment => &[
            "",
            "yesterday",
            "2026-02-30",
            "2026-11-20 24:00:00",
            "2026-11-20 12:60",
            "2026-11-20 1:2:3",
            "20.11.2026",
            "0000-00-00x",
            "0000-00-00 and so on",
            "24",
            "h",
            "-1h",
        ],
    }
}

#[test]
fn every_parameter_that_is_malformed_is_named() {
    let world = World::new();
    for method in all() {
        for parameter in method.parameters {
            for value in malformed(parameter.kind) {
                let mut words = without(method, parameter.name);
                let word = format!("{}={value}", parameter.name);
                words.push(&word);
                let ran = refused(&world, world.call(method, &words));
                ran.says(&format!("{}: '{}'", method.name, parameter.name));
            }
        }
    }
}

#[test]
fn a_password_that_is_wrong_is_not_repeated() {
    let world = World::new();
    for name in ["subscribe", "update_password"] {
        let words = ["ident=user1", "password=hunter\t2"];
        refused(&world, world.call(find(name), &words))
            .says("'password' holds a line end or another control character")
            .never_says("hunter");
    }
}

#[test]
fn no_control_character_comes_from_a_file() {
    let world = World::new();
    let file = world.router().path("name");
    let word = format!("name=@{}", file.display());
    for bytes in [&b"a\0b"[..], b"a\nb", b"\x1b[2J", b"a\n\n"] {
        std::fs::write(&file, bytes).expect("written");
        let ran = world.call(find("create_profile"), &["ident=user1", &word]);
        refused(&world, ran).says("holds a line end or another control character");
    }
    std::fs::write(&file, b"\xff\xfe").expect("written");
    let ran = world.call(find("create_profile"), &["ident=user1", &word]);
    refused(&world, ran).says("'name' is not UTF-8");
    std::fs::write(&file, b"").expect("written");
    let ran = world.call(find("create_profile"), &["ident=user1", &word]);
    refused(&world, ran).says("'name': '' is empty");
    std::fs::remove_file(&file).expect("removed");
    let ran = world.call(find("create_profile"), &["ident=user1", &word]);
    refused(&world, ran).says(&format!("'name': the file {} ", file.display()));
}

#[test]
fn a_parameter_that_is_not_known_is_answered_with_the_nearest() {
    let world = World::new();
    for method in all() {
        for parameter in method.parameters {
            let typo = mistyped(parameter);
            let word = format!("{typo}=1");
            let mut words = words_of(method).to_vec();
            words.push(&word);
            let meant = format!("'{typo}' is unknown (did you mean '");
            refused(&world, world.call(method, &words)).says(&meant);
        }
        let mut words = words_of(method).to_vec();
        words.push("xyzzyxyzzy=1");
        let expected = match method.parameters {
            [] => format!(
                "'xyzzyxyzzy' is unknown: {} takes no parameters",
                method.name
            ),
            _ => format!("'xyzzyxyzzy' is unknown; {} takes ", method.name),
        };
        refused(&world, world.call(method, &words)).says(&expected);
    }
}

/// The name with its last letter twice.
fn mistyped(parameter: &Parameter) -> String {
    let last = parameter.name.chars().last().expect("a name");
    format!("{}{last}", parameter.name)
}

#[test]
fn a_parameter_that_may_be_given_once_is_not_given_twice() {
    let world = World::new();
    for method in all() {
        let once = method
            .parameters
            .iter()
            .filter(|p| p.count != Occurrence::Many);
        for parameter in once {
            let given = words_of(method).iter().find(|word| {
                word.split_once('=')
                    .is_some_and(|(name, _)| name == parameter.name)
            });
            let Some(word) = given else { continue };
            let mut words = words_of(method).to_vec();
            words.push(word);
            let expected = format!("'{}' is given twice", parameter.name);
            refused(&world, world.call(method, &words)).says(&expected);
        }
    }
}

#[test]
fn a_method_that_is_not_known_is_answered_with_the_nearest() {
    let world = World::new();
    for method in all() {
        let service = Service::of(method).word();
        let typo = format!("{}x", method.name);
        refused(&world, world.run(&[service, &typo])).says(&format!(
            "{service} has no '{typo}' (did you mean '{}'?)",
            method.name
        ));
    }
    for (service, words) in [
        ("skydns", "xyzzy"),
        ("vpnki", "xyzzy"),
        ("vpnki", "add_ip"),
        ("skydns", "stat_tunnel"),
    ] {
        refused(&world, world.run(&[service, words])).says(&format!(
            "{service} has no '{words}'; 'wansync {service} --list' lists what it has"
        ));
    }
}

#[test]
fn what_deletes_or_blocks_needs_a_yes_where_there_is_no_terminal() {
    let world = World::new();
    let mut asking = Vec::new();
    for method in all().filter(|method| method.needs_yes().is_some()) {
        let words: Vec<&str> = words_of(method)
            .iter()
            .copied()
            .filter(|word| *word != "--yes")
            .collect();
        let before = world.state();
        let what = method.needs_yes().expect("it does");
        refused(&world, world.call(method, &words)).says(&format!(
            "{} would {what}: it needs --yes where nobody can be asked",
            method.name
        ));
        assert_eq!(world.state(), before);
        asking.push(method.name);
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
    assert_eq!(asking, expected);
}

#[test]
fn a_file_is_written_for_what_is_secret_alone() {
    let world = World::new();
    let file = world.router().path("out").display().to_string();
    for method in all().filter(|m| !matches!(m.name, "add_vpn" | "add_tunnel")) {
        let mut words = words_of(method).to_vec();
        words.extend(["--output", &file]);
        refused(&world, world.call(method, &words))
            .says("--output is for add_vpn, add_tunnel and --any");
        assert!(!world.router().path("out").exists());
    }
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let world = World::new();
    let table: &[(&[&str], &str)] = &[
        (
            &["skydns"],
            "what to ask for is missing; 'wansync skydns --list' lists it",
        ),
        (
            &["vpnki"],
            "what to ask for is missing; 'wansync vpnki --list' lists it",
        ),
        (
            &["skydns", "profiles", "user1"],
            "'user1' is not of the form NAME=VALUE",
        ),
        (
            &["skydns", "profiles", "ident=user1", "--format", "xml"],
            "it is text, json, or csv",
        ),
        (
            &["skydns", "profiles", "ident=user1", "--colour"],
            "--colour",
        ),
        (
            &["skydns", "profiles", "ident=user1", "--section", "work"],
            "there is no skydns section 'work'",
        ),
        (
            &["vpnki", "tunnels", "--section", "home"],
            "there is no vpnki section 'home'",
        ),
        (
            &[
                "vpnki",
                "tunnels",
                "--section",
                "account",
                "--key-file",
                "k",
            ],
            "--key-file and --section exclude each other",
        ),
        (
            &["skydns", "profiles", "ident=user1", "--base-url", "ftp://a"],
            "--base-url ",
        ),
        (
            &[
                "skydns",
                "profiles",
                "ident=user1",
                "--base-url",
                "http://user:pw@a/",
            ],
            "--base-url ",
        ),
        (
            &[
                "skydns",
                "get_category_report",
                "ident=user1",
                "start={Y}-02-01",
                "end={Y}-01-31",
            ],
            "'end' is before 'start'",
        ),
    ];
    for (words, says) in table {
        refused(&world, world.run(words))
            .says(says)
            .never_says("user:pw");
    }
}
