use super::*;
use crate::config::uci;
use crate::config::url::percent_encoded;
use crate::report::configuration::{learn, show};
use wansync_test_support::random::Random;

fn anonymous(logins: &[&str], hosts: &[&str]) -> Hider {
    let mut hider = Hider::new(true);
    logins.iter().for_each(|login| hider.add_login(login));
    hosts.iter().for_each(|host| hider.add_host(host));
    hider
}

#[test]
fn words_of_the_owner_have_stand_ins() {
    for (text, expected) in [
        (
            "user ivan, 'ivan' and Ivan",
            "user login-1, 'login-1' and login-1",
        ),
        ("ivanov is not ivan", "ivanov is not login-1"),
        ("anna+1@example.net.", "login-2."),
        ("?ident=anna%2B1%40example.net&x", "?ident=login-2&x"),
        (r#""anna\u002b1\u0040example.net""#, r#""login-2""#),
        ("anna&#43;1&#x40;example.net", "login-2"),
        ("Петр и петр", "login-3 и login-3"),
        ("%D0%BF%D0%B5%D1%82%D1%80", "login-3"),
        ("login login-1", "login-4 login-4-1"),
        // Other tunnels of the account.
        (
            "user356 may be user357 or user358",
            "login-5 may be login-6 or login-7",
        ),
        ("users user x357", "users user x357"),
        ("my-router.lan", "host-1.lan"),
        ("https://my.relay.org:8443/a?b", "https://host-2:8443/a?b"),
        ("my.relay.org", "host-2"),
        (
            "https://www.skydns.ru/ OpenWrt",
            "https://www.skydns.ru/ OpenWrt",
        ),
    ] {
        let logins = ["ivan", "anna+1@example.net", "петр", "login", "user356"];
        let mut hider = anonymous(&logins, &["my-router", "OpenWrt", "vpnki.com"]);
        // The numbers are those of the first time that something is found.
        let first = "https://my.relay.org/ user357 user358\n";
        hider.hide(first);
        assert_eq!(hider.hide(text), expected, "{text}");
    }
}

#[test]
fn addresses_have_stand_ins() {
    for (text, expected) in [
        ("8.8.4.4 8.8.4.4 9.9.9.9", "address-1 address-1 address-2"),
        (
            "from 8.8.4.4:443, (8.8.4.4).",
            "from address-1:443, (address-1).",
        ),
        (
            "8.8.4.4/32 18.8.4.4 8.8.4.4.5",
            "address-1/32 address-3 8.8.4.4.5",
        ),
        ("::ffff:8.8.4.4", "address-1"),
        ("ip=8%2E8%2E4%2E4&", "ip=address-1&"),
        // Everybody's, and nobody's.
        (
            "192.168.1.1 10.0.0.1 127.0.0.1 100.64.7.7",
            "192.168.1.1 10.0.0.1 127.0.0.1 100.64.7.7",
        ),
        ("193.58.251.251 0.0.0.0", "193.58.251.251 0.0.0.0"),
        ("::1 :: fe80::1%eth0", "::1 :: address-3%eth0"),
        (
            "2a00:1450:0::1 [2A00:1450::1]:443",
            "address-3 [address-3]:443",
        ),
        ("2a00%3A1450%3A%3A1", "address-3"),
        ("2a00:1450::/56 fd00::2", "address-3/56 address-4"),
        ("at 18:00:00, 1.2.3, 24.10.0", "at 18:00:00, 1.2.3, 24.10.0"),
        ("02:00:5E:10:00:01 02-00-5e-10-00-01", "mac-1 mac-1"),
        ("02:00:5e:10:00:01:02", "mac-1:02"),
    ] {
        let mut hider = Hider::new(true);
        hider.hide("8.8.4.4 9.9.9.9");
        assert_eq!(hider.hide(text), expected, "{text}");
    }
}

#[test]
fn only_keys_and_logins_are_hidden_from_a_hotline() {
    let mut hider = Hider::new(false);
    hider.add_login("ivan");
    hider.add_host("my-router");
    hider.add_key(Secret::new("example-key").expect("a key"));
    let text = "ivan my-router 8.8.4.4 02:00:5e:10:00:01 https://a.example/ example-key";
    let expected = "login-1 my-router 8.8.4.4 02:00:5e:10:00:01 https://a.example/ ***";
    assert_eq!(hider.hide(text), expected);
}

/// What is taken out for one must not keep another from being found.
#[test]
fn keys_that_share_a_part_are_hidden_whole() {
    let mut hider = Hider::new(false);
    for key in ["provider-token-AAAA", "provider-token-BBBB"] {
        hider.add_key(Secret::new(key).expect("a key"));
    }
    hider.add_login("token-provider-token");
    let text = "a provider-token-BBBB, provider-token-AAAA; token-provider-token.\n";
    assert_eq!(hider.hide(text), "a ***, ***; login-1***.\n");
}

#[test]
fn a_configuration_shows_no_secret() {
    let text = br#"
config skydns 'home' # secret-of-comment
	option ident 'ivan'
	option key 'key-0123456789'
	option kye 'typed-wrong-9876'
	option hostname 'my-router'
	option source 'web'
	list url 'https://pages.example/?token=t0ken-abcdef'
	option base_url 'https://u:p@relay.example/api/'
	option notify '/etc/wansync/notify'
config tunnel dacha
	option name 'my dacha'
	option command '/bin/x'
	list arg '--password=pa55w0rd'
	option interval '5m'
config
"#;
    let text = &text[..text.len() - "config\n".len()];
    let package = uci::parse(text).expect("UCI");
    let mut hider = Hider::new(true);
    learn(&package, &mut hider);
    let expected = "config skydns 'home'
	option ident 'login-1'
	option key '***'
	option kye '***'
	option hostname 'host-1'
	option source 'web'
	list url 'https://host-2/?***'
	option base_url 'https://***@host-3/api/'
	option notify '/etc/wansync/notify'
config tunnel 'dacha'
	option name 'login-2'
	option command '/bin/x'
	list arg '***'
	option interval '5m'
";
    assert_eq!(hider.hide(&show(&package)), expected);
    let elsewhere =
        hider.hide("key-0123456789 typed-wrong-9876 t0ken-abcdef --password=pa55w0rd My+dacha");
    assert_eq!(elsewhere, "*** *** *** *** login-2");
}

/// The forms in which a text may quote another.
fn forms(text: &str) -> Vec<String> {
    let each =
        |form: &dyn Fn(u32) -> String| -> String { text.chars().map(|c| form(c.into())).collect() };
    let json = |code: u32| match code {
        0x1_0000.. => unreachable!("no such character is made here"),
        code => format!("\\u{code:04x}"),
    };
    vec![
        text.to_owned(),
        percent_encoded(text),
        percent_encoded(text).to_lowercase(),
        text.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('/', "\\/"),
        each(&json),
        each(&|code| format!("&#{code};")),
        each(&|code| format!("&#x{code:X};")),
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('"', "&quot;"),
    ]
}

/// A word of 3 to 20 characters, which begins and ends with a letter or a digit.
fn word(random: &mut Random) -> String {
    let letters: Vec<char> = "abcxyzABZ0189Йщё".chars().collect();
    let all: Vec<char> = "abcXYZ019йЩ&<\"'/\\@.-_=% ".chars().collect();
    let length = 1 + random.below(18);
    let mut word = String::from(*random.one_of(&letters));
    word.extend((0..length).map(|_| *random.one_of(&all)));
    word.push(*random.one_of(&letters));
    word
}

#[test]
fn no_secret_is_left_in_any_form() {
    let mut random = Random::new(7);
    let before = [" ", "", "'", "\"", "=", "&ident=", "<b>", "\n", "(", "«"];
    let after = [" ", "", "'", "\"", "&", "</b>", "\n", ")", ", ", "»"];
    for round in 0..1500 {
        let mut hider = Hider::new(round % 2 == 0);
        let logins: Vec<String> = (0..3).map(|_| word(&mut random)).collect();
        let key = format!("{}{}", word(&mut random), word(&mut random));
        logins.iter().for_each(|login| hider.add_login(login));
        hider.add_key(Secret::new(&key).expect("a key"));
        let mut text = String::new();
        for _ in 0..4 {
            let secret = match random.below(4) {
                3 => &key,
                at => &logins[at],
            };
            let form = random.one_of(&forms(secret)).clone();
            text.push_str(random.one_of::<&str>(&before));
            text.push_str(&form);
            text.push_str(random.one_of::<&str>(&after));
            text.push(' ');
        }
        let hidden = hider.hide(&text);
        for secret in logins.iter().chain([&key]) {
            for form in forms(secret) {
                assert!(
                    !has_word(&hidden, &form),
                    "'{form}' of '{secret}' is left in '{hidden}', which was '{text}'"
                );
            }
        }
        // What was hidden once has nothing left to hide but by accident of its stand-ins.
        assert_eq!(hidden.matches('\n').count(), text.matches('\n').count());
    }
}

/// True if a text has this as a whole word.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(word).any(|(at, _)| {
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + word.len()..].chars().next())
    })
}

#[test]
fn any_text_keeps_what_is_not_hidden() {
    let mut random = Random::new(8);
    for _ in 0..3000 {
        let length = random.below(120);
        let bytes: Vec<u8> = (0..length)
            .map(|_| *random.one_of(b"0123456789abcdef:.%u&#;x\\-/ \n\xd0\xb9"))
            .collect();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!(Hider::new(false).hide(&text).len(), text.len());
        let mut hider = Hider::new(true);
        let hidden = hider.hide(&text);
        let again = hider.hide(&text);
        assert_eq!(hidden, again, "the same has the same stand-ins");
    }
}
