//! The table of options is what the README shows and what is read.

use wansync_core::config::Config;
use wansync_core::config::option_table::{SECTION_TYPES, SectionType, markdown};
use wansync_core::reason;
use wansync_core::reason::Code;

const README: &str = include_str!("../../README.md");

#[test]
fn the_tables_of_the_readme_are_these() {
    let tables = format!("\n\n{}\n", markdown());
    assert!(
        README.contains(&tables),
        "print them with `cargo run -p wansync-core --example option_table`"
    );
}

/// A value that is good for no option is refused by whatever reads it.
#[test]
fn every_option_of_the_table_is_read() {
    for section in SECTION_TYPES {
        let rows = section.rows.iter();
        for option in rows.flat_map(|row| row.options) {
            assert!(is_read(&section, "", option), "{} {option}", section.name);
        }
        for source in section.sources {
            for option in source.options {
                let others = source.options.iter().filter(|other| *other != option);
                let others = others.map(|other| format!("\toption {other} /x\n"));
                let before = format!("\toption source {}\n", source.source);
                let before = before + &others.collect::<String>();
                assert!(is_read(&section, &before, option), "{option}");
            }
        }
    }
}

fn is_read(section: &SectionType, before: &str, option: &str) -> bool {
    let text = format!(
        "config {}\n{before}\toption {option} '\x01'\n",
        section.name
    );
    let refused = reason!(ConfigBadOption, option = option, cause = Code::ValueControl);
    let mut problems = parsed(&text).problems.into_iter();
    problems.any(|problem| problem.is_error() && problem.reason == refused)
}

#[test]
fn an_option_of_another_section_is_unknown() {
    let all = |section: &SectionType| {
        let of_rows = section.rows.iter().map(|row| row.options);
        let of_sources = section.sources.iter().map(|source| source.options);
        let options = of_rows.chain(of_sources).flatten();
        options.copied().collect::<Vec<&str>>()
    };
    for section in SECTION_TYPES {
        for option in SECTION_TYPES.iter().flat_map(all) {
            let text = format!("config {}\n\toption {option} x\n", section.name);
            let mut problems = parsed(&text).problems.into_iter();
            let is_unknown = problems.any(|problem| {
                problem.reason.code() == Code::ConfigUnknownOption
                    && problem.option() == Some(option)
            });
            assert_eq!(is_unknown, !all(&section).contains(&option), "{text}");
        }
    }
}

#[test]
fn a_default_means_the_same_as_no_option() {
    for section in SECTION_TYPES {
        let needed = match section.name {
            "skydns" => "\toption ident a\n\toption key b\n",
            "vpnki" => "\toption key b\n",
            "tunnel" => "\toption name a\n\toption network b\n\toption ping 192.0.2.1\n",
            _ => "",
        };
        let without = format!("config {}\n{needed}", section.name);
        let rows = section.rows.iter().filter(|row| !row.default.is_empty());
        for row in rows {
            let [option] = row.options else {
                panic!("{:?} have one default", row.options);
            };
            let with = format!("{without}\toption {option} '{}'\n", row.default);
            assert_eq!(parsed(&with).problems, []);
            let read = |text| format!("{:?}", parsed(text));
            assert_eq!(read(&with), read(&without));
        }
    }
}

fn parsed(text: &str) -> Config {
    Config::parse(text.as_bytes()).expect("the text is UCI")
}
