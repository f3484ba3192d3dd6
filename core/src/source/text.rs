//! The address in what a page or a program says.
//!
//! | text | |
//! | --- | --- |
//! | `8.8.4.4`, `"8.8.4.4"` | one address and nothing else, in quotes or not |
//! | `{"ip": "8.8.4.4", …}` | JSON, with the address in a member of the names below |
//! | `fl=1a`, `ip=8.8.4.4`, … in lines | lines that are all a name and a value, one of which is `ip` |
//!
//! A text that merely contains an address may well contain another's.

use alloc::vec::Vec;
use core::net::IpAddr;

use crate::json::{Json, JsonKind, without_bom};
use crate::reason::address::TextFault;

/// The members of a JSON object that are the address that a page has seen.
const MEMBERS: [&str; 4] = ["ip", "address", "query", "origin"];

/// The address that a text is.
///
/// # Errors
/// The reason why it is none.
///
/// ```
/// use wansync_core::reason::address::TextFault;
/// use wansync_core::source::text::address_in;
///
/// let address = "8.8.4.4".parse().unwrap();
/// for text in [" 8.8.4.4\r\n", "\"8.8.4.4\"", "{\"ip\":\"8.8.4.4\"}", "h=a.example\nip=8.8.4.4\n"] {
///     assert_eq!(address_in(text.as_bytes()), Ok(address));
/// }
/// assert_eq!(address_in(b"Your address is 8.8.4.4"), Err(TextFault::Other));
/// ```
pub fn address_in(text: &[u8]) -> Result<IpAddr, TextFault> {
    let bare = core::str::from_utf8(without_bom(text)).map_err(|_| TextFault::Other)?;
    let bare = bare.trim();
    if let Ok(address) = unquoted(bare).parse() {
        return Ok(address);
    }
    match bare.as_bytes().first() {
        Some(b'<') => Err(TextFault::Html),
        Some(b'{') => of_object(bare),
        _ => of_lines(bare).ok_or(TextFault::Other),
    }
}

fn unquoted(text: &str) -> &str {
    let inside = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}

fn of_object(text: &str) -> Result<IpAddr, TextFault> {
    let json = Json::parse(text.as_bytes()).map_err(|_| TextFault::Other)?;
    let mut addresses = Vec::new();
    for (name, value) in json.fields() {
        if MEMBERS.contains(&&*name)
            && value.kind() == JsonKind::Text
            && let Some(text) = value.text()
        {
            addresses.extend(text.trim().parse::<IpAddr>().ok());
        }
    }
    only(&addresses).ok_or(TextFault::NoMember)
}

fn of_lines(text: &str) -> Option<IpAddr> {
    let is_name = |name: &str| {
        let is_part = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        !name.is_empty() && name.bytes().all(is_part)
    };
    let mut addresses = Vec::new();
    for line in text.lines() {
        let (name, value) = line.split_once('=')?;
        if !is_name(name) {
            return None;
        }
        if name == "ip" {
            addresses.extend(value.trim().parse::<IpAddr>().ok());
        }
    }
    only(&addresses)
}

/// The one address in all of them.
fn only(addresses: &[IpAddr]) -> Option<IpAddr> {
    let (first, others) = addresses.split_first()?;
    others.iter().all(|other| other == first).then_some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_address() {
        for text in [
            "8.8.4.4",
            " \t8.8.4.4\r\n\r\n",
            "\u{feff}8.8.4.4\n",
            "\"8.8.4.4\"\n",
            "'8.8.4.4'",
            "{\"ip\":\"8.8.4.4\"}",
            "\u{feff}{ \"status\": \"success\", \"query\": \"8.8.4.4\" }\n",
            "{\"origin\": \"8.8.4.4\"}",
            "{\"address\": \" 8.8.4.4\", \"ip\": \"8.8.4.4\"}",
            "{\"ip\": \"8.8.4.4\", \"address\": \"Main Street\"}",
            "ip=8.8.4.4",
            "fl=1a2\nh=a.example\nip=8.8.4.4\nts=1.5\nuag=\n",
            "fl=1a2\r\nip=8.8.4.4\r\n",
        ] {
            assert_eq!(
                address_in(text.as_bytes()),
                Ok([8, 8, 4, 4].into()),
                "{text}"
            );
        }
        let ipv6 = "2a00::1".parse();
        assert_eq!(address_in(b"{\"ip\":\"2a00::1\"}").ok(), ipv6.ok());
    }

    #[test]
    fn what_is_none() {
        use TextFault::*;
        let table = [
            ("", Other),
            ("Your address is 8.8.4.4", Other),
            ("8.8.4.4 9.9.9.9", Other),
            ("8.8.4.4\n9.9.9.9\n", Other),
            ("8.8.4.4/24", Other),
            ("8.8.4.4:443", Other),
            ("008.008.004.004", Other),
            ("\"8.8.4.4", Other),
            ("\"\"8.8.4.4\"\"", Other),
            ("[\"8.8.4.4\"]", Other),
            ("{\"ip\":\"8.8.4.4\"", Other),
            ("{\"ip\":\"8.8.4.4\"} x", Other),
            ("{}", NoMember),
            ("{\"ip\":134743044}", NoMember),
            ("{\"ip\":\"8.8.4.4\",\"ip\":\"9.9.9.9\"}", NoMember),
            ("{\"ip\":\"8.8.4.4\",\"query\":\"9.9.9.9\"}", NoMember),
            ("{\"origin\":\"8.8.4.4, 10.0.0.1\"}", NoMember),
            ("{\"you\":{\"ip\":\"8.8.4.4\"}}", NoMember),
            ("{\"server_ip\":\"8.8.4.4\"}", NoMember),
            ("<html>8.8.4.4</html>", Html),
            ("\n<!DOCTYPE html>\nip=8.8.4.4", Html),
            ("ip=8.8.4.4\nip=9.9.9.9", Other),
            ("ip=8.8.4.4\nand more", Other),
            ("the ip=8.8.4.4", Other),
            ("fl=1a2\nh=8.8.4.4", Other),
            ("IP=8.8.4.4", Other),
        ];
        for (text, fault) in table {
            assert_eq!(address_in(text.as_bytes()), Err(fault), "{text}");
        }
        assert_eq!(address_in(b"8.8.4.4\xff"), Err(Other));
    }
}
