//! Dependencies as apk spells them: `name`, `name>=1.2-r1`, `!name`.

use super::adb::{NULL, Reader, Value, Writer, offset};
use crate::error::{Error, Result};
use std::collections::HashSet;
use std::fmt;

const EQUAL: u64 = 1;
const CONFLICT: u64 = 16;

/// Operators, longest first, with their numbers.
const OPERATORS: [(&str, u64); 9] = [
    (">=", 5),
    ("<=", 3),
    (">~", 13),
    ("<~", 11),
    ("=~", 9),
    (">", 4),
    ("<", 2),
    ("=", EQUAL),
    ("~", 9),
];
/// Any version.
const ANY_VERSION: u64 = 7;

/// One dependency or conflict, or one thing provided.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Depend {
    /// A package, or what one provides.
    pub name: String,
    /// Empty for any version.
    pub version: String,
    /// apk's number for the operator: 1 `=`, 2 `<`, 4 `>`, 8 `~`, 16 `!`, or'ed.
    relation: u64,
}

impl Depend {
    /// Reads `name`, `name>=1`, `!name` and the like.
    pub fn parse(text: &str) -> Result<Depend> {
        let (conflict, rest) = match text.strip_prefix('!') {
            Some(rest) => (CONFLICT, rest),
            None => (0, text),
        };
        let end = rest.find(['<', '>', '=', '~']).unwrap_or(rest.len());
        let (name, condition) = rest.split_at(end);
        let (relation, version) = if condition.is_empty() {
            (if conflict == 0 { EQUAL } else { ANY_VERSION }, "")
        } else {
            let known = OPERATORS
                .iter()
                .find_map(|(sign, number)| Some((*number, condition.strip_prefix(sign)?)));
            known.expect("the condition begins with an operator")
        };
        let depend = Depend {
            name: name.into(),
            version: version.into(),
            relation: relation | conflict,
        };
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._+-,:/[]".contains(c);
        if name.is_empty()
            || !name.chars().all(allowed)
            || version.is_empty() != condition.is_empty()
        {
            return Err(Error::refused(
                format!("dependency {text:?}"),
                "must be like name, name>=1.0 or !name",
            ));
        }
        if !version.is_empty() {
            // What others call their versions need not follow the grammar ('2024' does).
            crate::version::check(version)
                .map_err(|why| why.within(&format!("dependency {text:?}")))?;
        }
        Ok(depend)
    }

    fn write(&self, to: &mut Writer) -> Value {
        let name = to.blob(self.name.as_bytes());
        let version = to.blob(self.version.as_bytes());
        let relation = if self.relation == EQUAL {
            NULL
        } else {
            to.int(self.relation)
        };
        to.object(&[name, version, relation])
    }

    fn read(from: Reader<'_>, value: Value) -> Result<Depend> {
        let object = from.object(value)?;
        let relation = from.int(object.slot(3))?.unwrap_or(EQUAL);
        let depend = Depend {
            name: from.text(object.slot(1))?,
            version: from.text(object.slot(2))?,
            relation,
        };
        // A number that has no spelling, or a spelling that means another number.
        if Depend::parse(&depend.to_string()).as_ref() != Ok(&depend) {
            return Err(Error::unsupported(
                "metadata",
                format!("the dependency {:?}", depend.to_string()),
            ));
        }
        Ok(depend)
    }
}

impl fmt::Display for Depend {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let conflict = if self.relation & CONFLICT == 0 {
            ""
        } else {
            "!"
        };
        write!(to, "{conflict}{}", self.name)?;
        if self.version.is_empty() {
            return Ok(());
        }
        let number = self.relation & !CONFLICT;
        let sign = match number {
            9 => "~",
            _ => OPERATORS
                .iter()
                .find(|(_, known)| *known == number)
                .map_or("?", |(sign, _)| sign),
        };
        write!(to, "{sign}{}", self.version)
    }
}

/// Written in the order given, listed in the order of names, as `apk mkpkg` does.
pub(super) fn write_all(to: &mut Writer, depends: &[Depend]) -> Value {
    let mut seen = HashSet::new();
    let once = depends.iter().filter(|depend| seen.insert(*depend));
    let mut listed: Vec<(&str, Value)> = once
        .map(|depend| (depend.name.as_str(), depend.write(to)))
        .collect();
    listed.sort_by_key(|(name, _)| *name);
    let values: Vec<Value> = listed.into_iter().map(|(_, value)| value).collect();
    to.object(&values)
}

/// In the order in which they were written: writing them again gives the same bytes.
pub(super) fn read_all(from: Reader<'_>, array: Value) -> Result<Vec<Depend>> {
    let mut values: Vec<Value> = from.object(array)?.items().collect();
    values.sort_by_key(|value| offset(*value));
    values
        .into_iter()
        .map(|value| Depend::read(from, value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_has_its_number() {
        let numbers = [
            ("name", 1),
            ("name=1.2", 1),
            ("name<1", 2),
            ("name<=1", 3),
            ("name>1", 4),
            ("name>=1.2-r1", 5),
            ("name~1", 9),
            ("name>~1", 13),
            ("name<~1", 11),
            ("!name", 23),
            ("!name=1", 17),
            ("!name>=1", 21),
        ];
        for (text, number) in numbers {
            let depend = Depend::parse(text).expect(text);
            assert_eq!(depend.relation, number, "{text}");
            assert_eq!(depend.to_string(), text);
        }
        assert_eq!(Depend::parse("a=~1"), Depend::parse("a~1"));
    }

    #[test]
    fn what_is_no_dependency() {
        for text in ["", "!", ">=1", "a>=", "a b", "a (>= 1)", "a>=v1", "a=<1"] {
            assert!(Depend::parse(text).is_err(), "{text}");
        }
    }
}
