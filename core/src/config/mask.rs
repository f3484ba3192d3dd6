//! Masks for a key: the text of a service, or of whoever stands in between, may quote it
//! whole, in part or encoded.
//!
//! A run of eight characters of the key is no accident, in upper or lower case, percent-
//! encoded, escaped as in JSON or HTML, in base64 or in hex, in groups with signs or blanks
//! between them, and all of that in layers. Escapes are undone layer by layer, and each layer is searched for the runs of the few
//! forms that no escape makes. The time is linear in the text, whatever the text is.

use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;

/// The shortest part of a key that is masked, in UTF-16 code units; a shorter key is
/// masked as a whole.
const RUN: usize = 8;
/// The shortest form of a short key that is no word by accident.
const MIN_FORM: usize = 6;
/// The length from which a key's beginning at the end of a text is no accident, in bytes.
const MIN_CUT: usize = 3;
/// The longest escape sequence, and so what may be left of one at the end of a text.
const MAX_ESCAPE: usize = 12;
/// The number of layers of escapes that are undone.
pub(crate) const LAYERS: usize = 4;
/// A text is gone through block by block, since an answer may have megabytes.
const BLOCK: usize = 8 * 1024;
/// More than a run may need beyond its block, in however many layers.
const OVERLAP: usize = 1024;
/// The number of chains of the table of runs, a power of two.
const CHAINS: usize = 512;
/// The end of a chain.
const NONE: u16 = u16::MAX;

/// The forms of a key, and a table of their runs.
#[derive(Clone)]
pub(super) struct Mask {
    /// The forms, one behind the other, each of them folded.
    codes: Vec<u16>,
    /// The ends of the forms in `codes`.
    ends: Vec<usize>,
    /// The number of forms that are the key itself, not encoded.
    plain: usize,
    /// The length of what is hashed.
    hashed: usize,
    /// The first run of each chain, by its place in `codes`, and the next of each run.
    first: Vec<u16>,
    next: Vec<u16>,
}

/// A code unit, and the place in the text where what it stands for begins.
#[derive(Clone, Copy)]
pub(crate) struct Unit {
    pub(crate) code: u16,
    pub(crate) start: u32,
}

impl Mask {
    pub(super) fn new(key: &str) -> Mask {
        let mut units = units_of(key, 0);
        let mut mask = Mask {
            codes: Vec::new(),
            ends: Vec::new(),
            plain: 1,
            hashed: RUN.min(units.len()),
            first: vec![NONE; CHAINS],
            next: Vec::new(),
        };
        mask.add(&codes_of(&units));
        // What stands for a character in the key itself is undone in a text, too.
        let is_changed = (0..LAYERS).filter(|_| undo_escapes(&mut units)).count() > 0;
        if is_changed {
            mask.add(&codes_of(&units));
            mask.plain = mask.ends.len();
            mask.hashed = mask.hashed.min(units.len()).max(1);
        }
        let bytes = key.as_bytes();
        // Whatever the number of bytes before it is, one of these ends on a whole group.
        for at in 0..bytes.len().min(3) {
            let mut code = base64(&bytes[at..]);
            mask.add(&code);
            if change_for_urls(&mut code) {
                mask.add(&code);
            }
        }
        mask.add(&hex(bytes));
        let length = units.len();
        units.retain(|unit| !is_separator(unit.code));
        if (RUN..length).contains(&units.len()) {
            mask.add(&codes_of(&units));
        }
        mask.fill_table();
        mask
    }

    fn add(&mut self, codes: &[u16]) {
        if self.ends.is_empty() || codes.len() >= MIN_FORM {
            self.codes.extend(codes.iter().map(|code| fold(*code)));
            self.ends.push(self.codes.len());
        }
    }

    fn fill_table(&mut self) {
        self.next = vec![NONE; self.codes.len()];
        let mut start = 0;
        for end in &self.ends {
            for at in start..=*end - RUN.min(*end - start) {
                let chain = hash(self.codes[at..at + self.hashed].iter().copied());
                // No key is so long that its forms have 65,535 units.
                self.next[at] = core::mem::replace(&mut self.first[chain], at as u16);
            }
            start = *end;
        }
    }

    /// The text with `***` for each part of the key; one that may have been cut can end
    /// within the key.
    pub(super) fn apply<'t>(&self, text: &'t str, may_be_cut: bool) -> Cow<'t, str> {
        if text.len() < self.hashed && !may_be_cut {
            return Cow::Borrowed(text);
        }
        let mut masked = vec![false; text.len().min(BLOCK + OVERLAP)];
        let mut out = Cow::Borrowed("");
        let (mut at, mut copied, mut is_hidden) = (0, 0, false);
        while at < text.len() {
            let end = text.floor_char_boundary(at + BLOCK);
            let seen = text.floor_char_boundary(at + BLOCK + OVERLAP);
            self.search(
                &text[..seen],
                at,
                end,
                may_be_cut && seen == text.len(),
                &mut masked,
            );
            for (place, hides) in (at..end).zip(&masked) {
                if *hides && !is_hidden {
                    out.to_mut().push_str(&text[copied..place]);
                    out.to_mut().push_str("***");
                } else if !*hides && is_hidden {
                    copied = place;
                }
                is_hidden = *hides;
            }
            let kept = masked.len().saturating_sub(end - at);
            masked.copy_within(end - at.., 0);
            masked[kept..].fill(false);
            at = end;
        }
        match out {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(mut out) => {
                if !is_hidden {
                    out.push_str(&text[copied..]);
                }
                Cow::Owned(out)
            }
        }
    }

    /// Marks what is to be masked in a line, whose bytes `masked` stands for.
    pub(super) fn mark(&self, line: &str, masked: &mut [bool]) {
        self.search(line, 0, line.len(), false, masked);
    }

    /// Marks what is to be masked from `start` on, as far as it begins before `end`.
    fn search(&self, text: &str, start: usize, end: usize, is_cut: bool, masked: &mut [bool]) {
        let mut units = units_of(text, start);
        for _ in 0..=LAYERS {
            for at in 0..units.len() {
                let from = units[at].start as usize;
                if from < end
                    && let Some(run) = self.run_in(&units[at..])
                {
                    let after = units.get(at + run);
                    let to = after.map_or(text.len(), |unit| unit.start as usize);
                    masked[from - start..to - start].fill(true);
                }
            }
            if is_cut && let Some(from) = self.cut_in(&units, text.len()) {
                masked[from - start..text.len() - start].fill(true);
            }
            if !undo_escapes(&mut units) {
                break;
            }
        }
        if self.hashed == RUN {
            self.search_groups(&units, text.len(), start, end, masked);
        }
    }

    /// Marks what is left of a key that stands in groups: without what is between them it
    /// has its runs.
    fn search_groups(
        &self,
        units: &[Unit],
        text_length: usize,
        start: usize,
        end: usize,
        masked: &mut [bool],
    ) {
        let mut ends = Vec::with_capacity(units.len());
        let mut parts = Vec::with_capacity(units.len());
        for (at, unit) in units.iter().enumerate() {
            if !is_separator(unit.code) {
                let after = units[at..].iter().find(|next| next.start > unit.start);
                ends.push(after.map_or(text_length, |next| next.start as usize));
                parts.push(*unit);
            }
        }
        for at in 0..parts.len() {
            if (parts[at].start as usize) < end
                && let Some(run) = self.run_in(&parts[at..])
            {
                for (part, to) in parts[at..at + run].iter().zip(&ends[at..]) {
                    masked[part.start as usize - start..*to - start].fill(true);
                }
            }
        }
    }

    /// The length of the run that the units begin with.
    fn run_in(&self, units: &[Unit]) -> Option<usize> {
        let hashed = units.get(..self.hashed)?;
        let mut at = self.first[hash(hashed.iter().map(|unit| fold(unit.code)))];
        while at != NONE {
            let place = usize::from(at);
            let form_end = *self.ends.iter().find(|end| **end > place)?;
            let run = RUN.min(self.length_of_form(form_end));
            if is_same(units, &self.codes[place..place + run]) {
                return Some(run);
            }
            at = self.next[place];
        }
        None
    }

    fn length_of_form(&self, end: usize) -> usize {
        let before = self.ends.iter().rev().find(|other| **other < end);
        end - before.copied().unwrap_or(0)
    }

    /// The place where the units end within the key: at the very end, or before the rest
    /// of an escape.
    fn cut_in(&self, units: &[Unit], text_length: usize) -> Option<usize> {
        let is_rest = |unit: &Unit| {
            let byte = u8::try_from(unit.code);
            byte.is_ok_and(|b| b.is_ascii_alphanumeric() || b"%\\&#".contains(&b))
        };
        let rest = units
            .iter()
            .rev()
            .take(MAX_ESCAPE)
            .take_while(|unit| is_rest(unit));
        let place_of = |at: usize| {
            let unit = units.get(at);
            unit.map_or(text_length, |unit| unit.start as usize)
        };
        (units.len() - rest.count()..=units.len()).find_map(|end| {
            let after = ascii(units, end);
            if !matches!(after, None | Some(b'%' | b'\\' | b'&')) {
                return None;
            }
            let from = place_of(end - self.length_of_cut(&units[..end]));
            (place_of(end) - from >= MIN_CUT).then_some(from)
        })
    }

    /// The length of the longest beginning of the key that the units end with.
    fn length_of_cut(&self, units: &[Unit]) -> usize {
        let (mut longest, mut start) = (0, 0);
        for end in &self.ends[..self.plain] {
            let form = &self.codes[start..*end];
            for length in longest + 1..=units.len().min(form.len()).min(RUN) {
                if is_same(&units[units.len() - length..], &form[..length]) {
                    longest = length;
                }
            }
            start = *end;
        }
        longest
    }
}

/// The units of a text from `start` on.
pub(crate) fn units_of(text: &str, start: usize) -> Vec<Unit> {
    let mut units = Vec::with_capacity(text.len() - start);
    for (at, c) in text[start..].char_indices() {
        // No text is as long as 4 GiB.
        let start = (start + at) as u32;
        push(&mut units, c.into(), start);
    }
    units
}

/// True for a sign, a blank or an invisible character: such may stand between the groups
/// of a key.
pub(crate) fn is_separator(code: u16) -> bool {
    match u8::try_from(code) {
        Ok(byte) => !byte.is_ascii_alphanumeric() && byte < 0xc0,
        Err(_) => matches!(code, 0x2000..=0x206f | 0xfeff),
    }
}

fn codes_of(units: &[Unit]) -> Vec<u16> {
    units.iter().map(|unit| unit.code).collect()
}

/// Adds the one or two units of a character, or half of one.
fn push(units: &mut Vec<Unit>, character: u32, start: u32) {
    match character.checked_sub(0x1_0000) {
        None => units.push(Unit {
            code: character as u16,
            start,
        }),
        Some(rest) => {
            let codes = [0xd800 | rest >> 10, 0xdc00 | rest & 0x3ff];
            units.extend(codes.map(|code| Unit {
                code: code as u16,
                start,
            }));
        }
    }
}

/// Takes one layer of escapes off; says whether there was one.
pub(crate) fn undo_escapes(units: &mut Vec<Unit>) -> bool {
    let Some(first) = (0..units.len()).find(|at| escape(&units[*at..]).is_some()) else {
        return false;
    };
    let escaped = units.split_off(first);
    let mut at = 0;
    while let Some(unit) = escaped.get(at) {
        let (character, length) = escape(&escaped[at..]).unwrap_or((unit.code.into(), 1));
        push(units, character, unit.start);
        at += length;
    }
    true
}

/// The character of the escape that the units begin with, and the length of the escape.
fn escape(units: &[Unit]) -> Option<(u32, usize)> {
    match ascii(units, 0)? {
        b'%' => percent_escape(units),
        b'\\' => match ascii(units, 1)? {
            b'u' => Some((hex_number(units, 2, 4)?, 6)),
            b'x' => Some((hex_number(units, 2, 2)?, 4)),
            mark @ (b'"' | b'\'' | b'/' | b'\\') => Some((mark.into(), 2)),
            _ => None,
        },
        b'&' => html_escape(units),
        _ => None,
    }
}

fn ascii(units: &[Unit], at: usize) -> Option<u8> {
    let byte = u8::try_from(units.get(at)?.code).ok()?;
    byte.is_ascii().then_some(byte)
}

fn hex_number(units: &[Unit], at: usize, digits: usize) -> Option<u32> {
    (at..at + digits).try_fold(0, |number, at| {
        let digit = char::from(ascii(units, at)?).to_digit(16)?;
        Some(number << 4 | digit)
    })
}

/// A character of one byte, or all bytes of one in UTF-8.
fn percent_escape(units: &[Unit]) -> Option<(u32, usize)> {
    let byte = |at: usize| match ascii(units, 3 * at)? {
        b'%' => hex_number(units, 3 * at + 1, 2),
        _ => None,
    };
    if ascii(units, 1) == Some(b'u') {
        return Some((hex_number(units, 2, 4)?, 6));
    }
    let first = byte(0)?;
    let count = match first {
        ..0x80 => return Some((first, 3)),
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0..0xf8 => 4,
        _ => return None,
    };
    let character = (1..count).try_fold(first & (0x7f >> count), |character, at| {
        let next = byte(at).filter(|next| next & 0xc0 == 0x80)?;
        Some(character << 6 | next & 0x3f)
    })?;
    Some((character, 3 * count))
}

fn html_escape(units: &[Unit]) -> Option<(u32, usize)> {
    let mut name = [0; MAX_ESCAPE - 1];
    let mut length = 0;
    let end = loop {
        match ascii(units, length + 1) {
            Some(b';') => break length + 2,
            Some(byte) if length < name.len() && (byte == b'#' || byte.is_ascii_alphanumeric()) => {
                name[length] = byte;
            }
            // Browsers take a number without its semicolon, too.
            _ if name[0] == b'#' => break length + 1,
            _ => return None,
        }
        length += 1;
    };
    let character = match &name[..length] {
        b"amp" => b'&'.into(),
        b"lt" => b'<'.into(),
        b"gt" => b'>'.into(),
        b"quot" => b'"'.into(),
        b"apos" => b'\''.into(),
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        _ => return None,
    };
    Some((character, end))
}

fn number(digits: &[u8], base: u32) -> Option<u32> {
    let number = u32::from_str_radix(str::from_utf8(digits).ok()?, base).ok()?;
    (number <= char::MAX.into()).then_some(number)
}

/// The code that stands for all that are alike: letters of either case, and a blank and
/// the `+` that stands for it in a query.
pub(crate) fn fold(code: u16) -> u16 {
    match code {
        0x41..=0x5a | 0x410..=0x42f => code + 0x20,
        0x400..=0x40f => code + 0x50,
        0x2b => 0x20,
        _ => code,
    }
}

pub(crate) fn is_same(units: &[Unit], codes: &[u16]) -> bool {
    let start = units.get(..codes.len());
    start.is_some_and(|units| {
        units
            .iter()
            .map(|unit| fold(unit.code))
            .eq(codes.iter().copied())
    })
}

fn hash(codes: impl Iterator<Item = u16>) -> usize {
    let hash = codes.fold(0_u32, |hash, code| {
        (hash ^ u32::from(code))
            .wrapping_mul(0x9e37_79b1)
            .rotate_left(13)
    });
    hash as usize % CHAINS
}

/// The letters of base64 (RFC 4648) without padding.
fn base64(bytes: &[u8]) -> Vec<u16> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut code = Vec::new();
    for group in bytes.chunks(3) {
        let byte = |at| group.get(at).copied().map_or(0, u32::from);
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..=group.len() {
            code.push(LETTERS[(bits >> (18 - 6 * at) & 63) as usize].into());
        }
    }
    code
}

/// Takes base64's alphabet for URLs; says whether that makes a difference.
fn change_for_urls(code: &mut [u16]) -> bool {
    let mut is_changed = false;
    for letter in code {
        let other = match u8::try_from(*letter) {
            Ok(b'+') => b'-',
            Ok(b'/') => b'_',
            _ => continue,
        };
        *letter = other.into();
        is_changed = true;
    }
    is_changed
}

fn hex(bytes: &[u8]) -> Vec<u16> {
    let digit = |half: u8| u16::from(b"0123456789abcdef"[usize::from(half)]);
    let mut code = Vec::new();
    for byte in bytes {
        code.extend([digit(byte >> 4), digit(byte & 15)]);
    }
    code
}

#[cfg(test)]
#[path = "mask_tests.rs"]
mod tests;
