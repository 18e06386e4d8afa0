//! Percent-decoding of paths, and of query strings and form bodies (`application/x-www-form-urlencoded`).

/// A text that is not well encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a percent sign is not followed by two hexadecimal digits, or the decoded bytes are not UTF-8"
)]
pub(crate) struct EncodingError;

/// The parameters of a query string or form body, in their order; `+` is a space.
pub(crate) fn parse_pairs(text: &str) -> Result<Vec<(String, String)>, EncodingError> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode_form(name)?, decode_form(value)?))
        })
        .collect()
}

/// A decoded text of a form, in which `+` is a space.
pub(crate) fn decode_form(text: &str) -> Result<String, EncodingError> {
    decode(&text.replace('+', " "))
}

/// A decoded path segment.
pub(crate) fn decode(text: &str) -> Result<String, EncodingError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [
                rest.next().ok_or(EncodingError)?,
                rest.next().ok_or(EncodingError)?,
            ];
            let mut decoded = [0];
            hex::decode_to_slice(digits, &mut decoded).map_err(|_| EncodingError)?;
            bytes.extend(decoded);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).map_err(|_| EncodingError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_pairs() {
        let pairs = parse_pairs("grant_type=client_credentials&scope=a%3Ab+c&&flag&x=%C3%A9=")
            .expect("pairs");
        let expected = [
            ("grant_type", "client_credentials"),
            ("scope", "a:b c"),
            ("flag", ""),
            ("x", "é="),
        ];
        assert_eq!(pairs.len(), expected.len());
        for ((name, value), (expected_name, expected_value)) in pairs.iter().zip(expected) {
            assert_eq!(
                (name.as_str(), value.as_str()),
                (expected_name, expected_value)
            );
        }
        assert_eq!(decode("a+b%2f"), Ok("a+b/".to_owned()));
    }

    #[test]
    fn refuses_bad_encoding() {
        for bad in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(decode(bad), Err(EncodingError), "{bad}");
        }
    }
}
