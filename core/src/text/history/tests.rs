use super::*;
use crate::history::{Condition, Gap};
use crate::reason;
use crate::reason::Reason;
use crate::text::Screen;
use crate::text::zone::Zone;

/// 2026-11-20 12:00:00 UTC, and the router has run for a day.
const NOON: i64 = 1_795_176_000;
const UPTIME: i64 = 86_400;

fn now() -> Now {
    Now::new(Boot::from_secs(UPTIME), Wall::from_secs(NOON))
}

fn undated() -> Now {
    Now::new(Boot::from_secs(UPTIME), Wall::from_secs(UPTIME))
}

/// So many hours ago.
fn ago(hours: i64) -> Boot {
    Boot::from_secs(UPTIME - hours * 3600)
}

fn entry(at: Boot, section: &str, condition: Condition) -> Entry {
    Entry {
        section: section.to_owned(),
        reason: reason!(SourceNoDevice, device = "eth9"),
        ..Entry::new(at, condition)
    }
}

fn present(section: &str, is_tunnel: bool) -> Present {
    Present {
        section: section.to_owned(),
        is_tunnel,
        condition: None,
        reason: Reason::default(),
        since: None,
    }
}

fn view(chosen: Option<&str>, since: Option<Duration>, now: Now) -> HistoryView {
    let flapping = Entry {
        end: ago(3) + Duration::from_secs(600),
        count: 8,
        good_s: 300,
        bad_s: 300,
        ..entry(ago(3), "office", Condition::Up)
    };
    let history = History {
        entries: vec![
            entry(ago(20), "home", Condition::Confirmed),
            entry(ago(20), "office", Condition::Up),
            entry(ago(15), "gone", Condition::Refused),
            entry(ago(10), "office", Condition::GivenUp),
            entry(ago(9), "office", Condition::Up),
            flapping,
        ],
        gaps: vec![Gap {
            from: ago(8),
            to: ago(6),
        }],
        began: None,
    };
    let addresses = vec![(
        "home".to_owned(),
        vec![([8, 8, 4, 4].into(), Wall::from_secs(NOON))],
    )];
    let present = vec![
        present("home", false),
        present("office", true),
        present("new", true),
    ];
    HistoryView::new(history, present, addresses, (chosen, since), "boot", now)
}

fn screen(width: usize, utf8: bool) -> Screen {
    Screen {
        width: Some(width),
        utf8,
    }
}

#[test]
fn bars_and_the_list_tell_of_outages_and_gaps() {
    let shown = text(
        &view(None, None, now()),
        &Zone::utc(),
        now(),
        screen(57, true),
    );
    let expected = "        16:00:00                             now
home    ████████████████████████····████████████
office  ████████████████████▁▁██····██████▄█████  93.9 %
new                                               -
gone
        █ well  ▁ not  ▄ both  ░ not known  · not watched

since            section  state                    for         reason
Nov 19 16:00:00  home     confirmed                20 h        there is no device eth9
Nov 19 16:00:00  office   up                       10 h        there is no device eth9
Nov 19 21:00:00  gone     refused                  -           there is no device eth9
Nov 20 02:00:00  office   given-up                 1 h         there is no device eth9
Nov 20 03:00:00  office   up                       6 h         there is no device eth9
Nov 20 04:00:00           not watched              2 h
Nov 20 09:00:00  office   up, 8 changes in 10 min  2 h 50 min  there is no device eth9

addresses of home that were confirmed
2026 Nov 20 12:00:00  8.8.4.4
";
    assert_eq!(shown, expected);
}

#[test]
fn one_section_for_a_while_in_ascii_without_a_date() {
    let since = Some(Duration::from_secs(12 * 3600));
    let view = view(Some("office"), since, undated());
    let shown = text(&view, &Zone::utc(), undated(), screen(80, false));
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(
        lines[0],
        "        12 h ago                       6 h ago                      now"
    );
    assert!(lines[1].starts_with("office  #######"), "{shown}");
    assert!(lines[1].contains("#+____+#####...........###"), "{shown}");
    assert!(lines[1].ends_with("#  89.1 %"), "{shown}");
    assert_eq!(
        lines[2],
        "        # well  _ not  + both  ? not known  . not watched"
    );
    // What goes on when the time begins is told whole.
    assert!(lines[5].starts_with("20 h ago  office   up "), "{shown}");
    assert!(!shown.contains("home    "), "{shown}");
}

#[test]
fn a_narrow_terminal_has_no_bars_and_nothing_is_cut_off_the_list() {
    let shown = text(
        &view(None, None, now()),
        &Zone::utc(),
        now(),
        screen(20, true),
    );
    assert!(shown.starts_with("home\noffice  93.9 %\n"), "{shown}");
    assert!(shown.contains("up, 8 changes in 10 min  2 h 50 min  there is no device eth9\n"));
    let nothing = HistoryView::new(
        History::default(),
        Vec::new(),
        Vec::new(),
        (None, None),
        "",
        now(),
    );
    let shown = text(&nothing, &Zone::utc(), now(), screen(80, true));
    assert_eq!(shown, "nothing is known of the past yet\n");
    // Addresses survive a reboot.
    let date = Wall::from_secs(NOON - 700 * UPTIME);
    let addresses = vec![("home".to_owned(), vec![([8, 8, 4, 4].into(), date)])];
    let nothing = HistoryView {
        addresses,
        ..nothing
    };
    let shown = text(&nothing, &Zone::utc(), now(), screen(80, true));
    assert!(
        shown.ends_with("2024 Dec 20 12:00:00  8.8.4.4\n"),
        "{shown}"
    );
}

#[test]
fn the_object_for_programs() {
    let shown = json(&view(Some("office"), None, now()), now());
    let begin = "{\"format\":1,\"time\":\"2026-11-20T12:00:00Z\",\"clock\":\"ok\",\
        \"boot_id\":\"boot\",\"uptime_s\":86400,\"since\":\"2026-11-19T16:00:00Z\",\
        \"since_s\":72000,\"sections\":[{\"section\":\"office\",\"type\":\"tunnel\",\
        \"known_s\":64800,\"good_s\":60900,\"uptime_percent\":93.9}],\"entries\":[\
        {\"section\":\"office\",\"type\":\"tunnel\",\"state\":\"up\",\
        \"from\":\"2026-11-19T16:00:00Z\",\"to\":\"2026-11-20T02:00:00Z\",\"ago_s\":72000,\
        \"for_s\":36000,\"reason\":\"there is no device eth9\",\
        \"reason_code\":\"source.no_device\",\"reason_args\":{\"device\":\"eth9\"}},";
    assert!(shown.starts_with(begin), "{shown}");
    let end = "{\"section\":\"office\",\"type\":\"tunnel\",\"state\":\"up\",\
        \"from\":\"2026-11-20T09:00:00Z\",\"to\":null,\"ago_s\":10800,\"for_s\":10200,\
        \"count\":8,\"flapping_s\":600,\"flapping_good_s\":300,\"flapping_bad_s\":300,\
        \"reason\":\"there is no device eth9\",\"reason_code\":\"source.no_device\",\
        \"reason_args\":{\"device\":\"eth9\"}}],\
        \"gaps\":[{\"from\":\"2026-11-20T04:00:00Z\",\"to\":\"2026-11-20T06:00:00Z\",\
        \"ago_s\":28800,\"for_s\":7200}],\"addresses\":{\"home\":[\
        {\"address\":\"8.8.4.4\",\"confirmed\":\"2026-11-20T12:00:00Z\"}]}}";
    assert!(shown.ends_with(end), "{shown}");
    // Without a clock there are no dates, and everything else.
    let undated = json(&view(Some("office"), None, undated()), undated());
    assert!(
        undated.contains("\"time\":null,\"clock\":\"not set\""),
        "{undated}"
    );
    assert!(
        undated.contains("\"from\":null,\"to\":null,\"ago_s\":10800"),
        "{undated}"
    );
    crate::json::Json::check(undated.as_bytes()).expect("JSON");
}
