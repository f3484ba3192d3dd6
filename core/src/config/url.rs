//! URLs of services: https, or http on loopback; no credentials, no fragment.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::net::{IpAddr, Ipv6Addr};

use crate::reason::Code;

/// The longest address. With the longest values of all parameters it still
/// makes a request that servers take.
const MAX_URL_LENGTH: usize = 1024;

/// A URL that a request may be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceUrl {
    text: String,
    /// The range of the host in `text`, brackets included.
    host: (usize, usize),
}

impl ServiceUrl {
    /// Takes an absolute URL, or says what is wrong with it: the code of words that follow
    /// on the URL, which take no arguments.
    ///
    /// ```
    /// use wansync_core::config::url::ServiceUrl;
    /// use wansync_core::reason::Code;
    ///
    /// let url = ServiceUrl::new("https://relay.example").unwrap();
    /// assert_eq!((url.as_str(), url.host()), ("https://relay.example/", "relay.example"));
    /// let refused = ServiceUrl::new("http://relay.example/");
    /// assert_eq!(refused, Err(Code::UrlNotHttps));
    /// ```
    pub fn new(text: &str) -> Result<ServiceUrl, Code> {
        if text.len() > MAX_URL_LENGTH {
            return Err(Code::ValueTooLong);
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Code::UrlNotAscii);
        }
        let (scheme, rest) = text.split_once("://").ok_or(Code::UrlNoScheme)?;
        if text.contains('#') {
            return Err(Code::UrlFragment);
        }
        let authority = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
        if authority.contains('@') {
            return Err(Code::UrlCredentials);
        }
        let host = host_of(authority)?;
        if scheme.eq_ignore_ascii_case("http") {
            if !is_loopback(host) {
                return Err(Code::UrlNotHttps);
            }
        } else if !scheme.eq_ignore_ascii_case("https") {
            return Err(Code::UrlOtherScheme);
        }
        let start = scheme.len() + 3;
        let path = &rest[authority.len()..];
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(ServiceUrl {
            text: format!("{}://{authority}{slash}{path}", scheme.to_ascii_lowercase()),
            host: (start, start + host.len()),
        })
    }

    /// The URL as the base that a query is appended to.
    pub fn into_page(self) -> Result<ServiceUrl, Code> {
        match self.text.contains('?') {
            true => Err(Code::UrlQuery),
            false => Ok(self),
        }
    }

    /// The URL as the base that method names are appended to: no query, and
    /// a slash at its end.
    pub fn into_base(self) -> Result<ServiceUrl, Code> {
        let mut this = self.into_page()?;
        if !this.text.ends_with('/') {
            this.text.push('/');
        }
        Ok(this)
    }

    /// The whole URL.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name or address of the server; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.text[self.host.0..self.host.1]
    }

    /// The address of the server, if it is not given by name.
    pub fn address(&self) -> Option<IpAddr> {
        self.host().trim_matches(['[', ']']).parse().ok()
    }

    /// True if the connection is encrypted.
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https:")
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn host_of(authority: &str) -> Result<&str, Code> {
    let (host, port) = if authority.starts_with('[') {
        let end = authority.find(']').ok_or(Code::UrlBracket)? + 1;
        (&authority[..end], authority[end..].strip_prefix(':'))
    } else {
        match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    if host.len() + port.map_or(0, |port| port.len() + 1) != authority.len() {
        return Err(Code::UrlBehindBracket);
    }
    if port.is_some_and(|port| !is_port(port)) {
        return Err(Code::UrlPort);
    }
    match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        Some(inside) if inside.parse::<Ipv6Addr>().is_ok() => Ok(host),
        Some(_) => Err(Code::UrlNoIpv6),
        None if host.is_empty() => Err(Code::UrlNoHost),
        None if is_host_name(host) => Ok(host),
        None => Err(Code::UrlBadHost),
    }
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_host_name(host: &str) -> bool {
    let is_name_byte = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    host.len() <= 253 && host.bytes().all(is_name_byte)
}

/// True if a host, as it stands in a URL, is this machine itself.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// `text` as a query's name or value: all but RFC 3986's unreserved characters
/// is encoded, a space as `%20`.
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            encoded.push('%');
            encoded.push(char::from(HEX[usize::from(byte >> 4)]));
            encoded.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Reason;

    #[test]
    fn urls_that_are_taken() {
        let table = [
            (
                "https://www.skydns.ru/provider_api/",
                "www.skydns.ru",
                "https://www.skydns.ru/provider_api/",
            ),
            (
                "https://www.skydns.ru/provider_api",
                "www.skydns.ru",
                "https://www.skydns.ru/provider_api/",
            ),
            (
                "HTTPS://relay.example:8443",
                "relay.example",
                "https://relay.example:8443/",
            ),
            (
                "http://127.0.0.1:8080/x/",
                "127.0.0.1",
                "http://127.0.0.1:8080/x/",
            ),
            ("http://localhost/", "localhost", "http://localhost/"),
            ("http://[::1]:80/", "[::1]", "http://[::1]:80/"),
            ("https://[2a00::1]/", "[2a00::1]", "https://[2a00::1]/"),
        ];
        for (text, host, whole) in table {
            let url = ServiceUrl::new(text).and_then(ServiceUrl::into_base);
            let url = url.unwrap_or_else(|e| panic!("{text}: {e:?}"));
            assert_eq!((url.host(), url.as_str()), (host, whole));
        }
    }

    #[test]
    fn urls_that_are_not() {
        let table = [
            ("www.skydns.ru/provider_api/", "scheme"),
            ("", "scheme"),
            ("ftp://example.com/", "https://"),
            ("http://example.com/", "loopback"),
            ("http://127.0.0.1.example.com/", "loopback"),
            ("https://user:pw@example.com/", "credentials"),
            ("https://example.com/#top", "fragment"),
            ("https://example.com/?a=b", "query"),
            ("https:///path", "no host"),
            ("https://:443/", "no host"),
            ("https://example.com:0/", "port"),
            ("https://example.com:99999/", "port"),
            ("https://example.com:+80/", "port"),
            ("https://exa mple.com/", "blank"),
            ("https://пример.рф/", "ASCII"),
            ("https://[::1/", "']'"),
            ("https://[fe80]/", "IPv6"),
            ("https://[::1]x/", "behind"),
            ("https://good.example\\@evil.example/", "credentials"),
            ("https://good.example\\evil/", "host"),
        ];
        for (text, part) in table {
            let refused = ServiceUrl::new(text).and_then(ServiceUrl::into_base);
            let why = Reason::of(refused.expect_err(text));
            assert!(why.contains(part), "{text}: {why}");
        }
    }

    #[test]
    fn encoding() {
        assert_eq!(percent_encoded("a-Z_0.~"), "a-Z_0.~");
        assert_eq!(
            percent_encoded("a b&c=%#/+ж"),
            "a%20b%26c%3D%25%23%2F%2B%D0%B6"
        );
    }
}
