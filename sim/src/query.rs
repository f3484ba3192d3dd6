//! Strict decoding of a query string, so that a client that encodes carelessly
//! is noticed here and not by the real service.

/// The parameters in order, repeated ones included. `+` is a space, `%XX` a byte,
/// and the whole must be UTF-8.
pub(crate) fn decode(query: &str) -> Result<Vec<(String, String)>, String> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts.map(parameter).collect()
}

fn parameter(part: &str) -> Result<(String, String), String> {
    let (name, value) = part.split_once('=').unwrap_or((part, ""));
    Ok((text(name)?, text(value)?))
}

fn text(encoded: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex_pair(&mut rest)?,
            b'!'..=b'~' => byte,
            _ => return Err(format!("the byte {byte:#04x} is not encoded")),
        });
    }
    String::from_utf8(bytes).map_err(|_| "the parameters are not UTF-8".to_owned())
}

fn hex_pair(bytes: &mut impl Iterator<Item = u8>) -> Result<u8, String> {
    let mut digit = || bytes.next().and_then(|byte| (byte as char).to_digit(16));
    match (digit(), digit()) {
        (Some(high), Some(low)) => Ok((high * 16 + low) as u8),
        _ => Err("a % that no two hexadecimal digits follow".to_owned()),
    }
}

/// Profiles as `ID=NAME,ID=NAME,…`; none of an empty text.
///
/// # Errors
/// If a part has no `=`, or its id is not a number.
pub fn parse_profiles(text: &str) -> Result<Vec<(u32, String)>, String> {
    let one = |part: String| {
        let (id, name) = part.split_once('=').ok_or("a profile is ID=NAME")?;
        let id = id
            .parse()
            .map_err(|_| format!("profile {id} is not a number"))?;
        Ok((id, name.to_owned()))
    };
    split_list(text).into_iter().map(one).collect()
}

/// Parts between commas; none of an empty text.
pub(crate) fn split_list(text: &str) -> Vec<String> {
    let parts = text.split(',').map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_in_order() {
        let decoded =
            decode("ip=1.1.1.1&ip=1.1.1.2&name=%D0%94%D0%BE%D0%BC+1&a%26b=%2b&flag").unwrap();
        let pairs: Vec<_> = decoded
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        let expected = [
            ("ip", "1.1.1.1"),
            ("ip", "1.1.1.2"),
            ("name", "Дом 1"),
            ("a&b", "+"),
            ("flag", ""),
        ];
        assert_eq!(pairs, expected);
    }

    #[test]
    fn careless_encoding_is_refused() {
        for query in ["a=%", "a=%4", "a=%zz", "a=%ff", "a=\u{7f}", "a=é"] {
            assert!(decode(query).is_err(), "{query}");
        }
    }
}
