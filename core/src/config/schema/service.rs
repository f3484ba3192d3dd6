//! The options of both services: a URL, and a key.

use alloc::borrow::ToOwned;

use super::values::warn_of_paste;
use crate::address::Family;
use crate::config::Transport;
use crate::config::options::Options;
use crate::config::paste::{KEY_PREFIXES, PasteFault};
use crate::config::secret::{KeySource, Secret};
use crate::config::url::ServiceUrl;
use crate::reason;
use crate::reason::Code;

/// The URL of a service; `into` makes the text what that service needs.
pub(super) fn base_url(
    options: &mut Options<'_, '_>,
    default: &str,
    into: impl Fn(ServiceUrl) -> Result<ServiceUrl, Code>,
) -> Option<ServiceUrl> {
    let (text, line) = options.text("base_url").unwrap_or((default, 0));
    match ServiceUrl::new(text).and_then(into) {
        Ok(url) => Some(url),
        Err(why) => {
            options.bad_value("base_url", line, without_secrets(text), why);
            None
        }
    }
}

/// The family that a service is reached over; an address in its URL has one already.
pub(super) fn transport(options: &mut Options<'_, '_>, base_url: Option<&ServiceUrl>) -> Transport {
    let Some((text, line)) = options.text("transport") else {
        return Transport::Auto;
    };
    let family = match text {
        "auto" => return Transport::Auto,
        "ipv4" => Family::Ipv4,
        "ipv6" => Family::Ipv6,
        _ => {
            options.bad_choice("transport", line, text, &["auto", "ipv4", "ipv6"]);
            return Transport::Auto;
        }
    };
    if base_url
        .and_then(ServiceUrl::address)
        .is_some_and(|address| !family.includes(address))
    {
        options.bad_value("transport", line, text, Code::ValueOtherTransport);
    }
    Transport::Only(family)
}

/// A refused URL may hold a password or a key: only its beginning is quoted.
pub(super) fn without_secrets(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    // A password may hold any of the other signs.
    if url[start..].contains('@') {
        return &url[..start];
    }
    let end = url[start..].find(['?', '#']);
    end.map_or(url, |at| &url[..start + at])
}

/// `usual` is the service itself, which needs a key; a relay may add it.
pub(super) fn key(
    options: &mut Options<'_, '_>,
    usual: &str,
    base_url: Option<&ServiceUrl>,
) -> KeySource {
    let inline = options.trimmed_text("key");
    let file = options.line_of("key_file");
    match (inline, file) {
        (Some((_, line)), Some(_)) => {
            options.error(line, reason!(ConfigTwoKeys));
            KeySource::None
        }
        (Some((text, line)), None) => match Secret::new(text) {
            Ok(key) => {
                if let Some(fault) = PasteFault::find(key.expose(), &KEY_PREFIXES) {
                    warn_of_paste(options, "key", line, &fault);
                }
                KeySource::Inline(key)
            }
            Err(why) => {
                options.bad_option("key", line, why);
                KeySource::None
            }
        },
        (None, Some(line)) => match options.text("key_file") {
            Some((path, line)) if path.starts_with('/') => KeySource::File {
                path: path.to_owned(),
                line,
            },
            // It is not quoted: it may well be the key.
            Some(_) => {
                options.bad_option("key_file", line, Code::ValueRelativePath);
                KeySource::None
            }
            None => KeySource::None,
        },
        (None, None) => {
            let needs_key = base_url.is_some_and(|url| url.as_str() == usual);
            if needs_key && options.line_of("key").is_none() {
                options.missing_option("key_file", Code::NeedKeyFile);
            }
            KeySource::None
        }
    }
}
