//! The parts of a text that are nobody's but the owner's, with stand-ins for them.
//!
//! A key is `***`. A login, an address, a name of a host and a MAC have a stand-in with a
//! number, the same for the same one throughout, so that what belongs together can still be
//! seen. They are found as whole words, as they are or percent-encoded or with the escapes
//! of JSON or HTML.
//!
//! ```
//! use wansync_core::report::hider::Hider;
//!
//! let mut hider = Hider::new(true);
//! hider.add_login("ivan");
//! let text = hider.hide("ident=ivan&ip=8.8.4.4, ivan@8.8.4.4, not 192.168.1.1\n");
//! assert_eq!(text, "ident=login-1&ip=address-1, login-1@address-1, not 192.168.1.1\n");
//! ```

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};

use crate::address::PublicAddress;
use crate::config::mask::{LAYERS, Unit, fold, is_same, is_separator, undo_escapes, units_of};
use crate::config::secret::Secret;

/// The longest text of an address, in bytes.
const MAX_ADDRESS: usize = 45;
/// The hosts of the services, and of what they filter with, which tell nothing of the
/// owner; and those below them.
const KNOWN_HOSTS: [&str; 4] = ["skydns.ru", "safedns.com", "vpnki.com", "openwrt.org"];
/// The addresses of the services' resolvers.
const KNOWN_ADDRESSES: [[u8; 4]; 5] = [
    [193, 58, 251, 251],
    [193, 58, 251, 1],
    [193, 58, 251, 11],
    [195, 46, 39, 39],
    [195, 46, 39, 40],
];
/// The names of a router that has none of its own.
const COMMON_HOSTS: [&str; 2] = ["openwrt", "localhost"];

/// What stands for a byte of a key.
const KEY: u16 = u16::MAX;

/// The kinds of what has a stand-in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Login,
    Address,
    Host,
    Mac,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Login => "login",
            Kind::Address => "address",
            Kind::Host => "host",
            Kind::Mac => "mac",
        }
    }
}

/// One of them.
struct Known {
    kind: Kind,
    /// The word, folded; of an address or a MAC the usual form. What looks like an escape
    /// in the word itself is undone in a text, too: so there may be further forms.
    forms: Vec<Vec<u16>>,
    stand_in: String,
}

/// What is hidden.
pub struct Hider {
    is_anonymous: bool,
    keys: Vec<Secret>,
    known: Vec<Known>,
}

/// A part of the units that has a stand-in: its length, and which.
type Found = (usize, usize);

impl Hider {
    /// Hides keys and logins and, if it is anonymous, public addresses, MACs, and the names
    /// of hosts.
    pub fn new(is_anonymous: bool) -> Hider {
        Hider {
            is_anonymous,
            keys: Vec::new(),
            known: Vec::new(),
        }
    }

    /// Hides a key from now on.
    pub fn add_key(&mut self, key: Secret) {
        if !self.keys.contains(&key) {
            self.keys.push(key);
        }
    }

    /// Hides a login from now on.
    pub fn add_login(&mut self, login: &str) {
        self.add_word(Kind::Login, login);
    }

    /// Hides the name of a host from now on, if names are hidden, and it is one of the
    /// owner's.
    pub fn add_host(&mut self, host: &str) {
        if self.is_anonymous && !is_known_host(host) {
            self.add_word(Kind::Host, host);
        }
    }

    fn add_word(&mut self, kind: Kind, word: &str) {
        let word = word.trim();
        if word.is_empty() {
            return;
        }
        let place = self.place_of(kind, folded(word));
        let mut units = units_of(word, 0);
        while self.known[place].forms.len() <= LAYERS && undo_escapes(&mut units) {
            let form = units.iter().map(|unit| fold(unit.code)).collect();
            self.known[place].forms.push(form);
        }
    }

    /// The place of its stand-in, which is a new one if it is new.
    fn place_of(&mut self, kind: Kind, codes: Vec<u16>) -> usize {
        let same = |known: &Known| known.kind == kind && known.forms[0] == codes;
        if let Some(place) = self.known.iter().position(same) {
            return place;
        }
        let count = self.known.iter().filter(|known| known.kind == kind).count();
        let stand_in = format!("{}-{}", kind.word(), count + 1);
        self.known.push(Known {
            kind,
            forms: vec![codes],
            stand_in,
        });
        self.known.len() - 1
    }

    /// The text with stand-ins.
    pub fn hide(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            self.hide_line(line, &mut out);
        }
        out
    }

    fn hide_line(&mut self, line: &str, out: &mut String) {
        // Before anything is taken out: one key may share a part with another.
        let mut is_key = vec![false; line.len()];
        for key in &self.keys {
            key.mark(line, &mut is_key);
        }
        // For each byte the number of its stand-in, from 1.
        let is_key = is_key.iter().map(|is_key| if *is_key { KEY } else { 0 });
        let mut places: Vec<u16> = is_key.collect();
        let mut units = units_of(line, 0);
        for _ in 0..=LAYERS {
            self.search(&units, &mut places);
            if !undo_escapes(&mut units) {
                break;
            }
        }
        let (mut at, mut copied) = (0, 0);
        while at < line.len() {
            let place = places[at];
            let rest = places[at..].iter().take_while(|other| **other == place);
            let end = at + rest.count();
            let known = self.known.get(usize::from(place).wrapping_sub(1));
            let stand_in = match known {
                Some(known) => Some(&*known.stand_in),
                None => (place == KEY).then_some("***"),
            };
            if let Some(stand_in) = stand_in {
                out.push_str(&line[copied..at]);
                out.push_str(stand_in);
                copied = end;
            }
            at = end;
        }
        out.push_str(&line[copied..]);
    }

    /// Notes what the units hold, as far as no layer before has found something there.
    fn search(&mut self, units: &[Unit], places: &mut [u16]) {
        let mut at = 0;
        while at < units.len() {
            let Some((length, place)) = self.find_at(units, at) else {
                at += 1;
                continue;
            };
            let start = units[at].start as usize;
            let after = units.get(at + length);
            let end = after.map_or(places.len(), |unit| unit.start as usize);
            let part = &mut places[start..end];
            if part.iter().all(|place| matches!(*place, 0 | KEY)) {
                for free in part.iter_mut().filter(|place| **place == 0) {
                    // There are not as many as this has numbers.
                    *free = place as u16 + 1;
                }
            }
            at += length;
        }
    }

    /// What stands there as a whole word.
    fn find_at(&mut self, units: &[Unit], at: usize) -> Option<Found> {
        let before = at.checked_sub(1).map(|before| units[before].code);
        let rest = &units[at..];
        if self.is_anonymous && ascii_run(rest, |b| b"/:".contains(&b)) == "://" {
            self.learn_host(&rest[3..]);
        }
        if before.is_some_and(|code| !is_separator(code)) {
            return None;
        }
        if self.is_anonymous {
            let address = before != Some(b'.'.into());
            let found = address.then(|| self.find_address(rest)).flatten();
            if found.is_some() {
                return found;
            }
        }
        self.learn_user(rest);
        // The longest, since one may begin with another.
        let mut found: Option<Found> = None;
        for (place, known) in self.known.iter().enumerate() {
            if !matches!(known.kind, Kind::Login | Kind::Host) {
                continue;
            }
            for form in &known.forms {
                let length = form.len();
                if found.is_none_or(|(longest, _)| length > longest)
                    && is_same(rest, form)
                    && ends_at(rest, length)
                {
                    found = Some((length, place));
                }
            }
        }
        found
    }

    /// VPNKI's logins are all of one form: those of other tunnels show in its replies.
    fn learn_user(&mut self, units: &[Unit]) {
        let word = ascii_run(units, |b| b.is_ascii_alphanumeric());
        let digits = word.strip_prefix("user").unwrap_or_default();
        if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
            self.add_login(&word);
        }
    }

    /// The host of a URL.
    fn learn_host(&mut self, units: &[Unit]) {
        let host = ascii_run(units, |b| b.is_ascii_alphanumeric() || b".-".contains(&b));
        let is_name = host.bytes().any(|b| b.is_ascii_alphabetic());
        if is_name && host.contains('.') {
            self.add_host(&host);
        }
    }

    fn find_address(&mut self, units: &[Unit]) -> Option<Found> {
        let run = ascii_run(units, |b| b.is_ascii_hexdigit() || b".:-".contains(&b));
        if let Some(mac) = run.get(..17).filter(|text| is_mac(text))
            && ends_at(units, 17)
        {
            let codes = folded(&mac.replace('-', ":"));
            return Some((17, self.place_of(Kind::Mac, codes)));
        }
        let run = ascii_run(units, |b| b.is_ascii_hexdigit() || b".:".contains(&b));
        let digits = ascii_run(units, |b| b.is_ascii_digit() || b == b'.');
        for run in [run, digits] {
            let mut text = run.as_str();
            while !text.is_empty() && text.len() <= MAX_ADDRESS {
                if let Ok(address) = text.parse::<IpAddr>()
                    && ends_at(units, text.len())
                {
                    let address = address.to_canonical();
                    return tells_of_owner(address).then(|| {
                        let codes = folded(&format!("{address}"));
                        (text.len(), self.place_of(Kind::Address, codes))
                    });
                }
                // A stop or a colon of the sentence that it stands in.
                match text.strip_suffix(['.', ':']) {
                    Some(shorter) => text = shorter,
                    None => break,
                }
            }
        }
        None
    }
}

/// True for an address by which the owner's line could be told from others.
fn tells_of_owner(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            PublicAddress::new(address).is_ok() && !KNOWN_ADDRESSES.contains(&v4.octets())
        }
        // Its end may be made of the MAC in any of them.
        IpAddr::V6(v6) => {
            v6 != Ipv6Addr::LOCALHOST && v6 != Ipv6Addr::UNSPECIFIED && !v6.is_multicast()
        }
    }
}

fn is_known_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let is_below = |known: &str| {
        let rest = host.strip_suffix(known);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    host.parse::<IpAddr>().is_ok()
        || COMMON_HOSTS.contains(&host.as_str())
        || KNOWN_HOSTS.iter().any(|known| is_below(known))
}

fn is_mac(text: &str) -> bool {
    let separator = text.as_bytes()[2];
    let mut bytes = text.bytes().enumerate();
    matches!(separator, b':' | b'-')
        && bytes.all(|(at, byte)| match at % 3 {
            2 => byte == separator,
            _ => byte.is_ascii_hexdigit(),
        })
}

fn folded(word: &str) -> Vec<u16> {
    word.encode_utf16().map(fold).collect()
}

/// The beginning of the units that is made of such bytes, as text in lower case.
fn ascii_run(units: &[Unit], is_part: fn(u8) -> bool) -> String {
    let bytes = units.iter().map_while(|unit| {
        let byte = u8::try_from(unit.code).ok()?;
        is_part(byte).then_some(char::from(byte.to_ascii_lowercase()))
    });
    bytes.collect()
}

/// True if no word goes on after so many units.
fn ends_at(units: &[Unit], length: usize) -> bool {
    units.get(length).is_none_or(|unit| is_separator(unit.code))
}

#[cfg(test)]
mod tests;
