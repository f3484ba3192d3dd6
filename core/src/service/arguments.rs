//! The parameters of a method on the command line, checked before anything is sent.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::body::one_line_of;
use super::method::{Method, Occurrence, Parameter, ParameterKind, Shape};
use crate::config::duration;
use crate::config::suggest::hint;
use crate::time::{Civil, SECONDS_OF_DAY, Wall, days_from_civil};

/// The longest interval that a report covers, in days.
const MAX_REPORTED_DAYS: i64 = 30;

/// Parameters that may be sent, and what their sender should know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked<'a> {
    /// Names and values, in the service's own form, in the order given.
    pub pairs: Vec<(&'a str, String)>,
    /// Warnings of what will not be quite as asked for.
    pub warnings: Vec<String>,
}

/// Checks names and values against a method. `now` is the local time.
///
/// # Errors
/// One line for each thing that is wrong.
///
/// ```
/// use wansync_core::time::{Civil, Wall};
/// use wansync_core::service::{arguments, skydns_methods};
///
/// let add_ip = skydns_methods::find("add_ip").unwrap();
/// let given = [("ident", "user1"), ("ip", "8.8.4.4"), ("ip", "8.8.8.8")];
/// let now = Civil::at(Wall::from_secs(1_800_000_000));
/// let checked = arguments::check(add_ip, &given, now).unwrap();
/// assert_eq!(checked.pairs.len(), 3);
///
/// let wrong = arguments::check(add_ip, &[("idnet", "user1"), ("ip", "8.8.4")], now);
/// assert_eq!(wrong.unwrap_err().len(), 3); // unknown, malformed, missing
/// ```
pub fn check<'a>(
    method: &Method,
    given: &[(&'a str, &str)],
    now: Civil,
) -> Result<Checked<'a>, Vec<String>> {
    let mut checked = Checked::default();
    let mut wrong = Vec::new();
    for (name, value) in given {
        let Some(parameter) = method.parameter(name) else {
            wrong.push(unknown_parameter(method, name));
            continue;
        };
        if parameter.count != Occurrence::Many
            && checked.pairs.iter().any(|(given, _)| given == name)
        {
            wrong.push(format!("'{name}' is given twice"));
            continue;
        }
        match value_of(parameter, value, now) {
            Ok(value) => checked.pairs.push((name, value)),
            Err(why) => wrong.push(match parameter.kind {
                ParameterKind::Password => format!("'{name}' {why}"),
                // It may be a whole file, or hold what a terminal obeys.
                _ => format!("'{name}': '{}' {why}", one_line_of(value)),
            }),
        }
    }
    for parameter in method.parameters {
        let is_given = given.iter().any(|(name, _)| *name == parameter.name);
        match parameter.count {
            _ if is_given => {}
            Occurrence::Optional => {}
            Occurrence::Default(value) => checked.pairs.push((parameter.name, value.to_owned())),
            Occurrence::One | Occurrence::Many => wrong.push(format!(
                "'{}' is missing: {}",
                parameter.name, parameter.meaning
            )),
        }
    }
    if wrong.is_empty() && method.changes_what_is_given() {
        let optional = method.parameters.iter().filter(|p| !p.is_required());
        let names: Vec<&str> = optional.map(|p| p.name).collect();
        if !checked.pairs.iter().any(|(name, _)| names.contains(name)) {
            wrong.push(format!("nothing would change: give {}", names.join(" or ")));
        }
    }
    match interval_days(&checked.pairs) {
        Some(days) if days < 0 => wrong.push("'end' is before 'start'".to_owned()),
        Some(days) if days >= MAX_REPORTED_DAYS => checked.warnings.push(format!(
            "only the last {MAX_REPORTED_DAYS} of these {} days are reported",
            days + 1
        )),
        _ => {}
    }
    match wrong.is_empty() {
        true => Ok(checked),
        false => Err(wrong),
    }
}

pub(crate) fn unknown_parameter(method: &Method, name: &str) -> String {
    if name == "key" {
        return "'key' never stands on a command line, where every user may see it; it comes \
                from --key-file or from the configuration"
            .to_owned();
    }
    if method.shape == Shape::Any {
        return format!(
            "'{name}' cannot be a parameter: its name has letters, digits and '_.-', and is none \
             of option, format, app and resource"
        );
    }
    let names: Vec<&str> = method.parameters.iter().map(|p| p.name).collect();
    let more = match hint(name, &names) {
        hint if !hint.is_empty() => hint,
        _ if names.is_empty() => format!(": {} takes no parameters", method.name),
        _ => format!("; {} takes {}", method.name, names.join(", ")),
    };
    format!("'{name}' is unknown{more}")
}

/// The value in the service's own form.
fn value_of(parameter: &Parameter, value: &str, now: Civil) -> Result<String, String> {
    if value.is_empty() {
        return Err("is empty".to_owned());
    }
    if value.chars().any(char::is_control) {
        return Err("holds a line end or another control character".to_owned());
    }
    let as_it_is = |is_good: bool| match is_good {
        true => Ok(value.to_owned()),
        false => Err(format!("is not {}", parameter.kind)),
    };
    match parameter.kind {
        // Which of its plans and names the service takes, it alone knows.
        ParameterKind::Text | ParameterKind::Password | ParameterKind::Plan => as_it_is(true),
        ParameterKind::Address => as_it_is(value.parse::<IpAddr>().is_ok()),
        ParameterKind::Number => as_it_is(value.len() <= 18 && is_digits(value)),
        ParameterKind::Email => as_it_is(is_email(value)),
        ParameterKind::Flag => {
            parse_flag(value).ok_or_else(|| format!("is not {}", parameter.kind))
        }
        ParameterKind::Date => check_date(value, now).map(|()| value.to_owned()),
        ParameterKind::Year => {
            as_it_is(is_digits(value) && value.len() == 4 && value >= &*last_year(now))
        }
        ParameterKind::Month => {
            as_it_is(value.len() == 2 && is_digits(value) && ("01"..="12").contains(&value))
        }
        ParameterKind::Moment => parse_moment(value, parameter.name == "te", now)
            .ok_or_else(|| format!("is no moment: {}", parameter.kind)),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !text.contains(' '))
}

fn parse_flag(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    match text.as_str() {
        "true" | "1" | "yes" | "on" => Some("True".to_owned()),
        "false" | "0" | "no" | "off" => Some("False".to_owned()),
        _ => None,
    }
}

fn last_year(now: Civil) -> String {
    format!("{:04}", now.year - 1)
}

fn check_date(text: &str, now: Civil) -> Result<(), String> {
    let (year, _, _) = calendar_day(text).ok_or("is not a date, YYYY-MM-DD")?;
    match year < now.year - 1 {
        true => Err(format!(
            "is before 1 January of last year ({})",
            last_year(now)
        )),
        false => Ok(()),
    }
}

/// A day that exists, from `YYYY-MM-DD`.
fn calendar_day(text: &str) -> Option<(i64, i64, i64)> {
    let mut parts = text.split('-');
    let mut part = |length: usize| {
        let part = parts.next().filter(|p| p.len() == length && is_digits(p))?;
        part.parse::<i64>().ok()
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    if parts.next().is_some() || !(1..=12).contains(&month) {
        return None;
    }
    let at = Civil::at(Wall::from_secs(
        days_from_civil(year, month, day) * SECONDS_OF_DAY,
    ));
    ((at.year, at.month, at.day) == (year, month, day)).then_some((year, month, day))
}

/// Days from `start` to `end`, if both are given.
fn interval_days(pairs: &[(&str, String)]) -> Option<i64> {
    let day = |wanted: &str| {
        let (_, text) = pairs.iter().find(|(name, _)| *name == wanted)?;
        let (year, month, day) = calendar_day(text)?;
        Some(days_from_civil(year, month, day))
    };
    Some(day("end")? - day("start")?)
}

/// A moment in VPNKI's form, `YYYY-MM-DD HH-MM-SS` or `NOW`. A day alone is its
/// beginning, or its end where the interval ends.
fn parse_moment(text: &str, is_end: bool, now: Civil) -> Option<String> {
    if text.eq_ignore_ascii_case("now") {
        return Some("NOW".to_owned());
    }
    if matches!(
        text,
        "0" | "0000-00-00" | "0000-00-00 00-00-00" | "0000-00-00 00:00:00"
    ) {
        return Some("0000-00-00 00-00-00".to_owned());
    }
    if text.ends_with(['s', 'm', 'h', 'd']) {
        let then = Civil::at(now.wall() - duration::parse(text)?);
        return Some(format!(
            "{:04}-{:02}-{:02} {:02}-{:02}-{:02}",
            then.year, then.month, then.day, then.hour, then.minute, then.second
        ));
    }
    let (day, time) = match text.split_once([' ', 'T']) {
        Some((day, time)) => (day, time_of_day(time)?),
        None if is_end => (text, "23-59-59".to_owned()),
        None => (text, "00-00-00".to_owned()),
    };
    calendar_day(day).map(|_| format!("{day} {time}"))
}

/// `HH:MM:SS`, `HH-MM-SS` or `HH:MM`, with dashes.
fn time_of_day(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split([':', '-']).collect();
    let limits = [24, 60, 60];
    let is_good = |(part, limit): (&&str, &u32)| {
        part.len() == 2 && is_digits(part) && part.parse::<u32>().is_ok_and(|n| n < *limit)
    };
    let known = (2..=3).contains(&parts.len()) && parts.iter().zip(&limits).all(is_good);
    let seconds = parts.get(2).unwrap_or(&"00");
    known.then(|| format!("{}-{}-{seconds}", parts[0], parts[1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::{skydns_methods, vpnki_resources};

    /// 2026-11-21 12:30:00
    fn now() -> Civil {
        Civil {
            year: 2026,
            month: 11,
            day: 21,
            hour: 12,
            minute: 30,
            second: 0,
        }
    }

    fn skydns<'a>(method: &str, words: &[&'a str]) -> Result<Checked<'a>, Vec<String>> {
        let given: Vec<(&str, &str)> = words.iter().filter_map(|w| w.split_once('=')).collect();
        check(skydns_methods::find(method).expect(method), &given, now())
    }

    #[test]
    fn what_is_refused() {
        let table: [(&str, &[&str], &str); 21] = [
            (
                "update_profile",
                &["profile_id=7"],
                "nothing would change: give name or tls",
            ),
            ("activate", &[], "'ident' is missing: login of the user"),
            ("activate", &["ident="], "'ident': '' is empty"),
            (
                "activate",
                &["ident=a", "ident=b"],
                "'ident' is given twice",
            ),
            (
                "activate",
                &["ident=a", "idnet=b"],
                "'idnet' is unknown (did you mean 'ident'?)",
            ),
            (
                "activate",
                &["ident=a", "colour=b"],
                "'colour' is unknown; activate takes ident",
            ),
            (
                "subscribe_plans",
                &["zzzzzzz=b"],
                "'zzzzzzz' is unknown: subscribe_plans takes no parameters",
            ),
            (
                "activate",
                &["ident=a", "key=b"],
                "'key' never stands on a command line",
            ),
            (
                "activate",
                &["ident=a\nb"],
                "'ident': 'a b' holds a line end",
            ),
            (
                "add_ip",
                &["ident=a", "ip=8.8.4"],
                "'ip': '8.8.4' is not an IPv4 or IPv6 address",
            ),
            (
                "clear_ip",
                &["ident=a", "profile=main"],
                "'profile': 'main' is not a number",
            ),
            (
                "create_profile",
                &["ident=a", "name=b", "tls=maybe"],
                "'tls': 'maybe' is not True or False",
            ),
            (
                "update_email",
                &["ident=a", "email=b"],
                "'email': 'b' is not an e-mail address",
            ),
            (
                "get_activity",
                &["ident=a", "date=21.11.2026"],
                "'date': '21.11.2026' is not a date",
            ),
            (
                "get_activity",
                &["ident=a", "date=2026-02-29"],
                "'date': '2026-02-29' is not a date",
            ),
            (
                "get_activity",
                &["ident=a", "date=2024-12-31"],
                "'date': '2024-12-31' is before 1 January of last year (2025)",
            ),
            (
                "send_monthly_stat",
                &["ident=a", "year=2024", "month=10"],
                "'year': '2024' is not YYYY",
            ),
            (
                "send_monthly_stat",
                &["ident=a", "year=2026", "month=1"],
                "'month': '1' is not MM",
            ),
            (
                "send_monthly_stat",
                &["ident=a", "year=2026", "month=13"],
                "'month': '13' is not MM",
            ),
            (
                "get_category_report",
                &["ident=a", "start=2026-11-02", "end=2026-11-01"],
                "'end' is before 'start'",
            ),
            (
                "update_password",
                &["ident=a", "password=\0secret"],
                "'password' holds",
            ),
        ];
        for (method, words, expected) in table {
            let wrong = skydns(method, words).expect_err(expected);
            assert_eq!(wrong.len(), 1, "{wrong:?}");
            assert!(wrong[0].starts_with(expected), "{wrong:?}");
            assert!(!wrong[0].contains("secret"));
        }
    }

    #[test]
    fn values_in_the_service_s_own_form() {
        let checked =
            skydns("create_profile", &["tls=yes", "name=Дети", "ident=a b&c"]).expect("good");
        let expected = [("tls", "True"), ("name", "Дети"), ("ident", "a b&c")];
        assert_eq!(checked.pairs, expected.map(|(n, v)| (n, v.to_owned())));
    }

    #[test]
    fn a_resource_that_is_not_documented_takes_any_text() {
        let given = [
            ("action", "add"),
            ("white.list-1", "10.0.0.1"),
            ("white.list-1", "Дача & co"),
        ];
        let checked = check(&vpnki_resources::ANY, &given, now()).expect("good");
        assert_eq!(checked.pairs, given.map(|(n, v)| (n, v.to_owned())));
        for (name, value, expected) in [
            ("key", "x", "'key' never stands on a command line"),
            ("resource", "x", "'resource' cannot be a parameter"),
            ("format", "raw", "'format' cannot be a parameter"),
            ("a b", "x", "'a b' cannot be a parameter"),
            ("a&b", "x", "'a&b' cannot be a parameter"),
            ("", "x", "'' cannot be a parameter"),
            ("имя", "x", "'имя' cannot be a parameter"),
            ("ip", "", "'ip': '' is empty"),
            ("ip", "a\u{1b}b", "'ip': 'a b' holds a line end or another"),
        ] {
            let wrong = check(&vpnki_resources::ANY, &[(name, value)], now());
            let wrong = wrong.expect_err(expected);
            assert!(wrong[0].starts_with(expected), "{wrong:?}");
        }
    }

    #[test]
    fn a_long_report_is_sent_with_a_warning() {
        let words = |end| {
            [
                "ident=a".to_owned(),
                "start=2026-10-01".to_owned(),
                format!("end={end}"),
            ]
        };
        for (end, warnings) in [("2026-10-30", 0), ("2026-10-31", 1), ("2026-11-21", 1)] {
            let words = words(end);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let checked = skydns("get_activity_report", &words).expect("good");
            assert_eq!(checked.warnings.len(), warnings, "{end}");
        }
    }

    #[test]
    fn moments_of_vpnki() {
        let method = vpnki_resources::find("stat_user").expect("documented");
        let table = [
            ("2026-11-20", "2026-11-20 00-00-00", "2026-11-20 23-59-59"),
            (
                "2026-11-20 12:30:00",
                "2026-11-20 12-30-00",
                "2026-11-20 12-30-00",
            ),
            (
                "2026-11-20T12:30",
                "2026-11-20 12-30-00",
                "2026-11-20 12-30-00",
            ),
            (
                "2015-12-31 23-59-59",
                "2015-12-31 23-59-59",
                "2015-12-31 23-59-59",
            ),
            (
                "0000-00-00 00-00-00",
                "0000-00-00 00-00-00",
                "0000-00-00 00-00-00",
            ),
            ("0", "0000-00-00 00-00-00", "0000-00-00 00-00-00"),
            ("now", "NOW", "NOW"),
            ("24h", "2026-11-20 12-30-00", "2026-11-20 12-30-00"),
            ("90s", "2026-11-21 12-28-30", "2026-11-21 12-28-30"),
        ];
        for (text, start, end) in table {
            let checked = check(method, &[("ts", text), ("te", text)], now()).expect(text);
            assert_eq!(checked.pairs[0].1, start, "{text}");
            assert_eq!(checked.pairs[1].1, end, "{text}");
        }
        for text in [
            "yesterday",
            "2026-13-01",
            "2026-11-20 24:00:00",
            "2026-11-20 1:2:3",
            "24",
            "h",
            "0000-00-00 12:00:00",
            "2026-11-20 12:00:00:00",
        ] {
            assert!(
                check(method, &[("ts", text), ("te", "NOW")], now()).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn an_interval_that_is_not_given_is_everything() {
        let method = vpnki_resources::find("stat_tunnel").expect("documented");
        let checked = check(method, &[("ts", "24h"), ("tunnel", "user356")], now()).expect("good");
        let value = |name| checked.pairs.iter().find(|(n, _)| *n == name);
        assert_eq!(value("te"), Some(&("te", "NOW".to_owned())));
        let checked = check(method, &[("tunnel", "user356")], now()).expect("good");
        let start = ("ts", "0000-00-00 00-00-00".to_owned());
        assert!(checked.pairs.contains(&start), "{checked:?}");
        assert_eq!(checked.pairs.len(), 3);
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let wrong = skydns("add_ip", &["idnet=a", "ip=x", "ip=y"]).expect_err("wrong");
        assert_eq!(wrong.len(), 4, "{wrong:?}");
    }
}
