//! The URL of a call. It holds the key: it goes to the HTTP client and nowhere else.
//!
//! ```
//! use wansync_core::config::url::ServiceUrl;
//! use wansync_core::service::request;
//!
//! let base = ServiceUrl::new("https://relay.example.com/skydns").unwrap().into_base().unwrap();
//! let url = request::skydns(&base, "update_ip", None, &[("ident", "user 1"), ("ip", "8.8.4.4")]);
//! assert_eq!(url, "https://relay.example.com/skydns/update_ip?ident=user%201&ip=8.8.4.4");
//! ```

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

use crate::config::secret::Secret;
use crate::config::url::{ServiceUrl, percent_encoded};

/// `GET BASE/METHOD?key=…&name=value…`, as SkyDNS takes it. Without a key, a
/// relay adds it.
pub fn skydns(
    base: &ServiceUrl,
    method: &str,
    key: Option<&Secret>,
    pairs: &[(&str, &str)],
) -> String {
    let mut url = format!("{base}{method}");
    add_key(&mut url, key);
    add(&mut url, pairs);
    url
}

/// `GET PAGE?option=com_api&…&resource=…&key=…&name=value…`, as VPNKI takes it.
/// `del_tunnel` alone is documented (2.2) without the `/en/` behind `index.php`.
pub fn vpnki(
    page: &ServiceUrl,
    resource: &str,
    key: Option<&Secret>,
    pairs: &[(&str, &str)],
) -> String {
    let fixed = [
        ("option", "com_api"),
        ("format", "raw"),
        ("app", "webservices"),
        ("resource", resource),
    ];
    let page = match resource {
        "del_tunnel" => without_language(page.as_str()),
        _ => page.as_str(),
    };
    let mut url = page.to_owned();
    add(&mut url, &fixed);
    add_key(&mut url, key);
    add(&mut url, pairs);
    url
}

/// `…/index.php` of `…/index.php/en/`; any other page as it is.
fn without_language(page: &str) -> &str {
    page.strip_suffix("/en/")
        .filter(|page| page.ends_with("/index.php"))
        .unwrap_or(page)
}

fn add_key(url: &mut String, key: Option<&Secret>) {
    if let Some(key) = key {
        add(url, &[("key", key.expose())]);
    }
}

/// A base and a page have no query (see [`ServiceUrl`]).
fn add(url: &mut String, pairs: &[(&str, &str)]) {
    for (name, value) in pairs {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(name);
        url.push('=');
        url.push_str(&percent_encoded(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_services() {
        let key = Secret::new("a key").expect("a key");
        let base = ServiceUrl::new("https://www.skydns.ru/provider_api/").expect("a URL");
        let pairs = [("ident", "user1"), ("ip", "8.8.4.4"), ("ip", "8.8.8.8")];
        assert_eq!(
            skydns(&base, "add_ip", Some(&key), &pairs),
            "https://www.skydns.ru/provider_api/add_ip?key=a%20key&ident=user1&ip=8.8.4.4&ip=8.8.8.8"
        );
        assert_eq!(
            skydns(&base, "subscribe_plans", None, &[]),
            "https://www.skydns.ru/provider_api/subscribe_plans"
        );
        let page = ServiceUrl::new("https://vpnki.com/index.php/en/").expect("a URL");
        assert_eq!(
            vpnki(
                &page,
                "stat_user",
                Some(&key),
                &[("ts", "2026-11-20 00-00-00"), ("te", "NOW")]
            ),
            "https://vpnki.com/index.php/en/?option=com_api&format=raw&app=webservices\
             &resource=stat_user&key=a%20key&ts=2026-11-20%2000-00-00&te=NOW"
        );
    }

    #[test]
    fn del_tunnel_is_asked_of_the_page_without_a_language() {
        let table = [
            (
                "https://vpnki.com/index.php/en/",
                "https://vpnki.com/index.php",
            ),
            ("https://vpnki.ru/index.php", "https://vpnki.ru/index.php"),
            ("https://a.example/relay/en/", "https://a.example/relay/en/"),
        ];
        for (page, expected) in table {
            let page = ServiceUrl::new(page).expect("a URL");
            let url = vpnki(&page, "del_tunnel", None, &[("tunnel", "user657")]);
            let query =
                "?option=com_api&format=raw&app=webservices&resource=del_tunnel&tunnel=user657";
            assert_eq!(url, format!("{expected}{query}"));
        }
    }

    #[test]
    fn any_value_survives() {
        let base = ServiceUrl::new("https://a.example/").expect("a URL");
        let mut seed = 1_u32;
        for _ in 0..2_000 {
            let value: String = (0..8)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    ['a', ' ', '+', '&', '%', '=', '#', '/', '?', 'ж', '漢', '😀']
                        [(seed >> 24) as usize % 12]
                })
                .collect();
            let url = skydns(&base, "m", None, &[("v", value.as_str())]);
            let (_, encoded) = url.split_once("?v=").expect("one parameter");
            assert_eq!(decoded(encoded), value.as_bytes());
        }
    }

    /// A query's value as a server decodes it.
    fn decoded(text: &str) -> Vec<u8> {
        let mut bytes = text.bytes();
        let mut out = Vec::new();
        while let Some(byte) = bytes.next() {
            let hex = |b: Option<u8>| {
                char::from(b.expect("two digits"))
                    .to_digit(16)
                    .expect("hex")
            };
            out.push(match byte {
                b'%' => (hex(bytes.next()) * 16 + hex(bytes.next())) as u8,
                b'+' => b' ',
                other => other,
            });
        }
        out
    }
}
