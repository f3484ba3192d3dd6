//! The width of a text in a terminal, and the part of it that may be shown there.
//!
//! The tables below are those of Unicode 18.0, reduced to what a router's
//! terminal meets. Wide are all of East Asian Width W and F: CJK, Hangul, Kana,
//! fullwidth forms, emoji. Of no width are the combining marks of Latin,
//! Cyrillic, Hebrew, Arabic, Devanagari, Thai and Japanese, the vowels and finals
//! of Hangul, variation selectors, and joiners. All else is one column. Ranges
//! run across code points that are not assigned.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

type Range = (u16, u16);

/// Of no width, in plane 0.
const ZERO_WIDTH: [Range; 47] = [
    (0x0300, 0x036f), // Combining Diacritical Marks
    (0x0483, 0x0489), // Cyrillic
    (0x0591, 0x05bd), // Hebrew
    (0x05bf, 0x05bf),
    (0x05c1, 0x05c2),
    (0x05c4, 0x05c5),
    (0x05c7, 0x05c7),
    (0x0610, 0x061a), // Arabic
    (0x064b, 0x065f),
    (0x0670, 0x0670),
    (0x06d6, 0x06dc),
    (0x06df, 0x06e4),
    (0x06e7, 0x06e8),
    (0x06ea, 0x06ed),
    (0x08ca, 0x0902), // Arabic Extended-A, Devanagari
    (0x093a, 0x093a),
    (0x093c, 0x093c),
    (0x0941, 0x0948),
    (0x094d, 0x094d),
    (0x0951, 0x0957),
    (0x0962, 0x0963),
    (0x0e31, 0x0e31), // Thai
    (0x0e34, 0x0e3a),
    (0x0e47, 0x0e4e),
    (0x1160, 0x11ff), // Hangul Jamo: vowels, finals
    (0x1ab0, 0x1aff), // Combining Diacritical Marks Extended
    (0x1dc0, 0x1dff), // Combining Diacritical Marks Supplement
    (0x200b, 0x200d), // zero width space and joiners
    (0x2060, 0x2064),
    (0x206a, 0x206f),
    (0x20d0, 0x20f0), // Combining Diacritical Marks for Symbols
    (0x2cef, 0x2cf1), // Coptic
    (0x2de0, 0x2dff), // Cyrillic Extended-A
    (0x302a, 0x302f), // CJK Symbols and Punctuation
    (0x3099, 0x309a), // Hiragana
    (0x3164, 0x3164), // Hangul filler
    (0xa66f, 0xa672), // Cyrillic Extended-B
    (0xa674, 0xa67d),
    (0xa69e, 0xa69f),
    (0xa6f0, 0xa6f1),
    (0xa8e0, 0xa8f1), // Devanagari Extended
    (0xd7b0, 0xd7fb), // Hangul Jamo Extended-B
    (0xfb1e, 0xfb1e), // Hebrew
    (0xfe00, 0xfe0f), // Variation Selectors
    (0xfe20, 0xfe2f), // Combining Half Marks
    (0xfeff, 0xfeff), // byte order mark
    (0xffa0, 0xffa0), // Hangul filler, halfwidth
];

/// Two columns wide, in plane 0.
const WIDE: [Range; 52] = [
    (0x1100, 0x115f), // Hangul Jamo
    (0x231a, 0x231b), // Miscellaneous Technical
    (0x2329, 0x232a),
    (0x23e9, 0x23ec),
    (0x23f0, 0x23f0),
    (0x23f3, 0x23f3),
    (0x25fd, 0x25fe), // Geometric Shapes
    (0x2614, 0x2615), // Miscellaneous Symbols
    (0x2630, 0x2637),
    (0x2648, 0x2653),
    (0x267f, 0x267f),
    (0x268a, 0x268f),
    (0x2693, 0x2693),
    (0x26a1, 0x26a1),
    (0x26aa, 0x26ab),
    (0x26bd, 0x26be),
    (0x26c4, 0x26c5),
    (0x26ce, 0x26ce),
    (0x26d4, 0x26d4),
    (0x26ea, 0x26ea),
    (0x26f2, 0x26f3),
    (0x26f5, 0x26f5),
    (0x26fa, 0x26fa),
    (0x26fd, 0x26fd),
    (0x2705, 0x2705), // Dingbats
    (0x270a, 0x270b),
    (0x2728, 0x2728),
    (0x274c, 0x274c),
    (0x274e, 0x274e),
    (0x2753, 0x2755),
    (0x2757, 0x2757),
    (0x2795, 0x2797),
    (0x27b0, 0x27b0),
    (0x27bf, 0x27bf),
    (0x2b1b, 0x2b1c), // Miscellaneous Symbols and Arrows
    (0x2b50, 0x2b50),
    (0x2b55, 0x2b55),
    (0x2e80, 0x3029), // CJK Radicals to CJK Symbols and Punctuation
    (0x3030, 0x303e),
    (0x3041, 0x3098), // Hiragana
    (0x309b, 0x3163), // to Hangul Compatibility Jamo
    (0x3165, 0x3247),
    (0x3250, 0xa4cf), // Enclosed CJK to Yi Radicals
    (0xa960, 0xa97f), // Hangul Jamo Extended-A
    (0xac00, 0xd7a3), // Hangul Syllables
    (0xf900, 0xfaff), // CJK Compatibility Ideographs
    (0xfe10, 0xfe19), // Vertical Forms
    (0xfe30, 0xfe52), // CJK Compatibility Forms, Small Form Variants
    (0xfe54, 0xfe66),
    (0xfe68, 0xfe6b),
    (0xff01, 0xff60), // Halfwidth and Fullwidth Forms
    (0xffe0, 0xffe6),
];

/// Two columns wide, in plane 1, without its leading 1.
const WIDE_EMOJI: [Range; 45] = [
    (0x6fe0, 0x6fe3), // Ideographic Symbols
    (0x6ff2, 0x6ff6),
    (0x7000, 0x91d2), // Tangut, Khitan
    (0xaff0, 0xaffe), // Kana Extended-B
    (0xb000, 0xb2fb), // Kana Supplement to Nushu
    (0xd300, 0xd356), // Tai Xuan Jing Symbols
    (0xd360, 0xd376), // Counting Rod Numerals
    (0xf004, 0xf004), // Mahjong Tiles
    (0xf0cf, 0xf0cf), // Playing Cards
    (0xf18e, 0xf18e), // Enclosed Alphanumeric Supplement
    (0xf191, 0xf19a),
    (0xf1ae, 0xf1ae),
    (0xf200, 0xf320), // Enclosed Ideographic Supplement, Pictographs
    (0xf32d, 0xf335),
    (0xf337, 0xf37c),
    (0xf37e, 0xf393),
    (0xf3a0, 0xf3ca),
    (0xf3cf, 0xf3d3),
    (0xf3e0, 0xf3f0),
    (0xf3f4, 0xf3f4),
    (0xf3f8, 0xf43e),
    (0xf440, 0xf440),
    (0xf442, 0xf4fc),
    (0xf4ff, 0xf53d),
    (0xf54b, 0xf54e),
    (0xf550, 0xf567),
    (0xf57a, 0xf57a),
    (0xf595, 0xf596),
    (0xf5a4, 0xf5a4),
    (0xf5fb, 0xf64f), // Emoticons
    (0xf680, 0xf6c5), // Transport and Map Symbols
    (0xf6cc, 0xf6cc),
    (0xf6d0, 0xf6d2),
    (0xf6d5, 0xf6d9),
    (0xf6dc, 0xf6df),
    (0xf6eb, 0xf6ec),
    (0xf6f4, 0xf6fc),
    (0xf7da, 0xf7da), // Geometric Shapes Extended
    (0xf7e0, 0xf7eb),
    (0xf7f0, 0xf7f0),
    (0xf90c, 0xf93a), // Supplemental Symbols and Pictographs
    (0xf93c, 0xf945),
    (0xf947, 0xf9ff),
    (0xfa70, 0xfa7c), // Symbols and Pictographs Extended-A
    (0xfa80, 0xfafa),
];

/// Columns that a text takes when it is shown as [`clean`] shows it.
///
/// A sequence of joined emoji counts as its parts, which is what most terminals
/// make of it.
///
/// ```
/// use wansync_core::text::width::width;
/// assert_eq!(width("Дети"), 4);
/// assert_eq!(width("東京"), 4);
/// assert_eq!(width("e\u{301}"), 1);
/// ```
pub fn width(text: &str) -> usize {
    text.chars().map(width_of).sum()
}

/// The text as it may be sent to a terminal: line ends and tabs are spaces;
/// other control characters, and those that turn the direction of writing,
/// are written out as `\u{1b}`.
///
/// ```
/// use wansync_core::text::width::clean;
/// assert_eq!(clean("a\n\u{1b}[2Jb"), "a \\u{1b}[2Jb");
/// ```
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| is_space(c) || is_harmful(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| push(&mut out, c));
    Cow::Owned(out)
}

/// A text of lines as it may be sent to a terminal: each line as [`clean`] has it.
pub fn clean_lines(text: &str) -> String {
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n")
}

/// Appends a text, cleaned, that takes `columns` at most; a longer one ends in
/// `mark`, which is one column wide. Returns the columns that it took.
pub(super) fn push_cut(out: &mut String, text: &str, columns: usize, mark: char) -> usize {
    let whole = width(text);
    if whole <= columns {
        text.chars().for_each(|c| push(out, c));
        return whole;
    }
    let mut used = 0;
    for c in text.chars() {
        if used + width_of(c) > columns.saturating_sub(1) {
            break;
        }
        push(out, c);
        used += width_of(c);
    }
    out.push(mark);
    used + 1
}

fn push(out: &mut String, c: char) {
    match c {
        _ if is_space(c) => out.push(' '),
        _ if is_harmful(c) => out.extend(c.escape_unicode()),
        _ => out.push(c),
    }
}

/// True for a character that breaks a line or moves to a tab stop.
fn is_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// True for a character that a terminal would obey: C0, DEL and C1, and the marks of direction
/// (Unicode Annex 9) that make a text read as another.
pub(crate) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

fn width_of(c: char) -> usize {
    let (plane, low) = (c as u32 >> 16, c as u16);
    match plane {
        _ if is_space(c) => 1,
        _ if is_harmful(c) => c.escape_unicode().len(),
        0 if low < ZERO_WIDTH[0].0 => 1,
        0 if holds(&ZERO_WIDTH, low) => 0,
        0 if holds(&WIDE, low) => 2,
        1 if holds(&WIDE_EMOJI, low) => 2,
        2 | 3 => 2,
        14 if low < 0x1000 => 0, // tags, variation selectors
        _ => 1,
    }
}

fn holds(ranges: &[Range], low: u16) -> bool {
    let next = ranges.partition_point(|(_, last)| *last < low);
    ranges.get(next).is_some_and(|(first, _)| *first <= low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_of_texts() {
        let table = [
            ("", 0),
            ("plain", 5),
            ("Фильмы и видео", 14),
            ("Ёё ъ", 4),
            ("и\u{306}", 1),
            ("\u{483}а", 1),
            ("日本語", 6),
            ("한국어", 6),
            ("ＡＢ", 4),
            ("ﾊﾝ", 2),
            ("🚀 up", 5),
            ("❤\u{fe0f}", 1),
            ("👨\u{200d}👩", 4),
            ("…█▏─", 4),
            ("«№» ₽", 5),
            ("𠀀", 2),
            ("a\tb\nc", 5),
            ("\u{1b}[1m", 6 + 3),
            ("\u{202e}x", 8 + 1),
        ];
        for (text, columns) in table {
            assert_eq!(width(text), columns, "{text:?}");
            assert_eq!(width(&clean(text)), columns, "{text:?}");
        }
    }

    #[test]
    fn nothing_harmful_is_left() {
        for c in (0..=0x10ffff).filter_map(char::from_u32) {
            let text = c.to_string();
            let clean = clean(&text);
            assert!(
                !clean.chars().any(|c| c.is_control() || is_harmful(c)),
                "{c:?}"
            );
        }
    }

    #[test]
    fn ranges_are_sorted_and_apart() {
        for ranges in [&ZERO_WIDTH[..], &WIDE, &WIDE_EMOJI] {
            assert!(ranges.iter().all(|(first, last)| first <= last));
            assert!(ranges.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }

    #[test]
    fn what_is_too_wide_is_cut_between_characters() {
        let table = [
            ("Дети", 4, "Дети"),
            ("Дети", 3, "Де…"),
            ("日本語", 4, "日…"),
            ("日本語", 5, "日本…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
            ("\u{1b}[31mred", 7, "\\u{1b}…"),
            ("\u{1b}[31mred", 5, "…"),
            ("ab", 0, "…"),
        ];
        for (text, columns, expected) in table {
            let mut out = String::new();
            let took = push_cut(&mut out, text, columns, '…');
            assert_eq!(out, expected, "{text:?}");
            assert_eq!(took, width(expected));
        }
    }
}
