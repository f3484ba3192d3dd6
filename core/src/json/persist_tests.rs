use super::*;

#[derive(Debug, Default, PartialEq)]
struct All {
    truth: bool,
    small: u32,
    large: u64,
    signed: Vec<i64>,
    text: String,
    address: Option<IpAddr>,
    named: Vec<(String, Option<i64>)>,
}

persist!(All {
    truth,
    small,
    large,
    signed,
    text,
    address,
    named,
});

fn read(text: &str) -> Option<All> {
    All::read(Json::parse(text.as_bytes()).expect(text))
}

#[test]
fn what_is_kept_comes_back_and_is_json() {
    let all = All {
        truth: true,
        small: u32::MAX,
        large: u64::MAX,
        signed: vec![i64::MIN, 0, i64::MAX],
        text: "a \"quoted\"\n\u{1}жук \\ {[,".to_owned(),
        address: "8.8.4.4".parse().ok(),
        named: vec![("a".to_owned(), None), ("b \"{".to_owned(), Some(-7))],
    };
    for all in [all, All::default()] {
        let text = JsonWriter::of(&all);
        let tree: serde_json::Value = serde_json::from_str(&text).expect(&text);
        assert_eq!(tree["text"], all.text);
        assert_eq!(read(&text), Some(all), "{text}");
    }
}

#[test]
fn strangers_are_passed_over() {
    let text = r#"{"x": {"y": [1.5]}, "small": 3, "boot_id": "b"}"#;
    assert_eq!(read(text).map(|all| all.small), Some(3));
}

#[test]
fn what_does_not_fit_is_refused() {
    for text in [
        "[]",
        "7",
        r#"{"truth": 1}"#,
        r#"{"truth": null}"#,
        r#"{"small": -1}"#,
        r#"{"small": 4294967296}"#,
        r#"{"small": "3"}"#,
        r#"{"large": 1e3}"#,
        r#"{"signed": [9223372036854775808]}"#,
        r#"{"signed": {"a": 1}}"#,
        r#"{"text": 5}"#,
        r#"{"address": "8.8.4"}"#,
        r#"{"named": {"a": "One"}}"#,
        r#"{"named": ["a"]}"#,
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}
