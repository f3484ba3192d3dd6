use super::ring::{Addition, MAX_BYTES, add};
use super::timeline::known_and_good;
use super::*;
use crate::reason;
use crate::time::{BUILD_DATE, DAY, Wall};

const BOOT: &str = "0d4cf2f0-0000-4000-8000-000000000001";
const LATER_BOOT: &str = "0d4cf2f0-0000-4000-8000-000000000002";
const DAY_S: i64 = 86_400;

fn at(secs: i64) -> Boot {
    Boot::from_secs(secs)
}

/// So many seconds after a boot at the date of the build.
fn now(secs: i64) -> Now {
    Now::new(at(secs), Wall::from_secs(BUILD_DATE.secs() + secs))
}

/// The same, before the clock was set.
fn undated(secs: i64) -> Now {
    Now::new(at(secs), Wall::from_secs(secs))
}

fn change(secs: i64, section: &str, condition: Condition) -> Line {
    Line::Change(Entry {
        section: section.to_owned(),
        reason: reason!(SourceNoDevice, device = "eth9"),
        ..Entry::new(at(secs), condition)
    })
}

fn gap(from: i64, to: i64) -> Line {
    Line::Gap(Gap {
        from: at(from),
        to: at(to),
    })
}

/// A file with lines that are added one by one.
#[derive(Default)]
struct HistoryFile(Vec<u8>);

impl HistoryFile {
    fn add(&mut self, boot_id: &str, now: Now, lines: &[Line]) {
        match add(&self.0, boot_id, now, lines) {
            Addition::Append(text) => self.0.extend_from_slice(text.as_bytes()),
            Addition::Replace(text) => self.0 = text.into_bytes(),
        }
        assert!(self.0.len() <= MAX_BYTES, "{} bytes", self.0.len());
    }

    fn read(&self, now: Now) -> History {
        History::read(&self.0, BOOT, now)
    }

    fn lines(&self) -> usize {
        self.0.iter().filter(|byte| **byte == b'\n').count()
    }
}

fn file_of(lines: &[Line]) -> HistoryFile {
    let mut file = HistoryFile::default();
    for line in lines {
        let Now { boot, .. } = now(line.written().secs());
        file.add(BOOT, now(boot.secs()), core::slice::from_ref(line));
    }
    file
}

/// The entries as `SECTION STATE AT`.
fn told(history: &History) -> Vec<String> {
    let told = |entry: &Entry| {
        let many = match entry.count {
            1 => String::new(),
            count => format!("-{} x{count}", entry.end.secs()),
        };
        let (at, word) = (entry.at.secs(), entry.condition.word());
        format!("{} {word} {at}{many}", entry.section)
    };
    history.entries.iter().map(told).collect()
}

fn gaps(history: &History) -> Vec<(i64, i64)> {
    let gaps = history.gaps.iter();
    gaps.map(|gap| (gap.from.secs(), gap.to.secs())).collect()
}

#[test]
fn what_was_added_is_read_with_its_reason() {
    let lines = [
        change(60, "home", Condition::Confirmed),
        gap(100, 4000),
        change(4000, "home", Condition::Aborted),
    ];
    let history = file_of(&lines).read(now(5000));
    assert_eq!(told(&history), ["home confirmed 60", "home aborted 4000"]);
    assert_eq!(gaps(&history), [(100, 4000)]);
    let reason = &history.entries[0].reason;
    assert_eq!(reason.to_string(), "there is no device eth9");
    assert_eq!(reason.code().name(), "source.no_device");
}

#[test]
fn a_line_is_short_and_its_length_is_bounded() {
    let Line::Change(mut entry) = change(123_456, "office", Condition::GivenUp) else {
        unreachable!();
    };
    let usual = entry.line();
    assert!(usual.len() <= 100, "{} bytes: {usual}", usual.len());
    let long = "ж\u{1b}\"".repeat(5000);
    let nested = vec![Reason::words(&long); 40];
    for reason in [
        Reason::words(&long),
        reason!(SourceNoDevice, device = &long),
        Reason::of(crate::reason::Code::Words).with(nested),
    ] {
        entry.reason = reason;
        let line = entry.line();
        assert!(!line.is_empty() && line.len() <= MAX_LINE, "{line}");
        let read: Entry = crate::json::Json::parse(line.as_bytes())
            .ok()
            .and_then(Entry::read)
            .expect("an entry");
        assert_eq!(read.condition, Condition::GivenUp);
    }
    entry.section = "s".repeat(MAX_LINE);
    assert_eq!(entry.line(), "");
}

/// Whatever is added, the file is small, and the last that is known of each section stays.
#[test]
fn the_ring_keeps_256_lines_and_24_kib() {
    let mut file = HistoryFile::default();
    file.add(BOOT, now(1), &[change(1, "quiet", Condition::Up)]);
    for number in 0..500 {
        let secs = 10 + number * 400;
        let word = [Condition::Up, Condition::Down][number as usize % 2];
        file.add(BOOT, now(secs), &[change(secs, "office", word)]);
        assert!(file.lines() <= 321, "{} lines", file.lines());
    }
    let history = file.read(now(10 + 500 * 400));
    let told = told(&history);
    assert_eq!(told[0], "quiet up 1");
    assert_eq!(told.last().map(String::as_str), Some("office down 199610"));
    assert!((200..=320).contains(&told.len()), "{}", told.len());
    let latest: Vec<i64> = history.entries[1..].iter().map(|e| e.at.secs()).collect();
    assert!(latest.windows(2).all(|pair| pair[1] - pair[0] == 400));
}

#[test]
fn a_thousand_sections_and_long_reasons_fit_as_far_as_there_is_room() {
    let mut lines = Vec::new();
    for number in 0..1000 {
        lines.push(change(
            60,
            &format!("section_{number}"),
            Condition::Confirmed,
        ));
    }
    let mut file = HistoryFile::default();
    file.add(BOOT, now(60), &lines);
    let history = file.read(now(61));
    assert!(history.entries.len() > 150, "{}", history.entries.len());
    assert_eq!(
        told(&history).last().map(String::as_str),
        Some("section_999 confirmed 60")
    );
    let long = Reason::words(&"long ".repeat(200));
    for number in 0..120 {
        let secs = 100 + 400 * number;
        let entry = Entry {
            section: "home".to_owned(),
            reason: long.clone(),
            ..Entry::new(
                at(secs),
                [Condition::Refused, Condition::Aborted][number as usize % 2],
            )
        };
        file.add(BOOT, now(secs), &[Line::Change(entry)]);
    }
    assert!(file.read(now(DAY_S * 7)).entries.len() > 40);
}

#[test]
fn flapping_is_one_line_when_it_is_read_and_when_the_file_is_full() {
    let mut lines = vec![change(10, "office", Condition::Up)];
    for number in 0..20 {
        let word = [Condition::Down, Condition::Up][number % 2];
        lines.push(change(5000 + 60 * number as i64, "office", word));
    }
    lines.push(change(5100, "home", Condition::Confirmed));
    lines.push(change(9000, "office", Condition::Down));
    lines.sort_by_key(|line| line.written().secs());
    let history = file_of(&lines).read(now(10_000));
    let expected = [
        "office up 10",
        "home confirmed 5100",
        "office up 5000-6140 x20",
        "office down 9000",
    ];
    assert_eq!(told(&history), expected);
    // Up for nine of the nineteen minutes.
    assert_eq!(history.entries[2].good_s, 9 * 60);

    // The file is full of it, and what is folded is folded further.
    let mut file = HistoryFile::default();
    for number in 0..400 {
        let word = [Condition::Down, Condition::Up][number as usize % 2];
        let secs = 100 + 20 * number;
        file.add(BOOT, now(secs), &[change(secs, "office", word)]);
    }
    let history = file.read(now(50_000));
    assert_eq!(told(&history), ["office up 100-8080 x400"]);
    assert_eq!(history.entries[0].good_s, 199 * 20);
}

#[test]
fn the_same_again_is_no_line_and_the_future_is_none() {
    let mut file = file_of(&[change(60, "home", Condition::Refused)]);
    for secs in [70, 80] {
        file.add(BOOT, now(secs), &[change(secs, "home", Condition::Refused)]);
        file.add(BOOT, now(secs), &[change(secs, "other", Condition::Up)]);
    }
    assert_eq!(file.lines(), 3);
    file.add(BOOT, now(90), &[change(90, "home", Condition::Confirmed)]);
    file.add(BOOT, now(91), &[change(90_000, "home", Condition::Refused)]);
    let expected = ["home refused 60", "other up 70", "home confirmed 90"];
    assert_eq!(told(&file.read(now(100))), expected);
}

#[test]
fn the_date_of_a_moment_stays_while_both_clocks_are_rounded() {
    let file = file_of(&[change(60, "home", Condition::Up)]);
    for wall in [99, 100, 101] {
        let shown = Now::new(at(100), now(wall).wall);
        let steady = file.read(shown).date(shown);
        assert_eq!(steady, now(100));
    }
    assert_eq!(file.read(undated(100)).date(undated(100)), undated(100));
}

#[test]
fn folded_or_not_it_has_the_same_up_time() {
    let mut file = Vec::new();
    let mut known = Vec::new();
    for count in [5, 6, 20] {
        let mut lines = Vec::new();
        for number in 0..count {
            let word = [Condition::Up, Condition::Unknown][number % 2];
            lines.push(change(100 + 60 * number as i64, "office", word));
        }
        lines.push(change(4000, "office", Condition::Down));
        let history = file_of(&lines).read(now(5000));
        file.push(history.entries.len());
        let spans = history.spans("office", Some(at(5000)));
        known.push(known_and_good(&spans, at(0), at(4000)));
    }
    assert_eq!(file, [6, 2, 2]);
    let up_at_last = (100 + 60 * 4..4000).count() as u64;
    assert_eq!(
        known,
        [(120 + up_at_last, 120 + up_at_last), (180, 180), (600, 600)]
    );
}

#[test]
fn nothing_is_known_since_the_last_look() {
    let lines = [change(0, "office", Condition::Up), gap(1000, 2000)];
    for (from, expected) in [(3000, 2000), (1500, 1000)] {
        let mut history = file_of(&lines).read(now(9000));
        history.end_watch(at(from), now(9000));
        assert_eq!(gaps(&history), [(1000, 2000), (from.max(2000), 9000)]);
        let spans = history.spans("office", Some(at(9000)));
        assert_eq!(
            known_and_good(&spans, at(0), at(9000)),
            (expected, expected)
        );
    }
}

#[test]
fn a_few_changes_or_changes_around_a_gap_are_no_flapping() {
    let mut lines = Vec::new();
    for number in 0..5 {
        let word = [Condition::Up, Condition::Down][number % 2];
        lines.push(change(100 + number as i64, "office", word));
    }
    lines.push(gap(105, 106));
    for number in 0..5 {
        let word = [Condition::Down, Condition::Up][number % 2];
        lines.push(change(107 + number as i64, "office", word));
    }
    assert_eq!(file_of(&lines).read(now(200)).entries.len(), 10);
}

#[test]
fn damaged_lines_are_passed_over_and_the_rest_is_kept() {
    let lines = [
        change(60, "home", Condition::Confirmed),
        change(70, "home", Condition::Aborted),
        change(80, "home", Condition::Refused),
    ];
    let whole = file_of(&lines).0;
    let title = whole.iter().position(|byte| *byte == b'\n').expect("lines") + 1;
    for place in title..whole.len() {
        for byte in [b'9', b'\n', 0xff] {
            let mut damaged = whole.clone();
            damaged[place] = byte;
            let mut file = HistoryFile(damaged);
            let read = file.read(now(100)).entries.len();
            assert!((1..=3).contains(&read), "{place}: {read} lines");
            // What is added then is read.
            file.add(BOOT, now(90), &[change(90, "home", Condition::Unconfirmed)]);
            let told = told(&file.read(now(100)));
            assert_eq!(told.last().map(String::as_str), Some("home unconfirmed 90"));
        }
    }
    // So is a last line that was cut, wherever it was.
    for length in 0..whole.len() {
        let mut file = HistoryFile(whole[..length].to_vec());
        file.add(BOOT, now(90), &[change(90, "home", Condition::Unconfirmed)]);
        let told = told(&file.read(now(100)));
        assert_eq!(
            told.last().map(String::as_str),
            Some("home unconfirmed 90"),
            "{length}"
        );
    }
}

#[test]
fn what_is_no_history_at_all_is_replaced_in_time() {
    for byte in [0, b'x', b'\n'] {
        let mut file = HistoryFile(vec![byte; MAX_BYTES]);
        file.add(BOOT, now(60), &[change(60, "home", Condition::Confirmed)]);
        assert_eq!(told(&file.read(now(61))), ["home confirmed 60"]);
        assert_eq!(file.lines(), 2);
    }
}

#[test]
fn a_clock_that_is_set_late_or_back_moves_dates_and_no_moments() {
    let mut file = HistoryFile::default();
    file.add(BOOT, undated(20), &[change(20, "home", Condition::Aborted)]);
    file.add(BOOT, now(50), &[change(50, "home", Condition::Confirmed)]);
    let back = Now::new(at(90), now(90).wall + DAY);
    file.add(BOOT, back, &[change(90, "home", Condition::Refused)]);
    let expected = ["home aborted 20", "home confirmed 50", "home refused 90"];
    for now in [undated(100), now(100), back] {
        assert_eq!(told(&file.read(now)), expected);
    }
}

#[test]
fn another_boot_is_kept_as_far_as_its_dates_allow_and_what_is_between_is_a_gap() {
    let mut file = HistoryFile::default();
    // A boot an hour before this one; its clock was set when it had run for a minute.
    let before = |secs: i64| Now::new(at(secs), now(secs - 3600).wall);
    file.add(
        LATER_BOOT,
        undated(20),
        &[change(20, "home", Condition::Aborted)],
    );
    // The date of the build is the earliest that counts as set.
    let late = |secs: i64| Now::new(at(secs), before(secs).wall + DAY);
    let ours = |secs: i64| Now::new(at(secs), now(secs).wall + DAY);
    file.add(
        LATER_BOOT,
        late(80),
        &[change(80, "home", Condition::Confirmed)],
    );
    file.add(
        BOOT,
        undated(30),
        &[change(30, "home", Condition::Confirmed)],
    );
    let history = file.read(ours(100));
    let expected = [
        "home aborted -3580",
        "home confirmed -3520",
        "home confirmed 30",
    ];
    assert_eq!(told(&history), expected);
    assert_eq!(gaps(&history), [(-3520, 30)]);
    // Without a date of ours it cannot be told when that was.
    assert_eq!(told(&file.read(undated(100))), ["home confirmed 30"]);
    // Dates that contradict: it would have run during this boot.
    let early = |secs: i64| Now::new(at(secs), now(secs - 3500).wall + DAY);
    let contradicting = History::read(&file.0, BOOT, Now::new(at(100), early(100).wall - DAY));
    assert_eq!(told(&contradicting), ["home confirmed 30"]);
    // The gap that is known better counts.
    let mut file = HistoryFile::default();
    file.add(
        LATER_BOOT,
        late(80),
        &[change(80, "home", Condition::Confirmed)],
    );
    file.add(BOOT, ours(30), &[gap(-600, 30)]);
    file.add(BOOT, ours(30), &[change(30, "home", Condition::Confirmed)]);
    assert_eq!(gaps(&file.read(ours(100))), [(-600, 30)]);
}

#[test]
fn a_boot_whose_title_is_damaged_is_not_taken_for_the_one_before() {
    let mut file = HistoryFile::default();
    file.add(
        LATER_BOOT,
        now(50_000),
        &[change(50_000, "home", Condition::Confirmed)],
    );
    let start = file.0.len();
    file.add(BOOT, now(60), &[change(60, "home", Condition::Refused)]);
    file.0[start + 2] = b'x';
    let history = History::read(&file.0, LATER_BOOT, now(60_000));
    assert_eq!(told(&history), ["home confirmed 50000"]);
    file.add(BOOT, now(90), &[change(90, "home", Condition::Confirmed)]);
    assert_eq!(told(&file.read(undated(100))), ["home confirmed 90"]);
}

#[test]
fn many_boots_do_not_fill_the_file() {
    let mut file = HistoryFile::default();
    for number in 0..120 {
        let now = Now::new(at(60), BUILD_DATE + DAY * number);
        let line = change(60, "home", Condition::Confirmed);
        file.add(&format!("boot {number:032}"), now, &[line]);
    }
}

#[test]
fn up_time_is_of_the_span_that_is_known() {
    let lines = [
        change(0, "office", Condition::Unknown),
        change(100, "office", Condition::Up),
        gap(1000, 2000),
        change(2500, "office", Condition::Down),
        change(2600, "office", Condition::GivenUp),
        change(2700, "office", Condition::Up),
    ];
    let history = file_of(&lines).read(now(3000));
    let spans = history.spans("office", Some(at(3000)));
    // Not while nothing was known or watched; down for 200 s.
    assert_eq!(known_and_good(&spans, at(0), at(3000)), (1900, 1700));
    assert_eq!(known_and_good(&spans, at(2550), at(2750)), (200, 50));
    // A section that is not watched any more is known until its last change.
    let ended = history.spans("office", None);
    assert_eq!(known_and_good(&ended, at(0), at(3000)), (1600, 1400));
    assert_eq!(history.spans("other", Some(at(3000))), []);
}

#[test]
fn a_state_that_has_no_line_is_told_of_since_it_is_known() {
    let present = |condition, since: Option<i64>| Present {
        section: "home".to_owned(),
        is_tunnel: false,
        condition,
        reason: Reason::default(),
        since: since.map(at),
    };
    let lines = [change(60, "home", Condition::Confirmed)];
    for (condition, since, expected) in [
        (None, None, vec!["home confirmed 60"]),
        (
            Some(Condition::Confirmed),
            Some(80),
            vec!["home confirmed 60"],
        ),
        (
            Some(Condition::Refused),
            Some(80),
            vec!["home confirmed 60", "home refused 80"],
        ),
        (
            Some(Condition::Refused),
            Some(10),
            vec!["home confirmed 60", "home refused 60"],
        ),
        (
            Some(Condition::Refused),
            None,
            vec!["home confirmed 60", "home refused 100"],
        ),
        (
            Some(Condition::Refused),
            Some(900),
            vec!["home confirmed 60", "home refused 100"],
        ),
    ] {
        let mut history = file_of(&lines).read(now(100));
        history.complete(&present(condition, since), now(100));
        assert_eq!(told(&history), expected);
    }
    let mut history = History::default();
    history.complete(&present(Some(Condition::Confirmed), Some(-700)), now(100));
    assert_eq!(told(&history), ["home confirmed 0"]);
}

/// A random mix of everything: bounds hold, and what was added last is read.
#[test]
fn no_mix_of_lines_breaks_it() {
    let mut seed = 7_u32;
    let mut random = |limit: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % limit
    };
    let mut file = HistoryFile::default();
    let mut secs = 0;
    for _ in 0..400 {
        secs += i64::from(random(700));
        let section = format!("section{}", random(12));
        let condition = Condition::ALL[random(8) as usize];
        let mut line = change(secs, &section, condition);
        if random(20) == 0 {
            line = gap(secs - i64::from(random(5000)) - 1, secs);
        }
        if random(50) == 0 && !file.0.is_empty() {
            let place = random(file.0.len() as u32) as usize;
            file.0[place] = random(256) as u8;
        }
        file.add(BOOT, now(secs), &[line]);
    }
    let history = file.read(now(secs));
    assert!(history.entries.len() > 100);
    assert!(
        history
            .entries
            .windows(2)
            .all(|pair| pair[0].end <= pair[1].end)
    );
}
