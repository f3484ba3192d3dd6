use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::table::{KINDS, Kind, Part};
use super::*;
use crate::json::{FieldReader, Json, JsonWriter};

/// In tests, what the core does not look into may be any words.
impl From<&str> for Reason {
    fn from(words: &str) -> Self {
        Reason::words(words)
    }
}

impl PartialEq<&str> for Reason {
    fn eq(&self, words: &&str) -> bool {
        *self == Reason::words(words)
    }
}

impl Reason {
    /// True if its words have these among them.
    pub(crate) fn contains(&self, words: &str) -> bool {
        self.to_string().contains(words)
    }
}

/// A reason as a field of a file.
fn written(reason: &Reason) -> String {
    let mut out = JsonWriter::default();
    out.open();
    out.field("reason", reason);
    out.close();
    out.into_text()
}

fn read(text: &str) -> Option<Reason> {
    let mut reason = Reason::default();
    let mut fields = FieldReader::new(Json::parse(text.as_bytes()).ok()?);
    fields.field("reason", &mut reason);
    fields.fit().then_some(reason)
}

fn kind_of(name: &str) -> Kind {
    let known = KINDS.iter().find(|(known, _)| *known == name);
    known.unwrap_or_else(|| panic!("no kind of '{name}'")).1
}

/// An argument of the kind that its name says.
fn example(name: &str) -> Argument {
    match kind_of(name) {
        Kind::Number => Argument::Number(7),
        Kind::Span => Argument::Number(7200),
        Kind::Reasons => {
            Argument::Reasons([crate::reason!(NetworkDials, errors = Reason::default())].into())
        }
        Kind::Address | Kind::Date | Kind::Name | Kind::Words => {
            Argument::Text("example".to_owned())
        }
    }
}

#[test]
fn the_table_holds_together() {
    let mut names = BTreeSet::new();
    let mut used = BTreeSet::new();
    for code in Code::ALL {
        let name = code.name();
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._".contains(c);
        assert!(name.chars().all(is_plain) && !name.is_empty(), "{name}");
        assert!(names.insert(name), "{name} stands twice");
        assert_eq!(Code::from_name(name), Some(*code));
        for part in code.template().parts() {
            match part {
                Part::Words(words) => assert!(!words.contains(['{', '}']), "{name}: {words}"),
                Part::Argument(argument, separator) => {
                    let kind = kind_of(argument);
                    assert_eq!(kind == Kind::Span, argument.ends_with("_s"), "{argument}");
                    assert!(separator.is_empty() || kind == Kind::Reasons, "{name}");
                    used.insert(argument);
                }
            }
        }
        assert!(code.takes(&code.arguments()), "{name}");
    }
    let known: BTreeSet<&str> = KINDS.iter().map(|(name, _)| *name).collect();
    assert_eq!(known, used);
}

#[test]
fn every_code_is_written_read_and_shown() {
    for code in Code::ALL {
        let arguments = code.arguments().into_iter().map(example);
        let reason = Reason {
            code: *code,
            arguments: arguments.collect(),
        };
        let words = reason.to_string();
        assert!(!words.contains(['{', '}']), "{words}");
        for (name, argument) in reason.arguments() {
            let shown = match argument {
                Argument::Text(text) => text.clone(),
                Argument::Number(number) if name.ends_with("_s") => {
                    describe_span(Duration::from_secs(u64::from(*number)))
                }
                Argument::Number(number) => number.to_string(),
                Argument::Reasons(reasons) => reasons[0].to_string(),
            };
            assert!(words.contains(&shown), "{name} is not in: {words}");
        }
        let text = written(&reason);
        let again = read(&text).expect("a reason");
        assert_eq!(again.code, *code, "{text}");
        if *code != Code::Words {
            assert_eq!(again.arguments, reason.arguments, "{text}");
        }
    }
}

#[test]
fn a_file_of_another_version_has_its_words() {
    for (text, words) in [
        (r#"{"reason":"the words"}"#, "the words"),
        (r#"{"reason":""}"#, ""),
        (r#"{}"#, ""),
        (
            r#"{"reason":"the words","reason_code":"of.tomorrow","reason_args":{"a":1}}"#,
            "the words",
        ),
        (
            r#"{"reason":"the words","reason_code":"source.no_device","reason_args":{}}"#,
            "the words",
        ),
        (
            r#"{"reason":"there is no device eth9","reason_code":"source.no_device",
                "reason_args":{"device":"eth9"},"more":1}"#,
            "there is no device eth9",
        ),
    ] {
        let reason = read(text).expect(text);
        assert_eq!(reason.to_string(), words);
        assert_eq!(reason.is_empty(), words.is_empty());
        assert_eq!(reason, Reason::words(words), "it says the same");
    }
    assert_eq!(read(r#"{"reason":7}"#), None);
}

#[test]
fn reasons_in_reasons() {
    let state = |device: &str| {
        crate::reason!(
            NetworkNoSuchDevice,
            device = device,
            errors = crate::reason!(NetworkErrors, codes = "NO_DEVICE")
        )
    };
    let named = |network: &str, device: &str| {
        crate::reason!(NetworkNamed, network = network, state = state(device))
    };
    let states: Vec<Reason> = [named("wan", "eth1"), named("lte", "wwan0")].into();
    let reason = crate::reason!(
        SourceNoneHasAddress,
        family = crate::address::Family::Ipv4,
        states = states
    );
    assert_eq!(
        reason.to_string(),
        "no network has an IPv4 address: 'wan' has no device eth1 (NO_DEVICE), \
         'lte' has no device wwan0 (NO_DEVICE)"
    );
    assert_eq!(read(&written(&reason)), Some(reason));
}

#[test]
fn what_a_service_quotes_is_redacted_at_any_depth() {
    let message = crate::reason!(FailureRefused, message = "the key 12345 is wrong");
    let mut reason = crate::reason!(FailureAt, host = "example.net", cause = message);
    reason.redact(&|text| text.replace("12345", "***"));
    assert_eq!(
        reason.to_string(),
        "example.net: the service says: the key *** is wrong"
    );
}
