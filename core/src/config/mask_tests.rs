//! Masks against every encoding that we know, alone and in layers, at every place.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::*;
use crate::config::url::percent_encoded;

const KEY: &str = "Qw7-xK9_pL2vN4mT";

fn masked(key: &str, text: &str) -> String {
    Mask::new(key).apply(text, false).into_owned()
}

fn letters(codes: Vec<u16>) -> String {
    char::decode_utf16(codes)
        .map(|c| c.expect("ASCII"))
        .collect()
}

fn in_base64(bytes: &[u8]) -> String {
    letters(base64(bytes))
}

fn in_json(text: &str) -> String {
    text.encode_utf16()
        .map(|code| format!("\\u{code:04x}"))
        .collect()
}

fn in_html(text: &str) -> String {
    text.chars()
        .map(|c| format!("&#{};", u32::from(c)))
        .collect()
}

fn in_html_without_ends(text: &str) -> String {
    text.chars()
        .map(|c| format!("&#{}", u32::from(c)))
        .collect()
}

fn in_old_javascript(text: &str) -> String {
    text.encode_utf16()
        .map(|code| format!("%u{code:04X}"))
        .collect()
}

fn in_hex_html(text: &str) -> String {
    text.chars()
        .map(|c| format!("&#x{:X};", u32::from(c)))
        .collect()
}

fn in_named_html(text: &str) -> String {
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&apos;")
}

fn all_percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

fn backslashed(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('/', "\\/")
}

type Encoding = fn(&str) -> String;

/// The encodings that are undone character by character.
const ESCAPES: [Encoding; 10] = [
    ToOwned::to_owned,
    percent_encoded,
    all_percent,
    in_json,
    backslashed,
    in_html,
    in_hex_html,
    in_html_without_ends,
    in_old_javascript,
    in_named_html,
];

/// Keys of every kind.
const KEYS: [&str; 6] = [
    KEY,
    "0123456789abcdef0123456789abcdef",
    r#"pa/ss $(touch owned) " & = % # + \ ж"#,
    "ключ/0123456789-Ёлка",
    "50%25ж&amp;\\u0041bc",
    "😀😀😀😀key😀",
];

/// A number for each number, which follow no pattern.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % sides
    }
}

#[test]
fn every_escape_of_a_whole_key_in_two_layers() {
    for key in KEYS {
        for inner in ESCAPES {
            for outer in ESCAPES {
                let text = outer(&inner(key));
                let said = format!("bad key «{text}», sorry");
                assert_eq!(masked(key, &said), "bad key «***», sorry", "{text}");
            }
        }
    }
}

#[test]
fn every_run_of_eight_is_masked_and_no_shorter_one() {
    // Where a key has escapes of its own, a part of one is ambiguous.
    for key in KEYS.iter().filter(|key| !key.contains("%25")) {
        let characters: Vec<char> = key.chars().collect();
        for escape in ESCAPES {
            for start in 0..characters.len() {
                for end in start + 1..=characters.len() {
                    let part: String = characters[start..end].iter().collect();
                    let said = format!("«{}»", escape(&part));
                    match part.encode_utf16().count() >= 8 {
                        true => assert_eq!(masked(key, &said), "«***»", "{key}: {said}"),
                        false => assert_eq!(masked(key, &said), said, "{key}"),
                    }
                }
            }
        }
    }
}

#[test]
fn base64_and_hex_at_every_alignment() {
    for key in KEYS {
        let runs = |form: &str| -> Vec<String> {
            let form: Vec<char> = form.chars().collect();
            form.windows(8).map(|run| run.iter().collect()).collect()
        };
        for before in ["", "a", "ab", "abc", "user:", "key="] {
            for after in ["", "x", "\n", "&ident=user1"] {
                let text = format!("{before}{key}{after}");
                let forms = [
                    in_base64(text.as_bytes()),
                    in_base64(text.as_bytes())
                        .replace('+', "-")
                        .replace('/', "_"),
                    percent_encoded(&in_base64(text.as_bytes())),
                    letters(hex(text.as_bytes())),
                    letters(hex(text.as_bytes())).to_uppercase(),
                ];
                for form in forms {
                    let shown = masked(key, &format!("«{form}»"));
                    assert!(shown.contains("***"), "{shown}");
                    for at in 0..3 {
                        let whole = in_base64(&key.as_bytes()[at..]);
                        let found = runs(&whole).into_iter().find(|run| shown.contains(run));
                        assert_eq!(found, None, "{shown}");
                    }
                    for run in runs(&letters(hex(key.as_bytes()))) {
                        assert!(!shown.to_lowercase().contains(&run), "{shown}");
                    }
                }
            }
        }
    }
}

#[test]
fn letters_of_either_case() {
    for key in KEYS {
        for text in [key.to_uppercase(), key.to_lowercase()] {
            assert_eq!(masked(key, &format!("«{text}»")), "«***»", "{text}");
        }
    }
}

#[test]
fn runs_that_touch_are_one() {
    assert_eq!(masked(KEY, &format!("{KEY}{KEY}.")), "***.");
    assert_eq!(masked(KEY, &format!("{}{}", &KEY[..9], &KEY[7..])), "***");
    assert_eq!(masked(KEY, &format!("{KEY} {KEY}")), "*** ***");
    assert_eq!(
        masked(KEY, &format!("{}…{}", &KEY[..8], &KEY[8..])),
        "***…***"
    );
}

#[test]
fn groups_of_a_key_are_its_runs() {
    let grouped = |text: &str, size: usize, sign: &str| {
        let characters: Vec<char> = text.chars().collect();
        let groups = characters.chunks(size);
        let groups: Vec<String> = groups.map(|group| group.iter().collect()).collect();
        groups.join(sign)
    };
    // One that has escapes of its own is not what it is when they are torn apart.
    for key in KEYS.iter().filter(|key| !key.contains("%25")) {
        for sign in [" ", "-", ":", ", ", "\u{200b}", "\u{ad}", "\r\n"] {
            for text in [
                grouped(key, 1, sign),
                grouped(key, 4, sign),
                grouped(&letters(hex(key.as_bytes())), 2, sign),
                grouped(&in_base64(key.as_bytes()), 5, sign),
            ] {
                let shown = masked(key, &format!("«{text}»"));
                let is_short =
                    |left: &str| left.chars().filter(|c| c.is_alphanumeric()).count() < RUN;
                assert!(shown.contains("***"), "{text}");
                assert!(shown.split("***").all(is_short), "{text}: {shown}");
            }
        }
    }
    assert_eq!(masked(KEY, "Qw7 xK9 pL2 ok"), "*** *** *** ok");
    assert_eq!(masked(KEY, "Qw7 xK9 p ok"), "Qw7 xK9 p ok");
}

#[test]
fn a_short_key_is_masked_as_a_whole() {
    assert_eq!(masked("a7", "A7, a, 7a, a7a7"), "***, a, 7a, ***");
    assert_eq!(masked("pass1", "pass, pass1, PASS%31"), "pass, ***, ***");
    assert_eq!(masked("pass1", &in_base64(b"pass1")), "***");
    assert_eq!(masked("pass1", "7061737331"), "***");
    // Its base64 would be a word of four letters.
    assert_eq!(masked("a7k", &in_base64(b"a7k")), in_base64(b"a7k"));
}

#[test]
fn ordinary_text_stays() {
    let text = "The user was not found: profile 12 of user1 (HTTP status 404) & so on, 100 %, \
                \\u0414\\u043e\\u043c \\\"quoted\\\" &quot;так&quot; Пользователь не найден \
                QWERTY dGhlIHVzZXI 68656c6c6f";
    for key in KEYS {
        assert!(matches!(
            Mask::new(key).apply(text, false),
            Cow::Borrowed(_)
        ));
        assert_eq!(Mask::new(key).apply(text, true), text);
    }
}

/// Wherever a key lies in a text of several blocks, it is found.
#[test]
fn a_key_across_the_edge_of_a_block() {
    for filler in ["x", "ж", "\\u0436", "%", "😀"] {
        for form in [KEY.to_owned(), in_json(KEY), all_percent(&all_percent(KEY))] {
            let mask = Mask::new(KEY);
            for shift in (0..form.len() + 3).step_by(5) {
                let before = "-".repeat(shift);
                let count = (BLOCK - form.len()) / filler.len();
                let before = format!("{before}{}«", filler.repeat(count));
                let text = format!("{before}{form}» {}{form}.", "y".repeat(2 * BLOCK));
                let expected = format!("{before}***» {}***.", "y".repeat(2 * BLOCK));
                assert!(
                    mask.apply(&text, false) == expected,
                    "{filler} {shift} {form}"
                );
            }
        }
    }
}

/// Text that begins like a key again and again, or is nothing but the beginning of
/// escapes, would take days if its square counted.
#[test]
fn a_text_made_to_be_slow() {
    let mask = Mask::new(&"0123456789abcdef".repeat(64));
    let length = 1 << 18;
    for piece in [
        "0123456",
        "%25",
        "\\\\",
        "&amp;",
        "&",
        "%",
        "\\u005c",
        "0123456789abcdef",
    ] {
        let text = piece.repeat(length / piece.len());
        let shown = mask.apply(&text, true);
        assert_eq!(shown == "***", piece.len() == 16, "{piece}");
    }
}

/// Whatever the text, what remains has no run of the key, and nothing else is lost.
#[test]
fn any_text_at_all() {
    let pieces = [
        "%", "\\", "&", ";", "u00", "x", "25", "«", "ж", "😀", "\\\"", "+", "\u{1}", " ",
    ];
    let mut dice = Dice(7);
    for _ in 0..3000 {
        let key: Vec<char> = KEYS[dice.roll(KEYS.len())].chars().collect();
        let mut text = String::new();
        for _ in 0..dice.roll(12) {
            text.push_str(pieces[dice.roll(pieces.len())]);
            let (from, to) = (dice.roll(key.len()), dice.roll(key.len() + 1));
            let part: String = key[from.min(to)..to].iter().collect();
            text.push_str(&ESCAPES[dice.roll(ESCAPES.len())](&part));
        }
        let whole: String = key.iter().collect();
        for may_be_cut in [false, true] {
            let shown = Mask::new(&whole).apply(&text, may_be_cut).into_owned();
            for run in key.windows(8) {
                let run: String = run.iter().collect();
                assert!(!shown.contains(&run), "{text}: {shown}");
            }
            let mut rest = text.as_str();
            for part in shown.split("***") {
                let at = rest.find(part).unwrap_or_else(|| panic!("{text}: {shown}"));
                rest = &rest[at + part.len()..];
            }
        }
    }
}
