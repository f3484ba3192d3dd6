//! The quotations of `openwrt/README.md` in its table of symptoms: each of them is
//! brought about, and the command beside it has to say so, word for word.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use wansync_sim::ubus::{UbusFault, procd};
use wansync_sim::{KEY, VPNKI_KEY};

use crate::filtering::RESOLV;
use crate::online::{GIVEN, HOME, Online};
use crate::readme::{README, part};
use wansync_core::reason::Code;
use wansync_core::reason::table::Part;
use wansync_test_support::clocks;
use wansync_test_support::netifd::{down, up};

/// A quoted message, the command that prints it, and how it comes about.
type Symptom = (&'static str, &'static str, fn(&Online));

/// A router as it was installed and set up, whatever was done to it.
fn set_right(online: &Online) {
    let staged = &online.staged;
    online.run("/etc/init.d/wansync stop; rm -rf /var/run/wansync /etc/wansync/record /tmp/log /tmp/.uci /tmp/cron.disabled; /etc/init.d/wansync enable");
    staged.configure("", HOME);
    online.type_in(
        "cat >/etc/wansync/skydns.key; chmod 600 /etc/wansync/skydns.key",
        KEY,
    );
    online.ubus.set_fault(UbusFault::None);
    online.ubus.set_interface("wan", up("8.8.4.4"));
    online.admin("reset");
    online.admin("fault?clear=1");
    online.end_dnsmasq();
    staged.write(RESOLV, GIVEN);
    dhcp(online, SERVED, "");
}

/// All questions go to SkyDNS.
const SERVED: &str = "option noresolv '1'\nlist server '193.58.251.251'";

/// `/etc/config/dhcp` with these lines for dnsmasq and for the LAN.
fn dhcp(online: &Online, dnsmasq: &str, lan: &str) {
    let text = format!("config dnsmasq\n{dnsmasq}\nconfig dhcp 'lan'\n{lan}\n");
    online.staged.write("etc/config/dhcp", &text);
}

/// The section `home` with these options more.
fn home(online: &Online, options: &str) {
    online.staged.configure("", &format!("{HOME}{options}\n"));
}

/// The section `home` with its key in this file, and these options of the whole program.
fn key_at(online: &Online, file: &str, options: &str) {
    let moved = HOME.replace("/etc/wansync/skydns.key", file);
    online.staged.configure(options, &moved);
}

/// The configuration as it is shipped, in use, with this line in the place of that one.
fn shipped(online: &Online, line: &str, by: &str) {
    let text = include_str!("../../openwrt/wansync/files/wansync.config");
    let text = text.replacen("enabled '0'", "enabled '1'", 1);
    let text = text.replace("ident ''", "ident 'login'");
    assert!(text.contains(line), "{line}");
    online
        .staged
        .write("etc/config/wansync", &text.replacen(line, by, 1));
}

fn fault(online: &Online, fault: &str) {
    online.admin(&format!("fault?set={fault}&times=all"));
    online.run("wansync once");
}

/// The tunnel's network is down, with these errors, and netifd leaves it at that.
fn left_down(online: &Online, errors: Value) {
    let status = json!({"up": false, "available": true, "autostart": false, "errors": errors});
    online.ubus.set_interface("vpnki0", status);
}

/// A tunnel with these options more, and its account.
fn dacha(online: &Online, key: &str, options: &str) {
    online.type_in("umask 077; cat >/etc/wansync/vpnki.key", key);
    online.ubus.set_interface("vpnki0", up("172.16.5.2"));
    let tunnel = "config vpnki 'account'\noption key_file '/etc/wansync/vpnki.key'\n\
        config tunnel 'dacha'\noption vpnki 'account'\noption network 'vpnki0'\n";
    online.staged.configure("", &format!("{tunnel}{options}\n"));
}

/// The options of a source that is this line of shell.
fn program(script: &str) -> String {
    format!("option source 'command'\noption command '/bin/sh'\nlist arg '-c'\nlist arg '{script}'")
}

/// Every row of the table that quotes something.
const SYMPTOMS: &[Symptom] = &[
    ("disabled: option enabled '0'", "wansync status", |on| {
        on.staged.configure("option enabled '0'", HOME);
    }),
    (
        "no skydns section is in use",
        "wansync check --offline",
        |on| home(on, "option enabled '0'"),
    ),
    (
        "FAIL  …, line 25: error: section 'home': …",
        "wansync check --offline",
        |on| {
            shipped(on, "option network 'wan'", "option network 'w a n'");
        },
    ),
    (
        "Parse error (EOF with unterminated ') at line 45, byte 22",
        "wansync check --offline",
        |on| {
            shipped(on, "option on_down 'none'", "option on_down 'none");
        },
    ),
    (
        "option 'netwrok' is unknown (did you mean 'network'?)",
        "wansync check --offline",
        |on| {
            home(on, "option netwrok 'wan'");
        },
    ),
    ("1", "/etc/init.d/wansync enabled; echo $?", |on| {
        on.run("/etc/init.d/wansync disable");
    }),
    (
        "wansync is disabled: what was started lasts until the next boot",
        "logread -e wansync",
        |on| {
            on.run("/etc/init.d/wansync disable; /etc/init.d/wansync start");
        },
    ),
    (
        "wansync is disabled: its line is taken out of cron",
        "logread -e wansync",
        |on| {
            on.run("/etc/init.d/wansync enable; /etc/init.d/wansync start; /etc/init.d/wansync disable");
        },
    ),
    (
        "wansync is disabled: a change of its configuration starts nothing",
        "logread -e wansync",
        |on| {
            on.run("/etc/init.d/wansync disable; /etc/init.d/wansync reload");
        },
    ),
    ("cron is disabled", "logread -e wansync", |on| {
        on.run("touch /tmp/cron.disabled; /etc/init.d/wansync reload");
    }),
    (
        "this configuration is refused",
        "logread -e wansync",
        |on| {
            home(on, "option refresh 'never'");
            on.run("/etc/init.d/wansync reload");
        },
    ),
    (
        "the key file /etc/wansync/skydns.key does not exist",
        "wansync check",
        |on| {
            fs::remove_file(on.staged.path("etc/wansync/skydns.key")).expect("it was there");
        },
    ),
    ("every user may read the key in …", "wansync check", |on| {
        on.run("chmod 644 /etc/wansync/skydns.key").expect(0);
    }),
    (
        "others of its group may read the key in …",
        "wansync check",
        |on| {
            on.run("chmod 640 /etc/wansync/skydns.key").expect(0);
        },
    ),
    (
        "others may put another key in the place of …; chmod go-w …",
        "wansync check",
        |on| {
            on.run("mkdir -p /etc/wansync/open; chmod 777 /etc/wansync/open; cp /etc/wansync/skydns.key /etc/wansync/open")
                .expect(0);
            key_at(on, "/etc/wansync/open/skydns.key", "");
        },
    ),
    (
        "the daemon runs as the user wansync, who may not enter /root; move the key to /etc/wansync",
        "wansync check",
        |on| {
            on.run("mkdir -p /root; chmod 750 /root; mv /etc/wansync/skydns.key /root")
                .expect(0);
            key_at(on, "/root/skydns.key", "option mode 'daemon'");
        },
    ),
    (
        "cannot write in /var/run/wansync: …",
        "wansync check",
        |on| {
            on.run("rm -rf /var/run/wansync; touch /var/run/wansync")
                .expect(0);
        },
    ),
    (
        "others may write in /var/run/wansync; chmod go-w /var/run/wansync",
        "wansync check",
        |on| {
            on.run("mkdir -p /var/run/wansync; chmod 777 /var/run/wansync")
                .expect(0);
        },
    ),
    (
        "/var/run/wansync/lock is a symbolic link; remove it",
        "logread -e wansync",
        |on| {
            on.run("mkdir -p /var/run/wansync; ln -s /etc/passwd /var/run/wansync/lock; ! wansync once")
                .expect(0);
        },
    ),
    (
        "the key in /etc/wansync/skydns.key, line 1, begins with 'key=', which is hardly part of it",
        "wansync check --offline",
        |on| {
            on.type_in("cat >/etc/wansync/skydns.key", &format!("key={KEY}"));
        },
    ),
    (
        "option 'ident' holds U+0441, a Cyrillic letter that looks like 'c'",
        "wansync check --offline",
        |on| home(on, "option ident 'u\u{441}er1'"),
    ),
    (
        "option 'ident' ends before the '#': quote the value if that is a part of it",
        "wansync check --offline",
        |on| home(on, "option ident user#1"),
    ),
    (
        "www.skydns.ru says: Invalid provider key",
        "wansync check",
        |on| {
            on.type_in("cat >/etc/wansync/skydns.key", "wrong");
        },
    ),
    (
        "held … the service refused before (…), so nothing is sent",
        "wansync status",
        |on| {
            on.type_in(
                "cat >/etc/wansync/skydns.key; wansync once; wansync once",
                "wrong",
            );
        },
    ),
    (
        "the service refused 3 times within 24 h (…), so 8.8.4.4 is not sent, not even with --force",
        "wansync status",
        |on| {
            on.type_in("cat >/etc/wansync/skydns.key", "wrong");
            on.run("for i in 1 2 3 4; do wansync once --force; done");
        },
    ),
    (
        "www.skydns.ru says: User not found",
        "wansync check",
        |on| {
            on.staged
                .configure("", &HOME.replace("'login'", "'login@example.com'"));
        },
    ),
    (
        "192.168.8.2 is a private address: this router is behind another one (double NAT)",
        "wansync check",
        |on| on.ubus.set_interface("wan", up("192.168.8.2")),
    ),
    ("100.64.7.7 is a CGNAT address", "wansync check", |on| {
        on.ubus.set_interface("wan", up("100.64.7.7"));
    }),
    (
        "8.8.4.4 is shared with the provider's other customers, since network 'wan' itself has \
         100.64.7.7, a CGNAT address",
        "wansync check",
        |on| {
            home(on, &program("echo 8.8.4.4"));
            on.ubus.set_interface("wan", up("100.64.7.7"));
        },
    ),
    (
        "8.8.4.4 is shared with the provider's other customers, each of whom has some of its \
         ports (protocol map of network 'wan')",
        "wansync check",
        |on| {
            let mut wan = up("8.8.4.4");
            wan["proto"] = "map".into();
            on.ubus.set_interface("wan", wan);
        },
    ),
    (
        "only a prefix is delegated (…), and 'wan' has no address of its own",
        "wansync check",
        |on| {
            home(on, "option family 'ipv6'");
            let mut wan = up("8.8.4.4");
            wan["ipv6-prefix"] = json!([{"address": "2a00:1450:5::", "mask": 56, "assigned": {}}]);
            on.ubus.set_interface("wan", wan);
        },
    ),
    (
        "section 'b' has 8.8.4.4 for user 'other'",
        "wansync check",
        |on| {
            let other = HOME.replace("'home'", "'b'").replace("'login'", "'other'");
            let source = "option source 'static'\noption address '8.8.4.4'\n";
            on.staged.configure("", &format!("{HOME}{other}{source}"));
        },
    ),
    ("network 'wan' is down", "wansync check", |on| {
        on.ubus.set_interface("wan", down())
    }),
    ("netifd knows no network 'wann'", "wansync check", |on| {
        home(on, "option network 'wann'")
    }),
    (
        "netifd knows no network 'eth1': eth1 is the device of network 'wan'",
        "wansync check",
        |on| home(on, "option network 'eth1'"),
    ),
    ("there is no device wan0", "wansync check", |on| {
        home(on, "option source 'interface'\noption device 'wan0'")
    }),
    (
        "no network has an IPv4 address: 'wan' is down",
        "wansync check",
        |on| {
            home(on, "list network 'wan'\nlist network 'wwan'");
            on.ubus.set_interface("wan", down());
        },
    ),
    (
        "the command … did not print an address, but '…'; its standard error: …",
        "wansync check",
        |on| home(on, &program("echo sorry; echo why >&2")),
    ),
    (
        "the interpreter in its first line is missing",
        "wansync check",
        |on| {
            on.staged
                .write("etc/wansync/address", "#!/bin/sh\r\necho 8.8.4.4\r\n");
            on.run("chmod 700 /etc/wansync/address").expect(0);
            home(
                on,
                "option source 'command'\noption command '/etc/wansync/address'",
            );
        },
    ),
    (
        "the page is HTML and not an address",
        "wansync check",
        |on| {
            on.admin("fault?set=html&times=all");
            home(
                on,
                "option source 'web'\nlist url 'https://www.skydns.ru/ip'",
            );
        },
    ),
    (
        "netifd cannot say whether 8.8.4.4 is shared with strangers (CGNAT): …",
        "wansync check",
        |on| {
            home(on, &program("echo 8.8.4.4"));
            on.ubus.set_fault(UbusFault::Garbage);
        },
    ),
    (
        "ubusd is not running: nobody listens at …",
        "wansync check",
        |on| on.ubus.stop_ubusd(),
    ),
    (
        "name resolution of www.skydns.ru failed: …",
        "wansync check",
        |on| {
            on.ubus.start_ubusd().expect("ubusd");
            on.staged.write("etc/hosts", "127.0.0.1 localhost\n");
        },
    ),
    (
        "a filter on this router or its DNS blocks the name: it answers 0.0.0.0",
        "wansync check",
        |on| on.staged.write("etc/hosts", "0.0.0.0 www.skydns.ru\n"),
    ),
    (
        "…; 0.0.0.0 is no host: does a filter block the name?",
        "wansync check",
        |on| {
            let half = "0.0.0.0 www.skydns.ru\n::2 www.skydns.ru\n";
            on.staged.write("etc/hosts", half);
        },
    ),
    (
        "no connection to www.skydns.ru: …",
        "wansync check",
        |on| on.staged.write("etc/hosts", "192.0.2.7 www.skydns.ru\n"),
    ),
    (
        "the connection of www.skydns.ru took longer than 24 s (…)",
        "wansync check",
        |on| {
            on.net.add_device("hole0", &["192.0.2.1/24"]);
            on.net
                .ip("neighbour add 192.0.2.7 lladdr 02:00:00:00:00:07 dev hole0");
        },
    ),
    (
        "www.skydns.ru: no IPv6 address: …; IPv4 is used",
        "wansync check",
        |on| on.ask_dnsmasq(&["--host-record=www.skydns.ru,127.0.0.1"]),
    ),
    (
        "the TLS handshake of www.skydns.ru took longer than 24 s",
        "wansync check",
        |on| {
            on.staged.write("etc/nsswitch.conf", "hosts: files\n");
            on.staged
                .write("etc/hosts", "127.0.0.1 localhost www.skydns.ru\n");
            on.admin("fault?set=tls-stall&times=all");
        },
    ),
    (
        "TLS with www.skydns.ru failed: its certificate is not trusted by …",
        "wansync check",
        |on| {
            on.staged.write(
                "etc/hosts",
                "127.0.0.1 localhost www.skydns.ru vpnki.com relay.example.net\n",
            );
            fault(on, "tls-wrong-ca");
        },
    ),
    (
        "its issuer '…' is not in the file, and the server sends no certificate of it: \
         an intermediate certificate is missing, or the file lacks this CA",
        "wansync check",
        |on| fault(on, "tls-wrong-ca"),
    ),
    (
        "it is self-signed, as '…', and is not itself in the file",
        "wansync check",
        |on| fault(on, "tls-self-signed"),
    ),
    (
        "its certificate has expired on …, or this clock, which says …, is wrong",
        "wansync check",
        |on| fault(on, "tls-expired"),
    ),
    (
        "its certificate is not valid yet: is the router's clock right? It says …, the \
         certificate begins on …",
        "wansync check",
        |on| fault(on, "tls-not-yet-valid"),
    ),
    (
        "its certificate is for another name: …",
        "wansync check",
        |on| fault(on, "tls-wrong-name"),
    ),
    (
        "its certificate names no host in subjectAltName, only a common name: …",
        "wansync check",
        |on| fault(on, "tls-no-name"),
    ),
    (
        "it refused to go on (alert 40, handshake_failure): it has no version, cipher, curve \
         or kind of certificate in common with wansync",
        "wansync check",
        |on| fault(on, "tls-alert"),
    ),
    (
        "certificates, all of them out of date",
        "wansync check",
        |on| on.staged.write("tmp/clock", "@2040-01-01 00:00:00"),
    ),
    (
        "holds a private key: none is needed there, and others may read it",
        "wansync check",
        |on| {
            fs::remove_file(on.staged.path("tmp/clock")).expect("a file");
            on.run("echo '-----BEGIN PRIVATE KEY-----' >>/etc/ssl/certs/ca-certificates.crt");
        },
    ),
    (
        "the CA file … cannot be used: it holds no certificate",
        "wansync check",
        |on| {
            on.run("sed -i /PRIVATE/d /etc/ssl/certs/ca-certificates.crt");
            on.run("mv /etc/ssl/certs/ca-certificates.crt /etc/ssl/kept; : >/etc/ssl/certs/ca-certificates.crt");
        },
    ),
    ("No such file or directory", "wansync check", |on| {
        fs::remove_file(on.staged.path("etc/ssl/certs/ca-certificates.crt")).expect("a file");
    }),
    (
        "the clock is not set, it says …: wait for NTP, or look at its servers",
        "wansync check",
        |on| {
            on.run("mv /etc/ssl/kept /etc/ssl/certs/ca-certificates.crt")
                .expect(0);
            on.staged.write("tmp/clock", "@2020-01-01 00:00:00");
        },
    ),
    ("unconfirmed … HTTP status 503", "wansync status", |on| {
        fs::remove_file(on.staged.path("tmp/clock")).expect("a file");
        fault(on, "status=503");
    }),
    (
        "the reply is not JSON but an HTML page",
        "wansync status",
        |on| fault(on, "html"),
    ),
    (
        "HTTP status 404 of a web server, not of the service itself",
        "wansync status",
        |on| fault(on, "status=404"),
    ),
    (
        "the reply confirms nothing: its HTTP status is 206 (a part of it), not 200",
        "wansync status",
        |on| fault(on, "ok-status=206"),
    ),
    (
        "throttled … waiting after a failure (…) … next in …",
        "wansync status",
        |on| {
            fault(on, "status=503");
            on.run("wansync once");
        },
    ),
    (
        "throttled … the WAN flaps: it changed its address more than three times a minute, so 8.8.8.8 waits",
        "wansync status",
        |on| {
            for address in ["8.8.4.1", "8.8.4.2", "8.8.4.3", "8.8.8.8"] {
                on.ubus.set_interface("wan", up(address));
                on.run("wansync once");
            }
        },
    ),
    (
        "throttled … the daily limit of 24 sends is used up",
        "wansync status",
        |on| {
            on.run("i=0; while [ $i -lt 24 ]; do wansync once --force; i=$((i + 1)); done");
            on.ubus.set_interface("wan", up("8.8.8.8"));
            on.run("wansync once");
        },
    ),
    (
        "no DNS question goes to SkyDNS (193.58.251.251): dnsmasq asks 10.0.0.1, which network 'wan' was given by its provider",
        "wansync check --offline",
        |on| dhcp(on, "", ""),
    ),
    (
        "not all DNS questions go to SkyDNS (193.58.251.251): dnsmasq asks …",
        "wansync status",
        |on| dhcp(on, "list server '193.58.251.251'", ""),
    ),
    (
        "clients are told to ask 8.8.8.8 (dhcp_option of 'lan')",
        "wansync check --offline",
        |on| dhcp(on, SERVED, "list dhcp_option '6,8.8.8.8'"),
    ),
    (
        "clients are told the provider's IPv6 resolvers ('lan' is a relay)",
        "wansync check --offline",
        |on| dhcp(on, SERVED, "option ra 'relay'"),
    ),
    (
        "a local program, which wansync cannot see into, decides …: dnsmasq asks … at 127.0.0.1#5053",
        "wansync status",
        |on| dhcp(on, "option noresolv '1'\nlist server '127.0.0.1#5053'", ""),
    ),
    (
        "it cannot be told …: dnsmasq has no resolver to ask; is the WAN up?",
        "wansync status",
        |on| {
            dhcp(on, "", "");
            on.staged.write(RESOLV, "");
        },
    ),
    (
        "it cannot be told …: dnsmasq has no resolver to ask: 'list server' names none",
        "wansync status",
        |on| dhcp(on, "option noresolv '1'", ""),
    ),
    (
        "dnsmasq does not answer on port 53, nor does another program",
        "wansync status",
        |on| {
            on.net.ip("address del 193.58.251.251/32 dev lo");
            on.stop_resolver();
            dhcp(on, "option port '0'", "");
        },
    ),
    (
        "193.58.251.251 does not answer DNS questions: …",
        "wansync check",
        |_| {},
    ),
    (
        "…, which is not its block page: the profile is not in force",
        "wansync check",
        |on| {
            on.net.ip("address add 193.58.251.251/32 dev lo");
            on.start_resolver();
            home(on, "option test_name 'bad.example'");
        },
    ),
    (
        "the resolvers behind relay.example.net are not known; 'list resolver' names them",
        "wansync check --offline",
        |on| {
            home(
                on,
                "option base_url 'https://relay.example.net/provider_api/'",
            )
        },
    ),
    (
        "/etc/config/dhcp: Parse error (…) at line …",
        "wansync check --offline",
        |on| on.staged.write("etc/config/dhcp", "config dnsmasq 'a\n"),
    ),
    (
        "VPNKI lists no tunnel 'user365' (did you mean 'user356'?)",
        "wansync check",
        |on| dacha(on, VPNKI_KEY, "option name 'user365'"),
    ),
    (
        "account: vpnki.com says: API Key Not Found (403)",
        "wansync check",
        |on| {
            dacha(on, "wrong", "option name 'user356'");
        },
    ),
    (
        "172.16.0.1 does not answer through vpnki0",
        "wansync check",
        |on| {
            on.net.add_device("vpnki0", &["172.16.5.2/16"]);
            let mut status = up("172.16.5.2");
            status["l3_device"] = "vpnki0".into();
            dacha(
                on,
                VPNKI_KEY,
                "option name 'user356'\noption ping '172.16.0.1'",
            );
            on.ubus.set_interface("vpnki0", status);
        },
    ),
    (
        "its network 'vpnki0' was taken down by hand",
        "wansync check",
        |on| {
            dacha(on, VPNKI_KEY, "option name 'user356'");
            left_down(on, json!([]));
        },
    ),
    (
        "its network 'vpnki0' could not log in (AUTH_FAILED), and netifd does not try again",
        "wansync check",
        |on| {
            dacha(on, VPNKI_KEY, "option name 'user356'");
            left_down(on, json!([{"subsystem": "pptp", "code": "AUTH_FAILED"}]));
        },
    ),
    (
        "on_down 'restart' cannot bring 'vpnki0' back",
        "wansync check",
        |on| {
            dacha(
                on,
                VPNKI_KEY,
                "option name 'user356'\noption on_down 'restart'",
            );
            let mut status = up("172.16.5.2");
            status["proto"] = "none".into();
            on.ubus.set_interface("vpnki0", status);
        },
    ),
    (
        "instance 'vpnki' of service 'openvpn' has no respawn",
        "wansync check",
        |on| {
            dacha(
                on,
                VPNKI_KEY,
                "option name 'user356'\noption on_down 'restart'\n\
                 option service 'openvpn'\noption instance 'vpnki'",
            );
            let status = procd::running(356, None);
            on.ubus.set_instance("openvpn", "vpnki", status);
        },
    ),
];

/// The quotations of the table: its third column, what stands in backticks.
fn quoted() -> BTreeSet<String> {
    let rows = part("When something is wrong")
        .lines()
        .filter(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.split(" | ").nth(2));
    let texts = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    texts.map(str::to_owned).collect()
}

/// True if the pieces between each `…` stand in a text, in their order.
fn says(text: &str, quote: &str) -> bool {
    let mut rest = text;
    quote
        .split('…')
        .all(|piece| match rest.split_once(piece.trim()) {
            Some((_, behind)) => {
                rest = behind;
                true
            }
            None => false,
        })
}

/// The words of the command, once the symptom was brought about.
fn said_of(online: &Online, (_, command, arrange): &Symptom) -> String {
    set_right(online);
    arrange(online);
    let clock = if online.staged.has("tmp/clock") {
        clocks::PRELOADED
    } else {
        ""
    };
    online.run(&format!("{clock} {command}")).said()
}

#[test]
fn what_the_readme_quotes_is_what_is_said() {
    let online = Online::new();
    clocks::put_library(&online.staged.path(""));
    let mut wrong = Vec::new();
    for symptom in SYMPTOMS {
        let (quote, command, _) = symptom;
        // What is throttled is so for 7 s, and a busy machine may be later than that.
        let tries = if quote.starts_with("throttled") { 3 } else { 1 };
        let mut said = String::new();
        let is_said = (0..tries).any(|_| {
            said = said_of(&online, symptom);
            says(&said, quote)
        });
        if !is_said {
            wrong.push(format!("== {command}: {quote}\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let tried: BTreeSet<String> = SYMPTOMS
        .iter()
        .map(|(quote, ..)| (*quote).to_owned())
        .collect();
    assert_eq!(quoted(), tried);
}

/// True if some words of one text stand in the other.
fn share_words(one: &str, other: &str) -> bool {
    const LENGTH: usize = 8;
    let mut pieces = one.as_bytes().windows(LENGTH);
    pieces.any(|piece| other.as_bytes().windows(LENGTH).any(|same| same == piece))
}

/// `wansync explain` says the same of a code as the table beside its words.
#[test]
fn what_is_done_about_a_code_is_what_the_table_says() {
    let rows = part("When something is wrong").lines();
    let rows = rows.filter_map(|row| {
        let cells: Vec<&str> = row.trim_matches(['|', ' ']).split(" | ").collect();
        let [.., quote, action] = cells[..] else {
            return None;
        };
        Some((quote, action))
    });
    let rows: Vec<(&str, &str)> = rows.collect();
    for code in Code::ALL {
        let Some(action) = code.action() else {
            continue;
        };
        let mut quotes = rows.iter().filter(|row| row.1 == action).peekable();
        assert!(quotes.peek().is_some(), "{}: {action}", code.name());
        let is_about_it = |code: &Code| {
            code.template().parts().any(|part| match part {
                Part::Words(words) => quotes.clone().any(|(quote, _)| share_words(words, quote)),
                Part::Argument(..) => false,
            })
        };
        let mut same = Code::ALL
            .iter()
            .filter(|other| other.action() == Some(action));
        assert!(same.any(is_about_it), "{}: another row's", code.name());
    }
}

#[test]
fn the_line_of_the_log_and_the_metrics_are_as_quoted() {
    let online = Online::new();
    online
        .run("wansync once; wansync once; wansync check")
        .expect(0);
    let said = online
        .run("wansync status --format prometheus")
        .expect(0)
        .stdout;
    let (_, block) = README
        .split_once("```\nwansync_skydns")
        .expect("metrics are quoted");
    let quoted = block.split("```").next().expect("an end");
    // An age is another each time.
    let lasting = |line: &str| match line.rsplit_once(' ') {
        Some((name, _)) if name.contains("_age_") => name.to_owned(),
        _ => line.to_owned(),
    };
    for line in format!("wansync_skydns{quoted}").lines() {
        assert!(
            said.lines().any(|other| lasting(other) == lasting(line)),
            "no '{line}' in\n{said}"
        );
    }
    // Those of the relay's report are another program's.
    let names = README.split("wansync_").skip(1);
    for name in names.filter(|name| !name.starts_with("relay_")) {
        let word = |c: char| !c.is_ascii_lowercase() && c != '_';
        let name = format!("wansync_{}", name.split(word).next().expect("a word"));
        let is_there =
            said.contains(&format!("\n{name}")) || said.contains(&format!("# TYPE {name}"));
        assert!(
            is_there || name.starts_with("wansync_tunnel"),
            "no {name} in\n{said}"
        );
    }
    online.ubus.set_interface("wan", down());
    online.run("wansync once");
    let (_, line) = README
        .split_once("`daemon.warn wansync[2817]: ")
        .expect("a line is quoted");
    let line = line.split('`').next().expect("an end");
    online
        .run("logread -e wansync")
        .expect(0)
        .says(&format!("]: {line}"));
}
