//! `Retry-After`, in every form in which it is sent.

use std::time::{SystemTime, UNIX_EPOCH};

use super::*;
use wansync_core::time::{Civil, MONTHS, Wall};

const DAYS: [&str; 7] = [
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
];

/// The three forms of a date in HTTP, so many seconds from now.
fn dates(ahead: i64) -> [String; 3] {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a date");
    let at = now.as_secs() as i64 + ahead;
    let day = DAYS[(at / 86_400 % 7) as usize];
    let Civil {
        year,
        month,
        day: number,
        hour,
        minute,
        second,
    } = Civil::at(Wall::from_secs(at));
    let (short, month) = (&day[..3], MONTHS[month as usize - 1]);
    let clock = format!("{hour:02}:{minute:02}:{second:02}");
    [
        format!("{short}, {number:02} {month} {year} {clock} GMT"),
        format!("{day}, {number:02}-{month}-{:02} {clock} GMT", year % 100),
        format!("{short} {month} {number:2} {clock} {year}"),
    ]
}

fn next_after(what: &str, headers: &str) -> String {
    let household = Household::new(&reply(503, headers, "<html>"));
    let ran = household.once(what);
    let (_, next) = ran
        .stdout
        .trim_end()
        .rsplit_once("next in ")
        .expect("a time");
    next.to_owned()
}

/// A service that asked for two hours was asked again after 15 s.
#[test]
fn every_form_of_retry_after_is_honoured() {
    let seconds = ["7200", " 7200 ", "60, 7200, 5"].map(str::to_owned);
    with_each(dates(7230).into_iter().chain(seconds), |value| {
        let next = next_after(&value, &format!("Retry-After: {value}\r\n"));
        assert!(
            next.starts_with("2 h") || next.starts_with("1 h 59"),
            "{value}: {next}"
        );
    });
    let twice = next_after("twice", "Retry-After: 60\r\nRetry-After: 7200\r\n");
    assert!(
        twice.starts_with("2 h") || twice.starts_with("1 h 59"),
        "{twice}"
    );
    let endless = next_after("endless", "Retry-After: 99999999999999999999\r\n");
    assert!(
        endless.starts_with("1 d") || endless.starts_with("23 h "),
        "{endless}"
    );
}

/// A date that there is not was taken for one weeks ahead.
#[test]
fn what_is_no_date_and_no_number_is_ignored() {
    let (year, month) = (2099, "Dec");
    let values = [
        format!("Fri, 99 {month} {year} 08:00:00 GMT"),
        format!("Fri, 00 {month} {year} 08:00:00 GMT"),
        format!("Fri, 31 Nov {year} 08:00:00 GMT"),
        format!("Fri, 29 Feb {year} 08:00:00 GMT"),
        format!("Fri, 01 {month} {year} 25:00:00 GMT"),
        format!("Fri, 01 {month} {year} 08:61:00 GMT"),
        format!("Fri, 01 {month} {year} 08:00:00 MSK"),
        format!("Frid, 01 {month} {year} 08:00:00 GMT"),
        format!("Fri {month} 99 08:00:00 {year}"),
        format!("Friday, 99-{month}-40 08:00:00 GMT"),
        "-7200".to_owned(),
        "+7200".to_owned(),
        "7200.5".to_owned(),
        "7200s".to_owned(),
        "7200,".to_owned(),
        "2 hours".to_owned(),
    ];
    with_each(values, |value| {
        let next = next_after(&value, &format!("Retry-After: {value}\r\n"));
        let seconds: u32 = next
            .split(' ')
            .next()
            .and_then(|n| n.parse().ok())
            .expect(&next);
        assert!(seconds <= 18 && next.ends_with(" s"), "{value}: {next}");
    });
}
