//! The provider's key and the tokens, where they must not show.

use super::*;

/// Of SkyDNS's words those of a refusal alone are the router's business; its key is not.
#[test]
fn what_skydns_says_comes_back_without_the_key() {
    let router = Router::new();
    let sim = &router.sim;
    let tokens = tokens(10);
    let site = Site {
        tokens: &tokens,
        ..Site::default()
    };
    let relay = Relay::with(sim, &site);
    let client = Client::of(&relay);
    let quoted = format!("error=message,code=400,text=no such key {KEY}, nor {KEY}");
    let forbidden = format!("error=message,code=403,text=no such key {KEY}");
    let page = format!("body=<html>update_ip?key={KEY}&ip=1");
    let table = [
        (quoted.as_str(), 200, "no such key ***, nor ***"),
        (forbidden.as_str(), 503, "not take the relay for a provider"),
        (page.as_str(), 502, "not understand"),
        ("status=503,retry-after=120", 503, "later"),
        (
            "status=429,retry-after=7",
            429,
            "too many requests for SkyDNS",
        ),
        ("html=502", 502, "not understand"),
        ("error=message", 200, r#""status":"error""#),
        ("redirect=host", 502, "SkyDNS redirects"),
        ("redirect=http,code=307", 502, "SkyDNS redirects"),
    ];
    for (n, (fault, status, part)) in table.iter().enumerate() {
        sim.fault(fault.parse().expect(fault), Times::Next(1));
        let answer = client.get(&format!("update_ip?key={}&ip=8.8.4.4", token(n)));
        let answer = answer.expect(*status, part);
        assert!(!answer.text.contains(KEY), "{}", answer.text);
        assert!(!answer.text.contains("Location"), "{}", answer.text);
        assert!(!answer.text.contains('<'), "{}", answer.text);
    }
    wrote_no_secret(&relay);
}

/// A key of every character that has to be written in another way somewhere.
const STRANGE_KEY: &str = r#"Ab9/+=&"<'>\%$ x~;#?@:,.Zz"#;

/// One character of a text, as it may be written.
type Form = fn(char) -> String;

/// The ways in which a text may be written, each of its characters by itself.
const FORMS: &[(&str, Form)] = &[
    ("plain", |c| c.to_string()),
    ("capitals", |c| c.to_ascii_uppercase().to_string()),
    ("small letters", |c| c.to_ascii_lowercase().to_string()),
    ("percent", |c| {
        if c.is_alphanumeric() {
            c.to_string()
        } else {
            format!("%{:02X}", c as u32)
        }
    }),
    ("percent, small", |c| {
        if c.is_alphanumeric() {
            c.to_string()
        } else {
            format!("%{:02x}", c as u32)
        }
    }),
    ("percent, all", |c| format!("%{:02X}", c as u32)),
    ("percent, twice", |c| format!("%25{:02x}", c as u32)),
    ("percent, thrice", |c| format!("%2525{:02X}", c as u32)),
    ("JSON", |c| {
        if r#"/\""#.contains(c) {
            format!("\\{c}")
        } else {
            c.to_string()
        }
    }),
    ("JSON, all", |c| format!("\\u{:04x}", c as u32)),
    ("JSON, capitals", |c| format!("\\U{:04X}", c as u32)),
    ("JavaScript", |c| format!("\\x{:02X}", c as u32)),
    ("HTML", html),
    ("HTML, capitals", |c| html(c).to_uppercase()),
    ("HTML, twice", |c| html(c).replace('&', "&amp;")),
    ("HTML, decimal", |c| format!("&#{};", c as u32)),
    ("HTML, zeros", |c| format!("&#0{};", c as u32)),
    ("HTML, no semicolon", |c| format!("&#x{:02x}", c as u32)),
    ("HTML, hexadecimal", |c| format!("&#X{:02X};", c as u32)),
    ("JSON in HTML", |c| format!("&#92;u{:04x}", c as u32)),
    ("HTML in percent", |c| format!("%26%23{}%3B", c as u32)),
    ("a little of each", |c| match c as u32 % 4 {
        0 => format!("%{:02x}", c as u32),
        1 => format!("\\u{:04X}", c as u32),
        2 => format!("&#{};", c as u32),
        _ => html(c),
    }),
];

fn html(c: char) -> String {
    match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&apos;".to_owned(),
        c => c.to_string(),
    }
}

/// The key in a refusal, however it is written there, and as SkyDNS may quote it.
#[test]
fn the_key_is_masked_however_it_is_written() {
    let sim = Sim::start(Default::default());
    sim.add_key(STRANGE_KEY);
    let in_file = STRANGE_KEY.replace('%', "%25");
    let in_file = in_file
        .replace('$', "%24")
        .replace('"', "%22")
        .replace('\\', "%5C");
    for (key, in_file) in [(KEY, KEY), (STRANGE_KEY, &in_file)] {
        let count = 2 * FORMS.len() + 6;
        let tokens = tokens(count);
        let site = Site {
            tokens: &tokens,
            key: in_file,
            ..Site::default()
        };
        let relay = Relay::with(&sim, &site);
        let client = Client::of(&relay);
        let mut tokens = (0..).map(token);
        let mut refused = |fault: String| {
            sim.fault(fault.parse().expect("a fault"), Times::Next(1));
            let token = tokens.next().expect("endless");
            let answer = client.get(&format!("update_ip?key={token}&ip=8.8.4.4"));
            let answer = answer.expect(200, r#""status":"error""#);
            answer.response()["message"]
                .as_str()
                .expect("words")
                .to_owned()
        };
        for (name, form) in FORMS {
            let written: String = key.chars().map(form).collect();
            let said = refused(format!("error=message,text=no key {written}, no"));
            assert_eq!(said, "no key ***, no", "{name}: {written}");
            // Before that, as JSON has it.
            let escaped: String = written
                .chars()
                .map(|c| format!("\\u{:04x}", c as u32))
                .collect();
            let said = refused(format!(
                r#"body={{"response":{{"status":"error","errors":{{"ident":["no {escaped}"]}}}}}}"#
            ));
            assert_eq!(said, "no ***", "{name}: {written}");
        }
        // A part of it that was cut off, and more than a reply holds before it.
        let said = refused(format!("error=data,text=no key {}", &key[..12]));
        assert_eq!(said, "no key ***");
        let said = refused(format!("error=detail,text={}{key}", "x".repeat(195)));
        assert_eq!(said, format!("{}***", "x".repeat(195)));
        let said = refused(format!("error=message,text=\u{1b}[1m\u{202e}{key}"));
        assert_eq!(said, " [1m ***");
        // What is hard to read is no fault of the relay's.
        let strange = r"\ud83d\ude00 \uD83D &#x110000; &#1114112; &#0; %ff %e2%82 %00 \x ж%";
        assert_eq!(refused(format!("error=message,text={strange}")), strange);
        let endless = format!("%{}41 {key}", "25".repeat(60_000));
        assert_eq!(refused(format!("error=message,text={endless}")), "***");
        // The key that SkyDNS gets is the one that is meant.
        sim.clear();
        let last = tokens.next().expect("endless");
        client
            .get(&format!("update_ip?key={last}&ip=8.8.4.4"))
            .expect(200, OK);
        assert_eq!(asked(&sim)[0].param("key"), Some(key));
        let written = relay.written();
        for (name, form) in FORMS {
            let key: String = key.chars().map(form).collect();
            assert!(!written.contains(&key), "{name}: {written}");
        }
    }
}

/// What a reply of SkyDNS's has around its body stays at the relay.
#[test]
fn no_header_of_skydns_passes() {
    let sim = Sim::start(Default::default());
    let mut skydns = r#"
        add_header X-Request-URI $request_uri always;
        add_header Set-Cookie key=$arg_key always;
        add_header Link "<$request_uri>; rel=canonical" always;
        add_header X-Accel-Redirect /relay/turned-away always;
        add_header Retry-After $request_uri always;
        add_header ETag $arg_key always;
        if ($arg_profile = 1) { return 200 '{"response":{"status":"ok"}}'; }
        if ($arg_profile = 2) { return 301 /$arg_key; }
    "#
    .to_owned();
    let statuses = [1, 2, 200, 400, 401, 403, 404, 429, 500, 503];
    for status in &statuses[2..] {
        skydns += &format!(
            "if ($arg_profile = {status}) {{ return {status} \
             '{{\"response\":{{\"status\":\"error\",\"message\":\"$request_uri\"}}}}'; }}\n"
        );
    }
    let tokens = tokens(statuses.len());
    let site = Site {
        tokens: &tokens,
        skydns: Some(&skydns),
        ..Site::default()
    };
    let relay = Relay::with(&sim, &site);
    let client = Client::of(&relay);
    for (n, status) in statuses.iter().enumerate() {
        let answer = client.get(&format!(
            "update_ip?key={}&ip=8.8.4.4&profile={status}",
            token(n)
        ));
        assert_eq!(answer.text.contains(OK), *status == 1, "{}", answer.text);
        replies::assert_fixed(&answer);
        assert!(!answer.text.contains(KEY), "{}", answer.text);
    }
    wrote_no_secret(&relay);
}

/// A coding hides the key from whoever looks for it.
#[test]
fn a_compressed_reply_is_none() {
    let sim = Sim::start(Default::default());
    let tokens = tokens(10);
    let skydns = r#"
        add_header Content-Encoding $arg_hostname always;
        if ($http_accept_encoding != identity) { return 500; }
        gzip_static always;
        if ($arg_profile = 9) { rewrite ^ /reply break; }
        if ($arg_profile != 9) { return 200 '{"response":{"status":"ok"}}'; }"#;
    let site = Site {
        tokens: &tokens,
        skydns: Some(skydns),
        ..Site::default()
    };
    let relay = Relay::with(&sim, &site);
    let quoted = format!(r#"{{"response":{{"status":"error","message":"no {KEY}"}}}}"#);
    fs::write(relay.path("reply"), quoted).expect("a file");
    let gzip = Command::new("gzip").arg(relay.path("reply")).output();
    ran(gzip.expect("gzip is there")).expect(0);
    let client = Client::of(&relay);
    for (n, (coding, profile, status)) in [
        ("", 1, 200),
        ("identity", 1, 200),
        ("Identity", 1, 200),
        ("gzip", 1, 502),
        ("br", 1, 502),
        ("deflate", 1, 502),
        ("identity.gzip", 1, 502),
        ("", 9, 502),
    ]
    .iter()
    .enumerate()
    {
        let query = format!("ip=8.8.4.4&hostname={coding}&profile={profile}");
        let answer = client.get(&format!("update_ip?key={}&{query}", token(n)));
        assert_eq!(
            answer.status, *status,
            "{coding} {profile}: {}",
            answer.text
        );
        replies::assert_fixed(&answer);
    }
}

/// nginx's own log lines of these would hold the token and the key.
#[test]
fn what_goes_wrong_on_the_way_to_skydns_leaves_no_secret_in_a_log() {
    let router = Router::new();
    let sim = &router.sim;
    let tokens = tokens(20);
    let site = Site {
        tokens: &tokens,
        ..Site::default()
    };
    let relay = Relay::with(sim, &site);
    let client = Client::of(&relay);
    let faults = [
        "tls-wrong-ca",
        "tls-expired",
        "tls-wrong-name",
        "tls-self-signed",
        "tls-close",
        "tls-reset",
        "tls-plain",
        "close",
        "reset=after",
        "not-http",
        "bad-chunk",
        "big-header=100000",
    ];
    for (n, fault) in faults.iter().enumerate() {
        sim.fault(fault.parse().expect(fault), Times::All);
        let answer = client.get(&format!("update_ip?key={}&ip=8.8.4.4", token(n)));
        sim.clear();
        assert!(!answer.text.contains(KEY), "{}", answer.text);
        assert!(!answer.text.contains(OK), "{fault}: {}", answer.text);
    }
    drop(router);
    client
        .get(&format!("update_ip?key={}&ip=8.8.4.4", token(19)))
        .expect(503, "the relay cannot reach SkyDNS");
    wrote_no_secret(&relay);
    let log = relay.log();
    assert!(
        log.contains("update_ip 502, SkyDNS -, unavailable 8.8.4.4, "),
        "{log}"
    );
    assert!(
        log.contains("update_ip 503, SkyDNS -, unreachable 8.8.4.4, "),
        "{log}"
    );
}
