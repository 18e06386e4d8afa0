//! The signature of a delivery.
//!
//! The platform publishes that webhooks can be verified with the subscription's key, but not how. The mock uses the
//! scheme of requests: Ed25519, lower-case hex, over `timestamp + "POST" + path of the callback URL (and its query) +
//! body`, with the Unix second of the attempt in `x-timestamp`. The timestamp is transport time: a receiver compares it
//! with its own clock.

use ed25519_dalek::{Signer, SigningKey};
use layer2_types::signing_string;
use reqwest::Url;

/// The two headers of a signed delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignedHeaders {
    pub(crate) signature: String,
    pub(crate) timestamp: String,
}

/// Signs one attempt.
pub(crate) fn sign(key: &SigningKey, url: &Url, body: &[u8], unix_seconds: i64) -> SignedHeaders {
    let message = signing_string(unix_seconds, "POST", &path_and_query(url), body);
    SignedHeaders {
        signature: hex::encode(key.sign(&message).to_bytes()),
        timestamp: unix_seconds.to_string(),
    }
}

fn path_and_query(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::Signature;

    use super::*;

    #[test]
    fn covers_time_path_query_and_body() {
        let key = SigningKey::from_bytes(&[9; 32]);
        let url: Url = "http://127.0.0.1:9/hooks/layer2?tenant=a"
            .parse()
            .expect("url");
        let headers = sign(&key, &url, b"{}", 1_700_000_000);
        let bytes = hex::decode(&headers.signature).expect("hex");
        let signature = Signature::from_slice(&bytes).expect("64 bytes");
        let message = b"1700000000POST/hooks/layer2?tenant=a{}";
        key.verifying_key()
            .verify_strict(message, &signature)
            .expect("verifies");
        assert_eq!(headers.timestamp, "1700000000");
        assert_eq!(headers.signature, headers.signature.to_lowercase());
    }
}
