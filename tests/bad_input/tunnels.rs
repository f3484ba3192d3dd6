//! Sections of tunnels that are wrong: each is reported with its line, and none
//! keeps the address of another section from being kept.

use super::*;

/// The lines of the configuration: 1 to 8 are those of [`Settled`]; then 9 the
/// account, 11 the tunnel, 12 its name, 13 its network, 14 its account.
const SECTIONS: &str = "config vpnki 'account'\noption key 'example-key'\n\
    config tunnel 'dacha'\noption name 'user356'\noption network 'vpnki0'\noption vpnki 'account'\n";

/// The output of `check --offline` for the sections with `from` replaced by `to`.
#[track_caller]
fn checked(settled: &Settled, from: &str, to: &str, code: i32) -> String {
    assert!(SECTIONS.contains(from), "{from}");
    let sections = SECTIONS.replace(from, to);
    let home = settled.router.home(STATIC);
    settled.router.configure(&format!("{home}{sections}"));
    let ran = sound(settled.router.run(&["check", "--offline"]), to);
    assert_eq!(ran.code, Some(code), "{to}: {}", ran.said());
    settled.nothing_happened(to);
    ran.stdout
}

#[test]
fn a_wrong_option_of_a_tunnel_is_reported_with_its_line() {
    let settled = Settled::new();
    let account = "option vpnki 'account'\n";
    let added = |text: &str| (account, format!("{account}{text}\n"));
    let table = [
        (added("option ping 'far'"), 15, "'far' is not an address"),
        (added("option ping '::'"), 15, "is no address of a host"),
        (
            added("option route '172.16.0.1/16'"),
            15,
            "bits are set beyond",
        ),
        (
            added("option route '172.16.0.0/33'"),
            15,
            "its length is wrong",
        ),
        (added("option address 'user356'"), 15, "is not an address"),
        (added("option wan 'a b'"), 15, "is no name of a network"),
        (
            added("option wan 'vpnki0'"),
            13,
            "is the network that the tunnel runs over",
        ),
        (
            added("option on_down 'reboot'"),
            15,
            "is none of: none, restart, command",
        ),
        (
            added("option on_down 'comand'"),
            15,
            "did you mean 'command'?",
        ),
        (
            added("option on_down 'command'"),
            11,
            "option 'command' is missing",
        ),
        (
            added("option on_down 'restart'\noption command 'sh -c x'"),
            16,
            "absolute path",
        ),
        (added("option notify 'mail'"), 15, "absolute path"),
        (added("option down_after '0'"), 15, "from 1 to 100"),
        (
            added("option down_after '99999999999'"),
            15,
            "from 1 to 100",
        ),
        (added("option restart_limit '21'"), 15, "from 0 to 20"),
        (added("option interval '1s'"), 15, "5s or more"),
        (added("option interval '20ms'"), 15, "is no duration"),
        (added("option fix_route 'perhaps'"), 15, "neither 1 nor 0"),
        (added("option enabled 'perhaps'"), 15, "neither 1 nor 0"),
        (
            ("option name 'user356'\n", String::new()),
            11,
            "option 'name' is missing",
        ),
        (
            ("option network 'vpnki0'\n", String::new()),
            11,
            "option 'network' is missing",
        ),
        (
            ("option name 'user356'", "option name 'a\nb'".into()),
            12,
            "line end",
        ),
        (
            ("option vpnki 'account'\n", String::new()),
            11,
            "option 'vpnki' is missing, and 'ping'",
        ),
        (
            ("option vpnki 'account'", "option vpnki 'acount'".into()),
            14,
            "did you mean 'account'?",
        ),
        (
            ("option vpnki 'account'", "option vpnki 'home'".into()),
            14,
            "no section of type vpnki",
        ),
    ];
    for ((from, to), line, part) in table {
        let said = checked(&settled, from, &to, 78);
        let place = format!("line {line}: error: section 'dacha': ");
        let failures = said.lines().filter(|line| line.starts_with("FAIL  "));
        assert_eq!(failures.count(), 1, "{to}: {said}");
        assert!(said.contains(&place), "{to}: no '{place}' in {said}");
        assert!(said.contains(part), "{to}: no '{part}' in {said}");
    }
}

#[test]
fn all_problems_of_accounts_and_tunnels_are_reported_at_once() {
    let settled = Settled::new();
    let said = checked(
        &settled,
        "option key 'example-key'",
        "option bind 'a b'\noption interval 'x'\nlist name_field ''\noption pnig '1'",
        78,
    );
    let expected = [
        "line 9: error: section 'account': option 'key_file' is missing",
        "line 10: error: section 'account': option 'bind'",
        "line 11: error: section 'account': option 'interval'",
        "line 12: error: section 'account': option 'name_field' holds an empty name",
        "line 13: warning: section 'account': option 'pnig' is unknown",
        "line 17: error: section 'dacha': option 'vpnki': 'account' has an error",
    ];
    for part in expected {
        assert!(said.contains(part), "no '{part}' in {said}");
    }
    let problems = said.lines().filter(|line| !line.starts_with("note"));
    assert_eq!(problems.count(), expected.len(), "{said}");
}

#[test]
fn what_is_only_odd_is_a_warning() {
    let settled = Settled::new();
    let ping = "option vpnki 'account'\noption ping '172.16.0.1'";
    let table = [
        (
            format!("{ping}\noption pnig 'x'"),
            "line 16: warning: section 'dacha': option 'pnig'",
        ),
        (
            format!("{ping}\nlist arg 'x'"),
            "line 16: warning: section 'dacha': option 'arg'",
        ),
        (
            format!("{ping}\noption fix_route 1"),
            "line 16: warning: section 'dacha': option 'fix_route'",
        ),
        (
            format!("{ping}\nconfig vpnki 'account'\noption enabled 0"),
            "line 14: warning: section 'dacha': the account 'account' is disabled",
        ),
        (
            format!("{ping}\nconfig tunnel 'b'\noption name b\noption network vpnki0\n{ping}"),
            "line 16: warning: section 'b': section 'dacha' in line 11 has the same 'network'",
        ),
    ];
    for (to, warning) in table {
        let said = checked(&settled, "option vpnki 'account'", &to, 0);
        assert!(said.contains(warning), "no '{warning}' in {said}");
    }
}

#[test]
fn a_wrong_tunnel_does_not_stop_an_update() {
    let settled = Settled::new();
    let sections = SECTIONS.replace("'vpnki0'", "'a b'");
    let home = settled.router.home(&STATIC.replace("8.8.4.4", "8.8.8.8"));
    settled.router.configure(&format!("{home}{sections}"));
    let ran = sound(settled.router.once(), "once").says("home: confirmed");
    let place = "line 13: error: section 'dacha': option 'network'";
    assert!(ran.stderr.contains(place), "{}", ran.stderr);
    assert_eq!(settled.router.bound(), ["8.8.8.8"]);
}
