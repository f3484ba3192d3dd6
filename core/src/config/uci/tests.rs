use alloc::borrow::Cow;

use super::print::{Unnamed, export, show};
use super::*;

fn shown(text: &str) -> String {
    let package = parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    String::from_utf8(show(&package, "t", Unnamed::Indexed)).expect("the table is UTF-8")
}

fn rejected(text: &[u8]) -> String {
    match parse(text) {
        Ok(package) => panic!("{text:?} is {package:?}"),
        Err(error) => error.to_string(),
    }
}

/// The value of option `x` of a section that holds only `line`.
fn value_of(line: &str) -> String {
    let all = shown(&format!("config a s\n{line}"));
    let value = all
        .strip_prefix("t.s=a\n")
        .expect("the section is shown first");
    let value = value.strip_prefix("t.s.x=").unwrap_or(value);
    value.strip_suffix('\n').unwrap_or(value).to_owned()
}

#[test]
fn words() {
    for (line, value) in [
        // Quotes, and pieces side by side.
        ("option x 'a b'", "'a b'"),
        ("option x a'b c'\"d e\"f", "'ab cd ef'"),
        (r"option x 'it'\''s'", r"'it'\''s'"),
        (r"option x 'a\nb'", r"'a\nb'"),
        (r#"option x "a\nb\"c\\d""#, r#"'anb"c\d'"#),
        (r"option x a\ b\;c\#d\'e", r"'a b;c#d'\''e'"),
        // Names and values may be quoted, keywords may be short.
        ("o 'x' \"1\"", "'1'"),
        ("l x 1", "'1'"),
        ("option\tx\t1", "'1'"),
        ("\u{b}\u{c}option x\u{b}1\u{c}\r", "'1'"),
        // Several lines.
        ("option x 'a\nb'", "'a\nb'"),
        ("option x \"a\nb\"", "'a\nb'"),
        ("option x 'a\r\nb'", "'a\r\nb'"),
        ("option x \"a\\\nb\"", "'ab'"),
        ("option x a\\\r\nb", "'ab'"),
        ("option \\\nx 1", "'1'"),
        ("option x a\\\n", "'a'"),
        ("option x a\\", "'a'"),
        // Comments.
        ("option x a#b", "'a'"),
        ("option x 'a'#b", "'a'"),
        ("option x 'a#b'", "'a#b'"),
        ("option x a # 'b", "'a'"),
        ("option x 1\n# option x 2 \\\n", "'1'"),
        // Nothing is no value, except in a list.
        ("option x", ""),
        ("option x ''", ""),
        ("option x #1", ""),
        ("list x", "''"),
        ("list x ''", "''"),
    ] {
        assert_eq!(value_of(line), value, "{line:?}");
    }
}

#[test]
fn what_a_name_holds_in_the_end() {
    for (lines, value) in [
        ("option x 1\noption x 2", "'2'"),
        ("option x 1\noption x ''", "'1'"),
        ("option x 1\nlist x 2", "'1' '2'"),
        ("list x 1\nlist x 2", "'1' '2'"),
        ("list x 1\nlist x 2\noption x 3", "'3'"),
        ("list x 1\noption x ''", "'1'"),
        ("list x 1\nconfig a s\nlist x 2", "'1' '2'"),
    ] {
        assert_eq!(value_of(lines), value, "{lines:?}");
    }
}

#[test]
fn semicolons() {
    for (lines, rest) in [
        ("option x '1';option y '2'", "t.s.x='1'\nt.s.y='2'\n"),
        ("option x 1 ;option y 2", "t.s.x='1'\nt.s.y='2'\n"),
        (r"option x \1;option y 2", "t.s.x='1'\nt.s.y='2'\n"),
        // The rest of the line is lost behind an unquoted word.
        ("option x 1;option y 2 nonsense", "t.s.x='1'\n"),
        ("option x;1", ""),
        // An empty word ends a command as well.
        ("option x 1 '' option y 2", "t.s.x='1'\nt.s.y='2'\n"),
        ("option x '1';# comment", "t.s.x='1'\n"),
    ] {
        let all = shown(&format!("config a s\n{lines}\n"));
        assert_eq!(all, format!("t.s=a\n{rest}"), "{lines:?}");
    }
}

#[test]
fn a_name_keeps_its_first_place() {
    let text = "config a s\noption x 1\noption y 2\nlist x 3\noption y 4\n";
    assert_eq!(shown(text), "t.s=a\nt.s.x='1' '3'\nt.s.y='4'\n");
}

#[test]
fn names_beyond_the_first_few_keep_their_places_too() {
    let options = |value| (0..100).map(move |n| format!("option o{n} {value}\n"));
    let section = |name, value| format!("config a {name}\n{}", options(value).collect::<String>());
    let text = section("one", 1) + &section("two", 2) + &section("one", 3);
    let package = parse(text.as_bytes()).expect("the text is valid");
    let [one, two] = package.sections.as_slice() else {
        panic!("{package:?}");
    };
    for (section, value, replaced) in [(one, b"3", 1), (two, b"2", 0)] {
        assert_eq!(section.options.len(), 100);
        for (n, option) in section.options.iter().enumerate() {
            assert_eq!(option.name, format!("o{n}"));
            assert_eq!(option.value, Value::One(Cow::Borrowed(value)));
            assert_eq!(option.replaced.len(), replaced);
        }
    }
}

#[test]
fn unnamed_sections() {
    let text = b"config a s\nconfig a\nconfig b\nconfig a ''\n";
    let package = parse(text).expect("the text is valid");
    let indexed = show(&package, "t", Unnamed::Indexed);
    assert_eq!(indexed, b"t.s=a\nt.@a[1]=a\nt.@b[0]=b\nt.@a[2]=a\n");
    let generated = show(&package, "t", Unnamed::Generated);
    assert_eq!(
        String::from_utf8(generated).expect("names are ASCII"),
        "t.s=a\nt.cfg02b606=a\nt.cfg03b607=b\nt.cfg04b606=a\n"
    );
}

#[test]
fn a_generated_name_opens_its_section_again() {
    let text = b"config a\noption x 1\nconfig a cfg01b606\noption y 2\n";
    let package = parse(text).expect("the text is valid");
    assert_eq!(package.sections.len(), 1);
    assert!(package.sections[0].anonymous);
    assert_eq!(package.sections[0].reopened, [3]);
    assert_eq!(package.sections[0].options.len(), 2);
}

#[test]
fn the_first_of_two_equal_names_is_opened_again() {
    let text = b"config a cfg02b606\nconfig a\nconfig a cfg02b606\noption x 1\n";
    let package = parse(text).expect("the text is valid");
    assert_eq!(package.sections.len(), 2);
    assert_eq!(package.sections[0].name, package.sections[1].name);
    assert_eq!(package.sections[0].options.len(), 1);
}

#[test]
fn names_that_only_look_generated() {
    for name in [
        "cfg",
        "cfg1",
        "cfg0000",
        "cfg000000",
        "cfgzz0000",
        "cfgffffffffffffffffff0000",
    ] {
        let text = format!("config a\nconfig a {name}\nconfig a {name}\n");
        let package = parse(text.as_bytes()).expect("the text is valid");
        assert_eq!(package.sections.len(), 2, "{name}");
    }
}

#[test]
fn lines() {
    let text = b"# comment\nconfig a s\n\toption x 1\n\toption m 'one\ntwo'; option n 2\n\
        \tlist l a\n\n\tlist l \\\nb\nconfig a t\nconfig a s\n\toption x 3\n\toption x 4\n";
    let package = parse(text).expect("the text is valid");
    let [first, second] = package.sections.as_slice() else {
        panic!("{package:?}");
    };
    assert_eq!(
        (first.line, first.reopened.as_slice()),
        (2, [11].as_slice())
    );
    assert_eq!(
        (second.line, second.reopened.as_slice()),
        (10, [].as_slice())
    );
    let [x, m, n, l] = first.options.as_slice() else {
        panic!("{first:?}");
    };
    assert_eq!((x.line, x.replaced.as_slice()), (13, [3, 12].as_slice()));
    assert_eq!((m.line, n.line), (4, 5));
    assert_eq!(l.line, 6);
    let items = [
        (Cow::Borrowed(b"a".as_slice()), 6),
        (Cow::Borrowed(b"b".as_slice()), 8),
    ];
    assert_eq!(l.value, Value::List(items.to_vec()));
}

#[test]
fn lines_of_a_list_that_was_an_option_and_is_one_again() {
    let text = b"config a s\noption x 1\nlist x 2\nlist x 3\n";
    let package = parse(text).expect("the text is valid");
    let x = &package.sections[0].options[0];
    assert_eq!((x.line, x.replaced.len()), (2, 0));

    let text = [text.as_slice(), b"option x 4\n"].concat();
    let package = parse(&text).expect("the text is valid");
    let x = &package.sections[0].options[0];
    assert_eq!((x.line, x.replaced.as_slice()), (5, [2, 3, 4].as_slice()));
}

#[test]
fn words_in_one_piece_are_not_copied() {
    let package = parse(b"config a 's'\noption \"x\" 'a'b\n").expect("the text is valid");
    let section = &package.sections[0];
    assert!(matches!(section.name, Cow::Borrowed("s")));
    assert!(matches!(section.options[0].name, Cow::Borrowed("x")));
    assert!(matches!(
        section.options[0].value,
        Value::One(Cow::Owned(_))
    ));
    assert_eq!(
        section.reopened.capacity() + section.options[0].replaced.capacity(),
        0
    );
}

#[test]
fn errors() {
    for (text, error) in [
        ("bogus\n", "invalid command) at line 1, byte 0"),
        (
            "config a s\n'option' x 1\n",
            "invalid command) at line 2, byte 0",
        ),
        ("config\n", "invalid command) at line 1, byte 0"),
        ("\u{feff}# only a BOM", "invalid command) at line 0, byte 0"),
        (
            "option x 1",
            "option/list command found before the first section) at line 0, byte 0",
        ),
        ("  config", "config without name) at line 0, byte 2"),
        ("package", "package without name) at line 0, byte 0"),
        ("config a\nlist", "option without name) at line 1, byte 0"),
        ("config \n", "insufficient arguments) at line 1, byte 8"),
        ("config ''\n", "insufficient arguments) at line 1, byte 10"),
        (
            "config a\noption ; x 1\n",
            "insufficient arguments) at line 2, byte 8",
        ),
        (
            "config a\noption \\\n x 1\n",
            "insufficient arguments) at line 3, byte 9",
        ),
        ("config a b c\n", "too many arguments) at line 1, byte 13"),
        (
            "config a\noption 'x';1\n",
            "too many arguments) at line 2, byte 13",
        ),
        (
            "config a\noption x '1' y",
            "too many arguments) at line 1, byte 14",
        ),
        (
            "config a\noption x-y 1\n",
            "invalid character in name field) at line 2, byte 11",
        ),
        (
            "config a\noption \u{e9} 1\n",
            "invalid character in name field) at line 2, byte 10",
        ),
        (
            "config \u{e9}\n",
            "invalid character in type field) at line 1, byte 10",
        ),
        (
            "package a-b\npackage a.b\n",
            "invalid character in name field) at line 2, byte 12",
        ),
        (
            "config a\nconfig b cfg01b606\n",
            "section of different type overwrites prior section with same name) at line 2, byte 19",
        ),
        (
            "config 'a\n\n",
            "EOF with unterminated ') at line 2, byte 11",
        ),
        (
            "config \"a\\\n",
            "EOF with unterminated \") at line 1, byte 10",
        ),
        (
            "config a;;\noption x '1';\n",
            "invalid command) at line 2, byte 13",
        ),
        (
            "config a\noption x '1' ''  \n",
            "invalid command) at line 2, byte 16",
        ),
    ] {
        assert_eq!(
            rejected(text.as_bytes()),
            format!("Parse error ({error}"),
            "{text:?}"
        );
    }
}

#[test]
fn a_nul_is_always_an_error() {
    for (text, error) in [
        (b"\0".as_slice(), "NUL byte) at line 1, byte 0"),
        (
            b"# a\nconfig a s\n\toption x 'a' # \0\n",
            "NUL byte) at line 3, byte 16",
        ),
        (
            b"config a s\0\noption x 1\n",
            "too many arguments) at line 1, byte 19",
        ),
        (b"bogus\n\0", "invalid command) at line 1, byte 0"),
    ] {
        assert_eq!(rejected(text), format!("Parse error ({error}"), "{text:?}");
    }
}

#[test]
fn types_that_must_be_quoted_survive_an_export() {
    for kind in ["a", "it's", "#1", "a;b", "\"", "\\", "a-b.c/@d[0]"] {
        let mut text = b"config ".to_vec();
        text.extend(format!("'{}'\n", kind.replace('\'', r"'\''")).bytes());
        let package = parse(&text).expect("the text is valid");
        let exported = export(&package, "t");
        let again = parse(&exported).unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(again.sections[0].kind, kind);
    }
}
