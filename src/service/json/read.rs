//! Values of types that derive [`serde::Deserialize`], out of a [`Json`].
//!
//! For the files of the state tier, which wansync wrote itself. serde_json does
//! the same and says in its errors what was expected at which column, for which
//! each type pays with a second copy of all its code; a file that is damaged is
//! thrown away, so here an error says nothing.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::{Entries, Json, Kind};

/// The JSON is not of the shape that the type has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misfit;

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is JSON, but not what was written")
    }
}

impl std::error::Error for Misfit {}

impl Error for Misfit {
    fn custom<T: fmt::Display>(_: T) -> Misfit {
        Misfit
    }
}

impl<'de> Json<'de> {
    fn expect(self, kind: Kind) -> Result<Json<'de>, Misfit> {
        if self.kind() == kind {
            Ok(self)
        } else {
            Err(Misfit)
        }
    }

    fn string(self) -> Result<Cow<'de, str>, Misfit> {
        self.text().ok_or(Misfit)
    }

    fn signed(self) -> Result<i64, Misfit> {
        self.expect(Kind::Number)?.0.parse().map_err(|_| Misfit)
    }

    fn unsigned(self) -> Result<u64, Misfit> {
        self.expect(Kind::Number)?.0.parse().map_err(|_| Misfit)
    }
}

impl<'de> Deserializer<'de> for Json<'de> {
    type Error = Misfit;

    /// What no type of ours asks for: floats, bytes, tuples.
    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Misfit> {
        Err(Misfit)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_bool(self.expect(Kind::Bool)?.0 == "true")
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_i64(self.signed()?)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_u64(self.unsigned()?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_u64(self.unsigned()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_str(&self.string()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.kind() {
            Kind::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_seq(Parts::of(self.expect(Kind::Array)?))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_map(Parts::of(self.expect(Kind::Object)?))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    /// A unit variant is its name, any other `{"name": content}`.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_enum(Variant::of(self)?)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u128 f32 f64 char bytes byte_buf unit unit_struct
        newtype_struct tuple tuple_struct
    }
}

/// The parts of a list or an object, one after the other.
struct Parts<'de> {
    rest: Entries<'de>,
    /// The value whose name was given last.
    value: Json<'de>,
}

impl<'de> Parts<'de> {
    fn of(whole: Json<'de>) -> Parts<'de> {
        Parts {
            rest: whole.entries(),
            value: Json::NULL,
        }
    }
}

impl<'de> SeqAccess<'de> for Parts<'de> {
    type Error = Misfit;

    fn next_element_seed<T>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit>
    where
        T: DeserializeSeed<'de>,
    {
        match self.rest.next() {
            Some((_, item)) => seed.deserialize(item).map(Some),
            None => Ok(None),
        }
    }
}

impl<'de> MapAccess<'de> for Parts<'de> {
    type Error = Misfit;

    fn next_key_seed<K>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit>
    where
        K: DeserializeSeed<'de>,
    {
        let Some((name, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = value;
        seed.deserialize(Name(name.unwrap_or_default())).map(Some)
    }

    fn next_value_seed<V>(&mut self, seed: V) -> Result<V::Value, Misfit>
    where
        V: DeserializeSeed<'de>,
    {
        seed.deserialize(self.value)
    }
}

/// The name of a field or of a variant.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserializer<'de> for Name<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_str(&self.0)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes
        byte_buf option unit unit_struct newtype_struct seq tuple tuple_struct map
        struct enum identifier ignored_any
    }
}

/// A variant of an enum.
struct Variant<'de> {
    name: Cow<'de, str>,
    content: Option<Json<'de>>,
}

impl<'de> Variant<'de> {
    fn of(json: Json<'de>) -> Result<Variant<'de>, Misfit> {
        if let Some(name) = json.text() {
            return Ok(Variant {
                name,
                content: None,
            });
        }
        let mut fields = json.fields();
        let (Some((name, content)), None) = (fields.next(), fields.next()) else {
            return Err(Misfit);
        };
        Ok(Variant {
            name,
            content: Some(content),
        })
    }
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Misfit;
    type Variant = Content<'de>;

    fn variant_seed<V>(self, seed: V) -> Result<(V::Value, Self::Variant), Misfit>
    where
        V: DeserializeSeed<'de>,
    {
        Ok((seed.deserialize(Name(self.name))?, Content(self.content)))
    }
}

/// What a variant holds.
struct Content<'de>(Option<Json<'de>>);

impl<'de> VariantAccess<'de> for Content<'de> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        match self.0 {
            None => Ok(()),
            Some(_) => Err(Misfit),
        }
    }

    fn newtype_variant_seed<T>(self, seed: T) -> Result<T::Value, Misfit>
    where
        T: DeserializeSeed<'de>,
    {
        seed.deserialize(self.0.ok_or(Misfit)?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Misfit> {
        Err(Misfit)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.0.ok_or(Misfit)?.deserialize_map(visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::IpAddr;

    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct All {
        truth: bool,
        small: u32,
        large: u64,
        signed: Vec<i64>,
        text: String,
        address: Option<IpAddr>,
        named: BTreeMap<String, Shape>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Empty,
        One(i64),
        Named { since: i64 },
    }

    fn read(text: &str) -> Result<All, Misfit> {
        All::deserialize(Json::parse(text.as_bytes()).expect(text))
    }

    #[test]
    fn what_serde_json_writes_comes_back() {
        let all = All {
            truth: true,
            small: u32::MAX,
            large: u64::MAX,
            signed: vec![i64::MIN, 0, i64::MAX],
            text: "a \"quoted\"\n\u{1}жук \\".to_owned(),
            address: "8.8.4.4".parse().ok(),
            named: BTreeMap::from([
                ("a".to_owned(), Shape::Empty),
                ("b \"".to_owned(), Shape::One(-7)),
                ("c".to_owned(), Shape::Named { since: 9 }),
            ]),
        };
        for all in [all, All::default()] {
            let text = serde_json::to_string(&all).expect("serialises");
            assert_eq!(read(&text), Ok(all), "{text}");
        }
    }

    #[test]
    fn strangers_are_passed_over() {
        let text = r#"{"x": {"y": [1.5]}, "small": 3, "boot_id": "b"}"#;
        assert_eq!(read(text).map(|all| all.small), Ok(3));
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
            r#"{"named": {"a": {"Empty": 1}}}"#,
            r#"{"named": {"a": {"One": 1, "Empty": 1}}}"#,
            r#"{"named": {"a": {"Named": {}}}}"#,
            r#"{"named": {"a": "Other"}}"#,
            r#"{"small": 1, "small": 2}"#,
        ] {
            assert_eq!(read(text), Err(Misfit), "{text}");
        }
    }
}
