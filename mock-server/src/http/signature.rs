//! Checks the Ed25519 signature of a request.
//!
//! The string that is signed, as clients of the platform make it: Unix second, upper-case method, path with its `/api`
//! base (and the query string, if there is one), and the body's very bytes; on the wire 128 lower-case hex digits in
//! `x-signature` and the second in `x-timestamp`. What the platform has not published is a setting or a stated guess:
//! which operations need a signature ([`SignaturePolicy`]), the tolerance of five minutes both ways, the status 401.
//!
//! Any signature that is sent to the payments API is verified, needed or not. `verify_strict` refuses keys of small
//! order. A refusal says which bytes were verified, because that is what a newcomer needs and a real server must hide;
//! of a body that may hold personal data or is long, its length and digest. What mistake may be behind it is told by the
//! [`doctor`].

mod bodies;
pub(crate) mod doctor;
mod spelling;

use ed25519_dalek::{Signature, VerifyingKey};
use http::HeaderMap;
use layer2_types::{
    operation::{Api, HttpMethod, Operation, SignatureRule},
    signing_string,
};
use layer2_world::settings::SignaturePolicy;
use sha2::{Digest, Sha256};

use super::headers;

/// How far `x-timestamp` may be from the server's clock, either way.
pub(crate) const TOLERANCE_SECONDS: i64 = 300;

/// Longest body that a refusal repeats.
const SHOWN_BODY_BYTES: usize = 400;

/// A request as the signature covers it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignedRequest<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) method: &'a str,
    /// Path and query exactly as they came in the request line.
    pub(crate) path_and_query: &'a str,
    pub(crate) body: &'a [u8],
    /// Whether a refusal may repeat the body: the document marks nothing in it as personal or secret.
    pub(crate) shows_body: bool,
}

impl SignedRequest<'_> {
    /// The text that was verified, with the body in full or by its length and digest.
    fn shown(&self, timestamp: i64) -> String {
        let head = signing_string(timestamp, self.method, self.path_and_query, b"");
        let head = String::from_utf8_lossy(&head);
        match std::str::from_utf8(self.body) {
            Ok("") => head.into_owned(),
            Ok(body) if self.shows_body && body.len() <= SHOWN_BODY_BYTES => {
                format!("{head}{body}")
            }
            _ => format!(
                "{head} and then the body of {} bytes with the SHA-256 {}",
                self.body.len(),
                hex::encode(Sha256::digest(self.body))
            ),
        }
    }
}

/// Whether this operation must be signed.
pub(crate) fn is_needed(policy: SignaturePolicy, operation: &Operation) -> bool {
    operation.api == Api::Payments
        && match policy {
            SignaturePolicy::All => true,
            SignaturePolicy::Accepts => operation.signature == SignatureRule::Required,
            _ => false,
        }
}

/// Passes a request that is signed well, or not signed and not in need of it.
pub(crate) fn check(
    request: &SignedRequest<'_>,
    needed: bool,
    key: &VerifyingKey,
    unix_now: i64,
) -> Result<(), SignatureError> {
    let signature = request.headers.get(headers::SIGNATURE);
    let timestamp = request.headers.get(headers::TIMESTAMP);
    let (signature, timestamp) = match (signature, timestamp) {
        // A timestamp without a signature says nothing; the platform wants it only beside one.
        (None, _) if !needed => return Ok(()),
        (None, _) => return Err(SignatureError::Missing),
        (Some(_), None) => return Err(SignatureError::MissingTimestamp),
        (Some(signature), Some(timestamp)) => (signature, timestamp),
    };
    let timestamp = timestamp
        .to_str()
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse::<i64>().ok())
        .ok_or(SignatureError::BadTimestamp)?;
    let skew = timestamp.saturating_sub(unix_now);
    if skew.abs() > TOLERANCE_SECONDS {
        return Err(SignatureError::Stale {
            timestamp,
            unix_now,
        });
    }
    let signature = signature
        .to_str()
        .ok()
        .and_then(read_hex)
        .ok_or(SignatureError::BadHex)?;
    let message = signing_string(
        timestamp,
        request.method,
        request.path_and_query,
        request.body,
    );
    key.verify_strict(&message, &signature)
        .map_err(|_| SignatureError::Mismatch {
            verified: request.shown(timestamp),
            key: hex::encode(key.as_bytes()),
        })
}

/// 128 lower-case hex digits; upper case is a known mistake and refused, as the platform's form is lower case.
fn read_hex(text: &str) -> Option<Signature> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let mut bytes = [0_u8; 64];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(Signature::from_bytes(&bytes))
}

/// The wire name of a method, as it is signed.
pub(crate) fn method_name(method: HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "GET",
        HttpMethod::Post => "POST",
        HttpMethod::Put => "PUT",
        HttpMethod::Patch => "PATCH",
        HttpMethod::Delete => "DELETE",
    }
}

/// Why a signature is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureError {
    #[error(
        "the header x-signature is not 128 lower-case hexadecimal digits; send the 64 bytes of the Ed25519 signature in lower-case hex"
    )]
    BadHex,
    #[error(
        "the header x-timestamp is not a Unix time; send whole seconds since 1970 in decimal digits"
    )]
    BadTimestamp,
    #[error(
        "the signature does not match; verified with the public key {key} over exactly this text: {verified}"
    )]
    Mismatch { verified: String, key: String },
    #[error(
        "the header x-signature is missing; sign `timestamp + METHOD + path + body` with your Ed25519 key and send x-signature (hex) and x-timestamp (Unix seconds)"
    )]
    Missing,
    #[error(
        "the header x-timestamp is missing; send the Unix second that you have signed beside x-signature"
    )]
    MissingTimestamp,
    #[error(
        "the header x-timestamp says {timestamp} and the server's clock {unix_now}, which is more than {TOLERANCE_SECONDS} s apart; sign each attempt anew, in seconds and not milliseconds"
    )]
    Stale { timestamp: i64, unix_now: i64 },
}

impl SignatureError {
    /// The header that is missing or wrong.
    pub(crate) fn header(&self) -> &'static str {
        match self {
            SignatureError::BadTimestamp
            | SignatureError::MissingTimestamp
            | SignatureError::Stale { .. } => "x-timestamp",
            SignatureError::BadHex | SignatureError::Mismatch { .. } | SignatureError::Missing => {
                "x-signature"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};
    use http::HeaderValue;

    use super::*;

    const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const PATH: &str = "/api/v1/transfers/11111111-2222-4333-8444-555555555555/accept";

    fn key() -> SigningKey {
        let mut seed = [0; 32];
        hex::decode_to_slice(SEED, &mut seed).expect("hex");
        SigningKey::from_bytes(&seed)
    }

    fn headers(signature: Option<&str>, timestamp: Option<&str>) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in [
            (headers::SIGNATURE, signature),
            (headers::TIMESTAMP, timestamp),
        ] {
            if let Some(value) = value {
                map.insert(name, HeaderValue::from_str(value).expect("header"));
            }
        }
        map
    }

    fn check_at(
        headers: &HeaderMap,
        path_and_query: &str,
        body: &[u8],
        now: i64,
    ) -> Result<(), SignatureError> {
        let request = SignedRequest {
            headers,
            method: "POST",
            path_and_query,
            body,
            shows_body: true,
        };
        check(&request, true, &key().verifying_key(), now)
    }

    /// Two vectors made with another Ed25519 implementation.
    #[test]
    fn accepts_vectors_made_elsewhere() {
        let without_body = "399b2b19da42e5f5d094b0d357e58b71a7205e44824afe0c77d62f17e5f2f76d122dc107b41328f571b357f9465defdeb6272969385596295f2d14bc88dbe900";
        let headers = headers(Some(without_body), Some("1700000000"));
        assert_eq!(check_at(&headers, PATH, b"", 1_700_000_300), Ok(()));
        assert_eq!(
            check_at(&headers, PATH, b"", 1_700_000_301),
            Err(SignatureError::Stale {
                timestamp: 1_700_000_000,
                unix_now: 1_700_000_301
            })
        );
        assert!(check_at(&headers, PATH, b"", 1_699_999_700).is_ok());
        assert!(check_at(&headers, PATH, b"", 1_699_999_699).is_err());
        let with_body = "04903a64929f155d5bdbc84172873e0305c1adbbff22c7bc391e4533950fcd840b18ea0bc6bf46d60ca7c2eff41a6c4cb206078d1907f626e132e843c0e97c05";
        let headers = self::headers(Some(with_body), Some("1700000000"));
        let path = PATH.replace("transfers", "exchanges");
        assert_eq!(
            check_at(
                &headers,
                &path,
                br#"{"maximum_slippage":0.01}"#,
                1_700_000_000
            ),
            Ok(())
        );
        let changed = check_at(
            &headers,
            &path,
            br#"{"maximum_slippage": 0.01}"#,
            1_700_000_000,
        );
        let message = changed.expect_err("changed body").to_string();
        assert!(
            message.contains(r#"555555555555/accept{"maximum_slippage": 0.01}"#),
            "{message}"
        );
        assert!(message.contains("d75a980182b10ab7"), "{message}");
    }

    #[test]
    fn a_body_that_may_be_personal_or_is_long_is_told_by_its_digest() {
        let zeros = "0".repeat(128);
        let headers = headers(Some(&zeros), Some("1700000000"));
        let refused = |body: &[u8], shows_body: bool| {
            let request = SignedRequest {
                headers: &headers,
                method: "POST",
                path_and_query: "/api/v1/x",
                body,
                shows_body,
            };
            check(&request, true, &key().verifying_key(), 1_700_000_000)
                .expect_err("mismatch")
                .to_string()
        };
        // echo -n '{"a":1}' | sha256sum
        let digest = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";
        assert!(refused(br#"{"a":1}"#, true).ends_with(r#"1700000000POST/api/v1/x{"a":1}"#));
        assert!(refused(br#"{"a":1}"#, false).ends_with(&format!(
            "1700000000POST/api/v1/x and then the body of 7 bytes with the SHA-256 {digest}"
        )));
        assert!(refused(&[b'7'; 401], true).contains("the body of 401 bytes"));
        assert!(refused(&[0xff], true).contains("the body of 1 bytes"));
    }

    #[test]
    fn the_query_is_part_of_what_is_signed() {
        let message = b"1700000000POST/api/v1/transactions?page=1";
        let signature = hex::encode(key().sign(message).to_bytes());
        let headers = headers(Some(&signature), Some("1700000000"));
        assert!(check_at(&headers, "/api/v1/transactions?page=1", b"", 1_700_000_000).is_ok());
        assert!(check_at(&headers, "/api/v1/transactions", b"", 1_700_000_000).is_err());
    }

    #[test]
    fn refuses_half_a_signature_and_other_spellings() {
        let good = "0".repeat(128);
        let rows = [
            (None, None, SignatureError::Missing),
            (None, Some("1700000000"), SignatureError::Missing),
            (Some(good.as_str()), None, SignatureError::MissingTimestamp),
            (
                Some(good.as_str()),
                Some("now"),
                SignatureError::BadTimestamp,
            ),
            (
                Some(good.as_str()),
                Some("+1700000000"),
                SignatureError::BadTimestamp,
            ),
            (Some("AB"), Some("1700000000"), SignatureError::BadHex),
        ];
        for (signature, timestamp, expected) in rows {
            let headers = headers(signature, timestamp);
            assert_eq!(check_at(&headers, PATH, b"", 1_700_000_000), Err(expected));
        }
        let upper = "A".repeat(128);
        let headers = headers(Some(&upper), Some("1700000000"));
        assert_eq!(
            check_at(&headers, PATH, b"", 1_700_000_000),
            Err(SignatureError::BadHex)
        );
    }

    #[test]
    fn an_unsigned_request_passes_where_none_is_needed() {
        let request = SignedRequest {
            headers: &HeaderMap::new(),
            method: "GET",
            path_and_query: "/",
            body: b"",
            shows_body: true,
        };
        assert_eq!(check(&request, false, &key().verifying_key(), 0), Ok(()));
    }
}
