//! The files of a router, and the verdict on it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use crate::{House, ISP};
use wansync_test_support::netns::user_namespace;
use wansync_test_support::resolver::Resolver;

const SKYDNS: &str = "# Interface wan\nnameserver 193.58.251.251\n";
const SERVED: &str = "option noresolv '1'\nlist server '193.58.251.251'\n";

#[test]
fn a_plain_provider() {
    let house = House::new();
    house.resolv(ISP);
    house.dnsmasq("");
    house.says("none", "no DNS question goes to SkyDNS (193.58.251.251): dnsmasq asks 10.0.0.1, which network 'wan' was given by its provider");
    house.check_offline().says(
        "note  these commands send them there:\n      \
         uci set dhcp.@dnsmasq[0].noresolv='1'\n      \
         uci add_list dhcp.@dnsmasq[0].server='193.58.251.251'\n      \
         uci commit dhcp && reload_config\n\
         note  not to be seen from here: DNS over HTTPS in a browser or an app, a resolver set on a device\n",
    );
    let status = house.run(&["status"]).expect(0);
    status.says("; 'wansync check' has the commands that send them there\n");
}

#[test]
fn a_router_that_asks_skydns_alone() {
    let house = House::new();
    house.resolv(ISP);
    house.dnsmasq(SERVED);
    house.says("all", "all DNS questions go to SkyDNS (193.58.251.251)");
    let check = house.check_offline();
    check
        .says("note  not to be seen from here")
        .never_says("uci ");
    assert_eq!(house.filtering()["mend"], Value::Array(vec![]));
}

#[test]
fn a_provider_beside_skydns() {
    let house = House::new();
    house.resolv(ISP);
    house.dnsmasq("list server '193.58.251.251'");
    house.says(
        "some",
        "not all DNS questions go to SkyDNS (193.58.251.251): dnsmasq asks 10.0.0.1",
    );
    house.dnsmasq(&format!("{SERVED}list server '8.8.8.8'"));
    house.says("some", "dnsmasq asks 8.8.8.8 (list server)");
}

#[test]
fn peerdns_off_and_the_networks_own_resolvers() {
    let house = House::new();
    let network = "config interface 'wan'\noption peerdns '0'\nlist dns '193.58.251.251'\n";
    fs::write(house.router.path("network"), network).expect("a file");
    house.resolv(SKYDNS);
    house.dnsmasq("");
    house.says("all", "193.58.251.251");
    fs::write(
        house.router.path("network"),
        format!("{network}list dns '8.8.8.8'\n"),
    )
    .expect("a file");
    house.resolv(&format!("{SKYDNS}nameserver 8.8.8.8\n"));
    house.says("some", "dnsmasq asks 8.8.8.8 (list dns of network 'wan')");
}

#[test]
fn the_providers_ipv6_resolver_beside() {
    let house = House::new();
    house.resolv(&format!(
        "{SKYDNS}# Interface wan6\nnameserver 2a00:1450::53\n"
    ));
    house.dnsmasq("");
    house.says(
        "some",
        "dnsmasq asks 2a00:1450::53, which network 'wan6' was given by its provider",
    );
    house.dnsmasq(SERVED);
    house.says("all", "");
}

#[test]
fn a_local_proxy_is_named() {
    let house = House::new();
    house.dnsmasq("option noresolv '1'\nlist server '127.0.0.1#5053'");
    house.says("local", "a local program, which wansync cannot see into, decides whether DNS questions go to SkyDNS (193.58.251.251): dnsmasq asks a program at 127.0.0.1#5053 (usually https-dns-proxy)");
    // What runs there has a name of its own.
    let _proxy = Resolver::start(&house.net, "127.0.0.1:5053");
    let own = fs::read_to_string("/proc/self/comm").expect("a name");
    house.says(
        "local",
        &format!("dnsmasq asks {} at 127.0.0.1#5053", own.trim_end()),
    );
    house.check_offline().never_says("uci ");
}

#[test]
fn another_program_answers_clients() {
    let house = House::new();
    house.resolv(ISP);
    house.dnsmasq("option port '0'");
    house.says(
        "unknown",
        "dnsmasq does not answer on port 53, nor does another program",
    );
    let own = fs::read_to_string("/proc/self/comm").expect("a name");
    let says = format!("not dnsmasq but {} answers on port 53", own.trim_end());
    let _other = Resolver::start(&house.net, "127.0.0.1:53");
    for lines in ["option port '0'", "option port '54'", SERVED] {
        house.dnsmasq(lines);
        house.says("local", &says);
    }
}

#[test]
fn clients_are_told_another_resolver() {
    let house = House::new();
    let dnsmasq = format!("config dnsmasq\n{SERVED}");
    let lan = "config dhcp 'lan'\noption interface 'lan'\n";
    fs::write(
        house.router.path("network"),
        "config interface 'lan'\noption ipaddr '192.168.1.1'\n",
    )
    .expect("a file");
    for (lines, verdict, words) in [
        (
            "list dhcp_option '6,8.8.8.8'",
            "none",
            "clients are told to ask 8.8.8.8 (dhcp_option of 'lan')",
        ),
        (
            "list dhcp_option '6,192.168.1.1,1.1.1.1'",
            "some",
            "1.1.1.1 (dhcp_option of 'lan')",
        ),
        (
            "list dhcp_option 'option:dns-server,1.1.1.1'",
            "none",
            "1.1.1.1",
        ),
        ("list dhcp_option '6,192.168.1.1'", "all", ""),
        ("list dhcp_option '6,193.58.251.251'", "all", ""),
        ("option ignore '1'\nlist dhcp_option '6,8.8.8.8'", "all", ""),
        (
            "option ra 'server'\nlist dns '2001:4860:4860::8888'",
            "some",
            "2001:4860:4860::8888 (dns of 'lan')",
        ),
        (
            "option dhcpv6 'server'\nlist dns '2001:4860:4860::8888'",
            "some",
            "2001:4860:4860::8888",
        ),
        (
            "option ra 'relay'\noption dhcpv6 'relay'",
            "some",
            "the provider's IPv6 resolvers ('lan' is a relay)",
        ),
        (
            "option ra 'disabled'\nlist dns '2001:4860:4860::8888'",
            "all",
            "",
        ),
    ] {
        house.dhcp(&format!("{dnsmasq}{lan}{lines}\n"));
        house.says(verdict, words);
    }
}

#[test]
fn the_file_of_resolvers_is_elsewhere() {
    let house = House::new();
    let own = house.router.path("resolv.ours");
    fs::write(&own, "nameserver 1.1.1.1\n").expect("a file");
    house.dhcp(&format!(
        "config dnsmasq\noption resolvfile '{}'\n",
        own.display()
    ));
    house.says("none", &format!("dnsmasq asks 1.1.1.1 ({})", own.display()));
    fs::write(&own, "# mine\nnameserver 193.58.251.251\n").expect("a file");
    house.says("all", "");
    // A pipe would keep whoever reads it waiting.
    fs::remove_file(&own).expect("a file");
    let made = Command::new("mkfifo").arg(&own).status();
    assert!(made.expect("mkfifo (coreutils)").success());
    let none = format!(
        "dnsmasq has no resolver to ask: {} names none",
        own.display()
    );
    house.says("unknown", &none);
}

#[test]
fn a_server_for_some_domains() {
    let house = House::new();
    for (server, verdict, words) in [
        (
            "/example.com/8.8.8.8",
            "some",
            "dnsmasq asks 8.8.8.8 for example.com (list server)",
        ),
        (
            "/example.com/example.org/8.8.8.8#5353",
            "some",
            "8.8.8.8 for example.com, example.org",
        ),
        ("/#/8.8.8.8", "some", "8.8.8.8"),
        // An office behind a VPN; what is to be found nowhere; the usual resolvers.
        ("/office.example/10.8.0.1", "all", ""),
        ("/mask.icloud.com/", "all", ""),
        ("/example.com/#", "all", ""),
    ] {
        house.dnsmasq(&format!("{SERVED}list server '{server}'"));
        house.says(verdict, words);
    }
}

#[test]
fn two_instances_of_dnsmasq() {
    let house = House::new();
    house.resolv(ISP);
    house.dhcp(&format!(
        "config dnsmasq 'home'\n{SERVED}config dnsmasq 'guests'\noption resolvfile 'RESOLV'\n"
    ));
    house.says("some", "dnsmasq 'guests' asks 10.0.0.1");
    house.dhcp(&format!(
        "config dnsmasq 'home'\n{SERVED}config dnsmasq 'guests'\noption disabled '1'\n"
    ));
    house.says("all", "");
}

#[test]
fn files_that_cannot_be_read() {
    let house = House::new();
    house.dhcp("config dnsmasq 'a\n");
    house.says(
        "unknown",
        "it cannot be told whether DNS questions go to SkyDNS: /etc/config/dhcp: Parse error",
    );
    fs::write(house.router.path("dhcp"), vec![b'#'; 3 << 20]).expect("a file");
    house.says("unknown", "is larger than");
    house.dnsmasq(SERVED);
    if user_namespace().is_empty() {
        // Root reads everything, but not the user that it becomes here.
        let folder = house.router.path("");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("ours");
        fs::set_permissions(house.router.path("dhcp"), fs::Permissions::from_mode(0o600))
            .expect("ours");
        fs::set_permissions(house.router.config(), fs::Permissions::from_mode(0o644))
            .expect("ours");
        let status = house.router.command(&["status"]);
        let mut user = Command::new("setpriv");
        user.args(["--reuid", "12345", "--regid", "12345", "--clear-groups"]);
        user.arg(status.get_program()).args(status.get_args());
        let ran = crate::output(&house, &user).expect(0);
        ran.says("/etc/config/dhcp: may not be read by this user");
    }
}

/// What is in the file is shown as text, and never becomes a command.
#[test]
fn what_a_file_says_is_no_command() {
    let house = House::new();
    house.dnsmasq(&format!("{SERVED}list server \"8.8.8.8';reboot;'\x1b[2J\""));
    house
        .check_offline()
        .never_says("\x1b")
        .says("      uci delete dhcp.@dnsmasq[0].server\n");
    let mends = house.filtering()["mend"].to_string();
    assert!(!mends.contains("reboot"), "{mends}");
}

#[test]
fn ten_thousand_lines() {
    let house = House::new();
    house.resolv(ISP);
    let servers: String = (0..5000)
        .map(|n| format!("list server '/ads{n}.example/'\n"))
        .collect();
    let foreign: String = (0..5000)
        .map(|n| format!("list server '9.9.{}.{}'\n", n / 250, n % 250))
        .collect();
    house.dnsmasq(&format!("{servers}{SERVED}"));
    house.says("all", "");
    let begun = Instant::now();
    let proxied = servers.replace("example/", "example/127.0.0.1#5053");
    house.dnsmasq(&format!("{proxied}{SERVED}"));
    house.says("local", "; and 4992 more");
    house.dnsmasq(&format!("{servers}{foreign}{SERVED}"));
    house.says(
        "some",
        "dnsmasq asks 9.9.0.0 (list server); dnsmasq asks 9.9.0.1",
    );
    assert!(begun.elapsed().as_secs() < 60, "only a hang takes so long");
    house.says("some", "; and 4992 more");
    assert_eq!(house.filtering()["mend"].as_array().map(Vec::len), Some(2));
}

#[test]
fn the_service_decides_which_resolvers_filter() {
    let house = House::new();
    house.dnsmasq("option noresolv '1'\nlist server '195.46.39.39'\nlist server '195.46.39.40'");
    house.says("none", "195.46.39.39 (list server)");
    house.skydns("option base_url 'https://www.safedns.com/provider_api/'");
    house.says(
        "all",
        "all DNS questions go to SafeDNS (195.46.39.39, 195.46.39.40)",
    );
    house.skydns("list resolver '195.46.39.39'");
    house.says("some", "195.46.39.40 (list server)");
    house.skydns("list resolver '195.46.39.39'\nlist resolver '195.46.39.40'");
    house.says("all", "(195.46.39.39, 195.46.39.40)");
    // A relay does not say whose it is.
    house.skydns("option base_url 'https://relay.example.net/provider_api/'");
    house.says(
        "unknown",
        "the resolvers behind relay.example.net are not known; 'list resolver' names them",
    );
    house.skydns("list resolver '8.8.8'");
    house
        .run(&["check", "--offline"])
        .expect(0)
        .says("option 'resolver': '8.8.8' is not an address; it is passed over");
}

/// Two users of one service have one household, and tunnels alone none.
#[test]
fn the_verdict_is_one_for_the_router() {
    let house = House::new();
    house.dnsmasq(SERVED);
    let section =
        |name: &str| format!("config skydns '{name}'\noption ident '{name}'\noption key 'k'\n");
    house
        .router
        .configure_raw((section("a") + &section("b")).as_bytes());
    let check = house.check_offline();
    assert_eq!(
        check.stdout.matches("all DNS questions go").count(),
        1,
        "{}",
        check.stdout
    );
    assert_eq!(
        check.stdout.matches("DNS over HTTPS").count(),
        1,
        "{}",
        check.stdout
    );
    house.router.configure_raw(b"config wansync 'main'\n");
    assert_eq!(house.filtering(), Value::Null);
    house.check_offline().never_says("DNS");
}

#[test]
fn a_machine_that_is_not_openwrt() {
    let house = House::new();
    let check = house.check_offline();
    check
        .says("note  it cannot be told whether DNS questions go to SkyDNS: there is no /etc/config/dhcp, so this is not OpenWrt\n")
        .never_says("warn");
    assert_eq!(house.filtering()["verdict"], "unknown");
    house.run(&["status"]).expect(0).never_says("DNS");
}
