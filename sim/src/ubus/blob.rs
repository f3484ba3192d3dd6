//! blobmsg: the typed values inside of ubus messages.

use serde_json::{Map, Number, Value};

/// One value, with its exact type on the wire.
#[derive(Debug, Clone, PartialEq)]
pub enum Blob {
    /// Type 0.
    Null,
    /// Type 1.
    Array(Vec<Blob>),
    /// Type 2.
    Table(Fields),
    /// Type 3, without its final zero byte.
    String(Vec<u8>),
    /// Type 4.
    Int64(i64),
    /// Type 5.
    Int32(i32),
    /// Type 6.
    Int16(i16),
    /// Type 7, which is how booleans are carried.
    Int8(u8),
    /// Type 8.
    Double(f64),
}

/// The inside of a table, in order.
pub type Fields = Vec<(String, Blob)>;

/// The bytes of a run of named values.
pub fn encode(fields: &[(String, Blob)]) -> Vec<u8> {
    let each = fields.iter().map(|(name, value)| element(name, value));
    each.collect::<Vec<_>>().concat()
}

/// The values in a run of bytes. `None` if anything in it is not as it must be.
pub fn decode(bytes: &[u8]) -> Option<Fields> {
    let mut fields = Fields::new();
    let mut at = 0;
    while at < bytes.len() {
        let header = be32(bytes.get(at..at + 4)?);
        let length = (header & 0x00ff_ffff) as usize;
        if header >> 31 == 0 || length < 4 {
            return None;
        }
        fields.push(named(
            (header >> 24 & 0x7f) as u8,
            bytes.get(at + 4..at + length)?,
        )?);
        at += padded(length);
    }
    (at == bytes.len()).then_some(fields)
}

/// A value from JSON, as the stock client makes arguments.
pub fn from_json(value: &Value) -> Blob {
    match value {
        Value::Null => Blob::Null,
        Value::Bool(flag) => Blob::Int8(u8::from(*flag)),
        Value::String(text) => Blob::String(text.clone().into_bytes()),
        Value::Array(values) => Blob::Array(values.iter().map(from_json).collect()),
        Value::Object(map) => Blob::Table(fields_from_json(map)),
        Value::Number(number) => match number.as_i64() {
            Some(int) => i32::try_from(int).map_or(Blob::Int64(int), Blob::Int32),
            None => Blob::Double(number.as_f64().unwrap_or_default()),
        },
    }
}

/// The members of an object as the inside of a table.
pub fn fields_from_json(map: &Map<String, Value>) -> Fields {
    map.iter()
        .map(|(name, value)| (name.clone(), from_json(value)))
        .collect()
}

/// The JSON that the stock client prints.
pub fn to_json(value: &Blob) -> Value {
    match value {
        Blob::Null => Value::Null,
        Blob::Array(values) => values.iter().map(to_json).collect(),
        Blob::Table(fields) => fields_to_json(fields),
        Blob::String(bytes) => String::from_utf8_lossy(bytes).into(),
        Blob::Int64(int) => (*int).into(),
        Blob::Int32(int) => (*int).into(),
        Blob::Int16(int) => (*int).into(),
        Blob::Int8(byte) => (*byte != 0).into(),
        Blob::Double(double) => Number::from_f64(*double).map_or(Value::Null, Value::Number),
    }
}

/// The inside of a table as an object.
pub fn fields_to_json(fields: &[(String, Blob)]) -> Value {
    fields
        .iter()
        .map(|(name, value)| (name.clone(), to_json(value)))
        .collect()
}

fn element(name: &str, value: &Blob) -> Vec<u8> {
    let (kind, value): (u32, Vec<u8>) = match value {
        Blob::Null => (0, Vec::new()),
        Blob::Array(values) => (1, values.iter().flat_map(|v| element("", v)).collect()),
        Blob::Table(fields) => (2, encode(fields)),
        Blob::String(bytes) => (3, [bytes.as_slice(), &[0]].concat()),
        Blob::Int64(int) => (4, int.to_be_bytes().to_vec()),
        Blob::Int32(int) => (5, int.to_be_bytes().to_vec()),
        Blob::Int16(int) => (6, int.to_be_bytes().to_vec()),
        Blob::Int8(byte) => (7, vec![*byte]),
        Blob::Double(double) => (8, double.to_be_bytes().to_vec()),
    };
    let mut head = (name.len() as u16).to_be_bytes().to_vec();
    head.extend_from_slice(name.as_bytes());
    head.push(0);
    head.resize(padded(head.len()), 0);
    let length = 4 + head.len() + value.len();
    let header = 1 << 31 | kind << 24 | length as u32;
    let mut bytes = [&header.to_be_bytes(), head.as_slice(), &value].concat();
    bytes.resize(padded(length), 0);
    bytes
}

fn named(kind: u8, payload: &[u8]) -> Option<(String, Blob)> {
    let length = usize::from(u16::from_be_bytes(payload.get(..2)?.try_into().ok()?));
    if payload.get(2 + length) != Some(&0) {
        return None;
    }
    let name = String::from_utf8_lossy(&payload[2..2 + length]).into_owned();
    Some((name, value(kind, payload.get(padded(3 + length)..)?)?))
}

fn value(kind: u8, bytes: &[u8]) -> Option<Blob> {
    Some(match kind {
        0 => Blob::Null,
        1 => Blob::Array(decode(bytes)?.into_iter().map(|(_, value)| value).collect()),
        2 => Blob::Table(decode(bytes)?),
        3 => Blob::String(bytes.strip_suffix(&[0])?.to_vec()),
        4 => Blob::Int64(i64::from_be_bytes(bytes.try_into().ok()?)),
        5 => Blob::Int32(i32::from_be_bytes(bytes.try_into().ok()?)),
        6 => Blob::Int16(i16::from_be_bytes(bytes.try_into().ok()?)),
        7 => match bytes {
            [byte] => Blob::Int8(*byte),
            _ => return None,
        },
        8 => Blob::Double(f64::from_be_bytes(bytes.try_into().ok()?)),
        _ => return None,
    })
}

pub(super) fn be32(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u32::from(*byte))
}

pub(super) fn padded(length: usize) -> usize {
    length.div_ceil(4) * 4
}
