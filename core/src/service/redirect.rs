//! Redirects that may be followed, and the part of an address that may be shown.
//!
//! The key travels in the query, so a redirect can carry it to another host or
//! to plain http. What is accepted here is read more strictly than a browser
//! would: an address that two programs could read in two ways is refused.
//!
//! ```
//! use wansync_core::service::redirect::{follow, shown};
//!
//! let url = "https://www.skydns.ru/provider_api/update_ip?key=test-key";
//! let there = follow(url, "/api/update_ip?key=test-key").unwrap();
//! assert_eq!(there, "https://www.skydns.ru/api/update_ip?key=test-key");
//! // Another host is refused, and its address is shown without the query.
//! assert_eq!(follow(url, "https://example.com/?key=test-key"), Err("https://example.com/".to_owned()));
//! assert_eq!(shown(url, "https://example.com/test-key"), "https://example.com");
//! ```

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr};

/// Values of the query shorter than this are too common to be looked for.
const MIN_SECRET: usize = 6;

/// The most of a refused address that is shown, in bytes.
const MAX_SHOWN: usize = 160;

/// The server that a request goes to: two addresses with equal origins share a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// https, not http.
    pub secure: bool,
    /// Lower case; an IPv6 address without its brackets.
    pub host: String,
    /// The port, the scheme's own where none is written.
    pub port: u16,
}

impl Origin {
    /// The origin of an absolute http or https URL. `None` for anything else:
    /// other schemes, credentials, backslashes, blanks, letters outside ASCII.
    pub fn of(url: &str) -> Option<Origin> {
        if !is_plain(url) {
            return None;
        }
        let (scheme, rest) = url.split_once("://")?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let (host, port) = split_port(authority)?;
        let port = match port {
            Some(digits) => parse_port(digits)?,
            None if secure => 443,
            None => 80,
        };
        let host = parse_host(host)?;
        Some(Origin { secure, host, port })
    }

    /// True if the host is this machine: 127.0.0.0/8, `::1` or `localhost`, and
    /// no other spelling of them.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self.host.parse().is_ok_and(|v4: Ipv4Addr| v4.is_loopback())
            || self.host.parse().is_ok_and(|v6: Ipv6Addr| v6.is_loopback())
    }

    /// https, or http that does not leave this machine.
    pub fn is_allowed(&self) -> bool {
        self.secure || self.is_loopback()
    }
}

/// The URL that `location`, sent in reply to `url`, redirects to: same scheme,
/// host and port, the rest as given.
///
/// # Errors
/// Any other target, in a form that may be shown (see [`shown`]).
pub fn follow(url: &str, location: &str) -> Result<String, String> {
    let Some(from) = Origin::of(url).filter(|_| is_plain(location)) else {
        return Err(shown(url, location));
    };
    let target = resolve(url, location);
    match Origin::of(&target) {
        Some(to) if to == from && to.is_allowed() => Ok(target),
        _ => Err(shown(url, &target)),
    }
}

/// The part of `target` that may be shown after a request to `url`: neither credentials
/// nor a query, and of the path nothing if it repeats a value of `url`'s query,
/// since some sites turn a query into a path.
pub fn shown(url: &str, target: &str) -> String {
    let end = target
        .find(|c: char| !c.is_ascii_graphic() || "?#%;&=\\".contains(c))
        .unwrap_or(target.len());
    let (scheme, rest) = target[..end]
        .split_once("//")
        .unwrap_or(("", &target[..end]));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let mut text = match scheme {
        "" => format!("{host}{path}"),
        _ => format!("{scheme}//{host}{path}"),
    };
    if repeats_a_value(&text, url) {
        text.truncate(text.len() - path.len());
    }
    if repeats_a_value(&text, url) || text.is_empty() {
        return "another place".to_owned();
    }
    text.truncate(MAX_SHOWN);
    text
}

/// Only visible ASCII, and no backslash, which some programs take for a slash.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
}

fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if authority.starts_with('[') {
        let (host, rest) = authority.split_at(authority.find(']')? + 1);
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    Some(match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    })
}

/// `parse` alone would take a sign.
fn parse_port(digits: &str) -> Option<u16> {
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|port| *port != 0)
}

fn parse_host(host: &str) -> Option<String> {
    if let Some(v6) = host.strip_prefix('[') {
        let v6: Ipv6Addr = v6.strip_suffix(']')?.parse().ok()?;
        return Some(v6.to_string());
    }
    let named = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    (!host.is_empty() && host.bytes().all(named)).then(|| host.to_ascii_lowercase())
}

/// RFC 3986, 5.2: the target of a reference in the document `url`, which has an
/// origin. Dots are resolved where paths are merged, and left alone in a path
/// that was given whole.
fn resolve(url: &str, reference: &str) -> String {
    let reference = before_any(reference, &['#']);
    let scheme = before_any(url, &['/']);
    let path_at = url[scheme.len() + 2..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| scheme.len() + 2 + at);
    let (origin, rest) = url.split_at(path_at);
    if has_scheme(reference) {
        reference.to_owned()
    } else if reference.starts_with("//") {
        format!("{scheme}{reference}")
    } else if reference.starts_with('/') {
        format!("{origin}{reference}")
    } else if reference.is_empty() {
        before_any(url, &['#']).to_owned()
    } else {
        let base = before_any(rest, &['?', '#']);
        let base = if base.is_empty() { "/" } else { base };
        if reference.starts_with('?') {
            format!("{origin}{base}{reference}")
        } else {
            format!("{origin}{}", merge_paths(base, reference))
        }
    }
}

fn before_any<'a>(text: &'a str, at: &[char]) -> &'a str {
    &text[..text.find(at).unwrap_or(text.len())]
}

fn has_scheme(reference: &str) -> bool {
    before_any(reference, &['/', '?', '#']).contains(':')
}

/// The reference's path in place of the base's last segment, its query kept.
fn merge_paths(base: &str, reference: &str) -> String {
    let path = before_any(reference, &['?']);
    let query = &reference[path.len()..];
    let mut segments: Vec<&str> = base.split('/').collect();
    segments.pop();
    for segment in path.split('/') {
        match segment {
            "." => {}
            ".." if segments.len() > 1 => drop(segments.pop()),
            ".." => {}
            other => segments.push(other),
        }
    }
    if matches!(path.rsplit('/').next(), Some("." | "..")) {
        segments.push("");
    }
    format!("{}{query}", segments.join("/"))
}

fn repeats_a_value(text: &str, url: &str) -> bool {
    let (_, query) = url.split_once('?').unwrap_or_default();
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(_, value)| percent_decoded(value))
        .any(|value| value.len() >= MIN_SECRET && text.contains(&value))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = (first == b'%').then(|| hex_byte(after)).flatten();
        bytes.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() {
            &after[2..]
        } else {
            after
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The byte that two hexadecimal digits name.
fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*digits.get(at)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://www.skydns.ru/provider_api/update_ip?key=s3cr3t-key&ip=8.8.4.4";

    #[test]
    fn followed() {
        for (location, target) in [
            (
                "/x?key=s3cr3t-key",
                "https://www.skydns.ru/x?key=s3cr3t-key",
            ),
            (
                "https://www.skydns.ru/a/../b?c",
                "https://www.skydns.ru/a/../b?c",
            ),
            ("HTTPS://WWW.SkyDNS.ru:443/x", "HTTPS://WWW.SkyDNS.ru:443/x"),
            ("//www.skydns.ru/x", "https://www.skydns.ru/x"),
            ("//WWW.SKYDNS.RU:443", "https://WWW.SKYDNS.RU:443"),
            ("x", "https://www.skydns.ru/provider_api/x"),
            ("./x?a=../b", "https://www.skydns.ru/provider_api/x?a=../b"),
            ("../x/./y/..", "https://www.skydns.ru/x/"),
            ("../../../x", "https://www.skydns.ru/x"),
            ("?ip=1", "https://www.skydns.ru/provider_api/update_ip?ip=1"),
            (
                "/x?q=https://evil.example/",
                "https://www.skydns.ru/x?q=https://evil.example/",
            ),
            ("/x#https://evil.example/", "https://www.skydns.ru/x"),
            ("", URL),
        ] {
            assert_eq!(follow(URL, location), Ok(target.to_owned()), "{location}");
        }
        for (url, location, target) in [
            ("https://a.example", "x", "https://a.example/x"),
            ("https://a.example?k=1", "?x", "https://a.example/?x"),
            (
                "https://a.example:8443/b",
                "//a.example:8443/",
                "https://a.example:8443/",
            ),
            (
                "http://127.0.0.1:80/",
                "http://127.0.0.1/x",
                "http://127.0.0.1/x",
            ),
            (
                "http://[::1]:99/",
                "http://[0:0:0:0:0:0:0:1]:99/",
                "http://[0:0:0:0:0:0:0:1]:99/",
            ),
            ("http://localhost:99/", "/x", "http://localhost:99/x"),
        ] {
            assert_eq!(follow(url, location), Ok(target.to_owned()), "{location}");
        }
    }

    #[test]
    fn refused_and_shown() {
        for (location, to) in [
            (
                "http://www.skydns.ru/x?key=s3cr3t-key",
                "http://www.skydns.ru/x",
            ),
            ("https://www.safedns.com/x", "https://www.safedns.com/x"),
            (
                "https://www.skydns.ru:8443/x",
                "https://www.skydns.ru:8443/x",
            ),
            ("https://www.skydns.ru./x", "https://www.skydns.ru./x"),
            (
                "https://www.skydns.ru.evil.example/",
                "https://www.skydns.ru.evil.example/",
            ),
            ("//evil.example/x?key=s3cr3t-key", "https://evil.example/x"),
            (
                "https://www.skydns.ru@evil.example/",
                "https://evil.example/",
            ),
            (
                "https://www.skydns.ru:443@evil.example/",
                "https://evil.example/",
            ),
            (
                "https://user:secret@www.skydns.ru/",
                "https://www.skydns.ru/",
            ),
            (
                "https://evil.example#@www.skydns.ru/",
                "https://evil.example",
            ),
            (
                "https://evil.example?@www.skydns.ru/",
                "https://evil.example",
            ),
            (
                "https://evil.example\\@www.skydns.ru/",
                "https://evil.example",
            ),
            ("/\\evil.example/", "/"),
            ("\\\\evil.example/", "another place"),
            ("https:evil.example", "https:evil.example"),
            ("https:/evil.example", "https:/evil.example"),
            ("https:///evil.example", "https:///evil.example"),
            ("javascript:alert(1)", "javascript:alert(1)"),
            ("ftp://www.skydns.ru/", "ftp://www.skydns.ru/"),
            ("https://www.skydns.ru:/", "https://www.skydns.ru:/"),
            ("https://www.skydns.ru:+443/", "https://www.skydns.ru:+443/"),
            ("https://www.skydns.ru:0/", "https://www.skydns.ru:0/"),
            (
                "https://www.skydns.ru:65536/",
                "https://www.skydns.ru:65536/",
            ),
            (
                "https://www.skydns.ru%2eevil.example/",
                "https://www.skydns.ru",
            ),
            (
                "https://www.skydns.ru\u{2024}evil/",
                "https://www.skydns.ru",
            ),
            ("https://evil.example/a b", "https://evil.example/a"),
            (
                "https://evil.example/\nInjected: line",
                "https://evil.example/",
            ),
            // The key in a path, plain and escaped.
            (
                "https://evil.example/api/s3cr3t-key/x",
                "https://evil.example",
            ),
            (
                "https://evil.example/%3Fkey%3Ds3cr3t-key",
                "https://evil.example/",
            ),
            (
                "https://evil.example/key=s3cr3t-key",
                "https://evil.example/key",
            ),
            ("https://s3cr3t-key.evil.example/", "another place"),
        ] {
            assert_eq!(follow(URL, location), Err(to.to_owned()), "{location}");
        }
    }

    #[test]
    fn a_key_with_escapes_is_recognised_in_a_path() {
        let url = "https://a.example/?key=ab%2Fcd%2fef%zz";
        let to = "https://b.example/ab/cd/ef/x";
        assert_eq!(percent_decoded("ab%2Fcd%2fef%zz%"), "ab/cd/ef%zz%");
        assert_eq!(shown(url, to), to);
        assert_eq!(
            shown("https://a.example/?key=ab%2Fcd%2fef", to),
            "https://b.example"
        );
    }

    #[test]
    fn http_is_for_loopback_only() {
        for url in [
            "http://127.0.0.1:8080/x",
            "http://127.9.9.9",
            "http://[::1]/",
            "http://LOCALHOST/",
            "https://www.skydns.ru/",
        ] {
            assert!(Origin::of(url).unwrap().is_allowed(), "{url}");
        }
        for url in [
            "http://www.skydns.ru/",
            "http://10.0.0.1/",
            "http://127.1/",
            "http://127.0.0.1.evil.example/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://localhost.evil.example/",
            "http://localhost./",
            "http://[::ffff:127.0.0.1]/",
        ] {
            assert!(!Origin::of(url).unwrap().is_allowed(), "{url}");
        }
        for url in [
            "",
            "x",
            "//a/",
            "https://",
            "https://a@b/",
            "https://a b/",
            "https://[::1/",
        ] {
            assert_eq!(Origin::of(url), None, "{url}");
        }
    }
}
