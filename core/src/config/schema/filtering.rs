//! `list resolver` and `option test_name`: the resolvers that filter, and a site that they
//! block. A value that is wrong is passed over with a warning, since no sending depends on
//! it.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::config::options::{Options, shorten};
use crate::filtering::message::is_dns_name;
use crate::reason;
use crate::reason::Code;

pub(super) fn resolvers(options: &mut Options<'_, '_>) -> Vec<IpAddr> {
    let mut resolvers = Vec::new();
    for (text, line) in options.list("resolver") {
        match text.parse::<IpAddr>() {
            Ok(address) if resolvers.contains(&address) => {}
            Ok(address) if !address.is_unspecified() => resolvers.push(address),
            _ => pass_over(options, "resolver", line, text, Code::ValueNoAddress),
        }
    }
    resolvers
}

pub(super) fn test_name(options: &mut Options<'_, '_>) -> Option<String> {
    let (text, line) = options.text("test_name")?;
    let name = text.strip_suffix('.').unwrap_or(text);
    match is_dns_name(name) {
        true => Some(name.to_ascii_lowercase()),
        false => {
            let why = match name.is_ascii() {
                true => Code::ValueNoSite,
                false => Code::ValueSiteNotAscii,
            };
            pass_over(options, "test_name", line, text, why);
            None
        }
    }
}

fn pass_over(options: &mut Options<'_, '_>, name: &str, line: u32, value: &str, why: Code) {
    let reason = reason!(
        ConfigPassedOver,
        option = name,
        value = shorten(value),
        cause = why
    );
    options.warn(line, reason);
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn a_value_that_is_wrong_stops_no_sending() {
        let long = "a.".repeat(127);
        let label = "a".repeat(64);
        for (option, part) in [
            ("list resolver '193.58.251'", "is not an address"),
            ("list resolver '193.58.251.251#53'", "is not an address"),
            ("list resolver 'dns.skydns.ru'", "is not an address"),
            ("list resolver '0.0.0.0'", "is not an address"),
            (
                "option test_name 'https://example.com/'",
                "no name of a site",
            ),
            ("option test_name '93.184.216.34'", "no name of a site"),
            ("option test_name 'example..com'", "no name of a site"),
            ("option test_name 'пример.рф'", "xn--"),
            (&format!("option test_name '{long}a'"), "no name of a site"),
            (
                &format!("option test_name '{label}.com'"),
                "no name of a site",
            ),
        ] {
            let text =
                format!("config skydns 'a'\n option ident 'u'\n option key 'k'\n {option}\n");
            let config = Config::parse(text.as_bytes()).unwrap();
            let (_, section) = config.ready_sections().next().expect(option);
            assert!(section.resolvers.is_empty() && section.test_name.is_none());
            let [problem] = &config.problems[..] else {
                panic!("{option}: {:?}", config.problems);
            };
            assert!(
                !problem.is_error() && problem.reason.contains(part),
                "{problem}"
            );
            assert_eq!(problem.line, 4);
        }
    }

    #[test]
    fn good_values() {
        let text = b"config skydns 'a'\n option ident 'u'\n option key 'k'\n\
            list resolver '193.58.251.251'\n list resolver '2a00::53'\n\
            list resolver '193.58.251.251'\n option test_name 'Example.COM.'\n";
        let config = Config::parse(text).unwrap();
        assert!(config.problems.is_empty(), "{:?}", config.problems);
        let (_, section) = config.ready_sections().next().unwrap();
        assert_eq!(section.resolvers.len(), 2);
        assert_eq!(section.test_name.as_deref(), Some("example.com"));
    }
}
