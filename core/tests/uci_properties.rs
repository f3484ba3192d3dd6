//! What holds for the UCI reader whatever the file holds.

use wansync_core::config::uci::print::{Unnamed, export, show};
use wansync_core::config::uci::{Package, parse};
use wansync_test_support::random::Random;

const ROUNDS: u32 = 20_000;

#[test]
fn any_bytes_are_read_or_rejected() {
    let mut random = Random::new(1);
    for _ in 0..ROUNDS {
        let length = random.below(200);
        let text = random.bytes(length);
        check(&text);
    }
}

#[test]
fn pieces_of_configurations_are_read_or_rejected() {
    let mut random = Random::new(2);
    let mut accepted = 0;
    for _ in 0..ROUNDS {
        accepted += u32::from(check(&pieces(&mut random)));
    }
    // Otherwise the generator tests the error paths only.
    assert!(accepted > ROUNDS / 20, "{accepted} of {ROUNDS} accepted");
    assert!(
        accepted < ROUNDS / 20 * 19,
        "{accepted} of {ROUNDS} accepted"
    );
}

#[test]
fn big_files_are_read() {
    let sections: String = (0..10_000)
        .map(|n| format!("config s n{n}\n\toption x '{n}'\n"))
        .collect();
    assert_eq!(read(&sections).sections.len(), 10_000);

    let unnamed = "config s\n".repeat(100_000);
    assert_eq!(read(&unnamed).sections.len(), 100_000);

    let options: String = (0..50_000)
        .map(|n| format!("\toption o{n} '{n}'\n"))
        .collect();
    let options = format!("config s n\n{options}{options}");
    assert_eq!(read(&options).sections[0].options.len(), 50_000);

    let items = format!("config s n\n{}", "list x ''\n".repeat(100_000));
    check(items.as_bytes());

    let value = format!("config s n\n\toption x '{}'\n", "'\\''".repeat(250_000));
    check(value.as_bytes());

    let joined = format!("config s n\n\toption x {}\n", "a\\\n".repeat(300_000));
    check(joined.as_bytes());

    assert!(!check("'".repeat(1 << 20).as_bytes()));
    assert!(!check(
        format!("config s '{}", "\n".repeat(1 << 20)).as_bytes()
    ));
    assert!(!check(&[0; 1 << 20]));
}

/// Whether the text was accepted.
fn check(text: &[u8]) -> bool {
    match parse(text) {
        Ok(package) => {
            check_lines(&package, text);
            check_round_trip(&package);
            true
        }
        Err(error) => {
            assert!(
                error.line as usize <= newlines(text) + 1,
                "{text:?}: {error}"
            );
            assert!(error.byte as usize <= text.len(), "{text:?}: {error}");
            false
        }
    }
}

fn check_round_trip(package: &Package<'_>) {
    let exported = export(package, "t");
    let again = parse(&exported).unwrap_or_else(|error| panic!("{package:?}: {error}"));
    for unnamed in [Unnamed::Indexed, Unnamed::Generated] {
        assert!(
            show(&again, "t", unnamed) == show(package, "t", unnamed),
            "{package:?}"
        );
    }
    assert!(export(&again, "t") == exported, "{package:?}");
}

fn check_lines(package: &Package<'_>, text: &[u8]) {
    let lines = 1..=newlines(text) as u32 + 1;
    for section in &package.sections {
        assert!(lines.contains(&section.line));
        assert!(section.reopened.iter().all(|line| *line >= section.line));
        for entry in &section.options {
            assert!(lines.contains(&entry.line) && entry.line >= section.line);
            assert!(entry.replaced.is_sorted());
            assert!(entry.replaced.iter().all(|line| *line <= entry.line));
        }
    }
}

fn newlines(text: &[u8]) -> usize {
    text.iter().filter(|&&byte| byte == b'\n').count()
}

fn read(text: &str) -> Package<'_> {
    parse(text.as_bytes()).expect("the text is valid")
}

/// A few lines, most of them valid, with odd bytes in between.
fn pieces(random: &mut Random) -> Vec<u8> {
    const LINES: [&str; 12] = [
        "config a\n",
        "config a s\n",
        "config a t\n",
        "config 'it'\\''s'\n",
        "config a cfg02b606\n",
        "package p\n",
        "option x '1'\n",
        "option y \"2 2\"\n",
        "\toption x 'it'\\''s'\n",
        "\tlist x a\\ b\n",
        "\tlist y ''\r\n",
        "# c\n",
    ];
    const ODD: [&str; 16] = [
        "\n", "'", "\"", "\\", ";", "#", " ", "\t", "\r", "\\\n", "''", "x", "\u{b}", "\0",
        "\u{ff}", "option ",
    ];
    let mut text = b"config a s\n".to_vec();
    for _ in 0..random.below(6) {
        let line = LINES[random.below(12)].as_bytes();
        text.extend(line);
        for _ in 0..random.below(8).saturating_sub(5) {
            let at = text.len() - random.below(line.len() + 1);
            let odd = ODD[random.below(16)];
            text.splice(at..at, odd.bytes());
        }
    }
    text
}
