//! `openwrt/relay/report`: the routers that are silent or refused.

use super::*;
use wansync_test_support::programs::{busybox, prometheus_reads};

/// 2026-11-29T12:00:00Z
const NOW: &str = "1795953600";

/// A folder with a list of tokens and logs, and the awks that read them.
struct Logs(tempfile::TempDir);

impl Logs {
    fn new(idents: &[&str]) -> Logs {
        let folder = tempfile::tempdir().expect("a folder");
        let tokens = idents.iter().enumerate();
        let tokens: String = tokens
            .map(|(n, ident)| format!("{} {ident};\n", token(n)))
            .collect();
        let tokens = format!("# TOKEN IDENT;\n#{TOKEN} none;\n\n{tokens}");
        fs::write(folder.path().join("tokens"), tokens).expect("a file");
        Logs(folder)
    }

    fn write(&self, name: &str, lines: &[String]) {
        fs::write(self.0.path().join(name), lines.concat()).expect(name);
    }

    /// What the report says: the same with Debian's awk and with busybox's.
    fn report(&self, arguments: &[&str]) -> Ran {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/openwrt/relay/report");
        let arguments: Vec<&str> = ["--now", NOW].iter().chain(arguments).copied().collect();
        let bin = self.0.path().join("bin");
        if !bin.exists() {
            fs::create_dir(&bin).expect("a folder");
            for applet in ["awk", "sort", "gzip", "date", "cat"] {
                std::os::unix::fs::symlink(busybox(), bin.join(applet)).expect("a link");
            }
        }
        let mut small = Command::new(busybox());
        small
            .arg("sh")
            .arg(script)
            .args(&arguments)
            .env("PATH", &bin);
        let mut large = Command::new(script);
        large.args(&arguments);
        let [small, large] = [small, large]
            .map(|mut command| ran(command.current_dir(&self.0).output().expect("it runs")));
        assert_eq!((small.code, small.said()), (large.code, large.said()));
        large
    }
}

/// A line of the log.
fn line(time: &str, ident: &str, rest: &str) -> String {
    format!("{time} 9.9.9.9 \"{ident}\" GET update_ip {rest}\n")
}

fn accepted(time: &str, ident: &str, address: &str) -> String {
    line(
        time,
        ident,
        &format!("200, SkyDNS 200, accepted {address}, 0.093 s"),
    )
}

fn refused(time: &str, ident: &str, words: &str) -> String {
    line(
        time,
        ident,
        &format!("200, SkyDNS 200, refused 8.8.4.4, 0.093 s: {words}"),
    )
}

/// What the relay writes is what the report reads.
#[test]
fn the_log_of_a_relay_names_who_is_refused_and_who_is_silent() {
    let sim = Sim::start(Default::default());
    let tokens = format!(
        "{} stranger;\n{} quiet;\n{} moved;\n",
        token(1),
        token(2),
        token(3)
    );
    let site = Site {
        tokens: &tokens,
        ..Site::default()
    };
    let relay = Relay::with(&sim, &site);
    let client = Client::of(&relay);
    let get = |token: &str, ip: &str| client.get(&format!("update_ip?key={token}&ip={ip}"));
    get(TOKEN, "8.8.4.4").expect(200, OK);
    get(&token(1), "8.8.8.8").expect(200, "error");
    get(&token(3), "10.0.0.1").expect(400, "public");
    get(&token(4), "8.8.8.8").expect(403, "not know");
    client
        .get(&format!("profiles?key={}", token(2)))
        .expect(403, "knows");
    client.send("nonsense\r\n\r\n").expect(400, "");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/openwrt/relay/report");
    let mut command = Command::new(script);
    command
        .arg(relay.path("relay-tokens.map"))
        .arg(relay.path("relay.log"));
    let report = ran(command.output().expect("it runs")).expect(1);
    let report = report.says("4 routers: 1 are well, 1 silent, 2 refused.");
    let report = report.says("1 requests came without a token that is known.");
    report
        .says("refused: User not found")
        .says("a router that is silent may have had nothing to say since")
        .never_says("user1");
}

#[test]
fn logs_are_read_in_any_order_packed_or_not() {
    let logs = Logs::new(&[
        "well", "edge", "late", "never", "refused", "mended", "tired",
    ]);
    logs.write(
        "relay.log",
        &[
            accepted("2026-11-29T11:59:00+00:00", "well", "8.8.4.4"),
            // 73 h ago to the second, and a second more.
            accepted("2026-11-26T11:00:00+00:00", "edge", "8.8.4.5"),
            accepted("2026-11-26T10:59:59+00:00", "late", "2a00:1450::8844"),
            refused(
                "2026-11-29T01:00:00+00:00",
                "refused",
                "IP \\\"занят\\\", a",
            ),
            accepted("2026-11-29T00:00:00+00:00", "refused", "8.8.4.6"),
            // Another zone: an hour before the refusal below.
            accepted("2026-11-29T13:00:00+03:00", "mended", "8.8.4.7"),
            refused("2026-11-29T09:00:00+00:00", "mended", "no"),
            line(
                "2026-11-29T10:00:00+00:00",
                "tired",
                "502, SkyDNS -, unavailable 8.8.4.8, 30.001 s",
            ),
            line(
                "2026-11-29T09:00:00+00:00",
                "",
                "403, SkyDNS -, stranger -, 0.000 s",
            ),
            "2026-11-29T09:00:00+00:00 9.9.9.9 \"\"  other 400, SkyDNS -, wrong -, 0.000 s\n"
                .to_owned(),
            "garbage\n\n".to_owned(),
        ],
    );
    logs.write(
        "relay.log.1",
        &[
            accepted("2026-02-28T23:59:59+00:00", "tired", "8.8.4.8"),
            accepted("2024-02-29T12:00:00-05:30", "tired", "8.8.4.9"),
        ],
    );
    let gzip = Command::new("gzip")
        .arg(logs.0.path().join("relay.log.1"))
        .output();
    ran(gzip.expect("gzip is there")).expect(0);
    for order in [
        ["relay.log", "relay.log.1.gz"],
        ["relay.log.1.gz", "relay.log"],
    ] {
        let text = logs.report(&["tokens", order[0], order[1]]).expect(1);
        let expected = "\
1 requests came without a token that is known.
7 routers: 3 are well, 3 silent, 1 refused.
ident    state    accepted                   address          asked                      reply
never    silent   never                      -                never                      -
tired    silent   2026-02-28T23:59:59+00:00  8.8.4.8          2026-11-29T10:00:00+00:00  unavailable
late     silent   2026-11-26T10:59:59+00:00  2a00:1450::8844  2026-11-26T10:59:59+00:00  accepted
refused  refused  2026-11-29T00:00:00+00:00  8.8.4.6          2026-11-29T01:00:00+00:00  refused: IP \"занят\", a
";
        assert_eq!(text.stdout, expected);
    }
    let all = ["relay.log", "relay.log.1.gz"];
    let csv = logs
        .report(&["--csv", "tokens", all[0], all[1]])
        .expect(1)
        .stdout;
    assert!(
        csv.starts_with("ident,state,accepted,address,asked,reply\n"),
        "{csv}"
    );
    assert!(
        csv.ends_with(",8.8.4.6,2026-11-29T01:00:00+00:00,\"refused: IP \"\"занят\"\", a\"\n"),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 5);
    logs.report(&["--hours", "1", "tokens", all[0]])
        .expect(1)
        .says("1 are well");

    let metrics = logs
        .report(&["--prometheus", "tokens", all[0], all[1]])
        .expect(0)
        .stdout;
    if let Some(read) = prometheus_reads(&metrics) {
        for sample in [
            "wansync_relay_routers 3.0 ('state', 'well')",
            "wansync_relay_routers 3.0 ('state', 'silent')",
            "wansync_relay_routers 1.0 ('state', 'refused')",
            "wansync_relay_strangers 1.0",
            "wansync_relay_log_begin_timestamp_seconds 1709227800.0",
            "wansync_relay_router_accepted_timestamp_seconds 0.0 ('ident', 'never') ('state', 'silent')",
            "wansync_relay_router_accepted_timestamp_seconds 1772323199.0 ('ident', 'tired') ('state', 'silent')",
            "wansync_relay_router_accepted_timestamp_seconds 1795910400.0 ('ident', 'refused') ('state', 'refused')",
        ] {
            assert!(
                read.lines().any(|line| line == sample),
                "no '{sample}' in:\n{read}"
            );
        }
        assert_eq!(read.lines().count(), 9, "{read}");
    }
}

#[test]
fn what_the_report_cannot_tell_it_says() {
    let logs = Logs::new(&["user1"]);
    let empty = Logs::new(&[]);
    logs.write(
        "relay.log",
        &[accepted("2026-11-29T11:00:00+00:00", "user1", "8.8.4.4")],
    );
    logs.report(&["tokens", "relay.log"])
        .expect(0)
        .says("The log begins 1 h ago (2026-11-29T11:00:00+00:00)")
        .says("1 routers: 1 are well, 0 silent, 0 refused.")
        .never_says("ident");
    // One thing that refuses them all is hardly theirs.
    let both = Logs::new(&["user1", "user2"]);
    let words = ["user1", "user2"].map(|ident| refused("2026-11-29T11:00:00+00:00", ident, "no"));
    both.write("relay.log", &words);
    both.report(&["tokens", "relay.log"])
        .expect(1)
        .says("Most are refused: does SkyDNS still take the key of the relay?");
    logs.write("new.log", &[]);
    logs.report(&["tokens", "new.log"])
        .expect(1)
        .says("The log begins now: ");
    logs.report(&["--prometheus", "tokens", "new.log"])
        .expect(0)
        .says("} 0");
    for (arguments, code, said) in [
        (&["tokens"][..], 64, "usage"),
        (&["--json", "tokens", "relay.log"], 64, "--json is unknown"),
        (
            &["--hours", "x", "tokens", "relay.log"],
            64,
            "--hours wants a number",
        ),
        (&["tokens", "none.log"], 66, "none.log: cannot be read"),
        (&["none", "relay.log"], 66, "none: cannot be read"),
        (&["tokens", "."], 66, ".: cannot be read"),
        (
            &["tokens", "tokens"],
            65,
            "no line is of the log of a relay",
        ),
        (&["relay.log", "relay.log"], 1, "silent"),
        (&["new.log", "relay.log"], 65, "new.log: names no router"),
    ] {
        logs.report(arguments).expect(code).says(said);
    }
    empty.write("relay.log", &[]);
    empty
        .report(&["tokens", "relay.log"])
        .expect(65)
        .says("names no router");
    // A log that is damaged tells half of it.
    let packed = logs.0.path().join("relay.log");
    ran(Command::new("gzip").arg(&packed).output().expect("gzip")).expect(0);
    let packed = packed.with_extension("log.gz");
    let bytes = fs::read(&packed).expect("a file");
    fs::write(&packed, &bytes[..bytes.len() - 9]).expect("a file");
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/openwrt/relay/report"));
    command
        .args(["tokens", "relay.log.gz"])
        .current_dir(&logs.0);
    ran(command.output().expect("it runs"))
        .expect(66)
        .says("relay.log.gz: is damaged");
}
