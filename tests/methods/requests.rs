//! The requests at the services: the parameters as they were given, and no more.

use std::io::Write;
use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};

use wansync_core::service::answer::Service;
use wansync_core::service::method::{Method, Parameter, ParameterKind};
use wansync_core::time::Civil;
use wansync_sim::{KEY, Request, VPNKI_KEY};

use crate::rows::{all, find};
use crate::world::{World, on_this_year};
use wansync_test_support::ran;

/// Everything that an encoder can get wrong.
const STRANGE: &str = r##" a  +&%=#?/;:,'"<>\^`{|}[]~%20%2B&b=c Дом ёЙ 漢 😀 @"##;

/// A value that is hard on encoders, in the form that the service gets.
fn strange(parameter: &Parameter) -> String {
    on_this_year(match (parameter.kind, parameter.name) {
        (ParameterKind::Text | ParameterKind::Password, _) => STRANGE,
        (ParameterKind::Address, _) => "2001:4860:4860::8888",
        (ParameterKind::Number, _) => "000123456789",
        (ParameterKind::Flag, _) => "True",
        (ParameterKind::Plan, _) => "A+&%=#Ж😀",
        (ParameterKind::Email, _) => "a+&%=#b@почта.example",
        (ParameterKind::Date, "end") => "{Y}-01-02",
        (ParameterKind::Date, _) => "{Y}-01-01",
        (ParameterKind::Year, _) => "{Y}",
        (ParameterKind::Month, _) => "09",
        (ParameterKind::Moment, "ts") => "{Y}-01-02 03-04-05",
        (ParameterKind::Moment, _) => "NOW",
    })
}

#[test]
fn every_parameter_arrives_as_it_was_given() {
    for method in all() {
        let pairs: Vec<(String, String)> = method
            .parameters
            .iter()
            .map(|p| (p.name.to_owned(), strange(p)))
            .collect();
        let request = sent(method, &pairs);
        let mut expected = fixed(method);
        expected.extend(pairs);
        assert_eq!(request.params, expected, "{}", method.name);
    }
}

/// The one request of a call with these parameters, whatever the service says to it.
fn sent(method: &Method, pairs: &[(String, String)]) -> Request {
    let world = World::new();
    let mut words: Vec<String> = pairs.iter().map(|(n, v)| format!("{n}={v}")).collect();
    words.push("--yes".to_owned());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    world.call(method, &words);
    world.request()
}

/// The parameters before a method's own.
fn fixed(method: &Method) -> Vec<(String, String)> {
    let pairs = match Service::of(method) {
        Service::Skydns => vec![("key", KEY)],
        Service::Vpnki => vec![
            ("option", "com_api"),
            ("format", "raw"),
            ("app", "webservices"),
            ("resource", method.name),
            ("key", VPNKI_KEY),
        ],
    };
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    pairs.into_iter().map(owned).collect()
}

#[test]
fn every_request_says_what_it_accepts_and_who_sends_it_and_no_more() {
    for method in all() {
        let pairs: Vec<(String, String)> = method
            .parameters
            .iter()
            .filter(|p| p.is_required() || method.changes_what_is_given())
            .map(|p| (p.name.to_owned(), strange(p)))
            .collect();
        let request = sent(method, &pairs);
        assert_eq!(request.method, "GET");
        let path = match Service::of(method) {
            Service::Skydns => format!("/provider_api/{}", method.name),
            // Documented without the language.
            Service::Vpnki if method.name == "del_tunnel" => "/index.php".to_owned(),
            Service::Vpnki => "/index.php/en/".to_owned(),
        };
        assert_eq!(request.path, path);
        assert_eq!(request.header("accept"), Some("application/json"));
        let agent = concat!("wansync/", env!("CARGO_PKG_VERSION"));
        let sent = request.header("user-agent").unwrap_or_default();
        assert!(sent.starts_with(agent), "{sent}");
        for name in ["referer", "cookie", "authorization"] {
            assert_eq!(request.header(name), None, "{}", method.name);
        }
        assert!(!request.has_plus(), "{}", request.target);
        let is_encoded = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
        assert!(request.target.bytes().all(is_encoded), "{}", request.target);
    }
}

#[test]
fn the_space_of_a_date_is_sent_as_percent_20() {
    // What is written, and what arrives at the start and at the end.
    let table = [
        (
            "2026-11-20",
            "2026-11-20%2000-00-00",
            "2026-11-20%2023-59-59",
        ),
        (
            "2026-11-20 12:30:01",
            "2026-11-20%2012-30-01",
            "2026-11-20%2012-30-01",
        ),
        (
            "2026-11-20 12-30-01",
            "2026-11-20%2012-30-01",
            "2026-11-20%2012-30-01",
        ),
        (
            "2026-11-20T12:30",
            "2026-11-20%2012-30-00",
            "2026-11-20%2012-30-00",
        ),
        ("NOW", "NOW", "NOW"),
        ("now", "NOW", "NOW"),
        (
            "0000-00-00",
            "0000-00-00%2000-00-00",
            "0000-00-00%2000-00-00",
        ),
        (
            "0000-00-00 00-00-00",
            "0000-00-00%2000-00-00",
            "0000-00-00%2000-00-00",
        ),
    ];
    for name in ["stat_user", "stat_tunnel"] {
        for (written, start, end) in table {
            let mut pairs = vec![
                ("ts".to_owned(), written.to_owned()),
                ("te".to_owned(), written.to_owned()),
            ];
            if name == "stat_tunnel" {
                pairs.insert(0, ("tunnel".to_owned(), "user 356".to_owned()));
            }
            let request = sent(find(name), &pairs);
            let dates = format!("&ts={start}&te={end}");
            assert!(request.target.ends_with(&dates), "{}", request.target);
            assert!(!request.has_plus());
        }
    }
}

#[test]
fn a_time_ago_is_counted_from_now() {
    for (written, seconds) in [
        ("90s", 90),
        ("30m", 1_800),
        ("24h", 86_400),
        ("7d", 604_800),
    ] {
        let before = now();
        let pairs = [("ts", written), ("te", "NOW")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        let request = sent(find("stat_user"), &pairs);
        let text = request.param("ts").expect("ts").replace(' ', "-");
        let parts: Vec<i64> = text
            .split('-')
            .map(|part| part.parse().expect("digits"))
            .collect();
        let civil = Civil {
            year: parts[0],
            month: parts[1],
            day: parts[2],
            hour: parts[3],
            minute: parts[4],
            second: parts[5],
        };
        let asked = civil.wall().secs() + seconds;
        assert!((before..=now()).contains(&asked), "{written}: {text}");
    }
}

fn now() -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    i64::try_from(now.as_secs()).expect("it fits")
}

#[test]
fn a_flag_is_sent_in_the_service_s_own_words() {
    let create = find("create_profile");
    for (written, sent_as) in [
        ("True", "True"),
        ("yes", "True"),
        ("1", "True"),
        ("ON", "True"),
        ("false", "False"),
        ("no", "False"),
        ("0", "False"),
        ("off", "False"),
    ] {
        let pairs = [("ident", "user1"), ("name", "a"), ("tls", written)];
        let request = sent(create, &pairs.map(|(n, v)| (n.to_owned(), v.to_owned())));
        assert_eq!(request.param("tls"), Some(sent_as), "{written}");
    }
}

#[test]
fn addresses_are_sent_one_by_one_in_the_order_given() {
    let addresses = ["8.8.8.8", "2001:4860::1", "8.8.4.4"];
    let world = World::new();
    let words = [
        "ip=8.8.8.8",
        "ident=user1",
        "ip=2001:4860::1",
        "comment=a b",
        "ip=8.8.4.4",
    ];
    world.call(find("add_ip"), &words).expect(0);
    assert_eq!(world.request().all("ip"), addresses);
    assert_eq!(world.sim().bindings("user1").len(), 3);
}

#[test]
fn a_value_is_read_from_a_file_or_from_standard_input() {
    let world = World::new();
    let file = world.router().path("password");
    let from_file = format!("password=@{}", file.display());
    let table = [
        ("п w&\n", "п w&"),
        ("p\r\n", "p"),
        ("p", "p"),
        (" p ", " p "),
        ("@p", "@p"),
        ("-", "-"),
    ];
    for (written, expected) in table {
        std::fs::write(&file, written).expect("written");
        world
            .call(find("update_password"), &["ident=user1", &from_file])
            .expect(0);
        assert_eq!(password(&world), expected);

        world.sim().reset();
        let mut command = world.command(find("update_password"), &["ident=user1", "password=-"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(written.as_bytes()).expect("written");
        drop(stdin);
        ran(child.wait_with_output().expect("it ends")).expect(0);
        assert_eq!(password(&world), expected);
    }
    world
        .call(find("update_password"), &["ident=user1", "password=@@home"])
        .expect(0);
    assert_eq!(password(&world), "@home");
}

fn password(world: &World) -> String {
    world.sim().account("user1").expect("a user").password
}

#[test]
fn a_long_interval_is_sent_with_a_warning() {
    for name in [
        "get_activity_report",
        "get_popular_report",
        "get_category_report",
    ] {
        for (end, days) in [
            ("{Y}-01-30", None),
            ("{Y}-01-31", Some(31)),
            ("{Y}-03-01", Some(60)),
        ] {
            let world = World::new();
            let words = ["ident=user1", "start={Y}-01-01", &format!("end={end}")];
            let ran = world.call(find(name), &words).expect(0);
            match days {
                None => assert_eq!(ran.stderr, ""),
                // One day more in a leap year.
                Some(60) => drop(ran.says("warn: only the last 30 of these 6")),
                Some(days) => drop(ran.says(&format!(
                    "warn: only the last 30 of these {days} days are reported"
                ))),
            }
            assert_eq!(
                world.request().param("end"),
                Some(on_this_year(end).as_str())
            );
        }
    }
}
