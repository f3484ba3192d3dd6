//! The options of each type of section: one table, by which an unknown option is
//! found, a similar one is suggested, and the README's tables are printed.
//!
//! The agent has the names alone: the rows are constants, which only
//! [`markdown`] makes values of.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// One option of a section, or several that belong together.
pub struct OptionRow {
    /// The names.
    pub options: &'static [&'static str],
    /// The value that stands for none; empty if there is no such.
    pub default: &'static str,
    /// The effect, in Markdown.
    pub meaning: &'static str,
}

/// One value of `option source`.
pub struct SourceRow {
    /// The value.
    pub source: &'static str,
    /// The options that no other source reads.
    pub options: &'static [&'static str],
    /// The lines that it needs, in Markdown.
    pub example: &'static str,
    /// The place where the address is asked for, in Markdown.
    pub asks: &'static str,
}

/// One type of section.
pub struct SectionType {
    /// The word behind `config`.
    pub name: &'static str,
    /// The section's options, those of its sources aside.
    pub rows: &'static [OptionRow],
    /// The section's sources.
    pub sources: &'static [SourceRow],
}

/// All types of sections, in the README's order.
pub const SECTION_TYPES: [SectionType; 4] = [
    SectionType {
        name: "wansync",
        rows: WANSYNC_ROWS,
        sources: &[],
    },
    SectionType {
        name: "skydns",
        rows: SKYDNS_ROWS,
        sources: SOURCE_ROWS,
    },
    SectionType {
        name: "vpnki",
        rows: VPNKI_ROWS,
        sources: &[],
    },
    SectionType {
        name: "tunnel",
        rows: TUNNEL_ROWS,
        sources: &[],
    },
];

const WANSYNC_ROWS: &[OptionRow] = &[
    OptionRow {
        options: &["enabled"],
        default: "1",
        meaning: "`0`: nothing is done",
    },
    OptionRow {
        options: &["log_level"],
        default: "info",
        meaning: "`error`, `warn`, `info`, `debug` (in debug builds), `off`",
    },
    OptionRow {
        options: &["ca_file"],
        default: "/etc/ssl/certs/ca-certificates.crt",
        meaning: "the certificates that are trusted, PEM; on OpenWrt from `ca-bundle`. A server's own in it is trusted as it is, whatever its name, until it expires",
    },
    OptionRow {
        options: &["interval"],
        default: "5m",
        meaning: "the pause between two re-checks by the daemon, or by cron: how long an event's own retries go on",
    },
    OptionRow {
        options: &["mode"],
        default: "hook",
        meaning: "how the OpenWrt package's service runs: `hook`, from hotplug and cron, or `daemon`",
    },
    OptionRow {
        options: &["textfile"],
        default: "",
        meaning: "a file such as `/var/prometheus/wansync.prom`, into which the package's service has cron write the metrics each minute, for the textfile collector of a node exporter",
    },
];

const SKYDNS_ROWS: &[OptionRow] = &[
    OptionRow {
        options: &["enabled"],
        default: "1",
        meaning: "`0`: this section is left alone",
    },
    OptionRow {
        options: &["base_url"],
        default: "https://www.skydns.ru/provider_api/",
        meaning: "https; http for a loopback address only",
    },
    OptionRow {
        options: &["ident"],
        default: "",
        meaning: "the login of the SkyDNS user; needed",
    },
    OptionRow {
        options: &["key_file", "key"],
        default: "",
        meaning: "one of them: the provider's key in a file of its own (`chmod 600`), or in place. A `base_url` of one's own, whose relay adds the key, needs neither",
    },
    OptionRow {
        options: &["source"],
        default: "network",
        meaning: "where the address comes from, see below",
    },
    OptionRow {
        options: &["family"],
        default: "ipv4",
        meaning: "`ipv4` or `ipv6`",
    },
    OptionRow {
        options: &["shared_address"],
        default: "0",
        meaning: "`1`: the address is this router's own, though the provider's NAT (CGNAT) or protocol (MAP, DS-Lite) says that others have it, too",
    },
    OptionRow {
        options: &["hostname"],
        default: "",
        meaning: "`update_ip`'s `hostname`: a name of one's own, so that a user can have several addresses",
    },
    OptionRow {
        options: &["profile"],
        default: "",
        meaning: "`update_ip`'s `profile`: a number",
    },
    OptionRow {
        options: &["bind"],
        default: "",
        meaning: "a network of `/etc/config/network`: send through its device, or not at all",
    },
    OptionRow {
        options: &["transport"],
        default: "auto",
        meaning: "which addresses of the service are connected to: `ipv4`, `ipv6`, or `auto`, whichever answers first. Pages of `source 'web'` are asked over `family`",
    },
    OptionRow {
        options: &["refresh"],
        default: "72h",
        meaning: "the age at which a confirmed address is sent again at the latest; sooner by chance, so that many routers do not do so together",
    },
    OptionRow {
        options: &["daily_limit"],
        default: "24",
        meaning: "how many sends may reach SkyDNS in 24 h, 1 to 288: half of them at once, the rest one by one",
    },
    OptionRow {
        options: &["spread"],
        default: "0",
        meaning: "for a provider's image: a time after the boot, such as `30m`, over which its routers spread the first send of an address",
    },
    OptionRow {
        options: &["resolver"],
        default: "",
        meaning: "a list: the addresses of the resolvers that filter, such as a NAT address of `update_nat`. Without it 193.58.251.251 for skydns.ru, 195.46.39.39 and 195.46.39.40 for safedns.com",
    },
    OptionRow {
        options: &["test_name"],
        default: "",
        meaning: "the name of a site that the user's profile blocks: `check` asks the resolver for it, see below",
    },
    OptionRow {
        options: &["notify"],
        default: "",
        meaning: "a program, by its absolute path, that is run when the section's outcome changes",
    },
];

const SOURCE_ROWS: &[SourceRow] = &[
    SourceRow {
        source: "network",
        options: &["network"],
        example: "`option network 'wan'` (the default), or `list network`, several",
        asks: "netifd, over ubus, without starting a process. Of several the one whose default route is best",
    },
    SourceRow {
        source: "interface",
        options: &["device"],
        example: "`option device 'pppoe-wan'`",
        asks: "the kernel",
    },
    SourceRow {
        source: "web",
        options: &["url"],
        example: "`list url 'https://…'`, one or more",
        asks: "pages that answer with the address and nothing else, or in one of the usual forms, in turn",
    },
    SourceRow {
        source: "command",
        options: &["command", "arg"],
        example: "`option command '/path'`, `list arg '…'`",
        asks: "a program, without a shell; the first line it prints within 10 s",
    },
    SourceRow {
        source: "static",
        options: &["address"],
        example: "`option address '8.8.4.4'`",
        asks: "nobody",
    },
];

const VPNKI_ROWS: &[OptionRow] = &[
    OptionRow {
        options: &["enabled"],
        default: "1",
        meaning: "`0`: this section is left alone",
    },
    OptionRow {
        options: &["base_url"],
        default: "https://vpnki.com/index.php/en/",
        meaning: "the page that takes the parameters",
    },
    OptionRow {
        options: &["key_file", "key"],
        default: "",
        meaning: "as above: the account's key",
    },
    OptionRow {
        options: &["interval"],
        default: "2m",
        meaning: "the pause between two looks at the account",
    },
    OptionRow {
        options: &["bind"],
        default: "",
        meaning: "as above: ask through this network's device, or not at all",
    },
    OptionRow {
        options: &["transport"],
        default: "auto",
        meaning: "as above: over which family it is asked",
    },
    OptionRow {
        options: &["name_field", "address_field"],
        default: "",
        meaning: "lists, for a VPNKI that answers in other words than usual: under which names its replies hold a tunnel's name and address",
    },
];

const TUNNEL_ROWS: &[OptionRow] = &[
    OptionRow {
        options: &["enabled"],
        default: "1",
        meaning: "`0`: this section is left alone",
    },
    OptionRow {
        options: &["vpnki"],
        default: "",
        meaning: "the `vpnki` section of its account. Without one VPNKI is not asked, and `ping` is needed",
    },
    OptionRow {
        options: &["name"],
        default: "",
        meaning: "its login at VPNKI, such as `user356`, or its comment there; needed",
    },
    OptionRow {
        options: &["address"],
        default: "",
        meaning: "its address in VPNKI's network, where several have that comment",
    },
    OptionRow {
        options: &["network", "device"],
        default: "",
        meaning: "its network in `/etc/config/network` or, where it has none, its device, such as `tun0`; one of them is needed",
    },
    OptionRow {
        options: &["service", "instance"],
        default: "",
        meaning: "the service that makes it, where netifd does not, such as `openvpn`, and its instance, such as `vpnki`; without `instance` that of a service which names none",
    },
    OptionRow {
        options: &["wan"],
        default: "",
        meaning: "the network that it runs over, or a list of those that it may run over. Without it the one of the best default route that leads through no tunnel of this file",
    },
    OptionRow {
        options: &["ping"],
        default: "",
        meaning: "an address at its far end that answers echoes, such as `172.16.0.1`",
    },
    OptionRow {
        options: &["ping_size"],
        default: "",
        meaning: "how many bytes of data a large echo to it has, as `ping -s` counts, 64 to 9000: whether packets of that size get through, once a minute",
    },
    OptionRow {
        options: &["route"],
        default: "",
        meaning: "a network that must be reached through it, such as `172.16.0.0/16`",
    },
    OptionRow {
        options: &["fix_route"],
        default: "0",
        meaning: "`1`: that route is restored where it is missing",
    },
    OptionRow {
        options: &["on_down"],
        default: "none",
        meaning: "what is done when it is down: `none`, `restart` of `network` by netifd or of `service` by procd, or `command`",
    },
    OptionRow {
        options: &["command", "arg"],
        default: "",
        meaning: "a program by its absolute path, and a list of its arguments, without a shell; with `restart` it is the last resort",
    },
    OptionRow {
        options: &["down_after"],
        default: "3",
        meaning: "how many looks in a row must find it down, 1 to 100",
    },
    OptionRow {
        options: &["restart_limit"],
        default: "3",
        meaning: "how many attempts are made within an hour, 0 to 20",
    },
    OptionRow {
        options: &["interval"],
        default: "20s",
        meaning: "the pause between two looks at it, 5s or more",
    },
    OptionRow {
        options: &["notify"],
        default: "",
        meaning: "a program that is run when its state changes",
    },
];

/// The names of the types of sections.
pub(super) static SECTION_NAMES: [&str; 4] = {
    let [wansync, skydns, vpnki, tunnel] = &SECTION_TYPES;
    [wansync.name, skydns.name, vpnki.name, tunnel.name]
};
/// The names of the options of each type.
pub(super) static WANSYNC_OPTIONS: [&str; SECTION_TYPES[0].count()] = SECTION_TYPES[0].names();
pub(super) static SKYDNS_OPTIONS: [&str; SECTION_TYPES[1].count()] = SECTION_TYPES[1].names();
pub(super) static VPNKI_OPTIONS: [&str; SECTION_TYPES[2].count()] = SECTION_TYPES[2].names();
pub(super) static TUNNEL_OPTIONS: [&str; SECTION_TYPES[3].count()] = SECTION_TYPES[3].names();
/// The sources, each with the options that no other reads.
pub(super) static SOURCE_OPTIONS: [(&str, &[&str]); SOURCE_ROWS.len()] = {
    let mut sources = [("", &[] as &[&str]); SOURCE_ROWS.len()];
    let mut at = 0;
    while at < sources.len() {
        sources[at] = (SOURCE_ROWS[at].source, SOURCE_ROWS[at].options);
        at += 1;
    }
    sources
};

/// True if there is an option of this name, in whatever type of section.
pub(crate) fn is_option(name: &str) -> bool {
    let of_types: [&[&str]; 4] = [
        &WANSYNC_OPTIONS,
        &SKYDNS_OPTIONS,
        &VPNKI_OPTIONS,
        &TUNNEL_OPTIONS,
    ];
    of_types.iter().any(|names| names.contains(&name))
}

impl SectionType {
    const fn count(&self) -> usize {
        let (mut count, mut at) = (0, 0);
        while at < self.rows.len() {
            count += self.rows[at].options.len();
            at += 1;
        }
        at = 0;
        while at < self.sources.len() {
            count += self.sources[at].options.len();
            at += 1;
        }
        count
    }

    const fn names<const COUNT: usize>(&self) -> [&'static str; COUNT] {
        let mut names = [""; COUNT];
        let (mut count, mut at) = (0, 0);
        while at < self.rows.len() {
            count = append(&mut names, count, self.rows[at].options);
            at += 1;
        }
        at = 0;
        while at < self.sources.len() {
            count = append(&mut names, count, self.sources[at].options);
            at += 1;
        }
        names
    }
}

const fn append(names: &mut [&str], mut count: usize, more: &[&'static str]) -> usize {
    let mut at = 0;
    while at < more.len() {
        names[count] = more[at];
        count += 1;
        at += 1;
    }
    count
}

/// The README's tables of options, in Markdown.
///
/// ```
/// use wansync_core::config::option_table::markdown;
///
/// assert!(markdown().contains("| `config skydns` | default | |"));
/// ```
pub fn markdown() -> String {
    let mut tables = Vec::new();
    for section in &SECTION_TYPES {
        let rows = section.rows.iter().map(|row| {
            let names: Vec<String> = row.options.iter().map(code).collect();
            let default = match row.default {
                "" => String::new(),
                default => format!(" {}", code(&default)),
            };
            format!("| {} |{default} | {} |\n", names.join(", "), row.meaning)
        });
        let head = format!(
            "| `config {}` | default | |\n| --- | --- | --- |\n",
            section.name
        );
        tables.push(head + &rows.collect::<String>());
        if !section.sources.is_empty() {
            let rows = section
                .sources
                .iter()
                .map(|row| format!("| `{}` | {} | {} |\n", row.source, row.example, row.asks));
            let head = "| `source` | with | asks |\n| --- | --- | --- |\n".to_string();
            tables.push(head + &rows.collect::<String>());
        }
    }
    tables.join("\n")
}

fn code(text: &&str) -> String {
    format!("`{text}`")
}
