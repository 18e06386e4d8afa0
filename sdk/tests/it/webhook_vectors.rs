//! Signatures that other implementations made: OpenSSL for Ed25519, Python for HMAC, and the published example of
//! Standard Webhooks. `tests/data/webhook_vectors.py` says how.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::HeaderName;
use layer2_sdk::webhook::Verifier;
use layer2_sdk::webhook::VerifyKey;
use layer2_sdk::webhook::WebhookError;
use layer2_sdk::webhook::WebhookScheme;

#[derive(Clone, serde::Deserialize)]
struct Vector {
    name: String,
    scheme: String,
    callback_url: Option<String>,
    key: String,
    timestamp: i64,
    body: String,
    headers: BTreeMap<String, String>,
}

impl Vector {
    fn scheme(&self) -> WebhookScheme {
        match (self.scheme.as_str(), &self.callback_url) {
            ("standard", None) => WebhookScheme::StandardWebhooks,
            ("platform", Some(url)) => WebhookScheme::platform(url),
            other => panic!("{}: {other:?}", self.name),
        }
    }

    fn headers(&self) -> HeaderMap {
        let headers = self.headers.iter().map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            (name, value.parse().unwrap())
        });
        headers.collect()
    }

    fn verify(&self, headers: &HeaderMap, body: &str) -> Result<(), WebhookError> {
        let key = VerifyKey::parse(&self.key).unwrap();
        let now = jiff::Timestamp::from_second(self.timestamp).unwrap();
        let verifier = Verifier::new(self.scheme()).key(key);
        verifier
            .verify_at(headers, body.as_bytes(), now)
            .map(|_| ())
    }
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../data/webhook_vectors.json")).unwrap()
}

#[test]
fn signatures_of_other_implementations_hold() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 19);
    for vector in vectors {
        let verified = vector.verify(&vector.headers(), &vector.body);
        assert!(verified.is_ok(), "{}: {verified:?}", vector.name);
    }
}

#[test]
fn they_hold_for_nothing_else() {
    let vectors = vectors();
    for vector in &vectors {
        let headers = vector.headers();
        assert!(
            vector
                .verify(&headers, &format!("{} ", vector.body))
                .is_err()
        );
        for name in ["webhook-id", "webhook-timestamp", "x-timestamp"] {
            let Some(value) = headers.get(name) else {
                continue;
            };
            let mut other = headers.clone();
            let value = format!("{}1", value.to_str().unwrap());
            other.insert(HeaderName::from_static(name), value.parse().unwrap());
            assert!(
                vector.verify(&other, &vector.body).is_err(),
                "{}: {name}",
                vector.name
            );
        }
        // One key has two spellings.
        let key = |vector: &Vector| VerifyKey::parse(&vector.key).unwrap();
        for stranger in vectors.iter().filter(|other| key(other) != key(vector)) {
            let foreign = Vector {
                key: stranger.key.clone(),
                ..vector.clone()
            };
            assert!(
                foreign.verify(&headers, &vector.body).is_err(),
                "{}",
                vector.name
            );
        }
    }
}
