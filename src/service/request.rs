//! The URL of a call. It holds the key: it goes to the HTTP client and nowhere else.

use crate::config::secret::Secret;
use crate::config::url::{ServiceUrl, percent_encoded};

/// `GET BASE/METHOD?key=…&name=value…`, as SkyDNS takes it. Without a key, a
/// relay adds it.
pub fn skydns<'a>(
    base: &ServiceUrl,
    method: &str,
    key: Option<&'a Secret>,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    with_query(
        format!("{base}{method}"),
        key_pair(key).into_iter().chain(pairs),
    )
}

/// `GET PAGE?option=com_api&…&resource=…&key=…&name=value…`, as VPNKI takes it.
/// `del_tunnel` alone is documented (2.2) without the `/en/` behind `index.php`.
pub fn vpnki<'a>(
    page: &ServiceUrl,
    resource: &'a str,
    key: Option<&'a Secret>,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let fixed = [
        ("option", "com_api"),
        ("format", "raw"),
        ("app", "webservices"),
        ("resource", resource),
    ];
    let all = fixed.into_iter().chain(key_pair(key)).chain(pairs);
    let page = match resource {
        "del_tunnel" => without_language(page.as_str()),
        _ => page.as_str(),
    };
    with_query(page.to_owned(), all)
}

/// `…/index.php` of `…/index.php/en/`; any other page as it is.
fn without_language(page: &str) -> &str {
    page.strip_suffix("/en/")
        .filter(|page| page.ends_with("/index.php"))
        .unwrap_or(page)
}

fn key_pair(key: Option<&Secret>) -> Option<(&'static str, &str)> {
    key.map(|key| ("key", key.expose()))
}

fn with_query<'a>(mut url: String, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    for (n, (name, value)) in pairs.enumerate() {
        url.push(if n == 0 { '?' } else { '&' });
        url.push_str(name);
        url.push('=');
        url.push_str(&percent_encoded(value));
    }
    url
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
            skydns(&base, "add_ip", Some(&key), pairs),
            "https://www.skydns.ru/provider_api/add_ip?key=a%20key&ident=user1&ip=8.8.4.4&ip=8.8.8.8"
        );
        assert_eq!(
            skydns(&base, "subscribe_plans", None, []),
            "https://www.skydns.ru/provider_api/subscribe_plans"
        );
        let page = ServiceUrl::new("https://vpnki.com/index.php/en/").expect("a URL");
        assert_eq!(
            vpnki(
                &page,
                "stat_user",
                Some(&key),
                [("ts", "2026-11-20 00-00-00"), ("te", "NOW")]
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
            let url = vpnki(&page, "del_tunnel", None, [("tunnel", "user657")]);
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
            let url = skydns(&base, "m", None, [("v", value.as_str())]);
            let (_, encoded) = url.split_once("?v=").expect("one parameter");
            assert_eq!(decoded(encoded), value.as_bytes());
        }
    }

    /// As a server decodes a query's value.
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
