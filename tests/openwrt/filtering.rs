//! The commands that `check` gives against questions that go elsewhere: the router's own
//! shell and `uci` apply them, and then all of them go to SkyDNS.

use serde_json::Value;

use crate::online::HOME;
use crate::staged::Staged;

/// netifd's file of resolvers, where dnsmasq reads it without being told.
pub const RESOLV: &str = "tmp/resolv.conf.d/resolv.conf.auto";
const SERVED: &str = "\toption noresolv '1'\n\tlist server '193.58.251.251'\n";

fn filtering(staged: &Staged) -> Value {
    let ran = staged.run("wansync status --format json").expect(0);
    let status: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    status["filtering"].clone()
}

#[test]
fn the_commands_of_check_send_all_questions_to_skydns() {
    let staged = Staged::new();
    staged.configure(
        "",
        &HOME.replace("key_file '/etc/wansync/skydns.key'", "key 'k'"),
    );
    let isp = "# Interface wan\nnameserver 10.0.0.1\n# Interface wan6\nnameserver 2a00::53\n";
    let beside = "# Interface wan\nnameserver 193.58.251.251\nnameserver 10.0.0.1\n";
    let lan = "config dhcp 'lan'\n\toption interface 'lan'\n";
    let shipped = "config dnsmasq\n\toption domainneeded '1'\n\toption local '/lan/'\n\
        \toption resolvfile '/tmp/resolv.conf.d/resolv.conf.auto'\n\n\
        config dhcp 'lan'\n\toption interface 'lan'\n\toption start '100'\n\toption ra 'server'\n\n\
        config dhcp 'wan'\n\toption interface 'wan'\n\toption ignore '1'\n";
    let table = [
        (shipped.to_owned(), isp, "none", 2),
        (shipped.to_owned(), beside, "some", 2),
        (format!("config dnsmasq\n{SERVED}\tlist server '8.8.8.8'\n"), isp, "some", 1),
        (
            "config dnsmasq\n\toption noresolv '1'\n\tlist server '8.8.8.8'\n\tlist server '/lan/'\n".to_owned(),
            isp,
            "none",
            2,
        ),
        (format!("config dnsmasq\n{SERVED}\tlist server '/example.com/1.1.1.1'\n"), isp, "some", 1),
        ("config dnsmasq\n\toption noresolv '1'\n\toption server '193.58.251.251'\n".to_owned(), isp, "unknown", 1),
        (format!("config dnsmasq 'a'\n{SERVED}\nconfig dnsmasq 'b'\n\nconfig dnsmasq\n"), isp, "some", 4),
        (format!("config dnsmasq\n{SERVED}{lan}\tlist dhcp_option '6,8.8.8.8'\n\tlist dhcp_option '3,10.0.0.9'\n"), isp, "none", 2),
        (format!("config dnsmasq\n{SERVED}{lan}\toption dhcp_option '3,10.0.0.9 6,8.8.8.8'\n"), isp, "none", 3),
        (format!("config dnsmasq\n{lan}\tlist dhcp_option '6,193.58.251.251'\n\toption ra 'server'\n\tlist dns '2a00::53'\n"), isp, "some", 3),
        (format!("config dnsmasq\n{SERVED}{lan}\toption ra 'relay'\n\toption dhcpv6 'relay'\n"), isp, "some", 2),
        (format!("config dnsmasq\n{SERVED}config tag 'kids'\n\tlist dhcp_option 'option:dns-server,8.8.8.8,1.1.1.1'\n"), isp, "some", 2),
    ];
    for (dhcp, resolv, verdict, count) in table {
        staged.write("etc/config/dhcp", &dhcp);
        staged.write(RESOLV, resolv);
        let before = filtering(&staged);
        assert_eq!(before["verdict"], verdict, "{dhcp}: {before}");
        let check = staged.run("wansync check --offline").expect(0);
        let commands = check
            .stdout
            .lines()
            .filter_map(|line| line.strip_prefix("      "));
        let commands: Vec<&str> = commands.collect();
        assert_eq!(commands.len(), count + 1, "{dhcp}: {commands:?}");
        staged.run(&commands.join("\n")).expect(0);
        let after = filtering(&staged);
        let now = staged.read("etc/config/dhcp");
        assert_eq!(after["verdict"], "all", "{dhcp} became {now}: {after}");
        // Nothing else is lost.
        for kept in ["option local '/lan/'", "list server '/lan/'", "3,10.0.0.9"] {
            assert_eq!(now.contains(kept), dhcp.contains(kept), "{now}");
        }
    }
}
