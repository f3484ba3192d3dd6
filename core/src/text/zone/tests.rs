use super::*;

const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
const SYDNEY: &str = "AEST-10AEDT,M10.1.0,M4.1.0/3";
const DUBLIN: &str = "IST-1GMT0,M10.5.0,M3.5.0/1";
const NUUK: &str = "<-02>2<-01>,M3.5.0/-1,M10.5.0/0";
const TEHRAN: &str = "<+0330>-3:30";

/// The moment of a UTC date, `2026-03-29 01:00:00`.
fn utc(text: &str) -> Wall {
    let numbers: Vec<i64> = text
        .split(['-', ' ', ':'])
        .map(|part| part.parse().expect(text))
        .collect();
    let [year, month, day, hour, minute, second] = numbers[..] else {
        panic!("{text}");
    };
    let at = Civil {
        year,
        month,
        day,
        hour,
        minute,
        second,
    };
    at.wall()
}

#[test]
fn known_moments() {
    // As the zone database has them.
    let table = [
        ("MSK-3", "2026-11-20 09:30:00", "2026-11-20 12:30:00 MSK"),
        ("UTC", "2026-11-20 09:30:00", "2026-11-20 09:30:00 UTC"),
        ("GMT0", "2026-12-31 23:59:59", "2026-12-31 23:59:59 GMT"),
        (TEHRAN, "2026-06-01 00:00:00", "2026-06-01 03:30:00 +0330"),
        (BERLIN, "2026-03-29 00:59:59", "2026-03-29 01:59:59 CET"),
        (BERLIN, "2026-03-29 01:00:00", "2026-03-29 03:00:00 CEST"),
        (BERLIN, "2026-10-25 00:59:59", "2026-10-25 02:59:59 CEST"),
        (BERLIN, "2026-10-25 01:00:00", "2026-10-25 02:00:00 CET"),
        (BERLIN, "2026-12-31 23:30:00", "2027-01-01 00:30:00 CET"),
        (SYDNEY, "2026-01-01 00:00:00", "2026-01-01 11:00:00 AEDT"),
        (SYDNEY, "2026-04-04 15:59:59", "2026-04-05 02:59:59 AEDT"),
        (SYDNEY, "2026-04-04 16:00:00", "2026-04-05 02:00:00 AEST"),
        (SYDNEY, "2026-10-03 15:59:59", "2026-10-04 01:59:59 AEST"),
        (SYDNEY, "2026-10-03 16:00:00", "2026-10-04 03:00:00 AEDT"),
        (DUBLIN, "2026-01-01 00:00:00", "2026-01-01 00:00:00 GMT"),
        (DUBLIN, "2026-03-29 00:59:59", "2026-03-29 00:59:59 GMT"),
        (DUBLIN, "2026-03-29 01:00:00", "2026-03-29 02:00:00 IST"),
        (NUUK, "2026-03-29 00:59:59", "2026-03-28 22:59:59 -02"),
        (NUUK, "2026-03-29 01:00:00", "2026-03-29 00:00:00 -01"),
        ("EST5EDT", "2026-03-08 06:59:59", "2026-03-08 01:59:59 EST"),
        ("EST5EDT", "2026-03-08 07:00:00", "2026-03-08 03:00:00 EDT"),
    ];
    for (zone, at, expected) in table {
        let zone = Zone::parse(zone).expect(zone);
        assert_eq!(zone.show(utc(at)), expected);
    }
}

#[test]
fn days_by_their_number() {
    let table = [
        ("J59", 2028, (2, 28)),
        ("J60", 2028, (3, 1)),
        ("J60", 2027, (3, 1)),
        ("J365", 2028, (12, 31)),
        ("0", 2028, (1, 1)),
        ("59", 2028, (2, 29)),
        ("59", 2027, (3, 1)),
        ("M2.5.2", 2028, (2, 29)),
        ("M2.5.2", 2027, (2, 23)),
        ("M12.5.0", 2026, (12, 27)),
        ("M3.1.0", 2026, (3, 1)),
    ];
    for (day, year, expected) in table {
        let zone = Zone::parse(&format!("AAA0BBB,{day},{day}")).expect(day);
        let day = zone.summer.expect("with rules").start.day.of(year);
        let at = Civil::at(Wall::from_secs(day * SECONDS_OF_DAY));
        assert_eq!((at.month, at.day), expected, "{day} {year}");
    }
}

#[test]
fn a_summer_of_the_whole_year() {
    let zone = Zone::parse("EST5EDT,0/0,J365/25").expect("RFC 8536, 3.3.1");
    let first = utc("2026-12-30 00:00:00").secs();
    for at in (first..first + 4 * SECONDS_OF_DAY).step_by(1800) {
        let time = zone.time_at(Wall::from_secs(at));
        assert_eq!(time.ahead, -4 * 3600);
    }
}

#[test]
fn a_change_that_reaches_into_the_next_year() {
    let zone = Zone::parse("AAA0BBB,J360/167,J100").expect("good");
    assert_eq!(zone.time_at(utc("2027-01-01 22:59:59")).ahead, 0);
    assert_eq!(zone.time_at(utc("2027-01-01 23:00:00")).ahead, 3600);
}

#[test]
fn what_is_not_a_zone() {
    let wrong = [
        "",
        "MSK",
        "MS-3",
        ":Europe/Moscow",
        "Europe/Moscow",
        "/etc/localtime",
        "MSK-25",
        "MSK-3 MSD",
        "<+03-3",
        "<+0>-3",
        "MSK-3:60",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M3.5.0,M13.5.0",
        "CET-1CEST,M3.0.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3.5,M10.5.0",
        "CET-1CEST,J0,J365",
        "CET-1CEST,0,366",
        "CET-1CEST,0/168,365",
        "CET-1CEST,0,365,",
        "CET-99999999999999999999",
        "М-3",
    ];
    for text in wrong {
        assert_eq!(Zone::parse(text), None, "{text}");
    }
    assert!(Zone::parse("MSK-3\n").is_some());
}

#[test]
fn moments_that_no_calendar_has() {
    let zone = Zone::parse(SYDNEY).expect("good");
    assert_eq!(
        zone.show(Wall::from_secs(i64::MAX)),
        "9999-12-31 23:59:59 AEDT"
    );
    assert_eq!(
        zone.show(Wall::from_secs(i64::MIN)),
        "0001-01-01 11:00:00 AEDT"
    );
}

#[test]
fn the_last_line_of_a_tzif_file() {
    let file =
        |version: u8, end: &str| [b"TZif", &[version][..], b"...\n", end.as_bytes()].concat();
    let msk = Zone::parse("MSK-3");
    assert_eq!(Zone::of_tzif(&file(b'2', "MSK-3\n")), msk);
    for wrong in [
        file(0, "MSK-3\n"),
        file(b'2', "\n"),
        file(b'2', "MSK-3"),
        file(b'2', "\u{1b}\n"),
        b"TZif2".to_vec(),
        b"TZif".to_vec(),
        b"text\nMSK-3\n".to_vec(),
    ] {
        assert_eq!(Zone::of_tzif(&wrong), None);
    }
}
