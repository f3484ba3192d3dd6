use super::*;
use crate::config::problem::Problem;
use crate::config::secret::{KeySource, Secret};
use crate::config::{Source, Transport};

const GOOD: &str = "config skydns 'home'\n\toption ident 'login'\n\toption key 'example-key'\n";

fn config(text: &str) -> Config {
    Config::parse(text.as_bytes()).expect("UCI syntax")
}

fn only(config: &Config) -> &Skydns {
    match &config.skydns[0].content {
        Content::Ready(skydns) => skydns,
        _ => panic!("{:?}", config.problems),
    }
}

/// The problems of GOOD with these lines added, without the section's name.
fn problems(lines: &str) -> Vec<String> {
    let config = config(&format!("{GOOD}{lines}"));
    let text = |p: &Problem| p.to_string().replace("section 'home': ", "");
    config.problems.iter().map(text).collect()
}

#[test]
fn defaults() {
    let config = config(GOOD);
    let section = only(&config);
    assert_eq!(config.problems, []);
    assert_eq!(config.main, Main::default());
    assert_eq!(section.base_url.as_str(), SKYDNS_URL);
    assert_eq!(section.source, Source::Network(vec!["wan".into()]));
    assert_eq!(
        (section.policy.refresh, section.policy.daily_limit),
        (crate::time::DAY * 3, 24)
    );
    assert_eq!(
        (section.policy.family, section.policy.tls),
        (Family::Ipv4, true)
    );
}

#[test]
fn the_documented_example() {
    let config = config(include_str!("../../../tests/data/config/example"));
    assert_eq!(config.problems, []);
    assert_eq!(config.main.interval.as_secs(), 300);
    let section = only(&config);
    assert_eq!(section.ident, "login");
    assert_eq!(
        section.key,
        KeySource::File {
            path: "/etc/wansync/skydns.key".into(),
            line: 11
        }
    );
    assert_eq!(section.hostname.as_deref(), Some("router-1"));
    assert_eq!(section.profile.as_deref(), Some("1234"));
    assert_eq!(section.bind.as_deref(), Some("wan"));
    let tunnels: Vec<&str> = config.ready_tunnels().map(|(name, _)| name).collect();
    assert_eq!(tunnels, ["dacha"]);
}

#[test]
fn every_source() {
    let table: [(&str, Source); 5] = [
        (
            "option source network\noption network wan6",
            Source::Network(vec!["wan6".into()]),
        ),
        (
            "option source interface\noption device pppoe-wan",
            Source::Interface("pppoe-wan".into()),
        ),
        (
            "option source web\nlist url https://a.example/ip\nlist url http://127.0.0.1:8/",
            Source::Web(vec![
                ServiceUrl::new("https://a.example/ip").expect("good"),
                ServiceUrl::new("http://127.0.0.1:8/").expect("good"),
            ]),
        ),
        (
            "option source command\noption command /bin/myip\nlist arg '-4 $x'\nlist arg ''",
            Source::Command {
                program: "/bin/myip".into(),
                arguments: vec!["-4 $x".into(), "".into()],
            },
        ),
        (
            "option source static\noption address 8.8.4.4",
            Source::Static([8, 8, 4, 4].into()),
        ),
    ];
    for (lines, source) in table {
        let config = config(&format!("{GOOD}{lines}\n"));
        assert_eq!(only(&config).source, source);
        assert_eq!(config.problems, []);
    }
}

#[test]
fn the_family_that_a_service_is_reached_over() {
    let account = "config vpnki 'account'\noption key x\n";
    for (line, expected) in [
        ("", Transport::Auto),
        ("option transport auto\n", Transport::Auto),
        ("option transport ipv4\n", Transport::Only(Family::Ipv4)),
        ("option transport ipv6\n", Transport::Only(Family::Ipv6)),
    ] {
        let config = config(&format!("{GOOD}{line}{account}{line}"));
        assert_eq!(config.problems, [], "{line}");
        assert_eq!(only(&config).transport, expected);
        let accounts: Vec<_> = config.ready_accounts().collect();
        assert_eq!(accounts[0].1.transport, expected);
    }
}

#[test]
fn bad_values_name_their_line() {
    let table = [
        (
            "option profile 'main'",
            "line 4: error: option 'profile': 'main' is not a number",
        ),
        (
            "option daily_limit '0'",
            "line 4: error: option 'daily_limit': '0' is not a number from 1 to 288",
        ),
        (
            "option spread '25h'",
            "line 4: error: option 'spread': '25h' is no duration of a day at most",
        ),
        (
            "option refresh 'soon'",
            "line 4: error: option 'refresh': 'soon' is no duration",
        ),
        (
            "option refresh '0'",
            "line 4: error: option 'refresh': '0' is too short",
        ),
        (
            "option family 'both'",
            "line 4: error: option 'family': 'both' is neither",
        ),
        (
            "option transport 'both'",
            "line 4: error: option 'transport': 'both' is none of: auto, ipv4, ipv6",
        ),
        (
            "option base_url 'https://[2001:db8::1]/'\noption transport 'ipv4'",
            "line 5: error: option 'transport': 'ipv4' is not the family of the address in",
        ),
        (
            "option enabled 'perhaps'",
            "line 4: error: option 'enabled': 'perhaps' is neither",
        ),
        (
            "option source 'netwrok'",
            "line 4: error: option 'source': 'netwrok' is unknown (did you mean 'network'?)",
        ),
        (
            "option source 'web'",
            "line 1: error: option 'url' is missing",
        ),
        (
            "option source 'interface'",
            "line 1: error: option 'device' is missing",
        ),
        (
            "option source 'command'",
            "line 1: error: option 'command' is missing",
        ),
        (
            "option source 'static'",
            "line 1: error: option 'address' is missing",
        ),
        (
            "option source 'static'\noption address '8.8.4'",
            "line 5: error: option 'address': '8.8.4' is not an address",
        ),
        (
            "option source 'static'\noption address '2a00::1'",
            "line 5: error: option 'address': '2a00::1' is not an IPv4",
        ),
        (
            "option source 'command'\noption command 'myip'",
            "line 5: error: option 'command': 'myip' is not an absolute",
        ),
        (
            "option source 'interface'\noption device 'a/b'",
            "line 5: error: option 'device': 'a/b' is no name",
        ),
        (
            "option source 'web'\nlist url 'http://a.example/'",
            "line 5: error: option 'url': 'http://a.example/' is not https",
        ),
        (
            "option network 'my wan'",
            "line 4: error: option 'network': 'my wan' is no name",
        ),
        (
            "option bind ' '",
            "line 4: error: option 'bind': ' ' is no name",
        ),
        (
            "option notify 'tell'",
            "line 4: error: option 'notify': 'tell' is not an absolute",
        ),
        (
            "option base_url 'skydns.ru'",
            "line 4: error: option 'base_url': 'skydns.ru' has no scheme",
        ),
        (
            "option base_url 'https://me:pw@a.example/'",
            "line 4: error: option 'base_url': 'https://' has credentials",
        ),
        (
            "option base_url 'https://a.example/?key=pw'",
            "line 4: error: option 'base_url': 'https://a.example/' has a query",
        ),
        (
            "option base_url 'https://a.example/#pw'",
            "line 4: error: option 'base_url': 'https://a.example/' has a fragment",
        ),
        (
            "option key_file '/k'",
            "line 3: error: both 'key' and 'key_file'",
        ),
        (
            "option hostname 'a\nb'",
            "line 4: error: option 'hostname' holds a line end",
        ),
        ("list profile '1'", "line 4: error: 'profile' is a list"),
        (
            "option idnet 'x'",
            "line 4: warning: option 'idnet' is unknown (did you mean 'ident'?)",
        ),
        (
            "option ident 'other'",
            "line 2: warning: option 'ident' is set again in line 4",
        ),
        (
            "option address '8.8.4.4'",
            "line 4: warning: option 'address' does nothing with source 'network'",
        ),
        (
            "config skydns 'home'",
            "line 4: warning: it was opened in line 1 already",
        ),
    ];
    for (lines, expected) in table {
        let got = problems(&format!("{lines}\n"));
        assert_eq!(got.len(), 1, "{lines}: {got:?}");
        assert!(got[0].starts_with(expected), "{lines}: {got:?}");
    }
}

#[test]
fn bytes_that_are_no_text() {
    let text = [GOOD.as_bytes(), b"\toption hostname 'a\xff'\n"].concat();
    let config = Config::parse(&text).expect("UCI takes any byte");
    assert!(
        config.problems[0]
            .to_string()
            .contains("option 'hostname' is not UTF-8")
    );
}

#[test]
fn one_bad_section_stops_only_itself_and_all_problems_are_reported() {
    let text = format!(
        "config skydns 'one'\n\toption source 'static'\n\toption profile 'x'\n\
         {GOOD}config skydns 'off'\n\toption enabled '0'\n"
    );
    let config = config(&text);
    let messages: Vec<String> = config.problems.iter().map(|p| p.to_string()).collect();
    let one = messages.iter().filter(|p| p.contains("'one'")).count();
    assert_eq!(one, 4, "{messages:?}");
    let ready: Vec<&str> = config.ready_sections().map(|(name, _)| name).collect();
    assert_eq!(ready, ["home"]);
    assert!(matches!(config.skydns[0].content, Content::Wrong));
    assert!(matches!(config.skydns[2].content, Content::Disabled));
    assert!(
        !messages.iter().any(|p| p.contains("'off'")),
        "{messages:?}"
    );
    let first = config.first_error("one").expect("it has four");
    assert!(first.line == 1 && first.option() == Some("ident"));
}

#[test]
fn an_error_in_the_wansync_section_leaves_the_default() {
    let config = config("config wansync\n\toption interval 'often'\n");
    assert!(config.main_is_wrong);
    assert_eq!(config.main, Main::default());
}

#[test]
fn what_may_be_a_secret_is_not_quoted() {
    for lines in [
        "config skydns\noption ident x\noption key_file 'hunter2'",
        "config skydns\noption ident x\noption key 'a\nhunter2'",
        "config skydns\noption ident x\nlist key 'hunter2'",
        "config skydns\noption ident x\noption key k\noption base_url 'https://me:p?hunter2@a.example/'",
        "config skydns\noption ident x\noption key k\noption base_url 'https://me:p/hunter2@a.example/'",
        "config skydns\noption ident x\noption key k\noption base_url 'https://me:p#hunter2@a.example/'",
        "config skydns\noption ident x\noption key k\noption source web\nlist url 'http://a.example/?t=hunter2'",
    ] {
        let config = config(&format!("{lines}\n"));
        assert!(config.problems.iter().any(Problem::is_error), "{lines}");
        let printed = format!("{:?}", config.problems);
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}

#[test]
fn sections_that_replace_the_address_of_each_other() {
    let other = |lines: &str| {
        let second = GOOD.replace("home", "other");
        config(&format!("{GOOD}{second}{lines}\n")).problems
    };
    let problems = other("");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0]
            .to_string()
            .starts_with("line 4: warning: section 'other'")
    );
    for lines in ["option hostname b", "option ident b2", "option enabled 0"] {
        let problems = other(lines);
        assert!(
            !problems.iter().any(|p| p.reason.contains("replaces")),
            "{problems:?}"
        );
    }
}
#[test]
fn a_relay_needs_no_key() {
    let relay = "config skydns\n\toption ident 'me'\n\toption base_url 'https://relay.example/'\n";
    assert_eq!(only(&config(relay)).key, KeySource::None);
    for url in ["", "option base_url 'https://www.skydns.ru/provider_api'"] {
        let service = config(&format!("config skydns\n\toption ident 'me'\n{url}\n"));
        let message = service.problems[0].to_string();
        assert!(
            message.contains("option 'key_file' is missing"),
            "{message}"
        );
    }
}

#[test]
fn the_fingerprint_covers_all_that_is_sent() {
    let key = Secret::new("example-key").expect("a key");
    let of = |lines: &str, key: Option<&Secret>| {
        only(&config(&format!("{GOOD}{lines}\n"))).fingerprint(key, crate::config::sha256)
    };
    let plain = of("", Some(&key));
    assert_eq!(plain.len(), 16);
    assert_eq!(plain, of("option refresh 1h", Some(&key)));
    for lines in [
        "option ident 'x'",
        "option hostname 'x'",
        "option profile '7'",
        "option base_url 'https://a.example/'",
    ] {
        assert_ne!(plain, of(lines, Some(&key)), "{lines}");
    }
    assert_ne!(plain, of("", None));
    assert_ne!(plain, of("", Some(&Secret::new("other").expect("a key"))));
}

#[test]
fn sections_that_are_not_ours() {
    let config =
        config("config skydsn 'x'\nconfig vpnki\n\toption key k\nconfig wansync\nconfig wansync\n");
    let messages: Vec<String> = config.problems.iter().map(|p| p.to_string()).collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(
        messages[0].contains("line 1: warning") && messages[0].contains("did you mean 'skydns'")
    );
    assert!(messages[1].contains("line 5") && messages[1].contains("line 4 already"));
}

#[test]
fn accounts_of_vpnki() {
    let text = "config vpnki 'a'\noption key k\nconfig vpnki 'b'\noption key_file /k\n\
                option base_url 'https://vpnki.ru/index.php'\noption interval 30s\n\
                option bind wan\nlist name_field login\nlist name_field user\nlist address_field ip\n";
    let config = config(text);
    assert_eq!(config.problems, []);
    let ready: Vec<&Vpnki> = config
        .ready_accounts()
        .map(|(_, account)| account)
        .collect();
    assert_eq!(ready[0].base_url.as_str(), VPNKI_URL);
    assert_eq!(ready[0].interval.as_secs(), 120);
    assert_eq!(ready[1].base_url.as_str(), "https://vpnki.ru/index.php");
    assert_eq!(ready[1].interval.as_secs(), 30);
    assert_eq!((&ready[0].bind, ready[0].name_fields.len()), (&None, 0));
    assert_eq!(ready[1].bind.as_deref(), Some("wan"));
    assert_eq!(ready[1].name_fields, ["login", "user"]);
    assert_eq!(ready[1].address_fields, ["ip"]);
    for (line, expected) in [
        (
            "list name_field ''",
            "option 'name_field' holds an empty name",
        ),
        ("option bind 'a b'", "'a b' is no name of a network"),
        ("option nmae_field x", "did you mean 'name_field'?"),
    ] {
        let config = Config::parse(format!("config vpnki 'a'\noption key k\n{line}\n").as_bytes());
        let problems = config.expect("UCI syntax").problems;
        assert_eq!((problems.len(), problems[0].line), (1, 3), "{problems:?}");
        assert!(problems[0].reason.contains(expected), "{problems:?}");
    }
}
