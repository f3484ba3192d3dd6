use super::*;

fn json(text: &str) -> Json<'_> {
    Json::parse(text.as_bytes()).unwrap_or_else(|problem| panic!("{text}: {problem}"))
}

#[test]
fn what_is_json_and_what_not() {
    let good = [
        "0",
        "-0",
        "1.5e+3",
        "-12.0E-2",
        "\"\"",
        "true",
        "null",
        "[]",
        "{}",
        " [ 1 , 2 ] ",
        "[1,]",
        "{\"a\":1 , }",
        "\"\\u00e9\\n\\/\"",
        "\u{feff}[]",
        "\"\\ud83d\\ude00\"",
    ];
    for text in good {
        assert!(Json::parse(text.as_bytes()).is_ok(), "{text}");
    }
    let bad = [
        "",
        " ",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        "tru",
        "nul",
        "True",
        "[,]",
        "[1,,]",
        "{,}",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{\"a\":1,,}",
        "\"\n\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "[] []",
        "[1}",
        "'a'",
        "\"a",
        "{\"a\":1",
        "[\u{a0}]",
        "[//\n]",
    ];
    for text in bad {
        assert!(Json::parse(text.as_bytes()).is_err(), "{text}");
        if let Ok(value) = serde_json::from_str::<serde_json::Value>(text) {
            panic!("{text}: serde_json takes it as {value}");
        }
    }
}

#[test]
fn what_is_wrong_is_told() {
    let table: [(&[u8], JsonError); 6] = [
        (b"{\"a\": [1, 2", JsonError::CutOff),
        (b"[\"\xd0", JsonError::CutOff),
        (b"[\"\xff\"]", JsonError::Damaged(2)),
        (b"{\"a\": x}", JsonError::Damaged(6)),
        (b"[1] 2", JsonError::Damaged(4)),
        (&[b'['; 10_000], JsonError::TooDeep),
    ];
    for (text, problem) in table {
        assert_eq!(Json::parse(text), Err(problem));
    }
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    for (depth, is_good) in [(127, true), (128, false)] {
        let text = nested(depth);
        assert_eq!(Json::parse(text.as_bytes()).is_ok(), is_good, "{depth}");
        let by_serde = serde_json::from_str::<serde_json::Value>(&text);
        assert_eq!(by_serde.is_ok(), is_good, "{depth}");
    }
}

#[test]
fn strings_are_copied_only_for_an_escape() {
    let table = [
        (r#""Основной""#, "Основной", false),
        (r#""a\"b\\c\/d""#, "a\"b\\c/d", true),
        (r#""\b\f\n\r\t""#, "\u{8}\u{c}\n\r\t", true),
        (r#""\u0414\u043e\u043c""#, "Дом", true),
        (r#""x\ud83d\ude00y""#, "x😀y", true),
        (r#""\ud83d""#, "\u{fffd}", true),
        (r#""\ude00\ud83d\u0041""#, "\u{fffd}\u{fffd}A", true),
        (r#""\ud83d\n""#, "\u{fffd}\n", true),
    ];
    for (text, expected, is_copy) in table {
        let read = json(text).text().expect(text);
        assert_eq!(read, expected, "{text}");
        assert_eq!(matches!(read, Cow::Owned(_)), is_copy, "{text}");
    }
}

#[test]
fn parts_are_found() {
    let value =
        json(r#" {"a" : [1, "]", {"b":[]}, "\"}", ] ,"c":{"d":"}"} , "a\u0041":null, "c":7} "#);
    let items: Vec<String> = value
        .get("a")
        .expect("a")
        .items()
        .map(|i| i.to_string())
        .collect();
    assert_eq!(items, ["1", "\"]\"", "{\"b\":[]}", "\"\\\"}\""]);
    let names: Vec<_> = value.fields().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "c", "aA", "c"]);
    assert_eq!(value.get("c").expect("c").number(), Some(7));
    assert_eq!(value.get("d"), None);
    assert!(!value.has_leaf("}\"") && value.has_leaf("\"}") && value.has_leaf("1"));
    assert!(!value.has_leaf("b") && !value.has_leaf("null"));
    assert_eq!(
        json("[1]").fields().count() + json("{\"a\":1}").items().count(),
        0
    );
    assert_eq!(json("7").entries().count(), 0);
}

#[test]
fn compact_text_is_the_same_value() {
    let table = [
        ("[1,2]", "[1,2]"),
        ("[ 1 ,\n2 , ]", "[1,2]"),
        ("{ \"a b\" : \" , ]\" , }", "{\"a b\":\" , ]\"}"),
        ("[[],{},]", "[[],{}]"),
        ("{\"a\":[1,],}", "{\"a\":[1]}"),
    ];
    for (text, compact) in table {
        assert_eq!(json(text).compact(), compact);
    }
    assert!(matches!(json(" [1,2]\n").compact(), Cow::Borrowed("[1,2]")));
}

#[test]
fn numbers_keep_every_digit() {
    assert_eq!(
        json("123456789012345678901234567890").shown(),
        "123456789012345678901234567890"
    );
    assert_eq!(json("\"2600\"").number(), Some(2600));
    assert_eq!(json("-1").number(), None);
    assert_eq!(json("1.5").number(), None);
}

#[test]
fn debug_tells_no_secret() {
    assert_eq!(
        format!("{:?}", json("[\"secret\"]")),
        "Json(Array, 10 bytes)"
    );
}
