//! What a key or a login picks up on its way from a letter into a file: blanks and marks
//! at its ends, which never belong to it, and characters that hardly do. Pure.

use alloc::format;
use alloc::string::String;

use crate::reason;
use crate::reason::{Code, Reason, show_as_reason};

/// The names before a `=` or `:` that are pasted with a key.
pub const KEY_PREFIXES: [&str; 6] = ["key", "api_key", "apikey", "token", "https", "http"];
/// The names before a `=` or `:` that are pasted with a login.
pub const LOGIN_PREFIXES: [&str; 4] = ["ident", "login", "user", "name"];

/// A part of a key or a login that hardly belongs to it. Its words never quote more than
/// one character.
///
/// ```
/// use wansync_core::config::paste::{KEY_PREFIXES, PasteFault};
///
/// let fault = PasteFault::find("ab\u{441}123", &KEY_PREFIXES).unwrap();
/// assert_eq!(fault.to_string(), "holds U+0441, a Cyrillic letter that looks like 'c'");
/// assert_eq!(PasteFault::find("abc123", &KEY_PREFIXES), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasteFault {
    /// A name and a sign before it, such as `key=`.
    Prefix(&'static str, char),
    /// A quotation mark of a keyboard, at its beginning.
    Quote(char),
    /// A mark of a printed text, a blank that is not the keyboard's, or a character that
    /// does not show: which, the code says.
    Mark(char, Code),
    /// A letter that looks like another.
    LookAlike {
        /// The letter.
        found: char,
        /// The code of its script.
        script: Code,
        /// The letter of a keyboard that it looks like.
        like: char,
    },
}

/// The text without what stands at its ends and never belongs to it: blanks of every
/// kind, byte order marks, characters of no width.
pub fn trim(text: &str) -> &str {
    text.trim_matches(is_margin)
}

/// The line, from 1, that the text begins in once it is trimmed.
pub fn first_line(text: &str) -> usize {
    let start = text.len() - text.trim_start_matches(is_margin).len();
    text[..start].matches('\n').count() + 1
}

/// True for a character that never belongs to a key or a login at its ends.
fn is_margin(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

impl PasteFault {
    /// The first part of a trimmed text that hardly belongs to it; `prefixes` are the
    /// names that may have come with it.
    pub fn find(text: &str, prefixes: &[&'static str]) -> Option<PasteFault> {
        let first = text.chars().next()?;
        if matches!(first, '"' | '\'' | '`') {
            return Some(PasteFault::Quote(first));
        }
        let of_character = || text.chars().find_map(fault_of);
        prefix_in(text, prefixes)
            .or_else(of_character)
            .or_else(|| look_alike_in(text, Code::PasteCyrillic, CYRILLIC, is_cyrillic))
            .or_else(|| look_alike_in(text, Code::PasteGreek, GREEK, is_greek))
    }
}

fn prefix_in(text: &str, prefixes: &[&'static str]) -> Option<PasteFault> {
    let (before, _) = text.split_once(['=', ':'])?;
    let sign = text[before.len()..].chars().next()?;
    let before = before.trim_end();
    let name = prefixes
        .iter()
        .find(|name| before.eq_ignore_ascii_case(name))?;
    Some(PasteFault::Prefix(name, sign))
}

fn fault_of(c: char) -> Option<PasteFault> {
    let code = match c {
        '\u{ff01}'..='\u{ff5e}' => {
            return Some(PasteFault::LookAlike {
                found: c,
                script: Code::PasteFullWidth,
                like: char::from_u32(c as u32 - 0xfee0)?,
            });
        }
        '«' | '»' | '\u{2018}'..='\u{201f}' | '\u{2032}'..='\u{2037}' | '‹' | '›' => {
            Code::PasteTypographic
        }
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Code::PasteDash,
        '•' | '●' => Code::PasteDot,
        '…' => Code::PasteEllipsis,
        '\u{fffd}' => Code::PasteLost,
        _ if is_invisible(c) => Code::PasteInvisible,
        _ if c.is_whitespace() && c != ' ' => Code::PasteBlank,
        _ => return None,
    };
    Some(PasteFault::Mark(c, code))
}

/// True for a character of no width, or one that only turns the direction of others.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{fffc}' | '\u{2800}' | '\u{3164}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Letters, each before the one that it looks like.
const CYRILLIC: &str = "аaеeёeоoрpсcуyхxкkѕsіiїiјjһhԁdԛqԝwӏl\
                        АAВBЕEЁEЗ3КKМMНHОOРPСCТTУYХXЅSІIЇIЈJԚQԜWӀI";
const GREEK: &str = "αaοoρpνvυuιiκkχxΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX";

fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{52f}')
}

fn is_greek(c: char) -> bool {
    matches!(c, '\u{370}'..='\u{3ff}')
}

/// A letter of another script among letters or digits of a keyboard, if all of that script
/// look like those: a word that was meant in it has others.
fn look_alike_in(
    text: &str,
    script: Code,
    pairs: &'static str,
    is_of_script: fn(char) -> bool,
) -> Option<PasteFault> {
    let mut first = None;
    for found in text.chars().filter(|c| is_of_script(*c)) {
        let mut letters = pairs.chars();
        let like = core::iter::from_fn(|| Some((letters.next()?, letters.next()?)))
            .find(|(letter, _)| *letter == found);
        let (_, like) = like?;
        first = first.or(Some(PasteFault::LookAlike {
            found,
            script,
            like,
        }));
    }
    first.filter(|_| text.bytes().any(|byte| byte.is_ascii_alphanumeric()))
}

/// Follows on what it is a part of.
impl From<&PasteFault> for Reason {
    fn from(fault: &PasteFault) -> Reason {
        let code_point = |c: char| format!("U+{:04X}", c as u32);
        match *fault {
            PasteFault::Prefix(name, sign) => {
                let mut name = String::from(name);
                name.push(sign);
                reason!(PastePrefix, name = name)
            }
            PasteFault::Quote(c) => reason!(PasteQuote, character = code_point(c)),
            PasteFault::Mark(c, code) => Reason::of(code).with(code_point(c)),
            PasteFault::LookAlike {
                found,
                script,
                like,
            } => Reason::of(script).with(code_point(found)).with(like),
        }
    }
}

show_as_reason!(PasteFault);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_at_the_ends_is_no_part() {
        for text in [
            "key",
            "\u{feff}key",
            "key\r\n",
            "\n\n key \t",
            "\u{a0}key\u{a0}",
            "\u{200b}key\u{200d}",
            "\u{3000}\u{2060}key\u{202f}\u{feff}\n",
            "\u{200e}key\u{ad}",
            "\u{feff}\u{feff}key\u{85}",
            "\u{2800}key\u{e0041}",
        ] {
            assert_eq!(trim(text), "key", "{text:?}");
        }
        assert_eq!(trim("a key"), "a key");
        assert_eq!(trim("\u{feff} \n"), "");
        assert_eq!(
            [first_line("key"), first_line("\u{feff}\r\n\nkey\n")],
            [1, 3]
        );
    }

    #[test]
    fn what_hardly_belongs_is_named() {
        let table = [
            ("key=abc", "begins with 'key=', which is hardly part of it"),
            (
                "KEY : abc",
                "begins with 'key:', which is hardly part of it",
            ),
            (
                "\"abc\"",
                "begins with U+0022, a quotation mark, which is hardly part of it",
            ),
            (
                "'abc",
                "begins with U+0027, a quotation mark, which is hardly part of it",
            ),
            (
                "\u{201c}abc\u{201d}",
                "holds U+201C, a typographic quotation mark",
            ),
            ("«abc»", "holds U+00AB, a typographic quotation mark"),
            (
                "https://www.skydns.ru/provider_api/profiles?key=abc",
                "begins with 'https:', which is hardly part of it",
            ),
            ("ab\u{2013}c", "holds U+2013, a dash that is no '-'"),
            ("••••", "holds U+2022, a dot that stands for what is hidden"),
            (
                "abc…",
                "holds U+2026, an ellipsis, which stands for what was cut off",
            ),
            (
                "ab\u{fffd}",
                "holds U+FFFD, which stands for a character that was lost",
            ),
            ("ab\u{e0041}c", "holds U+E0041, which does not show"),
            ("ab\u{a0}c", "holds U+00A0, an unusual blank"),
            ("ab\u{200b}c", "holds U+200B, which does not show"),
            ("ab\u{feff}c", "holds U+FEFF, which does not show"),
            (
                "ab\u{441}",
                "holds U+0441, a Cyrillic letter that looks like 'c'",
            ),
            (
                "0\u{430}1\u{435}2",
                "holds U+0430, a Cyrillic letter that looks like 'a'",
            ),
            (
                "us\u{415}r",
                "holds U+0415, a Cyrillic letter that looks like 'E'",
            ),
            (
                "\u{391}1",
                "holds U+0391, a Greek letter that looks like 'A'",
            ),
            (
                "ab\u{ff43}",
                "holds U+FF43, a full-width form that looks like 'c'",
            ),
        ];
        for (text, words) in table {
            let fault = PasteFault::find(text, &KEY_PREFIXES).expect(text);
            assert_eq!(fault.to_string(), words, "{text}");
        }
    }

    #[test]
    fn what_may_well_belong_is_passed_over() {
        for text in [
            "",
            "abc",
            "a b",
            "a=b",
            "monkey=1",
            "abc==",
            "a\"b",
            "it's",
            "школа №1",
            "роутер 1",
            "user-школа",
            "школа5c",
            "роса",
            "日本 +語",
            "a&key=b#c%00",
            "é",
            "ключ/0123456789",
        ] {
            assert_eq!(PasteFault::find(text, &KEY_PREFIXES), None, "{text}");
        }
    }

    #[test]
    fn every_pair_is_a_letter_and_its_look_alike() {
        for (pairs, is_of_script) in [
            (CYRILLIC, is_cyrillic as fn(char) -> bool),
            (GREEK, is_greek),
        ] {
            for pair in pairs.chars().collect::<Vec<_>>().chunks(2) {
                assert!(
                    is_of_script(pair[0]) && pair[1].is_ascii_alphanumeric(),
                    "{pair:?}"
                );
            }
        }
    }
}
