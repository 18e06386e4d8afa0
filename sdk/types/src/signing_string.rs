//! The text that a request signature covers.
//!
//! Platform facts: a signed request carries `x-timestamp`, the Unix time in seconds, and
//! `x-signature`, an Ed25519 signature in lower-case hex over these four parts with nothing between
//! them:
//!
//! 1. the timestamp in decimal, exactly as in its header;
//! 2. the HTTP method in upper case;
//! 3. the path of the request as it stands in the URL, with the `/api` base, without the host;
//! 4. the bytes of the body exactly as sent, or nothing if there is no body.
//!
//! Whether a query string belongs to the path is not documented, and no operation that asks for a
//! signature has one. Signer and verifier of this project both take the path with its query.
//!
//! This module makes the text and stops there: keys and signatures belong to those who hold them.

/// Joins the parts that a request signature covers.
///
/// ```
/// use layer2_types::signing_string;
///
/// let message = signing_string(1_700_000_000, "post", "/api/v1/transfers/7/accept", b"");
/// assert_eq!(message, b"1700000000POST/api/v1/transfers/7/accept");
/// ```
#[must_use]
pub fn signing_string(
    unix_seconds: i64,
    method: &str,
    path_and_query: &str,
    body: &[u8],
) -> Vec<u8> {
    let mut message = unix_seconds.to_string().into_bytes();
    message.reserve_exact(method.len() + path_and_query.len() + body.len());
    message.extend(method.bytes().map(|byte| byte.to_ascii_uppercase()));
    message.extend_from_slice(path_and_query.as_bytes());
    message.extend_from_slice(body);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    // The messages of the two vectors derived for the platform facts.

    #[test]
    fn a_request_without_a_body_ends_with_its_path() {
        assert_eq!(
            signing_string(
                1_700_000_000,
                "POST",
                "/api/v1/transfers/11111111-2222-4333-8444-555555555555/accept",
                b"",
            ),
            b"1700000000POST/api/v1/transfers/11111111-2222-4333-8444-555555555555/accept"
        );
    }

    #[test]
    fn the_body_follows_byte_for_byte() {
        assert_eq!(
            signing_string(
                1_700_000_000,
                "POST",
                "/api/v1/exchanges/11111111-2222-4333-8444-555555555555/accept",
                br#"{"maximum_slippage":0.01}"#,
            ),
            br#"1700000000POST/api/v1/exchanges/11111111-2222-4333-8444-555555555555/accept{"maximum_slippage":0.01}"#
        );
        assert_eq!(
            signing_string(0, "patch", "/a?b=%2F", &[0xff, 0x00]),
            b"0PATCH/a?b=%2F\xff\x00"
        );
    }
}
